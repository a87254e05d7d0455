//! Blocks of quantized values in GGUF files, and how they are decoded
//! (<https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>, `dequantize_row_*`).

use half::f16;

/// Number of values in a block.
pub(super) const BLOCK: usize = 32;
/// Number of values in a block of the K types, which consists of smaller ones with scales of their own.
pub(super) const SUPER_BLOCK: usize = 256;
/// Bytes of the scales and minima of a K type's eight smaller blocks, of 6 bits each.
pub(super) const SCALES: usize = 12;

/// A scale, and 4 bits for each value.
pub(super) fn q4_0(block: &[u8]) -> impl Iterator<Item = f32> {
    let scale = half(block);
    nibbles(&block[2..]).map(move |q| (f32::from(q) - 8.0) * scale)
}

/// A scale, the least value, and 4 bits for each value.
pub(super) fn q4_1(block: &[u8]) -> impl Iterator<Item = f32> {
    let (scale, least) = (half(block), half(&block[2..]));
    nibbles(&block[4..]).map(move |q| f32::from(q) * scale + least)
}

/// A scale, the fifth bits of all values, and the other four of each.
pub(super) fn q5_0(block: &[u8]) -> impl Iterator<Item = f32> {
    let scale = half(block);
    fives(&block[2..]).map(move |q| (f32::from(q) - 16.0) * scale)
}

/// A scale, the least value, the fifth bits of all values, and the other four of each.
pub(super) fn q5_1(block: &[u8]) -> impl Iterator<Item = f32> {
    let (scale, least) = (half(block), half(&block[2..]));
    fives(&block[4..]).map(move |q| f32::from(q) * scale + least)
}

/// A scale, and 8 bits for each value.
pub(super) fn q8_0(block: &[u8]) -> impl Iterator<Item = f32> {
    let scale = half(block);
    block[2..].iter().map(move |&q| f32::from(q.cast_signed()) * scale)
}

/// Factors of the scales and of the minima, both of them for each 32 values, and 4 bits for each value.
pub(super) fn q4_k(block: &[u8]) -> impl Iterator<Item = f32> {
    let (scales, values) = (Scales::new(block), &block[4 + SCALES..]);
    values.chunks(BLOCK).flat_map(nibbles).enumerate().map(move |(i, q)| scales.value(i / BLOCK, q))
}

/// The same, with the fifth bits of all values before the other four.
pub(super) fn q5_k(block: &[u8]) -> impl Iterator<Item = f32> {
    let (scales, rest) = (Scales::new(block), &block[4 + SCALES..]);
    let (fifths, values) = rest.split_at(BLOCK);
    let value = move |(i, q): (usize, u8)| scales.value(i / BLOCK, q | (((fifths[i % BLOCK] >> (i / BLOCK)) & 1) << 4));
    values.chunks(BLOCK).flat_map(nibbles).enumerate().map(value)
}

/// The lower four bits and the upper two of each value, a scale for each 16 values, and a factor of the scales.
pub(super) fn q6_k(block: &[u8]) -> impl Iterator<Item = f32> {
    let (lower, rest) = block.split_at(SUPER_BLOCK / 2);
    let (upper, rest) = rest.split_at(SUPER_BLOCK / 4);
    let (scales, factor) = rest.split_at(SUPER_BLOCK / 16);
    let factor = half(factor);
    lower.chunks(2 * BLOCK).flat_map(nibbles).enumerate().map(move |(i, low)| {
        // Half of the values share 32 bytes of upper bits: each byte has those of four values, 32 apart.
        let high = (upper[i / 128 * BLOCK + i % BLOCK] >> (i % 128 / BLOCK * 2)) & 3;
        let scale = factor * f32::from(scales[i / 16].cast_signed());
        scale * (f32::from(low | (high << 4)) - 32.0)
    })
}

/// Scales and minima of the smaller blocks of a K type.
struct Scales([(f32, f32); 8]);

impl Scales {
    fn new(block: &[u8]) -> Self {
        let (scale, least) = (half(block), half(&block[2..]));
        let (a, b, c) = (&block[4..8], &block[8..12], &block[12..16]);
        Self(std::array::from_fn(|i| {
            let (scales, minima) = match i {
                0..4 => (a[i] & 63, b[i] & 63),
                _ => ((c[i - 4] & 15) | ((a[i - 4] >> 2) & 48), (c[i - 4] >> 4) | ((b[i - 4] >> 2) & 48)),
            };
            (scale * f32::from(scales), least * f32::from(minima))
        }))
    }

    fn value(&self, at: usize, q: u8) -> f32 {
        let (scale, least) = self.0[at];
        scale * f32::from(q) - least
    }
}

fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

/// The low halves of all bytes, then the high halves.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.iter().map(|byte| byte & 15).chain(bytes.iter().map(|byte| byte >> 4))
}

/// Values of five bits: the fifth bits in four bytes, then the others.
fn fives(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let (fifths, values) = bytes.split_at(BLOCK / 8);
    nibbles(values).enumerate().map(move |(i, low)| low | (((fifths[i / 8] >> (i % 8)) & 1) << 4))
}
