//! Outputs that are reported separately: a plan for each, drawn under the same seed after the main one.

use super::{RunError, Sampler};
use crate::assess::{Assessment, beside};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::plan::Plan;
use crate::portfolio::Portfolio;
use crate::posterior::beside::{Beside, Drawn};

/// What was asked for, compiled.
pub(super) struct Plans {
    water: Option<[Plan; 2]>,
    embodied: Option<Plan>,
    development: Option<Plan>,
}

impl Plans {
    pub(super) fn new(portfolio: &Portfolio, assessment: &Assessment) -> Result<Plans, RunError> {
        let asked = portfolio.study.outputs;
        // The models' factors are the same in all of them.
        let mut tables = Tables::default();
        let mut plan = |assessment: Assessment| -> Result<Plan, RunError> {
            let alone = Assessment { groups_by: vec![], ..assessment };
            Ok(compile_with(&alone, &mut tables)?.dependent_only())
        };
        let mut plans = Plans { water: None, embodied: None, development: None };
        if asked.water {
            let [site, grid] = beside::water(portfolio, assessment)?;
            plans.water = Some([plan(site)?, plan(grid)?]);
        }
        if asked.embodied {
            plans.embodied = Some(plan(beside::embodied(portfolio, assessment)?)?);
        }
        if asked.development {
            plans.development = Some(plan(beside::development(portfolio)?)?);
        }
        Ok(plans)
    }

    /// How many there are.
    pub(super) fn plans(&self) -> u64 {
        let one = |plan: &Option<Plan>| u64::from(plan.is_some());
        2 * u64::from(self.water.is_some()) + one(&self.embodied) + one(&self.development)
    }

    pub(super) fn draw(&self, sampler: &Sampler<'_>) -> Result<Beside, RunError> {
        let drawn = |plan: &Plan| -> Result<Drawn, RunError> { Ok(Drawn::new(plan, sampler.draw(plan)?)) };
        let estimate = |drawn: &Drawn| drawn.estimate(sampler.level, sampler.reduce());
        let mut found = Beside::default();
        if let Some([site, grid]) = &self.water {
            let (site, grid) = (drawn(site)?, drawn(grid)?);
            found.water_m3 = Some(estimate(&site.plus(&grid)));
            (found.water_site_m3, found.water_grid_m3) = (Some(estimate(&site)), Some(estimate(&grid)));
        }
        if let Some(plan) = &self.embodied {
            found.embodied_t = Some(estimate(&drawn(plan)?));
        }
        if let Some(plan) = &self.development {
            found.development_t = Some(estimate(&drawn(plan)?));
        }
        Ok(found)
    }
}
