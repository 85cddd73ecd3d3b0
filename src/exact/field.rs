//! All products by what they load on the shared effects that are looked at: what a product co-varies with.
//!
//! Products with the same loads are one class, which is formed once for all sets of effects; classes with the same loads
//! on those that are looked at are one cell. A bounded or rank factor is an axis of the cell: a function of the normal
//! in the direction of its loads, so that functions of the same direction add up. Effects without `by` are common to
//! nearly all pairs: cells with the same loads on those are one pattern, and only cells that also share a local effect
//! are visited pair by pair. The cost is linear in models.

pub mod by_factor;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::closed::Loads;
use super::hermite::Series;
use super::joint::{Joint, components, dot};
use super::rho::rho;
use super::tensor::Tensor;
use super::terms::Product;
use crate::assess::SharedEffect;
use crate::engine::plan::by_hash::ByHash;
use crate::hashed::Map;

/// The direction of a bounded or rank factor's normal.
#[derive(Debug, Clone, PartialEq)]
struct Axis {
    component: usize,
    direction: Loads,
}

/// All products with the same loads: what multiplies them, and the sum of their functions of the normals of the axes, whose
/// directions are as long as the shared effects' part of them.
#[derive(Debug, Clone)]
pub struct Class {
    loads: Loads,
    /// In the order of the slots that the factors are in.
    directions: Vec<Loads>,
    of: Tensor,
    /// The first model with such a product.
    pub model: usize,
}

impl Class {
    /// A product, as if this were its mean.
    fn of(product: &Product, mean: f64) -> Class {
        let directions = product.joint.iter().map(|j| j.loads.clone()).collect();
        let series: Vec<Series> = product.joint.iter().map(|j| j.series.clone()).collect();
        Class { loads: product.loads.clone(), directions, of: Tensor::product(mean, &series), model: product.model }
    }

    /// To the last bit.
    fn has_loads_of(&self, other: &Class) -> bool {
        let alike = |a: &Loads, b: &Loads| {
            a.len() == b.len() && a.iter().zip(b).all(|((e, x), (f, y))| e == f && x.to_bits() == y.to_bits())
        };
        let directions = || self.directions.iter().zip(&other.directions).all(|(a, b)| alike(a, b));
        alike(&self.loads, &other.loads) && self.directions.len() == other.directions.len() && directions()
    }

    /// Whether its factors depend on effects of different components, as they must.
    pub fn is_separate(&self, components: &BTreeMap<usize, usize>) -> bool {
        let mut seen = BTreeSet::new();
        self.directions.iter().all(|direction| seen.insert(component(direction, components)))
    }
}

/// Of loads and directions, to the last bit.
impl Hash for Class {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for loads in [&self.loads].into_iter().chain(&self.directions) {
            loads.len().hash(state);
            loads.iter().for_each(|(e, x)| (e, x.to_bits()).hash(state));
        }
    }
}

/// All products, in the order in which their loads first come.
#[derive(Debug, Default)]
pub struct Classes {
    list: Vec<Class>,
    /// By the loads.
    places: ByHash,
}

impl Classes {
    /// Of these products.
    pub fn all(products: &[&Product]) -> Classes {
        let mut classes = Classes::default();
        products.iter().for_each(|product| classes.add(product));
        classes
    }

    /// Adds a product.
    pub fn add(&mut self, product: &Product) {
        let class = Class::of(product, product.mean_t);
        // Should classes with equal loads stay apart, the field brings them together.
        let place = self.places.place(&class, self.list.len(), |place| self.list[place].has_loads_of(&class));
        match self.list.get_mut(place) {
            Some(known) => known.of.add(&class.of),
            None => self.list.push(class),
        }
    }

    /// One by one, each gone once it has been looked at.
    pub fn into_iter(self) -> impl Iterator<Item = Class> {
        self.list.into_iter()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Class> {
        self.list.iter()
    }

    /// Of the effects on bounded and rank factors.
    pub fn components(&self) -> BTreeMap<usize, usize> {
        components(self.list.iter().flat_map(|class| &class.directions))
    }
}

fn component(direction: &Loads, components: &BTreeMap<usize, usize>) -> usize {
    let known = direction.iter().find_map(|(e, _)| components.get(e).copied());
    known.or_else(|| direction.first().map(|(e, _)| *e)).unwrap_or(usize::MAX)
}

/// Functions as they are once the normals of the axes are shifted, by the bits of the shifts.
type Shifted = Map<Vec<u64>, Arc<Tensor>>;

/// Some products: what multiplies them, and a function of the normals of the axes. Small, as there can be as many as
/// models.
struct Part {
    loads: Arc<[(usize, f64)]>,
    /// By component.
    axes: Arc<[Axis]>,
    of: Tensor,
    shifted: Mutex<Option<Box<Shifted>>>,
}

impl Part {
    fn new(loads: Arc<[(usize, f64)]>, axes: Arc<[Axis]>, of: Tensor) -> Part {
        Part { loads, axes, of, shifted: Mutex::default() }
    }

