//! The person's files: read, mapped, split and encoded.

use std::sync::Arc;

use hone_core::dataset::DataRole;
use hone_core::dataset::{Collector, DataReport, Dataset, Examples, Hints, Mapping, Scanner, SourceInfo, align};
use hone_core::diagnostic::Diagnostic;
use hone_core::limits::MAX_JSON_BYTES;
use hone_core::pretrained::TaskRows;
use hone_core::protocol::{Event, RequestId};
use hone_core::text::RowEncoder;
use js_sys::{Array, Uint8Array};
use web_sys::Blob;

use crate::files::read_blob;
use crate::js::{self, now_ms};
use crate::mailbox::answer;
use crate::model::Loaded;

/// Milliseconds of encoding between two looks at the mailbox.
const ENCODE_MS: f64 = 50.0;

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// Copies of the tokens that there are at the most: of the data, of a run and of a rehearsal.
const TOKEN_COPIES: usize = 3;

/// The files and what was made of them.
#[derive(Default)]
pub struct Data {
    train: Option<Source>,
    validation: Option<Source>,
    split: Option<Split>,
    ready: Option<Ready>,
}

/// What came in one drop.
pub struct Dropped {
    pub name: String,
    /// Name of a second file whose lines belong to the first one's.
    pub aligned_with: Option<String>,
    pub files: Vec<Blob>,
}

