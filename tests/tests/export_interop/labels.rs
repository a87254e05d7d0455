//! The search for wrong labels, with a micro model and against scikit-learn.

use burn::tensor::Device;
use hone_core::dataset::{Collector, Dataset, Hints, Mapping, Scanner};
use hone_core::diagnostic::Diagnostic;
use hone_core::pretrained::Pretrained;
use hone_core::recipe::Pooling;
use hone_core::run::{SuspectedLabels, TextGroup};
use hone_core::runner::{EncodedDataset, LabelReview, NeighborSearch};
use hone_core::train::LinearProbe;
use hone_tests::{golden, json, ready};

use crate::tokenizer::pretrained;

pub fn micro() -> Pretrained {
    pretrained(&golden("micro_bert"), Pooling::Mean, &Device::flex())
}

/// The rows of a table with the columns "text" and "label".
pub fn encoded(file: &str, mapping: Mapping, model: &Pretrained) -> EncodedDataset {
    let mut scanner = Scanner::new("rows.csv", file.len() as f64, Hints::default());
    scanner.push(file.as_bytes()).unwrap();
    let mut collector = Collector::new(&scanner.finish().unwrap(), mapping).unwrap();
    collector.push(file.as_bytes()).unwrap();
    let (dataset, report) = Dataset::new(collector.finish().unwrap().into(), None, 0.25, 1).unwrap();
    let mut rows = EncodedDataset::new(dataset.into(), report);
    while rows.encode_next(model).unwrap() {}
    rows
}

