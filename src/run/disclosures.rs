//! The interval that each of the most valuable disclosures would leave.

use super::{Progress, Request, RunError, Session, Settings};
use crate::assess::Assessment;
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::exact::decomposition::Decomposition;
use crate::posterior::rerun::Rerun;

/// Disclosures that get an interval.
const FIRST: usize = 20;

impl Session {
    /// Draws the intervals that the first 20 disclosures would leave and puts them where they belong. `assessment` is
    /// the one that was decomposed. Gives what was drawn.
    ///
    /// # Errors
    /// [`RunError::Plan`], and those of drawing.
    pub fn reruns(
        &self,
        assessment: &Assessment,
        decomposition: &mut Decomposition,
        request: impl Into<Request>,
        progress: &dyn Progress,
    ) -> Result<Settings, RunError> {
        let Decomposition { disclosures, alternatives, known, .. } = decomposition;
        let reruns: Vec<Option<Rerun>> = disclosures
            .iter()
            .take(FIRST)
            .map(|disclosure| Rerun::new(assessment, alternatives, disclosure, known))
            .collect();
        let mut tables = Tables::default();
        let settings = self.settled(&request.into(), &compile_with(assessment, &mut tables)?, progress)?;
        let alone = reruns.iter().flatten().map(|rerun| rerun.assessments().len()).sum::<usize>();
        let model_draws = settings.draws.saturating_mul((assessment.models.len() + alone) as u64);
        let sampler = self.sampler(settings, model_draws, progress);
        let mut emissions = |assessment: &Assessment| -> Result<Vec<f64>, RunError> {
            let plan = compile_with(assessment, &mut tables)?.dependent_only();
            let summary = sampler.draw(&plan)?;
            let unit_t = libm::ldexp(1.0, plan.unit(plan.headline));
            Ok(summary.totals[plan.headline].iter().map(|&count| count as f64 * unit_t).collect())
        };
        let total = emissions(assessment)?;
        for (disclosure, rerun) in disclosures.iter_mut().zip(&reruns) {
            if let Some(rerun) = rerun {
                let drawn = rerun.assessments().into_iter().map(&mut emissions).collect::<Result<Vec<_>, _>>()?;
                disclosure.interval = rerun.interval(&total, &drawn, settings.level);
            }
            sampler.advance(0)?;
        }
        Ok(settings)
    }
}
