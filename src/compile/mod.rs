//! From an assessment to a plan: distributions to marginals, products to sums of logarithms, names to keys.
//!
//! Every decision about one model is made from that model's own row (and the sizes of the effects it is exposed to),
//! so that removing other models changes none of its numbers. What depends on all models, the units of totals and
//! groups, is in `range`.

pub mod key;
pub mod shape;
pub mod tables;

use std::collections::{BTreeMap, HashMap};

use key::{effect_key, model_key};
use crate::engine::plan::range::{self, Spread};
use shape::{ShapeKey, normalise};
use tables::{Compiled, Tables};
use crate::engine::plan::{
    Cell, GroupPlan, LOG2_BITS, MAX_BINNED_MODELS, Marginal, ModelPlan, OUTPUT_EMISSIONS, Plan, SCALE_BITS, TOTALS,
    TermPlan,
};
use crate::assess::{AssessedFactor, AssessedModel, Assessment, OUTPUTS, SLOTS, Slot};
use crate::portfolio::Distribution;

/// Why an assessment cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("models {0:?} and {1:?} have the same 64-bit key: rename one of them")]
    SameKey(String, String),
    #[error("model {id:?}: the spread of {factor} is beyond a geometric standard deviation of 2^31")]
    TooWide { id: String, factor: &'static str },
    #[error(
        "model {id:?}: its values range beyond 2^±450, more than the engine's numbers hold; check units and spreads"
    )]
    OutOfRange { id: String },
    #[error("model {id:?}: {factor} cannot be compiled: {reason}")]
    Table { id: String, factor: &'static str, reason: String },
    #[error("model {id:?}: {factor} is zero and something is divided by it")]
    DividedByZero { id: String, factor: &'static str },
}

/// What `[groups] by` asks for, in the order of [`Plan::groups`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    pub by: String,
    pub value: String,
}

/// The groups that have at least one model, sorted by (by, value).
pub fn groups(assessment: &Assessment) -> Vec<Group> {
    let mut groups: Vec<Group> = assessment
        .groups_by
        .iter()
        .flat_map(|by| {
            let values = assessment.models.iter().filter_map(|m| m.labels.get(by)).filter(|v| !v.is_empty());
            values.map(|value| Group { by: by.clone(), value: value.clone() })
        })
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Compiles an assessment.
pub fn compile(assessment: &Assessment) -> Result<Plan, PlanError> {
    compile_with(assessment, &mut Tables::default())
}

/// Compiles an assessment with the tables that are at hand, and adds those that were not. The plan is that of [`compile`].
pub fn compile_with(assessment: &Assessment, tables: &mut Tables) -> Result<Plan, PlanError> {
    let (shapes, table_of) = shapes(assessment);
    let tables = tables.of(&shapes);
    let mut compiler = Compiler {
        assessment,
        tables,
        table_of,
        cells: Vec::new(),
        cell_of: HashMap::new(),
        groups: groups(assessment),
    };
    let mut ids: BTreeMap<u64, &str> = BTreeMap::new();
    let mut models = Vec::with_capacity(assessment.models.len());
    let mut spreads = Vec::with_capacity(assessment.models.len());
    for model in &assessment.models {
        let (plan, spread) = compiler.model(model)?;
        if let Some(other) = ids.insert(plan.key, &model.id) {
            return Err(PlanError::SameKey(other.to_string(), model.id.clone()));
        }
        models.push(plan);
        spreads.push(spread);
    }
    let totals = range::totals(&spreads);
    let mut members: Vec<Vec<usize>> = vec![vec![]; compiler.groups.len()];
    for (m, model) in models.iter().enumerate() {
        model.groups.iter().for_each(|&g| members[g as usize].push(m));
    }
    let mut saturable = totals.saturable;
    let group_plans: Vec<GroupPlan> = (0..compiler.groups.len())
        .map(|g| {
            let (plan, group_saturable) = range::group(&spreads, g, &members[g]);
            saturable |= group_saturable;
            plan
        })
        .collect();
    let mut total_units = [0; TOTALS];
    total_units[..OUTPUTS].copy_from_slice(&totals.units);
    total_units[OUTPUTS] = totals.units[OUTPUT_EMISSIONS];
    let shares = |m: &ModelPlan| m.terms[OUTPUT_EMISSIONS].as_ref().is_some_and(|t| m.shares(t));
    Ok(Plan {
        has_independent: models.iter().any(shares),
        tables: compiler.tables.into_iter().filter_map(Result::ok).collect(),
        effects: assessment.shared.iter().map(effect_key).collect(),
        cells: compiler.cells,
        binned: models.len() <= MAX_BINNED_MODELS,
        models,
        total_units,
        saturable,
        groups: group_plans,
        atci_shift: totals.atci_shift,
    })
}

struct Compiler<'a> {
    assessment: &'a Assessment,
    tables: Vec<Compiled>,
    table_of: HashMap<ShapeKey, u32>,
    cells: Vec<Cell>,
    cell_of: HashMap<Cell, u32>,
    groups: Vec<Group>,
}

