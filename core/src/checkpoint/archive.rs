//! A saved run as one file, to be taken elsewhere: a zip of the newest slot.

use std::io::{self, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::checkpoint::error::{not_packed, not_unpacked, unreadable};
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::slots::{CheckpointFile, CheckpointFolder, Slot, newest_whole, remove_all};
use crate::diagnostic::Diagnostic;

/// The files of a slot, in the order in which they are written.
const FILES: [CheckpointFile; 2] = [CheckpointFile::Tensors, CheckpointFile::Manifest];

/// Writes the newest save that is whole as a zip. Returns `None` if nothing is saved.
///
/// # Errors
/// `checkpoint.damaged` if no slot is whole, `checkpoint.read` or `checkpoint.pack` if the folder or `out` fails.
pub async fn pack<F: CheckpointFolder, W: Write>(folder: &mut F, out: W) -> Result<Option<W>, Diagnostic> {
    let manifest = newest_whole(folder, |reader| {
        reader.verify()?;
        Ok(reader.manifest().clone())
    });
    let Some((manifest, _)) = manifest.await? else { return Ok(None) };
    let Some(slot) = slot_of(folder, &manifest).await? else { return Ok(None) };
    let mut zip = ZipWriter::new_stream(out);
    for file in FILES {
        // Weights do not compress, and may be larger than 4 GB.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        zip.start_file(file.name(), options).map_err(not_packed)?;
        if let Some(mut reader) = folder.open(slot, file).await.map_err(unreadable)? {
            io::copy(&mut reader, &mut zip).map_err(not_packed)?;
        }
    }
    zip.finish().map(|stream| Some(stream.into_inner())).map_err(not_packed)
}

/// The slot with this manifest.
async fn slot_of<F: CheckpointFolder>(folder: &mut F, manifest: &Manifest) -> Result<Option<Slot>, Diagnostic> {
    for slot in Slot::ALL {
        let Some(mut reader) = folder.open(slot, CheckpointFile::Manifest).await.map_err(unreadable)? else { continue };
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(unreadable)?;
        if Manifest::parse(&bytes).as_ref() == Ok(manifest) {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// Puts a zip into a folder, in place of what is saved there: one made by [`pack`], or a folder of a saved run that the user
/// has packed.
///
/// # Errors
/// `checkpoint.archive` if it is no such zip, and nothing is changed then; `checkpoint.unpack` if the folder fails, which is
/// empty then.
pub async fn unpack<F: CheckpointFolder>(archive: impl Read + Seek, folder: &mut F) -> Result<(), Diagnostic> {
    let mut archive = ZipArchive::new(archive).map_err(no_archive)?;
    let targets: Vec<_> = (0..archive.len()).map(|index| target(&archive.name_for_index(index)?.ok()?)).collect();
    let index_of = |slot, file| targets.iter().position(|target| *target == Some((slot, file)));
    let mut entries = Vec::new();
    for slot in Slot::ALL {
        // A slot that lacks one of its files counts for nothing.
        if let [Some(tensors), Some(manifest)] = FILES.map(|file| index_of(slot, file)) {
            entries.extend([(slot, FILES[0], tensors), (slot, FILES[1], manifest)]);
        }
    }
    if entries.is_empty() {
        return Err(no_archive(format!("{} and {} are not in it", FILES[0].name(), FILES[1].name())));
    }
    // Reads all of it, which checks every checksum, before anything is replaced.
    for &(_, _, index) in &entries {
        io::copy(&mut archive.by_index(index).map_err(no_archive)?, &mut io::sink()).map_err(no_archive)?;
    }
    remove_all(folder).await.map_err(not_unpacked)?;
    for (slot, file, index) in entries {
        if let Err(error) = unpack_file(&mut archive, index, folder, slot, file).await {
            // A part of a saved run is of no use.
            _ = remove_all(folder).await;
            return Err(error);
        }
    }
    Ok(())
}

async fn unpack_file<F: CheckpointFolder>(
    archive: &mut ZipArchive<impl Read + Seek>,
    index: usize,
    folder: &mut F,
    slot: Slot,
    file: CheckpointFile,
) -> Result<(), Diagnostic> {
    let mut entry = archive.by_index(index).map_err(not_unpacked)?;
    let mut writer = folder.create(slot, file).await.map_err(not_unpacked)?;
    io::copy(&mut entry, &mut writer).map_err(not_unpacked)?;
    folder.close(writer).await.map_err(not_unpacked)
}

/// The place of a zip's entry: its file name, in the folder of its slot or in none.
fn target(name: &str) -> Option<(Slot, CheckpointFile)> {
    let mut parts = name.rsplit('/');
    let name = parts.next()?;
    let file = FILES.into_iter().find(|file| file.name() == name)?;
    let folder = parts.next();
    let slot = Slot::ALL.into_iter().find(|slot| Some(slot.name()) == folder);
    Some((slot.unwrap_or(Slot::A), file))
}

fn no_archive(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("checkpoint.archive", format!("The file is not a saved run: {error}."))
        .done("Nothing was changed.")
        .remedy("Choose the zip of a run that was taken away, or of the folder in which the program saved it.")
}
