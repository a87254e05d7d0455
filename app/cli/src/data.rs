//! The data files, read in the same way as on the page.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hone_core::dataset::{
    CellReader, Cells, Collector, DataReader, DataReport, DataRole, Dataset, DatasetFiles, Examples, FEW_LABELS,
    HeldOutRows, Hints, HoldOut, Mapping, SkippedRow, SourceInfo, is_parquet,
};
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::{RecipeSpec, Task};
use hone_core::run::{RecipeFile, SourceFile};
use hone_core::runner::{EncodedDataset, validation_mapping};
use sha2::{Digest, Sha256};

use crate::folder::FolderReader;
use crate::mapping::{self, ColumnArguments};
use crate::tables::{open_parquet, unpack_parquet};

/// The rows of all files.
pub struct Data {
    /// Training, validation and test rows, not encoded yet.
    pub rows: EncodedDataset,
    /// The training file.
    pub train: SourceFile,
    /// The user's own validation file.
    pub validation: Option<SourceFile>,
    /// The user's own test file.
    pub test: Option<SourceFile>,
    /// Columns of the training file.
    pub mapping: Mapping,
    /// Warnings about the files.
    pub warnings: Vec<Diagnostic>,
}

/// The rows of a training file, and what was made of them if they can be trained on.
pub type PoolData = (Arc<Examples>, Option<Arc<Dataset>>);

/// Paths of the data files.
#[derive(Clone, Copy, Debug)]
pub struct DataPaths<'a> {
    /// The training file, or a folder or archive that also has the rows of the others.
    pub train: &'a Path,
    /// The user's own validation file.
    pub validation: Option<&'a Path>,
    /// The user's own test file.
    pub test: Option<&'a Path>,
}

/// Reads the files and splits their rows according to the recipe. Where no argument names columns, those of its file are
/// used.
pub fn load(paths: DataPaths, hints: Hints, columns: &ColumnArguments, file: &RecipeFile) -> Result<Data, Diagnostic> {
    let (recipe, used) = (&file.recipe, file.data.as_ref().filter(|_| *columns == ColumnArguments::default()));
    let (file, mapping) = match used {
        None => scanned(&paths, &hints, columns, Some(recipe.task))?,
        Some(used) => {
            let file = ScannedFile::scan(paths.train, DataRole::Train, hints.clone())?;
            let mapping = used.mapping_in(&file.info)?;
            (file, mapping)
        }
    };
    let examples = file.collect(mapping.clone())?;
    split(Training { file, mapping, examples: examples.into() }, paths, hints, columns, recipe)
}

/// As [`load`], for the task that the training file fits best and whose labels can be checked, unless one is named.
pub fn load_to_review(
    paths: DataPaths,
    hints: Hints,
    columns: &ColumnArguments,
    task: Option<Task>,
) -> Result<Data, Diagnostic> {
    let (file, mapping) = scanned(&paths, &hints, columns, task)?;
    let recipe = RecipeSpec { task: mapping.task(), ..RecipeSpec::default() };
    let examples = file.collect(mapping.clone())?;
    split(Training { file, mapping, examples: examples.into() }, paths, hints, columns, &recipe)
}

/// The rows of a training file, which may have few labels or none.
pub fn pool(
    paths: DataPaths,
    hints: Hints,
    columns: &ColumnArguments,
    recipe: &RecipeSpec,
) -> Result<PoolData, Diagnostic> {
    let (file, mapping) = scanned(&paths, &hints, columns, Some(recipe.task))?;
    let examples: Arc<Examples> = file.collect(mapping.clone())?.into();
    match split(Training { file, mapping, examples: examples.clone() }, paths, hints, columns, recipe) {
        Ok(data) => Ok((examples, Some(data.rows.dataset().clone()))),
        Err(diagnostic) if diagnostic.code == FEW_LABELS => Ok((examples, None)),
        Err(diagnostic) => Err(diagnostic),
    }
}

