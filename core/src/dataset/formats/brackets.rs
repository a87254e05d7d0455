//! Entities between brackets over the words of a sentence, as in CoNLL-2012: `(ORG*`, `*`, `*)`.

/// Kinds of entities in OntoNotes and in CoNLL-2003. Other columns have brackets around phrases, arguments and mentions.
const KINDS: [&str; 22] = [
    "PERSON",
    "NORP",
    "FAC",
    "ORG",
    "GPE",
    "LOC",
    "PRODUCT",
    "EVENT",
    "WORK_OF_ART",
    "LAW",
    "LANGUAGE",
    "DATE",
    "TIME",
    "PERCENT",
    "MONEY",
    "QUANTITY",
    "ORDINAL",
    "CARDINAL",
    "PER",
    "MISC",
    "GPE_ORG",
    "ORG_GPE",
];

/// Returns true if a column has entities between brackets.
pub(crate) fn are_entities<'a>(mut cells: impl Iterator<Item = &'a str>) -> bool {
    let mut has_entity = false;
    let all = cells.all(|cell| match kind(cell) {
        Some(kind) => {
            has_entity = true;
            KINDS.contains(&kind)
        }
        None => matches!(cell, "*" | "*)" | "-"),
    });
    all && has_entity
}

/// The BIO tags of a sentence.
pub(crate) fn to_bio<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut open: Option<&str> = None;
    let tag = |cell: &'a str| {
        let (begins, ends) = (kind(cell), cell.ends_with(')'));
        let tag = match (begins, open) {
            (Some(kind), _) => format!("B-{kind}"),
            (None, Some(kind)) => format!("I-{kind}"),
            (None, None) => "O".to_owned(),
        };
        open = if ends { None } else { begins.or(open) };
        tag
    };
    cells.map(tag).collect()
}

/// The kind of the entity that begins at a word.
fn kind(cell: &str) -> Option<&str> {
    let rest = cell.strip_prefix('(')?;
    Some(rest.trim_end_matches([')', '*']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_become_bio_tags() {
        let tags = to_bio(["(ORG*", "*", "*)", "*", "(PERSON)", "(GPE*)", "*"].into_iter());
        assert_eq!(tags.join(" "), "B-ORG I-ORG I-ORG O B-PERSON B-GPE O");
    }

    #[test]
    fn brackets_around_phrases_and_mentions_are_no_entities() {
        assert!(are_entities(["(ORG*", "*)", "*"].into_iter()));
        for cells in [["(S*", "*)"], ["(V*)", "*"], ["(12)", "-"], ["*", "*"], ["-", "-"], ["(ARG0*", "*)"]] {
            assert!(!are_entities(cells.into_iter()), "{cells:?}");
        }
    }
}
