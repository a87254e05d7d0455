//! What an archive contains: a model, tables, a folder for each class, or texts with annotations.

use std::collections::HashSet;

use crate::dataset::container::archive::classes::{Classes, classes};
use crate::dataset::container::archive::consecutive::{consecutive, total};
use crate::dataset::container::archive::member::Member;
use crate::dataset::container::archive::parallel::parallel;
use crate::dataset::container::archive::standoff::{Standoff, standoff};
use crate::dataset::container::archive::table_splits::TableSplits;
use crate::dataset::folder::is_data_file;
use crate::dataset::source::{DataRole, PartKind, Parts};
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_ARCHIVE_FILES;
use crate::phrases::{count, names, thousands};

/// Extensions of tables.
const TABLES: [&str; 19] = [
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".conll", ".conllu", ".iob", ".iob2", ".bio", ".txt", ".xlsx",
    ".ods", ".tmx", ".xlf", ".xliff", ".po", ".tab", ".parquet",
];
/// Extensions of compressed tables, after that of the table.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];
/// Extensions of weights.
const WEIGHTS: [&str; 4] = [".safetensors", ".gguf", ".onnx", "pytorch_model.bin"];
/// Extensions of archives.
const ARCHIVES: [&str; 6] = [".zip", ".tar", ".tgz", ".7z", ".rar", ".tar.gz"];
/// Words in the names of tables with training and with validation rows.
const TRAINING: [&str; 1] = ["train"];
const VALIDATION: [&str; 4] = ["valid", "dev", "eval", "test"];
/// Words in the name of a table with test rows.
const TEST: [&str; 1] = ["test"];

/// Part of an archive that is read.
pub(crate) enum Contents {
    Table(Box<ChosenTable>),
    Classes(Classes),
    Standoff(Standoff),
    /// Two files whose lines correspond, by their indices.
    Parallel([usize; 2]),
}

/// One table of an archive.
pub(crate) struct ChosenTable {
    /// Its files: several if it is spread over files whose names have consecutive numbers.
    pub files: Vec<MemberTable>,
    /// The tables of the archive.
    pub parts: Parts,
    /// The tables with validation and with test rows.
    pub held_out: [Option<MemberTable>; 2],
    /// Warning about tables that are not read, if all these files are.
    pub warning: Option<Diagnostic>,
    /// The same if only the first of these files is read.
    pub warning_of_first: Option<Diagnostic>,
}

/// A table among the members of an archive.
pub(crate) struct MemberTable {
    /// Its index among the members.
    pub member: usize,
    /// Its path.
    pub path: String,
}

