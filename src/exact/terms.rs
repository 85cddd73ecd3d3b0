//! The emissions as sums of products: what the exact oracle and the kurtosis are computed from.
//!
//! A model's emissions are one product of independent factors, or two where a shared effect acts on PUE − 1:
//! IT part · 1 + IT part · (PUE − 1). Means are those of the engine's own normals (|z| ≤ 6.34). A factor whose shared
//! effects act below a bound or by rank is a `Joint`, own and shared part together.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::below::{Below, Shape};
use super::joint::{Joint, components, dot};
use super::rank::Rank;
use crate::assess::{Acts, AssessedFactor, AssessedModel, Assessment, Output, SLOTS, SharedEffect, Slot};
use crate::hashed::Map;
use crate::portfolio::Distribution;
use crate::portfolio::distribution::shape::ShapeKey;
use crate::portfolio::moments::{engine_moments, lognormal_engine_moment};

/// One product.
#[derive(Debug, Clone)]
pub struct Product {
    /// Index of its model.
    pub model: usize,
    /// Its mean, in t.
    pub mean_t: f64,
    /// Net loading on each shared effect: the product is multiplied by `exp(loading · z)`. Sorted by effect.
    pub loads: Vec<(usize, f64)>,
    /// `E[g^k] / E[g]^k` of each slot's own part g, for k = 2, 3, 4; 1 where it is constant or in `joint`. `None` where
    /// infinite.
    pub own: [[Option<f64>; 3]; SLOTS],
    /// Factors that shared effects act on below a bound or by rank, at most one in each component of effects.
    pub joint: Vec<Joint>,
}

impl Product {
    /// The shared effects that it depends on, in order.
    pub fn effects(&self) -> BTreeSet<usize> {
        self.loads.iter().chain(self.joint.iter().flat_map(|j| &j.loads)).map(|(e, _)| *e).collect()
    }
}

/// The first four moments of a factor's own part raised to its power.
type Moments = [Option<f64>; 4];

/// Moments of the distributions met so far. They take nearly all of the time, and assessments of the same models have
/// most of their distributions in common.
#[derive(Default)]
pub struct Known {
    moments: Map<(ShapeKey, i8), Moments>,
    ranks: Map<(ShapeKey, i8), Arc<Rank>>,
    below: Map<[u64; 5], Arc<Below>>,
}

impl Known {
    /// Forgets all of it where it is more than so many.
    pub fn forget_above(&mut self, most: usize) {
        if self.moments.len() + self.ranks.len() + self.below.len() > most {
            *self = Known::default();
        }
    }

    /// Moments of every distinct (distribution, power) that emissions depend on, computed on all cores.
    fn learn(&mut self, models: &[AssessedModel], effects: &[SharedEffect]) {
        let mut distinct: Map<(ShapeKey, i8), Cow<'_, Distribution>> = Map::default();
        let mut ranked: Map<(ShapeKey, i8), &Distribution> = Map::default();
        for model in models {
            let powers = model.terms[Output::Emissions as usize].powers;
            for (slot, power) in Slot::ALL.into_iter().zip(powers).filter(|(_, power)| *power != 0) {
                let Some(factor) = &model.factors[slot as usize] else { continue };
                let acts = acts(factor, effects);
                let whole = factor.alone();
                let mut add = |d: Cow<'_, Distribution>| {
                    let key = (ShapeKey::of(&d), power);
                    if !self.moments.contains_key(&key) {
                        distinct.insert(key, Cow::Owned(d.into_owned()));
                    }
                };
                if slot == Slot::Pue && !factor.shared.is_empty() {
                    add(Cow::Owned(factor.distribution.minus_one()));
                }
                if acts == Acts::Rank {
                    let key = (ShapeKey::of(&factor.distribution), power);
                    if !self.ranks.contains_key(&key) {
                        ranked.insert(key, &factor.distribution);
                    }
                }
                if !matches!(acts, Acts::Below { .. }) {
                    add(whole);
                }
            }
        }
        let of = |(key, d): ((ShapeKey, i8), Cow<'_, Distribution>)| {
            let power = i32::from(key.1);
            (key, engine_moments(&d, [1, 2, 3, 4].map(|k| k * power)))
        };
        self.moments.par_extend(distinct.into_par_iter().map(of));
        let moments = &self.moments;
        let of = |(key, d): ((ShapeKey, i8), &Distribution)| {
            let rank = Rank::new(d, key.1.into(), relative(moments.get(&key).copied().unwrap_or([None; 4])));
            (key, Arc::new(rank))
        };
        self.ranks.par_extend(ranked.into_par_iter().map(of));
    }
}

