//! Chooses the labels to train on, and warns about labels that look wrong.

use std::collections::HashMap;

use unicode_normalization_alignments::UnicodeNormalization;

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::labels::LabelName;
use crate::dataset::collect::natural_order::sort_naturally;
use crate::dataset::mapping::Mapping;
use crate::dataset::tag_scheme::are_bio;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CLASSES, MIN_CLASS_ROWS};
use crate::phrases::{count, names, thousands};
use crate::recipe::Task;

/// Number of different decimal numbers from which on they are measurements rather than classes.
const MANY_DECIMALS: usize = 20;

/// The labels to train on.
#[derive(Default)]
pub(crate) struct Classes {
    /// Class names, in the order of the model's outputs.
    pub names: Vec<String>,
    /// Class of each label id of the file. None if the label is left out.
    pub class_of_label: Vec<Option<u32>>,
    pub warnings: Vec<Diagnostic>,
}

impl Classes {
    /// Chooses the classes of a file by those of its rows that can train. A file that is also split needs enough rows of
    /// each class for both sides.
    ///
    /// # Errors
    /// Labels that no model can be trained on; see the functions below.
    pub(crate) fn choose(file: &Examples, rows: &[usize], is_split: bool) -> Result<Self, Diagnostic> {
        let mut label_rows = vec![0; file.label_names.len()];
        rows.iter().flat_map(|&row| file.label_ids(row)).for_each(|id| label_rows[id as usize] += 1);
        match file.mapping.task() {
            Task::Embeddings if !matches!(file.mapping, Mapping::LabeledTexts { .. }) => Ok(Self::default()),
            Task::Classification | Task::Embeddings => {
                single_label(&file.label_names, &label_rows, if is_split { MIN_CLASS_ROWS } else { 1 })
            }
            Task::MultiLabel => multi_label(&file.label_names, &label_rows),
            Task::TokenClassification => tags(&file.label_names),
            Task::Regression | Task::QuestionAnswering | Task::Generation | Task::Reranking => Ok(Self::default()),
        }
    }

    /// Keeps all labels, in the order of the file.
    fn all(labels: &[LabelName], warnings: Vec<Diagnostic>) -> Self {
        let names = labels.iter().map(|label| label.name.clone()).collect();
        Self { names, class_of_label: (0..labels.len() as u32).map(Some).collect(), warnings }
    }
}

/// Classes of single-label classification: the labels with at least `min_rows` rows, in natural order. `rows` counts the
/// rows of each label that can train.
///
/// # Errors
/// `data.too-many-classes`, `data.regression`, `data.one-class` and `data.too-few-rows`.
fn single_label(labels: &[LabelName], rows: &[usize], min_rows: usize) -> Result<Classes, Diagnostic> {
    let decimals = labels.iter().filter(|label| is_number(label)).count();
    let are_decimals = decimals == labels.len() && labels.iter().any(|label| label.name.contains('.'));
    if labels.len() > MAX_CLASSES {
        return Err(too_many(labels));
    }
    if let [only] = labels {
        let what = format!("Every row has the same label, {}.", names(&[&only.name]));
        return Err(Diagnostic::new("data.one-class", what)
            .done("There is nothing to tell apart. The file stays open.")
            .remedy("Add rows with another label, or choose another column as the label."));
    }
    let (mut kept, mut rare) = (Vec::new(), Vec::new());
    for (id, (label, &rows)) in labels.iter().zip(rows).enumerate() {
        if rows >= min_rows {
            kept.push((id, label.name.clone()));
        } else {
            rare.push(label.name.as_str());
        }
    }
    if kept.len() < 2 {
        let having = if kept.is_empty() { "No label has" } else { "Only 1 label has" };
        let what = format!("{having} at least {}.", count(min_rows, "row"));
        return Err(Diagnostic::new("data.too-few-rows", what)
            .done("There is nothing to tell apart. The file stays open.")
            .remedy("Add rows: ten of each label are a start. Or choose another column as the label."));
    }
    let mut warnings = Vec::new();
    if !rare.is_empty() && min_rows == MIN_CLASS_ROWS {
        let verb = if rare.len() == 1 { "label has" } else { "labels have" };
        let what = format!("{} {verb} only one row: {}.", thousands(rare.len()), names(&rare));
        warnings.push(
            Diagnostic::new("data.single-row", what)
                .done("Left out: a label needs one row for training and one for validation.")
                .remedy("Add rows, or give these rows another label."),
        );
    }
    if are_decimals && labels.len() > MANY_DECIMALS {
        let what = format!("The labels are {}.", count(labels.len(), "different decimal number"));
        warnings.push(
            Diagnostic::new("data.decimal-labels", what)
                .done("Each one is a class of its own: the model does not know that 4.1 is close to 4.2.")
                .remedy("Group them, for instance into low, middle and high, or choose regression."),
        );
    }
    warnings.extend(padded(labels));
    warnings.extend(alike(labels));
    warnings.extend(missing_values(labels, rows));
    sort_naturally(&mut kept);
    let mut class_of_label = vec![None; labels.len()];
    for (class, (id, _)) in (0..).zip(&kept) {
        class_of_label[*id] = Some(class);
    }
    Ok(Classes { names: kept.into_iter().map(|(_, name)| name).collect(), class_of_label, warnings })
}

