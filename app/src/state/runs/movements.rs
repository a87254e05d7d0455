//! The layers over time: how far each has moved at each evaluation, and how fast.

use hone_core::decimal::fixed;
use hone_core::run::GroupMovement;

use crate::format;
use crate::plot::thin;
use crate::state::{Movement, Run};

/// Maximum number of columns.
const MAX_COLUMNS: usize = 10;
/// Number of shades, from that of the slowest move.
const SHADES: f64 = 5.0;

/// A table of layers over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MovementTable {
    /// Step of each column.
    pub steps: Vec<String>,
    /// Name and cells of each parameter group, from the head down.
    pub rows: Vec<(String, Vec<MovementCell>)>,
}

/// A parameter group at an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct MovementCell {
    /// CSS class: the brighter, the farther it has moved since the column before.
    pub class: String,
    /// Its whole distance, in percent.
    pub words: String,
}

impl Run {
    /// Takes how far the weights have moved. A run that was continued from an earlier step says it again.
    pub(in crate::state) fn on_moved(&mut self, step: u32, groups: Vec<GroupMovement>) {
        self.movements.retain(|earlier| earlier.step < step);
        if !groups.is_empty() {
            self.movements.push(Movement { step, groups });
        }
    }

    /// Distance of each layer at each evaluation; empty before the first.
    pub fn movement_table(&self) -> MovementTable {
        let places: Vec<(f64, f64)> = (0..self.movements.len()).map(|nth| (nth as f64, 0.0)).collect();
        let shown: Vec<&Movement> =
            thin(&places, MAX_COLUMNS).filter_map(|place| self.movements.get(place.0 as usize)).collect();
        let Some(first) = shown.first() else { return MovementTable::default() };
        let at = |column: usize, row: usize| shown[column].groups.get(row).map_or(0.0, |group| group.relative);
        // Distances shrink when weights return; a return is a move too.
        let gain = |column: usize, row: usize| {
            let before = if column == 0 { 0.0 } else { at(column - 1, row) };
            (at(column, row) - before).abs()
        };
        let rows = 0..first.groups.len();
        let gains = rows.clone().flat_map(|row| (0..shown.len()).map(move |column| gain(column, row)));
        let greatest = gains.fold(0.0, f64::max);
        let cell = |column: usize, row: usize| {
            let shade = match gain(column, row) {
                gain if gain > 0.0 => (SHADES * gain / greatest).ceil().clamp(1.0, SHADES),
                _ => 0.0,
            };
            let class = if shade > 0.0 { format!("live shade-{}", shade as u32) } else { "frozen".into() };
            MovementCell { class, words: percent(at(column, row)) }
        };
        let row = |row: usize| {
            let cells = (0..shown.len()).map(|column| cell(column, row)).collect();
            (format::param_group(first.groups[row].group), cells)
        };
        MovementTable {
            steps: shown.iter().map(|movement| format::count(f64::from(movement.step))).collect(),
            rows: rows.rev().map(row).collect(),
        }
    }

    /// The layers that have moved most and least, in words.
    pub fn movement_words(&self) -> String {
        let Some(last) = self.movements.last() else { return String::new() };
        let by_distance = |a: &&GroupMovement, b: &&GroupMovement| a.relative.total_cmp(&b.relative);
        let (Some(most), Some(least)) =
            (last.groups.iter().max_by(by_distance), last.groups.iter().min_by(by_distance))
        else {
            return String::new();
        };
        let distance =
            |group: &GroupMovement| format!("{} {} %", format::param_group(group.group), percent(group.relative));
        format!(
            "Distance of the weights from where they began, in percent of their length; the brighter, the more was added since \
             the column before. At step {}, the farthest is {}, the nearest {}.",
            format::count(f64::from(last.step)),
            distance(most),
            distance(least),
        )
    }
}

/// A share in percent, with the digits that differ between layers.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    fixed(percent, u32::from(percent < 10.0))
}

#[cfg(test)]
mod tests {
    use hone_core::recipe::ParamGroup;

    use super::*;

    fn moved(run: &mut Run, step: u32, [layer, head]: [f64; 2]) {
        let group = |(group, relative)| GroupMovement { group, relative };
        run.on_moved(step, [(ParamGroup::Layer(0), layer), (ParamGroup::Head, head)].map(group).into());
    }

    #[test]
    fn cells_tell_the_distance_and_shades_the_speed() {
        let mut run = Run::default();
        assert_eq!(run.movement_table(), MovementTable::default());
        for (step, distances) in [(10, [0.0, 0.1]), (20, [0.0, 0.3]), (30, [0.02, 0.32])] {
            moved(&mut run, step, distances);
        }
        let table = run.movement_table();
        assert_eq!(table.steps, ["10", "20", "30"]);
        let row = |nth: usize| {
            let (name, cells) = &table.rows[nth];
            (name.as_str(), cells.iter().map(|cell| format!("{} {}", cell.words, cell.class)).collect::<Vec<_>>())
        };
        assert_eq!(
            row(0),
            ("head", vec!["10 live shade-3".into(), "30 live shade-5".into(), "32 live shade-1".into()])
        );
        assert_eq!(row(1).1, ["0.0 frozen", "0.0 frozen", "2.0 live shade-1"]);
        assert!(
            run.movement_words().ends_with("At step 30, the farthest is head 32 %, the nearest layer 1 2.0 %."),
            "{}",
            run.movement_words()
        );
    }

    #[test]
    fn many_evaluations_are_thinned_and_the_last_stays() {
        let mut run = Run::default();
        for nth in 1..=35 {
            moved(&mut run, nth, [0.0, f64::from(nth) / 100.0]);
        }
        let table = run.movement_table();
        assert!(table.steps.len() <= MAX_COLUMNS + 1 && table.steps.last().unwrap() == "35", "{:?}", table.steps);
        moved(&mut run, 30, [0.0, 0.5]);
        assert_eq!(run.movements.len(), 30, "later ones are announced again");
    }
}
