//! The rows that a tuned model got wrong, with a micro model.

use burn::tensor::Device;
use hone_core::dataset::Mapping;
use hone_core::model::{Dropout, Input};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{Metric, Pooling, RecipeSpec, Task};
use hone_core::run::{WrongRowQuery, WrongRows};
use hone_core::runner::{EncodedDataset, WrongRowSearch};
use hone_core::text::{EncodedExamples, EncodedTexts, Labels};
use hone_core::train::Session;
use hone_tests::{golden, ready, run};

use crate::labels::{encoded, micro, table};
use crate::tokenizer::pretrained;

/// A run on texts of three labels, some of which are wrong.
fn trained() -> (EncodedDataset, Session) {
    let flipped: Vec<usize> = (0..30).map(|nth| 4 + 5 * nth).collect();
    let model = micro();
    let rows = encoded(&table(160, &flipped), Mapping::Classification { text: 0, pair: None, label: 1 }, &model);
    let recipe = RecipeSpec { learning_rate: Some(1e-2), epochs: Some(2), ..RecipeSpec::default() };
    let mut session = rows.session(&model, recipe, &Device::flex()).unwrap();
    run(&mut session);
    (rows, session)
}

fn percent(rows: &WrongRows) -> Vec<u32> {
    let number = |measure: &str| measure.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
    rows.rows.iter().map(|row| number(&row.measure)).collect()
}

#[test]
fn wrong_rows_are_those_of_the_confusion_matrix_the_surest_first() {
    let (rows, session) = trained();
    let find = |query: &WrongRowQuery| {
        WrongRowSearch::new(&session, rows.dataset()).find(&session, rows.dataset(), query, 500)
    };
    let (_, confusion) = session.best().unwrap().0.classes().unwrap();
    let count = |is_counted: &dyn Fn(usize, usize) -> bool| -> u32 {
        let cells = (0..3).flat_map(|actual| (0..3).map(move |predicted| (actual, predicted)));
        cells.filter(|&(actual, predicted)| is_counted(actual, predicted)).map(|(a, p)| confusion[a][p]).sum()
    };
    let all = find(&WrongRowQuery::default());
    assert!(all.total >= 4, "{all:?}");
    assert_eq!(all.total, count(&|actual, predicted| actual != predicted));
    assert!(percent(&all).is_sorted_by(|a, b| a >= b), "{all:?}");
    assert!(all.rows.iter().all(|row| row.given != row.predicted && row.is_in_train_file && row.line > 1));
    assert!(all.sentence.ends_with("wrong rows, the surest mistakes first."), "{}", all.sentence);
    for (label, of_label) in confusion.iter().enumerate() {
        let query = WrongRowQuery { actual: Some(label as u32), ..WrongRowQuery::default() };
        assert_eq!(find(&query).total, count(&|actual, predicted| actual == label && actual != predicted));
        let query = WrongRowQuery { predicted: Some(label as u32), ..WrongRowQuery::default() };
        assert_eq!(find(&query).total, count(&|actual, predicted| predicted == label && actual != predicted));
        let query = WrongRowQuery { predicted: Some(label as u32), ..query };
        let query = WrongRowQuery { actual: query.predicted, ..query };
        let right = find(&query);
        assert_eq!(right.total, of_label[label]);
        assert!(percent(&right).is_sorted(), "the least sure first: {right:?}");
    }
}

#[test]
fn wrong_rows_are_searched_and_sent_page_by_page() {
    let (rows, session) = trained();
    let search = WrongRowSearch::new(&session, rows.dataset());
    let find = |query: &WrongRowQuery, listed| search.find(&session, rows.dataset(), query, listed);
    let all = find(&WrongRowQuery::default(), 500);
    let second = find(&WrongRowQuery { offset: 2, ..WrongRowQuery::default() }, 2);
    assert_eq!(second.rows, all.rows[2..4]);
    assert!(second.sentence.starts_with(&format!("3 to 4 of {} wrong rows", all.total)), "{}", second.sentence);
    let search = all.rows[1].text.to_uppercase();
    let found = find(&WrongRowQuery { search: format!(" {search} "), ..WrongRowQuery::default() }, 500);
    assert!(found.rows.contains(&all.rows[1]) && found.total < all.total, "{found:?}");
    let none = find(&WrongRowQuery { search: "no such words".into(), ..WrongRowQuery::default() }, 500);
    assert_eq!((none.total, none.sentence.as_str()), (0, "There is no such row."));
}

