//! GGUF exports. `../../python/check_gguf.py` compares their tensors with those of the `gguf` package,
//! `../../llama-cpp/open-gguf.mjs` opens them in llama.cpp, and Hone's own reader opens them too.

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use hone_core::export::ExportedModel;
use hone_core::model::{Dropout, KvCache, TaskModel};
use hone_core::recipe::Family;
use hone_core::runner::{ModelFiles, ModelLoader};
use hone_core::weights::Tensors;
use hone_tests::{add_tensors, json, minilm, stories};

use super::*;

const TEXTS: [&str; 6] = [
    "Once upon a time, there was a little girl.",
    "The cat sat on the mat and looked at the bird.",
    "Tom had 3 red balls. He gave 1 to Lily!",
    "\"Do you want to play?\" asked Ben.",
    "They ran to the park, and it was fun.",
    "The sun was hot, so they ate ice cream.",
];

/// The decoders whose tokenizers GGUF files can have: SentencePiece from a folder, and both kinds from GGUF files.
fn decoders() -> Vec<(&'static str, Pretrained)> {
    let device = Device::flex();
    let file = |name: &str| fs::read(stories().join(name)).unwrap();
    let verbatim = ["tokenizer.json", "tokenizer_config.json"].map(|name| (name.to_owned(), file(name))).into();
    let files = ModelFiles { config_json: file("config.json"), verbatim, ..ModelFiles::default() };
    let mut loader = ModelLoader::safetensors(files, None, &device).unwrap();
    loader.push(&file("model.safetensors")).unwrap();
    let stories = loader.finish().unwrap().0;
    let micro = |name: &str| reopened(&fs::read(golden(&format!("micro_gguf/{name}.gguf"))).unwrap());
    let names = ["llama", "gpt2", "qwen2", "qwen3"];
    [("stories260K", stories)].into_iter().chain(names.map(|name| (name, micro(name)))).collect()
}

fn reopened(gguf: &[u8]) -> Pretrained {
    let mut loader = ModelLoader::gguf(None, &Device::flex());
    loader.push(gguf).unwrap();
    loader.finish().unwrap().0
}

/// A run of one step, so that the weights are not those of the base.
fn tuned(pretrained: &Pretrained) -> Session {
    tuned_by(pretrained, RecipeSpec { epochs: Some(2), ..RecipeSpec::default() })
}

/// A run of these techniques.
fn tuned_by(pretrained: &Pretrained, techniques: RecipeSpec) -> Session {
    let mut rows = EncodedRows::new(Task::Generation);
    for text in TEXTS {
        rows.push(&pretrained.tokenizer, None, 0, &Example::Passage(text)).unwrap();
    }
    let spec = RecipeSpec { task: Task::Generation, max_length: Some(48), max_new_tokens: NEW_TOKENS, ..techniques };
    let facts = RowFacts { suggested_len: 48, ..RowFacts::default() };
    let rows = TaskRows {
        labels: &[],
        train: &rows,
        validation: &rows,
        test: &EncodedRows::new(Task::Generation),
        form: PromptForm::Corpus,
        facts,
    };
    let mut session = pretrained.session(spec, rows, &Device::flex()).unwrap();
    while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
    session
}

fn file(zip: &[u8], name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_gguf_export_opened_again_is_the_rounded_model() {
    let odd: Vec<String> = serde_json::from_value(json("micro_gguf.json")["odd"].clone()).unwrap();
    for (name, pretrained) in decoders() {
        let session = tuned(&pretrained);
        for dtype in [ExportDtype::Float16, ExportDtype::Int8, ExportDtype::Int4] {
            let zip = exported(&session, &pretrained, ExportForm::Gguf, dtype);
            let again = reopened(&file(&zip, "model.gguf"));
            let rounded = ready(ExportedModel::new(session.model(), ExportForm::Gguf, dtype)).unwrap().model;
            for text in odd.iter().map(String::as_str).chain(TEXTS) {
                let ids = pretrained.tokenizer.encode(text, usize::MAX).unwrap();
                assert_eq!(again.tokenizer.encode(text, usize::MAX).unwrap(), ids, "{name} {dtype:?} {text:?}");
                if ids.is_empty() || ids.len() > 40 {
                    continue;
                }
                let [found, expected] = [&again.base, &rounded.base].map(|base| {
                    base.next_token_logits(&ids, &mut KvCache::default()).into_data().try_into_vec::<f32>().unwrap()
                });
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{name} {dtype:?} {text:?}");
                }
            }
            assert_eq!(again.tokenizer.eos_ids(), pretrained.tokenizer.eos_ids(), "{name}");
            assert_eq!(again.config.sizes(), pretrained.config.sizes(), "{name}");
        }
    }
}

