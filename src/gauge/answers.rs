//! Portfolios whose moments, quantiles, shortest intervals and indices are known, drawn by the backend.
//!
//! Moments come from a plain run with the jackknife over 32 batches; indices from all corners of a pick-freeze cube. A
//! quantile is tested by the number of draws below the value that it should have, which is binomial whatever the
//! distribution; the error printed with it is the jackknife's.

use super::figure::{Criterion, Law};
use super::portfolios::{self, lognormals};
use super::{DRAWS, Figure, Section, Value, expected};
use crate::assess::{Output, Slot};
use crate::compile::compile;
use crate::engine::Prepared;
use crate::engine::plan::Plan;
use crate::engine::plan::WORDS;
use crate::engine::plan::design::Design;
use crate::engine::stats::estimate::{self, Estimate, Scale};
use crate::engine::stats::order::Draws;
use crate::engine::stats::sensitivity::batches::Batches;
use crate::engine::stats::sensitivity::{Cube, CubeIndices, Index};
use crate::exact::oracle::oracle;
use crate::posterior::grouping::by_factor;
use crate::run::{RunError, Sampler};

/// Level of the jackknife's intervals, of which only the standard error is used.
const LEVEL: f64 = 0.95;
const PERCENT: [(&str, f64); 5] = [("2.5 %", 0.025), ("5 %", 0.05), ("50 %", 0.5), ("95 %", 0.95), ("97.5 %", 0.975)];
/// Where something went so wrong that there is nothing to estimate.
pub(super) const NONE: Index = Index { value: f64::NAN, lo: f64::NAN, hi: f64::NAN, se: f64::NAN };

const LOGNORMAL: &str = "moments of the lognormal; Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018, and Owen 2014, \
                         doi:10.1137/130936233, for the indices";

/// A product of four lognormals: mean, coefficient of variation, quantiles and indices.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn product(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let plan = compile(&portfolios::products(1))?;
    let totals = sampler.draw(&plan)?.totals;
    let totals = Totals { sampler, counts: &totals[plan.headline], unit: plan.unit(plan.headline) };
    let [mean, cv] = totals.mean_and_cv();
    let mut figures = vec![
        Figure::estimate("mean", mean, expected::PRODUCT_MEAN),
        Figure::estimate("coefficient of variation", cv, expected::PRODUCT_CV),
    ];
    figures.extend(totals.quantiles("", expected::PRODUCT_QUANTILES));
    let groups = four_groups();
    let design = Design::cube(4, vec![groups; plan.models.len()], vec![], EMISSIONS.to_vec());
    let found = cube(sampler, &plan, &design, sampler.draws)?;
    figures.extend(first_order(&found, &FOUR_NAMES, &expected::PRODUCT_FIRST));
    figures.extend(total(&found, &FOUR_NAMES, &expected::PRODUCT_TOTAL));
    figures.extend(shapley(&found, &FOUR_NAMES, &expected::PRODUCT_SHAPLEY));
    let how = "one model, σ = 0.5, 0.3, 0.05, 0.4".into();
    Ok(Section { title: "Product of four lognormals", source: LOGNORMAL, how, figures })
}

/// A product of eight lognormals, in pairs of an own factor and a shared effect: indices.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn pairs(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let assessment = portfolios::pairs();
    let plan = compile(&assessment)?;
    let groups = four_groups();
    let of = |slot: Slot| groups[slot as usize];
    let effects =
        assessment.shared.iter().map(|e| Slot::ALL.into_iter().find(|s| s.factor() == e.factor).map_or(0, of));
    let design = Design::cube(4, vec![groups; plan.models.len()], effects.collect(), EMISSIONS.to_vec());
    let found = cube(sampler, &plan, &design, sampler.draws)?;
    let mut figures = first_order(&found, &PAIR_NAMES, &expected::PAIRS_FIRST);
    figures.extend(total(&found, &PAIR_NAMES, &expected::PAIRS_TOTAL));
    figures.extend(shapley(&found, &PAIR_NAMES, &expected::PAIRS_SHAPLEY));
    let how = "four own factors and a shared effect on each".into();
    Ok(Section { title: "Product of eight lognormals, in pairs", source: LOGNORMAL, how, figures })
}

