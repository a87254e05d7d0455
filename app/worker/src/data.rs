//! The user's files: scanned, collected, split and encoded.

use std::io::Write;
use std::sync::Arc;

use hone_core::catalog::DataFile;
use hone_core::dataset::{
    Collector, CorrectedForm, Correction, Corrector, DataReader, DataRole, Dataset, DatasetFiles, Examples, FileRows,
    HeldOutRows, Hints, HoldOut, ListForm, Mapping, RowBrowser, RowQuery, SourceInfo, align,
};
use hone_core::diagnostic::Diagnostic;
use hone_core::limits::MAX_JSON_BYTES;
use hone_core::pretrained::Pretrained;
use hone_core::protocol::{Event, RequestId};
use hone_core::run::SourceFile;
use hone_core::runner::{EncodedDataset, validation_mapping};
use js_sys::{Array, Uint8Array};
use web_sys::Blob;

use crate::blob::{BlobReader, HashedReader};
use crate::engine::export::Parts;
use crate::js::{self, now_ms};
use crate::mailbox::{answer, answer_with, stops_reading, yield_to_event_loop};
use crate::tables::{Unpacked, open_data};

/// Milliseconds of encoding before commands are handled again.
const ENCODE_MS: f64 = 50.0;

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// Maximum number of copies of the tokens: those of the data, of a run and of a dry run.
const TOKEN_COPIES: usize = 3;

/// The files and their rows.
#[derive(Default)]
pub struct Data {
    train: Option<OpenFile>,
    validation: Option<OpenFile>,
    test: Option<OpenFile>,
    split: Option<Split>,
    collected: Option<Collected>,
}

/// Files of one drop.
pub struct DroppedFiles {
    /// Name of the first file.
    pub name: String,
    /// Name of a second file whose lines are parallel to those of the first.
    pub aligned_with: Option<String>,
    /// The files themselves.
    pub files: Vec<Blob>,
}

impl DroppedFiles {
    /// Joins two aligned files into one with two columns; returns a single file unchanged.
    async fn into_one(self, request: RequestId, role: DataRole) -> Result<(String, Blob), Diagnostic> {
        let no_file = || Diagnostic::new("data.no-file", "No file came with the message.");
        let mut files = self.files.into_iter();
        let first = files.next().ok_or_else(no_file)?;
        let Some(other) = self.aligned_with else { return Ok((self.name, first)) };
        let second = files.next().ok_or_else(no_file)?;
        let ((name, first), (other_name, second)) =
            (whole(request, first, &self.name, role).await?, whole(request, second, &other, role).await?);
        let rows = align(&name, &first, &other_name, &second)?;
        let parts = Array::of1(&Uint8Array::from(rows.as_slice()));
        let blob = Blob::new_with_u8_array_sequence(&parts).map_err(|error| {
            Diagnostic::new(
                "data.too-much-text",
                format!("The browser could not hold both files: {}.", js::message(&error)),
            )
        })?;
        Ok((format!("{} + {other}.jsonl", self.name), blob))
    }
}

/// The name and the text of a file, unpacked.
async fn whole(request: RequestId, blob: Blob, name: &str, role: DataRole) -> Result<(String, Vec<u8>), Diagnostic> {
    let file = BlobReader::new(blob.clone())?;
    let check = |_| check_not_stopped(request, name);
    let mut reader = open_data(name, &blob, file, role, &Hints::default(), &Unpacked::default(), check).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = reader.next_piece()? {
        bytes.extend_from_slice(piece);
        if bytes.len() > MAX_JSON_BYTES {
            let what = format!("{name} is larger than {} MB.", MAX_JSON_BYTES >> 20);
            return Err(Diagnostic::new("data.too-much-text", what)
                .done("The files were not put together.")
                .remedy("Put the sentences side by side in one TSV file, which is read piece by piece."));
        }
        yield_to_event_loop().await;
        check_not_stopped(request, name)?;
    }
    Ok((reader.content_name().to_owned(), bytes))
}

