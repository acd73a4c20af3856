//! Text that holds names from a model, on its way to a terminal.

use std::fmt::{self, Write};

/// Shows what the value shows, fit for a terminal: of all that a name may hold, only what can be seen reaches it.
/// Control characters, which start a terminal's commands, and characters that hide or turn others are written as Rust
/// escapes them; so are line ends, which could begin a message of their own.
pub struct Printable<T>(pub T);

/// [`Printable`] for a text whose own line ends are kept.
pub struct PrintableLines<T>(pub T);

impl<T: fmt::Display> fmt::Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (to, keeps_lines) = (f, false);
        write!(Escaping { to, keeps_lines }, "{}", self.0)
    }
}

impl<T: fmt::Display> fmt::Display for PrintableLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (to, keeps_lines) = (f, true);
        write!(Escaping { to, keeps_lines }, "{}", self.0)
    }
}

struct Escaping<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    keeps_lines: bool,
}

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        match c {
            ' '..='~' => self.to.write_char(c),
            '\n' if self.keeps_lines => self.to.write_char(c),
            _ => write!(self.to, "{}", c.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_escaped() {
        let name = "a\u{1b}[2J\u{9b}31m\r\n\u{202e}b\u{7f}\u{feff}\t'\"\\ü层🦀";
        let escaped = r"a\u{1b}[2J\u{9b}31m\r\n\u{202e}b\u{7f}\u{feff}\t'".to_owned() + "\"\\ü层🦀";
        assert_eq!(Printable(name).to_string(), escaped);
        assert_eq!(PrintableLines(name).to_string(), escaped.replacen("\\n", "\n", 1));
        assert_eq!(
            Printable(Printable(name)).to_string(),
            escaped,
            "once is as good as twice"
        );
    }
}
