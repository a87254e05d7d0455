//! The columns of a file: those that are read, and how their values are written.

use std::collections::HashSet;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use crate::report::Report;

/// Form in which the values of a column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As their type says.
    Plain,
    /// 64-bit numbers of nanoseconds since 1970.
    Nanoseconds,
    /// 64-bit numbers of nanoseconds since midnight.
    TimeOfDay,
    /// 16 bytes.
    Uuid,
    /// Numbers that are indices of names, as the datasets library stores labels.
    Names(Vec<String>),
    /// A list, or a map by its values.
    List(Box<Kind>),
    /// The kinds of the fields, in order.
    Struct(Vec<Kind>),
}

impl Kind {
    /// The kind of a list's elements and of a map's values.
    pub(crate) fn element(&self) -> &Self {
        if let Self::List(element) = self { element } else { &Self::Plain }
    }

    /// The kind of a struct's field.
    pub(crate) fn field(&self, index: usize) -> &Self {
        match self {
            Self::Struct(fields) => fields.get(index).unwrap_or(&Self::Plain),
            _ => &Self::Plain,
        }
    }
}

/// The columns that are read.
pub(crate) struct Columns {
    /// The schema of these columns.
    pub schema: Type,
    pub kind: Kind,
    /// Names of the columns that have binary data, which are not read.
    pub binary: Vec<String>,
}

/// Decides which columns are read. `features` is the description that the datasets library adds to its files.
///
/// # Errors
/// `data.same-columns` and `data.binary`.
pub(crate) fn columns(schema: &Type, features: &Value) -> Result<Columns, Report> {
    let (mut fields, mut kinds, mut binary, mut seen) = (Vec::new(), Vec::new(), Vec::new(), HashSet::new());
    for field in schema.get_fields() {
        let name = field.name();
        if !seen.insert(name) {
            let what = format!("has two columns called \"{name}\"");
            return Err(Report::new("data.same-columns", what, "Rename one of them, and save the file again."));
        }
        // The row numbers that pandas saves.
        if name.starts_with("__index_level_") {
            continue;
        }
        match readable(field) {
            Some(readable) => {
                kinds.push(kind(&readable, features.get(name).unwrap_or(&Value::Null)));
                if has_binary(field) {
                    binary.push(name.to_owned());
                }
                fields.push(readable);
            }
            None => binary.push(name.to_owned()),
        }
    }
    if fields.is_empty() {
        let what = match binary.as_slice() {
            [] => "has no columns".to_owned(),
            names => format!("has only binary data, such as images or sound ({})", names.join(", ")),
        };
        return Err(Report::new("data.binary", what, "Choose a file with a column of texts."));
    }
    let built = Type::group_type_builder(schema.name()).with_fields(fields).build();
    let schema = built.map_err(|error| Report::of(&error))?;
    Ok(Columns { schema, kind: Kind::Struct(kinds), binary })
}

fn is_repeated(field: &Type) -> bool {
    field.get_basic_info().has_repetition() && field.get_basic_info().repetition() == Repetition::REPEATED
}

/// Returns true for a group that is neither a list nor a map.
fn is_struct(field: &Type) -> bool {
    let info = field.get_basic_info();
    field.is_group()
        && !is_repeated(field)
        && !matches!(info.converted_type(), ConvertedType::LIST | ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE)
}

/// The part of a field that is no binary data: of a struct such as an image with its path, the other members. None if
/// nothing is left.
fn readable(field: &TypePtr) -> Option<TypePtr> {
    if !has_binary(field) {
        // A struct without members has no values.
        return Some(field.clone()).filter(|field| field.is_primitive() || !field.get_fields().is_empty());
    }
    if !is_struct(field) {
        return None;
    }
    let members: Vec<TypePtr> = field.get_fields().iter().filter_map(readable).collect();
    if members.is_empty() {
        return None;
    }
    let built = Type::group_type_builder(field.name())
        .with_repetition(field.get_basic_info().repetition())
        .with_fields(members)
        .build();
    built.ok().map(Arc::new)
}

fn has_binary(field: &Type) -> bool {
    if field.is_group() {
        return field.get_fields().iter().any(|member| has_binary(member));
    }
    let info = field.get_basic_info();
    let logical = info.logical_type_ref();
    match field.get_physical_type() {
        Physical::BYTE_ARRAY => {
            let is_text =
                matches!(info.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
                    || matches!(logical, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json));
            !is_text && info.converted_type() != ConvertedType::DECIMAL
        }
        Physical::FIXED_LEN_BYTE_ARRAY => {
            !matches!(logical, Some(LogicalType::Uuid | LogicalType::Float16))
                && info.converted_type() != ConvertedType::DECIMAL
        }
        _ => false,
    }
}

/// The kind of a field, whose description by the datasets library is `feature`.
fn kind(field: &Type, feature: &Value) -> Kind {
    let element_feature = match feature {
        Value::Array(elements) => elements.first().unwrap_or(&Value::Null),
        other => other.get("feature").unwrap_or(&Value::Null),
    };
    if is_repeated(field) {
        let fields = if field.is_group() { structure(field, element_feature) } else { leaf(field, element_feature) };
        return Kind::List(Box::new(fields));
    }
    if field.is_primitive() {
        return leaf(field, feature);
    }
    if is_struct(field) {
        // A list of structs may have become a struct of lists.
        let members = if element_feature.is_object() { element_feature } else { feature };
        return structure(field, members);
    }
    let Some(repeated) = field.get_fields().first() else { return Kind::Plain };
    let element = match repeated.is_group().then(|| repeated.get_fields()) {
        // A list, or a map without values.
        Some([element]) => kind(element, element_feature),
        Some([_, value]) if field.get_basic_info().converted_type() != ConvertedType::LIST => kind(value, &Value::Null),
        Some(_) => structure(repeated, element_feature),
        None => leaf(repeated, element_feature),
    };
    Kind::List(Box::new(element))
}

fn structure(field: &Type, feature: &Value) -> Kind {
    let member = |member: &TypePtr| {
        let own = feature.get(member.name());
        // The members of a list of structs are lists, but are described by their elements.
        let is_list = !member.is_primitive() && !is_struct(member);
        let wrapped = own.filter(|own| is_list && own.is_object() && own.get("feature").is_none());
        match wrapped {
            Some(own) => kind(member, &Value::Array(vec![own.clone()])),
            None => kind(member, own.unwrap_or(&Value::Null)),
        }
    };
    Kind::Struct(field.get_fields().iter().map(member).collect())
}

fn leaf(field: &Type, feature: &Value) -> Kind {
    let is_integer = matches!(field.get_physical_type(), Physical::INT32 | Physical::INT64);
    if is_integer
        && feature.get("_type").and_then(Value::as_str) == Some("ClassLabel")
        && let Some(names) = feature.get("names").and_then(Value::as_array)
    {
        return Kind::Names(names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect());
    }
    match field.get_basic_info().logical_type_ref() {
        Some(LogicalType::Timestamp(of)) if of.unit == TimeUnit::NANOS => Kind::Nanoseconds,
        Some(LogicalType::Time(of)) if of.unit == TimeUnit::NANOS => Kind::TimeOfDay,
        Some(LogicalType::Uuid) => Kind::Uuid,
        _ => Kind::Plain,
    }
}
