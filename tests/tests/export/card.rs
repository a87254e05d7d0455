//! The model card.

use super::*;

#[test]
fn a_card_describes_the_task_and_leaks_no_rows() {
    use Task::*;
    for (name, task, pipeline, line) in [
        ("bert", Classification, "text-classification", "| macro-F1 | 1.0000 |"),
        ("bert", MultiLabel, "text-classification", "| no | 0.0000 | 0.0000 | 0.0000 | 0 | 0.2500 |"),
        ("distilbert", Regression, "text-classification", "function_to_apply=\"none\""),
        ("roberta", TokenClassification, "token-classification", "| entity | precision |"),
        ("bert", QuestionAnswering, "question-answering", "3 of the questions are answered"),
        ("llama", Generation, "text-generation", "| BLEU | 0.5000 |"),
        ("bert", Reranking, "text-ranking", "| NDCG@10 | 0.5000 |"),
        ("bert", Embeddings, "feature-extraction", "`SentenceTransformer(folder, truncate_dim=8)` cuts the vectors"),
    ] {
        let mut untrained = Untrained::new(&golden(&format!("micro_{name}")), task, Pooling::Mean, &["no", "yes"]);
        let raw = RecipeSpec { adapter: AdapterKind::Lora, ..RecipeSpec::default() };
        for files in [untrained.files(), untrained.adapter(raw)] {
            let card = std::str::from_utf8(&files["README.md"]).unwrap();
            assert!(card.contains(&format!("\npipeline_tag: {pipeline}\n")), "{task:?}");
            assert!(card.contains(line), "{task:?}: {card}");
            for private in ["77.7", "88.8", "their prompt", "generated text", "their text"] {
                assert!(!card.contains(private), "{task:?}: {private}");
            }
        }
    }
}

#[test]
fn a_card_prompts_in_the_form_that_was_trained() {
    let mut untrained = Untrained::new(&golden("micro_gpt2"), Task::Generation, Pooling::Mean, &[]);
    let mut shows = |form, code: &str| {
        untrained.form = form;
        String::from_utf8_lossy(&untrained.files()["README.md"]).contains(code)
    };
    let (template, bare) = ("apply_chat_template", "\"User: \"");
    assert!(shows(PromptForm::Completion, template) && !shows(PromptForm::Completion, bare));
    assert!(shows(PromptForm::Chat, template) && shows(PromptForm::Chat, bare));
    assert!(!shows(PromptForm::Corpus, template) && !shows(PromptForm::Corpus, bare));
}

#[test]
fn a_card_shows_how_to_use_the_model_in_javascript() {
    use Pooling::{Cls, Mean};
    for (name, task, pooling, usage) in [
        ("bert", Task::Classification, Cls, "pipeline(\"text-classification\", "),
        ("bert", Task::Regression, Mean, "logits.item()"),
        ("bert", Task::MultiLabel, Mean, "label_thresholds"),
        ("roberta", Task::TokenClassification, Mean, "pipeline(\"token-classification\", "),
        ("distilbert", Task::QuestionAnswering, Mean, "pipeline(\"question-answering\", "),
        ("llama", Task::Generation, Mean, "max_new_tokens"),
        ("bert", Task::Reranking, Cls, "logits.sigmoid().item()"),
    ] {
        let untrained = Untrained::new(&golden(&format!("micro_{name}")), task, pooling, &["no", "yes"]);
        let card = |form| String::from_utf8(untrained.in_form(form, ExportDtype::Float32).remove("README.md").unwrap());
        let onnx = card(ExportForm::Onnx).unwrap();
        assert!(onnx.contains("library_name: transformers.js"), "{name} {task:?}");
        assert!(onnx.contains(usage) && onnx.contains("onnxruntime.InferenceSession"), "{name} {task:?}: {onnx}");
        assert!(!card(ExportForm::Model).unwrap().contains("```js"), "{name} {task:?}");
    }
}

#[test]
fn a_class_name_cannot_break_the_card() {
    let classes = ["<script>alert(1)</script>", "a|b\n---\nx: y"];
    let files = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &classes).files();
    let card = std::str::from_utf8(&files["README.md"]).unwrap();
    assert!(!card.contains("<script>") && !card.contains("x: y"));
    assert_eq!(card.matches("\n---\n").count(), 1);
}

