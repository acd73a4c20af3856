//! Text without `core::fmt`, whose formatting of floats costs more flash than the model.

use crate::machine::Host;

/// Writes lines to the host.
pub struct Report(Host);

impl Report {
    /// Writes to `stdout`.
    pub(crate) fn new(stdout: Host) -> Self {
        Self(stdout)
    }

    /// The start of a digit's line.
    pub fn digit(&mut self, index: usize, expected: usize, got: usize) {
        self.text("digit ");
        self.decimal(index as u32, 1);
        self.text(": expected ");
        self.decimal(expected as u32, 1);
        self.text(", got ");
        self.decimal(got as u32, 1);
    }

    /// What the last one of something took.
    pub fn ticks(&mut self, what: &str, ticks: u32) {
        self.text(what);
        self.text(": ");
        self.decimal(ticks, 1);
        self.text(" ticks of the core clock\n");
    }

    /// What the program's stack took.
    pub(crate) fn stack(&mut self, bytes: usize) {
        self.text("stack: ");
        self.decimal(bytes as u32, 1);
        self.text(" bytes\n");
    }

    /// Plain text. Where the host does not take it, there is nobody to tell.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// `value` in decimal, padded with zeros to `width` digits.
    fn decimal(&mut self, mut value: u32, width: usize) {
        let mut digits = [b'0'; 10];
        let mut length = 0;
        for (place, digit) in digits.iter_mut().rev().enumerate() {
            if value != 0 || place < width {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
                length = place + 1;
            }
        }
        self.bytes(digits.get(digits.len() - length..).unwrap_or_default());
    }

    /// `value` in decimal.
    pub fn integer(&mut self, value: i32) {
        if value < 0 {
            self.text("-");
        }
        self.decimal(value.unsigned_abs(), 1);
    }

    /// The bits of `value`, in eight hexadecimal digits.
    pub fn bits(&mut self, value: f32) {
        self.hexadecimal(value.to_bits());
    }

    /// `bits` in eight hexadecimal digits.
    pub fn hexadecimal(&mut self, bits: u32) {
        let digits: [u8; 8] = core::array::from_fn(|i| match (bits >> (28 - 4 * i) & 15) as u8 {
            digit @ 0..=9 => b'0' + digit,
            letter => b'a' + (letter - 10),
        });
        self.bytes(&digits);
    }

    /// `value` with three decimals; values beyond four million saturate.
    pub fn thousandths(&mut self, value: f32) {
        let sign = if value < 0.0 { "-" } else { "" };
        let thousandths = (value.abs() * 1000.0 + 0.5) as u32;
        self.text(sign);
        self.decimal(thousandths / 1000, 1);
        self.text(".");
        self.decimal(thousandths % 1000, 3);
    }
}
