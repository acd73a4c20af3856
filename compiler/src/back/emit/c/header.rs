//! The header.

use super::{ALIGNMENTS, C, CPort, IS_WIDE_IN_C, element, training, weights};
use crate::ir::DType;
use crate::ir::program::Program;
use std::fmt::Write;

/// The header of the functions, in C99 and C++11, where alignments are known to GCC, Clang, C11 and C++11.
pub(super) fn header(c: &C<'_>, program: &Program) -> String {
    let constants = &c.constants;
    let mut text = String::new();
    let [generated, others @ ..] = c.banner();
    let _ = writeln!(text, "/* {}", comment(&generated));
    for line in others {
        let _ = writeln!(text, " * {}", comment(&line));
    }
    let size = c.weights.map_or("", |_| "#include <stddef.h>\n");
    let _ = write!(
        text,
        " */\n\n#ifndef {constants}_H_EDGEC\n#define {constants}_H_EDGEC\n\n{size}#include <stdint.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
    );
    text.push_str("/* What each function gives. */\n");
    for (number, name, meaning) in c.statuses() {
        let _ = writeln!(text, "#define {constants}_{name} {number} /* {meaning} */");
    }
    text.push_str(&numbers(c, program));
    text.push_str(&structure(c));
    if c.weights.is_some() {
        text.push_str(&weights::structure(c));
    }
    text.push_str(&functions(c));
    let _ = write!(text, "\n#ifdef __cplusplus\n}}\n#endif\n\n#endif\n");
    text
}

/// Constants of the model, its inputs and its outputs.
fn numbers(c: &C<'_>, program: &Program) -> String {
    let (constants, report) = (&c.constants, c.report);
    let large = if report.macs > u64::from(u32::MAX) / 2 {
        "ULL"
    } else {
        ""
    };
    let mut text = format!(
        "\n/* Multiply-accumulates of one inference, bytes of constant tensors, and the model's file. */\n\
         #define {constants}_MACS {}{large}\n#define {constants}_WEIGHTS_BYTES {}\n\
         #define {constants}_MODEL_SHA256 \"{}\"\n",
        report.macs, report.weights, report.sha256
    );
    let steps = &program.port_steps;
    let inputs = (0..program.inputs.len()).map(|i| steps.inputs.get(&i));
    let steps = inputs.chain((0..program.outputs.len()).map(|i| steps.outputs.get(&i)));
    for (port, steps) in c.ports.iter().zip(steps) {
        let (name, ty) = (format!("{constants}_{}", port.constant), &port.port.ty);
        let shape: Vec<_> = ty.shape.iter().map(usize::to_string).collect();
        let _ = write!(
            text,
            "\n/* {}{} */\n",
            capital(&comment(&port.described)),
            stored(ty.dtype)
        );
        let _ = writeln!(text, "#define {name}_LEN {}", ty.len());
        if !shape.is_empty() {
            let _ = writeln!(text, "#define {name}_SHAPE {{ {} }}", shape.join(", "));
        }
        if let Some(steps) = steps {
            let _ = writeln!(text, "#define {name}_SCALE {:e}f", steps.scale);
            let _ = writeln!(text, "#define {name}_ZERO_POINT ({})", steps.zero);
        }
    }
    text
}

/// How C has elements for which it has no type.
fn stored(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 | DType::Bf16 => " Their bits, as integers.",
        DType::Bool => " 0 is false, 1 is true.",
        _ => "",
    }
}

