//! Saved runs: which of two is read, what is in them, and what a damaged one does.

use hone_core::checkpoint::{self, CheckpointFile, Manifest, Saving, Slot};
use hone_core::metrics::Evaluation;
use hone_core::run::StepMetrics;
use hone_core::train::{HistoryEntry, RestoredTensors, SavedPhase, Session, SessionState};
use hone_tests::{MemoryFolder, record};

use super::*;

/// A classifier after `steps` steps, saved after each `every` of them.
fn saved(steps: usize, every: usize) -> (Session, MemoryFolder) {
    let mut folder = MemoryFolder::default();
    let mut session = classifier();
    for _ in 0..steps / every {
        take_steps(&mut session, every);
        save(&mut folder, &session);
    }
    (session, folder)
}

fn classifier() -> Session {
    let task = Task::Classification;
    session(model_of(task).0, recipe(task), data(task, 48))
}

fn recipe(task: Task) -> RecipeSpec {
    RecipeSpec { eval_every_epochs: Some(0.5), ..raw(task) }
}

fn save(folder: &mut MemoryFolder, session: &Session) {
    ready(checkpoint::save(folder, record(session), session.checkpoint().unwrap())).unwrap();
}

/// The step of the run that is read, and the notice's code; or the error's code.
fn loaded(folder: &MemoryFolder) -> Result<(u32, Option<String>), String> {
    let run = ready(checkpoint::load(&mut folder.clone(), &Device::flex())).map_err(|error| error.code)?;
    let run = run.expect("a saved run");
    assert_eq!(run.record.step, run.state.run.step);
    Ok((run.record.step, run.notice.map(|notice| notice.code)))
}

fn copy(folder: &MemoryFolder) -> MemoryFolder {
    let copy = MemoryFolder::default();
    copy.files.borrow_mut().clone_from(&folder.files.borrow());
    copy
}

#[test]
fn the_newest_of_two_saves_is_read() {
    let mut empty = MemoryFolder::default();
    assert_eq!(ready(checkpoint::peek(&mut empty)), Ok(None));
    for (steps, count) in [(1, 2), (2, 4), (3, 4), (4, 4)] {
        let (session, mut folder) = saved(steps, 1);
        assert_eq!(loaded(&folder), Ok((steps as u32, None)));
        assert_eq!(folder.files.borrow().len(), count);
        assert_eq!(ready(checkpoint::peek(&mut folder)).unwrap().unwrap(), record(&session));
    }
}

#[test]
fn a_damaged_save_falls_back_to_the_one_before_and_says_so() {
    let (mut session, folder) = saved(3, 1);
    let newest = Slot::A;
    let flip = |file, at: fn(usize) -> usize| {
        let folder = copy(&folder);
        folder.change(newest, file, |bytes| {
            let at = at(bytes.len());
            bytes[at] ^= 0x10;
        });
        folder
    };
    let cut = |file, len: fn(usize) -> usize| {
        let folder = copy(&folder);
        folder.change(newest, file, |bytes| bytes.truncate(len(bytes.len())));
        folder
    };
    let without_tensors = copy(&folder);
    without_tensors.files.borrow_mut().remove(&(newest.name(), CheckpointFile::Tensors.name()));
    let damaged = [
        flip(CheckpointFile::Tensors, |_| 3),
        flip(CheckpointFile::Tensors, |_| 200),
        flip(CheckpointFile::Tensors, |len| len / 2),
        flip(CheckpointFile::Tensors, |len| len - 1),
        flip(CheckpointFile::Manifest, |len| len / 2),
        flip(CheckpointFile::Manifest, |len| len - 2),
        cut(CheckpointFile::Tensors, |len| len - 1),
        cut(CheckpointFile::Tensors, |_| 4),
        cut(CheckpointFile::Manifest, |len| len - 1),
        cut(CheckpointFile::Manifest, |_| 0),
        without_tensors,
    ];
    take_steps(&mut session, 1);
    for (case, mut folder) in damaged.into_iter().enumerate() {
        assert_eq!(loaded(&folder), Ok((2, Some("checkpoint.damaged".into()))), "{case}");
        // The next save replaces the damaged one.
        save(&mut folder, &session);
        assert_eq!(loaded(&folder), Ok((4, None)), "{case}");
        folder.change(Slot::A, CheckpointFile::Tensors, |bytes| bytes.truncate(9));
        assert_eq!(loaded(&folder), Ok((2, Some("checkpoint.damaged".into()))), "{case}");
    }
}

