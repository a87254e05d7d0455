//! The mean of the tokens as a layer of transformers' own classes, and its way back into Hone.

use hone_core::model::{Dropout, Input, take_averaging_layer};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::ParamGroup;
use hone_core::text::Batch;
use hone_core::weights::{Incoming, WeightMut, Weights, decode};
use hone_tests::{assert_close, tolerance, word_tokenizer_json};

use super::weights::{file, tensors};
use super::*;

const FAMILIES: [&str; 3] = ["micro_bert", "micro_distilbert", "micro_roberta"];

fn untrained(name: &str) -> Untrained {
    let mut untrained = Untrained::new(&golden(name), Task::Classification, Pooling::Mean, &["a", "b", "c"]);
    // A new head is too small for a mistake to show.
    untrained.model.visit_mut(&mut |weight| match weight {
        WeightMut::Matrix(w) if w.group == ParamGroup::Head => w.tensor = w.tensor.clone() * 10.0,
        WeightMut::Vector(w) if w.group == ParamGroup::Head => w.tensor = w.tensor.clone() + 0.5,
        _ => {}
    });
    untrained
}

/// Logits of two texts, of 5 and of 12 tokens.
fn logits(model: &TaskModel) -> Vec<f32> {
    let (rows, len) = (2, 12);
    let mask = |at: usize| if at < 5 || at >= len { 1.0 } else { 0.0 };
    let attention_mask: Vec<f32> = (0..rows * len).map(mask).collect();
    let ids = (0..rows * len).map(|at| if mask(at) == 1.0 { 4 + (7 * at as i32) % 50 } else { 0 }).collect();
    let batch = Batch { rows, len, ids, attention_mask, token_type_ids: None, tokens: 0 };
    let input = Input::new(&batch, &Device::flex());
    model.forward(input, &mut Dropout::off()).into_data().try_into_vec().unwrap()
}

/// The tensors of a folder as they arrive, and its configuration.
fn opened(files: &Files) -> (ModelConfig, Tensors<'static>) {
    let config = ModelConfig::parse(&files["config.json"]).unwrap();
    let mut incoming = Incoming::safetensors(config.family(), &Device::flex());
    incoming.push(&files["model.safetensors"]).unwrap();
    (config, incoming.finish().unwrap().0)
}

#[test]
fn a_folder_for_standard_classes_predicts_the_same() {
    for name in FAMILIES {
        let untrained = untrained(name);
        let expected = logits(&untrained.model);
        for (dtype, allowed) in [(ExportDtype::Float32, tolerance::TRAINING), (ExportDtype::Float16, 1e-2)] {
            let (config, mut read) = opened(&untrained.in_form(ExportForm::Model, dtype));
            // Read by the class that config.json names, as transformers does.
            let model = TaskModel::load(&config, Task::Classification, Pooling::Cls, 3, &mut read).unwrap();
            assert_eq!(model.base.layers(), untrained.model.base.layers() + 1);
            assert_close(name, &logits(&model), &expected, allowed);
        }
    }
}

#[test]
fn an_exported_folder_reads_the_mean_again_in_hone() {
    for name in FAMILIES {
        let untrained = untrained(name);
        let expected = logits(&untrained.model);
        let (mut config, mut read) = opened(&untrained.files());
        assert!(take_averaging_layer(&mut config, &mut read), "{name}");
        let model = TaskModel::load(&config, Task::Classification, Pooling::Mean, 3, &mut read).unwrap();
        assert_eq!(model.base.layers(), untrained.model.base.layers(), "{name}");
        assert_close(name, &logits(&model), &expected, tolerance::ENGINE);
        assert!(read.finish().unused.is_empty(), "{name}");
    }
}

#[test]
fn an_exported_folder_is_a_base_model_without_the_averaging_layer() {
    let tokenizer = word_tokenizer_json(&["a"], true).into_bytes();
    for name in FAMILIES {
        let untrained = untrained(name);
        for form in [ExportForm::Model, ExportForm::OwnClass] {
            for dtype in [ExportDtype::Float32, ExportDtype::Float16] {
                let files = untrained.in_form(form, dtype);
                let (_, read) = opened(&files);
                let verbatim = vec![("tokenizer.json".to_owned(), tokenizer.clone())];
                let pooling = hone_core::hub::pooling_of(&files["config.json"], None);
                let (base, _) = Pretrained::new(files["config.json"].clone(), verbatim, read, pooling).unwrap();
                assert_eq!((base.pooling, base.base.layers()), (Pooling::Mean, 2), "{name} {form:?}");
                let again = ModelConfig::parse(&base.config_json).unwrap();
                assert_eq!((again.sizes().layers, base.config.sizes().layers), (2, 2), "{name} {form:?}");
                let (head, tuned) = base.tuned.as_ref().expect("the head of the run");
                assert_eq!((head.task, head.pooling), (Task::Classification, Pooling::Mean), "{name} {form:?}");
                let rounding = if dtype == ExportDtype::Float32 { tolerance::ENGINE } else { 0.01 };
                assert_close(name, &logits(tuned), &logits(&untrained.model), rounding);
            }
        }
    }
}

