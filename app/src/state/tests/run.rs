//! A run from its start to queries about its weights, and several runs in a row.

use hone_core::dataset::Mapping;
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::{Answer, Query};
use hone_core::protocol::{Command, DeviceChoice, Event};
use hone_core::recipe::{Family, Metric, ParamGroup, Pooling, Task};
use hone_core::run::{Control, Finding, Forgetting, StepMetrics, Verdict, WrongRow, WrongRowQuery, WrongRows};
use hone_core::usage::{ExportDtype, ExportForm};

use crate::plot::Scale;
use crate::state::tests::{
    commands, entry, evaluation, finished, gone, model_ready, number, part, ready, running, started, trained,
};
use crate::state::{Axis, Effect, Export, ExportChoice, PastRun, Phase, State, Status, Step, Topic};

#[test]
fn a_late_pause_or_resume_does_not_undo_a_stop() {
    let mut state = running();
    state.stop();
    for late in [Event::Paused, Event::Resumed] {
        state.answer(late);
        assert_eq!(state.run.phase, Phase::Stopping);
    }
}

#[test]
fn a_run_that_cannot_start_leaves_the_one_before_in_place() {
    let mut state = trained();
    let before = state.run.clone();
    state.start();
    assert!(!state.run.has_weights, "weights about to be dropped are not queried");
    state.answer(Event::RunFailed { diagnostic: gone() });
    assert_eq!(state.run.rejected.take(), Some(gone()));
    assert_eq!(state.run, before);

    state.start();
    state.answer(started());
    state.answer(Event::RunFailed { diagnostic: gone() });
    assert_eq!(state.run.phase, Phase::Failed(gone()));
}

#[test]
fn an_evaluation_without_batches_is_not_shown() {
    let mut state = running();
    state.answer(Event::Evaluating { done: 0, total: 0 });
    assert_eq!(state.run.evaluating, None);
}

#[test]
fn steps_and_evaluations_are_kept_in_order_with_the_best_marked() {
    let mut state = running();
    let step = |step: u32| StepMetrics {
        step,
        epoch: 0.5,
        loss: if step == 2 { f64::NAN } else { 0.7 },
        grad_norm: 1.0,
        lr: 1e-5,
        tokens: 100,
        taken: step != 2,
    };
    state.answer(Event::Steps { steps: vec![step(1), step(2)], tokens_per_s: 10.0, seconds_left: None });
    state.answer(Event::Steps { steps: vec![step(3)], tokens_per_s: 10.0, seconds_left: Some(38.0) });
    assert_eq!(state.line(Step::Train).text, "step 3 of 18 · 38\u{a0}s left");
    for (at, accuracy, is_best) in [(1, 0.6, true), (2, 0.9, true), (3, 0.8, false)] {
        state.answer(Event::Evaluated { evaluation: evaluation(at, accuracy), is_best });
    }
    assert_eq!(state.run.best, Some(1));
    let picture = state.run.loss_picture(Scale::Linear);
    assert!(picture.shapes.iter().all(|shape| !shape.path.contains("NaN")), "{picture:?}");
    assert!(picture.summary.contains("0.700"), "{}", picture.summary);
}

fn wrong_row(text: &str, pair: Option<&str>) -> WrongRow {
    WrongRow {
        line: 2,
        is_in_train_file: true,
        text: text.into(),
        pair: pair.map(str::to_owned),
        given: "b".into(),
        predicted: "a".into(),
        likely: Some(vec!["a".into()]),
        measure: "probability 90 %".into(),
        nearest: Vec::new(),
    }
}

fn wrong_rows(total: u32) -> WrongRows {
    WrongRows {
        rows: vec![wrong_row("odd", None); 20],
        total,
        sentence: "1 to 20 of 45 wrong rows.".into(),
        ..Default::default()
    }
}

#[test]
fn wrong_rows_are_turned_searched_and_filtered() {
    let mut state = trained();
    assert_eq!(state.run.wrong, None, "the list opens only on a click");
    let find = |query| [Command::FindWrongRows { query, with_nearest: true }];
    let all = WrongRowQuery::default();
    assert_eq!(commands(state.find_wrong_rows(all.clone())), find(all.clone()));
    state.on_wrong_rows(Some(Topic::WrongRows), wrong_rows(45));
    assert_eq!(state.wrong_rows(), wrong_rows(45));
    let next = WrongRowQuery { offset: 20, ..all.clone() };
    assert_eq!(commands(state.turn_wrong_rows(true)), find(next));
    assert_eq!(commands(state.turn_wrong_rows(false)), find(all.clone()));
    let cell = WrongRowQuery { actual: Some(1), predicted: Some(0), ..all };
    assert_eq!(commands(state.open_cell(1, 0)), find(cell));
    assert!(state.can_mend_run());
    state.forget_weights();
    assert!(state.run.wrong.is_none() && state.open_cell(1, 0).is_empty(), "the tuned weights are gone");
}