/// A file that has been scanned.
struct OpenFile {
    blob: Blob,
    unpacked: Unpacked,
    info: SourceInfo,
    sha256: String,
    examples: Option<Arc<Examples>>,
    /// Its name, and how it was read.
    file: DataFile,
    /// The files as they were dropped: two if `blob` was made of them.
    dropped: Vec<Blob>,
}

impl OpenFile {
    fn contents(&self) -> SourceFile {
        SourceFile { name: self.info.name.clone(), sha256: self.sha256.clone() }
    }

    /// Opens the file once more; `file` is a reader of it.
    async fn open(
        &self,
        file: BlobReader,
        role: DataRole,
        on_progress: impl FnMut(f64) -> Result<(), Diagnostic>,
    ) -> Result<DataReader, Diagnostic> {
        let (name, hints) = (&self.info.name, &self.file.hints);
        open_data(name, &self.blob, file, role, hints, &self.unpacked, on_progress).await
    }

    /// Returns true if `other` is the same file, of which another part is read.
    fn has_part(&self, other: &Self) -> bool {
        self.contents() == other.contents() && other.file.hints.member.is_none()
    }

    /// The files as they were dropped, each under a name for its copy.
    fn copies<'a>(&'a self, role: &'a str) -> impl Iterator<Item = (String, Blob)> + 'a {
        self.dropped.iter().enumerate().map(move |(nth, blob)| (format!("{role}-{nth}"), blob.clone()))
    }
}

/// The files that the rows come from.
pub struct DataOrigin {
    /// The training file.
    pub train: DataFile,
    /// The validation file.
    pub validation: Option<DataFile>,
    /// The test file.
    pub test: Option<DataFile>,
    /// Contents of the training file.
    pub train_contents: SourceFile,
    /// Contents of the validation file.
    pub validation_contents: Option<SourceFile>,
    /// Contents of the test file.
    pub test_contents: Option<SourceFile>,
    /// Columns of the training file.
    pub mapping: Mapping,
    /// All files as they were dropped, each under a name for its copy.
    pub files: Vec<(String, Blob)>,
}

/// Settings for collecting and splitting the rows.
#[derive(Clone)]
struct Split {
    request: RequestId,
    mapping: Mapping,
    held_out: HoldOut,
}

/// Rows collected from the files.
pub struct Collected {
    /// The request that the rows answer.
    request: RequestId,
    /// The rows and their tokens.
    pub rows: EncodedDataset,
    /// SHA-256 of the training file, in hexadecimal.
    pub sha256: String,
}

impl Data {
    /// Scans a file and reports its contents. A file that cannot be read changes nothing.
    pub async fn open(&mut self, request: RequestId, role: DataRole, dropped: DroppedFiles, hints: Hints) {
        let (name, aligned_with) = (dropped.name.clone(), dropped.aligned_with.clone());
        let file = DataFile { name, aligned_with, hints: hints.clone() };
        let files = dropped.files.clone();
        let read = match dropped.into_one(request, role).await {
            Ok((name, blob)) => scan(request, role, &name, blob, hints).await,
            Err(diagnostic) => Err(diagnostic),
        };
        let read = read.map(|source| OpenFile { file, dropped: files, ..source });
        match read {
            Ok(source) => {
                let info = source.info.clone();
                match role {
                    DataRole::Train => (self.train, self.collected, self.split) = (Some(source), None, None),
                    DataRole::Validation => self.validation = Some(source),
                    DataRole::Test => self.test = Some(source),
                }
                answer(request, &Event::DataOpened { role, source: info });
            }
            Err(diagnostic) => answer(request, &Event::DataNotOpened { role, diagnostic }),
        }
    }

