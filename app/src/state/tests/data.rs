//! Files dropped, read, mapped and split.

use hone_core::dataset::{
    DataRecipe, DataRole, Delimiter, Encoding, FileRow, FileRows, Hints, Mapping, PartKind, Parts, RowQuery,
    SourceInfo, TaskOffer,
};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event};
use hone_core::recipe::{RecipeSpec, Task};
use hone_core::run::{RecipeFile, WrongRowQuery};

use crate::state::data::file::FileChoice;
use crate::state::data::program::command_line;
use crate::state::tests::{
    MAPPING, chosen, commands, data_ready, device_ready, entry, gone, model_ready, not_opened, number, offering,
    opened, read, ready, running, source, tokens_ready, trained,
};
use crate::state::{Effect, QueryKind, State, Status, Step};

#[test]
fn a_dropped_file_is_read_mapped_by_the_guess_and_brings_the_model() {
    let mut state = State::default();
    state.restart();
    state.on_catalog(Ok(vec![entry()]));
    assert!(matches!(
        state.open(DataRole::Train, chosen("reviews.csv"))[..],
        [Effect::Send(_, Command::OpenData { role: DataRole::Train, .. })]
    ));
    assert_eq!(state.line(Step::Data).status, Status::Busy);
    let mapped = state.answer(opened(2));
    assert!(matches!(
        mapped[..],
        [Effect::Send(_, Command::MapData { mapping: MAPPING, validation_ratio: 0.1, test_ratio: 0.0, seed: 42 })]
    ));
    assert!(matches!(state.answer(data_ready())[..], [Effect::Send(_, Command::LoadModel { .. })]));
    assert_eq!(state.line(Step::Data).text, "100 rows, 2 labels");
    assert!(state.blocker().is_some(), "the model has not been loaded yet");
    state.answer(model_ready());
    assert_eq!(state.blocker().as_deref(), Some("Your texts are being tokenized."));
    assert_eq!(state.answer(tokens_ready()), [], "the model is not loaded twice");
    assert_eq!(state.blocker(), None);
    state.load_model();
    state.answer(model_ready());
    assert!(state.blocker().is_some(), "another model has other tokens");
}

#[test]
fn a_user_looks_through_the_rows_until_the_columns_change() {
    let mut state = ready();
    let row = |line| FileRow { line, cells: vec!["a".into(), "b".into()], skipped: None };
    let query = |search: &str, offset| RowQuery { search: search.into(), only_skipped: false, offset };
    let find = |query| Command::FindRows { query };
    assert_eq!(commands(state.search_rows("a".into())), [find(query("a", 0))]);
    state.answer(Event::RowsFound { found: FileRows { rows: (2..22).map(row).collect(), total: 30 } });
    assert_eq!(state.shown_rows(), ((2..22).map(row).collect(), 30));
    assert_eq!(commands(state.next_rows()), [find(query("a", 20))]);
    // A new question while the worker looks stops the one before.
    assert_eq!(commands(state.previous_rows()), [Command::StopReading, find(query("a", 0))]);
    state.remap();
    assert_eq!(state.shown_rows(), (Vec::new(), 100), "the first rows of the file are shown again");
}

#[test]
fn a_file_dropped_during_a_run_only_shows_a_notice() {
    let mut state = running();
    let before = state.clone();
    assert_eq!(state.open(DataRole::Train, chosen("other.csv")), []);
    assert!(state.data.notice.take().is_some_and(|notice| notice.what.contains("other.csv")));
    assert_eq!(state, before);
}

#[test]
fn only_the_last_of_two_files_dropped_in_a_row_counts() {
    let mut state = ready();
    let first = number(&state.open(DataRole::Train, chosen("first.csv")));
    state.open(DataRole::Train, chosen("second.csv"));
    assert_eq!(state.on_event(Some(first), opened(9)), []);
    assert!(matches!(state.answer(opened(2))[..], [Effect::Send(_, Command::MapData { .. })]));
}

