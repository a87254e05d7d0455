//! Scores of answers to questions on a passage, as the evaluation script of SQuAD 2.0 has them (Rajpurkar, Jia, Liang
//! 2018); for data in which every question has an answer they are those of SQuAD 1.1.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::metrics::words;

/// A question's right answers, and what the model said.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// Answers that count as right. Empty: the passage does not answer the question.
    pub gold: Vec<&'a str>,
    /// The best span, whether or not the model would rather not answer; empty for none.
    pub prediction: &'a str,
    /// The higher, the surer the model is that there is no answer.
    pub no_answer_score: f32,
}

/// Scores of all questions, and of those with and without an answer apart; `None` where there is no such question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SquadScores {
    /// Of all questions.
    pub all: AnswerScores,
    /// Of those that the passage answers (HasAns in the script).
    pub has_answer: Option<AnswerScores>,
    /// Of those that it does not (NoAns).
    pub no_answer: Option<AnswerScores>,
}

/// Mean scores of questions. A question's score is that of the gold answer which is nearest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerScores {
    /// Share of the answers that are right word by word, once normalized.
    pub exact_match: f64,
    /// Mean harmonic mean of precision and recall of the answers' words.
    pub f1: f64,
    /// Questions.
    pub questions: u32,
}

/// The no-answer score above which a question is best left unanswered, and the score that this gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestThreshold {
    /// For `evaluate_answers`.
    pub threshold: f32,
    /// Mean exact match or mean F1.
    pub score: f64,
}

/// Scores of answers. A question whose no-answer score is above `threshold` counts as left unanswered; without a
/// threshold none is.
pub fn evaluate_answers(rows: &[Answered], threshold: Option<f32>) -> SquadScores {
    let scores = |row: &Answered| match threshold {
        Some(threshold) if row.no_answer_score > threshold => [f64::from(row.gold.is_empty()); 2],
        _ => scores_of(row),
    };
    let scored: Vec<(bool, [f64; 2])> = rows.iter().map(|row| (row.gold.is_empty(), scores(row))).collect();
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

/// The thresholds that are best for exact match and for F1.
///
/// Two things are otherwise than in the script, whose best score some thresholds do not give: questions of one and the
/// same no-answer score are left unanswered together, and where none is worth answering the threshold is just below the
/// lowest score instead of 0.
pub fn best_answer_thresholds(rows: &[Answered]) -> [BestThreshold; 2] {
    let mut gains: Vec<(f32, [f64; 2])> = rows
        .iter()
        .map(|row| (row.no_answer_score, scores_of(row).map(|score| score - f64::from(row.gold.is_empty()))))
        .collect();
    gains.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let unanswerable = rows.iter().filter(|row| row.gold.is_empty()).count() as f64;
    let lowest = gains.first().map_or(0.0, |(score, _)| score.next_down());
    [0, 1].map(|metric| {
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
    })
}

/// An answer without what does not matter: in lower case, without ASCII punctuation and English articles, its words apart
/// by one space.
pub fn normalize_answer(text: &str) -> String {
    let mut text = text.to_lowercase();
    text.retain(|c| !c.is_ascii_punctuation());
    let mut kept = String::with_capacity(text.len());
    // Each piece is a word and the character after it. Not only white space ends a word: "the–end" has an article.
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

/// Exact match and F1 of an answer that is given.
fn scores_of(row: &Answered) -> [f64; 2] {
    let prediction = normalize_answer(row.prediction);
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

    fn row<'a>(gold: &[&'a str], prediction: &'a str, no_answer_score: f32) -> Answered<'a> {
        Answered { gold: gold.to_vec(), prediction, no_answer_score }
    }

    #[test]
    fn best_thresholds_give_the_scores_that_they_promise() {
        // Right and wrong with one score: no threshold parts them. Nothing worth answering: below every score.
        let together = [row(&["a dog"], "dog", 0.5), row(&[], "dog", 0.5), row(&["b"], "b", 0.75)];
        let hopeless = [row(&[], "dog", -3.0), row(&["cat"], "dog", 0.0)];
        for (rows, score) in [(&together[..], 2.0 / 3.0), (&hopeless[..], 0.5)] {
            let [exact, f1] = best_answer_thresholds(rows);
            assert!((exact.score - score).abs() < 1e-12, "{exact:?}");
            let given = |best: BestThreshold| evaluate_answers(rows, Some(best.threshold)).all;
            assert_eq!(given(exact).exact_match, exact.score);
            assert_eq!(given(f1).f1, f1.score);
        }
    }

    #[test]
    fn no_questions_score_0() {
        assert_eq!(evaluate_answers(&[], None), SquadScores::default());
        assert_eq!(best_answer_thresholds(&[])[0], BestThreshold { threshold: 0.0, score: 0.0 });
    }
}
