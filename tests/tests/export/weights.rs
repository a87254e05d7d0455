//! Weights are exported unchanged.

use super::*;

/// The tensors of a file by name.
pub(super) fn tensors(file: &[u8]) -> HashMap<String, (TensorInfo, Vec<u8>)> {
    let (mut reader, mut tensors) = (FileReader::default(), HashMap::new());
    let mut take = |info: &TensorInfo, bytes| {
        tensors.insert(info.name.clone(), (info.clone(), bytes));
        Ok(())
    };
    reader.push(file, &mut take).and_then(|()| reader.finish()).unwrap();
    tensors
}

/// A file of tensors.
pub(super) fn file(tensors: HashMap<String, (TensorInfo, Vec<u8>)>) -> Vec<u8> {
    let (mut infos, mut data) = (Vec::new(), Vec::new());
    for (info, bytes) in tensors.into_values() {
        let begin = data.len() as u64;
        data.extend(bytes);
        infos.push(TensorInfo { bytes: begin..data.len() as u64, ..info });
    }
    hone_core::weights::write_header(&infos).into_iter().chain(data).collect()
}

/// Requires that the weights in `folder` are exported unchanged under `prefix`, except those that begin with one of
/// `without`, and that the layers of `head` are the only new ones.
fn assert_same_tensors(folder: &Path, (task, pooling): (Task, Pooling), prefix: &str, without: &[&str], head: &[&str]) {
    let untrained = Untrained::new(folder, task, pooling, &["no", "yes"]);
    let files = untrained.in_form(ExportForm::OwnClass, ExportDtype::Float32);
    let mut exported = tensors(&files["model.safetensors"]);
    let original = tensors(&std::fs::read(folder.join("model.safetensors")).unwrap());
    for (name, (info, bytes)) in original {
        let name = name.strip_prefix(prefix).unwrap_or(&name);
        if name.ends_with("position_ids") || without.iter().any(|part| name.starts_with(part)) {
            continue;
        }
        let name = if name == "lm_head.weight" { name.into() } else { format!("{prefix}{name}") };
        let (exported, exported_bytes) = exported.remove(&name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((&exported.shape, exported.dtype), (&info.shape, info.dtype), "{name}");
        assert!(exported_bytes == bytes, "{name} has other bytes");
    }
    let mut new: Vec<String> = exported.into_keys().collect();
    new.sort();
    let expected: Vec<String> =
        head.iter().flat_map(|layer| ["bias", "weight"].map(|part| format!("{layer}.{part}"))).collect();
    assert_eq!(new, expected, "{task:?} on {}", folder.display());
}

#[test]
fn an_untrained_model_is_exported_byte_for_byte() {
    use Pooling::{Cls, Mean};
    use Task::*;
    const LM: &str = "lm_head.";
    for (name, prefix, task, without, head) in [
        ("bert", "bert.", (Classification, Cls), &[][..], &["classifier"][..]),
        ("bert", "bert.", (Regression, Mean), &[], &["classifier"]),
        ("bert", "bert.", (TokenClassification, Mean), &["pooler."], &["classifier"]),
        ("bert", "bert.", (QuestionAnswering, Mean), &["pooler."], &["qa_outputs"]),
        ("distilbert", "distilbert.", (MultiLabel, Cls), &[], &["classifier", "pre_classifier"]),
        ("distilbert", "distilbert.", (Classification, Mean), &[], &["classifier"]),
        ("distilbert", "distilbert.", (QuestionAnswering, Mean), &[], &["qa_outputs"]),
        ("roberta", "roberta.", (Classification, Cls), &[LM], &["classifier.dense", "classifier.out_proj"]),
        ("roberta", "roberta.", (MultiLabel, Mean), &[LM], &["classifier"]),
        ("roberta", "roberta.", (TokenClassification, Mean), &[LM], &["classifier"]),
        ("llama", "model.", (Generation, Mean), &[], &[]),
        ("llama_untied", "model.", (Generation, Mean), &[], &[]),
        ("gpt2", "transformer.", (Generation, Mean), &[], &[]),
    ] {
        assert_same_tensors(&golden(&format!("micro_{name}")), task, prefix, without, head);
    }
}

#[test]
fn untrained_minilm_is_exported_byte_for_byte() {
    assert_same_tensors(&minilm(), (Task::Classification, Pooling::Cls), "bert.", &[], &["classifier"]);
}

#[test]
fn an_adapter_is_stored_as_peft_stores_it() {
    let raw = RecipeSpec { adapter: AdapterKind::Dora, lora_r: 4, lora_alpha: 8.0, ..RecipeSpec::default() };
    let untrained = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &["a", "b", "c"]);
    let untrained = Untrained { model: adapted(&raw, &Device::flex()), ..untrained };
    let files = untrained.exported(raw, ExportForm::Adapter, ExportDtype::Float32);
    let [ours, pefts] =
        [&files["adapter_model.safetensors"], &std::fs::read(golden("lora_adapter.safetensors")).unwrap()]
            .map(|file| tensors(file));
    assert_eq!(ours.len(), pefts.len());
    for (name, (info, bytes)) in pefts {
        assert_eq!(ours[&name].0.shape, info.shape, "{name}");
        assert!(ours[&name].1 == bytes, "{name} has other bytes");
    }
}