/// Writes the exports once, for all tests that read them.
fn folders() -> &'static Path {
    static FOLDERS: LazyLock<PathBuf> = LazyLock::new(write_folders);
    &FOLDERS
}

fn write_folders() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gguf");
    _ = fs::remove_dir_all(&folder);
    for (name, pretrained) in decoders() {
        let session = tuned(&pretrained);
        let plain = exported(&session, &pretrained, ExportForm::Model, ExportDtype::Float32);
        for dtype in [ExportDtype::Float16, ExportDtype::Int8, ExportDtype::Int4] {
            let folder = folder.join(format!("{name} {}", dtype.gguf_name()));
            fs::create_dir_all(&folder).unwrap();
            let zip = exported(&session, &pretrained, ExportForm::Gguf, dtype);
            fs::write(folder.join("model.gguf"), file(&zip, "model.gguf")).unwrap();
            for name in ["model.safetensors", "config.json"] {
                fs::write(folder.join(name), file(&plain, name)).unwrap();
            }
            let prompts = ["Once upon a time", "The cat", "Tom had"];
            let rounded = reopened(&file(&zip, "model.gguf"));
            let prompts = prompts.map(|prompt| greedy(prompt, &rounded));
            fs::write(folder.join("expected.json"), json!({"prompts": prompts}).to_string()).unwrap();
        }
    }
    folder
}

/// Writes exports of MiniLM for embeddings, once for all tests that read them.
fn embedding_folders() -> &'static Path {
    static FOLDERS: LazyLock<PathBuf> = LazyLock::new(write_embeddings);
    &FOLDERS
}

fn write_embeddings() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gguf_embeddings");
    _ = fs::remove_dir_all(&root);
    for (pooling, dtypes) in
        [(Pooling::Mean, [ExportDtype::Float16, ExportDtype::Int8].as_slice()), (Pooling::Cls, &[ExportDtype::Int8])]
    {
        let pretrained = pretrained_minilm(pooling);
        let session = tuned_embeddings(&pretrained, pooling);
        let plain = exported(&session, &pretrained, ExportForm::Model, ExportDtype::Float32);
        for &dtype in dtypes {
            let folder = root.join(format!("{pooling:?} {}", dtype.gguf_name()));
            fs::create_dir_all(&folder).unwrap();
            let zip = exported(&session, &pretrained, ExportForm::Gguf, dtype);
            for name in ["model.gguf", "Modelfile", "README.md"] {
                fs::write(folder.join(name), file(&zip, name)).unwrap();
            }
            for name in ["model.safetensors", "config.json", "tokenizer.json"] {
                fs::write(folder.join(name), file(&plain, name)).unwrap();
            }
            let rounded = ready(ExportedModel::new(session.model(), ExportForm::Gguf, dtype)).unwrap().model;
            let texts = embedded_texts().map(|text| embedded(&text, &rounded, &pretrained));
            let expected = json!({"texts": texts.collect::<Vec<_>>()});
            fs::write(folder.join("expected.json"), expected.to_string()).unwrap();
        }
    }
    root
}

fn embedded_texts() -> impl Iterator<Item = String> {
    let others =
        ["Où est le café? NAÏVE Überraschung, 東京へ行く!", "e-mail@example.com costs $3.50 (or 1,000 more...)"];
    TEXTS.into_iter().chain(others).map(str::to_owned)
}

