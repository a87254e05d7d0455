//! Whole runs of micro models on made-up texts, for every task.

mod checkpoint;
mod data;
mod judged_rows;
mod resume;

use burn::tensor::Device;
use hone_core::inference::{Answer, EncodedQueries, InferenceContext, Query};
use hone_core::model::{Input, TaskModel};
use hone_core::recipe::{AdapterKind, Metric, ParamGroup, RecipeSpec, Task, UnfreezeUnit, Unfreezing};
use hone_core::run::{EndReason, PerplexityChange};
use hone_core::text::{EncodedExamples, EncodedTexts, Labels};
use hone_core::train::{Prediction, RowLoss, TrainingData, predict};
use hone_tests::{assert_close, moved, named, ready, run, single, take_steps, tolerance};

use data::{GPT2, LLAMA, MAX_LEN, data, model_of, raw, session, tokenizer};

#[test]
fn every_task_is_learned() {
    for (config, task) in Task::ALL.map(|task| (model_of(task).0, task)).into_iter().chain([(&GPT2, Task::Generation)])
    {
        let (_, metric, enough) = model_of(task);
        let mut session = session(config, raw(task), data(task, 160));
        let (steps, _, reason) = run(&mut session);
        let (first, last) = (steps[0].loss, steps[steps.len() - 1].loss);
        let score = session.best().unwrap().0.score(metric);
        assert_eq!(reason, EndReason::Completed);
        assert!(last < first / 2.0, "{task:?}: {first} {last}");
        assert!(score > enough, "{task:?}: {score}");
    }
}

#[test]
fn a_reranker_ranks_all_passages_by_the_scores_that_each_has_alone() {
    let task = Task::Reranking;
    let mut session = session(model_of(task).0, raw(task), data(task, 160));
    run(&mut session);
    let context = InferenceContext::of_run(&session);
    let answer = |query: Query| {
        let encoded = EncodedQueries::new(&[query], &context, &tokenizer(task)).unwrap();
        let (mut predicted, mut answers) = (Vec::new(), None);
        while answers.is_none() {
            answers = ready(encoded.advance(&mut predicted, 5, session.model(), &context)).unwrap();
        }
        answers.unwrap().remove(0)
    };
    let query = "where a b".to_owned();
    let fillers = ["a", "b", "c", "d", "e", "f", "g", "h", "a b", "c d", "e f g h"];
    let texts: Vec<String> = fillers.into_iter().chain(["c yes d"]).map(str::to_owned).collect();
    let Answer::Nearest { hits } = answer(Query::Search { query: query.clone(), texts: texts.clone() }) else {
        panic!()
    };
    assert_eq!((hits.len(), hits[0].text.as_str()), (texts.len(), "c yes d"));
    for pair in hits.windows(2) {
        assert!(pair[0].score >= pair[1].score);
    }
    for hit in hits {
        let alone = answer(Query::Text { text: query.clone(), pair: Some(hit.text.clone()) });
        let Answer::Number { value: Some(value) } = alone else { panic!("{alone:?}") };
        assert_close(&hit.text, &[hit.score], &[value], tolerance::ENGINE);
    }
}

#[test]
fn plain_tags_are_scored_by_word_and_decide_which_weights_are_kept() {
    for names in [["O", "PER", "LOC"], ["0", "1", "2"], ["IN", "INTJ", "BY"]] {
        let data = TrainingData { labels: names.map(String::from).into(), ..data(Task::TokenClassification, 160) };
        let mut session = session(model_of(Task::TokenClassification).0, raw(Task::TokenClassification), data);
        assert_eq!(session.recipe().metric_for_best_model(), Metric::MacroF1);
        assert_eq!(session.warnings()[0].code, "run.plain-tags");
        run(&mut session);
        let (best, _) = session.best().unwrap();
        let scores = [Metric::Accuracy, Metric::MacroF1].map(|metric| best.score(metric));
        assert!(scores.iter().all(|&score| score > 0.95), "{names:?}: {scores:?}");
        assert!(best.score(Metric::F1).is_nan());
    }
}

#[test]
fn the_loss_decides_where_the_numbers_are_constant() {
    let mut data = data(Task::Regression, 64);
    if let Labels::Numbers(numbers) = &mut data.validation.labels {
        numbers.fill(0.5);
    }
    let raw = RecipeSpec { metric_for_best_model: Some(Metric::Pearson), epochs: Some(3), ..raw(Task::Regression) };
    let mut session = session(model_of(Task::Regression).0, raw, data);
    assert_eq!(session.warnings()[0].code, "run.constant-score");
    let (_, evaluations, _) = run(&mut session);
    let lowest = evaluations.iter().map(|(evaluation, _)| evaluation.loss).fold(f64::INFINITY, f64::min);
    assert_eq!(session.best().unwrap().0.loss, lowest);
}