/// A product, with what was computed for its bounded factors.
type Computed = (Product, Vec<Arc<Below>>);

/// All products with a mean above zero, by model; or the reason why there is no finite mean.
pub fn products(assessment: &Assessment, known: &mut Known) -> Result<Vec<Product>, String> {
    let products = products_of(&assessment.shared, &assessment.models, 0, known)?;
    separate(assessment, &products)?;
    Ok(products)
}

/// Those of some models, the first of which has this place among all.
pub fn products_of(
    effects: &[SharedEffect],
    models: &[AssessedModel],
    first: usize,
    known: &mut Known,
) -> Result<Vec<Product>, String> {
    known.learn(models, effects);
    let learned = &*known;
    let of = |(index, model): (usize, &AssessedModel)| of_model(effects, first + index, model, learned);
    let by_model: Vec<Vec<Computed>> = models.par_iter().enumerate().map(of).collect::<Result<_, _>>()?;
    let mut products = Vec::with_capacity(models.len());
    for (product, below) in by_model.into_iter().flatten() {
        known.below.extend(below.into_iter().map(|b| (b.shape().key(), b)));
        if product.mean_t > 0.0 {
            products.push(product);
        }
    }
    Ok(products)
}

/// Refuses a product of which two joint factors depend on effects of one component.
fn separate(assessment: &Assessment, products: &[Product]) -> Result<(), String> {
    let components = components(products.iter().flat_map(|p| &p.joint).map(|j| &j.loads));
    for p in products {
        let mut seen = BTreeSet::new();
        for joint in &p.joint {
            let component = joint.loads.first().and_then(|(e, _)| components.get(e));
            if !seen.insert(component) {
                return Err(connected(assessment.models.get(p.model).map_or("", |m| &m.id)));
            }
        }
    }
    Ok(())
}

/// Why a model's emissions have no exact moments.
pub fn connected(id: &str) -> String {
    format!("{id}: shared effects connect two factors that are bounded or drawn by rank")
}

/// How shared effects act on a factor, if they do.
fn acts(factor: &AssessedFactor, effects: &[SharedEffect]) -> Acts {
    let moves = loads(factor, effects).iter().any(|(_, size)| *size != 0.0);
    let spread = !matches!(factor.distribution, Distribution::Fixed(_));
    if moves && spread { factor.acts } else { Acts::Multiply }
}

/// What it loads on each effect: weight times ln GSD.
fn loads(factor: &AssessedFactor, effects: &[SharedEffect]) -> Vec<(usize, f64)> {
    factor.shared.iter().map(|&(e, weight)| (e, weight * effects[e].ln_gsd)).filter(|(_, x)| *x != 0.0).collect()
}

