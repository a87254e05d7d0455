//! Regular expressions in a tokenizer.json, which are compiled into a program as long as their repetitions ask for.

use serde_json::Value;

use crate::text::tokenizer::error::TokenizerError;

/// Largest product of the bounds of all repetitions in a pattern. Real patterns have `\p{N}{1,3}` at most.
const MAX_REPETITIONS: u64 = 10_000;

/// Refuses patterns in `part` of a tokenizer.json that repeat too much. fancy-regex multiplies nested bounds without a
/// check for overflow, and copies what is repeated as often as the bound says.
///
/// # Errors
/// `TokenizerError::Inconsistent` with the pattern.
pub(crate) fn check_patterns(part: &Value) -> Result<(), TokenizerError> {
    match part {
        Value::Array(items) => items.iter().try_for_each(check_patterns),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| match value.as_str() {
            Some(pattern) if name == "Regex" && repetitions(pattern) > MAX_REPETITIONS => {
                let start: String = pattern.chars().take(40).collect();
                Err(TokenizerError::Inconsistent(format!("the pattern \"{start}\" repeats too often")))
            }
            _ => check_patterns(value),
        }),
        _ => Ok(()),
    }
}

/// Product of the bounds in braces; names in braces, as in `\p{N}`, are no bounds.
fn repetitions(pattern: &str) -> u64 {
    let braces = pattern.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
    let bounds = braces.filter(|inner| inner.bytes().all(|byte| byte.is_ascii_digit() || b", ".contains(&byte)));
    let numbers = bounds.map(|inner| {
        let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().unwrap_or(u64::MAX)).max().unwrap_or(1).max(1)
    });
    numbers.fold(1, u64::saturating_mul)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_that_repeat_too_often_are_refused() {
        let check = |pattern: &str| {
            check_patterns(
                &json!({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": pattern}}]}),
            )
        };
        for pattern in
            [r"\d{18446744073709551615,3}\s", "a{99999999999999999999}", "(((a{99}){99}){99})", "a{0, 20000}"]
        {
            assert!(check(pattern).is_err(), "{pattern}");
        }
        for pattern in [r"\p{N}{1,3}| ?\p{L}+", "a{2,}b{0}", "{", "a{,5}"] {
            assert!(check(pattern).is_ok(), "{pattern}");
        }
    }
}