#[test]
fn wrong_rows_have_their_nearest_training_rows_by_the_tuned_model() {
    let (rows, session) = trained();
    let dataset = rows.dataset();
    let mut search = WrongRowSearch::new(&session, dataset);
    search.compare(&session);
    let find = |search: &WrongRowSearch| search.find(&session, dataset, &WrongRowQuery::default(), 500);
    assert!(find(&search).rows.iter().all(|row| row.nearest.is_empty()));
    assert!(find(&search).neighbors.contains("once the tuned model has read"), "{}", find(&search).neighbors);
    assert_eq!(find(&search).comparing, Some(0.0));
    search.stop();
    assert_eq!((find(&search).comparing, find(&search).neighbors), (None, String::new()), "nothing is promised");
    search.compare(&session);
    let mut fractions = vec![0.0];
    while let Some(fraction) = ready(search.advance()).unwrap() {
        fractions.push(fraction);
    }
    assert!(fractions.is_sorted() && fractions.last() == Some(&1.0) && search.is_compared(), "{fractions:?}");
    let found = find(&search);
    assert_eq!(found.neighbors, "Nearest training rows by the vectors of the tuned model, among 120 training rows.");
    let training: Vec<u32> = dataset.train.iter().map(|&row| dataset.line(row)).collect();
    for row in &found.rows {
        assert_eq!(row.nearest.len(), 5, "{row:?}");
        assert!(row.nearest.is_sorted_by(|a, b| a.cosine >= b.cosine), "{row:?}");
        assert!(row.nearest.iter().all(|near| training.contains(&near.line) && near.line != row.line), "{row:?}");
    }
    // The vector of the tuned model itself.
    let (row, near) = (&found.rows[0], &found.rows[0].nearest[0]);
    let vector = |line: u32| {
        let data = session.data();
        let of = |rows: &[u32]| rows.iter().position(|&row| dataset.line(row) == line);
        let (texts, at) = match of(&dataset.train) {
            Some(at) => (&data.train.texts, at),
            None => (&data.validation.texts, of(&dataset.validation).unwrap()),
        };
        let batch = texts.batch(&[at as u32], 1, 128, data.pad);
        let vector = session.model().sentence(Input::new(&batch, session.device()), &mut Dropout::off());
        vector.into_data().try_to_vec::<f32>().unwrap()
    };
    let (a, b) = (vector(row.line), vector(near.line));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let cosine = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
    assert!((cosine - near.cosine).abs() < 1e-4, "{cosine} for {}", near.cosine);
    assert!(search.is_current(&session));
}

/// The tokens of a row that are read, and the start of the second text among them.
type Tokens = dyn Fn(&EncodedExamples, u32) -> (Vec<u32>, usize);

/// Trains on the rows of a file, and finds the nearest training rows of all wrong ones. Returns them with the largest
/// difference between their cosines and those of the mean hidden states over `tokens` of a row of a side.
fn nearest_by_mean(
    model: &Pretrained,
    file: &str,
    mapping: Mapping,
    recipe: RecipeSpec,
    tokens: &Tokens,
) -> (WrongRows, f32) {
    let rows = encoded(file, mapping, model);
    let mut session = rows.session(model, recipe, &Device::flex()).unwrap();
    run(&mut session);
    let dataset = rows.dataset();
    let mut search = WrongRowSearch::new(&session, dataset);
    search.compare(&session);
    while ready(search.advance()).unwrap().is_some() {}
    let found = search.find(&session, dataset, &WrongRowQuery::default(), 500);
    let vector = |side: &EncodedExamples, rows: &[u32], line: u32| {
        let row = rows.iter().position(|&row| dataset.line(row) == line).unwrap() as u32;
        let (ids, second) = tokens(side, row);
        let mut texts = EncodedTexts::default();
        texts.push_pair(&ids, second);
        let batch = texts.batch(&[0], 1, 512, session.data().pad);
        let vector = session.model().sentence(Input::new(&batch, session.device()), &mut Dropout::off());
        vector.into_data().try_to_vec::<f32>().unwrap()
    };
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut largest = 0.0_f32;
    for row in &found.rows {
        let own = vector(&session.data().validation, &dataset.validation, row.line);
        for near in &row.nearest {
            let other = vector(&session.data().train, &dataset.train, near.line);
            let cosine = dot(&own, &other) / (dot(&own, &own) * dot(&other, &other)).sqrt();
            largest = largest.max((cosine - near.cosine).abs());
        }
    }
    (found, largest)
}

