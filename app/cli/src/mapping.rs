//! Selection of columns: those named by the arguments, or a guess for the recipe's task.

use hone_core::dataset::{Mapping, SourceInfo, TaskOffer};
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::Task;

/// The arguments that choose columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct ColumnArguments {
    /// Name of the column with the text, if the guess is wrong.
    #[arg(long)]
    pub text: Option<String>,
    /// Name of the column with the label, the number or the tags, if the guess is wrong. Several labels: the column that
    /// lists them, or this argument once for each column of 0 and 1.
    #[arg(long)]
    pub label: Vec<String>,
    /// The columns by index, from 0, as JSON, if the guess is wrong: a `mapping` of the page's protocol, such as
    /// {"classification": {"text": 0, "pair": null, "label": 1}}.
    #[arg(long, conflicts_with_all = ["text", "label"])]
    pub mapping: Option<String>,
}

/// The mapping of a file for a task.
///
/// # Errors
/// If an argument names no column or does not fit the task, or there is neither an argument nor a guess.
pub fn choose(info: &SourceInfo, task: Task, arguments: &ColumnArguments) -> Result<Mapping, Diagnostic> {
    if let Some(json) = &arguments.mapping {
        return parse(json, info, task);
    }
    let offer = info.offers.iter().find(|offer| offer.mapping.task() == task);
    let mapping = if arguments.text.is_none() && arguments.label.is_empty() {
        // Any cell is a label, but few texts have tags, answers or numbers by chance.
        let is_usable = |offer: &&TaskOffer| offer.fits || matches!(task, Task::Classification | Task::MultiLabel);
        offer.filter(is_usable).map(|offer| offer.mapping.clone())
    } else {
        let text = arguments.text.iter().map(|name| column(info, name)).next().transpose()?;
        let labels = arguments.label.iter().map(|name| column(info, name)).collect::<Result<Vec<_>, _>>()?;
        if labels.len() > 1 && task != Task::MultiLabel {
            let what = format!("--label is given {} times, but \"{task}\" has one label.", labels.len());
            return Err(Diagnostic::new("data.columns", what)
                .remedy("Name one column, or set the recipe's \"task\" to \"multi_label\"."));
        }
        named(task, offer.map(|offer| &offer.mapping), text, &labels).transpose()?
    };
    let mapping = mapping.ok_or_else(|| no_guess(info, task))?;
    mapping.check(&info.columns)?;
    Ok(mapping)
}

/// The task that a file fits best among those whose labels, tags or texts can be checked.
pub fn task_to_review(info: &SourceInfo, arguments: &ColumnArguments) -> Task {
    if let Some(mapping) = arguments.mapping.as_ref().and_then(|json| serde_json::from_str::<Mapping>(json).ok()) {
        return mapping.task();
    }
    if arguments.label.len() > 1 {
        return Task::MultiLabel;
    }
    let is_checked = |task: &Task| !matches!(task, Task::QuestionAnswering | Task::Generation);
    let fitting = info.offers.iter().filter(|offer| offer.fits).map(|offer| offer.mapping.task());
    fitting.into_iter().find(is_checked).unwrap_or(Task::Classification)
}

/// Warns if the columns of a guess do not look like data for the recipe's task.
pub fn doubt(info: &SourceInfo, mapping: &Mapping, arguments: &ColumnArguments) -> Option<Diagnostic> {
    if *arguments != ColumnArguments::default() || info.fitting(mapping).is_some() {
        return None;
    }
    let used = mapping
        .roles(&info.columns)
        .into_iter()
        .filter_map(|(column, role)| Some(format!("\"{}\" as the {role}", info.columns.get(column as usize)?)));
    let what =
        format!("{} does not look like data for \"{}\": it needs {}.", info.name, mapping.task(), mapping.needs());
    Some(
        Diagnostic::new("data.task", what)
            .done(format!("Used {}.", used.collect::<Vec<_>>().join(", ")))
            .remedy("If that is wrong, name the columns with --text and --label."),
    )
}

