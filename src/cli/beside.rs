//! Outputs that are reported separately: a plan for each, drawn under the same seed after the main one.

use std::path::Path;

use super::Failure;
use super::input::with_lines;
use crate::assess::{Assessment, beside};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::plan::Plan;
use crate::portfolio::{Portfolio, Problem};
use crate::posterior::beside::{Beside, Drawn};
use crate::run::{RunError, Sampler};

/// What was asked for, compiled.
pub struct Plans {
    water: Option<[Plan; 2]>,
    embodied: Option<Plan>,
    development: Option<Plan>,
}

impl Plans {
    pub fn new(portfolio: &Portfolio, assessment: &Assessment, file: &Path) -> Result<Plans, Failure> {
        let asked = portfolio.study.outputs;
        let input = |problems: Vec<Problem>| Failure::Input(with_lines(problems));
        // The models' factors are the same in all of them.
        let mut tables = Tables::default();
        let mut plan = |assessment: Assessment| {
            let alone = Assessment { groups_by: vec![], ..assessment };
            let plan = compile_with(&alone, &mut tables);
            plan.map(Plan::dependent_only).map_err(|e| Failure::Usage(format!("{}: {e}", file.display())))
        };
        let mut plans = Plans { water: None, embodied: None, development: None };
        if asked.water {
            let [site, grid] = beside::water(portfolio, assessment).map_err(input)?;
            plans.water = Some([plan(site)?, plan(grid)?]);
        }
        if asked.embodied {
            plans.embodied = Some(plan(beside::embodied(portfolio, assessment).map_err(input)?)?);
        }
        if asked.development {
            plans.development = Some(plan(beside::development(portfolio).map_err(input)?)?);
        }
        Ok(plans)
    }

    /// How many there are.
    pub fn plans(&self) -> u64 {
        let one = |plan: &Option<Plan>| u64::from(plan.is_some());
        2 * u64::from(self.water.is_some()) + one(&self.embodied) + one(&self.development)
    }

    pub fn draw(&self, sampler: &Sampler<'_>) -> Result<Beside, RunError> {
        let drawn = |plan: &Plan| -> Result<Drawn, RunError> { Ok(Drawn::new(plan, sampler.draw(plan)?)) };
        let estimate = |drawn: &Drawn| drawn.estimate(sampler.level, sampler.reduce());
        let mut outputs = Beside::default();
        if let Some([site, grid]) = &self.water {
            let (site, grid) = (drawn(site)?, drawn(grid)?);
            outputs.water_m3 = Some(estimate(&site.plus(&grid)));
            (outputs.water_site_m3, outputs.water_grid_m3) = (Some(estimate(&site)), Some(estimate(&grid)));
        }
        if let Some(plan) = &self.embodied {
            outputs.embodied_t = Some(estimate(&drawn(plan)?));
        }
        if let Some(plan) = &self.development {
            outputs.development_t = Some(estimate(&drawn(plan)?));
        }
        Ok(outputs)
    }
}
