//! An export that is opened again with its head.

use std::io::Cursor;

use hone_core::generate::{Generator, Sampling};
use hone_core::hub::{SAFETENSORS, VERBATIM};
use hone_core::inference::{Answer, EncodedPrompt, EncodedQueries, InferenceContext, Query};
use hone_core::limits::MAX_TOKENIZER_BYTES;
use hone_core::model::TaskModel;
use hone_core::pretrained::{Pretrained, TunedParts};
use hone_core::recipe::Task;
use hone_core::runner::{ModelArchive, ModelFiles, ModelLoader};
use hone_core::train::Session;
use hone_tests::ready;

/// Opens the zip of a run's model.
pub fn reopened(zip: Vec<u8>, session: &Session) -> TunedParts {
    let mut archive = ModelArchive::open("model.zip", Cursor::new(zip)).unwrap();
    let mut file = |name: &str| archive.read(name, MAX_TOKENIZER_BYTES).unwrap();
    let files = ModelFiles {
        config_json: file("config.json").unwrap(),
        verbatim: VERBATIM.iter().filter_map(|name| Some(((*name).to_owned(), file(name)?))).collect(),
        ..ModelFiles::default()
    };
    let weights = file(SAFETENSORS).unwrap();
    let mut loader = ModelLoader::safetensors(files, None, session.device()).unwrap();
    loader.push(&weights).unwrap();
    loader.finish_tuned(session.recipe().spec().clone(), session.data().labels.len()).unwrap()
}

/// The numbers that a model answers a query with: probabilities, a number, or token ids.
pub fn answered(model: &TaskModel, pretrained: &Pretrained, context: InferenceContext, is_pair: bool) -> Vec<f32> {
    let [text, other] = ["w5 w9 w6 w7 w8 w12 w11", "w6 w7 w20"].map(str::to_owned);
    let query = match context.recipe.task() {
        Task::Generation => {
            let ids = EncodedPrompt::new(&text, 8, &context, pretrained, f64::INFINITY).unwrap().ids;
            let sampling = Sampling { temperature: 0.0, max_new_tokens: 8, ..Sampling::default() };
            let mut generator = Generator::new(&ids, sampling, pretrained.tokenizer.eos_ids());
            while !generator.is_over() {
                ready(generator.advance(model)).unwrap();
            }
            return generator.generated().iter().map(|&id| id as f32).collect();
        }
        Task::QuestionAnswering => Query::Question { question: other, context: text },
        _ => Query::Text { text, pair: is_pair.then_some(other) },
    };
    let query = EncodedQueries::new(&[query], &context, &pretrained.tokenizer).unwrap();
    let (mut predicted, mut answers) = (Vec::new(), None);
    while answers.is_none() {
        answers = ready(query.advance(&mut predicted, 1, model, &context)).unwrap();
    }
    match answers.and_then(|mut answers| answers.pop()) {
        Some(Answer::Classes { probabilities, .. }) => probabilities,
        Some(Answer::Labels { probabilities, thresholds }) => [probabilities, thresholds].concat(),
        Some(Answer::Number { value }) => value.into_iter().collect(),
        Some(Answer::Vector { values }) => values,
        Some(Answer::Entities { entities: spans }) => {
            spans.iter().flat_map(|span| [span.start as f32, span.end as f32, span.score]).collect()
        }
        Some(Answer::Spans { spans, no_answer, .. }) => {
            spans.iter().flat_map(|span| [span.start as f32, span.end as f32, span.score]).chain([no_answer]).collect()
        }
        other => panic!("{other:?}"),
    }
}