/// One factor compiled: its marginal, the constant that goes into the terms (log2), and its spread.
struct CompiledFactor {
    marginal: Marginal,
    log2_constant: f64,
    /// For a PUE sampled as 1 + X: log2 of X's constant, which is in the marginal and not in the terms.
    log2_x: f64,
    /// A fixed zero.
    zero: bool,
    can_be_zero: bool,
    /// log2 of non-zero values at z = −z_max, 0 and z_max, shared effects excluded, constant excluded.
    own: [f64; 3],
    /// For a table: log2 at z = −5, 4 and 5.
    table: Option<[f64; 3]>,
    /// Products rounded down in the sampled logarithm.
    floors: u32,
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
            table: None,
            floors: 0,
        }
    }
}

impl Compiler<'_> {
    fn model(&mut self, model: &AssessedModel) -> Result<(ModelPlan, Spread), PlanError> {
        let mut marginals = [Marginal::None; SLOTS];
        let mut cells = [None; SLOTS];
        let mut factors: [Option<CompiledFactor>; SLOTS] = [const { None }; SLOTS];
        let mut shared_half_widths = [0.0; SLOTS];
        let mut shared_floors = [0u32; SLOTS];
        let mut zeros = 0;
        for slot in Slot::ALL {
            let s = slot as usize;
            let Some(factor) = &model.factors[s] else { continue };
            let name = slot.factor().name();
            let compiled = self.factor(model, slot, factor)?;
            let acts = !(compiled.zero || slot == Slot::Pue && compiled.marginal == Marginal::None);
            if !factor.shared.is_empty() && acts {
                let cell = self.cell(model, name, factor)?;
                let parts = &self.cells[cell as usize].parts;
                shared_half_widths[s] = parts.iter().map(|&(_, scale)| octaves(scale).abs() * range::Z_MAX).sum();
                shared_floors[s] = parts.len() as u32;
                cells[s] = Some(cell);
            }
            let log2_x = compiled.log2_x;
            let [low, _, high] = compiled.own.map(|y| y + log2_x);
            let half = shared_half_widths[s];
            if (low - half).min(high + half).abs().max((high + half).abs()) > range::MAX_OCTAVES {
                return Err(PlanError::OutOfRange { id: model.id.clone() });
            }
            marginals[s] = compiled.marginal;
            zeros |= u8::from(compiled.can_be_zero) << s;
            factors[s] = Some(compiled);
        }
        let spread_of = |powers: &[i8; SLOTS], constant: f64| {
            let mut y = [constant; 3];
            let mut common = constant;
            let (mut down, mut up) = (0.0, 0.0);
            let (mut table_down, mut table_up) = (0.0, 0.0);
            for s in 0..SLOTS {
                let (Some(factor), power) = (&factors[s], powers[s]) else { continue };
                let at = factor.with_shared(shared_half_widths[s]);
                let (low, high) = if power >= 0 { (at[0], at[2]) } else { (at[2], at[0]) };
                let power = f64::from(power);
                let high_table = factor.table.map_or(at[1], |t| if power >= 0.0 { t[1] } else { t[0] });
                common += power * if marginals[s].one_plus().is_some() { at[1] } else { high_table };
                y[0] += power * low;
                y[1] += power * at[1];
                y[2] += power * high;
                let (quadratures, table) = factor.spreads(shared_half_widths[s]);
                for [a, b] in quadratures.map(|ends| ends.map(|end| power * end)) {
                    down += a.min(b) * a.min(b);
                    up += a.max(b) * a.max(b);
                }
                let [a, b] = table.map(|end| power * end);
                table_down -= a.min(b);
                table_up += a.max(b);
            }
            range::Extent {
                min: y[0],
                median: y[1],
                max: y[2],
                common,
                down: libm::sqrt(down) + table_down,
                up: libm::sqrt(up) + table_up,
            }
        };

        let mut terms = [None; OUTPUTS];
        let mut extents = [const { None }; OUTPUTS];
        for (o, term) in model.terms.iter().enumerate() {
            if term.constant == 0.0 {
                continue;
            }
            let mut constant = libm::log2(term.constant);
            let mut floors = 0.0;
            let mut is_zero = false;
            let mut signs = [0; SLOTS];
            for slot in Slot::ALL {
                let s = slot as usize;
                let power = term.powers[s];
                let Some(factor) = factors[s].as_ref().filter(|_| power != 0) else { continue };
                if power < 0 && (factor.zero || factor.can_be_zero) {
                    return Err(PlanError::DividedByZero { id: model.id.clone(), factor: slot.factor().name() });
                }
                is_zero |= factor.zero;
                constant += f64::from(power) * factor.log2_constant;
                // A product rounded down is half a unit low on average: put back here, once.
                let one_plus = marginals[s].one_plus().is_some();
                if !one_plus {
                    floors += 0.5 * f64::from(power) * f64::from(factor.floors + shared_floors[s]);
                }
                if marginals[s] != Marginal::None || cells[s].is_some() {
                    signs[s] = power;
                }
            }
            if is_zero {
                continue;
            }
            let loc = libm::round(libm::ldexp(constant, LOG2_BITS as i32) + floors) as i32;
            let extent = spread_of(&signs, constant);
            if !extent.fits() {
                return Err(PlanError::OutOfRange { id: model.id.clone() });
            }
            extents[o] = Some(extent);
            terms[o] = Some(TermPlan { loc, signs });
        }
        let (independent_scale, independent_pue_scale) = self.independent_scales(model, &cells, &terms)?;
        let mut plan = ModelPlan {
            key: model_key(&model.id),
            marginals,
            cells,
            terms,
            independent_scale,
            independent_pue_scale,
            emissions: range::Extent::none().model_range(),
            atci: range::Extent::none().model_range(),
            groups: self.groups_of(model),
            zeros,
        };
        if let Some(extent) = &extents[OUTPUT_EMISSIONS] {
            plan.emissions = extent.model_range();
        }
        if let Some(term) = plan.atci_term() {
            let extent = spread_of(&term.signs, libm::ldexp(f64::from(term.loc), -(LOG2_BITS as i32)));
            if !extent.fits() {
                return Err(PlanError::OutOfRange { id: model.id.clone() });
            }
            plan.atci = extent.model_range();
        }
        Ok((plan, Spread { outputs: extents }))
    }

    fn groups_of(&self, model: &AssessedModel) -> Vec<u32> {
        // Groups are sorted by (by, value): one look-up per column.
        self.assessment
            .groups_by
            .iter()
            .filter_map(|by| {
                let value = model.labels.get(by).filter(|v| !v.is_empty())?;
                self.groups.binary_search(&Group { by: by.clone(), value: value.clone() }).ok()
            })
            .map(|g| g as u32)
            .collect()
    }

    fn factor(
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
                let half = octaves(scale) * range::Z_MAX;
                Ok(wrap(CompiledFactor {
                    marginal: Marginal::Affine { scale },
                    log2_constant: libm::log2(*median),
                    log2_x: 0.0,
                    zero: false,
                    can_be_zero: false,
                    own: [-half, 0.0, half],
                    table: None,
                    floors: 1,
                }))
            }
            other => {
                let table = self.table(other).map_err(|reason| PlanError::Table {
                    id: model.id.clone(),
                    factor: name,
                    reason,
                })?;
                Ok(wrap(table))
            }
        }
    }

    fn table(&self, distribution: &Distribution) -> Result<CompiledFactor, String> {
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
            own: [at(-range::Z_MAX), at(0.0), at(range::Z_MAX)],
            table: Some([at(-5.0), at(4.0), at(5.0)]),
            floors: 0,
        })
    }

    /// The cell of one factor's shared effects.
    fn cell(&mut self, model: &AssessedModel, name: &'static str, factor: &AssessedFactor) -> Result<u32, PlanError> {
        let mut parts = Vec::with_capacity(factor.shared.len());
        for &(effect, weight) in &factor.shared {
            let sd = self.assessment.shared[effect].ln_gsd * weight / std::f64::consts::LN_2;
            let scale = fixed_scale(sd).ok_or(PlanError::TooWide { id: model.id.clone(), factor: name })?;
            parts.push((effect as u32, scale));
        }
        let cell = Cell { parts };
        let next = self.cells.len() as u32;
        let index = *self.cell_of.entry(cell.clone()).or_insert(next);
        if index == next {
            self.cells.push(cell);
        }
        Ok(index)
    }

    /// Scales of the two normals that stand for the emissions' shared effects when these are drawn for each model
    /// alone: the same variance of the logarithm, an effect on several factors counted with its net power.
    fn independent_scales(
        &self,
        model: &AssessedModel,
        cells: &[Option<u32>; SLOTS],
        terms: &[Option<TermPlan>; OUTPUTS],
    ) -> Result<(i32, i32), PlanError> {
        let Some(term) = &terms[OUTPUT_EMISSIONS] else { return Ok((0, 0)) };
        let mut net: BTreeMap<u32, f64> = BTreeMap::new();
        let mut pue = 0.0;
        for slot in Slot::ALL {
            let (s, sign) = (slot as usize, f64::from(term.signs[slot as usize]));
            let Some(cell) = cells[s] else { continue };
            for &(effect, scale) in &self.cells[cell as usize].parts {
                let size = octaves(scale);
                if slot == Slot::Pue {
                    pue += size * size * sign * sign;
                } else {
                    *net.entry(effect).or_insert(0.0) += sign * size;
                }
            }
        }
        let others: f64 = net.values().map(|size| size * size).sum();
        let scale = |variance: f64, factor| {
            fixed_scale(libm::sqrt(variance)).ok_or(PlanError::TooWide { id: model.id.clone(), factor })
        };
        Ok((scale(others, "the shared effects")?, scale(pue, "pue")?))
    }
}