/// A text with its ids and its vector.
fn embedded(text: &str, model: &TaskModel, pretrained: &Pretrained) -> Value {
    let ids = pretrained.tokenizer.encode(text, usize::MAX).unwrap();
    let mut rows = EncodedRows::new(Task::Embeddings);
    rows.push(&pretrained.tokenizer, None, 1, &Example::LabeledText { text, class: 0 }).unwrap();
    let (examples, _) = rows.cut(&pretrained.tokenizer, 64, 0).unwrap();
    let batch = examples.batch(&[0], 1, ids.len(), pretrained.tokenizer.pad_id());
    let vector = model.forward(Input::new(&batch, &Device::flex()), &mut Dropout::off());
    json!({"text": text, "ids": ids, "vector": vector.into_data().try_into_vec::<f32>().unwrap()})
}

fn pretrained_minilm(pooling: Pooling) -> Pretrained {
    let (device, base) = (Device::flex(), minilm());
    let file = |name: &str| fs::read(base.join(name)).unwrap();
    let mut tensors = Tensors::new(Family::Bert, &device);
    add_tensors(&mut tensors, &base.join("model.safetensors"));
    let verbatim = ["tokenizer.json", "tokenizer_config.json"].map(|name| (name.to_owned(), file(name))).into();
    Pretrained::new(file("config.json"), verbatim, tensors, pooling).unwrap().0
}

/// A run of one step.
fn tuned_embeddings(pretrained: &Pretrained, pooling: Pooling) -> Session {
    let mut rows = EncodedRows::new(Task::Embeddings);
    for (text, nth) in TEXTS.into_iter().zip(0..) {
        rows.push(&pretrained.tokenizer, None, 2, &Example::LabeledText { text, class: nth % 2 }).unwrap();
    }
    let spec = RecipeSpec {
        task: Task::Embeddings,
        pooling: Some(pooling),
        epochs: Some(1),
        max_length: Some(32),
        ..RecipeSpec::default()
    };
    let facts = RowFacts { suggested_len: 32, ..RowFacts::default() };
    let labels = ["a", "b"].map(str::to_owned);
    let rows = TaskRows {
        labels: &labels,
        train: &rows,
        validation: &rows,
        test: &EncodedRows::new(Task::Embeddings),
        form: PromptForm::default(),
        facts,
    };
    let mut session = pretrained.session(spec, rows, &Device::flex()).unwrap();
    while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
    session
}

#[test]
fn gguf_tensors_equal_those_of_the_gguf_package() {
    check(python(), "python/check_gguf.py", folders());
}

#[test]
fn gguf_tensors_and_tokens_of_embeddings_equal_those_of_the_gguf_package() {
    check(python(), "python/check_gguf.py", embedding_folders());
}

/// Elsewhere, there is no llama.cpp without a compiler.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn llama_cpp_computes_the_vectors_of_the_engine() {
    check("node".into(), "llama-cpp/open-gguf.mjs", embedding_folders());
}

#[test]
fn a_gguf_folder_of_embeddings_has_its_own_commands() {
    let folder = embedding_folders().join("Mean Q8_0");
    assert_eq!(fs::read(folder.join("Modelfile")).unwrap(), b"FROM ./model.gguf\n");
    let card = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(card.contains("llama-embedding -m model.gguf") && card.contains("/api/embed"), "{card}");
}

/// Elsewhere, there is no llama.cpp without a compiler.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn llama_cpp_continues_prompts_like_the_engine() {
    check("node".into(), "llama-cpp/open-gguf.mjs", folders());
}

/// Elsewhere, there is no llama.cpp without a compiler.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn llama_cpp_with_an_adapter_continues_prompts_like_the_merged_model() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gguf_adapters");
    _ = fs::remove_dir_all(&folder);
    for (name, pretrained) in decoders() {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        // A rate at which nothing moves: the base model.
        let unmoved = RecipeSpec { learning_rate: Some(1e-7), epochs: Some(1), ..RecipeSpec::default() };
        let base = exported(&tuned_by(&pretrained, unmoved), &pretrained, ExportForm::Gguf, ExportDtype::Float16);
        let lora = RecipeSpec {
            learning_rate: Some(2e-2),
            epochs: Some(10),
            adapter: AdapterKind::Lora,
            lora_r: 4,
            use_rslora: name != "gpt2",
            ..RecipeSpec::default()
        };
        let session = tuned_by(&pretrained, lora);
        let adapter = exported(&session, &pretrained, ExportForm::Adapter, ExportDtype::Float32);
        let merged = exported(&session, &pretrained, ExportForm::Gguf, ExportDtype::Float16);
        let [base, merged] = [base, merged].map(|zip| file(&zip, "model.gguf"));
        fs::write(folder.join("model.gguf"), &base).unwrap();
        fs::write(folder.join("adapter.gguf"), file(&adapter, "adapter.gguf")).unwrap();
        let prompts = ["Once upon a time", "The cat", "Tom had"];
        let [of_base, of_merged] = [base, merged].map(|gguf| {
            let decoder = reopened(&gguf);
            prompts.map(|prompt| greedy(prompt, &decoder))
        });
        assert_ne!(of_base, of_merged, "{name}: the adapter must change something");
        fs::write(folder.join("expected.json"), json!({"prompts": of_merged}).to_string()).unwrap();
    }
    check("node".into(), "llama-cpp/open-gguf.mjs", &folder);
}

