//! The statistics of what is drawn: the normals, known answers, the distribution of every family, growth, and the random
//! stream's stability.

#[path = "../common/mod.rs"]
mod common;

mod agreement;
mod families;
mod fit;
mod gauge;
mod joint;
mod known;
mod normals;
mod precision;
mod sampled;
mod sensitivity;
mod shares;
mod stability;
mod trend;

use carbonhaze::low_level::assess::{AssessedModel, Assessment, SLOTS, Slot, Term};
use carbonhaze::low_level::portfolio::Distribution;

/// A model whose every output is the product of these factors.
fn product(id: &str, factors: &[(Slot, Distribution)]) -> AssessedModel {
    let mut slots = [const { None }; SLOTS];
    let mut powers = [0; SLOTS];
    for (slot, distribution) in factors {
        slots[*slot as usize] = common::factor(distribution.clone());
        powers[*slot as usize] = 1;
    }
    let mut model = common::model(id, slots);
    model.terms = [Term { constant: 1.0, powers }; 4];
    model
}

/// The sum of these models, without shared effects.
fn sum(mut models: Vec<AssessedModel>) -> Assessment {
    models.sort_by(|a, b| a.id.cmp(&b.id));
    Assessment { models, shared: vec![], scope: common::scope(), warnings: vec![], groups_by: vec![], further: vec![] }
}

/// LN(0, σ): median 1.
fn lognormal(sigma: f64) -> Distribution {
    Distribution::LogNormal { median: 1.0, gsd: sigma.exp() }
}