/// A page on which a first file could not be opened.
fn blocked() -> State {
    let mut state = State::default();
    state.restart();
    state.on_catalog(Ok(vec![entry()]));
    state.answer(device_ready());
    state.open(DataRole::Train, chosen("latin.csv"));
    state.answer(not_opened(DataRole::Train));
    state
}

#[test]
fn an_unreadable_first_file_blocks_the_start_until_another_encoding_is_chosen() {
    let mut state = blocked();
    assert_eq!(state.line(Step::Data).status, Status::Wrong);
    assert!(state.blocker().is_some());
    let again = state.reread(Hints { encoding: Some(Encoding::WINDOWS_1252), ..Hints::default() });
    assert!(matches!(
        again[..],
        [Effect::Send(_, Command::OpenData { hints: Hints { encoding: Some(Encoding::WINDOWS_1252), .. }, .. })]
    ));
    assert_eq!(state.data.train.diagnostic(), None);
}

#[test]
fn a_file_that_cannot_be_opened_changes_nothing() {
    for role in [DataRole::Train, DataRole::Validation] {
        let mut state = trained();
        state.open(DataRole::Validation, chosen("check.csv"));
        state.answer(Event::DataOpened { role: DataRole::Validation, source: source(2) });
        state.answer(tokens_ready());
        let before = state.clone();
        state.open(role, chosen("photo.png"));
        assert_eq!(state.blocker().as_deref(), Some("Your file is being read."));
        assert_eq!(state.answer(not_opened(role)), []);
        let rejected = state.data.file_mut(role).rejected.take().unwrap();
        assert_eq!(rejected.diagnostic.done, "“photo.png” was not opened. Your earlier file is still here.");
        state.requests = before.requests.clone();
        assert_eq!(state, before, "{role:?}");
    }
}

#[test]
fn settings_that_fail_on_rereading_are_undone() {
    let mut state = trained();
    // Reading a file drops the optimizer state, whatever comes of it.
    state.run.has_optimizer = false;
    let before = state.clone();
    state.reread(Hints { encoding: Some(Encoding::UTF_16_LE), ..Hints::default() });
    state.answer(not_opened(DataRole::Train));
    let rejected = state.data.train.rejected.take().unwrap();
    assert_eq!(rejected.diagnostic.done, "It is still read the way it was before.");
    state.requests = before.requests.clone();
    assert_eq!(state, before);
}

#[test]
fn diagnostics_of_the_earlier_file_stay_with_it() {
    let mut state = ready();
    state.map(MAPPING);
    state.open(DataRole::Train, chosen("photo.png"));
    state.answer(data_ready());
    assert_eq!((state.data.report.is_some(), state.data.is_mapping), (false, false));
    state.answer(tokens_ready());
    assert_eq!(state.answer(not_opened(DataRole::Train)), []);
    assert_eq!(state.blocker(), None);

    state.map(MAPPING);
    state.open(DataRole::Train, chosen("photo.png"));
    state.answer(Event::DataFailed { role: DataRole::Train, diagnostic: gone() });
    assert_eq!(state.data.train.diagnostic(), None, "the new file is not to blame");
    state.answer(not_opened(DataRole::Train));
    assert_eq!((state.data.train.diagnostic(), &state.data.report), (Some(&gone()), &None));
}

#[test]
fn rows_are_split_again_if_validation_changed_while_a_file_failed_to_open() {
    let mut state = ready();
    state.open(DataRole::Validation, chosen("check.csv"));
    state.open(DataRole::Train, chosen("photo.png"));
    assert_eq!(state.answer(Event::DataOpened { role: DataRole::Validation, source: source(2) }), []);
    let back = state.answer(not_opened(DataRole::Train));
    assert!(matches!(back[..], [Effect::Send(_, Command::MapData { .. })]));
}

