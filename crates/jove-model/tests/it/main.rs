//! Integration tests of the model.

mod golden;