fn reviewed(file: &str, listed: usize) -> Result<SuspectedLabels, Diagnostic> {
    let model = micro();
    let rows = encoded(file, Mapping::Classification { text: 0, pair: None, label: 1 }, &model);
    let mut review = LabelReview::new(&rows, &model, &Device::flex())?;
    let mut fractions = vec![0.0];
    while !review.is_over() {
        fractions.push(ready(review.advance())?);
    }
    assert!(fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    Ok(review.finish(listed, 50))
}

/// Texts whose words tell their label; those on `flipped` lines have another one. Line 1 has the names of the columns.
pub fn table(rows: usize, flipped: &[usize]) -> String {
    let row = |nth: usize| {
        let class = nth % 3;
        // Three words of the label, and three that say nothing and make each text another one.
        let telling = [nth / 3 % 2, nth / 6 % 2, nth / 12 % 2].map(|word| 6 + 2 * class + word);
        let others = [nth % 5, nth / 5 % 5, nth / 25 % 5].map(|word| 13 + word);
        let words = telling.into_iter().chain(others).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ");
        let label = if flipped.contains(&(nth + 2)) { (class + 1) % 3 } else { class };
        format!("{words},{}\n", ["a", "b", "c"][label])
    };
    format!("text,label\n{}", (0..rows).map(row).collect::<String>())
}

#[test]
fn flipped_labels_are_found_the_surest_first() {
    let flipped = [7, 30, 65, 100];
    let found = reviewed(&table(120, &flipped), 200).unwrap();
    assert_eq!((found.looked_at, found.all), (120, 120));
    let mut lines: Vec<usize> = found.rows.iter().take(4).map(|row| row.line as usize).collect();
    lines.sort_unstable();
    assert_eq!(lines, flipped, "{found:?}");
    assert!(found.rows.is_sorted_by(|a, b| a.score <= b.score), "{found:?}");
    let row = found.rows.iter().find(|row| row.line == 7).unwrap();
    assert_eq!((row.given.as_str(), row.likely.as_str()), ("a", "c"));
    assert!(row.likely_probability > 0.5 && row.given_probability < 0.5, "{row:?}");
    let clean = reviewed(&table(120, &[]), 200).unwrap();
    assert!(clean.total <= 2 && clean.accuracy > 0.95, "{clean:?}");
}

#[test]
fn a_list_is_cut_but_all_suspects_are_counted() {
    let flipped: Vec<usize> = (0..12).map(|nth| 5 + 11 * nth).collect();
    let found = reviewed(&table(150, &flipped), 3).unwrap();
    assert!(found.rows.len() == 3 && found.total >= 8, "{found:?}");
}

#[test]
fn a_label_with_two_rows_is_checked_like_the_others() {
    let rare = format!("{}w40 w41,rare\nw40 w42,rare\n", table(60, &[]));
    let found = reviewed(&rare, 200).unwrap();
    assert_eq!(found.looked_at, 62);
    assert!(
        found.rows.iter().filter(|row| row.given == "rare").count() < 2,
        "one row of each label is left: {found:?}"
    );
}

#[test]
fn labels_that_cannot_be_checked_are_refused_with_a_remedy() {
    let few = reviewed(&table(9, &[]), 200).unwrap_err();
    assert_eq!(few.code, "labels.too-few");
    assert!(few.remedy.contains("10 rows"), "{few}");
    let model = micro();
    let numbers: String = (0..40).map(|nth| format!("w{} w{},{nth}\n", 5 + nth % 20, 6 + nth % 7)).collect();
    let mapping = Mapping::Regression { text: 0, pair: None, number: 1 };
    let rows = encoded(&format!("text,label\n{numbers}"), mapping, &model);
    assert_eq!(LabelReview::new(&rows, &model, &Device::flex()).unwrap_err().code, "labels.task");
}

#[test]
fn probabilities_of_unseen_rows_equal_those_of_scikit_learn() {
    let golden = json("label_issues.json");
    let case = &golden["regression"];
    let numbers = |name: &str| -> Vec<Vec<f32>> { serde_json::from_value(case[name].clone()).unwrap() };
    let integers = |name: &str| -> Vec<u32> { serde_json::from_value(case[name].clone()).unwrap() };
    let (labels, folds) = (integers("labels"), integers("folds"));
    let probe = ready(LinearProbe::new(&numbers("vectors").concat(), &labels, 3, &Device::flex())).unwrap();
    for fold in 0..5 {
        let is_held_out: Vec<bool> = folds.iter().map(|&other| other == fold).collect();
        let ours = ready(probe.probabilities(&is_held_out)).unwrap();
        let rows = ours.chunks(3).zip(numbers("probabilities")).zip(is_held_out).filter(|row| row.1);
        for ((ours, theirs), _) in rows {
            let distance = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(distance < 1e-3, "{ours:?} for {theirs:?}");
        }
    }
}

#[test]
fn nearest_neighbors_equal_those_of_scikit_learn() {
    for case in json("neighbors.json")["cases"].as_array().unwrap() {
        let vectors: Vec<Vec<f32>> = serde_json::from_value(case["vectors"].clone()).unwrap();
        let mut search = NeighborSearch::new(&vectors.concat(), vectors.len(), &Device::flex());
        while !search.is_over() {
            ready(search.advance()).unwrap();
        }
        let found = search.finish();
        let (rows, distances): (Vec<Vec<u32>>, Vec<Vec<f32>>) = (
            serde_json::from_value(case["neighbors"].clone()).unwrap(),
            serde_json::from_value(case["distances"].clone()).unwrap(),
        );
        assert_eq!(found.count, 10);
        for ((row, ours), (other, theirs)) in
            found.rows.iter().zip(&found.distances).zip(rows.concat().iter().zip(distances.concat()))
        {
            // Neighbors that are equally far may change places.
            assert!((ours - theirs).abs() < 1e-5, "{row} for {other}: {ours} for {theirs}");
        }
        let same = found.rows.iter().zip(rows.concat()).filter(|(ours, theirs)| **ours == *theirs).count();
        assert!(same * 100 >= found.rows.len() * 99, "{same} of {}", found.rows.len());
    }
}

#[test]
fn texts_that_differ_in_order_alone_are_near_duplicates_across_the_split_first() {
    // Words in another order: the vectors of this model hardly change.
    let turned = |row: &str, label: &str| {
        let words: Vec<&str> = row.split(',').next().unwrap().split(' ').collect();
        format!("{} {},{label}\n", words[5], words[..5].join(" "))
    };
    let rows = table(90, &[]);
    let lines: Vec<&str> = rows.lines().collect();
    let copies: String = (0..24).map(|nth| turned(lines[1 + 3 * nth], if nth % 4 == 0 { "b" } else { "a" })).collect();
    let outlier = format!("{},a\n", ["w35 w36 w37"; 8].join(" "));
    let found = reviewed(&format!("{rows}{copies}{outlier}"), 200).unwrap().texts;
    let duplicates: Vec<&TextGroup> = found.groups.iter().filter(|group| group.rows.len() > 1).collect();
    let is_across = |group: &&&TextGroup| group.finding.contains("in training and validation");
    assert!(duplicates.iter().filter(is_across).count() >= 1, "{found:?}");
    assert!(duplicates.iter().skip_while(is_across).filter(is_across).count() == 0, "{found:?}");
    for group in &duplicates {
        let sides = [true, false].map(|side| group.rows.iter().any(|row| row.is_validation == side));
        assert!(group.rows.len() > 10 || (sides == [true; 2]) == is_across(&group), "{group:?}");
        let differ = group.rows.iter().any(|row| row.given != group.rows[0].given);
        assert!(group.rows.len() > 10 || differ == group.finding.contains("with different labels"), "{group:?}");
    }
    assert!(found.sentence.contains("in both training and validation, which flatters the score"), "{}", found.sentence);
}
