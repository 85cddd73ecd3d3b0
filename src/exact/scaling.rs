//! How uncertain a total of fewer models is, in closed form: its mean and standard deviation, as modelled and with every
//! shared effect drawn separately for each model.
//!
//! Own errors average out as models are added, shared effects do not. The subsets are the first models of orders that a
//! hash of place and round gives: they are the same for the same portfolio on every machine, and no model is favoured.

use rayon::prelude::*;
use serde::Serialize;

use super::closed::{Closed, Inputs};
use super::oracle::{NO_SECOND_MOMENT, resolved};
use super::terms::{Known, Product, products};
use crate::assess::Assessment;

/// Orders that are looked at.
pub const ORDERS: usize = 24;
/// Sizes from one to the next, as a factor.
const STEP: f64 = 1.8;

/// Relative standard deviation of the sum of so many models: the median over the orders, and the middle 80 % of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Size {
    /// Number of models.
    pub models: usize,
    /// As modelled.
    pub modelled: [f64; 3],
    /// With every shared effect drawn separately for each model.
    pub independent: [f64; 3],
}

/// Relative standard deviations by number of models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scaling {
    /// From one model to all.
    pub sizes: Vec<Size>,
    /// Of all models, the shared effects alone: what no number of further models like these averages out.
    pub shared_alone: f64,
    /// Models that are looked at: those whose mean is above zero.
    pub models: usize,
}

/// A fixed number for a place in a round (Steele, Lea and Flood 2014, SplitMix64).
fn mixed(round: usize, place: usize) -> u64 {
    let mut z = ((round as u64) << 40 ^ place as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// 1, 2, 3, 6, … and all.
fn sizes(all: usize) -> Vec<usize> {
    let mut sizes = vec![];
    let mut size = 1.0;
    while (size as usize) < all {
        sizes.push(libm::rint(size) as usize);
        size *= STEP;
    }
    // The last one before all stands apart from it.
    sizes.retain(|n| *n as f64 * 1.3 < all as f64);
    sizes.push(all);
    sizes.dedup();
    sizes
}

/// 10th percentile, median and 90th percentile.
fn middle(mut found: Vec<f64>) -> Option<[f64; 3]> {
    found.sort_by(f64::total_cmp);
    let last = found.len().checked_sub(1)? as f64;
    let at = |p: f64| found.get(libm::rint(p * last) as usize).copied();
    Some([at(0.1)?, at(0.5)?, at(0.9)?])
}

/// The scaling of a portfolio.
///
/// # Errors
/// Why there is none: no finite mean or variance, no variance at all, or no emissions.
pub fn scaling(assessment: &Assessment) -> Result<Scaling, String> {
    let products = products(assessment, &mut Known::default())?;
    let by_model: Vec<&[Product]> = products.chunk_by(|a, b| a.model == b.model).collect();
    let closed = Closed::new(&assessment.shared, &products);
    let none = || NO_SECOND_MOMENT.to_string();
    let mean: f64 = products.iter().map(|p| p.mean_t).sum();
    if by_model.is_empty() || mean <= 0.0 {
        return Err("no model has emissions".into());
    }
    let relative = |variance: f64, mean: f64| libm::sqrt(resolved(variance, mean).max(0.0)) / mean;
    let shared_alone = relative(closed.variance(Inputs::SHARED).ok_or_else(none)?, mean);
    let of = |round: usize, size: usize| -> Option<[f64; 2]> {
        let mut order: Vec<usize> = (0..by_model.len()).collect();
        order.sort_by_key(|&place| (mixed(round, place), place));
        order.truncate(size);
        order.sort_unstable();
        let chosen = order.iter().filter_map(|&place| by_model.get(place)).flat_map(|p| p.iter());
        let part = Closed::new(&assessment.shared, chosen.clone());
        let mean: f64 = chosen.map(|p| p.mean_t).sum();
        Some([relative(part.variance(Inputs::ALL)?, mean), relative(part.independent_variance()?, mean)])
    };
    let at = |size: usize| -> Option<Size> {
        let rounds = if size == by_model.len() { 1 } else { ORDERS };
        let found: Vec<[f64; 2]> = (0..rounds).into_par_iter().map(|round| of(round, size)).collect::<Option<_>>()?;
        let [modelled, independent] = [0, 1].map(|k| middle(found.iter().map(|f| f[k]).collect()));
        Some(Size { models: size, modelled: modelled?, independent: independent? })
    };
    let sizes = sizes(by_model.len()).into_iter().map(at).collect::<Option<Vec<Size>>>().ok_or_else(none)?;
    if sizes.iter().all(|s| s.modelled[2] == 0.0 && s.independent[2] == 0.0) {
        return Err("no variance".into());
    }
    Ok(Scaling { sizes, shared_alone, models: by_model.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::exact::oracle::oracle;
    use crate::gauge::workload::Workload;
    use crate::portfolio::Portfolio;

    #[test]
    fn independent_models_of_one_kind_fall_with_the_root_of_their_number() {
        assert_eq!(sizes(1), [1]);
        assert_eq!((sizes(2), sizes(7), sizes(8)), (vec![1, 2], vec![1, 2, 3, 7], vec![1, 2, 3, 6, 8]));
        let found = scaling(&assess(&Workload::Lognormals.portfolio(64)).unwrap()).unwrap();
        for pair in found.sizes.windows(2) {
            let root = (pair[0].models as f64 / pair[1].models as f64).sqrt();
            let ratio = pair[1].independent[1] / pair[0].independent[1];
            assert!((ratio / root - 1.0).abs() < 0.35, "{pair:?}");
        }
    }

    #[test]
    fn all_models_are_the_oracle_and_the_shared_part_stays() {
        let mut portfolio = Portfolio::read("fixtures/open_weights.csv").unwrap();
        portfolio.models.truncate(120);
        let assessment = assess(&portfolio).unwrap();
        let (found, exact) = (scaling(&assessment).unwrap(), oracle(&assessment));
        let last = found.sizes.last().unwrap();
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(close(last.modelled[1], exact.sd_t.unwrap() / exact.mean_t));
        assert!(close(last.independent[1], exact.independent_sd_t.unwrap() / exact.mean_t));
        assert!(found.shared_alone < last.modelled[1] && last.independent[1] < last.modelled[1], "{found:?}");
        let first = found.sizes[0];
        assert!(close(first.modelled[1], first.independent[1]), "one model has nothing to share");
    }
}
