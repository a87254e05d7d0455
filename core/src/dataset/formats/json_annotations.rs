//! Rows of annotation tools and training libraries whose labels are nested: Labelbox, Dataturks and CLUENER, whose spans end with their
//! last character; Argilla; GLiNER, whose spans count words; and spans without offsets, or with a list for each of their fields.

use serde_json::{Map, Value, json};

/// The flat row of an object in one of these forms. None for others.
pub(crate) fn annotated_row(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let forms = [labelbox, dataturks, cluener, argilla, gliner, listed_spans, quoted_spans];
    forms.into_iter().find_map(|form| form(object))
}

/// Labelbox's `{"data_row": {"row_data"}, "projects": {…: {"labels": [{"annotations": {…}}]}}}`, and its older
/// `{"Labeled Data", "Label": {…}}`.
///
/// <https://docs.labelbox.com/reference/export-text-annotations>
fn labelbox(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let older = || Some((object.get("Labeled Data")?, object.get("Label")?));
    let newer = || {
        let project = object.get("projects")?.as_object()?.values().next()?;
        Some((object.get("data_row")?.get("row_data")?, project.pointer("/labels/0/annotations")?))
    };
    let (text, annotations) = newer().or_else(older)?;
    let list = |key: &str| annotations.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut row = Map::from_iter([("text".to_owned(), Value::String(text.as_str()?.to_owned()))]);
    for class in list("classifications") {
        let answers = class.get("checklist_answers").or_else(|| class.get("answers")).and_then(Value::as_array);
        let answer = match answers {
            Some(answers) => answers.iter().map(|answer| name(answer).unwrap_or_default()).collect(),
            None => ["radio_answer", "answer", "text_answer"].iter().find_map(|key| name(class.get(*key)?))?,
        };
        row.insert(name(class)?.as_str().unwrap_or("label").to_owned(), answer);
    }
    let spans: Vec<Value> = list("objects")
        .iter()
        .filter_map(|object| {
            let place = object.get("location").or_else(|| object.pointer("/data/location"))?;
            span(place.get("start")?, place.get("end")?, &name(object)?)
        })
        .collect();
    if !spans.is_empty() || list("classifications").is_empty() {
        row.insert("label".to_owned(), spans.into());
    }
    Some(row)
}

/// The name of a label in Labelbox.
fn name(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        _ => ["name", "title", "content", "value"]
            .iter()
            .find_map(|key| value.get(*key).filter(|it| it.is_string()).cloned()),
    }
}

/// Dataturks' `{"content", "annotation": [{"label": ["Name"], "points": [{"start", "end"}]}], "extras"}`, or with
/// `{"labels": ["spam"]}` as the annotation.
fn dataturks(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (text, annotation) = (object.get("content")?.as_str()?, object.get("annotation")?);
    let label = match annotation {
        Value::Null if object.contains_key("extras") => json!([]),
        Value::Object(_) => match annotation.get("labels")?.as_array()?.as_slice() {
            [only] => only.clone(),
            several => several.to_vec().into(),
        },
        Value::Array(parts) => {
            let spans = parts.iter().flat_map(|part| {
                let label = part.pointer("/label/0").cloned().unwrap_or_default();
                let points = part.get("points").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                points.iter().filter_map(move |point| span(point.get("start")?, point.get("end")?, &label))
            });
            parts.iter().all(|part| part.get("points").is_some()).then(|| spans.collect())?
        }
        _ => return None,
    };
    Some(Map::from_iter([("text".to_owned(), text.into()), ("label".to_owned(), label)]))
}

/// CLUENER's `{"text", "label": {"name": {"叶老桂": [[9, 11]]}}}`.
fn cluener(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    object.get("text")?.as_str()?;
    let kinds = object.get("label")?.as_object()?;
    let mut spans = Vec::new();
    for (kind, entities) in kinds {
        for places in entities.as_object()?.values() {
            for place in places.as_array()? {
                spans.push(span(place.get(0)?, place.get(1)?, &kind.as_str().into())?);
            }
        }
    }
    let mut row = object.clone();
    row.insert("label".to_owned(), spans.into());
    Some(row)
}

/// Argilla's `{"fields": {"text"}, "responses": {"label": [{"value", "status"}]}}`. Of several responses to a question, the first
/// that was submitted. A question without one has no cell.
///
/// <https://docs.argilla.io/latest/how_to_guides/import_export/>
fn argilla(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (fields, questions) = (object.get("fields")?.as_object()?, object.get("responses")?.as_object()?);
    let is_submitted =
        |response: &&Value| response.get("status").and_then(Value::as_str).is_none_or(|status| status == "submitted");
    let mut row = fields.clone();
    for (question, responses) in questions {
        let response = responses.as_array()?.iter().find(is_submitted);
        row.insert(question.clone(), response.and_then(|it| it.get("value")).cloned().unwrap_or_default());
    }
    Some(row)
}

