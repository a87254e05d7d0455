//! Seeds of documents that are read as a whole, and of texts with annotations.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

/// Translations, lists by split, trees, messages and annotated texts.
pub fn whole_files() -> Vec<Vec<u8>> {
    let seeds = [
        "<tmx><header srclang=\"en\"/><body><tu><tuv xml:lang=\"en\"><seg>One <ph>x</ph>text</seg></tuv><tuv xml:lang=\"fr\">\
         <seg>Un &amp; texte</seg></tuv></tu></body></tmx>",
        "<xliff srcLang=\"en\" trgLang=\"fr\"><unit><segment state=\"final\"><source>One</source><target>Un</target></segment>\
         <ignorable><source> </source></ignorable></unit></xliff>",
        "msgid \"\"\nmsgstr \"\"\n\"Language: fr\\n\"\n\n#, fuzzy\nmsgid \"a\"\nmsgstr \"b\"\n\nmsgid \"one\"\nmsgid_plural \"many\"\n\
         msgstr[0] \"un\"\nmsgstr[1] \"\\\"des\\\"\"\n",
        "{\"train\": [[\"one\", \"a\"], [\"two\", \"b\"]], \"oos_test\": [[\"x\", \"c\"]], \"test\": [[\"three\", \"a\"]]}",
        "(3 (2 One) (4 (3 so) (4 good)))\n(1 (2 Two) (1 bad))\n",
        "{\"message_id\":\"a\",\"parent_id\":null,\"role\":\"prompter\",\"text\":\"Hi\"}\n\
         {\"message_id\":\"b\",\"parent_id\":\"a\",\"role\":\"assistant\",\"text\":\"Yo\",\"rank\":0}\n",
    ];
    let mut seeds: Vec<Vec<u8>> = seeds.iter().map(|text| text.as_bytes().to_vec()).collect();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in [
        ("a.txt", "Zoë saw\nNew\r\nYork.\n"),
        ("a.ann", "T1\tPer 0 3\tZoë\nT2\tLoc 8 17\tNew York\nT3\tX 0 1;2 3\tZ o\n"),
    ] {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(path, stored).expect("memory");
        zip.write_all(content.as_bytes()).expect("memory");
    }
    seeds.push(zip.finish().expect("memory").into_inner());
    seeds
}
