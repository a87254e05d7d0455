//! The shapes of rows that annotation tools and training libraries write.

use super::*;

/// The tagged words of a data set, row by row: `Anna/B-PER left/O`.
fn tagged(bytes: &str) -> Vec<String> {
    let (dataset, _) = dataset(bytes).unwrap();
    let row = |example| match example {
        Example::Tags { text, words } => {
            let word = |word: &Word| {
                let text = &text[word.start as usize..word.end as usize];
                format!("{text}/{}", dataset.labels[word.tag as usize])
            };
            words.iter().map(word).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other:?}"),
    };
    examples(&dataset).into_iter().map(row).collect()
}

/// The turns of each conversation: `user: a`.
fn turns(bytes: &str) -> Vec<Vec<String>> {
    let (dataset, _) = dataset(bytes).unwrap();
    let row = |example| match example {
        Example::Chat(messages) => messages.iter().map(|turn| format!("{:?}: {}", turn.role, turn.content)).collect(),
        other => panic!("{other:?}"),
    };
    examples(&dataset).into_iter().map(row).collect()
}

const ANNA: [&str; 2] = ["Anna/B-PER left/O", "It/O rained/O"];

#[test]
fn conll_words_and_tags_may_be_in_any_column() {
    let numbered = "1 Anna NN B-PER x\n2 left VB O x\n\n# id 2\n1 It PR O y\n2 rained VB O y\n\n";
    assert_eq!(tagged(numbered), ANNA);
    let source = scan(numbered).unwrap();
    assert_eq!(source.columns, ["tokens", "tags", "column 1", "column 3", "column 5"]);
    assert_eq!(source.preview[0], ["Anna left", "B-PER O", "1 2", "NN VB", "x x"]);
}

#[test]
fn json_is_never_the_text_next_to_a_column_of_words() {
    let vector = "0.25,".repeat(50);
    let row = |text: &str, label| {
        format!("{{\"v\":[{vector}1],\"text\":\"{text}\",\"o\":[{{\"a\":1}}],\"label\":\"{label}\"}}\n")
    };
    let file = row("so good", "pos") + &row("so bad", "neg");
    assert_eq!(scan(&file).unwrap().guess(), class(1, 3));
    let unlabeled =
        format!("{{\"id\":1,\"text\":\"a b\",\"v\":[{vector}1]}}\n{{\"id\":2,\"text\":\"c d\",\"v\":[{vector}1]}}\n");
    for offer in scan(unlabeled).unwrap().offers {
        assert!(!offer.fits || !matches!(offer.mapping, Mapping::MultiLabel { .. }), "{offer:?}");
    }
}

#[test]
fn rows_that_an_annotator_rejected_are_left_out() {
    let row = |text: &str, spans: &str, answer: &str| {
        let tokens = r#"[{"text":"Anna","start":0,"end":4,"id":0},{"text":"left","start":5,"end":9,"id":1}]"#;
        format!("{{\"text\":\"{text}\",\"tokens\":{tokens},\"spans\":{spans},\"answer\":\"{answer}\"}}\n")
    };
    let span = r#"[{"start":0,"end":4,"token_start":0,"token_end":0,"label":"PER"}]"#;
    let file = row("Anna left", span, "accept") + &row("Anna left", "[]", "reject") + &row("It rained", "[]", "accept");
    assert_eq!(tagged(&file), ANNA);
    assert_eq!(skipped(&file), [(2, "the annotator's answer is \"reject\"".into())]);
}

