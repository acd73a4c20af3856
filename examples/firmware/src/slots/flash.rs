//! NOR flash as microcontrollers have it, and one in RAM whose power can be cut.

use super::{ERASED, FLASH_BYTES};

/// Bytes that are erased together.
pub const PAGE_BYTES: usize = 4096;

/// The power is gone: the program ends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerLost;

/// Flash memory: pages are erased, and bytes of them programmed once.
pub trait Flash {
    /// All of it, to read where it is.
    fn bytes(&self) -> &[u8];

    /// Erases the page that begins at byte `page`.
    ///
    /// # Errors
    /// If the power goes.
    fn erase(&mut self, page: usize) -> Result<(), PowerLost>;

    /// Programs one byte: ones become zeros.
    ///
    /// # Errors
    /// If the power goes.
    fn program(&mut self, at: usize, byte: u8) -> Result<(), PowerLost>;
}

/// Flash in RAM. Its power goes in the midst of an operation: half a page is erased then, or half the bits of a byte
/// are programmed.
#[repr(C, align(8))]
#[derive(Clone)]
pub struct Simulated {
    bytes: [u8; FLASH_BYTES],
    /// Operations until the power goes, if it does.
    left: Option<usize>,
}

impl Simulated {
    /// Zeros, which is neither erased nor written, with power for ever.
    pub const fn new() -> Self {
        Self {
            bytes: [0; FLASH_BYTES],
            left: None,
        }
    }

    /// Lets the power go in the midst of the operation after `operations` more.
    pub fn cut_after(&mut self, operations: usize) {
        self.left = Some(operations);
    }

    /// Lets the power last from now on.
    pub fn restore(&mut self) {
        self.left = None;
    }

    /// Whether an operation is completed.
    fn lasts(&mut self) -> bool {
        let Some(left) = &mut self.left else { return true };
        let lasts = *left > 0;
        *left = left.saturating_sub(1);
        lasts
    }
}

impl Default for Simulated {
    fn default() -> Self {
        Self::new()
    }
}

impl Flash for Simulated {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn erase(&mut self, page: usize) -> Result<(), PowerLost> {
        let lasts = self.lasts();
        let erased = if lasts { PAGE_BYTES } else { PAGE_BYTES / 2 };
        if let Some(page) = self.bytes.get_mut(page..page + erased) {
            page.fill(ERASED);
        }
        if lasts { Ok(()) } else { Err(PowerLost) }
    }

    fn program(&mut self, at: usize, byte: u8) -> Result<(), PowerLost> {
        let lasts = self.lasts();
        if let Some(cell) = self.bytes.get_mut(at) {
            *cell &= if lasts { byte } else { byte | 0xf0 };
        }
        if lasts { Ok(()) } else { Err(PowerLost) }
    }
}
