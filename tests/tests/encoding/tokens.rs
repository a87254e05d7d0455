//! Tokens: their bytes in the text and the special tokens around it.

use super::*;

/// A byte-level tokenizer without merges, for the bytes of "a é".
fn byte_level(post_processor: serde_json::Value) -> Tokenizer {
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let file = json!({
        "version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}, {"id": 1, "content": "</s>", "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
        "pre_tokenizer": bytes, "decoder": bytes, "post_processor": post_processor,
        "model": {"type": "BPE", "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "Ġ": 4, "Ã": 5, "©": 6}, "merges": []},
    });
    Tokenizer::parse(file.to_string().as_bytes(), 7).unwrap()
}

#[test]
fn a_token_of_part_of_a_character_covers_all_of_it() {
    let tokenizer = byte_level(json!(null));
    let pieces = tokenizer.tokenize("aé a").unwrap();
    let piece = |id, bytes| Token { id, bytes };
    assert_eq!(pieces, [piece(2, 0..1), piece(5, 1..3), piece(6, 1..3), piece(4, 3..4), piece(2, 4..5)]);
    assert_eq!(tokenizer.decode(&[2, 5, 6, 4, 2]).unwrap(), "aé a");
    assert_eq!(tokenizer.special_tokens(), &hone_core::text::SpecialTokens::default());
}

#[test]
fn special_tokens_come_from_the_post_processor() {
    let roberta = byte_level(json!({"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0],
        "trim_offsets": true, "add_prefix_space": false}));
    let frame = roberta.special_tokens();
    assert_eq!((&frame.begin[..], &frame.middle[..], &frame.end[..]), (&[0][..], &[1, 1][..], &[1][..]));
    assert_eq!(frame.pair(&[2], &[3]), (vec![0, 2, 1, 1, 3, 1], 4));
    let file = std::fs::read(minilm().join("tokenizer.json")).unwrap();
    let bert = Tokenizer::parse(&file, 30_522).unwrap();
    let frame = bert.special_tokens();
    assert_eq!((&frame.begin[..], &frame.middle[..], &frame.end[..]), (&[101][..], &[102][..], &[102][..]));
    let llama = stories_tokenizer();
    assert_eq!((&llama.special_tokens().begin[..], llama.special_tokens().end.len()), (&[1][..], 0));
}

#[test]
fn byte_fallback_covers_a_character_outside_the_vocabulary() {
    let tokenizer = stories_tokenizer();
    let pieces = tokenizer.tokenize("cat 猫").unwrap();
    assert_eq!(pieces.last().unwrap().bytes, 4..7);
    let ids: Vec<u32> = pieces.iter().map(|piece| piece.id).collect();
    assert_eq!(tokenizer.decode(&ids).unwrap(), "cat 猫");
}

fn stories_tokenizer() -> Tokenizer {
    Tokenizer::parse(&std::fs::read(stories().join("tokenizer.json")).unwrap(), 512).unwrap()
}

#[test]
fn a_row_that_cannot_be_tokenized_does_not_shift_the_labels_of_others() {
    // A vocabulary of two letters without an unknown token.
    let file = json!({
        "version": "1.0", "added_tokens": [],
        "model": {"type": "Unigram", "unk_id": null, "vocab": [["a", -1.0], ["b", -1.0]]},
    });
    let tokenizer = Tokenizer::parse(file.to_string().as_bytes(), 2).unwrap();
    let class = |text, class| Example::Class { text, pair: None, class };
    let labels = |text, label| Example::Labels { text, pair: None, labels: vec![label] };
    let number = |text, value| Example::Number { text, pair: None, value };
    for (task, rows, labels_left) in [
        (Task::Classification, [class("a", 0), class("x", 1), class("b", 2)], Labels::Classes(vec![0, 2])),
        (
            Task::MultiLabel,
            [labels("a", 0), labels("x", 1), labels("b", 1)],
            Labels::MultiLabel(vec![[true, false].into(), [false, true].into()]),
        ),
        (Task::Regression, [number("a", 0.5), number("x", 1.0), number("b", 2.0)], Labels::Numbers(vec![0.5, 2.0])),
    ] {
        let mut encoded = EncodedRows::new(task);
        let accepted = rows.map(|row| encoded.push(&tokenizer, None, 2, &row).is_ok());
        assert_eq!(accepted, [true, false, true]);
        let EncodedRows::Texts(examples) = &encoded else { panic!("texts") };
        assert_eq!((examples.len(), &examples.labels), (2, &labels_left));
    }
}
