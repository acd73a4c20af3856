use proc_macro2::TokenStream;

/// Source text under construction: items printed one by one, a blank line between them.
#[derive(Default)]
pub(super) struct Source {
    text: String,
    indent: usize,
}

impl Source {
    /// One line as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text(&format!("{line}\n"));
    }

    /// A blank line, unless a block has just begun.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
    }

    /// An item after a blank line.
    pub(super) fn item(&mut self, tokens: TokenStream) {
        self.gap();
        self.text(&print(tokens));
    }

    /// Begins a block after a blank line.
    pub(super) fn begin(&mut self, head: &str) {
        self.gap();
        self.text(&format!("{head}\n"));
        self.indent += 1;
    }

    /// Ends a block.
    pub(super) fn end(&mut self, tail: &str) {
        self.indent -= 1;
        self.line(tail);
    }

    /// Lines as they are, indented to here.
    pub(super) fn text(&mut self, text: &str) {
        for line in text.lines() {
            if !line.is_empty() {
                self.text.extend(std::iter::repeat_n("    ", self.indent));
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Formats items.
///
/// # Panics
/// If `tokens` are not items: a fault of the emitter.
pub(super) fn print(tokens: TokenStream) -> String {
    let file: syn::File = syn::parse2(tokens).expect("emitted tokens are Rust items");
    separated(&prettyplease::unparse(&file))
}

/// `text` with a blank line before each documented item that follows another: prettyplease leaves none.
fn separated(text: &str) -> String {
    let mut separated = String::with_capacity(text.len());
    let mut last = "";
    for line in text.lines() {
        if line.trim_start().starts_with("///") && last.ends_with([';', '}']) {
            separated.push('\n');
        }
        separated.push_str(line);
        separated.push('\n');
        last = line;
    }
    separated
}
