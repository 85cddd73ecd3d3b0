//! One at a time: emissions with one factor, or one shared effect, at its 5th and 95th percentile and all else at its
//! median. A local look (OAT), without interactions; the shares of variance are the global one.
//!
//! A factor moves in all models together: every own part at the percentile, and every shared effect that belongs to the
//! factor at the percentile that moves the factor the same way, wherever else it acts. Percentiles are the distributions' own, so nothing is sampled.
//! The total with everything at its median is not the median of the total.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use super::below::cut;
use super::oracle;
use crate::assess::{Acts, AssessedFactor, AssessedModel, Assessment, Output, SLOTS, SharedEffect, Slot};
use crate::engine::stats::normal::Level;
use crate::portfolio::quantile::Quantiles;
use crate::portfolio::{Distribution, Factor};

/// Standard normal quantile at 0.95 (Abramowitz & Stegun, table 26.5).
const Z95: f64 = 1.644_853_626_951_472_7;

/// What one input alone moves the total to, in t.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swing {
    /// Name of the factor.
    pub factor: &'static str,
    /// The shared effect; `None`: the whole factor, in all models together.
    pub effect: Option<String>,
    /// Values of the effect's columns, in order; empty for a whole factor and for a global effect.
    pub value: Vec<String>,
    /// Total emissions with the input at its 5th and 95th percentile. What is divided by lowers them as it rises.
    pub at_5_t: f64,
    /// The same at the 95th percentile.
    pub at_95_t: f64,
}

/// Every input moved by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tornado {
    /// Total emissions with everything at its median.
    pub at_medians_t: f64,
    /// By factor, then by shared effect; each the widest first. What moves nothing is left out.
    pub factors: Vec<Swing>,
    /// Swings of the shared effects, the widest first.
    pub effects: Vec<Swing>,
}

/// Which input is not at its median.
#[derive(Clone, Copy)]
enum Moved {
    Nothing,
    Factor(Factor, End),
    Effect(usize, End),
}

#[derive(Clone, Copy)]
enum End {
    Low,
    High,
}

impl End {
    fn z(self) -> f64 {
        match self {
            End::Low => -Z95,
            End::High => Z95,
        }
    }
}

/// A model and what the factors that its emissions depend on are made of.
struct Points<'a> {
    model: &'a AssessedModel,
    own: [Option<Own>; SLOTS],
}

/// A factor's own part.
enum Own {
    /// At the 5th, 50th and 95th percentile; shared effects multiply it.
    Multiplied([f64; 3]),
    /// A lognormal whose product with the shared effects stays below a bound.
    Below { mu: f64, sigma: f64, ln_hi: f64 },
    /// Shared effects move it along the distribution.
    Rank(Quantiles),
}

impl Own {
    fn of(factor: &AssessedFactor) -> Own {
        match (factor.acts, &factor.distribution) {
            (Acts::Below { hi }, Distribution::LogNormal { median, gsd }) => {
                Own::Below { mu: libm::log(*median), sigma: libm::log(*gsd), ln_hi: libm::log(hi) }
            }
            (Acts::Rank, d) => Own::Rank(Quantiles::new(d)),
            _ => {
                let quantiles = Quantiles::new(&factor.alone());
                Own::Multiplied([-Z95, 0.0, Z95].map(|z| quantiles.at_z(z)))
            }
        }
    }

    /// The factor with its own part at a percentile. `shared` is the sum of what the effects add, `squares` that of
    /// the squares of their loads.
    fn at(&self, end: Option<End>, shared: f64, squares: f64, is_pue: bool) -> f64 {
        let z = end.map_or(0.0, End::z);
        match self {
            Own::Multiplied([low, median, high]) => {
                let own = match end {
                    None => median,
                    Some(End::Low) => low,
                    Some(End::High) => high,
                };
                let above = if is_pue { 1.0 } else { 0.0 };
                above + (own - above) * libm::exp(shared)
            }
            Own::Below { mu, sigma, ln_hi } => {
                libm::exp(mu + shared + sigma * cut(Level::at_z(z), (ln_hi - mu - shared) / sigma))
            }
            Own::Rank(quantiles) => quantiles.at_z(libm::sqrt((1.0 - squares).max(0.0)) * z + shared),
        }
    }
}

impl Points<'_> {
    fn of(model: &AssessedModel) -> Points<'_> {
        let powers = model.terms[Output::Emissions as usize].powers;
        let own = |s: usize| model.factors[s].as_ref().filter(|_| powers[s] != 0).map(Own::of);
        Points { model, own: std::array::from_fn(own) }
    }

    /// Whether the effect raises the factor that it belongs to (1) or lowers it (−1).
    fn direction(&self, effect: usize, factor: Factor) -> f64 {
        let on = |slot: &Slot| self.model.factors[*slot as usize].as_ref().filter(|_| slot.factor() == factor);
        let weight = Slot::ALL.iter().filter_map(on).flat_map(|f| &f.shared).find(|(e, _)| *e == effect);
        if weight.is_some_and(|(_, w)| *w < 0.0) { -1.0 } else { 1.0 }
    }

    /// Emissions with everything at its median but for what is moved, in t.
    fn emissions(&self, effects: &[SharedEffect], moved: Moved) -> f64 {
        let term = &self.model.terms[Output::Emissions as usize];
        let mut value = term.constant;
        for slot in Slot::ALL {
            let power = term.powers[slot as usize];
            let of = self.model.factors[slot as usize].as_ref().zip(self.own[slot as usize].as_ref());
            let Some((factor, own)) = of else { continue };
            let (mut shared, mut squares) = (0.0, 0.0);
            for &(e, weight) in &factor.shared {
                let Some(effect) = effects.get(e) else { continue };
                let z = match moved {
                    Moved::Effect(which, end) if which == e => end.z(),
                    Moved::Factor(which, end) if which == effect.factor => end.z() * self.direction(e, which),
                    _ => 0.0,
                };
                let load = weight * effect.ln_gsd;
                shared += z * load;
                squares += load * load;
            }
            let end = match moved {
                Moved::Factor(which, end) if which == slot.factor() => Some(end),
                _ => None,
            };
            let drawn = own.at(end, shared, squares, slot == Slot::Pue);
            value *= libm::pow(drawn, f64::from(power));
        }
        value
    }
}

