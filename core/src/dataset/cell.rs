//! Parsing of single cells.

/// Names of the member with a span's label, the likeliest first.
pub(crate) const SPAN_LABELS: [&str; 8] =
    ["label", "labels", "type", "entity", "tag", "category", "entity_group", "entityLabel"];

/// Parses a yes or no: `1`, `true`, `yes`, `0`, `false` or `no`, also in the languages in which Excel writes true and false.
/// None for anything else.
pub(crate) fn parse_flag(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" => Some(true),
        "0" | "0.0" | "false" | "no" => Some(false),
        "wahr" | "ja" | "vrai" | "oui" | "verdadero" | "sí" | "verdadeiro" | "sim" | "vero" => Some(true),
        "falsch" | "nein" | "faux" | "non" | "falso" | "não" => Some(false),
        "истина" | "да" | "はい" | "是" => Some(true),
        "ложь" | "нет" | "いいえ" | "否" => Some(false),
        _ => None,
    }
}

/// Returns true if a cell says that a label was not judged, as in Jigsaw's data of toxic comments.
pub(crate) fn is_unjudged(cell: &str) -> bool {
    ["-1", "-1.0"].contains(&cell)
}