/// A training file with its rows.
struct Training {
    file: ScannedFile,
    mapping: Mapping,
    examples: Arc<Examples>,
}

/// A file with its rows for one side of the split.
type HeldOut = (SourceFile, HeldOutRows);

/// The training file and its columns for a task, or for the likeliest one whose labels can be checked.
fn scanned(
    paths: &DataPaths,
    hints: &Hints,
    columns: &ColumnArguments,
    task: Option<Task>,
) -> Result<(ScannedFile, Mapping), Diagnostic> {
    let file = ScannedFile::scan(paths.train, DataRole::Train, hints.clone())?;
    let task = task.unwrap_or_else(|| mapping::task_to_review(&file.info, columns));
    let mapping = mapping::choose(&file.info, task, columns)?;
    Ok((file, mapping))
}

/// Reads the other files, and splits the rows of the training file.
fn split(
    training: Training,
    paths: DataPaths,
    hints: Hints,
    columns: &ColumnArguments,
    recipe: &RecipeSpec,
) -> Result<Data, Diagnostic> {
    let Training { file: train, mapping, examples } = training;
    let mut warnings = train.info.warnings.clone();
    warnings.extend(mapping::doubt(&train.info, &mapping, columns));
    let mut scan = |path: &Path, role| -> Result<ScannedFile, Diagnostic> {
        let file = ScannedFile::scan(path, role, hints.for_other_file())?;
        // A file that holds all parts warns of the same for each.
        let new = file.info.warnings.iter().filter(|warning| !warnings.contains(warning)).cloned().collect::<Vec<_>>();
        warnings.extend(new);
        Ok(file)
    };
    let mut held_out = |path: Option<&Path>, holds_own: bool, role| -> Result<Option<HeldOut>, Diagnostic> {
        if let Some(path) = path {
            let file = scan(path, role)?;
            let rows = file.collect(validation_mapping(&mapping, &train.info, &file.info))?;
            return Ok(Some((file.source(), HeldOutRows::File(rows.into()))));
        }
        if !holds_own {
            return Ok(None);
        }
        // Folders or tables such as train, validation and test are the split.
        let file = scan(&train.path, role);
        let name = file.as_ref().map_or_else(|_| train.name.clone(), |file| file.info.part_name());
        let rows = file.and_then(|file| file.collect(train.info.part_mapping(&mapping, &file.info)?));
        Ok(Some((train.source(), HeldOutRows::Part { name, rows: rows.map(Arc::new) })))
    };
    let validation = held_out(paths.validation, train.info.holds_validation, DataRole::Validation)?;
    let test = held_out(paths.test, train.info.holds_test, DataRole::Test)?;
    let (validation, validation_rows) = validation.unzip();
    let (test, test_rows) = test.unzip();
    let files = DatasetFiles { train: examples, validation: validation_rows, test: test_rows };
    let RecipeSpec { validation_ratio, test_ratio, seed, .. } = *recipe;
    let (dataset, report) = Dataset::with_test(files, HoldOut { validation_ratio, test_ratio, seed: u64::from(seed) })?;
    let validation = validation.filter(|_| !report.left_out.contains(&DataRole::Validation));
    let test = test.filter(|_| !report.left_out.contains(&DataRole::Test));
    let (rows, train) = (EncodedDataset::new(Arc::new(dataset), report), train.source());
    Ok(Data { rows, train, validation, test, mapping, warnings })
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// SHA-256 of a file's bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// Everything that the user should know about the rows: first the warnings about the files, then those of the report.
pub fn notes(warnings: &[Diagnostic], report: &DataReport) -> Vec<String> {
    let mut notes: Vec<String> = warnings.iter().chain(&report.warnings).map(Diagnostic::to_string).collect();
    if let Some(SkippedRow { line, reason }) = report.dropped.first() {
        notes.push(format!("{} rows were skipped. Line {line}: {reason}.", report.rows_dropped));
    }
    notes
}

/// A file that has been scanned.
pub struct ScannedFile {
    path: PathBuf,
    name: String,
    role: DataRole,
    hints: Hints,
    /// Its format and columns.
    pub info: SourceInfo,
    sha256: String,
}

impl ScannedFile {
    /// Scans a file.
    pub fn scan(path: &Path, role: DataRole, hints: Hints) -> Result<Self, Diagnostic> {
        let (path, name) = (path.to_owned(), path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let mut file = open(&path)?;
        let mut hash = Sha256::new();
        io::copy(&mut file, &mut hash).map_err(|error| unreadable(&path, &error))?;
        let mut reader = open_data(&path, &name, role, &hints)?;
        let mut scanner = reader.scanner(hints.clone());
        while let Some(piece) = reader.next_piece()? {
            scanner.push(piece)?;
        }
        Ok(Self { info: reader.finish(scanner)?, path, name, role, hints, sha256: hex(hash) })
    }

    fn source(&self) -> SourceFile {
        SourceFile { name: self.name.clone(), sha256: self.sha256.clone() }
    }

    /// All cells of the file.
    pub fn cells(&self) -> Result<Cells, Diagnostic> {
        let mut cells = CellReader::new(&self.info);
        let mut reader = open_data(&self.path, &self.name, self.role, &self.hints)?;
        while let Some(piece) = reader.next_piece()? {
            cells.push(piece)?;
        }
        cells.finish()
    }

    fn collect(&self, mapping: Mapping) -> Result<Examples, Diagnostic> {
        let mut collector = Collector::new(&self.info, mapping)?;
        let mut reader = open_data(&self.path, &self.name, self.role, &self.hints)?;
        while let Some(piece) = reader.next_piece()? {
            collector.push(piece)?;
        }
        match self.role {
            DataRole::Train => collector.finish_training(),
            DataRole::Validation | DataRole::Test => collector.finish(),
        }
    }
}

/// A file, or a folder as an archive.
enum Source {
    File(File),
    Folder(FolderReader),
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Folder(folder) => folder.read(into),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Folder(folder) => folder.seek(to),
        }
    }
}

