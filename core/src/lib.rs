//! The engine of Hone: it takes bytes and returns bytes and events, and knows no browser.
//!
//! Data flows one way; a lower line never names a higher one:
//! `problem · limits · rng · read` → `recipe` → `usage` → `dataset` → `text` → `weights` → `model` → `generate` →
//! `metrics` → `train` → `export` → `protocol`.
//!
//! Without the feature `engine` the crate is plain data (recipe, protocol, reports) plus the reading of data files,
//! so that the page can use it without linking any tensor code.

#[cfg(feature = "engine")]
pub mod ask;
pub mod catalog;
pub mod dataset;
#[cfg(feature = "engine")]
pub mod export;
#[cfg(feature = "engine")]
pub mod generate;
#[cfg(feature = "engine")]
pub mod hub;
pub mod limits;
pub mod metrics;
#[cfg(feature = "engine")]
pub mod model;
#[cfg(feature = "engine")]
pub mod ops;
#[cfg(feature = "engine")]
pub mod pretrained;
pub mod problem;
pub mod protocol;
#[cfg(feature = "engine")]
pub mod read;
pub mod recipe;
pub mod rng;
#[cfg(feature = "engine")]
pub mod text;
#[cfg(feature = "engine")]
pub mod train;
pub mod usage;
#[cfg(feature = "engine")]
pub mod weights;
