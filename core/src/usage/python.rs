//! Python that opens an exported folder and runs the model.

use crate::limits::MAX_ANSWER_TOKENS;
use crate::recipe::Task;
use crate::usage::{ExportDtype, ExportForm, PromptForm, Usage, quoted};

/// Compares a query with texts by their vectors.
const SEARCH: &str = "texts = [\"A text.\", \"Another text.\"]\n\
    query, vectors = model.encode(\"A text to search for.\"), model.encode(texts)\n\
    print(model.similarity(query, vectors))\n";

/// Opens a folder with sentence-transformers.
fn vectors(folder: &str) -> String {
    format!(
        "from sentence_transformers import SentenceTransformer\n\n\
        model = SentenceTransformer({})\n{SEARCH}",
        quoted(folder)
    )
}

impl Usage<'_> {
    /// Opens the whole model in `folder` with transformers, or with sentence-transformers.
    pub fn python(&self, folder: &str) -> String {
        match self.kind.task {
            Task::Embeddings => return vectors(folder),
            Task::Reranking => return self.ranks(folder),
            _ => {}
        }
        let class = self.kind.auto_class();
        let trust = if self.kind.has_own_class(self.folder) { ", trust_remote_code=True" } else { "" };
        format!(
            "{torch}from transformers import {class}, AutoTokenizer{pipeline}\n\n\
            folder = {folder}\n\
            model = {class}.from_pretrained(folder{trust})\n\
            tokenizer = AutoTokenizer.from_pretrained(folder)\n{query}",
            torch = self.torch(),
            pipeline = self.pipeline_import(),
            folder = quoted(folder),
            query = self.query(),
        )
    }

    /// Ranks passages for a query with sentence-transformers.
    fn ranks(&self, folder: &str) -> String {
        let trust = if self.kind.has_own_class(self.folder) { ", trust_remote_code=True" } else { "" };
        format!(
            "from sentence_transformers import CrossEncoder\n\n\
            model = CrossEncoder({folder}, max_length={max_length}{trust})\n\
            query, passages = \"A question\", [\"A passage.\", \"Another passage.\"]\n\
            print(model.rank(query, passages, return_documents=True))\n",
            folder = quoted(folder),
            max_length = self.max_length,
        )
    }

    /// Puts the adapter onto the base model with PEFT; run in the adapter's folder.
    pub fn adapter_python(&self) -> String {
        if self.kind.task == Task::Embeddings {
            return self.adapter_vectors();
        }
        // The automatic classes would not load the labels.
        let class = self.kind.architecture(ExportForm::Adapter);
        let imports = if self.kind.has_own_class(ExportForm::Adapter) {
            format!("from modeling_hone import {class}\nfrom peft import PeftModel\nfrom transformers import ")
        } else {
            format!("from peft import PeftModel\nfrom transformers import {class}, ")
        };
        let config = if self.kind.task == Task::Generation { "" } else { ", config=\".\"" };
        format!(
            "{torch}{imports}AutoTokenizer{pipeline}\n\n\
            model = {class}.from_pretrained({base}{config})\n\
            model = PeftModel.from_pretrained(model, \".\").merge_and_unload()\n\
            tokenizer = AutoTokenizer.from_pretrained(\".\")\n{query}",
            torch = self.torch(),
            pipeline = self.pipeline_import(),
            base = quoted(self.base_model),
            query = self.query(),
        )
    }

    /// Turns texts into vectors with the encoder of the whole model in `folder`.
    pub fn encoder_python(&self, folder: &str) -> String {
        let vectors = match (self.kind.has_averaging_layer(self.folder), self.kind.reads_mean()) {
            // The last layer returns it for every token.
            (true, _) => {
                "vectors = encoder(**batch).last_hidden_state[:, 0]\nprint(vectors.shape)  # [texts, hidden size]\n"
            }
            (false, true) => {
                "tokens, mask = encoder(**batch).last_hidden_state, batch[\"attention_mask\"].unsqueeze(-1)\n    \
                vectors = (tokens * mask).sum(1) / mask.sum(1)\n\
                print(vectors.shape)  # [texts, hidden size]\n"
            }
            (false, false) => {
                "vectors = encoder(**batch).last_hidden_state\nprint(vectors.shape)  # [texts, tokens, hidden size]\n"
            }
        };
        format!(
            "import torch\n\
            from transformers import AutoModel, AutoTokenizer\n\n\
            folder = {folder}\n\
            tokenizer = AutoTokenizer.from_pretrained(folder)\n\
            encoder = AutoModel.from_pretrained(folder)\n\
            batch = tokenizer([\"A quiet triumph.\"], padding=True, return_tensors=\"pt\")\n\
            with torch.no_grad():\n    {vectors}",
            folder = quoted(folder),
        )
    }

    /// Runs the model of an ONNX folder with ONNX Runtime, without torch.
    pub fn onnx_python(&self, folder: &str) -> String {
        let is_decoder = self.kind.task == Task::Generation;
        format!(
            "{numpy}import onnxruntime\n\
            from transformers import PreTrainedTokenizerFast\n\n\
            folder = {folder}\n\
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)\n\
            session = onnxruntime.InferenceSession(f\"{{folder}}/{file}\")\n{query}",
            numpy = if is_decoder { "import numpy as np\n" } else { "" },
            folder = quoted(folder),
            file = self.dtype.onnx_file(),
            query = if is_decoder { self.onnx_generation() } else { self.onnx_query() },
        )
    }

    /// Puts the adapter onto the base model with sentence-transformers.
    fn adapter_vectors(&self) -> String {
        format!(
            "from sentence_transformers import SentenceTransformer\n\n\
            model = SentenceTransformer({base})\n\
            model.load_adapter(\".\")\n{SEARCH}",
            base = quoted(self.base_model),
        )
    }

    fn onnx_query(&self) -> String {
        if self.kind.task == Task::Embeddings {
            return "batch = tokenizer([\"A text.\", \"Another text.\"], padding=True, return_token_type_ids=True, \
                return_tensors=\"np\")\n\
                inputs = {each.name: batch[each.name] for each in session.get_inputs()}\n\
                vectors = session.run([\"sentence_embedding\"], inputs)[0]\n\
                print(vectors @ vectors.T)  # cosines\n"
                .into();
        }
        let text = match self.kind.task {
            Task::QuestionAnswering | Task::Reranking => "\"Who wrote it?\", \"It was written by Ada in 1843.\"",
            _ => "\"A text.\"",
        };
        format!(
            "batch = tokenizer({text}, return_token_type_ids=True, return_tensors=\"np\")\n\
            inputs = {{each.name: batch[each.name] for each in session.get_inputs()}}\n\
            print(session.run(None, inputs))\n"
        )
    }

    /// Continues a prompt greedily, through the cache.
    fn onnx_generation(&self) -> String {
        let prompt = match self.form {
            PromptForm::Corpus => "prompt, is_chat = \"The beginning of a text\", False\n",
            PromptForm::Completion | PromptForm::Chat => {
                "prompt, is_chat = \"A prompt\", bool(tokenizer.chat_template)\n\
                if is_chat:\n    \
                messages = [{\"role\": \"user\", \"content\": prompt}]\n    \
                prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)\n"
            }
        };
        let dtype = if self.dtype == ExportDtype::Float16 { "float16" } else { "float32" };
        format!(
            "{prompt}\
            ids = tokenizer(prompt, add_special_tokens=not is_chat, return_tensors=\"np\")[\"input_ids\"]\n\
            caches = [each for each in session.get_inputs() if each.name.startswith(\"past\")]\n\
            past = {{each.name: np.zeros((1, each.shape[1], 0, each.shape[3]), np.{dtype}) for each in caches}}\n\
            generated, count = [], 0\n\
            while len(generated) < {most} and (not generated or generated[-1] != tokenizer.eos_token_id):\n    \
            positions = np.arange(count, count + ids.shape[1])[None]\n    \
            count += ids.shape[1]\n    \
            mask = np.ones((1, count), np.int64)\n    \
            inputs = {{\"input_ids\": ids, \"attention_mask\": mask, \"position_ids\": positions}}\n    \
            logits, *present = session.run(None, inputs | past)\n    \
            past = dict(zip(past, present))\n    \
            ids = logits[:, -1:].argmax(-1)\n    \
            generated.append(int(ids[0, 0]))\n\
            print(tokenizer.decode(generated, skip_special_tokens=True))\n",
            most = self.max_new_tokens,
        )
    }

    fn torch(&self) -> &'static str {
        match (self.kind.task, self.form) {
            (Task::QuestionAnswering | Task::Reranking, _) | (Task::Generation, PromptForm::Chat) => "import torch\n",
            _ => "",
        }
    }

    fn pipeline_import(&self) -> &'static str {
        if matches!(self.kind.task, Task::QuestionAnswering | Task::Generation | Task::Reranking) {
            ""
        } else {
            ", pipeline"
        }
    }

    fn query(&self) -> String {
        let truncation = format!("truncation=True, max_length={}", self.max_length);
        match self.kind.task {
            Task::Classification => self.pipeline("", &format!("print(pipe(\"A text to classify.\", {truncation}))\n")),
            Task::MultiLabel => self.pipeline(
                "",
                &format!(
                    "results = pipe(\"A text to label.\", top_k=None, {truncation})\n\
                    thresholds = model.config.label_thresholds\n\
                    print([label for label in results if label[\"score\"] >= thresholds[label[\"label\"]]])\n"
                ),
            ),
            Task::Regression => self.pipeline(
                ", function_to_apply=\"none\"",
                &format!("print(pipe(\"A text to rate.\", {truncation})[0][\"score\"])\n"),
            ),
            Task::Reranking => format!(
                "inputs = tokenizer(\"A question\", \"A passage.\", return_tensors=\"pt\", {truncation})\n\
                with torch.no_grad():\n    print(model(**inputs).logits.sigmoid().item())\n"
            ),
            // A word has the tag of its first token: only that token was trained.
            Task::TokenClassification => {
                self.pipeline(", aggregation_strategy=\"first\"", "print(pipe(\"A text with names in it.\"))\n")
            }
            // Opened by sentence-transformers.
            Task::Embeddings => String::new(),
            Task::QuestionAnswering => self.question(),
            Task::Generation => match self.form {
                PromptForm::Completion => self.prompt(),
                PromptForm::Chat => self.conversation(),
                PromptForm::Corpus => self.text(),
            },
        }
    }

    /// Runs a classifier or tagger through transformers' pipeline.
    fn pipeline(&self, settings: &str, query: &str) -> String {
        let task = self.kind.pipeline();
        format!("pipe = pipeline(\"{task}\", model=model, tokenizer=tokenizer{settings})\n{query}")
    }

    /// Finds the best span of a passage that fits into one window. transformers 5 has no pipeline for this.
    fn question(&self) -> String {
        format!(
            "question, passage = \"Who wrote it?\", \"It was written by Ada in 1843.\"\n\
            truncation = {{\"truncation\": \"only_second\", \"max_length\": {max_length}}}\n\
            inputs = tokenizer(question, passage, return_offsets_mapping=True, return_tensors=\"pt\", **truncation)\n\
            offsets = inputs.pop(\"offset_mapping\")[0].tolist()\n\
            with torch.no_grad():\n    outputs = model(**inputs)\n\
            scores = outputs.start_logits[0][:, None] + outputs.end_logits[0]\n\
            inside = torch.tensor([part == 1 for part in inputs.sequence_ids()])\n\
            spans = (inside[:, None] & inside).triu().tril({last})\n\
            start, end = divmod(scores.masked_fill(~spans, -torch.inf).argmax().item(), len(offsets))\n\
            print(passage[offsets[start][0] : offsets[end][1]])\n",
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
            self.generation()
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
            self.generation()
        )
    }

    /// Continues a text without a chat template, even if the model has one: it was not trained on it.
    fn text(&self) -> String {
        format!("inputs = tokenizer(\"The beginning of a text\", return_tensors=\"pt\")\n{}", self.generation())
    }

    fn generation(&self) -> String {
        format!(
            "generated = model.generate(**inputs, max_new_tokens={most}, do_sample=False)[0]\n\
            print(tokenizer.decode(generated[inputs[\"input_ids\"].shape[1] :], skip_special_tokens=True))\n",
            most = self.max_new_tokens,
        )
    }
}
