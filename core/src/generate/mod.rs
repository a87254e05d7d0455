//! Text generation: a prompt continued token by token.

#[cfg(feature = "engine")]
mod generator;
mod sampling;

#[cfg(feature = "engine")]
pub use generator::{Generator, bytes_per_token};
pub use sampling::Sampling;
