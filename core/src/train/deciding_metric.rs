//! The metric that decides which weights are kept, if the chosen one says nothing about the validation rows.

use crate::diagnostic::Diagnostic;
use crate::metrics::{are_entity_tags, average_precision, entities, query_ranks};
use crate::recipe::Metric;
use crate::text::{Labels, Relevance, Similarity};
use crate::train::data::TrainingData;

/// The metric to go by instead of `chosen`, if that cannot measure the validation rows, and a warning where the user would
/// not expect it.
pub(in crate::train) fn replacement(data: &TrainingData, chosen: Metric) -> Option<(Metric, Option<Diagnostic>)> {
    let labels = &data.validation.labels;
    if let Labels::Similarity(similarity) = labels {
        return of_similarity(similarity, chosen);
    }
    if let Labels::Relevance(relevance) = labels {
        return of_relevance(relevance, chosen);
    }
    if matches!(labels, Labels::Tags(_)) && !are_entity_tags(&data.labels) {
        let is_of_words = matches!(chosen, Metric::Accuracy | Metric::MacroF1 | Metric::Loss);
        return (!is_of_words).then(|| (Metric::MacroF1, Some(plain_tags())));
    }
    let reason = match (labels, chosen) {
        (Labels::Tags(rows), Metric::F1 | Metric::Precision | Metric::Recall | Metric::MacroF1) => {
            let name = |&(_, tag): &(u32, u32)| data.labels.get(tag as usize).map_or("O", String::as_str);
            let has_entity = |row: &[(u32, u32)]| !entities(&row.iter().map(name).collect::<Vec<_>>()).is_empty();
            (!rows.iter().any(|row| has_entity(row))).then_some("No validation row has an entity")
        }
        (Labels::Classes(classes), chosen) if chosen != Metric::Loss => {
            let is_constant = classes.windows(2).all(|pair| pair[0] == pair[1]);
            is_constant.then_some("All validation rows have the same label")
        }
        (Labels::Numbers(numbers), Metric::Pearson | Metric::Spearman) => {
            let is_constant = numbers.windows(2).all(|pair| pair[0] == pair[1]);
            is_constant.then_some("All validation rows have the same number")
        }
        (Labels::Spans { questions, .. }, Metric::F1 | Metric::ExactMatch) => {
            let is_unanswerable = questions.iter().all(|question| question.answers.is_empty());
            is_unanswerable.then_some("No validation question has an answer")
        }
        (Labels::MultiLabel(rows), Metric::MicroF1 | Metric::MacroF1) => {
            let has_label = rows.iter().any(|row| row.contains(&true));
            (!has_label).then_some("No validation row has a label")
        }
        _ => None,
    }?;
    Some((Metric::Loss, Some(no_score(reason))))
}

/// Pairs with a score are compared by the order of their scores, and all others by searching.
fn of_similarity(similarity: &Similarity, chosen: Metric) -> Option<(Metric, Option<Diagnostic>)> {
    let constant = |reason| Some((Metric::Loss, Some(no_score(reason))));
    match (similarity, chosen) {
        (_, Metric::Loss) => None,
        (Similarity::Scores(scores), _) if scores.windows(2).all(|pair| pair[0] == pair[1]) => {
            constant("All validation pairs have the same score")
        }
        (Similarity::Classes(classes), _) if has_no_repeated(classes) => {
            constant("No two validation texts have the same label")
        }
        (Similarity::Scores(_), Metric::Spearman) => None,
        (Similarity::Scores(_), _) => Some((Metric::Spearman, None)),
        (_, Metric::Spearman) => Some((Metric::NdcgAt10, None)),
        _ => None,
    }
}

/// Passages are ranked within their query, or all together if no query has one that fits and one that does not.
fn of_relevance(Relevance { labels, queries }: &Relevance, chosen: Metric) -> Option<(Metric, Option<Diagnostic>)> {
    if chosen == Metric::Loss {
        return None;
    }
    if average_precision(labels, labels).is_none() {
        let reason = "All validation passages fit their queries, or none does";
        return Some((Metric::Loss, Some(no_score(reason))));
    }
    let is_replaced = chosen != Metric::AveragePrecision && query_ranks(queries, labels, labels).is_empty();
    is_replaced.then(|| (Metric::AveragePrecision, Some(no_ranking())))
}

fn no_ranking() -> Diagnostic {
    Diagnostic::new("run.no-ranking", "No validation query has both a passage that fits and one that does not.")
        .done("The average precision over all rows decides which weights are kept.")
        .remedy("For MRR and NDCG, give each query several passages, at least one that fits and one that does not.")
}

