//! What reader and writer share.

/// The name of the format, for messages.
pub(super) const FORMAT: &str = "PyTorch";
