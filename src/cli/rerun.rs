//! The reruns of `haze sensitivity --reruns`: the interval that each of the most valuable disclosures would leave.

use super::Failure;
use super::backend::{BackendArgs, tell};
use super::stream::{INTERVAL, SEED};
use super::watch::{Interrupt, Watch};
use crate::assess::{Assessment, Disclosable};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::exact::disclosure::Disclosure;
use crate::exact::terms::Known;
use crate::portfolio::Study;
use crate::posterior::rerun::Rerun;
use crate::posterior::sampled;
use crate::report::sensitivity::Reruns;
use crate::run;

/// Disclosures that get an interval.
const FIRST: usize = 20;

/// What the command line says of the draws.
pub struct Settings<'a> {
    pub draws: Option<u64>,
    pub seed: Option<u64>,
    pub level: Option<f64>,
    pub backend: &'a BackendArgs,
}

/// Draws the intervals of the first disclosures and puts them where they belong.
pub fn rerun(
    assessment: &Assessment,
    alternatives: &[(Disclosable, Assessment)],
    disclosures: &mut [Disclosure],
    study: &Study,
    settings: &Settings<'_>,
    known: &mut Known,
) -> Result<Reruns, Failure> {
    let interrupt = Interrupt::install();
    interrupt.hold();
    let reruns = Reruns {
        draws: settings.draws.unwrap_or(sampled::DRAWS),
        seed: settings.seed.or(study.seed).unwrap_or(SEED),
        level: settings.level.or(study.interval).unwrap_or(INTERVAL),
    };
    let session = settings.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let stream = run::Settings { draws: reruns.draws, seed: reruns.seed, level: reruns.level };
    let rerun: Vec<Option<Rerun>> = disclosures
        .iter()
        .take(FIRST)
        .map(|disclosure| Rerun::new(assessment, alternatives, disclosure, known))
        .collect();
    let alone = rerun.iter().flatten().map(|rerun| rerun.assessments().len()).sum::<usize>();
    let model_draws = reruns.draws.saturating_mul((assessment.models.len() + alone) as u64);
    let sampler = session.sampler(stream, model_draws, &watch);
    let mut tables = Tables::default();
    let mut emissions = |assessment: &Assessment| -> Result<Vec<f64>, Failure> {
        let plan = compile_with(assessment, &mut tables).map_err(|e| Failure::Usage(e.to_string()))?.dependent_only();
        let summary = sampler.draw(&plan)?;
        let unit_t = libm::ldexp(1.0, plan.unit(plan.headline));
        Ok(summary.totals[plan.headline].iter().map(|&count| count as f64 * unit_t).collect())
    };
    let total = emissions(assessment)?;
    for (disclosure, rerun) in disclosures.iter_mut().zip(&rerun) {
        if let Some(rerun) = rerun {
            let drawn = rerun.assessments().into_iter().map(&mut emissions).collect::<Result<Vec<_>, _>>()?;
            disclosure.interval = rerun.interval(&total, &drawn, reruns.level);
        }
        interrupt.check()?;
    }
    watch.finish();
    tell(&session);
    Ok(reruns)
}
