//! Numbers and the user's text as words on the page.

use hone_core::decimal::{fixed, scientific, trimmed};
use hone_core::recipe::ParamGroup;

/// Maximum number of characters of a row shown in a list.
const EXCERPT_CHARS: usize = 500;

// A number and its unit stay on one line: the space between them is non-breaking.

/// `1240` as `1,240`.
pub fn count(value: f64) -> String {
    let digits = fixed(value, 0);
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !shown.ends_with('-') {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 row`, `1,240 rows`.
pub fn counted(value: u32, one: &str, many: &str) -> String {
    format!("{} {}", count(f64::from(value)), if value == 1 { one } else { many })
}

/// A fraction as a percentage, with a decimal if it would otherwise round to 0 or 100.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let near_an_end = (percent > 0.0 && percent < 1.0) || (percent > 99.0 && percent < 100.0);
    fixed(percent, u32::from(near_an_end)) + "\u{a0}%"
}

/// Parameters of a model: `22.7 M`.
pub fn millions(value: f64) -> String {
    if value < 1e5 { count(value) } else { fixed(value / 1e6, 1) + "\u{a0}M" }
}

/// Bytes in decimal units.
pub fn bytes(value: f64) -> String {
    match value {
        v if v >= 1e9 => fixed(v / 1e9, 1) + "\u{a0}GB",
        v if v >= 1e6 => fixed(v / 1e6, 0) + "\u{a0}MB",
        v if v >= 1e3 => fixed(v / 1e3, 0) + "\u{a0}KB",
        v => fixed(v, 0) + "\u{a0}bytes",
    }
}

/// Seconds in words: `38 s`, `2 min 5 s`, `1 h 3 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole}\u{a0}s"),
        60..3600 => format!("{}\u{a0}min\u{a0}{}\u{a0}s", whole / 60, whole % 60),
        _ => format!("{}\u{a0}h\u{a0}{}\u{a0}min", whole / 3600, whole % 3600 / 60),
    }
}

/// Seconds, rounded as an estimate deserves: `20 s`, `2 min`, `1 h 10 min`.
pub fn about(seconds: f64) -> String {
    match seconds.max(0.0) {
        s if s < 5.0 => "a few\u{a0}seconds".into(),
        s if s < 55.0 => fixed((s / 5.0).round() * 5.0, 0) + "\u{a0}s",
        s if s < 3570.0 => fixed((s / 60.0).round().max(1.0), 0) + "\u{a0}min",
        s => {
            let tens = (s / 600.0).round() as u64;
            format!("{}\u{a0}h\u{a0}{}\u{a0}min", tens / 6, tens % 6 * 10)
        }
    }
}

/// A parameter group; layers are counted from 1 at the bottom.
pub fn param_group(group: ParamGroup) -> String {
    match group {
        ParamGroup::Layer(index) => format!("layer {}", index + 1),
        other => other.to_string(),
    }
}

/// A number of parameters: `770`, `295 K`, `10.6 M`.
pub fn parameters(value: f64) -> String {
    match value {
        v if v >= 1e6 => millions(v),
        v if v >= 1e3 => fixed(v / 1e3, 0) + "\u{a0}K",
        v => count(v),
    }
}

/// A score between 0 and 1.
pub fn score(value: f64) -> String {
    fixed(value, 3)
}

/// A score with one decimal.
pub fn tenths(value: f64) -> String {
    fixed(value, 1)
}

/// Capitalizes the first letter of English words.
pub fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| [first.to_ascii_uppercase()].into_iter().chain(letters).collect())
}

/// A number of any size, such as a learning rate: `5e-5`, `3.33e-5`, `0.01`, `128`.
pub fn rate(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-2 { scientific(value, 2) } else { trimmed(value, 4) }
}

/// A learning rate rounded to two digits.
pub fn two_digits(rate: f64) -> f64 {
    typed_number(&scientific(rate, 1)).unwrap_or(rate)
}

