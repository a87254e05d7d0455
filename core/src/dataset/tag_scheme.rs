//! BIO tags and their relatives.

/// A tag of a known scheme.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum BioTag<'a> {
    Outside,
    Begin(&'a str),
    /// Goes on, or begins where nothing like it stands before.
    Inside(&'a str),
}

pub(crate) fn parse(tag: &str) -> Option<BioTag<'_>> {
    if tag == "O" {
        return Some(BioTag::Outside);
    }
    match tag.split_once('-').filter(|(_, kind)| !kind.is_empty())? {
        ("B" | "S" | "U", kind) => Some(BioTag::Begin(kind)),
        ("I" | "E" | "L", kind) => Some(BioTag::Inside(kind)),
        _ => None,
    }
}

/// Whether a tag is written as in BIO or its relatives.
pub(crate) fn is_bio(tag: &str) -> bool {
    parse(tag).is_some()
}

/// Whether a model's labels are those of BIO.
pub(crate) fn are_bio(labels: &[String]) -> bool {
    labels.iter().all(|label| is_bio(label))
}
