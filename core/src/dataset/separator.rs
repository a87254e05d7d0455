//! Separators of labels in one cell.

/// Separators by precedence: a label may contain separators that come later here.
pub(crate) const SEPARATORS: [char; 6] = ['\n', '|', ';', ',', '#', ' '];
/// Ratio of the cells with separators that must have the strongest one. Otherwise it belongs to a label.
const MIN_RATIO: f64 = 0.05;

/// Returns true if a cell has a separator of labels. The sign `#`, with which doccano joins them, is part of a name in `C#` and
/// `issue #1`.
pub(crate) fn separates(separator: char, cell: &str) -> bool {
    let is_label = |part: &str| !part.is_empty() && part.trim() == part;
    cell.contains(separator) && (separator != '#' || cell.split(separator).all(is_label))
}

/// Returns true if a separator that `cells` of `all` lists have separates their labels.
pub(crate) fn is_frequent(cells: usize, all: usize) -> bool {
    cells > 0 && cells as f64 >= MIN_RATIO * all as f64
}

/// A separator as a word.
pub(crate) fn separator_name(separator: char) -> String {
    match separator {
        '\n' => "line break".to_owned(),
        '\t' => "tab".to_owned(),
        ' ' => "space".to_owned(),
        other => format!("“{other}”"),
    }
}
