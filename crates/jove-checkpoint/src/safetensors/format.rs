//! What reader and writer share.

/// The metadata key of the checksums: eight hex digits a tensor, in the order of the data.
pub(super) const CHECKSUM_KEY: &str = "jove.crc32c";

pub(super) const FORMAT: &str = "safetensors";