/// GLiNER's `{"tokenized_text": ["Anna", "left"], "ner": [[0, 0, "person"]]}`, whose spans end with their last word. A word in several
/// spans has the tag of the first.
///
/// <https://github.com/urchade/GLiNER>
fn gliner(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let words = object.get("tokenized_text")?.as_array()?;
    let mut tags = vec!["O".to_owned(); words.len()];
    for span in object.get("ner")?.as_array()? {
        let place = |nth: usize| span.get(nth)?.as_u64().and_then(|place| usize::try_from(place).ok());
        let (first, last, label) = (place(0)?, place(1)?, span.get(2)?.as_str()?);
        let tags = tags.get_mut(first..last.checked_add(1)?)?;
        if tags.iter().all(|tag| tag == "O") {
            tags.iter_mut()
                .enumerate()
                .for_each(|(nth, tag)| *tag = format!("{}-{label}", if nth == 0 { "B" } else { "I" }));
        }
    }
    let rest = object.iter().filter(|(name, _)| !["tokenized_text", "ner"].contains(&name.as_str()));
    let cells = [("tokens".to_owned(), json!(words)), ("ner_tags".to_owned(), json!(tags))];
    Some(cells.into_iter().chain(rest.map(|(name, value)| (name.clone(), value.clone()))).collect())
}

/// Names of the member with the spans of a text.
const SPANS: [&str; 5] = ["entities", "spans", "labels", "label", "ner"];

/// The name and the value of the member with the spans of a text.
fn spans_of(object: &Map<String, Value>) -> Option<(&'static str, &Value)> {
    object.get("text")?.as_str()?;
    SPANS.into_iter().find_map(|name| Some((name, object.get(name)?)))
}

/// The object with another list of spans.
fn with_spans(object: &Map<String, Value>, name: &str, spans: Vec<Value>) -> Map<String, Value> {
    let mut row = object.clone();
    row.insert(name.to_owned(), spans.into());
    row
}

/// `{"text", "entities": {"start": [0], "end": [4], "label": ["person"]}}`, as the datasets library writes a list of objects.
fn listed_spans(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (name, fields) = spans_of(object)?;
    let list = |names: [&str; 3]| names.iter().find_map(|name| fields.get(*name)?.as_array());
    let (starts, ends) = (list(["start", "start_offset", "begin"])?, list(["end", "end_offset", "stop"])?);
    let labels = list(["label", "type", "entity"])?;
    if starts.len() != ends.len() || starts.len() != labels.len() {
        return None;
    }
    let spans = starts.iter().zip(ends).zip(labels);
    let spans = spans.map(|((start, end), label)| json!({"start": start, "end": end, "label": label})).collect();
    Some(with_spans(object, name, spans))
}

/// `{"text": "Anna left", "entities": [{"text": "Anna", "label": "person"}]}`: each span is the next place with its words, or else the
/// first. One whose words are not in the text begins where the text ends, and is skipped with that reason.
fn quoted_spans(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (name, spans) = spans_of(object)?;
    let text = object.get("text")?.as_str()?;
    let spans = spans.as_array().filter(|spans| !spans.is_empty())?;
    let mut from = 0;
    let mut placed = Vec::with_capacity(spans.len());
    for span in spans {
        let member = |names: [&str; 4]| names.iter().find_map(|name| span.get(*name)?.as_str());
        if span.as_object()?.contains_key("start") {
            return None;
        }
        let (words, label) =
            (member(["text", "word", "value", "entity"])?, member(["label", "type", "entity_group", "tag"])?);
        let next = text[from..].find(words).map(|at| from + at).or_else(|| text.find(words));
        let at = next.unwrap_or(text.len());
        from = next.map_or(from, |at| at + words.len());
        let start = text[..at].chars().count();
        placed.push(json!({"start": start, "end": start + words.chars().count(), "label": label}));
    }
    Some(with_spans(object, name, placed))
}

