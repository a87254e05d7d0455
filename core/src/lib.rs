//! The engine of Hone: it takes bytes, returns bytes and events, and does not depend on a browser.
//!
//! ARCHITECTURE.md lists the modules in the order in which each depends only on those before it; tests/tests/architecture
//! checks it.
//!
//! Without the feature `engine` the crate is plain data (recipe, protocol, reports) plus the reading of data files, so
//! that the page can use it without linking any tensor code.

pub mod catalog;
#[cfg(feature = "engine")]
pub mod checkpoint;
pub mod dataset;
pub mod decimal;
#[cfg(feature = "engine")]
pub mod device_to_host;
pub mod diagnostic;
#[cfg(feature = "engine")]
pub mod export;
pub mod generate;
#[cfg(feature = "engine")]
pub mod hub;
pub mod inference;
#[cfg(feature = "engine")]
mod json_file;
pub mod limits;
pub mod metrics;
#[cfg(feature = "engine")]
pub mod model;
#[cfg(feature = "engine")]
pub mod ops;
mod phrases;
#[cfg(feature = "engine")]
pub mod pretrained;
pub mod protocol;
pub mod recipe;
pub mod rng;
pub mod run;
#[cfg(feature = "engine")]
pub mod runner;
#[cfg(feature = "engine")]
pub mod text;
#[cfg(feature = "engine")]
pub mod train;
pub mod usage;
#[cfg(feature = "engine")]
pub mod weights;
