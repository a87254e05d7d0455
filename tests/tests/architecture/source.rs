//! Rust source reduced to what the checks need: code without comments, strings and tests, and the paths in it.

use std::ops::Range;

/// Code of a file, with everything else blanked out.
pub struct Source {
    pub code: String,
    /// Names of modules that only exist in tests: `#[cfg(test)] mod name;`.
    pub test_modules: Vec<String>,
}

impl Source {
    pub fn new(text: &str) -> Self {
        let mut source = Self { code: without_comments_and_strings(text), test_modules: Vec::new() };
        source.remove_test_code();
        source
    }

    fn remove_test_code(&mut self) {
        if self.code.contains("#![cfg(test)]") {
            self.code.clear();
        }
        while let Some(start) = self.code.find("#[cfg(test)]") {
            let end = end_of_item(&self.code, start);
            let item: Vec<&str> = self.code[start..end].trim_end_matches(';').split_whitespace().collect();
            if let [.., "mod", name] = item[..] {
                self.test_modules.push(name.to_owned());
            }
            blank(&mut self.code, start..end);
        }
    }

    /// Every path that begins with `crate`, `self`, `super` or one of `children`, with groups expanded: `crate::a::{b,
    /// c}` becomes `crate::a::b` and `crate::a::c`. Renames are dropped.
    pub fn paths(&self, children: &[String]) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        let mut at = 0;
        while let Some(word) = next_word(&self.code, at) {
            let name = &self.code[word.clone()];
            let is_head = ["crate", "self", "super"].contains(&name) || children.iter().any(|child| child == name);
            let follows_path = self.code[..word.start].trim_end().ends_with("::");
            at = word.end;
            if is_head && !follows_path && self.code[word.end..].trim_start().starts_with("::") {
                let mut tree = Tree { code: &self.code, at: word.start };
                tree.expand(&[], &mut |path, _| paths.push(path.to_vec()));
                at = tree.at.max(word.end);
            }
        }
        paths
    }

    /// Re-exports of items from other modules: the name here, and the path. A glob has the name `*`.
    pub fn reexports(&self) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(start) = self.code[at..].find("use ").map(|start| at + start) {
            at = start + 4;
            let statement = self.code[..start].rsplit([';', '}', '{', ']']).next().unwrap_or_default().trim();
            if !statement.starts_with("pub") {
                continue;
            }
            let mut tree = Tree { code: &self.code, at };
            tree.expand(&[], &mut |path, name| found.push((name.to_owned(), path.to_vec())));
            at = tree.at;
        }
        found
    }

    /// Returns true if the identifier occurs in the code.
    pub fn names(&self, name: &str) -> bool {
        let mut at = 0;
        while let Some(word) = next_word(&self.code, at) {
            if &self.code[word.clone()] == name {
                return true;
            }
            at = word.end;
        }
        false
    }
}

/// A path with its groups, as in `a::{b, c as d, e::*}`.
struct Tree<'a> {
    code: &'a str,
    at: usize,
}

impl Tree<'_> {
    /// Calls `found` with each path and its name here.
    fn expand(&mut self, before: &[String], found: &mut dyn FnMut(&[String], &str)) {
        let mut path = before.to_vec();
        loop {
            self.skip_spaces();
            if self.take("{") {
                while !self.take("}") && self.at < self.code.len() {
                    self.expand(&path, found);
                    self.skip_spaces();
                    self.take(",");
                    self.skip_spaces();
                }
                return;
            }
            if self.take("*") {
                return found(&path, "*");
            }
            let Some(word) = next_word(self.code, self.at).filter(|word| word.start == self.at) else {
                // A turbofish, or something that is not a path; step over it.
                if path.len() > before.len() {
                    found(&path, "");
                }
                self.at += self.code[self.at..].chars().next().map_or(0, char::len_utf8);
                return;
            };
            self.at = word.end;
            path.push(self.code[word].to_owned());
            let end = self.at;
            self.skip_spaces();
            if !self.take("::") {
                let name = match self.code[self.at..].strip_prefix("as ") {
                    Some(rest) if before.len() < path.len() => {
                        let name = next_word(rest, 0).map_or("", |word| &rest[word]);
                        self.at += 3 + name.len();
                        name
                    }
                    _ => {
                        self.at = end;
                        path.last().map_or("", String::as_str)
                    }
                };
                // `a::{self}` is `a`.
                let own = name == "self" && path.len() > 1;
                let shown = if own { &path[..path.len() - 1] } else { &path[..] };
                return found(shown, if own { shown.last().map_or("", String::as_str) } else { name });
            }
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.code[self.at..].starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn skip_spaces(&mut self) {
        let rest = &self.code[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

/// The next identifier or keyword at or after `from`.
fn next_word(code: &str, from: usize) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let start = from + code[from..].find(is_word)?;
    let length = code[start..].find(|c| !is_word(c)).unwrap_or(code.len() - start);
    Some(start..start + length)
}

/// End of the item that begins at `start` with its attributes: at a semicolon, or at the brace that closes it.
fn end_of_item(code: &str, start: usize) -> usize {
    let (mut braces, mut others) = (0_usize, 0_usize);
    for (at, c) in code[start..].char_indices() {
        match c {
            '{' => braces += 1,
            '}' if braces == 1 && others == 0 => return start + at + 1,
            '}' => braces = braces.saturating_sub(1),
            '(' | '[' => others += 1,
            ')' | ']' => others = others.saturating_sub(1),
            ';' | ',' if braces == 0 && others == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(code: &mut String, range: Range<usize>) {
    let spaces: String = code[range.clone()].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    code.replace_range(range, &spaces);
}

fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_word = code.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest, '"'),
            'r' if !after_word && raw_string(&rest[1..]).is_some() => 1 + raw_string(&rest[1..]).unwrap_or(0),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of a quoted literal, including the quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Length of a raw string after its `r`.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let body = text[hashes..].strip_prefix('"')?;
    Some(hashes + 1 + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

/// Length of a character literal, or zero for a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => quoted(text, '\''),
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}