#[test]
fn a_run_that_is_too_short_for_its_unfreezing_schedule_says_so() {
    let warnings = |unfreeze_every| {
        let gradual = RecipeSpec { unfreezing: Unfreezing::Gradual, unfreeze_every, ..raw(Task::Classification) };
        let raw = RecipeSpec { epochs: Some(3), ..gradual };
        session(model_of(Task::Classification).0, raw, data(Task::Classification, 64)).warnings()
    };
    assert!(warnings(0.5).is_empty());
    let found = warnings(2.0);
    let codes: Vec<&str> = found.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["run.unreached-stages"]);
    assert!(found[0].done.contains("layer.0"), "{}", found[0]);
}

#[test]
fn large_numbers_are_learned_as_they_are() {
    let mut data = data(Task::Regression, 160);
    for labels in [&mut data.train.labels, &mut data.validation.labels] {
        let Labels::Numbers(numbers) = labels else { panic!("numbers") };
        numbers.iter_mut().for_each(|number| *number = 300_000.0 + 100_000.0 * *number);
    }
    let baseline = data.baseline().unwrap().scores[&Metric::Rmse];
    let mut session = session(model_of(Task::Regression).0, raw(Task::Regression), data);
    let (steps, evaluations, _) = run(&mut session);
    assert!(steps[0].loss < 10.0 && evaluations.iter().all(|(evaluation, _)| evaluation.loss < 10.0));
    let (best, predictions) = session.best().unwrap();
    assert!(best.score(Metric::Rmse) < baseline / 3.0, "{} of {baseline}", best.score(Metric::Rmse));
    // The exported head has the unit in its weights.
    let validation = &session.data().validation;
    let exported = session.model().clone().without_unit();
    let rows: Vec<u32> = (0..validation.len() as u32).collect();
    let batch = validation.batch(&rows, rows.len(), MAX_LEN, session.data().pad);
    let again = ready(predict(&exported, Input::new(&batch, &Device::flex()), validation, &rows)).unwrap();
    let numbers = |predictions: &[Prediction]| -> Vec<f32> {
        let number = |prediction: &Prediction| match prediction {
            Prediction::Number(number) => *number,
            other => panic!("{other:?}"),
        };
        predictions.iter().map(number).collect()
    };
    assert_close("exported", &numbers(&again), &numbers(predictions), tolerance::ENGINE);
}

#[test]
fn every_metric_can_select_the_best_weights_and_stop_early() {
    for task in Task::ALL {
        // Pairs without a score have no order to correlate with.
        let has_score = |metric: &&Metric| task != Task::Embeddings || **metric != Metric::Spearman;
        // Embeddings and rerankers are also scored before the first step, which counts for nothing.
        let before = usize::from(matches!(task, Task::Embeddings | Task::Reranking));
        for &metric_for_best_model in Metric::of(task).iter().filter(has_score) {
            let raw = RecipeSpec { metric_for_best_model: Some(metric_for_best_model), epochs: Some(3), ..raw(task) };
            let mut session = session(model_of(task).0, raw.clone(), data(task, 48));
            let (_, evaluations, _) = run(&mut session);
            assert_eq!(evaluations.len(), before + 6);
            let sign =
                if matches!(metric_for_best_model, Metric::Loss | Metric::Rmse | Metric::Mae) { -1.0 } else { 1.0 };
            let scores =
                evaluations[before..].iter().map(|(evaluation, _)| sign * evaluation.score(metric_for_best_model));
            let best = sign * session.best().unwrap().0.score(metric_for_best_model);
            // A score can be undefined at first, such as a correlation with a constant; `max` skips NaN.
            assert_eq!(best, scores.fold(f64::NAN, f64::max), "{task:?} by {metric_for_best_model:?}");

            // With a learning rate near 0, no evaluation beats the first.
            let raw = RecipeSpec {
                learning_rate: Some(1e-7),
                early_stopping_patience: Some(2),
                early_stopping_min_delta: 1e-3,
                ..raw
            };
            let (_, evaluations, reason) = run(&mut self::session(model_of(task).0, raw, data(task, 48)));
            assert_eq!(
                (evaluations.len(), reason),
                (before + 3, EndReason::EarlyStopped),
                "{task:?} by {metric_for_best_model:?}"
            );
        }
    }
}

