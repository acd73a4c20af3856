//! Messages of federated learning, as the firmware example reads and writes them.

use message::{Header, Refused, bytes, model, read, write};

#[allow(unreachable_pub)]
#[path = "../../../examples/firmware/src/message.rs"]
mod message;

const MODEL: [u8; 8] = model("0123456789abcdef3ce40b8a8d0e6f5e0d0f3c0a6a1fa1d8f0d9e3f0a1b2c3d4");
const HEADER: Header = Header {
    model: MODEL,
    round: 3,
    samples: 258,
};
const PARAMETERS: [f32; 2] = [1.0, -2.5];

/// The message of the above, byte by byte; examples/federated/test_message.py has the same. The CRC was computed by
/// hand, bit by bit.
const MESSAGE: [u8; 40] = [
    b'E', b'D', b'G', b'E', b'C', b'F', b'E', b'D', 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, //
    3, 0, 0, 0, 2, 1, 0, 0, 2, 0, 0, 0, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x20, 0xc0, //
    0x65, 0xea, 0x67, 0x2b,
];

/// Of a CRC-32 by its definition, one bit after another, for what is not known in advance.
fn with_crc(mut message: Vec<u8>) -> Vec<u8> {
    let end = message.len() - 4;
    let mut crc = u32::MAX;
    for byte in &message[..end] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    message[end..].copy_from_slice(&(!crc).to_le_bytes());
    message
}

#[test]
fn written_and_read() {
    let mut written = [0xaa; bytes(2)];
    assert!(write(&HEADER, &PARAMETERS, &mut written));
    assert_eq!(written, MESSAGE);
    assert_eq!(with_crc(MESSAGE.to_vec()), MESSAGE);

    let mut parameters = [0.0; 2];
    assert_eq!(read(&MESSAGE, MODEL, &mut parameters), Ok(HEADER));
    assert_eq!(parameters, PARAMETERS);

    // No parameters, and a buffer of another size.
    assert!(write(&HEADER, &[], &mut written[..bytes(0)]));
    assert_eq!(read(&written[..bytes(0)], MODEL, &mut []), Ok(HEADER));
    assert!(!write(&HEADER, &PARAMETERS, &mut written[..bytes(2) - 1]));
    assert!(!write(&HEADER, &PARAMETERS, &mut []));
}

#[test]
fn damage_is_found() {
    let mut parameters = [7.0; 2];
    for bit in 0..8 * MESSAGE.len() {
        let mut damaged = MESSAGE;
        damaged[bit / 8] ^= 1 << (bit % 8);
        let refused = read(&damaged, MODEL, &mut parameters).unwrap_err();
        // The magic and the number of parameters are looked at before the CRC.
        let expected = match bit / 8 {
            0..8 | 24..28 => Refused::NoMessage,
            _ => Refused::Damaged,
        };
        assert_eq!(refused, expected, "bit {bit}");
    }
    for length in 0..MESSAGE.len() {
        assert_eq!(
            read(&MESSAGE[..length], MODEL, &mut parameters),
            Err(Refused::NoMessage)
        );
    }
    let longer = [&MESSAGE[..], &[0]].concat();
    assert_eq!(read(&longer, MODEL, &mut parameters), Err(Refused::NoMessage));
    assert_eq!(read(&MESSAGE, MODEL, &mut [0.0; 3]), Err(Refused::NoMessage));
    assert_eq!(parameters, [7.0; 2]);
}

#[test]
fn whole_messages_of_no_use() {
    let mut parameters = [7.0; 2];
    let other = model("1123456789abcdef");
    assert_eq!(read(&MESSAGE, other, &mut parameters), Err(Refused::OtherModel));
    for bits in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        let mut message = MESSAGE.to_vec();
        message[32..36].copy_from_slice(&bits.to_le_bytes());
        let refused = read(&with_crc(message), MODEL, &mut parameters);
        assert_eq!(refused, Err(Refused::NotFinite));
    }
    assert_eq!(parameters, [7.0; 2]);
}
