//! The readers of untrusted files, each with seeds.

use std::io::{Cursor, Read, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use burn::tensor::Device;
use hone_core::dataset::{Collector, DataRole, Dataset, Hints, Scanner, TAR_BLOCK, TAR_END, align, tar_header};
use hone_core::diagnostic::Diagnostic;
use hone_core::model::ModelConfig;
use hone_core::recipe::{Family, LrCurve, ModelFacts, Pooling, Recipe, RecipeSpec, RowFacts};
use hone_core::text::{ChatMessage, ChatTemplate, Tokenizer};
use hone_core::weights::{FileReader, GgufReader, Incoming, decode};
use hone_tests::data_reader::open_data;
use hone_tests::golden;
use serde_json::{Value, json};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::checkpoint::{checkpoints, run_checkpoint};
use crate::whole_files::whole_files;

/// A reader of files.
pub struct Target {
    pub name: &'static str,
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Reads a file and returns the outcome in a few words: an input with a new outcome becomes a seed.
    pub run: fn(&[u8]) -> String,
}

/// All readers.
pub const TARGETS: [Target; 26] = [
    Target { name: "delimited", seeds: delimited, run: |bytes| table("rows.csv", bytes) },
    Target { name: "jsonl", seeds: jsonl, run: |bytes| table("rows.jsonl", bytes) },
    Target { name: "json", seeds: json_files, run: |bytes| table("rows.json", bytes) },
    Target { name: "squad", seeds: squad, run: |bytes| table("squad.json", bytes) },
    Target { name: "conll", seeds: conll, run: |bytes| table("words.conll", bytes) },
    Target { name: "text", seeds: text, run: |bytes| table("text.txt", bytes) },
    Target { name: "compressed", seeds: compressed, run: run_unpacked },
    Target { name: "spreadsheet", seeds: spreadsheets, run: run_unpacked },
    Target { name: "sheet", seeds: sheets, run: |bytes| run_sheet("odd.xlsx", XLSX_SHEET, bytes) },
    Target { name: "ods-content", seeds: ods_contents, run: |bytes| run_sheet("odd.ods", "content.xml", bytes) },
    Target { name: "archive", seeds: archives, run: run_unpacked },
    Target { name: "parquet", seeds: parquets, run: run_unpacked },
    Target { name: "document", seeds: documents, run: run_unpacked },
    Target { name: "whole-file", seeds: whole_files, run: run_unpacked },
    Target { name: "web-page", seeds: web_pages, run: |bytes| run_named("page.html", bytes) },
    Target { name: "parallel", seeds: parallel, run: run_parallel },
    Target { name: "safetensors", seeds: safetensors, run: run_safetensors },
    Target { name: "gguf", seeds: gguf, run: run_gguf },
    Target { name: "tokenizer", seeds: tokenizers, run: run_tokenizer },
    Target { name: "charsmap", seeds: charsmaps, run: run_charsmap },
    Target { name: "recipe", seeds: recipes, run: run_recipe },
    Target { name: "config", seeds: configs, run: run_config },
    Target { name: "chat-template", seeds: templates, run: run_template },
    Target { name: "tokenizer-config", seeds: tokenizer_configs, run: run_tokenizer_config },
    Target { name: "zip", seeds: zips, run: run_zip },
    Target { name: "checkpoint", seeds: checkpoints, run: run_checkpoint },
];

fn owned(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn files(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| std::fs::read(golden(name)).expect(name)).collect()
}

fn outcome<T>(result: Result<T, impl std::fmt::Display>, accepted: impl Fn(T) -> String) -> String {
    match result {
        Ok(value) => accepted(value),
        Err(error) => error.to_string(),
    }
}

/// Scans the file and, for every suggested mapping, collects the rows and splits them.
fn table(name: &str, bytes: &[u8]) -> String {
    read_table(name, bytes).unwrap_or_else(|diagnostic| diagnostic.code)
}

fn read_table(name: &str, bytes: &[u8]) -> Result<String, Diagnostic> {
    let middle = bytes.len() / 2;
    let mut scanner = Scanner::new(name, bytes.len() as f64, Hints::default());
    scanner.push(&bytes[..middle])?;
    scanner.push(&bytes[middle..])?;
    let info = scanner.finish()?;
    let mut outcome = format!("{:?}", info.format);
    for mapping in info.offers.iter().map(|offer| &offer.mapping) {
        let read = || {
            let mut collector = Collector::new(&info, mapping.clone())?;
            collector.push(&bytes[..middle])?;
            collector.push(&bytes[middle..])?;
            let (dataset, _) = Dataset::new(collector.finish()?.into(), None, 0.25, 7)?;
            for &row in dataset.train.iter().chain(&dataset.validation) {
                _ = dataset.example(row);
            }
            Ok::<_, Diagnostic>(())
        };
        outcome += &match read() {
            Ok(()) => format!(" {:?}", mapping.task()),
            Err(diagnostic) => diagnostic.code,
        };
    }
    Ok(outcome)
}

fn delimited() -> Vec<Vec<u8>> {
    owned(&[
        "text,label\ngood film,pos\n\"bad, \"\"really\"\"\nbad\",neg\nfine,pos\n",
        "a\tb\tscore\nOne text\tanother\t3.5\nx\ty\t-1e3\n",
        "text;joy;anger\nyes;1;0\nno;0;1\nboth;1;1\n",
        "question,context,answer,start\nWho?,Ann was here,Ann,0\nWhere?,She is in Rome,Rome,10\n",
        "tokens,ner_tags\nAnn lives in Rome,B-PER O O B-LOC\n\"[\"\"Bo\"\", \"\"ran\"\"]\",\"[\"\"B-PER\"\", \"\"O\"\"]\"\n",
        "text,labels\none,\"a, b\"\ntwo,\"[\"\"a\"\"]\"\nthree,b|c\n",
    ])
}

fn jsonl() -> Vec<Vec<u8>> {
    owned(&[
        "{\"text\": \"good\", \"label\": \"pos\"}\n{\"text\": \"bad \\ud83d\\ude00\", \"label\": 1}\n",
        "{\"prompt\": \"Say hi\", \"completion\": \"hi\"}\n{\"prompt\": \"Count\", \"completion\": \"1 2\"}\n",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Hello\"}]}\n",
        "{\"instruction\": \"Add\", \"input\": \"1 1\", \"output\": \"2\"}\n{\"instruction\": \"Go\", \"input\": \"\", \"output\": \"x\"}\n",
        "{\"text\": \"Ann ran\", \"spans\": [{\"start\": 0, \"end\": 3, \"label\": \"PER\"}]}\n{\"text\": \"a\", \"spans\": [[0, 1, \"X\"]]}\n",
        "{\"conversations\": [{\"from\": \"human\", \"value\": \"Hi\"}, {\"from\": \"gpt\", \"value\": \"Yo\"}]}\n",
        "{\"tokens\": [\"Ann\", \"ran\"], \"ner_tags\": [1, 0]}\n{\"tokens\": [\"a\"], \"ner_tags\": [0]}\n",
    ])
}

fn json_files() -> Vec<Vec<u8>> {
    owned(&[
        "[{\"text\": \"good\", \"label\": \"pos\"}, {\"text\": \"bad\", \"label\": \"neg\"}]",
        "{\"text\": [\"good\", \"bad\", \"so\"], \"label\": [\"pos\", \"neg\", \"pos\"]}",
        "{\"text\": {\"0\": \"good\", \"1\": \"bad\"}, \"score\": {\"0\": 1.5, \"1\": -2}}",
        "{\"data\": [{\"text\": \"good\", \"labels\": [\"a\", \"b\"]}, {\"text\": \"bad\", \"labels\": []}]}",
    ])
}

fn squad() -> Vec<Vec<u8>> {
    owned(&[
        "{\"version\": \"v2.0\", \"data\": [{\"title\": \"T\", \"paragraphs\": [{\"context\": \"Ann was in Rome.\", \
             \"qas\": [{\"id\": \"1\", \"question\": \"Who?\", \"answers\": [{\"text\": \"Ann\", \"answer_start\": 0}], \
             \"is_impossible\": false}, {\"id\": \"2\", \"question\": \"Why?\", \"answers\": [], \"is_impossible\": true}]}]}]}",
    ])
}

fn conll() -> Vec<Vec<u8>> {
    owned(&[
        "-DOCSTART- -X- O O\n\nAnn NNP B-NP B-PER\nlives VBZ B-VP O\nin IN B-PP O\nRome NNP B-NP B-LOC\n\nBo NN O B-PER\n",
        "Ann\tB-PER\nran\tO\n\nin\tO\nRome\tS-LOC\n",
        "# id = 1\n1\tAnn\tAnn\tNOUN\n2\tran\trun\tVERB\n\n",
    ])
}

fn text() -> Vec<Vec<u8>> {
    owned(&[
        "One line.\nAnother line.\n\nA paragraph\nof two lines.\n",
        "\u{feff}Line\r\nLine\r\n",
        "Un caf\u{e9} \u{1f600}\n",
    ])
    .into_iter()
    .chain([[0xFF, 0xFE].into_iter().chain("Hi\nyou\n".encode_utf16().flat_map(u16::to_le_bytes)).collect()])
    .collect()
}

fn compressed() -> Vec<Vec<u8>> {
    files(&[
        "data_files/table.csv.gz",
        "data_files/members.csv.gz",
        "data_files/table.jsonl.zst",
        "data_files/frames.csv.zst",
    ])
}

/// Unpacks a file in both passes.
fn run_unpacked(bytes: &[u8]) -> String {
    run_named("file", bytes)
}

fn run_named(name: &str, bytes: &[u8]) -> String {
    let read = || {
        let mut reader = open_data(name, Cursor::new(bytes.to_vec()), DataRole::Train, &Hints::default())?;
        let mut scanner = reader.scanner(Hints::default());
        while let Some(piece) = reader.next_piece()? {
            scanner.push(piece)?;
        }
        let info = reader.finish(scanner)?;
        let mut collector = Collector::new(&info, info.guess())?;
        let mut reader = open_data(name, Cursor::new(bytes.to_vec()), DataRole::Train, &Hints::default())?;
        while let Some(piece) = reader.next_piece()? {
            collector.push(piece)?;
        }
        let rows = collector.finish()?.len();
        Ok::<_, Diagnostic>(format!("{:?} {rows}", info.compression))
    };
    read().unwrap_or_else(|diagnostic| diagnostic.code)
}

fn spreadsheets() -> Vec<Vec<u8>> {
    files(&["data_files/table.xlsx", "data_files/odd.xlsx", "data_files/table.ods", "data_files/odd.ods"])
}

fn documents() -> Vec<Vec<u8>> {
    let zipped = |files: &[(&str, &str)]| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            zip.start_file(*path, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
                .expect("memory");
            zip.write_all(content.as_bytes()).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    };
    let document = "<w:document><w:body><w:p><w:r><w:t>One text</w:t><w:tab/></w:r></w:p><w:p><w:t>Two</w:t></w:p></w:body></w:document>";
    let container = "<container><rootfiles><rootfile full-path=\"a/b.opf\"/></rootfiles></container>";
    let package = "<package><manifest><item id=\"c\" href=\"c%2e.xhtml\" media-type=\"application/xhtml+xml\"/></manifest>\
                   <spine><itemref idref=\"c\"/></spine></package>";
    let book = [
        ("mimetype", "application/epub+zip"),
        ("META-INF/container.xml", container),
        ("a/b.opf", package),
        ("a/c..xhtml", "<html><body><p>One</p><p>Two</p></body></html>"),
    ];
    vec![zipped(&[("[Content_Types].xml", "<Types/>"), ("word/document.xml", document)]), zipped(&book)]
}

fn web_pages() -> Vec<Vec<u8>> {
    let page = "<!DOCTYPE html><html><head><meta charset=utf-8><style>p{}</style></head><body class='a>b'>\
                <p>caf&eacute; &amp; &#233;<br>x<!-- no --><script>1 < 2</script><td>a</td></body></html>";
    vec![page.as_bytes().to_vec()]
}

fn parquets() -> Vec<Vec<u8>> {
    let names = ["table", "none", "gzip", "lz4", "polars", "version2", "typed", "labeled", "chat"];
    names.iter().flat_map(|name| files(&[&format!("data_files/{name}.parquet")])).collect()
}

fn archives() -> Vec<Vec<u8>> {
    let mut seeds = files(&["data_files/tables.zip", "data_files/folders.zip", "data_files/tables.tgz"]);
    // Plain, so that mutated headers get past the checksum of gzip.
    for name in ["data_files/folders.tar.gz", "data_files/tables.tgz"] {
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(Cursor::new(files(&[name]).remove(0)))
            .read_to_end(&mut tar)
            .expect("a tar archive");
        seeds.push(tar);
    }
    let parquet = files(&["data_files/table.parquet"]).remove(0);
    let mut tar = [tar_header("a.parquet", parquet.len() as u64), parquet].concat();
    tar.resize(tar.len().next_multiple_of(TAR_BLOCK) + TAR_END, 0);
    seeds.push(tar);
    seeds
}

/// The part of odd.xlsx with the sheet that is read first.
const XLSX_SHEET: &str = "xl/worksheets/sheet3.xml";

/// A part of a file.
fn part(file: &str, part: &str) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(files(&[&format!("data_files/{file}")]).remove(0))).expect("a zip");
    let mut bytes = Vec::new();
    zip.by_name(part).expect(part).read_to_end(&mut bytes).expect("bytes");
    bytes
}