#[test]
fn accumulated_batches_equal_a_large_one() {
    // Embeddings are compared with the others of their batch.
    for task in Task::ALL.into_iter().filter(|task| *task != Task::Embeddings) {
        let step = |batch_size, gradient_accumulation_steps| {
            let raw =
                RecipeSpec { batch_size: Some(batch_size), gradient_accumulation_steps, epochs: Some(1), ..raw(task) };
            let (steps, ..) = run(&mut session(model_of(task).0, raw, data(task, 60)));
            single(&[steps[0].loss, steps[0].grad_norm])
        };
        // Either way, an epoch is one step over the same rows. Their lengths differ, so a wrong weight per token shows.
        let rows = data(task, 60).train.len() as u32;
        let (large, small) = (step(rows, 1), step(16, rows.div_ceil(16)));
        assert_close(&format!("{task:?}"), &small, &large, tolerance::ENGINE);
    }
}

#[test]
fn every_smaller_recipe_that_is_proposed_is_valid_and_has_the_same_effective_batch() {
    let cases = [
        (Task::Embeddings, 3, 1, &[3][..]),
        (Task::Embeddings, 12, 1, &[12, 6, 4, 3, 2]),
        (Task::Classification, 7, 1, &[7, 1]),
        // Batches of 1 would take more steps than a recipe may accumulate.
        (Task::Classification, 12, 8, &[12, 6, 4, 3, 2]),
    ];
    for (task, batch_size, gradient_accumulation_steps, expected) in cases {
        let raw = RecipeSpec { batch_size: Some(batch_size), gradient_accumulation_steps, ..raw(task) };
        let first = session(model_of(task).0, raw, data(task, 48));
        let (mut limit, mut sizes) = (first.memory_bytes(), Vec::new());
        while let Some(nearest) = first.nearest_that_fits(limit) {
            let size = nearest.batch_size.unwrap();
            assert_eq!(size * nearest.gradient_accumulation_steps, batch_size * gradient_accumulation_steps);
            if nearest.max_length == Some(MAX_LEN as u32) {
                sizes.push(size);
            }
            // A recipe that is not valid would panic here.
            limit = session(model_of(task).0, nearest, data(task, 48)).memory_bytes() - 1.0;
        }
        assert_eq!(sizes, expected, "{task:?}");
    }
}

#[test]
fn an_adapter_learns_every_task_and_leaves_the_base_unchanged() {
    for task in Task::ALL {
        let (config, metric, enough) = model_of(task);
        let raw = RecipeSpec { adapter: AdapterKind::Lora, lora_r: 8, train_embeddings: false, ..raw(task) };
        let mut session = session(config, raw, data(task, 160));
        run(&mut session);
        let score = session.best().unwrap().0.score(metric);
        assert!(score > 0.85 * enough, "{task:?}: {score}");
        let head: &[ParamGroup] = if task.has_new_head() { &[ParamGroup::Head] } else { &[] };
        let without = moved(session.base(), &session.model().detached(false));
        assert_eq!(without, head.iter().copied().collect(), "{task:?}");
        let merged = moved(session.base(), &session.model().detached(true));
        assert_eq!(
            merged,
            [&[ParamGroup::Layer(0), ParamGroup::Layer(1)], head].concat().into_iter().collect(),
            "{task:?}"
        );
    }
}

#[test]
fn gradual_unfreezing_goes_from_the_head_down_in_every_task() {
    for (config, task) in Task::ALL.map(|task| (model_of(task).0, task)).into_iter().chain([(&GPT2, Task::Generation)])
    {
        let raw = RecipeSpec {
            unfreezing: Unfreezing::Gradual,
            unfreeze_unit: UnfreezeUnit::Steps,
            unfreeze_every: 2.0,
            warmup_ratio: Some(0.0),
            ..raw(task)
        };
        let mut session = session(config, raw, data(task, 64));
        let order = [ParamGroup::Head, ParamGroup::Layer(1), ParamGroup::Layer(0), ParamGroup::Embeddings];
        let order = if task == Task::Embeddings { &order[1..] } else { &order };
        for trainable in 1..=order.len() {
            take_steps(&mut session, 2);
            assert_eq!(
                moved(session.base(), session.model()),
                order[..trainable].iter().copied().collect(),
                "{task:?}"
            );
        }
    }
}

