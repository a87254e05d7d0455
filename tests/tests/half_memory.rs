//! The memory of LoRA on a decoder of SmolLM2-135M's shape whose file has 16 bits, next to the estimate of it.

use burn::tensor::Device;
use hone_core::dataset::Example;
use hone_core::model::{ModelConfig, TaskModel};
use hone_core::recipe::{AdapterKind, Pooling, Recipe, RecipeSpec, RowFacts, Task};
use hone_core::text::{EncodedExamples, EncodedRows, Tokenizer};
use hone_core::train::{Session, TrainingData};
use hone_core::weights::{Dtype, TensorInfo, Tensors};
use hone_tests::{CountingAllocator, peak_memory, take_steps, word_tokenizer};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const CONFIG: &str = r#"{"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
    "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "max_position_embeddings": 2048,
    "tie_word_embeddings": true, "hidden_act": "silu"}"#;
const LENGTH: u32 = 128;
/// Number of values after which those of a weight repeat.
const PERIOD: usize = 128;

/// A model of small values, as a file of type `dtype` would give it.
fn model(dtype: Dtype) -> TaskModel {
    let config = ModelConfig::parse(CONFIG.as_bytes()).unwrap();
    let mut tensors = Tensors::new(config.family(), &Device::flex());
    let mut add = |name: String, shape: &[usize]| {
        let values = shape.iter().product::<usize>();
        // Less than 0.02, in bfloat16 or as the upper half of 32 bits.
        let halves = (0..PERIOD).map(|i| 0x3c00u16 + (i * 7919 % PERIOD) as u16 + 0x8000 * (i % 2) as u16);
        let period: Vec<u8> = match dtype {
            Dtype::BF16 => halves.flat_map(u16::to_le_bytes).collect(),
            _ => halves.flat_map(|half| (u32::from(half) << 16).to_le_bytes()).collect(),
        };
        let mut bytes = period.repeat(values.div_ceil(PERIOD));
        bytes.truncate(values * period.len() / PERIOD);
        let info = TensorInfo { name, dtype, shape: shape.to_vec(), bytes: 0..bytes.len() as u64 };
        tensors.add(&info, bytes).unwrap();
    };
    add("model.embed_tokens.weight".into(), &[49_152, 576]);
    add("model.norm.weight".into(), &[576]);
    for layer in 0..30 {
        let mut of_layer = |name: &str, shape: &[usize]| add(format!("model.layers.{layer}.{name}.weight"), shape);
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            of_layer(norm, &[576]);
        }
        for (name, outputs) in [("q_proj", 576), ("k_proj", 192), ("v_proj", 192), ("o_proj", 576)] {
            of_layer(&format!("self_attn.{name}"), &[outputs, 576]);
        }
        for (name, shape) in [("gate_proj", [1536, 576]), ("up_proj", [1536, 576]), ("down_proj", [576, 1536])] {
            of_layer(&format!("mlp.{name}"), &shape);
        }
    }
    TaskModel::load(&config, Task::Generation, Pooling::Mean, 0, &mut tensors).unwrap()
}

fn rows(tokenizer: &Tokenizer) -> EncodedExamples {
    let mut rows = EncodedRows::new(Task::Generation);
    let completion = "a b ".repeat(LENGTH as usize / 2 - 4);
    for _ in 0..2 {
        rows.push(tokenizer, None, 0, &Example::Completion { prompt: "a b", completion: completion.trim() }).unwrap();
    }
    rows.cut(tokenizer, LENGTH as usize, 0).unwrap().0
}

/// Peak of a step with everything before them, and the estimate, in bytes.
fn measured(dtype: Dtype, gradient_checkpointing: bool) -> (f64, f64) {
    let tokenizer = word_tokenizer(&["a", "b"], false);
    let (estimate, peak) = peak_memory(|| {
        let model = model(dtype);
        let spec = RecipeSpec {
            task: Task::Generation,
            batch_size: Some(1),
            epochs: Some(1),
            max_length: Some(LENGTH),
            adapter: AdapterKind::Lora,
            lora_r: 8,
            gradient_checkpointing,
            ..RecipeSpec::default()
        };
        let facts = RowFacts { suggested_len: LENGTH, ..RowFacts::default() };
        let recipe = Recipe::new(spec, &model.base.facts(2048, Pooling::Mean, facts)).unwrap();
        let data = TrainingData {
            train: rows(&tokenizer),
            validation: rows(&tokenizer),
            tokenizer: Some(tokenizer.into()),
            ..TrainingData::default()
        };
        let mut session = Session::new(recipe, model, data, &Device::flex());
        let estimate = session.memory_bytes();
        take_steps(&mut session, 1);
        estimate
    });
    (peak as f64, estimate)
}

#[test]
fn sixteen_bits_save_memory_and_the_estimate_knows_it() {
    for gradient_checkpointing in [true, false] {
        let [(narrow, estimate), (wide, _)] =
            [Dtype::BF16, Dtype::F32].map(|dtype| measured(dtype, gradient_checkpointing));
        println!(
            "gradient_checkpointing {gradient_checkpointing}: {:.0} MB in 16 bits (estimated {:.0}), {:.0} MB in 32",
            narrow / 1e6,
            estimate / 1e6,
            wide / 1e6
        );
        // Half the weights, without the one that a product widens.
        assert!(narrow < wide - 1.2e8, "{narrow} and {wide}");
        assert!((narrow / estimate - 1.0).abs() < 0.15, "{narrow}, estimated {estimate}");
    }
}
