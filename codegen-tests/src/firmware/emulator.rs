//! QEMU's work on an image.

use super::image::{Image, READINGS_BEFORE};
use super::subject::Subject;
use edgec::ir::Tensor;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest that all cases of a model may take.
const LIMIT: Duration = Duration::from_secs(1200);
/// Instructions of the loop with which the counter is checked.
const LOOP: u64 = 200_000;

/// One inference.
#[derive(Clone, Debug, PartialEq)]
pub struct Inference {
    /// Instructions of the call of `run` and all that it executes.
    pub instructions: u64,
    /// Bytes of stack below the caller.
    pub stack: u32,
    /// Instructions of each kernel call, if they were counted.
    pub layers: Vec<u64>,
    /// What came out.
    pub outputs: Vec<Tensor>,
}

/// Runs the program on all cases of its model.
///
/// # Errors
/// If the emulator is missing, stops early, or does not count as it should.
pub fn run(image: &Image, program: &Path, subject: &Subject) -> Result<Vec<Inference>, String> {
    let folder = image.folder.join("run");
    let at = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(at)?;
    let mut input = (subject.inputs.len() as u32).to_le_bytes().to_vec();
    let tensors = subject.inputs.iter().flatten();
    tensors.for_each(|tensor| input.extend_from_slice(&tensor.bytes));
    fs::write(folder.join("in"), input).map_err(at)?;
    let _ = fs::remove_file(folder.join("out"));
    emulate(image, program, &folder)?;
    let bytes = fs::read(folder.join("out")).map_err(at)?;
    parse(&bytes, image, subject)
}

fn emulate(image: &Image, program: &Path, folder: &Path) -> Result<(), String> {
    let board = image.board;
    let mut command = Command::new(board.emulator);
    command.args([
        "-machine",
        board.machine,
        "-nographic",
        "-monitor",
        "none",
        "-serial",
        "none",
    ]);
    command.args(["-icount", &format!("shift={}", board.clock.shift)]);
    command.args(["-semihosting-config", "enable=on,target=native"]);
    if board.triple.starts_with("riscv") {
        command.args(["-bios", "none"]);
    }
    command.arg("-kernel").arg(program).current_dir(folder);
    let errors = folder.join("errors.txt");
    let file = fs::File::create(&errors).map_err(|e| format!("{}: {e}", errors.display()))?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn();
    let child = child.map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("{} is missing; run scripts/setup.sh", board.emulator),
        _ => format!("{}: {e}", board.emulator),
    })?;
    match wait(child)? {
        Some(true) => Ok(()),
        Some(false) => {
            let text = fs::read_to_string(&errors).unwrap_or_default();
            let name = program.file_name().unwrap_or_default().to_string_lossy();
            Err(format!(
                "{name} failed on the emulated {}: it panicked or crashed. {}",
                board.machine,
                text.trim()
            ))
        }
        None => Err(format!(
            "{} did not end within {} s",
            program.display(),
            LIMIT.as_secs()
        )),
    }
}

/// Whether the process succeeded; `None` if it took too long.
fn wait(mut child: Child) -> Result<Option<bool>, String> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok(Some(status.success()));
        }
        if start.elapsed() > LIMIT {
            child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Takes the program's file apart; its format is that of `template/main.rs`.
fn parse(mut bytes: &[u8], image: &Image, subject: &Subject) -> Result<Vec<Inference>, String> {
    let mut take = |count: usize| {
        let (own, rest) = bytes
            .split_at_checked(count)
            .ok_or("the firmware's file is too short")?;
        bytes = rest;
        Ok::<_, String>(own)
    };
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
    let clock = &image.board.clock;
    let (nothing, looped) = (number(take(4)?), number(take(4)?));
    let between = |start: u32, end: u32| clock.instructions(end.wrapping_sub(start).into());
    let nothing = clock.instructions(nothing.into());
    let counted = clock.instructions(looped.into());
    if counted != nothing + LOOP {
        let machine = image.board.machine;
        return Err(format!(
            "{LOOP} instructions are counted as {counted} minus {nothing}: the counter of `{machine}` runs at another speed in \
             this version of QEMU; 7.2 is known to work"
        ));
    }
    let mut inferences = vec![];
    for _ in &subject.inputs {
        let (ticks, stack) = (number(take(4)?), number(take(4)?));
        let readings: Vec<u32> = (0..image.hooks)
            .map(|_| Ok(number(take(4)?)))
            .collect::<Result<_, String>>()?;
        let costs: Vec<u64> = readings.windows(2).map(|pair| between(pair[0], pair[1])).collect();
        // The first is what a reading costs; the second is what comes before the first call.
        let reading = costs.first().copied().unwrap_or_default();
        let layers = costs
            .iter()
            .skip(READINGS_BEFORE)
            .map(|cost| cost.saturating_sub(reading))
            .collect();
        let mut outputs = vec![];
        for port in &subject.compiled.program.outputs {
            let own = take(port.ty.len() * port.ty.dtype.size())?;
            outputs.push(Tensor::new(port.ty.dtype, port.ty.shape.clone(), own.to_vec()));
        }
        let instructions = clock.instructions(ticks.into()).saturating_sub(nothing);
        inferences.push(Inference {
            instructions,
            stack,
            layers,
            outputs,
        });
    }
    Ok(inferences)
}
