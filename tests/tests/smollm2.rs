//! SmolLM2, the default decoder, against transformers: from its 4-bit file to its answers.

use std::fs;

use burn::tensor::{Device, Tensor, TensorData};
use hone_core::dataset::{Message, Role};
use hone_core::model::{KvCache, LoraConfig, ModelConfig, TaskModel};
use hone_core::recipe::{LoraTarget, Pooling, Task};
use hone_core::text::{ChatTemplate, Tokenizer, conversation};
use hone_core::weights::{GgufReader, Incoming, WeightMut, Weights};
use hone_tests::{assert_close, assert_curve, golden, json, smollm2, step_of, tolerance, values};

#[test]
fn ten_answers_equal_transformers() {
    let file = smollm2();
    let mut incoming = Incoming::gguf(&Device::flex());
    incoming.push(&fs::read(file).unwrap()).unwrap();
    let (mut tensors, header) = incoming.finish().unwrap();
    let header = header.unwrap();
    let (config, files) = (header.config_json(), header.tokenizer_files().unwrap());
    let tokenizer = Tokenizer::parse(&files[0].1, 49_152).unwrap().with_eos_ids(&[&config]);
    let template = ChatTemplate::find(&files);
    let config = ModelConfig::parse(&config).unwrap();
    let model = TaskModel::load(&config, Task::Generation, Pooling::Mean, 0, &mut tensors).unwrap();

    let (info, logits) = (json("smollm2.json"), values(&golden("smollm2.safetensors")));
    let every = info["every"].as_u64().unwrap() as usize;
    for (i, answer) in info["answers"].as_array().unwrap().iter().enumerate() {
        let question = answer["question"].as_str().unwrap();
        let ids = |key: &str| serde_json::from_value::<Vec<u32>>(answer[key].clone()).unwrap();
        let messages = [Message { role: Role::User, content: question }];
        let prompt = conversation::generation_prompt(&tokenizer, template.as_ref(), &messages).unwrap();
        assert_eq!(prompt, ids("prompt"), "{question}");

        let (mut cache, mut unseen, mut generated) = (KvCache::default(), prompt, Vec::new());
        let completion = ids("completion");
        while generated.len() < completion.len() {
            let scores: Vec<f32> =
                model.base.next_token_logits(&unseen, &mut cache).into_data().try_into_vec().unwrap();
            let best = (0..).zip(&scores).max_by(|a: &(u32, _), b| f32::total_cmp(a.1, b.1)).unwrap().0;
            if generated.is_empty() {
                let some: Vec<f32> = scores.into_iter().step_by(every).collect();
                assert_close(question, &some, &logits[&format!("logits.{i}")], tolerance::TRAINING);
            }
            generated.push(best);
            unseen = vec![best];
        }
        assert_eq!(generated, completion, "{question}");
        assert_eq!(tokenizer.decode(&generated).unwrap(), answer["text"].as_str().unwrap());
    }
}

#[test]
fn each_trained_turn_follows_the_prompt_that_asks_for_it() {
    let file = smollm2();
    let mut reader = GgufReader::default();
    reader.push(&fs::read(file).unwrap(), &mut |_, _| Ok(())).unwrap();
    let header = reader.finish().unwrap();
    let files = header.tokenizer_files().unwrap();
    let tokenizer = Tokenizer::parse(&files[0].1, 49_152).unwrap().with_eos_ids(&[&header.config_json()]);
    let template = ChatTemplate::find(&files);
    let turn = |role, content| Message { role, content };
    let messages = [
        turn(Role::User, "Who are you?"),
        turn(Role::Assistant, "A parrot, 12 years old."),
        turn(Role::User, "And now?"),
        turn(Role::Assistant, "Still a parrot."),
    ];
    let turns = conversation::chat(&tokenizer, template.as_ref(), &messages).unwrap();
    let learned: Vec<String> = turns
        .target_ranges
        .iter()
        .map(|range| tokenizer.decode(&turns.ids[range.start as usize..range.end as usize]).unwrap())
        .collect();
    assert_eq!(learned, ["A parrot, 12 years old.\n", "Still a parrot.\n"]);
    for (i, range) in turns.target_ranges.iter().enumerate() {
        let prompt = conversation::generation_prompt(&tokenizer, template.as_ref(), &messages[..2 * i + 1]).unwrap();
        assert_eq!(prompt, turns.ids[..range.start as usize]);
        // The end-of-turn token is a target too, so that generation stops there.
        let end = tokenizer.eos_ids()[0];
        assert!(turns.ids[range.start as usize..range.end as usize].contains(&end));
    }
}

#[test]
fn a_few_steps_of_lora_equal_pytorchs() {
    let file = smollm2();
    let device = Device::flex();
    let mut incoming = Incoming::gguf(&device);
    incoming.push(&fs::read(file).unwrap()).unwrap();
    let (mut tensors, header) = incoming.finish().unwrap();
    let config = ModelConfig::parse(&header.unwrap().config_json()).unwrap();
    let mut model = TaskModel::load(&config, Task::Generation, Pooling::Mean, 0, &mut tensors).unwrap();
    let case = &json("smollm2.json")["lora"];
    let number = |key: &str| case[key].as_f64().unwrap();
    let targets = [LoraTarget::Query, LoraTarget::Value].into();
    let scale = number("alpha") / number("rank");
    model.adapt(&LoraConfig { rank: number("rank") as usize, scale, is_dora: false, targets }, 0);
    model.visit_mut(&mut |weight| {
        let WeightMut::Matrix(weight) = weight else { return };
        if weight.is_frozen {
            return;
        }
        // The script fills them in PEFT's order, `[out, in]`.
        let [into, out] = weight.tensor.dims();
        let values: Vec<f32> = (0..into * out).map(|i| (0.02 * f64::from(i as u32).sin()) as f32).collect();
        weight.tensor = Tensor::<2>::from_data(TensorData::new(values, [out, into]), &device).transpose();
    });
    let batches = case["batches"].as_array().unwrap();
    let count = case["loss"].as_array().unwrap().len();
    let steps = batches.iter().cycle().take(count).map(|batch| step_of(batch, Task::Generation, 0, &device));
    assert_curve(&mut model, case, &case["learning_rate"], steps);
}
