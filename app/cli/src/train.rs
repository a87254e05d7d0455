//! `hone train`.

use std::fs::{self, File};
use std::io::{Cursor, LineWriter, Write};
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use hone_core::dataset::{Cut, Cuts, DataReport};
use hone_core::decimal;
use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::{Evaluation, Interval};
use hone_core::pretrained::Pretrained;
use hone_core::protocol::Event;
use hone_core::recipe::{AdapterKind, Defaults, Family, Metric, Pooling, RecipeSpec, Task};
use hone_core::run::{EndReason, RecipeFile, RunSource, RunSummary};
use hone_core::runner::{self, ExportedFolder, PastEntry, Provenance};
use hone_core::train::{HistoryEntry, Progress, Session};
use hone_core::usage::{ExportDtype, ExportForm, ModelKind};
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{DeviceKind, TrainArguments};
use crate::data::{self, Data};
use crate::interrupt::Interrupt;
use crate::model::{self, Model};
use crate::pins::Pins;
use crate::saves::{self, OpenedRun, Saves};
use crate::table_file::not_written;
use crate::{row_dynamics, trust, wrong_rows};

/// Vocabularies of multilingual models have at least this many tokens.
const MULTILINGUAL_VOCAB: usize = 100_000;

/// Trains, and writes the events, the summary and the model.
pub async fn train(arguments: &TrainArguments) -> Result<(), Diagnostic> {
    let mut file = recipe(&arguments.recipe)?;
    let device = device(arguments.device);
    let model = model::load(arguments.model.as_deref(), &file.recipe.model, &device)?;
    check_exports(arguments, file.recipe.task, model.pretrained.config.family())?;
    trust::check(arguments, file.recipe.task)?;
    row_dynamics::check(arguments, file.recipe.task)?;
    let mut data = arguments.data.load(&file)?;
    let opened = match &arguments.resume {
        Some(saved) => Some(OpenedRun::read(saved, &arguments.out, &device).await?),
        None => None,
    };
    if let Some(epochs) = opened.as_ref().and_then(|opened| opened.saved.extended_epochs()) {
        file.recipe.epochs = Some(epochs);
    }
    let session = session(&mut data, file.recipe, &model, &device)?;
    let (mut saves, mut session) = saves(arguments, opened, source(&data, &model, arguments.device), session).await?;
    if let Some(epochs) = arguments.further {
        train_further(&mut session, epochs)?;
    }
    let mut pins = Pins::new(&arguments.pin, &data.mapping, &session, &model.pretrained)?;
    let out = |name: &str| arguments.out.join(name);
    fs::create_dir_all(&arguments.out).map_err(|error| not_written(&arguments.out, error))?;
    let events = File::create(out("events.jsonl")).map_err(|error| not_written(&out("events.jsonl"), error))?;
    let (report, events) = (data.rows.report(), LineWriter::new(events));
    let summary = run(&mut session, report, &mut saves, events, arguments.steps, &mut pins).await?;
    trust::set_threshold(&mut session, arguments);
    let result = serde_json::to_vec_pretty(&summary).map_err(|error| not_written(&out("result.json"), error))?;
    fs::write(out("result.json"), result).map_err(|error| not_written(&out("result.json"), error))?;
    if !arguments.scores_only {
        let (sha256, dataset) = (&data.train.sha256, data.rows.dataset());
        let (input, recipe) = (dataset.input_columns(), dataset.data_recipe());
        let provenance = Provenance { hub_id: &model.hub_id, license: &model.license, sha256, input, recipe };
        write_folders(arguments, &session, &model.pretrained, provenance).await?;
    }
    if arguments.keep_run {
        saves.save(&session).await?;
    } else if summary.reason != EndReason::DeviceFailed {
        saves.clear().await?;
    }
    let best = &summary.best;
    println!(
        "{} after {} steps and {:.1} s; best at step {}: {}",
        ended(summary.reason),
        summary.steps,
        summary.seconds,
        best.step,
        figures(best)
    );
    if let Some(confidence) = session.best().and_then(|(best, _)| best.confidence.as_ref()) {
        println!("{}", trust::described(confidence));
    }
    if let Some(test) = &summary.test {
        println!("On {} test rows, which chose nothing: {}", session.data().test.rows(), figures(test));
    }
    if let Some(verdict) = &summary.verdict {
        println!("{}", verdict.sentence);
    }
    for sentence in pins.sentences() {
        println!("{sentence}");
    }
    if let Some(out) = &arguments.wrong_rows {
        println!("{}", wrong_rows::write(&session, data.rows.dataset(), out).await?);
    }
    if let Some(out) = &arguments.row_dynamics {
        println!("{}", row_dynamics::write(&session, data.rows.dataset(), out)?);
    }
    // For the program, a run that ended early because of an error is a failure.
    summary.advice.map_or(Ok(()), Err)
}

