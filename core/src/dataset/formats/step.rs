//! One step of a format's reader.

/// Result of reading at the beginning of the text. The numbers are the bytes consumed.
pub(crate) enum ReadStep {
    /// No complete record yet: more text is needed.
    NeedMore,
    /// A record, whose cells were written.
    Record(usize),
    /// Nothing of interest: white space, comments, punctuation.
    Skip(usize),
    /// A record that cannot be read, and the reason.
    Invalid(usize, String),
}
