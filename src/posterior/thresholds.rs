//! How likely a model is above the compute thresholds of the EU's rules for general-purpose AI models, and how likely the
//! figure that would be reported is accurate enough.
//!
//! The Commission's guidelines of July 2025, read in second-hand copies whose paragraphs differ by a few: training compute is to be
//! estimated within an overall error of 30 % (§123); a model is presumed to have systemic risk above 1e25 FLOP of
//! cumulative compute, which counts that of models whose weights initialise it or are merged into it (§121) and leaves out
//! that of a teacher whose outputs it was trained on (§122); who modifies a model becomes a provider where the
//! modification took more than a third of the compute of the original, or, where that is not known, of 1e25 FLOP (of 1e23
//! for a model without systemic risk).
//!
//! All from the same draws. Every run is counted once, as the priors have it: a probability is that of the true compute
//! given what the file states, not a legal opinion.

use serde::Serialize;

use super::Estimate;
use super::joint::{Chance, Column};
use crate::engine::Reduce;

/// FLOP of one EFLOP.
const FLOP_PER_EFLOP: f64 = 1e18;
/// Cumulative compute above which systemic risk is presumed, in FLOP.
pub const SYSTEMIC_FLOP: f64 = 1e25;
/// The indicative compute of a general-purpose model, in FLOP.
pub const GENERAL_FLOP: f64 = 1e23;
/// Error that an estimate may have.
const MARGIN: f64 = 0.3;

/// Where the figure that would be reported comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// The row states it.
    Stated,
    /// The median of what the row implies.
    PosteriorMedian,
}

/// The draws of a model and of what it was made from, in EFLOP.
pub struct Computed {
    /// Of the model's own training.
    pub own: Column,
    /// Of everything whose weights initialise it or are merged into it; `None` for a model made from nothing.
    pub of_bases: Option<Column>,
    /// How many draws there are.
    pub draws: usize,
}

/// What the draws say of the thresholds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Thresholds {
    /// Id of the model.
    pub model: String,
    /// The figure for the model's own training that would be reported, in FLOP.
    pub reported_flop: f64,
    /// Where it comes from.
    pub reported_is: Reported,
    /// Own compute, in FLOP.
    pub own_flop: Estimate,
    /// With that of every model whose weights initialise it or are merged into it, each once.
    pub cumulative_flop: Estimate,
    /// That own compute lies within 30 % of the figure.
    pub within_30_percent: Chance,
    /// That cumulative compute is above 1e25 FLOP.
    pub above_1e25: Chance,
    /// Models that it was made from directly, distillation teachers left out.
    pub bases: Vec<String>,
    /// That own compute is above a third of the cumulative compute of these; `None` where it was made from none, or any of
    /// what went into them is in no row.
    pub above_third_of_base: Option<Chance>,
    /// That own compute is above a third of 1e25 FLOP: the substitute where the original has systemic risk.
    pub above_third_of_1e25: Chance,
    /// That own compute is above a third of 1e23 FLOP: the substitute where it has none.
    pub above_third_of_1e23: Chance,
    /// Distillation teachers: their compute is left out.
    pub teachers: Vec<String>,
    /// What went into it and is in no row: its compute is not known.
    pub absent: Vec<String>,
}

