//! Exports of every task and family, as the tools open them that people use: transformers and PEFT must say what the
//! engine says. `../python/check_exports.py` compares.

use std::fs;
use std::path::Path;
use std::process::Command;

use burn::tensor::Device;
use hone_core::dataset::{Example, Message, Role, Word, words};
use hone_core::export::{DataFacts, ModelFolder};
use hone_core::generate::Sampling;
use hone_core::generate::{Generator, bytes_per_token};
use hone_core::inference::{Answer, Query};
use hone_core::inference::{EncodedPrompt, EncodedQuery};
use hone_core::model::{MaskSource, ModelConfig};
use hone_core::pretrained::{Pretrained, TaskRows};
use hone_core::recipe::{AdapterKind, Family, LoraTarget, Pooling, RecipeSpec, Schedule, Task};
use hone_core::text::EncodedRows;
use hone_core::train::{MAX_ANSWER_TOKENS, Prediction, Progress, Session, predict};
use hone_core::usage::PromptForm;
use hone_core::weights::Tensors;
use hone_tests::{add_tensors, golden, python, ready};
use serde_json::{Value, json};

const MAX_LEN: u32 = 20;
const OVERLAP: u32 = 4;
const NEW_TOKENS: u32 = 8;
const LABELS: [&str; 3] = ["O", "B-x", "I-x"];

/// One export to be opened.
struct Case {
    base: &'static str,
    task: Task,
    pooling: Pooling,
    is_pairs: bool,
    form: PromptForm,
}

const fn case(base: &'static str, task: Task, pooling: Pooling) -> Case {
    Case { base, task, pooling, is_pairs: false, form: PromptForm::Completion }
}

