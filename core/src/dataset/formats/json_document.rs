//! Rows of a JSON document that is neither a list nor one object per row: the other forms of pandas' `to_json`, and objects
//! around a list of rows.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::dataset::formats::json_questions::question_rows;
use crate::dataset::formats::json_shapes::spacy_row;

/// Names of the member with the rows, if an object has several lists of objects.
pub(crate) const LISTS: [&str; 8] =
    ["data", "rows", "examples", "records", "items", "annotations", "utterances", "common_examples"];

/// Names of lists that are labels of their texts even if all lists are equally long.
const CLASSES: [&str; 12] =
    ["pos", "neg", "neu", "positive", "negative", "neutral", "good", "bad", "ham", "spam", "real", "fake"];

/// Keys of objects that are parts of one row: turns of a conversation, answers and spans.
const PARTS: [&str; 6] = ["role", "from", "speaker", "answer_start", "start", "start_offset"];

/// The rows of a document. None if it has another form.
pub(crate) fn rows(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let found =
        split(document).or_else(|| by_column(document)).or_else(|| listed(document)).or_else(|| by_key(document));
    let rows = found.or_else(|| wrapped(document)).or_else(|| by_label(document)).or_else(|| by_text(document))?;
    Some(question_rows(&rows).unwrap_or(rows))
}

/// The rows of an object that is the only member of another, such as Rasa's `{"rasa_nlu_data": {"common_examples": […]}}`.
fn wrapped(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let mut members = document.values();
    match (members.next(), members.next()) {
        (Some(Value::Object(inner)), None) => listed(inner),
        _ => None,
    }
}

/// pandas' form `split`: the names of the columns, and the cells of each row.
fn split(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let names: Vec<&str> = document.get("columns")?.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let row = |cells: &Value| {
        let cells = cells.as_array().filter(|cells| cells.len() == names.len())?;
        Some(names.iter().map(|name| name.to_string()).zip(cells.iter().cloned()).collect())
    };
    document.get("data")?.as_array()?.iter().map(row).collect()
}

/// Lists of equal lengths, one for each column.
fn by_column(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let columns: Vec<&Vec<Value>> = document.values().map(Value::as_array).collect::<Option<_>>()?;
    if are_classes(document) {
        return None;
    }
    // Lists of objects alone may be the members of one row, such as conversations.
    let has_plain = columns.iter().any(|cells| !cells.iter().any(|cell| cell.is_object() || cell.is_array()));
    let has_examples = columns.iter().any(|cells| cells.iter().all(|cell| spacy_row(cell.clone()).is_some()));
    let rows = columns.first().filter(|_| columns.len() > 1 && has_plain && !has_examples)?.len();
    let row = |row: usize| document.keys().cloned().zip(columns.iter().map(|cells| cells[row].clone())).collect();
    columns.iter().all(|cells| cells.len() == rows).then(|| (0..rows).map(row).collect())
}

/// Returns true if the lists of a document are named like labels.
fn are_classes(document: &Map<String, Value>) -> bool {
    document.len() > 1 && document.keys().all(|name| CLASSES.contains(&name.to_lowercase().as_str()))
}

/// Lists of texts, one for each label: `{"good": ["…", "…"], "bad": ["…"]}`. Lists of one length may be columns instead.
fn by_label(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let lists: Vec<(&String, &Vec<Value>)> =
        document.iter().map(|(label, texts)| Some((label, texts.as_array()?))).collect::<Option<_>>()?;
    let (_, first) = lists.first()?;
    let are_texts = lists.iter().all(|(_, texts)| !texts.is_empty() && texts.iter().all(Value::is_string));
    let may_be_columns = !are_classes(document) && lists.iter().all(|(_, texts)| texts.len() == first.len());
    if !are_texts || may_be_columns {
        return None;
    }
    let row = |label: &String, text: &Value| {
        [("text".to_owned(), text.clone()), ("label".to_owned(), label.as_str().into())].into_iter().collect()
    };
    Some(lists.into_iter().flat_map(|(label, texts)| texts.iter().map(move |text| row(label, text))).collect())
}