#[test]
fn caching_the_frozen_prefix_changes_nothing_in_any_task() {
    for (config, task) in Task::ALL.map(|task| (model_of(task).0, task)).into_iter().chain([(&GPT2, Task::Generation)])
    {
        for unfreezing in [Unfreezing::Head, Unfreezing::Last] {
            if (unfreezing, task) == (Unfreezing::Head, Task::Embeddings) {
                continue;
            }
            let raw = RecipeSpec { unfreezing, last_layers: 1, train_embeddings: false, ..raw(task) };
            let mut cached = session(config, raw.clone(), data(task, 64));
            let mut recomputed = session(config, raw, data(task, 64));
            // More than one epoch, with its evaluations.
            let epoch = cached.steps_per_epoch() as usize;
            take_steps(&mut cached, epoch);
            let bytes = cached.prefix_bytes();
            assert!(bytes > 0, "{task:?}");
            take_steps(&mut recomputed, epoch);
            let losses = take_steps(&mut cached, 6);
            assert!(cached.prefix_bytes() < 2 * bytes, "{task:?}: rows are cached once");
            let others: Vec<f64> = (0..6)
                .flat_map(|_| {
                    recomputed.set_trainable(ParamGroup::Layer(0), Some(true)).unwrap();
                    recomputed.set_trainable(ParamGroup::Layer(0), None).unwrap();
                    assert_eq!(recomputed.prefix_bytes(), 0);
                    take_steps(&mut recomputed, 1)
                })
                .collect();
            assert!(losses.iter().zip(&others).all(|(a, b)| (a - b).abs() < 1e-4), "{task:?}: {losses:?} {others:?}");
        }
    }
}

#[test]
fn a_stopped_run_keeps_the_best_weights_in_every_task() {
    // The vectors of embeddings are not kept.
    for task in Task::ALL.into_iter().filter(|task| *task != Task::Embeddings) {
        let mut session = session(model_of(task).0, raw(task), data(task, 64));
        take_steps(&mut session, 6);
        session.stop();
        let (.., reason) = run(&mut session);
        assert_eq!(reason, EndReason::Stopped);
        let (evaluation, predictions) = session.best().unwrap();
        // The remaining weights give the predictions of the best evaluation.
        let rows: Vec<u32> = (0..session.data().validation.len() as u32).collect();
        let validation = &session.data().validation;
        let input = Input::new(&validation.batch(&rows, rows.len(), MAX_LEN, 0), &Device::flex());
        let predicted = ready(predict(session.model(), input, validation, &rows)).unwrap();
        let loss = |predictions: &[Prediction]| {
            let losses = (0..).zip(predictions).map(|(row, prediction)| prediction.loss(&validation.labels, row));
            RowLoss::mean(losses)
        };
        assert!((loss(&predicted) - evaluation.loss).abs() < 1e-4, "{task:?}");
        assert!((loss(predictions) - evaluation.loss).abs() < 1e-9, "{task:?}");
    }
}

/// Texts unrelated to the task.
fn general() -> EncodedTexts {
    let mut texts = EncodedTexts::default();
    (0..20u32).for_each(|row| texts.push(&[4, 5 + row % 7, 4 + 3 * row % 8, 6][..3 + row as usize % 2]));
    texts
}

#[test]
fn a_decoders_forgetting_is_its_perplexity_on_general_texts() {
    for config in [&*LLAMA, &GPT2] {
        let data = TrainingData { general: general(), ..data(Task::Generation, 160) };
        let mut session = session(config, RecipeSpec { epochs: Some(2), ..raw(Task::Generation) }, data);
        run(&mut session);
        // Every token but the first is a target.
        let texts = general();
        let rows: Vec<u32> = (0..texts.len() as u32).collect();
        let target_ranges =
            (0..texts.len()).map(|row| std::iter::once(1..texts.tokens(row) as u32).collect()).collect();
        let examples =
            EncodedExamples { texts, labels: Labels::Continuations { target_ranges, references: Vec::new() } };
        let perplexity = |model: &TaskModel| {
            let input = Input::new(&examples.batch(&rows, rows.len(), MAX_LEN, 0), &Device::flex());
            let predicted = ready(predict(model, input, &examples, &rows)).unwrap();
            let losses = (0..).zip(&predicted).map(|(row, prediction)| prediction.loss(&examples.labels, row));
            RowLoss::mean(losses).exp()
        };
        let expected = [session.base(), session.model()].map(perplexity);
        let PerplexityChange { before, after } = session.forgetting().unwrap().perplexity.unwrap();
        assert!((before / expected[0] - 1.0).abs() < 1e-4 && (after / expected[1] - 1.0).abs() < 1e-4);
        assert!(after > 1.5 * before, "{before} {after}: training on one task alone forgets the rest");
        assert_ne!(named(session.base()), named(session.model()));
    }
}