fn sheets() -> Vec<Vec<u8>> {
    vec![part("odd.xlsx", XLSX_SHEET)]
}

fn ods_contents() -> Vec<Vec<u8>> {
    vec![part("odd.ods", "content.xml")]
}

/// Reads a file with another content in one of its parts, so that mutated parts get past the checksum.
fn run_sheet(file: &str, replaced: &str, bytes: &[u8]) -> String {
    let mut old = ZipArchive::new(Cursor::new(files(&[&format!("data_files/{file}")]).remove(0))).expect("a zip");
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let mut entry = old.by_index(index).expect("a part");
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        new.start_file(entry.name().expect("a name"), stored).expect("a part");
        if entry.name().expect("a name") == replaced {
            new.write_all(bytes).expect("bytes");
        } else {
            std::io::copy(&mut entry, &mut new).expect("bytes");
        }
    }
    run_unpacked(&new.finish().expect("a zip").into_inner())
}

/// Separator between the two files of a parallel text.
const BETWEEN_FILES: &[u8] = b"\n====\n";

fn parallel() -> Vec<Vec<u8>> {
    owned(&["Hello.\nYes.\n\n====\nBonjour.\nOui.\n", "a\n====\nb"])
}

fn run_parallel(bytes: &[u8]) -> String {
    let at = bytes.windows(BETWEEN_FILES.len()).position(|window| window == BETWEEN_FILES).unwrap_or(bytes.len() / 2);
    let (first, second) = (&bytes[..at], &bytes[(at + BETWEEN_FILES.len()).min(bytes.len())..]);
    match align("x.fra", first, "x.eng", second) {
        Ok(rows) => table("x.jsonl", &rows),
        Err(diagnostic) => diagnostic.code,
    }
}

