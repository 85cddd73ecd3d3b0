//! A model under construction: factors and outputs before its shared effects are numbered.
//!
//! [`Draft`] is one factor, [`Factors`] are those of a model by slot, a [`Product`] is one of its outputs. [`Core`] is
//! what the disclosures of a row make of them, [`DraftModel`] the whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::acts::Acts;
use super::effects::{Innovation, Loads};
use super::lognormal::{LogNormal, lognormal};
use super::provenance::{Kind, Provenance};
use super::slot::{SLOTS, Slot};
use super::term::Term;
use super::tier::Tier;
use super::wording::shown;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, OUTPUTS, Value, Warning};

pub const J_PER_KWH: f64 = 3.6e6;
pub const FLOP_PER_EFLOP: f64 = 1e18;

/// A factor before its shared effects are numbered.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub distribution: Distribution,
    pub provenance: Provenance,
    /// Effect → weight on its ln GSD.
    pub shared: Loads,
    /// How they act.
    pub acts: Acts,
    /// Given as a distribution by the user: it is used as it is.
    pub explicit: bool,
}

impl Draft {
    pub fn new(distribution: Distribution, provenance: Provenance) -> Draft {
        Draft { distribution, provenance, shared: Loads::new(), acts: Acts::Multiply, explicit: false }
    }

    /// A user's value: a number with its measurement error (ln sd), or a distribution as it stands. Zero has no error.
    pub fn given(value: &Value, error: f64, what: &str) -> Draft {
        let provenance = |how: String| Provenance {
            kind: Kind::Disclosed,
            how,
            source: "the models file".to_string(),
            chosen: false,
        };
        match value {
            Value::Number(x) => {
                let gsd =
                    if error > 0.0 && *x > 0.0 { format!(", GSD {:.3}", libm::exp(error)) } else { String::new() };
                let how = format!("{what} {}{gsd}", shown(*x));
                Draft::new(lognormal(LogNormal { median: *x, ln_sd: error }), provenance(how))
            }
            Value::Distribution(d) => Draft {
                explicit: true,
                ..Draft::new((**d).clone(), provenance(format!("{what} as the distribution given")))
            },
        }
    }

    /// Its distribution without shared effects; a bound then cuts its own part.
    pub fn alone(&self) -> Cow<'_, Distribution> {
        self.acts.alone(&self.distribution)
    }

    /// Its own median.
    pub fn median(&self) -> f64 {
        quantile(&self.alone(), 0.5)
    }

    pub fn is_zero(&self) -> bool {
        self.distribution == Distribution::Fixed(0.0)
    }
}

/// The factors of a model, by slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors([Option<Draft>; SLOTS]);

impl Factors {
    pub fn none() -> Factors {
        Factors(std::array::from_fn(|_| None))
    }

    pub fn set(&mut self, slot: Slot, draft: Draft) {
        self.0[slot as usize] = Some(draft);
    }

    pub fn get(&self, slot: Slot) -> Option<&Draft> {
        self.0[slot as usize].as_ref()
    }

    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Draft> {
        self.0[slot as usize].as_mut()
    }

    pub fn remove(&mut self, slot: Slot) {
        self.0[slot as usize] = None;
    }

    /// Those there are.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Draft)> {
        Slot::ALL.into_iter().filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// Each with what `of` makes of it.
    pub fn map<T>(self, of: impl Fn(Draft) -> T) -> [Option<T>; SLOTS] {
        self.0.map(|draft| draft.map(&of))
    }
}

/// An output under construction: a constant times powers of the factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Product(Term);

impl Product {
    pub fn new(constant: f64) -> Product {
        Product(Term { constant, powers: [0; SLOTS] })
    }

    pub fn with(mut self, slot: Slot, power: i8) -> Product {
        self.0.powers[slot as usize] += power;
        self
    }

    pub fn times(mut self, constant: f64) -> Product {
        self.0.constant *= constant;
        self
    }

    pub fn term(self) -> Term {
        self.0
    }
}

/// What the figures of a row say beyond the row itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Informs {
    /// Of shared effects, by two or more figures that agree.
    pub innovations: Vec<Innovation>,
    /// The last of them.
    pub newest: Option<Newest>,
    /// The row is a mixture of readings: which of its figures are right is open, so they say nothing of other rows.
    pub unsettled: bool,
    /// The stated compute is not used, because the other figures outweigh it.
    pub compute_wrong: bool,
}

/// The most downstream figure of a row with several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newest {
    pub what: &'static str,
    /// What the row's own part of ln emissions moves by for each unit of the innovation, given the shared effects.
    pub gain: f64,
}

/// What the disclosures of a row make of compute and energies: the model without PUE, grid and lineage.
pub struct Core {
    pub factors: Factors,
    /// Facility boundary, in the order of `Output`.
    pub outputs: [Product; OUTPUTS],
    pub tier: Tier,
    pub provenance: BTreeMap<String, Provenance>,
    pub warnings: Vec<Warning>,
    pub informs: Informs,
}

/// A model before its shared effects are numbered.
pub struct DraftModel {
    pub tier: Tier,
    pub factors: Factors,
    pub terms: [Term; OUTPUTS],
    pub provenance: BTreeMap<String, Provenance>,
    pub warnings: Vec<Warning>,
    pub informs: Informs,
    /// The shared effects on efficiency and grid are those that several disclosures leave.
    pub conditioned: bool,
    /// The electricity as bought, or the emissions of it, stand in the place of the grid: effects on the grid do not act.
    pub as_bought: bool,
    /// The scope is market-based and the row says nothing of that.
    pub location_stands_in: bool,
}
