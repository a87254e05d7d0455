//! Offers every task, with the columns to begin with.

use crate::dataset::inspect::columns::ColumnStats;
use crate::dataset::inspect::drafts::drafts;
use crate::dataset::inspect::guess::guess;
use crate::dataset::layout::Format;
use crate::dataset::source::TaskOffer;

/// An offer for each form of every task: first those that the file fits, the likeliest first.
pub(crate) fn offers(format: Format, columns: &[String], stats: &ColumnStats) -> Vec<TaskOffer> {
    let fitting = guess(format, columns, stats).into_iter();
    let mut offers: Vec<TaskOffer> =
        fitting.map(|(mapping, reason)| TaskOffer { mapping, fits: true, reason }).collect();
    for mapping in drafts(columns, stats) {
        if offers.iter().all(|offer| !offer.mapping.has_form_of(&mapping)) {
            let reason = mapping.needs().to_owned();
            offers.push(TaskOffer { mapping, fits: false, reason });
        }
    }
    offers
}
