use super::{Compiled, Compiler};
use crate::Error;
use crate::data;
use crate::data::output::{self, Guard};
use crate::ir::Printable;
use crate::middle::compare;
use crate::middle::quantize::Calibration;
use crate::page::{Losses, Mismatch, Page, Profile, is_page};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Samples that a page compares quantised layers on: both graphs are run on each.
const MOST_SAMPLES: usize = 32;

impl Compiler {
    /// Writes a page about the model too, when the source is written: one HTML file that shows whether it fits, memory
    /// over time, layers, quantization and passes. `edgec report` writes the same.
    ///
    /// ```no_run
    /// edgec::Compiler::new("digits.onnx").report("digits.html").emit_to_out_dir("digits.rs").unwrap();
    /// ```
    pub fn report(mut self, path: impl Into<PathBuf>) -> Self {
        self.report = Some(path.into());
        self
    }

    /// Lets the page show what kernel calls were measured to take, from this file: what a
    /// [`Profile`](crate::page::Profile) is in JSON.
    ///
    /// ```no_run
    /// let model = edgec::Compiler::new("digits.onnx").report("digits.html").profile("profile.json");
    /// model.emit_to_out_dir("digits.rs").unwrap();
    /// ```
    pub fn profile(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        self.reads.push(path.clone());
        self.profile = Some(path);
        self
    }

    /// The page about a compiled model, as HTML. Of a quantised model the layers are compared with floats first, on the
    /// samples of calibration.
    ///
    /// # Errors
    /// Samples or a profile that cannot be read, and a profile of another model.
    pub fn page(&self, compiled: &Compiled) -> Result<String, Error> {
        let profile = self.read_profile(compiled)?;
        let losses = self.losses(compiled)?;
        let page = Page {
            file: &self.file_name(),
            command: &self.emit_options(compiled, "").command,
            report: &compiled.report,
            program: &compiled.program,
            plan: &compiled.plan,
            changes: &compiled.changes,
            losses: losses.as_ref(),
            profile: profile.as_ref(),
        };
        Ok(page.html())
    }

    /// Writes the page about a compiled model, in one step.
    ///
    /// # Errors
    /// As [`page`](Self::page) and [`write`](Self::write).
    pub fn write_page(&self, compiled: &Compiled, output: &Path) -> Result<(), Error> {
        self.guard(compiled)?.check(output, || is_page(output))?;
        let html = self.page(compiled)?;
        output::write(output, |file| file.write_all(html.as_bytes())).map_err(|e| Error::io(output, e))
    }

    /// What was measured of the model, if a file of that was given.
    fn read_profile(&self, compiled: &Compiled) -> Result<Option<Profile>, Error> {
        let Some(path) = &self.profile else { return Ok(None) };
        let text = data::read_text(path).map_err(|error| Error::io(path, error))?;
        let wrong = |mismatch: Mismatch| {
            let Mismatch { message, help } = mismatch;
            Error::usage(format!("{} {message}", Printable(path.display())), help)
        };
        let profiles = Profile::parse(&text).map_err(wrong)?;
        Profile::of(&profiles, &compiled.report)
            .cloned()
            .map(Some)
            .map_err(wrong)
    }

    /// What quantization loses, by layer.
    fn losses(&self, compiled: &Compiled) -> Result<Option<Losses>, Error> {
        let (Some(options), Some(quantized)) = (&self.quantize, &compiled.quantized) else {
            return Ok(None);
        };
        let calibration = Calibration::open(options, &quantized.float)?;
        let samples = calibration.samples().iter().take(MOST_SAMPLES);
        let layers = compare::layers(quantized, samples)?;
        Ok(Some(Losses {
            samples: calibration.samples().len().min(MOST_SAMPLES),
            layers,
        }))
    }

    /// The file of the page, if there is to be one beside the source, it may be written, and what it is to show was
    /// measured of this model.
    pub(super) fn page_file(&self, compiled: &Compiled, guard: &Guard) -> Result<Option<&Path>, Error> {
        let Some(page) = self.report.as_deref() else {
            return Ok(None);
        };
        guard.check(page, || is_page(page))?;
        self.read_profile(compiled)?;
        Ok(Some(page))
    }
}