#[test]
fn the_earlier_file_is_reopened_if_the_worker_closed_it() {
    let mut state = trained();
    let other = number(&state.open(DataRole::Train, chosen("other.csv")));
    state.open(DataRole::Train, chosen("photo.png"));
    state.on_event(Some(other), opened(9));
    let again = state.answer(not_opened(DataRole::Train));
    assert!(matches!(&again[..], [Effect::Send(_, Command::OpenData { name, .. })] if name == "reviews.csv"));
    assert!(matches!(state.answer(opened(2))[..], [Effect::Send(_, Command::MapData { .. })]));
    assert!(state.run.has_weights);
}

#[test]
fn a_file_that_is_not_utf8_can_be_read_as_windows_1252() {
    let not_utf8 = || Diagnostic::new("data.not-utf8", "Line 2 contains bytes that are not UTF-8.");
    for mut state in [blocked(), trained()] {
        state.open(DataRole::Train, chosen("latin-1.csv"));
        state.answer(Event::DataNotOpened { role: DataRole::Train, diagnostic: not_utf8() });
        assert!(state.data.train.has_other_encoding());
        let again = state.read_as(DataRole::Train, Encoding::WINDOWS_1252);
        assert!(matches!(
            &again[..],
            [Effect::Send(_, Command::OpenData { name, hints: Hints { encoding: Some(Encoding::WINDOWS_1252), .. }, .. })] if name == "latin-1.csv"
        ));
        assert!(!state.data.train.has_other_encoding());
    }
}

#[test]
fn tuned_weights_outlast_their_training_data() {
    let mut state = trained();
    state.open(DataRole::Train, chosen("pairs.tsv"));
    let source = offering(vec![Mapping::Classification { text: 0, pair: Some(1), label: 2 }], 3);
    state.answer(Event::DataOpened { role: DataRole::Train, source });
    state.answer(data_ready());
    assert!(state.run.has_weights);
    assert_eq!(state.query_kind(), QueryKind::Text, "the run was trained on single texts");
    assert_eq!(state.run.title(), "1 · Full, on reviews.csv");
    assert!(!state.can_mend_run(), "the lines are those of the earlier file");
    assert_eq!(
        commands(state.open_cell(0, 1)),
        [Command::FindWrongRows {
            query: WrongRowQuery { actual: Some(0), predicted: Some(1), ..Default::default() },
            with_nearest: true
        }]
    );
}

#[test]
fn columns_chosen_by_the_user_outlast_the_worker_but_not_the_file() {
    let mut state = ready();
    let swapped = Mapping::Classification { text: 1, pair: None, label: 0 };
    state.map(swapped.clone());
    state.answer(tokens_ready());
    state.worker_lost(gone());
    state.answer(device_ready());
    assert!(
        matches!(&state.answer(opened(2))[..], [Effect::Send(_, Command::MapData { mapping, .. })] if *mapping == swapped)
    );
    state.open(DataRole::Train, chosen("other.csv"));
    assert!(matches!(state.answer(opened(2))[..], [Effect::Send(_, Command::MapData { mapping: MAPPING, .. })]));
}

#[test]
fn a_validation_file_replaces_the_split() {
    let mut state = ready();
    state.open(DataRole::Validation, chosen("check.csv"));
    let mapped = state.answer(Event::DataOpened { role: DataRole::Validation, source: source(2) });
    assert!(matches!(mapped[..], [Effect::Send(_, Command::MapData { .. })]));
    let closed = state.close_data(DataRole::Validation);
    assert!(matches!(
        closed[..],
        [Effect::Send(_, Command::CloseData { .. }), Effect::Send(_, Command::MapData { .. })]
    ));
}

#[test]
fn a_validation_file_removed_while_it_is_read_stays_removed() {
    let mut state = ready();
    state.open(DataRole::Validation, chosen("check.csv"));
    state.close_data(DataRole::Validation);
    let late = Event::DataOpened { role: DataRole::Validation, source: source(2) };
    assert_eq!(state.answer(late), []);
    assert_eq!(state.data.validation, Default::default());

    state.open(DataRole::Validation, chosen("check.csv"));
    state.close_data(DataRole::Validation);
    state.answer(not_opened(DataRole::Validation));
    assert_eq!(state.data.validation, Default::default());
    assert!(state.data.is_mapping, "the new split has not arrived yet");
}

