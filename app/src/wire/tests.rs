use std::fmt::Debug;

use hone_core::dataset::{Delimiter, Hints, Mapping, Quoting};
use hone_core::metrics::Evaluation;
use hone_core::recipe::{ClassWeights, RecipeSpec};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::wire::read_from;
use crate::wire::value::Value;

/// A value as it arrives from JavaScript.
fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(is_true) => Value::Bool(is_true),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(value).collect()),
        serde_json::Value::Object(properties) => {
            Value::Object(properties.into_iter().map(|(name, item)| (Value::Text(name), value(item))).collect())
        }
    }
}

fn read<T: DeserializeOwned>(json: serde_json::Value) -> Result<T, String> {
    read_from(&value(json))
}

/// Reads a value, or refuses it, as serde_json does.
pub(crate) fn as_json<T: DeserializeOwned + Debug>(json: serde_json::Value) -> Option<T> {
    let read = read::<T>(json.clone()).ok();
    // Not equality, since there may be NaN.
    assert_eq!(format!("{read:?}"), format!("{:?}", serde_json::from_value::<T>(json).ok()));
    read
}

#[test]
fn absent_fields_take_their_defaults() {
    assert_eq!(as_json::<RecipeSpec>(json!({})), Some(RecipeSpec::default()));
    assert_eq!(as_json::<Hints>(json!({ "has_header": true })).unwrap().has_header, Some(true));
    let mapping = as_json(json!({ "classification": { "text": 2, "label": 1 } }));
    assert_eq!(mapping, Some(Mapping::Classification { text: 2, pair: None, label: 1 }));
}

#[test]
fn every_form_of_an_enum_is_read() {
    for quoting in [Quoting::Never, Quoting::default()] {
        assert_eq!(as_json::<Quoting>(serde_json::to_value(quoting).unwrap()), Some(quoting));
    }
    for delimiter in [Delimiter::Character(';'), Delimiter::Absent] {
        assert_eq!(as_json::<Delimiter>(serde_json::to_value(delimiter).unwrap()), Some(delimiter));
    }
    assert_eq!(as_json::<ClassWeights>(json!("balanced")), Some(ClassWeights::Balanced));
    let given = ClassWeights::Given([("a".to_owned(), 0.5), ("b".to_owned(), 2.0)].into());
    assert_eq!(as_json::<ClassWeights>(json!({ "given": { "b": 2, "a": 0.5 } })), Some(given));
}

#[test]
fn a_value_of_another_kind_is_refused_with_its_place() {
    let refused = |json| read::<RecipeSpec>(json).unwrap_err();
    assert_eq!(refused(json!({ "dropout": "high" })), "`dropout`: expected a number, found a text");
    assert_eq!(refused(json!({ "epochs": 1.5 })), "`epochs`: expected a whole number");
    assert_eq!(refused(json!({ "epochs": -1 })), "`epochs`: the value is out of range");
    assert_eq!(
        refused(json!({ "class_weights": { "given": { "a": [] } } })),
        "`class_weights`: expected a number, found a list"
    );
    assert_eq!(refused(json!([])), "expected an object, found a list");
    assert!(refused(json!({ "schedule": "steep" })).starts_with("`schedule`: `steep` is none of "));
    assert_eq!(
        refused(json!({ "lr_per_group": { "tail": 1e-5 } })),
        "`lr_per_group`: \"tail\" is not a parameter group; groups are embeddings, layer.0, pooler, head"
    );
}

#[test]
fn a_missing_field_is_named() {
    let refused = read::<Mapping>(json!({ "classification": { "text": 0 } })).unwrap_err();
    assert_eq!(refused, "`label`: a value is missing");
    let refused = read::<Vec<Evaluation>>(json!([{ "step": 1, "epoch": 1 }])).unwrap_err();
    assert_eq!(refused, "`scores`: a value is missing");
    assert_eq!(as_json::<Quoting>(json!({ "double": null, "single": null })), None, "two variants");
}