#[test]
fn two_damaged_saves_are_an_error_and_are_left_as_they_are() {
    let (_, folder) = saved(2, 1);
    for slot in Slot::ALL {
        folder.change(slot, CheckpointFile::Tensors, |bytes| bytes[300] ^= 1);
    }
    assert_eq!(loaded(&folder), Err("checkpoint.damaged".into()));
    assert_eq!(folder.files.borrow().len(), 4);
}

#[test]
fn a_save_that_is_cut_off_leaves_the_one_before() {
    let (mut session, folder) = saved(2, 1);
    take_steps(&mut session, 1);
    for tensors in 0..6 {
        let mut folder = copy(&folder);
        let saving = Saving::begin(&mut folder, record(&session), session.checkpoint().unwrap());
        let mut saving = ready(saving).unwrap();
        for _ in 0..tensors {
            assert!(ready(saving.write_next()).unwrap());
        }
        drop(saving);
        assert_eq!(loaded(&folder), Ok((2, None)), "after {tensors} tensors");
    }
}

#[test]
fn a_run_of_another_version_is_refused_but_its_best_weights_are_kept() {
    let (session, mut folder) = saved(6, 3);
    let (best, _) = session.best().unwrap();
    for slot in Slot::ALL {
        folder.change(slot, CheckpointFile::Manifest, |bytes| {
            let manifest = Manifest { version: 99, ..Manifest::parse(bytes).unwrap() };
            *bytes = manifest.to_bytes().unwrap();
        });
    }
    assert_eq!(loaded(&folder), Err("checkpoint.version".into()));
    let saved = ready(checkpoint::best(&mut folder, &Device::flex())).unwrap().unwrap();
    assert_eq!(saved.entry.record.best.as_ref(), Some(best));
    assert!(saved.history.is_empty());
    let mut model = session.base().clone();
    let (kind, groups, mut tensors) = (saved.entry.best_kind(), saved.entry.groups, saved.tensors);
    tensors.replace(kind, &mut model, |group| groups.contains(&group)).unwrap();
    let mut stopped = session;
    stopped.stop();
    run(&mut stopped);
    assert_eq!(named(&model), named(stopped.model()));
}

#[test]
fn a_run_without_an_evaluation_has_no_best_weights() {
    let (_, mut folder) = saved(1, 1);
    let error = ready(checkpoint::best(&mut folder, &Device::flex())).unwrap_err();
    assert_eq!(error.code, "checkpoint.no-best");
}

#[test]
fn every_float_survives() {
    // serde_json reads the first one a bit off.
    let floats = [130.65331632653061, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE, 5e-324];
    let (session, mut folder) = saved(1, 1);
    let mut saved = session.checkpoint().unwrap();
    for (value, step) in floats.into_iter().zip(1..) {
        let metrics =
            StepMetrics { step, epoch: value, loss: value, grad_norm: value, lr: value, tokens: 1, taken: false };
        saved.state.run.history.push(HistoryEntry::Step(metrics));
        let evaluation = Evaluation { loss: value, scores: [(Metric::MacroF1, value)].into(), ..Evaluation::default() };
        saved.state.run.history.push(HistoryEntry::Evaluation(evaluation));
    }
    let bits = |state: &SessionState| -> Vec<u64> {
        let of_entry = |entry: &HistoryEntry| match entry {
            HistoryEntry::Step(step) => vec![step.epoch, step.loss, step.grad_norm, step.lr],
            HistoryEntry::Evaluation(evaluation) => vec![evaluation.loss, evaluation.score(Metric::MacroF1)],
        };
        state.run.history.iter().flat_map(of_entry).map(f64::to_bits).collect()
    };
    let expected = bits(&saved.state);
    ready(checkpoint::save(&mut folder, record(&session), saved)).unwrap();
    let read = ready(checkpoint::load(&mut folder, &Device::flex())).unwrap().unwrap();
    assert_eq!(bits(&read.state), expected);
}