/// The products of one model, with what was computed for their bounded factors.
fn of_model(
    effects: &[SharedEffect],
    index: usize,
    model: &AssessedModel,
    known: &Known,
) -> Result<Vec<Computed>, String> {
    let term = &model.terms[Output::Emissions as usize];
    let mut products = Vec::new();
    if term.constant == 0.0 {
        return Ok(products);
    }
    let splits = split_pue(model);
    for part in 0..if splits { 2 } else { 1 } {
        let mut product =
            Product { model: index, mean_t: term.constant, loads: vec![], own: [[Some(1.0); 3]; SLOTS], joint: vec![] };
        let mut multiplied: BTreeMap<usize, f64> = BTreeMap::new();
        let mut joint = Vec::new();
        for slot in Slot::ALL {
            let s = slot as usize;
            let power = term.powers[s];
            let Some(factor) = model.factors[s].as_ref().filter(|_| power != 0) else { continue };
            let is_split = splits && slot == Slot::Pue;
            if is_split && part == 0 {
                continue;
            }
            if is_split && power != 1 {
                return Err(format!("{}: a shared effect on PUE − 1 that is divided by", model.id));
            }
            let acts = acts(factor, effects);
            if acts != Acts::Multiply {
                if is_split {
                    return Err(format!("{}: shared effects on a PUE that is bounded or drawn by rank", model.id));
                }
                joint.push((slot, factor, power));
                continue;
            }
            let distribution = match is_split {
                true => factor.distribution.minus_one(),
                false => factor.alone().into_owned(),
            };
            let raw = known.moments.get(&(ShapeKey::of(&distribution), power)).copied().unwrap_or([None; 4]);
            let Some(mean) = raw[0] else { return Err(no_mean(model, slot)) };
            product.mean_t *= mean;
            // A fixed number has no spread at all, not one of the last digit.
            let spread = !matches!(distribution, Distribution::Fixed(_));
            if spread {
                product.own[s] = relative(raw);
            }
            for (effect, size) in loads(factor, effects) {
                *multiplied.entry(effect).or_insert(0.0) += size * f64::from(power);
            }
        }
        product.loads = multiplied.into_iter().filter(|(_, size)| *size != 0.0).collect();
        product.loads.shrink_to_fit();
        product.mean_t *= product.loads.iter().map(|&(_, size)| lognormal_engine_moment(size)).product::<f64>();
        let mut below = Vec::new();
        for (slot, factor, power) in joint {
            let (factor, of) = joined(effects, model, slot, (factor, power), &product.loads, known)?;
            product.mean_t *= factor.mean;
            product.joint.push(factor);
            below.extend(of);
        }
        products.push((product, below));
    }
    Ok(products)
}

/// `E[g^k] / E[g]^k` for k = 2, 3, 4.
fn relative([mean, higher @ ..]: Moments) -> [Option<f64>; 3] {
    std::array::from_fn(|k| Some(higher[k]? / libm::pow(mean?, k as f64 + 2.0)))
}

fn no_mean(model: &AssessedModel, slot: Slot) -> String {
    format!("{}: {} has no finite mean", model.id, slot.factor().name())
}

/// A factor that is below a bound or by rank, and what was computed for it if it is bounded. `others` is what the rest
/// of its product loads.
fn joined(
    effects: &[SharedEffect],
    model: &AssessedModel,
    slot: Slot,
    (factor, power): (&AssessedFactor, i8),
    others: &[(usize, f64)],
    known: &Known,
) -> Result<(Joint, Option<Arc<Below>>), String> {
    let (id, name) = (&model.id, slot.factor().name());
    let loads = loads(factor, effects);
    let squares = dot(&loads, &loads);
    let (joint, below) = match (acts(factor, effects), &factor.distribution) {
        (Acts::Below { hi }, Distribution::LogNormal { median, gsd }) => {
            let (tau, sigma) = (libm::sqrt(squares), libm::log(*gsd));
            let loads: Vec<(usize, f64)> = loads.into_iter().map(|(e, x)| (e, x / tau)).collect();
            let t = (libm::log(hi) - libm::log(*median)) / sigma;
            let shape = Shape { sigma, tau, t, power: power.into(), shift: dot(&loads, others) };
            let of = known.below.get(&shape.key()).cloned().unwrap_or_else(|| Arc::new(Below::new(shape)));
            (Joint::below(slot, loads, of.clone(), libm::pow(*median, power.into())), Some(of))
        }
        (Acts::Below { .. }, _) => return Err(format!("{id}: a bound on {name}, which is not lognormal")),
        _ => {
            let key = (ShapeKey::of(&factor.distribution), power);
            let mean = known.moments.get(&key).and_then(|moments| moments[0]);
            let Some((of, mean)) = known.ranks.get(&key).cloned().zip(mean) else { return Err(no_mean(model, slot)) };
            if squares > 1.0 + 1e-9 {
                return Err(format!("{id}: shared effects that move the rank of {name} by more than its whole spread"));
            }
            let shift = dot(&loads, others);
            (Joint::rank(slot, loads, of, mean, shift), None)
        }
    };
    if !joint.is_resolved() {
        return Err(format!("{id}: shared effects on {name} that are too large for the exact series"));
    }
    Ok((joint, below))
}

fn split_pue(model: &AssessedModel) -> bool {
    let power = model.terms[Output::Emissions as usize].powers[Slot::Pue as usize];
    power != 0 && model.factors[Slot::Pue as usize].as_ref().is_some_and(|f| !f.shared.is_empty())
}