/// A file with the tensors of `values`.
fn small_safetensors() -> Vec<u8> {
    let header = json!({
        "__metadata__": {"format": "pt"},
        "a.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "a.bias": {"dtype": "F16", "shape": [3], "data_offsets": [24, 30]},
        "b": {"dtype": "I64", "shape": [], "data_offsets": [30, 38]},
    })
    .to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0x3C; 38]].concat()
}

fn safetensors() -> Vec<Vec<u8>> {
    let mut seeds = files(&["micro_bert/model.safetensors", "micro_gpt2/model.safetensors"]);
    seeds.push(small_safetensors());
    seeds
}

fn run_safetensors(bytes: &[u8]) -> String {
    let mut reader = FileReader::default();
    let mut kinds = String::new();
    let mut take = |info: &_, bytes| {
        kinds += if decode(info, bytes).is_some() { "float" } else { "other" };
        Ok(())
    };
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let read = reader.push(first, &mut take).and_then(|()| reader.push(second, &mut take));
    let read = read.and_then(|()| reader.finish());
    let mut incoming = Incoming::safetensors(Family::default(), &Device::flex());
    let loaded = incoming.push(first).and_then(|()| incoming.push(second)).and_then(|()| incoming.finish());
    outcome(read, |_| format!("{kinds} {}", loaded.is_ok()))
}

