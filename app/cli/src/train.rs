//! `hone train`.

use std::fs::{self, File};
use std::io::{BufWriter, Cursor, Write};
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use hone_core::dataset::{Cut, Cuts, DataReport, SkippedRow};
use hone_core::diagnostic::Diagnostic;
use hone_core::export::{DataFacts, ModelFolder};
use hone_core::metrics::Evaluation;
use hone_core::model::MaskSource;
use hone_core::pretrained::TaskRows;
use hone_core::protocol::Event;
use hone_core::recipe::{AdapterKind, RecipeSpec};
use hone_core::run::{EndReason, RunSummary};
use hone_core::text::RowEncoder;
use hone_core::train::{Progress, Session};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::model::{self, Model};
use crate::{DeviceKind, TrainArguments, data};

/// Trains, and writes what came of it.
pub async fn train(arguments: &TrainArguments) -> Result<(), Diagnostic> {
    let raw: RecipeSpec = serde_json::from_slice(&data::read(&arguments.recipe)?).map_err(|error| {
        Diagnostic::new("recipe.json", format!("{} is no recipe: {error}.", arguments.recipe.display()))
            .remedy("Export one on the page; `{}` is a recipe too: the default.")
    })?;
    let (device, masks) = device(arguments.device);
    let model = model::load(arguments.model.as_deref(), &raw.model, &device)?;
    let mut session = session(arguments, raw, &model, &device, masks)?;
    let out = |name: &str| arguments.out.join(name);
    fs::create_dir_all(&arguments.out).map_err(|error| not_written(&arguments.out, error))?;
    let events = File::create(out("events.jsonl")).map_err(|error| not_written(&out("events.jsonl"), error))?;
    let summary = run(&mut session, BufWriter::new(events), arguments.steps).await?;
    let result = serde_json::to_vec_pretty(&summary).unwrap_or_default();
    fs::write(out("result.json"), result).map_err(|error| not_written(&out("result.json"), error))?;
    if !arguments.scores_only {
        write_folders(arguments, &session, &model, &summary).await?;
    }
    let best = &summary.best;
    println!(
        "{:?} after {} steps and {:.1} s; best at step {}: {}",
        summary.reason,
        summary.steps,
        summary.seconds,
        best.step,
        figures(best)
    );
    // What has ended the run early is told last, and the program fails with it.
    summary.advice.map_or(Ok(()), Err)
}

fn device(kind: DeviceKind) -> (Device, MaskSource) {
    match kind {
        DeviceKind::Cpu => (Device::flex(), MaskSource::Host),
        #[cfg(feature = "wgpu")]
        DeviceKind::Gpu => (Device::wgpu(burn::tensor::DeviceKind::DefaultDevice), MaskSource::Device),
    }
}

fn session(
    arguments: &TrainArguments,
    raw: RecipeSpec,
    model: &Model,
    device: &Device,
    masks: MaskSource,
) -> Result<Session, Diagnostic> {
    let (dataset, report) = data::dataset(arguments, raw.task, raw.validation_ratio, u64::from(raw.seed))?;
    let pretrained = &model.pretrained;
    let mut encoder = RowEncoder::new(dataset.task);
    while encoder.encode_next(&dataset, &pretrained.tokenizer, pretrained.chat.as_ref()) {}
    let (dataset, report) = encoder.finish(&dataset, &report, pretrained.config.positions())?;
    let session = pretrained.session(raw, TaskRows::new(&dataset, &encoder), device, masks)?;
    tell_of_rows(&report, &session);
    Ok(session)
}

/// What became of rows that are not learned from as they stand in the file.
fn tell_of_rows(report: &DataReport, session: &Session) {
    if let Some(first) = report.dropped.first() {
        let SkippedRow { line, reason } = first;
        println!("{} rows cannot be used and are left out; line {line}: {reason}.", report.rows_dropped);
    }
    let max_length = session.recipe().max_length();
    let Cuts { train, validation } = session.data().cuts;
    for (side, Cut { shortened, skipped }) in [("training", train), ("validation", validation)] {
        if shortened + skipped > 0 {
            println!("Cutting at {max_length} tokens: {side} rows shortened {shortened}, left out {skipped}.");
        }
    }
}

