//! The functions, in Rust.

use super::{ALIGNMENTS, C, CPort, IS_WIDE, element, training, weights};
use crate::back::emit::identifiers::plain;
use crate::back::emit::interface::MOST_ARGUMENTS;
use std::fmt::Write;

/// The file. Comments within functions would not survive a formatter of tokens.
pub(super) fn source(c: &C<'_>, module: &str, header: &str) -> String {
    let mut text = String::new();
    for line in c.banner() {
        let _ = writeln!(text, "// {line}");
    }
    let (model, [wide, narrow]) = (c.model, ALIGNMENTS);
    let imported = match c.weights {
        Some(weights) => format!("{{{model}, {weights}}}"),
        None => model.to_owned(),
    };
    let _ = write!(
        text,
        "//\n// Functions of `{model}` for C, declared in {}. Code that is unsafe is here alone: its pointers come from C.\n\n\
         use super::{module}::{imported};\n\n",
        plain(header),
    );
    let (wide_bytes, narrow_bytes) = (c.storage(wide), c.storage(narrow));
    let _ = write!(
        text,
        "const _: () = assert!(\n    \
         if cfg!({IS_WIDE}) {{\n        \
         align_of::<{model}>() <= {wide} && size_of::<{model}>() <= {wide_bytes}\n    \
         }} else {{\n        \
         align_of::<{model}>() <= {narrow} && size_of::<{model}>() <= {narrow_bytes}\n    \
         }},\n    \"the header has another size or alignment of the struct\"\n);\n\n",
    );
    for (number, name, meaning) in c.statuses() {
        let _ = writeln!(text, "/// {meaning}\nconst {name}: i32 = {number};");
    }
    text.push_str(
        "\n/// What is wrong with a pointer.\n\
         fn status<T>(pointer: *const T) -> i32 {\n    \
         match (pointer.is_null(), pointer.is_aligned()) {\n        \
         (true, _) => NULL_POINTER,\n        \
         (false, false) => MISALIGNED_POINTER,\n        \
         (false, true) => OK,\n    }\n}\n",
    );
    text.push_str(&init(c));
    if let Some(verified) = c.weights {
        text.push_str(&weights::functions(c, verified));
    }
    text.push_str(&run(c));
    if c.has_states {
        text.push_str(&reset(c));
    }
    if c.has_self_test {
        text.push_str(&self_test(c));
    }
    if let Some(step) = &c.training {
        text.push_str(&training::functions(c, step));
    }
    text
}

/// What each function begins with: what it does, what the caller promises, and its name.
pub(super) fn head(c: &C<'_>, does: &str, name: &str, parameters: &[String]) -> String {
    let many = match parameters.len() > MOST_ARGUMENTS + 1 {
        true => "#[allow(clippy::too_many_arguments)]\n",
        false => "",
    };
    format!(
        "\n/// {does}\n///\n/// # Safety\n\
         /// Pointers are null, or point to what the header says, which nothing else uses meanwhile.\n\
         {many}#[allow(unsafe_code, unreachable_pub)]\n#[unsafe(no_mangle)]\n\
         pub unsafe extern \"C\" fn {}_{name}({}) -> i32 {{\n",
        c.prefix,
        parameters.join(", ")
    )
}

/// Statements that give up where a pointer cannot be used.
pub(super) fn checks(pointers: &[&str]) -> String {
    let statuses: Vec<_> = pointers.iter().map(|pointer| format!("status({pointer})")).collect();
    match &statuses[..] {
        [one] => format!("    let found = {one};\n    if found != OK {{\n        return found;\n    }}\n"),
        _ => format!(
            "    for found in [{}] {{\n        if found != OK {{\n            return found;\n        }}\n    }}\n",
            statuses.join(", ")
        ),
    }
}

/// The type of a tensor's elements, one behind another.
pub(super) fn array(port: &CPort<'_>) -> String {
    format!("[{}; {}]", element(port.port.ty.dtype).0, port.port.ty.len())
}