impl CompiledFactor {
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
    fn with_shared(&self, half: f64) -> [f64; 3] {
        let [low, middle, high] = self.own;
        if self.marginal.one_plus().is_some() {
            let at = |y: f64| libm::log1p(libm::exp2(self.log2_x + y)) / std::f64::consts::LN_2;
            [at(low - half), at(middle), at(high + half)]
        } else {
            [low - half, middle, high + half]
        }
    }

    /// Distances from the middle to the ends of what bins cover: lognormal parts (own and shared, to be added in
    /// quadrature) and a bounded part (a table or a PUE, to be added in full).
    fn spreads(&self, half: f64) -> ([[f64; 2]; 2], [f64; 2]) {
        let [low, middle, high] = self.own;
        if self.marginal.one_plus().is_some() {
            let [low, middle, high] = self.with_shared(half);
            ([[0.0; 2]; 2], [low - middle, high - middle])
        } else if let Some([low, _, high]) = self.table {
            ([[0.0; 2], [-half, half]], [low - middle, high - middle])
        } else {
            ([[low - middle, high - middle], [-half, half]], [0.0; 2])
        }
    }
}

/// Whether PUE − 1 is what is sampled: where effects are shared, and where that needs no table.
fn is_one_plus(slot: Slot, factor: &AssessedFactor) -> bool {
    slot == Slot::Pue && (!factor.shared.is_empty() || is_shifted_lognormal(&factor.distribution))
}

