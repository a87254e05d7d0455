//! Queries to the base and the tuned model of the last run, or to a kept model that is open.

use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Generator;
use hone_core::inference::{Answer, EncodedPrompt, EncodedQueries, InferenceContext, Query};
use hone_core::model::TaskModel;
use hone_core::pretrained::Pretrained;
use hone_core::protocol::{Event, RequestId};
use hone_core::text::without_empty_thought;
use hone_core::train::Prediction;

use crate::engine::Engine;
use crate::errors;
use crate::mailbox::{answer, report};

/// Upper bound on the seconds of a window or of a piece of a prompt, compilation included. It is announced, so that the
/// page does not mistake the silence for a hang.
pub const BATCH_SECONDS: f64 = 120.0;

/// Most validation texts that are searched.
const MAX_TEXTS: usize = 500;

/// A query under way.
pub struct Inference {
    asked: Asked,
    stage: Stage,
}

/// The request, and the model that it asks.
pub struct Asked {
    /// The request.
    pub request: RequestId,
    /// `id` of the open model; the last run's models if absent.
    pub tuned: Option<String>,
}

/// The models that answer a query.
pub struct Models<'a> {
    /// The last run's base model; none if a kept model answers.
    base: Option<&'a TaskModel>,
    /// The tuned model.
    pub tuned: &'a TaskModel,
    /// Its tokenizer and configuration.
    pub pretrained: &'a Pretrained,
    /// The facts that queries to it depend on.
    pub context: InferenceContext<'a>,
}

enum Stage {
    Predicting(WindowedPrediction),
    Generating(PairedGeneration),
}

/// A prediction for a text, with a long passage in windows: first by the base model if there is one, then by the tuned
/// one.
struct WindowedPrediction {
    query: EncodedQueries,
    /// Windows or texts that are predicted at a time.
    batch_size: usize,
    /// Predictions of the current model for the windows so far.
    predictions: Vec<Prediction>,
    base: Option<Answer>,
}

/// Texts that the models generate side by side, the tuned model's first.
struct PairedGeneration {
    generators: Vec<Generator>,
    /// Tokens of the prompt.
    tokens: u32,
    truncated: bool,
}

/// Starts a query and gives up an earlier one.
pub fn predict(engine: &mut Engine, request: RequestId, query: Query, tuned: Option<String>) {
    engine.inference = None;
    let asked = Asked { request, tuned };
    match begin(engine, &asked, query) {
        Ok(stage) => engine.inference = Some(Inference { asked, stage }),
        Err(diagnostic) => answer(request, &Event::PredictFailed { diagnostic }),
    }
}

impl Asked {
    /// The models that answer.
    ///
    /// # Errors
    /// If there is no such model any more.
    pub fn models<'a>(&self, engine: &'a Engine) -> Result<Models<'a>, Diagnostic> {
        if let Some(id) = &self.tuned {
            let open = engine.tuned.iter().find(|tuned| tuned.about.id == *id);
            let (Some(open), Some(chosen)) = (open, &engine.device) else {
                return Err(
                    Diagnostic::new("inference.closed", "This model is no longer open.").remedy("Open it again.")
                );
            };
            let (tuned, pretrained) = (&open.parts.model, &open.parts.pretrained);
            return Ok(Models { base: None, tuned, pretrained, context: open.context(chosen) });
        }
        let (Some(run), Some(model)) = (&engine.run, &engine.model) else {
            let diagnostic = Diagnostic::new("inference.no-run", "There is no tuned model yet.");
            return Err(diagnostic.remedy("Start a run first."));
        };
        let (base, tuned) = (Some(run.session.base()), run.session.model());
        let context = InferenceContext::of_run(&run.session);
        Ok(Models { base, tuned, pretrained: &model.pretrained, context })
    }
}

fn begin(engine: &Engine, asked: &Asked, query: Query) -> Result<Stage, Diagnostic> {
    let Models { base, pretrained, context, .. } = asked.models(engine)?;
    let query = with_validation_texts(engine, asked, query)?;
    let Query::Prompt { prompt, sampling } = query else {
        // The texts of a search are short and many.
        let batch_size = if matches!(query, Query::Search { .. }) { 16 } else { 1 };
        let query = EncodedQueries::new(&[query], &context, &pretrained.tokenizer)?;
        return Ok(Stage::Predicting(WindowedPrediction { query, batch_size, predictions: Vec::new(), base: None }));
    };
    let new_tokens = sampling.max_new_tokens as usize;
    let EncodedPrompt { ids, is_cut } =
        EncodedPrompt::new(&prompt, new_tokens, &context, pretrained, engine.free_bytes())?;
    let generator = || Generator::new(&ids, sampling, pretrained.tokenizer.eos_ids());
    let generators = std::iter::once(generator()).chain(base.map(|_| generator())).collect();
    Ok(Stage::Generating(PairedGeneration { generators, tokens: ids.len() as u32, truncated: is_cut }))
}

