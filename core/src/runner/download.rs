//! Resuming a download: the meaning of the server's response to a request for the rest of a file.

/// A server's response to a request for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Bytes follow.
    Body(Resume),
    /// There are no further bytes: the file is complete.
    Complete,
    /// There is no such file, or it is not public.
    Absent,
    /// The server failed.
    Failed,
}

impl Response {
    /// Reads the HTTP status of a request for the bytes from `from` on.
    pub fn of(status: u16, from: f64) -> Self {
        match status {
            206 => Self::Body(Resume { skip: 0 }),
            // The server ignored the range and sends the whole file.
            200..=299 => Self::Body(Resume { skip: from as usize }),
            401 | 403 | 404 => Self::Absent,
            // Range not satisfiable: a file of unknown size has arrived completely.
            416 if from > 0.0 => Self::Complete,
            _ => Self::Failed,
        }
    }
}

/// Drops bytes that had already arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Bytes still to be dropped.
    skip: usize,
}

impl Resume {
    /// The new bytes of a piece; `None` if all of them had arrived before.
    pub fn new_bytes(&mut self, mut piece: Vec<u8>) -> Option<Vec<u8>> {
        let skipped = self.skip.min(piece.len());
        self.skip -= skipped;
        (skipped < piece.len()).then(|| piece.split_off(skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(status: u16, from: f64, pieces: &[&[u8]]) -> Vec<u8> {
        let Response::Body(mut resume) = Response::of(status, from) else { panic!("no body") };
        pieces.iter().filter_map(|piece| resume.new_bytes(piece.to_vec())).flatten().collect()
    }

    #[test]
    fn a_server_that_takes_ranges_sends_only_the_rest() {
        assert_eq!(arrived(206, 3.0, &[b"de", b"f"]), b"def");
    }

    #[test]
    fn what_had_arrived_is_dropped_where_the_server_begins_again() {
        assert_eq!(arrived(200, 3.0, &[b"ab", b"cd", b"ef"]), b"def");
        assert_eq!(arrived(200, 3.0, &[b"abc", b"def"]), b"def");
        assert_eq!(arrived(200, 0.0, &[b"abc"]), b"abc");
    }

    #[test]
    fn a_range_behind_the_end_means_that_all_has_arrived() {
        assert_eq!(Response::of(416, 3.0), Response::Complete);
        assert_eq!(Response::of(416, 0.0), Response::Failed);
    }

    #[test]
    fn missing_files_and_failures_are_told_apart() {
        for status in [401, 403, 404] {
            assert_eq!(Response::of(status, 0.0), Response::Absent);
        }
        assert_eq!(Response::of(500, 0.0), Response::Failed);
    }
}
