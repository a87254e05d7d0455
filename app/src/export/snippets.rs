use hone_core::recipe::{Family, Pooling, RawRecipe, Task};

/// What a snippet must know of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// What was learned.
    pub task: Task,
    /// Which family the model is of.
    pub family: Family,
    /// Whether the class comes with the folder: transformers has none for the mean over the tokens.
    pub has_own_class: bool,
    /// Longest sequence, in tokens.
    pub max_len: u32,
}

impl Exported {
    /// What a run exports.
    pub fn new(recipe: &RawRecipe, family: Family, pooling: Pooling) -> Self {
        let has_own_class = recipe.task.reads_sentences() && recipe.pooling.unwrap_or(pooling) == Pooling::Mean;
        Self { task: recipe.task, family, has_own_class, max_len: recipe.max_len.unwrap_or(512) }
    }

    /// How the folder's class is come by, in a sentence.
    pub fn class_words(&self) -> &'static str {
        match (self.task.reads_sentences(), self.has_own_class) {
            (true, true) => {
                "The head reads the mean of all tokens, which transformers has no class for. The folder brings a short \
                 Python file of its own, modeling_hone.py, and trust_remote_code lets it run; read it first, it is short."
            }
            (true, false) => "The head reads the first token: transformers opens the folder with a class of its own.",
            (false, _) => "transformers opens the folder with a class of its own.",
        }
    }

    /// The end of the class's name: what the head does.
    fn head(&self) -> &'static str {
        match (self.task, self.family) {
            (Task::Generation, Family::Gpt2) => "LMHeadModel",
            (Task::Generation, _) => "ForCausalLM",
            (Task::QuestionAnswering, _) => "ForQuestionAnswering",
            (Task::TokenClassification, _) => "ForTokenClassification",
            _ => "ForSequenceClassification",
        }
    }

    fn class(&self) -> String {
        let body = match self.family {
            Family::Bert => "Bert",
            Family::DistilBert => "DistilBert",
            Family::Roberta => "Roberta",
            Family::Llama => "Llama",
            Family::Gpt2 => "GPT2",
        };
        format!("{}{body}{}", if self.has_own_class { "Hone" } else { "" }, self.head())
    }

    /// Python that asks the downloaded model.
    pub fn ask(&self) -> String {
        let head = if self.task == Task::Generation { "ForCausalLM" } else { self.head() };
        let trust = if self.has_own_class { ", trust_remote_code=True" } else { "" };
        format!(
            "\
# pip install transformers torch
import torch
from transformers import AutoModel{head}, AutoTokenizer, pipeline

model = AutoModel{head}.from_pretrained(\"my-model\"{trust})
tokenizer = AutoTokenizer.from_pretrained(\"my-model\")
{}",
            self.question()
        )
    }

    /// Python that lays the downloaded adapter over the model that it was trained on, and asks it.
    pub fn adapter(&self, hub_id: &str) -> String {
        let class = self.class();
        let import = if self.has_own_class {
            format!("import sys\nsys.path.append(\"my-adapter\")\nfrom modeling_hone import {class}")
        } else {
            format!("from transformers import {class}")
        };
        let config = if self.task == Task::Generation { "" } else { ", config=\"my-adapter\"" };
        format!(
            "\
# pip install peft transformers torch
import torch
from peft import PeftModel
from transformers import AutoTokenizer, pipeline
{import}

model = {class}.from_pretrained(\"{hub_id}\"{config})
model = PeftModel.from_pretrained(model, \"my-adapter\").merge_and_unload()
tokenizer = AutoTokenizer.from_pretrained(\"my-adapter\")
{}",
            self.question()
        )
    }

    /// What is asked of a model and a tokenizer.
    fn question(&self) -> String {
        let sorted = |settings: &str, call: &str| {
            format!(
                "ask = pipeline(\"text-classification\", model=model, tokenizer=tokenizer{settings})\n\
                 print(ask(\"A quiet triumph.\"{call}))\n"
            )
        };
        match self.task {
            Task::Classification => sorted("", ", top_k=None"),
            Task::MultiLabel => sorted(", function_to_apply=\"sigmoid\"", ", top_k=None"),
            Task::Regression => sorted(", function_to_apply=\"none\"", ""),
            Task::TokenClassification => "\
ask = pipeline(\"token-classification\", model=model, tokenizer=tokenizer, aggregation_strategy=\"first\")
print(ask(\"Ada Lovelace lived in London.\"))
"
            .into(),
            Task::QuestionAnswering => format!(
                "\
passage = \"It was written by Ada in 1843.\"
inputs = tokenizer(\"Who wrote it?\", passage, truncation=\"only_second\", max_length={}, return_tensors=\"pt\")
with torch.no_grad():
    said = model(**inputs)
start, end = said.start_logits.argmax(), said.end_logits.argmax()  # the model card has the careful way
print(tokenizer.decode(inputs[\"input_ids\"][0, start : end + 1]))
",
                self.max_len
            ),
            Task::Generation => "\
inputs = tokenizer(\"A prompt as your data has it.\", return_tensors=\"pt\")  # or apply_chat_template, see the card
written = model.generate(**inputs, max_new_tokens=64, do_sample=False)[0]
print(tokenizer.decode(written[inputs[\"input_ids\"].shape[1] :], skip_special_tokens=True))
"
            .into(),
        }
    }
}

/// Python that turns texts into vectors with the body of the downloaded model.
pub fn encode() -> String {
    "\
# pip install transformers torch
import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(\"my-model\")
body = AutoModel.from_pretrained(\"my-model\")
batch = tokenizer([\"A quiet triumph.\"], padding=True, return_tensors=\"pt\")
with torch.no_grad():
    vectors = body(**batch).last_hidden_state
print(vectors.shape)  # [texts, tokens, width]
"
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_is_asked_in_its_own_way_and_by_its_own_class() {
        let exported = |task, family| Exported::new(&RawRecipe { task, ..RawRecipe::default() }, family, Pooling::Mean);
        let classes = [
            (Task::Regression, Family::DistilBert, "HoneDistilBertForSequenceClassification"),
            (Task::QuestionAnswering, Family::Bert, "BertForQuestionAnswering"),
            (Task::Generation, Family::Gpt2, "GPT2LMHeadModel"),
        ];
        for (task, family, class) in classes {
            assert_eq!(exported(task, family).class(), class);
            assert!(exported(task, family).adapter("a/b").contains(class));
        }
        let asked = exported(Task::Generation, Family::Gpt2).ask();
        assert!(asked.contains("AutoModelForCausalLM") && asked.contains("generate") && !asked.contains("trust"));
        assert!(exported(Task::MultiLabel, Family::Bert).ask().contains("trust_remote_code=True"));
    }
}
