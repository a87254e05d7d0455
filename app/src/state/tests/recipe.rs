//! The form of the recipe, and the plan made from it.

use hone_core::catalog::TunedHead;
use hone_core::recipe::{
    AdapterKind, ClassWeights, FIELDS, Family, Field, FieldGroup, FieldKind, LoraTarget, Number, ParamGroup, Pooling,
    Preset, RecipeSpec, Task, UnfreezeUnit, Unfreezing,
};

use crate::state::recipe::fields::{self, GROUPS, controls, parse_into, range, shown};
use crate::state::recipe::unfreeze_order;
use crate::state::tests::{read, ready};
use crate::state::{Form, Load, State};

fn number(name: &str) -> &'static Number {
    match Field::named(name).map(|field| &field.kind) {
        Some(FieldKind::Number(number)) => number,
        _ => panic!("{name} is not a numeric field"),
    }
}

#[test]
fn every_number_round_trips_and_respects_its_range() {
    for field in FIELDS {
        let FieldKind::Number(number) = &field.kind else { continue };
        let mut recipe = RecipeSpec::default();
        let text = shown(number, &recipe);
        // Empty fields of the default that are not automatic have no control.
        if !text.is_empty() || (field.applies)(&recipe) {
            parse_into(number, &text, &mut recipe).unwrap_or_else(|error| panic!("{}: {error}", field.name));
            assert_eq!(recipe, RecipeSpec::default(), "{}", field.name);
        }
        let (_, most) = range(number);
        for wrong in ["x", "NaN", "-1", &(most * 2.0).to_string()] {
            assert!(parse_into(number, wrong, &mut recipe).is_err(), "{} took {wrong}", field.name);
        }
        assert_eq!(recipe, RecipeSpec::default(), "{}", field.name);
    }
}

#[test]
fn the_length_of_a_stage_is_an_integer_in_steps_and_evaluations() {
    let number = number("unfreeze_every");
    for (unfreeze_unit, unit, fits) in [
        (UnfreezeUnit::Epochs, "epochs", true),
        (UnfreezeUnit::Steps, "steps", false),
        (UnfreezeUnit::Stall, "evaluations", false),
    ] {
        let mut recipe = RecipeSpec { unfreeze_unit, ..RecipeSpec::default() };
        assert_eq!(fields::unit(number, &recipe), unit);
        assert_eq!(parse_into(number, "1.5", &mut recipe).is_ok(), fits, "{unit}");
        assert!(parse_into(number, "3", &mut recipe).is_ok(), "{unit}");
    }
}

#[test]
fn ratios_are_typed_in_percent_and_a_comma_is_a_decimal_point() {
    let mut recipe = RecipeSpec::default();
    let ratio = number("validation_ratio");
    parse_into(ratio, "12,5", &mut recipe).unwrap();
    assert_eq!((recipe.validation_ratio, range(ratio)), (0.125, (2.0, 50.0)));
    let rate = number("learning_rate");
    parse_into(rate, "5e-5", &mut recipe).unwrap();
    assert_eq!((recipe.learning_rate, shown(rate, &recipe).as_str()), (Some(5e-5), "5e-5"));
    parse_into(rate, "", &mut recipe).unwrap();
    assert_eq!(recipe.learning_rate, None);
}

