//! Jinja that minijinja does not know, rewritten to Jinja that it does: `{% generation %}`, a tag that transformers adds,
//! and the operator `%` on strings.

use std::ops::Range;

/// Variables whose values are written where a generated part begins and ends. Undefined, they write nothing.
pub(crate) const MARKS: [&str; 2] = ["__generation_begins", "__generation_ends"];
/// Filter that formats a string, as Python's operator `%` does.
pub(crate) const PERCENT: &str = "__percent";

/// A template for minijinja.
#[derive(Debug, PartialEq)]
pub(crate) struct Rewritten {
    /// Its source, with each line at its number.
    pub source: String,
    /// True if it has `{% generation %}`.
    pub has_generation: bool,
}

/// Rewrites a template.
pub(crate) fn rewrite(template: &str) -> Rewritten {
    let (mut source, mut has_generation, mut rest) = (String::with_capacity(template.len()), false, template);
    while let Some(start) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        let length = tag_length(&rest[start..]);
        source.push_str(&rest[..start]);
        let tag = &rest[start..start + length];
        rest = &rest[start + length..];
        let tag_name = tag.strip_prefix("{%").and_then(|tag| tag.strip_suffix("%}")).map(trimmed);
        match tag_name {
            Some("raw") => {
                let length = raw_length(rest);
                source.push_str(tag);
                source.push_str(&rest[..length]);
                rest = &rest[length..];
            }
            Some("generation") => {
                has_generation = true;
                let [lead, trail] = whitespace_control(tag);
                // `with` for the scope that the tag has; `if` because a line end is removed after a block only.
                source.push_str(&format!("{{%{lead} with %}}{{{{ {} }}}}{{% if true {trail}%}}", MARKS[0]));
            }
            Some("endgeneration") => {
                let [lead, trail] = whitespace_control(tag);
                source.push_str(&format!("{{%{lead} endif %}}{{{{ {} }}}}{{% endwith {trail}%}}", MARKS[1]));
            }
            _ if tag.starts_with("{#") => source.push_str(tag),
            _ => source.push_str(&with_percent(tag)),
        }
    }
    source.push_str(rest);
    Rewritten { source, has_generation }
}

/// A tag's content without the signs for whitespace.
fn trimmed(content: &str) -> &str {
    let content = content.strip_prefix(['-', '+']).unwrap_or(content);
    content.strip_suffix(['-', '+']).unwrap_or(content).trim()
}

/// The signs for whitespace at the beginning and the end of a block tag, or nothing.
fn whitespace_control(tag: &str) -> [&str; 2] {
    let sign = |at: usize| tag.get(at..at + 1).filter(|sign| ["-", "+"].contains(sign)).unwrap_or_default();
    [sign(2), sign(tag.len() - 3)]
}

/// Length in bytes of the tag at the start of `rest`; that of `rest` if it does not end.
fn tag_length(rest: &str) -> usize {
    let end = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    if rest.starts_with("{#") {
        return end("#}");
    }
    let close = if rest.starts_with("{{") { "}}" } else { "%}" };
    let mut open = 0_usize;
    for token in tokens(&rest[2..]) {
        let range = token.start + 2..token.end + 2;
        match &rest[range.clone()] {
            "(" | "[" | "{" => open += 1,
            // Two brackets that close are two tokens.
            "}" | "%" if open == 0 && rest[range.start..].starts_with(close) => return range.start + 2,
            ")" | "]" | "}" => open = open.saturating_sub(1),
            _ => {}
        }
    }
    rest.len()
}

/// Length in bytes of what `{% raw %}` keeps, with the tag that ends it.
fn raw_length(rest: &str) -> usize {
    let mut from = 0;
    while let Some(start) = rest[from..].find("{%").map(|at| from + at) {
        let Some(end) = rest[start..].find("%}").map(|at| start + at) else { break };
        if trimmed(&rest[start + 2..end]) == "endraw" {
            return end + 2;
        }
        from = start + 2;
    }
    rest.len()
}

/// The tokens of an expression: strings, words and single signs, without the spaces between.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(|c: char| !c.is_whitespace())?;
        let mut chars = text[start..].char_indices();
        let (_, first) = chars.next()?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if first == '"' || first == '\'' {
            let mut is_escaped = false;
            let end = chars.find(|&(_, c)| {
                let ends = c == first && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            end.map_or(text.len() - start, |(at, _)| at + 1)
        } else if is_word(first) {
            text[start..].find(|c| !is_word(c)).unwrap_or(text.len() - start)
        } else {
            first.len_utf8()
        };
        from = start + length;
        Some(start..from)
    })
}

/// A tag with `"…" % value` as `"…" | __percent(value)`.
fn with_percent(tag: &str) -> String {
    let mut tag = tag.to_owned();
    // Each pass removes one operator.
    while let Some((left, right)) = percent(&tag) {
        tag = format!("{} | {PERCENT}({}){}", &tag[..left], tag[right.clone()].trim(), &tag[right.end..]);
    }
    tag
}

