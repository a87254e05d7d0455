//! Labels, splits and reports.

use super::*;

#[test]
fn a_split_keeps_every_class_in_training_and_validation() {
    let (dataset, report) = dataset(GOOD).unwrap();
    assert_eq!(dataset.labels, ["neg", "pos"]);
    assert_eq!((report.train_rows, report.validation_rows, report.majority_ratio), (2, 2, Some(0.5)));
    for side in [&dataset.train, &dataset.validation] {
        assert_eq!(side.iter().map(|&row| dataset.label(row)).sum::<u32>(), 1);
    }
    let row = dataset.train[0];
    let line = dataset.line(row) as usize;
    let expected = format!("{},{}", dataset.text(row), dataset.labels[dataset.label(row) as usize]);
    assert_eq!(GOOD.lines().nth(line - 1), Some(expected.as_str()));
}

#[test]
fn unlearnable_labels_are_rejected_with_a_reason() {
    let many = |label: fn(usize) -> String| {
        (0..1000).fold("text,label\n".to_owned(), |file, i| format!("{file}words in number {i},{}\n", label(i)))
    };
    for (file, code, names) in [
        ("text,label\na b,x\nc d,x\n".to_owned(), "data.one-class", "\"x\""),
        ("text,label\na b,x\nc d,x\ne f,y\n".to_owned(), "data.too-few-rows", "Only 1 label has at least 2 rows."),
        ("text,label\na b,x\nc d,y\ne f,z\n".to_owned(), "data.too-few-rows", "No label has at least 2 rows."),
        (many(|i| format!("n{i}")), "data.too-many-classes", "1,000"),
        (many(|i| format!("{}.5", i)), "data.regression", "1,000"),
    ] {
        let diagnostic = mapped(&file, class(0, 1)).unwrap_err();
        assert_eq!(diagnostic.code, code);
        assert!(diagnostic.what.contains(names), "{diagnostic}");
    }
}

#[test]
fn a_class_with_one_row_is_left_out_and_reported() {
    let (dataset, report) = dataset(format!("{GOOD}alone,other\n")).unwrap();
    assert_eq!(dataset.labels, ["neg", "pos"]);
    assert!(warning(&report.warnings, "data.single-row").what.contains("\"other\""));
    assert_eq!(report.dropped, [SkippedRow { line: 6, reason: "the only row with its label".into() }]);
    assert_eq!((report.rows_kept, report.rows_dropped), (4, 1));
}

#[test]
fn similar_labels_are_reported_and_padding_is_trimmed() {
    let (_, report) = dataset("text,label\na b,spam\nc d,spam \ne f,Spam\ng h,Spam\ni j,ham\nk l,ham\n").unwrap();
    let alike = warning(&report.warnings, "data.alike-labels");
    assert_eq!(alike.what, "These labels differ only in case or spaces: \"spam\" (2 rows), \"Spam\" (2 rows).");
    assert!(warning(&report.warnings, "data.padded-labels").what.starts_with("1 row has spaces"));
    let classes: Vec<_> = report.classes.iter().map(|class| (class.label.as_str(), class.rows)).collect();
    assert_eq!(classes, [("Spam", 2), ("ham", 2), ("spam", 2)]);
}

#[test]
fn equal_texts_are_never_in_both_training_and_validation() {
    let mut file = "text,label\n".to_owned();
    for i in 0..20 {
        file += &format!("the text {},{}\n", i / 2, ["x", "y"][i / 10]);
    }
    file += "the text 0,y\n";
    let (dataset, report) = dataset(file).unwrap();
    assert_eq!((report.duplicates, report.contradictions, report.across_split), (10, 1, 0));
    assert_eq!(report.repeated[0].lines, [2, 3, 22]);
    assert_eq!(report.repeated[0].labels, ["x", "y"]);
    for &row in &dataset.validation {
        assert!(dataset.train.iter().all(|&other| dataset.text(other) != dataset.text(row)));
    }
}

#[test]
fn a_class_with_one_text_is_reported_as_missing_from_validation() {
    let file = "text,label\na b,x\na b,x\nc d,y\ne f,y\n";
    let (_, report) = dataset(file).unwrap();
    assert!(warning(&report.warnings, "data.unchecked-labels").what.contains("\"x\""));
    assert_eq!((report.train_rows, report.validation_rows), (3, 1));
    assert_eq!(dataset("text,label\na b,x\na b,x\na b,y\na b,y\n").unwrap_err().code, "data.no-validation");
}

