//! Malformed GGUF files, all of which are refused.

use crate::limits::MAX_GGUF_VALUES;
use crate::weights::gguf::*;

/// A GGUF file in parts: counts, metadata entries, tensor entries, data.
#[derive(Clone)]
struct File {
    entries: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    data: Vec<u8>,
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

fn entry(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    [&text(key), &kind.to_le_bytes()[..], value].concat()
}

fn list(kind: u32, count: u64, values: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &count.to_le_bytes(), values].concat()
}

fn tensor(name: &str, sides: &[u64], kind: u32, begin: u64) -> Vec<u8> {
    let sides_bytes: Vec<u8> = sides.iter().flat_map(|side| side.to_le_bytes()).collect();
    [&text(name), &(sides.len() as u32).to_le_bytes()[..], &sides_bytes, &kind.to_le_bytes(), &begin.to_le_bytes()]
        .concat()
}

impl File {
    fn bytes(&self) -> Vec<u8> {
        self.with_counts(self.tensors.len() as u64, self.entries.len() as u64)
    }

    fn with_counts(&self, tensors: u64, entries: u64) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(tensors.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend(self.entries.concat());
        bytes.extend(self.tensors.concat());
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(&self.data);
        bytes
    }
}

/// A Llama without layers, hidden size 2, three tokens: `[[0, 1], [2, 3], [4, 5]]`, and a norm of `[6, 7]`.
fn file() -> File {
    let floats = |values: std::ops::Range<u8>| values.flat_map(|value| f32::from(value).to_le_bytes());
    let mut data: Vec<u8> = floats(0..6).collect();
    data.resize(32, 0);
    data.extend(floats(6..8));
    let number = |key: &str, value: u32| entry(&format!("llama.{key}"), 4, &value.to_le_bytes());
    let epsilon = entry("llama.attention.layer_norm_rms_epsilon", 6, &1e-5f32.to_le_bytes());
    File {
        entries: vec![
            entry("general.architecture", 8, &text("llama")),
            number("embedding_length", 2),
            number("attention.head_count", 1),
            number("feed_forward_length", 4),
            number("block_count", 0),
            number("context_length", 8),
            epsilon,
            entry("list", 9, &list(8, 2, &[text("a"), text("bc")].concat())),
        ],
        tensors: vec![tensor("token_embd.weight", &[2, 3], 0, 0), tensor("output_norm.weight", &[2], 0, 32)],
        data,
    }
}

/// A decoded tensor: name, shape, values.
type Found = (String, Vec<usize>, Vec<f32>);

fn read(pieces: &[&[u8]]) -> Result<Vec<Found>, WeightsError> {
    let (mut reader, mut tensors) = (GgufReader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut |info, bytes| {
            let values = crate::weights::decode(info, bytes).expect("floats").try_into_vec().expect("floats");
            tensors.push((info.name.clone(), info.shape.clone(), values));
            Ok(())
        })?;
    }
    reader.finish().map(|_| tensors)
}

#[track_caller]
fn assert_refused(bytes: &[u8], because: &str) {
    let error = read(&[bytes]).expect_err(because).to_string();
    assert!(error.contains(because), "{error:?} does not say {because:?}");
}

