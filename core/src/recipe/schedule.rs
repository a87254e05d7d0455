//! How the learning rate changes over a run.

/// Learning rate of a step: linear warm-up from 0, then linear decay to 0.
///
/// The same as `get_linear_schedule_with_warmup` of transformers, with `ceil(warmup_share * total_steps)` warm-up
/// steps. `step` counts from 0, so the first step of a warm-up has rate 0.
pub fn lr_at(step: u32, total_steps: u32, warmup_share: f64, lr_peak: f64) -> f64 {
    let (step, total) = (f64::from(step), f64::from(total_steps));
    let warmup = (warmup_share * total).ceil();
    let factor = if step < warmup { step / warmup.max(1.0) } else { (total - step) / (total - warmup).max(1.0) };
    lr_peak * factor.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::lr_at;

    #[test]
    fn rises_over_the_warm_up_and_falls_to_nothing() {
        let rates: Vec<f64> = (0..=6).map(|step| lr_at(step, 6, 0.3, 4.0)).collect();
        assert_eq!(rates, [0.0, 2.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn without_warm_up_it_starts_at_the_peak() {
        assert_eq!(lr_at(0, 10, 0.0, 4.0), 4.0);
    }
}
