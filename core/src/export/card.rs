//! README.md: the model card. Whatever came from a user is escaped.

use std::fmt::Write;

use super::{ModelFolder, method};
use crate::metrics::Detail;
use crate::protocol::ExportForm;
use crate::recipe::{Metric, Pooling};

/// The card, with the front matter that model hubs read.
pub fn write(folder: &ModelFolder, form: ExportForm) -> String {
    let mut card = front_matter(folder, form);
    let ModelFolder { best, data, recipe, .. } = folder;
    let pooled = match recipe.pooling() {
        Pooling::Cls => "the first token's vector through the pretrained pooler",
        Pooling::Mean => "the mean of the text's token vectors",
    };
    // Writing to a String cannot fail.
    let _ = write!(
        card,
        "\n# Text classifier\n\n\
        `{base}`, fine-tuned with Hone, in a web browser, to tell {count} classes apart: {names}. \
        The head is one linear layer on {pooled}.\n\n\
        ## Results\n\n\
        On {validation} validation rows, at step {step}:\n\n\
        {scores}",
        base = folder.base_model,
        count = folder.labels.len(),
        names = folder.labels.iter().map(|name| text(name)).collect::<Vec<_>>().join(", "),
        validation = data.validation_rows,
        step = best.step,
        scores = scores(folder),
    );
    let _ = write!(
        card,
        "\n## Data\n\n\
        {train} rows to learn from and {validation} to validate on, of a file whose SHA-256 is `{sha256}`. \
        No row of it is in this folder.\n\n\
        ## Recipe\n\n\
        {method}\n\n\
        `recipe.json` replays it, `trainer_state.json` shows how it went.\n\n\
        ## Limits\n\n\
        The validation rows also chose which weights were kept, so new texts may score somewhat lower. \
        Texts unlike those of the training file may be classified at random, with confidence.\n\n\
        ## How to load it\n\n{snippet}",
        train = data.train_rows,
        validation = data.validation_rows,
        sha256 = data.sha256,
        method = method::described(recipe),
        snippet = match form {
            ExportForm::Model => snippet(recipe.pooling(), recipe.max_len()),
            ExportForm::Adapter => adapter_snippet(folder),
        },
    );
    card
}

/// The task's figures, beside those of always saying the same, and the scores of each class.
fn scores(folder: &ModelFolder) -> String {
    let ModelFolder { best, baseline, .. } = folder;
    let mut table = match baseline {
        Some(baseline) => format!("| | this model | always \"{}\" |\n|---|---|---|\n", text(&baseline.label)),
        None => "| | this model | |\n|---|---|---|\n".into(),
    };
    // Writing to a String cannot fail.
    for (metric, score) in &best.scores {
        let base = baseline.and_then(|baseline| baseline.scores.get(metric));
        let base = base.map(|score| format!("{score:.4}")).unwrap_or_default();
        let _ = writeln!(table, "| {} | {score:.4} | {base} |", metric_name(*metric));
    }
    let _ = writeln!(table, "| loss | {:.4} | |", best.loss);
    let (what, classes) = match &best.detail {
        Detail::Classes { classes, .. } => ("class", classes.as_slice()),
        Detail::Labels { labels, .. } => ("label", labels.as_slice()),
        Detail::Entities { kinds } => ("entity", kinds.as_slice()),
        _ => return table,
    };
    let _ = write!(table, "\n| {what} | precision | recall | F1 | rows |\n|---|---|---|---|---|\n");
    for class in classes {
        let (name, support) = (text(&class.label), class.support);
        let _ =
            writeln!(table, "| {name} | {:.4} | {:.4} | {:.4} | {support} |", class.precision, class.recall, class.f1);
    }
    table
}

fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Loss => "loss",
        Metric::Accuracy => "accuracy",
        Metric::MacroF1 => "macro-F1",
        Metric::WeightedF1 => "weighted F1",
        Metric::WorstF1 => "F1 of the worst class",
        Metric::MicroF1 => "micro-F1",
        Metric::F1 => "F1",
        Metric::Precision => "precision",
        Metric::Recall => "recall",
        Metric::ExactMatch => "exact match",
        Metric::Rmse => "RMSE",
        Metric::Mae => "mean absolute error",
        Metric::Pearson => "Pearson's r",
        Metric::Spearman => "Spearman's rho",
        Metric::Perplexity => "perplexity",
        Metric::Bleu => "BLEU",
        Metric::Chrf => "chrF",
    }
}

fn front_matter(folder: &ModelFolder, form: ExportForm) -> String {
    let library = match form {
        ExportForm::Model => "transformers",
        ExportForm::Adapter => "peft",
    };
    let ModelFolder { best, base_model, license, .. } = folder;
    // JSON is YAML: quoting this way keeps any text a text.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "---\nbase_model: {base}\nlibrary_name: {library}\npipeline_tag: text-classification\n\
        license: {license}\ntags:\n- hone\n- text-classification\nmetrics:\n- accuracy\n- f1\n\
        model-index:\n- name: \"text classifier\"\n  results:\n  - task:\n      type: text-classification\n\
        \x20   dataset:\n      name: \"own data\"\n      type: \"own-data\"\n    metrics:\n\
        \x20   - type: accuracy\n      value: {accuracy}\n    - type: f1\n      name: \"macro F1\"\n      value: {f1}\n---\n",
        base = quoted(base_model),
        license = quoted(&license.to_lowercase()),
        accuracy = best.score(Metric::Accuracy),
        f1 = best.score(Metric::MacroF1),
    )
}

fn snippet(pooling: Pooling, max_len: usize) -> String {
    let trust = if pooling == Pooling::Mean { ", trust_remote_code=True" } else { "" };
    format!(
        "```python\nfrom transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline\n\n\
        folder = \"path/to/this/folder\"\n\
        model = AutoModelForSequenceClassification.from_pretrained(folder{trust})\n\
        tokenizer = AutoTokenizer.from_pretrained(folder)\n\
        classify = pipeline(\"text-classification\", model=model, tokenizer=tokenizer)\n\
        print(classify(\"A text to classify.\", truncation=True, max_length={max_len}))\n```\n\n\
        The encoder alone, for vectors of texts: `AutoModel.from_pretrained(folder)`.\n"
    )
}

fn adapter_snippet(folder: &ModelFolder) -> String {
    let (import, class) = match folder.recipe.pooling() {
        Pooling::Cls => ("transformers", "BertForSequenceClassification"),
        Pooling::Mean => ("modeling_hone", "HoneForSequenceClassification"),
    };
    format!(
        "This folder holds the adapter and the head; they go on top of the base model. In this folder:\n\n\
        ```python\nfrom {import} import {class}\nfrom peft import PeftModel\n\
        from transformers import AutoTokenizer, pipeline\n\n\
        model = {class}.from_pretrained({base}, config=\".\")\n\
        model = PeftModel.from_pretrained(model, \".\").merge_and_unload()\n\
        classify = pipeline(\"text-classification\", model=model, tokenizer=AutoTokenizer.from_pretrained(\".\"))\n\
        print(classify(\"A text to classify.\", truncation=True, max_length={max_len}))\n```\n",
        base = serde_json::Value::from(folder.base_model),
        max_len = folder.recipe.max_len(),
    )
}

/// A user's text inside Markdown: on one line, and nothing in it means anything.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '(' | ')' | '#' | '+' | '-' | '!' | '|'
            | '~' | '&' | '$' | ':' => {
                safe.push('\\');
                safe.push(c);
            }
            c if c.is_control() || c.is_whitespace() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_label_cannot_become_markup() {
        assert_eq!(text("<img src=x>|\n# a"), r"\<img src=x\>\| \# a");
    }
}
