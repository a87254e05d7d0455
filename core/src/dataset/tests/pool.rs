//! Rows that have a text and no label yet.

use super::*;

fn training(file: &str) -> Result<Arc<Examples>, Diagnostic> {
    let source = scan(file)?;
    let mut collector = Collector::new(&source, class(0, 1))?;
    collector.push(file.as_bytes())?;
    collector.finish_training().map(Arc::new)
}

fn trained(file: &str) -> Result<(Dataset, DataReport), Diagnostic> {
    Dataset::new(training(file)?, None, 0.5, 42)
}

#[test]
fn rows_without_a_label_are_kept_apart_and_not_trained_on() {
    let file = format!("{GOOD}not yet, \n,\n  ,pos\nlater,\n");
    let pool = &training(&file).unwrap().pool.rows;
    let row = |line, text: &str| PoolRow { line, text: text.into(), pair: None };
    assert_eq!(*pool, [row(6, "not yet"), row(9, "later")]);
    let (_, report) = trained(&file).unwrap();
    assert_eq!((report.rows_kept, report.rows_dropped, report.unlabeled), (4, 4, 2));
    assert_eq!(report.dropped[0], SkippedRow { line: 6, reason: "no label".into() });
}

#[test]
fn many_rows_without_a_label_do_not_make_the_columns_wrong() {
    let (_, report) = trained(&format!("{GOOD}{}", "not yet,\n".repeat(40))).unwrap();
    assert_eq!(report.unlabeled, 40);
    assert!(report.warnings.iter().all(|warning| warning.code != "data.mostly-skipped"), "{:?}", report.warnings);
}

#[test]
fn a_file_with_too_few_labels_says_what_is_missing_and_stays_open() {
    for (rows, what) in [
        ("", "No row has a label yet."),
        ("so good,pos\nso fine,pos\n", "Every row has the same label, \"pos\"."),
        ("so good,pos\nso bad,neg\n", "No label has at least 2 rows."),
    ] {
        let error = trained(&format!("text,label\n{rows}not yet,\nlater,\n")).unwrap_err();
        assert_eq!((error.code.as_str(), error.what.as_str()), (FEW_LABELS, what));
        assert!(error.done.starts_with("2 rows have a text and no label. The file stays open."), "{error}");
        assert!(error.remedy.contains("two rows of each of two labels"), "{error}");
    }
    assert_eq!(trained("text,label\n,pos\n,neg\n").unwrap_err().code, "data.no-rows");
}

#[test]
fn rows_without_a_label_cannot_validate() {
    let file = "text,label\nnot yet,\n";
    let mut collector = Collector::new(&scan(file).unwrap(), class(0, 1)).unwrap();
    collector.push(file.as_bytes()).unwrap();
    assert_eq!(collector.finish().unwrap_err().code, "data.no-rows");
}

#[test]
fn pairs_on_which_annotators_disagree_are_not_offered() {
    let file = "premise,hypothesis,gold_label\na b,c,x\na c,d,y\ne f,g,-\nh i,j,\nk l,m,x\nn o,p,y\n";
    let mut collector =
        Collector::new(&scan(file).unwrap(), Mapping::Classification { text: 0, pair: Some(1), label: 2 }).unwrap();
    collector.push(file.as_bytes()).unwrap();
    let pool = collector.finish_training().unwrap().pool.rows;
    assert_eq!(pool, [PoolRow { line: 5, text: "h i".into(), pair: Some("j".into()) }]);
}
