//! Numbers of a column, whose custom of writing is known only after the last row.

use crate::dataset::number::Numeral;
use crate::diagnostic::Diagnostic;
use crate::phrases::{excerpt, names};

/// A number whose reading depends on the custom.
#[derive(Debug)]
struct OpenNumber {
    row: usize,
    cell: String,
    numeral: Numeral,
}

/// Notation of the numbers of a column.
#[derive(Debug, Default)]
pub(crate) struct NumberColumn {
    rows: usize,
    /// Numbers that differ by custom.
    open: Vec<OpenNumber>,
    only_by_point: usize,
    only_by_comma: usize,
    /// The units that occur, each with its number of rows.
    units: Vec<(&'static str, usize)>,
}

/// Numbers to replace and rows to skip, once the custom is known.
pub(crate) struct ResolvedNumbers {
    pub numbers: Vec<(usize, f32)>,
    pub skipped: Vec<(usize, String)>,
    pub warnings: Vec<Diagnostic>,
}

impl NumberColumn {
    /// Adds the next row's cell. Returns its number by the decimal point if it has one.
    ///
    /// # Errors
    /// The reason to skip the row.
    pub(crate) fn add(&mut self, row: usize, cell: &str) -> Result<f32, String> {
        let is_finite = |numeral: &Numeral| {
            [numeral.by_point, numeral.by_comma].into_iter().flatten().all(|number| (number as f32).is_finite())
        };
        let numeral = Numeral::parse(cell).filter(is_finite).ok_or_else(|| not_a_number(cell))?;
        self.rows += 1;
        if let Some(unit) = numeral.unit {
            match self.units.iter_mut().find(|(known, _)| *known == unit) {
                Some((_, rows)) => *rows += 1,
                None => self.units.push((unit, 1)),
            }
        }
        match (numeral.by_point, numeral.by_comma) {
            (Some(_), None) => self.only_by_point += 1,
            (None, Some(_)) => self.only_by_comma += 1,
            _ => {}
        }
        if numeral.by_point != numeral.by_comma {
            self.open.push(OpenNumber { row, cell: excerpt(cell, 40), numeral });
        }
        Ok(numeral.by_point.or(numeral.by_comma).unwrap_or_default() as f32)
    }

    /// Chooses the custom that more of the cells need, by default that of the decimal point.
    pub(crate) fn resolve(self) -> ResolvedNumbers {
        let by_comma = self.only_by_comma > self.only_by_point;
        let mut resolved = ResolvedNumbers { numbers: Vec::new(), skipped: Vec::new(), warnings: Vec::new() };
        let chosen = |numeral: &Numeral| if by_comma { numeral.by_comma } else { numeral.by_point };
        let example = self.open.iter().find_map(|open| Some((&open.cell, chosen(&open.numeral)?)));
        if let Some((cell, number)) = example {
            let done = format!("{} was read as {number}.", names(&[cell]));
            let has_evidence = self.only_by_comma + self.only_by_point > 0;
            if by_comma {
                let what = "The numbers are written with a decimal comma.";
                resolved.warnings.push(Diagnostic::new("data.decimal-comma", what).done(done));
            } else if !has_evidence {
                let what = "A comma or a point in the numbers may separate decimals or thousands.";
                let remedy = "If that is wrong, write the numbers without separators of thousands.";
                resolved.warnings.push(Diagnostic::new("data.ambiguous-numbers", what).done(done).remedy(remedy));
            }
        }
        if let Some(warning) = self.unit_warning() {
            resolved.warnings.push(warning);
        }
        for OpenNumber { row, cell, numeral } in self.open {
            match chosen(&numeral) {
                Some(number) => resolved.numbers.push((row, number as f32)),
                None => resolved.skipped.push((row, not_a_number(&cell))),
            }
        }
        resolved
    }

    fn unit_warning(&self) -> Option<Diagnostic> {
        let units: Vec<&str> = self.units.iter().map(|(unit, _)| *unit).collect();
        let is_mixed = units.len() > 1 || self.units.first().is_some_and(|(_, rows)| *rows < self.rows);
        if units.is_empty() {
            return None;
        }
        let some = if is_mixed { "Some of the numbers" } else { "The numbers" };
        let warning = Diagnostic::new("data.units", format!("{some} have a unit: {}.", names(&units))).done(
            if units.contains(&"%") { "They were read without it: 45% is 45." } else { "They were read without it." },
        );
        let remedy = "Convert the numbers to one unit: the model learns the bare numbers.";
        Some(if is_mixed { warning.remedy(remedy) } else { warning })
    }
}

fn not_a_number(cell: &str) -> String {
    format!("\"{}\" is not a number", excerpt(cell, 40))
}