const CASES: [Case; 17] = [
    case("micro_bert", Task::Classification, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_bert", Task::MultiLabel, Pooling::Mean) },
    case("micro_bert", Task::TokenClassification, Pooling::Mean),
    case("micro_bert", Task::QuestionAnswering, Pooling::Mean),
    case("micro_distilbert", Task::Classification, Pooling::Mean),
    Case { is_pairs: true, ..case("micro_distilbert", Task::Regression, Pooling::Cls) },
    case("micro_distilbert", Task::TokenClassification, Pooling::Mean),
    case("micro_distilbert", Task::QuestionAnswering, Pooling::Mean),
    case("micro_roberta", Task::MultiLabel, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_roberta", Task::Regression, Pooling::Mean) },
    case("micro_roberta", Task::TokenClassification, Pooling::Mean),
    case("micro_roberta", Task::QuestionAnswering, Pooling::Mean),
    case("micro_llama", Task::Generation, Pooling::Mean),
    case("micro_llama_untied", Task::Generation, Pooling::Mean),
    case("micro_gpt2", Task::Generation, Pooling::Mean),
    Case { form: PromptForm::Chat, ..case("micro_llama", Task::Generation, Pooling::Mean) },
    Case { form: PromptForm::Corpus, ..case("micro_gpt2", Task::Generation, Pooling::Mean) },
];

#[test]
fn exports_say_in_python_what_they_say_here() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers");
    _ = fs::remove_dir_all(&folder);
    for case in &CASES {
        for adapter in [AdapterKind::None, AdapterKind::Lora] {
            case.write(adapter, &folder);
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/check_exports.py");
    let output = Command::new(python()).arg(script).arg(&folder).env("OMP_NUM_THREADS", "1").output().expect("Python");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn of_a_long_prompt_the_end_is_read_as_far_as_the_memory_is_enough() {
    let device = Device::flex();
    let case = case("micro_llama", Task::Generation, Pooling::Mean);
    let pretrained = pretrained(&golden(case.base), case.pooling, &device);
    let session = case.session(&pretrained, AdapterKind::None, &device);
    let asked = |words, free_bytes| EncodedPrompt::new(&text(1, words), 24, &session, &pretrained, free_bytes);
    let (short, long) = (asked(20, f64::INFINITY).unwrap(), asked(100, f64::INFINITY).unwrap());
    assert!(!short.is_cut && short.ids.len() < 40);
    // The model reads 64 tokens.
    assert_eq!((long.ids.len(), long.is_cut), (40, true));
    let whole = asked(100, f64::INFINITY).unwrap();
    let of_64 = 64.0 * bytes_per_token(&pretrained.body, 2);
    assert_eq!(asked(100, of_64).unwrap().ids, whole.ids);
    let diagnostic = asked(100, 0.9 * of_64).unwrap_err();
    assert_eq!(diagnostic.code, "trial.too-long");
    assert!(diagnostic.what.contains("40 tokens") && diagnostic.what.contains("about 33."), "{diagnostic}");
    assert_eq!(asked(1, -1.0).unwrap_err().code, "trial.too-long");
}

impl Case {
    /// Trains a few steps and writes model, adapter, base and what the tuned model says.
    fn write(&self, adapter: AdapterKind, folder: &Path) {
        let Self { base, task, pooling, form, .. } = self;
        let device = Device::flex();
        let base = golden(base);
        let pretrained = pretrained(&base, *pooling, &device);
        let session = self.trained(&pretrained, adapter, &device);
        let (data, baseline) = (session.data(), session.data().baseline());
        let export = ModelFolder {
            model: session.model(),
            config: &pretrained.config_json,
            verbatim: &pretrained.verbatim,
            labels: &data.labels,
            base_model: "some/model",
            license: "MIT",
            quantized: None,
            recipe: session.recipe(),
            history: &session.state().history,
            best: session.best().expect("an evaluation").0,
            baseline: baseline.as_ref(),
            data: DataFacts::new(data, "00"),
        };
        let folder = folder.join(format!("{} {task:?} {form:?} {pooling:?} {adapter:?}", self.base));
        fs::create_dir_all(folder.join("base")).unwrap();
        let write = |name: &str, bytes: Vec<u8>| fs::write(folder.join(name), bytes).unwrap();
        write("model.zip", ready(export.write(Vec::new(), |_, _| {})).unwrap());
        if adapter != AdapterKind::None {
            write("adapter.zip", ready(export.write_adapter(Vec::new(), |_, _| {})).unwrap());
        }
        for name in ["config.json", "model.safetensors"] {
            fs::copy(base.join(name), folder.join("base").join(name)).unwrap();
        }
        write("expected.json", self.expected(&pretrained, &session).to_string().into_bytes());
    }

    fn trained(&self, pretrained: &Pretrained, adapter: AdapterKind, device: &Device) -> Session {
        let mut session = self.session(pretrained, adapter, device);
        while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
        session
    }

    fn session(&self, pretrained: &Pretrained, adapter: AdapterKind, device: &Device) -> Session {
        let labels: Vec<String> = match self.task {
            Task::Regression | Task::QuestionAnswering | Task::Generation => Vec::new(),
            _ => LABELS.map(String::from).into(),
        };
        let mut rows = EncodedRows::new(self.task);
        let texts: Vec<[String; 2]> = (0..8).map(|row| [text(row, 6), text(row + 9, 5)]).collect();
        for (row, [first, second]) in texts.iter().enumerate() {
            let example = self.example(row as u32, first, second);
            rows.push(&pretrained.tokenizer, None, labels.len(), &example).unwrap();
        }
        let raw = RecipeSpec {
            task: self.task,
            learning_rate: Some(1e-2),
            epochs: 10,
            schedule: Schedule::Constant,
            max_length: Some(MAX_LEN),
            doc_stride: OVERLAP,
            max_new_tokens: NEW_TOKENS,
            adapter,
            target_modules: LoraTarget::ALL.into(),
            ..RecipeSpec::default()
        };
        let rows =
            TaskRows { labels: &labels, train: &rows, validation: &rows, form: self.form, suggested_len: MAX_LEN };
        pretrained.session(raw, rows, device, MaskSource::Host).unwrap()
    }

    /// A row with something to be learned of it.
    fn example<'a>(&self, row: u32, first: &'a str, second: &'a str) -> Example<'a> {
        let pair = self.is_pairs.then_some(second);
        match self.task {
            Task::Classification => Example::Class { text: first, pair, class: row % 3 },
            Task::MultiLabel => Example::Labels { text: first, pair, labels: vec![row % 3, 2] },
            Task::Regression => Example::Number { text: first, pair, value: row as f32 },
            Task::TokenClassification => Example::Tags { text: first, words: tagged(first) },
            Task::QuestionAnswering => {
                let start = second.find(' ').map_or(0, |space| space + 1);
                let answers = std::iter::once(start..start + 2).collect();
                Example::Question { question: first, context: second, answers }
            }
            Task::Generation => match self.form {
                PromptForm::Completion => Example::Completion { prompt: first, completion: second },
                PromptForm::Chat => Example::Chat(vec![
                    Message { role: Role::User, content: first },
                    Message { role: Role::Assistant, content: second },
                ]),
                PromptForm::Corpus => Example::Passage(first),
            },
        }
    }

    /// What the tuned model says, as check_export.py reads it.
    fn expected(&self, pretrained: &Pretrained, session: &Session) -> Value {
        let texts: Vec<[String; 2]> = (20..23).map(|row| [text(row, row + 3), text(row + 40, 9)]).collect();
        let pairs = texts.iter().map(|[first, second]| (first.as_str(), second.as_str()));
        match self.task {
            Task::QuestionAnswering => {
                let questions: Vec<Value> =
                    (20..23).map(|row| asked(&text(row, 4), &text(row + 7, 40), pretrained, session)).collect();
                json!({"max_length": MAX_LEN, "stride": OVERLAP, "spans": 5, "max_answer_tokens": MAX_ANSWER_TOKENS,
                    "threshold": 1e9, "questions": questions})
            }
            Task::Generation => {
                let prompts: Vec<Value> = pairs.map(|(prompt, _)| written(prompt, pretrained, session)).collect();
                json!({"max_new_tokens": NEW_TOKENS, "prompts": prompts})
            }
            Task::TokenClassification => {
                let sentence = |text: &str| {
                    let words: Vec<&str> = words(text).into_iter().map(|word| &text[word]).collect();
                    json!({"words": words, "probabilities": self.said(text, "", pretrained, session)})
                };
                json!({"max_length": MAX_LEN, "sentences": pairs.map(|(text, _)| sentence(text)).collect::<Vec<_>>()})
            }
            Task::Classification | Task::MultiLabel | Task::Regression => {
                let said: Vec<Value> =
                    pairs.clone().map(|(text, pair)| self.said(text, pair, pretrained, session)).collect();
                let texts = pairs.map(|(text, pair)| if self.is_pairs { json!([text, pair]) } else { json!(text) });
                json!({"max_length": MAX_LEN, "texts": texts.collect::<Vec<_>>(), "probabilities": said})
            }
        }
    }

    /// Probabilities of a text's classes or of its words' tags, or its number.
    fn said(&self, text: &str, pair: &str, pretrained: &Pretrained, session: &Session) -> Value {
        let mut rows = EncodedRows::new(self.task);
        let labels = session.data().labels.len();
        rows.push(&pretrained.tokenizer, None, labels, &self.example(0, text, pair)).unwrap();
        let (examples, _) = rows.cut(&pretrained.tokenizer, MAX_LEN as usize, 0).unwrap();
        let input = examples.batch(&[0], 1, MAX_LEN as usize, session.data().pad).input(session.device());
        match ready(predict(session.model(), input, &examples, &[0])).unwrap().remove(0) {
            Prediction::Classes(probabilities) | Prediction::Labels(probabilities) => json!(probabilities),
            Prediction::Number(number) => json!([number]),
            Prediction::Tags(tags) => json!(tags),
            other => panic!("{other:?}"),
        }
    }
}

/// A model with a tokenizer that knows the words `w4` and so on, each of which may end in `s`.
fn pretrained(folder: &Path, pooling: Pooling, device: &Device) -> Pretrained {
    let config_json = fs::read(folder.join("config.json")).unwrap();
    let config = ModelConfig::parse(&config_json).unwrap();
    let mut tensors = Tensors::new(config.family(), device);
    add_tensors(&mut tensors, &folder.join("model.safetensors"));
    let files = tokenizer(config.family(), config.vocab());
    let files = files.map(|(name, file)| (name.to_owned(), file.to_string().into_bytes()));
    Pretrained::new(config_json, files.into(), tensors, pooling).unwrap().0
}

/// tokenizer.json and tokenizer_config.json of a family whose special tokens have the ids in the micro model's config.
fn tokenizer(family: Family, size: usize) -> [(&'static str, Value); 2] {
    let [begin, end, pad, unknown] = match family {
        Family::Bert | Family::DistilBert => [1, 2, 0, 3],
        Family::Roberta => [0, 2, 1, 3],
        Family::Llama => [1, 2, 3, 0],
        Family::Gpt2 => [size - 1, size - 1, size - 1, 0],
    };
    let name = |id| match id {
        id if id == unknown => "<unk>".into(),
        id if id == begin => "<s>".into(),
        id if id == end => "</s>".into(),
        id if id == pad => "<pad>".into(),
        4 => "##s".into(),
        id => format!("w{id}"),
    };
    let vocabulary: serde_json::Map<String, Value> = (0..size).map(|id| (name(id), json!(id))).collect();
    let mut special = vec![unknown, begin, end, pad];
    special.sort_unstable();
    special.dedup();
    let added = special.iter().map(|&id| {
        json!({"id": id, "content": name(id), "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true})
    });
    let token = |id: usize, kind: u32| json!({"SpecialToken": {"id": name(id), "type_id": kind}});
    let text = |which: &str, kind: u32| json!({"Sequence": {"id": which, "type_id": kind}});
    let second = u32::from(family == Family::Bert);
    let (single, pair) = match family {
        Family::Llama => (json!([token(begin, 0), text("A", 0)]), json!([token(begin, 0), text("A", 0), text("B", 0)])),
        Family::Gpt2 => (json!([text("A", 0)]), json!([text("A", 0), text("B", 0)])),
        _ => {
            let between = if family == Family::Roberta { vec![token(end, 0); 2] } else { vec![token(end, 0)] };
            let pair =
                [vec![token(begin, 0), text("A", 0)], between, vec![text("B", second), token(end, second)]].concat();
            (json!([token(begin, 0), text("A", 0), token(end, 0)]), json!(pair))
        }
    };
    let described = special.iter().map(|&id| (name(id), json!({"id": name(id), "ids": [id], "tokens": [name(id)]})));
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": described.collect::<serde_json::Map<_, _>>()},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": false},
        "model": {"type": "WordPiece", "unk_token": name(unknown), "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    let inputs: &[&str] = match family {
        Family::Bert => &["input_ids", "token_type_ids", "attention_mask"],
        _ => &["input_ids", "attention_mask"],
    };
    let config = json!({"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": inputs,
        "pad_token": name(pad), "unk_token": name(unknown), "clean_up_tokenization_spaces": false});
    [("tokenizer.json", tokenizer), ("tokenizer_config.json", config)]
}

/// A made-up text of so many words; every third has two tokens, and some have letters of two bytes.
fn text(seed: u32, count: u32) -> String {
    let word = |i: u32| {
        let id = 5 + (seed * 7 + i * i * 3 + i) % 55;
        let odd = if (seed + i).is_multiple_of(11) { " é" } else { "" };
        format!("w{id}{}{odd}", if i % 3 == 2 { "s" } else { "" })
    };
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

fn tagged(text: &str) -> Vec<Word> {
    let word = |(i, group): (usize, std::ops::Range<usize>)| Word {
        start: group.start as u32,
        end: group.end as u32,
        tag: i as u32 % 3,
    };
    words(text).into_iter().enumerate().map(word).collect()
}

/// The best span as characters, and its probability.
fn asked(question: &str, context: &str, pretrained: &Pretrained, session: &Session) -> Value {
    let query = Query::Question { question: question.into(), context: context.into() };
    let asked = EncodedQuery::new(&query, session, &pretrained.tokenizer).unwrap();
    let (mut said, mut answer) = (Vec::new(), None);
    while answer.is_none() {
        answer = ready(asked.advance(&mut said, session.model(), session)).unwrap();
    }
    let Some(Answer::Spans { spans, .. }) = answer else { panic!("another task's answer") };
    let character = |byte: u32| context[..byte as usize].chars().count();
    json!({"question": question, "context": context, "answer": [character(spans[0].start), character(spans[0].end)],
        "probability": spans[0].score})
}

/// The likeliest continuation.
fn written(prompt: &str, pretrained: &Pretrained, session: &Session) -> Value {
    let tokenizer = &pretrained.tokenizer;
    let prompt_ids = EncodedPrompt::new(prompt, NEW_TOKENS as usize, session, pretrained, f64::INFINITY).unwrap().ids;
    let sampling =
        Sampling { temperature: 0.0, repetition_penalty: 1.0, max_new_tokens: NEW_TOKENS, ..Sampling::default() };
    let mut generator = Generator::new(&prompt_ids, sampling, tokenizer.eos_ids());
    while !generator.is_over() {
        ready(generator.advance(session.model())).unwrap();
    }
    let mut ids = generator.generated().to_vec();
    let completion = tokenizer.decode(&ids).unwrap();
    if ids.len() < NEW_TOKENS as usize {
        ids.extend(tokenizer.eos_ids().first());
    }
    let prompt = match session.data().form {
        PromptForm::Chat => format!("User: {prompt}\nAssistant: "),
        _ => prompt.into(),
    };
    json!({"prompt": prompt, "prompt_ids": prompt_ids, "completion_ids": ids, "completion": completion})
}
