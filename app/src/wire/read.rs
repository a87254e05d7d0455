//! Makes plain data from a [`Value`], through serde.
//!
//! This is small where it is generic, since there are a hundred types of messages. Fields come in the order of the struct,
//! and variants by their number, so that of the code that serde derives for each type, only the part that reads a sequence
//! is in the wasm. What the types share is done by functions without type parameters. An `alias` would be counted as a field
//! or variant of its own, so messages have none.

use std::fmt;

use serde::de::{DeserializeSeed, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

use crate::wire::value::Value;

/// Largest integer of which a number holds all smaller ones.
const MAX_INTEGER: f64 = 9_007_199_254_740_991.0;

/// The reason why a value is not of the type wanted, and its place.
#[derive(Debug)]
pub struct Error(Box<Failure>);

#[derive(Debug)]
struct Failure {
    /// Names of the fields around the value, joined by dots.
    place: String,
    reason: String,
}

impl Error {
    #[cold]
    #[inline(never)]
    fn new(reason: String) -> Self {
        Self(Box::new(Failure { place: String::new(), reason }))
    }

    #[cold]
    #[inline(never)]
    fn expected(kind: &str, found: &Value) -> Self {
        Self::new(format!("expected {kind}, found {}", found.kind()))
    }

    /// The same error in a field of an object.
    fn within(mut self, field: &str) -> Self {
        let place = &mut self.0.place;
        *place = if place.is_empty() { field.to_owned() } else { format!("{field}.{place}") };
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.place.is_empty() {
            write!(f, "`{}`: ", self.0.place)?;
        }
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for Error {}

/// serde's own sentences name Rust's types, and would bring the names of all types into the wasm.
impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new("another kind of value was expected".into())
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new("the value is out of range".into())
    }

    fn invalid_length(length: usize, _: &dyn Expected) -> Self {
        Self::new(format!("{length} values are too few"))
    }
}

/// Reads a number, a text and so on, or refuses a value of another kind.
impl Value {
    fn bool(&self) -> Result<bool, Error> {
        match self {
            Self::Bool(is_true) => Ok(*is_true),
            other => Err(Error::expected("true or false", other)),
        }
    }

    fn number(&self) -> Result<f64, Error> {
        match self {
            Self::Number(number) => Ok(*number),
            other => Err(Error::expected("a number", other)),
        }
    }

    fn integer(&self) -> Result<i64, Error> {
        match self {
            Self::Number(number) if number.trunc() == *number && number.abs() <= MAX_INTEGER => Ok(*number as i64),
            Self::Number(_) => Err(Error::new("expected a whole number".into())),
            other => Err(Error::expected("a whole number", other)),
        }
    }

    fn text(&self) -> Result<&str, Error> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(Error::expected("a text", other)),
        }
    }

    /// The items of a list.
    fn items(&self) -> Result<Items<'_>, Error> {
        match self {
            Self::List(_) => Ok(Items { parent: self, names: &[], nth: 0, missing: None }),
            other => Err(Error::expected("a list", other)),
        }
    }

    /// These properties of an object.
    fn fields(&self, names: &'static [&'static str]) -> Result<Items<'_>, Error> {
        match self {
            Self::Object(_) => Ok(Items { parent: self, names, nth: 0, missing: None }),
            other => Err(Error::expected("an object", other)),
        }
    }

    /// All properties of an object.
    fn properties(&self) -> Result<Properties<'_>, Error> {
        match self {
            Self::Object(properties) => Ok(Properties { left: properties, value: &Self::Absent }),
            other => Err(Error::expected("an object", other)),
        }
    }

    /// The variant of an enum: its name alone, or an object whose only property has it.
    fn variant(&self, names: &'static [&'static str]) -> Result<Variant<'_>, Error> {
        let (name, content) = match self {
            Self::Object(properties) if properties.len() == 1 => (properties[0].0.text()?, &properties[0].1),
            other => (other.text()?, &Self::Absent),
        };
        match names.iter().position(|known| *known == name) {
            Some(index) => Ok(Variant { number: Self::Number(index as f64), content }),
            None => Err(Error::new(format!("`{name}` is none of {}", names.join(", ")))),
        }
    }
}

/// The items of a list, or the fields of a struct in its own order: one type, so that each type of item is read by one
/// function wherever it is.
struct Items<'a> {
    parent: &'a Value,
    names: &'static [&'static str],
    nth: usize,
    /// The last field that the object lacks.
    missing: Option<&'static str>,
}

impl<'a> Items<'a> {
    fn next(&mut self) -> Option<&'a Value> {
        let nth = self.nth;
        self.nth += 1;
        match self.parent {
            Value::List(items) => items.get(nth),
            Value::Object(properties) => {
                let name = self.names.get(nth)?;
                let found = properties.iter().find(|(key, _)| matches!(key, Value::Text(key) if key == name));
                Some(found.map_or(&Value::Absent, |(_, value)| value))
            }
            _ => None,
        }
    }

    /// An item that is absent may have a default, which serde knows. Any other item that cannot be read is an error.
    fn refused(&mut self, item: &Value, error: Error) -> Result<(), Error> {
        let name = self.names.get(self.nth - 1);
        if matches!(item, Value::Absent) {
            self.missing = name.copied();
            return Ok(());
        }
        Err(match name {
            Some(name) => error.within(name),
            None => error,
        })
    }

    /// The error that serde ended with. It knows no name of a field that is missing.
    fn ended(self, error: Error) -> Error {
        match self.missing {
            Some(name) if error.0.place.is_empty() => Error::new(format!("missing field `{name}`")),
            _ => error,
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.next() else { return Ok(None) };
        match seed.deserialize(item) {
            Ok(item) => Ok(Some(item)),
            Err(error) => self.refused(item, error).map(|()| None),
        }
    }
}

/// The properties of an object that are not read yet.
struct Properties<'a> {
    left: &'a [(Value, Value)],
    value: &'a Value,
}

impl<'de> MapAccess<'de> for Properties<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(((key, value), left)) = self.left.split_first() else { return Ok(None) };
        (self.left, self.value) = (left, value);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.value)
    }
}

/// A variant of an enum.
struct Variant<'a> {
    /// Its place among the variants.
    number: Value,
    content: &'a Value,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        Ok((seed.deserialize(&self.number)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.content.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.content.deserialize_struct("", names, visitor)
    }
}

/// Methods that read an integer, or a float.
macro_rules! numbers {
    ($read:ident, $visit:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.$read()?)
        })*
    };
}

impl<'de> Deserializer<'de> for &Value {
    type Error = Error;

    numbers! { integer, visit_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }
    numbers! { integer, visit_i64: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }
    numbers! { number, visit_f64: deserialize_f32 deserialize_f64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Value::Absent | Value::Null => visitor.visit_unit(),
            Value::Bool(is_true) => visitor.visit_bool(*is_true),
            Value::Number(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.bool()?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Value::Absent | Value::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(&mut self.items()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.properties()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut fields = self.fields(names)?;
        visitor.visit_seq(&mut fields).map_err(|error| fields.ended(error))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.variant(names)?)
    }

    /// The number of a variant.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(self.integer()? as u64)
    }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct tuple_struct ignored_any }
}
