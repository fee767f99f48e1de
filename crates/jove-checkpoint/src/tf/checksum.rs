//! The checksum and the name of the format.

/// The name of the format, for messages.
pub(super) const FORMAT: &str = "TensorFlow checkpoint";

/// TensorFlow's masked CRC-32C, which stays useful in data that is checksummed again.
pub(super) fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}
