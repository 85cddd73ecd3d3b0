//! The reruns of `haze sensitivity --reruns`: the interval that each of the most valuable disclosures would leave.

use super::Failure;
use super::backend::{BackendArgs, Chosen};
use super::run::{fits_in_memory, tell};
use super::stream::{INTERVAL, SEED};
use super::watch::{Interrupt, progress_bar};
use crate::assess::{Assessment, Disclosable};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::exact::disclosure::Disclosure;
use crate::exact::terms::Known;
use crate::portfolio::Study;
use crate::posterior::rerun::Rerun;
use crate::posterior::sampled;
use crate::report::sensitivity::Reruns;

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
    let n = reruns.draws;
    let (chosen, line) = Chosen::new(settings.backend, n.saturating_mul(assessment.models.len() as u64))?;
    eprintln!("{line}");
    let bar = progress_bar(n * (1 + FIRST.min(disclosures.len())) as u64, false);
    let mut tables = Tables::default();
    let mut emissions = |assessment: &Assessment, shown: bool| -> Result<Vec<f64>, Failure> {
        let plan = compile_with(assessment, &mut tables).map_err(|e| Failure::Usage(e.to_string()))?.dependent_only();
        fits_in_memory(&plan, n)?;
        let progress = |n| {
            bar.inc(if shown { n } else { 0 });
            interrupt.check().is_ok()
        };
        let summary = chosen.backend().run(&plan, reruns.seed, 0..n, &progress)?;
        let unit_t = libm::ldexp(1.0, plan.unit(plan.headline));
        Ok(summary.totals[plan.headline].iter().map(|&count| count as f64 * unit_t).collect())
    };
    let total = emissions(assessment, true)?;
    for disclosure in disclosures.iter_mut().take(FIRST) {
        if let Some(rerun) = Rerun::new(assessment, alternatives, disclosure, known) {
            let drawn = rerun.assessments().into_iter().map(|a| emissions(a, false)).collect::<Result<Vec<_>, _>>()?;
            disclosure.interval = rerun.interval(&total, &drawn, reruns.level);
        }
        bar.inc(n);
        interrupt.check()?;
    }
    bar.finish_and_clear();
    tell(&chosen);
    Ok(reruns)
}
