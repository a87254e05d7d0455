//! Scores of extractive question answering, equal to the SQuAD 2.0 evaluation script (Rajpurkar, Jia, Liang 2018). If every
//! question has an answer, they equal those of SQuAD 1.1.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::metrics::words::words;

/// The gold answers of a question, and the predicted answer.
#[derive(Clone, Debug)]
pub struct QuestionPrediction<'a> {
    /// Accepted answers; empty if the passage does not answer the question.
    pub gold: Vec<&'a str>,
    /// The best span, even if "no answer" is predicted; empty if there is none.
    pub predicted: &'a str,
    /// Score of "no answer" minus the score of the best span.
    pub no_answer_score: f32,
}

/// Scores of all questions, and of those with and without an answer; none if there is no such question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SquadScores {
    /// Scores of all questions.
    pub all: AnswerScores,
    /// Scores of questions with an answer (HasAns in the script).
    pub has_answer: Option<AnswerScores>,
    /// Scores of questions without an answer (NoAns in the script).
    pub no_answer: Option<AnswerScores>,
}

/// Mean scores of questions. The score of a question is the best over its gold answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerScores {
    /// Ratio of answers that equal a gold answer after normalization.
    pub exact_match: f64,
    /// Mean F1 of the answers' words.
    pub f1: f64,
    /// Number of questions.
    pub questions: u32,
}

/// The no-answer score above which "no answer" is best predicted, and the resulting score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestThreshold {
    /// Threshold for [`evaluate_answers`].
    pub threshold: f32,
    /// Mean exact match or mean F1.
    pub score: f64,
}

/// Scores of answers. If the no-answer score of a question is above `threshold`, "no answer" is predicted; without a
/// threshold it never is.
pub fn evaluate_answers(rows: &[QuestionPrediction], threshold: Option<f32>) -> SquadScores {
    let scored: Vec<(bool, [f64; 2])> =
        rows.iter().map(|row| row.gold.is_empty()).zip(answer_scores(rows, threshold)).collect();
    let mean = |part: &[bool]| {
        let of_part = scored.iter().filter(|(is_unanswerable, _)| part.contains(is_unanswerable));
        let (mut sum, mut questions) = ([0.0; 2], 0);
        for (_, [exact, f1]) in of_part {
            sum = [sum[0] + exact, sum[1] + f1];
            questions += 1;
        }
        let [exact_match, f1] = sum.map(|sum| sum / f64::from(questions));
        (questions > 0).then_some(AnswerScores { exact_match, f1, questions })
    };
    SquadScores { all: mean(&[false, true]).unwrap_or_default(), has_answer: mean(&[false]), no_answer: mean(&[true]) }
}

/// Exact match and F1 of each question, with the threshold of [`evaluate_answers`].
pub fn answer_scores(rows: &[QuestionPrediction], threshold: Option<f32>) -> Vec<[f64; 2]> {
    let scores = |row: &QuestionPrediction| match threshold {
        Some(threshold) if row.no_answer_score > threshold => [f64::from(row.gold.is_empty()); 2],
        _ => scores_of(row),
    };
    rows.iter().map(scores).collect()
}

/// The best thresholds for each score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThresholds {
    /// Best threshold for exact match.
    pub exact_match: BestThreshold,
    /// Best threshold for F1.
    pub f1: BestThreshold,
}

/// The thresholds with the best exact match and the best F1.
///
/// The script reports some best scores that its thresholds do not reach. Here they always do: questions with equal
/// no-answer scores share a decision, and if it is best to answer no question, the threshold is just below the lowest
/// score instead of 0.
pub fn best_answer_thresholds(rows: &[QuestionPrediction]) -> BestThresholds {
    let mut gains: Vec<(f32, [f64; 2])> = rows
        .iter()
        .map(|row| (row.no_answer_score, scores_of(row).map(|score| score - f64::from(row.gold.is_empty()))))
        .collect();
    gains.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let unanswerable = rows.iter().filter(|row| row.gold.is_empty()).count() as f64;
    let lowest = gains.first().map_or(0.0, |(score, _)| score.next_down());
    let [exact_match, f1] = [0, 1].map(|metric| {
        let mut sum = unanswerable;
        let mut best = BestThreshold { threshold: lowest, score: sum };
        for (i, (threshold, gain)) in gains.iter().enumerate() {
            sum += gain[metric];
            let is_last_of_its_score = gains.get(i + 1).is_none_or(|(next, _)| next > threshold);
            if is_last_of_its_score && sum > best.score {
                best = BestThreshold { threshold: *threshold, score: sum };
            }
        }
        BestThreshold { score: best.score / rows.len().max(1) as f64, ..best }
    });
    BestThresholds { exact_match, f1 }
}

