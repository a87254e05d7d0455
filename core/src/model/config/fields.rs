//! Typed access to the fields of config.json.

use serde_json::{Map, Value};

use crate::model::config::error::ConfigError;
use crate::recipe::Family;

/// Returns `heads` if it divides `size`.
pub(super) fn divides(what: &'static str, size: usize, heads: usize) -> Result<usize, ConfigError> {
    if size.is_multiple_of(heads) { Ok(heads) } else { Err(ConfigError::Heads { what, size, heads }) }
}

/// The fields of config.json. A field that is absent or null takes the family's default.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// The family whose name begins that of the class in `architectures`: `BertForMaskedLM`.
    pub(super) fn family_of_class(&self) -> Option<Family> {
        let class = self.class();
        let begins = |family: &Family| {
            let rest = class.strip_prefix(family.class());
            rest.is_some_and(|rest| ["For", "Model", "LMHead", "TextModel"].iter().any(|part| rest.starts_with(part)))
        };
        Family::ALL.into_iter().find(begins)
    }

    pub(super) fn size(&self, field: &'static str, max: usize, default: Option<usize>) -> Result<usize, ConfigError> {
        let value = match (self.get(field), default) {
            (Some(value), _) => value.as_u64().ok_or_else(|| wrong(field, value))?,
            (None, Some(default)) => default as u64,
            (None, None) => return Err(ConfigError::Json(format!("it has no {field}"))),
        };
        match usize::try_from(value) {
            Ok(size) if (1..=max).contains(&size) || default == Some(size) => Ok(size),
            _ => Err(ConfigError::OutOfRange { field, value, min: 1, max }),
        }
    }

    /// A number from 0 to `max`.
    pub(super) fn index(&self, field: &'static str, max: usize, default: usize) -> Result<usize, ConfigError> {
        match self.get(field).map(|value| value.as_u64().ok_or_else(|| wrong(field, value))).transpose()? {
            None => Ok(default),
            Some(value) if value <= max as u64 => Ok(value as usize),
            Some(value) => Err(ConfigError::OutOfRange { field, value, min: 0, max }),
        }
    }

    pub(super) fn number(
        &self,
        field: &'static str,
        default: f64,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<f64, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_f64().filter(|number| range.contains(number)).ok_or_else(|| wrong(field, value))
    }

    /// A number that must be there.
    pub(super) fn required_number(
        &self,
        field: &'static str,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<f64, ConfigError> {
        match self.get(field) {
            Some(_) => self.number(field, 0.0, range),
            None => Err(ConfigError::Json(format!("it has no {field}"))),
        }
    }

    /// Refuses every number but one, which is also the default.
    pub(super) fn must_be_number(&self, field: &'static str, wanted: f64) -> Result<(), ConfigError> {
        let value = self.number(field, wanted, f64::MIN..=f64::MAX)?;
        let known = "models without it";
        if value == wanted { Ok(()) } else { Err(ConfigError::Unknown { field, value: value.to_string(), known }) }
    }

    /// Refuses a field that is set.
    pub(super) fn must_be_null(&self, field: &'static str) -> Result<(), ConfigError> {
        match self.get(field) {
            None => Ok(()),
            Some(value) => {
                Err(ConfigError::Unknown { field, value: value.to_string(), known: "models that leave it out" })
            }
        }
    }

    pub(super) fn epsilon(&self, field: &'static str, default: f64) -> Result<f64, ConfigError> {
        self.number(field, default, 1e-15..=1e-2)
    }

    pub(super) fn text<'a>(&'a self, field: &'static str, default: &'a str) -> Result<&'a str, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_str().ok_or_else(|| wrong(field, value))
    }

    pub(super) fn flag(&self, field: &'static str, default: bool) -> Result<bool, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_bool().ok_or_else(|| wrong(field, value))
    }

    pub(super) fn must_be(
        &self,
        field: &'static str,
        default: &str,
        values: &[&str],
        known: &'static str,
    ) -> Result<(), ConfigError> {
        let value = self.text(field, default)?;
        if values.contains(&value) {
            Ok(())
        } else {
            Err(ConfigError::Unknown { field, value: format!("\"{value}\""), known })
        }
    }

    pub(super) fn must_be_flag(&self, field: &'static str, wanted: bool) -> Result<(), ConfigError> {
        let value = self.flag(field, wanted)?;
        let known = if wanted { "true" } else { "false" };
        if value == wanted { Ok(()) } else { Err(ConfigError::Unknown { field, value: value.to_string(), known }) }
    }
}

fn wrong(field: &str, value: &Value) -> ConfigError {
    ConfigError::Json(format!("{field} is {value}"))
}
