//! One model of a portfolio, drawn alone with every output: what a form about one model is filled from.
//!
//! A model's draws depend on its own row and on the shared effects that it is exposed to, and their keys do not depend on
//! what else there is: these are the draws that it has in a run of the whole file.

use super::info::{Clock, RunInfo};
use super::{Drawn, Progress, RunError, RunOptions, Session};
use crate::assess::{AssessedModel, Assessment, Output, with_outputs};
use crate::compile::compile;
use crate::engine::Reduce;
use crate::engine::plan::hash::plan_hash;
use crate::engine::stats::estimate::{Estimate, Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::portfolio::{Further, Portfolio, Run};
use crate::posterior::Posterior;

/// Bits of the largest of the values that are made of several outputs: what is lost is below 1e-15 of it.
const BITS: i32 = 50;

/// One model and its draws.
#[derive(Debug, Clone, PartialEq)]
pub struct OneModel {
    /// The model alone.
    pub drawn: Drawn,
    /// What its draws say.
    pub posterior: Posterior,
    /// How it was drawn; the hash is that of the plan of this model alone.
    pub info: RunInfo,
    /// Emissions of all runs (of the final one where the scope has no other) and embodied emissions, in t.
    pub with_embodied_t: Estimate,
    /// The same over compute, draw by draw, in g per EFLOP.
    pub g_per_eflop: Estimate,
}

impl OneModel {
    /// The model, with the terms of all outputs.
    pub fn model(&self) -> Option<&AssessedModel> {
        self.drawn.assessment.models.first()
    }

    /// One output; `None` where the model has none of it.
    pub fn estimate(&self, output: Output) -> Option<Estimate> {
        let total = &self.posterior.total;
        match output {
            Output::Compute => Some(total.compute_eflop),
            Output::ItEnergy => Some(total.it_energy_kwh),
            Output::Energy => Some(total.energy_kwh),
            Output::Emissions => Some(total.emissions_t),
            further => self.posterior.further.iter().find(|(of, _)| *of == further).map(|(_, estimate)| *estimate),
        }
    }
}

impl Session {
    /// Draws one model of a portfolio, with all further outputs. `assessment` is that of the portfolio; `None` where it
    /// has no such model.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn one_model(
        &self,
        portfolio: &Portfolio,
        assessment: &Assessment,
        id: &str,
        options: &RunOptions,
        progress: &dyn Progress,
    ) -> Result<Option<OneModel>, RunError> {
        let mut clock = Clock::start();
        let request = options.request(&portfolio.study);
        let only = Assessment { groups_by: Vec::new(), ..assessment.only(|model| model.id == id) };
        if only.models.is_empty() {
            return Ok(None);
        }
        let mut asked = portfolio.clone();
        let all_runs = portfolio.study.scope.run == Run::Development;
        asked.study.outputs =
            Further::ALL.into_iter().filter(|further| !(all_runs && *further == Further::Development)).collect();
        let whole = with_outputs(&asked, &only)?;
        let plan = compile(&whole)?;
        clock.lap("plan_s");
        let settings = self.settled(&request, &plan, progress)?;
        self.memory.fits(&plan, settings.draws)?;
        let sampler = self.sampler(settings, settings.draws, progress);
        let summary = sampler.draw(&plan)?;
        clock.lap("draw_s");
        let drawn = Drawn { assessment: whole, plan, summary, settings };
        let mut posterior = drawn.posterior(settings.level, sampler.reduce());
        posterior.precision = posterior.precision.asked(request.precision());
        let [with_embodied_t, g_per_eflop] = with_embodied(&drawn, sampler.reduce());
        clock.lap("posterior_s");
        let info = RunInfo { plan_hash: plan_hash(&drawn.plan), backend: sampler.device(), timings: clock.laps };
        Ok(Some(OneModel { drawn, posterior, info, with_embodied_t, g_per_eflop }))
    }
}