/// The swings of every factor and shared effect.
pub fn tornado(assessment: &Assessment) -> Tornado {
    let effects = &assessment.shared;
    let points: Vec<Points> = assessment.models.par_iter().map(Points::of).collect();
    let total = |moved: Moved| points.iter().map(|p| p.emissions(effects, moved)).sum::<f64>();
    let at_medians_t = total(Moved::Nothing);
    let of_factor = |factor: Factor| Swing {
        factor: factor.name(),
        effect: None,
        value: vec![],
        at_5_t: total(Moved::Factor(factor, End::Low)),
        at_95_t: total(Moved::Factor(factor, End::High)),
    };
    // Only the models that are exposed to an effect move with it.
    let mut exposed: Vec<Vec<&Points>> = effects.iter().map(|_| vec![]).collect();
    for p in &points {
        let of_model: BTreeSet<usize> =
            p.model.factors.iter().flatten().flat_map(|f| f.shared.iter().map(|(e, _)| *e)).collect();
        for e in of_model {
            if let Some(exposed) = exposed.get_mut(e) {
                exposed.push(p);
            }
        }
    }
    let of_effect = |((e, effect), exposed): ((usize, &SharedEffect), &Vec<&Points>)| {
        let to = |end: End| {
            let change =
                |p: &&Points| p.emissions(effects, Moved::Effect(e, end)) - p.emissions(effects, Moved::Nothing);
            at_medians_t + exposed.iter().map(change).sum::<f64>()
        };
        Swing {
            factor: effect.factor.name(),
            effect: Some(effect.name.to_string()),
            value: effect.value.to_vec(),
            at_5_t: to(End::Low),
            at_95_t: to(End::High),
        }
    };
    let mut tornado = Tornado {
        at_medians_t,
        factors: oracle::factors(assessment).iter().copied().map(of_factor).collect(),
        effects: effects.iter().enumerate().zip(&exposed).map(of_effect).collect(),
    };
    for swings in [&mut tornado.factors, &mut tornado.effects] {
        let width = |s: &Swing| (s.at_95_t - s.at_5_t).abs();
        // Net loadings of zero leave the last digit.
        swings.retain(|s| width(s) > 1e-12 * at_medians_t);
        swings.sort_by(|a, b| width(b).total_cmp(&width(a)));
    }
    tornado
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{Kind, Provenance};
    use crate::posterior::example;

    #[test]
    fn one_model_by_hand() {
        // Y = C · (1 + X) with C = LN(2, 3) and an effect of GSD 1.5 against it, 1 + X at its median 1.25.
        let (mut assessment, ..) = example::proportional(2);
        assessment.models.truncate(1);
        let model = &mut assessment.models[0];
        let provenance = Provenance { kind: Kind::Default, how: String::new(), source: String::new(), chosen: false };
        let factor = |distribution: Distribution, shared: Vec<(usize, f64)>| {
            Some(AssessedFactor { distribution, provenance: provenance.clone(), shared, acts: Acts::Multiply })
        };
        let x = Distribution::LogNormal { median: 0.25, gsd: 2.0 };
        model.factors[0] = factor(Distribution::LogNormal { median: 2.0, gsd: 3.0 }, vec![(0, -1.0)]);
        model.factors[2] = factor(Distribution::Shifted { shift: 1.0, inner: Box::new(x) }, vec![]);
        model.terms[Output::Emissions as usize].powers = [0; SLOTS];
        for slot in [Slot::Compute, Slot::Pue] {
            model.terms[Output::Emissions as usize].powers[slot as usize] = 1;
        }
        assessment.shared = vec![SharedEffect {
            factor: Factor::Compute,
            name: "bias".into(),
            by: [].into(),
            value: [].into(),
            ordinal: 0,
            ln_gsd: 1.5f64.ln(),
            chosen: false,
            source: "".into(),
        }];
        let got = tornado(&assessment);
        let near = |got: f64, want: f64| (got / want - 1.0).abs() < 1e-12;
        assert!(near(got.at_medians_t, 2.5));
        assert_eq!(got.factors.iter().map(|s| s.factor).collect::<Vec<_>>(), ["compute", "pue"]);
        // Own part and effect move the factor the same way: 4.5^±z; the effect alone goes against it.
        assert!(
            near(got.factors[0].at_5_t, 2.5 * 4.5f64.powf(-Z95))
                && near(got.factors[0].at_95_t, 2.5 * 4.5f64.powf(Z95))
        );
        assert!(near(got.factors[1].at_95_t, 2.0 * (1.0 + 0.25 * 2f64.powf(Z95))));
        assert!(
            near(got.effects[0].at_5_t, 2.5 * 1.5f64.powf(Z95))
                && near(got.effects[0].at_95_t, 2.5 * 1.5f64.powf(-Z95))
        );
        assert!(!near(got.effects[0].at_95_t, 2.5 * 1.5f64.powf(-1.96)));
    }
}