#[test]
fn no_row_is_saved() {
    for (task, texts) in [
        (Task::Generation, ["katze", "der hund"]),
        (Task::QuestionAnswering, ["paris", "where"]),
        (Task::TokenClassification, ["ann", "lee"]),
    ] {
        let mut session = session(model_of(task).0, RecipeSpec { epochs: Some(1), ..recipe(task) }, data(task, 48));
        let mut folder = MemoryFolder::default();
        run(&mut session);
        save(&mut folder, &session);
        for (file, bytes) in folder.files.borrow().iter() {
            for text in texts {
                let is_in = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(!is_in, "{task:?}: {text:?} is in {file:?}");
            }
        }
    }
    let (task, mut folder) = (Task::Regression, MemoryFolder::default());
    let mut session = session(model_of(task).0, RecipeSpec { epochs: Some(1), ..recipe(task) }, data(task, 48));
    run(&mut session);
    save(&mut folder, &session);
    let saved = ready(checkpoint::load(&mut folder, &Device::flex())).unwrap().unwrap();
    let evaluation = saved.state.best.as_ref().unwrap().evaluation.clone();
    assert_eq!(evaluation, session.best().unwrap().0.without_rows());
    // The points of the scatter plot come from the predictions and the data.
    let fresh = self::session(model_of(task).0, RecipeSpec { epochs: Some(1), ..recipe(task) }, data(task, 48));
    let restored = fresh.restore(saved.state, saved.tensors).unwrap();
    assert_eq!(restored.best(), session.best());
}

#[test]
fn a_run_is_taken_away_as_one_file() {
    let (session, mut folder) = saved(3, 1);
    // The newest is damaged, so the one before is taken.
    folder.change(Slot::A, CheckpointFile::Tensors, |bytes| bytes[300] ^= 1);
    let zip = ready(checkpoint::pack(&mut folder, Vec::new())).unwrap().unwrap();
    let mut other = saved(2, 1).1;
    ready(checkpoint::unpack(std::io::Cursor::new(zip.clone()), &mut other)).unwrap();
    assert_eq!(loaded(&other), Ok((2, None)));
    save(&mut other, &session);
    assert_eq!(loaded(&other), Ok((3, None)));

    let mut empty = MemoryFolder::default();
    assert_eq!(ready(checkpoint::pack(&mut empty, Vec::new())), Ok(None));
    let error = ready(checkpoint::unpack(std::io::Cursor::new(b"text,label\n".to_vec()), &mut other)).unwrap_err();
    assert_eq!(error.code, "checkpoint.archive");
    assert_eq!(loaded(&other), Ok((3, None)), "what was there is kept");
    let mut damaged = zip;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let error = ready(checkpoint::unpack(std::io::Cursor::new(damaged), &mut other)).unwrap_err();
    assert_eq!(error.code, "checkpoint.archive");
    assert_eq!(loaded(&other), Ok((3, None)), "a damaged zip replaces nothing");
}

#[test]
fn a_run_that_the_disk_has_no_room_for_is_not_unpacked_in_part() {
    let (_, mut folder) = saved(2, 1);
    let zip = ready(checkpoint::pack(&mut folder, Vec::new())).unwrap().unwrap();
    let whole: usize = [CheckpointFile::Tensors, CheckpointFile::Manifest]
        .map(|file| folder.files.borrow()[&(Slot::B.name(), file.name())].len())
        .iter()
        .sum();
    for room in [0, 1000, whole - 1] {
        let mut full = MemoryFolder { room: Some(room), ..MemoryFolder::default() };
        let error = ready(checkpoint::unpack(std::io::Cursor::new(zip.clone()), &mut full)).unwrap_err();
        assert_eq!((error.code.as_str(), error.done.as_str()), ("checkpoint.unpack", "Nothing was started."));
        assert!(full.files.borrow().is_empty(), "{room}");
    }
    let mut enough = MemoryFolder { room: Some(whole), ..MemoryFolder::default() };
    ready(checkpoint::unpack(std::io::Cursor::new(zip), &mut enough)).unwrap();
    assert_eq!(loaded(&enough), Ok((2, None)));
}

#[test]
fn the_packed_folder_of_a_saved_run_is_taken_like_a_run_that_was_taken_away() {
    let (_, folder) = saved(2, 1);
    let packed = |is_wanted: fn(&str, &str) -> bool| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for ((slot, file), bytes) in folder.files.borrow().iter().filter(|((slot, file), _)| is_wanted(slot, file)) {
            let name = format!("out/checkpoint/{slot}/{file}");
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, bytes).unwrap();
        }
        zip.finish().unwrap()
    };
    let mut both = MemoryFolder::default();
    ready(checkpoint::unpack(packed(|_, _| true), &mut both)).unwrap();
    assert_eq!(loaded(&both), Ok((2, None)));
    // The newest was being written.
    let mut one = MemoryFolder::default();
    ready(checkpoint::unpack(packed(|slot, file| slot == "a" || file != "manifest.json"), &mut one)).unwrap();
    assert_eq!(loaded(&one), Ok((1, None)));
    let none = packed(|_, file| file != "manifest.json");
    assert_eq!(ready(checkpoint::unpack(none, &mut one)).unwrap_err().code, "checkpoint.archive");
}