/// Opens a file to be read as rows.
fn open_data(path: &Path, name: &str, role: DataRole, hints: &Hints) -> Result<DataReader, Diagnostic> {
    let mut source = open(path)?;
    if let Source::File(file) = &mut source
        && is_parquet(file).map_err(|error| unreadable(path, &error))?
    {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        return open_parquet(name, file);
    }
    unpack_parquet(DataReader::open(name, source, role, hints)?)
}

fn open(path: &Path) -> Result<Source, Diagnostic> {
    let opened =
        if path.is_dir() { FolderReader::open(path).map(Source::Folder) } else { File::open(path).map(Source::File) };
    opened.map_err(|error| unreadable(path, &error))
}

/// The error of a file that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new("file.read", format!("{} cannot be read: {error}.", path.display())).remedy("Check the path.")
}

/// Formats a hash in hexadecimal.
pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn paths(train: &Path) -> DataPaths<'_> {
        DataPaths { train, validation: None, test: None }
    }

    fn loaded(name: &str, csv: &str) -> Result<Data, Diagnostic> {
        loaded_by(name, csv.as_bytes(), Hints::default())
    }

    fn loaded_by(name: &str, csv: &[u8], hints: Hints) -> Result<Data, Diagnostic> {
        let path = env::temp_dir().join(format!("hone-cli-{}-{name}.csv", std::process::id()));
        fs::write(&path, csv).unwrap();
        let data = load(paths(&path), hints, &ColumnArguments::default(), &RecipeFile::default());
        fs::remove_file(path).unwrap();
        data
    }

    #[test]
    fn warnings_and_skipped_rows_are_noted() {
        let rows = (0..30).map(|row| format!("text number {row},{}\n", ["good", "bad"][row % 2]));
        let csv = format!("text,label\n{}without a label,\nonly once,rare\n", rows.collect::<String>());
        let data = loaded("warnings", &csv).unwrap();
        let report = data.rows.report();
        assert!(!report.warnings.is_empty(), "a class with one row is worth a warning");
        let notes = notes(&data.warnings, report);
        assert!(notes.iter().any(|note| note.contains("rare")), "{notes:?}");
        assert!(notes.iter().any(|note| note.contains("rows were skipped. Line 32")), "{notes:?}");
        assert_eq!(data.train.sha256.len(), 64);
    }

    #[test]
    fn a_folder_for_each_label_is_read_with_its_split() {
        let folder = env::temp_dir().join(format!("hone-cli-{}-folder", std::process::id()));
        for (split, label, nth) in
            ["train", "test"].iter().flat_map(|split| (0..20).map(move |nth| (split, ["neg", "pos"][nth % 2], nth)))
        {
            let path = folder.join(split).join(label);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join(format!("{nth}.txt")), format!("The {split} text of number {nth}.\n")).unwrap();
        }
        fs::write(folder.join("train/pos/.DS_Store"), "hidden").unwrap();
        let columns = ColumnArguments::default();
        let data = load(paths(&folder), Hints::default(), &columns, &RecipeFile::default());
        fs::remove_dir_all(&folder).unwrap();
        let data = data.unwrap();
        let report = data.rows.report();
        assert_eq!((report.train_rows, report.validation_rows), (20, 20));
        assert_eq!(data.validation.unwrap().sha256, data.train.sha256);
        let missing = load(paths(&folder), Hints::default(), &columns, &RecipeFile::default());
        assert_eq!(missing.err().unwrap().code, "file.read");
    }

    #[test]
    fn a_third_folder_and_a_test_file_are_the_test_rows() {
        let folder = env::temp_dir().join(format!("hone-cli-{}-three", std::process::id()));
        for (split, nth) in ["train", "dev", "test"].iter().flat_map(|split| (0..12).map(move |nth| (split, nth))) {
            let path = folder.join(split).join(["neg", "pos"][nth % 2]);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join(format!("{nth}.txt")), format!("The {split} text of number {nth}.\n")).unwrap();
        }
        let own = folder.join("own.csv");
        fs::write(&own, "text,label\nA new text.,pos\nThe train text of number 3.,pos\n").unwrap();
        let (columns, recipe) = (ColumnArguments::default(), RecipeFile::default());
        let rows = |test| {
            let files = DataPaths { test, ..paths(&folder) };
            let data = load(files, Hints::default(), &columns, &recipe).unwrap();
            let report = data.rows.report();
            [report.train_rows, report.validation_rows, report.test_rows]
        };
        let (of_folder, of_file) = (rows(None), rows(Some(own.as_path())));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((of_folder, of_file), ([12, 12, 12], [11, 12, 2]));
    }

    #[test]
    fn tables_of_a_folder_without_labels_are_left_out_with_a_warning_and_named_files_are_refused() {
        let folder = env::temp_dir().join(format!("hone-cli-{}-unlabeled", std::process::id()));
        let rows = (0..30).map(|row| format!("text number {row},{}\n", ["good", "bad"][row % 2]));
        let rows_of_train = format!("text,label\n{}", rows.collect::<String>());
        let (columns, recipe) = (ColumnArguments::default(), RecipeFile::default());
        for (name, rows, left_out) in [
            ("test.csv", "text\nwhich one,\nand this,\n", "has no column \"label\""),
            ("test.csv", "id,text\n1,which one\n2,and this\n", "has no column \"label\""),
            ("test.jsonl", "{\"text\": \"which one\"}\n{\"text\": \"and this\"}\n", "has no column \"label\""),
            ("test.csv", "text,label\nwhich one,\nand this,\n", "\": No row has both"),
            ("test.csv", "text,label\nwhich one,-1\nand this,-1\n", "No row of"),
            ("test.csv", "text,label\n", "a header but no rows"),
            ("test.csv", "", "is empty"),
            ("test.csv", "text,label\nwhich one,bad\nand this,good\n", ""),
        ] {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("train.csv"), &rows_of_train).unwrap();
            fs::write(folder.join(name), rows).unwrap();
            let data = load(paths(&folder), Hints::default(), &columns, &recipe).unwrap();
            let [train, test] = ["train.csv", name].map(|name| folder.join(name));
            let named = DataPaths { validation: Some(&test), ..paths(&train) };
            let named = load(named, Hints::default(), &columns, &recipe);
            fs::remove_dir_all(&folder).unwrap();
            let notes = notes(&data.warnings, data.rows.report()).join(" ");
            let is_whole = left_out.is_empty();
            assert!(notes.contains("left out") != is_whole && notes.contains(left_out), "{rows:?}: {notes}");
            assert_eq!((named.is_ok(), data.validation.is_some()), (is_whole, is_whole), "{rows:?}");
        }
    }

    #[test]
    fn a_guessed_encoding_is_noted_and_another_can_be_chosen() {
        let rows = (0..30).map(|row| format!("caf\u{e9} number {row},{}\n", ["good", "bad"][row % 2]));
        let csv = format!("text,label\n{}", rows.collect::<String>());
        let latin: Vec<u8> = csv.chars().map(|c| c as u8).collect();
        let text = |hints| {
            let data = loaded_by("encoding", &latin, hints).unwrap();
            notes(&data.warnings, data.rows.report()).join(" ")
        };
        assert!(text(Hints::default()).contains("Line 2 reads “café number 0,good”"));
        let chosen = hone_core::dataset::encoding_by_label("latin1");
        assert!(!text(Hints { encoding: chosen, ..Hints::default() }).contains("reads"));
        let utf8 = Hints { encoding: Some(hone_core::dataset::Encoding::UTF_8), ..Hints::default() };
        assert_eq!(loaded_by("utf8", &latin, utf8).err().unwrap().code, "data.not-utf8");
    }

    #[test]
    fn a_recipe_file_decides_how_the_rows_are_read() {
        let rows = (0..30).map(|row| format!("note {};text number {row};{}\n", row % 3, ["good", "bad"][row % 2]));
        let csv = format!("label;phrase;mood\n{}", rows.collect::<String>());
        let path = env::temp_dir().join(format!("hone-cli-{}-recipe.csv", std::process::id()));
        fs::write(&path, &csv).unwrap();
        let file = |mood: &str| {
            let json = serde_json::json!({"data": {
                "hints": {"delimiter": {"character": ";"}},
                "columns": ["phrase", mood],
                "mapping": {"classification": {"text": 0, "pair": null, "label": 1}},
            }});
            RecipeFile::parse(json.to_string().as_bytes()).unwrap()
        };
        let none = ColumnArguments::default();
        let read = |columns: &ColumnArguments, mood| {
            let data = load(paths(&path), file(mood).data.unwrap().hints, columns, &file(mood))?;
            Ok(data.mapping)
        };
        let expected = Mapping::Classification { text: 1, pair: None, label: 2 };
        let refused: Result<Mapping, Diagnostic> = read(&none, "feeling");
        assert_eq!((read(&none, "mood"), refused.unwrap_err().code), (Ok(expected), "data.recipe-columns".to_owned()));
        // What is set by hand comes first.
        let label = ColumnArguments { label: vec!["label".into()], ..ColumnArguments::default() };
        let by_hand = read(&label, "feeling");
        fs::remove_file(&path).unwrap();
        assert!(matches!(by_hand, Ok(Mapping::Classification { label: 0, .. })), "{by_hand:?}");
    }

    #[test]
    fn warnings_include_the_action_taken_and_the_remedy() {
        let rows = (0..30).map(|row| format!("text number {row},{}\n", ["good", "bad"][row % 2]));
        let data = loaded("remedies", &format!("text,label\n{}", rows.collect::<String>())).unwrap();
        let warning = Diagnostic::new("data.test", "What.").done("Done.").remedy("Remedy.");
        assert_eq!(notes(&[warning], data.rows.report()), ["What. Done. Remedy."]);
    }
}
