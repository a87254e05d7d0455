//! For a field of the recipe, another value that shows what it does: off, a usual one, or its default.

use hone_core::recipe::{Field, FieldGroup, FieldKind, Number, RecipeSpec, Schedule};

/// Values that show a technique that is off, where they are not a tenth or one.
const USUAL: [(&str, f64); 4] = [("focal_gamma", 2.0), ("l2_sp", 0.05), ("layer_decay", 0.8), ("warmup_steps", 20.0)];

/// Returns true if the field has a button that shows what it does.
pub fn is_shown(field: &Field) -> bool {
    let groups = [FieldGroup::LearningRate, FieldGroup::Regularization, FieldGroup::Unfreezing];
    groups.contains(&field.group) && !matches!(field.kind, FieldKind::Custom(_))
}

/// The recipe with another value of the field. All fields of `recipe` must be filled in.
pub fn opposite(field: &Field, recipe: &RecipeSpec) -> RecipeSpec {
    let mut other = recipe.clone();
    match &field.kind {
        FieldKind::Number(number) => (number.set)(&mut other, other_number(field.name, number, recipe)),
        FieldKind::Choice(_) if field.name == "schedule" => {
            let is_constant = recipe.schedule == Schedule::Constant;
            other.schedule = if is_constant { Schedule::Linear } else { Schedule::Constant };
        }
        FieldKind::Choice(choice) => {
            let is_first = (choice.get)(recipe) == 0;
            let last = (choice.options)(recipe).len() - 1;
            // Gradual unfreezing against all at once; balanced classes against equal ones.
            let second = if field.name == "unfreezing" { last - 1 } else { 1 };
            (choice.set)(&mut other, if is_first { second } else { 0 });
        }
        FieldKind::Switch(switch) => (switch.set)(&mut other, !(switch.get)(recipe)),
        FieldKind::Custom(_) => {}
    }
    other
}

fn other_number(name: &str, number: &Number, recipe: &RecipeSpec) -> Option<f64> {
    let now = (number.get)(recipe)?;
    let off = match name {
        "layer_decay" => Some(1.0),
        _ => Some(0.0).filter(|off| number.range.contains(off)),
    };
    // A share of the run or of the peak is a tenth; a count or a strength is one.
    let most = *number.range.end();
    let usual = USUAL.iter().find(|(field, _)| *field == name).map(|(_, usual)| *usual);
    Some(match off {
        Some(off) if now != off => off,
        Some(_) => usual.unwrap_or(if most <= 1.0 { 0.1 } else { 1.0 }),
        None if name == "learning_rate" => now / 10.0,
        None if 2.0 * now <= most => 2.0 * now,
        None => now / 2.0,
    })
}

#[cfg(test)]
mod tests {
    use hone_core::recipe::{ClassWeights, FIELDS, Unfreezing};

    use super::*;

    fn named(name: &str) -> &'static Field {
        Field::named(name).unwrap()
    }

    #[test]
    fn what_is_on_is_compared_with_off_and_what_is_off_with_a_usual_value() {
        let recipe = RecipeSpec { learning_rate: Some(1e-4), ..RecipeSpec::default() };
        let other = |name: &str, recipe: &RecipeSpec| opposite(named(name), recipe);
        assert_eq!(other("dropout", &recipe).dropout, 0.0);
        assert_eq!(other("dropout", &other("dropout", &recipe)).dropout, 0.1);
        assert_eq!(other("layer_decay", &recipe).layer_decay, 0.8);
        assert_eq!(other("learning_rate", &recipe).learning_rate, Some(1e-5));
        assert_eq!(other("schedule", &recipe).schedule, Schedule::Constant);
        assert_eq!(other("class_weights", &recipe).class_weights, ClassWeights::Balanced);
        assert_eq!(other("unfreezing", &recipe).unfreezing, Unfreezing::Gradual);
        assert_eq!(other("reinit_layers", &recipe).reinit_layers, 1);
    }

    #[test]
    fn the_other_value_differs_in_one_field_and_is_in_range() {
        let mut recipe = RecipeSpec { learning_rate: Some(1e-4), warmup_ratio: Some(0.1), ..RecipeSpec::default() };
        for field in FIELDS.iter().filter(|field| is_shown(field)) {
            if field.name == "warmup_steps" {
                recipe.warmup_steps = Some(20);
            }
            let other = opposite(field, &recipe);
            assert_ne!(other, recipe, "{}", field.name);
            if let FieldKind::Number(number) = &field.kind {
                assert!(number.range.contains(&(number.get)(&other).unwrap()), "{}", field.name);
            }
            let again = opposite(field, &other);
            let changed = FIELDS.iter().filter(|other| other.name != field.name);
            for unchanged in changed {
                if let FieldKind::Number(number) = &unchanged.kind {
                    assert_eq!((number.get)(&again), (number.get)(&recipe), "{}", unchanged.name);
                }
            }
        }
    }
}
