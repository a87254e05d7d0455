//! Makes plain data from a [`Value`], through serde.
//!
//! This is small where it is generic, since there are a hundred types of messages. Fields come in the order of the struct,
//! and variants by their number, so that of the code that serde derives for each type, only the part that reads a sequence
//! is in the wasm. What the types share is done by functions without type parameters. What cannot be read is
//! [refused](crate::wire::refuse), not returned as an error through the code of every type. An `alias` would be counted as
//! a field or variant of its own, so messages have none.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

use crate::wire::absent::Absent;
use crate::wire::never::Never;
use crate::wire::refuse::{enter, refuse};
use crate::wire::value::Value;

/// Largest integer of which a number holds all smaller ones.
const MAX_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Reads a number, a text and so on, or refuses a value of another kind.
impl Value {
    fn expected(&self, kind: &str) -> ! {
        refuse(&format!("expected {kind}, found {}", self.kind()))
    }

    fn bool(&self) -> bool {
        match self {
            Self::Bool(is_true) => *is_true,
            other => other.expected("true or false"),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            other => other.expected("a number"),
        }
    }

    fn integer(&self) -> i64 {
        match self {
            Self::Number(number) if number.trunc() == *number && number.abs() <= MAX_INTEGER => *number as i64,
            Self::Number(_) => refuse("expected a whole number"),
            other => other.expected("a whole number"),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => other.expected("a text"),
        }
    }

    /// The items of a list.
    fn items(&self) -> Items<'_> {
        match self {
            Self::List(_) => Items { parent: self, names: &[], nth: 0 },
            other => other.expected("a list"),
        }
    }

    /// These properties of an object.
    fn fields(&self, names: &'static [&'static str]) -> Items<'_> {
        match self {
            Self::Object(_) => Items { parent: self, names, nth: 0 },
            other => other.expected("an object"),
        }
    }

    /// All properties of an object.
    fn properties(&self) -> Properties<'_> {
        match self {
            Self::Object(properties) => Properties { left: properties, value: &Self::Null },
            other => other.expected("an object"),
        }
    }

    /// The variant of an enum: its name alone, or an object whose only property has it.
    fn variant(&self, names: &'static [&'static str]) -> Variant<'_> {
        let (name, content) = match self {
            Self::Object(properties) if properties.len() == 1 => (properties[0].0.text(), &properties[0].1),
            other => (other.text(), &Self::Null),
        };
        match names.iter().position(|known| *known == name) {
            Some(index) => Variant { number: Self::Number(index as f64), content },
            None => refuse(&format!("`{name}` is none of {}", names.join(", "))),
        }
    }
}

/// The items of a list, or the fields of a struct in its own order: one type, so that each type of item is read by one
/// function wherever it is.
struct Items<'a> {
    parent: &'a Value,
    names: &'static [&'static str],
    nth: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Never;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Never> {
        match self.next() {
            Next::Item(item) => seed.deserialize(item).map(Some),
            Next::Absent => Ok(seed.deserialize(Absent).ok()),
            Next::End => Ok(None),
        }
    }
}

/// Next part of [`Items`].
enum Next<'a> {
    Item(&'a Value),
    /// A field that the object lacks.
    Absent,
    End,
}

impl<'a> Items<'a> {
    fn next(&mut self) -> Next<'a> {
        let nth = self.nth;
        self.nth += 1;
        match self.parent {
            Value::List(items) => items.get(nth).map_or(Next::End, Next::Item),
            Value::Object(properties) => {
                let Some(name) = self.names.get(nth) else { return Next::End };
                enter(name);
                let found = properties.iter().find(|(key, _)| matches!(key, Value::Text(key) if key == name));
                found.map_or(Next::Absent, |(_, value)| Next::Item(value))
            }
            _ => Next::End,
        }
    }
}

/// The properties of an object that are not read yet.
struct Properties<'a> {
    left: &'a [(Value, Value)],
    value: &'a Value,
}

impl<'de> MapAccess<'de> for Properties<'_> {
    type Error = Never;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Never> {
        let Some(((key, value), left)) = self.left.split_first() else { return Ok(None) };
        (self.left, self.value) = (left, value);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Never> {
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
    type Error = Never;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Never> {
        Ok((seed.deserialize(&self.number)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Never;

    fn unit_variant(self) -> Result<(), Never> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Never> {
        seed.deserialize(self.content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Never> {
        self.content.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Never> {
        self.content.deserialize_struct("", names, visitor)
    }
}

/// Methods that read an integer, or a float.
macro_rules! numbers {
    ($read:ident, $visit:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
            visitor.$visit(self.$read())
        })*
    };
}

impl<'de> Deserializer<'de> for &Value {
    type Error = Never;

    numbers! { integer, visit_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }
    numbers! { integer, visit_i64: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }
    numbers! { number, visit_f64: deserialize_f32 deserialize_f64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is_true) => visitor.visit_bool(*is_true),
            Value::Number(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_bool(self.bool())
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_str(self.text())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_str(self.text())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        match self {
            Value::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(self.items())
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Never> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_map(self.properties())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_seq(self.fields(names))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_enum(self.variant(names))
    }

    /// The number of a variant.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_u64(self.integer() as u64)
    }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct tuple_struct ignored_any }
}