/// The label of each text: `{"It was good": "pos", "It was bad": "neg", …}`. The texts have several words, and the labels repeat.
fn by_text(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    const MIN_ROWS: usize = 8;
    let labels: HashSet<String> = document
        .values()
        .map(|label| (label.is_string() || label.is_number()).then(|| label.to_string()))
        .collect::<Option<_>>()?;
    let texts = document.keys().filter(|text| text.trim().contains(' ')).count();
    let row = |(text, label): (&String, &Value)| {
        Map::from_iter([("text".to_owned(), text.as_str().into()), ("label".to_owned(), label.clone())])
    };
    let is_list = document.len() >= MIN_ROWS && texts * 2 > document.len() && labels.len() * 2 <= document.len();
    is_list.then(|| document.iter().map(row).collect())
}

/// The only list of objects, or of training examples of spaCy; of several, the one with a usual name.
fn listed(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let row = |value: &Value| match value {
        Value::Object(row) => {
            Some(row.clone()).filter(|row| !row.is_empty() && !PARTS.iter().any(|key| row.contains_key(*key)))
        }
        other => spacy_row(other.clone()),
    };
    let list = |value: &Value| {
        let values = value.as_array().filter(|values| !values.is_empty())?;
        values.iter().map(row).collect::<Option<Vec<_>>>()
    };
    let mut lists = document.iter().filter_map(|(name, value)| Some((name.as_str(), list(value)?)));
    let (first, rest) = (lists.next()?, lists.collect::<Vec<_>>());
    if rest.is_empty() {
        return Some(patterns(&first.1).unwrap_or(first.1));
    }
    // Lists named train and test are parts of a data set, of which one alone would be half of the truth.
    let mut named = std::iter::once(first).chain(rest).filter(|(name, _)| LISTS.contains(name));
    named.next().map(|(_, rows)| rows).filter(|_| named.next().is_none())
}

/// A row for each pattern of an intent, as chatbots are trained: `{"tag": "greeting", "patterns": ["Hi", "Hello"]}`.
fn patterns(intents: &[Map<String, Value>]) -> Option<Vec<Map<String, Value>>> {
    let mut rows = Vec::new();
    for intent in intents {
        let tag = intent.get("tag").or_else(|| intent.get("intent")).filter(|tag| tag.is_string())?;
        for pattern in intent.get("patterns")?.as_array()? {
            rows.push([("text".to_owned(), pattern.clone()), ("label".to_owned(), tag.clone())].into_iter().collect());
        }
    }
    Some(rows)
}

