//! stories260K, a real decoder, against transformers and PEFT: from text to logits, text and trained weights.

use burn::tensor::Device;
use hone_core::dataset::Example;
use hone_core::generate::Generator;
use hone_core::generate::Sampling;
use hone_core::model::{Input, TaskModel};
use hone_core::recipe::Task;
use hone_core::text::{EncodedExamples, EncodedRows, Labels, Tokenizer};
use hone_core::train::{SoftTargets, StepInput};
use hone_tests::{
    assert_close, assert_curve, assert_movement, decoder, golden, json, ready, samples, scores, stories, tolerance,
    values, with_adapter,
};
use serde_json::{Value, json as value};

/// Rows of a golden batch, and their maximum length in tokens.
const ROWS: usize = 4;
const LENGTH: usize = 96;

fn model(device: &Device) -> (TaskModel, Tokenizer) {
    let folder = stories();
    let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let tokenizer = Tokenizer::parse(&file("tokenizer.json"), 512).unwrap().with_eos_ids(&[&file("config.json")]);
    (decoder(&folder, device), tokenizer)
}

#[test]
fn logits_and_greedy_texts_equal_transformers() {
    let device = Device::flex();
    let (model, tokenizer) = model(&device);
    let expected = values(&golden("stories260k.safetensors"));
    for (i, case) in json("stories260k.json")["texts"].as_array().unwrap().iter().enumerate() {
        let [prompt, completion]: [Vec<u32>; 2] =
            ["prompt", "completion"].map(|key| serde_json::from_value(case[key].clone()).unwrap());
        let text = case["text"].as_str().unwrap();
        assert_eq!(tokenizer.encode(text, usize::MAX).unwrap(), prompt, "{text:?}");
        let batch = value!({"input_ids": [prompt], "attention_mask": [vec![1; prompt.len()]]});
        let logits = scores(&model, &batch, &device);
        assert_close(text, &logits, &expected[&format!("logits.{i}")], tolerance::LOGITS);

        let sampling = Sampling { max_new_tokens: completion.len() as u32, ..Sampling::default() };
        let mut generator = Generator::new(&prompt, sampling, tokenizer.eos_ids());
        while !generator.is_over() {
            ready(generator.advance(&model)).unwrap();
        }
        assert_eq!(generator.generated(), completion, "{text:?}");
        let whole = tokenizer.decode(&[&prompt, generator.generated()].concat()).unwrap();
        assert_eq!(format!("<s> {whole}"), case["continued"].as_str().unwrap());
    }
}

/// The golden rows of a task, picked from all prompts and completions of its data and encoded.
fn examples(tokenizer: &Tokenizer, case: &Value, all: &[(String, String)]) -> EncodedExamples {
    let golden = case["rows"].as_array().unwrap();
    let mut rows = EncodedRows::new(Task::Generation);
    for row in golden {
        let (prompt, completion) = &all[row["index"].as_u64().unwrap() as usize];
        rows.push(tokenizer, None, 0, &Example::Completion { prompt, completion }).unwrap();
    }
    let (examples, cut) = rows.cut(tokenizer, LENGTH, 0).unwrap();
    assert_eq!((cut.shortened, cut.skipped), (0, 0));
    let Labels::Continuations { target_ranges, .. } = &examples.labels else { panic!("continuations") };
    let found: Vec<_> = target_ranges
        .iter()
        .map(|target_ranges| (u64::from(target_ranges[0].start), target_ranges[0].len() as u64))
        .collect();
    let size = |row: &Value, key: &str| row[key].as_u64().unwrap();
    let sizes: Vec<_> = golden.iter().map(|row| (size(row, "prompt_tokens"), size(row, "completion_tokens"))).collect();
    assert_eq!(found, sizes);
    examples
}

/// Trains all weights and then LoRA, as the golden script does.
fn assert_task(task: &str, all: &[(String, String)]) {
    let device = Device::flex();
    let (mut model, tokenizer) = model(&device);
    let info = json("stories260k.json");
    let case = &info[task];
    let examples = examples(&tokenizer, case, all);
    let step = |rows: &[u32]| {
        let input = Input::new(&examples.batch(rows, ROWS, LENGTH, tokenizer.pad_id()), &device);
        StepInput::new(input, &SoftTargets::uniform(0), &examples, rows, rows)
    };
    let rows: Vec<u32> = (0..examples.len() as u32).collect();
    let steps = || (0..5).flat_map(|_| rows.chunks(ROWS)).map(step);
    let recipe = serde_json::from_value(case["lora"]["recipe"].clone()).unwrap();
    let mut adapted = with_adapter(model.clone(), &recipe, "stories260k_adapter.safetensors", "");
    assert_curve(&mut adapted, &case["lora"], &case["lora"]["learning_rate"], steps());
    let start = model.clone();
    assert_curve(&mut model, &case["all"], &info["learning_rate"], steps());
    assert_movement(&start, &model, &format!("{task}.final"), &values(&golden("stories260k.safetensors")));
}

/// The lines of a sample.
fn lines(name: &str) -> Vec<String> {
    std::fs::read_to_string(samples().join(name)).unwrap().lines().map(String::from).collect()
}

#[test]
fn translation_is_learned_as_with_pytorch() {
    // Only rows without quotes are used, so that no CSV reader is needed.
    let pair = |line: &String| {
        let (english, french) = line.split_once(',').unwrap();
        (format!("English: {english}\nFrench: "), french.to_owned())
    };
    assert_task("translation", &lines("messages.csv").iter().map(pair).collect::<Vec<_>>());
}

#[test]
fn dictionary_questions_are_learned_as_with_pytorch() {
    let pair = |line: &String| {
        let row: Value = serde_json::from_str(line).unwrap();
        let [question, answer] = [0, 1].map(|turn| row["messages"][turn]["content"].as_str().unwrap().to_owned());
        (format!("{question}\n"), answer)
    };
    assert_task("dictionary", &lines("dictionary.jsonl").iter().map(pair).collect::<Vec<_>>());
}