#[test]
fn the_search_for_nearest_rows_shows_its_progress_and_can_be_stopped() {
    let mut state = trained();
    let query = WrongRowQuery::default();
    state.find_wrong_rows(query.clone());
    let waiting = WrongRows { comparing: Some(0.0), neighbors: "They come.".into(), ..wrong_rows(45) };
    let answer = |state: &mut State, event| {
        let request = state.requests.on(Topic::WrongRows);
        state.on_event(request, event);
    };
    answer(&mut state, Event::WrongRowsFound { found: waiting.clone() });
    answer(&mut state, Event::NearestProgress { fraction: 0.25 });
    assert_eq!(state.wrong_rows().comparing, Some(0.25));
    assert!(state.is_silent(std::time::Duration::from_secs(600)), "a hang is noticed");
    assert_eq!(commands(state.stop_nearest()), [Command::StopNearest]);
    answer(&mut state, Event::NearestProgress { fraction: 0.5 });
    assert_eq!(state.wrong_rows(), WrongRows { comparing: None, neighbors: String::new(), ..waiting.clone() });
    let without = Command::FindWrongRows { query: query.clone(), with_nearest: false };
    assert_eq!(commands(state.find_wrong_rows(query.clone())), [without], "it stays stopped");
    let again = [Command::FindWrongRows { query, with_nearest: true }];
    assert_eq!(commands(state.find_nearest()), again);
    answer(&mut state, Event::WrongRowsFound { found: waiting });
    let diagnostic = Diagnostic::new("device.lost", "The device failed.");
    answer(&mut state, Event::NearestFailed { diagnostic: diagnostic.clone() });
    assert!(!state.is_comparing() && state.wrong_rows().neighbors.is_empty(), "nothing is promised any longer");
    assert_eq!(state.run.wrong.as_ref().unwrap().diagnostic, Some(diagnostic));
    assert_eq!(commands(state.find_nearest()), again);
    assert_eq!(state.run.wrong.as_ref().unwrap().diagnostic, None);
}

#[test]
fn rows_to_pick_from_leave_the_list_alone() {
    let mut state = trained();
    assert_eq!(
        commands(state.fetch_misclassified()),
        [Command::FindWrongRows { query: WrongRowQuery::default(), with_nearest: false }]
    );
    state.answer(Event::WrongRowsFound { found: wrong_rows(45) });
    assert_eq!(state.inference.misclassified, wrong_rows(45));
    assert_eq!(state.run.wrong, None);
}

#[test]
fn running_text_has_no_wrong_rows() {
    let mut state = trained();
    assert!(state.has_wrong_rows());
    state.run.mapping = Some(Mapping::Corpus { text: 0 });
    assert!(!state.has_wrong_rows());
}

#[test]
fn a_row_is_predicted_in_full_with_its_second_text() {
    let long = "word ".repeat(400);
    let mut state = trained();
    assert_eq!(commands(state.predict_row(wrong_row(&long, None))), [asked(&long, None)]);
    state.run.mapping = Some(Mapping::Classification { text: 0, pair: Some(1), label: 2 });
    state.inference.other = "of an earlier question".into();
    assert_eq!(commands(state.predict_row(wrong_row(&long, Some("second")))), [asked(&long, Some("second"))]);
    state.run.plan.as_mut().unwrap().recipe.task = Task::QuestionAnswering;
    state.inference.pending = None;
    let query = Query::Question { question: "Who?".into(), context: "Ada did.".into() };
    let predicted = commands(state.predict_row(wrong_row("Who?", Some("Ada did."))));
    assert_eq!(predicted, [Command::Predict { query, tuned: None }], "the passage is the text");
}

fn asked(text: &str, pair: Option<&str>) -> Command {
    let query = Query::Text { text: text.into(), pair: pair.map(str::to_owned) };
    Command::Predict { query, tuned: None }
}

#[test]
fn only_the_answer_to_the_last_query_is_shown() {
    let mut state = trained();
    let answer = || Event::Predicted {
        labels: vec!["a".into(), "b".into()],
        base: Some(Answer::Classes { probabilities: vec![0.5, 0.5], unsure_below: 0.0 }),
        tuned: Answer::Classes { probabilities: vec![0.1, 0.9], unsure_below: 0.0 },
        tokens: 3,
        truncated: false,
    };
    assert_eq!(state.predict(), [], "an empty box sends no query");
    state.inference.text = "x".into();
    let first = number(&state.predict());
    let second = number(&state.predict());
    state.on_event(Some(first), answer());
    assert_eq!(state.inference.prediction, None);
    state.inference.text = "typed since".into();
    state.on_event(Some(second), answer());
    let asked = state.inference.prediction.as_ref().map(|reply| reply.query.clone());
    assert_eq!(asked, Some(Query::Text { text: "x".into(), pair: None }));
}

