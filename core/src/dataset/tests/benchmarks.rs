//! Files of public benchmarks, read as they are meant.

use super::*;

/// `count` rows of a file; `row` is given the number of each.
fn file(count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).map(|nth| row(nth) + "\n").collect()
}

/// The first task that is proposed, and the names of its columns.
fn proposed(file: &str) -> String {
    let source = scan(file).unwrap();
    let name = |column: u32| source.columns[column as usize].clone();
    match source.guess() {
        Mapping::Completion { prompt, completion } => format!("{prompt:?} => {}", name(completion)),
        Mapping::Pairs { anchor, positive, negative } => {
            format!("pairs of {}, {}, {}", name(anchor), name(positive), negative.map(name).unwrap_or_default())
        }
        Mapping::Regression { text, pair, number } => {
            format!("{} for {}, {}", name(number), name(text), pair.map(name).unwrap_or_default())
        }
        Mapping::Classification { text, label, .. } => format!("{} of {}", name(label), name(text)),
        other => format!("{other:?}"),
    }
}

#[test]
fn questions_with_a_column_for_each_choice_are_prompts() {
    let mmlu = file(12, |nth| format!("How large is number {nth}?,{nth},4,2,6,{}", ["A", "B", "C", "D"][nth % 4]));
    assert_eq!(
        proposed(&mmlu),
        r#""{column 1}\nA. {column 2}\nB. {column 3}\nC. {column 4}\nD. {column 5}\n" => column 6"#
    );
    let copa = file(12, |nth| {
        format!(
            r#"{{"premise":"My body cast shadow {nth}.","choice1":"The sun rose.","choice2":"The grass grew.","question":"cause","label":{},"idx":{nth}}}"#,
            nth % 2
        )
    });
    assert_eq!(proposed(&copa), r#""{premise}\n{question}\n0. {choice1}\n1. {choice2}\n" => label"#);
    let swag = file(12, |nth| format!("{nth},Students {nth} lower their eyes. She,nods.,turns.,slips.,{}", nth % 3));
    let swag = format!(",startphrase,ending0,ending1,ending2,label\n{swag}");
    assert_eq!(proposed(&swag), r#""{startphrase}\n0. {ending0}\n1. {ending1}\n2. {ending2}\n" => label"#);
    let hella = file(12, |nth| {
        format!(
            r#"{{"ind":{nth},"activity_label":"Roof work","ctx":"A man {nth} is on a roof. he","endings":["sits down.","falls off."],"label":"{}"}}"#,
            nth % 2
        )
    });
    assert_eq!(proposed(&hella), r#""{prompt}\n" => completion"#);
}

#[test]
fn passages_that_people_selected_are_positives() {
    let row = |nth: usize| {
        format!(
            r#"{{"query":"what is thing {nth}","passages":{{"is_selected":[0,1],"passage_text":["Another text.","Thing {nth} is a tool."]}},"answers":["a tool {nth}"]}}"#
        )
    };
    assert_eq!(proposed(&file(12, row)), "pairs of query, pos[0], neg[0]");
    assert_eq!(
        proposed(&file(12, |nth| format!(r#"{{"set":["Who is {nth}?","Which one is {nth}?"]}}"#))),
        "pairs of set[0], set[1], "
    );
}

#[test]
fn arrays_of_texts_are_pairs_or_triplets() {
    let row =
        |nth: usize| format!(r#"["A person {nth} rides a horse.", "A person is outdoors.", "A person eats at home."]"#);
    assert_eq!(proposed(&file(12, row)), "pairs of column 1, column 2, column 3");
    assert_eq!(
        proposed(&file(12, |nth| format!(r#"["How large is {nth}?", "It is as large as {nth}."]"#))),
        "pairs of column 1, column 2, "
    );
}

#[test]
fn ids_are_not_taken_for_texts_in_silence() {
    let qrels = file(20, |nth| format!("{nth}\t0\tD{nth}\t{}", nth % 2));
    assert!(warning(&scan(&qrels).unwrap().warnings, "data.ids-for-texts").remedy.contains("qrels"));
}

#[test]
fn pairs_without_names_have_the_only_score() {
    let row = |nth: usize| {
        format!(
            "main-captions\tMSRvid\t2012test\t{nth:04}\t{}.200\tA plane {nth} is taking off.\tAn air plane takes off.",
            nth % 5
        )
    };
    assert_eq!(proposed(&file(20, row)), "column 5 for column 6, column 7");
    let tweet = |nth: usize| {
        format!(
            "\"{}\",\"{}\",\"Mon Apr 06 22:19:{nth:02} PDT 2009\",\"NO_QUERY\",\"ann\",\"it was a long day {nth}\"",
            nth % 2 * 4,
            14678 + nth * 7
        )
    };
    assert_eq!(proposed(&file(20, tweet)), "column 1 of column 6");
}

#[test]
fn a_date_is_no_label() {
    let table =
        |name: &str| format!("{name},text\n") + &file(20, |nth| format!("2023-0{}-01,so good {nth}", nth % 3 + 1));
    assert!(!proposed(&table("date")).starts_with("date of"), "{}", proposed(&table("date")));
    let intents =
        file(20, |nth| format!("where is my card {nth},{}", ["card_arrival", "lost_or_stolen_card"][nth % 2]));
    assert_eq!(proposed(&intents), "column 2 of column 1", "a name with underscores is one");
    assert_eq!(proposed(&table("label")), "label of text", "unless its column is named like one");
}

#[test]
fn arrays_of_cells_are_rows() {
    let row =
        |nth: usize| format!(r#"["It was so {} {nth}", "{}"]"#, ["good", "bad"][nth % 2], ["pos", "neg"][nth % 2]);
    let lines = file(12, row);
    let array = format!("[{}]", (0..12).map(row).collect::<Vec<_>>().join(",\n"));
    for (text, format) in [(&lines, Format::JsonLines), (&array, Format::JsonArray)] {
        let source = scan(text).unwrap();
        assert_eq!((source.format, source.rows, source.has_header), (format, 12, false));
        assert_eq!(source.columns, ["column 1", "column 2"]);
        assert_eq!(source.corrected_form(&source.guess()), CorrectedForm::Csv);
        let rows = collect(text).unwrap();
        assert_eq!((rows.len(), rows.text(1), label_name(&rows, 1)), (12, "It was so bad 1", "neg".into()));
    }
    let header = r#"["text", "label"]"#;
    for text in [format!("{header}\n{lines}"), array.replacen('[', &format!("[{header}, "), 1)] {
        let source = scan(&text).unwrap();
        assert_eq!((source.rows, source.has_header, source.columns.join(" ")), (12, true, "text label".into()));
        assert_eq!(collect(&text).unwrap().len(), 12);
    }
    let uneven = lines + "[\"one cell\"]\n{\"a\":1}\n";
    let reasons: Vec<String> = skipped(&uneven).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["1 cell instead of 2", "not an array of cells"]);
}

#[test]
fn words_with_their_tags_are_token_classification() {
    let text = file(6, |nth| format!("Anna/B-PER met/O Bob/B-PER number/O {nth}/O"));
    let rows = collect(&text).unwrap();
    assert!(matches!(rows.mapping, Mapping::TokenClassification { .. }), "{:?}", rows.mapping);
    assert_eq!((rows.text(0), rows.label_ids(0).len()), ("Anna met Bob number 0", 5));
    let brown = collect(file(6, |nth| format!("The/at dog/nn ran/vbd {nth}/cd ./."))).unwrap();
    assert!(matches!(brown.mapping, Mapping::TokenClassification { .. }), "{:?}", brown.mapping);
}

#[test]
fn rows_that_are_one_entity_each_are_not_taken_for_texts_in_silence() {
    let table = "text,start,end,label\n".to_owned()
        + &file(12, |nth| format!("Anna met Bob {nth},0,4,{}", ["PER", "LOC"][nth % 2]));
    assert!(warning(&scan(&table).unwrap().warnings, "data.span-rows").remedy.contains("one cell"));
}
