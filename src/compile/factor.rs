//! One factor compiled: its marginal, the constant that goes into the products, and its spread.

use super::{Compiler, PlanError};
use crate::assess::{Acts, AssessedFactor, AssessedModel, Slot};
use crate::engine::draw::bounded::Bound;
use crate::engine::plan::range;
use crate::engine::plan::{BOUNDED, LOG2_BITS, Marginal, SCALE_BITS, Shape};
use crate::hashed::Set;
use crate::portfolio::Distribution;
use crate::portfolio::distribution::shape::{ShapeKey, normalise};

/// One factor compiled: its marginal, the constant that goes into the terms (log2), and its spread.
pub(super) struct CompiledFactor {
    pub marginal: Marginal,
    pub log2_constant: f64,
    /// For a PUE sampled as 1 + X: log2 of X's constant, which is in the marginal and not in the terms.
    pub log2_x: f64,
    /// A fixed zero.
    pub zero: bool,
    pub can_be_zero: bool,
    /// log2 of non-zero values at z = −z_max, 0 and z_max, shared effects excluded, constant excluded; where shared effects
    /// act on the normal or a bound cuts it, at the ends that it can then reach.
    pub own: [f64; 3],
    /// log2 of what the factor with its shared effects does not pass, constant excluded.
    pub bound: Option<f64>,
    /// For a table: log2 at z = −5, 4 and 5.
    pub table: Option<[f64; 3]>,
    /// Products rounded down in the sampled logarithm.
    pub floors: u32,
}

impl CompiledFactor {
    fn constant(value: f64) -> CompiledFactor {
        CompiledFactor {
            marginal: Marginal::None,
            log2_constant: if value > 0.0 { libm::log2(value) } else { 0.0 },
            log2_x: 0.0,
            zero: value == 0.0,
            can_be_zero: false,
            own: [0.0; 3],
            bound: None,
            table: None,
            floors: 0,
        }
    }
}

impl Compiler<'_> {
    pub(super) fn factor(
        &mut self,
        model: &AssessedModel,
        slot: Slot,
        factor: &AssessedFactor,
    ) -> Result<CompiledFactor, PlanError> {
        let name = slot.factor().name();
        let one_plus = is_one_plus(slot, factor);
        let distribution = sampled(slot, factor);
        let wrap = |compiled: CompiledFactor| if one_plus { compiled.into_one_plus() } else { compiled };
        match &distribution {
            Distribution::Fixed(x) if one_plus && *x == 0.0 => Ok(CompiledFactor::constant(1.0)),
            Distribution::Fixed(x) => Ok(wrap(CompiledFactor::constant(*x))),
            Distribution::LogNormal { median, gsd } => {
                let too_wide = || PlanError::TooWide { id: model.id.clone(), factor: name };
                let scale = fixed_scale(libm::log2(*gsd)).ok_or_else(too_wide)?;
                let lognormal = CompiledFactor::lognormal(scale, libm::log2(*median), reach(factor));
                Ok(match is_bounded(slot, factor) {
                    Some(hi) => lognormal.bounded(scale, libm::log2(hi / median), factor.shared.len()),
                    None => wrap(lognormal),
                })
            }
            other => {
                let table = self.table(other, reach(factor)).map_err(|reason| PlanError::Table {
                    id: model.id.clone(),
                    factor: name,
                    reason,
                })?;
                Ok(wrap(table))
            }
        }
    }

    /// `reach`: the largest standard normal that there can be.
    fn table(&self, distribution: &Distribution, reach: f64) -> Result<CompiledFactor, String> {
        let (shape, scale) = normalise(distribution);
        let index = self.table_of.get(&ShapeKey::of(&shape)).copied();
        let Some((index, table)) = index.and_then(|i| Some((i, self.tables.get(i as usize)?))) else {
            return Err("no table was compiled for it".into());
        };
        let table = table.as_ref().map_err(|e| e.to_string())?;
        let octaves_of = |value: i32| libm::ldexp(f64::from(value), -(LOG2_BITS as i32));
        // Where z gives an exact zero: the smallest value that is none.
        let at = |z: f64| octaves_of(table.value(range::fixed_z(z)).max(table.min()));
        Ok(CompiledFactor {
            marginal: Marginal::Table { table: index },
            log2_constant: libm::log2(scale) + table.reference_log2,
            log2_x: 0.0,
            zero: false,
            can_be_zero: table.has_zero(),
            own: [at(-reach), at(0.0), at(reach)],
            bound: None,
            table: Some([at(-5.0), at(4.0), at(5.0)]),
            floors: 0,
        })
    }
}

impl CompiledFactor {
    fn lognormal(scale: i32, log2_median: f64, reach: f64) -> CompiledFactor {
        let half = octaves(scale) * reach;
        CompiledFactor {
            marginal: Marginal::Affine { scale },
            own: [-half, 0.0, half],
            floors: 1,
            log2_constant: log2_median,
            ..CompiledFactor::constant(1.0)
        }
    }

    /// The same below a bound so many octaves above the median, with so many shared effects.
    fn bounded(self, scale: i32, above: f64, effects: usize) -> CompiledFactor {
        let scale = scale.max(1);
        // Half a unit for each product rounded down is put back in the products' constants, and their own rounding.
        let room = (self.floors as i32 + effects as i32) / 2 + 2;
        let limit = libm::floor(libm::ldexp(above, LOG2_BITS as i32)) as i32 - room;
        let octaves_of = |value: i32| libm::ldexp(f64::from(value), -(LOG2_BITS as i32));
        let [_, _, high] = self.own;
        // The cut reaches to eight standard deviations below the median.
        let own = [-octaves(scale) * Z_HELD, octaves_of(Bound::new(scale, limit).log(0, 0)), high];
        CompiledFactor { marginal: Marginal::Bounded { scale, limit }, own, bound: Some(octaves_of(limit)), ..self }
    }

