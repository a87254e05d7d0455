//! Messages between the page and the worker: plain data with public fields. Tensors, devices and JavaScript values are
//! never sent; files and blobs travel next to a message, and so does the number of the request.

mod bench;
mod command;
mod device;
mod event;

pub use bench::BenchFigures;
pub use command::Command;
pub use device::{Backend, DeviceChoice, DeviceReport, SelfCheck};
pub use event::Event;

/// Number that the page gives to a command. Every event that answers the command carries it, next to the message.
pub type RequestId = u32;

/// Version of the messages, raised whenever one changes. A page and a worker of different versions refuse each other.
pub const PROTOCOL_VERSION: u32 = 18;
