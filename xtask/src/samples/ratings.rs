//! Sentences from film reviews, with the mean rating of twenty readers.

use std::fs;

use anyhow::Result;

use super::choose::is_short;
use super::file::File;
use super::{Sample, balanced};
use crate::archive::{self, Archive, Registry};

const ARCHIVE: Archive = Archive {
    registry: Registry::Python,
    name: "vaderSentiment",
    version: "3.3.2",
    sha256: "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
};
/// Number of rows per third of the scale: below -1, above 1 and between.
const ROWS_PER_THIRD: usize = 150;
const MOST_CHARS: usize = 110;

pub(super) fn make() -> Result<Sample> {
    let folder = ARCHIVE.unpack()?;
    let study = folder.join("study");
    archive::untar(&folder.join("additional_resources/hutto_ICWSM_2014.tar.gz"), &study)?;
    let table = fs::read(study.join("movieReviewSnippets_GroundTruth.txt"))?;
    let license = fs::read_to_string(folder.join("LICENSE.txt"))?;
    fs::remove_dir_all(folder)?;
    let table = String::from_utf8_lossy(&table);
    let rows = balanced(table.lines().filter_map(row), |(third, row)| (&row[0], third), ROWS_PER_THIRD)?;
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Sample {
        id: "ratings",
        task: "regression",
        title: "Film reviews: how favorable?",
        description: "A sentence of a review, and the mean of what some twenty readers gave it, from -4 to 4.",
        license: "MIT",
        source: "C. J. Hutto and Eric Gilbert, VADER's ground truth, as packaged in vaderSentiment 3.3.2",
        notice: format!(
            "Selected from the rated movie review snippets of C. J. Hutto and Eric Gilbert (\"VADER: A Parsimonious \
             Rule-based Model for Sentiment Analysis of Social Media Text\", ICWSM 2014), as packaged in \
             vaderSentiment 3.3.2; the sentences are of the Rotten Tomatoes snippets of Bo Pang and Lillian Lee. Changes: \
             short sentences only, ratings rounded.\n\n{}",
            license.trim()
        ),
        file: File::csv(["text", "rating"], &rows)?,
    })
}

/// Parses `number<tab>mean<tab>sentence`. Also returns the third of the scale.
fn row(line: &str) -> Option<(&'static str, [String; 2])> {
    let mut fields = line.splitn(3, '\t').skip(1);
    let rating: f64 = fields.next()?.parse().ok()?;
    let text = fields.next()?.replace("''", "\"").split_whitespace().collect::<Vec<_>>().join(" ");
    let third = match rating {
        ..-1.0 => "low",
        ..=1.0 => "middle",
        _ => "high",
    };
    let is_clean = is_short(&text, MOST_CHARS) && !text.contains(char::REPLACEMENT_CHARACTER);
    is_clean.then(|| (third, [text, format!("{rating:.2}")]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn a_line_has_a_sentence_and_its_mean() {
        let (third, first) = row("3\t-1.6444\tEffective but ''too''  tepid a biopic\n").unwrap();
        assert_eq!((third, &first), ("low", &["Effective but \"too\" tepid a biopic".into(), "-1.64".into()]));
        let (_, second) = row("4\t2\tA fine film of a good book").unwrap();
        assert_eq!(row("5\t2\tShort"), None);
        assert_eq!(guessed_task(&File::csv(["text", "rating"], &[first, second]).unwrap()), "regression");
    }
}
