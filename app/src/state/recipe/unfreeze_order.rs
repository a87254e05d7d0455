//! The order of gradual unfreezing as text: `head; 6; 5, 4; embeddings`. A semicolon ends a stage. Layers are counted from 1
//! at the bottom, as everywhere on the page.

use hone_core::recipe::ParamGroup;

/// Writes an order as text.
pub fn write(order: &[Vec<ParamGroup>]) -> String {
    let stage = |parts: &Vec<ParamGroup>| parts.iter().map(|&part| name(part)).collect::<Vec<_>>().join(", ");
    order.iter().map(stage).collect::<Vec<_>>().join("; ")
}

/// The default order, from the head down, one layer at a time: a starting point for a custom order.
pub fn from_the_top(parts: &[ParamGroup]) -> Vec<Vec<ParamGroup>> {
    let (top, layers): (Vec<ParamGroup>, Vec<ParamGroup>) =
        parts.iter().rev().partition(|part| matches!(part, ParamGroup::Head | ParamGroup::Pooler));
    let layers = layers.into_iter().filter(|&part| part != ParamGroup::Embeddings);
    // Embeddings have no head.
    let top = Some(top).filter(|top| !top.is_empty());
    top.into_iter().chain(layers.map(|layer| vec![layer])).collect()
}

/// Parses an order for a model with these parameter groups.
///
/// # Errors
/// Names the first word that is not a group of the model or is listed twice.
pub fn parse(text: &str, parts: &[ParamGroup]) -> Result<Vec<Vec<ParamGroup>>, String> {
    let mut order: Vec<Vec<ParamGroup>> = Vec::new();
    for stage in text.split(';').filter(|stage| !stage.trim().is_empty()) {
        let mut trainable = Vec::new();
        for word in stage.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()) {
            let is_meant = |part: &&ParamGroup| name(**part).eq_ignore_ascii_case(word);
            let part = *parts.iter().find(is_meant).ok_or_else(|| {
                let known = parts.iter().rev().map(|&part| name(part)).collect::<Vec<_>>().join(", ");
                format!("“{word}” is not a parameter group of this model. Its groups are {known}.")
            })?;
            if order.iter().flatten().chain(&trainable).any(|&other| other == part) {
                return Err(format!("“{word}” is listed twice. Each group is unfrozen only once."));
            }
            trainable.push(part);
        }
        order.push(trainable);
    }
    if order.is_empty() {
        return Err("Write at least one group, such as “head; 6; 5”.".into());
    }
    Ok(order)
}

fn name(part: ParamGroup) -> String {
    match part {
        ParamGroup::Layer(index) => (index + 1).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_round_trip_through_their_text() {
        let parts = ParamGroup::all(3, true);
        let order = parse("head pooler; 3,2 ;; embeddings", &parts).unwrap();
        assert_eq!(order.len(), 3);
        assert_eq!(order[1], [ParamGroup::Layer(2), ParamGroup::Layer(1)]);
        assert_eq!(write(&order), "head, pooler; 3, 2; embeddings");
        assert_eq!(parse(&write(&order), &parts), Ok(order));
        assert_eq!(write(&from_the_top(&parts)), "head, pooler; 3; 2; 1");
    }

    #[test]
    fn invalid_words_are_named() {
        let parts = ParamGroup::all(3, false);
        for (text, named) in [("head; 4", "“4”"), ("pooler", "“pooler”"), ("3; 3", "twice"), (" ; ", "at least one")]
        {
            let error = parse(text, &parts).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
