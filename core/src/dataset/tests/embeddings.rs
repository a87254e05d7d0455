//! Files for embeddings.

use super::*;

/// The offered mapping of a form, if the file fits it.
fn fitting(file: &str, form: &Mapping) -> Option<Mapping> {
    scan(file).unwrap().fitting(form).cloned()
}

const PAIRS: Mapping = Mapping::Pairs { anchor: 0, positive: 1, negative: None };
const SCORED: Mapping = Mapping::ScoredPairs { text: 0, pair: 1, score: 2 };
const FIVE_OF_EACH: &str = "text,label\na,x\nb,x\nc,x\nd,x\ne,x\nf,y\ng,y\nh,y\ni,y\nj,y\n";
const LABELED: Mapping = Mapping::LabeledTexts { text: 0, label: 1 };

#[test]
fn columns_under_the_names_of_sentence_transformers_are_pairs_and_triplets() {
    for (file, mapping) in [
        ("anchor,positive\nso good,quite good\nso bad,quite bad\n", PAIRS),
        ("query,positive\nwho is it,it is me\nwho was it,it was you\n", PAIRS),
        (
            "anchor,positive,negative\nso good,quite good,so bad\nso bad,quite bad,so good\n",
            Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) },
        ),
    ] {
        assert_eq!(scan(file).unwrap().guess(), mapping, "{file}");
    }
}

#[test]
fn files_of_other_tasks_are_offered_for_embeddings_too() {
    let answers = "question,answer\nwho is it,it is me\nwho was it,it was you\n";
    assert_eq!(fitting(answers, &PAIRS), Some(PAIRS));
    assert_eq!(scan(answers).unwrap().guess().task(), Task::Generation);
    let languages = "english,french\na cat sleeps,un chat dort\na dog runs,un chien court\n";
    assert_eq!(fitting(languages, &PAIRS), Some(PAIRS));
    for name in ["score", "label", "similarity"] {
        let scored = format!("sentence1,sentence2,{name}\nit is so,it is,4.5\nit is so,so it is,0.5\n");
        assert_eq!(fitting(&scored, &SCORED), Some(SCORED), "{name}");
    }
    assert_eq!(fitting(GOOD, &LABELED), Some(LABELED));
    assert_eq!(fitting(GOOD, &PAIRS), None);
    assert_eq!(scan(GOOD).unwrap().guess(), class(0, 1));
}

#[test]
fn a_row_without_something_to_learn_is_skipped_with_its_line_and_the_reason() {
    let file = "anchor,positive,negative\na b,c d,e f\n,c,d\na,,d\na,b,\nsame,same,d\na,b,b\ng h,i j,k l\n";
    let mapping = Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) };
    let rows = collect_mapped(file, mapping).unwrap();
    let skipped: Vec<String> = rows.skipped.first.iter().map(|row| format!("{}: {}", row.line, row.reason)).collect();
    let expected = [
        "3: no anchor",
        "4: no positive",
        "5: no negative",
        "6: the anchor and the positive are the same text",
        "7: the negative and the positive are the same text",
    ];
    assert_eq!((rows.len(), skipped), (2, expected.map(String::from).into()));
    let rows = collect_mapped("text,other,score\na,b,high\nc,d,0.5\ne,f,0.7\ng,h,0.1\n", SCORED).unwrap();
    assert_eq!(rows.skipped.first[0].reason, "\"high\" is not a number");
}

#[test]
fn rows_without_anything_to_compare_are_refused_with_a_remedy() {
    let refused = |file: &str, mapping: Mapping| {
        let diagnostic = mapped(file, mapping).unwrap_err();
        assert!(!diagnostic.remedy.is_empty(), "{diagnostic}");
        diagnostic.code
    };
    let one_answer = "anchor,positive\na,yes\nb,yes\nc,yes\nd,yes\n";
    assert_eq!(refused(one_answer, PAIRS), "data.no-negatives");
    let one_question = "anchor,positive,negative\na,b,x\na,c,x\na,d,x\na,e,x\n";
    assert_eq!(refused(one_question, PAIRS), "data.no-validation", "a text is never on both sides");
    let triplets = "anchor,positive,negative\na,yes,no\nb,yes,no\nc,yes,no\nd,yes,no\n";
    let with_negative = Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) };
    assert!(mapped(triplets, with_negative).is_ok(), "the negatives are something to compare with");
    assert_eq!(refused("a,b,score\na,b,1\nc,d,1\ne,f,1\n", SCORED), "data.one-score");
    assert_eq!(refused("text,label\na,x\nb,x\nc,y\nd,y\n", LABELED), "data.no-positives");
    assert_eq!(refused("text,label\na,x\nb,x\nc,x\nd,x\n", LABELED), "data.one-class");
}

#[test]
fn a_search_finds_the_positives_of_the_validation_rows() {
    let (dataset, _) = mapped("anchor,positive\na,x\nb,y\nc,z\nd,x\ne,y\nf,z\n", PAIRS).unwrap();
    let found = dataset.searched_texts(9);
    assert!(!found.is_empty() && found.iter().all(|text| ["x", "y", "z"].contains(&text.as_str())), "{found:?}");
    assert_eq!(dataset.searched_texts(1).len(), 1);
    let (dataset, _) = mapped(FIVE_OF_EACH, LABELED).unwrap();
    assert_eq!(dataset.searched_texts(9).len(), dataset.validation.len());
}

#[test]
fn scores_of_any_range_are_reported() {
    let (_, report) = mapped("a,b,score\na,b,0.5\nc,d,5\ne,f,2\ng,h,3\n", SCORED).unwrap();
    let TaskFacts::Numbers { min, max, .. } = report.facts else { panic!("{:?}", report.facts) };
    assert_eq!((min, max), (0.5, 5.0));
    let (dataset, report) = mapped(FIVE_OF_EACH, LABELED).unwrap();
    assert_eq!((dataset.labels.join(" "), report.facts), ("x y".to_owned(), TaskFacts::None));
}