/// Reads a recipe.
pub fn recipe(path: &Path) -> Result<RecipeFile, Diagnostic> {
    RecipeFile::parse(&data::read(path)?).map_err(|reason| {
        Diagnostic::new("recipe.json", format!("{} is not a recipe: {reason}.", path.display()))
            .remedy("Export one from the page. `{}` is a recipe too: the default one.")
    })
}

/// Refuses files that the model cannot be written as.
fn check_exports(arguments: &TrainArguments, task: Task, family: Family) -> Result<(), Diagnostic> {
    let kind = ModelKind { task, family, pooling: Pooling::Cls };
    let refused = |what: String, remedy: &str| {
        Err(Diagnostic::new("export.form", what).done("The run was not started.").remedy(remedy))
    };
    let forms = kind.export_forms();
    if arguments.onnx.is_some() && !forms.contains(&ExportForm::Onnx) {
        let why = "transformers.js cannot open a";
        return refused(
            format!("{why} {family} model for this task, so it is not exported as ONNX."),
            "Leave out --onnx.",
        );
    }
    if arguments.gguf.is_some() && !forms.contains(&ExportForm::Gguf) {
        let what = format!("A {family} model for this task cannot be written as GGUF.");
        return refused(what, "Leave out --gguf, or use --onnx.");
    }
    let wanted = [
        (ExportForm::Onnx, "onnx", arguments.onnx.map(ExportDtype::from)),
        (ExportForm::Gguf, "gguf", arguments.gguf.map(ExportDtype::from)),
    ];
    for (form, option, dtype) in wanted {
        let dtypes = kind.export_dtypes(form);
        if let Some(dtype) = dtype.filter(|dtype| !dtypes.contains(dtype)) {
            let known = dtypes.iter().map(|dtype| dtype.name()).collect::<Vec<_>>().join(" or ");
            let name = option.to_uppercase();
            let what =
                format!("The {name} weights of a {family} model for this task are {known}, not {}.", dtype.name());
            return refused(what, &format!("Choose another type after --{option}=."));
        }
    }
    Ok(())
}

/// The device that computes.
pub fn device(kind: DeviceKind) -> Device {
    match kind {
        DeviceKind::Cpu => Device::flex(),
        #[cfg(feature = "wgpu")]
        DeviceKind::Gpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
    }
}

/// Origin of the run, by which it is recognized when it is continued.
fn source(data: &Data, model: &Model, device: DeviceKind) -> RunSource {
    let device = match device {
        DeviceKind::Cpu => "cpu",
        #[cfg(feature = "wgpu")]
        DeviceKind::Gpu => "gpu",
    };
    RunSource {
        model: model.weights.clone(),
        data: data.train.clone(),
        validation: data.validation.clone(),
        test: data.test.clone(),
        mapping: data.mapping.clone(),
        build: env!("CARGO_PKG_VERSION").into(),
        device: device.into(),
    }
}

/// Continues a saved run, or begins to save a new one.
async fn saves(
    arguments: &TrainArguments,
    opened: Option<OpenedRun>,
    source: RunSource,
    session: Session,
) -> Result<(Saves, Session), Diagnostic> {
    if let Some(opened) = opened {
        return Saves::of_saved_run(opened, source, session);
    }
    let out = (!arguments.scores_only).then_some(arguments.out.as_path());
    Ok((Saves::of_new_run(out, source).await?, session))
}

/// Goes on with a run that has ended.
fn train_further(session: &mut Session, epochs: u32) -> Result<(), Diagnostic> {
    if session.can_extend() {
        return session.extend(epochs);
    }
    let what = "The saved run cannot be trained further: it has not ended, or its optimizer state was not saved.";
    Err(Diagnostic::new("run.no-further", what)
        .done("The saved run was left as it is.")
        .remedy("Leave out --further to continue it to its end, with --keep-run to train it further then."))
}

