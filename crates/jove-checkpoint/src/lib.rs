//! Checkpoints in and out: Hugging Face, TensorFlow, UER-Py.