impl Thresholds {
    /// From the draws. `stated` is the FLOP that the row states; names are filled in by the caller.
    pub fn new(model: &str, computed: &Computed, stated: Option<f64>, level: f64, reduce: &dyn Reduce) -> Thresholds {
        let own = &computed.own;
        let nothing = Column::default();
        let bases = computed.of_bases.as_ref().unwrap_or(&nothing);
        let both = Column::aligned(vec![own.clone(), bases.clone()]);
        let cumulative = Column::sum(both.iter());
        let draws = computed.draws;
        let chance = |holds: &dyn Fn(f64, f64) -> bool| {
            let pairs = own.values(draws).zip(bases.values(draws));
            let yes = pairs.filter(|&(c, b)| holds(c * FLOP_PER_EFLOP, b * FLOP_PER_EFLOP)).count();
            Chance::of(yes as u64, draws as u64)
        };
        let own_flop = in_flop(own.estimate(level, reduce));
        let (reported_flop, reported_is) = match stated {
            Some(flop) => (flop, Reported::Stated),
            None => (own_flop.median.unwrap_or(0.0), Reported::PosteriorMedian),
        };
        let (low, high) = (reported_flop * (1.0 - MARGIN), reported_flop * (1.0 + MARGIN));
        Thresholds {
            model: model.to_string(),
            reported_flop,
            reported_is,
            own_flop,
            cumulative_flop: in_flop(cumulative.estimate(level, reduce)),
            within_30_percent: chance(&|c, _| (low..=high).contains(&c)),
            above_1e25: chance(&|c, b| c + b > SYSTEMIC_FLOP),
            bases: Vec::new(),
            above_third_of_base: computed.of_bases.as_ref().map(|_| chance(&|c, b| 3.0 * c > b)),
            above_third_of_1e25: chance(&|c, _| 3.0 * c > SYSTEMIC_FLOP),
            above_third_of_1e23: chance(&|c, _| 3.0 * c > GENERAL_FLOP),
            teachers: Vec::new(),
            absent: Vec::new(),
        }
    }
}

fn in_flop(mut e: Estimate) -> Estimate {
    let one = |x: &mut Option<f64>| *x = x.map(|x| x * FLOP_PER_EFLOP);
    let two = |x: &mut Option<[f64; 2]>| *x = x.map(|ends| ends.map(|x| x * FLOP_PER_EFLOP));
    [&mut e.mean, &mut e.sd, &mut e.median, &mut e.mcse.mean, &mut e.mcse.sd, &mut e.mcse.median]
        .into_iter()
        .for_each(one);
    [&mut e.interval, &mut e.shortest, &mut e.mcse.interval, &mut e.mcse.shortest].into_iter().for_each(two);
    e
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;

    /// 10 draws of own compute 1 to 10 (in 1e6 EFLOP, that is 1e24 FLOP), of a base of 12.
    fn computed() -> Computed {
        let scaled = |counts: Vec<u64>| Column::new(0.0, counts.into_iter().map(|n| n * 1_000_000).collect(), 0);
        Computed { own: scaled((1..=10).collect()), of_bases: Some(scaled(vec![12; 10])), draws: 10 }
    }

    #[test]
    fn chances_are_shares_of_the_draws() {
        let found = Thresholds::new("m", &computed(), None, 0.9, &Host);
        // The median of 1 to 10 is the 5th: 5e24; within 30 % are 3.5 to 6.5: 4, 5, 6.
        assert_eq!((found.reported_flop, found.reported_is), (5e24, Reported::PosteriorMedian));
        assert!((found.within_30_percent.probability - 0.3).abs() < 1e-15);
        // 12 + c > 10: always. A third of 12 is 4: 5 to 10. A third of 1e25 is 3.3: 4 to 10.
        assert_eq!(found.above_1e25.probability, 1.0);
        assert_eq!(found.above_third_of_base.map(|chance| chance.probability), Some(0.6));
        assert_eq!(found.above_third_of_1e25.probability, 0.7);
        assert_eq!(found.above_third_of_1e23.probability, 1.0);
        assert!((found.cumulative_flop.mean.unwrap() - 17.5e24).abs() < 1e12);
        // Stated: 8e24, within 5.6 to 10.4: 6 to 10.
        let stated = Thresholds::new("m", &computed(), Some(8e24), 0.9, &Host);
        assert_eq!((stated.reported_is, stated.within_30_percent.probability), (Reported::Stated, 0.5));
        // Without a base only its own counts: none is above 1e25.
        let alone = Thresholds::new("m", &Computed { of_bases: None, ..computed() }, None, 0.9, &Host);
        assert_eq!((alone.above_1e25.probability, alone.above_third_of_base), (0.0, None));
    }
}
