//! Scores of rankings against sentence-transformers and scikit-learn. The loss is compared in `tasks.rs`.

use hone_core::metrics::{average_precision, query_ranks};
use hone_tests::json;
use serde_json::Value;

fn list<T: serde::de::DeserializeOwned>(case: &Value, name: &str) -> Vec<T> {
    serde_json::from_value(case[name].clone()).unwrap()
}

#[test]
fn scores_of_rankings_equal_those_of_sentence_transformers_and_scikit_learn() {
    let info = json("reranking.json");
    for name in ["ranking", "graded"] {
        let case = &info[name];
        let (queries, labels, scores) =
            (list(case, "queries"), list::<f32>(case, "labels"), list::<f32>(case, "scores"));
        let found = query_ranks(&queries, &labels, &scores);
        let mean = |nth: usize| found.iter().map(|scores| scores[nth]).sum::<f64>() / found.len() as f64;
        let precision = average_precision(&labels, &scores).unwrap();
        for (key, found) in [("mrr_at_10", mean(0)), ("ndcg_at_10", mean(1)), ("average_precision", precision)] {
            let expected = case[key].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-6, "{name}: {key} is {found} instead of {expected}");
        }
    }
}
