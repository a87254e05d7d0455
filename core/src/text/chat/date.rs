//! The date that templates get from `strftime_now`. The engine has no clock, and the same rows must give the same run
//! on every day, so that it is always 26 July 2024, 12:00: the date that Llama 3's template falls back on.

/// Formats the date as C's `strftime` does. What it does not know stays as it is.
pub(crate) fn strftime(format: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(format.len()), format);
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let is_unpadded = rest.starts_with('-');
        let directive = rest[usize::from(is_unpadded)..].chars().next();
        match directive.and_then(field) {
            Some(value) => {
                text.push_str(if is_unpadded && value.len() > 1 { value.trim_start_matches('0') } else { value });
                rest = &rest[usize::from(is_unpadded) + 1..];
            }
            None => text.push('%'),
        }
    }
    text + rest
}

/// The date's part for a directive, which is ASCII.
fn field(directive: char) -> Option<&'static str> {
    Some(match directive {
        'a' => "Fri",
        'A' => "Friday",
        'b' | 'h' => "Jul",
        'B' => "July",
        'c' => "Fri Jul 26 12:00:00 2024",
        'C' => "20",
        'd' | 'e' => "26",
        'D' | 'x' => "07/26/24",
        'f' => "000000",
        'F' => "2024-07-26",
        'H' | 'I' | 'k' | 'l' => "12",
        'j' => "208",
        'm' => "07",
        'M' | 'S' => "00",
        'n' => "\n",
        'p' => "PM",
        'r' => "12:00:00 PM",
        'R' => "12:00",
        't' => "\t",
        'T' | 'X' => "12:00:00",
        'u' | 'w' => "5",
        'U' => "29",
        'V' | 'W' => "30",
        'y' | 'g' => "24",
        'Y' | 'G' => "2024",
        'z' | 'Z' => "",
        '%' => "%",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_directives_are_kept() {
        assert_eq!(strftime("%Q%-Q %-m %d%"), "%Q%-Q 7 26%");
    }
}
