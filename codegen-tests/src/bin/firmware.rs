//! Measures models on emulated microcontrollers.
#![forbid(unsafe_code)]

use clap::{Parser, ValueEnum};
use codegen_tests::firmware::{
    ALL, BOARDS, Board, Measurement, Options, Setting, Source, Subject, board, measure, table,
};
use edgec::middle::stream::StreamInput;
use edgec::{InputLayout, Machine, machine};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Builds models as firmware, runs every case of their references in QEMU, compares the results with the host executor's, and
/// prints instructions per inference, flash and RAM
#[derive(Debug, Parser)]
#[command(after_help = after_help())]
struct Args {
    /// A model: kws, vww, ic, ad, micro_speech, sww, hello_world; the name of another file of the zoo without .onnx; digits,
    /// which needs no zoo; or PATH.onnx with --golden. May be repeated
    #[arg(long, value_name = "MODEL", value_delimiter = ',', default_value = "kws")]
    model: Vec<String>,
    /// Inputs and outputs of the model, named inK:NAME and outK:NAME; by default those of the zoo
    #[arg(long, value_name = "FILE.npz")]
    golden: Option<PathBuf>,
    /// All models of MLPerf Tiny in int8 and others that fit
    #[arg(long, conflicts_with_all = ["model", "golden"])]
    all: bool,
    /// Cores, listed below; several with commas, or `all`
    #[arg(long, value_name = "CORE", value_delimiter = ',', default_value = "m4f")]
    core: Vec<String>,
    /// Optimisation levels of rustc: 1, 2, 3, s, z; several with commas
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', default_value = "3")]
    opt: Vec<Level>,
    /// Count each kernel call too
    #[arg(long)]
    layers: bool,
    /// What edgec compiles for, instead of the target that belongs to the core
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// What matters more where a choice costs flash or time
    #[arg(long, value_enum)]
    favour: Option<Favour>,
    /// Have layers overwrite their input row by row wherever that takes less RAM
    #[arg(long)]
    overlap: bool,
    /// Take images channels-last
    #[arg(long, value_enum)]
    input_layout: Option<InputLayout>,
    /// Bytes of RAM for the arena and the inputs: a model that takes more is computed in tiles
    #[arg(long, value_name = "BYTES")]
    ram: Option<usize>,
    /// Stream the model, as `edgec --stream`; inputs are made up
    #[arg(long, value_name = "INPUT:AXIS[=STEP]")]
    stream: Vec<StreamInput>,
    /// Flags of rustc, such as "-C target-cpu=cortex-m55"
    #[arg(long, value_name = "FLAGS", default_value = "", allow_hyphen_values = true)]
    rustflags: String,
    /// Folder of the crates and of what is built
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the page of the documentation, docs/mcu.md
    #[arg(long)]
    markdown: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Favour {
    /// Few instructions
    Speed,
    /// Little flash
    Flash,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
    Two,
    #[value(name = "3")]
    Three,
    S,
    Z,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::S => "s",
            Self::Z => "z",
        }
    }
}

fn after_help() -> String {
    let line = |board: &Board| {
        format!(
            "  {:9} {} ({}, {})\n",
            board.name, board.about, board.triple, board.machine
        )
    };
    let cores: String = BOARDS.iter().map(line).collect();
    format!(
        "Cores:\n{cores}\nThe exit code is 1 if a result is not the host's, or if an integer model can panic, formats, allocates\n\
         or computes with floats. scripts/setup.sh installs what is needed. The zoo is EDGEC_ZOO or ../shared/zoo."
    )
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            problems.iter().for_each(|problem| eprintln!("error: {problem}"));
            ExitCode::FAILURE
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// Measures what is asked for, prints it, and gives what is wrong with it.
fn run(args: &Args) -> Result<Vec<String>, String> {
    let boards: Vec<&'static Board> = match &args.core[..] {
        [all] if all == "all" => BOARDS.iter().collect(),
        names => names.iter().map(|name| board(name)).collect::<Result<_, _>>()?,
    };
    let models: Vec<&str> = if args.all {
        ALL.to_vec()
    } else {
        args.model.iter().map(String::as_str).collect()
    };
    let sources = models.iter().map(|model| Source::find(model, args.golden.as_deref()));
    let sources: Vec<_> = sources.collect::<Result<_, _>>()?;
    let options = Options {
        target: args
            .target
            .as_deref()
            .map(Machine::named)
            .transpose()
            .map_err(|e| e.to_string())?,
        favour: args.favour.map(|favour| match favour {
            Favour::Speed => machine::Favour::Speed,
            Favour::Flash => machine::Favour::Flash,
        }),
        overlap: args.overlap,
        channels_last: args.input_layout == Some(InputLayout::Nhwc),
        ram: args.ram,
        streams: args.stream.clone(),
    };
    let work = args.work.clone().unwrap_or_else(default_work);
    std::fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    let work = work.canonicalize().map_err(|e| format!("{}: {e}", work.display()))?;
    let setting = Setting {
        work: &work,
        rustflags: &args.rustflags,
        layers: args.layers,
    };
    let (measurements, mut problems) = measure_all(args, &sources, &boards, &options, &setting);
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&measurements).map_err(|e| e.to_string())?
        );
    } else if args.markdown {
        print!("{}", table::page(&measurements, &command()));
    } else {
        print!("{}", table::text(&measurements));
    }
    problems.extend(measurements.iter().flat_map(Measurement::problems));
    Ok(problems)
}

/// The rows, and what cannot be measured.
fn measure_all(
    args: &Args,
    sources: &[Source],
    boards: &[&'static Board],
    options: &Options,
    setting: &Setting,
) -> (Vec<Measurement>, Vec<String>) {
    let (mut measurements, mut problems) = (vec![], vec![]);
    for source in sources {
        for &board in boards {
            let machine = Machine::named(board.target).map_err(|e| e.to_string());
            let subject = machine.and_then(|machine| Subject::compile(source, machine, options));
            let subject = match subject {
                Ok(subject) => subject,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            for level in &args.opt {
                eprintln!("{} on {} at opt-level {} ..", source.name, board.name, level.name());
                match measure(&subject, board, level.name(), setting) {
                    Ok(measurement) => measurements.push(measurement),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    (measurements, problems)
}

fn default_work() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(default, PathBuf::from)
        .join("firmware")
}

/// The command that prints the same again.
fn command() -> String {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    format!(
        "cargo run --release -p codegen-tests --bin firmware -- {} > docs/mcu.md",
        arguments.join(" ")
    )
}
