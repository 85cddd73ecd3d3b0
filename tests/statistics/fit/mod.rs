//! `haze fit`: the regressions against published figures, another program and brute force.

mod current;
mod peers;
mod prediction;
mod reference;

use carbonhaze::low_level::fit::{self, Card, Response, Sample, Size, sample};

/// A fit of the embedded models.
fn embedded(sample: Sample, response: Response, size: Size) -> Card {
    let rows = sample::rows(&fit::known_compute(), size);
    fit::card(&rows, sample, response, size).unwrap_or_else(|e| panic!("{sample:?}: {e}"))
}
