//! Numbers as decimal text. `core::fmt` writes any float exactly, with tables and big integers that are 6 KB of the page's
//! wasm; what people read has few digits, and a 64-bit integer holds them.

/// Significant digits of [`shortest`]: every decimal of 15 digits survives as a 64-bit float.
const DIGITS: i32 = 15;
/// Integers below it are shown digit by digit.
const MAX_SCALED: f64 = 1e18;

/// A number with this many decimals: `0.310`. A zero has no minus sign, and very large numbers are written as powers of ten.
pub fn fixed(value: f64, places: u32) -> String {
    let scale = 10u64.pow(places);
    let scaled = (value.abs() * scale as f64).round_ties_even();
    let sign = if value < 0.0 && scaled > 0.0 { "-" } else { "" };
    match scaled {
        scaled if scaled.is_nan() => "NaN".into(),
        f64::INFINITY => format!("{sign}inf"),
        MAX_SCALED.. => scientific(value, 2),
        scaled if places == 0 => format!("{sign}{}", scaled as u64),
        scaled => {
            let (whole, part) = (scaled as u64 / scale, scaled as u64 % scale);
            format!("{sign}{whole}.{part:0width$}", width = places as usize)
        }
    }
}

/// A number with at most this many decimals: `0.31`, `128`.
pub fn trimmed(value: f64, places: u32) -> String {
    let digits = fixed(value, places);
    if digits.contains('.') && !digits.contains('e') {
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        digits
    }
}

/// A score with this many decimals, and as a power of ten if these would show fewer than two digits of it: `0.310`, `4.2e-6`.
pub fn score(value: f64, places: u32) -> String {
    let is_tiny = value != 0.0 && value.abs() < 10.0 / 10f64.powi(places as i32);
    if is_tiny { scientific(value, 2) } else { fixed(value, places) }
}

/// A number of the data: three decimals at most, and three digits if it is tiny: `0.31`, `4.2e-6`.
pub fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 { scientific(value, 2) } else { trimmed(value, 3) }
}

/// A number other than zero as a power of ten, with at most this many decimals: `3.33e-5`.
pub fn scientific(value: f64, places: u32) -> String {
    let exponent = value.abs().log10().floor();
    format!("{}e{}", trimmed(value / 10f64.powf(exponent), places), exponent as i32)
}

/// A number with as many digits as it needs, 15 at most: `0.1`, `1e-7`.
pub fn shortest(value: f64) -> String {
    match value.abs().log10().floor() as i32 {
        _ if value == 0.0 || !value.is_finite() => fixed(value, 0),
        exponent @ -5..DIGITS => trimmed(value, (DIGITS - 1 - exponent) as u32),
        _ => scientific(value, DIGITS as u32 - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_the_standard_library() {
        for value in [0.0, 0.5, 2.5, 0.125, 1.0 / 3.0, 0.9999, 1240.0, -1.26, 6e9, 1e14] {
            assert_eq!(fixed(value, 0), format!("{value:.0}"));
            assert_eq!(fixed(value, 3), format!("{value:.3}"));
        }
        assert_eq!([0.3, 0.05, 100.0, 1.0].map(|value| trimmed(value, 2)), ["0.3", "0.05", "100", "1"]);
    }

    #[test]
    fn tiny_scores_keep_their_digits() {
        let shown = [0.0, 0.31, 0.0123, 0.00123, -4.2e-6, 1e-300].map(|value| score(value, 3));
        assert_eq!(shown, ["0.000", "0.310", "0.012", "1.23e-3", "-4.2e-6", "1e-300"]);
        assert_eq!([0.0, 1.5, 0.012345, -4.2e-6, 1240.0].map(short), ["0", "1.5", "0.012", "-4.2e-6", "1240"]);
        assert_eq!([f64::NAN, f64::INFINITY, 123.456].map(|value| score(value, 4)), ["NaN", "inf", "123.4560"]);
    }

    #[test]
    fn a_zero_has_no_minus_sign() {
        assert_eq!([-0.0, -0.0004, -0.0006].map(|value| fixed(value, 3)), ["0.000", "0.000", "-0.001"]);
    }

    #[test]
    fn numbers_of_any_size_are_short() {
        let typed = [0.0, 7.0, -0.1, 1e-5, 2e-5 / 3.0, 1e-7, 1e-12, 123_456_789.5, 4_294_967_295.0, 1e15, 1e300];
        let shown = [
            "0",
            "7",
            "-0.1",
            "0.00001",
            "6.66666666666667e-6",
            "1e-7",
            "1e-12",
            "123456789.5",
            "4294967295",
            "1e15",
            "1e300",
        ];
        assert_eq!(typed.map(shortest), shown);
        assert_eq!([1e30, -3e20].map(|value| fixed(value, 3)), ["1e30", "-3e20"]);
    }

    #[test]
    fn what_is_no_number_stays_so() {
        let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(none.map(|value| fixed(value, 3)), ["NaN", "inf", "-inf"]);
        assert_eq!(none.map(shortest), ["NaN", "inf", "-inf"]);
    }
}
