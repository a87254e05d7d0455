//! Which labels can be learned, in which order, and what looks wrong with them.

use std::collections::HashMap;

use crate::dataset::collect::row_error::RowError;
use crate::dataset::phrases::{count, names, thousands};
use crate::dataset::tag_scheme::are_bio;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CLASSES, MAX_LABEL_CHARS, MIN_CLASS_ROWS};

/// Decimal numbers from this many different ones on are measurements rather than classes.
const MANY_DECIMALS: usize = 20;

/// Different labels at which counting stops: by then the column is an id or a text.
const MAX_LABELS: usize = 100_000;

/// A label as it stands in the file.
#[derive(Debug)]
pub(crate) struct LabelName {
    pub name: String,
    pub rows: usize,
    /// Rows where it has white space around it.
    pub padded_rows: usize,
}

/// The labels of a file, numbered as they come.
#[derive(Default)]
pub(crate) struct LabelNames {
    pub all: Vec<LabelName>,
    ids: HashMap<String, u32>,
    /// Whether each is a list of labels, not split yet.
    pub are_lists: bool,
}

impl LabelNames {
    /// Labels in a given order, no more than these.
    pub(crate) fn known(names: impl Iterator<Item = String>) -> Self {
        let all = names.map(|name| LabelName { name, rows: 0, padded_rows: 0 }).collect();
        Self { all, ..Self::default() }
    }

    /// The number of a label.
    ///
    /// # Errors
    /// A reason against its row where it is too long, `data.too-many-labels` against the file.
    pub(crate) fn id(&mut self, label: &str) -> Result<u32, RowError> {
        if let Some(&id) = self.ids.get(label) {
            return Ok(id);
        }
        if !self.are_lists && label.chars().nth(MAX_LABEL_CHARS).is_some() {
            return Err("the label is too long".into());
        }
        if self.all.len() >= MAX_LABELS {
            let what = format!("There are more than {} different labels.", thousands(MAX_LABELS));
            return Err(RowError::File(
                Diagnostic::new("data.too-many-labels", what)
                    .done("Reading stopped.")
                    .remedy("Another column may be the label."),
            ));
        }
        let id = self.all.len() as u32;
        self.ids.insert(label.to_owned(), id);
        self.all.push(LabelName { name: label.to_owned(), rows: 0, padded_rows: 0 });
        Ok(id)
    }
}

/// The labels that are learned.
#[derive(Default)]
pub(crate) struct Classes {
    /// Their names, in natural order.
    pub names: Vec<String>,
    /// Of each label in the file: its class, if it is one.
    pub of_label: Vec<Option<u32>>,
    /// What should be known before going on.
    pub warnings: Vec<Diagnostic>,
}