/// The mapping with the named columns in place of the guessed ones; `None` if a column is neither named nor guessed.
fn named(
    task: Task,
    guess: Option<&Mapping>,
    text: Option<u32>,
    labels: &[u32],
) -> Option<Result<Mapping, Diagnostic>> {
    let label = labels.first().copied();
    // A guessed second text belongs to the guessed first one, and must not be the label.
    let other = |pair: Option<u32>| pair.filter(|pair| text.is_none() && !labels.contains(pair));
    let mapping = match task {
        Task::Classification => {
            let (guessed_text, pair, guessed_label) = match guess {
                Some(&Mapping::Classification { text, pair, label }) => (Some(text), pair, Some(label)),
                _ => (None, None, None),
            };
            Mapping::Classification { text: text.or(guessed_text)?, pair: other(pair), label: label.or(guessed_label)? }
        }
        Task::MultiLabel => {
            let (guessed_text, pair, guessed_labels) = match guess {
                Some(Mapping::MultiLabel { text, pair, labels }) => (Some(*text), *pair, Some(labels.clone())),
                _ => (None, None, None),
            };
            let labels = Some(labels.to_vec()).filter(|labels| !labels.is_empty()).or(guessed_labels)?;
            Mapping::MultiLabel { text: text.or(guessed_text)?, pair: other(pair), labels }
        }
        Task::Regression => {
            let (guessed_text, pair, guessed_number) = match guess {
                Some(&Mapping::Regression { text, pair, number }) => (Some(text), pair, Some(number)),
                _ => (None, None, None),
            };
            Mapping::Regression { text: text.or(guessed_text)?, pair: other(pair), number: label.or(guessed_number)? }
        }
        Task::TokenClassification => {
            let (guessed_text, guessed_tags) = match guess {
                Some(&Mapping::TokenClassification { text, tags }) => (Some(text), Some(tags)),
                _ => (None, None),
            };
            Mapping::TokenClassification { text: text.or(guessed_text)?, tags: label.or(guessed_tags)? }
        }
        Task::Generation if label.is_none() => Mapping::Corpus { text: text? },
        Task::Embeddings if label.is_some() || matches!(guess, Some(Mapping::LabeledTexts { .. })) => {
            let (guessed_text, guessed_label) = match guess {
                Some(&Mapping::LabeledTexts { text, label }) => (Some(text), Some(label)),
                _ => (None, None),
            };
            Mapping::LabeledTexts { text: text.or(guessed_text)?, label: label.or(guessed_label)? }
        }
        Task::QuestionAnswering | Task::Generation | Task::Embeddings | Task::Reranking => {
            return Some(Err(not_for(task)));
        }
    };
    Some(Ok(mapping))
}

/// Index of the column with this name.
pub fn column(info: &SourceInfo, name: &str) -> Result<u32, Diagnostic> {
    match info.columns.iter().position(|column| column == name) {
        Some(index) => Ok(index as u32),
        None => Err(Diagnostic::new("data.no-column", format!("{} has no column \"{name}\".", info.name))
            .remedy(format!("Its columns are {}.", info.columns.join(", ")))),
    }
}

fn parse(json: &str, info: &SourceInfo, task: Task) -> Result<Mapping, Diagnostic> {
    let mapping: Mapping = serde_json::from_str(json).map_err(|error| {
        Diagnostic::new("data.mapping", format!("--mapping cannot be read: {error}."))
            .remedy(format!("For this task, write for instance --mapping '{}'.", example(task)))
    })?;
    if mapping.task() != task {
        let what = format!("--mapping is for \"{}\", but the recipe's task is \"{task}\".", mapping.task());
        return Err(Diagnostic::new("data.mapping-task", what)
            .remedy("Change the recipe's \"task\", or map the columns for the recipe's task."));
    }
    mapping.check(&info.columns)?;
    Ok(mapping)
}

/// A mapping for a task, as accepted by `--mapping`.
fn example(task: Task) -> String {
    serde_json::to_string(&form(task)).unwrap_or_default()
}

