//! Addresses in the United States, with each word tagged.

use std::fs;

use anyhow::Result;
use serde_json::json;

use super::file::File;
use super::{Sample, balanced};
use crate::archive::{Archive, Registry};

const ARCHIVE: Archive = Archive {
    registry: Registry::Python,
    name: "usaddress",
    version: "0.5.16",
    sha256: "f7e614e2489c159cf85be1b6f86edbfaf329dbeedef4d002a025757afd1ec6c6",
};
const ROWS: usize = 400;
const FEWEST_WORDS: usize = 4;

/// Prefixes of the elements' names, and the tags that they become.
const PARTS: [(&str, &str); 9] = [
    ("AddressNumber", "NUMBER"),
    ("BuildingName", "BUILDING"),
    ("Occupancy", "UNIT"),
    ("PlaceName", "PLACE"),
    ("StateName", "STATE"),
    ("StreetName", "STREET"),
    ("Subaddress", "UNIT"),
    ("USPSBox", "BOX"),
    ("ZipCode", "ZIP"),
];

/// Words, each with its tag.
type Address = Vec<(String, String)>;

pub(super) fn make() -> Result<Sample> {
    let folder = ARCHIVE.unpack()?;
    let labeled = fs::read_to_string(folder.join("training/labeled.xml"))?;
    let license = fs::read_to_string(folder.join("LICENSE"))?;
    fs::remove_dir_all(folder)?;
    let addresses = labeled.lines().filter_map(address).filter(|address| address.len() >= FEWEST_WORDS);
    let addresses = addresses.map(|address| (words(&address).join(" "), address));
    let addresses = balanced(addresses, |(text, _)| (text, ""), ROWS)?;
    Ok(Sample {
        id: "addresses",
        task: "token_classification",
        title: "Addresses: what is each word?",
        description: "An address in the United States, each word tagged by hand: number, street, place and so on.",
        license: "MIT",
        source: "usaddress 0.5.16, DataMade and The Atlanta Journal-Constitution",
        notice: format!(
            "Selected from the labeled addresses of usaddress 0.5.16. Changes: addresses with people's names left \
             out, tags put together.\n\n{}",
            license.trim()
        ),
        file: file(addresses.iter().map(|(_, address)| address)),
    })
}

/// Parses `<AddressString><Element>word</Element> …</AddressString>`. Returns `None` if an element is not part of a
/// place: a person's name, or a crossing of two streets.
fn address(line: &str) -> Option<Address> {
    let inner = line.trim().strip_prefix("<AddressString>")?.strip_suffix("</AddressString>")?;
    let mut address = Address::new();
    let mut last = "O";
    for piece in inner.split('<').filter(|piece| !piece.is_empty()) {
        let (element, text) = piece.split_once('>').unwrap_or(("/", piece));
        let part = match element.strip_prefix('/') {
            Some(_) => "O",
            None => PARTS.iter().find(|(start, _)| element.starts_with(start))?.1,
        };
        for word in text.split_whitespace() {
            let tag = match part {
                "O" => "O".into(),
                _ if part == last => format!("I-{part}"),
                _ => format!("B-{part}"),
            };
            address.push((word.replace("&amp;", "&"), tag));
            last = part;
        }
    }
    Some(address)
}

fn words(address: &Address) -> Vec<&str> {
    address.iter().map(|(word, _)| word.as_str()).collect()
}

fn file<'a>(addresses: impl Iterator<Item = &'a Address>) -> File {
    let tags = |address: &Address| address.iter().map(|(_, tag)| tag.clone()).collect::<Vec<_>>();
    let rows = addresses.map(|address| json!({ "tokens": words(address), "tags": tags(address) }));
    File::json_lines(&rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn words_are_tagged_by_their_elements() {
        let line = "  <AddressString><AddressNumber>12</AddressNumber> \
            <StreetNamePreDirectional>S.</StreetNamePreDirectional> \
            <StreetName>Dr &amp; Co</StreetName># <OccupancyIdentifier>1</OccupancyIdentifier></AddressString>";
        let found = address(line).unwrap();
        let pairs: Vec<_> = found.iter().map(|(word, tag)| (word.as_str(), tag.as_str())).collect();
        let street = [("S.", "B-STREET"), ("Dr", "I-STREET"), ("&", "I-STREET"), ("Co", "I-STREET")];
        assert_eq!(pairs, [&[("12", "B-NUMBER")], &street[..], &[("#", "O"), ("1", "B-UNIT")]].concat());
        assert_eq!(guessed_task(&file([&found, &found].into_iter())), "token_classification");
    }

    #[test]
    fn an_address_with_a_name_is_skipped() {
        assert_eq!(address("<AddressString><Recipient>Ann</Recipient></AddressString>"), None);
    }
}
