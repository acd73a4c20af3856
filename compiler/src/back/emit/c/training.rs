//! The functions of a model that learns, and their declarations.

use super::functions::{array, checks, head};
use super::header::{comment, declaration, parameter};
use super::{C, CPort, CTraining};
use std::fmt::Write;

/// What is passed to a step, and how the Rust method takes it.
struct Tensors<'c> {
    ports: Vec<&'c CPort<'c>>,
    passed: Vec<String>,
}

impl<'c> Tensors<'c> {
    /// The inputs of inference, and the targets.
    fn of(c: &'c C<'_>, step: &'c CTraining<'_>) -> Self {
        let inputs = c.ports.iter().filter(|port| port.kind == "input");
        let ports: Vec<_> = inputs.chain(&step.targets).collect();
        let passed = ports.iter().map(|port| format!("&*{}", port.parameter)).collect();
        Self { ports, passed }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.ports.iter().map(|port| &*port.parameter)
    }
}

/// The functions, in Rust.
pub(super) fn functions(c: &C<'_>, step: &CTraining<'_>) -> String {
    let tensors = Tensors::of(c, step);
    let mut text = of_loss(c, &tensors, "train_step", "Runs one step of training.", true);
    if step.accumulates {
        let does = "Adds the gradient of the loss to the sums.";
        text.push_str(&of_loss(c, &tensors, "accumulate", does, false));
        text.push_str(&apply(c));
    }
    text.push_str(&parameters(c, step.parameters));
    text
}

/// A function that passes tensors, and perhaps a learning rate, and gives the loss.
fn of_loss(c: &C<'_>, tensors: &Tensors<'_>, name: &str, does: &str, has_rate: bool) -> String {
    let mut parameters = vec![format!("model: *mut {}", c.model)];
    let arrays = tensors.ports.iter();
    parameters.extend(arrays.map(|port| format!("{}: *const {}", port.parameter, array(port))));
    let mut passed = tensors.passed.clone();
    if has_rate {
        parameters.push("learning_rate: f32".to_owned());
        passed.push("learning_rate".to_owned());
    }
    parameters.push("loss: *mut f32".to_owned());
    let pointers: Vec<_> = ["model"].into_iter().chain(tensors.names()).collect();
    format!(
        "{}{}    // SAFETY: no pointer is null or misaligned, and the caller promises that a model and arrays of these lengths\n    \
         // are there.\n    let value = unsafe {{ (*model).{name}({}) }};\n    if status(loss) == OK {{\n        \
         // SAFETY: the pointer is neither null nor misaligned, and the caller promises that a number is there.\n        \
         unsafe {{ loss.write(value) }};\n    }}\n    OK\n}}\n",
        head(c, does, name, &parameters),
        checks(&pointers),
        passed.join(", "),
    )
}

fn apply(c: &C<'_>) -> String {
    let parameters = [format!("model: *mut {}", c.model), "learning_rate: f32".to_owned()];
    format!(
        "{}{}    // SAFETY: the pointer is neither null nor misaligned, and the caller promises that a model is there.\n    \
         unsafe {{ &mut *model }}.apply(learning_rate);\n    OK\n}}\n",
        head(
            c,
            "Moves the parameters by the mean of the gradients that were summed up.",
            "apply",
            &parameters
        ),
        checks(&["model"]),
    )
}

fn parameters(c: &C<'_>, count: usize) -> String {
    let model = format!("model: *mut {}", c.model);
    let both = checks(&["model", "parameters"]);
    let safety = "    // SAFETY: no pointer is null or misaligned, and the caller promises that a model and an array of this \
                  length\n    // are there.";
    format!(
        "{}{both}{safety} Its numbers may not have been written before.\n    \
         unsafe {{\n        parameters.write_bytes(0, 1);\n        (*model).parameters(&mut *parameters);\n    }}\n    OK\n}}\n\
         {}{both}{safety}\n    unsafe {{ (*model).set_parameters(&*parameters) }};\n    OK\n}}\n",
        head(
            c,
            "Copies the parameters out.",
            "parameters",
            &[model.clone(), format!("parameters: *mut [f32; {count}]")]
        ),
        head(
            c,
            "Takes parameters.",
            "set_parameters",
            &[model, format!("parameters: *const [f32; {count}]")]
        ),
    )
}

/// The declarations, in C.
pub(super) fn declarations(c: &C<'_>, step: &CTraining<'_>) -> String {
    let (constants, prefix) = (&c.constants, &c.prefix);
    let tensors = Tensors::of(c, step);
    let mut parameters = vec![format!("{prefix}_model *model")];
    parameters.extend(tensors.ports.iter().map(|port| parameter(port)));
    let (rate, loss) = ("float learning_rate".to_owned(), "float *loss".to_owned());
    let mut of_sums = parameters.clone();
    of_sums.push(loss.clone());
    parameters.extend([rate, loss]);
    let mut text = "\n/* Runs one step of training: moves the parameters by the gradient of the loss.\n".to_owned();
    for port in &tensors.ports {
        let _ = writeln!(text, " * {}: {}", port.parameter, comment(&port.described));
    }
    let _ = write!(
        text,
        " * learning_rate: what the movement is multiplied by.\n \
         * loss: gets the loss before the step; may be null. */\n{}\n",
        declaration(c, "train_step", &parameters)
    );
    if step.accumulates {
        let _ = write!(
            text,
            "\n/* Adds the gradient of the loss to the sums that {prefix}_apply takes the mean of. Parameters are as for\n \
             * {prefix}_train_step, which does both. */\n{}\n\n\
             /* Moves the parameters by the mean of the gradients that were summed up, and clears the sums. Without any it\n \
             * changes nothing. */\nint32_t {prefix}_apply({prefix}_model *model, float learning_rate);\n",
            declaration(c, "accumulate", &of_sums)
        );
    }
    let _ = write!(
        text,
        "\n/* How many numbers training changes. */\n#define {constants}_PARAMETERS {count}\n\n\
         /* Copies the parameters out, to be stored or sent. */\n\
         int32_t {prefix}_parameters({prefix}_model *model, float parameters[{count}]);\n\n\
         /* Takes parameters that {prefix}_parameters gave. What the optimizer keeps stays as it is. */\n\
         int32_t {prefix}_set_parameters({prefix}_model *model, const float parameters[{count}]);\n",
        count = step.parameters
    );
    text
}