/// Decides what to read: the table that the user chose, the only one or the likeliest one for the role, all texts of
/// folders that are classes, or all texts with annotations.
///
/// # Errors
/// `data.is-model`, `data.no-table`, `data.no-member`, `data.archive-path`, `data.same-paths` and `data.too-many-files`.
pub(crate) fn contents(
    file: &str,
    members: &[Member],
    role: DataRole,
    chosen: Option<&str>,
) -> Result<Contents, Diagnostic> {
    check(file, members)?;
    let ends = |member: &Member, endings: &[&str]| {
        let path = member.path.to_lowercase();
        endings.iter().any(|ending| path.ends_with(ending))
    };
    if members.iter().any(|member| ends(member, &WEIGHTS)) {
        let what = format!("{} is a model, not data.", names(&[file]));
        return Err(Diagnostic::new("data.is-model", what).done("It was not read.").remedy("Choose it under Model."));
    }
    if chosen.is_none() {
        if let Some(standoff) = standoff(members, role) {
            return Ok(Contents::Standoff(standoff));
        }
        if let Some(classes) = classes(members, role) {
            return Ok(Contents::Classes(classes));
        }
    }
    let is_table = |member: &&(usize, &Member)| {
        let path = member.1.path.to_lowercase();
        let path = COMPRESSED.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(&path);
        TABLES.iter().any(|ending| path.ends_with(ending))
    };
    let all: Vec<(usize, &Member)> =
        members.iter().enumerate().filter(|(_, member)| is_data_file(&member.path)).collect();
    let mut tables: Vec<(usize, &Member)> = all.iter().filter(is_table).copied().collect();
    if tables.is_empty() && all.len() == 1 && !ends(all[0].1, &ARCHIVES) {
        // Its name may lack an extension.
        tables = all.clone();
    }
    if tables.is_empty()
        && let Some(pair) = parallel(members)
    {
        return Ok(Contents::Parallel(pair));
    }
    if tables.is_empty() {
        return Err(no_table(file, &all, all.iter().any(|(_, member)| ends(member, &ARCHIVES))));
    }
    let paths: Vec<String> = tables.iter().map(|(_, member)| member.path.clone()).collect();
    let splits = TableSplits::of(&paths).filter(|_| chosen.is_none());
    let nth = match chosen {
        Some(chosen) => paths.iter().position(|path| path == chosen).ok_or_else(|| {
            let what = format!("{} has no table {}.", names(&[file]), names(&[chosen]));
            Diagnostic::new("data.no-member", what)
                .done("The file was not read.")
                .remedy(format!("Its tables are {}.", names(&paths)))
        })?,
        None => splits.as_ref().and_then(|splits| splits.table(role)).unwrap_or_else(|| likeliest(&tables, role)),
    };
    let (purpose, same) = match &splits {
        Some(splits) => splits.same_purpose(nth),
        // Without a purpose, only their names show that files are one table.
        None => (
            None,
            if chosen.is_none() && total(&paths[nth]).is_some() { (0..paths.len()).collect() } else { vec![nth] },
        ),
    };
    let numbered = consecutive(&paths, nth, &same);
    // Without a purpose, any table of the same format might have been meant.
    let ending = |path: &str| path.to_lowercase().rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let alike = match purpose {
        Some(_) => same.len(),
        None if chosen.is_some() => 1,
        None => paths.iter().filter(|path| ending(path) == ending(&paths[nth])).count(),
    };
    let warning = |read: &[usize]| {
        let of_purpose = purpose.map(|purpose| format!(" of the rows for {purpose}")).unwrap_or_default();
        (alike.max(numbered.len()) > read.len()).then(|| {
            let what = format!("{} has {} tables{of_purpose}.", names(&[file]), alike.max(numbered.len()));
            let read: Vec<&String> = read.iter().map(|&table| &paths[table]).collect();
            let verb = if read.len() == 1 { "was" } else { "were" };
            Diagnostic::new("data.one-of-tables", what)
                .done(format!("Only {} {verb} read.", names(&read)))
                .remedy("Choose another one, or join them to one table.")
        })
    };
    let table = |nth: usize| MemberTable { member: tables[nth].0, path: paths[nth].clone() };
    Ok(Contents::Table(Box::new(ChosenTable {
        files: numbered.iter().map(|&nth| table(nth)).collect(),
        held_out: splits.as_ref().map_or([None; 2], TableSplits::held_out).map(|nth| nth.map(table)),
        warning: warning(&numbered),
        warning_of_first: warning(&numbered[..1]),
        parts: Parts { kind: PartKind::File, chosen: numbered[0] as u32, names: paths.clone() },
    })))
}

/// The table whose name says that it is for the role, or else the largest one.
fn likeliest(tables: &[(usize, &Member)], role: DataRole) -> usize {
    let words: &[&str] = match role {
        DataRole::Train => &TRAINING,
        DataRole::Validation => &VALIDATION,
        DataRole::Test => &TEST,
    };
    let is_named = |word: &str| {
        let word = word.to_owned();
        tables.iter().position(|(_, member)| {
            let name = member.path.rsplit('/').next().unwrap_or_default();
            name.to_lowercase().contains(&word)
        })
    };
    let largest = || (0..tables.len()).max_by_key(|&nth| (tables[nth].1.size, tables.len() - nth));
    words.iter().find_map(|word| is_named(word)).or_else(largest).unwrap_or_default()
}

/// Refuses what no honest archive contains.
fn check(file: &str, members: &[Member]) -> Result<(), Diagnostic> {
    let refused = |code: &str, what: String, remedy: &str| {
        Err(Diagnostic::new(code, what).done("The file was not read.").remedy(remedy))
    };
    if members.len() > MAX_ARCHIVE_FILES {
        let what = format!("{} contains more than {} files.", names(&[file]), thousands(MAX_ARCHIVE_FILES));
        return refused("data.too-many-files", what, "Put the texts into one table: a text and a label in each row.");
    }
    let mut seen = HashSet::new();
    for Member { path, .. } in members {
        let unix = path.replace('\\', "/");
        let is_outside =
            unix.starts_with('/') || unix.split('/').any(|part| part == "..") || unix.get(1..3) == Some(":/");
        if is_outside {
            let what = format!("{} contains a file outside its own folder: {}.", names(&[file]), names(&[path]));
            return refused(
                "data.archive-path",
                what,
                "It may be an attack on programs that unpack it. Pack the files again.",
            );
        }
        if is_data_file(path) && !seen.insert(path.as_str()) {
            let what = format!("{} contains two files called {}.", names(&[file]), names(&[path]));
            return refused("data.same-paths", what, "It is not clear which one counts. Pack the files again.");
        }
    }
    Ok(())
}