/// pandas' forms `columns` and `index`: an object for each column or each row, with the same keys in each.
fn by_key(document: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let members: Vec<(&String, &Map<String, Value>)> =
        document.iter().map(|(name, value)| Some((name, value.as_object()?))).collect::<Option<_>>()?;
    let keys: HashSet<&String> = members.first()?.1.keys().collect();
    let is_number = |key: &String| key.parse::<i64>().is_ok();
    let have_same_keys =
        members.iter().all(|(_, inner)| inner.len() == keys.len() && inner.keys().all(|key| keys.contains(key)));
    if keys.is_empty() || !have_same_keys {
        return None;
    }
    if members.iter().any(|(name, _)| !is_number(name)) && keys.iter().all(|key| is_number(key)) {
        let row = |id: &String| {
            let cells =
                members.iter().map(|(name, inner)| ((*name).clone(), inner.get(id).cloned().unwrap_or_default()));
            cells.collect()
        };
        return Some(members.first()?.1.keys().map(row).collect());
    }
    (members.len() > 1 && keys.len() > 1).then(|| members.into_iter().map(|(_, row)| row.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Option<String> {
        rows(serde_json::from_str::<Value>(json).unwrap().as_object().unwrap())
            .map(|rows| serde_json::json!(rows).to_string())
    }

    #[test]
    fn all_forms_of_pandas_have_the_same_rows() {
        let expected = Some(r#"[{"text":"a","label":1},{"text":"b","label":null}]"#.to_owned());
        for json in [
            r#"{"columns":["text","label"],"index":[0,1],"data":[["a",1],["b",null]]}"#,
            r#"{"text":{"0":"a","1":"b"},"label":{"0":1,"1":null}}"#,
            r#"{"0":{"text":"a","label":1},"1":{"text":"b","label":null}}"#,
            r#"{"q7":{"text":"a","label":1},"q9":{"text":"b","label":null}}"#,
            r#"{"text":["a","b"],"label":[1,null]}"#,
            r#"{"schema":{"fields":[{"name":"text"}]},"data":[{"text":"a","label":1},{"text":"b","label":null}]}"#,
        ] {
            assert_eq!(found(json), expected, "{json}");
        }
    }

    #[test]
    fn objects_around_one_list_have_the_rows_of_the_list() {
        assert_eq!(found(r#"{"version":"1","data":[{"a":1}]}"#).as_deref(), Some(r#"[{"a":1}]"#));
        assert_eq!(found(r#"{"features":[{"x":1}],"rows":[{"a":1}]}"#).as_deref(), Some(r#"[{"a":1}]"#));
        let intents = r#"{"intents":[{"tag":"hi","patterns":["Hello","Hi"],"responses":["Hi!"]}]}"#;
        assert_eq!(found(intents).as_deref(), Some(r#"[{"text":"Hello","label":"hi"},{"text":"Hi","label":"hi"}]"#));
        let rasa = r#"{"rasa_nlu_data":{"common_examples":[{"text":"a","intent":"b"}],"regex_features":[{"x":1}]}}"#;
        assert_eq!(found(rasa).as_deref(), Some(r#"[{"text":"a","intent":"b"}]"#));
        let luis = r#"{"intents":[{"name":"b"}],"entities":[],"utterances":[{"text":"a","intent":"b","entities":[]}]}"#;
        assert_eq!(found(luis).as_deref(), Some(r#"[{"text":"a","intent":"b","entities":[]}]"#));
        let spacy = r#"{"classes":["PER"],"annotations":[["Anna",{"entities":[[0,4,"PER"]]}]]}"#;
        assert_eq!(found(spacy).as_deref(), Some(r#"[{"text":"Anna","entities":[[0,4,"PER"]]}]"#));
        let by_label = r#"{"food":["a","b"],"staff":["c"]}"#;
        let rows = r#"[{"text":"a","label":"food"},{"text":"b","label":"food"},{"text":"c","label":"staff"}]"#;
        assert_eq!(found(by_label).as_deref(), Some(rows));
        let equal = r#"{"pos":["a","b"],"neg":["c","d"]}"#;
        let rows = r#"[{"text":"a","label":"pos"},{"text":"b","label":"pos"},{"text":"c","label":"neg"},{"text":"d","label":"neg"}]"#;
        assert_eq!(found(equal).as_deref(), Some(rows));
        let by_label = r#"{"good":["a","b"],"bad":["c"]}"#;
        let rows = r#"[{"text":"a","label":"good"},{"text":"b","label":"good"},{"text":"c","label":"bad"}]"#;
        assert_eq!(found(by_label).as_deref(), Some(rows));
        let labeled = |label: &str| {
            let members: Vec<String> = (0..8).map(|nth| format!(r#""so good {nth}":"{label}""#)).collect();
            found(&format!("{{{}}}", members.join(",")))
        };
        assert!(labeled("pos").is_some_and(|rows| rows.starts_with(r#"[{"text":"so good 0","label":"pos"},"#)));
        for json in
            [r#"{"train":[{"a":1}],"test":[{"a":1}]}"#, r#"{"text":"a","label":"b"}"#, r#"{"text":"a","meta":{"x":1}}"#]
        {
            assert_eq!(found(json), None, "{json}");
        }
    }
}
