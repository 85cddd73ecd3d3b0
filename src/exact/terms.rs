//! The emissions as sums of products: what the exact oracle and the kurtosis are computed from.
//!
//! A model's emissions are one product of independent factors, or two where a shared effect acts on PUE − 1:
//! IT part · 1 + IT part · (PUE − 1). Means are those of the engine's own normals (|z| ≤ 6.34).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::assess::{AssessedModel, Assessment, Output, SLOTS, Slot};
use crate::portfolio::Distribution;
use crate::portfolio::distribution::shape::ShapeKey;
use crate::portfolio::moments::{engine_moments, lognormal_engine_moment};

/// One product.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Index of its model.
    pub model: usize,
    /// Its mean, in t.
    pub mean_t: f64,
    /// Net loading on each shared effect: the product is multiplied by `exp(loading · z)`. Sorted by effect.
    pub loads: Vec<(usize, f64)>,
    /// `E[g^k] / E[g]^k` of each slot's own part g, for k = 2, 3, 4; 1 where it is constant. `None` where infinite.
    pub own: [[Option<f64>; 3]; SLOTS],
}

/// The first four moments of a factor's own part raised to its power.
type Moments = [Option<f64>; 4];

/// Moments of the distributions met so far. They take nearly all of the time, and assessments of the same models have
/// most of their distributions in common.
#[derive(Default)]
pub struct Known {
    moments: HashMap<(ShapeKey, i8), Moments>,
}

impl Known {
    /// Moments of every distinct (distribution, power) that emissions depend on, computed on all cores.
    fn learn(&mut self, assessment: &Assessment) {
        let mut distinct: HashMap<(ShapeKey, i8), Cow<'_, Distribution>> = HashMap::new();
        let split: Vec<Distribution> =
            assessment.models.iter().filter(|m| split_pue(m)).filter_map(pue_minus_one).collect();
        let whole = assessment.models.iter().flat_map(|model| {
            let powers = model.terms[Output::Emissions as usize].powers;
            let factors = model.factors.iter().zip(powers).filter(|(_, power)| *power != 0);
            factors.filter_map(|(factor, power)| Some((factor.as_ref()?.alone(), power)))
        });
        for (distribution, power) in whole.chain(split.iter().map(|d| (Cow::Borrowed(d), 1))) {
            let key = (ShapeKey::of(&distribution), power);
            if !self.moments.contains_key(&key) {
                distinct.insert(key, distribution);
            }
        }
        let of = |(key, d): ((ShapeKey, i8), Cow<'_, Distribution>)| {
            let power = i32::from(key.1);
            (key, engine_moments(&d, [1, 2, 3, 4].map(|k| k * power)))
        };
        self.moments.par_extend(distinct.into_par_iter().map(of));
    }
}

/// All products with a mean above zero, by model; or the reason why there is no finite mean.
pub fn products(assessment: &Assessment, known: &mut Known) -> Result<Vec<Product>, String> {
    known.learn(assessment);
    let mut products = Vec::with_capacity(assessment.models.len());
    for (index, model) in assessment.models.iter().enumerate() {
        let term = &model.terms[Output::Emissions as usize];
        if term.constant == 0.0 {
            continue;
        }
        let splits = split_pue(model);
        for part in 0..if splits { 2 } else { 1 } {
            let mut product =
                Product { model: index, mean_t: term.constant, loads: vec![], own: [[Some(1.0); 3]; SLOTS] };
            let mut loads: BTreeMap<usize, f64> = BTreeMap::new();
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
                let distribution = match is_split {
                    true => factor.distribution.minus_one(),
                    false => factor.alone().into_owned(),
                };
                let raw = known.moments.get(&(ShapeKey::of(&distribution), power)).copied().unwrap_or([None; 4]);
                let Some(mean) = raw[0] else {
                    return Err(format!("{}: {} has no finite mean", model.id, slot.factor().name()));
                };
                product.mean_t *= mean;
                // A fixed number has no spread at all, not one of the last digit.
                let spread = !matches!(distribution, Distribution::Fixed(_));
                for k in (0..3).filter(|_| spread) {
                    product.own[s][k] = raw[k + 1].map(|m| m / libm::pow(mean, k as f64 + 2.0));
                }
                for &(effect, weight) in &factor.shared {
                    let size = assessment.shared[effect].ln_gsd * weight * f64::from(power);
                    *loads.entry(effect).or_insert(0.0) += size;
                }
            }
            product.loads = loads.into_iter().filter(|(_, size)| *size != 0.0).collect();
            product.mean_t *= product.loads.iter().map(|&(_, size)| lognormal_engine_moment(size)).product::<f64>();
            if product.mean_t > 0.0 {
                products.push(product);
            }
        }
    }
    Ok(products)
}

fn split_pue(model: &AssessedModel) -> bool {
    let power = model.terms[Output::Emissions as usize].powers[Slot::Pue as usize];
    power != 0 && model.factors[Slot::Pue as usize].as_ref().is_some_and(|f| !f.shared.is_empty())
}

fn pue_minus_one(model: &AssessedModel) -> Option<Distribution> {
    Some(model.factors[Slot::Pue as usize].as_ref()?.distribution.minus_one())
}
