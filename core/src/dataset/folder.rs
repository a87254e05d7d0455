//! A folder as one file: a tar archive whose headers are made on the spot, so that no file is copied.

/// Size of a header, and of the units in which files are stored, in bytes.
pub const TAR_BLOCK: usize = 512;
/// Number of bytes of zeros at the end of an archive.
pub const TAR_END: usize = 2 * TAR_BLOCK;
/// Longest path that a header has room for, in bytes.
const MAX_PATH: usize = 100;

/// Returns true if a file is data: no folder, and none of the hidden files that operating systems and Git add.
pub fn is_data_file(path: &str) -> bool {
    let is_hidden = |part: &str| part.starts_with('.') && part != "." && part != "..";
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.is_empty()
        && !path.split('/').any(|part| is_hidden(part) || part == "__MACOSX")
        && !["Thumbs.db", "desktop.ini"].contains(&name)
}

/// Sorts the paths of a folder by the names of the files, so that folders which are labels take turns.
pub fn sort_files<T>(files: &mut [(String, T)]) {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    files.sort_by_cached_key(|(path, _)| (name(path), path.clone()));
}

/// The header of a file in a tar archive (ustar, with GNU tar's form of long paths). The content follows, and then zeros up to
/// a multiple of [`TAR_BLOCK`].
pub fn tar_header(path: &str, size: u64) -> Vec<u8> {
    if path.len() <= MAX_PATH {
        return block(path, size, b'0').to_vec();
    }
    let mut long = block("././@LongLink", path.len() as u64 + 1, b'L').to_vec();
    long.extend_from_slice(path.as_bytes());
    long.resize((TAR_BLOCK + path.len() + 1).next_multiple_of(TAR_BLOCK), 0);
    long.extend_from_slice(&block(&path[..path.floor_char_boundary(MAX_PATH)], size, b'0'));
    long
}

fn block(path: &str, size: u64, kind: u8) -> [u8; TAR_BLOCK] {
    let mut block = [0; TAR_BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, path);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    // 11 octal digits have room for 8 GB, more than is read.
    put(124, &format!("{:011o}", size.min(0o77_777_777_777)));
    put(136, "00000000000");
    // The checksum counts its own field as spaces.
    put(148, "        ");
    put(257, "ustar\0");
    put(263, "00");
    block[156] = kind;
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_are_no_data() {
        for path in ["a.csv", "a/b.txt", "./a.csv", "../a.csv"] {
            assert!(is_data_file(path), "{path}");
        }
        for path in ["a/", "", ".git/config", "a/.DS_Store", "__MACOSX/a.csv", "a/Thumbs.db"] {
            assert!(!is_data_file(path), "{path}");
        }
    }

    #[test]
    fn folders_take_turns() {
        let mut files = ["neg/1", "neg/2", "pos/1", "pos/2", "README"].map(|path| (path.to_owned(), ()));
        sort_files(&mut files);
        assert_eq!(files.map(|(path, ())| path), ["neg/1", "pos/1", "neg/2", "pos/2", "README"]);
    }
}