    /// Collects the rows from the files and splits them.
    pub async fn map(&mut self, request: RequestId, mapping: Mapping, held_out: HoldOut) {
        self.collected = None;
        self.split = Some(Split { request, mapping, held_out });
        let (role, collected) = self.collect().await;
        match collected {
            Ok(collected) => {
                answer(request, &Event::DataReady { report: collected.rows.report().clone() });
                self.collected = Some(collected);
            }
            Err(diagnostic) => answer(request, &Event::DataFailed { role, diagnostic }),
        }
    }

    /// Finds rows of the training file. Does not answer if the user has stopped it.
    pub async fn find_rows(&self, request: RequestId, query: RowQuery) {
        match self.found_rows(request, query).await {
            Ok(Some(found)) => answer(request, &Event::RowsFound { found }),
            Ok(None) => {}
            Err(diagnostic) => answer(request, &Event::DataFailed { role: DataRole::Train, diagnostic }),
        }
    }

    /// The rows that match; none if the user has stopped the search.
    async fn found_rows(&self, request: RequestId, query: RowQuery) -> Result<Option<FileRows>, Diagnostic> {
        let Some(train) = &self.train else { return Ok(None) };
        let unusable = train.examples.iter().flat_map(|examples| examples.skipped_rows());
        let dropped = self.collected.iter().flat_map(|collected| &collected.rows.report().dropped);
        let mut browser = RowBrowser::new(&train.info, unusable.chain(dropped).cloned(), query);
        let file = BlobReader::new(train.blob.clone())?;
        let mut reader = train.open(file, DataRole::Train, |_| Ok(())).await?;
        while let Some(piece) = reader.next_piece()? {
            browser.push(piece)?;
            yield_to_event_loop().await;
            if stops_reading(request) {
                return Ok(None);
            }
        }
        browser.finish().map(Some)
    }

    /// Forgets the validation or the test file; the page asks for a new split. The training file stays.
    pub fn close(&mut self, role: DataRole) {
        match role {
            DataRole::Train => {}
            DataRole::Validation => self.validation = None,
            DataRole::Test => self.test = None,
        }
    }

    /// The rows of all files, or the file that failed and the reason.
    async fn collect(&mut self) -> (DataRole, Result<Collected, Diagnostic>) {
        let (Some(split), Some(train)) = (self.split.clone(), &mut self.train) else {
            let diagnostic = Diagnostic::new("data.no-file", "There is no file yet.").remedy("Choose a file.");
            return (DataRole::Train, Err(diagnostic));
        };
        let own = match collect(split.request, DataRole::Train, train, split.mapping.clone()).await {
            Ok(own) => own,
            Err(diagnostic) => return (DataRole::Train, Err(diagnostic)),
        };
        let mut held_out = [None, None];
        let files = [(DataRole::Validation, &mut self.validation), (DataRole::Test, &mut self.test)];
        for ((role, file), rows) in files.into_iter().zip(&mut held_out) {
            let Some(file) = file else { continue };
            if train.has_part(file) {
                let rows_of = match train.info.part_mapping(&split.mapping, &file.info) {
                    Ok(mapping) => collect(split.request, role, file, mapping).await,
                    Err(reason) => Err(reason),
                };
                *rows = Some(HeldOutRows::Part { name: file.info.part_name(), rows: rows_of });
                continue;
            }
            let mapping = validation_mapping(&split.mapping, &train.info, &file.info);
            match collect(split.request, role, file, mapping).await {
                Ok(collected) => *rows = Some(HeldOutRows::File(collected)),
                Err(diagnostic) => return (role, Err(diagnostic)),
            }
        }
        let [validation, test] = held_out;
        let files = DatasetFiles { train: own, validation, test };
        let made = Dataset::with_test(files, split.held_out);
        let sha256 = train.sha256.clone();
        let collected = made.map(|(dataset, report)| {
            let rows = EncodedDataset::new(Arc::new(dataset), report);
            Collected { request: split.request, rows, sha256 }
        });
        (DataRole::Train, collected)
    }

