//! Bounds on input, each with its reason. Anything larger is refused with an error that names the bound.

/// Maximum size of a cell, in bytes. Longer text is cut: no model here reads more than a few thousand characters.
pub const MAX_CELL_BYTES: usize = 1 << 20;
/// Maximum size of an incomplete row, in bytes: enough for a 10 MB cell, but not for a whole file.
pub const MAX_ROW_BYTES: usize = 32 << 20;
/// Maximum number of columns: beyond this, the guess of the delimiter was wrong.
pub const MAX_COLUMNS: usize = 1_000;
/// Maximum number of classes: beyond this, the label column is nearly always a text, an id or a number.
pub const MAX_CLASSES: usize = 200;
/// Minimum number of rows of a class: one for training and one for validation.
pub const MIN_CLASS_ROWS: usize = 2;
/// Maximum length of a label, in characters.
pub const MAX_LABEL_CHARS: usize = 200;
/// Maximum size of all texts in memory, in bytes: a wasm32 memory ends at 4 GiB, and the model needs room too.
pub const MAX_TEXT_BYTES: usize = 768 << 20;
/// Maximum size of the cached outputs of frozen layers, in bytes, for training and validation rows each. Outputs beyond
/// that are computed again.
pub const MAX_PREFIX_BYTES: usize = 512 << 20;
/// Maximum memory of a run on the CPU, in bytes: a wasm32 memory ends at 4 GiB, which includes reading a file and the
/// browser's own needs.
pub const MAX_CPU_BYTES: usize = 3_500_000_000;
/// Maximum memory of a run on WebGPU, in bytes. A page cannot query the available memory; most recent GPUs have this
/// much.
pub const MAX_GPU_BYTES: usize = 4_000_000_000;
/// Maximum size of a JSON document that must be read as a whole (an object of columns), and of each of two aligned
/// files, in bytes: in memory it takes several times that.
pub const MAX_JSON_BYTES: usize = 64 << 20;
/// Maximum size of a compressed file's content, in bytes. Its rows are read as a stream, so this bounds time, not memory.
pub const MAX_UNPACKED_BYTES: u64 = 4 << 30;
/// Maximum size of a compressed file's content, relative to the file: repetitive tables reach 50, zeros 1,000 and more.
pub const MAX_UNPACKED_RATIO: u64 = 250;
/// Size of a content that is not checked against [`MAX_UNPACKED_RATIO`], in bytes: small files may be very repetitive.
pub const MIN_RATIO_BYTES: u64 = 16 << 20;
/// Maximum number of files in an archive or a folder: the largest known set of labeled texts has 100,000.
pub const MAX_ARCHIVE_FILES: usize = 300_000;
/// Maximum size of a spreadsheet in an archive, in bytes, which is unpacked in memory.
pub const MAX_MEMBER_BYTES: u64 = 256 << 20;
/// Maximum number of rows of a sheet, as in Excel.
pub const MAX_SHEET_ROWS: usize = 1 << 20;
/// Maximum number of sheets in a spreadsheet.
pub const MAX_SHEETS: usize = 1_000;
/// Maximum size of the texts that a spreadsheet's cells share, in bytes: they are in memory while its rows are read.
pub const MAX_SHARED_STRINGS_BYTES: usize = 256 << 20;
/// Maximum number of merged cells in a sheet that are filled.
pub const MAX_MERGED_CELLS: usize = 100_000;
/// Maximum number of cell styles, as in Excel.
pub const MAX_CELL_STYLES: usize = 65_490;
/// Number of rows in a preview.
pub const PREVIEW_ROWS: usize = 8;
/// Maximum number of characters of a cell that are shown.
pub const PREVIEW_CHARS: usize = 200;
/// Maximum number of rows shown at once to a user who looks through a file.
pub const SHOWN_ROWS: usize = 20;
/// Number of rows used to guess the columns.
pub const SNIFF_ROWS: usize = 500;
/// Number of bytes used to guess encoding, format and delimiter.
pub const SNIFF_BYTES: usize = 256 << 10;
/// Maximum number of rows whose labels are checked at once: their vectors take some 50 MB.
pub const MAX_REVIEWED_ROWS: usize = 20_000;
/// Maximum number of words whose tags are checked at once: their vectors take some 60 MB.
pub const MAX_REVIEWED_WORDS: usize = 40_000;
/// Maximum number of rows without a label that are offered to be labeled, and of labeled rows that are compared with them:
/// their vectors take some 30 MB, and a few minutes on a CPU.
pub const MAX_POOL_ROWS: usize = 10_000;
/// Maximum number of characters of a row without a label.
pub const MAX_POOL_CHARS: usize = 2_000;
/// Maximum number of rows with suspected labels that are listed.
pub const LISTED_SUSPECTS: usize = 200;
/// Maximum number of groups of near duplicates that are listed, and of outliers.
pub const LISTED_GROUPS: usize = 50;
/// Maximum number of rows listed in a report, with line and reason.
pub const REPORTED_ROWS: usize = 20;
/// Maximum number of skipped rows whose reasons are kept.
pub const LISTED_ROWS: usize = 100_000;

/// Maximum size of the JSON header of a safetensors file, in bytes (the reference implementation's bound).
pub const MAX_SAFETENSORS_HEADER: usize = 100_000_000;
/// Maximum size of the header of a GGUF file, in bytes: it includes the tokenizer, and those of common models take up
/// to 16 MB.
pub const MAX_GGUF_HEADER: u64 = 64 << 20;
/// Maximum number of values in the lists of a GGUF file's metadata: tokens, their types and scores, and as many merges.
pub const MAX_GGUF_VALUES: usize = 4 * MAX_VOCAB;
/// Maximum size of tokenizer.json, in bytes: the largest among common models has 17 MB.
pub const MAX_TOKENIZER_BYTES: usize = 64 << 20;
/// Maximum number of files that the weights of a model are split into: 5 MB each, the smallest that is common, make 5 GB.
pub const MAX_SHARDS: usize = 1_000;
/// Maximum size of config.json, in bytes.
pub const MAX_CONFIG_BYTES: usize = 1 << 20;
/// Maximum size of a vocabulary, in tokens (multilingual models have 250,002).
pub const MAX_VOCAB: usize = 512_000;
/// Maximum number of layers.
pub const MAX_LAYERS: usize = 48;
/// Maximum hidden size.
pub const MAX_HIDDEN: usize = 4_096;
/// Maximum inner size of a feed-forward block.
pub const MAX_INTERMEDIATE_SIZE: usize = 16_384;
/// Maximum number of positions, which is the longest sequence that a model can declare.
pub const MAX_POSITIONS: usize = 8_192;
/// Maximum size of a chat template, in bytes: the longest among common models has 20 KB.
pub const MAX_CHAT_TEMPLATE_BYTES: usize = 64 << 10;
/// Work that a chat template may do for one conversation, in minijinja's fuel. An instruction costs 1, and so do 64
/// bytes of text, so that this bounds both time and memory (64 MB).
pub const MAX_CHAT_FUEL: u64 = 1_000_000;
/// Number of prompt tokens that a decoder reads at a time: its attention takes memory for each pair of them and an
/// earlier token, and the worker handles other messages between two pieces.
pub const MAX_PROMPT_PIECE: usize = 256;
/// Maximum length of an answer in a passage, in tokens (`max_answer_length` of BERT's script).
pub const MAX_ANSWER_TOKENS: usize = 30;
