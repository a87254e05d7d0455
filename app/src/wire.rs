//! Plain data as JavaScript values and back.
//!
//! serde's own way with enums that carry a tag inside reads everything twice, by code that is made anew for each type: a
//! third of the page's wasm. Here a tag is read and written where the value stands. The format is the same as
//! everywhere else; `hone_core` leaves it to its users without the feature `engine`.

use std::cell::RefCell;
use std::fmt::{self, Display};

use js_sys::{Array, Map, Object, Reflect};
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any, ser};
use wasm_bindgen::prelude::*;

/// The key of an enum's tag, where it has one inside.
fn tag_of(name: &str) -> Option<&'static str> {
    match name {
        "Mapping" => Some("task"),
        "Command" | "Event" | "Query" | "Answer" | "Detail" | "TaskFacts" => Some("kind"),
        _ => None,
    }
}

/// Plain data as a JavaScript value, with maps as objects: as `Map`s they would be lost in JSON. Everything that is sent is
/// numbers, strings, lists, maps by name and structs, which never fail.
pub fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(Writer).unwrap_or(JsValue::NULL)
}

/// Plain data from a JavaScript value. A field that is unknown is an error.
///
/// # Errors
/// Says in words what does not fit.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, String> {
    T::deserialize(Reader(&value)).map_err(|error| error.to_string())
}

thread_local! {
    /// What did not fit last, in words.
    static REASON: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Something does not fit; [`REASON`] says what. It has no size, because it is handed on in thousands of places.
#[derive(Debug)]
struct Error;

impl Error {
    #[inline(never)]
    fn new(reason: String) -> Self {
        REASON.with_borrow_mut(|kept| *kept = reason);
        Self
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        REASON.with_borrow(|reason| f.write_str(reason))
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

#[inline(never)]
fn expected<T>(what: &str) -> Result<T, Error> {
    Err(Error::new(format!("expected {what}")))
}

/// A property of an object; undefined where it is not there.
pub fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of a fresh object.
pub fn set(object: &Object, key: &str, value: &JsValue) {
    // A fresh object takes any property.
    let _ = Reflect::set(object, &key.into(), value);
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a JsValue);

impl Reader<'_> {
    #[inline(never)]
    fn number(&self) -> Result<f64, Error> {
        self.0.as_f64().map_or_else(|| expected("a number"), Ok)
    }

    #[inline(never)]
    fn whole(&self) -> Result<u64, Error> {
        let number = self.number()?;
        // Beyond 2^53 not every whole number exists.
        let is_whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
        if is_whole { Ok(number as u64) } else { Err(Error::new(format!("{number} is no whole number"))) }
    }

    #[inline(never)]
    fn text(&self) -> Result<String, Error> {
        self.0.as_string().map_or_else(|| expected("a text"), Ok)
    }

    #[inline(never)]
    fn items(&self) -> Result<Items, Error> {
        if !Array::is_array(self.0) {
            return expected("a list");
        }
        Ok(Items { array: Array::from(self.0), next: 0 })
    }

    #[inline(never)]
    fn entries(&self) -> Result<Entries, Error> {
        let array = match self.0.dyn_ref::<Map>() {
            Some(map) => Array::from(map),
            None if self.0.is_object() => Object::entries(self.0.unchecked_ref::<Object>()),
            None => return expected("an object"),
        };
        Ok(Entries { array, next: 0, value: JsValue::UNDEFINED })
    }

    #[inline(never)]
    fn fields(self, names: &'static [&'static str], tag: Option<&'static str>) -> Result<Fields, Error> {
        if !self.0.is_object() {
            return expected("an object");
        }
        for key in Object::keys(self.0.unchecked_ref::<Object>()).iter().filter_map(|key| key.as_string()) {
            if !names.contains(&key.as_str()) && tag != Some(&key) {
                return Err(Error::new(format!("unknown field `{key}`")));
            }
        }
        Ok(Fields { object: self.0.clone(), names, next: 0, value: JsValue::UNDEFINED })
    }

    #[inline(never)]
    fn variant(self, name: &str, variants: &'static [&'static str]) -> Result<Variant, Error> {
        let tag = tag_of(name).filter(|_| self.0.is_object());
        let (named, content) = match tag {
            Some(tag) => (get(self.0, tag).as_string(), self.0.clone()),
            None if self.0.is_string() => (self.0.as_string(), JsValue::UNDEFINED),
            None => {
                let mut entries = self.entries()?;
                let named = entries.step().and_then(|key| key.as_string());
                (named, entries.value)
            }
        };
        let named = named.unwrap_or_default();
        match variants.iter().position(|variant| *variant == named) {
            Some(index) => Ok(Variant { index: index as u32, content, tag }),
            None => Err(Error::new(format!("unknown variant `{named}`"))),
        }
    }
}

