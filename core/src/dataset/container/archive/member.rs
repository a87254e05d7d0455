//! A file in an archive, as its list has it.

/// A file in an archive.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Path, with `/` between folders.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
}
