//! Link sections of weights and arena. The attribute that names one is `unsafe`, as a linker script can do anything to
//! a section: the only such lines of an emitted file, and only where the user asks for them.

use super::names::ModelNames;
use crate::back::report::Report;
use crate::back::sections::Sections;
use crate::ir::program::BufferId;
use heck::ToSnakeCase;

/// The lines before a static; none where it has no section.
pub(super) fn attribute(section: Option<&str>) -> String {
    section.map_or_else(String::new, |section| {
        format!("#[allow(unsafe_code)]\n#[unsafe(link_section = {section:?})]\n")
    })
}

/// The section of a constant.
pub(super) fn of<'s>(names: &ModelNames, sections: &'s Sections, id: BufferId) -> Option<&'s str> {
    let fast = sections.fast_weights.as_ref().filter(|_| names.fast.contains(&id));
    fast.map(|fast| fast.section.as_str()).or(sections.weights.as_deref())
}

/// What the documentation of the struct says of them.
pub(super) fn lines(report: &Report, names: &ModelNames, sections: &Sections) -> Vec<String> {
    let mut lines = vec![];
    if let Some(fast) = &report.fast_weights {
        lines.push(format!("- Weights in the link section {fast}."));
    }
    if let Some(section) = &sections.weights {
        let which = if report.fast_weights.is_some() {
            "All other weights"
        } else {
            "Weights"
        };
        lines.push(format!("- {which} are in the link section `{section}`."));
    }
    if let Some(section) = &sections.arena {
        let name = macro_name(names);
        lines.push(format!(
            "- `{name}!` puts a static with this struct into the link section `{section}`."
        ));
    }
    if !lines.is_empty() {
        let before = [
            "Where the linker puts what. Its script must give each section a place, and the program's start must load it",
            "as it loads other statics. The attributes that name sections are `unsafe`, and nothing else here is; a crate",
            "that forbids `unsafe` cannot hold this file:",
            "",
        ];
        lines.splice(0..0, before.map(str::to_owned));
        lines.push(String::new());
    }
    lines
}

fn macro_name(names: &ModelNames) -> String {
    format!("{}_static", names.model.to_snake_case())
}

/// The macro that declares a static in the section of the arena. A program may do without it, or use it only in the
/// module that holds this file, which rustc would warn of.
pub(super) fn arena(names: &ModelNames, sections: &Sections) -> Option<String> {
    let section = sections.arena.as_ref()?;
    let (name, model) = (macro_name(names), &names.model);
    Some(format!(
        "/// Declares a static in the link section `{section}`, such as one that holds a [`{model}`] behind a lock:\n\
         /// `{name}!(static MODEL: Mutex<{model}> = Mutex::new({model}::new()));`.\n\
         #[allow(unused_macros)]\n\
         macro_rules! {name} {{\n    \
             ($(#[$attribute:meta])* $visibility:vis static $name:ident: $ty:ty = $value:expr $(;)?) => {{\n        \
                 $(#[$attribute])*\n        \
                 #[allow(unsafe_code)]\n        \
                 #[unsafe(link_section = {section:?})]\n        \
                 $visibility static $name: $ty = $value;\n    \
             }};\n\
         }}\n\
         #[allow(unused_imports)]\n\
         pub(crate) use {name};\n"
    ))
}