/// Normalizes an answer as the script's `normalize_answer`: in lower case, without ASCII punctuation and English articles,
/// with single spaces between words.
pub fn normalize_answer(text: &str) -> String {
    let mut text = text.to_lowercase();
    text.retain(|c| !c.is_ascii_punctuation());
    let mut kept = String::with_capacity(text.len());
    // Each piece is a word and the character after it. Any non-alphanumeric character ends a word: "the–end" has an
    // article.
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        if matches!(word, "a" | "an" | "the") {
            kept.push(' ');
            kept.push_str(&piece[word.len()..]);
        } else {
            kept.push_str(piece);
        }
    }
    words(&kept).collect::<Vec<_>>().join(" ")
}

/// Exact match and F1 of the predicted span.
fn scores_of(row: &QuestionPrediction) -> [f64; 2] {
    let prediction = normalize_answer(row.predicted);
    let mut gold: Vec<String> =
        row.gold.iter().map(|answer| normalize_answer(answer)).filter(|answer| !answer.is_empty()).collect();
    if gold.is_empty() {
        gold.push(String::new());
    }
    let exact = gold.contains(&prediction);
    let f1 = gold.iter().map(|answer| token_f1(answer, &prediction)).fold(0.0, f64::max);
    [f64::from(exact), f1]
}

/// F1 of the words of two normalized answers.
fn token_f1(gold: &str, prediction: &str) -> f64 {
    if gold.is_empty() || prediction.is_empty() {
        return f64::from(gold == prediction);
    }
    let mut open: HashMap<&str, u32> = HashMap::new();
    let (mut gold_words, mut predicted_words, mut same) = (0.0, 0.0, 0.0);
    for word in gold.split(' ') {
        gold_words += 1.0;
        *open.entry(word).or_default() += 1;
    }
    for word in prediction.split(' ') {
        predicted_words += 1.0;
        if let Some(left) = open.get_mut(word).filter(|left| **left > 0) {
            *left -= 1;
            same += 1.0;
        }
    }
    2.0 * same / (gold_words + predicted_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(gold: &[&'a str], predicted: &'a str, no_answer_score: f32) -> QuestionPrediction<'a> {
        QuestionPrediction { gold: gold.to_vec(), predicted, no_answer_score }
    }

    #[test]
    fn best_thresholds_reach_their_scores() {
        // A right and a wrong answer with equal scores cannot be separated. If it is best to answer nothing, the threshold
        // is below every score.
        let together = [row(&["a dog"], "dog", 0.5), row(&[], "dog", 0.5), row(&["b"], "b", 0.75)];
        let hopeless = [row(&[], "dog", -3.0), row(&["cat"], "dog", 0.0)];
        for (rows, score) in [(&together[..], 2.0 / 3.0), (&hopeless[..], 0.5)] {
            let BestThresholds { exact_match: exact, f1 } = best_answer_thresholds(rows);
            assert!((exact.score - score).abs() < 1e-12, "{exact:?}");
            let given = |best: BestThreshold| evaluate_answers(rows, Some(best.threshold)).all;
            assert_eq!(given(exact).exact_match, exact.score);
            assert_eq!(given(f1).f1, f1.score);
        }
    }

    #[test]
    fn no_questions_score_0() {
        assert_eq!(evaluate_answers(&[], None), SquadScores::default());
        assert_eq!(best_answer_thresholds(&[]).f1, BestThreshold { threshold: 0.0, score: 0.0 });
    }
}
