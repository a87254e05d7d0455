//! Python that opens an exported folder and runs the model.

use crate::limits::MAX_ANSWER_TOKENS;
use crate::recipe::Task;
use crate::usage::{PromptForm, Usage, quoted};

impl Usage<'_> {
    /// Opens the whole model in `folder` with transformers.
    pub fn python(&self, folder: &str) -> String {
        let class = self.kind.auto_class();
        let trust = if self.kind.has_own_class() { ", trust_remote_code=True" } else { "" };
        format!(
            "{torch}from transformers import {class}, AutoTokenizer{pipeline}\n\n\
            folder = {folder}\n\
            model = {class}.from_pretrained(folder{trust})\n\
            tokenizer = AutoTokenizer.from_pretrained(folder)\n{asked}",
            torch = self.torch(),
            pipeline = self.pipeline_import(),
            folder = quoted(folder),
            asked = self.asked(),
        )
    }

    /// Puts the adapter onto the base model with PEFT; run in the adapter's folder.
    pub fn adapter_python(&self) -> String {
        // The automatic classes would not load the labels.
        let class = self.kind.architecture();
        let imports = match self.kind.has_own_class() {
            true => format!("from modeling_hone import {class}\nfrom peft import PeftModel\nfrom transformers import "),
            false => format!("from peft import PeftModel\nfrom transformers import {class}, "),
        };
        let config = if self.kind.task == Task::Generation { "" } else { ", config=\".\"" };
        format!(
            "{torch}{imports}AutoTokenizer{pipeline}\n\n\
            model = {class}.from_pretrained({base}{config})\n\
            model = PeftModel.from_pretrained(model, \".\").merge_and_unload()\n\
            tokenizer = AutoTokenizer.from_pretrained(\".\")\n{asked}",
            torch = self.torch(),
            pipeline = self.pipeline_import(),
            base = quoted(self.base_model),
            asked = self.asked(),
        )
    }

    fn torch(&self) -> &'static str {
        match (self.kind.task, self.form) {
            (Task::QuestionAnswering, _) | (Task::Generation, PromptForm::Chat) => "import torch\n",
            _ => "",
        }
    }

    fn pipeline_import(&self) -> &'static str {
        if matches!(self.kind.task, Task::QuestionAnswering | Task::Generation) { "" } else { ", pipeline" }
    }

    fn asked(&self) -> String {
        let cut = format!("truncation=True, max_length={}", self.max_length);
        match self.kind.task {
            Task::Classification => self.pipeline("", &format!("print(ask(\"A text to classify.\", {cut}))\n")),
            Task::MultiLabel => self.pipeline(
                "",
                &format!(
                    "found = ask(\"A text to label.\", top_k=None, {cut})\n\
                    thresholds = model.config.label_thresholds\n\
                    print([label for label in found if label[\"score\"] >= thresholds[label[\"label\"]]])\n"
                ),
            ),
            Task::Regression => self.pipeline(
                ", function_to_apply=\"none\"",
                &format!("print(ask(\"A text to rate.\", {cut})[0][\"score\"])\n"),
            ),
            // A word has the tag of its first token: only that token was trained.
            Task::TokenClassification => {
                self.pipeline(", aggregation_strategy=\"first\"", "print(ask(\"A text with names in it.\"))\n")
            }
            Task::QuestionAnswering => self.question(),
            Task::Generation => match self.form {
                PromptForm::Completion => self.prompt(),
                PromptForm::Chat => self.conversation(),
                PromptForm::Corpus => self.text(),
            },
        }
    }

    /// Runs a classifier or tagger through transformers' pipeline.
    fn pipeline(&self, settings: &str, asked: &str) -> String {
        let task = self.kind.pipeline();
        format!("ask = pipeline(\"{task}\", model=model, tokenizer=tokenizer{settings})\n{asked}")
    }

    /// Finds the best span of a passage that fits into one window. transformers 5 has no pipeline for this.
    fn question(&self) -> String {
        format!(
            "question, passage = \"Who wrote it?\", \"It was written by Ada in 1843.\"\n\
            cut = {{\"truncation\": \"only_second\", \"max_length\": {max_length}}}\n\
            inputs = tokenizer(question, passage, return_offsets_mapping=True, return_tensors=\"pt\", **cut)\n\
            places = inputs.pop(\"offset_mapping\")[0].tolist()\n\
            with torch.no_grad():\n    said = model(**inputs)\n\
            scores = said.start_logits[0][:, None] + said.end_logits[0]\n\
            inside = torch.tensor([part == 1 for part in inputs.sequence_ids()])\n\
            spans = (inside[:, None] & inside).triu().tril({last})\n\
            start, end = divmod(scores.masked_fill(~spans, -torch.inf).argmax().item(), len(places))\n\
            print(passage[places[start][0] : places[end][1]])\n",
            max_length = self.max_length,
            last = MAX_ANSWER_TOKENS - 1,
        )
    }

    /// Continues a prompt, as a conversation if the model has a chat template.
    fn prompt(&self) -> String {
        format!(
            "prompt, is_chat = \"A prompt\", bool(tokenizer.chat_template)\n\
            if is_chat:\n    \
            messages = [{{\"role\": \"user\", \"content\": prompt}}]\n    \
            prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)\n\
            inputs = tokenizer(prompt, add_special_tokens=not is_chat, return_tensors=\"pt\")\n\
            {}",
            self.written_on()
        )
    }

    /// Answers in a conversation. Without a chat template, each part is tokenized on its own, as in training: tokenized
    /// together, they would give other tokens.
    fn conversation(&self) -> String {
        format!(
            "prompt = \"A question\"\n\
            if tokenizer.chat_template:\n    \
            messages = [{{\"role\": \"user\", \"content\": prompt}}]\n    \
            parts = [tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)]\n    \
            begin = []\n\
            else:\n    \
            parts = [\"User: \", prompt, \"\\n\", \"Assistant: \"]\n    \
            begin = tokenizer(\"\")[\"input_ids\"]\n\
            ids = torch.tensor([sum(tokenizer(parts, add_special_tokens=False)[\"input_ids\"], begin)])\n\
            inputs = {{\"input_ids\": ids, \"attention_mask\": torch.ones_like(ids)}}\n\
            {}",
            self.written_on()
        )
    }

    /// Continues a text without a chat template, even if the model has one: it was not trained on it.
    fn text(&self) -> String {
        format!("inputs = tokenizer(\"The beginning of a text\", return_tensors=\"pt\")\n{}", self.written_on())
    }

    fn written_on(&self) -> String {
        format!(
            "written = model.generate(**inputs, max_new_tokens={most}, do_sample=False)[0]\n\
            print(tokenizer.decode(written[inputs[\"input_ids\"].shape[1] :], skip_special_tokens=True))\n",
            most = self.max_new_tokens,
        )
    }
}