    /// The same at a standard normal that shared effects act on; `own` is what is left of the factor's own (Q1.30).
    pub fn ranked(self, own: i32) -> CompiledFactor {
        let marginal = match self.marginal {
            Marginal::Affine { scale } => Marginal::Ranked { own, shape: Shape::Affine { scale } },
            Marginal::Table { table } => Marginal::Ranked { own, shape: Shape::Table { table } },
            other => other,
        };
        CompiledFactor { marginal, ..self }
    }

    /// For PUE: this is the distribution of PUE − 1; the sampled factor is 1 + it.
    fn into_one_plus(self) -> CompiledFactor {
        let loc = libm::round(libm::ldexp(self.log2_constant, LOG2_BITS as i32) + 0.5 * f64::from(self.floors)) as i32;
        let marginal = match self.marginal {
            Marginal::Affine { scale } => Marginal::OnePlusAffine { loc, scale },
            Marginal::Table { table } => Marginal::OnePlusTable { loc, table },
            _ => Marginal::OnePlusConstant { loc },
        };
        CompiledFactor { marginal, log2_constant: 0.0, log2_x: self.log2_constant, can_be_zero: false, ..self }
    }

    /// log2 of the sampled factor at the ends and the middle, shared effects included.
    pub fn with_shared(&self, half: f64) -> [f64; 3] {
        let [low, middle, high] = self.own;
        if self.marginal.one_plus().is_some() {
            let at = |y: f64| libm::log1p(libm::exp2(self.log2_x + y)) / std::f64::consts::LN_2;
            [at(low - half), at(middle), at(high + half)]
        } else {
            [low - half, middle, (high + half).min(self.bound.unwrap_or(f64::INFINITY))]
        }
    }

    /// Distances from the middle to the ends of what bins cover: lognormal parts (own and shared, to be added in
    /// quadrature) and a bounded part (a table or a PUE, to be added in full).
    pub fn spreads(&self, half: f64) -> ([[f64; 2]; 2], [f64; 2]) {
        let [low, middle, high] = self.own;
        if self.marginal.one_plus().is_some() {
            let [low, middle, high] = self.with_shared(half);
            ([[0.0; 2]; 2], [low - middle, high - middle])
        } else if let Some([low, _, high]) = self.table {
            ([[0.0; 2], [-half, half]], [low - middle, high - middle])
        } else if let Some(bound) = self.bound {
            let down = libm::sqrt((low - middle) * (low - middle) + half * half);
            let up = libm::sqrt((high - middle) * (high - middle) + half * half);
            ([[-down, up.min(bound - middle)], [0.0; 2]], [0.0; 2])
        } else {
            ([[low - middle, high - middle], [-half, half]], [0.0; 2])
        }
    }
}

/// Standard normals are held within this where they are not drawn as such.
const Z_HELD: f64 = 8.0;

/// The largest standard normal that the factor can have.
fn reach(factor: &AssessedFactor) -> f64 {
    if factor.acts == Acts::Rank && !factor.shared.is_empty() { Z_HELD } else { range::Z_MAX }
}

/// The bound that holds with shared effects, where the engine cuts the own part given these. Only compute has one.
fn is_bounded(slot: Slot, factor: &AssessedFactor) -> Option<f64> {
    match factor.acts {
        Acts::Below { hi } if slot as usize == BOUNDED && !factor.shared.is_empty() => Some(hi),
        _ => None,
    }
}

/// Whether PUE − 1 is what is sampled: where effects are shared, and where that needs no table.
fn is_one_plus(slot: Slot, factor: &AssessedFactor) -> bool {
    slot == Slot::Pue && (!factor.shared.is_empty() || is_shifted_lognormal(&factor.distribution))
}

/// The distribution that is drawn from.
fn sampled(slot: Slot, factor: &AssessedFactor) -> Distribution {
    match is_bounded(slot, factor) {
        _ if is_one_plus(slot, factor) => factor.distribution.minus_one(),
        Some(_) => factor.distribution.clone(),
        None => factor.alone().into_owned(),
    }
}

/// Every shape of the models that needs a table, in the order of first use.
pub(super) fn shapes(models: &[AssessedModel]) -> Vec<(ShapeKey, Distribution)> {
    let (mut shapes, mut known) = (Vec::new(), Set::default());
    for model in models {
        for slot in Slot::ALL {
            let Some(factor) = &model.factors[slot as usize] else { continue };
            let distribution = sampled(slot, factor);
            if matches!(distribution, Distribution::Fixed(_) | Distribution::LogNormal { .. }) {
                continue;
            }
            let (shape, _) = normalise(&distribution);
            let key = ShapeKey::of(&shape);
            if known.insert(key.clone()) {
                shapes.push((key, shape));
            }
        }
    }
    shapes
}

fn is_shifted_lognormal(distribution: &Distribution) -> bool {
    matches!(distribution, Distribution::Shifted { shift, inner }
        if *shift == 1.0 && matches!(**inner, Distribution::LogNormal { .. }))
}

/// Octaves per standard deviation in Q5.26.
pub(super) fn fixed_scale(octaves: f64) -> Option<i32> {
    let scale = libm::round(libm::ldexp(octaves, SCALE_BITS as i32));
    (scale.abs() < 2_147_483_648.0).then_some(scale as i32)
}

/// A Q5.26 scale in octaves.
pub(super) fn octaves(scale: i32) -> f64 {
    libm::ldexp(f64::from(scale), -(SCALE_BITS as i32))
}
