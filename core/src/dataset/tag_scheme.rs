//! BIO tags and related schemes: IOB1, BIOES and BILOU.

/// A tag of one of these schemes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum BioTag<'a> {
    Outside,
    Begin(&'a str),
    /// Continues an entity, or begins one if no entity of its kind precedes it.
    Inside(&'a str),
}

/// Parses a tag. None if it follows no known scheme.
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

/// Returns true if a tag follows BIO or a related scheme.
pub(crate) fn is_bio(tag: &str) -> bool {
    parse(tag).is_some()
}

/// Separators of tags in one cell, besides a space.
const SEPARATORS: [char; 4] = [',', '|', ';', '\t'];

/// Separator of the BIO tags in a cell of several: the first that leaves nothing else.
pub(crate) fn separator_of(tags: &str) -> Option<char> {
    let separates = |separator: &char| {
        tags.contains(*separator) && tags.split(*separator).all(|tag| tag.trim().is_empty() || is_bio(tag.trim()))
    };
    SEPARATORS.into_iter().find(separates).filter(|_| tags.chars().any(char::is_alphabetic))
}

/// Returns true if all labels follow BIO or a related scheme.
pub(crate) fn are_bio(labels: &[String]) -> bool {
    labels.iter().all(|label| is_bio(label))
}
