//! One model compiled: its factors, the products of its outputs, and how far these range.

use std::collections::BTreeMap;

use super::factor::{CompiledFactor, fixed_scale, octaves};
use super::key::model_key;
use super::{Compiler, Group, PlanError};
use crate::assess::{Acts, AssessedFactor, AssessedModel, SLOTS, Slot, Term};
use crate::engine::plan::range::{self, Extent, Spread};
use crate::engine::plan::{self, Cell, LOG2_BITS, Marginal, ModelPlan, Product};

/// Products of one output must stay within so many octaves of each other, that of a closed gate included, for the
/// logarithm of their sum to be formed.
const MAX_APART: f64 = 400.0;

/// Fraction bits of the scales of effects on a standard normal.
const RANK_BITS: i32 = 30;

/// The factors of one model.
struct Factors {
    factors: [Option<CompiledFactor>; SLOTS],
    marginals: [Marginal; plan::SLOTS],
    cells: [Option<u32>; plan::SLOTS],
    /// Octaves that the shared effects on a slot move it at most, and their products rounded down.
    half_widths: [f64; SLOTS],
    floors: [u32; SLOTS],
    zeros: u16,
}

impl Compiler<'_> {
    pub(super) fn model(&mut self, model: &AssessedModel) -> Result<(ModelPlan, Spread), PlanError> {
        let factors = self.factors(model)?;
        let mut products = Vec::new();
        let mut outputs = Vec::new();
        for output in 0..self.outputs {
            let mut extents = Vec::new();
            for term in model.products(output) {
                if let Some((product, extent)) = factors.product(model, output, term)? {
                    products.push(product);
                    extents.push(extent);
                }
            }
            outputs.push(sum_of(model, &extents)?);
        }
        let mut compiled = ModelPlan {
            key: model_key(&model.id),
            marginals: factors.marginals,
            cells: factors.cells,
            products,
            independent_scale: 0,
            independent_shifted_scale: 0,
            independent_bounded_scale: 0,
            independent_with_bounded: 0,
            headline: Extent::none().model_range(),
            ratio: Extent::none().model_range(),
            groups: self.groups_of(model),
            zeros: factors.zeros,
        };
        self.set_independent_scales(model, &mut compiled)?;
        if let Some(extent) = &outputs[super::HEADLINE] {
            compiled.headline = extent.model_range();
        }
        if let Some(extent) = factors.ratio(model, &compiled)? {
            compiled.ratio = extent.model_range();
        }
        Ok((compiled, Spread { outputs }))
    }

    fn factors(&mut self, model: &AssessedModel) -> Result<Factors, PlanError> {
        let mut all = Factors {
            factors: [const { None }; SLOTS],
            marginals: [Marginal::None; plan::SLOTS],
            cells: [None; plan::SLOTS],
            half_widths: [0.0; SLOTS],
            floors: [0; SLOTS],
            zeros: 0,
        };
        for slot in Slot::ALL {
            let s = slot as usize;
            let Some(factor) = &model.factors[s] else { continue };
            let name = slot.factor().name();
            let mut compiled = self.factor(model, slot, factor)?;
            let acts = !(compiled.zero || slot == Slot::Pue && compiled.marginal == Marginal::None);
            if factor.acts == Acts::Rank && acts && compiled.marginal != Marginal::None {
                let (cell, own) = self.ranks(model, slot, factor)?;
                compiled = compiled.ranked(own);
                all.cells[s] = cell;
            } else if factor.acts != Acts::Rank && !factor.shared.is_empty() && acts {
                let cell = self.cell(model, name, factor)?;
                let parts = &self.cells[cell as usize].parts;
                all.half_widths[s] = parts.iter().map(|&(_, scale)| octaves(scale).abs() * range::Z_MAX).sum();
                all.floors[s] = parts.len() as u32;
                all.cells[s] = Some(cell);
            }
            let [low, _, high] = compiled.own.map(|y| y + compiled.log2_x);
            let half = all.half_widths[s];
            if (low - half).min(high + half).abs().max((high + half).abs()) > range::MAX_OCTAVES {
                return Err(PlanError::OutOfRange { id: model.id.clone() });
            }
            all.marginals[s] = compiled.marginal;
            all.zeros |= u16::from(compiled.can_be_zero) << s;
            all.factors[s] = Some(compiled);
        }
        Ok(all)
    }

    fn groups_of(&self, model: &AssessedModel) -> Vec<u32> {
        // Groups are sorted by (by, value): one look-up per column.
        let groups = Group::of(model, &self.frame.groups_by);
        groups.filter_map(|group| self.groups.binary_search(&group).ok()).map(|g| g as u32).collect()
    }

    /// The cell of one factor's shared effects.
    fn cell(&mut self, model: &AssessedModel, name: &'static str, factor: &AssessedFactor) -> Result<u32, PlanError> {
        let mut parts = Vec::with_capacity(factor.shared.len());
        for &(effect, weight) in &factor.shared {
            let sd = self.frame.shared[effect].ln_gsd * weight / std::f64::consts::LN_2;
            let scale = fixed_scale(sd).ok_or(PlanError::TooWide { id: model.id.clone(), factor: name })?;
            parts.push((effect as u32, scale));
        }
        Ok(self.known_cell(parts))
    }

    /// The cell of effects on one factor's standard normal, in Q1.30, and what is left of its own. Effects that would be
    /// more than the whole normal are the whole.
    fn ranks(
        &mut self,
        model: &AssessedModel,
        slot: Slot,
        factor: &AssessedFactor,
    ) -> Result<(Option<u32>, i32), PlanError> {
        let whole = 1 << RANK_BITS;
        if factor.shared.is_empty() {
            return Ok((None, whole));
        }
        if slot == Slot::Pue {
            let reason = "shared effects act on its standard normal, which the engine does not draw".to_string();
            return Err(PlanError::Table { id: model.id.clone(), factor: slot.factor().name(), reason });
        }
        let loads = factor.shared.iter().map(|&(effect, weight)| self.frame.shared[effect].ln_gsd * weight);
        let loads: Vec<f64> = loads.collect();
        let variance: f64 = loads.iter().map(|load| load * load).sum();
        let by = 1.0 / libm::sqrt(variance).max(1.0);
        let fixed = |x: f64| libm::round(libm::ldexp(x, RANK_BITS)) as i32;
        let parts = factor.shared.iter().zip(&loads).map(|(&(effect, _), load)| (effect as u32, fixed(load * by)));
        let cell = self.known_cell(parts.collect());
        Ok((Some(cell), fixed(libm::sqrt((1.0 - variance).max(0.0)))))
    }

    fn known_cell(&mut self, parts: Vec<(u32, i32)>) -> u32 {
        let cell = Cell { parts };
        // Should a cell be there twice, no draw is another.
        let place = self.cell_of.place(&cell, self.cells.len(), |place| self.cells[place] == cell);
        if place == self.cells.len() {
            self.cells.push(cell);
        }
        place as u32
    }

    /// Scales of the normals that stand for the headline's shared effects when these are drawn for each model alone: the
    /// same variance of the logarithm, an effect on several factors counted with its net power. Those on a bounded factor
    /// have a normal of their own, because its own part is cut given them; what the others have in common with it is
    /// kept. Of a sum of products, those of the first.
    fn set_independent_scales(&self, model: &AssessedModel, compiled: &mut ModelPlan) -> Result<(), PlanError> {
        let Some(product) = compiled.products_of(super::HEADLINE).first() else { return Ok(()) };
        let mut net: BTreeMap<u32, f64> = BTreeMap::new();
        let mut on_bounded: BTreeMap<u32, f64> = BTreeMap::new();
        let mut pue = 0.0;
        for slot in Slot::ALL {
            let (s, sign) = (slot as usize, f64::from(product.signs[slot as usize]));
            let Some(cell) = compiled.cells[s] else { continue };
            for &(effect, scale) in &self.cells[cell as usize].parts {
                let size = octaves(scale);
                match compiled.marginals[s] {
                    Marginal::Ranked { .. } => {}
                    Marginal::Bounded { .. } => *on_bounded.entry(effect).or_insert(0.0) += size,
                    _ if slot == Slot::Pue => pue += size * size * sign * sign,
                    _ => *net.entry(effect).or_insert(0.0) += sign * size,
                }
            }
        }
        let squares = |sizes: &BTreeMap<u32, f64>| sizes.values().map(|size| size * size).sum::<f64>();
        let bounded = libm::sqrt(squares(&on_bounded));
        let common: f64 = net.iter().filter_map(|(effect, size)| Some(size * on_bounded.get(effect)?)).sum();
        let with_bounded = if bounded > 0.0 { common / bounded } else { 0.0 };
        let others = (squares(&net) - with_bounded * with_bounded).max(0.0);
        let scale =
            |sd: f64, factor| fixed_scale(sd).ok_or_else(|| PlanError::TooWide { id: model.id.clone(), factor });
        compiled.independent_scale = scale(libm::sqrt(others), "the shared effects")?;
        compiled.independent_shifted_scale = scale(libm::sqrt(pue), "pue")?;
        compiled.independent_bounded_scale = scale(bounded, "compute")?;
        compiled.independent_with_bounded = scale(with_bounded, "the shared effects")?;
        Ok(())
    }
}

