//! The search for wrong labels, with a micro model and against scikit-learn.

use burn::tensor::Device;
use hone_core::dataset::{Collector, Dataset, Hints, Mapping, Scanner};
use hone_core::diagnostic::Diagnostic;
use hone_core::pretrained::Pretrained;
use hone_core::recipe::Pooling;
use hone_core::run::{SuspectedLabel, SuspectedLabels, TextGroup};
use hone_core::runner::{EncodedDataset, LabelReview, NeighborSearch};
use hone_core::train::{LinearProbe, ProbeFeatures, ProbeTargets};
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
    reviewed_as(file, Mapping::Classification { text: 0, pair: None, label: 1 }, listed)
}

fn reviewed_as(file: &str, mapping: Mapping, listed: usize) -> Result<SuspectedLabels, Diagnostic> {
    let model = micro();
    let rows = encoded(file, mapping, &model);
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
    assert_eq!(found.looked_at, 120);
    let mut lines: Vec<usize> = found.rows.iter().take(4).map(|it| it.row.line as usize).collect();
    lines.sort_unstable();
    assert_eq!(lines, flipped, "{found:?}");
    assert!(found.rows.is_sorted_by(|a, b| a.score <= b.score), "{found:?}");
    let row = found.rows.iter().find(|it| it.row.line == 7).unwrap();
    assert_eq!((row.row.given.as_str(), &row.row.likely), ("a", &Some(vec!["c".to_owned()])));
    assert!(row.finding.starts_with("labeled a (") && row.finding.contains("), probably c ("), "{row:?}");
    assert!(row.likely_probability > 0.5 && row.given_probability < 0.5, "{row:?}");
    let clean = reviewed(&table(120, &[]), 200).unwrap();
    assert!(clean.total <= 2, "{clean:?}");
    assert!(found.sentence.contains(" of 120 rows may be wrong. The heads agree with "), "{}", found.sentence);
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
        found.rows.iter().filter(|it| it.row.given == "rare").count() < 2,
        "one row of each label is left: {found:?}"
    );
}

#[test]
fn labels_that_cannot_be_checked_are_refused_with_a_remedy() {
    let few = reviewed(&table(9, &[]), 200).unwrap_err();
    assert_eq!(few.code, "labels.too-few");
    assert!(few.remedy.contains("10 rows"), "{few}");
    let model = micro();
    let mapping = Mapping::Corpus { text: 0 };
    let rows = encoded(&table(40, &[]), mapping, &model);
    assert_eq!(LabelReview::new(&rows, &model, &Device::flex()).unwrap_err().code, "labels.task");
}

#[test]
fn labels_that_a_row_lacks_or_has_wrongly_are_found() {
    // Label a belongs to texts with the words 6 or 7, label b to those with 8 or 9.
    let flipped = [21, 41, 61, 81, 101];
    let row = |nth: usize| {
        let held = [nth.is_multiple_of(2), nth.is_multiple_of(3)];
        let telling = [(held[0], 6 + nth / 2 % 2), (held[1], 8 + nth / 3 % 2)];
        let present = telling.into_iter().filter(|(has, _)| *has).map(|(_, word)| format!("w{word} w{word}"));
        let others = [nth % 5, nth / 5 % 5, nth / 25 % 5].map(|word| format!("w{}", 13 + word));
        let given = if flipped.contains(&(nth as u32 + 2)) { [held[0], !held[1]] } else { held };
        let labels: Vec<&str> =
            given.into_iter().zip(["a", "b"]).filter(|(has, _)| *has).map(|(_, label)| label).collect();
        format!("{},{}\n", present.chain(others).collect::<Vec<_>>().join(" "), labels.join(";"))
    };
    let file = format!("text,labels\n{}", (0..150).map(row).collect::<String>());
    let found = reviewed_as(&file, Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] }, 200).unwrap();
    let mut lines: Vec<u32> = found.rows.iter().take(5).map(|it| it.row.line).collect();
    lines.sort_unstable();
    assert_eq!(lines, flipped, "{:?}", found.rows);
    let of_line = |line: u32| found.rows.iter().find(|it| it.row.line == line).unwrap();
    let lacks = of_line(41);
    assert_eq!((lacks.row.given.as_str(), &lacks.row.likely), ("", &Some(vec!["b".to_owned()])));
    assert!(lacks.finding.starts_with("no label; probably missing: b ("), "{lacks:?}");
    let wrong = of_line(21);
    assert_eq!((wrong.row.given.as_str(), &wrong.row.likely), ("b", &Some(Vec::new())));
    assert!(wrong.finding.contains("probably wrong: b ("), "{wrong:?}");
    assert!(found.sentence.starts_with("The labels of "), "{}", found.sentence);
}