#[test]
fn quantized_weights_are_exported_in_32_bits() {
    for (name, kind) in [("llama", "Q8_0"), ("gpt2", "Q8_0")] {
        let (mut reader, mut tensors_read) = (GgufReader::default(), Tensors::of_gguf(&Device::flex()));
        let file = std::fs::read(golden(&format!("micro_gguf/{name}.gguf"))).unwrap();
        reader.push(&file, &mut |info, bytes| tensors_read.add(info, bytes)).unwrap();
        let header = reader.finish().unwrap();
        assert_eq!(header.quantized(), Some(kind), "{name}");
        tensors_read.set_quantized(header.quantized());
        let files = Untrained::of(header.config_json(), tensors_read, Task::Generation, Pooling::Mean, &[]).files();
        assert_eq!(parsed(&files, "config.json")["torch_dtype"], "float32");
        let (ours, theirs) = (
            tensors(&files["model.safetensors"]),
            tensors(&std::fs::read(golden(&format!("micro_gguf/{name}.safetensors"))).unwrap()),
        );
        assert_eq!(ours.len(), theirs.len());
        for (name, (info, bytes)) in theirs {
            let read = |info: &TensorInfo, bytes| {
                hone_core::weights::decode(info, bytes).unwrap().try_into_vec::<f32>().unwrap()
            };
            let (ours, ours_bytes) = ours[&name].clone();
            assert_eq!((ours.dtype, &ours.shape), (Dtype::F32, &info.shape), "{name}");
            assert_eq!(read(&ours, ours_bytes), read(&info, bytes), "{name}");
        }
    }
}

/// The file with its tensors in 16 bits, and those values in 32 bits.
fn in_16_bits(file: &[u8], dtype: Dtype) -> (Vec<u8>, HashMap<String, Vec<f32>>) {
    let (mut infos, mut data, mut values) = (Vec::new(), Vec::new(), HashMap::new());
    for (name, (info, bytes)) in tensors(file) {
        let Some(single) = hone_core::weights::decode(&info, bytes) else { continue };
        let begin = data.len() as u64;
        for value in single.try_into_vec::<f32>().unwrap() {
            // The upper half of a 32-bit float is a bf16; 1 + k / 1024 of k below 1024 is an f16 whose bits are k.
            let bits = (value.to_bits() >> 16) as u16;
            data.extend(if dtype == Dtype::BF16 { bits } else { 0x3c00 | (bits & 0x3ff) }.to_le_bytes());
        }
        let info = TensorInfo { dtype, bytes: begin..data.len() as u64, ..info };
        let half = data[begin as usize..].to_vec();
        values.insert(name, hone_core::weights::decode(&info, half).unwrap().try_into_vec::<f32>().unwrap());
        infos.push(info);
    }
    (hone_core::weights::write_header(&infos).into_iter().chain(data).collect(), values)
}

#[test]
fn models_in_16_bits_are_exported_in_32() {
    let file = std::fs::read(golden("micro_bert/model.safetensors")).unwrap();
    for dtype in [Dtype::BF16, Dtype::F16] {
        let (half, values) = in_16_bits(&file, dtype);
        let (mut reader, mut read) =
            (FileReader::default(), Tensors::new(hone_core::recipe::Family::Bert, &Device::flex()));
        reader.push(&half, &mut |info, bytes| read.add(info, bytes)).and_then(|()| reader.finish()).unwrap();
        let mut config: Value =
            serde_json::from_slice(&std::fs::read(golden("micro_bert/config.json")).unwrap()).unwrap();
        config["torch_dtype"] = json!("bfloat16");
        config["quantization_config"] = json!({"load_in_4bit": true});
        let config = serde_json::to_vec(&config).unwrap();
        let files = Untrained::of(config, read, Task::Classification, Pooling::Cls, &["no", "yes"]).files();
        let config = parsed(&files, "config.json");
        assert_eq!((&config["torch_dtype"], config.get("quantization_config")), (&json!("float32"), None));
        let exported = tensors(&files["model.safetensors"]);
        assert!(exported.contains_key("classifier.weight"));
        for (name, (info, bytes)) in exported {
            assert_eq!(info.dtype, Dtype::F32, "{name}");
            let single = hone_core::weights::decode(&info, bytes).unwrap().try_into_vec::<f32>().unwrap();
            let original = values.get(name.strip_prefix("bert.").unwrap_or(&name));
            assert!(original.map_or(name.starts_with("classifier."), |values| *values == single), "{name}");
        }
    }
}
