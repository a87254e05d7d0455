//! The text of HTML, by paragraphs. Like a browser, it reads any text.

use crate::dataset::container::document::entities::entity;

/// Elements that are in a paragraph. All others end one.
const INLINE: [&str; 34] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
];
/// Elements whose content is no text of the page.
const LEFT_OUT: [&str; 9] = ["head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template"];
/// Longest tag, in bytes: in a longer one a quote is not closed.
const MAX_TAG: usize = 64 << 10;

/// HTML that is being read.
pub(crate) struct Html {
    text: String,
    /// Bytes that have been read.
    at: usize,
}

impl Html {
    pub(crate) fn new(text: String) -> Self {
        Self { text, at: 0 }
    }

    /// The text of the next paragraph, with single spaces; none at the end.
    pub(crate) fn next_paragraph(&mut self) -> Option<String> {
        let mut paragraph = String::new();
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let after = rest[first..].chars().next();
            if let Some(comment) = rest.strip_prefix("<!--") {
                self.at += 4 + comment.find("-->").map_or(comment.len(), |end| end + 3);
            } else if rest.starts_with('<') && after.is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c)) {
                let tag = &rest[..tag_len(rest)];
                let name: String =
                    tag[1..].chars().skip_while(|&c| c == '/').take_while(char::is_ascii_alphanumeric).collect();
                let name = name.to_ascii_lowercase();
                let mut used = tag.len();
                if LEFT_OUT.contains(&name.as_str()) && !tag.starts_with("</") && !tag.ends_with("/>") {
                    used += content_len(&rest[used..], &name);
                }
                self.at += used;
                match name.as_str() {
                    "br" => paragraph.push('\n'),
                    "td" | "th" => push_space(&mut paragraph),
                    name if INLINE.contains(&name) => {}
                    _ if !paragraph.trim().is_empty() => return Some(paragraph),
                    _ => paragraph.clear(),
                }
            } else {
                let end = rest[first..].find('<').map_or(rest.len(), |end| end + first);
                push_text(&rest[..end], &mut paragraph);
                self.at += end;
            }
        }
        Some(paragraph).filter(|paragraph| !paragraph.trim().is_empty())
    }
}

/// Length of the tag at the beginning of a text. A `>` in quotes does not end it.
fn tag_len(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate().take(MAX_TAG) {
        match (byte, quote) {
            (b'>', None) => return at + 1,
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    rest.find('>').map_or(rest.len(), |end| end + 1)
}

/// Length of the content of an element, with the tag that closes it: the whole rest if there is none.
fn content_len(rest: &str, name: &str) -> usize {
    let closes = |at: &usize| {
        let after = rest.as_bytes().get(at + 2..at + 2 + name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(name.as_bytes()))
    };
    let found = rest.match_indices("</").map(|(at, _)| at).find(closes);
    found.map_or(rest.len(), |at| at + tag_len(&rest[at..]))
}

fn push_space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

/// Appends text with its characters by name, and with single spaces.
fn push_text(text: &str, out: &mut String) {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        at += c.len_utf8();
        let named = if c == '&' { entity(&text[at..]) } else { None };
        at += named.map_or(0, |(_, used)| used);
        match named.map_or(c, |(named, _)| named) {
            // A place where a word may be broken.
            '\u{ad}' => {}
            c if c.is_whitespace() => push_space(out),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs(html: &str) -> Vec<String> {
        let mut html = Html::new(html.to_owned());
        std::iter::from_fn(|| html.next_paragraph()).map(|paragraph| paragraph.trim().to_owned()).collect()
    }

    #[test]
    fn paragraphs_are_the_text_of_the_blocks() {
        let html = "<!DOCTYPE html><html><head><title>No</title><style>p > a {}</style></head><body>\n<h1>The  title</h1>\
                    <p class='a>b'>One <b>bold</b> caf&eacute; &amp;\n more<br>line</p><!-- <p>no</p> -->\
                    <script>if (a < b) { '<p>no</p>' }</script><ul><li>first<li>second</ul><td>a</td><td>b</td>";
        assert_eq!(paragraphs(html), ["The title", "One bold café & more\nline", "first", "second", "a b"]);
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        assert_eq!(paragraphs("a < b and 5 > 3 & so on"), ["a < b and 5 > 3 & so on"]);
        assert_eq!(paragraphs("x<p \"unclosed>y<p>z"), ["x", "y", "z"]);
        for cut in ["<", "<p", "<!--", "<script>x", "&", "&#", "</", "é<", "<é"] {
            paragraphs(cut);
        }
    }
}
