//! Two slots for a saved run: each save goes to the one that is not the newest, so that one is whole at any time.

use std::io::{self, Read, Seek, Write};

use burn::tensor::Device;

use crate::checkpoint::entries::RecordEntry;
use crate::checkpoint::error::{damaged, not_saved, unreadable};
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::reader::CheckpointReader;
use crate::checkpoint::writer::CheckpointWriter;
use crate::diagnostic::Diagnostic;
use crate::run::RunRecord;
use crate::train::{HistoryEntry, RestoredTensors, SessionCheckpoint, SessionState};

/// Maximum size of a manifest, in bytes: it has one line per tensor.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// A place for one save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// Both slots.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// Name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// A file of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointFile {
    /// Record, state and tensors.
    Tensors,
    /// Lengths and checksums.
    Manifest,
}

impl CheckpointFile {
    /// Name of the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tensors => "checkpoint.safetensors",
            Self::Manifest => "manifest.json",
        }
    }
}

/// The storage of one run: a folder with a folder for each slot.
pub trait CheckpointFolder {
    /// A file that is being written.
    type Writer: Write;
    /// A file that is being read.
    type Reader: Read + Seek;

    /// Creates a file, or empties it.
    fn create(&mut self, slot: Slot, file: CheckpointFile) -> impl Future<Output = io::Result<Self::Writer>>;

    /// Closes a file; it is on the disk then.
    fn close(&mut self, writer: Self::Writer) -> impl Future<Output = io::Result<()>>;

    /// Opens a file; `None` if there is none.
    fn open(&mut self, slot: Slot, file: CheckpointFile) -> impl Future<Output = io::Result<Option<Self::Reader>>>;

    /// Removes a file, if there is one.
    fn remove(&mut self, slot: Slot, file: CheckpointFile) -> impl Future<Output = io::Result<()>>;
}

/// A save that is under way: other work can be done between two tensors, as long as the session is not advanced.
pub struct Saving<W> {
    slot: Slot,
    tensors: W,
    writer: CheckpointWriter,
}

impl<W: Write> Saving<W> {
    /// Begins a save in the slot that is not the newest.
    ///
    /// # Errors
    /// `checkpoint.write` if the folder fails.
    pub async fn begin<F: CheckpointFolder<Writer = W>>(
        folder: &mut F,
        record: RunRecord,
        session: SessionCheckpoint,
    ) -> Result<Self, Diagnostic> {
        let newest = newest_first(folder)
            .await
            .map_err(not_saved)?
            .into_iter()
            .find_map(|(slot, manifest)| Some((slot, manifest.ok()?.generation)));
        let (slot, generation) = newest.map_or((Slot::A, 1), |(slot, generation)| (slot.other(), generation + 1));
        // Whatever happens from here on, the slot is not taken for whole.
        folder.remove(slot, CheckpointFile::Manifest).await.map_err(not_saved)?;
        let tensors = folder.create(slot, CheckpointFile::Tensors).await.map_err(not_saved)?;
        Ok(Self { slot, tensors, writer: CheckpointWriter::new(generation, record, session)? })
    }

    /// Writes the next tensor. Returns false once all are written.
    ///
    /// # Errors
    /// `checkpoint.write` if the folder fails, `device.read` if the device does.
    pub async fn write_next(&mut self) -> Result<bool, Diagnostic> {
        self.writer.write_next(&mut self.tensors).await
    }

    /// Makes the save valid.
    ///
    /// # Errors
    /// `checkpoint.write` if the folder fails.
    pub async fn finish<F: CheckpointFolder<Writer = W>>(self, folder: &mut F) -> Result<(), Diagnostic> {
        folder.close(self.tensors).await.map_err(not_saved)?;
        let bytes = self.writer.finish().to_bytes()?;
        let mut manifest = folder.create(self.slot, CheckpointFile::Manifest).await.map_err(not_saved)?;
        manifest.write_all(&bytes).map_err(not_saved)?;
        folder.close(manifest).await.map_err(not_saved)
    }
}

/// Saves a run.
///
/// # Errors
/// `checkpoint.write` if the folder fails, `device.read` if the device does. The newest save is left as it is.
pub async fn save<F: CheckpointFolder>(
    folder: &mut F,
    record: RunRecord,
    session: SessionCheckpoint,
) -> Result<(), Diagnostic> {
    let mut saving = Saving::begin(folder, record, session).await?;
    while saving.write_next().await? {}
    saving.finish(folder).await
}

/// A saved run that has been read.
#[derive(Debug)]
pub struct RestoredRun {
    /// The record of the run.
    pub record: RunRecord,
    /// The state of the session.
    pub state: SessionState,
    /// Weights and optimizer state.
    pub tensors: RestoredTensors,
    /// Says that the newest save was damaged and an older one was read.
    pub notice: Option<Diagnostic>,
}

impl RestoredRun {
    /// The epochs of a run that was trained further than its recipe file says.
    pub fn extended_epochs(&self) -> Option<u32> {
        self.record.plan.recipe.epochs.filter(|_| !self.state.run.extended_at.is_empty())
    }
}

/// The best weights of a saved run.
#[derive(Debug)]
pub struct SavedBestModel {
    /// The record of the run.
    pub entry: RecordEntry,
    /// Steps and evaluations of the run; none if another version saved it.
    pub history: Vec<HistoryEntry>,
    /// Steps after which the run had ended and was trained further; none if another version saved it.
    pub extended_at: Vec<u32>,
    /// The best weights.
    pub tensors: RestoredTensors,
    /// Says that the newest save was damaged and an older one was read.
    pub notice: Option<Diagnostic>,
}

