//! The languages of the texts, for the choice of a model.

use crate::dataset::collect::examples::Examples;

/// Texts that are looked at, evenly spaced over the rows.
const TEXTS: usize = 200;
/// Bytes of a text that are looked at.
const TEXT_BYTES: usize = 600;
/// Texts whose language must be certain. If fewer are, because the texts are short, all are judged together.
const CERTAIN: usize = 5;
/// Share of the texts in other languages from which a language is named.
const NAMED_RATIO: f64 = 0.15;
/// Most languages named.
const NAMED: usize = 3;

/// The languages of the texts if most are not English, the most frequent first: `German`, or `French, German and others`.
/// None if most are English, or if the texts are too short to tell.
pub(crate) fn other_languages(examples: &Examples) -> Option<String> {
    let step = examples.len().div_ceil(TEXTS).max(1);
    other_languages_of((0..examples.len()).step_by(step).map(|row| examples.text(row)))
}

fn other_languages_of<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.map(beginning).collect();
    let mut certain: Vec<Language> = texts.iter().filter_map(|text| language(text)).collect();
    let all = texts.join("\n");
    if certain.len() < CERTAIN {
        certain = language(&all).into_iter().collect();
    }
    let others: Vec<Language> = certain.iter().copied().filter(|found| *found != Language::Named("English")).collect();
    if others.len() * 2 <= certain.len() {
        return None;
    }
    let mut counts: Vec<(usize, &str)> = Vec::new();
    for name in others.iter().filter_map(|found| found.name()) {
        match counts.iter_mut().find(|(_, counted)| *counted == name) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, name)),
        }
    }
    counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let is_named = |count: usize| count as f64 >= NAMED_RATIO * others.len() as f64;
    let named: Vec<&str> =
        counts.iter().filter(|(count, _)| is_named(*count)).map(|(_, name)| *name).take(NAMED).collect();
    Some(match named.as_slice() {
        [] => match whatlang::detect_script(&all) {
            Some(script) if counts.is_empty() => format!("a language of the {} script", script.name()),
            _ => "many languages".into(),
        },
        [one] => (*one).to_owned(),
        [first, second] if counts.len() == 2 => format!("{first} and {second}"),
        several => format!("{} and others", several.join(", ")),
    })
}

/// Language of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Language {
    /// Its English name.
    Named(&'static str),
    /// One of several that share a script, which is not that of English.
    OfScript,
}

impl Language {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Named(name) => Some(name),
            Self::OfScript => None,
        }
    }
}

/// The language of a text; `None` if it could be English or another one.
fn language(text: &str) -> Option<Language> {
    let found = whatlang::detect(text)?;
    if found.is_reliable() {
        return Some(Language::Named(name(found.lang())));
    }
    (found.script() != whatlang::Script::Latin).then_some(Language::OfScript)
}

fn name(language: whatlang::Lang) -> &'static str {
    // The detector names Chinese after its most common dialect.
    if language == whatlang::Lang::Cmn { "Chinese" } else { language.eng_name() }
}

fn beginning(text: &str) -> &str {
    let end = (0..=TEXT_BYTES.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Der Zug nach Hamburg hatte gestern schon wieder eine halbe Stunde Verspätung.";
    const FRENCH: &str = "Le service était rapide, mais la soupe que nous avons commandée est arrivée froide.";
    const RUSSIAN: &str = "Доставка заняла больше недели, зато качество оказалось очень хорошим.";
    const CHINESE: &str = "这家餐厅的服务很好，但是价格有点贵，我们等了很久。";
    const ENGLISH: &str = "The delivery took more than a week, but the quality turned out to be very good.";

    fn of(texts: &[&str]) -> Option<String> {
        other_languages_of(texts.iter().copied())
    }

    #[test]
    fn the_language_of_most_texts_is_named() {
        for (text, name) in [
            (GERMAN, "German"),
            (FRENCH, "French"),
            (CHINESE, "Chinese"),
            // Too short to tell it from Bulgarian, and certainly not English.
            (RUSSIAN, "a language of the Cyrillic script"),
        ] {
            assert_eq!(of(&[text; 6]).as_deref(), Some(name));
            assert_eq!(of(&[text]).as_deref(), Some(name), "one text");
        }
    }

    #[test]
    fn english_texts_need_no_other_model() {
        assert_eq!(of(&[ENGLISH; 6]), None);
        assert_eq!(of(&[ENGLISH, ENGLISH, ENGLISH, ENGLISH, GERMAN]), None);
    }

    #[test]
    fn several_languages_are_listed() {
        assert_eq!(of(&[GERMAN, GERMAN, GERMAN, FRENCH, FRENCH, ENGLISH]).as_deref(), Some("German and French"));
        let mixed = of(&[GERMAN, FRENCH, RUSSIAN, CHINESE, GERMAN, FRENCH]).expect("other languages");
        assert!(mixed.starts_with("French, German") && mixed.ends_with("and others"), "{mixed}");
    }

    #[test]
    fn texts_that_tell_nothing_are_left_alone() {
        for texts in [&[][..], &["", " ", "42"], &["ok", "12:30", "A1"]] {
            assert_eq!(of(texts), None, "{texts:?}");
        }
    }
}
