//! A threshold swept over downloads: what is above it, and its share of the whole list.
//!
//! The list is drawn once, in bands between neighbouring thresholds; what lies above a threshold is the sum of its
//! bands, draw by draw. Nothing is extrapolated: a list that was itself cut at some number of downloads says nothing
//! about what lies below, and the smallest number in it is reported.

use std::collections::BTreeMap;

use serde::Serialize;

use super::drawn::{Counts, part};
use crate::assess::Assessment;
use crate::engine::GroupSummary;
use crate::engine::plan::Plan;
use crate::portfolio::Portfolio;
use crate::posterior::Estimate;
use crate::run::{RunError, Sampler};

/// The sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bands {
    /// Smallest and largest number of downloads in the list.
    pub least: f64,
    /// Largest number of downloads in the list.
    pub most: f64,
    /// Models that do not state their downloads: they count in the whole and are above no threshold.
    pub without_downloads: usize,
    /// One for each threshold, in their order.
    pub steps: Vec<Step>,
}

/// The models with at least so many downloads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The threshold.
    pub downloads: f64,
    /// Models at or above it.
    pub models: usize,
    /// Emissions of these models, in t.
    pub emissions_t: Estimate,
    /// With every shared effect drawn separately for each model.
    pub independent_t: Estimate,
    /// Of the whole list.
    pub share: Estimate,
}

/// The whole list, drawn in bands.
pub struct Swept {
    /// Emissions of the whole list.
    pub total: Counts,
    /// The same with every shared effect drawn separately for each model.
    pub independent: Counts,
    /// By threshold: emissions and independent emissions of what is above.
    above: Vec<(Counts, Counts)>,
    /// By group of the plan.
    pub groups: Vec<Counts>,
    /// By model of the plan, in t.
    pub means_t: Vec<f64>,
}

/// Downloads by model of the assessment.
pub fn downloads(portfolio: &Portfolio, assessment: &Assessment) -> Vec<Option<f64>> {
    let of: BTreeMap<&str, Option<f64>> = portfolio.models.iter().map(|m| (m.id.as_str(), m.downloads)).collect();
    assessment.models.iter().map(|m| of.get(m.id.as_str()).copied().flatten()).collect()
}

fn range(downloads: &[Option<f64>]) -> Option<(f64, f64)> {
    let stated = || downloads.iter().flatten().copied();
    Some((stated().reduce(f64::min)?, stated().reduce(f64::max)?))
}

/// Models above a threshold at least, for it to be taken without being asked for.
const FEWEST: usize = 10;

/// The thresholds asked for, or those that suit the list: powers of ten and, from 1,000 on, five times them, as long as
/// ten models are above; of those that let everything through only the highest. None without downloads.
pub fn thresholds(downloads: &[Option<f64>], asked: &[f64]) -> Vec<f64> {
    let Some((least, most)) = range(downloads) else { return Vec::new() };
    if !asked.is_empty() {
        return asked.to_vec();
    }
    let mut candidates = vec![0.0, 1.0, 10.0, 100.0];
    let mut power = 1e3;
    while power <= most {
        candidates.extend([power, 5.0 * power]);
        power *= 10.0;
    }
    let all_through = candidates.iter().filter(|t| **t <= least).count();
    let above = |t: f64| downloads.iter().flatten().filter(|d| **d >= t).count();
    let others = candidates.split_off(all_through).into_iter().filter(|t| above(*t) >= FEWEST);
    candidates.split_off(all_through.saturating_sub(1)).into_iter().chain(others).collect()
}

/// Draws the plan band by band.
///
/// # Errors
/// A stopped run.
pub fn sweep(
    plan: &Plan,
    downloads: &[Option<f64>],
    thresholds: &[f64],
    sampler: &Sampler<'_>,
) -> Result<Swept, RunError> {
    let none = || Counts::none(sampler.draws, plan.unit(plan.headline));
    let mut swept = Swept {
        total: none(),
        independent: none(),
        above: thresholds.iter().map(|_| (none(), none())).collect(),
        groups: plan.groups.iter().map(|g| Counts::none(sampler.draws, g.headline.unit)).collect(),
        means_t: vec![0.0; plan.models.len()],
    };
    // Thresholds that a model passes; models without downloads pass none.
    let passes = |i: usize| {
        let passed = |d: f64| thresholds.iter().filter(|t| **t <= d).count();
        downloads.get(i).copied().flatten().map_or(0, passed)
    };
    for band in 0..=thresholds.len() {
        let members: Vec<usize> = (0..plan.models.len()).filter(|&i| passes(i) == band).collect();
        if members.is_empty() {
            continue;
        }
        let drawn = sampler.draw(&part(plan, |i| passes(i) == band))?;
        let (emissions, independent) = (&drawn.totals[plan.headline], &drawn.totals[plan.independent()]);
        swept.total.add(emissions);
        swept.independent.add(independent);
        for (all, separate) in swept.above.iter_mut().take(band) {
            all.add(emissions);
            separate.add(independent);
        }
        for (sum, group) in swept.groups.iter_mut().zip(&drawn.groups) {
            if let GroupSummary::Kept { headline: emissions, .. } = group {
                sum.add(emissions);
            }
        }
        for (&i, (model, of_plan)) in
            members.iter().zip(drawn.models.iter().zip(members.iter().map(|&i| &plan.models[i])))
        {
            let mean = model.headline.sum as f64 / sampler.draws.max(1) as f64;
            swept.means_t[i] = libm::ldexp(mean, of_plan.headline.unit);
        }
    }
    Ok(swept)
}

impl Swept {
    /// The sweep in numbers; `None` without downloads.
    pub fn summarised(&self, downloads: &[Option<f64>], thresholds: &[f64], sampler: &Sampler<'_>) -> Option<Bands> {
        let (least, most) = range(downloads)?;
        let step = |(&threshold, (emissions, independent)): (&f64, &(Counts, Counts))| Step {
            downloads: threshold,
            models: downloads.iter().flatten().filter(|d| **d >= threshold).count(),
            emissions_t: sampler.estimate(emissions),
            independent_t: sampler.estimate(independent),
            share: sampler.share(emissions, &self.total),
        };
        Some(Bands {
            least,
            most,
            without_downloads: downloads.iter().filter(|d| d.is_none()).count(),
            steps: thresholds.iter().zip(&self.above).map(step).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_suit_the_list() {
        let of = |d: &[f64]| thresholds(&d.iter().map(|d| Some(*d)).collect::<Vec<_>>(), &[]);
        // A list cut at 5,000: 1,000 would say nothing that 5,000 does not. Above 100,000 there are nine.
        let mut list = vec![5022.0, 7e4];
        list.extend([2e5; 9]);
        assert_eq!(of(&list), [5e3, 1e4, 5e4]);
        assert_eq!(of(&[[0.0; 10], [30.0; 10]].concat()), [0.0, 1.0, 10.0]);
        assert_eq!(of(&[300.0]), [100.0]);
        assert_eq!(thresholds(&[None, Some(3.0)], &[2.0, 9.0]), [2.0, 9.0]);
        assert!(thresholds(&[None], &[2.0]).is_empty());
    }
}
