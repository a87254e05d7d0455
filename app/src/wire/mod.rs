//! Conversion between plain data and JavaScript values.

mod absent;
mod never;
mod read;
mod refuse;
#[cfg(test)]
mod tests;
mod value;

use js_sys::{Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

#[cfg(test)]
pub(crate) use crate::wire::tests::as_json;
use crate::wire::value::Value;

/// Converts plain data to a JavaScript value. Maps become objects: JSON would drop a `Map`. All messages consist of numbers,
/// strings, lists, maps with string keys and structs, for which this cannot fail.
pub fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

/// Converts a JavaScript value to plain data.
///
/// # Errors
/// If it has another structure; the message names the difference.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, String> {
    read_from(&Value::of_js(&value))
}

fn read_from<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    refuse::attempt(|| T::deserialize(value)).map(|Ok(read)| read)
}

/// Returns a property of an object; undefined if there is none.
pub fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of a fresh object.
pub fn set(object: &Object, key: &str, value: &JsValue) {
    // A fresh object takes any property.
    let _ = Reflect::set(object, &key.into(), value);
}