#[test]
fn a_passage_is_never_in_both_training_and_validation() {
    let contexts: Vec<String> = (0..10).map(|i| format!("passage {i}")).collect();
    let paragraphs: Vec<Paragraph> =
        contexts.iter().map(|context| (context.as_str(), &[("q", "passage", 0), ("r", "passage", 0)][..])).collect();
    let one = dataset(squad(&paragraphs[..1])).unwrap_err();
    assert_eq!(one.code, "data.no-validation");
    assert!(one.done.contains("one passage"), "{one}");
    let (dataset, _) = dataset(squad(&paragraphs)).unwrap();
    let context = |&row: &u32| match dataset.example(row) {
        Example::Question { context, .. } => context.to_owned(),
        other => panic!("{other:?}"),
    };
    let learned: Vec<String> = dataset.train.iter().map(context).collect();
    assert_eq!(learned.len(), 10);
    assert!(dataset.validation.iter().map(context).all(|context| !learned.contains(&context)));
}

#[test]
fn a_validation_file_replaces_the_split() {
    let train = Arc::new(collect(format!("{GOOD}once,rare\n")).unwrap());
    let validation = collect("text,label\nso bad,neg\nnew,pos\nodd,unknown\nlost,\n").unwrap();
    let (dataset, report) = Dataset::new(train.clone(), Some(Arc::new(validation)), 0.0, 42).unwrap();
    assert_eq!(dataset.labels, ["neg", "pos", "rare"]);
    assert_eq!((report.train_rows, report.validation_rows, report.across_split), (4, 2, 1));
    assert_eq!(report.repeated[0].lines, [3]);
    let validation: Vec<_> =
        dataset.validation.iter().map(|&row| (dataset.line(row), dataset.text(row), dataset.label(row))).collect();
    assert_eq!(validation, [(2, "so bad", 0), (3, "new", 1)]);
    for code in ["data.unlearned-labels", "data.validation-rows", "data.unchecked-labels"] {
        warning(&report.warnings, code);
    }
    let strange = Arc::new(collect("text,label\na b,1\nc d,2\n").unwrap());
    assert_eq!(Dataset::new(train.clone(), Some(strange), 0.0, 42).unwrap_err().code, "data.no-validation");
    assert_eq!(Dataset::new(train.clone(), Some(train), 0.0, 42).unwrap_err().code, "data.no-training");
}

#[test]
fn validation_files_work_for_tagging_and_need_the_same_task() {
    let train = Arc::new(collect("a O\nb B-X\n\nc O\n\nd O\n").unwrap());
    let validation = Arc::new(collect("e I-X\nf O\n\nc O\n\ng B-Y\nh O\n").unwrap());
    let (dataset, report) = Dataset::new(train.clone(), Some(validation), 0.0, 42).unwrap();
    assert_eq!((report.train_rows, report.validation_rows, report.across_split), (2, 2, 1));
    let Example::Tags { words, .. } = dataset.example(dataset.validation[0]) else { panic!("no tags") };
    assert_eq!(words.iter().map(|word| word.tag).collect::<Vec<_>>(), [1, 0]);
    assert!(warning(&report.warnings, "data.unlearned-labels").what.contains("B-Y"));
    let text = Arc::new(collect("some text\nand more\n").unwrap());
    assert_eq!(Dataset::new(train, Some(text), 0.0, 42).unwrap_err().code, "data.other-task");
}

#[test]
fn labels_of_a_validation_file_are_matched_by_value() {
    let train = Arc::new(collect_mapped("text,label\na b,1.0\nc d,0.0\ne f,1.0\ng h,0.0\n", class(0, 1)).unwrap());
    let validation = Arc::new(collect_mapped("text,label\ni j,1\nk l,0\n", class(0, 1)).unwrap());
    let (dataset, _) = Dataset::new(train.clone(), Some(validation), 0.0, 42).unwrap();
    assert_eq!((dataset.labels.join(" "), dataset.validation.len()), ("0.0 1.0".into(), 2));
    let other = Arc::new(collect_mapped("text,label\ni j,yes\nk l,no\n", class(0, 1)).unwrap());
    let error = Dataset::new(train, Some(other), 0.0, 42).unwrap_err();
    assert!(error.done.contains("\"0.0\", \"1.0\"") && error.done.contains("\"yes\", \"no\""), "{error}");
}

