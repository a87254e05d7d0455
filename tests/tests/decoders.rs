//! Decoders against transformers and PEFT.

use std::collections::HashMap;
use std::iter;

use burn::tensor::Device;
use hone_core::generate::Generator;
use hone_core::generate::Sampling;
use hone_core::limits::MAX_PROMPT_PIECE;
use hone_core::model::{KvCache, TaskModel};
use hone_core::recipe::Task;
use hone_core::text::{EncodedExamples, EncodedTexts, Labels};
use hone_core::train::{RowLoss, StepInput, predict};
use hone_tests::{
    assert_close, assert_curve, assert_gradients, assert_movement, decoder, file_name, golden, input, json, of_tokens,
    peft_name, ready, scores, step_of, steps_of, tolerance, values, with_adapter,
};
use serde_json::{Value, json as value};

/// A micro model: the golden file with its values, its name there, and its folder.
#[derive(Clone, Copy)]
struct Micro {
    file: &'static str,
    name: &'static str,
    folder: &'static str,
}

/// A relative of Llama.
const fn relative(name: &'static str, folder: &'static str) -> Micro {
    Micro { file: "decoder_families", name, folder }
}

const fn micro_of(file: &'static str, name: &'static str) -> Micro {
    Micro { file, name, folder: name }
}

const RELATIVES: [Micro; 7] = [
    relative("llama3", "micro_llama3"),
    relative("mistral", "micro_mistral"),
    relative("qwen2", "micro_qwen2"),
    relative("qwen3", "micro_qwen3"),
    relative("smollm3", "micro_smollm3"),
    relative("granite", "micro_granite"),
    relative("gemma3", "micro_gemma3"),
];

fn all() -> impl Iterator<Item = Micro> {
    let own = [("llama", "micro_llama"), ("llama", "micro_llama_untied"), ("gpt2", "micro_gpt2")];
    own.map(|(file, name)| micro_of(file, name)).into_iter().chain(RELATIVES)
}

fn tensors(file: &str) -> HashMap<String, Vec<f32>> {
    values(&golden(&format!("{file}.safetensors")))
}

fn micro(folder: &str, device: &Device) -> TaskModel {
    decoder(&golden(folder), device)
}

fn step(batch: &Value) -> StepInput {
    step_of(batch, Task::Generation, 0, &Device::flex())
}

fn steps(info: &Value) -> Vec<StepInput> {
    steps_of(info, Task::Generation, 0, &Device::flex())
}

/// The shortest row of a batch, without padding.
fn shortest(batch: &Value) -> Value {
    let sum = |mask: &Value| mask.as_array().unwrap().iter().filter(|group| **group == value!(1)).count();
    let masks = batch["attention_mask"].as_array().unwrap();
    let row = (0..masks.len()).min_by_key(|&row| sum(&masks[row])).unwrap();
    let alone = |key: &str| value!([batch[key][row].as_array().unwrap()[..sum(&masks[row])]]);
    value!({"input_ids": alone("input_ids"), "attention_mask": alone("attention_mask")})
}

#[test]
fn logits_equal_transformers() {
    let device = Device::flex();
    for Micro { file, name, folder } in all() {
        let (batch, expected) = (&json(&format!("{file}.json"))["batches"][0], tensors(file));
        let model = micro(folder, &device);
        let logits = of_tokens(batch, &scores(&model, batch, &device));
        assert_close(name, &logits, &of_tokens(batch, &expected[&format!("{name}.logits")]), tolerance::LOGITS);
        let alone = scores(&model, &shortest(batch), &device);
        assert_close(name, &alone, &expected[&format!("{name}.alone.logits")], tolerance::LOGITS);
    }
}

#[test]
fn gradients_equal_pytorchs() {
    let device = Device::flex();
    for Micro { file, name, folder } in all() {
        let batch = &json(&format!("{file}.json"))["batches"][0];
        assert_gradients(&micro(folder, &device), step(batch), &format!("{name}.grad"), file_name, &tensors(file));
    }
}

#[test]
fn twenty_steps_equal_pytorchs() {
    let device = Device::flex();
    for Micro { file, name, folder } in all() {
        let (info, expected) = (json(&format!("{file}.json")), tensors(file));
        for case in ["all", "layers"] {
            let mut model = micro(folder, &device);
            let start = model.clone();
            assert_curve(&mut model, &info[name][case], &info["learning_rate"], steps(&info));
            assert_movement(&start, &model, &format!("{name}.{case}.final"), &expected);
        }
    }
}

#[test]
fn adapters_equal_pefts() {
    let device = Device::flex();
    let own = [micro_of("llama", "micro_llama"), micro_of("gpt2", "micro_gpt2")];
    let own = own.map(|micro| (micro, format!("{}_adapter.safetensors", micro.file), String::new()));
    let relatives =
        RELATIVES.map(|micro| (micro, "decoder_families_adapters.safetensors".into(), format!("{}.", micro.name)));
    for (Micro { file, name, folder }, adapter, prefix) in own.into_iter().chain(relatives) {
        let (info, expected) = (json(&format!("{file}.json")), tensors(file));
        let case = if prefix.is_empty() { &info["lora"] } else { &info[name]["lora"] };
        let batch = &info["batches"][0];
        let recipe = serde_json::from_value(case["recipe"].clone()).unwrap();
        let mut model = with_adapter(micro(folder, &device), &recipe, &adapter, &prefix);
        let logits = of_tokens(batch, &expected[&format!("{prefix}lora.logits")]);
        for (what, model) in [("unmerged", model.clone()), ("merged", model.detached(true))] {
            let found = of_tokens(batch, &scores(&model, batch, &device));
            assert_close(&format!("{name}, {what}"), &found, &logits, tolerance::LOGITS);
        }
        assert_gradients(&model, step(batch), &format!("{prefix}lora.grad"), peft_name, &expected);
        assert_curve(&mut model, case, &case["learning_rate"], steps(&info));
    }
}

