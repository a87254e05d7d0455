//! Events from the worker, and the changes they make to the state.

use hone_core::protocol::{Event, RequestId};
use hone_core::run::RunSummary;

use crate::state::{
    Column, Effect, Export, FinderStage, HubSearch, Keeping, Load, Phase, Review, SavedPoint, State, Topic,
};

/// Longest silence that the worker may announce, in seconds.
const MAX_BUSY_S: f64 = 600.0;

impl State {
    /// Handles an event, given the number of the request that it answers, if any. Returns the effects to carry out.
    pub fn on_event(&mut self, request: Option<RequestId>, event: Event) -> Vec<Effect> {
        let mut effects = self.handle(request, event);
        effects.extend(self.continue_if_ready());
        effects.extend(self.advance_retraining());
        effects
    }

    /// Notes that the worker may be silent for a while, which nothing on the page shows.
    pub fn on_busy(&mut self, seconds: f64) {
        // Bounded: a wrong figure must not switch the watchdog off.
        self.busy_s = seconds.clamp(0.0, MAX_BUSY_S);
    }

    fn handle(&mut self, request: Option<RequestId>, event: Event) -> Vec<Effect> {
        self.busy_s = 0.0;
        let topic = request.and_then(|request| self.requests.topic(request));
        if request.is_some() && topic.is_none() {
            return self.on_late_event(event);
        }
        match event {
            Event::Busy { seconds } => self.on_busy(seconds),
            Event::Ready { device } => {
                let check = device.check.clone();
                self.known_check = check.clone().or(self.known_check.take());
                self.device.report = Some(device);
                self.device.failed = None;
                return check.map(Effect::StoreCheck).into_iter().collect();
            }
            Event::DataProgress { role, done_bytes, total_bytes } => {
                self.data.file_mut(role).on_progress(fraction(done_bytes, total_bytes));
            }
            Event::DataOpened { role, source } => return self.on_opened(role, source),
            Event::DataReady { report } => {
                self.data.is_mapping = false;
                *self.data.open_report() = Some(report);
                // Rows that one model rejects may fit another one.
                self.data.train.clear_diagnostic(|diagnostic| diagnostic.code == "data.refused");
                return self.load_first();
            }
            Event::RowsFound { found } => {
                (self.data.browse.found, self.data.browse.is_pending) = (Some(found), false);
            }
            Event::DataNotOpened { role, diagnostic } => return self.on_not_opened(role, diagnostic),
            Event::DataFailed { role, diagnostic } => {
                self.data.failed(role, diagnostic);
                return self.load_first();
            }
            Event::ModelProgress { done_bytes, total_bytes } => {
                self.model.on_progress(fraction(done_bytes, total_bytes))
            }
            Event::ModelReady { model } => {
                self.forget_weights();
                self.data.forget_tokens();
                self.model.on_ready(model);
            }
            Event::ModelFailed { diagnostic } => {
                self.model.on_failed(diagnostic);
                return self.load_first();
            }
            Event::ModelNotFound { diagnostic } => self.model.hub = HubSearch::Failed(diagnostic),
            Event::ModelFound { found } => self.model.hub = HubSearch::Found(found.into()),
            Event::ModelsKept { kept, free_bytes } => self.model.on_kept(kept, free_bytes),
            Event::Predicted { labels, base, tuned, tokens, truncated } => {
                let answer = Column { caption: String::new(), labels, answer: tuned };
                return self.on_predicted(base, answer, tokens, truncated);
            }
            Event::PredictFailed { diagnostic } => self.inference.on_failed(diagnostic),
            Event::TableProgress { fraction } => self.table.on_progress(fraction),
            Event::TableOpened { source, columns } => self.table.on_opened(source, columns),
            Event::TablePredicted { file_name, outcome, labels } => {
                self.table.on_predicted(file_name.clone(), outcome, labels);
                return vec![Effect::Download { file_name }];
            }
            Event::TableFailed { diagnostic } => self.table.on_failed(diagnostic),
            Event::LabelsProgress { fraction } if topic == Some(Topic::Labeling) => {
                self.labeling.reading = Some(fraction);
            }
            Event::LabelAsked { question } => self.on_label_asked(question),
            Event::LabelsFailed { diagnostic } if topic == Some(Topic::Labeling) => self.on_labeling_failed(diagnostic),
            Event::LabelsProgress { fraction } => self.review = Review::Looking(fraction.clamp(0.0, 1.0)),
            Event::LabelsReviewed { found } => self.review = Review::Found(found),
            Event::Corrected { file_name } => return self.on_corrected(file_name),
            Event::CorrectFailed { diagnostic } => {
                (self.changes.writing, self.changes.diagnostic) = (None, Some(diagnostic));
            }
            Event::LabelsFailed { diagnostic } => self.review = Review::Failed(diagnostic),
            Event::ExportProgress { fraction } => match topic {
                Some(Topic::Saved) => {}
                Some(Topic::Keep) => self.shelf.keeping = Keeping::Writing(fraction),
                _ => self.export = Export::Writing(fraction),
            },
            Event::Exported { file_name, .. } if matches!(topic, Some(Topic::Shelf | Topic::Saved)) => {
                return vec![Effect::Download { file_name }];
            }
            Event::RunsSaved { runs } => {
                (self.saved.runs, self.saved.is_keeping) = (runs, false);
                return vec![Effect::SweepHandles];
            }
            Event::RunSaved { id, step } => {
                let is_first = self.run.saved.as_ref().is_none_or(|saved| saved.id != id);
                self.run.saved = Some(SavedPoint { id: id.clone(), step });
                return is_first.then_some(Effect::KeepHandles(id)).into_iter().collect();
            }
            Event::RunUnsaved { diagnostic } => {
                self.run.is_unsaved = true;
                self.run.warnings.push(diagnostic);
            }
            // The page opens the files that came with it.
            Event::SavedData { .. } => {}
            Event::SavedFailed { diagnostic } => self.on_saved_failed(diagnostic),
            Event::TunedModels { models } => self.on_tuned(models),
            // The model of a saved run is in the list now.
            Event::TunedKept { .. } if topic == Some(Topic::Saved) => {}
            Event::TunedKept { id } => self.shelf.keeping = Keeping::Kept(id),
            Event::TunedOpened { models } => self.on_opened_tuned(models),
            Event::TunedFailed { diagnostic } => self.on_tuned_failed(topic, diagnostic),
            Event::Exported { file_name, bytes, rounded } => {
                self.export = Export::Done { file_name: file_name.clone(), bytes, rounded };
                return vec![Effect::Download { file_name }];
            }
            Event::ExportFailed { diagnostic } => self.export = Export::Failed(diagnostic),
            Event::RateTried { point, total } => {
                self.finder.points.push(point);
                self.finder.total = total;
            }
            Event::RateFound { finding } => {
                self.finder.points.clone_from(&finding.points);
                self.finder.stage = FinderStage::Found(finding);
            }
            Event::TrialStep { nth, loss } => self.finder.trials.on_step(nth, loss),
            Event::TrialsOver => self.finder.trials.is_active = false,
            Event::RateFailed { diagnostic } => {
                self.finder.trials.is_active = false;
                self.finder.stage = FinderStage::Failed(diagnostic);
            }
            Event::Estimated { estimate } => self.estimate.on_result(Ok(estimate)),
            Event::EstimateFailed { diagnostic } => self.estimate.on_result(Err(diagnostic)),
            Event::Finished { summary } => return self.on_finished(summary),
            Event::Fatal { diagnostic } => return self.worker_lost(diagnostic),
            Event::WrongRowsFound { found } => self.on_wrong_rows(topic, found),
            Event::NearestProgress { fraction } => self.on_nearest_progress(fraction),
            Event::NearestFailed { diagnostic } => self.on_nearest_failed(diagnostic),
            Event::MapsDrawn { maps } => self.on_maps(maps),
            Event::Benched { .. } => {}
            run_event => self.on_run_event(run_event),
        }
        Vec::new()
    }

