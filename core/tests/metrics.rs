//! Scores against sacrebleu, seqeval, scikit-learn, scipy and SQuAD's script.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may panic")]

use hone_core::metrics::{
    AnswerScores, CalibrationError, ClassScores, Interval, LabelProbabilities, LabelSetProbabilities, Neighbors,
    PrincipalComponents, QuestionPrediction, ScoreParts, TextParts, TrainingDynamics, best_answer_thresholds, bleu,
    centered, chrf, class_intervals_of, confidence, cross_fitted_labels, entities, evaluate_answers, evaluate_entities,
    evaluate_multilabel, evaluate_regression, intervals_of, label_thresholds, nearest_label_agreement,
    normalize_answer, predicted_labels,
};
use serde_json::{Value, json};

/// Largest relative difference from the reference. Both compute in double precision.
const TOLERANCE: f64 = 1e-9;

fn golden(name: &str) -> Value {
    let path = format!("../tests/golden/{name}");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    list(value).iter().map(|text| text.as_str().unwrap()).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

#[track_caller]
fn assert_close(what: &str, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap_or_else(|| panic!("{what}: no number but {theirs}"));
    assert!((ours - theirs).abs() <= TOLERANCE * theirs.abs(), "{what}: {ours} for {theirs}");
}

#[test]
fn bleu_equals_sacrebleus() {
    for case in list(&golden("metrics_text.json")["cases"]) {
        let ours = bleu(&strings(&case["hypotheses"]), &strings(&case["references"]));
        let (theirs, what) = (&case["bleu"], &case["name"]);
        let tokens = [ours.hypothesis_tokens, ours.reference_tokens].map(Value::from);
        assert_eq!(tokens, [theirs["hypothesis_tokens"].clone(), theirs["reference_tokens"].clone()], "{what}");
        for (order, precision) in ours.precisions.into_iter().enumerate() {
            assert_close(&format!("{what}, order {}", order + 1), precision, &theirs["precisions"][order]);
        }
        assert_close(&format!("{what}, brevity"), ours.brevity_penalty, &theirs["brevity_penalty"]);
        assert_close(&format!("{what}"), ours.score, &theirs["score"]);
    }
}

#[test]
fn chrf_equals_sacrebleus() {
    for case in list(&golden("metrics_text.json")["cases"]) {
        let ours = chrf(&strings(&case["hypotheses"]), &strings(&case["references"]));
        assert_close(&case["name"].to_string(), ours, &case["chrf"]);
    }
}

#[test]
fn an_empty_corpus_scores_0() {
    assert_eq!((bleu(&[], &[]).score, chrf(&[], &[])), (0.0, 0.0));
}

#[test]
fn answers_are_normalized_as_by_squads_script() {
    for pair in list(&golden("metrics_squad.json")["normalized"]) {
        let [text, theirs] = [0, 1].map(|i| pair[i].as_str().unwrap());
        assert_eq!(normalize_answer(text), theirs, "{text:?}");
    }
}

fn answered(case: &Value) -> Vec<QuestionPrediction<'_>> {
    let rows = list(&case["rows"]).iter();
    rows.map(|row| QuestionPrediction {
        gold: strings(&row["gold"]),
        predicted: row["prediction"].as_str().unwrap(),
        no_answer_score: row["no_answer_score"].as_f64().unwrap() as f32,
    })
    .collect()
}

#[test]
fn answers_score_as_by_squads_script() {
    let golden = golden("metrics_squad.json");
    for case in list(&golden["cases"]) {
        let rows = answered(case);
        for (row, theirs) in rows.iter().zip(list(&case["rows"])) {
            let ours = evaluate_answers(std::slice::from_ref(row), None).all;
            assert_close(&format!("{row:?}"), ours.exact_match, &theirs["exact"]);
            assert_close(&format!("{row:?}"), ours.f1, &theirs["f1"]);
        }
        let threshold = case["threshold"].as_f64().unwrap() as f32;
        for (threshold, theirs) in [(Some(threshold), &case["scores"]), (None, &case["all_answered"])] {
            let ours = evaluate_answers(&rows, threshold);
            assert_part("", Some(ours.all), theirs);
            assert_part("HasAns_", ours.has_answer, theirs);
            assert_part("NoAns_", ours.no_answer, theirs);
        }
    }
}