    /// Writes the training file again with these changes. The open file stays as it is.
    pub async fn correct(&self, request: RequestId, corrections: &[Correction]) {
        match self.corrected(corrections).await {
            Ok((file_name, blob)) => answer_with(request, &Event::Corrected { file_name }, &blob),
            Err(diagnostic) => answer(request, &Event::CorrectFailed { diagnostic }),
        }
    }

    /// The form of the lists of labels in the training file.
    fn list_form(&self) -> ListForm {
        self.examples().map(|examples| examples.list_form()).unwrap_or_default()
    }

    async fn corrected(&self, corrections: &[Correction]) -> Result<(String, Blob), Diagnostic> {
        let (Some(train), Some(split)) = (&self.train, &self.split) else {
            return Err(Diagnostic::new("data.no-file", "There is no file yet.").remedy("Choose a file."));
        };
        let name = &train.info.name;
        let mut corrector = Corrector::new(&train.info, &split.mapping, self.list_form(), corrections)?;
        let file = BlobReader::new(train.blob.clone())?;
        let mut reader = train.open(file, DataRole::Train, |_| Ok(())).await?;
        let (mut parts, mut out) = (Parts::default(), Vec::new());
        let failed =
            |error: std::io::Error| Diagnostic::new("labels.blob", format!("{error}.")).done("Nothing was written.");
        while let Some(piece) = reader.next_piece()? {
            corrector.push(piece, &mut out)?;
            parts.write_all(&out).map_err(failed)?;
            out.clear();
            yield_to_event_loop().await;
        }
        corrector.finish(&mut out)?;
        parts.write_all(&out).map_err(failed)?;
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "csv"));
        let ending = if train.info.corrected_form(&split.mapping) == CorrectedForm::Same { ending } else { "csv" };
        Ok((format!("{stem}-corrected.{ending}"), parts.into_blob("text/plain")?))
    }

    /// Encodes some rows, and reports their lengths once all are encoded. Returns false if there is nothing to encode.
    pub fn encode_some(&mut self, model: Option<&Pretrained>) -> bool {
        let (Some(model), Some(Collected { request, rows, .. })) = (model, &mut self.collected) else { return false };
        if !rows.needs_encoding(model) {
            return false;
        }
        let begin_ms = now_ms();
        while now_ms() - begin_ms < ENCODE_MS {
            match rows.encode_next(model) {
                Ok(true) => continue,
                Ok(false) => answer(*request, &Event::DataReady { report: rows.report().clone() }),
                Err(diagnostic) => answer(*request, &Event::DataFailed { role: DataRole::Train, diagnostic }),
            }
            break;
        }
        true
    }

    /// Forgets the tokens, because another model has another vocabulary.
    pub fn forget_tokens(&mut self) {
        let restarted = |Collected { request, rows, sha256 }| Collected { request, rows: rows.restarted(), sha256 };
        self.collected = self.collected.take().map(restarted);
    }

    /// Size of texts and tokens, in bytes.
    pub fn bytes(&self) -> f64 {
        let bytes =
            |collected: &Collected| collected.rows.dataset().text_bytes() + TOKEN_COPIES * collected.rows.token_bytes();
        self.collected.as_ref().map_or(0, bytes) as f64
    }

    /// The files that the rows come from, once they are collected.
    pub fn origin(&self) -> Option<DataOrigin> {
        let (Some(train), Some(split), Some(rows)) = (&self.train, &self.split, &self.collected) else { return None };
        let left_out = &rows.rows.report().left_out;
        let validation = self.validation.as_ref().filter(|_| !left_out.contains(&DataRole::Validation));
        let test = self.test.as_ref().filter(|_| !left_out.contains(&DataRole::Test));
        let validation_copies = validation.into_iter().flat_map(|file| file.copies("validation"));
        let test_copies = test.into_iter().flat_map(|file| file.copies("test"));
        Some(DataOrigin {
            train: train.file.clone(),
            validation: validation.map(|file| file.file.clone()),
            test: test.map(|file| file.file.clone()),
            train_contents: train.contents(),
            validation_contents: validation.map(OpenFile::contents),
            test_contents: test.map(OpenFile::contents),
            mapping: split.mapping.clone(),
            files: train.copies("train").chain(validation_copies).chain(test_copies).collect(),
        })
    }

    /// The rows of the training file, also of one with too few labels to train on.
    pub fn examples(&self) -> Option<&Arc<Examples>> {
        self.train.as_ref()?.examples.as_ref()
    }

    /// The rows, once they are collected.
    pub fn collected(&self) -> Option<&Collected> {
        self.collected.as_ref()
    }
}

