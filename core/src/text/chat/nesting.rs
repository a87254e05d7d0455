//! Bounds the nesting of the tags of a Jinja template: minijinja parses and compiles them by recursion, some of it without a
//! limit of its own (3.1: `parse_unary_only` and the compiler), and a wasm stack that overflows ends the engine.

/// Most operators, accesses and calls in one tag. Real templates have fewer than 40.
const MAX_OPERATORS: usize = 100;
/// Most brackets open at once in one tag.
const MAX_OPEN_BRACKETS: usize = 24;

/// Words that are operators.
const OPERATOR_WORDS: [&str; 7] = ["not", "if", "else", "and", "or", "in", "is"];

/// Refuses a template with a tag that nests too deeply.
///
/// # Errors
/// The error in words, with the start of the tag.
pub(crate) fn check_nesting(template: &str) -> Result<(), String> {
    let mut rest = template;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        rest = &rest[start + 2..];
        let length = check_tag(rest).map_err(|reason| {
            let start: String = rest.chars().take(30).collect();
            format!("{reason} in the template's tag that begins with \"{start}\"")
        })?;
        rest = &rest[length..];
    }
    Ok(())
}

/// Checks the tag at the start of `rest`, and returns its length in bytes.
fn check_tag(rest: &str) -> Result<usize, &'static str> {
    let (mut operators, mut open, mut quote, mut word, mut is_escaped) = (0, 0_usize, None, 0, false);
    for (at, c) in rest.char_indices() {
        if let Some(end) = quote {
            quote = (c != end || is_escaped).then_some(end);
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        if !c.is_alphanumeric() && c != '_' {
            operators += usize::from(OPERATOR_WORDS.contains(&&rest[word..at]));
            word = at + c.len_utf8();
        }
        match c {
            '}' | '%' if open == 0 && rest[at..].starts_with(if c == '}' { "}}" } else { "%}" }) => return Ok(at + 2),
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => (operators, open) = (operators + 1, open + 1),
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '~' | '.' | '|' | '=' | '<' | '>' => operators += 1,
            _ => {}
        }
        if operators > MAX_OPERATORS || open > MAX_OPEN_BRACKETS {
            return Err("too many operators or brackets");
        }
    }
    Ok(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_nest_too_deeply_are_refused() {
        for inner in ["-".repeat(101), "[".repeat(25), "not ".repeat(101), "a".to_owned() + &".a".repeat(101)] {
            assert!(check_nesting(&format!("a {{{{ {inner} 1 }}}}")).is_err(), "{inner}");
            assert!(check_nesting(&format!("a {{{{ \"{inner}\" }}}} {inner}")).is_ok(), "{inner}");
        }
        assert!(check_nesting(&"{{ a.b }}{% if a %}".repeat(200)).is_ok());
        assert!(check_nesting("{{ \"\\\"}}\" + '{{' }}{# {{ #}{{").is_ok());
    }
}
