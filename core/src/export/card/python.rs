//! How the folder is opened in Python.

use super::super::{ModelFolder, names};
use super::quoted;
use crate::protocol::ExportForm;
use crate::recipe::Task;
use crate::text::ChatTemplate;
use crate::train::MAX_ANSWER_TOKENS;

/// Python that opens the folder and asks the model something.
pub fn described(folder: &ModelFolder, form: ExportForm) -> String {
    let task = folder.recipe.task();
    let (pipeline, asked) = match task {
        Task::QuestionAnswering => ("", question(folder)),
        Task::Generation => ("", prompt(folder)),
        _ => (", pipeline", pipeline(folder)),
    };
    let torch = if task == Task::QuestionAnswering { "import torch\n" } else { "" };
    let (before, opened, after) = match form {
        ExportForm::Model => ("", whole(folder, pipeline), body_alone(folder)),
        ExportForm::Adapter => (ADAPTER, adapter(folder, pipeline), String::new()),
    };
    format!("{before}```python\n{torch}{opened}{asked}```\n{after}")
}

const ADAPTER: &str = "This folder holds the adapter, and the head where that is new; they go on top of the base \
    model. In this folder:\n\n";

/// Opens the whole model.
fn whole(folder: &ModelFolder, pipeline: &str) -> String {
    let class = names::auto_class(folder.recipe.task());
    let trust = if names::has_own_class(folder) { ", trust_remote_code=True" } else { "" };
    format!(
        "from transformers import {class}, AutoTokenizer{pipeline}\n\n\
        folder = \"path/to/this/folder\"\n\
        model = {class}.from_pretrained(folder{trust})\n\
        tokenizer = AutoTokenizer.from_pretrained(folder)\n"
    )
}

/// Puts the adapter on the base model. The automatic classes would not know the labels.
fn adapter(folder: &ModelFolder, pipeline: &str) -> String {
    let class = names::architecture(folder);
    let imports = match names::has_own_class(folder) {
        true => format!("from modeling_hone import {class}\nfrom peft import PeftModel\nfrom transformers import "),
        false => format!("from peft import PeftModel\nfrom transformers import {class}, "),
    };
    let config = if folder.recipe.task() == Task::Generation { "" } else { ", config=\".\"" };
    format!(
        "{imports}AutoTokenizer{pipeline}\n\n\
        model = {class}.from_pretrained({base}{config})\n\
        model = PeftModel.from_pretrained(model, \".\").merge_and_unload()\n\
        tokenizer = AutoTokenizer.from_pretrained(\".\")\n",
        base = quoted(folder.base_model),
    )
}

fn body_alone(folder: &ModelFolder) -> String {
    match folder.model.body.family().is_decoder() {
        true => String::new(),
        false => "\nThe encoder alone, for vectors of texts: `AutoModel.from_pretrained(folder)`.\n".into(),
    }
}

/// Asks a classifier or a tagger by transformers' pipeline.
fn pipeline(folder: &ModelFolder) -> String {
    let task = names::pipeline(folder.recipe.task());
    let cut = format!("truncation=True, max_length={}", folder.recipe.max_len());
    let (settings, asked) = match folder.recipe.task() {
        Task::MultiLabel => (
            "",
            format!(
                "found = ask(\"A text to label.\", top_k=None, {cut})\n\
                thresholds = model.config.label_thresholds\n\
                print([label for label in found if label[\"score\"] >= thresholds[label[\"label\"]]])\n"
            ),
        ),
        Task::Regression => {
            (", function_to_apply=\"none\"", format!("print(ask(\"A text to rate.\", {cut})[0][\"score\"])\n"))
        }
        // A word has the tag of its first token: that alone has learned.
        Task::TokenClassification => {
            (", aggregation_strategy=\"first\"", "print(ask(\"A text with names in it.\"))\n".into())
        }
        _ => ("", format!("print(ask(\"A text to classify.\", {cut}))\n")),
    };
    format!("ask = pipeline(\"{task}\", model=model, tokenizer=tokenizer{settings})\n{asked}")
}

/// Finds the best span of a passage that fits into one window.
fn question(folder: &ModelFolder) -> String {
    format!(
        "question, passage = \"Who wrote it?\", \"It was written by Ada in 1843.\"\n\
        cut = {{\"truncation\": \"only_second\", \"max_length\": {max_len}}}\n\
        inputs = tokenizer(question, passage, return_offsets_mapping=True, return_tensors=\"pt\", **cut)\n\
        places = inputs.pop(\"offset_mapping\")[0].tolist()\n\
        with torch.no_grad():\n    said = model(**inputs)\n\
        scores = said.start_logits[0][:, None] + said.end_logits[0]\n\
        inside = torch.tensor([part == 1 for part in inputs.sequence_ids()])\n\
        spans = (inside[:, None] & inside).triu().tril({last})\n\
        start, end = divmod(scores.masked_fill(~spans, -torch.inf).argmax().item(), len(places))\n\
        print(passage[places[start][0] : places[end][1]])\n",
        max_len = folder.recipe.max_len(),
        last = MAX_ANSWER_TOKENS - 1,
    )
}

/// Writes on from a prompt, in the form of a conversation where the model has one.
fn prompt(folder: &ModelFolder) -> String {
    let inputs = match ChatTemplate::find(folder.verbatim) {
        Ok(Some(_)) => {
            "messages = [{\"role\": \"user\", \"content\": \"A prompt.\"}]\n\
            form = {\"add_generation_prompt\": True, \"return_dict\": True, \"return_tensors\": \"pt\"}\n\
            inputs = tokenizer.apply_chat_template(messages, **form)\n"
        }
        _ => "inputs = tokenizer(\"A prompt\", return_tensors=\"pt\")\n",
    };
    format!(
        "{inputs}written = model.generate(**inputs, max_new_tokens={most}, do_sample=False)[0]\n\
        print(tokenizer.decode(written[inputs[\"input_ids\"].shape[1] :], skip_special_tokens=True))\n",
        most = folder.recipe.raw().max_new_tokens,
    )
}