#[test]
fn a_recipe_file_is_accepted_completely_or_not_at_all() {
    let mut form = Form::default();
    form.import(read(r#"{"epochs": 5}"#), None);
    assert_eq!((form.recipe.epochs, &form.diagnostic), (Some(5), &None));
    for (text, named) in [(r#"{"epochs": 9, "dropout": 2.0}"#, "dropout"), (r#"{"epoch": 9}"#, "epoch"), ("", "EOF")] {
        form.import(read(text), None);
        assert_eq!(form.recipe.epochs, Some(5));
        assert!(
            form.diagnostic.as_ref().is_some_and(|diagnostic| diagnostic.what.contains(named)),
            "{:?}",
            form.diagnostic
        );
    }
}

#[test]
fn the_planned_curve_ends_where_the_run_ends() {
    let mut state = ready();
    let recipe = &mut state.form.recipe;
    (recipe.batch_size, recipe.epochs, recipe.learning_rate) = (Some(16), Some(3), Some(1e-4));
    assert_eq!(state.planned_steps(), 18);
    let curve = state.planned_curve();
    assert_eq!((curve[0], *curve.last().unwrap()), ((0.0, 0.0), (18.0, 0.0)));
}

#[test]
fn every_choice_and_switch_round_trips() {
    for field in GROUPS.into_iter().flat_map(controls) {
        let mut recipe = RecipeSpec::default();
        match &field.kind {
            FieldKind::Choice(choice) => {
                for index in 0..(choice.options)(&recipe).len() {
                    (choice.set)(&mut recipe, index);
                    assert_eq!((choice.get)(&recipe), index, "{}", field.name);
                    assert!(!choice.label(&recipe).is_empty(), "{}", field.name);
                }
                if !field.name.ends_with("_unit") {
                    let before = recipe.clone();
                    (choice.set)(&mut recipe, 99);
                    assert_eq!(recipe, before, "{}", field.name);
                }
            }
            FieldKind::Switch(switch) => {
                for is_on in [true, false] {
                    (switch.set)(&mut recipe, is_on);
                    assert_eq!((switch.get)(&recipe), is_on, "{}", field.name);
                }
            }
            FieldKind::Number(_) | FieldKind::Custom(_) => {}
        }
    }
}

#[test]
fn every_field_of_the_recipe_has_a_control() {
    let elsewhere = ["version", "task", "model", "lr_per_group", "unfreeze_order", "target_modules"];
    let serde_json::Value::Object(fields) = serde_json::to_value(RecipeSpec::default()).unwrap() else { panic!() };
    for name in fields.keys().filter(|name| !elsewhere.contains(&name.as_str())) {
        let mut controls = GROUPS.into_iter().chain([FieldGroup::Head, FieldGroup::Data]).flat_map(controls);
        assert!(controls.any(|field| field.name == name && !field.label.is_empty()), "{name}");
    }
}

#[test]
fn a_model_with_a_tuned_head_says_if_the_run_continues_it() {
    let mut state = ready();
    assert_eq!(state.head_words(), "", "a base model has none");
    let with_labels = |state: &mut State, labels: [&str; 2]| {
        let Load::Ready(report) = &mut state.model.load else { panic!("no model") };
        let (pooling, labels) = (report.pooling, labels.map(String::from).to_vec());
        report.tuned_head = Some(TunedHead { task: Task::Classification, pooling, labels });
        state.head_words()
    };
    let labels: Vec<String> =
        state.data.report.iter().flat_map(|data| &data.classes).map(|c| c.label.clone()).collect();
    let [first, second] = labels.as_slice() else { panic!("{labels:?}") };
    assert!(with_labels(&mut state, [second, first]).starts_with("The run continues"));
    assert!(with_labels(&mut state, ["x", first]).contains(&format!("\"{second}\" is not among them")));
    let Some(FieldKind::Switch(keep)) = Field::named("keep_head").map(|field| &field.kind) else { panic!() };
    state.form.switch(keep, false);
    assert!(with_labels(&mut state, [second, first]).contains("you chose a new one"));
    state.form.recipe.task = Task::Regression;
    assert_eq!(state.head_words(), "", "numbers have no labels");
}

#[test]
fn errors_of_hidden_fields_do_not_block_a_run() {
    let mut state = ready();
    state.form.type_in(Field::named("warmup_ratio").unwrap(), "x");
    assert!(state.blocker().is_some());
    let Some(FieldKind::Choice(schedule)) = Field::named("schedule").map(|field| &field.kind) else { panic!() };
    state.form.choose(schedule, 7);
    assert_eq!(state.blocker(), None);
}

#[test]
fn changes_to_a_preset_are_noticed() {
    let mut state = ready();
    assert!(!state.form.is_changed());
    state.form.recipe.seed = 7;
    assert!(!state.form.is_changed(), "a preset does not set the seed");
    state.form.take_preset(Preset::Balanced);
    assert_eq!((state.form.recipe.seed, state.form.recipe.unfreezing), (7, Unfreezing::Gradual));
    state.form.recipe.epochs = Some(9);
    assert!(state.form.is_changed());
    state.start();
    assert_eq!(state.run.name, "1 · Balanced, changed");
}

#[test]
fn a_recipe_file_restores_every_map_and_list() {
    let recipe = RecipeSpec {
        lr_per_group: [(ParamGroup::Head, 1e-2), (ParamGroup::Layer(5), 1e-4)].into(),
        class_weights: ClassWeights::Given([("a".to_owned(), 2.0)].into()),
        unfreeze_order: vec![vec![ParamGroup::Head], vec![ParamGroup::Layer(5), ParamGroup::Layer(4)]],
        target_modules: vec![LoraTarget::Query],
        unfreezing: Unfreezing::Gradual,
        ..RecipeSpec::default()
    };
    let mut state = ready();
    state.open_recipe(read(&serde_json::to_string(&recipe).unwrap()));
    assert_eq!((&state.form.recipe, &state.form.diagnostic), (&recipe, &None));
    state.open_recipe(read(r#"{"reinit_layers": 7}"#));
    assert!(state.form.diagnostic.is_some(), "the loaded model has six layers");
}

#[test]
fn rates_and_weights_are_typed_one_by_one() {
    let mut state = ready();
    let rates = state.planned_rates();
    assert_eq!((rates.len(), rates[&ParamGroup::Head]), (8, 1e-4));
    state.form.set_rates(rates);
    state.form.type_rate(ParamGroup::Layer(5), "5e-5");
    state.form.type_rate(ParamGroup::Layer(4), "much");
    assert_eq!(state.form.recipe.lr_per_group[&ParamGroup::Layer(5)], 5e-5);
    assert!(state.form.is_wrong("lr_per_group.layer.4") && state.blocker().is_some());
    state.form.set_rates(Default::default());
    assert_eq!(state.blocker(), None);

    state.form.recipe.class_weights = ClassWeights::Given(Default::default());
    assert_eq!(state.form.class_weight("a"), 1.0);
    state.form.type_class_weight("a", "2,5");
    assert_eq!(state.form.class_weight("a"), 2.5);
    state.form.type_class_weight("b", "-1");
    assert!(state.form.is_wrong("class_weights.b"));
}

#[test]
fn the_stages_of_a_run_are_known_before_it_begins() {
    let mut state = ready();
    assert_eq!(state.planned_stages().unwrap().begins, ["whole run"]);
    state.form.take_preset(Preset::Balanced);
    (state.form.recipe.unfreeze_every, state.form.recipe.epochs) = (1.0, Some(3));
    let grid = state.planned_stages().unwrap();
    assert_eq!(grid.begins[..3], ["0", "1", "2"]);
    assert_eq!(grid.is_reached, [true, true, true, false, false, false, false]);
    assert_eq!(grid.rows[0], (ParamGroup::Head, vec![true; 7]));
    assert_eq!(grid.rows[1].1[..3], [false, true, true]);
    let parts = state.planned_parts();
    assert!(parts.last().unwrap().trainable && !parts[6].trainable);

    let groups = state.groups();
    state.form.set_order(unfreeze_order::from_the_top(&groups));
    state.form.type_order("head; 6, 5; 9", &groups);
    assert!(state.form.is_wrong("unfreeze_order"));
    state.form.type_order("head; 6, 5", &groups);
    assert_eq!(state.planned_stages().unwrap().begins.len(), 2);
    state.form.recipe.unfreeze_unit = UnfreezeUnit::Stall;
    assert_eq!(state.planned_stages().unwrap().is_reached, [true, true]);
}

#[test]
fn a_custom_order_starts_from_groups_that_every_family_and_task_has() {
    for family in Family::ALL {
        for task in Task::ALL.into_iter().filter(|task| family.serves(*task)) {
            for pooling in Pooling::ALL {
                let mut state = ready();
                let Load::Ready(report) = &mut state.model.load else { panic!() };
                (report.family, report.has_pooler) = (family, family == Family::Bert);
                state.form.follow(task, 1e6);
                (state.form.recipe.unfreezing, state.form.recipe.pooling) = (Unfreezing::Gradual, Some(pooling));
                let groups = state.groups();
                state.form.set_order(unfreeze_order::from_the_top(&groups));
                let planned = state.planned().unwrap();
                assert!(planned.is_ok(), "{family} {task:?} {pooling:?}: {:?}", planned.err());
                state.form.type_order("head; pooler", &groups);
                let has_pooler = groups.contains(&ParamGroup::Pooler);
                assert_eq!(state.form.is_wrong("unfreeze_order"), !has_pooler, "{family} {task:?}");
            }
        }
    }
}

#[test]
fn an_adapter_trains_few_parameters() {
    let mut state = ready();
    // The exact numbers for MiniLM: six layers of 1,774,464, and a head for two classes.
    assert_eq!(state.planned_parameters(), 6.0 * 1_774_464.0 + 770.0);
    state.form.take_preset(Preset::Adapter);
    let rank = 8.0 * (4.0 * 768.0 + 2.0 * 1920.0);
    assert_eq!(state.planned_parameters(), 6.0 * rank + 770.0);
    state.form.recipe.adapter = AdapterKind::Dora;
    assert_eq!(state.planned_parameters(), 6.0 * (rank + 9.0 * 384.0) + 770.0);
    state.form.set_target(LoraTarget::Query, false);
    assert_eq!(state.form.recipe.target_modules.len(), 5);
    state.form.recipe.train_embeddings = true;
    assert!(state.blocker().is_some_and(|words| words.contains("adapter")));
}
