//! The total's interval after a disclosure: the run again, at equally probable values of the figure that is disclosed.
//!
//! `super::disclosure` gives the expected variance exactly; an interval has to be drawn. The draws of all other models
//! stay as they are, so a rerun is the total less the model's own draws plus c · W: W the model as assessed with the
//! figure stated ([`crate::assess::if_disclosed`]), c the figure relative to its mean. The caller draws one-model
//! assessments ([`Rerun::assessments`]) under the seed and the draws of the total and hands the emissions back.
//!
//! What the figure teaches about the other models (`crate::exact::teaching`) is in the value of the disclosure and not in
//! this interval, which is too wide where a figure teaches much.
//!
//! What is known of c before it is published: c · W is distributed as the model's emissions are now, whence
//! `E[c] = 1` and `E[c²] = ρ_c` (the ratio of `super::disclosure`). Its shape is that of the factors it replaces: their
//! product Q, raised to the power k that gives the second moment, k² = ln ρ_c / ln ρ_Q. That is exact for lognormals,
//! whose measurement error it takes off, and approximate for other shapes. The [`VALUES`] values are the means of
//! equally probable parts of c, so that c keeps its mean. A chip is one of the parts of the mixture, with its share.
//!
//! Standard errors are those of 32 batches (draw index modulo 32) one by one: sd(θⱼ)/√32.

use rayon::prelude::*;

use crate::assess::{Alternative, AssessedModel, Assessment, Output, SLOTS, Slot, Term};
use crate::engine::stats::estimate::tails;
use crate::engine::stats::order::{BATCHES, rank};
use crate::exact::closed::model_variance;
pub use crate::exact::disclosed::{AtValue, Disclosed};
use crate::exact::disclosure::{Disclosure, chip_parts};
use crate::exact::terms::{Known, products};
use crate::portfolio::Distribution;

/// Values of the figure at which the run is repeated.
pub const VALUES: usize = 32;

/// One disclosure, ready to be drawn.
pub struct Rerun {
    now: Assessment,
    figure: Figure,
}

enum Figure {
    Number {
        /// Emissions are the product Q of what the figure replaces.
        replaced: Box<Assessment>,
        after: Box<Assessment>,
        /// k.
        power: f64,
        /// Mean of the emissions now over that of `after`.
        scale: f64,
    },
    /// Shares of the chips, and the model with each.
    Chip(Vec<(f64, Assessment)>),
}

impl Rerun {
    /// `None` where the disclosure is not one of `alternatives`, or something has no finite second moment.
    pub fn new(
        assessment: &Assessment,
        alternatives: &[Alternative],
        disclosure: &Disclosure,
        known: &mut Known,
    ) -> Option<Rerun> {
        let model = find(assessment, &disclosure.id)?;
        let now = alone(assessment, model.clone());
        let alternative = alternatives.iter().find(|a| a.quantity.name() == disclosure.quantity);
        let Some(Alternative { assessment: alternative, .. }) = alternative else {
            let parts = chip_parts(model)?;
            let whole: f64 = parts.iter().map(|(share, _)| share).sum();
            let with = |(share, part): &(f64, Distribution)| {
                let mut model = model.clone();
                if let Some(factor) = &mut model.factors[Slot::Efficiency as usize] {
                    factor.distribution = part.clone();
                }
                (share / whole, alone(assessment, model))
            };
            return Some(Rerun { now, figure: Figure::Chip(parts.iter().map(with).collect()) });
        };
        let stated = find(alternative, &disclosure.id)?.clone();
        // Both with the same numbers of effects: first as stated, then as now.
        let mut both = Assessment::joined(vec![alternative.with(vec![stated]), assessment.with(vec![model.clone()])])?;
        let model = both.models.pop()?;
        let mut stated = both.models.pop()?;
        // Whether the run is one at all does not depend on the figure.
        let lineage = Slot::Lineage as usize;
        stated.factors[lineage].clone_from(&model.factors[lineage]);
        for (term, was) in stated.terms.iter_mut().zip(&model.terms) {
            term.powers[lineage] = was.powers[lineage];
        }
        let mut replaced = model.clone();
        for s in 0..SLOTS {
            let remains = match (&model.factors[s], &stated.factors[s]) {
                (Some(was), Some(is)) => {
                    was.distribution == is.distribution && was.acts == is.acts && was.shared == is.shared
                }
                (was, is) => was.is_none() && is.is_none(),
            };
            if remains {
                replaced.factors[s] = None;
                replaced.terms.iter_mut().for_each(|term| term.powers[s] = 0);
            }
        }
        let (replaced, after) = (alone(&both, replaced), alone(&both, stated));
        let [now_moments, of_replaced, of_after] = [&now, &replaced, &after].map(|a| moments(a, known));
        let ((mean, second), (_, of_replaced), (mean_after, of_after)) = (now_moments?, of_replaced?, of_after?);
        let power = libm::sqrt(libm::log(second / of_after) / libm::log(of_replaced));
        let scale = mean / mean_after;
        let usable = power.is_finite() && scale.is_finite();
        let (replaced, after) = (Box::new(replaced), Box::new(after));
        usable.then_some(Rerun { now, figure: Figure::Number { replaced, after, power, scale } })
    }

