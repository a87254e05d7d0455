//! What the models say of texts: what the person asks them, and the validation rows.

use hone_core::ask::Asked;
use hone_core::dataset::{Message, Role};
use hone_core::generate::Writer;
use hone_core::problem::Problem;
use hone_core::protocol::{Answer, Event, Query, RowView, Sampling};
use hone_core::recipe::Task;
use hone_core::text::conversation;

use crate::engine::Engine;
use crate::errors;
use crate::mailbox::post;

/// Rows of a cell that are sent.
const ROWS: usize = 50;

/// Texts that the models before and after are writing.
pub struct Writing {
    id: u32,
    writers: [Writer; 2],
    tokens: u32,
    truncated: bool,
}

/// Asks the models before and after.
pub async fn predict(engine: &mut Engine, id: u32, query: Query) {
    engine.writing = None;
    let asked = match query {
        Query::Prompt { prompt, sampling } => begin_writing(engine, id, &prompt, sampling),
        query => predicted(engine, id, &query).await.map(|event| post(&event)),
    };
    if let Err(problem) = asked {
        post(&Event::PredictFailed { id, problem });
    }
}

fn no_run() -> Problem {
    Problem::new("trial.no-run", "There is no tuned model yet.").remedy("Start a run first.")
}

async fn predicted(engine: &Engine, id: u32, query: &Query) -> Result<Event, Problem> {
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else { return Err(no_run()) };
    let session = &run.session;
    let asked = Asked::new(query, session, &model.pretrained.tokenizer)?;
    errors::clear();
    let base = asked.answer(session.base(), session).await?;
    let tuned = asked.answer(session.model(), session).await?;
    if let Some(problem) = errors::take_logged() {
        return Err(problem);
    }
    let (labels, tokens) = (session.data().labels.clone(), asked.tokens as u32);
    Ok(Event::Predicted { id, labels, base, tuned, tokens, truncated: asked.is_cut })
}

fn begin_writing(engine: &mut Engine, id: u32, prompt: &str, sampling: Sampling) -> Result<(), Problem> {
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else { return Err(no_run()) };
    if run.session.recipe().task() != Task::Generation {
        return Err(Problem::new("trial.other-task", "The tuned model learned another task.")
            .remedy("Ask it what it has learned."));
    }
    let (tokenizer, chat) = (&model.pretrained.tokenizer, model.pretrained.chat.as_ref());
    let mut ids = match chat {
        Some(_) => conversation::prompt(tokenizer, chat, &[Message { role: Role::User, content: prompt.trim() }])?,
        None => conversation::plain_prompt(tokenizer, prompt)?,
    };
    // The end of a long prompt stays: that is what is written on from.
    let room = model.pretrained.config.positions().saturating_sub(sampling.max_new_tokens as usize).max(1);
    let truncated = ids.len() > room;
    if truncated {
        ids.drain(..ids.len() - room);
    }
    let writers = [(); 2].map(|()| Writer::new(&ids, sampling, tokenizer.ends()));
    engine.writing = Some(Writing { id, writers, tokens: ids.len() as u32, truncated });
    Ok(())
}

/// Ends what is being written; what stands is kept.
pub fn stop(engine: &mut Engine) {
    if let Some(writing) = engine.writing.take() {
        tell(engine, &writing, true);
    }
}

/// Writes the next token of both. False when nothing is being written.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(mut writing) = engine.writing.take() else { return false };
    let Some(run) = &engine.run else { return false };
    errors::clear();
    for (writer, model) in writing.writers.iter_mut().zip([run.session.base(), run.session.model()]) {
        let written = writer.advance(model).await;
        if let (Err(problem), _) | (_, Some(problem)) = (written, errors::take_logged()) {
            post(&Event::PredictFailed { id: writing.id, problem });
            return true;
        }
    }
    tell(engine, &writing, false);
    if writing.writers.iter().any(|writer| !writer.is_over()) {
        engine.writing = Some(writing);
    }
    true
}

fn tell(engine: &Engine, writing: &Writing, is_stopped: bool) {
    let Some(model) = &engine.model else { return };
    let answer = |writer: &Writer| Answer::Written {
        text: model.pretrained.tokenizer.decode(writer.written()).unwrap_or_default(),
        is_over: is_stopped || writer.is_over(),
    };
    let [base, tuned] = [0, 1].map(|i| answer(&writing.writers[i]));
    let Writing { id, tokens, truncated, .. } = *writing;
    post(&Event::Predicted { id, labels: Vec::new(), base, tuned, tokens, truncated });
}

/// Sends the validation rows of one cell of the confusion matrix, those first that the model is furthest off with.
pub fn rows(engine: &Engine, actual: u32, predicted: u32) {
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
    post(&Event::Rows { actual, predicted, rows, total });
}
