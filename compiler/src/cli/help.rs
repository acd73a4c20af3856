/// What `--help` ends with.
pub(super) const EXAMPLES_AND_EXIT_CODES: &str = "Examples:
  edgec model.onnx -o src/model.rs                        compile
  edgec model.onnx -o src/model.rs --dim T=16 --name Vad  pin an open dimension, name the struct
  edgec model.onnx -o src/model.rs --target cortex-m4f    for a microcontroller; `--target help` lists the names
  edgec model.onnx -o src/model.rs --input-layout nhwc    for images as cameras give them
  edgec model.onnx -o src/model.rs --bake shape=s.npy     fix the value of an input that decides a shape
  edgec model.onnx -o src/model.rs --bake sr=16000        the same of a number
  edgec model.onnx -o src/model.rs --outputs boxes,scores end the model early, such as before NonMaxSuppression
  edgec model.onnx -o src/model.rs --stream input:2=4     four new frames a run, not the whole window of time
  edgec model.onnx -o src/model.rs --quantize int8 --calibrate samples.npz
                                                          in integers, with ranges from samples
  edgec model.onnx -o src/model.rs --weights updatable    the weights apart, in a file that is signed and replaced
  edgec pack new.onnx --weights-only --for src/model.rs -o new.weights --key K --revision 2
                                                          other weights for that code
  edgec model.onnx -o src/model.rs --self-test            with a case that the device tests itself with
  edgec model.onnx -o src/model.rs --fast-weights 64K     the weights that are read most in a link section
  edgec model.onnx -o src/model.rs --c-header model.h     with functions for C in src/model_c.rs
  edgec inspect model.onnx                                what it is and whether it compiles
  edgec run model.onnx --input in.npz --output out.npz    run it on this machine
  edgec verify model.onnx --golden golden.npz             compare emitted code with reference outputs
  edgec bench model.onnx                                  time emitted code on this machine
  edgec bench model.onnx --compare onnxruntime,tract      and ONNX Runtime and tract, in turns
  edgec tune model.onnx -o model.tuned.json               the fastest way to compute each layer here, for --tuned
  edgec stack firmware.elf --entry Model::run             the most stack that a function of a program takes
  edgec eval model.onnx --data test.npz                   accuracy on samples `x` with labels `y`
  edgec prune model.onnx --channels 30% --calibrate samples.npz -o pruned.onnx
                                                          without the channels that matter least
  edgec new my-app --model model.onnx --board rp2040      a project around the model that builds at once
  edgec package model.onnx --target cortex-m4f --self-test -o dist
                                                          a static library for C and C++, with what CMake, Zephyr, ESP-IDF
                                                          and Arduino look for
  edgec doctor                                            what is installed for which target, and how to get the rest
  edgec completions bash                                  the script that completes commands and options

Exit codes:
  0  done; for `verify`: all outputs agree
  1  the model does not compile, for `inspect` as well, a file cannot be read or written, or outputs differ
  2  the command line is wrong or incomplete";