/// Labels of multi-label classification: all of them. `rows` counts the rows of each label that can train.
///
/// # Errors
/// `data.too-many-classes`, `data.regression` and `data.no-labels`.
fn multi_label(labels: &[LabelName], rows: &[usize]) -> Result<Classes, Diagnostic> {
    if labels.len() > MAX_CLASSES {
        return Err(too_many(labels));
    }
    if rows.iter().all(|&rows| rows == 0) {
        return Err(Diagnostic::new("data.no-labels", "No row has a label.")
            .done("There is nothing to learn. The file stays open.")
            .remedy("Choose another column for the labels."));
    }
    let rare = labels.iter().zip(rows).filter(|(_, rows)| **rows < MIN_CLASS_ROWS).map(|(label, _)| &label.name);
    let rare: Vec<_> = rare.collect();
    let mut warnings = Vec::new();
    if !rare.is_empty() {
        let what = format!("These labels have fewer than {}: {}.", count(MIN_CLASS_ROWS, "row"), names(&rare));
        warnings.push(
            Diagnostic::new("data.rare-labels", what)
                .done("They are kept, but will most likely never be predicted.")
                .remedy("Add rows with these labels."),
        );
    }
    warnings.extend(missing_values(labels, rows));
    Ok(Classes::all(labels, warnings))
}

/// Tags of token classification: all of them.
///
/// # Errors
/// `data.too-many-classes`, and `data.one-class` if all words have the same tag.
fn tags(labels: &[LabelName]) -> Result<Classes, Diagnostic> {
    // B- and I- of each kind of entity, and O.
    if labels.len() > 2 * MAX_CLASSES + 1 {
        return Err(too_many_classes(labels.len()));
    }
    if let [only] = labels {
        let what = format!("Every word has the same tag, {}.", names(&[&only.name]));
        return Err(Diagnostic::new("data.one-class", what)
            .done("There is nothing to tell apart. The file stays open.")
            .remedy("Add words with another tag, or choose another column for the tags."));
    }
    let mut classes = Classes::all(labels, Vec::new());
    if !are_bio(&classes.names) {
        classes.warnings.push(
            Diagnostic::new("data.plain-tags", "The tags do not follow the BIO scheme: O, B-X and I-X.")
                .done("Each tag is learned as written, and words are not grouped into entities.")
                .remedy("For entities, tag the first word of each with B- and its other words with I-."),
        );
    }
    Ok(classes)
}

fn is_number(label: &LabelName) -> bool {
    label.name.parse::<f64>().is_ok()
}

/// Suggests regression if most of the labels are numbers.
fn too_many(labels: &[LabelName]) -> Diagnostic {
    let numbers = labels.iter().filter(|label| is_number(label)).count();
    if numbers * 2 <= labels.len() {
        return too_many_classes(labels.len());
    }
    let what = format!("The label column has {} different numbers.", thousands(labels.len()));
    Diagnostic::new("data.regression", what)
        .done("The file stays open.")
        .remedy("Choose regression as the task: it predicts the number itself. Or group the numbers into a few labels.")
}