fn gguf() -> Vec<Vec<u8>> {
    files(&["micro_gguf/llama.gguf", "micro_gguf/gpt2.gguf", "micro_gguf/gemma3.gguf", "micro_gguf/blocks.gguf"])
}

fn run_gguf(bytes: &[u8]) -> String {
    let mut reader = GgufReader::default();
    let mut take = |info: &_, bytes| {
        _ = decode(info, bytes);
        Ok(())
    };
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let read = reader.push(first, &mut take).and_then(|()| reader.push(second, &mut take));
    let header = match read.and_then(|()| reader.finish()) {
        Ok(header) => header,
        Err(error) => return error.to_string(),
    };
    let config = run_config(&header.config_json());
    match header.tokenizer_files() {
        Ok(files) => files.iter().map(|(name, bytes)| format!("{name} {}", run_tokenizer(bytes))).collect(),
        Err(error) => format!("{config} {error}"),
    }
}

fn tokenizers() -> Vec<Vec<u8>> {
    let mut seeds = files(&["byte_level/tokenizer.json", "unigram/tokenizer.json"]);
    let token = |id: usize, content: &str| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": true, "normalized": false,
            "special": true})
    };
    let word_piece = json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},
        "padding": null,
        "added_tokens": [token(0, "[PAD]"), token(1, "[UNK]"), token(2, "[CLS]"), token(3, "[SEP]")],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "ann": 4, "##a": 5}},
    });
    seeds.push(word_piece.to_string().into_bytes());
    let byte_pair = json!({
        "added_tokens": [token(6, "<s>")],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace",
            "pattern": {"Regex": " +"}, "content": "▁"}, {"type": "Prepend", "prepend": "▁"}, {"type": "Strip",
            "strip_left": true, "strip_right": true}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\d{1,3}|\\s+"},
            "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": true}]},
        "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}}], "pair": [{"Sequence": {"id": "A", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {"<s>": {"id": "<s>", "ids": [6], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip",
            "content": " ", "start": 1, "stop": 0}, {"type": "ByteLevel"}, {"type": "Metaspace", "replacement": "▁",
            "prepend_scheme": "first", "split": true}]},
        "model": {"type": "BPE", "dropout": null, "unk_token": "u", "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": true, "ignore_merges": false,
            "vocab": {"u": 0, "a": 1, "n": 2, "an": 3, "ann": 4, "Ġ": 5}, "merges": [["a", "n"], "an n"]},
    });
    seeds.push(byte_pair.to_string().into_bytes());
    seeds
}