#[test]
fn a_card_says_what_the_folder_is() {
    let card = |pooling, form, dtype| {
        let untrained = Untrained::new(&golden("micro_bert"), Task::Classification, pooling, &["no", "yes"]);
        String::from_utf8(untrained.in_form(form, dtype).remove("README.md").unwrap()).unwrap()
    };
    use ExportDtype::{Float16, Float32, Int8};
    use ExportForm::{Model, Onnx, OwnClass};
    let (layer, overflow, class, trust) =
        ("the last of 3", "would overflow in float16", "`modeling_hone.py` has one", "trust_remote_code=True");
    let rounded = "scores above are those of the rounded weights";
    for (pooling, form, dtype, has, lacks) in [
        (Pooling::Mean, Model, Float32, vec![layer, overflow], vec![class, trust, rounded]),
        (Pooling::Mean, Model, Float16, vec![layer, rounded], vec![class, trust, overflow]),
        (Pooling::Mean, OwnClass, Float32, vec![class, trust], vec![layer, rounded, overflow]),
        (Pooling::Cls, Model, Float16, vec![rounded], vec![layer, class, trust]),
        (Pooling::Mean, Onnx, Float32, vec!["`onnx/model.onnx` is"], vec![layer, class, trust, rounded, overflow]),
        (
            Pooling::Mean,
            Onnx,
            Int8,
            vec!["`onnx/model_quantized.onnx` is", rounded, "inputs of each layer"],
            vec![layer],
        ),
    ] {
        let card = card(pooling, form, dtype);
        for text in has {
            assert!(card.contains(text), "{form:?} {dtype:?}: {text}");
        }
        for text in lacks {
            assert!(!card.contains(text), "{form:?} {dtype:?}: {text}");
        }
    }
}

#[test]
fn a_card_has_the_test_scores_and_intervals_if_there_are_any() {
    let mut untrained = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &["no", "yes"]);
    let card = |untrained: &Untrained| String::from_utf8(untrained.files().remove("README.md").unwrap()).unwrap();
    let without = card(&untrained);
    assert!(!without.contains("test rows") && !without.contains("split:") && !without.contains("interval"));
    let intervals = [(Metric::Accuracy, Interval { low: 0.5, high: 0.875 })].into();
    untrained.test = Some(Evaluation { scores: [(Metric::Accuracy, 0.75)].into(), intervals, ..Evaluation::default() });
    let with = card(&untrained);
    assert!(with.contains("On 4 test rows, which were used for nothing else:"), "{with}");
    assert!(with.contains("| accuracy | 0.7500 | 0.5000–0.8750 |"), "{with}");
    assert!(with.contains("9 training rows, 2 validation rows and 4 test rows"), "{with}");
    let state: Value = serde_json::from_slice(&untrained.files()["trainer_state.json"]).unwrap();
    assert_eq!(state["log_history"][0]["test_accuracy"], 0.75);
    let splits = ["      split: test\n", "      split: validation\n"].map(|split| with.find(split).unwrap());
    assert!(splits[0] < splits[1], "the test comes first");
}

#[test]
fn a_card_and_the_config_have_the_temperature_and_the_threshold() {
    let mut untrained = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &["no", "yes"]);
    let point = CoveragePoint { threshold: 0.75, coverage: 0.5, accuracy: 0.9375 };
    let calibration_error = Some(CalibrationError { before: 0.125, after: 0.03125 });
    let settings = Confidence::of_settings(1.5, 0.75);
    untrained.confidence = Some(Confidence { calibration_error, coverage: vec![point], ..settings.clone() });
    let files = untrained.files();
    let card = std::str::from_utf8(&files["README.md"]).unwrap();
    assert!(card.contains("divide the logits by 1.5000") && card.contains("from 0.1250 to 0.0312"), "{card}");
    assert!(card.contains("50.0 % are kept, with an accuracy of 0.9375"), "{card}");
    let config: Value = serde_json::from_slice(&files["config.json"]).unwrap();
    assert_eq!((&config["hone"]["temperature"], &config["hone"]["unsure_below"]), (&json!(1.5), &json!(0.75)));
    assert_eq!(ExportedConfig::parse(&files["config.json"]).thresholds.confidence, Some(settings));
}
