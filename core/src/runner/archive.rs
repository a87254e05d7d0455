//! A model's folder in a zip.

use std::fmt::Display;
use std::io::{Read, Seek};

use zip::ZipArchive;

use crate::diagnostic::Diagnostic;
use crate::limits::MAX_CONFIG_BYTES;
use crate::runner::folder::find_file;

/// A zip of a model's folder.
#[derive(Debug)]
pub struct ModelArchive<R> {
    archive: ZipArchive<R>,
    /// Path of each file, in the order of the zip.
    paths: Vec<String>,
}

impl<R: Read + Seek> ModelArchive<R> {
    /// Reads the directory of the zip file `name`.
    ///
    /// # Errors
    /// `model.zip` if it is not a zip.
    pub fn open(name: &str, reader: R) -> Result<Self, Diagnostic> {
        let archive = ZipArchive::new(reader).map_err(|error| {
            Diagnostic::new("model.zip", format!("{name} cannot be read as a zip: {error}."))
                .done("Nothing was changed.")
                .remedy("Unpack it and drop the files.")
        })?;
        let path = |index| archive.name_for_index(index).and_then(Result::ok).unwrap_or_default().into_owned();
        let paths = (0..archive.len()).map(path).collect();
        Ok(Self { archive, paths })
    }

    /// Paths of the files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// Size of a file in bytes, unpacked; 0 if there is no such file.
    pub fn size(&mut self, name: &str) -> f64 {
        let index = find_file(self.paths(), name);
        index.and_then(|index| self.archive.by_index(index).ok()).map_or(0.0, |file| file.size() as f64)
    }

    /// The contents of a small file; `None` if there is no such file.
    ///
    /// # Errors
    /// `model.zip` if it cannot be unpacked, `model.too-large` if it has more than `limit` bytes.
    pub fn read(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(mut file) = self.file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        // A header can lie about the size: at most one byte more than allowed is read.
        file.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
        if bytes.len() > limit { Err(too_large(name, limit)) } else { Ok(Some(bytes)) }
    }

    /// A large file, to be read piece by piece; `None` if there is no such file.
    ///
    /// # Errors
    /// `model.zip` if it cannot be unpacked.
    pub fn file(&mut self, name: &str) -> Result<Option<impl Read>, Diagnostic> {
        let Some(index) = find_file(self.paths.iter().map(String::as_str), name) else { return Ok(None) };
        self.archive.by_index(index).map(Some).map_err(|error| unreadable(name, &error))
    }
}

/// The error of a file that cannot be unpacked.
pub fn unreadable(name: &str, error: &dyn Display) -> Diagnostic {
    Diagnostic::new("model.zip", format!("{name} cannot be read from the zip: {error}."))
        .done("Nothing was changed.")
        .remedy("Unpack it and drop the files.")
}

/// The error of a file with more than `limit` bytes.
pub fn too_large(name: &str, limit: usize) -> Diagnostic {
    Diagnostic::new("model.too-large", format!("{name} is larger than {} MB.", limit.max(MAX_CONFIG_BYTES) >> 20))
        .done("Nothing was changed.")
        .remedy("Check that it belongs to the model.")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> ModelArchive<Cursor<Vec<u8>>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in files {
            zip.start_file(*path, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        ModelArchive::open("model.zip", zip.finish().unwrap()).unwrap()
    }

    #[test]
    fn files_are_read_from_a_folder_in_the_zip() {
        let mut archive = archive(&[("m/config.json", b"{}"), ("m/model.safetensors", &[7; 3000])]);
        assert_eq!(archive.paths().collect::<Vec<_>>(), ["m/config.json", "m/model.safetensors"]);
        assert_eq!(archive.read("config.json", 10).unwrap().as_deref(), Some(b"{}".as_slice()));
        assert_eq!(archive.read("tokenizer.json", 10).unwrap(), None);
        assert_eq!(archive.size("model.safetensors"), 3000.0);
        let mut weights = Vec::new();
        archive.file("model.safetensors").unwrap().unwrap().read_to_end(&mut weights).unwrap();
        assert_eq!(weights, [7; 3000]);
    }

    #[test]
    fn a_small_file_that_unpacks_to_too_much_is_refused() {
        let mut archive = archive(&[("config.json", &[b' '; 5000])]);
        assert_eq!(archive.read("config.json", 4999).unwrap_err().code, "model.too-large");
        assert_eq!(archive.read("config.json", 5000).unwrap().map(|bytes| bytes.len()), Some(5000));
    }

    #[test]
    fn bytes_that_are_not_a_zip_are_refused() {
        let error = ModelArchive::open("data.zip", Cursor::new(b"PK nothing".to_vec())).unwrap_err();
        assert_eq!(error.code, "model.zip");
        assert!(error.what.contains("data.zip"));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("config.json", SimpleFileOptions::default()).unwrap();
        zip.write_all(b"{\"hidden_size\": 8}").unwrap();
        let mut bytes = zip.finish().unwrap().into_inner();
        let begin = "config.json".len() + 30;
        bytes[begin..begin + 4].fill(0xff);
        let mut archive = ModelArchive::open("m.zip", Cursor::new(bytes)).unwrap();
        assert_eq!(archive.read("config.json", 100).unwrap_err().code, "model.zip");
    }
}
