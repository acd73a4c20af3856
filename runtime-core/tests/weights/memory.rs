//! What reads and writes raw memory: the arena, weights and elements. `scripts/miri.sh` runs these in Miri.

use runtime_core::{Arena, Bits, Bool, Sidecar, Slot, Weights, bf16, f16};

const FIRST: Slot<f32, 0, 3> = Slot::NEW;
const SECOND: Slot<i8, 12, 4> = Slot::NEW;
const THIRD: Slot<u64, 16, 2> = Slot::NEW;
const NOTHING: Slot<f64, 8, 0> = Slot::NEW;
const LAST: Slot<Bool, 31, 1> = Slot::NEW;

#[test]
fn slots_are_their_bytes() {
    let mut arena = Arena::<32>::new();
    assert_eq!(arena.read((FIRST, THIRD)), (&[0.0; 3], &[0; 2]));
    arena.write(FIRST).copy_from_slice(&[1.0, -2.0, 3.5]);
    arena.write(THIRD).copy_from_slice(&[7, u64::MAX]);
    let (read, (second, nothing)) = arena.io((FIRST, THIRD), (SECOND, NOTHING));
    assert_eq!((read, nothing.len()), ((&[1.0, -2.0, 3.5], &[7, u64::MAX]), 0));
    second.copy_from_slice(&[-1, 2, -3, 4]);
    // Slots that are only read may overlap, and read each other's bytes.
    let same: Slot<u8, 12, 4> = Slot::NEW;
    let (bytes, last, whole) = arena.read((same, LAST, SECOND));
    assert_eq!(
        (bytes, last[0].get(), whole),
        (&[255, 2, 253, 4], true, &[-1, 2, -3, 4])
    );
    arena.write(LAST)[0] = Bool::FALSE;
    assert_eq!(arena.read(THIRD)[1], u64::MAX >> 8);
}

#[test]
fn an_arena_on_the_heap_begins_with_zeros() {
    let mut arena = Arena::<4096>::boxed();
    let slot: Slot<u32, 1024, 64> = Slot::NEW;
    assert_eq!(arena.read(slot), &[0; 64]);
    arena.write(slot).fill(9);
    assert_eq!(arena.read(slot), &[9; 64]);
}

#[test]
fn weights_are_read_from_bytes_at_any_address() {
    // One byte behind an aligned one.
    static BYTES: [u8; 9] = [0, 0, 0, 128, 63, 0, 0, 0, 192];
    static FLOATS: Weights<[f32; 2]> = Weights::new(BYTES.last_chunk::<8>().unwrap());
    assert_eq!(*FLOATS, [1.0, -2.0]);
    static SIDECAR: Sidecar<16> = Sidecar::new([1, 2, 3, 4, 0, 0, 128, 63, 255, 255, 255, 255, 255, 255, 255, 127]);
    assert_eq!(SIDECAR.tensor::<u8, 0, 4>(), &[1, 2, 3, 4]);
    assert_eq!(SIDECAR.tensor::<f32, 4, 1>(), &[1.0]);
    assert_eq!(SIDECAR.tensor::<i64, 8, 1>(), &[i64::MAX]);
    assert_eq!(SIDECAR.tensor::<i64, 16, 0>(), &[0; 0]);
}

#[test]
fn any_byte_is_a_truth_value() {
    let mut arena = Arena::<4>::new();
    let (bytes, truths): (Slot<u8, 0, 4>, Slot<Bool, 0, 4>) = (Slot::NEW, Slot::NEW);
    arena.write(bytes).copy_from_slice(&[0, 1, 2, 255]);
    assert_eq!(arena.read(truths).map(Bool::get), [false, true, true, true]);
    assert!(arena.read(truths)[1] == arena.read(truths)[3] && Bool::from(true) == Bool::TRUE);
}

#[test]
fn bits_come_back() {
    fn back<T: Bits>(values: &[T]) {
        assert!(values.iter().all(|value| T::from_raw(value.to_raw()) == *value));
    }
    back(&[0.0_f32, -1.5, f32::MAX]);
    back(&[0.0_f64, -1.5, f64::MIN_POSITIVE]);
    back(&[f16::from_f32(0.1), f16::MAX]);
    back(&[bf16::from_f32(0.1), bf16::MIN]);
    back(&[i8::MIN, -1, i8::MAX]);
    back(&[i64::MIN, -1, i64::MAX]);
    back(&[Bool::FALSE, Bool::TRUE]);
    assert_eq!((f32::to_raw(-1.0), i16::to_raw(-2)), (0xbf80_0000, 0xfffe));
}
