//! Weights are exported unchanged.

use super::*;

fn tensors(file: &[u8]) -> HashMap<String, (TensorInfo, Vec<u8>)> {
    let (mut reader, mut tensors) = (FileReader::default(), HashMap::new());
    let mut take = |info: &TensorInfo, bytes| {
        tensors.insert(info.name.clone(), (info.clone(), bytes));
        Ok(())
    };
    reader.push(file, &mut take).and_then(|()| reader.finish()).unwrap();
    tensors
}

/// Requires that the weights in `folder` are exported unchanged under `prefix`, except those that begin with one of
/// `without`, and that the layers of `head` are the only new ones.
fn assert_same_tensors(folder: &Path, (task, pooling): (Task, Pooling), prefix: &str, without: &[&str], head: &[&str]) {
    let files = Untrained::new(folder, task, pooling, &["no", "yes"]).files();
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
    let files = untrained.exported(raw, |folder| ready(folder.write_adapter(Vec::new(), |_, _| {})));
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
fn quantized_weights_are_exported_as_f16() {
    for (name, kind) in [("llama", "Q8_0"), ("gpt2", "Q8_0")] {
        let (mut reader, mut tensors_read) = (GgufReader::default(), Tensors::of_gguf(&Device::flex()));
        let file = std::fs::read(golden(&format!("micro_gguf/{name}.gguf"))).unwrap();
        reader.push(&file, &mut |info, bytes| tensors_read.add(info, bytes)).unwrap();
        let header = reader.finish().unwrap();
        assert_eq!(header.quantized(), Some(kind), "{name}");
        tensors_read.set_quantized(header.quantized());
        let files = Untrained::of(header.config_json(), tensors_read, Task::Generation, Pooling::Mean, &[]).files();
        assert_eq!(parsed(&files, "config.json")["torch_dtype"], "float16");
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
            assert_eq!((ours.dtype, &ours.shape), (Dtype::F16, &info.shape), "{name}");
            for (half, single) in read(&ours, ours_bytes).into_iter().zip(read(&info, bytes)) {
                assert!((half - single).abs() <= single.abs() / 2048.0 + 1e-7, "{name}: {half} for {single}");
            }
        }
    }
}

#[test]
fn a_new_head_has_the_dtype_of_the_base_model() {
    let mut untrained = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Cls, &["no", "yes"]);
    untrained.model.base.visit_mut(&mut |weight| match weight {
        hone_core::weights::WeightMut::Vector(weight) => weight.dtype = Dtype::BF16,
        hone_core::weights::WeightMut::Matrix(weight) => weight.dtype = Dtype::BF16,
    });
    let files = untrained.files();
    assert!(tensors(&files["model.safetensors"]).values().all(|(info, _)| info.dtype == Dtype::BF16));
    assert_eq!(parsed(&files, "config.json")["dtype"], "bfloat16");
}
