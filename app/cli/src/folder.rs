//! A folder of data files, read as the tar archive that the page makes of it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use hone_core::dataset::{TAR_BLOCK, TAR_END, is_data_file, sort_files, tar_header};

/// The files of a folder as a tar archive.
pub struct FolderReader {
    files: Vec<ArchivedFile>,
    /// Size of the archive, in bytes.
    size: u64,
    at: u64,
    /// The file that was read last, by its index.
    open: Option<(usize, File)>,
}

struct ArchivedFile {
    path: PathBuf,
    /// Position of the header in the archive.
    begin: u64,
    header: Vec<u8>,
    size: u64,
}

impl FolderReader {
    /// Lists the files of a folder.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut found = Vec::new();
        list(folder, "", &mut found)?;
        sort_files(&mut found);
        let (mut files, mut begin) = (Vec::new(), 0);
        for (path, (full, size)) in found {
            let header = tar_header(&path, size);
            let next = (begin + header.len() as u64 + size).next_multiple_of(TAR_BLOCK as u64);
            files.push(ArchivedFile { path: full, begin, header, size });
            begin = next;
        }
        Ok(Self { files, size: begin + TAR_END as u64, at: 0, open: None })
    }

    /// Reads from one file's header, content or padding.
    fn read_file(&mut self, index: usize, into: &mut [u8]) -> io::Result<usize> {
        let file = &self.files[index];
        let within = self.at - file.begin;
        if let Some(header) = file.header.get(within as usize..).filter(|header| !header.is_empty()) {
            let read = header.len().min(into.len());
            into[..read].copy_from_slice(&header[..read]);
            return Ok(read);
        }
        let at = within - file.header.len() as u64;
        let left = usize::try_from(file.size.saturating_sub(at)).unwrap_or(usize::MAX);
        if left == 0 {
            let end = self.files.get(index + 1).map_or(self.size, |next| next.begin);
            let read = usize::try_from(end - self.at).unwrap_or(usize::MAX).min(into.len());
            into[..read].fill(0);
            return Ok(read);
        }
        if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
            self.open = Some((index, File::open(&file.path)?));
        }
        let Some((_, open)) = &mut self.open else { return Ok(0) };
        open.seek(SeekFrom::Start(at))?;
        let read = left.min(into.len());
        match open.read(&mut into[..read])? {
            0 => Err(io::Error::other(format!("{} has become shorter", file.path.display()))),
            read => Ok(read),
        }
    }
}

fn list(folder: &Path, at: &str, found: &mut Vec<(String, (PathBuf, u64))>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{at}{}", entry.file_name().to_string_lossy());
        let about = fs::metadata(entry.path())?;
        if about.is_dir() && is_data_file(&path) {
            list(&entry.path(), &format!("{path}/"), found)?;
        } else if about.is_file() && is_data_file(&path) {
            found.push((path, (entry.path(), about.len())));
        }
    }
    Ok(())
}

impl Read for FolderReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || into.is_empty() {
            return Ok(0);
        }
        let after = self.files.partition_point(|file| file.begin <= self.at);
        let read = match after.checked_sub(1) {
            Some(index) => self.read_file(index, into)?,
            None => {
                let read = usize::try_from(self.size - self.at).unwrap_or(usize::MAX).min(into.len());
                into[..read].fill(0);
                read
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for FolderReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