    /// What is to be drawn, in the order in which [`Rerun::interval`] takes the emissions.
    pub fn assessments(&self) -> Vec<&Assessment> {
        let others = match &self.figure {
            Figure::Number { replaced, after, .. } => vec![&**replaced, after],
            Figure::Chip(parts) => parts.iter().map(|(_, with)| with).collect(),
        };
        std::iter::once(&self.now).chain(others).collect()
    }

    /// `total` and `drawn` are emissions in t by draw, from draw 0 on: of the whole portfolio, and of each of
    /// [`Rerun::assessments`]. `None` without draws, or where arrays are missing or not of one length.
    pub fn interval(&self, total: &[f64], drawn: &[Vec<f64>], level: f64) -> Option<Disclosed> {
        let (now, others) = drawn.split_first()?;
        if total.is_empty() || drawn.iter().any(|d| d.len() != total.len()) {
            return None;
        }
        let rest: Vec<f64> = total.iter().zip(now).map(|(t, y)| t - y).collect();
        let with = |relative: f64, model: &[f64]| -> Vec<f64> {
            rest.iter().zip(model).map(|(rest, y)| rest + relative * y).collect()
        };
        let mean = |draws: &[f64]| draws.iter().sum::<f64>() / draws.len() as f64;
        let ends = |draws: Vec<f64>| Ends::new(draws, level);
        let (values, at_median) = match (&self.figure, others) {
            (Figure::Number { power, scale, .. }, [replaced, after]) => {
                let figures = figures(replaced, *power);
                let part = |k: usize| &figures[k * figures.len() / VALUES..(k + 1) * figures.len() / VALUES];
                let relative = |k: usize| if part(k).is_empty() { 1.0 } else { mean(part(k)) };
                let at = |c: f64| ends(with(c * scale, after));
                let share = 1.0 / VALUES as f64;
                let values = (0..VALUES).into_par_iter().map(|k| (share, relative(k), at(relative(k))));
                (values.collect::<Vec<_>>(), at(figures[figures.len() / 2]))
            }
            (Figure::Chip(parts), others) if others.len() == parts.len() => {
                let mut values: Vec<(f64, f64, Ends)> = parts
                    .par_iter()
                    .zip(others)
                    .map(|((share, _), model)| (*share, mean(model) / mean(now), ends(with(1.0, model))))
                    .collect();
                values.sort_by(|a, b| a.1.total_cmp(&b.1));
                let mut below = 0.0;
                let median = values.iter().find(|(share, ..)| {
                    below += share;
                    below >= 0.5
                });
                let at_median = median.map(|(_, _, ends)| ends.clone())?;
                (values, at_median)
            }
            _ => return None,
        };
        let expected = |of: &dyn Fn(&Ends) -> f64| values.iter().map(|(share, _, ends)| share * of(ends)).sum::<f64>();
        let mcse = |end: usize| {
            let batches: Vec<f64> = (0..BATCHES).map(|b| expected(&|ends| ends.batches[b][end])).collect();
            let mean = mean(&batches);
            let squares: f64 = batches.iter().map(|x| (x - mean) * (x - mean)).sum();
            (squares / ((BATCHES - 1) * BATCHES) as f64).sqrt()
        };
        let now = ends(total.to_vec());
        Some(Disclosed {
            share_at_median: 1.0 - at_median.variance / now.variance,
            now_t: now.all,
            expected_t: [0, 1].map(|end| expected(&|ends| ends.all[end])),
            mcse_t: [0, 1].map(mcse),
            at_median_t: at_median.all,
            values: values
                .iter()
                .map(|(share, relative, ends)| AtValue { share: *share, relative: *relative, interval_t: ends.all })
                .collect(),
        })
    }
}

