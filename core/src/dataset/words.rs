//! Splits a text into words.

use std::ops::Range;

/// Words as BERT's basic tokenizer splits them, as byte ranges: separated by white space, with each punctuation mark and
/// each ideograph a word of its own.
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut is_open = false;
    for (start, letter) in text.char_indices() {
        let end = start + letter.len_utf8();
        if letter.is_whitespace() {
            is_open = false;
        } else if is_single_word(letter) {
            words.push(start..end);
            is_open = false;
        } else if let Some(word) = words.last_mut().filter(|_| is_open) {
            word.end = end;
        } else {
            words.push(start..end);
            is_open = true;
        }
    }
    words
}

/// Returns true for characters that are words of their own: ASCII and common Unicode punctuation, and the ideographs of
/// Chinese, Japanese and Korean.
fn is_single_word(letter: char) -> bool {
    letter.is_ascii_punctuation()
        || matches!(letter, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿')
        || matches!(letter, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
        || matches!(letter, '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{ff01}'..='\u{ff0f}')
        || matches!(letter, '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff3d}' | '\u{ff5f}'..='\u{ff65}')
        || matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
        || matches!(letter, '\u{20000}'..='\u{323af}')
}
