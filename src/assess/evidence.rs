//! A row as it counts: what it states, without copies and figures made from other figures, in the scope's basis.

use std::collections::BTreeMap;

use super::provenance::{Kind, Provenance};
use crate::portfolio::{Model, Value, Warning};

/// The row without what does not count.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    pub model: Model,
    /// What decides the emissions where the scope is market-based.
    pub market: Option<Market>,
    pub provenance: BTreeMap<String, Provenance>,
    pub warnings: Vec<Warning>,
}

/// What decides the emissions of a row in the place of the grid at its location.
#[derive(Debug, Clone, PartialEq)]
pub enum Market {
    /// Emissions in kg.
    Figure(Value),
    /// g/kWh; it is in the row as its grid intensity.
    Intensity,
    /// g/kWh, where location-based emissions have been turned into energy by the grid intensity.
    Besides(Value),
}

impl Market {
    /// Whether it stands in the place of the grid intensity.
    pub fn replaces_grid(&self) -> bool {
        matches!(self, Market::Figure(_) | Market::Intensity)
    }
}

impl Evidence {
    /// All that the row states.
    pub fn all_of(model: &Model) -> Evidence {
        Evidence { model: model.clone(), market: None, provenance: BTreeMap::new(), warnings: Vec::new() }
    }

    /// Says why a figure does not count, under the name of its column.
    pub fn left_out(&mut self, column: &str, how: String) {
        let provenance =
            Provenance { kind: Kind::Disclosed, how, source: "the models file".to_string(), chosen: false };
        self.provenance.insert(format!("{column} (not counted)"), provenance);
    }
}
