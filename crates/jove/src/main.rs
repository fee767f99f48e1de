//! The command line of jove.

fn main() {}