/// Texts that exercise the corner cases of normalizers and pre-tokenizers.
const TEXTS: [&str; 5] = [
    "",
    "Ann was in Rome, 12345 times.",
    " \u{301}\u{0}\u{feff} \u{1f469}\u{200d}\u{1f467}",
    "ﬁ Ǆ İ 東京",
    "<s>[CLS]an  an\n",
];

fn run_tokenizer(bytes: &[u8]) -> String {
    outcome(Tokenizer::parse(bytes, 4096), |tokenizer| {
        let tokenizer = tokenizer.with_eos_ids(&[bytes]);
        let read = |text: &&str| {
            let Ok(pieces) = tokenizer.tokenize(text) else { return false };
            assert!(
                pieces.iter().all(|piece| text.get(piece.bytes.start as usize..piece.bytes.end as usize).is_some())
            );
            let ids: Vec<u32> = pieces.iter().map(|piece| piece.id).collect();
            tokenizer.encode(text, 16).is_ok() && tokenizer.decode(&ids).is_ok()
        };
        format!("read {}", TEXTS.iter().filter(|text| read(text)).count())
    })
}

/// The golden Unigram tokenizer, with its table of characters as bytes.
fn unigram() -> (Value, Vec<u8>) {
    let file: Value = serde_json::from_slice(&files(&["unigram/tokenizer.json"])[0]).expect("JSON");
    let table = file["normalizer"]["normalizers"][0]["precompiled_charsmap"].as_str().expect("a table");
    let table = BASE64_STANDARD.decode(table).expect("base64");
    (file, table)
}

