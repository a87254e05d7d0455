//! Several labels of a text, in the forms in which files have them.

use super::*;

/// The labels of each row under the likeliest mapping.
fn labels(rows: &Examples) -> Vec<Vec<String>> {
    let names = |row| rows.label_ids(row).into_iter().map(|id| rows.label_names[id as usize].name.clone()).collect();
    (0..rows.len()).map(names).collect()
}

#[test]
fn the_separator_of_labels_can_be_set() {
    let file = "text,topics\nso good,a/b & c\nso bad,b & c\nfine,a/d/a\ndull,d\n";
    let by = |label_separator| {
        let source = scan_by(file.as_bytes(), 7, Hints { label_separator, ..Hints::default() }).unwrap();
        (source.guess(), labels(&collect_by(file.as_bytes(), 7, &source).unwrap()))
    };
    let lists = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
    assert_eq!(by(None).0, class(0, 1));
    assert_eq!(
        by(Some('/')),
        (
            lists.clone(),
            vec![vec!["a", "b & c"], vec!["b & c"], vec!["a", "d"], vec!["d"]]
                .into_iter()
                .map(|row| row.into_iter().map(str::to_owned).collect())
                .collect()
        )
    );
    assert_eq!(by(Some('&')).1[1], ["b", "c"]);
    // A comma is part of the labels, if the user says that bars separate them.
    let file = "text,labels\nso good,\"Food, hot|Staff\"\nso bad,\"Food, hot\"\nfine,\"Food, cold\"\n";
    let hints = Hints { label_separator: Some('|'), ..Hints::default() };
    let source = scan_by(file.as_bytes(), 1 << 20, hints).unwrap();
    let rows = collect_by(file.as_bytes(), 1 << 20, &source).unwrap();
    assert_eq!((source.guess(), labels(&rows)[0].clone()), (lists, vec!["Food, hot".to_owned(), "Staff".to_owned()]));
}

#[test]
fn numbered_columns_hold_a_label_each() {
    for [first, second, third] in
        [["label1", "label2", "label3"], ["Category_1", "Category_2", "Category_3"], ["tags/0", "tags/1", "tags/2"]]
    {
        let file =
            format!("text,{first},{second},{third}\nso good,joy,calm,\nso bad,anger,,\nfine,calm,joy,anger\ndull,,,\n");
        let rows = collect(&file).unwrap();
        assert_eq!(rows.mapping, Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2, 3] }, "{first}");
        let found = labels(&rows).into_iter().map(|row| row.join(" ")).collect::<Vec<_>>();
        assert_eq!(found, ["calm joy", "anger", "anger calm joy", ""], "{first}");
    }
}

#[test]
fn numbered_columns_of_a_hierarchy_are_offered_after_a_single_label() {
    let file = "text,category1,category2\nso good,food,pizza\nso bad,food,soup\nfine,staff,waiter\ndull,staff,waiter\n";
    let source = scan(file).unwrap();
    let joined = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] };
    assert!(source.guess() != joined && source.fitting(&joined) == Some(&joined), "{:?}", source.offers);
}

#[test]
fn columns_of_flags_are_named_after_their_labels() {
    let rows = collect("text,label1,label2\nso good,1,0\nso bad,0,1\nfine,1,1\n").unwrap();
    assert_eq!(labels(&rows), [vec!["label1"], vec!["label2"], vec!["label1", "label2"]]);
}

#[test]
fn rows_that_were_not_judged_are_skipped() {
    let file = "id,comment_text,toxic,insult,threat\n00a1,so good,-1,-1,-1\n00b2,so bad,1,0,0\n00c3,fine,0,1,0\n00d4,dull,-1,-1,-1\n00e5,kind,0,0,0\n";
    let rows = collect(file).unwrap();
    assert_eq!(rows.mapping, Mapping::MultiLabel { text: 1, pair: None, labels: vec![2, 3, 4] });
    assert_eq!(labels(&rows), [vec!["toxic"], vec!["insult"], vec![]]);
    let reason = "a label is -1, which means that it was not judged";
    assert_eq!(skipped(file), [(2, reason.to_owned()), (5, reason.to_owned())]);
    // Opinions about several things are classes, not flags.
    let aspects = "text,food,staff\nso good,1,-1\nso bad,-1,0\nfine,0,1\ndull,1,1\n";
    assert!(!matches!(scan(aspects).unwrap().guess(), Mapping::MultiLabel { .. }));
}

