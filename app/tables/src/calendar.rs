//! Days and times as a CSV file would have them.

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

/// A day since 1970 in the Gregorian calendar, `2024-03-05`. (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", civil_from_days.)
pub(crate) fn date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A time of day in nanoseconds, `14:30:00`, with as many digits after the second as it has.
pub(crate) fn time(nanos: i128) -> String {
    let (seconds, fraction) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        return clock;
    }
    format!("{clock}.{}", format!("{fraction:09}").trim_end_matches('0'))
}

/// A moment in nanoseconds since 1970, `2024-03-05 14:30:00`.
pub(crate) fn moment(nanos: i128) -> String {
    let days = nanos.div_euclid(NANOS_PER_DAY);
    format!("{} {}", date(i64::try_from(days).unwrap_or_default()), time(nanos.rem_euclid(NANOS_PER_DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (19_787, "2024-03-05"),
            (11_016, "2000-02-29"),
            (-1, "1969-12-31"),
            (-719_162, "0001-01-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn fractions_of_a_second_have_no_trailing_zeros() {
        assert_eq!(moment(1_709_649_000_000_000_000), "2024-03-05 14:30:00");
        assert_eq!(moment(1_709_649_000_120_000_000), "2024-03-05 14:30:00.12");
        assert_eq!(moment(-1), "1969-12-31 23:59:59.999999999");
        assert_eq!(time(52_200_000_000_001), "14:30:00.000000001");
    }
}