/// The figure relative to its mean, ascending, from the product of what it replaces: raised to `power`, of mean 1.
pub fn figures(replaced: &[f64], power: f64) -> Vec<f64> {
    let mut figures: Vec<f64> = replaced.iter().map(|&q| libm::pow(q, power)).collect();
    figures.sort_unstable_by(f64::total_cmp);
    let mean = figures.iter().sum::<f64>() / figures.len() as f64;
    figures.iter_mut().for_each(|c| *c /= mean);
    figures
}

/// Both ends of an equal-tailed interval: of all draws, and of each batch.
#[derive(Clone)]
struct Ends {
    all: [f64; 2],
    variance: f64,
    batches: [[f64; 2]; BATCHES],
}

impl Ends {
    fn new(draws: Vec<f64>, level: f64) -> Ends {
        let batch = |b: usize| between(draws.iter().skip(b).step_by(BATCHES).copied().collect(), level);
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / draws.len() as f64;
        Ends { batches: std::array::from_fn(batch), variance, all: between(draws, level) }
    }
}

/// The order statistics of rank ⌈pN⌉ at both tails; not a number without draws.
fn between(mut draws: Vec<f64>, level: f64) -> [f64; 2] {
    let n = draws.len();
    if n == 0 {
        return [f64::NAN; 2];
    }
    tails(level).map(|p| *draws.select_nth_unstable_by(rank(p, n as u64) as usize - 1, f64::total_cmp).1)
}

fn find<'a>(assessment: &'a Assessment, id: &str) -> Option<&'a AssessedModel> {
    let at = assessment.models.binary_search_by(|m| m.id.as_str().cmp(id)).ok()?;
    assessment.models.get(at)
}

/// Emissions of one model by itself, with the shared effects that act on it.
fn alone(of: &Assessment, mut model: AssessedModel) -> Assessment {
    let emissions = Output::Emissions as usize;
    for (o, term) in model.terms.iter_mut().enumerate() {
        if o != emissions {
            *term = Term { constant: 0.0, powers: [0; SLOTS] };
        }
    }
    for s in 0..SLOTS {
        if model.terms[emissions].powers[s] == 0 {
            model.factors[s] = None;
        }
    }
    Assessment { further: vec![], ..of.with(vec![model]) }
}

/// Mean emissions, and E[Y²]/E[Y]².
fn moments(assessment: &Assessment, known: &mut Known) -> Option<(f64, f64)> {
    let products = products(assessment, known).ok()?;
    let mean: f64 = products.iter().map(|p| p.mean_t).sum();
    let variance = model_variance(&products.iter().collect::<Vec<_>>())?;
    Some((mean, 1.0 + variance / (mean * mean)))
}