/// Chooses the classes. `rows` are the rows of each label that can be learned from; a label needs at least
/// `min_rows` of them.
///
/// # Errors
/// `data.too-many-classes`, `data.regression`, `data.one-class` and `data.too-few-rows`.
pub(crate) fn choose(labels: &[LabelName], rows: &[usize], min_rows: usize) -> Result<Classes, Diagnostic> {
    let decimals = labels.iter().filter(|label| label.name.parse::<f64>().is_ok()).count();
    let are_decimals = decimals == labels.len() && labels.iter().any(|label| label.name.contains('.'));
    if labels.len() > MAX_CLASSES {
        return Err(too_many(labels.len(), decimals * 2 > labels.len()));
    }
    if let [only] = labels {
        return Err(Diagnostic::new(
            "data.one-class",
            format!("Every row has the same label, {}.", names(&[&only.name])),
        )
        .done("There is nothing to tell apart; the file stays open.")
        .remedy("Add rows with another label, or choose another column as the label."));
    }
    let (mut kept, mut rare) = (Vec::new(), Vec::new());
    for (id, label) in labels.iter().enumerate() {
        if rows[id] >= min_rows { kept.push((id, label.name.clone())) } else { rare.push(label.name.as_str()) }
    }
    if kept.len() < 2 {
        let having = if kept.is_empty() { "No label has" } else { "Only 1 label has" };
        let what = format!("{having} at least {}.", count(min_rows, "row"));
        return Err(Diagnostic::new("data.too-few-rows", what)
            .done("There is nothing to tell apart; the file stays open.")
            .remedy("Add rows: ten of each label are a beginning. Or choose another column as the label."));
    }
    let mut warnings = Vec::new();
    if !rare.is_empty() && min_rows == MIN_CLASS_ROWS {
        let verb = if rare.len() == 1 { "label has" } else { "labels have" };
        warnings.push(
            Diagnostic::new("data.single-row", format!("{} {verb} one row: {}.", thousands(rare.len()), names(&rare)))
                .done("Left out: a label needs one row to learn from and one to check with.")
                .remedy("Add rows, or give these another label."),
        );
    }
    if are_decimals && labels.len() > MANY_DECIMALS {
        let what = format!("The labels are {}.", count(labels.len(), "different decimal number"));
        warnings.push(
            Diagnostic::new("data.decimal-labels", what)
                .done("Each is learned as a name of its own: that 4.1 is close to 4.2 is not known.")
                .remedy("Group them, for instance into low, middle and high."),
        );
    }
    warnings.extend(padded(labels));
    warnings.extend(alike(labels));
    sort_naturally(&mut kept);
    let mut of_label = vec![None; labels.len()];
    for (class, (id, _)) in kept.iter().enumerate() {
        of_label[*id] = Some(class as u32);
    }
    Ok(Classes { names: kept.into_iter().map(|(_, name)| name).collect(), of_label, warnings })
}

/// Takes all labels of a task in which a row may have several. `rows` are the rows of each that can be learned from.
///
/// # Errors
/// `data.too-many-classes`, `data.regression` and `data.no-labels`.
pub(crate) fn all(labels: &[LabelName], rows: &[usize]) -> Result<Classes, Diagnostic> {
    if labels.len() > MAX_CLASSES {
        let numbers = labels.iter().filter(|label| label.name.parse::<f64>().is_ok()).count();
        return Err(too_many(labels.len(), numbers * 2 > labels.len()));
    }
    if rows.iter().all(|&rows| rows == 0) {
        return Err(Diagnostic::new("data.no-labels", "No row has a label.")
            .done("There is nothing to learn; the file stays open.")
            .remedy("Choose another column for the labels."));
    }
    let rare: Vec<_> =
        labels.iter().zip(rows).filter(|(_, rows)| **rows < MIN_CLASS_ROWS).map(|it| &it.0.name).collect();
    let mut warnings = Vec::new();
    if !rare.is_empty() {
        let what = format!("These labels stand on fewer than {MIN_CLASS_ROWS} rows: {}.", names(&rare));
        warnings.push(
            Diagnostic::new("data.rare-labels", what)
                .done("They are kept, and most likely never predicted.")
                .remedy("Add rows that have them."),
        );
    }
    Ok(every(labels, warnings))
}

/// Takes all tags.
///
/// # Errors
/// `data.too-many-classes`, and `data.one-class` where all words have the same.
pub(crate) fn tags(labels: &[LabelName]) -> Result<Classes, Diagnostic> {
    if labels.len() > 2 * MAX_CLASSES + 1 {
        return Err(too_many(labels.len(), false));
    }
    let all: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
    if let [only] = labels {
        return Err(Diagnostic::new(
            "data.one-class",
            format!("Every word has the same tag, {}.", names(&[&only.name])),
        )
        .done("There is nothing to tell apart; the file stays open.")
        .remedy("Add words with another tag, or choose another column for the tags."));
    }
    let mut warnings = Vec::new();
    if !are_bio(&all) {
        warnings.push(
            Diagnostic::new("data.plain-tags", "The tags are not of the form O, B-X and I-X.")
                .done("Each word's tag is learned as it is; no words are put together to entities.")
                .remedy("For entities, begin the tag of an entity's first word with B- and of its others with I-."),
        );
    }
    Ok(every(labels, warnings))
}

