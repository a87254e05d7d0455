//! `hone-run.zip`: train.py on transformers' Trainer. `../../python/check_scripts.py` runs it and compares the loss of the
//! first step with the engine's.

use std::sync::Arc;

use hone_core::dataset::{Collector, Dataset, Hints, Mapping, Scanner, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::export::ScriptFiles;
use hone_core::recipe::{ClassWeights, Unfreezing};
use hone_core::run::SourceFile;
use hone_core::runner::{EncodedDataset, HardNegatives, training_script};
use sha2::{Digest, Sha256};

use super::*;

/// Rows of a file; a step has four.
const ROWS: u32 = 24;

/// A file for a task, with the columns that are read.
struct File {
    name: &'static str,
    content: String,
    mapping: Mapping,
}

fn words_of(row: u32, count: u32) -> String {
    // Without letters of two bytes, which are words of their own.
    text(row, count).replace(" é", "")
}

fn csv(columns: &str, row: impl Fn(u32) -> String) -> String {
    let rows: String = (0..ROWS).map(|nth| row(nth) + "\n").collect();
    format!("{columns}\n{rows}")
}

fn file(task: Task, form: PromptForm) -> File {
    let (name, content, mapping) = match (task, form) {
        (Task::Classification, _) => (
            "rows.csv",
            csv("label,text", |row| format!("c{},\"{}\"", row % 3, words_of(row, 5 + row % 4))),
            Mapping::Classification { text: 1, pair: None, label: 0 },
        ),
        (Task::MultiLabel, _) => (
            "rows.tsv",
            csv("text\tother\tlabels", |row| {
                format!("{}\t{}\ta{},b{}", words_of(row, 4), words_of(row + 7, 12), row % 2, row % 3)
            }),
            Mapping::MultiLabel { text: 0, pair: Some(1), labels: vec![2] },
        ),
        (Task::Regression, _) => (
            "rows.json",
            // Objects one after another, as jq prints them.
            (0..ROWS)
                .map(|row| format!("{:#}\n", json!({"n": 1.5 * f64::from(row % 7), "text": words_of(row, 6)})))
                .collect(),
            Mapping::Regression { text: 1, pair: None, number: 0 },
        ),
        (Task::TokenClassification, _) => (
            "rows.conll",
            (0..ROWS)
                .map(|row| {
                    let tagged = words_of(row, 6);
                    let words = tagged.split(' ').enumerate();
                    let tags = ["O", "B-x", "I-x"];
                    words.map(|(nth, word)| format!("{word}\t{}\n", tags[nth % 3])).collect::<String>() + "\n"
                })
                .collect(),
            Mapping::TokenClassification { text: 0, tags: 1 },
        ),
        (Task::QuestionAnswering, _) => (
            "rows.json",
            {
                let question = |row: u32| {
                    let context = words_of(row + 3, 30);
                    let answer: Vec<&str> = context.split(' ').skip(4 + row as usize % 5).take(2).collect();
                    let start = context.find(&answer.join(" ")).unwrap();
                    json!({"context": context, "qas": [{"id": row.to_string(), "question": words_of(row, 4),
                        "answers": [{"text": answer.join(" "), "answer_start": start}]}]})
                };
                json!({"data": [{"paragraphs": (0..ROWS).map(question).collect::<Vec<_>>()}]}).to_string()
            },
            Mapping::QuestionAnswering { question: 1, context: 2, answer: 3, start: None },
        ),
        (Task::Embeddings, _) => (
            "rows.csv",
            csv("anchor,positive", |row| format!("{},{}", words_of(row, 5), words_of(row + 9, 4))),
            Mapping::Pairs { anchor: 0, positive: 1, negative: None },
        ),
        (Task::Reranking, _) => (
            "rows.csv",
            csv("query,passage,label", |row| format!("{},{},{}", words_of(row / 2, 5), words_of(row + 9, 4), row % 2)),
            Mapping::Reranking { query: 0, passage: 1, label: 2 },
        ),
        (Task::Generation, PromptForm::Completion) => (
            "rows.csv",
            csv("prompt,completion", |row| format!("{},{}", words_of(row, 5), words_of(row + 9, 4))),
            Mapping::Completion { prompt: "{prompt}\n".into(), completion: 1 },
        ),
        (Task::Generation, PromptForm::Chat) => (
            "rows.jsonl",
            (0..ROWS)
                .map(|row| {
                    let turn = |role: &str, text: String| json!({"role": role, "content": text});
                    let turns = [turn("user", words_of(row, 4)), turn("assistant", words_of(row + 9, 4))];
                    json!({"messages": turns}).to_string() + "\n"
                })
                .collect(),
            Mapping::Chat { messages: 0 },
        ),
        (Task::Generation, PromptForm::Corpus) => {
            // Of subtitles, only what is said is a row.
            let subtitle = |row| format!("{row}\n00:00:01,000 --> 00:00:02,500\n<i>{}</i>\n\n", words_of(row, 20));
            ("rows.srt", (0..ROWS).map(subtitle).collect(), Mapping::Corpus { text: 0 })
        }
    };
    File { name, content, mapping }
}

impl File {
    fn info(&self) -> SourceInfo {
        let mut scanner = Scanner::new(self.name, self.content.len() as f64, Hints::default());
        scanner.push(self.content.as_bytes()).unwrap();
        scanner.finish().unwrap()
    }

    fn dataset(&self) -> EncodedDataset {
        let mut collector = Collector::new(&self.info(), self.mapping.clone()).unwrap();
        collector.push(self.content.as_bytes()).unwrap();
        let (dataset, report) = Dataset::new(Arc::new(collector.finish().unwrap()), None, 0.2, 7).unwrap();
        EncodedDataset::new(Arc::new(dataset), report)
    }

    fn source(&self) -> SourceFile {
        SourceFile { name: self.name.into(), sha256: format!("{:x}", Sha256::digest(&self.content)) }
    }
}

/// A run to write as a script.
struct Run {
    name: &'static str,
    base: &'static str,
    form: PromptForm,
    pooling: Pooling,
    recipe: RecipeSpec,
}

/// Each task with all weights, with an adapter and with gradual unfreezing, over different families and techniques.
fn runs() -> Vec<Run> {
    let plain = |task| RecipeSpec {
        task,
        learning_rate: Some(1e-3),
        epochs: Some(6),
        early_stopping_patience: Some(0),
        eval_every_epochs: Some(100.0),
        batch_size: Some(2),
        gradient_accumulation_steps: 2,
        max_length: Some(MAX_LEN),
        doc_stride: OVERLAP,
        dropout: 0.0,
        attention_dropout: 0.0,
        head_dropout: 0.0,
        seed: 7,
        ..RecipeSpec::default()
    };
    let lora = |task| RecipeSpec { adapter: AdapterKind::Lora, lora_dropout: 0.0, ..plain(task) };
    let gradual = |task| RecipeSpec { unfreezing: Unfreezing::Gradual, layer_decay: 0.5, ..plain(task) };
    let run = |name, base, recipe| Run { name, base, form: PromptForm::Completion, pooling: Pooling::Cls, recipe };
    let mean = |run| Run { pooling: Pooling::Mean, ..run };
    use Task::{Classification, Generation, MultiLabel, QuestionAnswering, Regression, Reranking, TokenClassification};
    let weights = [("c0", 2.0), ("c2", 0.5)].map(|(name, weight)| (name.to_owned(), weight));
    vec![
        run(
            "classification-full",
            "micro_bert",
            RecipeSpec {
                label_smoothing: 0.1,
                class_weights: ClassWeights::Given(weights.into()),
                focal_gamma: 1.5,
                train_embeddings: true,
                schedule: Schedule::Cosine,
                ..plain(Classification)
            },
        ),
        mean(run("classification-lora", "micro_roberta", RecipeSpec { use_rslora: true, ..lora(Classification) })),
        mean(run(
            "classification-gradual",
            "micro_modernbert",
            RecipeSpec {
                class_weights: ClassWeights::Balanced,
                // R-Drop needs dropout. This one is too rare to drop anything, since Python would drop other values.
                r_drop: 1.0,
                head_dropout: 1e-12,
                schedule: Schedule::SlantedTriangular,
                ..gradual(Classification)
            },
        )),
        mean(run("multi_label-full", "micro_bert", RecipeSpec { l2_sp: 0.01, ..plain(MultiLabel) })),
        run("multi_label-lora", "micro_electra", lora(MultiLabel)),
        run("multi_label-gradual", "micro_distilbert", gradual(MultiLabel)),
        run(
            "regression-full",
            "micro_roberta",
            RecipeSpec {
                schedule: Schedule::Plateau,
                eval_every_epochs: Some(2.0),
                early_stopping_patience: Some(90),
                ..plain(Regression)
            },
        ),
        mean(run("regression-lora", "micro_bert", RecipeSpec { adapter: AdapterKind::Dora, ..lora(Regression) })),
        mean(run(
            "regression-gradual",
            "micro_distilbert",
            RecipeSpec { unfreezing: Unfreezing::ChainThaw, ..gradual(Regression) },
        )),
        mean(run("reranking-full", "micro_bert", plain(Reranking))),
        run("reranking-lora", "micro_electra", lora(Reranking)),
        run("reranking-gradual", "micro_modernbert", gradual(Reranking)),
        run("tags-full", "micro_distilbert", plain(TokenClassification)),
        run("tags-lora", "micro_bert", lora(TokenClassification)),
        run(
            "tags-gradual",
            "micro_roberta",
            RecipeSpec { schedule: Schedule::OneCycle, ..gradual(TokenClassification) },
        ),
        run("answers-full", "micro_bert", plain(QuestionAnswering)),
        run("answers-lora", "micro_distilbert", lora(QuestionAnswering)),
        run("answers-gradual", "micro_modernbert", gradual(QuestionAnswering)),
        run("generation-full", "micro_llama", RecipeSpec { label_smoothing: 0.1, ..plain(Generation) }),
        Run { form: PromptForm::Chat, ..run("generation-lora", "micro_gpt2", lora(Generation)) },
        Run {
            form: PromptForm::Corpus,
            ..run("generation-gradual", "micro_qwen3", RecipeSpec { train_embeddings: true, ..gradual(Generation) })
        },
    ]
}

impl Run {
    /// Writes the script, the file of the rows and the base model into a folder of the run's name.
    fn write(&self, folder: &Path) {
        let device = Device::flex();
        let folder = folder.join(self.name);
        fs::create_dir_all(folder.join("base")).unwrap();
        let pretrained = pretrained(&golden(self.base), self.pooling, &device);
        let file = file(self.recipe.task, self.form);
        let mut rows = file.dataset();
        while rows.encode_next(&pretrained).unwrap() {}
        let recipe = RecipeSpec { pooling: Some(self.pooling), ..self.recipe.clone() };
        let session = rows.session(&pretrained, recipe, &device).unwrap();
        let source = file.source();
        let files = ScriptFiles { train: &source, validation: None, test: None };
        let script = training_script(&session, &pretrained, rows.dataset(), files, "some/model");
        let zip = ready(script).unwrap();
        zip::ZipArchive::new(Cursor::new(zip)).unwrap().extract(&folder).unwrap();
        fs::write(folder.join(file.name), &file.content).unwrap();
        for name in ["config.json", "model.safetensors"] {
            fs::copy(golden(self.base).join(name), folder.join("base").join(name)).unwrap();
        }
        for (name, bytes) in &pretrained.verbatim {
            fs::write(folder.join("base").join(name), bytes).unwrap();
        }
    }
}

/// Why there is no script for a run on this file.
fn refused(task: Task, file: &File) -> Diagnostic {
    let device = Device::flex();
    let pretrained = pretrained(&golden("micro_bert"), Pooling::Mean, &device);
    let mut rows = file.dataset();
    while rows.encode_next(&pretrained).unwrap() {}
    let recipe = RecipeSpec { task, max_length: Some(MAX_LEN), ..RecipeSpec::default() };
    let session = rows.session(&pretrained, recipe, &device).unwrap();
    let source = file.source();
    let files = ScriptFiles { train: &source, validation: None, test: None };
    ready(training_script(&session, &pretrained, rows.dataset(), files, "some/model")).unwrap_err()
}

#[test]
fn runs_of_embeddings_are_refused_with_another_way() {
    let refused = refused(Task::Embeddings, &file(Task::Embeddings, PromptForm::Completion));
    assert_eq!(refused.code, "script.task");
    assert!(refused.remedy.contains("hone train"), "{refused}");
}

#[test]
fn columns_that_python_would_not_find_are_refused_by_name() {
    let row = |row: u32| {
        json!({"text": words_of(row, 5), "label": {"choices": [format!("c{}", row % 2)]}}).to_string() + "\n"
    };
    let mapping = Mapping::Classification { text: 0, pair: None, label: 1 };
    let file = File { name: "rows.jsonl", content: (0..ROWS).map(row).collect(), mapping };
    let refused = refused(Task::Classification, &file);
    assert_eq!(refused.code, "script.format");
    assert!(refused.what.ends_with(r#"objects: "label"."#), "{refused}");
}

#[test]
fn pairs_get_hard_negatives_that_are_no_positives_of_their_anchor() {
    let device = Device::flex();
    let pretrained = pretrained(&golden("micro_bert"), Pooling::Mean, &device);
    let rows = file(Task::Embeddings, PromptForm::Completion).dataset();
    let mined = |margin| {
        let mut search = HardNegatives::new(rows.dataset(), &pretrained, &device, margin).unwrap();
        let mut before = 0.0;
        while !search.is_over() {
            let fraction = ready(search.advance()).unwrap();
            assert!(fraction >= before);
            before = fraction;
        }
        assert_eq!(before, 1.0);
        search.finish()
    };
    let (triplets, without) = mined(0.0);
    assert!(!triplets.is_empty() && triplets.len() + without == ROWS as usize, "{without}");
    let positives: Vec<String> = (0..ROWS).map(|row| words_of(row + 9, 4)).collect();
    for triplet in &triplets {
        assert!(triplet.negative != triplet.positive && positives.contains(&triplet.negative), "{triplet:?}");
    }
    assert_eq!(mined(2.0), (Vec::new(), ROWS as usize), "nothing is that far");
    let labeled = file(Task::Classification, PromptForm::Completion).dataset();
    let refused = HardNegatives::new(labeled.dataset(), &pretrained, &device, 0.05).unwrap_err();
    assert_eq!(refused.code, "negatives.pairs");
}

#[test]
fn scripts_begin_with_the_loss_of_the_engine_and_train_alike_in_one_process_and_two() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("training_script");
    _ = fs::remove_dir_all(&folder);
    for run in runs() {
        run.write(&folder);
    }
    check(python(), "python/check_scripts.py", &folder);
}
