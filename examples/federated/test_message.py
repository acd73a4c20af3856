"""Messages are the bytes that the firmware example takes: `messages.rs` of the tests in Rust has the same ones."""

import unittest

import message

SHA256 = "0123456789abcdef" + 48 * "0"
# The CRC was computed by its definition, bit by bit.
MESSAGE = bytes.fromhex(
    "4544474543464544 0123456789abcdef 03000000 02010000 02000000 0000803f 000020c0 65ea672b"
)


class Messages(unittest.TestCase):
    def test_written_and_read(self):
        self.assertEqual(message.write(SHA256, 3, 258, [1.0, -2.5]), MESSAGE)
        number, samples, parameters = message.read(MESSAGE, SHA256)
        self.assertEqual((number, samples, parameters.tolist()), (3, 258, [1.0, -2.5]))

    def test_damage_is_found(self):
        for bit in range(8 * len(MESSAGE)):
            damaged = bytearray(MESSAGE)
            damaged[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(ValueError):
                message.read(bytes(damaged), SHA256)
        for length in range(len(MESSAGE)):
            with self.assertRaises(ValueError):
                message.read(MESSAGE[:length], SHA256)

    def test_whole_messages_of_no_use(self):
        with self.assertRaisesRegex(ValueError, "another model"):
            message.read(MESSAGE, "1" + SHA256[1:])
        for number in (float("inf"), float("nan")):
            with self.assertRaisesRegex(ValueError, "not finite"):
                message.read(message.write(SHA256, 3, 258, [1.0, number]), SHA256)


if __name__ == "__main__":
    unittest.main()