/// The extent of a sum of products; `None` of none.
fn sum_of(model: &AssessedModel, extents: &[Extent]) -> Result<Option<Extent>, PlanError> {
    let [first, .., _] = extents else { return Ok(extents.first().copied()) };
    let (low, high) = extents.iter().fold((first.min, first.max), |(l, h), e| (l.min(e.min), h.max(e.max)));
    if high - low > MAX_APART {
        return Err(PlanError::OutOfRange { id: model.id.clone() });
    }
    Ok(Some(range::sum(|| extents.iter().copied())))
}

impl Factors {
    /// One product of an output and its extent; `None` for a true zero.
    fn product(
        &self,
        model: &AssessedModel,
        output: usize,
        term: &Term,
    ) -> Result<Option<(Product, Extent)>, PlanError> {
        if term.constant == 0.0 {
            return Ok(None);
        }
        let mut constant = libm::log2(term.constant);
        let mut floors = 0.0;
        let mut is_zero = false;
        let mut signs = [0; plan::SLOTS];
        for slot in Slot::ALL {
            let s = slot as usize;
            let power = term.powers[s];
            let Some(factor) = self.factors[s].as_ref().filter(|_| power != 0) else { continue };
            if power < 0 && (factor.zero || factor.can_be_zero) {
                return Err(PlanError::DividedByZero { id: model.id.clone(), factor: slot.factor().name() });
            }
            is_zero |= factor.zero;
            constant += f64::from(power) * factor.log2_constant;
            // A product rounded down is half a unit low on average: put back here, once.
            let one_plus = self.marginals[s].one_plus().is_some();
            if !one_plus {
                floors += 0.5 * f64::from(power) * f64::from(factor.floors + self.floors[s]);
            }
            if self.marginals[s] != Marginal::None || self.cells[s].is_some() {
                signs[s] = power;
            }
        }
        if is_zero {
            return Ok(None);
        }
        let loc = libm::round(libm::ldexp(constant, LOG2_BITS as i32) + floors) as i32;
        let extent = self.extent(&signs, constant);
        if !extent.fits() {
            return Err(PlanError::OutOfRange { id: model.id.clone() });
        }
        Ok(Some((Product { output: output as u8, loc, signs }, extent)))
    }

