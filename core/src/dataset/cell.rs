//! Parsing of single cells.

/// Parses a yes or no: `1`, `true`, `yes`, `0`, `false` or `no`. None for anything else.
pub(crate) fn parse_flag(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" => Some(true),
        "0" | "0.0" | "false" | "no" => Some(false),
        _ => None,
    }
}
