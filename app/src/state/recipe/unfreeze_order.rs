//! The order in which parts wake, as a person writes it: `head; 6; 5, 4; embeddings`. A semicolon ends a stage; layers
//! are counted from 1 at the bottom, as everywhere on the page.

use hone_core::recipe::ParamGroup;

/// The order in writing.
pub fn write(order: &[Vec<ParamGroup>]) -> String {
    let stage = |parts: &Vec<ParamGroup>| parts.iter().map(|&part| word(part)).collect::<Vec<_>>().join(", ");
    order.iter().map(stage).collect::<Vec<_>>().join("; ")
}

/// From the head down, a layer at a time: what a person's own order starts from.
pub fn from_the_top(parts: &[ParamGroup]) -> Vec<Vec<ParamGroup>> {
    let (top, layers): (Vec<ParamGroup>, Vec<ParamGroup>) =
        parts.iter().rev().partition(|part| matches!(part, ParamGroup::Head | ParamGroup::Pooler));
    let layers = layers.into_iter().filter(|&part| part != ParamGroup::Embeddings);
    [top].into_iter().chain(layers.map(|layer| vec![layer])).collect()
}

/// The order that was written, of a model with these parts.
///
/// # Errors
/// Names the word that does not fit, and says what would.
pub fn parse(text: &str, parts: &[ParamGroup]) -> Result<Vec<Vec<ParamGroup>>, String> {
    let mut order: Vec<Vec<ParamGroup>> = Vec::new();
    for stage in text.split(';').filter(|stage| !stage.trim().is_empty()) {
        let mut trainable = Vec::new();
        for written in stage.split([',', ' ']).map(str::trim).filter(|written| !written.is_empty()) {
            let is_meant = |part: &&ParamGroup| word(**part) == written.to_lowercase();
            let part = *parts.iter().find(is_meant).ok_or_else(|| {
                let known = parts.iter().rev().map(|&part| word(part)).collect::<Vec<_>>().join(", ");
                format!("“{written}” is no part of this model. Its parts are {known}.")
            })?;
            if order.iter().flatten().chain(&trainable).any(|&other| other == part) {
                return Err(format!("“{written}” stands twice. A part wakes once and then stays awake."));
            }
            trainable.push(part);
        }
        order.push(trainable);
    }
    if order.is_empty() {
        return Err("Write at least one part, such as “head; 6; 5”.".into());
    }
    Ok(order)
}

fn word(part: ParamGroup) -> String {
    match part {
        ParamGroup::Layer(index) => (index + 1).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_is_written() {
        let parts = ParamGroup::all(3, true);
        let order = parse("head pooler; 3,2 ;; embeddings", &parts).unwrap();
        assert_eq!(order.len(), 3);
        assert_eq!(order[1], [ParamGroup::Layer(2), ParamGroup::Layer(1)]);
        assert_eq!(write(&order), "head, pooler; 3, 2; embeddings");
        assert_eq!(parse(&write(&order), &parts), Ok(order));
        assert_eq!(write(&from_the_top(&parts)), "head, pooler; 3; 2; 1");
    }

    #[test]
    fn a_word_that_does_not_fit_is_named() {
        let parts = ParamGroup::all(3, false);
        for (text, named) in [("head; 4", "“4”"), ("pooler", "“pooler”"), ("3; 3", "twice"), (" ; ", "at least one")]
        {
            let error = parse(text, &parts).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
