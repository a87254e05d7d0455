//! The head of a model that was tuned before, and the labels that it knows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::MAX_CLASSES;
use crate::recipe::{Pooling, RecipeSpec, Task};

/// Labels that a sentence lists; the others are counted.
const LISTED: usize = 6;

/// Facts about the head that a model brings along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TunedHead {
    /// Its task.
    pub task: Task,
    /// Pooling of the text that it reads; ignored for tags.
    pub pooling: Pooling,
    /// Names of its outputs, in order; empty for a reranker, which has one without a name.
    pub labels: Vec<String>,
}

impl TunedHead {
    /// The head that config.json describes: its class and `id2label`. `pooling` is that of the class. A single output without
    /// a `problem_type` is that of a reranker, as in sentence-transformers. `None` for a class without a head, and for heads
    /// that predict numbers or answers.
    pub fn of_config(config_json: &[u8], pooling: Pooling) -> Option<Self> {
        let config: Value = serde_json::from_slice(config_json).ok()?;
        let class = config.pointer("/architectures/0")?.as_str()?;
        let mut labels = labels(&config)?;
        let task = match config["problem_type"].as_str() {
            _ if class.ends_with("ForTokenClassification") => Task::TokenClassification,
            _ if !class.ends_with("ForSequenceClassification") => return None,
            Some("regression") => return None,
            None if labels.len() == 1 => Task::Reranking,
            Some("multi_label_classification") => Task::MultiLabel,
            _ => Task::Classification,
        };
        if task == Task::Reranking {
            labels.clear();
        } else if labels.len() < 2 {
            return None;
        }
        Some(Self { task, pooling, labels })
    }

    /// The output of the head for each label of the data, matched by name.
    ///
    /// # Errors
    /// The reason why a run of `recipe` needs a new head, as a clause.
    pub fn outputs(&self, recipe: &RecipeSpec, pooling: Pooling, labels: &[String]) -> Result<Vec<usize>, String> {
        if !recipe.keep_head {
            return Err("you chose a new one".into());
        }
        if recipe.task != self.task {
            return Err("it was tuned for another task".into());
        }
        if self.task.reads_sentences() && pooling != self.pooling {
            return Err("it reads another pooling".into());
        }
        if self.task == Task::Reranking {
            return Ok(vec![0]);
        }
        let outputs: Option<Vec<usize>> = labels.iter().map(|label| find(&self.labels, label)).collect();
        match outputs {
            Some(outputs) if (0..self.labels.len()).all(|output| outputs.contains(&output)) => Ok(outputs),
            _ => {
                let unknown = labels.iter().find(|label| find(&self.labels, label).is_none());
                let missing = self.labels.iter().find(|label| find(labels, label).is_none());
                let which = match (unknown, missing) {
                    (Some(label), _) => format!("\"{label}\" is not among them"),
                    (None, Some(label)) => format!("your data has no \"{label}\""),
                    (None, None) => "two labels of your data differ in case only".into(),
                };
                Err(format!("its labels are {}, and {which}", listed(&self.labels)))
            }
        }
    }

    /// States in a sentence if a run of `recipe` continues this head, or why not.
    pub fn sentence(&self, recipe: &RecipeSpec, pooling: Pooling, labels: &[String]) -> String {
        match self.outputs(recipe, pooling, labels) {
            Ok(_) if self.task == Task::Reranking => {
                "The run continues the model's own head, that of a reranker.".into()
            }
            Ok(_) => "The run continues the model's own head, whose labels are those of your data.".into(),
            Err(why) => format!("A new head is trained in place of the model's own: {why}."),
        }
    }
}

