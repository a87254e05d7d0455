//! Natural sort order of labels.

/// Part of a name. Numbers compare by value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum NamePart {
    /// Number of digits without leading zeros, and these digits.
    Number(usize, String),
    Letter(char),
}

/// Sorts labels so that "class 2" comes before "class 10". If all names are numbers, sorts by value. Each label carries
/// an index along.
pub(crate) fn sort_naturally(labels: &mut [(usize, String)]) {
    let numbers = labels.iter().map(|(_, name)| name.parse::<f64>().ok().filter(|number| number.is_finite()));
    if let Some(numbers) = numbers.collect::<Option<Vec<f64>>>() {
        let mut by_value: Vec<_> = numbers.into_iter().zip(labels.iter().cloned()).collect();
        by_value.sort_by(|(a, (_, x)), (b, (_, y))| a.total_cmp(b).then_with(|| x.cmp(y)));
        for (slot, (_, label)) in labels.iter_mut().zip(by_value) {
            *slot = label;
        }
    } else {
        labels.sort_by_cached_key(|(_, name)| (name_parts(name), name.clone()));
    }
}

fn name_parts(name: &str) -> Vec<NamePart> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let len = if digits > 0 {
            let number = rest[..digits].trim_start_matches('0');
            parts.push(NamePart::Number(number.len(), number.to_owned()));
            digits
        } else {
            parts.push(NamePart::Letter(first));
            first.len_utf8()
        };
        rest = &rest[len..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &[&str]) -> Vec<String> {
        let mut labels: Vec<_> = names.iter().map(|name| (0, name.to_string())).collect();
        sort_naturally(&mut labels);
        labels.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn numbers_in_names_sort_by_value() {
        assert_eq!(sorted(&["class 10", "class 2", "class 02", "a"]), ["a", "class 02", "class 2", "class 10"]);
        assert_eq!(sorted(&["1", "-1", "0.5", "10"]), ["-1", "0.5", "1", "10"]);
    }
}