async fn scan(
    request: RequestId,
    role: DataRole,
    name: &str,
    blob: Blob,
    hints: Hints,
) -> Result<OpenFile, Diagnostic> {
    let total = blob.size();
    let (file, hash) = HashedReader::new(blob.clone())?;
    let mut progress = Progress::new(request, role, total);
    let unpacked = Unpacked::default();
    let on_progress = |done| {
        progress.report(done);
        check_not_stopped(request, name)
    };
    let mut reader = open_data(name, &blob, file, role, &hints, &unpacked, on_progress).await?;
    let mut scanner = reader.scanner(hints);
    while let Some(piece) = reader.next_piece()? {
        scanner.push(piece)?;
        progress.report(reader.read_bytes());
        yield_to_event_loop().await;
        check_not_stopped(request, name)?;
    }
    let info = reader.finish(scanner)?;
    let sha256 = hash.take().finish(&blob).await?;
    Ok(OpenFile { blob, unpacked, info, sha256, examples: None, file: DataFile::default(), dropped: Vec::new() })
}

async fn collect(
    request: RequestId,
    role: DataRole,
    source: &mut OpenFile,
    mapping: Mapping,
) -> Result<Arc<Examples>, Diagnostic> {
    if let Some(examples) = source.examples.as_ref().filter(|examples| examples.mapping == mapping) {
        return Ok(examples.clone());
    }
    let mut collector = Collector::new(&source.info, mapping)?;
    let mut progress = Progress::new(request, role, source.blob.size());
    let file = BlobReader::new(source.blob.clone())?;
    let on_progress = |done| {
        progress.report(done);
        Ok(())
    };
    let mut reader = source.open(file, role, on_progress).await?;
    while let Some(piece) = reader.next_piece()? {
        collector.push(piece)?;
        progress.report(reader.read_bytes());
        yield_to_event_loop().await;
    }
    let examples = Arc::new(match role {
        DataRole::Train => collector.finish_training()?,
        DataRole::Validation | DataRole::Test => collector.finish()?,
    });
    source.examples = Some(examples.clone());
    Ok(examples)
}

/// Fails if the user has stopped the reading of a file.
///
/// # Errors
/// `data.stopped`.
pub fn check_not_stopped(request: RequestId, name: &str) -> Result<(), Diagnostic> {
    if !stops_reading(request) {
        return Ok(());
    }
    Err(Diagnostic::new("data.stopped", format!("Reading \"{name}\" was stopped.")).done("The file was not opened."))
}

struct Progress {
    request: RequestId,
    role: DataRole,
    total_bytes: f64,
    reported_ms: f64,
}

impl Progress {
    fn new(request: RequestId, role: DataRole, total_bytes: f64) -> Self {
        Self { request, role, total_bytes, reported_ms: now_ms() }
    }

    fn report(&mut self, done_bytes: f64) {
        if now_ms() - self.reported_ms >= PROGRESS_MS {
            self.reported_ms = now_ms();
            answer(self.request, &Event::DataProgress { role: self.role, done_bytes, total_bytes: self.total_bytes });
        }
    }
}
