//! What the page and the worker say to each other: plain data with public fields. Tensors, devices and JavaScript
//! values never cross; files and blobs travel next to a message.

mod bench;
mod command;
mod device;
mod event;

pub use bench::{BenchCase, BenchFigures};
pub use command::Command;
pub use device::{Backend, DeviceChoice, DeviceReport, SelfCheck};
pub use event::{Event, RowView};

/// Number that the page gives to a command. Every event that answers the command carries it, next to the message.
pub type RequestId = u32;

/// Changes whenever a message changes; a page and a worker of different versions do not talk.
pub const PROTOCOL_VERSION: u32 = 7;
