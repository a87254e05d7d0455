//! Labeling few rows, with a micro model.

use std::sync::Arc;

use burn::tensor::Device;
use hone_core::dataset::DatasetFiles;
use hone_core::dataset::{Collector, Correction, Dataset, Examples, Hints, HoldOut, Mapping, Scanner};
use hone_core::diagnostic::Diagnostic;
use hone_core::pretrained::Pretrained;
use hone_core::recipe::Pooling;
use hone_core::run::LabelQuestion;
use hone_core::runner::{Labeler, LearningCurve};
use hone_tests::{golden, ready};

use crate::tokenizer::pretrained;

fn micro() -> Pretrained {
    pretrained(&golden("micro_bert"), Pooling::Mean, &Device::flex())
}

fn examples(file: &str) -> Arc<Examples> {
    let mut scanner = Scanner::new("rows.csv", file.len() as f64, Hints::default());
    scanner.push(file.as_bytes()).unwrap();
    let mapping = Mapping::Classification { text: 0, pair: None, label: 1 };
    let mut collector = Collector::new(&scanner.finish().unwrap(), mapping).unwrap();
    collector.push(file.as_bytes()).unwrap();
    Arc::new(collector.finish_training().unwrap())
}

fn dataset(file: &str, test_ratio: f64) -> Option<Dataset> {
    let files = DatasetFiles { train: examples(file), validation: None, test: None };
    let held_out = HoldOut { validation_ratio: 0.25, test_ratio, seed: 1 };
    Dataset::with_test(files, held_out).ok().map(|(dataset, _)| dataset)
}