macro_rules! read {
    ($($method:ident: $visit:ident($own:ident) $($to:ty)?,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.$own()? $(as $to)?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Error;

    read! {
        deserialize_u8: visit_u64(whole),
        deserialize_u16: visit_u64(whole),
        deserialize_u32: visit_u64(whole),
        deserialize_u64: visit_u64(whole),
        deserialize_f32: visit_f64(number),
        deserialize_f64: visit_f64(number),
        deserialize_char: visit_string(text),
        deserialize_str: visit_string(text),
        deserialize_string: visit_string(text),
        deserialize_seq: visit_seq(items),
        deserialize_map: visit_map(entries),
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.0.is_truthy())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() || self.0.is_undefined() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(self.fields(fields, None)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.variant(name, variants)?)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        expected("plain data")
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

/// The items of a list.
struct Items {
    array: Array,
    next: u32,
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = Error;

    #[inline(never)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.next == self.array.length() {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Reader(&self.array.get(self.next - 1))).map(Some)
    }
}

/// The entries of an object or a map.
struct Entries {
    array: Array,
    next: u32,
    value: JsValue,
}

impl Entries {
    /// The next key; its value waits.
    #[inline(never)]
    fn step(&mut self) -> Option<JsValue> {
        if self.next == self.array.length() {
            return None;
        }
        let entry: Array = self.array.get(self.next).unchecked_into();
        self.next += 1;
        self.value = entry.get(1);
        Some(entry.get(0))
    }
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = Error;

    #[inline(never)]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.step().map(|key| seed.deserialize(Reader(&key))).transpose()
    }

    #[inline(never)]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Reader(&self.value))
    }
}

/// The fields of a struct that are there, each told by its number: a comparison of names for each would be more code.
struct Fields {
    object: JsValue,
    names: &'static [&'static str],
    next: usize,
    value: JsValue,
}

impl Fields {
    #[inline(never)]
    fn step(&mut self) -> Option<u32> {
        while let Some(name) = self.names.get(self.next) {
            self.next += 1;
            self.value = get(&self.object, name);
            if !self.value.is_undefined() {
                return Some(self.next as u32 - 1);
            }
        }
        None
    }
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = Error;

    #[inline(never)]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.step().map(|index| seed.deserialize(number(index))).transpose()
    }

    #[inline(never)]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Reader(&self.value))
    }
}

fn number(index: u32) -> U32Deserializer<Error> {
    index.into_deserializer()
}

/// One of an enum's variants.
struct Variant {
    index: u32,
    content: JsValue,
    tag: Option<&'static str>,
}

impl<'de> de::EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Self;

    #[inline(never)]
    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        Ok((seed.deserialize(number(self.index))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Reader(&self.content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        expected("plain data")
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Reader(&self.content).fields(fields, self.tag)?)
    }
}

struct Writer;

macro_rules! write_numbers {
    ($($method:ident $kind:ty,)*) => {$(
        fn $method(self, value: $kind) -> Result<JsValue, Error> {
            Ok((value as f64).into())
        }
    )*};
}

impl ser::Serializer for Writer {
    type Ok = JsValue;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = ser::Impossible<JsValue, Error>;
    type SerializeTupleVariant = ser::Impossible<JsValue, Error>;
    type SerializeMap = Record;
    type SerializeStruct = Record;
    type SerializeStructVariant = Record;

    write_numbers! {
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_u64 u64, serialize_f32 f32, serialize_f64 f64,
    }

    fn serialize_bool(self, value: bool) -> Result<JsValue, Error> {
        Ok(value.into())
    }

    fn serialize_char(self, value: char) -> Result<JsValue, Error> {
        Ok(value.to_string().into())
    }

    fn serialize_str(self, value: &str) -> Result<JsValue, Error> {
        Ok(value.into())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<JsValue, Error> {
        expected("plain data")
    }

    fn serialize_none(self) -> Result<JsValue, Error> {
        Ok(JsValue::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<JsValue, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<JsValue, Error> {
        Ok(JsValue::NULL)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<JsValue, Error> {
        Ok(JsValue::NULL)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<JsValue, Error> {
        Ok(if tag_of(name).is_some() { tagged(name, variant).0.into() } else { variant.into() })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<JsValue, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<JsValue, Error> {
        let object = Object::new();
        set(&object, variant, &value.serialize(self)?);
        Ok(object.into())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Error> {
        Ok(List(Array::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Error> {
        Ok(List(Array::new()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        expected("plain data")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        expected("plain data")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Record, Error> {
        Ok(Record(Object::new(), String::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Record, Error> {
        Ok(Record(Object::new(), String::new()))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Record, Error> {
        Ok(tagged(name, variant))
    }
}

/// An object with the tag of a variant in it.
fn tagged(name: &str, variant: &str) -> Record {
    let object = Object::new();
    set(&object, tag_of(name).unwrap_or("kind"), &variant.into());
    Record(object, String::new())
}

/// A list that is being written.
struct List(Array);

impl ser::SerializeSeq for List {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.push(&value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Error> {
        Ok(self.0.into())
    }
}

impl ser::SerializeTuple for List {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<JsValue, Error> {
        Ok(self.0.into())
    }
}

/// An object that is being written, and the key whose value comes next.
struct Record(Object, String);

impl ser::SerializeMap for Record {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.1 = key.serialize(Writer)?.as_string().unwrap_or_default();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        set(&self.0, &self.1, &value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Error> {
        Ok(self.0.into())
    }
}

macro_rules! write_fields {
    ($($kind:ident),*) => {$(
        impl ser::$kind for Record {
            type Ok = JsValue;
            type Error = Error;

            #[inline(never)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                set(&self.0, key, &value.serialize(Writer)?);
                Ok(())
            }

            fn end(self) -> Result<JsValue, Error> {
                Ok(self.0.into())
            }
        }
    )*};
}

write_fields!(SerializeStruct, SerializeStructVariant);