#[track_caller]
fn assert_part(part: &str, ours: Option<AnswerScores>, theirs: &Value) {
    let theirs = |key: &str| theirs.get(format!("{part}{key}"));
    let Some(ours) = ours else { return assert_eq!(theirs("total"), None, "{part}") };
    assert_eq!(theirs("total"), Some(&Value::from(ours.questions)), "{part}");
    assert_close(part, 100.0 * ours.exact_match, theirs("exact").unwrap());
    assert_close(part, 100.0 * ours.f1, theirs("f1").unwrap());
}

#[test]
fn best_no_answer_thresholds_equal_those_of_squads_script() {
    let golden = golden("metrics_squad.json");
    let mut compared = 0;
    for case in list(&golden["cases"]) {
        let rows = answered(case);
        let best = best_answer_thresholds(&rows);
        for (ours, name) in [(best.exact_match, "exact"), (best.f1, "f1")] {
            assert_close(name, 100.0 * ours.score, &case["scores"][format!("best_{name}")]);
            let theirs = case["scores"][format!("best_{name}_thresh")].as_f64().unwrap() as f32;
            // If leaving every question unanswered scores best, the script reports 0.
            if rows.iter().any(|row| row.no_answer_score == theirs) {
                assert_eq!(ours.threshold, theirs, "{name}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 10);
}

fn tags(value: &Value) -> Vec<Vec<&str>> {
    list(value).iter().map(strings).collect()
}

#[test]
fn entities_equal_seqevals() {
    for case in list(&golden("metrics_labels.json")["entities"]) {
        let what = &case["name"];
        let (actual, predicted) = (tags(&case["actual"]), tags(&case["predicted"]));
        for (text, theirs) in predicted.iter().zip(list(&case["entities"])) {
            let ours: Vec<_> = entities(text).iter().map(|e| json!([e.label, e.start, e.end])).collect();
            assert_eq!(Value::from(ours), *theirs, "{what}");
        }
        let ours = evaluate_entities(&actual, &predicted);
        let all = [ours.precision, ours.recall, ours.f1];
        let mean = [ours.macro_precision, ours.macro_recall, ours.macro_f1];
        for i in 0..3 {
            assert_close(&format!("{what}, micro {i}"), all[i], &case["scores"]["micro"][i]);
            assert_close(&format!("{what}, macro {i}"), mean[i], &case["scores"]["macro"][i]);
        }
        assert_eq!(ours.labels.iter().map(|l| l.label.as_str()).collect::<Vec<_>>(), strings(&case["labels"]));
        for (i, label) in ours.labels.iter().enumerate() {
            let theirs = |score: usize| &case["scores"]["labels"][score][i];
            assert_close(&format!("{what}, precision of {}", label.label), label.precision, theirs(0));
            assert_close(&format!("{what}, recall of {}", label.label), label.recall, theirs(1));
            assert_close(&format!("{what}, F1 of {}", label.label), label.f1, theirs(2));
            assert_eq!(*theirs(3), label.support, "{what}, {}", label.label);
        }
    }
}

#[test]
fn without_an_entity_every_score_is_0() {
    let scores = evaluate_entities(&[vec!["O", "O"], vec![]], &[vec!["O", "O"], vec![]]);
    assert_eq!((scores.f1, scores.macro_f1, scores.labels), (0.0, 0.0, vec![]));
}

/// Names of the labels, probabilities and true labels of a case.
fn labeled(case: &Value) -> (Vec<String>, Vec<f32>, Vec<bool>) {
    let probabilities = list(&case["probabilities"]).iter().flat_map(floats).collect();
    let actual: Vec<Vec<bool>> = serde_json::from_value(case["actual"].clone()).unwrap();
    ((0..actual[0].len()).map(|label| label.to_string()).collect(), probabilities, actual.concat())
}

fn label_f1(labels: &[ClassScores]) -> impl Iterator<Item = f64> {
    labels.iter().map(|label| label.f1)
}

#[test]
fn multi_label_scores_equal_scikit_learns() {
    for case in list(&golden("metrics_labels.json")["multilabel"]) {
        let (labels, probabilities, actual) = labeled(case);
        let ours =
            evaluate_multilabel(&labels, &predicted_labels(&floats(&case["thresholds"]), &probabilities), &actual);
        assert_close("micro", ours.micro_f1, &case["f1"]["micro"]);
        assert_close("macro", ours.macro_f1, &case["f1"]["macro"]);
        assert_close("samples", ours.samples_f1, &case["f1"]["samples"]);
        assert_close("subset", ours.subset_accuracy, &case["subset_accuracy"]);
        for (ours, theirs) in label_f1(&ours.labels).zip(list(&case["label_f1"])) {
            assert_close("label", ours, theirs);
        }
    }
}

#[test]
fn the_threshold_of_a_single_label_reaches_the_best_f1_of_scikit_learns_curve() {
    for case in list(&golden("metrics_labels.json")["multilabel"]) {
        let (labels, probabilities, actual) = labeled(case);
        for (i, best) in list(&case["best_f1"]).iter().enumerate() {
            let probabilities: Vec<f32> = probabilities.iter().copied().skip(i).step_by(labels.len()).collect();
            let actual: Vec<bool> = actual.iter().copied().skip(i).step_by(labels.len()).collect();
            let predicted = predicted_labels(&label_thresholds(1, &probabilities, &actual), &probabilities);
            let ours = evaluate_multilabel(&labels[i..=i], &predicted, &actual);
            assert_close("best", ours.labels[0].f1, best);
        }
    }
}

#[test]
fn thresholds_and_cross_fitted_scores_equal_those_found_with_scikit_learn() {
    for case in list(&golden("metrics_labels.json")["multilabel"]) {
        let (labels, probabilities, actual) = labeled(case);
        let thresholds = label_thresholds(labels.len(), &probabilities, &actual);
        assert_eq!(thresholds, floats(&case["tuned"]));
        let predicted = cross_fitted_labels(labels.len(), &probabilities, &actual);
        let ours = evaluate_multilabel(&labels, &predicted, &actual);
        for (name, score) in [("micro", ours.micro_f1), ("macro", ours.macro_f1), ("samples", ours.samples_f1)] {
            assert_close(name, score, &case["cross_fitted_f1"][name]);
        }
    }
}

#[test]
fn regression_scores_equal_scipys() {
    for case in list(&golden("metrics_labels.json")["regression"]) {
        let ours = evaluate_regression(&floats(&case["actual"]), &floats(&case["predicted"])).unwrap();
        assert_close("RMSE", ours.rmse, &case["rmse"]);
        assert_close("MAE", ours.mae, &case["mae"]);
        for (name, ours) in [("pearson", ours.pearson), ("spearman", ours.spearman)] {
            match ours {
                Some(ours) => assert_close(name, ours, &case[name]),
                None => assert_eq!(case[name], Value::Null, "{name}"),
            }
        }
    }
}

#[test]
fn bootstrap_intervals_equal_scipys() {
    let golden = golden("bootstrap.json");
    let (resamples, seed) = (golden["resamples"].as_u64().unwrap() as usize, golden["seed"].as_u64().unwrap());
    for case in list(&golden["cases"]) {
        let classes = |of: &str| -> Vec<Vec<u32>> { serde_json::from_value(case[of].clone()).unwrap() };
        let flags =
            |of: &str| -> Vec<bool> { serde_json::from_value::<Vec<Vec<bool>>>(case[of].clone()).unwrap().concat() };
        let tags = |of: &str| -> Vec<Vec<&str>> { list(&case[of]).iter().map(strings).collect() };
        let pairs = || -> Vec<[f64; 2]> { serde_json::from_value(case["rows"].clone()).unwrap() };
        let parts = match case["kind"].as_str().unwrap() {
            "classes" => ScoreParts::of_classes(3, &classes("actual"), &classes("predicted")),
            "entities" => ScoreParts::of_entities(&tags("actual"), &tags("predicted")),
            "labels" => ScoreParts::of_labels(3, &flags("predicted"), &flags("actual")),
            "numbers" => ScoreParts::Numbers { actual: floats(&case["actual"]), predicted: floats(&case["predicted"]) },
            "answers" => ScoreParts::Answers(pairs()),
            "texts" => {
                let texts = strings(&case["generated"]).into_iter().zip(strings(&case["references"]));
                ScoreParts::Texts(texts.map(|(generated, reference)| TextParts::new(generated, reference)).collect())
            }
            _ => ScoreParts::Losses { rows: pairs(), are_tokens: true },
        };
        let ours = serde_json::to_value(intervals_of(&parts, resamples, seed)).unwrap();
        for (metric, theirs) in case["intervals"].as_object().unwrap() {
            let Interval { low, high } = serde_json::from_value(ours[metric].clone()).unwrap();
            assert_close(&format!("{metric}, low"), low, &theirs[0]);
            assert_close(&format!("{metric}, high"), high, &theirs[1]);
        }
        let by_class = case["class_intervals"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ours = class_intervals_of(&parts, resamples, seed);
        assert_eq!(ours.len(), by_class.len(), "{}", case["kind"]);
        for (ours, theirs) in ours.into_iter().flatten().zip(by_class.iter().flat_map(list)) {
            let Interval { low, high } = ours.unwrap();
            assert_close("low", low, &theirs[0]);
            assert_close("high", high, &theirs[1]);
        }
    }
}

#[test]
fn temperatures_and_calibration_errors_equal_the_reference() {
    for case in list(&golden("calibration.json")["cases"]) {
        let probabilities: Vec<Vec<f32>> = list(&case["probabilities"]).iter().map(floats).collect();
        let probabilities: Vec<&[f32]> = probabilities.iter().map(Vec::as_slice).collect();
        let labels: Vec<u32> = serde_json::from_value(case["labels"].clone()).unwrap();
        let found = confidence(&probabilities, &labels, None);
        let CalibrationError { before, after } = found.calibration_error.unwrap();
        // The minimum is flat: the loss at two temperatures differs by the square of their difference.
        for (what, ours, tolerance) in
            [("temperature", found.temperature, 1e-6), ("before", before, 1e-7), ("after", after, 1e-6)]
        {
            let theirs = case[what].as_f64().unwrap();
            assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "{what}: {ours} for {theirs}");
        }
        let given = confidence(&probabilities, &labels, Some(found.temperature));
        assert_eq!(given, found, "a given temperature is used as it is");
    }
}

#[test]
fn label_issues_equal_the_reference() {
    for (nth, case) in list(&golden("label_issues.json")["cases"]).iter().enumerate() {
        let labels: Vec<u32> = serde_json::from_value(case["labels"].clone()).unwrap();
        let rows: Vec<Vec<f32>> = list(&case["probabilities"]).iter().map(floats).collect();
        let given = LabelProbabilities { labels: &labels, probabilities: &rows.concat(), classes: rows[0].len() };
        for (quality, row) in given.qualities().into_iter().zip(0..) {
            assert_close("self-confidence", quality.self_confidence, &case["self_confidence"][row]);
            assert_close("normalized margin", quality.normalized_margin, &case["normalized_margin"][row]);
        }
        assert_eq!(json!(given.confident_counts()), case["confident_counts"], "case {nth}");
        assert_eq!(json!(given.confident_joint()), case["confident_joint"], "case {nth}");
        assert_eq!(json!(given.issues()), case["issues"], "case {nth}");
    }
}

#[test]
fn issues_of_label_sets_equal_the_reference() {
    for (nth, case) in list(&golden("label_issues.json")["label_sets"]).iter().enumerate() {
        let sets: Vec<Vec<bool>> = serde_json::from_value(case["has"].clone()).unwrap();
        let rows: Vec<Vec<f32>> = list(&case["probabilities"]).iter().map(floats).collect();
        let labels = sets[0].len();
        let given = LabelSetProbabilities { has: &sets.concat(), probabilities: &rows.concat(), labels };
        for (quality, row) in given.qualities().into_iter().zip(0..) {
            assert_close("quality", quality, &case["qualities"][row]);
        }
        let issues = given.issues();
        let marked: Vec<[usize; 2]> =
            (0..issues.len()).filter(|&at| issues[at]).map(|at| [at / labels, at % labels]).collect();
        assert_eq!(json!(marked), case["label_issues"], "case {nth}");
        let rows: Vec<usize> = (0..sets.len()).filter(|&row| marked.iter().any(|it| it[0] == row)).collect();
        assert_eq!(json!(rows), case["issues"], "case {nth}");
    }
}

/// Sentences are put one after the other; the issues are then in the order of their words' self-confidence.
#[test]
fn issues_of_tags_equal_the_reference() {
    for (nth, case) in list(&golden("label_issues.json")["tags"]).iter().enumerate() {
        let tags: Vec<Vec<u32>> = serde_json::from_value(case["tags"].clone()).unwrap();
        let sentences: Vec<Vec<Vec<f32>>> = serde_json::from_value(case["probabilities"].clone()).unwrap();
        let words = sentences.concat();
        let given =
            LabelProbabilities { labels: &tags.concat(), probabilities: &words.concat(), classes: words[0].len() };
        let places: Vec<[usize; 2]> =
            tags.iter().enumerate().flat_map(|(row, tags)| (0..tags.len()).map(move |word| [row, word])).collect();
        let qualities = given.qualities();
        let mut found: Vec<usize> = (0..places.len()).filter(|&at| given.issues()[at]).collect();
        found.sort_by(|&a, &b| qualities[a].self_confidence.total_cmp(&qualities[b].self_confidence));
        assert_eq!(json!(found.iter().map(|&at| places[at]).collect::<Vec<_>>()), case["issues"], "case {nth}");
        for (quality, theirs) in qualities.iter().zip(list(&case["scores"])) {
            assert_close("self-confidence", quality.self_confidence, theirs);
        }
    }
}

#[test]
fn near_duplicates_and_outliers_equal_the_reference() {
    for (nth, case) in list(&golden("neighbors.json")["cases"]).iter().enumerate() {
        let rows: Vec<Vec<u32>> = serde_json::from_value(case["neighbors"].clone()).unwrap();
        let distances: Vec<Vec<f32>> = list(&case["distances"]).iter().map(floats).collect();
        let neighbors = Neighbors { count: 10, rows: rows.concat(), distances: distances.concat() };
        let mut sets = vec![Vec::new(); rows.len()];
        for pair in neighbors.duplicates() {
            sets[pair.first as usize].push(pair.second);
            sets[pair.second as usize].push(pair.first);
        }
        sets.iter_mut().for_each(|set| set.sort_unstable());
        assert_eq!(json!(sets), case["duplicates"], "case {nth}");
        let mut outliers: Vec<u32> = neighbors.outliers().iter().map(|outlier| outlier.row).collect();
        outliers.sort_unstable();
        assert_eq!(json!(outliers), case["outliers"], "case {nth}");
    }
}

#[test]
fn principal_components_equal_those_of_scikit_learn() {
    for (nth, case) in list(&golden("maps.json")["maps"]).iter().enumerate() {
        let frames: Vec<Vec<Vec<f32>>> = serde_json::from_value(case["frames"].clone()).unwrap();
        let labels: Vec<u32> = serde_json::from_value(case["labels"].clone()).unwrap();
        let hidden = frames[0][0].len();
        let around_mean: Vec<Vec<f32>> = frames.iter().map(|frame| centered(&frame.concat(), hidden)).collect();
        let found = PrincipalComponents::of(&around_mean.concat(), hidden);
        // The mean is taken off in single precision.
        let assert_near = |ours: f64, theirs: &Value| {
            let theirs = theirs.as_f64().unwrap();
            assert!((ours - theirs).abs() < 2e-6 * theirs.abs().max(1.0), "case {nth}: {ours} for {theirs}");
        };
        found.explained.iter().zip(list(&case["explained"])).for_each(|(ours, theirs)| assert_near(*ours, theirs));
        for (frame, vectors) in around_mean.iter().enumerate() {
            for (row, vector) in vectors.chunks(hidden).enumerate() {
                let place = found.place(vector);
                (0..2).for_each(|axis| assert_near(place[axis], &case["places"][frame][row][axis]));
            }
            let agreement = nearest_label_agreement(&frames[frame].concat(), hidden, &labels);
            assert_close("agreement", agreement, &case["agreement"][frame]);
        }
    }
}

#[test]
fn confidence_and_variability_equal_those_of_numpy() {
    for case in list(&golden("maps.json")["dynamics"]) {
        let mut dynamics = TrainingDynamics::default();
        let evaluations = list(&case["probabilities"]);
        evaluations.iter().for_each(|probabilities| dynamics.observe(&floats(probabilities)));
        assert_eq!(dynamics.evaluations() as usize, evaluations.len());
        for row in 0..dynamics.rows() {
            assert_close("confidence", dynamics.confidence(row), &case["confidence"][row]);
            let spread = case["variability"][row].as_f64().unwrap();
            assert!((dynamics.variability(row) - spread).abs() < 1e-12, "{spread}");
        }
    }
}