/// Any mapping for a task.
fn form(task: Task) -> Mapping {
    match task {
        Task::Classification => Mapping::Classification { text: 0, pair: None, label: 1 },
        Task::MultiLabel => Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] },
        Task::Regression => Mapping::Regression { text: 0, pair: None, number: 1 },
        Task::TokenClassification => Mapping::TokenClassification { text: 0, tags: 1 },
        Task::QuestionAnswering => Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None },
        Task::Generation => Mapping::Corpus { text: 0 },
        Task::Embeddings => Mapping::Pairs { anchor: 0, positive: 1, negative: None },
        Task::Reranking => Mapping::Reranking { query: 0, passage: 1, label: 2 },
    }
}

fn not_for(task: Task) -> Diagnostic {
    let arguments = if task == Task::Generation { "--label has" } else { "--text and --label have" };
    Diagnostic::new("data.columns", format!("{arguments} no meaning for \"{task}\"."))
        .remedy(format!("Name the columns with --mapping, for instance '{}'.", example(task)))
}

fn no_guess(info: &SourceInfo, task: Task) -> Diagnostic {
    Diagnostic::new("data.task", format!("{} does not look like data for \"{task}\".", info.name)).remedy(format!(
        "It needs {}. Set the recipe's \"task\", or name the columns with --text and --label or with --mapping '{}'.",
        form(task).needs(),
        example(task)
    ))
}

#[cfg(test)]
mod tests {
    use hone_core::dataset::{Hints, Scanner};

    use super::*;

    fn scanned(name: &str, text: &str) -> SourceInfo {
        let mut scanner = Scanner::new(name, text.len() as f64, Hints::default());
        scanner.push(text.as_bytes()).unwrap();
        scanner.finish().unwrap()
    }

    /// A file for which the guess for regression picks the wrong one of two numbers.
    fn valence() -> SourceInfo {
        let rows = (0..20).map(|row| format!("{row},the meal was number {row} of many,{}\n", row % 7));
        scanned("valence.csv", &format!(",text,valence\n{}", rows.collect::<String>()))
    }

    fn named(text: Option<&str>, label: Option<&str>) -> ColumnArguments {
        let label = label.into_iter().map(str::to_owned).collect();
        ColumnArguments { text: text.map(str::to_owned), label, mapping: None }
    }

    fn mapped(json: &str) -> ColumnArguments {
        ColumnArguments { mapping: Some(json.into()), ..ColumnArguments::default() }
    }