impl Dropped {
    /// The file that is read: two aligned ones become one of two columns.
    async fn into_one(self) -> Result<(String, Blob), Diagnostic> {
        let no_file = || Diagnostic::new("data.no-file", "No file came with the message.");
        let mut files = self.files.into_iter();
        let first = files.next().ok_or_else(no_file)?;
        let Some(other) = self.aligned_with else { return Ok((self.name, first)) };
        let second = files.next().ok_or_else(no_file)?;
        let (first, second) = (whole(&first, &self.name).await?, whole(&second, &other).await?);
        let rows = align(&self.name, &first, &other, &second)?;
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

async fn whole(blob: &Blob, name: &str) -> Result<Vec<u8>, Diagnostic> {
    if blob.size() > MAX_JSON_BYTES as f64 {
        return Err(Diagnostic::new(
            "data.too-much-text",
            format!("{name} is larger than {} MB.", MAX_JSON_BYTES >> 20),
        )
        .done("The files were not put together.")
        .remedy("Put the sentences side by side in one TSV file, which is read piece by piece."));
    }
    let mut bytes = Vec::new();
    read_blob(blob, |piece, _| {
        bytes.extend_from_slice(piece);
        Ok(())
    })
    .await?;
    Ok(bytes)
}

struct Source {
    blob: Blob,
    info: SourceInfo,
    sha256: String,
    examples: Option<Arc<Examples>>,
}

#[derive(Clone)]
struct Split {
    request: RequestId,
    mapping: Mapping,
    validation_ratio: f64,
    seed: u32,
}

/// Rows that train and validate, and their tokens as far as they are encoded.
pub struct Ready {
    /// The request that the rows answer.
    request: RequestId,
    /// Once all are encoded, without the rows that the model refuses.
    pub dataset: Arc<Dataset>,
    pub report: DataReport,
    pub sha256: String,
    /// Data set and report as they are for every model.
    mapped: (Arc<Dataset>, DataReport),
    encoder: RowEncoder,
    /// Whether the model refuses too many rows: there is nothing to do before another is loaded.
    is_refused: bool,
}

impl Data {
    /// Reads a file once and tells what is in it. One that cannot be read leaves everything as it is.
    pub async fn open(&mut self, request: RequestId, role: DataRole, dropped: Dropped, hints: Hints) {
        let read = match dropped.into_one().await {
            Ok((name, blob)) => scan(request, role, &name, blob, hints).await,
            Err(diagnostic) => Err(diagnostic),
        };
        match read {
            Ok(source) => {
                let info = source.info.clone();
                match role {
                    DataRole::Train => (self.train, self.ready, self.split) = (Some(source), None, None),
                    DataRole::Validation => self.validation = Some(source),
                }
                answer(request, &Event::DataOpened { role, source: info });
            }
            Err(diagnostic) => answer(request, &Event::DataNotOpened { role, diagnostic }),
        }
    }

    /// Takes what is learned out of the files and splits the rows.
    pub async fn map(&mut self, request: RequestId, mapping: Mapping, validation_ratio: f64, seed: u32) {
        self.ready = None;
        self.split = Some(Split { request, mapping, validation_ratio, seed });
        let (role, made) = self.make_ready().await;
        match made {
            Ok(ready) => {
                answer(request, &Event::DataReady { report: ready.report.clone() });
                self.ready = Some(ready);
            }
            Err(diagnostic) => answer(request, &Event::DataFailed { role, diagnostic }),
        }
    }

    /// Forgets the validation file; the page asks for a new split.
    pub fn close_validation(&mut self) {
        self.validation = None;
    }

    async fn make_ready(&mut self) -> (DataRole, Result<Ready, Diagnostic>) {
        let (Some(split), Some(train)) = (self.split.clone(), &mut self.train) else {
            let diagnostic = Diagnostic::new("data.no-file", "There is no file yet.").remedy("Choose a file.");
            return (DataRole::Train, Err(diagnostic));
        };
        let own = match collect(split.request, DataRole::Train, train, split.mapping.clone()).await {
            Ok(own) => own,
            Err(diagnostic) => return (DataRole::Train, Err(diagnostic)),
        };
        let other = match &mut self.validation {
            Some(validation) => {
                let (own, other) = (&train.info.columns, &validation.info.columns);
                let mapping = split.mapping.remap(own, other).unwrap_or_else(|| validation.info.guess.clone());
                match collect(split.request, DataRole::Validation, validation, mapping).await {
                    Ok(other) => Some(other),
                    Err(diagnostic) => return (DataRole::Validation, Err(diagnostic)),
                }
            }
            None => None,
        };
        let made = Dataset::new(own, other, split.validation_ratio, u64::from(split.seed));
        let sha256 = train.sha256.clone();
        (DataRole::Train, made.map(|(dataset, report)| Ready::new(split.request, Arc::new(dataset), report, sha256)))
    }

    /// Encodes some texts, and tells their lengths once all are. False when there is nothing to encode.
    pub fn encode_some(&mut self, model: Option<&Loaded>) -> bool {
        let (Some(model), Some(ready)) = (model, &mut self.ready) else { return false };
        let is_fitting = model.pretrained.config.family().serves(ready.dataset.task);
        if ready.report.tokens.is_some() || ready.is_refused || !is_fitting {
            return false;
        }
        let begin = now_ms();
        while now_ms() - begin < ENCODE_MS {
            if !ready.encode_next(model) {
                match ready.finish(model) {
                    Ok(()) => answer(ready.request, &Event::DataReady { report: ready.report.clone() }),
                    Err(diagnostic) => answer(ready.request, &Event::DataFailed { role: DataRole::Train, diagnostic }),
                }
                break;
            }
        }
        true
    }

    /// Another model has another vocabulary: everything is encoded again.
    pub fn forget_tokens(&mut self) {
        self.ready = self.ready.take().map(|Ready { request, mapped: (dataset, report), sha256, .. }| {
            // What one model refuses another may take.
            Ready::new(request, dataset, report, sha256)
        });
    }

    /// Bytes that texts and tokens take.
    pub fn bytes(&self) -> f64 {
        let bytes = |ready: &Ready| ready.dataset.text_bytes() + TOKEN_COPIES * ready.encoder.bytes();
        self.ready.as_ref().map_or(0, bytes) as f64
    }

    /// Rows and report, once a file is mapped.
    pub fn ready(&self) -> Option<&Ready> {
        self.ready.as_ref()
    }
}

impl Ready {
    fn new(request: RequestId, dataset: Arc<Dataset>, report: DataReport, sha256: String) -> Self {
        let encoder = RowEncoder::new(dataset.task);
        Self { request, mapped: (dataset.clone(), report.clone()), dataset, report, sha256, encoder, is_refused: false }
    }

    /// Encodes one more row; false when none is left.
    fn encode_next(&mut self, model: &Loaded) -> bool {
        self.encoder.encode_next(&self.mapped.0, &model.pretrained.tokenizer, model.pretrained.chat.as_ref())
    }

    /// Takes over what all rows have come to.
    fn finish(&mut self, model: &Loaded) -> Result<(), Diagnostic> {
        let (dataset, report) = &self.mapped;
        let finished = self.encoder.finish(dataset, report, model.pretrained.config.positions());
        self.is_refused = finished.is_err();
        let (dataset, report) = finished?;
        (self.dataset, self.report) = (Arc::new(dataset), report);
        Ok(())
    }

    /// The rows in the model's tokens; none before all are encoded.
    pub fn rows(&self) -> Option<TaskRows<'_>> {
        self.report.tokens.is_some().then(|| TaskRows::new(&self.dataset, &self.encoder))
    }
}

async fn scan(request: RequestId, role: DataRole, name: &str, blob: Blob, hints: Hints) -> Result<Source, Diagnostic> {
    let total = blob.size();
    let mut scanner = Scanner::new(name, total, hints);
    let mut progress = Progress::new(request, role, total);
    let sha256 = read_blob(&blob, |piece, done| {
        progress.tell(done);
        scanner.push(piece)
    })
    .await?;
    Ok(Source { blob, info: scanner.finish()?, sha256, examples: None })
}

async fn collect(
    request: RequestId,
    role: DataRole,
    source: &mut Source,
    mapping: Mapping,
) -> Result<Arc<Examples>, Diagnostic> {
    if let Some(examples) = source.examples.as_ref().filter(|examples| examples.mapping == mapping) {
        return Ok(examples.clone());
    }
    let mut collector = Collector::new(&source.info, mapping)?;
    let mut progress = Progress::new(request, role, source.blob.size());
    read_blob(&source.blob, |piece, done| {
        progress.tell(done);
        collector.push(piece)
    })
    .await?;
    let examples = Arc::new(collector.finish()?);
    source.examples = Some(examples.clone());
    Ok(examples)
}

struct Progress {
    request: RequestId,
    role: DataRole,
    total_bytes: f64,
    told_ms: f64,
}

impl Progress {
    fn new(request: RequestId, role: DataRole, total_bytes: f64) -> Self {
        Self { request, role, total_bytes, told_ms: now_ms() }
    }

    fn tell(&mut self, done_bytes: f64) {
        if now_ms() - self.told_ms >= PROGRESS_MS {
            self.told_ms = now_ms();
            answer(self.request, &Event::DataProgress { role: self.role, done_bytes, total_bytes: self.total_bytes });
        }
    }
}