#[test]
fn a_recipe_file_splits_the_rows_again_only_if_it_changes_the_split_and_never_during_a_run() {
    let mut state = trained();
    for harmless in [r#"{"epochs": 5}"#, "broken"] {
        assert_eq!(state.open_recipe(read(harmless)), []);
        assert!(state.run.has_weights);
    }
    assert_eq!(state.form.recipe.epochs, Some(5));
    assert!(matches!(
        state.open_recipe(read(r#"{"seed": 7}"#))[..],
        [Effect::Send(_, Command::MapData { seed: 7, .. })]
    ));

    let mut state = running();
    let before = state.clone();
    assert_eq!(state.open_recipe(read(r#"{"seed": 7}"#)), []);
    assert_eq!(state, before);
}

fn labels(labels: &[u32]) -> Mapping {
    Mapping::MultiLabel { text: 0, pair: None, labels: labels.to_vec() }
}

/// A file with columns of these names, which fits classification and which may be used for several labels.
fn named(columns: &[&str]) -> Event {
    let unfit = TaskOffer { mapping: labels(&[1]), fits: false, reason: "a list".into() };
    let mut source = offering(vec![MAPPING], columns.len());
    source.columns = columns.iter().map(|name| name.to_string()).collect();
    source.offers.push(unfit);
    Event::DataOpened { role: DataRole::Train, source }
}

fn with_delimiter(delimiter: char) -> Hints {
    Hints { delimiter: Some(Delimiter::Character(delimiter)), ..Hints::default() }
}

#[test]
fn columns_chosen_by_the_user_are_found_by_name_after_another_delimiter() {
    let mut state = ready();
    state.open(DataRole::Train, chosen("films.csv"));
    state.answer(named(&["text", "mood", "tags"]));
    state.map(labels(&[2]));
    state.reread(with_delimiter(';'));
    state.answer(named(&["id", "tags", "text"]));
    let moved = Mapping::MultiLabel { text: 2, pair: None, labels: vec![1] };
    assert_eq!(state.data.mapping, Some(moved));
    state.reread(with_delimiter('|'));
    state.answer(named(&["everything", "else"]));
    assert_eq!(state.data.mapping, Some(labels(&[1])), "the task stays, with the columns that it is offered with");
    state.reread(Hints { has_header: Some(false), ..Hints::default() });
    state.answer(named(&["column 1", "column 2"]));
    assert_eq!(state.data.mapping, Some(labels(&[1])), "columns without names keep their places");
}

#[test]
fn columns_that_nobody_chose_are_guessed_again_after_another_delimiter() {
    let mut state = ready();
    state.reread(with_delimiter(';'));
    let guess = Mapping::Regression { text: 0, pair: None, number: 1 };
    state.answer(Event::DataOpened { role: DataRole::Train, source: offering(vec![guess.clone()], 2) });
    assert_eq!(state.data.mapping, Some(guess));
}

#[test]
fn each_task_keeps_the_columns_that_were_set_for_it() {
    let mut state = ready();
    state.open(DataRole::Train, chosen("films.csv"));
    state.answer(named(&["text", "mood", "tags"]));
    state.choose_task(&labels(&[1]));
    state.map(labels(&[1, 2]));
    state.answer(Event::DataFailed { role: DataRole::Train, diagnostic: gone() });
    assert_eq!(state.data.train.diagnostic(), Some(&gone()));
    state.choose_task(&MAPPING);
    assert_eq!((state.data.mapping.as_ref(), state.data.train.diagnostic()), (Some(&MAPPING), None));
    state.choose_task(&labels(&[1]));
    assert_eq!(state.data.mapping, Some(labels(&[1, 2])));
    state.open(DataRole::Train, chosen("other.csv"));
    state.answer(named(&["text", "mood", "tags"]));
    state.choose_task(&labels(&[1]));
    assert_eq!(state.data.mapping, Some(labels(&[1])), "another file has columns of its own");
}

#[test]
fn a_recipe_for_another_task_that_the_file_fits_brings_its_columns() {
    let mut state = ready();
    let source = offering(vec![MAPPING, labels(&[1])], 2);
    state.open(DataRole::Train, chosen("films.csv"));
    state.answer(Event::DataOpened { role: DataRole::Train, source });
    state.open_recipe(read(r#"{"task": "multi_label", "epochs": 7}"#));
    assert_eq!(state.data.mapping, Some(labels(&[1])));
    assert_eq!((state.form.recipe.task, state.form.recipe.epochs), (Task::MultiLabel, Some(7)));
    state.open_recipe(read(r#"{"task": "regression"}"#));
    assert_eq!(state.data.mapping, Some(labels(&[1])), "no column of numbers is offered");
}

#[test]
fn a_validation_file_is_read_like_the_training_file_if_possible() {
    let mut state = ready();
    state.reread(with_delimiter('^'));
    state.answer(opened(2));
    let hints = |effects: &[Effect]| match effects {
        [Effect::Send(_, Command::OpenData { hints, .. })] => hints.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(hints(&state.open(DataRole::Validation, chosen("check.csv"))), with_delimiter('^'));
    assert_eq!(hints(&state.answer(not_opened(DataRole::Validation))), Hints::default());
    assert_eq!(state.answer(not_opened(DataRole::Validation)), []);
    assert_eq!(state.data.validation.diagnostic(), Some(&gone()));
}

#[test]
fn a_file_whose_reading_is_stopped_leaves_the_earlier_one_and_is_not_tried_again() {
    let mut state = ready();
    let stopped = |role| Event::DataNotOpened { role, diagnostic: Diagnostic::new("data.stopped", "Stopped.") };
    state.open(DataRole::Train, chosen("large.csv"));
    assert_eq!(commands(state.stop_reading()), [Command::StopReading]);
    state.answer(stopped(DataRole::Train));
    assert_eq!(state.data.train.choice().map(|choice| choice.name.as_str()), Some("reviews.csv"));
    assert!(!state.data.train.is_reading() && state.data.report.is_some());
    state.reread(with_delimiter('^'));
    state.answer(opened(2));
    state.open(DataRole::Validation, chosen("check.csv"));
    assert_eq!(state.answer(stopped(DataRole::Validation)), []);
}

#[test]
fn the_command_line_names_the_files() {
    let mut state = ready();
    assert_eq!(command_line(&state), "hone train recipe.json --data reviews.csv --out tuned");
    state.open(DataRole::Test, chosen("it's new.csv"));
    let line = command_line(&state);
    assert_eq!(line, r"hone train recipe.json --data reviews.csv --test 'it'\''s new.csv' --out tuned");
    state.open(DataRole::Validation, chosen("check-0.csv and 1 more"));
    assert_eq!(command_line(&state), "", "the program does not join files");
}

/// A recipe file for several labels in the columns `0` and `2`, read with a delimiter.
fn recipe_file(hints: Hints) -> RecipeFile {
    let mapping = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
    let data = DataRecipe { hints, columns: vec!["0".into(), "2".into()], mapping };
    let recipe = RecipeSpec { task: Task::MultiLabel, ..RecipeSpec::default() };
    RecipeFile::new(recipe, Some(data)).unwrap()
}

#[test]
fn a_recipe_brings_its_columns_to_the_open_file() {
    let mapping = Mapping::MultiLabel { text: 0, pair: None, labels: vec![2] };
    let mut state = ready();
    state.open(DataRole::Train, chosen("reviews.csv"));
    state.answer(opened(3));
    let sent = state.open_recipe_file(Ok(recipe_file(Hints::default())));
    assert!(
        matches!(&sent[..], [.., Effect::Send(_, Command::MapData { mapping: it, .. })] if *it == mapping),
        "{sent:?}"
    );
    assert_eq!((state.data.mapping.clone(), state.form.recipe.task), (Some(mapping.clone()), Task::MultiLabel));
    let used = state.data_recipe().unwrap();
    assert_eq!(used.columns, ["0", "2"]);
    // A file that has to be read in another way is read again first.
    let sent = state.open_recipe_file(Ok(recipe_file(with_delimiter(';'))));
    assert!(
        matches!(&sent[..], [.., Effect::Send(_, Command::OpenData { hints, .. })] if *hints == with_delimiter(';')),
        "{sent:?}"
    );
    state.answer(opened(3));
    assert_eq!((state.data.mapping.clone(), state.data.wanted.clone()), (Some(mapping), None));
}

#[test]
fn a_recipe_brings_its_columns_to_the_next_file_or_says_what_is_missing() {
    let mut state = State::default();
    assert_eq!(state.open_recipe_file(Ok(recipe_file(with_delimiter(';')))), []);
    let sent = state.open(DataRole::Train, chosen("reviews.csv"));
    assert!(
        matches!(&sent[..], [Effect::Send(_, Command::OpenData { hints, .. })] if *hints == with_delimiter(';')),
        "{sent:?}"
    );
    state.answer(opened(2));
    let notice = state.data.notice.clone().unwrap();
    assert!(notice.what.contains("reviews.csv has no column \"2\""), "{notice}");
    assert_eq!((state.data.mapping.clone(), state.data.wanted.clone()), (Some(MAPPING), None));
    // A file that is no recipe changes nothing.
    let before = state.data.clone();
    assert_eq!(state.open_recipe_file(Err("no".into())), []);
    assert!(state.form.diagnostic.is_some() && state.data == before);
}

#[test]
fn another_sheet_is_read_in_place_of_the_open_one() {
    let mut state = ready();
    let mut source = source(2);
    source.parts = vec![Parts { kind: PartKind::Sheet, names: vec!["a".into(), "b".into()], chosen: 0 }];
    state.open(DataRole::Train, chosen("book.xlsx"));
    state.answer(Event::DataOpened { role: DataRole::Train, source });
    assert_eq!(state.data.train.part(0), Some("a"));
    let effects = state.choose_part(DataRole::Train, PartKind::Sheet, "b".into());
    assert!(
        matches!(&effects[..], [Effect::Send(_, Command::OpenData { hints, .. })] if hints.sheet.as_deref() == Some("b"))
    );
    assert_eq!(state.data.train.part(0), Some("b"));
    state.answer(not_opened(DataRole::Train));
    assert_eq!(state.data.train.part(0), Some("a"), "it is still open");

    state.choose_part(DataRole::Train, PartKind::Sheet, "b".into());
    let effects = state.open(DataRole::Validation, chosen("other.xlsx"));
    let [Effect::Send(_, Command::OpenData { hints, .. })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(hints.sheet, None, "another file has other sheets");
}

#[test]
fn a_zip_of_a_model_that_is_opened_as_data_is_loaded_as_a_model() {
    for mut state in [ready(), blocked()] {
        let (source, report) = (state.data.train.source().cloned(), state.data.report.clone());
        state.open(DataRole::Train, chosen("tuned.zip"));
        let diagnostic = Diagnostic::new("data.is-model", "It is a model.");
        let effects = state.answer(Event::DataNotOpened { role: DataRole::Train, diagnostic });
        let loads =
            |effect: &Effect| matches!(effect, Effect::Send(_, Command::LoadFiles { name, .. }) if name == "tuned.zip");
        assert!(effects.iter().any(loads), "{effects:?}");
        assert_eq!((state.data.train.source(), &state.data.report), (source.as_ref(), &report));
        assert_eq!((&state.data.train.rejected, &state.data.notice), (&None, &None));
    }
}

#[test]
fn a_file_that_also_has_validation_rows_is_its_own_validation_file() {
    let mut state = ready();
    state.open(DataRole::Train, chosen("reviews.tar.gz"));
    let source = SourceInfo { holds_validation: true, ..source(2) };
    let effects = state.answer(Event::DataOpened { role: DataRole::Train, source: source.clone() });
    let opens = |effect: &Effect| matches!(effect, Effect::Send(_, Command::OpenData { role: DataRole::Validation, name, .. }) if name == "reviews.tar.gz");
    assert!(effects.iter().any(opens), "{effects:?}");
    state.answer(opened(2));
    let effects = state.answer(Event::DataOpened { role: DataRole::Train, source });
    assert!(!effects.iter().any(opens), "a validation file that is open stays");
}

#[test]
fn a_file_that_is_its_own_validation_file_is_replaced_as_both() {
    let mut state = ready();
    let both = FileChoice::new("reviews.tar.gz".into(), None, 7);
    state.open(DataRole::Train, both);
    let source = SourceInfo { holds_validation: true, ..source(2) };
    state.answer(Event::DataOpened { role: DataRole::Train, source: source.clone() });
    state.answer(Event::DataOpened { role: DataRole::Validation, source: source.clone() });
    assert!(state.data.validation.choice().is_some());
    state.open(DataRole::Train, FileChoice::new("other.csv".into(), None, 8));
    let effects = state.answer(opened(2));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::CloseData { .. }))), "{effects:?}");
    assert_eq!(state.data.validation.choice(), None);
}

#[test]
fn a_part_of_the_training_file_that_cannot_be_read_is_left_out() {
    let mut state = ready();
    state.open(DataRole::Train, FileChoice::new("reviews.tar.gz".into(), None, 7));
    state.answer(Event::DataOpened {
        role: DataRole::Train,
        source: SourceInfo { holds_validation: true, ..source(2) },
    });
    let effects = state.answer(not_opened(DataRole::Validation));
    assert!(matches!(effects[..], [Effect::Send(_, Command::CloseData { .. }), ..]), "{effects:?}");
    assert_eq!((state.data.validation.choice(), state.data.diagnostic()), (None, None));
    let notice = state.data.notice.clone().unwrap();
    assert_eq!(notice.what, gone().what);
    assert!(notice.done.starts_with("That part was left out"), "{notice}");
    // What the user has chosen fails.
    state.open(DataRole::Validation, chosen("empty.csv"));
    state.answer(not_opened(DataRole::Validation));
    assert!(state.data.diagnostic().is_some());
}

#[test]
fn a_file_with_three_parts_is_its_own_validation_and_test_file() {
    let mut state = ready();
    state.open(DataRole::Train, chosen("reviews.tar.gz"));
    let source = SourceInfo { holds_validation: true, holds_test: true, ..source(2) };
    let effects = state.answer(Event::DataOpened { role: DataRole::Train, source: source.clone() });
    let opens = |wanted| {
        let is_it =
            |effect: &&Effect| matches!(effect, Effect::Send(_, Command::OpenData { role, .. }) if *role == wanted);
        effects.iter().filter(is_it).count()
    };
    assert_eq!([DataRole::Validation, DataRole::Test].map(opens), [1, 1]);
    state.answer(Event::DataOpened { role: DataRole::Validation, source: source.clone() });
    let mapped = state.answer(Event::DataOpened { role: DataRole::Test, source });
    let shares = Command::MapData { mapping: MAPPING, validation_ratio: 0.1, test_ratio: 0.0, seed: 42 };
    assert!(mapped.iter().any(|effect| matches!(effect, Effect::Send(_, command) if *command == shares)), "{mapped:?}");
    let closed = state.close_data(DataRole::Test);
    assert!(matches!(closed[0], Effect::Send(_, Command::CloseData { role: DataRole::Test })));
    assert_eq!(state.data.test.choice(), None);
}