/// A span whose last character is at `last`.
fn span(start: &Value, last: &Value, label: &Value) -> Option<Value> {
    Some(json!({"start": start.as_u64()?, "end": last.as_u64()? + 1, "label": label}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Option<String> {
        annotated_row(&serde_json::from_str(json).expect("JSON")).map(|row| Value::Object(row).to_string())
    }

    const SPAN: &str = r#"[{"start":0,"end":4,"label":"Person"}]"#;

    #[test]
    fn labelbox_has_objects_and_classifications() {
        let newer = |annotations: &str| {
            format!(
                r#"{{"data_row":{{"id":"1","row_data":"Anna left"}},"projects":{{"p":{{"labels":[{{"annotations":{annotations}}}]}}}}}}"#
            )
        };
        let objects = r#"{"objects":[{"name":"Person","location":{"start":0,"end":3}}],"classifications":[]}"#;
        assert_eq!(row(&newer(objects)), Some(format!(r#"{{"text":"Anna left","label":{SPAN}}}"#)));
        let radio = r#"{"objects":[],"classifications":[{"name":"mood","radio_answer":{"name":"sad"}}]}"#;
        assert_eq!(row(&newer(radio)).as_deref(), Some(r#"{"text":"Anna left","mood":"sad"}"#));
        let several = r#"{"classifications":[{"name":"mood","checklist_answers":[{"name":"sad"},{"name":"mad"}]}]}"#;
        assert_eq!(row(&newer(several)).as_deref(), Some(r#"{"text":"Anna left","mood":["sad","mad"]}"#));
        let older = r#"{"ID":"1","Labeled Data":"Anna left","Label":{"objects":[{"title":"Person","data":{"location":{"start":0,"end":3}}}]}}"#;
        assert_eq!(row(older), Some(format!(r#"{{"text":"Anna left","label":{SPAN}}}"#)));
    }

    #[test]
    fn dataturks_and_cluener_have_their_last_character() {
        let spans = r#"{"content":"Anna left","annotation":[{"label":["Person"],"points":[{"start":0,"end":3,"text":"Anna"}]}],"extras":null}"#;
        assert_eq!(row(spans), Some(format!(r#"{{"text":"Anna left","label":{SPAN}}}"#)));
        let class = r#"{"content":"so good","annotation":{"labels":["pos"],"note":""},"extras":null}"#;
        assert_eq!(row(class).as_deref(), Some(r#"{"text":"so good","label":"pos"}"#));
        assert_eq!(
            row(r#"{"content":"a","annotation":null,"extras":null}"#).as_deref(),
            Some(r#"{"text":"a","label":[]}"#)
        );
        let cluener = r#"{"text":"Anna left","label":{"Person":{"Anna":[[0,3]]}}}"#;
        assert_eq!(row(cluener), Some(format!(r#"{{"text":"Anna left","label":{SPAN}}}"#)));
    }

    #[test]
    fn argilla_has_fields_and_responses() {
        let record = |responses: &str| {
            format!(
                r#"{{"id":"1","fields":{{"text":"so good"}},"suggestions":{{}},"responses":{responses},"vectors":{{}}}}"#
            )
        };
        let responses = r#"{"mood":[{"value":"bad","status":"discarded"},{"value":"good","status":"submitted"}]}"#;
        assert_eq!(row(&record(responses)).as_deref(), Some(r#"{"text":"so good","mood":"good"}"#));
        assert_eq!(row(&record("{}")).as_deref(), Some(r#"{"text":"so good"}"#));
    }

    #[test]
    fn spans_are_counted_in_words_quoted_or_listed_by_field() {
        let words = r#"{"tokenized_text":["Anna","May","left"],"ner":[[0,1,"Person"],[1,1,"x"]]}"#;
        assert_eq!(
            row(words).as_deref(),
            Some(r#"{"tokens":["Anna","May","left"],"ner_tags":["B-Person","I-Person","O"]}"#)
        );
        let listed = r#"{"text":"Anna left","entities":{"start":[0],"end":[4],"label":["Person"]}}"#;
        assert_eq!(row(listed), Some(format!(r#"{{"text":"Anna left","entities":{SPAN}}}"#)));
        let quoted = |spans: &str| row(&format!(r#"{{"text":"Ann, é, Ann","entities":[{spans}]}}"#));
        let places = |spans: &str| Some(format!(r#"{{"text":"Ann, é, Ann","entities":[{spans}]}}"#));
        let ann = r#"{"text":"Ann","label":"P"}"#;
        assert_eq!(
            quoted(&format!("{ann},{ann}")),
            places(r#"{"start":0,"end":3,"label":"P"},{"start":8,"end":11,"label":"P"}"#)
        );
        let missing = quoted(r#"{"text":"Bo","type":"P"}"#);
        assert_eq!(missing, places(r#"{"start":11,"end":13,"label":"P"}"#), "outside the text");
    }

    #[test]
    fn other_objects_are_left_alone() {
        for json in [
            r#"{"tokenized_text":["Anna"],"ner":[[0,3,"Person"]]}"#,
            r#"{"text":"a","entities":{"start":[0],"end":[1,2],"label":["x"]}}"#,
            r#"{"text":"a","entities":[{"start":0,"end":1,"text":"a","label":"x"}]}"#,
            r#"{"text":"a","labels":["b"]}"#,
            r#"{"text":"a","entities":[]}"#,
            r#"{"text":"a","label":{"en":"b"}}"#,
            r#"{"text":"a","label":"b"}"#,
            r#"{"content":"a","annotation":"b"}"#,
            r#"{"content":"a","annotation":null}"#,
            r#"{"projects":{}}"#,
        ] {
            assert_eq!(row(json), None, "{json}");
        }
    }
}
