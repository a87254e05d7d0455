//! The command with which the program reads the same file in the same way.

use hone_core::dataset::{Delimiter, Hints, Quoting};

use crate::state::State;

/// The command line of `hone train` for the training file; empty without one. `mapping` are its columns as JSON.
pub fn command_line(state: &State, mapping: &str) -> String {
    // The page joins two files, and the program does not.
    let Some(choice) = state.data.train.choice().filter(|choice| choice.aligned_with.is_none()) else {
        return String::new();
    };
    let mut line = format!("hone train recipe.json --data {}", quoted(&choice.name));
    if let Some(validation) = state.data.validation.choice() {
        line += &format!(" --validation {}", quoted(&validation.name));
    }
    if let Some(test) = state.data.test.choice() {
        line += &format!(" --test {}", quoted(&test.name));
    }
    for (name, value) in arguments(choice.hints.clone()) {
        line += &format!(" --{name} {}", quoted(&value));
    }
    format!("{line} --mapping {} --out tuned", quoted(mapping))
}

fn arguments(hints: Hints) -> Vec<(&'static str, String)> {
    let encoding = hints.encoding.map(|encoding| encoding.name().to_owned());
    let header = hints.has_header.map(|has_header| if has_header { "yes" } else { "no" }.to_owned());
    let delimiter = hints.delimiter.map(|delimiter| match delimiter {
        Delimiter::Character('\t') => "tab".to_owned(),
        Delimiter::Character(' ') => "space".to_owned(),
        Delimiter::Character(character) => character.to_string(),
        Delimiter::Absent => "none".to_owned(),
    });
    let quote = hints.quoting.map(|quoting| match quoting {
        Quoting::Double => "double",
        Quoting::Backslash => "backslash",
        Quoting::Single => "single",
        Quoting::Never => "none",
    });
    let quote = quote.map(str::to_owned);
    let all = [
        ("encoding", encoding),
        ("header", header),
        ("delimiter", delimiter),
        ("quote", quote),
        ("member", hints.member),
        ("sheet", hints.sheet),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A word of a command line, in quotes if a shell would change it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
