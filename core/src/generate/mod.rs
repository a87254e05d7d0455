//! Text generation: a prompt is continued token by token.

#[cfg(feature = "engine")]
mod generator;
#[cfg(feature = "engine")]
mod logits;
mod sampling;

#[cfg(feature = "engine")]
pub use generator::{Generator, bytes_per_token};
pub use sampling::Sampling;
