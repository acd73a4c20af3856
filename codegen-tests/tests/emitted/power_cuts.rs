//! The slots of the firmware example survive a power cut at any byte.

use edgec::data::blob;
use edgec::tools::updates::{SecretKey, sign};
use runtime_core::Slot;
use runtime_core::updates::{Layout, PublicKey};
use slots::{Flash, PowerLost, SLOT_BYTES, Simulated, boot, confirm, stored_revision, write};

#[allow(unreachable_pub)]
#[path = "../../../examples/firmware/src/slots/mod.rs"]
mod slots;

struct Model;

const BYTES: usize = 5000;

impl Layout for Model {
    const BYTES: usize = BYTES;
    const STRUCTURE: [u8; 32] = [5; 32];
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[3; 32])
}

/// Weights that are all the low byte of their revision.
fn weights(revision: u64) -> Vec<u8> {
    let unsigned = blob::unsigned(Model::STRUCTURE, &[revision as u8; BYTES]);
    sign(&unsigned, &key(), revision).unwrap()
}

/// What a device does with an update.
fn update(flash: &mut Simulated, key: &PublicKey, blob: &[u8]) -> Result<(), PowerLost> {
    let used = boot::<Model>(flash.bytes(), key).map_or(1, |(slot, _)| slot);
    write(flash, 1 - used, blob)?;
    let booted = boot::<Model>(flash.bytes(), key).map(|(_, weights)| weights.revision());
    booted.map_or(Ok(()), |revision| confirm(flash, revision))
}

/// The revision that a start finds, whose weights are those of that revision.
fn started(flash: &Simulated, key: &PublicKey) -> u64 {
    let (_, weights) = boot::<Model>(flash.bytes(), key).expect("there are no weights");
    let revision = weights.revision();
    assert_eq!(*weights.read(Slot::<u8, 0, BYTES>::NEW), [revision as u8; BYTES]);
    revision
}

/// Updates `before` from revision `old` with a cut at every operation, and again afterwards without one.
fn cut_everywhere(before: &Simulated, old: u64, key: &PublicKey) -> Simulated {
    let blob = weights(old + 1);
    let (mut cuts, mut kept) = (0, 0);
    loop {
        let mut flash = before.clone();
        flash.cut_after(cuts);
        let ended = update(&mut flash, key, &blob);
        let (revision, stored) = (started(&flash, key), stored_revision(flash.bytes()));
        assert!(
            (old..=old + 1).contains(&revision) && (old..=revision).contains(&stored),
            "cut {cuts}"
        );
        kept += usize::from(revision == old);
        if ended.is_ok() {
            assert_eq!((revision, stored), (old + 1, old + 1));
            assert!(kept >= blob.len() && cuts > kept, "{kept} of {cuts}");
            return flash;
        }
        // Some cuts are tried again, which takes another whole update.
        if cuts % 251 == 0 || cuts + 20 > blob.len() {
            flash.restore();
            update(&mut flash, key, &blob).unwrap();
            assert_eq!(started(&flash, key), old + 1, "after cut {cuts}");
        }
        cuts += 1;
    }
}

#[test]
fn a_power_cut_at_any_byte_leaves_weights_that_can_be_trusted() {
    let key = key().public_key();
    let mut flash = Simulated::new();
    assert!(boot::<Model>(flash.bytes(), &key).is_none());
    write(&mut flash, 0, &weights(1)).unwrap();
    confirm(&mut flash, 1).unwrap();
    // Into the empty slot, and over weights of long ago.
    let second = cut_everywhere(&flash, 1, &key);
    cut_everywhere(&second, 2, &key);
}

#[test]
fn the_journal_goes_on_for_ever_and_never_back() {
    let mut flash = Simulated::new();
    for revision in 1..2000 {
        // A cut at every place of a record, and while a page is erased.
        let before = flash.clone();
        for operations in 0..if revision % 256 == 1 { 17 } else { 1 } {
            let mut cut = before.clone();
            cut.cut_after(operations);
            assert_eq!(confirm(&mut cut, revision), Err(PowerLost));
            assert!((revision - 1..=revision).contains(&stored_revision(cut.bytes())));
            cut.restore();
            confirm(&mut cut, revision).unwrap();
            assert_eq!(stored_revision(cut.bytes()), revision);
        }
        confirm(&mut flash, revision).unwrap();
        confirm(&mut flash, 1).unwrap();
        assert_eq!(stored_revision(flash.bytes()), revision);
    }
}

#[test]
fn what_was_confirmed_does_not_come_back_older() {
    let key = key().public_key();
    let mut flash = Simulated::new();
    write(&mut flash, 0, &weights(7)).unwrap();
    confirm(&mut flash, 7).unwrap();
    write(&mut flash, 1, &weights(6)).unwrap();
    assert_eq!(started(&flash, &key), 7);
    write(&mut flash, 0, &[0; SLOT_BYTES]).unwrap();
    assert!(boot::<Model>(flash.bytes(), &key).is_none());
}
