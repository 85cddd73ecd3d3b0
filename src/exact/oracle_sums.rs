//! The oracle of models that come one after the other: what is kept of them are sums, and their classes of loads on shared
//! effects.
//!
//! Own parts add up over models, and the part of the shared effects follows from the classes ([`super::field`]), so that
//! memory grows with the classes and not with the models. The result is that of all models at once, to the last digit.

use rayon::prelude::*;

use super::closed::{Inputs, is_apart, model_variance, own_of, own_of_sets};
use super::field::by_factor::{self, Factors};
use super::field::{Classes, Field};
use super::kurtosis::kurtosis;
use super::oracle::{NO_SECOND_MOMENT, Oracle, VarianceShare, explained, factors, resolved};
use super::terms::{Known, Product, connected, products_of};
use crate::assess::{AssessedModel, Assessment, Slot};
use crate::portfolio::Factor;

/// Models whose moments are worked out on all cores before they are added.
const AT_ONCE: usize = 512;
/// Distributions whose moments are remembered at most: rows have most of their priors in common.
const REMEMBERED: usize = 1 << 13;
/// Products from which the kurtosis is computed at most: with more of them their effects are too entangled.
const KEPT: usize = 5_000;

/// Sums over models.
pub struct Moments<'a> {
    /// Shared effects and scope: of its models nothing is looked at.
    frame: &'a Assessment,
    factors: &'static [Factor],
    /// The factor of each shared effect, by its number among the factors.
    of_effect: Vec<Option<usize>>,
    known: Known,
    models: usize,
    mean_t: f64,
    /// What own parts add to V_u of every set of factors, by its bits; `None` once one is infinite.
    own: Option<Vec<f64>>,
    independent: Option<f64>,
    /// Whether every bounded or rank factor depends on effects of its own factor only.
    apart: bool,
    classes: Classes,
    /// All of them, while they are few.
    kept: Option<Vec<Product>>,
    /// Why there are no moments.
    failed: Option<String>,
}

/// What one model adds.
struct Own {
    sets: Option<Vec<f64>>,
    variance: Option<f64>,
}

impl<'a> Moments<'a> {
    /// Of no model under the shared effects of `frame`.
    pub fn new(frame: &'a Assessment) -> Moments<'a> {
        let factors = factors(frame);
        let of_effect = frame.shared.iter().map(|e| factors.iter().position(|f| *f == e.factor)).collect();
        Moments {
            frame,
            factors,
            of_effect,
            known: Known::default(),
            models: 0,
            mean_t: 0.0,
            own: Some(vec![0.0; 1 << factors.len()]),
            independent: Some(0.0),
            apart: factors.len() <= by_factor::MOST,
            classes: Classes::default(),
            kept: Some(Vec::new()),
            failed: None,
        }
    }

    /// Adds models.
    pub fn add(&mut self, models: &[AssessedModel]) {
        for models in models.chunks(AT_ONCE) {
            if self.failed.is_some() {
                return;
            }
            match products_of(&self.frame.shared, models, self.models, &mut self.known) {
                Ok(products) => self.add_products(products),
                Err(reason) => self.failed = Some(reason),
            }
            self.models += models.len();
            self.known.forget_above(REMEMBERED);
        }
    }

    fn add_products(&mut self, products: Vec<Product>) {
        let by_model: Vec<&[Product]> = products.chunk_by(|a, b| a.model == b.model).collect();
        // On all cores, and added one after the other.
        let own: Vec<Own> = by_model.into_par_iter().map(|products| self.own_of(products)).collect();
        for Own { sets, variance } in own {
            match (&mut self.own, sets) {
                (Some(sums), Some(sets)) => sums.iter_mut().zip(sets).for_each(|(sum, own)| *sum += own),
                _ => self.own = None,
            }
            self.independent = self.independent.zip(variance).map(|(sum, variance)| sum + variance);
        }
        for product in &products {
            self.mean_t += product.mean_t;
            self.apart &= is_apart(product, self.by_factor(), &|slot| self.number(slot));
            self.classes.add(product);
        }
        match &mut self.kept {
            Some(kept) if kept.len() + products.len() <= KEPT => kept.extend(products),
            _ => self.kept = None,
        }
    }

    fn number(&self, slot: Slot) -> Option<usize> {
        self.factors.iter().position(|f| *f == slot.factor())
    }

    fn by_factor(&self) -> Factors<'_> {
        Factors { of: &self.of_effect, count: self.factors.len() }
    }