/// The distribution that is drawn from.
fn sampled(slot: Slot, factor: &AssessedFactor) -> Distribution {
    if is_one_plus(slot, factor) { factor.distribution.minus_one() } else { factor.distribution.clone() }
}

/// Every shape that needs a table, in the order of first use, and its place there.
fn shapes(assessment: &Assessment) -> (Vec<(ShapeKey, Distribution)>, HashMap<ShapeKey, u32>) {
    let mut shapes = Vec::new();
    let mut table_of = HashMap::new();
    for model in &assessment.models {
        for slot in Slot::ALL {
            let Some(factor) = &model.factors[slot as usize] else { continue };
            let distribution = sampled(slot, factor);
            if matches!(distribution, Distribution::Fixed(_) | Distribution::LogNormal { .. }) {
                continue;
            }
            let (shape, _) = normalise(&distribution);
            let key = ShapeKey::of(&shape);
            table_of.entry(key.clone()).or_insert_with(|| {
                shapes.push((key, shape));
                shapes.len() as u32 - 1
            });
        }
    }
    (shapes, table_of)
}

fn is_shifted_lognormal(distribution: &Distribution) -> bool {
    matches!(distribution, Distribution::Shifted { shift, inner }
        if *shift == 1.0 && matches!(**inner, Distribution::LogNormal { .. }))
}

/// Octaves per standard deviation in Q5.26.
fn fixed_scale(octaves: f64) -> Option<i32> {
    let scale = libm::round(libm::ldexp(octaves, SCALE_BITS as i32));
    (scale.abs() < 2_147_483_648.0).then_some(scale as i32)
}

/// A Q5.26 scale in octaves.
fn octaves(scale: i32) -> f64 {
    libm::ldexp(f64::from(scale), -(SCALE_BITS as i32))
}
