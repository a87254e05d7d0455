//! README.md: the model card. All text that comes from a user is escaped.

mod results;
mod usage;

use std::fmt::Write;

use crate::export::{DataFacts, ExportedModel, ModelFolder, method, names};
use crate::metrics::Evaluation;
use crate::recipe::{Family, Metric, Pooling, Task};
use crate::usage::{ExportDtype, ExportForm, GGUF_FILE, quoted};

/// The card, including the front matter that model hubs read.
pub(crate) fn write(folder: &ModelFolder) -> String {
    let mut card = front_matter(folder);
    let ModelFolder { data, recipe, .. } = folder;
    // Writing to a String cannot fail.
    let _ = write!(
        card,
        "\n# {title}\n\n\
        {about}\n\n\
        ## Results\n\n\
        {results}\n\
        ## Data\n\n\
        {rows}, from a file whose SHA-256 is `{sha256}`. \
        This folder contains none of them.\n\n\
        ## Files\n\n\
        {form}\n\n\
        ## Recipe\n\n\
        {method}\n\n\
        `recipe.json` repeats the run in Hone, and `trainer_state.json` has its log.\n\n\
        ## Limitations\n\n\
        {optimism} {limits}\n\n\
        ## How to use\n\n{usage}",
        title = title(recipe.task()),
        about = about(folder),
        results = results::sections(folder),
        rows = rows(data),
        sha256 = data.sha256,
        form = form(folder),
        method = method::described(recipe, folder.extended_at),
        optimism = optimism(folder),
        limits = limits(recipe.task()),
        usage = usage::described(folder),
    );
    card
}

/// Numbers of rows, by use.
fn rows(data: &DataFacts) -> String {
    let DataFacts { train_rows, validation_rows, test_rows, .. } = data;
    match test_rows {
        0 => format!("{train_rows} training rows and {validation_rows} validation rows"),
        _ => format!("{train_rows} training rows, {validation_rows} validation rows and {test_rows} test rows"),
    }
}

/// Reasons for which the scores may be too good.
fn optimism(folder: &ModelFolder) -> &'static str {
    if folder.test.is_some() {
        "The validation rows were also used to select the weights. The test rows were used for nothing but their scores, which \
        are those to expect on new texts of the same kind."
    } else {
        "The validation rows were also used to select the weights, so scores on new texts may be somewhat lower."
    }
}

/// The kind of model in a few words.
pub(crate) fn title(task: Task) -> &'static str {
    match task {
        Task::Classification => "Text classifier",
        Task::MultiLabel => "Multi-label text classifier",
        Task::Regression => "Text regression",
        Task::TokenClassification => "Token classifier",
        Task::QuestionAnswering => "Question answering",
        Task::Generation => "Text generation",
        Task::Embeddings => "Text embeddings",
        Task::Reranking => "Reranker",
    }
}

/// Describes the model, its purpose and how it was built.
fn about(folder: &ModelFolder) -> String {
    let names = folder.labels.iter().map(|name| text(name)).collect::<Vec<_>>().join(", ");
    let count = folder.labels.len();
    let purpose = match folder.recipe.task() {
        Task::Classification => format!("to sort texts into {count} classes: {names}"),
        Task::MultiLabel => format!("to assign a text any of {count} labels: {names}"),
        Task::Regression => "to predict a number for a text".into(),
        Task::TokenClassification => format!("to assign each word of a text one of {count} tags: {names}"),
        Task::QuestionAnswering => "to find the span of a passage that answers a question".into(),
        Task::Generation => "to continue a prompt".into(),
        Task::Reranking => "to rank passages by how well they fit a query, each with a score from 0 to 1".into(),
        Task::Embeddings => "to give similar texts similar vectors, for search and comparison".into(),
    };
    let mut about = format!("`{}`, fine-tuned in a web browser with Hone {purpose}.", folder.base_model);
    if let Some(head) = head(folder) {
        about += &format!(" The head is {head}.");
    }
    if let Some(kind) = folder.quantized {
        about += &format!(" Training started from weights quantized to {kind}, not from the authors' own.");
        if folder.exported.form == ExportForm::Adapter {
            about += " On the original weights, the adapter's answers may differ slightly.";
        }
    }
    about
}

/// Describes the folder's form: where the mean of the tokens is computed, and the type of the weights.
fn form(folder: &ModelFolder) -> String {
    let ExportedModel { model, form, dtype } = folder.exported;
    let has_averaging_layer = folder.kind().has_averaging_layer(*form);
    let head = if *form == ExportForm::Onnx {
        let file = dtype.onnx_file();
        format!("`{file}` is the model with its head, for transformers.js and ONNX Runtime (opset 17). ")
    } else if *form == ExportForm::Gguf {
        let kind = dtype.gguf_name();
        format!("`{GGUF_FILE}` is the model with its tokenizer, for llama.cpp and the programs built on it ({kind}). ")
    } else if has_averaging_layer {
        let layers = model.base.layers();
        format!(
            "transformers has no class that takes the mean of the tokens, so one more layer computes it: the last of \
            {layers} attends to all tokens of the text alike and returns their normalized mean. It was not trained, and \
            what follows it only passes the mean on to the classifier. "
        )
    } else if folder.kind().has_own_class(*form) {
        "transformers has no class that takes the mean of the tokens, so `modeling_hone.py` has one. ".into()
    } else {
        String::new()
    };
    let weights = match (dtype, has_averaging_layer) {
        (ExportDtype::Int4, _) => {
            "Biases and norms are float32, embeddings and the output layer have 8 bits (Q8_0), and all other weights have 4. A \
            small model loses by that; the scores above are those of the rounded weights."
        }
        (ExportDtype::Float16 | ExportDtype::Int8, _) if *form == ExportForm::Gguf => {
            "Biases and norms are float32, all other weights are rounded, and the scores above are those of the rounded \
            weights."
        }
        (ExportDtype::Float16, _) => {
            "The weights are rounded to float16, and the scores above are those of the rounded weights."
        }
        (ExportDtype::Int8, _) => {
            "The weights of embeddings and layers are rounded to int8, with a scale for each token and each output, and the \
            scores above are those of the rounded weights. When it runs, the inputs of each layer are rounded to 8 bits too, \
            by their range in the batch, so predictions may differ slightly from these scores."
        }
        (ExportDtype::Float32, true) => {
            "The weights are float32. Run them in float32 or bfloat16: the averaging layer's would overflow in float16."
        }
        (ExportDtype::Float32, false) => "The weights are float32.",
    };
    head + weights
}