#[test]
fn a_saved_run_that_does_not_fit_is_refused() {
    let (_, mut folder) = saved(5, 5);
    let mut load = || ready(checkpoint::load(&mut folder, &Device::flex())).unwrap().unwrap();
    let task = Task::Classification;
    let saved = load();
    let smaller = session(model_of(task).0, raw(task), data(task, 16));
    let error = smaller.restore(saved.state, saved.tensors).err().unwrap();
    assert_eq!(error.code, "checkpoint.data");
    let saved = load();
    let head = RecipeSpec { adapter: AdapterKind::Lora, train_embeddings: false, ..raw(task) };
    let error = session(model_of(task).0, head, data(task, 48)).restore(saved.state, saved.tensors).err().unwrap();
    assert_eq!(error.code, "checkpoint.tensor");
}

/// The code with which a saved run of 48 rows is refused after a change.
fn refused(task: Task, saved: &SessionState, change: impl Fn(&mut SessionState)) -> Option<String> {
    let mut state = saved.clone();
    change(&mut state);
    let tensors = RestoredTensors::new(&Device::flex());
    session(model_of(task).0, raw(task), data(task, 48)).restore(state, tensors).err().map(|error| error.code)
}

#[test]
fn positions_that_do_not_fit_the_batches_are_refused() {
    let (task, mut folder) = (Task::Classification, saved(4, 4).1);
    let saved = ready(checkpoint::load(&mut folder, &Device::flex())).unwrap().unwrap().state;
    let batches = data(task, 48).train.len().div_ceil(16) as u32;
    let end_of_epoch = |state: &mut SessionState, phase| {
        state.run.batches_seen += u64::from(batches - state.run.batch);
        (state.run.batch, state.phase) = (batches, phase);
    };
    let changes: [&dyn Fn(&mut SessionState); 7] = [
        &|state| state.run.batch = 9,
        &|state| state.run.batches_seen = 0,
        &|state| state.run.stage = 9,
        &|state| end_of_epoch(state, SavedPhase::Training),
        &|state| end_of_epoch(state, SavedPhase::Evaluating(None)),
        &|state| end_of_epoch(state, SavedPhase::Finished(EndReason::Stopped)),
        &|state| state.optimizer_steps.values_mut().for_each(|steps| *steps = i32::MAX),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        assert_eq!(refused(task, &saved, change).as_deref(), Some("checkpoint.state"), "{nth}");
    }
    // As it was, or at the end of an epoch that nothing follows, only the tensors are missing.
    let ended = |state: &mut SessionState| end_of_epoch(state, SavedPhase::Finished(EndReason::NotFinite));
    for found in [refused(task, &saved, |_| {}), refused(task, &saved, ended)] {
        assert_eq!(found.as_deref(), Some("checkpoint.tensor"));
    }
}

type Change<'a> = &'a dyn Fn(&mut Vec<Prediction>);

#[test]
fn predictions_of_other_rows_or_labels_are_refused() {
    for task in Task::ALL {
        let mut run = session(model_of(task).0, RecipeSpec { epochs: Some(1), ..recipe(task) }, data(task, 48));
        super::run(&mut run);
        let saved = run.checkpoint().unwrap().state;
        let changed =
            |change: Change| refused(task, &saved, |state| change(&mut state.best.as_mut().unwrap().predictions));
        assert_eq!(changed(&|_| {}).as_deref(), Some("checkpoint.tensor"), "{task:?}");
        let shorter = |prediction: &mut Prediction| match prediction {
            Prediction::Classes(values) | Prediction::Labels(values) => _ = values.pop(),
            Prediction::Tags(words) => _ = words[0].pop(),
            Prediction::Spans { end, .. } => end.truncate(2),
            other => *other = Prediction::Classes(Vec::new()),
        };
        let truncated = |all: &mut Vec<Prediction>| shorter(&mut all[3]);
        let mut changes: Vec<Change> = vec![&|all| all.push(Prediction::Number(0.0))];
        if task != Task::Embeddings {
            changes.push(&|all| _ = all.pop());
            changes.push(&truncated);
            changes.push(&|all| all[3] = Prediction::Vector(vec![1.0]));
        }
        for (nth, change) in changes.into_iter().enumerate() {
            assert_eq!(changed(change).as_deref(), Some("checkpoint.state"), "{task:?} {nth}");
        }
    }
}