#[test]
fn rows_that_describe_the_columns_are_no_data() {
    let qualtrics = "StartDate,Finished,Q1,Q2\n\
        Start Date,Finished,\"What did you like?\nPlease be honest, and brief.\",How do you feel?\n\
        \"{\"\"ImportId\"\":\"\"startDate\"\",\"\"timeZone\"\":\"\"America/Denver\"\"}\",\"{\"\"ImportId\"\":\"\"finished\"\"}\",\"{\"\"ImportId\"\":\"\"QID1_TEXT\"\"}\",\"{\"\"ImportId\"\":\"\"QID2\"\"}\"\n\
        2024-01-02 10:00:00,True,the warm food,Good\n\
        2024-01-02 10:05:00,True,\"nothing, really\",Bad\n\
        2024-01-03 11:00:00,True,the kind staff,Good\n\
        2024-01-03 12:00:00,True,not the long wait,Bad\n";
    let source = scan(qualtrics).unwrap();
    assert_eq!((source.columns.join(" "), source.rows), ("StartDate Finished Q1 Q2".into(), 4));
    let warned = warning(&source.warnings, "data.described-columns");
    assert!(
        warned.what.starts_with("2 rows below the header belong to it.") && warned.what.contains("Start Date"),
        "{warned}"
    );
    assert_eq!(rows(qualtrics)[..2], [row(5, "the warm food", "Good"), row(6, "nothing, really", "Bad")]);
    let monkey = "Respondent ID,Collector ID,What did you like?,How do you feel?\n,,Open-Ended Response,Response\n\
        11,7,the warm food,Good\n12,7,nothing really,Bad\n13,7,the kind staff,Good\n14,7,not the wait,Bad\n";
    let source = scan(monkey).unwrap();
    assert_eq!((source.rows, source.quirks.described_rows), (4, 1));
    assert_eq!(rows(monkey)[0], row(3, "the warm food", "Good"));
}

#[test]
fn a_list_with_a_single_label_in_each_row_is_a_class() {
    let line = |nth: usize, label: &str| {
        format!("{{\"text\": \"this is text {nth}\", \"label\": {label}, \"Comments\": []}}\n")
    };
    let single: String = (0..12).map(|nth| line(nth, ["[\"good\"]", "[\"bad\"]"][nth % 2])).collect();
    let rows = collect(&single).unwrap();
    assert_eq!(
        (rows.mapping.clone(), label_name(&rows, 0), label_name(&rows, 1)),
        (class(0, 1), "good".into(), "bad".into())
    );
    let lists = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
    assert_eq!(scan(&single).unwrap().fitting(&lists), Some(&lists));
    let several = single + &line(12, "[\"good\", \"bad\"]");
    assert_eq!(scan(several).unwrap().guess(), lists);
}

#[test]
fn a_column_that_is_the_same_in_all_rows_is_no_label() {
    let line = |nth: usize| format!("this is text {nth},false,{},Validated\n", ["good", "bad"][nth % 2]);
    let file = format!("text,multi_label,annotation,status\n{}", (0..12).map(line).collect::<String>());
    assert_eq!(scan(file).unwrap().guess(), class(0, 2));
}

#[test]
fn the_line_below_a_header_of_markdown_is_no_row() {
    let line = |nth: usize| format!("| this is text {nth} | {} |\n", ["good", "bad"][nth % 2]);
    let file = format!("| text | label |\n|------|:-----:|\n{}", (0..12).map(line).collect::<String>());
    let rows = rows(&file);
    assert_eq!((rows.len(), rows[0].clone()), (12, row(3, "this is text 0", "good")));
}

#[test]
fn conversations_of_cohere_have_a_chatbot() {
    let line = "{\"messages\": [{\"role\": \"User\", \"content\": \"Hi\"}, {\"role\": \"Chatbot\", \"content\": \"Hello\"}]}\n";
    assert_eq!(collect(line.repeat(2)).unwrap().len(), 2);
}
