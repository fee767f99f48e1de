//! The graph view of a knowledge base.

mod adjacency;
mod negatives;
mod similar;

pub use self::adjacency::Graph;
pub use self::similar::Kinds;