fn charsmaps() -> Vec<Vec<u8>> {
    vec![unigram().1]
}

fn run_charsmap(bytes: &[u8]) -> String {
    let (mut file, _) = unigram();
    file["normalizer"]["normalizers"][0]["precompiled_charsmap"] = BASE64_STANDARD.encode(bytes).into();
    run_tokenizer(file.to_string().as_bytes())
}

fn recipes() -> Vec<Vec<u8>> {
    let mut seeds = owned(&[
        "{}",
        "{\"version\": 1, \"task\": \"generation\", \"lora_r\": 8, \"lora_alpha\": 16.0, \"epochs\": 3, \"batch_size\": 8}",
    ]);
    let mut spec = serde_json::to_value(RecipeSpec::default()).expect("JSON");
    seeds.push(spec.to_string().into_bytes());
    spec["unfreezing"] = "gradual".into();
    seeds.push(spec.to_string().into_bytes());
    seeds
}

fn run_recipe(bytes: &[u8]) -> String {
    let spec: RecipeSpec = match serde_json::from_slice(bytes) {
        Ok(spec) => spec,
        Err(error) => return error.to_string(),
    };
    let facts = ModelFacts {
        family: Family::default(),
        parameters: 1e6,
        layers: 4,
        hidden: 32,
        has_pooler: true,
        max_positions: 512,
        pooling: Pooling::Mean,
        data: RowFacts { suggested_len: 64, ..RowFacts::default() },
    };
    outcome(Recipe::new(spec, &facts), |recipe| {
        let curve = LrCurve::new(recipe.spec(), recipe.learning_rate(), 100);
        let rates = (0..=100).map(|step| curve.lr(step)).all(|rate| rate.is_finite() && rate >= 0.0);
        assert!(rates, "a learning rate that is not a number, or negative");
        for step in 0..100 {
            _ = recipe.unfreeze_schedule().stage_at(step, 10);
        }
        recipe.groups().iter().for_each(|group| _ = recipe.rate_factor(*group));
        format!("runs {:?}", recipe.task())
    })
}

fn configs() -> Vec<Vec<u8>> {
    files(&[
        "micro_bert/config.json",
        "micro_distilbert/config.json",
        "micro_roberta/config.json",
        "micro_electra/config.json",
        "micro_modernbert/config.json",
        "micro_llama/config.json",
        "micro_llama3/config.json",
        "micro_smollm3/config.json",
        "micro_gemma3/config.json",
        "micro_gpt2/config.json",
    ])
}

fn run_config(bytes: &[u8]) -> String {
    outcome(ModelConfig::parse(bytes), |config| {
        _ = (config.sizes(), config.vocab());
        format!("{:?}", config.family())
    })
}

