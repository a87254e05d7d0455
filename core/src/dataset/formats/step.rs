//! One step of a format's reader.

/// What stands at the beginning of the text, with the bytes that it takes.
pub(crate) enum Step {
    /// Nothing whole: more text is needed.
    More,
    /// A row, whose cells are written.
    Row(usize),
    /// Nothing that matters.
    Skip(usize),
    /// A row that cannot be read, and why.
    Bad(usize, String),
}
