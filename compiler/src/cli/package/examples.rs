//! Programs around the model, for people to begin with.

use super::texts::{Texts, template};
use edgec::back::emit::CArray;

/// The languages of the examples.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    C,
    Cpp,
    Arduino,
}

/// The example in C, that in C++, and the sketch.
pub(super) fn examples(texts: &Texts, arrays: &[CArray], has_self_test: bool) -> [String; 3] {
    let fill = |text: &str, language: Language| {
        let self_test = match has_self_test {
            true => {
                "    if (status == @NAME@_OK) {\n        status = @name@_self_test(&model, @null@, @null@);\n    }\n"
            }
            false => "",
        };
        let null = if language == Language::C { "NULL" } else { "nullptr" };
        let prefix = if language == Language::Cpp { "" } else { "static " };
        let declared = arrays.iter().map(|array| declaration(array, prefix));
        let filled = arrays
            .iter()
            .filter(|array| array.is_input)
            .map(|array| filled(array, language));
        let printed = arrays
            .iter()
            .filter(|array| !array.is_input)
            .map(|array| printed(array, language));
        let text = text
            .replace("@arrays@", &declared.collect::<Vec<_>>().join("\n"))
            .replace("@self_test@", &self_test.replace("@null@", null))
            .replace("@fill@", &filled.collect::<String>())
            .replace("@print@", &printed.collect::<String>());
        texts.fill(&text)
    };
    [
        fill(template!("main.c"), Language::C),
        fill(template!("main.cpp"), Language::Cpp),
        fill(template!("sketch.ino"), Language::Arduino),
    ]
}

/// An array of C has an element at least.
fn declaration(array: &CArray, prefix: &str) -> String {
    let length = if array.len == 0 { "1" } else { &array.length };
    format!("{prefix}{} {}[{length}];", array.element, array.name)
}

/// Numbers that are neither all the same nor large: integers may be indices.
fn filled(array: &CArray, language: Language) -> String {
    let CArray {
        name, element, length, ..
    } = array;
    let value = match (*element, language) {
        ("float" | "double", Language::C) => format!("({element})(i % 16) / 16"),
        (_, Language::C) => format!("({element})(i % 7)"),
        ("float" | "double", _) => format!("static_cast<{element}>(i % 16) / 16"),
        _ => format!("static_cast<{element}>(i % 7)"),
    };
    format!("    for (int32_t i = 0; i < {length}; i++) {{\n        {name}[i] = {value};\n    }}\n")
}

fn printed(array: &CArray, language: Language) -> String {
    let CArray { name, length, .. } = array;
    match language {
        Language::C => format!(
            "    printf(\"{name}:\");\n    for (int32_t i = 0; i < {length}; i++) {{\n        \
             printf(\" %.9g\", (double){name}[i]);\n    }}\n    printf(\"\\n\");\n"
        ),
        Language::Cpp => format!("    print(\"{name}\", {name});\n"),
        Language::Arduino => format!(
            "        Serial.print(\"{name}:\");\n        for (int32_t i = 0; i < {length}; i++) {{\n            \
             Serial.print(' ');\n            Serial.print(static_cast<double>({name}[i]), 6);\n        }}\n        \
             Serial.println();\n"
        ),
    }
}