    /// Another function of the same normals.
    fn with(&self, of: Tensor) -> Part {
        Part::new(self.loads.clone(), self.axes.clone(), of)
    }

    /// As another part sees it that multiplies by `loads`.
    fn seen(&self, loads: &[(usize, f64)]) -> Arc<Tensor> {
        let shifts: Vec<f64> = self.axes.iter().map(|axis| dot(&axis.direction, loads)).collect();
        let key = shifts.iter().map(|x| x.to_bits()).collect();
        let seen = || Arc::new(self.of.shifted(&shifts).into_owned());
        let mut shifted = self.shifted.lock().unwrap_or_else(PoisonError::into_inner);
        shifted.get_or_insert_default().entry(key).or_insert_with(seen).clone()
    }

    /// `E[F G]` over what the shared effects that multiply both make of it.
    fn meets(&self, other: &Part) -> f64 {
        if self.axes.is_empty() && other.axes.is_empty() {
            return self.of.mean() * other.of.mean();
        }
        let (a, b) = (self.seen(&other.loads), other.seen(&self.loads));
        let mut meeting = Vec::new();
        for (i, x) in self.axes.iter().enumerate() {
            if let Some((j, y)) = other.axes.iter().enumerate().find(|(_, y)| y.component == x.component) {
                meeting.push((i, j, dot(&x.direction, &y.direction)));
            }
        }
        a.mean() * b.mean() + a.covariance(&b, &meeting)
    }
}

/// Products with the same loads on the shared effects that are looked at.
struct Cell {
    /// Its pattern, and the load on local effects of what multiplies.
    global: usize,
    local: Loads,
    /// On all effects, and on those without `by`.
    whole: Part,
    common: Part,
}

/// All products as cells.
pub struct Field<'c> {
    effects: &'c [SharedEffect],
    components: &'c BTreeMap<usize, usize>,
    /// Distinct loads on effects without `by`, and the sum of what has them.
    globals: Vec<Part>,
    cells: Vec<Cell>,
    /// Cells by local effect.
    touching: BTreeMap<usize, Vec<usize>>,
}