fn labeler(file: &str) -> Result<Labeler, Diagnostic> {
    let (model, device) = (micro(), Device::flex());
    let mut labeler = Labeler::new(&examples(file), dataset(file, 0.0).as_ref())?;
    let mut fractions = vec![0.0];
    while !labeler.is_ready() {
        fractions.push(ready(labeler.advance(&model, &device))?);
    }
    assert!(fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    Ok(labeler)
}

fn ask(labeler: &mut Labeler, given: &[(u32, &str)], skipped: &[u32]) -> LabelQuestion {
    let correction =
        |&(line, label): &(u32, &str)| Correction { line, word: None, labels: Some(vec![label.to_owned()]) };
    ready(labeler.ask(&given.iter().map(correction).collect::<Vec<_>>(), skipped)).unwrap()
}

fn line(question: &LabelQuestion) -> u32 {
    question.row.as_ref().unwrap().line
}

/// A text whose words tell its class, one of three, and are otherwise its own.
fn text(nth: usize) -> String {
    let class = nth % 3;
    let telling = [nth / 3 % 2, nth / 6 % 2, nth / 12 % 2].map(|word| 6 + 2 * class + word);
    let others = [nth % 5, nth / 5 % 5, nth / 25 % 5].map(|word| 13 + word);
    telling.into_iter().chain(others).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ")
}

/// A table of texts, of which the first ones are labeled. Line 1 has the names of the columns.
fn table(labeled: usize, rows: usize) -> String {
    let row = |nth: usize| format!("{},{}\n", text(nth), if nth < labeled { ["a", "b", "c"][nth % 3] } else { "" });
    format!("text,label\n{}", (0..rows).map(row).collect::<String>())
}

#[test]
fn a_label_is_suggested_and_the_row_is_not_asked_for_again() {
    let mut labeler = labeler(&table(30, 90)).unwrap();
    let (mut given, mut right) = (Vec::new(), 0);
    for _ in 0..25 {
        let question = ask(&mut labeler, &given, &[]);
        assert_eq!(question.labels, ["a", "b", "c"]);
        let sum: f32 = question.choices.iter().filter_map(|choice| choice.probability).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{question:?}");
        let line = line(&question);
        assert!(line > 31 && given.iter().all(|(other, _)| *other != line), "{line} of {given:?}");
        let truth = ["a", "b", "c"][(line as usize - 2) % 3];
        right += usize::from(question.choices.iter().any(|choice| choice.is_likely && choice.label == truth));
        given.push((line, truth));
    }
    assert!(right >= 20, "{right} of 25 suggestions were right");
    let progress = ask(&mut labeler, &given, &[]).progress;
    assert!(progress.starts_with("25 labels given, 35 rows left. The last 20 labels changed"), "{progress}");
}

#[test]
fn a_skipped_row_is_passed_over_and_an_undone_label_brings_its_row_back() {
    let mut labeler = labeler(&table(30, 40)).unwrap();
    let first = ask(&mut labeler, &[], &[]);
    assert_ne!(line(&ask(&mut labeler, &[], &[line(&first)])), line(&first));
    assert_ne!(line(&ask(&mut labeler, &[(line(&first), "a")], &[])), line(&first));
    assert_eq!(ask(&mut labeler, &[], &[]), first, "the same question, once it is undone");
    let lines: Vec<u32> = (32..=41).collect();
    let done = ask(&mut labeler, &[], &lines);
    assert!(done.row.is_none() && done.progress.contains("No row is left"), "{done:?}");
}

#[test]
fn copies_of_a_row_come_last() {
    let copies = format!("{},\n", text(30)).repeat(9);
    let mut labeler = labeler(&format!("{}{copies}", table(30, 33))).unwrap();
    let mut skipped = Vec::new();
    for _ in 0..3 {
        let next = line(&ask(&mut labeler, &[], &skipped));
        skipped.push(next);
    }
    let is_copy = |line: &&u32| **line == 32 || **line > 34;
    assert_eq!(skipped.iter().filter(is_copy).count(), 1, "{skipped:?}");
    let first: Vec<u32> = ready(labeler.first(3)).unwrap().into_iter().map(|it| it.row.line).collect();
    assert_eq!(first.iter().filter(is_copy).count(), 1, "{first:?}");
}

#[test]
fn a_pool_without_labels_begins_with_typed_ones() {
    for file in [table(0, 30), table(1, 30)] {
        let mut labeler = labeler(&file).unwrap();
        let begun = ask(&mut labeler, &[], &[]);
        let has_none = |question: &LabelQuestion| question.choices.iter().all(|choice| choice.probability.is_none());
        assert!(has_none(&begun) && begun.progress.contains("drawn at random"), "{begun:?}");
        assert!(ready(labeler.first(4)).unwrap().iter().all(|it| it.likely.is_none() && it.margin.is_none()));
        let one = ask(&mut labeler, &[(20, "new")], &[]);
        let two = ask(&mut labeler, &[(20, "new"), (21, "other")], &[]);
        assert_eq!(two.labels[two.labels.len() - 2..], ["new", "other"]);
        assert!(!has_none(&two));
        assert_eq!(has_none(&one), file.lines().nth(1).unwrap().ends_with(','), "one label, or two");
    }
}

#[test]
fn labels_that_mean_the_same_are_one() {
    let numbers: String = (0..20).map(|nth| format!("{},{}\n", text(nth), nth % 2)).collect();
    let mut labeler = labeler(&format!("text,label\n{numbers}{},\n{},\n", text(40), text(41))).unwrap();
    assert_eq!(ask(&mut labeler, &[(22, "1.0")], &[]).labels, ["0", "1"]);
}

#[test]
fn test_rows_choose_nothing() {
    let file = table(60, 70);
    let held_out = dataset(&file, 0.25).unwrap();
    assert!(!held_out.test.is_empty());
    let (model, device) = (micro(), Device::flex());
    let question = |file: &str, dataset: &Dataset| {
        let mut labeler = Labeler::new(&examples(file), Some(dataset)).unwrap();
        while !labeler.is_ready() {
            ready(labeler.advance(&model, &device)).unwrap();
        }
        ask(&mut labeler, &[], &[])
    };
    // Other labels on the test rows.
    let changed: Vec<String> = file
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let is_test = held_out.test.iter().any(|&row| held_out.line(row) as usize == at + 1);
            if is_test { format!("{},{}", line.split(',').next().unwrap(), "a") } else { line.to_owned() }
        })
        .collect();
    assert_eq!(question(&file, &held_out), question(&format!("{}\n", changed.join("\n")), &held_out));
}

#[test]
fn what_cannot_be_labeled_is_refused_with_a_remedy() {
    let error = labeler(&table(30, 30)).unwrap_err();
    assert_eq!(error.code, "labels.no-pool");
    assert!(error.remedy.contains("whose label is empty"), "{error}");
    let without_test = dataset(&table(60, 60), 0.0).unwrap();
    assert_eq!(LearningCurve::new(&without_test, 20, &micro(), &Device::flex()).unwrap_err().code, "labels.no-test");
}

#[test]
fn a_learning_curve_rises_with_the_labels() {
    let mut curve =
        LearningCurve::new(&dataset(&table(150, 150), 0.3).unwrap(), 40, &micro(), &Device::flex()).unwrap();
    while !curve.is_over() {
        ready(curve.advance()).unwrap();
    }
    let points = curve.finish();
    assert_eq!(points.len(), 2 * 5 * 3, "two rules, five seeds, three numbers of labels");
    let mean = |is_chosen: bool, labels: u32| {
        let of = points.iter().filter(|point| point.is_chosen == is_chosen && point.labels == labels);
        of.map(|point| point.accuracy).sum::<f64>() / 5.0
    };
    assert_eq!(mean(true, 20), mean(false, 20), "both begin with the same random rows");
    for is_chosen in [true, false] {
        assert!(mean(is_chosen, 40) > mean(is_chosen, 20), "{points:?}");
    }
    assert!(mean(true, 40) > 0.9, "{points:?}");
}