    fn own_of(&self, products: &[Product]) -> Own {
        let products: Vec<&Product> = products.iter().collect();
        let of_slot = |slot: Slot| self.number(slot);
        let factors = self.by_factor();
        let few = factors.count <= by_factor::MOST;
        let sets = if few && products.iter().all(|p| is_apart(p, factors, &of_slot)) {
            own_of_sets(&products, factors, &of_slot)
        } else {
            (0..1usize << factors.count).map(|set| own_of(&products, self.inputs(set).as_inputs())).collect()
        };
        Own { sets, variance: model_variance(&products) }
    }

    /// A set of factors, by its bits.
    fn inputs(&self, set: usize) -> Set<impl Fn(usize) -> bool + '_, impl Fn(Slot) -> bool + '_> {
        let has = move |number: Option<usize>| number.is_some_and(|k| set >> k & 1 == 1);
        Set { shared: move |e| has(self.of_effect.get(e).copied().flatten()), own: move |slot| has(self.number(slot)) }
    }

    /// The oracle of all models that were added; `id` gives the id of one by its place.
    pub fn finish(mut self, id: &dyn Fn(usize) -> String) -> Oracle {
        let components = self.classes.components();
        let joined = self.classes.iter().find(|class| !class.is_separate(&components));
        if let Some(reason) = self.failed.clone().or_else(|| joined.map(|class| connected(&id(class.model)))) {
            return unknown(reason);
        }
        let classes = std::mem::take(&mut self.classes);
        let sets = self.own.as_ref().map(|own| {
            let effects = &self.frame.shared;
            let field = |of: &dyn Fn(usize) -> bool| Field::new(effects, &components, classes.iter(), of);
            let shared: Vec<f64> = match self.apart {
                true => Field::new(effects, &components, classes.into_iter(), &|_| true).variances(self.by_factor()),
                // Each sum is formed in one order, whatever the number of threads.
                false => {
                    let sets = (0..own.len()).into_par_iter();
                    sets.map(|set| field(&self.inputs(set).shared).variance()).collect()
                }
            };
            own.iter().zip(shared).map(|(own, shared)| own + shared).collect::<Vec<f64>>()
        });
        self.of_sets(sets)
    }

    /// From V_u of every set of factors.
    fn of_sets(self, sets: Option<Vec<f64>>) -> Oracle {
        let mean_t = self.mean_t;
        let variance = sets.as_ref().and_then(|sets| sets.last()).map(|v| resolved(*v, mean_t));
        let positive = variance.filter(|v| *v > 0.0);
        let shares = positive.zip(sets).and_then(|(_, sets)| explained(self.factors.len(), sets).shares());
        let share = |(k, factor): (usize, &Factor)| {
            let indices = shares.as_ref()?;
            Some(VarianceShare {
                name: factor.name().to_string(),
                first_order: indices.first_order[k],
                total: indices.total[k],
                shapley: indices.shapley[k],
            })
        };
        let kurtosis = |v: f64| kurtosis(self.frame, self.kept.as_deref()?, v);
        Oracle {
            mean_t,
            sd_t: variance.map(libm::sqrt),
            kurtosis: positive.and_then(kurtosis),
            independent_mean_t: mean_t,
            independent_sd_t: self.independent.map(|v| libm::sqrt(resolved(v, mean_t))),
            groups: self.factors.iter().enumerate().filter_map(share).collect(),
            reason: variance.is_none().then(|| NO_SECOND_MOMENT.to_string()),
        }
    }
}

/// A set of inputs that owns its conditions.
struct Set<S, O> {
    shared: S,
    own: O,
}

impl<S: Fn(usize) -> bool, O: Fn(Slot) -> bool> Set<S, O> {
    fn as_inputs(&self) -> Inputs<'_> {
        Inputs { shared: &self.shared, own: &self.own }
    }
}

fn unknown(reason: String) -> Oracle {
    Oracle {
        mean_t: f64::NAN,
        sd_t: None,
        kurtosis: None,
        independent_mean_t: f64::NAN,
        independent_sd_t: None,
        groups: vec![],
        reason: Some(reason),
    }
}