/// The record of a saved run; `None` if nothing is saved. The tensors are not read.
///
/// # Errors
/// `checkpoint.damaged` if no slot is whole, `checkpoint.read` if they cannot be read.
pub async fn peek<F: CheckpointFolder>(folder: &mut F) -> Result<Option<RunRecord>, Diagnostic> {
    let record = |reader: &mut CheckpointReader<F::Reader>| Ok(reader.record()?.record);
    Ok(newest_whole(folder, record).await?.map(|(record, _)| record))
}

/// The newest save that is whole; `None` if nothing is saved.
///
/// # Errors
/// `checkpoint.version` if another version saved it, `checkpoint.damaged` if no slot is whole, `checkpoint.read` if they
/// cannot be read.
pub async fn load<F: CheckpointFolder>(folder: &mut F, device: &Device) -> Result<Option<RestoredRun>, Diagnostic> {
    let read = |reader: &mut CheckpointReader<F::Reader>| {
        let (state, RecordEntry { record, .. }) = (reader.state()?, reader.record()?);
        Ok((record, state, reader.tensors(device, |_| true)?))
    };
    let read = newest_whole(folder, read).await?;
    Ok(read.map(|((record, state, tensors), notice)| RestoredRun { record, state, tensors, notice }))
}

/// The best weights of the newest save that is whole, whatever its version; `None` if nothing is saved.
///
/// # Errors
/// `checkpoint.no-best` if the run had not been evaluated yet, `checkpoint.damaged` if no slot is whole, `checkpoint.read`
/// if they cannot be read.
pub async fn best<F: CheckpointFolder>(folder: &mut F, device: &Device) -> Result<Option<SavedBestModel>, Diagnostic> {
    let read = |reader: &mut CheckpointReader<F::Reader>| {
        let entry = reader.record()?;
        if entry.record.best.is_none() {
            return Err(Diagnostic::new("checkpoint.no-best", "The run had not been evaluated when it was saved.")
                .done("It was left as it is.")
                .remedy("Continue it until its first evaluation."));
        }
        let (history, extended_at) =
            reader.state().map(|SessionState { run, .. }| (run.history, run.extended_at)).unwrap_or_default();
        let prefix = entry.best_kind().name("");
        let tensors = reader.tensors(device, |name| name.starts_with(&prefix))?;
        Ok(SavedBestModel { entry, history, extended_at, tensors, notice: None })
    };
    let read = newest_whole(folder, read).await?;
    Ok(read.map(|(saved, notice)| SavedBestModel { notice, ..saved }))
}

/// Removes everything that is saved.
///
/// # Errors
/// `checkpoint.write` if the folder fails.
pub async fn clear<F: CheckpointFolder>(folder: &mut F) -> Result<(), Diagnostic> {
    remove_all(folder).await.map_err(not_saved)
}

pub(super) async fn remove_all<F: CheckpointFolder>(folder: &mut F) -> io::Result<()> {
    for slot in Slot::ALL {
        for file in [CheckpointFile::Manifest, CheckpointFile::Tensors] {
            folder.remove(slot, file).await?;
        }
    }
    Ok(())
}

/// Reads the newest save, or the other one if a byte of it is wrong or missing. The damaged one is removed then, so that
/// the next save does not replace the one that is whole.
pub(super) async fn newest_whole<F: CheckpointFolder, T>(
    folder: &mut F,
    mut read: impl FnMut(&mut CheckpointReader<F::Reader>) -> Result<T, Diagnostic>,
) -> Result<Option<(T, Option<Diagnostic>)>, Diagnostic> {
    let mut damage: Option<(Slot, Diagnostic)> = None;
    for (slot, manifest) in newest_first(folder).await.map_err(unreadable)? {
        let found = match manifest {
            Ok(manifest) => match folder.open(slot, CheckpointFile::Tensors).await.map_err(unreadable)? {
                Some(tensors) => CheckpointReader::open(manifest, tensors).and_then(|mut reader| read(&mut reader)),
                None => Err(damaged("its tensors are missing")),
            },
            Err(diagnostic) => Err(diagnostic),
        };
        match (found, damage.take()) {
            (Ok(found), None) => return Ok(Some((found, None))),
            (Ok(found), Some((newest, diagnostic))) => {
                folder.remove(newest, CheckpointFile::Manifest).await.map_err(unreadable)?;
                let notice = diagnostic.done("The save before it is whole and was opened instead.").remedy("");
                return Ok(Some((found, Some(notice))));
            }
            (Err(diagnostic), None) if diagnostic.code == "checkpoint.damaged" => damage = Some((slot, diagnostic)),
            (Err(_), Some((_, first))) => return Err(first),
            (Err(diagnostic), None) => return Err(diagnostic),
        }
    }
    damage.map_or(Ok(None), |(_, diagnostic)| Err(diagnostic))
}

/// The slots that have a manifest, the newest first. Those whose manifest is damaged could be the newest.
async fn newest_first<F: CheckpointFolder>(folder: &mut F) -> io::Result<Vec<(Slot, Result<Manifest, Diagnostic>)>> {
    let mut found = Vec::new();
    for slot in Slot::ALL {
        let Some(reader) = folder.open(slot, CheckpointFile::Manifest).await? else { continue };
        let mut bytes = Vec::new();
        reader.take(MAX_MANIFEST_BYTES).read_to_end(&mut bytes)?;
        found.push((slot, Manifest::parse(&bytes)));
    }
    found.sort_by_key(|(_, manifest)| manifest.as_ref().map_or(u64::MAX, |manifest| manifest.generation));
    found.reverse();
    Ok(found)
}