fn every(labels: &[LabelName], warnings: Vec<Diagnostic>) -> Classes {
    let names = labels.iter().map(|label| label.name.clone()).collect();
    Classes { names, of_label: (0..labels.len() as u32).map(Some).collect(), warnings }
}

fn too_many(labels: usize, are_numbers: bool) -> Diagnostic {
    let (code, what, remedy) = if are_numbers {
        (
            "data.regression",
            format!("The label column holds {} different numbers.", thousands(labels)),
            "Choose regression as the task: it predicts the number itself. Or group the numbers into a few labels.",
        )
    } else {
        (
            "data.too-many-classes",
            format!(
                "The label column holds {} different labels; at most {MAX_CLASSES} can be learned.",
                thousands(labels)
            ),
            "Another column may be the label.",
        )
    };
    Diagnostic::new(code, what).done("The file stays open.").remedy(remedy)
}

/// Labels of which some rows have white space around them.
fn padded(labels: &[LabelName]) -> Option<Diagnostic> {
    let mixed: Vec<_> = labels.iter().filter(|label| (1..label.rows).contains(&label.padded_rows)).collect();
    let rows: usize = mixed.iter().map(|label| label.padded_rows).sum();
    let named: Vec<_> = mixed.iter().map(|label| &label.name).collect();
    (rows > 0).then(|| {
        let what = format!("{} with spaces around the label: {}.", count(rows, "row"), names(&named));
        Diagnostic::new("data.padded-labels", what)
            .done("The spaces were taken away, so that each counts as one label.")
    })
}

/// Labels that differ only by case or by spaces inside.
fn alike(labels: &[LabelName]) -> Vec<Diagnostic> {
    let mut groups: Vec<Vec<&LabelName>> = Vec::new();
    let mut group_of: HashMap<String, usize> = HashMap::new();
    for label in labels {
        let plain: String = label.name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        let group = *group_of.entry(plain).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(members) => members.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups.retain(|members| members.len() > 1);
    groups
        .iter()
        .map(|members| {
            let each: Vec<_> = members
                .iter()
                .map(|label| format!("{} ({})", names(&[&label.name]), count(label.rows, "row")))
                .collect();
            let what = format!("These labels differ only by case or spaces: {}.", each.join(", "));
            Diagnostic::new("data.alike-labels", what)
                .done("They are learned as different labels.")
                .remedy("If they mean the same, write them the same way in the file.")
        })
        .collect()
}

/// A piece of a name: numbers are compared by value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// Number of digits without leading zeros, and those digits.
    Number(usize, String),
    Letter(char),
}

/// "class 2" before "class 10"; names that are all numbers by value.
pub(crate) fn sort_naturally(labels: &mut [(usize, String)]) {
    let numbers = labels.iter().map(|(_, name)| name.parse::<f64>().ok().filter(|number| number.is_finite()));
    if let Some(numbers) = numbers.collect::<Option<Vec<f64>>>() {
        let mut by_value: Vec<_> = numbers.into_iter().zip(labels.iter().cloned()).collect();
        by_value.sort_by(|(a, (_, x)), (b, (_, y))| a.total_cmp(b).then_with(|| x.cmp(y)));
        for (place, (_, label)) in labels.iter_mut().zip(by_value) {
            *place = label;
        }
    } else {
        labels.sort_by_cached_key(|(_, name)| (pieces(name), name.clone()));
    }
}

fn pieces(name: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let len = if digits > 0 {
            let number = rest[..digits].trim_start_matches('0');
            pieces.push(Piece::Number(number.len(), number.to_owned()));
            digits
        } else {
            pieces.push(Piece::Letter(first));
            first.len_utf8()
        };
        rest = &rest[len..];
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &[&str]) -> Vec<String> {
        let mut labels: Vec<_> = names.iter().map(|name| (0, name.to_string())).collect();
        sort_naturally(&mut labels);
        labels.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn labels_stand_in_natural_order() {
        assert_eq!(sorted(&["class 10", "class 2", "class 02", "a"]), ["a", "class 02", "class 2", "class 10"]);
        assert_eq!(sorted(&["1", "-1", "0.5", "10"]), ["-1", "0.5", "1", "10"]);
    }
}