/// The greedy continuation of a prompt.
fn greedy(model: &TaskModel, prompt: &[u32], tokens: usize) -> Vec<u32> {
    let mut generator = Generator::new(prompt, Sampling { max_new_tokens: tokens as u32, ..Sampling::default() }, &[]);
    while !generator.is_over() {
        ready(generator.advance(model)).unwrap();
    }
    generator.generated().to_vec()
}

#[test]
fn greedy_continuations_equal_transformers() {
    let device = Device::flex();
    for Micro { file, name, folder } in all() {
        let model = micro(folder, &device);
        for case in json(&format!("{file}.json"))[name]["greedy"].as_array().unwrap() {
            let [prompt, completion]: [Vec<u32>; 2] =
                ["prompt", "completion"].map(|key| serde_json::from_value(case[key].clone()).unwrap());
            assert_eq!(greedy(&model, &prompt, completion.len()), completion, "{name} after {prompt:?}");
        }
    }
}

#[test]
fn the_kv_cache_gives_the_logits_of_the_whole_text() {
    let device = Device::flex();
    for Micro { file, name, folder } in all() {
        let (model, batch) = (micro(folder, &device), shortest(&json(&format!("{file}.json"))["batches"][2]));
        let ids: Vec<u32> = serde_json::from_value(batch["input_ids"][0].clone()).unwrap();
        let whole = scores(&model, &batch, &device);
        let vocab = whole.len() / ids.len();
        // Three tokens, then one, then the rest.
        let mut cache = KvCache::default();
        for tokens in [0..3, 3..4, 4..ids.len()] {
            let end = tokens.end;
            let scores: Vec<f32> =
                model.base.next_token_logits(&ids[tokens], &mut cache).into_data().try_into_vec().unwrap();
            assert_close(name, &scores, &whole[(end - 1) * vocab..end * vocab], tolerance::LOGITS);
            assert_eq!(cache.tokens(), end);
        }
    }
}

#[test]
fn a_prompt_read_in_chunks_gives_the_logits_of_the_whole_prompt() {
    let (device, pieces) = (Device::flex(), 3);
    let model = micro("micro_llama", &device);
    let prompt: Vec<u32> = (0..(pieces - 1) * MAX_PROMPT_PIECE as u32 + 5).map(|i| 1 + (i * i + i / 7) % 63).collect();
    let mut generator = Generator::new(&prompt, Sampling { max_new_tokens: 3, ..Sampling::default() }, &[]);
    for _ in 1..pieces {
        ready(generator.advance(&model)).unwrap();
        assert!(generator.is_reading_prompt() && generator.generated().is_empty());
    }
    let mut whole = prompt;
    for _ in 0..3 {
        ready(generator.advance(&model)).unwrap();
        let scores = model.base.next_token_logits(&whole, &mut KvCache::default());
        whole.push(scores.argmax(1).into_data().iter::<u32>().next().unwrap());
    }
    assert!(generator.is_over() && !generator.is_reading_prompt());
    assert_eq!(generator.generated(), &whole[whole.len() - 3..]);
}

#[test]
fn predicted_losses_equal_those_of_the_logits() {
    let (device, info) = (Device::flex(), json("llama.json"));
    let model = micro("micro_llama", &device);
    // More tokens than are evaluated in one chunk.
    let batches = &info["batches"].as_array().unwrap()[..16];
    let column = |key: &str| batches.iter().flat_map(|batch| batch[key].as_array().unwrap().clone()).collect::<Value>();
    let batch = value!({"input_ids": column("input_ids"), "attention_mask": column("attention_mask")});
    let ids: Vec<Vec<u32>> = serde_json::from_value(batch["input_ids"].clone()).unwrap();
    let mask: Vec<Vec<u32>> = serde_json::from_value(batch["attention_mask"].clone()).unwrap();
    let tokens = |row: usize| mask[row].iter().sum::<u32>();
    let mut texts = EncodedTexts::default();
    ids.iter().for_each(|ids| texts.push(ids));
    let target_ranges: Vec<Box<[_]>> = (0..ids.len()).map(|row| iter::once(1..tokens(row)).collect()).collect();
    let labels = Labels::Continuations { target_ranges, references: Vec::new() };
    let examples = EncodedExamples { texts, labels };
    let rows: Vec<u32> = (0..ids.len() as u32).collect();
    assert!(examples.target_tokens(&rows) > 300);
    let predicted = ready(predict(&model, input(&batch, &device), &examples, &rows)).unwrap();

    let logits = scores(&model, &batch, &device);
    let (len, vocab) = (ids[0].len(), 64);
    let log = |group: usize, id: u32| {
        let logits = &logits[group * vocab..][..vocab];
        f64::from(logits[id as usize]) - logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln()
    };
    for (row, prediction) in predicted.iter().enumerate() {
        let expected: f64 = (1..tokens(row) as usize).map(|at| -log(row * len + at - 1, ids[row][at])).sum();
        let RowLoss { sum: loss, weight } = prediction.loss(&examples.labels, row);
        assert!((loss - expected).abs() < 1e-4 && weight == f64::from(tokens(row) - 1), "{row}: {loss} {expected}");
    }
}