#[test]
fn files_of_label_studio_and_spacy_become_tagged_words() {
    let span = r#"{"start":0,"end":4,"text":"Anna","labels":["PER"]}"#;
    let minimal =
        format!(r#"[{{"id":1,"text":"Anna left","label":[{span}]}},{{"id":2,"text":"It rained","label":[]}}]"#);
    assert_eq!(tagged(&minimal), ANNA);
    let task = |text: &str, results: &str| {
        format!(r#"{{"id":1,"data":{{"text":"{text}"}},"annotations":[{{"id":7,"result":[{results}]}}]}}"#)
    };
    let result = format!(r#"{{"type":"labels","from_name":"label","to_name":"text","value":{span}}}"#);
    assert_eq!(tagged(&format!("[{},{}]", task("Anna left", &result), task("It rained", ""))), ANNA);
    let spacy = r#"[["Anna left",{"entities":[[0,4,"PER"]]}],["It rained",{"entities":[]}]]"#;
    assert_eq!(tagged(spacy), ANNA);
    assert_eq!(tagged(&spacy[1..spacy.len() - 1].replace("}],[", "}]\n[")), ANNA);
}

#[test]
fn nested_translations_become_prompts_and_completions() {
    let file = "{\"id\":1,\"translation\":{\"en\":\"it rains\",\"fr\":\"il pleut\"}}\n\
        {\"id\":2,\"translation\":{\"en\":\"it is fine\",\"fr\":\"il fait beau\"}}\n";
    let (dataset, _) = dataset(file).unwrap();
    let Example::Completion { prompt, completion } = examples(&dataset).swap_remove(0) else { panic!("no prompt") };
    assert_eq!((prompt, completion), ("Translate from English to French.\nit rains\n", "il pleut"));
}

#[test]
fn prompts_and_completions_of_messages_are_conversations() {
    let (user, bot) = (r#"{"role":"user","content":"a"}"#, r#"{"role":"assistant","content":"b"}"#);
    let expected = [["User: a", "Assistant: b"], ["User: c", "Assistant: b"]];
    for row in [
        format!("{{\"prompt\":[{user}],\"completion\":[{bot}]}}\n"),
        format!("{{\"prompt\":[{user}],\"chosen\":[{bot}],\"rejected\":[{bot}]}}\n"),
        format!("{{\"chosen\":[{user},{bot}],\"rejected\":[{user},{bot}]}}\n"),
    ] {
        assert_eq!(turns(&(row.clone() + &row.replace("\"a\"", "\"c\""))), expected, "{row}");
    }
    let source = scan(format!("{{\"prompt\":[{user}],\"chosen\":[{bot}],\"rejected\":[{bot}]}}\n")).unwrap();
    assert_eq!(warning(&source.warnings, "data.unused-column").what, "Column \"rejected\" is not used.");
}

#[test]
fn a_system_column_begins_the_conversation() {
    let row = |text: &str| {
        format!(
            r#"{{"conversations":[{{"from":"human","value":"{text}"}},{{"from":"gpt","value":"b"}}],"system":"be brief","tools":"[{{}}]"}}"#
        )
    };
    let file = format!("[{},{}]", row("a"), row("c"));
    assert_eq!(turns(&file)[0], ["System: be brief", "User: a", "Assistant: b"]);
    let source = scan(&file).unwrap();
    let why = &source.offers[0].reason;
    assert!(why.contains("instructions of “system”"), "{why}");
    assert_eq!(warning(&source.warnings, "data.unused-column").what, "Column \"tools\" is not used.");
    let orca = "{\"id\":1,\"system_prompt\":\"be brief\",\"question\":\"what is it\",\"response\":\"it is me\"}\n";
    let Mapping::Completion { prompt, completion: 3 } = scan(orca).unwrap().guess() else { panic!("no completion") };
    assert_eq!(prompt, "{system_prompt}\n\n{question}\n");
}

#[test]
fn conversations_with_tools_are_refused_with_a_remedy() {
    let file = r#"[{"conversations":[{"from":"human","value":"a"},{"from":"function_call","value":"b"}]}]"#;
    let refused = collect(file).unwrap_err();
    assert!(refused.what.contains("message 2 has the unknown role \"function_call\""), "{refused}");
    assert!(refused.remedy.contains("rename their roles"), "{refused}");
}

#[test]
fn pairs_without_a_gold_label_are_left_out() {
    let row = |label: &str, second: &str| {
        format!(
            "{{\"annotator_labels\":[\"yes\",\"no\"],\"gold_label\":\"{label}\",\"sentence1\":\"it is so\",\"sentence2\":\"{second}\"}}\n"
        )
    };
    let file = row("yes", "it is") + &row("-", "it may be") + &row("no", "it is not");
    assert_eq!(scan(&file).unwrap().guess(), Mapping::Classification { text: 2, pair: Some(3), label: 1 });
    assert_eq!(skipped(&file), [(2, "no gold label (-)".into())]);
    let numbers = "premise,hypothesis,label\nit is,so it is,0\nit is,it is not,1\nit is,it may be,-1\n";
    assert_eq!(skipped(numbers), [(4, "no gold label (-1)".into())]);
}

#[test]
fn columns_that_are_passed_over_are_reported() {
    let source =
        scan("text,label,split\nso good,pos,train\nso bad,neg,test\nfine,pos,train\ndull,neg,train\n").unwrap();
    assert_eq!(source.guess(), class(0, 1));
    assert_eq!(warning(&source.warnings, "data.unused-column").what, "Column \"split\" is not used.");
    let legacy = "{\"prompt\":\"so good\\n\\n###\\n\\n\",\"completion\":\" pos END\"}\n";
    let trimmed = scan(legacy).unwrap();
    let what = &warning(&trimmed.warnings, "data.trimmed-cells").what;
    assert_eq!(what, "Most cells of \"prompt\", \"completion\" begin or end with white space.");
    assert!(!scan(GOOD).unwrap().warnings.iter().any(|warning| warning.code.starts_with("data.unused")));
}

#[test]
fn tables_of_words_are_joined_to_sentences() {
    let kaggle =
        "Sentence #,Word,POS,Tag\nSentence: 1,Anna,NNP,B-PER\n,left,VBD,O\nSentence: 2,It,PRP,O\n,rained,VBD,O\n";
    for file in [
        kaggle.to_owned(),
        kaggle.replace(',', "\t"),
        "sentence_id;token;label\n1;Anna;B-PER\n1;left;O\n2;It;O\n2;rained;O\n".to_owned(),
        "word,tag\nAnna,B-PER\nleft,O\n\nIt,O\nrained,O\n".to_owned(),
    ] {
        assert_eq!(tagged(&file), ANNA, "{file}");
        let whole = format!("{:?}", scan(&file).unwrap());
        for chunk in 1..file.len() {
            assert_eq!(format!("{:?}", by_chunks(file.as_bytes(), chunk).0), whole, "chunks of {chunk}");
        }
    }
    let source = scan(kaggle).unwrap();
    assert_eq!(source.columns, ["tokens", "tags", "POS", "Sentence #"]);
    assert_eq!((source.rows, &source.preview[1][3]), (2, &"Sentence: 2".to_owned()));
    let quoted = kaggle.replace(",left,", ",\",\",");
    assert_eq!(tagged(&quoted)[0], "Anna/B-PER ,/O");
    let ragged = kaggle.replace(",left,VBD,O", ",left,VBD") + ",again,RB,O\n,today,RB,O\n";
    assert_eq!(skipped(&ragged), [(2, "word 2 has 3 cells instead of 4".into())]);
}

#[test]
fn words_whose_sentences_are_unknown_are_reported() {
    let source = scan("word,tag\nAnna,B-PER\nleft,O\nIt,O\nrained,O\nBerg,B-PER\n").unwrap();
    warning(&source.warnings, "data.one-word-rows");
}

#[test]
fn lines_of_fasttext_become_texts_with_labels() {
    let single = "__label__pos so good\n__label__neg so bad\n\n__label__pos fine\n__label__neg dull\n";
    assert_eq!(scan(single).unwrap().guess(), class(0, 1));
    assert_eq!(rows(single)[1], row(2, "so bad", "neg"));
    let several = "__label__a __label__b so good\n__label__b so bad\n__label__a fine\n";
    let (dataset, _) = dataset(several).unwrap();
    let Example::Labels { text, labels, .. } = examples(&dataset).swap_remove(0) else { panic!("no labels") };
    assert_eq!((text, labels), ("so good", vec![0, 1]));
}

#[test]
fn messages_are_never_learned_as_json() {
    let file = "prompt,completion\nsay a,\"[{\"\"role\"\":\"\"assistant\"\",\"\"content\"\":\"\"a\"\"}]\"\nsay b,c d\n";
    let mapping = Mapping::Completion { prompt: "{prompt}\n".into(), completion: 1 };
    let found = collect_mapped(file, mapping).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found.skipped.first[0].reason, "the completion is a list of messages, not a text");
}

#[test]
fn preferred_texts_are_learned_without_the_rejected_ones() {
    let row = |text: &str| format!("{{\"chosen\":\"Human: {text}\",\"rejected\":\"Human: no\"}}\n");
    let source = scan(row("a b") + &row("c d")).unwrap();
    assert_eq!(source.guess(), Mapping::Corpus { text: 0 });
    assert_eq!(warning(&source.warnings, "data.unused-column").what, "Column \"rejected\" is not used.");
}

#[test]
fn tables_whose_texts_are_inside_json_are_reported() {
    let error =
        scan("id,translation\n0,\"{\"\"en\"\": \"\"it is\"\"}\"\n1,\"{\"\"en\"\": \"\"it was\"\"}\"\n").unwrap_err();
    assert!(error.what.contains("The cells of column \"translation\" are JSON"), "{error}");
}
