//! Two files of an archive whose lines correspond, as OPUS packs them: `Books.en-fr.en` and `Books.en-fr.fr`.

use crate::dataset::container::archive::member::Member;
use crate::dataset::container::pieces::{MemoryPieces, Opened};
use crate::dataset::folder::is_data_file;
use crate::dataset::formats::parallel::align;
use crate::dataset::inspect::languages::language;
use crate::dataset::source::{Content, ContentKind};
use crate::diagnostic::Diagnostic;

/// A file of an archive, unpacked.
pub(crate) struct Unpacked {
    pub path: String,
    pub bytes: Vec<u8>,
}

/// The only two files that are named after a language and else alike.
pub(crate) fn parallel(members: &[Member]) -> Option<[usize; 2]> {
    let of_language = members.iter().enumerate().filter_map(|(index, member)| {
        let (stem, extension) = member.path.rsplit_once('.').filter(|_| is_data_file(&member.path))?;
        language(extension).map(|_| (stem, index))
    });
    match of_language.collect::<Vec<_>>().as_slice() {
        &[(stem, first), (other, second)] if stem == other => Some([first, second]),
        _ => None,
    }
}

/// Opens the lines of both files as rows.
///
/// # Errors
/// As [`align`].
pub(crate) fn open_parallel(name: &str, [first, second]: &[Unpacked; 2]) -> Result<Opened, Diagnostic> {
    let of_path = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let rows = align(&of_path(&first.path), &first.bytes, &of_path(&second.path), &second.bytes)?;
    let content = Content { name: name.to_owned(), kind: ContentKind::Translations, ..Content::default() };
    Ok(Opened { content, pieces: Box::new(MemoryPieces::new(rows)), notices: None, warnings: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_two_languages_are_parallel() {
        let pair = |paths: &[&str]| {
            parallel(&paths.iter().map(|path| Member { path: (*path).into(), size: 1 }).collect::<Vec<_>>())
        };
        assert_eq!(pair(&["README", "LICENSE", "x.en-fr.en", "x.en-fr.fr", "x.en-fr.xml"]), Some([2, 3]));
        assert_eq!(pair(&["x.en", "y.fr"]), None);
        assert_eq!(pair(&["x.en", "x.fr", "x.de"]), None);
    }
}
