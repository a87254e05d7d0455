//! A table whose rows are predicted by the last run's tuned model, or by a kept model that is open.

use hone_core::dataset::{CellReader, Cells, DataRole, Hints, InputColumns, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::TableFormat;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::FilePrediction;
use web_sys::Blob;

use crate::blob::BlobReader;
use crate::data::check_not_stopped;
use crate::engine::Engine;
use crate::engine::export::Parts;
use crate::engine::inference::{Asked, BATCH_SECONDS, Models};
use crate::errors;
use crate::js::now_ms;
use crate::mailbox::{answer, answer_with, report, yield_to_event_loop};
use crate::tables::{Unpacked, open_data};

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// A table that has been scanned.
pub struct Table {
    blob: Blob,
    unpacked: Unpacked,
    info: SourceInfo,
    hints: Hints,
    work: Option<TablePrediction>,
}

/// Its prediction, which is under way.
struct TablePrediction {
    asked: Asked,
    prediction: FilePrediction<Parts>,
    format: TableFormat,
    progress: Progress,
}

/// Reports of progress, not more often than one can see.
struct Progress {
    request: RequestId,
    reported_ms: f64,
}

impl Progress {
    fn new(request: RequestId) -> Self {
        Self { request, reported_ms: now_ms() }
    }

    fn report(&mut self, done: f64, total: f64) {
        if now_ms() - self.reported_ms >= PROGRESS_MS {
            self.reported_ms = now_ms();
            answer(self.request, &Event::TableProgress { fraction: done / total.max(1.0) });
        }
    }
}

/// Scans a table, and guesses the columns that the model reads. An earlier table stays open if this one cannot be read.
pub async fn open(
    engine: &mut Engine,
    request: RequestId,
    name: String,
    hints: Hints,
    tuned: Option<String>,
    blob: Option<Blob>,
) {
    match opened(engine, &Asked { request, tuned }, &name, hints, blob).await {
        Ok((table, columns)) => {
            answer(request, &Event::TableOpened { source: table.info.clone(), columns });
            engine.table = Some(table);
        }
        Err(diagnostic) => answer(request, &Event::TableFailed { diagnostic }),
    }
}

async fn opened(
    engine: &Engine,
    asked: &Asked,
    name: &str,
    hints: Hints,
    blob: Option<Blob>,
) -> Result<(Table, InputColumns), Diagnostic> {
    let blob = blob.ok_or_else(|| Diagnostic::new("data.no-file", "No file came with the message."))?;
    let file = BlobReader::new(blob.clone())?;
    let mut progress = Progress::new(asked.request);
    let unpacked = Unpacked::default();
    let on_progress = |done| {
        progress.report(done, blob.size());
        check_not_stopped(asked.request, name)
    };
    let mut reader = open_data(name, &blob, file, DataRole::Train, &hints, &unpacked, on_progress).await?;
    let mut scanner = reader.scanner(hints.clone());
    while let Some(piece) = reader.next_piece()? {
        scanner.push(piece)?;
        progress.report(reader.read_bytes(), blob.size());
        yield_to_event_loop().await;
        check_not_stopped(asked.request, name)?;
    }
    let info = reader.finish(scanner)?;
    let task = asked.models(engine)?.context.recipe.task();
    let (has_pairs, trained_on) = match engine.tuned.iter().find(|tuned| Some(&tuned.about.id) == asked.tuned.as_ref())
    {
        Some(tuned) => (tuned.about.has_pairs, tuned.about.input.as_ref()),
        None => {
            let trained_on = engine.run.as_ref().and_then(|run| run.dataset.input_columns());
            (matches!(trained_on, Some(InputColumns::Text { pair: Some(_), .. })), trained_on)
        }
    };
    let columns = InputColumns::guess(&info, task, has_pairs, trained_on);
    Ok((Table { blob, unpacked, info, hints, work: None }, columns))
}

/// Begins to predict the table.
pub async fn predict(
    engine: &mut Engine,
    request: RequestId,
    columns: InputColumns,
    format: TableFormat,
    tuned: Option<String>,
) {
    let asked = Asked { request, tuned };
    match begun(engine, &asked, columns, format).await {
        Ok(prediction) => {
            let progress = Progress::new(request);
            if let Some(table) = &mut engine.table {
                table.work = Some(TablePrediction { asked, prediction, format, progress });
            }
        }
        Err(diagnostic) => answer(request, &Event::TableFailed { diagnostic }),
    }
}

async fn begun(
    engine: &Engine,
    asked: &Asked,
    columns: InputColumns,
    format: TableFormat,
) -> Result<FilePrediction<Parts>, Diagnostic> {
    let no_table = || Diagnostic::new("predict.no-table", "There is no file yet.").remedy("Choose a file.");
    let table = engine.table.as_ref().ok_or_else(no_table)?;
    let cells = cells(table).await?;
    FilePrediction::new(cells, columns, &asked.models(engine)?.context, format, Parts::default())
}

async fn cells(table: &Table) -> Result<Cells, Diagnostic> {
    let file = BlobReader::new(table.blob.clone())?;
    let Table { blob, unpacked, info, hints, .. } = table;
    let mut reader = open_data(&info.name, blob, file, DataRole::Train, hints, unpacked, |_| Ok(())).await?;
    let mut cells = CellReader::new(&table.info);
    while let Some(piece) = reader.next_piece()? {
        cells.push(piece)?;
        yield_to_event_loop().await;
    }
    cells.finish()
}

/// Stops predicting; the table stays open.
pub fn stop(engine: &mut Engine) {
    if let Some(table) = &mut engine.table
        && let Some(work) = table.work.take()
    {
        let diagnostic = Diagnostic::new("predict.stopped", "The prediction was stopped.")
            .done("Nothing was written.")
            .remedy("Predict the file again.");
        answer(work.asked.request, &Event::TableFailed { diagnostic });
    }
}

/// Predicts the next rows. Returns false if there are none.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(table) = &mut engine.table else { return false };
    let Some(mut work) = table.work.take() else { return false };
    errors::clear();
    match advanced(engine, &mut work).await {
        Ok(true) => {
            let (done, total) = work.prediction.progress();
            work.progress.report(done as f64, total as f64);
            if let Some(table) = &mut engine.table {
                table.work = Some(work);
            }
        }
        Ok(false) => send(engine, work),
        Err(diagnostic) => answer(work.asked.request, &Event::TableFailed { diagnostic }),
    }
    true
}

