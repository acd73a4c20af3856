use edgec::middle::quantize::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr, hidden when stderr is not a terminal; it goes away with what is returned.
pub(super) fn bar() -> Box<Progress<'static>> {
    let bar = Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
    if let Ok(style) = ProgressStyle::with_template("{msg:18} [{bar:32}] {pos}/{len} {elapsed}") {
        bar.0.set_style(style.progress_chars("=> "));
    }
    Box::new(move |what, done, of| bar.show(what, done, of))
}

struct Bar(ProgressBar);

impl Bar {
    /// Shows that `done` of `of` parts of `what` are done.
    fn show(&self, what: &str, done: usize, of: usize) {
        if self.0.message() != what {
            self.0.set_message(what.to_owned());
        }
        self.0.set_length(of as u64);
        self.0.set_position(done as u64);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
