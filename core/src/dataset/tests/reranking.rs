//! Files of queries and passages.

use super::*;

const QUERIES: Mapping = Mapping::Reranking { query: 0, passage: 1, label: 2 };
const GOOD: &str = "query,passage,label\nwho is it,it is me,1\nwho is it,a cat sleeps,0\nwhere is it,it is here,1\n\
    where is it,a dog runs,0\nwhen is it,it is now,1\nwhen is it,a fish swims,0\n";

fn report(file: &str) -> Result<DataReport, Diagnostic> {
    Ok(mapped(file, QUERIES)?.1)
}

#[test]
fn queries_with_passages_that_fit_or_not_are_to_be_ranked() {
    for file in [
        GOOD.to_owned(),
        GOOD.replace("passage,label", "document,relevance"),
        GOOD.replace(",1\n", ",True\n").replace(",0\n", ",False\n"),
        GOOD.replace(",1\n", ",0.75\n").replace(",0\n", ",0.25\n"),
    ] {
        assert_eq!(scan(&file).unwrap().guess(), QUERIES, "{file}");
    }
    // Grades of another range, and classes.
    for (of, file) in [("grades", GOOD.replace(",1\n", ",3\n")), ("classes", GOOD.replace(",1\n", ",fits\n"))] {
        assert_ne!(scan(&file).unwrap().guess(), QUERIES, "{of}");
        assert!(scan(&file).unwrap().offers.iter().any(|offer| offer.mapping.has_form_of(&QUERIES)), "{of}");
    }
    // Yes-no questions about a passage look the same.
    let answers = GOOD.replace("query,", "question,");
    assert_eq!(scan(&answers).unwrap().guess().task(), Task::Classification);
    assert!(scan(&answers).unwrap().fitting(&QUERIES).is_some());
}

#[test]
fn passages_of_a_query_stay_together() {
    let rows = Arc::new(collect_mapped(GOOD, QUERIES).unwrap());
    for seed in 0..20 {
        let (dataset, _) = Dataset::new(rows.clone(), None, 0.3, seed).unwrap();
        assert_eq!((dataset.train.len(), dataset.validation.len()), (4, 2));
        let lines: Vec<u32> = dataset.validation.iter().map(|&row| row / 2).collect();
        assert_eq!(lines[0], lines[1], "both passages of one query");
    }
}

#[test]
fn rows_that_cannot_be_ranked_are_skipped_with_the_reason() {
    let file = format!("{GOOD}who was it,,1\n,it was me,1\nwho was it,it was you,\nwho was it,it was you,good\n");
    let rows = collect_mapped(&file, QUERIES).unwrap();
    let reasons: Vec<&str> = rows.skipped.first.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!((rows.len(), reasons), (6, vec!["no passage", "no query", "no label", "\"good\" is not a number"]));
}

#[test]
fn labels_outside_0_to_1_are_refused_and_nothing_is_scaled_in_silence() {
    for (label, shown) in [("3", "3"), ("-1", "-1"), ("1.5", "1.5")] {
        let file = GOOD.replacen(",0\n", &format!(",{label}\n"), 1);
        let refused = collect_mapped(&file, QUERIES).unwrap_err();
        assert_eq!(refused.code, "data.label-range");
        assert!(refused.what.starts_with(&format!("Line 3 has the label {shown}.")), "{refused}");
        assert!(refused.remedy.contains("Divide"), "{refused}");
    }
}

#[test]
fn one_query_or_one_label_is_refused_and_queries_without_an_answer_are_reported() {
    let one_query = "query,passage,label\nwho is it,it is me,1\nwho is it,a cat sleeps,0\n";
    let refused = report(one_query).unwrap_err();
    assert_eq!(refused.code, "data.no-validation");
    assert!(refused.done.contains("one query"), "{refused}");
    for label in ["0", "1"] {
        let file = GOOD.replace(",1\n", &format!(",{label}\n")).replace(",0\n", &format!(",{label}\n"));
        assert_eq!(report(&file).unwrap_err().code, "data.one-label", "{label}");
    }
    let warned = |file: &str| report(file).unwrap().warnings.into_iter().map(|it| it.code).collect::<Vec<_>>();
    assert!(!warned(GOOD).contains(&"data.unanswered-queries".to_owned()));
    // So many that some of them validate.
    let unanswered: String = (0..12).map(|nth| format!("how is it {nth},a bird sings,0\n")).collect();
    let unanswered = format!("{GOOD}{unanswered}");
    assert!(warned(&unanswered).contains(&"data.unanswered-queries".to_owned()));
}
