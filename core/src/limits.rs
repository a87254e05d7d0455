//! Bounds on what is accepted, each with its reason. What is larger gets an error that names the bound.

/// Longest cell that is read, in bytes. Longer text is cut: no model here reads more than a few thousand characters.
pub const MAX_CELL_BYTES: usize = 1 << 20;
/// Most bytes of one row that are kept while its end is looked for: room for a 10 MB cell, not for a whole file.
pub const MAX_ROW_BYTES: usize = 32 << 20;
/// Most columns a table may have: beyond this the delimiter was guessed wrong.
pub const MAX_COLUMNS: usize = 1_000;
/// Most classes one can learn: beyond this the label column is nearly always a text, an id or a number.
pub const MAX_CLASSES: usize = 200;
/// Fewest rows of a class: one to learn from and one to check with.
pub const MIN_CLASS_ROWS: usize = 2;
/// Longest label, in characters.
pub const MAX_LABEL_CHARS: usize = 200;
/// Most text kept in memory, in bytes: a wasm32 memory ends at 4 GiB and the model needs room too.
pub const MAX_TEXT_BYTES: usize = 768 << 20;
/// Most of what frozen layers have computed that is kept, in bytes, for training and validation rows each. What does
/// not fit is computed again.
pub const MAX_PREFIX_BYTES: usize = 512 << 20;
/// Memory that a run on the CPU may take, in bytes: a wasm32 memory ends at 4 GiB, and reading a file and the browser's
/// own needs have to fit too.
pub const MAX_CPU_BYTES: usize = 3_500_000_000;
/// Memory that a run on WebGPU may take, in bytes. A page cannot ask how much there is; most GPUs of recent
/// years can give it this much.
pub const MAX_GPU_BYTES: usize = 4_000_000_000;
/// Largest JSON document that has to be read whole (an object of columns), and each of two aligned files, in bytes: in
/// memory it takes several times that.
pub const MAX_JSON_BYTES: usize = 64 << 20;
/// Rows shown as a preview.
pub const PREVIEW_ROWS: usize = 8;
/// Rows by which columns are guessed.
pub const SNIFF_ROWS: usize = 500;
/// Bytes by which encoding, format and delimiter are guessed.
pub const SNIFF_BYTES: usize = 256 << 10;
/// Rows named in a report, with line and reason.
pub const REPORTED_ROWS: usize = 20;

/// Largest JSON header of a safetensors file, in bytes (the reference implementation's own bound).
pub const MAX_SAFETENSORS_HEADER: usize = 100_000_000;
/// Longest header of a GGUF file, in bytes: the tokenizer is in it, and those of the common models take up to 16 MB.
pub const MAX_GGUF_HEADER: u64 = 64 << 20;
/// Most values in the lists of a GGUF file's metadata: tokens, their types and scores, and as many merges.
pub const MAX_GGUF_VALUES: usize = 4 * MAX_VOCAB;
/// Largest tokenizer.json, in bytes: the largest of the common models is 17 MB.
pub const MAX_TOKENIZER_BYTES: usize = 64 << 20;
/// Largest config.json, in bytes.
pub const MAX_CONFIG_BYTES: usize = 1 << 20;
/// Largest vocabulary, in tokens (multilingual models have 250,002).
pub const MAX_VOCAB: usize = 512_000;
/// Most layers of a model.
pub const MAX_LAYERS: usize = 48;
/// Largest hidden size.
pub const MAX_HIDDEN: usize = 4_096;
/// Largest size between the two halves of a feed-forward block.
pub const MAX_INTERMEDIATE_SIZE: usize = 16_384;
/// Most positions (longest sequence a model may claim to read).
pub const MAX_POSITIONS: usize = 8_192;
/// Longest chat template, in bytes: the longest of the common models has 20 KB.
pub const MAX_CHAT_TEMPLATE_BYTES: usize = 256 << 10;
/// Work that a chat template may do for one conversation, in minijinja's fuel: an instruction costs 1, and so do
/// 64 bytes of text, so that this bounds time and memory (64 MB) too.
pub const MAX_CHAT_FUEL: u64 = 1_000_000;
/// Tokens of a prompt that a decoder reads at a time: its attention takes memory for each pair of them and a token before,
/// and between two pieces other messages are heard.
pub const MAX_PROMPT_PIECE: usize = 256;
/// Longest answer that is looked for in a passage, in tokens (`max_answer_length` of BERT's own script).
pub const MAX_ANSWER_TOKENS: usize = 30;