/// Names of the outputs, in order.
fn labels(config: &Value) -> Option<Vec<String>> {
    let name = |label: &Value| match label {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if let Some(names) = config["id2label"].as_object() {
        return (0..names.len()).map(|id| name(names.get(&id.to_string())?)).collect();
    }
    if let Some(ids) = config["label2id"].as_object() {
        let of_id = |id: usize| ids.iter().find(|(_, other)| **other == id).map(|(name, _)| name.clone());
        return (0..ids.len()).map(of_id).collect();
    }
    // transformers numbers labels without names, of which there are two unless the file says otherwise.
    let count = config["num_labels"].as_u64().unwrap_or(2).min(MAX_CLASSES as u64);
    Some((0..count).map(|id| format!("LABEL_{id}")).collect())
}

/// Index of the label with this name. The case of ASCII letters does not matter (the tables for all letters are 4 KB of the
/// page's wasm), and `LABEL_1`, transformers' name for a label without one, is the label 1; but a name that is the same
/// letter by letter comes first.
fn find(labels: &[String], name: &str) -> Option<usize> {
    let same = labels.iter().position(|label| label == name);
    let alike = || {
        let mut alike = labels.iter().enumerate().filter(|(_, label)| key(label) == key(name));
        // Two labels that differ in case only are the same.
        alike.next().filter(|_| alike.next().is_none())
    };
    same.or_else(|| Some(alike()?.0))
}

fn key(label: &str) -> String {
    let lower = label.trim().to_ascii_lowercase();
    let number = lower.strip_prefix("label_").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    number.map(str::to_owned).unwrap_or(lower)
}

fn listed(labels: &[String]) -> String {
    let mut words = labels.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more) = labels.len().checked_sub(LISTED).filter(|&more| more > 0) {
        words += &format!(" and {more} more");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const NLI: &[u8] = br#"{"architectures": ["BertForSequenceClassification"],
        "id2label": {"0": "contradiction", "1": "Entailment", "2": "neutral"}}"#;

    fn names(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|&label| label.into()).collect()
    }

    fn outputs(config: &[u8], labels: &[&str]) -> Result<Vec<usize>, String> {
        let head = TunedHead::of_config(config, Pooling::Cls).expect("a head");
        head.outputs(&RecipeSpec { task: head.task, ..RecipeSpec::default() }, Pooling::Cls, &names(labels))
    }

    #[test]
    fn labels_are_matched_by_name_whatever_their_order_and_case() {
        assert_eq!(outputs(NLI, &["entailment", "neutral", "contradiction"]), Ok(vec![1, 2, 0]));
    }

    #[test]
    fn numbered_labels_are_those_that_transformers_numbers() {
        let unnamed = br#"{"architectures": ["BertForSequenceClassification"]}"#;
        assert_eq!(outputs(unnamed, &["1", "0"]), Ok(vec![1, 0]));
        assert!(outputs(unnamed, &["good", "bad"]).is_err());
    }

    #[test]
    fn names_of_labels_are_found_in_every_form() {
        for (part, expected) in [
            (r#""id2label": {"0": 3, "1": 5}"#, ["3", "5"].as_slice()),
            (r#""label2id": {"good": 1, "bad": 0}"#, &["bad", "good"]),
            (r#""num_labels": 3"#, &["LABEL_0", "LABEL_1", "LABEL_2"]),
            (r#""problem_type": null"#, &["LABEL_0", "LABEL_1"]),
        ] {
            let json = format!(r#"{{"architectures": ["BertForSequenceClassification"], {part}}}"#);
            let head = TunedHead::of_config(json.as_bytes(), Pooling::Cls).expect(part);
            assert_eq!(head.labels, expected, "{part}");
        }
        let json = br#"{"architectures": ["BertForSequenceClassification"], "label2id": {"a": 1, "b": 1}}"#;
        assert_eq!(TunedHead::of_config(json, Pooling::Cls), None);
    }

    #[test]
    fn labels_that_differ_in_case_only_are_not_mixed_up() {
        let cased = br#"{"architectures": ["BertForTokenClassification"], "id2label": {"0": "a", "1": "A"}}"#;
        assert_eq!(outputs(cased, &["A", "a"]), Ok(vec![1, 0]));
        let lower = br#"{"architectures": ["BertForTokenClassification"], "id2label": {"0": "a", "1": "b"}}"#;
        assert!(outputs(lower, &["a", "A"]).expect_err("two of the same name").contains("your data has no \"b\""));
    }

    #[test]
    fn other_labels_are_named() {
        let refused = |labels: &[&str]| outputs(NLI, labels).expect_err("other labels");
        assert!(refused(&["spam", "neutral", "entailment"]).contains("\"spam\" is not among them"));
        assert!(refused(&["neutral", "entailment"]).contains("your data has no \"contradiction\""));
        assert!(refused(&["spam"]).contains("contradiction, Entailment, neutral"));
    }

    #[test]
    fn another_task_or_pooling_or_the_users_wish_needs_a_new_head() {
        let head = TunedHead::of_config(NLI, Pooling::Cls).expect("a head");
        let labels = names(&["contradiction", "entailment", "neutral"]);
        let spec = RecipeSpec::default();
        assert!(head.outputs(&spec, Pooling::Cls, &labels).is_ok());
        assert!(head.outputs(&spec, Pooling::Mean, &labels).is_err());
        assert!(head.outputs(&RecipeSpec { keep_head: false, ..spec.clone() }, Pooling::Cls, &labels).is_err());
        let tags = RecipeSpec { task: Task::TokenClassification, ..spec };
        assert!(head.sentence(&tags, Pooling::Cls, &labels).contains("another task"));
    }

    #[test]
    fn a_single_output_is_that_of_a_reranker_and_continues_as_one() {
        // As of cross-encoder/ms-marco-MiniLM-L6-v2.
        let json = br#"{"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"},
            "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}"#;
        let head = TunedHead::of_config(json, Pooling::Cls).expect("a head");
        let spec = |task| RecipeSpec { task, ..RecipeSpec::default() };
        assert_eq!(head.outputs(&spec(Task::Reranking), Pooling::Cls, &[]), Ok(vec![0]));
        assert!(head.outputs(&spec(Task::Reranking), Pooling::Mean, &[]).is_err());
        assert!(head.outputs(&spec(Task::Regression), Pooling::Cls, &[]).is_err());
        assert!(head.sentence(&spec(Task::Reranking), Pooling::Cls, &[]).contains("reranker"));
    }

    #[test]
    fn models_without_labels_have_no_head_to_keep() {
        for json in [
            &br#"{"architectures": ["BertModel"]}"#[..],
            br#"{"architectures": ["BertForTokenClassification"], "id2label": {"0": "LABEL_0"}}"#,
            br#"{"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "2": "b"}}"#,
            br#"{"architectures": ["BertForSequenceClassification"], "problem_type": "regression"}"#,
            b"not JSON",
            b"{}",
        ] {
            assert_eq!(TunedHead::of_config(json, Pooling::Cls), None, "{}", String::from_utf8_lossy(json));
        }
    }
}
