//! Dates and times, which a sheet stores as numbers of days.

/// A day, in seconds.
const DAY_SECONDS: f64 = 86_400.0;
/// The last day of the year 9999.
const LAST_DAY: f64 = 2_958_465.0;

/// The way in which a number format shows a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NumberKind {
    /// A number.
    #[default]
    Number,
    /// A point in time.
    Date,
    /// A duration.
    Duration,
}

/// The kind of a format by its code, such as `yyyy\-mm\-dd` or `[h]:mm`.
pub(crate) fn kind_of_code(code: &str) -> NumberKind {
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            // The next character is shown as it is, or gives a width.
            '\\' | '_' | '*' => _ = chars.next(),
            '"' => _ = chars.find(|&c| c == '"'),
            '[' => {
                let inside: String = chars.by_ref().take_while(|&c| c != ']').collect();
                let is_elapsed = !inside.is_empty() && inside.chars().all(|c| "hmsHMS".contains(c));
                if is_elapsed {
                    return NumberKind::Duration;
                }
            }
            // The section for negative numbers.
            ';' => break,
            'G' | 'g' if chars.as_str().get(..6).is_some_and(|rest| rest.eq_ignore_ascii_case("eneral")) => {
                chars.nth(5);
            }
            'd' | 'm' | 'y' | 'h' | 's' | 'D' | 'M' | 'Y' | 'H' | 'S' => return NumberKind::Date,
            _ => {}
        }
    }
    NumberKind::Number
}

/// The kind of a format that every program knows by its number (ECMA-376, part 1, 18.8.30).
pub(crate) fn kind_of_id(id: u32) -> NumberKind {
    match id {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => NumberKind::Date,
        46 => NumberKind::Duration,
        _ => NumberKind::Number,
    }
}

/// The first day of a sheet's dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Epoch {
    /// Day 1 is 1 January 1900, and day 60 is 29 February 1900, which never was.
    #[default]
    Year1900,
    /// Day 0 is 1 January 1904, as on old Macs.
    Year1904,
}

/// A number as a date in the form of ISO 8601, a time or a duration; none if it is out of range.
pub(crate) fn date_text(number: f64, kind: NumberKind, epoch: Epoch) -> Option<String> {
    if !(0.0..=LAST_DAY + 1.0).contains(&number) {
        return None;
    }
    let (mut day, mut second) = (number.floor(), ((number - number.floor()) * DAY_SECONDS).round());
    if second >= DAY_SECONDS {
        (day, second) = (day + 1.0, 0.0);
    }
    let (day, second) = (day as i64, second as i64);
    let time = |hours: i64| format!("{hours:02}:{:02}:{:02}", second / 60 % 60, second % 60);
    if kind == NumberKind::Duration {
        return Some(time(day * 24 + second / 3600));
    }
    if number < 1.0 && second > 0 {
        return Some(time(second / 3600));
    }
    let date = match (epoch, day) {
        (Epoch::Year1900, 60) => "1900-02-29".to_owned(),
        // Days since 1970-01-01.
        (Epoch::Year1900, day) => civil(day - 25_569 + i64::from(day < 60)),
        (Epoch::Year1904, day) => civil(day - 24_107),
    };
    Some(if second == 0 { date } else { format!("{date} {}", time(second / 3600)) })
}

/// A date by the number of days since 1970-01-01, in the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
fn civil(days: i64) -> String {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A number as its shortest text, as a CSV file would have it.
pub(crate) fn number_text(raw: &str) -> String {
    let raw = raw.trim();
    match raw.parse::<f64>() {
        // Very large and very small numbers keep their exponent.
        Ok(number) if number == 0.0 || (1e-6..1e15).contains(&number.abs()) => format!("{number}"),
        _ => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_those_of_numbers() {
        for code in ["yyyy-mm-dd", "d/m/yy h:mm", "[$-409]mmm d;@", "h:mm AM/PM", "[Red]dd", "mm:ss.0"] {
            assert_eq!(kind_of_code(code), NumberKind::Date, "{code}");
        }
        for code in ["[h]:mm", "[mm]:ss"] {
            assert_eq!(kind_of_code(code), NumberKind::Duration, "{code}");
        }
        for code in
            ["General", "0.00", "#,##0 \"days\"", "0\\d", "_d0", "[Red]0", "0%", "@", "0;[h]", "0.0E+00", "[]0", "\"d"]
        {
            assert_eq!(kind_of_code(code), NumberKind::Number, "{code}");
        }
    }

    #[test]
    fn days_are_dates_in_both_epochs() {
        for (number, expected) in [
            (1.0, "1900-01-01"),
            (59.0, "1900-02-28"),
            (60.0, "1900-02-29"),
            (61.0, "1900-03-01"),
            (25_569.0, "1970-01-01"),
            (45_356.5, "2024-03-05 12:00:00"),
            (45_356.999_999_9, "2024-03-06"),
            (0.75, "18:00:00"),
            (2_958_465.0, "9999-12-31"),
        ] {
            assert_eq!(date_text(number, NumberKind::Date, Epoch::Year1900).unwrap(), expected, "{number}");
        }
        assert_eq!(date_text(0.0, NumberKind::Date, Epoch::Year1904).unwrap(), "1904-01-01");
        assert_eq!(date_text(43_894.0, NumberKind::Date, Epoch::Year1904).unwrap(), "2024-03-05");
        assert_eq!(date_text(1.5, NumberKind::Duration, Epoch::Year1900).unwrap(), "36:00:00");
        for number in [-1.0, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(date_text(number, NumberKind::Date, Epoch::Year1900), None);
        }
    }

    #[test]
    fn numbers_are_written_as_in_a_csv_file() {
        for (raw, expected) in [
            ("3", "3"),
            ("3.0", "3"),
            ("0.1", "0.1"),
            ("1E2", "100"),
            ("1E+300", "1E+300"),
            ("-2.50", "-2.5"),
            ("x", "x"),
        ] {
            assert_eq!(number_text(raw), expected);
        }
    }
}
