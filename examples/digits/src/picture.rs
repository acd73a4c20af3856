//! A digit and its scores as text.

const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const BAR: usize = 16;

/// Prints the image with the scores beside it, as bars from the lowest score to the highest.
pub(crate) fn print(pixels: &[u8; 64], scores: &[f32; 10], guess: usize) {
    let low = scores.iter().copied().fold(f32::INFINITY, f32::min);
    let high = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut rows = pixels.chunks_exact(8);
    for (digit, score) in scores.iter().enumerate() {
        let row = rows.next().map_or_else(|| " ".repeat(16), shaded);
        let bar = bar((score - low) / (high - low));
        let mark = if digit == guess { " <" } else { "" };
        println!("    {row}    {digit} {bar} {score:7.3}{mark}");
    }
}

/// A row of pixels, two characters each to make them square.
fn shaded(row: &[u8]) -> String {
    row.iter()
        .flat_map(|&darkness| [SHADES[usize::from(darkness).div_ceil(4).min(4)]; 2])
        .collect()
}

/// A bar that fills `part`, from 0 to 1, of its width.
fn bar(part: f32) -> String {
    let eighths = (part * (8 * BAR) as f32) as usize;
    let full = (eighths / 8).min(BAR);
    let rest = if full < BAR {
        String::from(EIGHTHS[eighths % 8])
    } else {
        String::new()
    };
    format!("{:<BAR$}", "█".repeat(full) + &rest)
}
