//! Licenses and banned crates among the dependencies, by the lists in deny.toml.

use std::collections::{HashMap, HashSet};
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{paths, process};

/// Checks every dependency: with cargo-deny if it is installed, otherwise with [`Policy`].
///
/// # Errors
/// If a license is not allowed, or a crate is banned.
pub fn check() -> Result<()> {
    if process::works("cargo-deny", &["--version"]) {
        return process::run(process::command("cargo").args(["deny", "check", "licenses", "bans"]));
    }
    let policy = Policy::parse(&fs::read_to_string(paths::root().join("deny.toml"))?)?;
    let mut cargo = process::command("cargo");
    cargo.args(["tree", "--locked", "--workspace", "--target", "all", "--prefix", "none"]);
    let tree = process::output(cargo.args(["--format", "{p}|{l}"]))?;
    let violations = policy.violations(&tree);
    if !violations.is_empty() {
        bail!("deny.toml does not allow these dependencies:\n{}", violations.join("\n"));
    }
    Ok(())
}

/// The lists in deny.toml.
struct Policy {
    /// SPDX expressions without `AND` and `OR`.
    allowed: HashSet<String>,
    /// Further licenses allowed for single crates.
    exceptions: HashMap<String, HashSet<String>>,
    /// Banned crates, each with the reason.
    banned: HashMap<String, String>,
}

impl Policy {
    fn parse(toml: &str) -> Result<Self> {
        let file: Value = toml::from_str(toml).context("deny.toml")?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let names = |value: &Value| list(value).iter().map(text).collect::<HashSet<_>>();
        let licenses = &file["licenses"];
        Ok(Self {
            allowed: names(&licenses["allow"]),
            exceptions: list(&licenses["exceptions"])
                .iter()
                .map(|entry| (text(&entry["crate"]), names(&entry["allow"])))
                .collect(),
            banned: list(&file["bans"]["deny"])
                .iter()
                .map(|entry| (text(&entry["crate"]), text(&entry["reason"])))
                .collect(),
        })
    }

    /// Violations in a tree of dependencies: lines of `name version|license`, as `cargo tree` prints them.
    fn violations(&self, tree: &str) -> Vec<String> {
        // A package that was printed before is marked with (*).
        let lines = tree.lines().map(|line| line.strip_suffix(" (*)").unwrap_or(line));
        let mut lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.into_iter().filter_map(|line| self.violation(line)).collect()
    }

    fn violation(&self, line: &str) -> Option<String> {
        let (package, license) = line.split_once('|').unwrap_or((line, ""));
        let name = package.split(' ').next().unwrap_or(package);
        if let Some(reason) = self.banned.get(name) {
            return Some(format!("{package}: banned, because {reason}"));
        }
        let exceptions = self.exceptions.get(name);
        let is_allowed = |license: &str| {
            self.allowed.contains(license) || exceptions.is_some_and(|licenses| licenses.contains(license))
        };
        match is_satisfied(license, is_allowed) {
            Some(true) => None,
            Some(false) => Some(format!("{package}: the license {license} is not allowed")),
            None => Some(format!("{package}: {license:?} is not an SPDX expression")),
        }
    }
}

/// Evaluates an SPDX license expression, or returns `None` if it is not one. The old form `MIT/Apache-2.0` means `OR`.
fn is_satisfied(expression: &str, is_allowed: impl Fn(&str) -> bool) -> Option<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let satisfied = alternatives(&mut words, &is_allowed)?;
    words.next().is_none().then_some(satisfied)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// Parses `a OR b`, which binds less tightly than `AND`.
fn alternatives(words: &mut Words, is_allowed: &impl Fn(&str) -> bool) -> Option<bool> {
    let mut satisfied = conjunction(words, is_allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        satisfied |= conjunction(words, is_allowed)?;
    }
    Some(satisfied)
}

/// Parses `a AND b`.
fn conjunction(words: &mut Words, is_allowed: &impl Fn(&str) -> bool) -> Option<bool> {
    let mut satisfied = term(words, is_allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        satisfied &= term(words, is_allowed)?;
    }
    Some(satisfied)
}

/// Parses a license, a license `WITH` an exception, or an expression in parentheses.
fn term(words: &mut Words, is_allowed: &impl Fn(&str) -> bool) -> Option<bool> {
    match words.next()? {
        "(" => {
            let satisfied = alternatives(words, is_allowed)?;
            (words.next()? == ")").then_some(satisfied)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        license if words.next_if_eq(&"WITH").is_some() => {
            Some(is_allowed(&format!("{license} WITH {}", words.next()?)))
        }
        license => Some(is_allowed(license)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
        exceptions = [{ crate = "colored", allow = ["MPL-2.0"] }]
        [bans]
        deny = [{ crate = "openssl", reason = "nothing connects" }]
    "#;

    #[test]
    fn forbidden_licenses_and_banned_crates_are_found() {
        let tree = "a v1.0.0|MIT\nb v1.0.0|GPL-3.0-only\ncolored v3.0.0|MPL-2.0\n\
                    d v1.0.0|MPL-2.0\nopenssl v0.10.0|MIT\nf v1.0.0|\nb v1.0.0|GPL-3.0-only (*)\n";
        assert_eq!(
            Policy::parse(POLICY).unwrap().violations(tree),
            [
                "b v1.0.0: the license GPL-3.0-only is not allowed",
                "d v1.0.0: the license MPL-2.0 is not allowed",
                "f v1.0.0: \"\" is not an SPDX expression",
                "openssl v0.10.0: banned, because nothing connects",
            ]
        );
    }

    #[test]
    fn expressions_are_evaluated_as_spdx_defines_them() {
        let mit = |license: &str| license == "MIT" || license == "Apache-2.0 WITH LLVM-exception";
        for (expression, expected) in [
            ("MIT", Some(true)),
            ("GPL-3.0-only OR MIT", Some(true)),
            ("MIT/Apache-2.0", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("MIT OR GPL-3.0-only AND ISC", Some(true)),
            ("(MIT OR GPL-3.0-only) AND ISC", Some(false)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("Apache-2.0", Some(false)),
            ("", None),
            ("MIT OR", None),
            ("(MIT", None),
            ("MIT ISC", None),
        ] {
            assert_eq!(is_satisfied(expression, mit), expected, "{expression}");
        }
    }

    #[test]
    fn our_dependencies_are_allowed() {
        check().unwrap();
    }
}
