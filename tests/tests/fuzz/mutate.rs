//! Random changes to a file, reproducible by seed.

/// Maximum length of an input, in bytes.
const MAX_LEN: usize = 1 << 18;

/// Numbers at the boundaries of what readers compute with.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483648",
    "4294967295",
    "9007199254740993",
    "18446744073709551615",
    "99999999999999999999999",
    "1e308",
    "1e999",
    "-0.0",
    "NaN",
];

/// Pieces that have a meaning for one of the readers.
const TOKENS: [&str; 30] = [
    "\"",
    "\"\"",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "\t",
    ",",
    ";",
    "|",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "{%",
    "%}",
    "[[",
    "null",
    "true",
    "\u{feff}",
    "\u{0}",
    "\u{301}",
    "👩‍👩‍👧",
    "İ",
    "\u{2028}",
    "-DOCSTART-",
    "B-",
    "\\ud800",
];

/// A pseudo-random sequence (SplitMix64; Steele et al. 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    pub fn of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

/// Changes `input` in one to eight places; `other` is a file of the same kind.
pub fn mutate(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(8) {
        change(random, &mut bytes, other);
        bytes.truncate(MAX_LEN);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(bytes.len() + 1);
    let length = random.below((bytes.len() - at).min(64) + 1);
    match random.below(12) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.next() as u8,
        2 => _ = bytes.drain(at..at + length),
        3 => {
            let copy = bytes[at..at + length].to_vec();
            insert(bytes, at, &copy);
        }
        4 => insert(bytes, at, random.of(&TOKENS).as_bytes()),
        5 => replace_number(random, bytes, at),
        6 => overwrite_integer(random, bytes, at),
        7 => bytes.truncate(at),
        8 => {
            // The rest comes from the other file.
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
        }
        9 => {
            let from = random.below(other.len() + 1);
            let piece = &other[from..(from + random.below(64)).min(other.len())];
            insert(bytes, at, piece);
        }
        10 => {
            // Depth: the same piece, up to thousands of times.
            let piece =
                if length == 0 { random.of(&TOKENS).as_bytes().to_vec() } else { bytes[at..at + length].to_vec() };
            let times = 1 << random.below(14);
            insert(bytes, at, &piece.repeat(times.min(MAX_LEN / piece.len())));
        }
        _ => {
            let other = random.below(bytes.len() + 1);
            swap(bytes, at, other, length);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// Replaces the first decimal number after `at`.
fn replace_number(random: &mut Random, bytes: &mut Vec<u8>, at: usize) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|start| at + start) else { return };
    let length = bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len() - start);
    bytes.splice(start..start + length, random.of(&NUMBERS).bytes());
}

/// Overwrites a little-endian integer of 4 or 8 bytes, as found in binary headers.
fn overwrite_integer(random: &mut Random, bytes: &mut [u8], at: usize) {
    let values = [0, 1, 2, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, u64::MAX >> 1, u64::MAX, bytes.len() as u64];
    let value = values[random.below(values.len())].to_le_bytes();
    let width = if random.below(2) == 0 { 4 } else { 8 };
    // Headers come first in a file, so half of the changes are there.
    let at = if random.below(2) == 0 { at.min(64) } else { at };
    if let Some(place) = bytes.get_mut(at..at + width) {
        place.copy_from_slice(&value[..width]);
    }
}

fn swap(bytes: &mut [u8], one: usize, other: usize, length: usize) {
    for offset in 0..length {
        if one + offset < bytes.len() && other + offset < bytes.len() {
            bytes.swap(one + offset, other + offset);
        }
    }
}
