//! Growth over the years: least-squares slopes of the logarithms of yearly sums, draw by draw.
//!
//! A year of a portfolio is drawn as the portfolio of its models alone: keys do not depend on what else there is, so that
//! all years have the draws that they have in the whole, shared effects included. In every draw the slope of ln y on the
//! year t over the years T is Σ (t − t̄) ln y_t / Σ (t − t̄)². Every year counts the same, however much was emitted in
//! it: weights would let the largest year decide. What all years have in common leaves the slope: the weights sum to 0.
//!
//! The four quantities have the same years, so that the slope of ATCI is that of the emissions less that of the compute.
//! A year whose emissions, energy or compute are zero in some draw has no logarithm there and is left out of all draws.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::concentration::ratio as share_of;
use super::intensity::value;
use super::{KG_PER_T, of_ratios, of_side};
use crate::assess::{AssessedModel, Assessment, Output};
use crate::engine::plan::Plan;
use crate::engine::stats::estimate::{Estimate, Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::engine::stats::ratio::{Side, ratios};
use crate::engine::{Reduce, Summary};
use crate::portfolio::YEAR;

/// Years that a model may be of; another number in a column `year` is none.
pub const YEARS: RangeInclusive<i32> = 1950..=2100;
/// From which years are counted, so that their squares stay small.
const ORIGIN: i32 = 2000;
/// What is trended: the slope of ATCI follows from them.
const TRENDED: [Output; 3] = [Output::Emissions, Output::Energy, Output::Compute];

/// What is said of some of the models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sums {
    /// Number of models.
    pub models: usize,
    /// Of the mean emissions of the portfolio.
    pub share: Option<f64>,
    /// Their emissions, in t.
    pub emissions_t: Estimate,
    /// Their facility energy, in kWh.
    pub energy_kwh: Estimate,
    /// Their compute, in EFLOP.
    pub compute_eflop: Estimate,
    /// Their emissions over their compute, in kgCO2e/EFLOP.
    pub atci_kg_per_eflop: Estimate,
}

/// Why a year is not in the slope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It is the year of the latest date: more may come.
    Incomplete,
    /// Emissions, energy or compute are zero in some draw.
    Zero,
}

/// The models of one year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// Why it is not in the slope; `None` where it is.
    pub left_out: Option<LeftOut>,
    /// What they sum up to.
    #[serde(flatten)]
    pub sums: Sums,
}

/// The growth of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Growth {
    /// Slope of the natural logarithm, per year.
    pub slope_per_year: Estimate,
    /// The same as growth, in per cent per year: 100·(exp(slope) − 1).
    pub growth_percent_per_year: Estimate,
    /// ln 2 over the slope.
    pub doubling_years: Doubling,
}

/// How long it takes to double; negative where it halves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Doubling {
    /// At the median slope; `None` where that is 0.
    pub median: Option<f64>,
    /// Between the ends of the slope's interval; `None` where 0 is inside.
    pub interval: Option<[f64; 2]>,
}

/// The growth of all four quantities over the same years.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growths {
    /// The years, in order; two or more.
    pub years: Vec<i32>,
    /// Of emissions.
    pub emissions: Growth,
    /// Of facility energy.
    pub energy: Growth,
    /// Of compute.
    pub compute: Growth,
    /// Of emissions over compute.
    pub atci: Growth,
}

/// The year of a model, where it has one.
pub fn year_of(model: &AssessedModel) -> Option<i32> {
    value(model, YEAR)?.trim().parse().ok().filter(|year| YEARS.contains(year))
}

/// The models of each year that has some, and those without a year.
pub fn by_year(assessment: &Assessment) -> BTreeMap<Option<i32>, Assessment> {
    let mut years: Vec<Option<i32>> = assessment.models.iter().map(year_of).collect();
    years.sort();
    years.dedup();
    years.into_iter().map(|year| (year, assessment.only(|m| year_of(m) == year))).collect()
}