/// Runs to the end. Plan, steps, evaluations and changes of what learns are lines of `events`, as the page gets them.
async fn run(session: &mut Session, mut events: impl Write, steps: Option<u32>) -> Result<RunSummary, Diagnostic> {
    let begin = Instant::now();
    let plan = session.plan();
    let total = steps.map_or(plan.total_steps, |steps| steps.min(plan.total_steps));
    let bar = ProgressBar::new(u64::from(total));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} step {pos}/{len} · {eta} left · {msg}") {
        bar.set_style(style);
    }
    tell(&mut events, &Event::Started { plan })?;
    loop {
        let step_begin = Instant::now();
        let progress = match session.advance().await {
            Ok(progress) => progress,
            Err(diagnostic) => {
                bar.abandon();
                let advice = abandoned(session, diagnostic)?;
                return end(session, EndReason::DeviceFailed, begin, Some(advice), &mut events);
            }
        };
        match progress {
            Progress::Step(metrics) => {
                bar.set_position(u64::from(metrics.step));
                let tokens_per_s = f64::from(metrics.tokens) / step_begin.elapsed().as_secs_f64().max(1e-9);
                if steps.is_some_and(|steps| metrics.step >= steps) {
                    session.stop();
                }
                tell(&mut events, &Event::Steps { steps: vec![metrics], tokens_per_s, seconds_left: None })?;
            }
            Progress::Evaluated { evaluation, is_best } => {
                bar.set_message(figures(&evaluation));
                tell(&mut events, &Event::Evaluated { evaluation, is_best })?;
            }
            Progress::Finished(reason) => {
                bar.finish_and_clear();
                return end(session, reason, begin, None, &mut events);
            }
            Progress::Accumulated | Progress::Evaluating { .. } | Progress::Measuring { .. } => {}
        }
        if session.take_trainable_changed() {
            tell(
                &mut events,
                &Event::ParamGroups { step: session.state().step, param_groups: session.param_groups() },
            )?;
        }
    }
}

/// The figures of an evaluation on one line.
fn figures(evaluation: &Evaluation) -> String {
    let scores = evaluation.scores.iter().map(|(metric, score)| format!(", {metric:?} {score:.4}"));
    format!("loss {:.4}{}", evaluation.loss, scores.collect::<String>())
}

/// Puts the best weights in place after the device has failed, and says so.
///
/// # Errors
/// When there are none: then with what has failed.
fn abandoned(session: &mut Session, diagnostic: Diagnostic) -> Result<Diagnostic, Diagnostic> {
    match session.abort() {
        Some(step) => {
            let done = format!("{} The best weights so far (step {step}) are written.", diagnostic.done);
            Ok(diagnostic.done(done.trim_start()))
        }
        None => {
            let done = format!("{} No weights were kept: the run had not been evaluated yet.", diagnostic.done);
            Err(diagnostic.done(done.trim_start()))
        }
    }
}

/// What came of the run, as the last line of `events`.
fn end(
    session: &Session,
    reason: EndReason,
    begin: Instant,
    advice: Option<Diagnostic>,
    events: &mut impl Write,
) -> Result<RunSummary, Diagnostic> {
    let Some((best, _)) = session.best() else {
        return Err(Diagnostic::new("run.no-weights", "The run ended before anything was evaluated."));
    };
    let summary = RunSummary {
        reason,
        steps: session.state().step,
        best: best.clone(),
        baseline: session.data().baseline(),
        forgetting: session.forgetting(),
        seconds: begin.elapsed().as_secs_f64(),
        advice,
    };
    tell(events, &Event::Finished { summary: summary.clone() })?;
    events.flush().map_err(|error| not_written(Path::new("events.jsonl"), error))?;
    Ok(summary)
}

fn tell(events: &mut impl Write, event: &Event) -> Result<(), Diagnostic> {
    let line = serde_json::to_string(event).unwrap_or_default();
    writeln!(events, "{line}").map_err(|error| not_written(Path::new("events.jsonl"), error))
}

async fn write_folders(
    arguments: &TrainArguments,
    session: &Session,
    model: &Model,
    summary: &RunSummary,
) -> Result<(), Diagnostic> {
    let sha256: String =
        Sha256::digest(data::read(&arguments.data)?).iter().map(|byte| format!("{byte:02x}")).collect();
    let data = session.data();
    let folder = ModelFolder {
        model: session.model(),
        config: &model.pretrained.config_json,
        verbatim: &model.pretrained.verbatim,
        labels: &data.labels,
        base_model: &model.hub_id,
        license: &model.license,
        quantized: model.pretrained.quantized,
        recipe: session.recipe(),
        history: &session.state().history,
        best: &summary.best,
        baseline: summary.baseline.as_ref(),
        data: DataFacts::new(data, &sha256),
    };
    unpack(&folder.write(Vec::new(), |_, _| {}).await?, &arguments.out.join("model"))?;
    if session.recipe().spec().adapter != AdapterKind::None {
        unpack(&folder.write_adapter(Vec::new(), |_, _| {}).await?, &arguments.out.join("adapter"))?;
    }
    Ok(())
}

fn unpack(zip: &[u8], folder: &Path) -> Result<(), Diagnostic> {
    let extracted = zip::ZipArchive::new(Cursor::new(zip)).and_then(|mut archive| archive.extract(folder));
    extracted.map_err(|error| not_written(folder, error))
}

fn not_written(path: &Path, error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("file.write", format!("{} cannot be written: {error}.", path.display()))
        .remedy("Choose a folder where you may write, with enough room.")
}