#[test]
fn a_model_without_an_averaging_layer_keeps_all_its_layers() {
    let untrained = untrained("micro_bert");
    // As after more training in another tool: the layer no longer averages exactly.
    let mut files = untrained.files();
    let mut changed = tensors(&files["model.safetensors"]);
    let (_, bytes) = changed.get_mut("bert.encoder.layer.2.attention.self.value.weight").unwrap();
    bytes[4..8].copy_from_slice(&0.25f32.to_le_bytes());
    files.insert("model.safetensors".into(), file(changed));
    let (mut config, mut read) = opened(&files);
    assert!(!take_averaging_layer(&mut config, &mut read));
    assert_eq!(config.sizes().layers, 3);
    let plain = untrained.in_form(ExportForm::OwnClass, ExportDtype::Float32);
    let (mut config, mut read) = opened(&plain);
    assert!(!take_averaging_layer(&mut config, &mut read));
}

#[test]
fn float16_weights_are_the_nearest_ones() {
    let untrained = untrained("micro_bert");
    let exact = tensors(&untrained.files()["model.safetensors"]);
    let files = untrained.in_form(ExportForm::Model, ExportDtype::Float16);
    assert_eq!(parsed(&files, "config.json")["dtype"], json!("float16"));
    for (name, (info, bytes)) in tensors(&files["model.safetensors"]) {
        assert_eq!((info.dtype, bytes.len() * 2), (Dtype::F16, exact[&name].1.len()), "{name}");
        let found: Vec<f32> = decode(&info, bytes).unwrap().try_into_vec().unwrap();
        let (info, bytes) = exact[&name].clone();
        let wanted: Vec<f32> = decode(&info, bytes).unwrap().try_into_vec().unwrap();
        // The scale of the averaging layer is smaller.
        if !name.ends_with("layer.2.attention.self.value.weight") {
            let is_near = |(found, wanted): (&f32, &f32)| (found - wanted).abs() <= wanted.abs() / 2048.0 + 3e-8;
            assert!(found.iter().zip(&wanted).all(is_near), "{name}");
        }
    }
}

#[test]
fn no_scaled_state_exceeds_the_range_of_float16() {
    let mut untrained = untrained("micro_bert");
    let scale = |untrained: &Untrained| {
        let files = untrained.in_form(ExportForm::Model, ExportDtype::Float16);
        let mut found = tensors(&files["model.safetensors"]);
        let (info, bytes) = found.remove("bert.encoder.layer.2.attention.self.value.weight").unwrap();
        decode(&info, bytes).unwrap().try_into_vec::<f32>().unwrap()[0]
    };
    let before = scale(&untrained);
    assert!(before > 1.0 && before <= 8192.0);
    untrained.model.visit_mut(&mut |weight| match weight {
        WeightMut::Vector(w) if w.name.ends_with("layer.1.output.LayerNorm.weight") => {
            w.tensor = w.tensor.clone() * 16.0
        }
        _ => {}
    });
    assert!(scale(&untrained) <= before / 8.0);
}

#[test]
fn a_weight_beyond_the_range_of_float16_is_refused_by_name() {
    let mut untrained = untrained("micro_bert");
    untrained.model.visit_mut(&mut |weight| match weight {
        WeightMut::Vector(w) if w.name.as_ref() == "classifier.bias" => w.tensor = w.tensor.clone() + 1e5,
        _ => {}
    });
    let diagnostic = ready(ExportedModel::new(&untrained.model, ExportForm::Model, ExportDtype::Float16)).unwrap_err();
    assert_eq!(diagnostic.code, "export.float16");
    assert!(diagnostic.what.contains("classifier.bias") && !diagnostic.remedy.is_empty());
    assert!(ready(ExportedModel::new(&untrained.model, ExportForm::Model, ExportDtype::Float32)).is_ok());
}