impl Sums {
    /// From a run of these models. `emissions_t` is the mean of the portfolio.
    pub fn new(plan: &Plan, summary: &Summary, level: f64, reduce: &dyn Reduce, emissions_t: Option<f64>) -> Sums {
        let first = summary.draws.start;
        let kept = |output: Output| of_side(reduce, side(plan, summary, output), first, level);
        let [over, under] = [Output::Emissions, Output::Compute].map(|output| side(plan, summary, output));
        let emissions = kept(Output::Emissions);
        Sums {
            models: plan.models.len(),
            share: share_of(emissions.mean, emissions_t.or(emissions.mean)),
            emissions_t: emissions,
            energy_kwh: kept(Output::Energy),
            compute_eflop: kept(Output::Compute),
            atci_kg_per_eflop: of_ratios(ratios(reduce, over, under, plan.ratio_shift, first), level, KG_PER_T),
        }
    }
}

fn side<'a>(plan: &Plan, summary: &'a Summary, output: Output) -> Side<'a> {
    Side { counts: &summary.totals[output as usize], unit: plan.unit(output as usize) }
}

/// Takes in years and gives the growth over them.
#[derive(Default)]
pub struct Slopes {
    years: Vec<i32>,
    /// Absolute index of the first draw.
    first: u64,
    /// By quantity and draw: Σ ln y and Σ (t − origin)·ln y over the years.
    sums: [Vec<[f64; 2]>; TRENDED.len()],
}

impl Slopes {
    /// Takes in the draws of one year, unless a quantity is zero in some of them: whether it did. Years come in order,
    /// each with the same draws.
    pub fn add(&mut self, year: i32, plan: &Plan, summary: &Summary) -> bool {
        let sides = TRENDED.map(|output| side(plan, summary, output));
        if sides.iter().any(|side| side.counts.contains(&0)) {
            return false;
        }
        let t = f64::from(year - ORIGIN);
        for (sums, side) in self.sums.iter_mut().zip(sides) {
            sums.resize(side.counts.len(), [0.0; 2]);
            let unit = f64::from(side.unit) * std::f64::consts::LN_2;
            for ([sum, moment], &count) in sums.iter_mut().zip(side.counts) {
                let ln = libm::log(count as f64) + unit;
                *sum += ln;
                *moment += t * ln;
            }
        }
        self.years.push(year);
        self.first = summary.draws.start;
        true
    }

    /// `None` with fewer than two years.
    pub fn growths(self, level: f64, reduce: &dyn Reduce) -> Option<Growths> {
        if self.years.len() < 2 {
            return None;
        }
        let n = self.years.len() as f64;
        let t = || self.years.iter().map(|year| f64::from(year - ORIGIN));
        let (sum, squares) = (t().sum::<f64>(), t().map(|t| t * t).sum::<f64>());
        let slope = |[ln, moment]: &[f64; 2]| (n * moment - sum * ln) / (n * squares - sum * sum);
        let [emissions, energy, compute] = self.sums.each_ref().map(|s| s.iter().map(slope).collect::<Vec<f64>>());
        let atci: Vec<f64> = emissions.iter().zip(&compute).map(|(g, c)| g - c).collect();
        let growth = |slopes: &[f64]| Growth::new(slopes, self.first, level, reduce);
        Some(Growths {
            emissions: growth(&emissions),
            energy: growth(&energy),
            compute: growth(&compute),
            atci: growth(&atci),
            years: self.years,
        })
    }
}

/// A slope is kept as a count of 2^-40 above this, and a growth factor as one of 2^-32: what is sorted are integers.
const LOWEST_SLOPE: f64 = -2048.0;
const SLOPE_UNIT: i32 = -40;
const FACTOR_UNIT: i32 = -32;

