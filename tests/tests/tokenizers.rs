//! Tokenizers of each family against Python's, on 3,000 texts.

use hone_core::text::Tokenizer;
use hone_tests::{assert_same_ids, golden, json, minilm, shared};

#[test]
fn ids_of_3_000_texts_are_pythons() {
    let expected = json("tokenizer_ids.json");
    let minilm = minilm().map(|folder| folder.join("tokenizer.json"));
    let stories = shared("models/stories260K/tokenizer.json");
    let byte_level = Some(golden("byte_level/tokenizer.json"));
    for (name, path, vocab) in
        [("minilm", minilm, 30_522), ("stories260k", stories, 512), ("byte_level", byte_level, 800)]
    {
        let Some(path) = path else { continue };
        let json = std::fs::read(path).expect("a tokenizer.json");
        assert_same_ids(&Tokenizer::parse(&json, vocab).expect("a tokenizer"), &expected[name]);
    }
}