#[test]
fn labels_that_look_like_missing_values_are_named() {
    let file = "text,label\na b,good\nc d,bad\ne f,good\ng h,bad\ni j,nan\nk l,nan\nm n,NULL\no p,NULL\nq r,01\ns t,01\nu v,1\nw x,1\n";
    let (_, report) = dataset(file).unwrap();
    assert!(warning(&report.warnings, "data.missing-labels").what.contains("\"nan\", \"NULL\" (4 rows)"));
    assert!(
        warning(&report.warnings, "data.alike-labels").what.contains("in how the number is written: \"01\" (2 rows)")
    );
}

#[test]
fn an_error_after_the_split_names_the_true_reason() {
    let mapping = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] };
    let error = mapped("text,rude,kind\na b,1,0\nc d,maybe,0\ne f,0,2\n", mapping).unwrap_err();
    assert_eq!(error.code, "data.no-validation");
    assert!(error.done.starts_with("Only 1 row can be used") && error.done.contains("2 rows were skipped"), "{error}");
}

/// 100 texts of two labels.
fn hundred() -> Arc<Examples> {
    let rows = (0..100).map(|row| format!("text number {row},{}\n", ["pos", "neg"][row % 2]));
    Arc::new(collect(format!("text,label\n{}", rows.collect::<String>())).unwrap())
}

#[test]
fn test_rows_are_held_out_with_the_shares_of_the_labels() {
    let files = |test| DatasetFiles { train: hundred(), validation: None, test };
    let held_out = HoldOut { validation_ratio: 0.1, test_ratio: 0.2, seed: 42 };
    let (dataset, report) = Dataset::with_test(files(None), held_out).unwrap();
    assert_eq!([report.train_rows, report.validation_rows, report.test_rows, report.rows_kept], [70, 10, 20, 100]);
    let positive = dataset.test.iter().filter(|&&row| dataset.label(row) == 1).count();
    assert_eq!(positive, 10);
    let mut all = [dataset.train.clone(), dataset.validation, dataset.test].concat();
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<u32>>(), "each row is on one side");

    let none = HoldOut { test_ratio: 0.0, ..held_out };
    let (with, without) =
        (Dataset::with_test(files(None), none).unwrap(), Dataset::new(hundred(), None, 0.1, 42).unwrap());
    assert_eq!((with.0.train, with.0.validation, with.1), (without.0.train, without.0.validation, without.1));
}

#[test]
fn texts_of_the_test_file_neither_train_nor_validate() {
    let validation = Arc::new(collect("text,label\nnew,pos\ntext number 3,neg\nshared,neg\n").unwrap());
    let test = Arc::new(collect("text,label\nshared,neg\ntext number 5,neg\nother,pos\nodd,unknown\n").unwrap());
    let files = DatasetFiles {
        train: hundred(),
        validation: Some(HeldOutRows::File(validation)),
        test: Some(HeldOutRows::File(test)),
    };
    let held_out = HoldOut { validation_ratio: 0.1, test_ratio: 0.1, seed: 42 };
    let (dataset, report) = Dataset::with_test(files, held_out).unwrap();
    assert_eq!([report.train_rows, report.validation_rows, report.test_rows, report.across_split], [98, 2, 3, 2]);
    let texts = |rows: &[u32]| rows.iter().map(|&row| (dataset.line(row), dataset.text(row))).collect::<Vec<_>>();
    assert_eq!(texts(&dataset.validation), [(2, "new"), (3, "text number 3")]);
    assert_eq!(texts(&dataset.test), [(2, "shared"), (3, "text number 5"), (4, "other")]);
    assert!(warning(&report.warnings, "data.unlearned-labels").what.contains("test file"));
    assert!(warning(&report.warnings, "data.tested-texts").done.contains("1 row was left out of validation"));
}