fn too_many_classes(labels: usize) -> Diagnostic {
    let what = format!(
        "The label column has {} different labels, but at most {MAX_CLASSES} can be learned.",
        thousands(labels)
    );
    Diagnostic::new("data.too-many-classes", what)
        .done("The file stays open.")
        .remedy("Choose another column as the label.")
}

/// Warns of labels with white space around them in some of their rows.
fn padded(labels: &[LabelName]) -> Option<Diagnostic> {
    let mixed: Vec<_> = labels.iter().filter(|label| (1..label.rows).contains(&label.padded_rows)).collect();
    let rows: usize = mixed.iter().map(|label| label.padded_rows).sum();
    let mixed_names: Vec<_> = mixed.iter().map(|label| &label.name).collect();
    (rows > 0).then(|| {
        let verb = if rows == 1 { "has" } else { "have" };
        let what = format!("{} {verb} spaces around the label: {}.", count(rows, "row"), names(&mixed_names));
        Diagnostic::new("data.padded-labels", what).done("The spaces were removed, so that each counts as one label.")
    })
}

/// A label with ordinary Latin letters (NFKC), which input methods of East Asia also write in full width.
fn narrow(label: &str) -> String {
    label.nfkc().map(|(c, _)| c).collect()
}

fn without_case_and_spaces(label: &str) -> String {
    label.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Warns of labels by which programs write that there is no value.
fn missing_values(labels: &[LabelName], rows: &[usize]) -> Option<Diagnostic> {
    const MISSING: [&str; 15] = [
        "nan",
        "NaN",
        "NAN",
        "None",
        "NULL",
        "null",
        "Null",
        "NA",
        "N/A",
        "n/a",
        "<NA>",
        "#N/A",
        "NaT",
        "undefined",
        "nil",
    ];
    let suspicious = labels.iter().zip(rows).filter(|(label, _)| MISSING.contains(&label.name.as_str()));
    let (all, counts): (Vec<&str>, Vec<usize>) = suspicious.map(|(label, rows)| (label.name.as_str(), *rows)).unzip();
    let rows = counts.iter().sum();
    (!all.is_empty()).then(|| {
        let what = format!("These labels look like missing values: {} ({}).", names(&all), count(rows, "row"));
        Diagnostic::new("data.missing-labels", what)
            .done("They are learned as classes.")
            .remedy("If these rows have no label, empty the cells or remove the rows.")
    })
}

/// Warns of labels that differ only in case, spaces, the width of letters or how a number is written.
fn alike(labels: &[LabelName]) -> Vec<Diagnostic> {
    let mut groups: Vec<Vec<&LabelName>> = Vec::new();
    let mut group_of: HashMap<String, usize> = HashMap::new();
    for label in labels {
        let normalized = match label.name.parse::<f64>() {
            Ok(number) if number.is_finite() => number.to_string(),
            _ => without_case_and_spaces(&narrow(&label.name)),
        };
        let group = *group_of.entry(normalized).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(members) => members.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups.retain(|members| members.len() > 1);
    let warning = |members: &Vec<&LabelName>| {
        let described = members.iter().map(|it| format!("{} ({})", names(&[&it.name]), count(it.rows, "row")));
        let described = described.collect::<Vec<_>>().join(", ");
        let are_equal =
            |form: &dyn Fn(&str) -> String| members.windows(2).all(|pair| form(&pair[0].name) == form(&pair[1].name));
        let how = if are_equal(&without_case_and_spaces) {
            "in case or spaces"
        } else if are_equal(&|label| without_case_and_spaces(&narrow(label))) {
            "in the width of their letters"
        } else {
            "in how the number is written"
        };
        Diagnostic::new("data.alike-labels", format!("These labels differ only {how}: {described}."))
            .done("They are learned as different labels.")
            .remedy("If they mean the same, write them the same way in the file.")
    };
    groups.iter().map(warning).collect()
}
