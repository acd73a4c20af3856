//! Two slots for weights, and a journal of the revision that proved itself, in flash that may lose its power at any
//! moment.
//!
//! | bytes | what |
//! |---|---|
//! | [`SLOT_BYTES`] | slot 0 |
//! | [`SLOT_BYTES`] | slot 1 |
//! | [`PAGE_BYTES`] | records of the journal |
//! | [`PAGE_BYTES`] | records of the journal, while the other page is full |
//!
//! An update goes into the slot that is not in use, so that the other one stays whole. A slot that is half written has no
//! valid signature: nothing has to be marked, and no order of writes matters. The least revision that is accepted is
//! raised only when new weights have proved themselves ([`confirm`]): until then the old ones can come back.

mod flash;

pub use flash::{Flash, PAGE_BYTES, PowerLost, Simulated};

use runtime_core::updates::{Header, Layout, PublicKey, Weights};

/// Bytes of a slot.
pub const SLOT_BYTES: usize = 3 * PAGE_BYTES;

/// Bytes of both slots and of the journal.
pub const FLASH_BYTES: usize = JOURNAL + 2 * PAGE_BYTES;

const JOURNAL: usize = 2 * SLOT_BYTES;

/// A record of the journal: a revision and its complement.
const RECORD_BYTES: usize = 16;

/// What is written where nothing is.
const ERASED: u8 = 0xff;

/// The number of the slot with the newest weights that can be trusted, and these. `None` if there are none.
pub fn boot<'f, L: Layout>(flash: &'f [u8], key: &PublicKey) -> Option<(usize, Weights<'f, L>)> {
    let stored = stored_revision(flash);
    // What a header says is not verified: it only tells which slot to try first.
    let claimed = |slot: usize| Header::read(bytes_of(flash, slot)).map_or(0, |header| header.revision);
    let order = if claimed(1) > claimed(0) { [1, 0] } else { [0, 1] };
    order.into_iter().find_map(|slot| {
        let weights = Weights::verify(bytes_of(flash, slot), key, stored).ok()?;
        Some((slot, weights))
    })
}

/// Writes a blob into slot number `slot`, which is not the one that is in use.
///
/// # Errors
/// If the power goes. The slot is then worth nothing, and the other one as much as before.
pub fn write(flash: &mut impl Flash, slot: usize, blob: &[u8]) -> Result<(), PowerLost> {
    let start = slot * SLOT_BYTES;
    for page in (start..start + SLOT_BYTES).step_by(PAGE_BYTES) {
        flash.erase(page)?;
    }
    for (at, byte) in blob.iter().take(SLOT_BYTES).enumerate() {
        flash.program(start + at, *byte)?;
    }
    Ok(())
}

/// Accepts no weights before this revision any more.
///
/// # Errors
/// If the power goes. The revision is then this one or what it was.
pub fn confirm(flash: &mut impl Flash, revision: u64) -> Result<(), PowerLost> {
    if revision <= stored_revision(flash.bytes()) {
        return Ok(());
    }
    let at = match free_record(flash.bytes()) {
        Some(at) => at,
        None => {
            let page = older_page(flash.bytes());
            flash.erase(page)?;
            page
        }
    };
    let record = revision.to_le_bytes().into_iter().chain((!revision).to_le_bytes());
    for (offset, byte) in record.enumerate() {
        flash.program(at + offset, byte)?;
    }
    Ok(())
}

/// The greatest revision in the journal: a record that is half written is none.
pub fn stored_revision(flash: &[u8]) -> u64 {
    greatest(flash.get(JOURNAL..FLASH_BYTES).unwrap_or_default())
}

fn greatest(records: &[u8]) -> u64 {
    let (records, _) = records.as_chunks::<RECORD_BYTES>();
    records.iter().filter_map(revision).max().unwrap_or(0)
}

/// What a whole record says.
fn revision(record: &[u8; RECORD_BYTES]) -> Option<u64> {
    let (revision, complement) = (record.first_chunk()?, record.last_chunk()?);
    let revision = u64::from_le_bytes(*revision);
    (!revision == u64::from_le_bytes(*complement)).then_some(revision)
}

/// Where the first record is that nothing was written into, behind those that are written.
fn free_record(flash: &[u8]) -> Option<usize> {
    let (records, _) = flash.get(JOURNAL..FLASH_BYTES)?.as_chunks::<RECORD_BYTES>();
    let is_free = |record: &&[u8; RECORD_BYTES]| record.iter().all(|byte| *byte == ERASED);
    let free = records.iter().position(|record| is_free(&record))?;
    Some(JOURNAL + free * RECORD_BYTES)
}

/// The page of the journal that can be erased: the other one holds the greatest revision.
fn older_page(flash: &[u8]) -> usize {
    let pages = flash.get(JOURNAL..FLASH_BYTES).unwrap_or_default();
    let (first, second) = pages.split_at_checked(PAGE_BYTES).unwrap_or_default();
    if greatest(first) <= greatest(second) {
        JOURNAL
    } else {
        JOURNAL + PAGE_BYTES
    }
}

fn bytes_of(flash: &[u8], slot: usize) -> &[u8] {
    flash
        .get(slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES)
        .unwrap_or_default()
}