impl<'c> Field<'c> {
    /// The products by their loads on the effects that `of` lets through.
    pub fn new(
        effects: &'c [SharedEffect],
        components: &'c BTreeMap<usize, usize>,
        classes: impl Iterator<Item = impl Borrow<Class>>,
        of: &dyn Fn(usize) -> bool,
    ) -> Field<'c> {
        let mut field = Field { effects, components, globals: vec![], cells: vec![], touching: BTreeMap::new() };
        let mut global_of = Map::default();
        // By a key that follows from the cell.
        let mut cell_of = ByHash::default();
        for class in classes {
            let (local, whole, common) = field.parts(class.borrow(), of);
            let g = *global_of.entry(key(&common.loads, &common.axes)).or_insert(field.globals.len());
            let common = match field.globals.get_mut(g) {
                Some(pattern) => {
                    pattern.of.add(&common.of);
                    // The same normals, or the same to 40 bits.
                    if pattern.axes == common.axes { pattern.with(common.of) } else { common }
                }
                None => {
                    field.globals.push(common.with(common.of.clone()));
                    common
                }
            };
            let key_of = |local: &Loads, whole: &Part| key(local, &whole.axes);
            let of_cell = key_of(&local, &whole);
            let is = |c: usize| {
                let cell = &field.cells[c];
                cell.global == g && key_of(&cell.local, &cell.whole) == of_cell
            };
            // Should equal cells stay apart, sums over cells are the same.
            let c = cell_of.place(&(g, &of_cell), field.cells.len(), is);
            match field.cells.get_mut(c) {
                Some(cell) => {
                    cell.whole.of.add(&whole.of);
                    cell.common.of.add(&common.of);
                }
                None => field.push(Cell { global: g, local, whole, common }),
            }
        }
        field
    }

    fn push(&mut self, cell: Cell) {
        for effect in self.local_effects(&cell.local, &cell.whole) {
            self.touching.entry(effect).or_default().push(self.cells.len());
        }
        self.cells.push(cell);
    }

    fn local_effects(&self, local: &Loads, whole: &Part) -> BTreeSet<usize> {
        let of_axes = whole.axes.iter().flat_map(|axis| &axis.direction).map(|(e, _)| *e);
        local.iter().map(|(e, _)| *e).chain(of_axes.filter(|e| !self.is_global(*e))).collect()
    }

    /// An effect common to all models. One that is not of this assessment is no other product's.
    fn is_global(&self, effect: usize) -> bool {
        self.effects.get(effect).is_some_and(|e| e.by.is_empty())
    }

    /// Of products: their loads on local effects, all of them, and the part on effects without `by`.
    fn parts(&self, class: &Class, of: &dyn Fn(usize) -> bool) -> (Loads, Part, Part) {
        let loads = among(&class.loads, of);
        let (global, local) = (among(&loads, &|e| self.is_global(e)), among(&loads, &|e| !self.is_global(e)));
        let part = |loads: Loads, keep: &dyn Fn(usize) -> bool| {
            let (mut axes, mut lengths) = (Vec::new(), Vec::new());
            for direction in &class.directions {
                let component = component(direction, self.components);
                let direction = among(direction, keep);
                let length = dot(&direction, &direction).sqrt();
                lengths.push(length);
                if length > 0.0 {
                    let direction = direction.into_iter().map(|(e, x)| (e, x / length)).collect();
                    axes.push(Axis { component, direction });
                }
            }
            Part::new(loads.into(), axes.into(), class.of.given(&lengths))
        };
        let whole = part(loads, of);
        let common = part(global, &|e| of(e) && self.is_global(e));
        (local, whole, common)
    }

    /// Whether each bounded or rank factor of a product from elsewhere meets at most one of any product here.
    pub fn fits(&self, product: &Product) -> bool {
        let of = |j: &Joint| -> BTreeSet<usize> {
            j.loads.iter().map(|(e, _)| self.components.get(e).copied().unwrap_or(*e)).collect()
        };
        let mut seen = BTreeSet::new();
        product.joint.iter().all(|j| {
            let here = of(j);
            let known = here.iter().filter(|c| self.components.contains_key(c)).count();
            known <= 1 && here.iter().all(|c| seen.insert(*c))
        })
    }

    /// `Σ_q μ_q (ρ(p, q) − 1)` over all products q: the covariance of the total with the product, if its mean were 1, by
    /// shared effects alone.
    pub fn covariance(&self, product: &Product) -> f64 {
        let (local, whole, common) = self.parts(&Class::of(product, 1.0), &|_| true);
        self.of_parts(&local, &whole, &common)
    }

    fn of_parts(&self, local: &Loads, whole: &Part, common: &Part) -> f64 {
        let (rhos, by_globals) = self.of_globals(common);
        by_globals + self.of_locals(&rhos, local, whole, common)
    }

    /// ρ with each pattern, and the covariance by effects without `by` alone.
    fn of_globals(&self, common: &Part) -> (Vec<f64>, f64) {
        let rhos: Vec<f64> = self.globals.iter().map(|other| rho(&common.loads, &other.loads)).collect();
        let mut sum = 0.0;
        for (rho, other) in rhos.iter().zip(&self.globals) {
            let (meets, apart) = (common.meets(other), common.of.mean() * other.of.mean());
            sum += meets * (rho - 1.0) + (meets - apart);
        }
        (rhos, sum)
    }

    /// What local effects add to that.
    fn of_locals(&self, rhos: &[f64], local: &Loads, whole: &Part, common: &Part) -> f64 {
        let neighbours: BTreeSet<usize> = self
            .local_effects(local, whole)
            .iter()
            .filter_map(|effect| self.touching.get(effect))
            .flatten()
            .copied()
            .collect();
        let mut sum = 0.0;
        for c in neighbours {
            let cell = &self.cells[c];
            let meets = whole.meets(&cell.whole);
            let by_locals = rhos[cell.global] * meets * (rho(local, &cell.local) - 1.0);
            sum += by_locals + rhos[cell.global] * (meets - common.meets(&cell.common));
        }
        sum
    }

    /// `Σ_p Σ_q μ_p μ_q (ρ(p, q) − 1)`, pattern by pattern: what the effects without `by` lead to is linear in what has
    /// the pattern.
    pub fn variance(&self) -> f64 {
        let mut cells: Vec<Vec<&Cell>> = vec![vec![]; self.globals.len()];
        self.cells.iter().for_each(|cell| cells[cell.global].push(cell));
        let of_pattern = |(pattern, cells): (&Part, &Vec<&Cell>)| {
            let (rhos, by_globals) = self.of_globals(pattern);
            let of_cell = |cell: &&Cell| self.of_locals(&rhos, &cell.local, &cell.whole, &cell.common);
            by_globals + cells.iter().map(of_cell).sum::<f64>()
        };
        // In one order, whatever the number of threads.
        let sums: Vec<f64> = self.globals.par_iter().zip(&cells).map(of_pattern).collect();
        sums.iter().sum()
    }
}

/// The loads on the effects that `of` lets through.
pub fn among(loads: &[(usize, f64)], of: &dyn Fn(usize) -> bool) -> Loads {
    let mut among = Loads::with_capacity(loads.len());
    among.extend(loads.iter().copied().filter(|&(e, _)| of(e)));
    among.shrink_to_fit();
    among
}

/// By effect; by component and effect.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    loads: Vec<(usize, u64)>,
    axes: Vec<(usize, Vec<(usize, i64)>)>,
}

/// Equal for equal loads and directions; these to 40 bits, as their lengths are divided out.
fn key(loads: &[(usize, f64)], axes: &[Axis]) -> Key {
    let rounded = |x: f64| libm::round(libm::ldexp(x, 40)) as i64;
    let of_axis = |axis: &Axis| (axis.component, axis.direction.iter().map(|&(e, x)| (e, rounded(x))).collect());
    Key { loads: loads.iter().map(|&(e, a)| (e, a.to_bits())).collect(), axes: axes.iter().map(of_axis).collect() }
}
