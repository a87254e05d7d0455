//! Models whose chat template cannot be used, or lies where transformers' tokenizers do not look.

use burn::tensor::Device;
use hone_core::dataset::{Collector, Dataset, Hints, Mapping, Scanner};
use hone_core::diagnostic::Diagnostic;
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{Pooling, RecipeSpec, Task};
use hone_core::runner::EncodedDataset;
use hone_core::usage::PromptForm;
use hone_tests::golden;
use serde_json::{Value, json};

use crate::tokenizer::pretrained_with;

fn model(name: &str, template: &str) -> Pretrained {
    let file = (name.to_owned(), template.as_bytes().to_vec());
    pretrained_with(&golden("micro_llama"), Pooling::Mean, &Device::flex(), vec![file])
}

pub fn encoded(
    rows: impl Iterator<Item = Value>,
    mapping: Mapping,
    model: &Pretrained,
) -> Result<EncodedDataset, Diagnostic> {
    let file: String = rows.map(|row| format!("{row}\n")).collect();
    let mut scanner = Scanner::new("rows.jsonl", file.len() as f64, Hints::default());
    scanner.push(file.as_bytes())?;
    let mut collector = Collector::new(&scanner.finish()?, mapping)?;
    collector.push(file.as_bytes())?;
    let (dataset, report) = Dataset::new(collector.finish()?.into(), None, 0.25, 1)?;
    let mut rows = EncodedDataset::new(dataset.into(), report);
    while rows.encode_next(model)? {}
    Ok(rows)
}

#[test]
fn an_unusable_chat_template_stops_only_conversations() {
    let model = model("chat_template.jinja", "{% for %}");
    let turn = |role: &str, content: String| json!({"role": role, "content": content});
    let chats =
        (5..25).map(|n| json!({"messages": [turn("user", format!("w{n}")), turn("assistant", format!("w{n} w5"))]}));
    let refusal = encoded(chats, Mapping::Chat { messages: 0 }, &model).unwrap_err();
    assert_eq!(refusal.code, "chat.template");
    assert!(refusal.what.contains("line 1 of the template") && refusal.remedy.contains("without conversations"));

    let completions = (5..25).map(|n| json!({"prompt": format!("w{n}"), "completion": format!("w{n} w5")}));
    let mapping = Mapping::Completion { prompt: "{prompt}".into(), completion: 1 };
    let rows = encoded(completions, mapping, &model).unwrap();
    let warnings: Vec<&str> = rows.report().warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(warnings, ["chat.unused"]);
    let recipe = RecipeSpec { task: Task::Generation, max_length: Some(20), ..RecipeSpec::default() };
    let session = rows.session(&model, recipe, &Device::flex()).unwrap();
    assert_eq!(session.data().form, PromptForm::Corpus, "prompts are plain text too");

    let texts = (5..25).map(|n| json!({"text": format!("w{n} w5 w6 w7")}));
    let rows = encoded(texts, Mapping::Corpus { text: 0 }, &model).unwrap();
    assert!(rows.report().warnings.is_empty());
}

#[test]
fn a_template_in_chat_template_json_is_exported_where_transformers_finds_it() {
    let files = model("chat_template.json", "{\"chat_template\": \"{{ messages[0].content }}\"}").verbatim;
    let jinja = files.iter().find(|(name, _)| name == "chat_template.jinja").unwrap();
    assert_eq!(jinja.1, b"{{ messages[0].content }}");
}