fn templates() -> Vec<Vec<u8>> {
    let long_line = format!("{{% fo{}", "ae".repeat(40_000));
    let minuses = format!("{{{{ {}1 }}}}", "-".repeat(100_000));
    let sum = format!("{{{{ 1{} }}}}", "+1".repeat(100_000));
    owned(&[
        &long_line,
        &minuses,
        &sum,
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message.content }}<|im_end|>\n{% endfor %}\
         {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        "{{ bos_token }}{%- for m in messages -%}{%- if m.role == 'system' -%}{{ raise_exception('no') }}{%- endif -%}\
         {{ m['content'] | trim | upper }}{{ loop.index0 % 2 }}{%- endfor -%}",
        "{% macro f(x) %}{{ x[1:] }}{{ x.split(' ')[0] }}{% endmacro %}{% set ns = namespace(n=0) %}\
         {% for i in range(3) %}{% set ns.n = ns.n + i %}{{ f('ab c') }}{% endfor %}{{ ns.n ~ strftime_now('%Y') }}",
    ])
}

fn conversation() -> Vec<ChatMessage> {
    let turns = [("system", "Be brief."), ("user", "Hi {{ there }}"), ("assistant", "Hello\n")];
    turns.map(|(role, content)| ChatMessage { role: role.to_owned(), content: content.to_owned() }).to_vec()
}

fn run_template(bytes: &[u8]) -> String {
    match ChatTemplate::parse(&String::from_utf8_lossy(bytes)) {
        Ok(template) => match template.render(&conversation(), true) {
            Ok(text) => format!("renders {}", text.len().min(3)),
            Err(diagnostic) => diagnostic.what,
        },
        Err(diagnostic) => diagnostic.what,
    }
}

fn tokenizer_configs() -> Vec<Vec<u8>> {
    owned(&[
        "{\"chat_template\": \"{{ bos_token }}{{ messages[0].content }}\", \"bos_token\": \"<s>\"}",
        "{\"chat_template\": [{\"name\": \"default\", \"template\": \"{{ messages | length }}\"}], \
         \"bos_token\": {\"content\": \"<s>\"}}",
    ])
}

fn run_tokenizer_config(bytes: &[u8]) -> String {
    match ChatTemplate::find(&[("tokenizer_config.json".to_owned(), bytes.to_vec())]) {
        Some(template) => format!("renders {}", template.render(&conversation(), false).is_ok()),
        None => "none".to_owned(),
    }
}

fn zips() -> Vec<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [
        ("model/config.json", files(&["micro_bert/config.json"]).remove(0)),
        ("model/model.safetensors", small_safetensors()),
        ("model/1_Pooling/config.json", b"{\"pooling_mode\": \"mean\"}".to_vec()),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).expect("a file");
        writer.write_all(&bytes).expect("bytes");
    }
    vec![writer.finish().expect("a zip").into_inner()]
}

/// Maximum size of a file in a zip that is read here, in bytes.
const MAX_UNPACKED: u64 = 1 << 20;

fn run_zip(bytes: &[u8]) -> String {
    let mut archive = match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => return error.to_string(),
    };
    let mut outcome = String::new();
    for index in 0..archive.len().min(64) {
        let name = archive.name_for_index(index).and_then(Result::ok).unwrap_or_default().into_owned();
        let mut unpacked = Vec::new();
        match archive.by_index(index).map(|file| file.take(MAX_UNPACKED).read_to_end(&mut unpacked)) {
            Ok(Ok(_)) if name.ends_with("config.json") => outcome += &run_config(&unpacked),
            Ok(Ok(_)) if name.ends_with("model.safetensors") => outcome += &run_safetensors(&unpacked),
            Ok(Ok(_)) => outcome += "other",
            Ok(Err(error)) => outcome += &error.to_string(),
            Err(error) => outcome += &error.to_string(),
        }
    }
    outcome
}
