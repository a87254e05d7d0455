//! A saved run as one file, to be taken elsewhere: a zip of the newest slot.

use std::io::{self, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::checkpoint::error::{not_saved, unreadable};
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::slots::{CheckpointFile, CheckpointFolder, Slot, clear, newest_whole};
use crate::diagnostic::Diagnostic;

/// The files of a slot, in the order in which they are written.
const FILES: [CheckpointFile; 2] = [CheckpointFile::Tensors, CheckpointFile::Manifest];

/// Writes the newest save that is whole as a zip. Returns `None` if nothing is saved.
///
/// # Errors
/// `checkpoint.damaged` if no slot is whole, `checkpoint.read` or `checkpoint.write` if the folder or `out` fails.
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
        zip.start_file(file.name(), options).map_err(not_saved)?;
        if let Some(mut reader) = folder.open(slot, file).await.map_err(unreadable)? {
            io::copy(&mut reader, &mut zip).map_err(not_saved)?;
        }
    }
    zip.finish().map(|stream| Some(stream.into_inner())).map_err(not_saved)
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

/// Puts a zip made by [`pack`] into a folder, in place of what is saved there.
///
/// # Errors
/// `checkpoint.archive` if it is no such zip, `checkpoint.write` if the folder fails.
pub async fn unpack<F: CheckpointFolder>(archive: impl Read + Seek, folder: &mut F) -> Result<(), Diagnostic> {
    let mut archive = ZipArchive::new(archive).map_err(no_archive)?;
    if let Some(missing) = FILES.into_iter().find(|file| archive.index_for_name(file.name()).is_none()) {
        return Err(no_archive(format!("{} is missing", missing.name())));
    }
    // Reads all of it, which checks every checksum, before anything is replaced.
    for file in FILES {
        io::copy(&mut archive.by_name(file.name()).map_err(no_archive)?, &mut io::sink()).map_err(no_archive)?;
    }
    clear(folder).await?;
    for file in FILES {
        let mut entry = archive.by_name(file.name()).map_err(no_archive)?;
        let mut writer = folder.create(Slot::A, file).await.map_err(not_saved)?;
        io::copy(&mut entry, &mut writer).map_err(not_saved)?;
        folder.close(writer).await.map_err(not_saved)?;
    }
    Ok(())
}

fn no_archive(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("checkpoint.archive", format!("The file is not a saved run: {error}."))
        .done("Nothing was changed.")
        .remedy("Choose the zip that Hone wrote when the run was taken away.")
}
