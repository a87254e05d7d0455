//! Checks of a recipe: each number against its range, and fields against each other.

use crate::recipe::choices::{ClassWeights, SimilarityLoss, Unfreezing};
use crate::recipe::error::RecipeError;
use crate::recipe::fields::{FIELDS, RecipeSpec};
use crate::recipe::metric::Metric;
use crate::recipe::param_group::ParamGroup;
use crate::recipe::task::Task;
use crate::recipe::unfreeze::UnfreezeSchedule;

/// Checks every number against the range of its field.
pub(super) fn check_ranges(spec: &RecipeSpec) -> Result<(), RecipeError> {
    for field in FIELDS {
        let Some(range) = field.range() else { continue };
        for value in field.values(spec) {
            if !range.contains(&value) {
                let (min, max) = (*range.start(), *range.end());
                return Err(RecipeError::OutOfRange { field: field.name, value, min, max });
            }
        }
    }
    Ok(())
}

/// Refuses techniques that the task cannot use, and those that have no effect without another one.
pub(super) fn check_task(spec: &RecipeSpec) -> Result<(), RecipeError> {
    let conflict = |field, reason| Err(RecipeError::Conflict { field, reason });
    if spec.metric_for_best_model.is_some_and(|metric| !Metric::of(spec.task).contains(&metric)) {
        return conflict("metric_for_best_model", "is not a metric of this task");
    }
    let is_generated = matches!(spec.metric_for_best_model, Some(Metric::Bleu | Metric::Chrf | Metric::ExactMatch));
    if spec.task == Task::Generation && is_generated && spec.generated_rows == 0 {
        return conflict("metric_for_best_model", "scores generated text: set generated_rows above 0");
    }
    if spec.task == Task::Embeddings {
        if spec.batch_size == Some(1) {
            return conflict("batch_size", "must be at least 2: each text is compared with the others of its batch");
        }
        if spec.unfreezing == Unfreezing::Head {
            return conflict(
                "unfreezing",
                "cannot be the head alone: embeddings are the model's own vectors, without a head",
            );
        }
    }
    if spec.task != Task::Embeddings && spec.similarity_loss != SimilarityLoss::InBatch {
        return conflict("similarity_loss", "needs the task of embeddings");
    }
    if spec.task != Task::Embeddings && !spec.matryoshka_dims.is_empty() {
        return conflict("matryoshka_dims", "needs the task of embeddings");
    }
    if (1..spec.matryoshka_dims.len()).any(|at| spec.matryoshka_dims[..at].contains(&spec.matryoshka_dims[at])) {
        return conflict("matryoshka_dims", "lists a size twice");
    }
    let has_classes = spec.task.has_classes();
    if !has_classes && spec.class_weights != ClassWeights::Equal {
        return conflict("class_weights", "needs a task with classes");
    }
    if spec.task != Task::Classification && spec.max_train_samples > 0 {
        return conflict("max_train_samples", "must be 0: only rows with one label each can be drawn");
    }
    if spec.task != Task::Classification && spec.label_noise > 0.0 {
        return conflict("label_noise", "must be 0: only rows with one label each can have another one");
    }
    if !has_classes && spec.focal_gamma > 0.0 {
        return conflict("focal_gamma", "must be 0: focal loss needs a task with classes");
    }
    if !has_classes && spec.r_drop > 0.0 {
        return conflict("r_drop", "must be 0: R-Drop needs a task with classes");
    }
    let adapter_dropout = if spec.has_adapter() { spec.lora_dropout } else { 0.0 };
    let dropouts = [spec.dropout, spec.attention_dropout, spec.head_dropout, adapter_dropout];
    if spec.r_drop > 0.0 && dropouts.iter().all(|&rate| rate == 0.0) {
        return conflict("r_drop", "compares two passes with different dropout: set dropout above 0");
    }
    if !has_classes && spec.task != Task::Generation && spec.label_smoothing > 0.0 {
        return conflict("label_smoothing", "must be 0: there are no classes to smooth over");
    }
    Ok(())
}

/// Refuses parameter groups that are not among `groups`, and repeated groups or empty stages in an unfreezing order.
pub(super) fn check_param_groups(spec: &RecipeSpec, groups: &[ParamGroup]) -> Result<(), RecipeError> {
    let check = |field, group: ParamGroup| {
        if groups.contains(&group) {
            Ok(())
        } else {
            Err(RecipeError::ParamGroup { field, group, reason: "this model does not have" })
        }
    };
    spec.lr_per_group.keys().try_for_each(|&group| check("lr_per_group", group))?;
    let mut seen = Vec::new();
    for &group in spec.unfreeze_order.iter().flatten() {
        check("unfreeze_order", group)?;
        if seen.contains(&group) {
            return Err(RecipeError::ParamGroup { field: "unfreeze_order", group, reason: "is already listed" });
        }
        seen.push(group);
    }
    if spec.unfreeze_order.iter().any(Vec::is_empty) {
        let remedy = "list the parameter groups that it unfreezes";
        return Err(RecipeError::Empty { field: "a stage of unfreeze_order", remedy });
    }
    Ok(())
}

