use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::wire::refuse::refuse;

/// The error of serde that is never returned, since there is none: what cannot be read is refused.
#[derive(Debug)]
pub enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

/// serde's own sentences name Rust's types, and would bring the names of all types into the wasm.
impl Error for Never {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        refuse(&reason.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        refuse("another kind of value was expected")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        refuse("the value is out of range")
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        refuse("a value is missing")
    }
}