impl Growth {
    fn new(slopes: &[f64], first: u64, level: f64, reduce: &dyn Reduce) -> Growth {
        let estimate = |of: &dyn Fn(f64) -> f64, exponent: i32, factor: f64| {
            // Beyond the integers it stays at the largest one.
            let counts = slopes.iter().map(|&slope| libm::rint(libm::ldexp(of(slope), -exponent)) as u64);
            of_draws(&Draws::new(reduce, (first..).zip(counts)), level, Scale { exponent, factor })
        };
        let slope = shifted(estimate(&|slope| slope - LOWEST_SLOPE, SLOPE_UNIT, 1.0), LOWEST_SLOPE);
        let growth = shifted(estimate(&libm::exp, FACTOR_UNIT, 100.0), -100.0);
        let inside = |[lo, hi]: [f64; 2]| lo > 0.0 || hi < 0.0;
        let doubling = |slope: f64| std::f64::consts::LN_2 / slope;
        Growth {
            slope_per_year: slope,
            growth_percent_per_year: growth,
            doubling_years: Doubling {
                median: slope.median.filter(|slope| *slope != 0.0).map(doubling),
                interval: slope.interval.filter(|ends| inside(*ends)).map(|[lo, hi]| [doubling(hi), doubling(lo)]),
            },
        }
    }
}

/// The same distribution further up by so much; its spread and standard errors stay.
fn shifted(e: Estimate, by: f64) -> Estimate {
    let ends = |ends: Option<[f64; 2]>| ends.map(|ends| ends.map(|x| x + by));
    Estimate {
        mean: e.mean.map(|x| x + by),
        median: e.median.map(|x| x + by),
        interval: ends(e.interval),
        shortest: ends(e.shortest),
        ..e
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::example;

    fn growth(slopes: &[f64]) -> Growth {
        Growth::new(slopes, 0, 0.5, &Host)
    }

    #[test]
    fn a_slope_as_growth_and_as_time_to_double() {
        let ln = libm::log;
        // Doubles every year, grows by a tenth, halves every second year.
        for (slope, percent, years) in
            [(ln(2.0), 100.0, 1.0), (ln(1.1), 10.0, 7.272540897), (-0.5 * ln(2.0), -29.289322, -2.0)]
        {
            let found = growth(&[slope; 100]);
            let close = |x: Option<f64>, want: f64| x.is_some_and(|x| (x - want).abs() < 1e-5 * want.abs());
            assert!(close(found.slope_per_year.mean, slope) && close(found.growth_percent_per_year.median, percent));
            assert!(close(found.doubling_years.median, years), "{found:?}");
            assert!(found.doubling_years.interval.is_some_and(|ends| close(Some(ends[1]), years)));
            assert!(!close(found.growth_percent_per_year.mean, 1.001 * percent));
        }
    }

    #[test]
    fn ends_of_a_time_to_double_are_in_order() {
        let slopes =
            |lo: f64, hi: f64| -> Vec<f64> { (0..100).map(|k| lo + (hi - lo) * f64::from(k) / 99.0).collect() };
        for (lo, hi) in [(0.1, 0.7), (-0.7, -0.1)] {
            let [a, b] = growth(&slopes(lo, hi)).doubling_years.interval.unwrap();
            assert!(a < b && a.signum() == lo.signum(), "{a} {b}");
        }
        // Around zero there is none.
        let across = growth(&slopes(-0.3, 0.5)).doubling_years;
        assert!(across.interval.is_none() && across.median.is_some_and(|years| years > 0.0));
    }

    #[test]
    fn what_no_integer_holds_stays_at_the_largest() {
        let steep = growth(&[1e4, -1e4, 800.0]);
        let finite = |e: &Estimate| e.mean.is_some_and(f64::is_finite) && e.interval.is_some_and(|i| i[1].is_finite());
        assert!(finite(&steep.slope_per_year) && finite(&steep.growth_percent_per_year));
    }

    #[test]
    fn years_are_those_of_the_label_and_each_model_is_in_one() {
        let (mut assessment, ..) = example::lognormal(6, 1);
        let labels = ["2023", "2024", "2023", "soon", "", "9999"];
        for (model, label) in assessment.models.iter_mut().zip(labels) {
            model.labels.insert(YEAR, label);
        }
        let sizes: Vec<(Option<i32>, usize)> =
            by_year(&assessment).into_iter().map(|(year, part)| (year, part.models.len())).collect();
        assert_eq!(sizes, [(None, 3), (Some(2023), 2), (Some(2024), 1)]);
    }
}
