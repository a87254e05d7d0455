//! A JavaScript value as plain data: the tree from which [`super::read`] makes messages.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

/// Maximum nesting; what is deeper is left out. Messages need a dozen, and a recipe is a file of the user's.
const MAX_DEPTH: u32 = 64;

/// A value of JSON.
#[derive(Debug)]
pub enum Value {
    /// `null`, and everything that JSON does not have.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A number, which may be infinite or NaN.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// The properties of an object, in order. The names are `Text`, so that they are read like any other text.
    Object(Vec<(Value, Value)>),
}

impl Value {
    /// Copies a JavaScript value.
    pub fn of_js(js: &JsValue) -> Self {
        Self::of_nested(js, MAX_DEPTH)
    }

    fn of_nested(js: &JsValue, depth: u32) -> Self {
        if let Some(number) = js.as_f64() {
            Self::Number(number)
        } else if let Some(text) = js.as_string() {
            Self::Text(text)
        } else if let Some(is_true) = js.as_bool() {
            Self::Bool(is_true)
        } else if !js.is_object() || depth == 0 {
            Self::Null
        } else if Array::is_array(js) {
            let list: &Array = js.unchecked_ref();
            Self::List(list.iter().map(|item| Self::of_nested(&item, depth - 1)).collect())
        } else {
            let property = |name: JsValue| {
                let value = Reflect::get(js, &name).unwrap_or(JsValue::NULL);
                (Self::of_nested(&name, depth), Self::of_nested(&value, depth - 1))
            };
            Self::Object(Object::keys(js.unchecked_ref::<Object>()).iter().map(property).collect())
        }
    }

    /// The kind of value, for error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}
