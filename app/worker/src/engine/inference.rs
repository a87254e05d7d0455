//! Queries to the base model and the tuned model.

use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Generator;
use hone_core::inference::{Answer, EncodedPrompt, EncodedQuery, Query};
use hone_core::protocol::{Event, RequestId};
use hone_core::train::Prediction;

use crate::engine::Engine;
use crate::errors;
use crate::mailbox::{answer, report};

/// Upper bound on the seconds of a window or of a piece of a prompt, compilation included. It is announced, so that the
/// page does not mistake the silence for a hang.
const BATCH_SECONDS: f64 = 120.0;

/// A query under way.
pub struct Inference {
    request: RequestId,
    stage: Stage,
}

enum Stage {
    Predicting(WindowedPrediction),
    Generating(PairedGeneration),
}

/// A prediction for a text, with a long passage in windows: first by the base model, then by the tuned one.
struct WindowedPrediction {
    query: EncodedQuery,
    /// Predictions of the current model for the windows so far.
    predictions: Vec<Prediction>,
    base: Option<Answer>,
}

/// Texts that both models generate side by side, the base model's first.
struct PairedGeneration {
    generators: [Generator; 2],
    /// Tokens of the prompt.
    tokens: u32,
    truncated: bool,
}

/// Starts a query and gives up an earlier one.
pub fn predict(engine: &mut Engine, request: RequestId, query: Query) {
    engine.inference = None;
    match begin(engine, query) {
        Ok(stage) => engine.inference = Some(Inference { request, stage }),
        Err(diagnostic) => answer(request, &Event::PredictFailed { diagnostic }),
    }
}

fn begin(engine: &Engine, query: Query) -> Result<Stage, Diagnostic> {
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else {
        return Err(Diagnostic::new("inference.no-run", "There is no tuned model yet.").remedy("Start a run first."));
    };
    let (session, pretrained) = (&run.session, &model.pretrained);
    let Query::Prompt { prompt, sampling } = query else {
        let query = EncodedQuery::new(&query, session, &pretrained.tokenizer)?;
        return Ok(Stage::Predicting(WindowedPrediction { query, predictions: Vec::new(), base: None }));
    };
    let new_tokens = sampling.max_new_tokens as usize;
    let EncodedPrompt { ids, is_cut } =
        EncodedPrompt::new(&prompt, new_tokens, session, pretrained, engine.free_bytes())?;
    let generators = [(); 2].map(|()| Generator::new(&ids, sampling, pretrained.tokenizer.eos_ids()));
    Ok(Stage::Generating(PairedGeneration { generators, tokens: ids.len() as u32, truncated: is_cut }))
}

/// Ends the query under way; text generated so far is kept.
pub fn stop(engine: &mut Engine) {
    match engine.inference.take() {
        Some(Inference { request, stage: Stage::Generating(generation) }) => send(engine, request, &generation, true),
        Some(Inference { request, stage: Stage::Predicting(_) }) => {
            let diagnostic = Diagnostic::new("inference.given-up", "The query was given up for something else.")
                .remedy("Ask it again.");
            answer(request, &Event::PredictFailed { diagnostic });
        }
        None => {}
    }
}

/// Predicts the next window, or generates the next token of both models. Returns false if there is no query.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(Inference { request, stage }) = engine.inference.take() else { return false };
    errors::clear();
    let advanced = match stage {
        Stage::Predicting(prediction) => advance_prediction(engine, request, prediction).await,
        Stage::Generating(generation) => advance_generation(engine, request, generation).await,
    };
    match advanced {
        Ok(stage) => engine.inference = stage.map(|stage| Inference { request, stage }),
        Err(diagnostic) => answer(request, &Event::PredictFailed { diagnostic }),
    }
    true
}

async fn advance_prediction(
    engine: &Engine,
    request: RequestId,
    mut prediction: WindowedPrediction,
) -> Result<Option<Stage>, Diagnostic> {
    let Some(run) = &engine.run else { return Ok(None) };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    let session = &run.session;
    let model = if prediction.base.is_none() { session.base() } else { session.model() };
    let advanced = prediction.query.advance(&mut prediction.predictions, model, session).await;
    let Some(finished) = errors::checked(advanced)? else { return Ok(Some(Stage::Predicting(prediction))) };
    let Some(base) = prediction.base else {
        return Ok(Some(Stage::Predicting(WindowedPrediction { base: Some(finished), ..prediction })));
    };
    let labels = session.data().labels.clone();
    let (tokens, truncated) = (prediction.query.tokens as u32, prediction.query.is_cut);
    answer(request, &Event::Predicted { labels, base, tuned: finished, tokens, truncated });
    Ok(None)
}

async fn advance_generation(
    engine: &Engine,
    request: RequestId,
    mut generation: PairedGeneration,
) -> Result<Option<Stage>, Diagnostic> {
    let Some(run) = &engine.run else { return Ok(None) };
    if generation.generators.iter().any(Generator::is_reading_prompt) {
        report(&Event::Busy { seconds: BATCH_SECONDS });
    }
    for (generator, model) in generation.generators.iter_mut().zip([run.session.base(), run.session.model()]) {
        errors::checked(generator.advance(model).await)?;
    }
    if !generation.generators.iter().any(Generator::is_reading_prompt) {
        send(engine, request, &generation, false);
    }
    let is_over = generation.generators.iter().all(Generator::is_over);
    Ok((!is_over).then_some(Stage::Generating(generation)))
}

/// Sends the texts generated so far.
fn send(engine: &Engine, request: RequestId, generation: &PairedGeneration, is_stopped: bool) {
    let Some(model) = &engine.model else { return };
    let [base, tuned] = generation.generators.each_ref().map(|generator| Answer::Generated {
        text: model.pretrained.tokenizer.decode(generator.generated()).unwrap_or_default(),
        is_over: is_stopped || generator.is_over(),
    });
    let PairedGeneration { tokens, truncated, .. } = *generation;
    answer(request, &Event::Predicted { labels: Vec::new(), base, tuned, tokens, truncated });
}
