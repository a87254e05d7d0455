//! The pooling of a model, as described by sentence-transformers' `1_Pooling/config.json`.

use serde_json::Value;

use crate::recipe::Pooling;
use crate::usage::is_own_class;

/// Modes of sentence-transformers, and their field names before version 5.4
/// (<https://github.com/huggingface/sentence-transformers/pull/3554>).
const MODES: [(&str, &str); 6] = [
    ("cls", "pooling_mode_cls_token"),
    ("mean", "pooling_mode_mean_tokens"),
    ("max", "pooling_mode_max_tokens"),
    ("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
    ("weightedmean", "pooling_mode_weightedmean_tokens"),
    ("lasttoken", "pooling_mode_lasttoken"),
];

/// The pooling of a model, from its config.json and the contents of [`POOLING`](crate::catalog::POOLING), if it has
/// that file. It is the mean if that file or the `classifier_pooling` of config.json names it, or config.json names a
/// class that Hone exported for it, otherwise the first token.
pub fn pooling_of(config_json: &[u8], pooling_json: Option<&[u8]>) -> Pooling {
    let config: Value = serde_json::from_slice(config_json).unwrap_or_default();
    let class = config.pointer("/architectures/0").and_then(Value::as_str);
    // ModernBERT's own field, where the other file does not say more.
    let own = config["classifier_pooling"].as_str().map(|mode| vec![mode.to_owned()]).unwrap_or_default();
    let modes = [modes(pooling_json), own].into_iter().find(|modes| !modes.is_empty()).unwrap_or_default();
    let is_mean = modes.iter().any(|mode| mode == "mean");
    if class.is_some_and(is_own_class) || is_mean { Pooling::Mean } else { Pooling::Cls }
}

/// The pooling named in `pooling_json`, if Hone lacks it: another mode, or several modes at once.
pub fn unsupported_pooling(pooling_json: Option<&[u8]>) -> Option<String> {
    let modes = modes(pooling_json);
    let is_supported = modes.is_empty() || matches!(modes.as_slice(), [mode] if mode == "cls" || mode == "mean");
    (!is_supported).then(|| modes.join(" + "))
}

/// The modes named in the file: a string or a list since version 5.4, flags before.
fn modes(pooling_json: Option<&[u8]>) -> Vec<String> {
    let file: Value = pooling_json.and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
    match &file["pooling_mode"] {
        Value::String(mode) => vec![mode.clone()],
        Value::Array(modes) => modes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => MODES.iter().filter(|(_, flag)| file[flag] == true).map(|&(mode, _)| mode.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooling(json: &str) -> (Pooling, Option<String>) {
        (pooling_of(b"{}", Some(json.as_bytes())), unsupported_pooling(Some(json.as_bytes())))
    }

    #[test]
    fn the_mode_is_read_in_both_forms() {
        for json in [
            r#"{"embedding_dimension": 384, "pooling_mode": "mean", "include_prompt": true}"#,
            r#"{"embedding_dimension": 384, "pooling_mode": ["mean"]}"#,
            r#"{"word_embedding_dimension": 384, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#,
        ] {
            assert_eq!(pooling(json), (Pooling::Mean, None), "{json}");
        }
        for json in [
            r#"{"embedding_dimension": 384, "pooling_mode": "cls"}"#,
            r#"{"pooling_mode": ["cls"]}"#,
            r#"{"word_embedding_dimension": 384, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#,
            "{}",
            "not JSON",
        ] {
            assert_eq!(pooling(json), (Pooling::Cls, None), "{json}");
        }
    }

    #[test]
    fn unsupported_modes_are_named() {
        for (json, expected, unsupported) in [
            (r#"{"pooling_mode": "lasttoken"}"#, Pooling::Cls, "lasttoken"),
            (r#"{"pooling_mode_max_tokens": true}"#, Pooling::Cls, "max"),
            (r#"{"pooling_mode": ["mean", "max"]}"#, Pooling::Mean, "mean + max"),
            (r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}"#, Pooling::Mean, "cls + mean"),
        ] {
            assert_eq!(pooling(json), (expected, Some(unsupported.into())), "{json}");
        }
    }

    #[test]
    fn modernberts_own_field_counts_without_the_file() {
        let pooling = |mode: &str, file: Option<&[u8]>| {
            pooling_of(format!(r#"{{"classifier_pooling": "{mode}"}}"#).as_bytes(), file)
        };
        assert_eq!((pooling("mean", None), pooling("cls", None)), (Pooling::Mean, Pooling::Cls));
        assert_eq!(pooling("mean", Some(br#"{"pooling_mode": "cls"}"#)), Pooling::Cls);
    }

    #[test]
    fn an_exported_model_with_the_mean_keeps_it() {
        let config = br#"{"architectures": ["HoneBertForSequenceClassification"]}"#;
        assert_eq!(pooling_of(config, None), Pooling::Mean);
        assert_eq!(pooling_of(br#"{"architectures": ["BertModel"]}"#, None), Pooling::Cls);
    }
}