#[test]
fn an_adapter_that_llama_cpp_lacks_is_explained_in_the_card() {
    let (_, pretrained) = decoders().remove(0);
    let dora = RecipeSpec { adapter: AdapterKind::Dora, epochs: Some(1), ..RecipeSpec::default() };
    let zip = exported(&tuned_by(&pretrained, dora), &pretrained, ExportForm::Adapter, ExportDtype::Float32);
    assert!(zip::ZipArchive::new(Cursor::new(&zip)).unwrap().by_name("adapter.gguf").is_err());
    let card = String::from_utf8(file(&zip, "README.md")).unwrap();
    assert!(card.contains("llama.cpp has no DoRA adapters"), "{card}");
}

/// The likeliest continuation of a prompt by a decoder.
fn greedy(prompt: &str, decoder: &Pretrained) -> Value {
    let prompt_ids = decoder.tokenizer.encode(prompt, usize::MAX).unwrap();
    let (mut cache, mut ids, mut completion) = (KvCache::default(), prompt_ids.clone(), Vec::new());
    while completion.len() < NEW_TOKENS as usize {
        let logits = decoder.base.next_token_logits(&ids, &mut cache).into_data().try_into_vec::<f32>().unwrap();
        let (best, _) = logits.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap();
        ids = vec![best as u32];
        completion.push(best as u32);
    }
    json!({"prompt": prompt, "prompt_ids": prompt_ids, "completion_ids": completion})
}

#[test]
fn a_gguf_folder_has_a_modelfile_and_a_card_but_no_tokenizer_files() {
    let (_, pretrained) = decoders().remove(0);
    let session = tuned(&pretrained);
    let zip = exported(&session, &pretrained, ExportForm::Gguf, ExportDtype::Int8);
    let archive = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in ["model.gguf", "Modelfile", "README.md", "recipe.json"] {
        assert!(names.iter().any(|other| other == name), "{name} in {names:?}");
    }
    assert!(!names.iter().any(|name| name == "config.json" || name == "tokenizer.json"), "{names:?}");
    let card = String::from_utf8(file(&zip, "README.md")).unwrap();
    assert!(card.contains("library_name: llama.cpp") && card.contains("llama-cli -m model.gguf"), "{card}");
    assert!(card.contains("(Q8_0)") && card.contains("rounded"), "{card}");
}

#[test]
fn a_model_that_llama_cpp_does_not_compute_is_refused() {
    for base in ["micro_mistral", "micro_llama3", "micro_llama"] {
        let case = case(base, Task::Generation, Pooling::Mean);
        let pretrained = pretrained(&golden(base), Pooling::Mean, &Device::flex());
        let session = case.trained(&pretrained, AdapterKind::None, &Device::flex());
        let provenance = Provenance { hub_id: "some/model", license: "MIT", sha256: "00", input: None, recipe: None };
        let (form, dtype) = (ExportForm::Gguf, ExportDtype::Float16);
        let refusal = ready(runner::export(&session, &pretrained, provenance, form, dtype, Vec::new(), |_| {}));
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.code, "export.gguf", "{base}");
        let is_about_tokenizer = refusal.what.contains("tokenizer");
        assert_eq!(is_about_tokenizer, base == "micro_llama", "{base}: {refusal}");
    }
}