#[test]
fn wrong_tags_are_found_word_by_word_in_their_sentence() {
    // The words 6 and 7 are names, in any place.
    let row = |nth: usize| {
        let words: [usize; 4] =
            std::array::from_fn(|at| if at == nth % 4 { 6 + nth % 2 } else { 13 + (nth / 4 + at) % 9 });
        let tag = |(at, word): (usize, usize)| match nth + 2 {
            line if line % 25 == 20 => "O",
            line if line % 25 == 8 && at == (nth + 1) % 4 => "B-N",
            _ if word < 8 => "B-N",
            _ => "O",
        };
        let tags: Vec<&str> = words.into_iter().enumerate().map(tag).collect();
        format!("{},{}\n", words.map(|word| format!("w{word}")).join(" "), tags.join(" "))
    };
    let file = format!("tokens,tags\n{}", (0..200).map(row).collect::<String>());
    let found = reviewed_as(&file, Mapping::TokenClassification { text: 0, tags: 1 }, 200).unwrap();
    let is_flipped = |it: &SuspectedLabel| [8, 20].contains(&(it.row.line % 25));
    assert!(found.rows.iter().take(8).all(is_flipped), "{:?}", found.rows);
    let word = |line: u32| found.rows.iter().find(|it| it.row.line == line).unwrap();
    let (name, other) = (word(195), word(58));
    assert_eq!((name.row.word, name.row.given.as_str()), (Some(1), "O"));
    assert_eq!(name.row.likely, Some(vec!["B-N".to_owned()]));
    assert!(name.finding.starts_with("w7: tagged O ("), "{name:?}");
    assert_eq!((other.row.word, other.row.given.as_str()), (Some(1), "B-N"));
    assert!(found.sentence.contains(" of 800 words in 200 rows may be wrong."), "{}", found.sentence);
}

#[test]
fn numbers_have_no_labels_to_check_but_duplicates() {
    let row = |nth: usize| format!("w{} w{} w{},{}\n", 6 + nth % 7, 13 + nth / 7 % 5, 19 + nth / 35, nth % 10);
    let rows: String = (0..60).map(row).collect();
    let copies = "w13 w6 w19,0\nw6 w13 w19,90\n";
    let mapping = Mapping::Regression { text: 0, pair: None, number: 1 };
    let found = reviewed_as(&format!("text,number\n{rows}{copies}"), mapping, 200).unwrap();
    assert!(found.rows.is_empty() && found.sentence.is_empty(), "{found:?}");
    assert!(found.texts.sentence.contains(" with different numbers."), "{}", found.texts.sentence);
}

#[test]
fn pairs_are_duplicates_if_both_of_their_texts_are() {
    let row = |nth: usize| format!("w{} w{},w{} w{}\n", 6 + nth % 7, 13 + nth / 7 % 5, 19 + nth % 6, 25 + nth / 6 % 5);
    let rows: String = (0..40).map(row).collect();
    let mapping = Mapping::Pairs { anchor: 0, positive: 1, negative: None };
    let found = reviewed_as(&format!("anchor,positive\n{rows}w6  w13,w19  w25\n"), mapping, 200).unwrap();
    let pair = found.texts.groups.iter().find(|group| group.rows.iter().any(|row| row.line == 42));
    assert!(pair.is_some_and(|group| group.rows.iter().any(|row| row.line == 2)), "{found:?}");
    assert!(!found.texts.sentence.contains("different"), "{}", found.texts.sentence);
}

#[test]
fn probabilities_of_unseen_rows_equal_those_of_scikit_learn() {
    let golden = json("label_issues.json");
    let case = &golden["regression"];
    let numbers = |name: &str| -> Vec<Vec<f32>> { serde_json::from_value(case[name].clone()).unwrap() };
    let integers = |name: &str| -> Vec<u32> { serde_json::from_value(case[name].clone()).unwrap() };
    let (labels, folds) = (integers("labels"), integers("folds"));
    let has: Vec<Vec<bool>> = serde_json::from_value(case["has"].clone()).unwrap();
    let features = ProbeFeatures::new(&numbers("vectors").concat(), labels.len(), &Device::flex());
    let probe = |targets: ProbeTargets| ready(LinearProbe::new(features.clone(), &targets)).unwrap();
    let classes = (probe(ProbeTargets::classes(&labels, 3)), numbers("probabilities"));
    let label_sets = (probe(ProbeTargets::label_sets(&has.concat(), 2)), numbers("label_probabilities"));
    for (fold, (probe, theirs)) in (0..5).flat_map(|fold| [(fold, &classes), (fold, &label_sets)]) {
        let is_held_out: Vec<bool> = folds.iter().map(|&other| other == fold).collect();
        let ours = ready(probe.probabilities(&is_held_out)).unwrap();
        let rows = ours.chunks(theirs[0].len()).zip(theirs).zip(is_held_out).filter(|row| row.1);
        for ((ours, theirs), _) in rows {
            let distance = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
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
    // The last words in another order: the vectors of this model hardly change.
    let turned = |row: &str, label: &str| {
        let words: Vec<&str> = row.split(',').next().unwrap().split(' ').collect();
        format!("{} {} {},{label}\n", words[..4].join(" "), words[5], words[4])
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