#[test]
fn questions_are_compared_by_the_window_that_has_the_answer() {
    let row = |nth: usize| {
        let filler = |from: usize| {
            (0..14).map(|word| format!("w{}", 6 + (nth * 5 + from + word) % 40)).collect::<Vec<_>>().join(" ")
        };
        let answer = if nth.is_multiple_of(5) { String::new() } else { format!("w{}", 50 + nth % 9) };
        format!("w{} w{},{} {answer} {},{answer}\n", 6 + nth % 7, 8 + nth % 3, filler(0), filler(7))
    };
    let file = format!("question,context,answer\n{}", (0..48).map(row).collect::<String>());
    let recipe = RecipeSpec {
        task: Task::QuestionAnswering,
        epochs: Some(1),
        max_length: Some(16),
        doc_stride: 4,
        ..RecipeSpec::default()
    };
    let tokens = |side: &EncodedExamples, row: u32| {
        let Labels::Spans { windows, questions } = &side.labels else { panic!("questions") };
        let own = |it: &usize| questions[windows[*it].question as usize].row == row;
        let texts: Vec<usize> = (0..windows.len()).filter(own).collect();
        assert!(texts.len() > 2, "long passages");
        let at = texts.iter().copied().find(|&at| windows[at].answer != (0, 0)).unwrap_or(texts[0]);
        (side.texts.get(at).to_vec(), side.texts.second(at))
    };
    let mapping = Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None };
    let (found, largest) = nearest_by_mean(&micro(), &file, mapping, recipe, &tokens);
    assert!(found.total > 2 && found.rows.iter().all(|row| row.nearest.len() == 5), "{found:?}");
    assert!(largest < 1e-4, "{largest}");
    let labels: Vec<&str> = found.rows.iter().flat_map(|row| &row.nearest).map(|near| near.label.as_str()).collect();
    assert!(labels.iter().all(|label| *label == "no answer" || label.starts_with("w5")), "{labels:?}");
    assert!(found.rows[0].nearest.iter().all(|near| near.pair.is_some() && !near.text.is_empty()), "{found:?}");
}

#[test]
fn prompts_are_compared_without_their_completions() {
    let row = |nth: usize| format!("w{} w{} w{},w{}\n", 6 + nth % 7, 20 + nth % 5, 30 + nth % 4, 40 + nth % 3);
    let file = format!("prompt,completion\n{}", (0..48).map(row).collect::<String>());
    let recipe = RecipeSpec { task: Task::Generation, epochs: Some(1), ..RecipeSpec::default() };
    let tokens = |side: &EncodedExamples, row: u32| {
        let Labels::Continuations { references, .. } = &side.labels else { panic!("completions") };
        let prompt = references.iter().find(|reference| reference.row == row).unwrap().prompt.clone();
        let len = prompt.len();
        (prompt, len)
    };
    let model = pretrained(&golden("micro_llama"), Pooling::Mean, &Device::flex());
    let mapping = Mapping::Completion { prompt: "{prompt}".into(), completion: 1 };
    let (found, largest) = nearest_by_mean(&model, &file, mapping, recipe, &tokens);
    assert!(found.total == 12 && found.rows.iter().all(|row| row.nearest.len() == 5), "{found:?}");
    assert!(largest < 1e-4, "{largest}");
    let near = &found.rows[0].nearest[0];
    assert!(near.label.starts_with("w4") && near.pair.is_none() && near.text.split(' ').count() == 3, "{near:?}");
}

#[test]
fn rows_of_embeddings_are_compared_by_the_text_that_is_searched_for() {
    let first = |nth: usize| format!("w{} w{}", 6 + nth % 12, 18 + nth / 12);
    let second = |nth: usize| format!("w{} w{}", 24 + nth % 12, 36 + nth / 12);
    let file = |header: &str, row: &dyn Fn(usize) -> String| {
        format!("{header}\n{}", (0..72).map(|nth| row(nth) + "\n").collect::<String>())
    };
    let pair = |nth: usize| format!("{},{}", first(nth), second(nth));
    // Column of the text that is compared, of the pair, and of the label.
    type Columns = (usize, Option<usize>, usize);
    let cases: [(String, Mapping, usize, Columns); 3] = [
        (
            file("anchor,positive,negative", &|nth| format!("{},w{}", pair(nth), 43 + nth % 3)),
            Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) },
            3,
            (0, None, 1),
        ),
        (
            file("text,pair,score", &|nth| format!("{},{}", pair(nth), nth % 6)),
            Mapping::ScoredPairs { text: 0, pair: 1, score: 2 },
            2,
            (0, Some(1), 2),
        ),
        (
            file("label,text", &|nth| format!("{},{}", ["a", "b", "c"][nth % 3], second(nth))),
            Mapping::LabeledTexts { text: 1, label: 0 },
            1,
            (1, None, 0),
        ),
    ];
    for (file, mapping, texts_per_row, (text, pair, label)) in cases {
        let recipe = RecipeSpec { task: Task::Embeddings, epochs: Some(1), ..RecipeSpec::default() };
        let tokens = move |side: &EncodedExamples, row: u32| {
            let ids = side.texts.get(row as usize * texts_per_row).to_vec();
            let len = ids.len();
            (ids, len)
        };
        let (found, largest) = nearest_by_mean(&micro(), &file, mapping, recipe, &tokens);
        assert!(found.total > 2 && found.rows.iter().all(|row| row.nearest.len() == 5), "{found:?}");
        assert!(largest < 1e-4, "{largest}");
        for near in found.rows.iter().flat_map(|row| &row.nearest) {
            let cells: Vec<&str> = file.lines().nth(near.line as usize - 1).unwrap().split(',').collect();
            let shown = (near.text.as_str(), near.pair.as_deref(), near.label.as_str());
            assert_eq!(shown, (cells[text], pair.map(|pair| cells[pair]), cells[label]));
        }
    }
}