/// Sums of two and of ten lognormals: quantiles.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn sums(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let mut figures = vec![];
    for (name, models, sigma, expected) in
        [("2 × LN(0, 0.5), ", 2, 0.5, expected::TWO_QUANTILES), ("10 × LN(0, 1), ", 10, 1.0, expected::TEN_QUANTILES)]
    {
        let plan = compile(&lognormals(models, sigma))?;
        let totals = sampler.draw(&plan)?.totals;
        let totals = Totals { sampler, counts: &totals[plan.headline], unit: plan.unit(plan.headline) };
        figures.extend(totals.quantiles(name, expected));
    }
    Ok(Section {
        title: "Sums of lognormals",
        source: "numerical convolution of the densities",
        how: "independent models".into(),
        figures,
    })
}

/// Single lognormals: the ends of their shortest intervals.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn shortest(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let mut figures = vec![];
    for (sigma, ends) in expected::SHORTEST {
        let plan = compile(&lognormals(1, sigma))?;
        let totals = sampler.draw(&plan)?.totals;
        let totals = Totals { sampler, counts: &totals[plan.headline], unit: plan.unit(plan.headline) };
        let found = totals.estimate(LEVEL);
        for (side, (name, expected)) in ["lower", "upper"].into_iter().zip(ends).enumerate() {
            let value = found.shortest.map_or(f64::NAN, |ends| ends[side]);
            let se = found.mcse.shortest.map_or(f64::NAN, |errors| errors[side]);
            let index = Index { value, se, ..NONE };
            figures.push(Figure::estimate(format!("LN(0, {sigma}), {name} end"), index, expected));
        }
    }
    Ok(Section {
        title: "Shortest intervals of 95 %",
        source: "ends of equal density; their rate: Kim and Pollard 1990, doi:10.1214/aos/1176347498",
        how: "one model".into(),
        figures,
    })
}

/// Sums of equal models: how own uncertainty averages out as models are added, and shared does not.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn scaling(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let mut figures = vec![];
    for (models, cv, shared) in expected::SCALING {
        let mut plan = compile(&portfolios::scaling(models))?;
        // No single model is asked about.
        plan.header.binned = false;
        let draws = draws_of(sampler, models);
        let totals = sampler.draw_part(&plan, sampler.seed, 0..draws)?.totals;
        let unit = plan.unit(plan.headline);
        let [_, found] = Totals { sampler, counts: &totals[plan.headline], unit }.mean_and_cv();
        figures.push(Figure::estimate(format!("M = {models}, coefficient of variation"), found, cv));
        // Group 0 is what all models share.
        let design = Design::cube(2, vec![[1; WORDS]; models], vec![0; plan.effects.len()], EMISSIONS.to_vec());
        let found = cube(sampler, &plan, &design, draws)?;
        let found = found.map_or(NONE, |found| found.shares.first_order[0]);
        figures.push(Figure::estimate(format!("M = {models}, first-order index of what is shared"), found, shared));
    }
    Ok(Section {
        title: "Scaling law: own uncertainty averages out, shared does not",
        source: "moments of the lognormal: CV² = e^0.04·(1 + (e^0.25 − 1)/M) − 1, index (e^0.04 − 1)/CV²",
        how: "M equal models, own σ = 0.5, shared σ = 0.2".into(),
        figures,
    })
}