#[test]
fn tuned_weights_are_lost_with_their_model_or_worker() {
    let mut state = trained();
    assert_eq!(state.line(Step::Export).status, Status::Open);
    state.export(ExportForm::Model);
    state.answer(Event::Exported { file_name: "model.zip".into(), bytes: 1.0, rounded: None });
    assert_eq!(state.line(Step::Export).status, Status::Done);
    state.map(Mapping::Classification { text: 1, pair: None, label: 0 });
    assert_eq!(state.line(Step::Export).status, Status::Done, "other columns are for the next run");
    state.load_model();
    state.answer(model_ready());
    assert_eq!((state.run.has_weights, &state.export), (false, &Export::Idle));
    assert_eq!(state.open_cell(0, 1), []);

    let mut state = trained();
    state.choose_device(DeviceChoice::Cpu);
    assert!(!state.run.has_weights);
}

#[test]
fn a_form_or_type_that_the_model_cannot_have_is_not_used() {
    let mut state = trained();
    let whole = state.export_bytes();
    state.export_choice = ExportChoice { form: ExportForm::Onnx, dtype: ExportDtype::Float16 };
    assert_eq!((state.export_form(), state.export_dtype()), (ExportForm::Onnx, ExportDtype::Float16));
    assert!(state.export_bytes() <= whole, "the graph computes the mean without another layer");
    let [Command::Export { form: ExportForm::Onnx, dtype: ExportDtype::Float16 }] =
        &commands(state.export(ExportForm::Onnx))[..]
    else {
        panic!("an ONNX export")
    };
    // Gemma's weights cannot have 16 bits.
    for (family, dtype) in [(Family::Llama, ExportDtype::Float16), (Family::Gemma3, ExportDtype::Float32)] {
        let mut decoder = entry();
        decoder.family = family;
        state.run.base = Some(decoder);
        assert_eq!((state.export_form(), state.export_dtype()), (ExportForm::Onnx, dtype));
    }
    // Llama is written for llama.cpp, and encoders are not.
    state.export_choice = ExportChoice { form: ExportForm::Gguf, dtype: ExportDtype::Float32 };
    for (family, form, dtype) in [
        (Family::Llama, ExportForm::Gguf, ExportDtype::Float16),
        (Family::Bert, ExportForm::Model, ExportDtype::Float32),
    ] {
        let mut base = entry();
        base.family = family;
        state.run.base = Some(base);
        assert_eq!((state.export_form(), state.export_dtype()), (form, dtype));
    }
    // Only a head on the mean has a class of its own.
    state.export_choice.form = ExportForm::OwnClass;
    state.run.plan = None;
    let mut cls = entry();
    cls.pooling = Pooling::Cls;
    state.run.base = Some(cls);
    assert_eq!(state.export_form(), ExportForm::Model);
}

#[test]
fn a_run_with_non_finite_scores_is_restored_at_the_next_visit() {
    let mut state = running();
    let Event::Finished { mut summary } = finished() else { panic!() };
    summary.best.loss = f64::NAN;
    summary.best.scores = [(Metric::Accuracy, f64::NAN)].into();
    let unknown = Forgetting { cosine: f64::NAN, agreement: f64::NAN, sentences: 64, perplexity: None };
    summary.forgetting = Some(unknown);
    state.answer(Event::Finished { summary });
    let kept = serde_json::to_string(&state.history.runs).unwrap();
    let [read] = &serde_json::from_str::<Vec<PastRun>>(&kept).unwrap()[..] else { panic!("{kept}") };
    assert!(read.best.loss.is_nan());
    assert_eq!((read.best.scores.len(), read.forgetting, read.data.as_str()), (0, None, "reviews.csv"));
}

#[test]
fn groups_are_frozen_by_hand_only_during_a_run() {
    let mut state = ready();
    assert_eq!(state.set_trainable(ParamGroup::Head, Some(false)), []);
    let mut state = running();
    assert!(state.run.param_group(ParamGroup::Head).unwrap().trainable);
    assert_eq!(
        commands(state.set_trainable(ParamGroup::Head, Some(false))),
        [Command::SetTrainable { group: ParamGroup::Head, trainable: Some(false) }]
    );
    state.answer(Event::ParamGroups { step: 3, param_groups: vec![part(ParamGroup::Head, false)] });
    assert!(!state.run.param_group(ParamGroup::Head).unwrap().trainable);
}

