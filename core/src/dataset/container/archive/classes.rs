//! Folders of texts, one for each class: `train/pos/0.txt`.

use std::collections::{BTreeMap, HashMap};

use crate::dataset::container::archive::member::Member;
use crate::dataset::container::splits::{Splits, is_split};
use crate::dataset::folder::is_data_file;
use crate::dataset::source::DataRole;
use crate::diagnostic::Diagnostic;
use crate::phrases::count;

/// Names of folders with texts without a class.
const UNLABELED: [&str; 3] = ["unsup", "unlabeled", "unlabelled"];
/// Extensions of texts. Files without an extension, or with a number in its place, are texts too.
const TEXTS: [&str; 5] = ["txt", "text", "md", "eml", "email"];
/// Minimum number of texts for a folder to be a class.
const MIN_TEXTS: usize = 2;

/// Texts, each with the name of its folder as the label.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// Index among the members, and label of each text that is read.
    pub texts: Vec<(usize, String)>,
    /// True if the archive has training rows and also validation rows.
    pub holds_validation: bool,
    /// True if it also has test rows, apart from the validation rows.
    pub holds_test: bool,
    /// Warnings about texts that are not read.
    pub warnings: Vec<Diagnostic>,
}

/// A text by its folders.
struct Text<'a> {
    index: usize,
    label: &'a str,
    /// The folder that says what the rows are for, in lower case.
    split: Option<String>,
}

/// The texts for a role; none if the members are not sorted into classes.
pub(crate) fn classes(members: &[Member], role: DataRole) -> Option<Classes> {
    let folders = |path: &str| path.matches('/').count();
    let mut depths: HashMap<usize, usize> = HashMap::new();
    let is_read = |path: &str| is_data_file(path) && is_text(path);
    let texts = || members.iter().enumerate().filter(|(_, member)| is_read(&member.path));
    for (_, member) in texts() {
        *depths.entry(folders(&member.path)).or_default() += 1;
    }
    // Files at other depths are descriptions and lists.
    let (depth, _) = depths.into_iter().max_by_key(|&(depth, texts)| (texts, depth))?;
    let mut sorted = Vec::new();
    let mut unlabeled = 0;
    for (index, member) in texts().filter(|(_, member)| folders(&member.path) == depth) {
        let mut path: Vec<&str> = member.path.split('/').collect();
        path.pop();
        let label = path.pop().filter(|label| !is_split(label))?;
        if UNLABELED.contains(&label.to_lowercase().as_str()) {
            unlabeled += 1;
            continue;
        }
        let split = path.iter().rev().find(|folder| is_split(folder)).map(|folder| folder.to_lowercase());
        sorted.push(Text { index, label, split });
    }
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    sorted.iter().for_each(|text| *sizes.entry(text.label).or_default() += 1);
    if sizes.values().filter(|&&texts| texts >= MIN_TEXTS).count() < 2 {
        return None;
    }
    let mut warnings = Vec::new();
    if unlabeled > 0 {
        let what = format!("{} in folders without a class (such as \"unsup\").", count(unlabeled, "text"));
        warnings.push(Diagnostic::new("data.unlabeled-folder", what).done("Not read, because they have no label."));
    }
    let found = sorted.iter().filter_map(|text| text.split.clone()).collect();
    let splits = Splits::of(&found);
    warnings.extend(splits.warning(&[]));
    let [holds_validation, holds_test] = splits.held_out();
    let chosen = splits.for_role(role);
    let is_chosen = |text: &Text| chosen.is_none_or(|chosen| text.split.as_ref() == Some(chosen));
    let texts = interleaved(sorted.into_iter().filter(is_chosen));
    Some(Classes { texts, holds_validation, holds_test, warnings })
}

