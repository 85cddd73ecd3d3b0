//! Emissions per compute of a portfolio and of its parts, each part drawn with the draws it has in the whole.

use std::ops::Range;

use super::info::{Clock, RunInfo};
use super::{Progress, Request, RunError, Session, Settings, parts};
use crate::assess::{Assessment, OUTPUTS};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::plan::hash::plan_hash;
use crate::engine::stats::precision::Precision;
use crate::posterior::intensity::{Chain, Part, Row, Split, intensity, split};

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
        let plan = compile_with(&Assessment { groups_by: vec![], ..assessment.clone() }, &mut tables)?;
        let settings = self.settled_by(&request, plan.models.len(), progress, |pilot| {
            let summary = pilot.draw(&plan.clone().totals_only())?;
            Ok(intensity(Chain::of(&plan, &summary), request.level, pilot.reduce()).0.atci_kg_per_eflop)
        })?;
        let splits: Vec<Vec<Split>> = columns.iter().map(|by| split(assessment, by)).collect();
        let parts: Vec<&[usize]> = splits.iter().flatten().map(|part| part.models.as_slice()).collect();
        let passes = parts::passes(&parts, settings.draws);
        let kept = OUTPUTS * (1 + passes.iter().map(Range::len).max().unwrap_or(0)) + 2;
        self.memory.holds(settings.draws, kept as u64, OUTPUTS as u64)?;
        let models = plan.models.len() as u64 + parts::models_drawn(&parts, &passes);
        let sampler = self.sampler(settings, settings.draws.saturating_mul(models), progress);
        let reduce = sampler.reduce();
        // Ratios of totals: nothing of single models is read.
        let summary = sampler.draw(&plan.clone().totals_only())?;
        let chain = Chain::of(&plan, &summary);
        let total = Row::new(Part::Value(String::new()), plan.models.len(), chain, settings.level, reduce, None);
        let without_compute = intensity(chain, settings.level, reduce).1.without_compute;
        drop(summary);
        let mut rows = Vec::with_capacity(parts.len());
        for pass in passes {
            for drawn in parts::drawn(assessment, &parts[pass], &mut tables, &sampler)? {
                let Some(part) = splits.iter().flatten().nth(rows.len()) else { break };
                let (whole, models) = (total.compute_eflop.mean, part.models.len());
                rows.push(Row::new(part.part.clone(), models, drawn.chain(), settings.level, reduce, whole));
            }
        }
        let mut rows = rows.into_iter();
        let of_column = |(by, parts): (&String, &Vec<Split>)| Column {
            by: by.clone(),
            rows: rows.by_ref().take(parts.len()).collect(),
        };
        let found = columns.iter().zip(&splits).map(of_column).collect();
        clock.lap("draw_s");
        let info = RunInfo { plan_hash: plan_hash(&plan), backend: sampler.device(), timings: clock.laps };
        let precision =
            Precision::reached(&total.intensity.atci_kg_per_eflop, settings.draws).asked(request.precision());
        Ok(Intensities { settings, precision, total, without_compute, columns: found, info })
    }
}