/// The head in words; `None` if it is the base model's own.
fn head(folder: &ModelFolder) -> Option<&'static str> {
    let family = folder.exported.model.base.family();
    Some(match (folder.recipe.task(), folder.recipe.task().reads_sentences().then(|| folder.recipe.pooling())) {
        (Task::Generation | Task::Embeddings, _) => return None,
        (_, pooling) if family == Family::ModernBert => match pooling {
            Some(Pooling::Mean) => "the model's own hidden layer and a linear one on the mean of the token vectors",
            Some(Pooling::Cls) => "the model's own hidden layer and a linear one on the first token's vector",
            None => "the model's own hidden layer and a linear one on each token's vector",
        },
        (_, Some(Pooling::Mean)) => "one linear layer on the normalized mean of the token vectors",
        (_, Some(Pooling::Cls)) if family == Family::Bert => {
            "one linear layer on the first token's vector through the pretrained pooler"
        }
        (_, Some(Pooling::Cls)) => "two layers on the first token's vector",
        (_, None) => "one linear layer on each token's vector",
    })
}

fn limits(task: Task) -> &'static str {
    match task {
        Task::Classification | Task::MultiLabel => {
            "On texts unlike the training data, predictions may be arbitrary and still look confident."
        }
        Task::Regression => "On texts unlike the training data, the predicted number may be arbitrary.",
        Task::TokenClassification => {
            "On words unlike the training data, tags may be arbitrary and still look confident."
        }
        Task::QuestionAnswering => {
            "The best span is not always an answer, especially in passages unlike the training data."
        }
        Task::Reranking => {
            "Scores order the passages of a query. On texts unlike the training data, a high one may mean little."
        }
        Task::Generation => "The text it generates may sound right and be wrong.",
        Task::Embeddings => {
            "Similarities are only comparable with each other. On texts unlike the training data, a high one may mean little."
        }
    }
}

fn front_matter(folder: &ModelFolder) -> String {
    let library = match folder.exported.form {
        ExportForm::Model | ExportForm::OwnClass => "transformers",
        ExportForm::Adapter => "peft",
        ExportForm::Onnx => "transformers.js",
        ExportForm::Gguf => "llama.cpp",
    };
    let ModelFolder { best, base_model, license, recipe, .. } = folder;
    let license = if license.is_empty() { "unknown" } else { license };
    let mut metrics: Vec<&str> = figures(best).map(|(metric, _)| names::hub_metric(metric)).collect();
    metrics.dedup();
    let pipeline = folder.kind().pipeline();
    // The honest scores first: a hub shows those.
    let splits = [folder.test.map(|test| ("test", test)), Some(("validation", *best))];
    let results = splits.into_iter().flatten().map(|(split_name, found)| {
        let split = if folder.test.is_some() { format!("      split: {split_name}\n") } else { String::new() };
        format!(
            "  - task:\n      type: {pipeline}\n    dataset:\n      name: \"own data\"\n      type: \"own-data\"\n{split}\
            \x20   metrics:\n{}",
            hub_figures(found, split_name)
        )
    });
    format!(
        "---\nbase_model: {base}\nlibrary_name: {library}\npipeline_tag: {pipeline}\n\
        license: {license}\ntags:\n- hone\n- {pipeline}\nmetrics:\n- {metrics}\n\
        model-index:\n- name: {title}\n  results:\n{results}---\n",
        base = quoted(base_model),
        license = quoted(&license.to_lowercase()),
        metrics = metrics.join("\n- "),
        title = quoted(title(recipe.task())),
        results = results.collect::<String>(),
    )
}

/// All scores, the loss last.
fn figures(evaluation: &Evaluation) -> impl Iterator<Item = (Metric, f64)> {
    let scores = evaluation.scores.iter().map(|(&metric, &score)| (metric, score));
    scores.chain([(Metric::Loss, evaluation.loss)])
}

/// Name of a score on the rows of a split.
fn name(metric: Metric, split: &str) -> String {
    if metric == Metric::Loss { format!("{split} loss") } else { metric.name().to_owned() }
}

/// The scores in the form of a model index. Values that are not finite are omitted: YAML would read them as text.
fn hub_figures(evaluation: &Evaluation, split: &str) -> String {
    let finite = figures(evaluation).filter(|(_, score)| score.is_finite());
    let lines = finite.map(|(metric, score)| {
        let (kind, name) = (names::hub_metric(metric), quoted(&name(metric, split)));
        format!("    - type: {kind}\n      name: {name}\n      value: {score}\n")
    });
    lines.collect()
}

/// A user's text as one line of Markdown, with all special characters escaped.
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
    fn labels_are_escaped() {
        assert_eq!(text("<img src=x>|\n# a"), r"\<img src=x\>\| \# a");
    }
}
