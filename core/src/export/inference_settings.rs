//! Our own field of an exported config.json: what predictions depend on and transformers has no field for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dataset::InputColumns;
use crate::export::ModelFolder;
use crate::metrics::{Confidence, Detail, Evaluation};
use crate::usage::PromptForm;

/// Name of the field. transformers keeps fields that it does not know.
pub(crate) const FIELD: &str = "hone";

/// Settings of predictions that are stored in config.json of an exported model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InferenceSettings {
    /// Names of the columns that the model's input came from, or the template of its prompt; none if it was trained on
    /// conversations or running text.
    pub input: Option<InputColumns<String>>,
    /// Generation: form of the prompts.
    pub prompt_form: PromptForm,
    /// Question answering: difference of the scores of "no answer" and the best span above which there is no answer.
    pub no_answer_threshold: Option<f32>,
    /// Single-label classification: the logits are divided by it before the softmax; none if it was not tuned.
    pub temperature: Option<f64>,
    /// Single-label classification: a prediction with a calibrated probability below it has no label; none for never.
    pub unsure_below: Option<f32>,
}

impl InferenceSettings {
    pub(crate) fn of(folder: &ModelFolder) -> Self {
        let no_answer_threshold = match folder.best.detail {
            Detail::Answers { threshold, .. } => threshold,
            _ => None,
        };
        let confidence = folder.best.confidence.as_ref();
        let tuned = confidence.filter(|confidence| confidence.calibration_error.is_some());
        Self {
            input: folder.data.input.cloned(),
            prompt_form: folder.data.form,
            no_answer_threshold,
            temperature: tuned.map(|confidence| confidence.temperature),
            unsure_below: confidence.map(|it| it.unsure_below).filter(|threshold| *threshold > 0.0),
        }
    }
}

/// Facts in config.json of an exported model that predictions depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedConfig {
    /// Names of the classes, labels or tags, in the order of the outputs.
    pub labels: Vec<String>,
    /// Settings of predictions.
    pub settings: InferenceSettings,
    /// An evaluation that has only the thresholds.
    pub thresholds: Evaluation,
}

impl ExportedConfig {
    /// Reads the facts; those that are missing are empty.
    pub fn parse(config_json: &[u8]) -> Self {
        let config: Map<String, Value> = serde_json::from_slice(config_json).unwrap_or_default();
        let settings: InferenceSettings =
            config.get(FIELD).and_then(|field| serde_json::from_value(field.clone()).ok()).unwrap_or_default();
        let names = config.get("id2label").and_then(Value::as_object);
        let mut by_id: Vec<(usize, &str)> =
            names.into_iter().flatten().filter_map(|(id, name)| Some((id.parse().ok()?, name.as_str()?))).collect();
        by_id.sort_unstable();
        let labels: Vec<String> = by_id.into_iter().map(|(_, name)| name.to_owned()).collect();
        let of_labels = config.get("label_thresholds").and_then(Value::as_object);
        let detail = match (of_labels, settings.no_answer_threshold) {
            (Some(all), _) => {
                let threshold = |label: &String| all.get(label).and_then(Value::as_f64).unwrap_or(0.5) as f32;
                Detail::Labels { labels: Vec::new(), thresholds: labels.iter().map(threshold).collect() }
            }
            (None, Some(threshold)) => Detail::Answers { answerable: 0, unanswerable: 0, threshold: Some(threshold) },
            (None, None) => Detail::None,
        };
        // A file that was edited by hand must not bring numbers that nothing can be divided by.
        let temperature = settings.temperature.filter(|it| it.is_finite() && *it > 0.0).unwrap_or(1.0);
        let confidence = Some(Confidence::of_settings(temperature, settings.unsure_below.unwrap_or(0.0)));
        Self { labels, settings, thresholds: Evaluation { detail, confidence, ..Evaluation::default() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_in_the_order_of_the_outputs() {
        let names: Map<String, Value> = (0..12).map(|id| (id.to_string(), format!("label {id}").into())).collect();
        let config = serde_json::json!({
            "id2label": names,
            "label_thresholds": {"label 10": 0.25},
            "hone": {"input": {"text": {"text": "a", "pair": "b"}}, "prompt_form": "chat"},
        });
        let parsed = ExportedConfig::parse(config.to_string().as_bytes());
        assert_eq!((parsed.labels[2].as_str(), parsed.labels[10].as_str()), ("label 2", "label 10"));
        let Detail::Labels { thresholds, .. } = parsed.thresholds.detail else { panic!("thresholds") };
        assert_eq!((thresholds[10], thresholds[0]), (0.25, 0.5));
        let pair = InputColumns::Text { text: "a".into(), pair: Some("b".into()) };
        assert_eq!(parsed.settings.input, Some(pair));
        assert_eq!(parsed.settings.prompt_form, PromptForm::Chat);
    }

    #[test]
    fn temperature_and_threshold_are_read_unless_they_make_no_sense() {
        let read = |json: &str| {
            let found = ExportedConfig::parse(json.as_bytes()).thresholds.confidence.unwrap();
            (found.temperature, found.unsure_below)
        };
        assert_eq!(read(r#"{"hone": {"temperature": 1.5, "unsure_below": 0.75}}"#), (1.5, 0.75));
        assert_eq!(read(r#"{"hone": {"temperature": 0}}"#), (1.0, 0.0));
        assert_eq!(read("{}"), (1.0, 0.0));
    }

    #[test]
    fn a_threshold_for_no_answer_is_read() {
        let parsed = ExportedConfig::parse(br#"{"hone": {"no_answer_threshold": 1.5}}"#);
        let Detail::Answers { threshold, .. } = parsed.thresholds.detail else { panic!("a threshold") };
        assert_eq!((threshold, parsed.labels.len()), (Some(1.5), 0));
    }
}