fn has_no_repeated(classes: &[u32]) -> bool {
    let mut sorted = classes.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

fn plain_tags() -> Diagnostic {
    Diagnostic::new("run.plain-tags", "The tags are not BIO tags, so there are no entities to score.")
        .done("Accuracy and macro-F1 over words are reported, and macro-F1 decides which weights are kept.")
        .remedy("If the tags mark entities, write them as B-PER, I-PER and O.")
}

fn no_score(reason: &str) -> Diagnostic {
    Diagnostic::new("run.constant-score", format!("{reason}, so the chosen score says nothing."))
        .done("The validation loss decides which weights are kept.")
        .remedy("Choose a larger or another set of validation rows.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EncodedExamples, Question};

    fn replaced(names: &[&str], labels: Labels, chosen: Metric) -> Option<(Metric, String)> {
        let validation = EncodedExamples { labels, ..EncodedExamples::default() };
        let labels = names.iter().map(|name| (*name).to_owned()).collect();
        let data = TrainingData { validation, labels, ..TrainingData::default() };
        replacement(&data, chosen).map(|(metric, warning)| (metric, warning.map(|it| it.code).unwrap_or_default()))
    }

    fn tags(tags: &[u32]) -> Labels {
        Labels::Tags(vec![tags.iter().map(|&tag| (0, tag)).collect()])
    }

    #[test]
    fn plain_tags_are_judged_by_macro_f1_over_words() {
        for names in [["O", "PER"], ["0", "1"], ["IN", "INTJ"]] {
            for chosen in [Metric::F1, Metric::Precision, Metric::Recall] {
                let expected = Some((Metric::MacroF1, "run.plain-tags".to_owned()));
                assert_eq!(replaced(&names, tags(&[0, 1]), chosen), expected, "{names:?}");
            }
            for chosen in [Metric::Accuracy, Metric::MacroF1, Metric::Loss] {
                assert_eq!(replaced(&names, tags(&[0, 1]), chosen), None, "{names:?}");
            }
        }
    }

    #[test]
    fn scores_that_are_constant_for_the_data_give_way_to_the_loss() {
        let loss = Some((Metric::Loss, "run.constant-score".to_owned()));
        let entity = ["O", "B-PER"];
        assert_eq!(replaced(&entity, tags(&[0, 0]), Metric::F1), loss);
        assert_eq!(replaced(&entity, tags(&[0, 1]), Metric::F1), None);
        assert_eq!(replaced(&entity, tags(&[0, 0]), Metric::Accuracy), None);
        for metric in [Metric::Pearson, Metric::Spearman] {
            assert_eq!(replaced(&[], Labels::Numbers(vec![2.0, 2.0]), metric), loss);
            assert_eq!(replaced(&[], Labels::Numbers(vec![2.0, 2.5]), metric), None);
        }
        assert_eq!(replaced(&[], Labels::Numbers(vec![2.0, 2.0]), Metric::Rmse), None);
        // Always saying that label would be perfect.
        assert_eq!(replaced(&["a", "b"], Labels::Classes(vec![0, 0]), Metric::MacroF1), loss);
        assert_eq!(replaced(&["a", "b"], Labels::Classes(vec![0, 1]), Metric::MacroF1), None);
        let question = |answers: &[&str]| {
            let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
            Labels::Spans { windows: Vec::new(), questions: vec![Question { row: 0, context: String::new(), answers }] }
        };
        assert_eq!(replaced(&[], question(&[]), Metric::ExactMatch), loss);
        assert_eq!(replaced(&[], question(&["Rome"]), Metric::ExactMatch), None);
        let flags = |flag| Labels::MultiLabel(vec![Box::new([flag, false])]);
        assert_eq!(replaced(&["a", "b"], flags(false), Metric::MicroF1), loss);
        assert_eq!(replaced(&["a", "b"], flags(true), Metric::MicroF1), None);
    }

    #[test]
    fn similarities_are_measured_by_their_order_or_by_searching() {
        let replaced = |similarity, chosen| replaced(&[], Labels::Similarity(similarity), chosen);
        let scores = |second| Similarity::Scores(vec![0.5, second]);
        assert_eq!(replaced(scores(1.0), Metric::NdcgAt10), Some((Metric::Spearman, String::new())));
        assert_eq!(replaced(scores(1.0), Metric::Spearman), None);
        let pairs = Similarity::Pairs { texts_per_row: 2 };
        assert_eq!(replaced(pairs.clone(), Metric::Spearman), Some((Metric::NdcgAt10, String::new())));
        assert_eq!(replaced(pairs, Metric::MrrAt10), None);
        let loss = Some((Metric::Loss, "run.constant-score".to_owned()));
        assert_eq!(replaced(scores(0.5), Metric::NdcgAt10), loss);
        assert_eq!(replaced(Similarity::Classes(vec![1, 2]), Metric::NdcgAt10), loss);
        assert_eq!(replaced(Similarity::Classes(vec![1, 1]), Metric::NdcgAt10), None);
    }

    #[test]
    fn passages_are_ranked_within_their_query_where_that_says_something() {
        let replaced = |labels: [f32; 2], queries: [u64; 2], chosen| {
            let (labels, queries) = (labels.to_vec(), queries.to_vec());
            replaced(&[], Labels::Relevance(Relevance { labels, queries }), chosen)
        };
        assert_eq!(replaced([1.0, 0.0], [5, 5], Metric::NdcgAt10), None);
        let all_together = Some((Metric::AveragePrecision, "run.no-ranking".to_owned()));
        assert_eq!(replaced([1.0, 0.0], [5, 6], Metric::MrrAt10), all_together);
        assert_eq!(replaced([1.0, 0.0], [5, 6], Metric::AveragePrecision), None);
        let loss = Some((Metric::Loss, "run.constant-score".to_owned()));
        assert_eq!(replaced([0.0, 0.25], [5, 5], Metric::NdcgAt10), loss, "nothing fits");
        assert_eq!(replaced([0.0, 0.0], [5, 5], Metric::Loss), None);
    }
}