fn init(c: &C<'_>) -> String {
    format!(
        "{}{}    // SAFETY: the pointer is neither null nor misaligned, and the caller promises that the memory is the \
         model's;\n    // an arena of zeros is a new model.\n    unsafe {{ model.write_bytes(0, 1) }};\n    OK\n}}\n",
        head(c, "Makes a new model.", "init", &[format!("model: *mut {}", c.model)]),
        checks(&["model"])
    )
}

fn reset(c: &C<'_>) -> String {
    format!(
        "{}{}    // SAFETY: the pointer is neither null nor misaligned, and the caller promises that a model is there.\n    \
         unsafe {{ &mut *model }}.reset();\n    OK\n}}\n",
        head(
            c,
            "Lets the states begin anew.",
            "reset",
            &[format!("model: *mut {}", c.model)]
        ),
        checks(&["model"])
    )
}

/// The pointers that functions which read weights begin with.
fn model_and_weights<'c>(c: &'c C<'_>) -> impl Iterator<Item = &'c str> {
    ["model"].into_iter().chain(c.weights.map(|_| "weights"))
}

fn run(c: &C<'_>) -> String {
    let of = |kind| c.ports.iter().filter(move |port| port.kind == kind);
    let mut parameters = vec![format!("model: *mut {}", c.model)];
    parameters.extend(c.weights.map(weights::parameter));
    parameters.extend(of("input").map(|port| format!("{}: *const {}", port.parameter, array(port))));
    parameters.extend(of("output").map(|port| format!("{}: *mut {}", port.parameter, array(port))));
    let ports = c.ports.iter().map(|port| &*port.parameter);
    let pointers: Vec<_> = model_and_weights(c).chain(ports).collect();
    let mut text = head(c, "Runs one inference.", "run", &parameters) + &checks(&pointers);
    text.push_str(c.weights.map_or("", |_| weights::taken()));
    let inputs = of("input").map(|port| format!("&*{}", port.parameter));
    let inputs: Vec<_> = c
        .weights
        .map(|_| "weights".to_owned())
        .into_iter()
        .chain(inputs)
        .collect();
    let outputs: Vec<_> = of("output").collect();
    let got = if outputs.is_empty() { "" } else { "let got = " };
    let _ = write!(
        text,
        "    // SAFETY: no pointer is null or misaligned, and the caller promises that a model and arrays of these lengths\n    \
         // are there.\n    {got}unsafe {{ (*model).run({}) }};\n",
        inputs.join(", ")
    );
    for output in &outputs {
        let field = match outputs.len() {
            1 => String::new(),
            _ => format!(".{}", output.field),
        };
        let _ = write!(
            text,
            "    // SAFETY: as above; the array is no part of the model.\n    \
             unsafe {{ {}.copy_from(got{field}, 1) }};\n",
            output.parameter
        );
    }
    text.push_str("    OK\n}\n");
    text
}

fn self_test(c: &C<'_>) -> String {
    let mut parameters = vec![format!("model: *mut {}", c.model)];
    parameters.extend(c.weights.map(weights::parameter));
    parameters.extend(["wrong_output: *mut u32".to_owned(), "wrong_index: *mut u32".to_owned()]);
    let pointers: Vec<_> = model_and_weights(c).collect();
    let (taken, passed) = c.weights.map_or(("", ""), |_| (weights::taken(), "weights"));
    let store = |pointer: &str, field: &str| {
        format!(
            "    if status({pointer}) == OK {{\n        \
             // SAFETY: the pointer is neither null nor misaligned, and the caller promises that a number is there.\n        \
             unsafe {{ {pointer}.write(wrong.{field} as u32) }};\n    }}\n"
        )
    };
    format!(
        "{}{}{taken}    // SAFETY: the pointer is neither null nor misaligned, and the caller promises that a model is there.\n    \
         let Err(wrong) = unsafe {{ &mut *model }}.self_test({passed}) else {{\n        return OK;\n    }};\n{}{}    \
         SELF_TEST_FAILED\n}}\n",
        head(c, "Runs the case of the self-test.", "self_test", &parameters),
        checks(&pointers),
        store("wrong_output", "output"),
        store("wrong_index", "index"),
    )
}
