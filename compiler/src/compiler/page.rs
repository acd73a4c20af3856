use super::{Compiled, Compiler};
use crate::Error;
use crate::data::output::{self, Guard};
use crate::middle::compare;
use crate::middle::quantize::Calibration;
use crate::page::{Losses, Page, is_page};
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

    /// The page about a compiled model, as HTML. Of a quantised model the layers are compared with floats first, on the
    /// samples of calibration.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub fn page(&self, compiled: &Compiled) -> Result<String, Error> {
        let losses = self.losses(compiled)?;
        let page = Page {
            file: &self.file_name(),
            command: &self.emit_options(compiled, "").command,
            report: &compiled.report,
            program: &compiled.program,
            plan: &compiled.plan,
            changes: &compiled.changes,
            losses: losses.as_ref(),
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

    /// The file of the page, if there is to be one beside the source and it may be written.
    pub(super) fn page_file(&self, guard: &Guard) -> Result<Option<&Path>, Error> {
        let page = self.report.as_deref();
        page.map_or(Ok(()), |page| guard.check(page, || is_page(page)))?;
        Ok(page)
    }
}