/// A search without texts searches those of the run's validation rows.
fn with_validation_texts(engine: &Engine, asked: &Asked, query: Query) -> Result<Query, Diagnostic> {
    let Query::Search { query, texts } = query else { return Ok(query) };
    if !texts.is_empty() {
        return Ok(Query::Search { query, texts });
    }
    let dataset = engine.run.as_ref().filter(|_| asked.tuned.is_none()).map(|run| &run.dataset);
    let texts = dataset.map(|dataset| dataset.searched_texts(MAX_TEXTS)).unwrap_or_default();
    if texts.is_empty() {
        return Err(Diagnostic::new("inference.no-texts", "There are no texts to search.")
            .remedy("Enter some, one on each line."));
    }
    Ok(Query::Search { query, texts })
}

/// Ends the query under way; text generated so far is kept.
pub fn stop(engine: &mut Engine) {
    match engine.inference.take() {
        Some(Inference { asked, stage: Stage::Generating(generation) }) => {
            // A model that is gone has nothing more to say.
            let _ = send(engine, &asked, &generation, true);
        }
        Some(Inference { asked, stage: Stage::Predicting(_) }) => {
            let diagnostic = Diagnostic::new("inference.given-up", "The query was given up for something else.")
                .remedy("Ask it again.");
            answer(asked.request, &Event::PredictFailed { diagnostic });
        }
        None => {}
    }
}

/// Predicts the next window, or generates the next token of each model. Returns false if there is no query.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(Inference { asked, stage }) = engine.inference.take() else { return false };
    errors::clear();
    let advanced = match stage {
        Stage::Predicting(prediction) => advance_prediction(engine, &asked, prediction).await,
        Stage::Generating(generation) => advance_generation(engine, &asked, generation).await,
    };
    match advanced {
        Ok(stage) => engine.inference = stage.map(|stage| Inference { asked, stage }),
        Err(diagnostic) => answer(asked.request, &Event::PredictFailed { diagnostic }),
    }
    true
}

async fn advance_prediction(
    engine: &Engine,
    asked: &Asked,
    mut prediction: WindowedPrediction,
) -> Result<Option<Stage>, Diagnostic> {
    let Models { base, tuned, context, .. } = asked.models(engine)?;
    report(&Event::Busy { seconds: BATCH_SECONDS });
    let waiting_base = base.filter(|_| prediction.base.is_none());
    let model = waiting_base.unwrap_or(tuned);
    let of_model = if waiting_base.is_some() { context.of_base() } else { context };
    let batch_size = prediction.batch_size;
    let advanced = prediction.query.advance(&mut prediction.predictions, batch_size, model, &of_model).await;
    let Some(finished) = errors::checked(advanced)?.and_then(|answers| answers.into_iter().next()) else {
        return Ok(Some(Stage::Predicting(prediction)));
    };
    if waiting_base.is_some() {
        return Ok(Some(Stage::Predicting(WindowedPrediction { base: Some(finished), ..prediction })));
    }
    let labels = context.labels.to_vec();
    let (tokens, truncated) = (prediction.query.tokens as u32, prediction.query.cut > 0);
    answer(asked.request, &Event::Predicted { labels, base: prediction.base, tuned: finished, tokens, truncated });
    Ok(None)
}

async fn advance_generation(
    engine: &Engine,
    asked: &Asked,
    mut generation: PairedGeneration,
) -> Result<Option<Stage>, Diagnostic> {
    let Models { base, tuned, .. } = asked.models(engine)?;
    if generation.generators.iter().any(Generator::is_reading_prompt) {
        report(&Event::Busy { seconds: BATCH_SECONDS });
    }
    for (generator, model) in generation.generators.iter_mut().zip(std::iter::once(tuned).chain(base)) {
        errors::checked(generator.advance(model).await)?;
    }
    if !generation.generators.iter().any(Generator::is_reading_prompt) {
        send(engine, asked, &generation, false)?;
    }
    let is_over = generation.generators.iter().all(Generator::is_over);
    Ok((!is_over).then_some(Stage::Generating(generation)))
}

/// Sends the texts generated so far.
fn send(engine: &Engine, asked: &Asked, generation: &PairedGeneration, is_stopped: bool) -> Result<(), Diagnostic> {
    let tokenizer = &asked.models(engine)?.pretrained.tokenizer;
    let mut texts = generation.generators.iter().map(|generator| Answer::Generated {
        text: without_empty_thought(&tokenizer.decode(generator.generated()).unwrap_or_default()).to_owned(),
        is_over: is_stopped || generator.is_over(),
    });
    let PairedGeneration { tokens, truncated, .. } = *generation;
    if let Some(tuned) = texts.next() {
        let base = texts.next();
        answer(asked.request, &Event::Predicted { labels: Vec::new(), base, tuned, tokens, truncated });
    }
    Ok(())
}
