//! The rows of the data sets, read from their files.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A row with one label.
pub struct Row {
    pub text: String,
    pub label: String,
}

/// Training and test rows of one label each.
pub type Rows = [Vec<Row>; 2];

/// Questions by the kind of answer: six classes, or 50 if they are fine.
pub fn trec(folder: &Path, is_fine: bool) -> Result<Rows> {
    let rows = |name: &str| -> Result<Vec<Row>> {
        let path = folder.join("trec6").join(name);
        // Latin-1: each byte is a character.
        let text: String =
            fs::read(&path).with_context(|| path.display().to_string())?.iter().map(|&b| b as char).collect();
        let row = |line: &str| {
            let (label, text) = line.split_once(' ')?;
            let label = if is_fine { label } else { label.split(':').next()? };
            Some(Row { text: text.to_owned(), label: label.to_owned() })
        };
        Ok(text.lines().filter_map(row).collect())
    };
    Ok([rows("train.txt")?, rows("test.txt")?])
}

/// Sentences of reviews, positive or negative, in the order of their files.
pub fn sentiment(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in ["amazon_cells", "imdb", "yelp"] {
        let text = read(&folder.join("sentiment-labelled").join(format!("{name}_labelled.txt")))?;
        // Not by `lines`, because some texts contain U+0085.
        rows.extend(text.split('\n').filter_map(|line| {
            let (text, label) = line.rsplit_once('\t')?;
            Some(Row { text: text.trim().to_owned(), label: label.trim().to_owned() })
        }));
    }
    Ok(rows)
}

/// Short messages, spam or not.
pub fn sms(folder: &Path) -> Result<Vec<Row>> {
    let text = read(&folder.join("sms-spam/sms.tsv"))?;
    let row = |line: &str| {
        let (label, text) = line.split_once('\t')?;
        Some(Row { text: text.to_owned(), label: label.to_owned() })
    };
    Ok(text.lines().filter_map(row).collect())
}

/// Requests to an assistant, by intent.
pub fn snips(folder: &Path) -> Result<Rows> {
    let part = |part: &str| -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for intent in ["BookRestaurant", "GetWeather", "PlayMusic", "RateBook"] {
            let path = folder.join("snips").join(format!("{part}_{intent}.json"));
            let parsed: Value = serde_json::from_str(&read(&path)?)?;
            for request in parsed[intent].as_array().into_iter().flatten() {
                let spans = request["data"].as_array().into_iter().flatten();
                let text = spans.filter_map(|span| span["text"].as_str()).collect();
                rows.push(Row { text, label: intent.to_owned() });
            }
        }
        Ok(rows)
    };
    Ok([part("train")?, part("validate")?])
}

/// Sentences with the labels of the frequent words that they contain, `count` labels in all: many labels, each of which
/// few sentences have.
pub fn many_labels(rows: &[Row], count: usize) -> Vec<Value> {
    let words = |text: &str| -> HashSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3);
        words.map(str::to_lowercase).collect()
    };
    let mut sentences: BTreeMap<String, usize> = BTreeMap::new();
    rows.iter().flat_map(|row| words(&row.text)).for_each(|word| *sentences.entry(word).or_default() += 1);
    let mut frequent: Vec<(String, usize)> = sentences.into_iter().collect();
    frequent.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    frequent.truncate(count);
    let line = |row: &Row| {
        let found = words(&row.text);
        let mut line = json!({ "text": row.text });
        frequent.iter().for_each(|(word, _)| line[format!("has {word}")] = json!(u32::from(found.contains(word))));
        line
    };
    rows.iter().map(line).collect()
}

/// `count` rows at even distances.
pub fn spread_over<T>(rows: Vec<T>, count: usize) -> Vec<T> {
    let total = rows.len();
    let is_taken = |index: usize| count >= total || index * count / total != (index + 1) * count / total;
    rows.into_iter().enumerate().filter(|&(index, _)| is_taken(index)).map(|(_, row)| row).collect()
}

/// Takes `tests` of the rows at even distances as test rows; the others are training rows.
pub fn split<T>(rows: Vec<T>, tests: usize) -> [Vec<T>; 2] {
    let total = rows.len();
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (index, row) in rows.into_iter().enumerate() {
        let is_test = index * tests / total != (index + 1) * tests / total;
        if is_test { test.push(row) } else { train.push(row) }
    }
    [train, test]
}

/// Writes rows of one label each.
pub fn write_csv(path: &Path, rows: &[Row]) -> Result<()> {
    let mut csv = csv::Writer::from_path(path)?;
    csv.write_record(["text", "label"])?;
    rows.iter().try_for_each(|row| csv.write_record([&row.text, &row.label]))?;
    Ok(csv.flush()?)
}

/// Writes rows of any task.
pub fn write_jsonl(path: &Path, rows: &[Value]) -> Result<()> {
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    fs::write(path, text).with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_at_even_distances() {
        assert_eq!(spread_over((0..10).collect(), 5), [1, 3, 5, 7, 9]);
        assert_eq!(spread_over((0..3).collect(), 5), [0, 1, 2]);
        assert_eq!(split((0..6).collect(), 2), [vec![0, 1, 3, 4], vec![2, 5]]);
    }

    #[test]
    fn labels_are_the_most_frequent_words() {
        let rows = ["good phone", "Good phone, really", "good food"]
            .map(|text| Row { text: text.into(), label: String::new() });
        let lines = many_labels(&rows, 2);
        assert_eq!(lines[1], json!({ "text": "Good phone, really", "has good": 1, "has phone": 1 }));
        assert_eq!(lines[2], json!({ "text": "good food", "has good": 1, "has phone": 0 }));
    }
}