/// The number in a field: `0.5`, `1e-4`; a comma counts as a point.
pub fn typed_number(typed: &str) -> Option<f64> {
    let text = typed.trim().replace(',', ".");
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_decimal.then(|| parse(&text))?.filter(|number| number.is_finite())
}

/// Parses a number as JavaScript does. Rust's own parser would bring a table of 10 KB that does not compress.
#[cfg(target_arch = "wasm32")]
fn parse(text: &str) -> Option<f64> {
    Some(wasm_bindgen::JsValue::from_str(text).unchecked_into_f64())
}

/// Parses a number outside the browser, in tests.
#[cfg(not(target_arch = "wasm32"))]
fn parse(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// A loss or a score, however small: `0.310`, `4e-3`.
pub fn figure(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 { rate(value) } else { score(value) }
}

/// The user's text as [`visible`], with its line breaks kept.
pub fn lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// The beginning of the user's text as [`visible`].
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => visible(&text[..end]) + "…",
        None => visible(text),
    }
}

/// The user's text, with characters made visible that could hide or reorder the text around them.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push('⏎'),
            '\t' => shown.push('⇥'),
            '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(character))),
            '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffd}' => shown.push_str(&format!("‹{:04X}›", u32::from(character))),
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        let read = [" 0,5 ", "1e-4", "+3", ".5", "2.", "-7E2"].map(typed_number);
        assert_eq!(read, [0.5, 1e-4, 3.0, 0.5, 2.0, -700.0].map(Some));
        for no_number in ["", " ", "-", "1-2", "1e", "0x10", "inf", "NaN", "1e999", "1 2", "five"] {
            assert_eq!(typed_number(no_number), None, "{no_number}");
        }
    }

    #[test]
    fn numbers_are_formatted_for_people() {
        assert_eq!([count(7.0), count(1240.0), count(-1_234_567.0)], ["7", "1,240", "-1,234,567"]);
        let breaking = |shown: String| shown.replace('\u{a0}', " ");
        let shares = [0.0, 0.004, 0.58, 0.999].map(percent).map(breaking);
        assert_eq!(shares, ["0 %", "0.4 %", "58 %", "99.9 %"]);
        assert_eq!([bytes(12.0), bytes(90_868_376.0)].map(breaking), ["12 bytes", "91 MB"]);
        assert_eq!(
            [duration(38.4), duration(125.0), duration(3780.0)].map(breaking),
            ["38 s", "2 min 5 s", "1 h 3 min"]
        );
        assert_eq!(
            [2.0, 38.4, 58.0, 125.0, 3590.0, 4500.0].map(about).map(breaking),
            ["a few seconds", "40 s", "1 min", "2 min", "1 h 0 min", "1 h 20 min"]
        );
        assert_eq!([770.0, 294_912.0, 10.6e6].map(parameters).map(breaking), ["770", "295 K", "10.6 M"]);
        assert_eq!([-0.0, -0.0004, -0.0006, 0.5].map(score), ["0.000", "0.000", "-0.001", "0.500"]);
        assert_eq!([0.0, 5e-5, 1e-5 / 3.0, 0.25, 128.0].map(rate), ["0", "5e-5", "3.33e-6", "0.25", "128"]);
    }

    #[test]
    fn only_truncated_excerpts_end_in_an_ellipsis() {
        let long = "ü".repeat(EXCERPT_CHARS);
        assert_eq!(excerpt(&long), long);
        assert_eq!(excerpt(&format!("{long}ü")), format!("{long}…"));
    }

    #[test]
    fn invisible_and_bidi_characters_are_shown() {
        assert_eq!(visible("a\0b\tc\u{202e}d\u{feff}"), "a␀b⇥c‹202E›d‹FEFF›");
        assert_eq!(visible("<b>Käse 漢字</b>"), "<b>Käse 漢字</b>");
    }
}