/// A small portfolio with an exact answer: moments and indices, drawn and from the closed form.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn portfolio(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let assessment = portfolios::mixed();
    let plan = compile(&assessment)?;
    let totals = sampler.draw(&plan)?.totals;
    let of = |output: usize| Totals { sampler, counts: &totals[output], unit: plan.unit(output) }.mean_and_cv();
    let ([mean, cv], [separate_mean, separate_cv]) = (of(plan.headline), of(plan.independent()));
    let exact_mean = expected::PORTFOLIO_MEAN;
    let mut figures = vec![
        Figure::estimate("mean", mean, exact_mean),
        Figure::estimate("coefficient of variation", cv, expected::PORTFOLIO_SD / exact_mean),
        Figure::estimate("correlation ignored: mean", separate_mean, exact_mean),
        Figure::estimate(
            "correlation ignored: coefficient of variation",
            separate_cv,
            expected::PORTFOLIO_SEPARATE_SD / exact_mean,
        ),
    ];
    let exact = oracle(&assessment);
    let sd = |sd: Option<f64>| sd.unwrap_or(f64::NAN);
    figures.extend([
        closed("exact: mean", exact.mean_t, exact_mean),
        closed("exact: standard deviation", sd(exact.sd_t), expected::PORTFOLIO_SD),
        closed(
            "exact, correlation ignored: standard deviation",
            sd(exact.independent_sd_t),
            expected::PORTFOLIO_SEPARATE_SD,
        ),
    ]);
    let (design, groups) = by_factor(&assessment, &plan);
    let names: Vec<&str> = groups.iter().filter_map(|group| group.name.as_deref()).collect();
    for (g, name) in names.iter().enumerate() {
        let share = exact.groups.iter().find(|share| share.name == *name);
        let [first, total] = share.map_or([f64::NAN; 2], |share| [share.first_order, share.total]);
        figures.push(closed(format!("exact: first-order index, {name}"), first, expected::PORTFOLIO_FIRST[g]));
        figures.push(closed(format!("exact: total index, {name}"), total, expected::PORTFOLIO_TOTAL[g]));
    }
    let found = cube(sampler, &plan, &Design { outputs: EMISSIONS.to_vec(), ..design }, sampler.draws)?;
    figures.extend(first_order(&found, &names, &expected::PORTFOLIO_FIRST));
    figures.extend(total(&found, &names, &expected::PORTFOLIO_TOTAL));
    figures.extend(shapley(&found, &names, &expected::PORTFOLIO_SHAPLEY));
    Ok(Section {
        title: "Portfolio with an exact answer",
        source: "sums over all pairs of terms (docs/method.md); Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6",
        how: "six models, many kinds of distributions, four shared effects".into(),
        figures,
    })
}

/// Relative tolerance of the oracle: its normals end at 6.34, which costs a second moment some 1e-8.
const CLOSED: f64 = 1e-6;

fn closed(name: impl Into<String>, obtained: f64, expected: f64) -> Figure {
    Figure::within(name, obtained, expected, CLOSED * expected)
}

/// Only the emissions are evaluated at corners.
pub const EMISSIONS: [bool; 4] = {
    let mut outputs = [false; 4];
    outputs[Output::Emissions as usize] = true;
    outputs
};
const FOUR_NAMES: [&str; 4] = ["σ = 0.5", "σ = 0.3", "σ = 0.05", "σ = 0.4"];
const PAIR_NAMES: [&str; 4] = ["σ = 0.5, 0.1", "σ = 0.3, 0.1", "σ = 0.05, 0.02", "σ = 0.4, 0.2"];

/// Groups by slot, in the order of [`portfolios::FOUR`].
pub fn four_groups() -> [u8; WORDS] {
    let mut groups = [0; WORDS];
    for (group, (slot, _)) in portfolios::FOUR.into_iter().enumerate() {
        groups[slot as usize] = group as u8;
    }
    groups
}

/// Large portfolios take fewer draws: their totals vary less.
fn draws_of(sampler: &Sampler<'_>, models: usize) -> u64 {
    let fewer = match models {
        0..100 => 1,
        100..10_000 => 16,
        _ => 128,
    };
    sampler.draws.min(4 * DRAWS) / fewer
}

/// The totals of a run, in counts of 2^unit.
struct Totals<'a> {
    sampler: &'a Sampler<'a>,
    counts: &'a [u64],
    unit: i32,
}