async fn advanced(engine: &Engine, work: &mut TablePrediction) -> Result<bool, Diagnostic> {
    let Models { tuned, pretrained, context, .. } = work.asked.models(engine)?;
    report(&Event::Busy { seconds: BATCH_SECONDS });
    let advanced = work.prediction.advance(tuned, pretrained, &context, engine.free_bytes()).await;
    errors::checked(advanced)
}

/// Sends the finished file.
fn send(engine: &Engine, work: TablePrediction) {
    let TablePrediction { asked, prediction, format, .. } = work;
    let sent = prediction.finish().and_then(|(parts, outcome)| {
        let labels = asked.models(engine)?.context.labels.to_vec();
        Ok((parts.into_blob(format.media_type())?, labels, outcome))
    });
    match sent {
        Ok((blob, labels, outcome)) => {
            let name = engine.table.as_ref().map_or("rows", |table| table.info.name.as_str());
            let unpacked = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(name);
            let stem = unpacked.rsplit_once('.').map_or(unpacked, |(stem, _)| stem);
            let file_name = format!("{stem}-predicted.{}", format.ending());
            answer_with(asked.request, &Event::TablePredicted { file_name, outcome, labels }, &blob);
        }
        Err(diagnostic) => answer(asked.request, &Event::TableFailed { diagnostic }),
    }
}