#[test]
fn queued_runs_follow_each_other_and_are_all_kept() {
    let mut state = ready();
    assert!(matches!(&state.start_seeds(3)[..], [Effect::Send(_, Command::Start { recipe, .. })] if recipe.seed == 42));
    assert_eq!(state.queue.position(), Some((1, 3)));
    for (seed, number) in [(43, 2), (44, 3)] {
        state.answer(started());
        let effects = state.answer(finished());
        assert!(
            matches!(&effects[..], [Effect::StoreRuns, Effect::Send(_, Command::Start { recipe, .. })] if recipe.seed == seed)
        );
        assert_eq!(state.queue.position(), Some((number, 3)));
    }
    state.answer(started());
    assert_eq!(state.answer(finished()), [Effect::StoreRuns]);
    assert_eq!(state.queue.position(), None);
    let names: Vec<&str> = state.history.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["1 · seed 42", "2 · seed 43", "3 · seed 44"]);
}

#[test]
fn waiting_runs_are_dropped_on_request_or_after_a_failure() {
    let mut state = ready();
    state.axes[0] = Axis { field: "epochs".into(), values: "1, 2, 3".into() };
    state.start_sweep();
    state.answer(started());
    assert_eq!(state.drop_waiting(), []);
    assert_eq!(state.answer(finished()), [Effect::StoreRuns]);

    state.start_sweep();
    state.answer(started());
    state.answer(Event::RunFailed { diagnostic: gone() });
    assert!(matches!(&state.run.phase, Phase::Failed(diagnostic) if diagnostic.done == "2 waiting runs were dropped."));
    assert_eq!(state.queue.position(), None);
}

#[test]
fn a_finished_run_is_trained_further_with_its_chart_and_history() {
    let mut state = running();
    let step = |step: u32| StepMetrics {
        step,
        epoch: f64::from(step) / 9.0,
        loss: 0.5,
        grad_norm: 1.0,
        lr: 1e-5,
        tokens: 100,
        taken: true,
    };
    state.answer(Event::Steps { steps: vec![step(18)], tokens_per_s: 10.0, seconds_left: None });
    state.answer(Event::Evaluated { evaluation: evaluation(18, 0.9), is_best: true });
    state.answer(finished());
    assert_eq!((state.run.more_epochs, state.run.epochs_in_all()), (2, 4), "as many epochs again");
    let id = state.run.past_id.unwrap();
    state.rename_run(id, "mine");
    state.type_more_epochs("3");
    state.type_more_epochs("three");
    assert_eq!(commands(state.extend_run()), [Command::TrainFurther { epochs: 3 }]);
    assert!(!state.can_train_further() && !state.run.has_weights && state.run.is_active());
    state.answer(started());
    state.answer(Event::Steps { steps: vec![step(19)], tokens_per_s: 10.0, seconds_left: None });
    assert_eq!((state.run.steps.len(), state.run.evaluations.len(), state.run.best), (2, 1, Some(0)));
    state.answer(finished());
    assert!(state.run.has_weights && state.can_train_further());
    let names: Vec<&str> = state.history.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["mine"], "it is still the same run");
}

#[test]
fn a_run_refused_to_be_trained_further_keeps_its_result() {
    let mut state = trained();
    let before = state.run.clone();
    state.extend_run();
    state.answer(Event::RunFailed { diagnostic: gone() });
    assert_eq!(state.run.rejected.take(), Some(gone()));
    assert_eq!(state.run, before);
}

#[test]
fn the_optimizer_state_is_gone_once_the_person_moves_on() {
    for move_on in [State::remap, State::find_rate] as [fn(&mut State) -> Vec<Effect>; 2] {
        let mut state = trained();
        assert!(state.can_train_further());
        move_on(&mut state);
        assert!(!state.run.has_optimizer);
        assert_eq!(state.extend_run(), []);
    }
    let mut state = trained();
    state.restart();
    assert!(!state.can_train_further());
}

#[test]
fn the_verdict_points_to_a_control_and_is_announced() {
    let mut state = running();
    let Event::Finished { mut summary } = finished() else { panic!("it is finished") };
    let sentence = "The model was still improving.".to_owned();
    let (finding, control) = (Finding::StillImproving, Some(Control::TrainFurther));
    summary.verdict = Some(Verdict { finding, sentence, control });
    state.answer(Event::Finished { summary });
    assert_eq!(state.helpful_control(), None, "the epochs are right below");
    assert!(state.announcement().ends_with("The model was still improving."), "{}", state.announcement());
    state.remap();
    assert_eq!(state.helpful_control(), Some(Control::TrainFurther));
}