impl Totals<'_> {
    fn mean_and_cv(&self) -> [Index; 2] {
        let mut sums = Batches::new(2);
        for (draw, &count) in self.counts.iter().enumerate() {
            let x = libm::ldexp(count as f64, self.unit);
            sums.add(draw as u64, [x, x * x].into_iter());
        }
        let cv = |m: &[f64]| Ok(vec![m[0], (m[1] - m[0] * m[0]).sqrt() / m[0]]);
        sums.estimate(LEVEL, cv).map_or([NONE; 2], |found| [found[0], found[1]])
    }

    fn estimate(&self, level: f64) -> Estimate {
        let draws = Draws::new(self.sampler.reduce(), (0..).zip(self.counts.iter().copied()));
        estimate::of_draws(&draws, level, Scale::power_of_two(self.unit))
    }

    fn quantiles(&self, name: &str, expected: [f64; 5]) -> Vec<Figure> {
        let (wide, narrow) = (self.estimate(0.95), self.estimate(0.9));
        let end = |e: &Estimate, side: usize| (e.interval.map(|x| x[side]), e.mcse.interval.map(|x| x[side]));
        let found = [end(&wide, 0), end(&narrow, 0), (wide.median, wide.mcse.median), end(&narrow, 1), end(&wide, 1)];
        let n = self.counts.len() as f64;
        let each = PERCENT.into_iter().zip(expected).zip(found);
        let figures = each.map(|(((percent, p), expected), (value, se))| {
            let below = self.counts.iter().filter(|&&c| libm::ldexp(c as f64, self.unit) <= expected).count() as f64;
            // Too many draws below the value: the quantile is too low.
            let score = (n * p - below) / (n * p * (1.0 - p)).sqrt();
            let standard_error = se.unwrap_or(f64::NAN);
            Figure {
                name: format!("{name}{percent} quantile"),
                obtained: Value::Real(value.unwrap_or(f64::NAN)),
                expected: Value::Real(expected),
                criterion: Criterion::Estimate { standard_error, score, law: Law::Normal },
            }
        });
        figures.collect()
    }
}

/// All indices of the emissions; none where there is no variance.
fn cube(sampler: &Sampler<'_>, plan: &Plan, design: &Design, draws: u64) -> Result<Option<CubeIndices>, RunError> {
    let mut cube = Cube::new(design.groups).ok();
    let prepared = Prepared::new(plan, design).map_err(|e| RunError::failed("the design of a known answer", &e))?;
    sampler.each_slab(&prepared, draws, |drawn| {
        let of = |corner| drawn.of(plan.headline, corner).iter().map(|&count| count as f64).collect();
        let corners: Vec<Vec<f64>> = (0..design.corners.len()).map(of).collect();
        let views: Vec<&[f64]> = corners.iter().map(Vec::as_slice).collect();
        cube = cube.take().and_then(|mut cube| cube.add(drawn.draws.start, &views).ok().map(|()| cube));
        Ok(())
    })?;
    Ok(cube.and_then(|cube| cube.finish(LEVEL).ok()))
}

/// One figure for each group.
pub(super) fn figures(kind: &str, found: Option<&[Index]>, names: &[&str], expected: &[f64]) -> Vec<Figure> {
    let index = |group: usize| found.and_then(|found| found.get(group)).copied().unwrap_or(NONE);
    let figure = |(group, (name, &expected)): (usize, (&&str, &f64))| {
        Figure::estimate(format!("{kind}, {name}"), index(group), expected)
    };
    names.iter().zip(expected).enumerate().map(figure).collect()
}

pub(super) fn first_order(found: &Option<CubeIndices>, names: &[&str], expected: &[f64]) -> Vec<Figure> {
    figures("first-order index", found.as_ref().map(|found| &found.shares.first_order[..]), names, expected)
}

pub(super) fn total(found: &Option<CubeIndices>, names: &[&str], expected: &[f64]) -> Vec<Figure> {
    figures("total index", found.as_ref().map(|found| &found.shares.total[..]), names, expected)
}

pub(super) fn shapley(found: &Option<CubeIndices>, names: &[&str], expected: &[f64]) -> Vec<Figure> {
    figures("Shapley effect", found.as_ref().map(|found| &found.shares.shapley[..]), names, expected)
}
