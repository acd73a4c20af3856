use super::model_args::ModelArgs;
use super::quantize_args::QuantizeArgs;
use super::section_args::SectionArgs;
use super::self_test_args::SelfTestArgs;
use super::state_args::StateArgs;
use super::stream_args::StreamArgs;
use super::target_args::TargetArgs;
use super::train_args::TrainArgs;
use clap::Args;
use edgec::words::quoted;
use edgec::{Compiler, Error, Weights};
use std::path::Path;

/// A model and what to make of it, wherever that is written.
#[derive(Debug, Args)]
pub(super) struct CompileArgs {
    #[command(flatten)]
    pub(super) model: ModelArgs,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
    #[command(flatten)]
    train: TrainArgs,
    #[command(flatten)]
    pub(super) quantize: QuantizeArgs,
    #[command(flatten)]
    self_test: SelfTestArgs,
    #[command(flatten)]
    sections: SectionArgs,
    /// Let the emitted struct take threads, which compute rows of layers side by side: `set_threads`, with the feature
    /// `threads` of runtime-core. For targets with an operating system
    #[arg(long)]
    threads: bool,
    /// Give the emitted struct `run_profiled`, which tells when each kernel call has ended: for programs that measure what
    /// each takes, as `report --profile` shows it
    #[arg(long)]
    profiling: bool,
    /// Name of the struct; by default after the file
    #[arg(long, value_name = "STRUCT")]
    name: Option<String>,
    /// Where the weights go
    #[arg(long, value_enum, default_value_t)]
    pub(super) weights: Weights,
    #[command(flatten)]
    target: TargetArgs,
}

impl CompileArgs {
    /// The compiler that makes this.
    pub(super) fn compiler(&self) -> Result<Compiler, Error> {
        let compiler = self.target.apply(self.model.compiler()?);
        let compiler = compiler
            .weights(self.weights)
            .threads(self.threads)
            .profiling(self.profiling);
        let compiler = self.stream.apply(self.train.apply(self.state.apply(compiler)));
        let compiler = self.self_test.apply(self.quantize.apply(compiler)?)?;
        let compiler = self.sections.apply(compiler);
        Ok(match &self.name {
            Some(name) => compiler.name(name),
            None => compiler,
        })
    }

    /// The command line that makes the file `output` again, without the folders of this machine. `more` are flags of
    /// the output alone, each with a file.
    pub(super) fn command(&self, output: &Path, more: &[(&str, &Path)]) -> String {
        self.words("edgec", output, more, self.target.flags())
    }

    /// The command line of `edgec package` that makes the folder `output` again, without the folders of this machine.
    pub(super) fn package_command(&self, output: &Path, targets: &str) -> String {
        let mut flags = self.target.flags();
        flags.retain(|(flag, _)| *flag != "--target");
        flags.insert(0, ("--target", targets.to_owned()));
        self.words("edgec package", output, &[], flags)
    }

    fn words(
        &self,
        command: &str,
        output: &Path,
        more: &[(&str, &Path)],
        target: Vec<(&'static str, String)>,
    ) -> String {
        let file = |path: &Path| quoted(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
        let mut words = vec![command.to_owned(), file(&self.model.model), "-o".into(), file(output)];
        for (flag, value) in self.flags(target) {
            words.extend([flag.to_owned(), quoted(&value)]);
        }
        let switches = self.train.switches().into_iter().chain(self.quantize.switches());
        words.extend(switches.map(str::to_owned));
        words.extend(self.threads.then(|| "--threads".to_owned()));
        words.extend(self.profiling.then(|| "--profiling".to_owned()));
        for (flag, path) in more {
            words.extend([(*flag).to_owned(), file(path)]);
        }
        words.extend(self.self_test.words().iter().map(|word| quoted(word)));
        words.join(" ")
    }

    /// The flags with a value, `target` those of the target.
    fn flags(&self, target: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        let mut flags = vec![];
        let options = &self.model.options;
        flags.extend(self.name.iter().map(|name| ("--name", name.clone())));
        flags.extend(
            options
                .dim
                .iter()
                .map(|(name, size)| ("--dim", format!("{name}={size}"))),
        );
        flags.extend(options.shape.iter().map(|(name, shape)| {
            let sizes: Vec<_> = shape.0.iter().map(usize::to_string).collect();
            ("--shape", format!("{name}={}", sizes.join(",")))
        }));
        let baked = options.bake.iter();
        flags.extend(baked.map(|(name, value)| ("--bake", format!("{name}={}", value.text()))));
        flags.extend(options.outputs.flags());
        flags.extend(self.state.values().map(|value| ("--state", value)));
        flags.extend(self.stream.values().map(|value| ("--stream", value)));
        flags.extend(self.train.values());
        flags.extend(
            options
                .layout
                .values()
                .into_iter()
                .map(|value| ("--input-layout", value)),
        );
        match self.weights {
            Weights::Auto => {}
            Weights::Inline => flags.push(("--weights", "inline".to_owned())),
            Weights::Sidecar => flags.push(("--weights", "sidecar".to_owned())),
            Weights::Updatable => flags.push(("--weights", "updatable".to_owned())),
        }
        flags.extend(target);
        flags.extend(self.quantize.flags());
        flags.extend(self.sections.flags());
        flags
    }
}