#[test]
fn a_file_cut_anywhere_into_two_pieces_reads_the_same() {
    let file = file().bytes();
    for cut in 0..=file.len() {
        let (left, right) = file.split_at(cut);
        let tensors = read(&[left, right]).unwrap();
        let expected = [
            ("model.embed_tokens.weight".to_owned(), vec![3, 2], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            ("model.norm.weight".to_owned(), vec![2], vec![6.0, 7.0]),
        ];
        assert_eq!(tensors, expected, "cut at {cut}");
    }
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let file = file().bytes();
    for end in 0..file.len() {
        let found = read(&[&file[..end]]);
        let Err(WeightsError::Truncated { have, need }) = found else { panic!("ends at {end}: {found:?}") };
        assert!(have == end as u64 && need > have && need <= file.len() as u64, "{need} of {}, at {end}", file.len());
    }
}

#[test]
fn the_last_tensor_may_be_filled_up_and_nothing_may_follow() {
    let mut file = file().bytes();
    file.resize(file.len().next_multiple_of(32), 0);
    assert!(read(&[&file]).is_ok());
    assert_eq!(read(&[&file, &[0]]), Err(WeightsError::TrailingBytes));
}

#[test]
fn lengths_and_counts_are_not_believed() {
    let huge = 1u64 << 63;
    let with = |entry: Vec<u8>| {
        let mut file = file();
        file.entries.push(entry);
        file.bytes()
    };
    assert_refused(&file().with_counts(huge, 8), "the list of tensors would reach beyond 64 MiB");
    assert_refused(&file().with_counts(2, huge), "the metadata would reach beyond 64 MiB");
    assert_refused(&file().with_counts(2, u64::MAX / 13 + 1), "the metadata would reach beyond 64 MiB");
    assert_refused(&with(entry("x", 8, &huge.to_le_bytes())), "would reach beyond 64 MiB");
    assert_refused(&with(entry("x", 8, &u64::MAX.to_le_bytes())), "would reach beyond 64 MiB");
    assert_refused(&with(entry("x", 8, &(60u64 << 20).to_le_bytes())), "ends too early");
    assert_refused(&with(entry("x", 9, &list(4, huge, &[]))), "x has 9223372036854775808 values");
    assert_refused(&with(entry("x", 9, &list(8, 2_000_000, &[]))), "ends too early");
    // Each list is the only value of the list around it.
    let nested: Vec<u8> = (0..100).flat_map(|_| list(9, 1, &[])).collect();
    assert_refused(&with(entry("x", 9, &nested)), "x holds lists within lists");
}

#[test]
fn the_lists_of_a_file_have_one_bound_together() {
    let mut file = file();
    let bools = list(7, MAX_GGUF_VALUES as u64 / 2, &vec![0; MAX_GGUF_VALUES / 2]);
    file.entries = vec![entry("a", 9, &bools), entry("b", 9, &bools), entry("c", 9, &list(7, 1, &[0]))];
    assert_refused(&file.bytes(), "c has 1 values");
}

#[test]
fn headers_that_are_not_of_the_format_are_refused() {
    let changed = |at: usize, byte: u8| {
        let mut bytes = file().bytes();
        bytes[at] = byte;
        bytes
    };
    assert_refused(&changed(0, b'g'), "not a GGUF file");
    assert_refused(&changed(4, 2), "version 2");
    let mut big_endian = changed(4, 0);
    big_endian[7] = 3;
    assert_refused(&big_endian, "big-endian");
    let with = |entry: Vec<u8>| {
        let mut file = file();
        file.entries.push(entry);
        file.bytes()
    };
    assert_refused(&with(entry("x", 13, &[])), "x is of type 13");
    assert_refused(&with(entry("list", 7, &[1])), "list is listed twice");
    assert_refused(&with(entry("x", 8, &[&1u64.to_le_bytes()[..], &[0xff]].concat())), "is not UTF-8");
    assert_refused(&with(entry("general.alignment", 4, &24u32.to_le_bytes())), "general.alignment is 24");
}

#[test]
fn tensors_that_cannot_be_are_refused() {
    let embedding = |sides: &[u64], kind: u32| {
        let mut file = file();
        file.tensors = vec![tensor("token_embd.weight", sides, kind, 0)];
        file.bytes()
    };
    assert_refused(&embedding(&[32, 2], 10), "is of type Q2_K; F32, F16, BF16, Q8_0, Q6_K, Q5_K");
    assert_refused(&embedding(&[32, 2], 999), "is of type number 999");
    assert_refused(&embedding(&[48, 2], 3), "rows of 48, which cannot be split into blocks of 32");
    assert_refused(&embedding(&[1 << 33, 1 << 33], 0), "larger than 2 GiB");
    assert_refused(&embedding(&[1 << 30], 8), "larger than 2 GiB");
    assert_refused(&embedding(&[2, 0], 0), "has no values");
    assert_refused(&embedding(&[], 0), "has 0 sides");
    assert_refused(&embedding(&[1; 5], 0), "has 5 sides");

    let second = |name: &str, begin: u64| {
        let mut file = file();
        file.tensors[1] = tensor(name, &[2], 0, begin);
        file.bytes()
    };
    assert_refused(&second("token_embd.weight", 32), "token_embd.weight: is listed twice");
    assert_refused(&second("output_norm.weight", 24), "begins at 24, where 32 was expected");
    assert_refused(&second("output_norm.weight", 64), "begins at 64, where 32 was expected");
    assert_refused(&second("output_norm.weight", 0), "begins at");
    assert_refused(&second("output_norm.weight", u64::MAX), "where 32 was expected");
}

#[test]
fn models_that_hone_does_not_know_are_named() {
    let with = |key: &str, kind: u32, value: &[u8]| {
        let mut file = file();
        file.entries.retain(|entry| !entry[8..].starts_with(key.as_bytes()));
        file.entries.push(entry(key, kind, value));
        file.bytes()
    };
    assert_refused(&with("general.architecture", 8, &text("mamba")), "its architecture is \"mamba\"");
    assert_refused(&with("llama.rope.scaling.type", 8, &text("yarn")), "scaled rotary encoding");
    assert_refused(&with("llama.rope.dimension_count", 4, &1u32.to_le_bytes()), "a part of each head");
    assert_refused(&with("llama.expert_count", 4, &8u32.to_le_bytes()), "experts");
    assert_refused(&with("llama.attention.head_count", 4, &0u32.to_le_bytes()), "no attention heads");
    assert_refused(&with("llama.block_count", 8, &text("two")), "llama.block_count has the wrong type");
    let mut without = file();
    without.tensors.clear();
    assert_refused(&without.bytes(), "token_embd.weight");
}

#[test]
fn rows_that_do_not_fit_the_heads_are_refused() {
    let mut file = file();
    file.tensors.push(tensor("blk.0.attn_q.weight", &[2, 3], 0, 64));
    assert_refused(&file.bytes(), "has 3 rows, which cannot be split into 1 heads of pairs");
}

#[test]
fn a_file_without_a_tokenizer_is_refused() {
    let mut reader = GgufReader::default();
    reader.push(&file().bytes(), &mut |_, _| Ok(())).unwrap();
    let error = reader.finish().unwrap().tokenizer_files().unwrap_err().to_string();
    assert!(error.contains("tokenizer.ggml.model is missing"), "{error}");
}