/// The first `%` after a string: the end of its left operand, and the range of the right one.
fn percent(tag: &str) -> Option<(usize, Range<usize>)> {
    let inside = tag.get(2..tag.len().checked_sub(2)?)?;
    if !inside.contains('%') {
        return None;
    }
    let tokens: Vec<Range<usize>> = tokens(inside).map(|token| token.start + 2..token.end + 2).collect();
    let texts: Vec<&str> = tokens.iter().map(|token| &tag[token.clone()]).collect();
    let at = (1..texts.len()).find(|&at| texts[at] == "%" && is_string(&texts[..at]))?;
    let end = operand(&texts, at + 1)?;
    Some((tokens[at - 1].end, tokens[at].end..tokens[end - 1].end))
}

/// Returns true if the expression that ends here is a string, or one in parentheses that contains a string.
fn is_string(before: &[&str]) -> bool {
    let is_literal = |text: &str| text.starts_with(['"', '\'']);
    if before.last() != Some(&")") {
        return before.last().is_some_and(|text| is_literal(text));
    }
    let mut open = 0_usize;
    for (at, text) in before.iter().enumerate().rev() {
        match *text {
            ")" | "]" | "}" => open += 1,
            "(" | "[" | "{" => open -= 1,
            _ => {}
        }
        if open == 0 {
            let is_call = at > 0 && before[at - 1].starts_with(|c: char| c.is_alphanumeric() || "_)]".contains(c));
            let is_operator = at > 0 && ["in", "not", "and", "or", "if", "else", "is"].contains(&before[at - 1]);
            return (!is_call || is_operator) && before[at..].iter().any(|text| is_literal(text));
        }
    }
    false
}

/// The index after the operand that begins at `at`: a sign, a value, and the attributes, calls and filters after it.
fn operand(texts: &[&str], mut at: usize) -> Option<usize> {
    while ["-", "+"].contains(texts.get(at)?) {
        at += 1;
    }
    at = after_group(texts, at)?;
    loop {
        match texts.get(at) {
            Some(&"." | &"|") => at += 2,
            Some(&"(" | &"[") => at = after_group(texts, at)?,
            _ => return (at <= texts.len()).then_some(at),
        }
    }
}

/// The index after the token at `at`, or after the bracket that closes it.
fn after_group(texts: &[&str], at: usize) -> Option<usize> {
    let mut open = 0_usize;
    for (at, text) in texts.iter().enumerate().skip(at) {
        match *text {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" => open = open.checked_sub(1)?,
            _ => {}
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(template: &str) -> String {
        rewrite(template).source
    }

    #[test]
    fn formatting_with_percent_becomes_a_filter() {
        for (template, expected) in [
            ("{{ '%s' % x }}", "{{ '%s' | __percent(x) }}"),
            ("{{- '%s' % x.y[0]('a') | f(1) ~ 'b' -}}", "{{- '%s' | __percent(x.y[0]('a') | f(1)) ~ 'b' -}}"),
            ("{% set a = \"%s\\\"\" % (b, 'c') %}", "{% set a = \"%s\\\"\" | __percent((b, 'c')) %}"),
            ("{{ ('a' ~ '%s') % -b }}", "{{ ('a' ~ '%s') | __percent(-b) }}"),
            ("{{ '%s' % a % b }}", "{{ '%s' | __percent(a) % b }}"),
            ("{{ '%s%s' % ('%s' % a, b) }}", "{{ '%s%s' | __percent(('%s' | __percent(a), b)) }}"),
            ("{% if x in ('%s' % a) %}", "{% if x in ('%s' | __percent(a)) %}"),
        ] {
            assert_eq!(rewritten(template), expected);
        }
        for same in
            ["{{ i % 2 }}", "{{ f('a') % 2 }}", "{{ '%s' % }}", "{{ '%", "{%", "{{", "'%s' % x", "{{ (i + 1) % 2 }}"]
        {
            assert_eq!(rewritten(same), same);
        }
    }

    #[test]
    fn generation_tags_become_blocks_with_marks() {
        let [begins, ends] = MARKS;
        assert_eq!(
            rewritten("a {%- generation +%}\nb{%endgeneration-%} c"),
            format!(
                "a {{%- with %}}{{{{ {begins} }}}}{{% if true +%}}\nb{{% endif %}}{{{{ {ends} }}}}{{% endwith -%}} c"
            )
        );
        for same in
            ["{% raw %}{% generation %}{%- endraw %}", "{# {% generation %} #}", "{{ '{% generation %}' }}", "{% raw"]
        {
            assert_eq!(rewrite(same), Rewritten { source: same.into(), has_generation: false });
        }
    }
}
