//! The predictions that transformers and PEFT must reproduce, in the form that check_export.py reads.

use hone_core::generate::{Generator, Sampling};
use hone_core::inference::{Answer, EncodedPrompt, EncodedQueries, InferenceContext, Query};
use hone_core::pretrained::Pretrained;
use hone_core::train::Session;
use hone_core::usage::PromptForm;
use hone_tests::ready;
use serde_json::{Value, json};

use crate::NEW_TOKENS;

/// The best span as characters, and its probability.
pub fn best_span(question: &str, context: &str, pretrained: &Pretrained, session: &Session) -> Value {
    let query = Query::Question { question: question.into(), context: context.into() };
    let query = EncodedQueries::new(&[query], &InferenceContext::of_run(session), &pretrained.tokenizer).unwrap();
    let (mut predicted, mut answers) = (Vec::new(), None);
    while answers.is_none() {
        answers = ready(query.advance(&mut predicted, 1, session.model(), &InferenceContext::of_run(session))).unwrap();
    }
    let Some(Answer::Spans { spans, .. }) = answers.and_then(|mut answers| answers.pop()) else {
        panic!("another task's answer")
    };
    let character = |byte: u32| context[..byte as usize].chars().count();
    json!({"question": question, "context": context, "answer": [character(spans[0].start), character(spans[0].end)],
        "probability": spans[0].score})
}

/// The likeliest continuation.
pub fn likeliest_continuation(prompt: &str, pretrained: &Pretrained, session: &Session) -> Value {
    let tokenizer = &pretrained.tokenizer;
    let context = InferenceContext::of_run(session);
    let prompt_ids = EncodedPrompt::new(prompt, NEW_TOKENS as usize, &context, pretrained, f64::INFINITY).unwrap().ids;
    let sampling =
        Sampling { temperature: 0.0, repetition_penalty: 1.0, max_new_tokens: NEW_TOKENS, ..Sampling::default() };
    let mut generator = Generator::new(&prompt_ids, sampling, tokenizer.eos_ids());
    while !generator.is_over() {
        ready(generator.advance(session.model())).unwrap();
    }
    let mut ids = generator.generated().to_vec();
    let completion = tokenizer.decode(&ids).unwrap();
    if ids.len() < NEW_TOKENS as usize {
        ids.extend(tokenizer.eos_ids().first());
    }
    let prompt = match session.data().form {
        PromptForm::Chat => format!("User: {prompt}\nAssistant: "),
        _ => prompt.into(),
    };
    json!({"prompt": prompt, "prompt_ids": prompt_ids, "completion_ids": ids, "completion": completion})
}
