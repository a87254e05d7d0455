//! What the models say of texts: what the person asks them, and the validation rows.

use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Generator;
use hone_core::inference::{Answer, Query};
use hone_core::inference::{EncodedPrompt, EncodedQuery};
use hone_core::protocol::{Event, RequestId, RowView};
use hone_core::train::Prediction;

use crate::engine::Engine;
use crate::mailbox::{answer, report};
use crate::{errors, memory};

/// Rows of a cell that are sent.
const ROWS: usize = 50;

/// Seconds in which a window or a piece of a prompt is surely read, compiling counted: announced, so that the page does
/// not take silence for death.
const READ_SECONDS: f64 = 120.0;

/// What the models before and after are asked.
pub struct Trial {
    id: RequestId,
    stage: Stage,
}

enum Stage {
    Reading(Reading),
    Writing(Writing),
}

/// A text that is read, a long passage in windows: first by the base.
struct Reading {
    asked: EncodedQuery,
    /// What the model that reads has said of the windows so far.
    said: Vec<Prediction>,
    base: Option<Answer>,
}

/// Texts that both write.
struct Writing {
    generators: [Generator; 2],
    tokens: u32,
    truncated: bool,
}

/// Begins to ask the models before and after; an earlier query is given up.
pub fn predict(engine: &mut Engine, id: RequestId, query: Query) {
    engine.trial = None;
    match begun(engine, query) {
        Ok(stage) => engine.trial = Some(Trial { id, stage }),
        Err(diagnostic) => answer(id, &Event::PredictFailed { diagnostic }),
    }
}

fn begun(engine: &Engine, query: Query) -> Result<Stage, Diagnostic> {
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else {
        return Err(Diagnostic::new("trial.no-run", "There is no tuned model yet.").remedy("Start a run first."));
    };
    let (session, pretrained) = (&run.session, &model.pretrained);
    let Query::Prompt { prompt, sampling } = query else {
        let asked = EncodedQuery::new(&query, session, &pretrained.tokenizer)?;
        return Ok(Stage::Reading(Reading { asked, said: Vec::new(), base: None }));
    };
    let new_tokens = sampling.max_new_tokens as usize;
    let EncodedPrompt { ids, is_cut } =
        EncodedPrompt::new(&prompt, new_tokens, session, pretrained, memory::free(engine))?;
    let generators = [(); 2].map(|()| Generator::new(&ids, sampling, pretrained.tokenizer.eos_ids()));
    Ok(Stage::Writing(Writing { generators, tokens: ids.len() as u32, truncated: is_cut }))
}

/// Ends what is being asked; what was written stands.
pub fn stop(engine: &mut Engine) {
    match engine.trial.take() {
        Some(Trial { id, stage: Stage::Writing(writing) }) => tell(engine, id, &writing, true),
        Some(Trial { id, stage: Stage::Reading(_) }) => {
            let diagnostic = Diagnostic::new("trial.given-up", "The question was given up for something else.")
                .remedy("Ask it again.");
            answer(id, &Event::PredictFailed { diagnostic });
        }
        None => {}
    }
}

/// Reads the next window or piece of a prompt, or writes the next token of both models. False when nothing is asked.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(Trial { id, stage }) = engine.trial.take() else { return false };
    errors::clear();
    let advanced = match stage {
        Stage::Reading(reading) => advance_reading(engine, id, reading).await.map(|left| left.map(Stage::Reading)),
        Stage::Writing(writing) => advance_writing(engine, id, writing).await.map(|left| left.map(Stage::Writing)),
    };
    match advanced {
        Ok(stage) => engine.trial = stage.map(|stage| Trial { id, stage }),
        Err(diagnostic) => answer(id, &Event::PredictFailed { diagnostic }),
    }
    true
}

/// What a batch gave, unless the GPU has logged an error meanwhile.
fn trusted<T>(result: Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    errors::take_logged().map_or(result, Err)
}

async fn advance_reading(engine: &Engine, id: RequestId, mut reading: Reading) -> Result<Option<Reading>, Diagnostic> {
    let Some(run) = &engine.run else { return Ok(None) };
    report(&Event::Busy { seconds: READ_SECONDS });
    let session = &run.session;
    let model = if reading.base.is_none() { session.base() } else { session.model() };
    let Some(said) = trusted(reading.asked.advance(&mut reading.said, model, session).await)? else {
        return Ok(Some(reading));
    };
    let Some(base) = reading.base else { return Ok(Some(Reading { base: Some(said), ..reading })) };
    let (labels, tokens) = (session.data().labels.clone(), reading.asked.tokens as u32);
    answer(id, &Event::Predicted { labels, base, tuned: said, tokens, truncated: reading.asked.is_cut });
    Ok(None)
}

async fn advance_writing(engine: &Engine, id: RequestId, mut writing: Writing) -> Result<Option<Writing>, Diagnostic> {
    let Some(run) = &engine.run else { return Ok(None) };
    if writing.generators.iter().any(Generator::is_reading_prompt) {
        report(&Event::Busy { seconds: READ_SECONDS });
    }
    for (generator, model) in writing.generators.iter_mut().zip([run.session.base(), run.session.model()]) {
        trusted(generator.advance(model).await)?;
    }
    if !writing.generators.iter().any(Generator::is_reading_prompt) {
        tell(engine, id, &writing, false);
    }
    let is_over = writing.generators.iter().all(Generator::is_over);
    Ok((!is_over).then_some(writing))
}

fn tell(engine: &Engine, id: RequestId, writing: &Writing, is_stopped: bool) {
    let Some(model) = &engine.model else { return };
    let written = |generator: &Generator| Answer::Generated {
        text: model.pretrained.tokenizer.decode(generator.generated()).unwrap_or_default(),
        is_over: is_stopped || generator.is_over(),
    };
    let [base, tuned] = [0, 1].map(|i| written(&writing.generators[i]));
    let Writing { tokens, truncated, .. } = *writing;
    answer(id, &Event::Predicted { labels: Vec::new(), base, tuned, tokens, truncated });
}

/// Sends the validation rows of one cell of the confusion matrix, those first that the model is furthest off with.
pub fn rows(engine: &Engine, request: RequestId, actual: u32, predicted: u32) {
    let Some((run, (_, said))) = engine.run.as_ref().and_then(|run| Some((run, run.session.best()?))) else { return };
    let labels = run.session.data().validation.classes();
    let mut found: Vec<usize> = (0..said.len().min(labels.len()))
        .filter(|&row| labels[row] == actual && said[row].class() == predicted)
        .collect();
    found.sort_by(|&a, &b| {
        let of_truth = |row: usize| said[row].probability(actual);
        of_truth(a).total_cmp(&of_truth(b))
    });
    let total = found.len() as u32;
    let view = |row: usize| {
        let number = run.dataset.validation[row];
        RowView {
            line: run.dataset.line(number),
            text: run.dataset.text(number).to_owned(),
            pair: run.dataset.second_text(number).map(str::to_owned),
            probability: said[row].probability(predicted),
        }
    };
    let rows = found.into_iter().take(ROWS).map(view).collect();
    answer(request, &Event::Rows { rows, total });
}
