//! Parameters as bytes, on their way between a server of federated learning and a device, whatever carries them.
//!
//! | bytes | what, in little-endian |
//! |---|---|
//! | 0..8 | `EDGECFED` |
//! | 8..16 | the first bytes of the SHA-256 of the model's ONNX file |
//! | 16..20 | round |
//! | 20..24 | samples that the parameters come from: what the server weighs them with; 0 from the server |
//! | 24..28 | number of parameters, n |
//! | 28..28 + 4n | parameters, as float32 |
//! | then 4 | CRC-32 of all bytes before, that of zlib and Ethernet |
//!
//! A CRC finds damage, not intent: who may send parameters is a matter of the channel, or of a signature.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

/// With a table of 1 KB; larger ones are quicker.
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

const MAGIC: [u8; 8] = *b"EDGECFED";
const HEADER_BYTES: usize = 28;
const CRC_BYTES: usize = 4;

/// What comes with the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The first bytes of the SHA-256 of the model's file.
    pub model: [u8; 8],
    /// Counted by the server.
    pub round: u32,
    /// How many samples the parameters come from.
    pub samples: u32,
}

/// Why a message is not taken. Nothing was written then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no message, or one of another number of parameters.
    NoMessage,
    /// Bytes have changed on their way.
    Damaged,
    /// The parameters are those of another model.
    OtherModel,
    /// A parameter is infinite or not a number.
    NotFinite,
}

/// Bytes of a message with so many parameters.
pub const fn bytes(parameters: usize) -> usize {
    HEADER_BYTES + 4 * parameters + CRC_BYTES
}

/// What names a model in a message, of the `MODEL_SHA256` of its struct.
pub const fn model(sha256: &str) -> [u8; 8] {
    let mut left = sha256.as_bytes();
    let mut name = [0; 8];
    let mut i = 0;
    while let ([high, low, rest @ ..], true) = (left, i < name.len()) {
        name[i] = digit(*high) << 4 | digit(*low);
        left = rest;
        i += 1;
    }
    name
}

const fn digit(hexadecimal: u8) -> u8 {
    match hexadecimal {
        b'0'..=b'9' => hexadecimal - b'0',
        b'a'..=b'f' => hexadecimal - b'a' + 10,
        _ => 0,
    }
}

/// Takes the parameters out of a message for this model.
///
/// # Errors
/// What is wrong with it; `parameters` are as before then.
pub fn read(message: &[u8], name: [u8; 8], parameters: &mut [f32]) -> Result<Header, Refused> {
    let (body, found) = message.split_last_chunk().ok_or(Refused::NoMessage)?;
    let (header, floats) = body.split_first_chunk::<HEADER_BYTES>().ok_or(Refused::NoMessage)?;
    let (magic, header) = field(header);
    let (model, header) = field(header);
    let (round, header) = field(header);
    let (samples, header) = field(header);
    let (count, _) = field(header);
    let is_whole = floats.len() == 4 * parameters.len() && u32::from_le_bytes(count) as usize == parameters.len();
    if magic != MAGIC || !is_whole {
        return Err(Refused::NoMessage);
    }
    if CRC.checksum(body) != u32::from_le_bytes(*found) {
        return Err(Refused::Damaged);
    }
    if model != name {
        return Err(Refused::OtherModel);
    }
    let (floats, _) = floats.as_chunks();
    let values = floats.iter().map(|float| f32::from_le_bytes(*float));
    if !values.clone().all(f32::is_finite) {
        return Err(Refused::NotFinite);
    }
    for (parameter, value) in parameters.iter_mut().zip(values) {
        *parameter = value;
    }
    let (round, samples) = (u32::from_le_bytes(round), u32::from_le_bytes(samples));
    Ok(Header { model, round, samples })
}

/// The first bytes of a header, and what follows them.
fn field<const N: usize>(header: &[u8]) -> ([u8; N], &[u8]) {
    header
        .split_first_chunk()
        .map_or(([0; N], &[]), |(field, rest)| (*field, rest))
}

/// Writes a message. False if `message` has not the [bytes](bytes()) that these parameters take.
pub fn write(header: &Header, parameters: &[f32], message: &mut [u8]) -> bool {
    let Ok(count) = u32::try_from(parameters.len()) else {
        return false;
    };
    if message.len() != bytes(parameters.len()) {
        return false;
    }
    let Some((body, found)) = message.split_last_chunk_mut() else {
        return false;
    };
    let fields = MAGIC
        .into_iter()
        .chain(header.model)
        .chain(header.round.to_le_bytes())
        .chain(header.samples.to_le_bytes())
        .chain(count.to_le_bytes());
    let floats = parameters.iter().flat_map(|parameter| parameter.to_le_bytes());
    for (to, byte) in body.iter_mut().zip(fields.chain(floats)) {
        *to = byte;
    }
    *found = CRC.checksum(body).to_le_bytes();
    true
}
