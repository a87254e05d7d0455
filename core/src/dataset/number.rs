//! Numbers as people write them: with a decimal comma, separators of thousands, a currency or a percent sign.

/// Units that may stand before or after a number. A longer one comes before its ending.
/// Japan's encodings have the yen sign in the place of the backslash.
const UNITS: [&str; 28] = [
    "US$", "R$", "A$", "C$", "$", "€", "£", "¥", "￥", "\\", "₹", "₽", "₩", "₺", "₫", "zł", "Kč", "kr", "CHF", "USD",
    "EUR", "GBP", "JPY", "INR", "CAD", "AUD", "%", "‰",
];

/// A number by both customs of writing it: "1,234" is 1234 with a decimal point and 1.234 with a decimal comma.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Numeral {
    pub by_point: Option<f64>,
    pub by_comma: Option<f64>,
    /// Currency or percent sign.
    pub unit: Option<&'static str>,
}

impl Numeral {
    /// Parses a cell. None if it is no finite number by either custom.
    pub(crate) fn parse(cell: &str) -> Option<Self> {
        let (mut rest, mut unit, mut is_negative) = (cell.trim(), None, false);
        if let Some(inside) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (rest, is_negative) = (inside.trim(), true);
        }
        loop {
            if let Some(after) = rest.strip_prefix(['-', '−']).filter(|_| !is_negative) {
                (rest, is_negative) = (after.trim_start(), true);
            } else if let Some((found, without)) = UNITS
                .into_iter()
                .filter(|_| unit.is_none())
                .find_map(|unit| Some((unit, rest.strip_prefix(unit).or_else(|| rest.strip_suffix(unit))?.trim())))
            {
                (rest, unit) = (without, Some(if ["\\", "￥"].contains(&found) { "¥" } else { found }));
            } else {
                break;
            }
        }
        let rest = rest.strip_prefix('+').unwrap_or(rest);
        let signed = |number: f64| if is_negative { -number } else { number };
        let by_point = reading(rest, '.', ',').map(signed);
        let by_comma = reading(rest, ',', '.').map(signed);
        (by_point.is_some() || by_comma.is_some()).then_some(Self { by_point, by_comma, unit })
    }
}

/// A number with this decimal separator, and perhaps with separators of thousands: this one, spaces or apostrophes.
fn reading(text: &str, decimal: char, thousands: char) -> Option<f64> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == decimal) {
        return None;
    }
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once(decimal).unwrap_or((text, ""));
    let separator = whole.chars().find(|&c| c == thousands || " \u{a0}\u{202f}\u{2009}'’".contains(c));
    let whole = match separator {
        None => whole.to_owned(),
        Some(separator) => {
            let groups: Vec<&str> = whole.split(separator).collect();
            let (first, last) = (groups.first()?, groups.last()?);
            // In India, groups before the last have two digits.
            let are_groups = groups.iter().skip(1).all(|group| group.len() == 3 || (group.len() == 2 && group != last));
            if !groups.iter().all(|group| is_digits(group))
                || first.is_empty()
                || first.len() > 3
                || first.starts_with('0')
                || !are_groups
            {
                return None;
            }
            groups.concat()
        }
    };
    let (mantissa, exponent) = fraction.split_once(['e', 'E']).unwrap_or((fraction, "0"));
    let (whole, exponent) = whole.split_once(['e', 'E']).unwrap_or((&whole, exponent));
    if !is_digits(whole) || !is_digits(mantissa) || (whole.is_empty() && mantissa.is_empty()) {
        return None;
    }
    format!("{whole}.{mantissa}e{exponent}").parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(cell: &str) -> Option<(Option<f64>, Option<f64>)> {
        Numeral::parse(cell).map(|numeral| (numeral.by_point, numeral.by_comma))
    }

    #[test]
    fn numbers_are_read_by_both_customs() {
        for (cell, by_point, by_comma) in [
            ("3", Some(3.0), Some(3.0)),
            ("-4.5", Some(-4.5), None),
            ("4,5", None, Some(4.5)),
            ("0,125", None, Some(0.125)),
            ("1,234", Some(1234.0), Some(1.234)),
            ("1.234", Some(1.234), Some(1234.0)),
            ("1,234.5", Some(1234.5), None),
            ("1.234,5", None, Some(1234.5)),
            ("1,234,567", Some(1_234_567.0), None),
            ("1,00,000", Some(100_000.0), None),
            ("1 234,5", None, Some(1234.5)),
            ("1'234.5", Some(1234.5), None),
            ("1e-05", Some(1e-5), Some(1e-5)),
            ("1.5e3", Some(1500.0), None),
            (".5", Some(0.5), None),
            ("−3", Some(-3.0), Some(-3.0)),
            ("(3)", Some(-3.0), Some(-3.0)),
            ("+3", Some(3.0), Some(3.0)),
        ] {
            assert_eq!(readings(cell), Some((by_point, by_comma)), "{cell}");
        }
        for cell in
            ["", "x", "inf", "nan", "1,2,3", "4 5", "1.2.3", "5 apples", "$", "-", "--1", "1,23,45", "2020-01-02", "."]
        {
            assert_eq!(readings(cell), None, "{cell}");
        }
    }

    #[test]
    fn currencies_and_percent_signs_are_units() {
        for (cell, number, unit) in [
            ("$5", 5.0, "$"),
            ("5 €", 5.0, "€"),
            ("-$1,200.50", -1200.5, "$"),
            ("45%", 45.0, "%"),
            ("CHF 5", 5.0, "CHF"),
        ] {
            let numeral = Numeral::parse(cell).unwrap();
            assert_eq!((numeral.by_point, numeral.unit), (Some(number), Some(unit)), "{cell}");
        }
    }
}