    /// Handles an answer to a request that was given up. Nobody awaits it, but the worker now has another file or
    /// model.
    fn on_late_event(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::DataOpened { role, .. } => self.data.file_mut(role).displaced(),
            Event::ModelReady { model } => {
                self.forget_weights();
                self.data.forget_tokens();
                let is_replaced = matches!(self.model.load, Load::Ready(_));
                self.model.on_late_ready(model);
                if is_replaced {
                    return self.load_model();
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// A run has finished: it goes into the history, and the next waiting run begins.
    fn on_finished(&mut self, summary: RunSummary) -> Vec<Effect> {
        let run = &mut self.run;
        (run.evaluating, run.testing, run.measuring) = (None, None, None);
        run.has_weights = true;
        run.has_optimizer = summary.reason.can_be_extended();
        run.phase = Phase::Finished(Box::new(summary));
        run.more_epochs = run.suggested_epochs();
        self.run.past_id = self.history.keep(&self.run);
        self.note_study_run();
        let mut effects = vec![Effect::StoreRuns];
        effects.extend(self.next_run());
        effects
    }

    fn on_run_event(&mut self, event: Event) {
        let run = &mut self.run;
        match event {
            Event::Started { plan } => {
                // The worker has dropped the earlier weights.
                self.previous = None;
                self.forget_answers();
                let data_recipe = self.data_recipe();
                let run = &mut self.run;
                run.data_recipe = data_recipe;
                run.param_groups.clone_from(&plan.param_groups);
                run.plan = Some(plan);
                if run.phase == Phase::Starting {
                    run.phase = Phase::Running;
                }
            }
            Event::Steps { steps, tokens_per_s, seconds_left } => {
                run.evaluating = None;
                run.steps.extend(steps);
                (run.tokens_per_s, run.seconds_left) = (tokens_per_s, seconds_left);
            }
            Event::Evaluating { done, total } => run.evaluating = (total > 0).then_some((done, total)),
            Event::Evaluated { evaluation, is_best } => {
                run.evaluating = None;
                if is_best {
                    run.best = Some(run.evaluations.len());
                }
                run.evaluations.push(evaluation);
            }
            Event::Pinned { step, answers } => run.on_pinned(step, answers),
            Event::Moved { step, groups } => run.on_moved(step, groups),
            Event::ParamGroups { param_groups, .. } => run.param_groups = param_groups,
            Event::Testing { done, total } => (run.evaluating, run.testing) = (None, Some((done, total))),
            Event::Measuring { done, total } => {
                (run.evaluating, run.testing) = (None, None);
                run.measuring = (total > 0).then_some((done, total));
            }
            // Either may arrive after the user has pressed Stop.
            Event::Paused if run.phase == Phase::Running => run.phase = Phase::Paused,
            Event::Resumed if run.phase == Phase::Paused => run.phase = Phase::Running,
            Event::RunFailed { diagnostic } => self.run_failed(diagnostic),
            Event::RunWarning { diagnostic } => run.warnings.push(diagnostic),
            _ => {}
        }
    }
}

fn fraction(done: f64, total: f64) -> f64 {
    if total > 0.0 { (done / total).clamp(0.0, 1.0) } else { 0.0 }
}