/// Operational and embodied emissions in t, and the same in g over compute in EFLOP. Draws without compute have no ratio.
fn with_embodied(drawn: &Drawn, reduce: &dyn Reduce) -> [Estimate; 2] {
    const G_PER_T: f64 = 1e6;
    let column = |output: Output| -> Option<Vec<f64>> {
        let index = drawn.assessment.index_of(output)?;
        let scale = Scale::power_of_two(drawn.plan.unit(index));
        Some(drawn.summary.totals.get(index)?.iter().map(|&count| scale.apply(count as f64)).collect())
    };
    let all_runs = column(Output::Development).or_else(|| column(Output::Emissions));
    let (Some(operational), Some(embodied), Some(compute)) =
        (all_runs, column(Output::Embodied), column(Output::Compute))
    else {
        return [Estimate::NONE; 2];
    };
    let sums: Vec<f64> = operational.iter().zip(&embodied).map(|(a, b)| a + b).collect();
    let ratios: Vec<f64> = sums.iter().zip(&compute).map(|(t, eflop)| G_PER_T * t / eflop).collect();
    let (first, level) = (drawn.summary.draws.start, drawn.settings.level);
    [of_values(&sums, first, level, reduce), of_values(&ratios, first, level, reduce)]
}

/// Estimates of what was computed of every draw, from numbers that are not negative; what is not finite is left out.
fn of_values(values: &[f64], first: u64, level: f64, reduce: &dyn Reduce) -> Estimate {
    let largest = values.iter().copied().filter(|x| x.is_finite()).fold(0.0, f64::max);
    let exponent = libm::frexp(largest).1 - BITS;
    let counts = (first..)
        .zip(values)
        .filter(|(_, x)| x.is_finite())
        .map(|(index, &x)| (index, libm::rint(libm::ldexp(x, -exponent)) as u64));
    of_draws(&Draws::new(reduce, counts), level, Scale::power_of_two(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::portfolio::Study;
    use crate::portfolio::cell::NoFiles;
    use crate::portfolio::models_file;
    use crate::run::NoProgress;

    fn portfolio(text: &str) -> Portfolio {
        let file = models_file::read("models.csv".as_ref(), text.as_bytes(), &NoFiles).unwrap();
        Portfolio::new(file.models, Study::default())
    }

    const TWO: &str = "id,parameters,tokens,hardware,region\nlab/a,7e9,2e12,A100,France\nlab/b,70e9,2e12,H100,France\n";

    #[test]
    fn the_draws_are_those_of_the_whole_file() {
        let portfolio = portfolio(TWO);
        let assessment = assess(&portfolio).unwrap();
        let session = Session::builder().build().unwrap();
        let options = RunOptions { draws: Some(2_000), ..RunOptions::default() };
        let all = session.run(&portfolio, &options, &NoProgress).unwrap();
        let alone = |id| session.one_model(&portfolio, &assessment, id, &options, &NoProgress).unwrap();
        for (id, model) in [("lab/a", 0), ("lab/b", 1)] {
            let one = alone(id).unwrap();
            let (got, want) = (one.posterior.models[0].emissions_t.mean, all.posterior.models[model].emissions_t.mean);
            assert_eq!(got, want);
            assert_ne!(got, all.posterior.models[1 - model].emissions_t.mean);
            assert!(
                Output::ALL
                    .into_iter()
                    .chain([Output::Water, Output::Embodied, Output::Development])
                    .all(|output| one.estimate(output).is_some_and(|e| e.mean.is_some_and(|mean| mean > 0.0)))
            );
            // The mean of a sum is the sum of the means.
            let parts = [Output::Development, Output::Embodied].map(|o| one.estimate(o).unwrap().mean.unwrap());
            let sum = one.with_embodied_t.mean.unwrap();
            assert!((sum / (parts[0] + parts[1]) - 1.0).abs() < 1e-9 && sum > parts[0]);
        }
        assert_eq!(alone("lab/c"), None);
    }

    #[test]
    fn values_become_estimates() {
        use crate::engine::Host;
        // NumPy: x = np.arange(1, 101)/7; x.mean(), and the order statistics of ranks 50, 5 and 95.
        let values: Vec<f64> = (1..=100).map(|i| f64::from(i) / 7.0).collect();
        let e = of_values(&values, 0, 0.9, &Host);
        let close = |got: f64, want: f64| (got / want - 1.0).abs() < 1e-14;
        assert!(close(e.mean.unwrap(), 50.5 / 7.0) && close(e.median.unwrap(), 50.0 / 7.0), "{e:?}");
        assert!(close(e.interval.unwrap()[0], 5.0 / 7.0) && close(e.interval.unwrap()[1], 95.0 / 7.0), "{e:?}");
        assert!(!close(e.mean.unwrap(), 50.0 / 7.0));
        assert_eq!(of_values(&[0.0, f64::NAN], 0, 0.9, &Host).mean, Some(0.0));
        assert_eq!(of_values(&[], 0, 0.9, &Host), Estimate::default());
    }
}