/// One text of each class in turn, so that the first rows show all of them.
fn interleaved<'a>(texts: impl Iterator<Item = Text<'a>>) -> Vec<(usize, String)> {
    let mut read: HashMap<&str, usize> = HashMap::new();
    let mut ranked: Vec<(usize, Text)> = texts
        .map(|text| {
            let rank = read.entry(text.label).or_default();
            *rank += 1;
            (*rank, text)
        })
        .collect();
    ranked.sort_by(|(rank, text), (other_rank, other)| (rank, text.label).cmp(&(other_rank, other.label)));
    ranked.into_iter().map(|(_, text)| (text.index, text.label.to_owned())).collect()
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        None => true,
        Some((_, extension)) => {
            TEXTS.contains(&extension.to_lowercase().as_str()) || extension.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[&str], role: DataRole) -> Option<(Vec<String>, bool, Vec<String>)> {
        let members: Vec<Member> = paths.iter().map(|path| Member { path: (*path).into(), size: 1 }).collect();
        let classes = classes(&members, role)?;
        let texts = classes.texts.into_iter().map(|(index, label)| format!("{label}:{}", members[index].path));
        let codes = classes.warnings.into_iter().map(|warning| warning.code).collect();
        Some((texts.collect(), classes.holds_validation, codes))
    }

    #[test]
    fn the_last_folder_is_the_class_and_train_and_test_are_the_split() {
        let imdb = [
            "aclImdb/README",
            "aclImdb/imdbEr.txt",
            "aclImdb/train/urls_pos.txt",
            "aclImdb/train/neg/0_3.txt",
            "aclImdb/train/neg/1_1.txt",
            "aclImdb/train/pos/0_9.txt",
            "aclImdb/train/pos/1_7.txt",
            "aclImdb/train/unsup/0_0.txt",
            "aclImdb/test/neg/0_2.txt",
            "aclImdb/test/pos/0_10.txt",
        ];
        let (texts, holds_validation, warnings) = found(&imdb, DataRole::Train).unwrap();
        let expected =
            ["neg:aclImdb/train/neg/0_3.txt", "pos:aclImdb/train/pos/0_9.txt", "neg:aclImdb/train/neg/1_1.txt"];
        assert_eq!((&texts[..3], texts.len(), holds_validation), (&expected.map(str::to_owned)[..], 4, true));
        assert_eq!(warnings, ["data.unlabeled-folder"]);
        let (texts, ..) = found(&imdb, DataRole::Validation).unwrap();
        assert_eq!(texts, ["neg:aclImdb/test/neg/0_2.txt", "pos:aclImdb/test/pos/0_10.txt"]);
    }

    #[test]
    fn files_without_an_extension_are_texts_and_a_validation_folder_goes_before_a_test_folder() {
        let paths = ["a/x.y/1", "a/x.y/2", "a/z/10", "a/z/20"];
        assert_eq!(found(&paths, DataRole::Train).unwrap().0.len(), 4);
        assert_eq!(found(&paths, DataRole::Validation).unwrap().0.len(), 4);
        let three = ["train/a/1.txt", "train/a/2.txt", "train/b/1.txt", "train/b/2.txt", "test/a/1.txt", "dev/b/1.txt"];
        let (texts, _, warnings): (_, _, Vec<String>) = found(&three, DataRole::Validation).unwrap();
        assert_eq!((texts, warnings), (vec!["b:dev/b/1.txt".to_owned()], vec![]));
        assert_eq!(found(&three, DataRole::Test).unwrap().0, ["a:test/a/1.txt"]);
        let four = [&three[..], &["val/a/1.txt"]].concat();
        assert_eq!(found(&four, DataRole::Train).unwrap().2, ["data.other-split"]);
        assert_eq!(
            found(&["test/a/1.txt", "test/a/2.txt", "test/b/1.txt", "test/b/2.txt"], DataRole::Train).unwrap().0.len(),
            4
        );
    }

    #[test]
    fn other_archives_are_no_classes() {
        for paths in [
            &["train.txt", "test.txt"][..],
            &["data/train/a.txt", "data/train/b.txt", "data/test/a.txt", "data/test/b.txt"],
            &["a/x.txt", "b/y.txt"],
            &["a/1.txt", "a/2.txt"],
            &["a/1.csv", "a/2.csv", "b/1.csv", "b/2.csv"],
            &[],
        ] {
            assert!(found(paths, DataRole::Train).is_none(), "{paths:?}");
        }
    }
}
