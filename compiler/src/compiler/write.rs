use super::{Compiled, Compiler};
use crate::Error;
use crate::back::emit::{self, Emitted, Options};
use crate::back::report::Report;
use crate::data::npz;
use crate::data::output::{self, Guard};
use crate::data::samples::Spec;
use crate::ir::Tensor;
use crate::machine::Machine;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The largest weights that are inside the source unless the user says otherwise, in bytes.
fn most_inline_bytes(machine: &Machine) -> usize {
    if machine.microcontroller { 16 << 10 } else { 1 << 20 }
}

impl Compiler {
    /// Prints compiled code; `sidecar` names the weights' file, relative to the source.
    pub fn emit(&self, compiled: &Compiled, sidecar: &str) -> Emitted {
        let options = self.emit_options(compiled, sidecar);
        emit::emit(&compiled.program, &compiled.plan, &compiled.report, &options)
    }

    /// What the model is called: by the user, or after its file.
    pub(super) fn model_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.stem())
    }

    pub(super) fn emit_options(&self, compiled: &Compiled, sidecar: &str) -> Options {
        let command = self
            .command
            .clone()
            .unwrap_or_else(|| format!("edgec {}", self.file_name()));
        Options {
            struct_name: self.model_name(),
            source: format!("{} (opset {})", self.file_name(), compiled.report.opset),
            command,
            weights: self.weights,
            sidecar: sidecar.to_owned(),
            most_inline_bytes: most_inline_bytes(&compiled.machine),
            alignment: if compiled.machine.microcontroller { 8 } else { 64 },
            sections: self.sections.clone(),
            threads: self.threads,
            profiling: self.profiling,
        }
    }

    /// Compiles and writes the source to `output`, and the weights beside it if they are not inline: those that are
    /// updatable as a blob that has yet to be signed.
    pub fn emit_to(&self, output: &Path) -> Result<Report, Error> {
        let compiled = self.compile()?;
        self.write(&compiled, output)?;
        Ok(compiled.report)
    }

    /// Writes the source to `output`, and the weights beside it if they are not inline: those that are updatable as a
    /// blob that has yet to be signed. Each file is written in one step.
    ///
    /// # Errors
    /// If a file cannot be written; and if it is one that is read here, or, without [`force`](Self::force), one that
    /// edgec has not written.
    pub fn write(&self, compiled: &Compiled, output: &Path) -> Result<Emitted, Error> {
        let guard = self.guard(compiled)?;
        guard.check(output, || emit::is_emitted(output))?;
        let c = self.c_files(compiled, output, &guard)?;
        #[cfg(feature = "report")]
        let page = self.page_file(compiled, &guard)?;
        #[cfg(not(feature = "report"))]
        let page: Option<&Path> = None;
        let sidecar = output.with_extension("weights");
        let name = sidecar.file_name().map(|name| name.to_str());
        let emitted = self.emit(compiled, name.flatten().unwrap_or("model.weights"));
        let beside = (emitted.sidecar.is_some() || emitted.block.is_some()).then_some(sidecar.as_path());
        let files = std::iter::once(output).chain(beside);
        output::distinct(
            &files
                .chain(c.iter().map(|(path, _)| path.as_path()))
                .chain(page)
                .collect::<Vec<_>>(),
        )?;
        if let Some(bytes) = &emitted.sidecar {
            let Some(name) = name.flatten() else {
                return Err(Error::usage(
                    format!(
                        "the name of {} is not text, so that the source cannot name it",
                        sidecar.display()
                    ),
                    "give the output another name, or use --weights inline",
                ));
            };
            guard.check(&sidecar, || emit::reads_sidecar(output, name))?;
            output::write(&sidecar, |file| file.write_all(bytes)).map_err(|e| Error::io(&sidecar, e))?;
        }
        if let Some(block) = &emitted.block {
            self.write_block(compiled, &sidecar, block)?;
        }
        // Weights of the source that is replaced, which nothing would read: they would be taken for somebody else's.
        let stale = beside.is_none() && name.flatten().is_some_and(|name| emit::reads_sidecar(output, name));
        let stale = stale && guard.check(&sidecar, || true).is_ok();
        output::write(output, |file| file.write_all(emitted.source.as_bytes())).map_err(|e| Error::io(output, e))?;
        if stale && sidecar.is_file() {
            std::fs::remove_file(&sidecar).map_err(|e| Error::io(&sidecar, e))?;
        }
        for (path, text) in &c {
            output::write(path, |file| file.write_all(text.as_bytes())).map_err(|e| Error::io(path, e))?;
        }
        #[cfg(feature = "report")]
        page.map_or(Ok(()), |page| self.write_page(compiled, page))?;
        Ok(emitted)
    }

    /// Writes results of the model to an `.npz` file, as [`npz::write`] does, unless that must not be written over.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_arrays(&self, compiled: &Compiled, output: &Path, arrays: &[(&str, &Tensor)]) -> Result<(), Error> {
        self.guard(compiled)?.check(output, || npz::is_written(output))?;
        npz::write(output, arrays).map_err(|e| Error::io(output, std::io::Error::other(e.message())))
    }

    /// Writes files around compiled code into a folder, by their paths in it, each in one step. `ours` says which of
    /// those that are there edgec has written.
    ///
    /// # Errors
    /// As [`write`](Self::write), before anything is written.
    pub fn write_folder(
        &self,
        compiled: &Compiled,
        folder: &Path,
        files: &[(String, Vec<u8>)],
        ours: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let guard = self.guard(compiled)?;
        for (name, _) in files {
            guard.check(&folder.join(name), || ours(name))?;
        }
        for (name, bytes) in files {
            let path = folder.join(name);
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, e))?;
            output::write(&path, |file| file.write_all(bytes)).map_err(|e| Error::io(&path, e))?;
        }
        Ok(())
    }

    pub(super) fn guard(&self, compiled: &Compiled) -> Result<Guard, Error> {
        self.guard_of(&compiled.external_files)
    }

    /// What must not be written over, where the model has these files beside it.
    pub(crate) fn guard_of(&self, external_files: &[PathBuf]) -> Result<Guard, Error> {
        Ok(Guard {
            inputs: [self.read()?, external_files.to_vec()].concat(),
            force: self.force,
        })
    }

    /// The files that are read, beside those that the model names.
    pub(super) fn read(&self) -> Result<Vec<PathBuf>, Error> {
        let mut read: Vec<_> = self.path().into_iter().map(Path::to_owned).collect();
        for samples in self.quantize.iter().flat_map(|o| [&o.calibrate, &o.loss_samples]) {
            read.extend(samples.as_deref().map(Spec::parse).transpose()?.map(|spec| spec.path));
        }
        read.extend(self.reads.iter().cloned());
        Ok(read)
    }

    /// For `build.rs`: compiles into cargo's `OUT_DIR` and asks cargo to run again when the model, the files that hold
    /// its tensors or its samples change.
    pub fn emit_to_out_dir(&self, file: &str) -> Result<Report, Error> {
        let rerun_if_changed = |path: &PathBuf| println!("cargo::rerun-if-changed={}", path.display());
        self.read()?.iter().for_each(rerun_if_changed);
        let model = self.load()?;
        model.external_files.iter().for_each(rerun_if_changed);
        let folder = std::env::var_os("OUT_DIR").ok_or_else(|| {
            Error::usage(
                "OUT_DIR is not set",
                "call this from a build script, or use `emit_to` with a path",
            )
        })?;
        let compiled = self.compile_model(&model, &mut |_, _| {})?;
        self.write(&compiled, &Path::new(&folder).join(file))?;
        Ok(compiled.report)
    }
}