    /// The extent of the headline over the denominator, where both are one product.
    fn ratio(&self, model: &AssessedModel, compiled: &ModelPlan) -> Result<Option<Extent>, PlanError> {
        let of = |output: usize| compiled.products_of(output);
        let ([over], [under]) = (of(super::HEADLINE), of(super::DENOMINATOR)) else { return Ok(None) };
        let mut signs = over.signs;
        for (sign, under) in signs.iter_mut().zip(under.signs) {
            *sign -= under;
        }
        let extent = self.extent(&signs, libm::ldexp(f64::from(over.loc - under.loc), -(LOG2_BITS as i32)));
        if !extent.fits() {
            return Err(PlanError::OutOfRange { id: model.id.clone() });
        }
        Ok(Some(extent))
    }

    /// How far a product of powers times a constant (log2) ranges.
    fn extent(&self, powers: &[i8; plan::SLOTS], constant: f64) -> Extent {
        let mut y = [constant; 3];
        let mut common = constant;
        let (mut down, mut up) = (0.0, 0.0);
        let (mut table_down, mut table_up) = (0.0, 0.0);
        for (s, (factor, &power)) in self.factors.iter().zip(powers).enumerate() {
            let Some(factor) = factor else { continue };
            let half = self.half_widths[s];
            let at = factor.with_shared(half);
            let (low, high) = if power >= 0 { (at[0], at[2]) } else { (at[2], at[0]) };
            let power = f64::from(power);
            let high_table = factor.table.map_or(at[1], |t| if power >= 0.0 { t[1] } else { t[0] });
            common += power * if self.marginals[s].one_plus().is_some() { at[1] } else { high_table };
            y[0] += power * low;
            y[1] += power * at[1];
            y[2] += power * high;
            let (quadratures, table) = factor.spreads(half);
            for [a, b] in quadratures.map(|ends| ends.map(|end| power * end)) {
                down += a.min(b) * a.min(b);
                up += a.max(b) * a.max(b);
            }
            let [a, b] = table.map(|end| power * end);
            table_down -= a.min(b);
            table_up += a.max(b);
        }
        Extent {
            min: y[0],
            median: y[1],
            max: y[2],
            common,
            down: libm::sqrt(down) + table_down,
            up: libm::sqrt(up) + table_up,
        }
    }
}