#[test]
fn parts_without_columns_or_labels_of_the_training_rows_are_left_out_with_a_warning() {
    let held_out = HoldOut { validation_ratio: 0.1, test_ratio: 0.2, seed: 42 };
    let source = |csv: &str| scan(csv).unwrap();
    let [train, unlabeled] = [source("text,label\nso good,pos\nso bad,neg\n"), source("text,id\nnew,1\nother,2\n")];
    let reason = train.part_mapping(&class(0, 1), &unlabeled).unwrap_err();
    assert_eq!(reason.what, "\"file\" has no column \"label\".");
    let swapped = source("label,text\npos,so good\nneg,so bad\n");
    assert_eq!(train.part_mapping(&class(0, 1), &swapped), Ok(class(1, 0)));
    let split = |rows| {
        let part = || Some(HeldOutRows::Part { name: "\"test.csv\"".into(), rows });
        Dataset::with_test(DatasetFiles { train: hundred(), validation: part(), test: None }, held_out).unwrap()
    };
    let unknown = collect("text,label\nnew,-1\nother,-1\n").unwrap();
    let drawn = Dataset::with_test(DatasetFiles { train: hundred(), validation: None, test: None }, held_out).unwrap();
    for (rows, what) in [(Err(reason), "no column \"label\""), (Ok(Arc::new(unknown)), "No row of \"test.csv\" has")] {
        let (dataset, report) = split(rows);
        let left_out = warning(&report.warnings, "data.left-out");
        assert!(left_out.what.contains(what) && left_out.done.contains("drawn from the training rows"), "{left_out}");
        assert_eq!(
            (dataset.validation, &report.left_out[..]),
            (drawn.0.validation.clone(), &[DataRole::Validation][..])
        );
    }
    let some = collect("text,label\nnew,-1\nother,neg\n").unwrap();
    let (_, report) = split(Ok(Arc::new(some)));
    assert_eq!((report.validation_rows, report.left_out.len()), (1, 0), "one label is known");
}

#[test]
fn too_few_texts_for_a_test_are_told() {
    let files = DatasetFiles { train: Arc::new(collect(GOOD).unwrap()), validation: None, test: None };
    let held_out = HoldOut { validation_ratio: 0.5, test_ratio: 0.4, seed: 42 };
    let (dataset, report) = Dataset::with_test(files, held_out).unwrap();
    assert_eq!([dataset.train.len(), dataset.validation.len(), dataset.test.len()], [2, 2, 0]);
    assert!(warning(&report.warnings, "data.no-test").done.contains("no test score"));
}

#[test]
fn a_wild_number_is_named_with_its_line() {
    let warning = |numbers: &[f64]| {
        let rows = numbers.iter().enumerate().map(|(nth, number)| format!("text {nth},{number}\n"));
        let file = format!("text,number\n{}", rows.collect::<String>());
        let (_, report) = mapped(&file, Mapping::Regression { text: 0, pair: None, number: 1 }).unwrap();
        report.warnings.into_iter().find(|warning| warning.code == "data.wild-numbers").map(|warning| warning.what)
    };
    let usual: Vec<f64> = (0..40).map(|nth| f64::from(nth % 10) / 2.0).collect();
    let with = |wild: &[f64]| [&usual, wild].concat();
    assert_eq!(warning(&usual), None);
    assert_eq!(warning(&with(&[1e12])).unwrap(), "1 number is far from all others: 1000000000000 on line 42.");
    let two = warning(&with(&[-5000.5, 1e20])).unwrap();
    assert_eq!(two, "2 numbers are far from all others: -5000.5 on line 42, 1e20 on line 43.");
    let many = warning(&with(&[1e9, 2e9, 3e9, 4e9])).unwrap();
    assert!(many.starts_with("4 numbers are far") && many.ends_with("3000000000 on line 44 and 1 more."), "{many}");
    assert_eq!(warning(&with(&[60.0])), None, "unusual, but not wild");
    // Counts and prices.
    let skewed: Vec<f64> = (0..200).map(|nth| (f64::from(nth) / 20.0 - 5.0).exp()).collect();
    assert_eq!(warning(&skewed), None);
    let mostly_zero: Vec<f64> = (0..40).map(|nth| if nth % 8 == 0 { 1.0 } else { 0.0 }).collect();
    assert_eq!(warning(&mostly_zero), None);
    assert!(warning(&[mostly_zero, vec![1e9]].concat()).is_some());
}
