//! Weights that keep the 16 bits of their file in memory. All results must be those of the same values in 32 bits, bit for
//! bit.

use std::collections::BTreeMap;
use std::fs;

use burn::tensor::Device;
use hone_core::model::{Dropout, LoraConfig, ModelConfig, TaskModel};
use hone_core::recipe::{AdapterKind, LoraTarget, Pooling, RecipeSpec, Task};
use hone_core::train::{AdamW, AdamWConfig, Objective, checkpointed_gradients, gradients};
use hone_core::weights::{Dtype, TensorInfo, Tensors, Weights, decode, encode};
use hone_tests::{each_tensor, golden, json, named, steps_of};

const MODELS: [(&str, &str); 5] = [
    ("llama", "micro_llama"),
    ("llama", "micro_llama_untied"),
    ("gpt2", "micro_gpt2"),
    ("decoder_families", "micro_qwen2"),
    ("decoder_families", "micro_gemma3"),
];
const STEPS: usize = 3;

/// A golden model rounded to a type of 16 bits, read from a file of that type, and from one of 32 bits.
fn pair(folder: &str, dtype: Dtype) -> [TaskModel; 2] {
    let (folder, device) = (golden(folder), Device::flex());
    let config = ModelConfig::parse(&fs::read(folder.join("config.json")).unwrap()).unwrap();
    let [mut narrow, mut wide] = [0; 2].map(|_| Tensors::new(config.family(), &device));
    each_tensor(&folder.join("model.safetensors"), |info, bytes| {
        let values: Vec<f32> = decode(&info, bytes).unwrap().try_into_vec().unwrap();
        let info = TensorInfo { dtype, ..info };
        let bytes = encode(&values, dtype);
        let rounded: Vec<f32> = decode(&info, bytes.clone()).unwrap().try_into_vec().unwrap();
        narrow.add(&info, bytes).unwrap();
        let info = TensorInfo { dtype: Dtype::F32, ..info };
        wide.add(&info, encode(&rounded, Dtype::F32)).unwrap();
    });
    [narrow, wide]
        .map(|mut tensors| TaskModel::load(&config, Task::Generation, Pooling::Mean, 0, &mut tensors).unwrap())
}

/// Bytes of the frozen matrices, and their number of values.
fn frozen(model: &TaskModel) -> (usize, usize) {
    let (mut bytes, mut values) = (0, 0);
    model.visit(&mut |weight| {
        if weight.is_frozen() && weight.shape().len() == 2 {
            (bytes, values) = (bytes + weight.bytes(), values + weight.len());
        }
    });
    (bytes, values)
}

/// Every weight by name, bit for bit.
fn weights(model: &TaskModel) -> BTreeMap<String, Vec<u32>> {
    let bits = |(name, values): (String, Vec<f32>)| (name, values.into_iter().map(f32::to_bits).collect());
    named(model).into_iter().map(bits).collect()
}

/// Every weight by name, after some steps and their losses.
fn trained(model: &mut TaskModel, file: &str, is_checkpointed: bool) -> (Vec<u32>, BTreeMap<String, Vec<u32>>) {
    let info = json(&format!("{file}.json"));
    let mut optimizer = AdamW::new(AdamWConfig::default());
    let mut losses = Vec::new();
    for step in steps_of(&info, Task::Generation, 0, &Device::flex()).into_iter().take(STEPS) {
        let (objective, mut dropout) = (Objective::default(), Dropout::off());
        let (loss, gradients) = if is_checkpointed {
            checkpointed_gradients(model, step, objective, |_| true, &mut dropout)
        } else {
            gradients(model, step, objective, |_| true, &mut dropout)
        };
        optimizer.step(model, gradients, |_| 1e-2, 1.0);
        losses.push(loss.into_scalar::<f32>().to_bits());
    }
    (losses, weights(model))
}

#[test]
fn adapters_are_trained_to_the_same_bits_in_half_the_memory() {
    for (file, folder) in MODELS {
        for (dtype, adapter) in [Dtype::F16, Dtype::BF16].into_iter().zip([AdapterKind::Lora, AdapterKind::Dora]) {
            for is_checkpointed in [false, true] {
                let spec = RecipeSpec {
                    adapter,
                    lora_r: 4,
                    target_modules: LoraTarget::ALL.to_vec(),
                    ..RecipeSpec::default()
                };
                let [mut narrow, mut wide] = pair(folder, dtype).map(|mut model| {
                    model.adapt(&LoraConfig::of(&spec).unwrap(), 0);
                    model
                });
                let found = trained(&mut narrow, file, is_checkpointed);
                assert!(found == trained(&mut wide, file, is_checkpointed), "{folder} {dtype:?} {is_checkpointed}");
                let ((half, values), (whole, _)) = (frozen(&narrow), frozen(&wide));
                assert_eq!((half, whole), (2 * values, 4 * values), "{folder}");
                let merged = [narrow, wide].map(|model| weights(&model.detached(true)));
                assert!(merged[0] == merged[1], "{folder} {dtype:?}, merged");
            }
        }
    }
}

#[test]
fn all_weights_are_trained_to_the_same_bits() {
    for (file, folder) in MODELS {
        let [narrow, wide] = pair(folder, Dtype::BF16).map(|mut model| trained(&mut model, file, true));
        assert!(narrow == wide, "{folder}");
    }
}
