//! Emissions per compute of a portfolio and of its parts, each part drawn with the draws it has in the whole.

use super::info::{Clock, RunInfo};
use super::{Progress, Request, RunError, Session, Settings};
use crate::assess::Assessment;
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::Summary;
use crate::engine::plan::Plan;
use crate::engine::plan::hash::plan_hash;
use crate::engine::stats::precision::Precision;
use crate::posterior::intensity::{Part, Row, intensity, split};

/// ATCI of a portfolio and of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Intensities {
    /// What was drawn.
    pub settings: Settings,
    /// How precisely the ATCI of the whole is known.
    pub precision: Precision,
    /// The whole portfolio.
    pub total: Row,
    /// Draws in which total compute is zero.
    pub without_compute: u64,
    /// In the order of the requested columns.
    pub columns: Vec<Column>,
    /// How it was drawn.
    pub info: RunInfo,
}

/// The parts of a portfolio by one column, largest expected compute first.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The column's name.
    pub by: String,
    /// One row for each part.
    pub rows: Vec<Row>,
}

impl Session {
    /// ATCI and its three ratios for an assessment, and for its parts by each of these columns.
    ///
    /// # Errors
    /// [`RunError::Plan`], and those of drawing.
    pub fn atci(
        &self,
        assessment: &Assessment,
        columns: &[String],
        request: impl Into<Request>,
        progress: &dyn Progress,
    ) -> Result<Intensities, RunError> {
        let mut clock = Clock::start();
        let request = request.into();
        // Parts have the shapes of the whole.
        let mut tables = Tables::default();
        let mut compiled = |assessment: &Assessment| {
            compile_with(&Assessment { groups_by: vec![], ..assessment.clone() }, &mut tables)
        };
        let plan = compiled(assessment)?;
        let settings = self.settled_by(&request, plan.models.len(), progress, |pilot| {
            let summary = pilot.draw(&plan.clone().totals_only())?;
            Ok(intensity(&plan, &summary, request.level, pilot.reduce()).0.atci_kg_per_eflop)
        })?;
        let passes = 1 + columns.len() as u64;
        let model_draws = settings.draws.saturating_mul(assessment.models.len() as u64).saturating_mul(passes);
        let sampler = self.sampler(settings, model_draws, progress);
        let reduce = sampler.reduce();
        let draw = |plan: Plan| -> Result<(Plan, Summary), RunError> {
            // Ratios of totals: nothing of single models is read.
            let summary = sampler.draw(&plan.clone().totals_only())?;
            Ok((plan, summary))
        };
        let (plan, summary) = draw(plan)?;
        let total = Row::new(Part::Value(String::new()), &plan, &summary, settings.level, reduce, None);
        let without_compute = intensity(&plan, &summary, settings.level, reduce).1.without_compute;
        drop(summary);
        let mut found = Vec::new();
        for by in columns {
            let mut rows = Vec::new();
            for part in split(assessment, by) {
                let (plan, summary) = draw(compiled(&part.assessment)?)?;
                let whole = total.compute_eflop.mean;
                rows.push(Row::new(part.part, &plan, &summary, settings.level, reduce, whole));
            }
            found.push(Column { by: by.clone(), rows });
        }
        clock.lap("draw_s");
        let info = RunInfo { plan_hash: plan_hash(&plan), backend: sampler.device(), timings: clock.laps };
        let precision =
            Precision::reached(&total.intensity.atci_kg_per_eflop, settings.draws).asked(request.precision());
        Ok(Intensities { settings, precision, total, without_compute, columns: found, info })
    }
}
