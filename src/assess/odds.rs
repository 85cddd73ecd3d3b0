//! How probable each reading of a row is: which of its disclosures are right.
//!
//! Each figure is wrong (a unit, a scope, a typing error) with a small probability ε, independently of the others. A right
//! figure is the truth times its own error. A wrong one says nothing of the run: its logarithm is spread about what was to
//! be expected of such a row, with the spread of that and a further one, both priors (`[priors.figures]`). With compute as
//! it would be imputed if the row stated none, everything is jointly normal in logs, so that the probability of a reading S,
//! the set of the figures that are right, has a closed form:
//!
//! ```text
//! P(S | y) ∝ (1 − ε)^|S| ε^(n − |S|) · N(y_S; μ_S, V_SS) · Π_(i ∉ S) N(y_i; μ_i, V_ii + τ²)
//! ```
//!
//! All readings in which at least one figure is right are weighed; shared effects count in V. "None is right" is no reading:
//! what a row that states nothing may be is that of a language model, and a small run, which lies far below it, would be
//! taken for two errors. This is the
//! contaminated normal of Tukey (1960) and of Box and Tiao (1968, doi:10.1093/biomet/55.1.119) for a chain. Readings below
//! [`LEAST`] are dropped: figures that agree then leave one reading, all of them.

use super::condition::Joint;
use super::context::Context;
use super::described::shared_variance;
use super::effects::Loads;
use super::normal::{Normal, add};
use super::observed::{Observed, UNKNOWNS};
use super::priors::names;

/// Readings less probable than this are dropped.
const LEAST: f64 = 0.02;

/// Added to each variance: figures without any error that differ by less than this in logs are the same.
const ROUNDING: f64 = 1e-12;

/// The most disclosures of one row: compute, hours, energy, emissions.
const MOST: usize = 4;

/// The figures of a row that are right, and how probable that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Places in the list of the row's disclosures.
    pub right: Vec<usize>,
    pub weight: f64,
}

/// The readings worth keeping, their weights summing to 1. `unknowns` are those of the chain, the first of them compute
/// as it would be imputed.
pub fn readings(context: &Context<'_>, unknowns: &[Normal; UNKNOWNS], all: &[Observed]) -> Vec<Reading> {
    let joint = Figures::of(context, unknowns, all);
    let wrong = context.priors.number(names::figures::WRONG).clamp(1e-12, 1.0 - 1e-12);
    let further = context.priors.ln_gsd(names::figures::WRONG_GSD);
    let logs: Vec<(Vec<usize>, f64)> = (1..1u32 << all.len())
        .map(|bits| {
            let (right, off): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|k| bits >> k & 1 == 1);
            let prior = right.len() as f64 * libm::log1p(-wrong) + off.len() as f64 * libm::log(wrong);
            let apart: f64 = off.iter().map(|&k| joint.ln_density(&[k], further * further)).sum();
            let together = joint.ln_density(&right, ROUNDING);
            (right, prior + together + apart)
        })
        .collect();
    let most = logs.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
    let weights = |log: f64| libm::exp(log - most);
    let sum: f64 = logs.iter().map(|(_, log)| weights(*log)).sum();
    let kept = || logs.iter().filter(|(_, log)| weights(*log) >= LEAST * sum);
    let sum: f64 = kept().map(|(_, log)| weights(*log)).sum();
    kept().map(|(right, log)| Reading { right: right.clone(), weight: weights(*log) / sum }).collect()
}

/// The logarithms of the figures, jointly normal: how far each is from what was expected, and the covariance.
struct Figures {
    off: Vec<f64>,
    covariance: Vec<Vec<f64>>,
}

impl Figures {
    fn of(context: &Context<'_>, unknowns: &[Normal; UNKNOWNS], all: &[Observed]) -> Figures {
        let joint = Joint::new(unknowns.clone());
        let expected = |o: &Observed| {
            let mut expected = joint.of(&o.row);
            add(&mut expected.shared, &o.error.shared, 1.0);
            expected
        };
        let figures: Vec<Normal> = all.iter().map(expected).collect();
        let size = |loads: &Loads| shared_variance(loads, context.study, context.priors);
        // Of two sets of loads, from the squares of their sum and difference.
        let shared = |a: &Loads, b: &Loads| {
            let (mut sum, mut difference) = (a.clone(), a.clone());
            add(&mut sum, b, 1.0);
            add(&mut difference, b, -1.0);
            (size(&sum) - size(&difference)) / 4.0
        };
        let covariance = |i: usize, j: usize| {
            let error = if i == j { all[i].error.sd * all[i].error.sd } else { 0.0 };
            joint.covariance(&all[i].row, &all[j].row) + shared(&figures[i].shared, &figures[j].shared) + error
        };
        let line = |i| (0..all.len()).map(|j| covariance(i, j)).collect();
        Figures {
            off: all.iter().zip(&figures).map(|(o, expected)| o.error.mean - expected.mean).collect(),
            covariance: (0..all.len()).map(line).collect(),
        }
    }

    /// Log density of some of the figures, with a further variance on each; by Cholesky's decomposition.
    fn ln_density(&self, of: &[usize], further: f64) -> f64 {
        let mut factor = [[0.0f64; MOST]; MOST];
        let mut whitened = [0.0f64; MOST];
        let mut log = 0.0;
        for (i, &at) in of.iter().enumerate() {
            for (j, &other) in of.iter().enumerate().take(i + 1) {
                let covered: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
                let rest = self.covariance[at][other] - covered;
                factor[i][j] = if i == j { (rest + further).max(ROUNDING).sqrt() } else { rest / factor[j][j] };
            }
            let covered: f64 = (0..i).map(|k| factor[i][k] * whitened[k]).sum();
            whitened[i] = (self.off[at] - covered) / factor[i][i];
            log -= 0.5 * whitened[i] * whitened[i] + libm::log(factor[i][i]) + LN_SQRT_TAU;
        }
        log
    }
}

/// ln √(2π), of the density of the normal distribution.
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;
