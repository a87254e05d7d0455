//! The rows that a tuned model got wrong, with a micro model.

use burn::tensor::Device;
use hone_core::dataset::Mapping;
use hone_core::model::{Dropout, Input, MaskSource};
use hone_core::recipe::RecipeSpec;
use hone_core::run::{WrongRowQuery, WrongRows};
use hone_core::runner::{EncodedDataset, WrongRowSearch};
use hone_core::train::Session;
use hone_tests::{ready, run};

use crate::labels::{encoded, micro, table};

/// A run on texts of three labels, some of which are wrong.
fn trained() -> (EncodedDataset, Session) {
    let flipped: Vec<usize> = (0..30).map(|nth| 4 + 5 * nth).collect();
    let model = micro();
    let rows = encoded(&table(160, &flipped), Mapping::Classification { text: 0, pair: None, label: 1 }, &model);
    let recipe = RecipeSpec { learning_rate: Some(1e-2), epochs: Some(2), ..RecipeSpec::default() };
    let mut session = rows.session(&model, recipe, &Device::flex(), MaskSource::Host).unwrap();
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
