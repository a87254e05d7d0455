//! Exact match and perplexity of generated text.

/// Ratio of hypotheses that equal their reference, ignoring white space at both ends; 0 without any.
pub fn exact_match(hypotheses: &[&str], references: &[&str]) -> f64 {
    let hits = hypotheses.iter().zip(references).filter(|(a, b)| a.trim() == b.trim()).count();
    hits as f64 / hypotheses.len().max(1) as f64
}

/// Perplexity `exp(loss)`, where `loss` is the mean negative log-likelihood of the tokens in nats; none if it is not
/// finite.
pub fn perplexity(loss: f64) -> Option<f64> {
    Some(loss.exp()).filter(|perplexity| perplexity.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_match_is_case_sensitive_and_ignores_outer_white_space() {
        assert_eq!(exact_match(&["Oui. ", "non", ""], &["Oui.", "Non", "\n"]), 2.0 / 3.0);
        assert_eq!(exact_match(&[], &[]), 0.0);
    }

    #[test]
    fn perplexity_is_finite_or_none() {
        assert_eq!(perplexity(0.0), Some(1.0));
        assert!(perplexity(512f64.ln()).is_some_and(|p| (p - 512.0).abs() < 1e-9));
        assert_eq!([710.0, f64::INFINITY, f64::NAN].map(perplexity), [None; 3]);
    }
}
