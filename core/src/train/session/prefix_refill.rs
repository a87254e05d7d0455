//! The cache of frozen layers' outputs after a run was restored.
//!
//! A text's cached output was computed in the batch that had it first, and the rounding depends on the other texts of the
//! batch. So those batches are computed again, in their order.

use crate::diagnostic::Diagnostic;
use crate::train::prefix_cache::PrefixCache;
use crate::train::session::Session;
use crate::train::session::progress::Progress;
use crate::train::state::BatchPosition;

/// The batches that filled the cache.
pub(super) struct PrefixRefill {
    /// The next of them.
    next: BatchPosition,
    /// Rows of each batch of its epoch.
    batches: Vec<Vec<u32>>,
}

impl Session {
    /// Empties the caches of frozen layers' outputs. They are filled again from the next batch on.
    pub(super) fn empty_prefix_caches(&mut self) {
        (self.train_prefix, self.validation_prefix) = (PrefixCache::default(), PrefixCache::default());
        self.prefix_refill = None;
        self.state.prefix_begin = self.position();
    }

    /// Schedules the batches since the caches were emptied, to be computed again.
    pub(super) fn schedule_prefix_refill(&mut self) {
        let next = self.state.prefix_begin;
        self.prefix_refill = Some(PrefixRefill { next, batches: self.batches_of(next.epoch) });
    }

    /// Computes the next batch that was cached before the run was restored; `None` if there is none.
    pub(super) async fn refill_prefix(&mut self) -> Result<Option<Progress>, Diagnostic> {
        let Some(mut refill) = self.prefix_refill.take() else { return Ok(None) };
        let (frozen_prefix, train, hidden) = (self.frozen_prefix(), &self.data.train, self.model.base.hidden());
        while refill.next < self.position() {
            let Some(rows) = refill.batches.get(refill.next.batch as usize) else {
                refill.next = BatchPosition { epoch: refill.next.epoch + 1, batch: 0 };
                refill.batches = self.batches_of(refill.next.epoch);
                continue;
            };
            refill.next.batch += 1;
            if self.train_prefix.would_cache(frozen_prefix, &train.texts, rows, hidden) {
                let size = train.batch_texts(self.recipe.batch_size());
                let batch = train.batch(rows, size, self.recipe.max_length(), self.data.pad);
                self.train_prefix.input(frozen_prefix, &self.model, &train.texts, rows, &batch, &self.device).await?;
                self.prefix_refill = Some(refill);
                return Ok(Some(Progress::Recomputed));
            }
        }
        Ok(None)
    }

    /// Rows of each batch of an epoch.
    pub(super) fn batches_of(&self, epoch: u32) -> Vec<Vec<u32>> {
        self.data.train.shuffled_batches(self.recipe.batch_size(), self.recipe.seed(), u64::from(epoch))
    }

    fn position(&self) -> BatchPosition {
        BatchPosition { epoch: self.state.epoch, batch: self.state.batch }
    }
}
