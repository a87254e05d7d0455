//! Scores of exported weights.

use std::io::{Cursor, Read};

use hone_core::export::ExportedModel;

use super::*;

fn trained(case: &Case, check: impl FnOnce(&Pretrained, &Session)) {
    let device = Device::flex();
    let pretrained = pretrained(&golden(case.base), case.pooling, &device);
    check(&pretrained, &case.trained(&pretrained, AdapterKind::None, &device));
}

#[test]
fn the_exported_weights_have_the_scores_of_the_best_evaluation() {
    for base_and_task in [
        ("micro_bert", Task::Classification, Pooling::Cls),
        ("micro_distilbert", Task::MultiLabel, Pooling::Mean),
        ("micro_roberta", Task::Regression, Pooling::Mean),
        ("micro_bert", Task::TokenClassification, Pooling::Mean),
        ("micro_bert", Task::QuestionAnswering, Pooling::Mean),
        ("micro_llama", Task::Generation, Pooling::Mean),
    ] {
        let (base, task, pooling) = base_and_task;
        trained(&case(base, task, pooling), |_, session| {
            let (best, _) = session.best().unwrap();
            let exported = ready(ExportedModel::new(session.model(), ExportForm::Model, ExportDtype::Float32)).unwrap();
            let mut batches = (0, 0);
            let found =
                ready(session.evaluate(&exported.model, |done, total| batches = (done, total))).unwrap().validation;
            assert!(batches.0 == batches.1 && batches.0 > 0, "{task:?}: {batches:?}");
            assert_eq!((found.step, found.epoch), (best.step, best.epoch), "{task:?}");
            assert!((found.loss - best.loss).abs() < 1e-3 * best.loss.max(1.0), "{task:?}: {found:?} {best:?}");
            for (metric, score) in &best.scores {
                let again = found.scores[metric];
                assert!((again - score).abs() < 1e-2 * score.abs().max(1.0), "{task:?} {metric:?}: {again} {score}");
            }
        });
    }
}

#[test]
fn the_card_has_the_scores_of_the_rounded_weights() {
    for base in ["micro_bert", "micro_distilbert", "micro_roberta"] {
        let case = case(base, Task::Classification, Pooling::Mean);
        trained(&case, |pretrained, session| {
            let provenance =
                Provenance { hub_id: "some/model", license: "MIT", sha256: "00", input: None, recipe: None };
            let export = |form, dtype| {
                let mut reported = Vec::new();
                let progress = |fraction| reported.push(fraction);
                let exported =
                    ready(runner::export(session, pretrained, provenance, form, dtype, Vec::new(), progress)).unwrap();
                assert!(reported.is_sorted() && reported.last() == Some(&1.0), "{reported:?}");
                let mut zip = zip::ZipArchive::new(Cursor::new(exported.zip)).unwrap();
                let mut card = String::new();
                zip.by_name("README.md").unwrap().read_to_string(&mut card).unwrap();
                (exported.rounded, card)
            };
            let (best, _) = session.best().unwrap();
            let loss = |loss: f64| format!("value: {loss}\n");
            let (rounded, card) = export(ExportForm::Model, ExportDtype::Float32);
            assert!(rounded.is_none() && card.contains(&loss(best.loss)), "{base}");
            for (form, dtype) in [(ExportForm::Model, ExportDtype::Float16), (ExportForm::Onnx, ExportDtype::Int8)] {
                let (rounded, card) = export(form, dtype);
                let rounded = rounded.unwrap().validation;
                assert!(rounded.loss != best.loss && (rounded.loss - best.loss).abs() < 0.05, "{base} {dtype:?}");
                assert!(card.contains(&loss(rounded.loss)) && !card.contains(&loss(best.loss)), "{base} {dtype:?}");
            }
        });
    }
}