/// Refuses settings that do not work with an adapter, and stages in which no adapter is trained.
pub(super) fn check_adapter(spec: &RecipeSpec, schedule: &UnfreezeSchedule) -> Result<(), RecipeError> {
    if !spec.has_adapter() {
        return Ok(());
    }
    let conflict = |field, reason| Err(RecipeError::Conflict { field, reason });
    if spec.target_modules.is_empty() {
        return Err(RecipeError::Empty { field: "target_modules", remedy: "choose a layer that gets an adapter" });
    }
    if spec.train_embeddings {
        return conflict("train_embeddings", "cannot be on with an adapter, which freezes the model itself");
    }
    if spec.reinit_layers > 0 {
        return conflict("reinit_layers", "must be 0 with an adapter: reinitialized layers could not be trained");
    }
    if spec.l2_sp > 0.0 {
        return conflict("l2_sp", "must be 0 with an adapter: the pretrained weights do not move");
    }
    // A decoder's head is pretrained and stays frozen next to adapters.
    let is_trained = |group: &ParamGroup| match group {
        ParamGroup::Layer(_) => true,
        group => spec.task.has_new_head() && *group == ParamGroup::Head,
    };
    if !schedule.stages().iter().all(|stage| stage.iter().any(is_trained)) {
        let reason = "has a stage in which nothing would learn: only layers and the head have adapters";
        return conflict("unfreeze_order", reason);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::choices::AdapterKind;
    use crate::recipe::fields::{Field, FieldKind};

    /// The default recipe with `value` in a field; `None` if the field's type cannot represent it.
    fn with(field: &Field, value: f64) -> Option<RecipeSpec> {
        let mut spec = RecipeSpec::default();
        match (&field.kind, field.name) {
            (FieldKind::Number(number), _) => (number.set)(&mut spec, Some(value)),
            (_, "lr_per_group") => spec.lr_per_group = [(ParamGroup::Head, value)].into(),
            (_, "class_weights") => spec.class_weights = ClassWeights::Given([("a".to_owned(), value)].into()),
            (_, other) => panic!("{other}: say here how its numbers are set"),
        }
        field.values(&spec).iter().all(|held| held.to_bits() == value.to_bits()).then_some(spec)
    }

    #[test]
    fn every_number_out_of_its_range_is_refused_by_name() {
        let mut refused = 0;
        for field in FIELDS {
            let Some(range) = field.range() else { continue };
            let (min, max) = (*range.start(), *range.end());
            let step = if matches!(&field.kind, FieldKind::Number(number) if number.is_whole) { 1.0 } else { 1e-9 };
            for value in [min, max] {
                let spec = with(field, value).unwrap_or_else(|| panic!("{} cannot be {value}", field.name));
                assert_eq!(check_ranges(&spec), Ok(()), "{} = {value}", field.name);
            }
            for wrong in [min - step, max + step, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                // serde refuses values that the type cannot represent, such as -1 rows.
                let Some(spec) = with(field, wrong) else {
                    assert!(step == 1.0, "{} cannot be {wrong}", field.name);
                    continue;
                };
                match check_ranges(&spec) {
                    Err(RecipeError::OutOfRange { field: named, min: least, max: most, .. }) => {
                        assert_eq!((named, least, most), (field.name, min, max));
                        refused += 1;
                    }
                    other => panic!("{} = {wrong}: {other:?}", field.name),
                }
            }
        }
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn r_drop_without_any_dropout_is_refused() {
        let none = RecipeSpec {
            r_drop: 1.0,
            dropout: 0.0,
            attention_dropout: 0.0,
            head_dropout: 0.0,
            lora_dropout: 0.1,
            ..RecipeSpec::default()
        };
        assert!(matches!(check_task(&none), Err(RecipeError::Conflict { field: "r_drop", .. })));
        assert_eq!(check_task(&RecipeSpec { r_drop: 0.0, ..none.clone() }), Ok(()));
        assert_eq!(check_task(&RecipeSpec { adapter: AdapterKind::Lora, ..none.clone() }), Ok(()));
        assert_eq!(check_task(&RecipeSpec { head_dropout: 0.1, ..none }), Ok(()));
    }

    #[test]
    fn numbers_that_a_whole_field_cannot_hold_are_refused_on_reading() {
        for field in FIELDS {
            if matches!(&field.kind, FieldKind::Number(number) if number.is_whole) {
                for wrong in ["-1", "1.5", "4294967296"] {
                    let json = format!("{{\"{}\": {wrong}}}", field.name);
                    assert!(serde_json::from_str::<RecipeSpec>(&json).is_err(), "{json}");
                }
            }
        }
    }
}