    #[test]
    fn the_task_to_review_is_the_likeliest_one_with_labels() {
        let none = ColumnArguments::default();
        let of = |name: &str, file: &str, arguments: &ColumnArguments| task_to_review(&scanned(name, file), arguments);
        assert_eq!(of("a.conll", "a O\nb B-X\n\nc O\n\n", &none), Task::TokenClassification);
        assert_eq!(of("a.csv", "text,label\nso good,good\nso bad,bad\n", &none), Task::Classification);
        let both = ColumnArguments { label: vec!["a".into(), "b".into()], ..ColumnArguments::default() };
        assert_eq!(of("a.csv", "text,a,b\nso good,1,0\nso bad,0,1\n", &both), Task::MultiLabel);
        let numbers = mapped(r#"{"regression": {"text": 0, "pair": null, "number": 1}}"#);
        assert_eq!(of("a.csv", "text,label\nso good,1\nso bad,0\n", &numbers), Task::Regression);
    }

    #[test]
    fn named_columns_are_used_for_every_task_with_a_text_and_a_label() {
        let columns = named(Some("text"), Some("valence"));
        for (task, mapping) in [
            (Task::Classification, Mapping::Classification { text: 1, pair: None, label: 2 }),
            (Task::MultiLabel, Mapping::MultiLabel { text: 1, pair: None, labels: vec![2] }),
            (Task::Regression, Mapping::Regression { text: 1, pair: None, number: 2 }),
            (Task::TokenClassification, Mapping::TokenClassification { text: 1, tags: 2 }),
        ] {
            assert_eq!(choose(&valence(), task, &columns), Ok(mapping));
        }
        let corpus = choose(&valence(), Task::Generation, &named(Some("text"), None));
        assert_eq!(corpus, Ok(Mapping::Corpus { text: 1 }));
    }

    #[test]
    fn a_column_that_is_not_named_is_guessed() {
        let mapping = choose(&valence(), Task::Regression, &named(None, Some("valence")));
        assert_eq!(mapping, Ok(Mapping::Regression { text: 1, pair: None, number: 2 }));
    }

    #[test]
    fn columns_that_do_not_exist_are_refused_for_every_task() {
        for task in Task::ALL {
            for columns in [named(Some("nosuch"), None), named(None, Some("nosuch"))] {
                let error = choose(&valence(), task, &columns).unwrap_err();
                assert_eq!(error.code, "data.no-column", "{task:?}");
                assert!(error.remedy.contains("text, valence"), "{error}");
            }
        }
    }

    #[test]
    fn arguments_that_do_not_apply_to_the_task_are_refused_by_name() {
        let error = choose(&valence(), Task::QuestionAnswering, &named(Some("text"), None)).unwrap_err();
        assert!(error.what.contains("--text") && error.remedy.contains("--mapping"), "{error}");
        let error = choose(&valence(), Task::Generation, &named(Some("text"), Some("valence"))).unwrap_err();
        assert!(error.what.contains("--label") && error.remedy.contains("--mapping"), "{error}");
    }

    #[test]
    fn the_mapping_that_an_error_shows_is_accepted() {
        for task in Task::ALL {
            let error = choose(&valence(), task, &mapped(r#"{"task": "regression", "text": 0}"#)).unwrap_err();
            let shown = error.remedy.split('\'').nth(1).unwrap_or_default();
            let mapping = choose(&valence(), task, &mapped(shown));
            assert_eq!(mapping.map(|mapping| mapping.task()), Ok(task), "{shown}");
        }
    }

    #[test]
    fn a_mapping_for_another_task_is_refused_with_both_names() {
        let json = r#"{"regression": {"text": 1, "pair": null, "number": 2}}"#;
        let error = choose(&valence(), Task::Classification, &mapped(json)).unwrap_err();
        assert_eq!(error.code, "data.mapping-task");
        assert!(error.what.contains("regression") && error.what.contains("classification"), "{error}");
    }

    #[test]
    fn labels_in_few_of_the_cells_need_no_arguments() {
        let rows = (0..60).map(|row| {
            let label = if row % 30 == 0 { "good|rare" } else { ["good", "bad"][row % 2] };
            format!("the meal was number {row},{label}\n")
        });
        let info = scanned("a.csv", &format!("text,labels\n{}", rows.collect::<String>()));
        let none = ColumnArguments::default();
        let mapping = choose(&info, Task::MultiLabel, &none).unwrap();
        assert_eq!(mapping, Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] });
        assert_eq!(doubt(&info, &mapping, &none), None);

        let single = scanned("a.csv", "text,label\nso good,pos\nso bad,neg\nfine,pos\n");
        let mapping = choose(&single, Task::MultiLabel, &none).unwrap();
        let doubt = doubt(&single, &mapping, &none).unwrap();
        assert_eq!(doubt.done, "Used \"text\" as the text, \"label\" as the label.");
    }

    #[test]
    fn several_columns_of_flags_can_be_named() {
        let info = scanned("a.csv", "id,text,mood,toxic,rude\n1,so good,a,0,1\n2,so bad,b,1,1\n");
        let label = vec!["toxic".to_owned(), "rude".to_owned()];
        let columns = ColumnArguments { label, ..ColumnArguments::default() };
        let mapping = Mapping::MultiLabel { text: 1, pair: None, labels: vec![3, 4] };
        assert_eq!(choose(&info, Task::MultiLabel, &columns), Ok(mapping));
        assert_eq!(choose(&info, Task::Classification, &columns).unwrap_err().code, "data.columns");
    }

    #[test]
    fn a_task_that_does_not_fit_is_refused_with_what_it_needs() {
        let single = scanned("a.csv", "text,label\nso good,pos\nso bad,neg\nfine,pos\n");
        let error = choose(&single, Task::TokenClassification, &ColumnArguments::default()).unwrap_err();
        assert!(error.remedy.starts_with("It needs a column of tags, one for each"), "{error}");
    }

    #[test]
    fn a_mapping_of_columns_that_do_not_exist_is_refused() {
        let json = r#"{"regression": {"text": 1, "pair": null, "number": 9}}"#;
        assert_eq!(choose(&valence(), Task::Regression, &mapped(json)).unwrap_err().code, "data.mapping");
    }
}