fn no_table(file: &str, all: &[(usize, &Member)], has_archives: bool) -> Diagnostic {
    let paths: Vec<&str> = all.iter().map(|(_, member)| member.path.as_str()).collect();
    let what = match paths.len() {
        0 => format!("{} contains no files.", names(&[file])),
        files => format!("{} contains no table among its {}: {}.", names(&[file]), count(files, "file"), names(&paths)),
    };
    let remedy = if has_archives {
        "Unpack it, and choose an archive that is inside."
    } else {
        "Hone reads tables (CSV, TSV, JSON, JSONL, Parquet, .xlsx, .ods, text) and folders of .txt files, one folder for each class."
    };
    Diagnostic::new("data.no-table", what).done("The file was not read.").remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(paths: &[&str]) -> Vec<Member> {
        paths.iter().map(|path| Member { path: (*path).into(), size: path.len() as u64 }).collect()
    }

    fn table(paths: &[&str], role: DataRole) -> Result<String, String> {
        let members = members(paths);
        match contents("x.zip", &members, role, None) {
            Ok(Contents::Table(table)) => {
                let ChosenTable { files, parts, .. } = *table;
                assert_eq!(parts.names[parts.chosen as usize], members[files[0].member].path);
                Ok(format!("{} of {}", files[0].path, parts.names.len()))
            }
            Ok(Contents::Classes(classes)) => Ok(format!("{} texts", classes.texts.len())),
            Ok(Contents::Parallel(pair)) => Ok(format!("{pair:?}")),
            Ok(Contents::Standoff(standoff)) => Ok(format!("{} annotated", standoff.pairs.len())),
            Err(diagnostic) => Err(diagnostic.code),
        }
    }

    #[test]
    fn the_table_for_the_role_is_chosen_and_other_files_are_passed_over() {
        let paths = ["d/README.md", "d/test.csv", "d/train.csv.gz", "__MACOSX/d/._train.csv", "d/.DS_Store", "d/a.png"];
        assert_eq!(table(&paths, DataRole::Train), Ok("d/train.csv.gz of 2".into()));
        assert_eq!(table(&paths, DataRole::Validation), Ok("d/test.csv of 2".into()));
        assert_eq!(table(&["a.csv", "longer.csv"], DataRole::Train), Ok("longer.csv of 2".into()));
        assert_eq!(table(&["data"], DataRole::Train), Ok("data of 1".into()));
    }

    #[test]
    fn tables_that_might_have_been_meant_too_are_named() {
        let warned =
            |paths: &[&str], chosen: Option<&str>| match contents("x.zip", &members(paths), DataRole::Train, chosen) {
                Ok(Contents::Table(table)) => table.warning.map(|warning| format!("{} {}", warning.what, warning.done)),
                _ => panic!("no table: {paths:?}"),
            };
        assert_eq!(warned(&["a.csv", "notes.txt"], None), None);
        assert_eq!(warned(&["train.csv", "test.csv", "a.csv"], None), None);
        let words = r#""x.zip" has 2 tables. Only "longer.csv" was read."#;
        assert_eq!(warned(&["a.csv", "longer.csv"], None).as_deref(), Some(words));
        assert_eq!(warned(&["a.csv", "longer.csv"], Some("a.csv")), None);
    }

    #[test]
    fn archives_without_data_are_refused_by_their_kind() {
        for (paths, code) in [
            (&["m/config.json", "m/model.safetensors"][..], "data.is-model"),
            (&["a.zip"], "data.no-table"),
            (&["a.png", "b.png"], "data.no-table"),
            (&[], "data.no-table"),
            (&["../a.csv"], "data.archive-path"),
            (&["/etc/a.csv"], "data.archive-path"),
            (&["C:/a.csv"], "data.archive-path"),
            (&["a.csv", "a.csv"], "data.same-paths"),
        ] {
            assert_eq!(table(paths, DataRole::Train), Err(code.into()), "{paths:?}");
        }
    }
}
