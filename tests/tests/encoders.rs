//! DistilBERT, RoBERTa and its relatives, ELECTRA and ModernBERT against transformers.

use burn::tensor::Device;
use hone_core::model::{Dropout, FrozenPrefix, HiddenStates, TaskModel};
use hone_core::recipe::{Pooling, Task};
use hone_tests::{
    assert_close, assert_curve, assert_gradients, assert_movement, file_name, golden, input, json, of_tokens, scores,
    step_of, steps_of, task_model, tolerance, values,
};

const FAMILIES: [&str; 6] = ["distilbert", "roberta", "xlm_roberta", "camembert", "electra", "modernbert"];
const POOLINGS: [(&str, Pooling); 2] = [("cls", Pooling::Cls), ("mean", Pooling::Mean)];
const CLASSES: usize = 3;

fn micro(family: &str, name: &str, pooling: Pooling) -> TaskModel {
    let (head, prefix) = (format!("{family}.safetensors"), format!("{name}."));
    let folder = golden(&format!("micro_{family}"));
    task_model(&folder, Some((&head, &prefix)), Task::Classification, pooling, CLASSES, &Device::flex())
}

#[test]
fn vectors_equal_transformers() {
    let device = Device::flex();
    for family in FAMILIES {
        let batch = &json(&format!("{family}.json"))["batches"][0];
        let expected = values(&golden(&format!("{family}.safetensors")));
        let model = micro(family, "mean", Pooling::Mean);
        let layers = FrozenPrefix::Layers(model.base.layers());
        let HiddenStates::Tokens(_, tokens) =
            model.forward_to(input(batch, &device), layers, &mut Dropout::off()).hidden
        else {
            panic!("the tokens' vectors")
        };
        let tokens = of_tokens(batch, &tokens.into_data().try_into_vec::<f32>().unwrap());
        assert_close(family, &tokens, &of_tokens(batch, &expected["last_hidden_state"]), tolerance::LOGITS);
        let mean = model.sentence(input(batch, &device), &mut Dropout::off()).into_data().try_into_vec().unwrap();
        assert_close(family, &mean, &expected["mean.vectors"], tolerance::LOGITS);
    }
}

#[test]
fn classifiers_equal_transformers() {
    let device = Device::flex();
    for family in FAMILIES {
        let info = json(&format!("{family}.json"));
        let expected = values(&golden(&format!("{family}.safetensors")));
        for (name, pooling) in POOLINGS {
            let mut model = micro(family, name, pooling);
            let batch = &info["batches"][0];
            let logits = scores(&model, batch, &device);
            assert_close(family, &logits, &expected[&format!("{name}.logits")], tolerance::LOGITS);
            let step = step_of(batch, Task::Classification, CLASSES, &device);
            assert_gradients(&model, step, &format!("{name}.grad"), file_name, &expected);
            let steps = steps_of(&info, Task::Classification, CLASSES, &device);
            let start = model.clone();
            assert_curve(&mut model, &info[name], &info["learning_rate"], steps);
            assert_movement(&start, &model, &format!("{name}.final"), &expected);
        }
    }
}