/// Sets up the run, and prints warnings about the data and the fields that Hone chose.
pub fn session(data: &mut Data, spec: RecipeSpec, model: &Model, device: &Device) -> Result<Session, Diagnostic> {
    while data.rows.encode_next(&model.pretrained)? {}
    for note in data::notes(&data.warnings, data.rows.report()) {
        eprintln!("warning: {note}");
    }
    if let Some(languages) = &data.rows.report().other_languages
        && model.pretrained.config.vocab() < MULTILINGUAL_VOCAB
    {
        eprintln!(
            "warning: Most of the texts are in {languages}. If the model was not trained on that, choose one that was, such as \
            intfloat/multilingual-e5-small."
        );
    }
    let facts = model.pretrained.facts(data.rows.report().facts());
    let sentence = Defaults::new(&spec, &facts).sentence(&spec, &facts);
    if !sentence.is_empty() {
        eprintln!("{sentence}");
    }
    let session = data.rows.session(&model.pretrained, spec, device)?;
    if let Some((head, _)) = model.pretrained.tuned.as_ref().filter(|_| session.recipe().task().names_outputs()) {
        let recipe = session.recipe();
        eprintln!("{}", head.sentence(recipe.spec(), recipe.pooling(), &session.data().labels));
    }
    let max_length = session.recipe().max_length();
    let Cuts { train, validation, test } = session.data().cuts;
    for (side, Cut { shortened, skipped }) in [("training", train), ("validation", validation), ("test", test)] {
        if shortened + skipped > 0 {
            eprintln!("warning: At {max_length} tokens, {shortened} {side} rows were shortened and {skipped} skipped.");
        }
    }
    Ok(session)
}

/// Runs to the end. Each event that the page would receive is a line of `events`.
async fn run(
    session: &mut Session,
    report: &DataReport,
    saves: &mut Saves,
    mut events: impl Write,
    steps: Option<u32>,
    pins: &mut Pins,
) -> Result<RunSummary, Diagnostic> {
    // A run that is not saved just ends.
    let interrupt = if saves.is_on() { Some(Interrupt::listen()?) } else { None };
    let plan = session.plan();
    let total = steps.map_or(plan.total_steps, |steps| steps.min(plan.total_steps));
    let bar = ProgressBar::new(u64::from(total));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} step {pos}/{len} · {eta} left · {msg}") {
        bar.set_style(style);
    }
    emit(&mut events, &Event::Started { plan })?;
    for diagnostic in session.warnings() {
        eprintln!("warning: {diagnostic}");
        emit(&mut events, &Event::RunWarning { diagnostic })?;
    }
    for PastEntry { entry, is_best } in runner::past(session) {
        let event = match entry {
            HistoryEntry::Step(step) => Event::Steps { steps: vec![step], tokens_per_s: 0.0, seconds_left: None },
            HistoryEntry::Evaluation(evaluation) => Event::Evaluated { evaluation, is_best },
        };
        emit(&mut events, &event)?;
    }
    bar.set_position(u64::from(session.state().step));
    bar.reset_eta();
    loop {
        if interrupt.as_ref().is_some_and(Interrupt::is_pressed)
            && let Some(folder) = saves.save(session).await?
        {
            bar.abandon();
            let what = format!("The run was stopped at step {} of {total}.", session.state().step);
            return Err(Diagnostic::new("run.interrupted", what)
                .done(format!("It was saved in {}.", folder.display()))
                .remedy(format!("To continue it:\n{}", saves::command(&folder))));
        }
        if let Err(warning) = saves.save_if_due(session).await {
            bar.suspend(|| eprintln!("warning: {warning}"));
        }
        let step_begin = Instant::now();
        let advanced = match pins.ask(session).await {
            Ok(Some((step, answers))) => {
                emit(&mut events, &Event::Pinned { step, answers })?;
                session.advance().await
            }
            Ok(None) => session.advance().await,
            Err(diagnostic) => Err(diagnostic),
        };
        let progress = match advanced {
            Ok(progress) => progress,
            Err(diagnostic) => {
                bar.abandon();
                let advice = runner::abort(session, diagnostic)?;
                return end(session, report, EndReason::DeviceFailed, saves.seconds(), Some(advice), &mut events);
            }
        };
        match progress {
            Progress::Step(metrics) => {
                bar.set_position(u64::from(metrics.step));
                let tokens_per_s = f64::from(metrics.tokens) / step_begin.elapsed().as_secs_f64().max(1e-9);
                if let Some(diagnostic) = runner::lost_step(&metrics) {
                    bar.suspend(|| eprintln!("warning: {diagnostic}"));
                    emit(&mut events, &Event::RunWarning { diagnostic })?;
                }
                if steps.is_some_and(|steps| metrics.step >= steps) {
                    session.stop();
                }
                emit(&mut events, &Event::Steps { steps: vec![metrics], tokens_per_s, seconds_left: None })?;
            }
            Progress::Evaluated { evaluation, is_best } => {
                bar.set_message(figures(&evaluation));
                saves.evaluated();
                emit(&mut events, &Event::Evaluated { evaluation, is_best })?;
            }
            Progress::Finished(reason) => {
                bar.finish_and_clear();
                return end(session, report, reason, saves.seconds(), runner::advice(reason), &mut events);
            }
            Progress::Accumulated
            | Progress::Recomputed
            | Progress::Evaluating { .. }
            | Progress::Testing { .. }
            | Progress::Measuring { .. } => {}
        }
        if session.take_trainable_changed() {
            emit(
                &mut events,
                &Event::ParamGroups { step: session.state().step, param_groups: session.param_groups() },
            )?;
        }
    }
}

