//! A GGUF file's metadata: keys and typed values.

use std::collections::HashMap;

use crate::weights::error::WeightsError;

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An unsigned integer of any width.
    Uint(u64),
    /// A signed integer of any width.
    Int(i64),
    /// A float; from a 32-bit one, the shortest decimal that denotes it.
    Float(f64),
    /// A Boolean.
    Bool(bool),
    /// A text.
    Text(String),
    /// Values of one type.
    List(Vec<Value>),
}

/// The metadata of a file, by key: `llama.block_count`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(HashMap<String, Value>);

impl Metadata {
    /// Adds a value.
    ///
    /// # Errors
    /// If the key already has one.
    pub(super) fn insert(&mut self, key: String, value: Value) -> Result<(), WeightsError> {
        match self.0.insert(key.clone(), value) {
            Some(_) => Err(WeightsError::Header(format!("{key} is listed twice"))),
            None => Ok(()),
        }
    }

    /// The value of a key, if there is one.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn get<'a, T: TryFrom<&'a Value>>(&'a self, key: &str) -> Result<Option<T>, WeightsError> {
        let wrong = |_| WeightsError::Header(format!("{key} has the wrong type"));
        self.0.get(key).map(|value| T::try_from(value).map_err(wrong)).transpose()
    }

    /// The value of a required key.
    ///
    /// # Errors
    /// If it is missing or of another type.
    pub fn need<'a, T: TryFrom<&'a Value>>(&'a self, key: &str) -> Result<T, WeightsError> {
        self.get(key)?.ok_or_else(|| WeightsError::Header(format!("{key} is missing")))
    }

    /// The list of a key; empty if there is none.
    ///
    /// # Errors
    /// If it is not a list, or has values of another type.
    pub fn list<'a, T: TryFrom<&'a Value>>(&'a self, key: &str) -> Result<Vec<T>, WeightsError> {
        let wrong = |_| WeightsError::Header(format!("{key} has values of the wrong type"));
        let values: &[Value] = self.get(key)?.unwrap_or_default();
        values.iter().map(T::try_from).collect::<Result<_, _>>().map_err(wrong)
    }
}

/// A value has another type than the requested one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherType;

impl TryFrom<&Value> for u64 {
    type Error = OtherType;
    fn try_from(value: &Value) -> Result<Self, OtherType> {
        match value {
            Value::Uint(value) => Ok(*value),
            Value::Int(value) => u64::try_from(*value).map_err(|_| OtherType),
            _ => Err(OtherType),
        }
    }
}

impl TryFrom<&Value> for f64 {
    type Error = OtherType;
    fn try_from(value: &Value) -> Result<Self, OtherType> {
        match value {
            Value::Float(value) => Ok(*value),
            _ => Err(OtherType),
        }
    }
}

impl TryFrom<&Value> for bool {
    type Error = OtherType;
    fn try_from(value: &Value) -> Result<Self, OtherType> {
        match value {
            Value::Bool(value) => Ok(*value),
            _ => Err(OtherType),
        }
    }
}

impl<'a> TryFrom<&'a Value> for &'a str {
    type Error = OtherType;
    fn try_from(value: &'a Value) -> Result<Self, OtherType> {
        match value {
            Value::Text(value) => Ok(value),
            _ => Err(OtherType),
        }
    }
}

impl<'a> TryFrom<&'a Value> for &'a [Value] {
    type Error = OtherType;
    fn try_from(value: &'a Value) -> Result<Self, OtherType> {
        match value {
            Value::List(values) => Ok(values),
            _ => Err(OtherType),
        }
    }
}