fn structure(c: &C<'_>) -> String {
    let (constants, prefix, [wide, narrow]) = (&c.constants, &c.prefix, ALIGNMENTS);
    let (wide_bytes, narrow_bytes) = (c.storage(wide), c.storage(narrow));
    format!(
        "\n/* Working memory of one model, and what it is aligned to. The stack of the functions is apart. */\n\
         #if {IS_WIDE_IN_C}\n\
         #define {constants}_STORAGE_ALIGN {wide}\n#define {constants}_STORAGE_BYTES {wide_bytes}\n\
         #else\n\
         #define {constants}_STORAGE_ALIGN {narrow}\n#define {constants}_STORAGE_BYTES {narrow_bytes}\n\
         #endif\n\n\
         #if defined(__cplusplus)\n\
         #define {constants}_ALIGNED alignas({constants}_STORAGE_ALIGN)\n\
         #elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n\
         #define {constants}_ALIGNED _Alignas({constants}_STORAGE_ALIGN)\n\
         #elif defined(__GNUC__)\n\
         #define {constants}_ALIGNED __attribute__((aligned({constants}_STORAGE_ALIGN)))\n\
         #else\n\
         #define {constants}_ALIGNED /* The functions tell where an alignment is wrong. */\n\
         #endif\n\n\
         /* A model, best a static. What is in it belongs to the functions below; it may be moved between their calls. */\n\
         typedef struct {prefix}_model {{\n    {constants}_ALIGNED unsigned char storage[{constants}_STORAGE_BYTES];\n\
         }} {prefix}_model;\n"
    )
}

fn functions(c: &C<'_>) -> String {
    let prefix = &c.prefix;
    let mut text =
        format!("\n/* Makes a new model: call it first. */\nint32_t {prefix}_init({prefix}_model *model);\n");
    let mut parameters = vec![format!("{prefix}_model *model")];
    let weights = c.weights.map(|_| format!("const {prefix}_weights *weights"));
    parameters.extend(weights.clone());
    parameters.extend(c.ports.iter().map(parameter));
    if c.weights.is_some() {
        text.push_str(&weights::declarations(c));
    }
    text.push_str("\n/* Runs one inference. Arrays may overlap one another, but not the model.\n");
    for port in &c.ports {
        let _ = writeln!(text, " * {}: {}", port.parameter, comment(&port.described));
    }
    let _ = writeln!(text, " */\n{}", declaration(c, "run", &parameters));
    if c.has_states {
        let begin = begin(c);
        let _ = write!(
            text,
            "\n/* Lets the {begin} begin anew, as in a new model. */\nint32_t {prefix}_reset({prefix}_model *model);\n"
        );
    }
    if c.has_self_test {
        let states = if c.has_states {
            format!(" *\n * The {} begin anew before and after it.\n", begin(c))
        } else {
            String::new()
        };
        let weights = weights.map_or_else(String::new, |weights| format!("{weights}, "));
        let _ = write!(
            text,
            "\n/* Runs one case and compares what comes out with what edgec has computed of it. Where that differs,\n \
             * wrong_output gets the number of the output, from 0, and wrong_index that of its first wrong element; both\n \
             * may be null.\n{states} */\n\
             int32_t {prefix}_self_test({prefix}_model *model, {weights}uint32_t *wrong_output, uint32_t *wrong_index);\n"
        );
    }
    if let Some(step) = &c.training {
        text.push_str(&training::declarations(c, step));
    }
    text
}

/// What begins anew in a model that has states.
fn begin(c: &C<'_>) -> &'static str {
    match c.training {
        Some(_) => "parameters, and what the optimizer keeps,",
        None => "states",
    }
}

/// A tensor as C passes it.
pub(super) fn parameter(port: &CPort<'_>) -> String {
    let constness = if port.kind == "output" { "" } else { "const " };
    let (_, element) = element(port.port.ty.dtype);
    // An array of no elements is no type of C.
    format!("{constness}{element} {}[{}]", port.parameter, port.port.ty.len().max(1))
}

/// The declaration of a function, a line for each parameter.
pub(super) fn declaration(c: &C<'_>, name: &str, parameters: &[String]) -> String {
    let head = format!("int32_t {}_{name}(", c.prefix);
    let separator = format!(",\n{}", " ".repeat(head.len()));
    format!("{head}{});", parameters.join(&separator))
}

/// Text fit for a comment of C: it neither ends nor begins one, and continues no line.
pub(super) fn comment(text: &str) -> String {
    text.replace(['*', '\\', '?'], "_")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}