/// The end of a run in a word or two.
fn ended(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "Completed",
        EndReason::EarlyStopped => "Stopped early",
        EndReason::Stopped => "Stopped",
        EndReason::NotFinite => "Diverged",
        EndReason::DeviceFailed => "The device failed",
    }
}

/// The figures of an evaluation on one line, with their 95 % intervals in parentheses.
fn figures(evaluation: &Evaluation) -> String {
    let interval = |metric| match evaluation.intervals.get(&metric) {
        Some(Interval { low, high }) => format!(" ({}–{})", decimal::score(*low, 4), decimal::score(*high, 4)),
        None => String::new(),
    };
    let scores = evaluation.scores.iter();
    let scores =
        scores.map(|(metric, score)| format!(", {} {}{}", metric.name(), decimal::score(*score, 4), interval(*metric)));
    format!("loss {}{}{}", decimal::score(evaluation.loss, 4), interval(Metric::Loss), scores.collect::<String>())
}

/// Writes the summary as the last event.
fn end(
    session: &Session,
    report: &DataReport,
    reason: EndReason,
    seconds: f64,
    advice: Option<Diagnostic>,
    events: &mut impl Write,
) -> Result<RunSummary, Diagnostic> {
    let summary = runner::summary(session, report, reason, seconds, advice)
        .ok_or_else(|| Diagnostic::new("run.no-weights", "The run ended before anything was evaluated."))?;
    emit(events, &Event::Finished { summary: summary.clone() })?;
    events.flush().map_err(|error| not_written(Path::new("events.jsonl"), error))?;
    Ok(summary)
}

fn emit(events: &mut impl Write, event: &Event) -> Result<(), Diagnostic> {
    let path = Path::new("events.jsonl");
    let line = serde_json::to_string(event).map_err(|error| not_written(path, error))?;
    writeln!(events, "{line}").map_err(|error| not_written(path, error))
}

async fn write_folders(
    arguments: &TrainArguments,
    session: &Session,
    pretrained: &Pretrained,
    provenance: Provenance<'_>,
) -> Result<(), Diagnostic> {
    let form = if arguments.own_class { ExportForm::OwnClass } else { ExportForm::Model };
    let adapter = session.recipe().spec().adapter != AdapterKind::None;
    let forms = [
        Some((form, arguments.dtype.into(), "model")),
        adapter.then_some((ExportForm::Adapter, ExportDtype::Float32, "adapter")),
        arguments.onnx.map(|dtype| (ExportForm::Onnx, dtype.into(), "onnx")),
        arguments.gguf.map(|kind| (ExportForm::Gguf, kind.into(), "gguf")),
    ];
    for (form, dtype, folder) in forms.into_iter().flatten() {
        let export = runner::export(session, pretrained, provenance, form, dtype, Vec::new(), |_| {});
        let ExportedFolder { zip, rounded } = export.await?;
        unpack(&zip, &arguments.out.join(folder))?;
        if let Some(rounded) = rounded {
            println!("In {folder}, rounded to {}: {}", dtype.name(), figures(&rounded.validation));
            if let Some(test) = &rounded.test {
                println!("On the test rows: {}", figures(test));
            }
        }
    }
    Ok(())
}

fn unpack(zip: &[u8], folder: &Path) -> Result<(), Diagnostic> {
    let extracted = zip::ZipArchive::new(Cursor::new(zip)).and_then(|mut archive| archive.extract(folder));
    extracted.map_err(|error| not_written(folder, error))
}
