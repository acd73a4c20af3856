"""Parameters as bytes, as a device without Python or gRPC takes and sends them.

All numbers are little-endian: `EDGECFED`, the first 8 bytes of the SHA-256 of the model's file, the round, how many
samples the parameters come from, how many parameters there are, these as float32, and the CRC-32 of all that.
"""

import struct
import zlib

import numpy as np

MAGIC = b"EDGECFED"
HEADER = struct.Struct("<8s8sIII")
CRC = struct.Struct("<I")


def write(sha256, number, samples, parameters):
    """The message with these parameters; the digest is that of the header, in hexadecimal."""
    floats = np.asarray(parameters, "<f4")
    body = HEADER.pack(MAGIC, bytes.fromhex(sha256)[:8], number, samples, floats.size) + floats.tobytes()
    return body + CRC.pack(zlib.crc32(body))


def read(message, sha256):
    """Round, samples and parameters of a message for this model; a ValueError says what is wrong with it."""
    if len(message) < HEADER.size + CRC.size:
        raise ValueError("this is too short for a message")
    body, (crc,) = message[: -CRC.size], CRC.unpack(message[-CRC.size :])
    magic, model, number, samples, count = HEADER.unpack_from(body)
    if magic != MAGIC or len(body) != HEADER.size + 4 * count:
        raise ValueError("this is no message, or a part of one")
    if zlib.crc32(body) != crc:
        raise ValueError("the message is damaged")
    if model != bytes.fromhex(sha256)[:8]:
        raise ValueError("the message is for another model")
    parameters = np.frombuffer(body, "<f4", offset=HEADER.size).astype(np.float32)
    if not np.isfinite(parameters).all():
        raise ValueError("a parameter is not finite")
    return number, samples, parameters