/// A run of embeddings, and its rows that match a query.
fn searched(file: &str, mapping: Mapping, query: &WrongRowQuery) -> (EncodedDataset, Session, WrongRows) {
    let rows = encoded(file, mapping, &micro());
    let recipe = RecipeSpec { task: Task::Embeddings, epochs: Some(1), ..RecipeSpec::default() };
    let mut session = rows.session(&micro(), recipe, &Device::flex()).unwrap();
    run(&mut session);
    let found = WrongRowSearch::new(&session, rows.dataset()).find(&session, rows.dataset(), query, 500);
    (rows, session, found)
}

#[test]
fn a_pair_is_wrong_if_another_text_is_found_first() {
    let row = |nth: usize| format!("w{} w{},w{} w{}\n", 6 + nth % 12, 18 + nth / 12, 24 + nth % 12, 36 + nth / 12);
    let file = format!("anchor,positive\n{}", (0..72).map(row).collect::<String>());
    let mapping = Mapping::Pairs { anchor: 0, positive: 1, negative: None };
    let (rows, session, found) = searched(&file, mapping, &WrongRowQuery::default());
    let queries = rows.dataset().validation.len() as f64;
    let missed = (1.0 - session.best().unwrap().0.score(Metric::RecallAt1)) * queries;
    assert!(found.total > 0 && (f64::from(found.total) - missed).abs() < 1e-6, "{} for {missed}", found.total);
    for row in &found.rows {
        let own = file.lines().nth(row.line as usize - 1).unwrap();
        assert_eq!(own, format!("{},{}", row.text, row.given), "the right answer is the text of the same row");
        assert!(row.predicted != row.given && file.contains(&format!(",{}\n", row.predicted)), "{row:?}");
        assert!(row.pair.is_none() && row.measure.contains("the right answer is on rank "), "{row:?}");
    }
    // The lead of the wrong answer, which decides the order.
    let lead = |measure: &str| {
        let cosines: Vec<f64> =
            measure.split([' ', ';']).filter(|word| word.contains('.')).map(|it| it.parse().unwrap()).collect();
        cosines[0] - cosines[1]
    };
    let leads: Vec<f64> = found.rows.iter().map(|row| lead(&row.measure)).collect();
    assert!(leads.is_sorted_by(|a, b| a + 2e-3 > *b) && leads[0] > 0.0, "{leads:?}");
}

#[test]
fn a_labeled_text_is_wrong_if_one_of_another_label_is_found_first() {
    let mapping = Mapping::LabeledTexts { text: 0, label: 1 };
    let flipped: Vec<usize> = (0..30).map(|nth| 4 + 5 * nth).collect();
    let (_, _, all) = searched(&table(160, &flipped), mapping.clone(), &WrongRowQuery::default());
    assert!(
        all.total > 0 && all.rows.iter().all(|row| row.given != row.predicted && row.measure.contains("comes first"))
    );
    let query = WrongRowQuery { actual: Some(0), predicted: Some(1), ..WrongRowQuery::default() };
    let (_, _, some) = searched(&table(160, &flipped), mapping, &query);
    let expected = all.rows.iter().filter(|row| row.given == "a" && row.predicted == "b").count();
    assert_eq!(some.total as usize, expected);
}

#[test]
fn rated_pairs_are_ordered_by_how_far_their_place_is_wrong() {
    let row =
        |nth: usize| format!("w{} w{},w{} w{},{}\n", 6 + nth % 7, 18 + nth / 7, 6 + nth % 5, 20 + nth % 9, nth % 6);
    let file = format!("text,pair,score\n{}", (0..60).map(row).collect::<String>());
    let (rows, _, found) =
        searched(&file, Mapping::ScoredPairs { text: 0, pair: 1, score: 2 }, &WrongRowQuery::default());
    assert!(found.total > 0 && found.total as usize <= rows.dataset().validation.len());
    let place =
        |words: &str| -> i32 { words.split("above ").nth(1).unwrap().split('\u{a0}').next().unwrap().parse().unwrap() };
    let distances: Vec<i32> = found.rows.iter().map(|row| (place(&row.given) - place(&row.predicted)).abs()).collect();
    assert!(distances.is_sorted_by(|a, b| a + 1 >= *b) && distances[0] > 10, "{distances:?}");
    assert!(found.rows.iter().all(|row| row.pair.is_some() && row.predicted.starts_with("cosine ")), "{found:?}");
}
