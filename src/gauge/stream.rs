//! The random stream and its normals.
//!
//! The block function and the inverse normal are asked on the processor; that a GPU has the same is its self-test, and
//! every draw. Then the backend draws four lognormals of one octave per standard deviation whose random words are
//! those of Random123's first vector: the logarithms of what it gives are the normals of these words.

use super::expected::{FIRST_NORMALS, NORMALS};
use super::portfolios::octave;
use super::{Figure, Section, Value, figure::Criterion};
use crate::assess::Slot;
use crate::compile::compile;
use crate::engine::draw::inverse_normal::inverse_normal;
use crate::engine::draw::philox::philox4x32_10;
use crate::engine::plan::Z_BITS;
use crate::run::{RunError, Sampler};

/// Counter, key and words: `kat_vectors` of Random123 (D. E. Shaw Research), philox4x32, 10 rounds.
const VECTORS: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
    (
        [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
        [0xa4093822, 0x299f31d0],
        [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ),
];

/// Largest error of the inverse normal (docs/engine.md).
const NORMAL: f64 = 1.0 / (1 << 20) as f64;
/// With the rounding of a logarithm and the error of 2^y.
const DRAWN: f64 = 1.0 / (1 << 19) as f64;

/// Blocks of the random stream, normals of given words, and normals as the backend draws them.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn section(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let vectors = (1..).zip(VECTORS).map(|(k, (counter, key, words))| Figure {
        name: format!("Philox4x32-10, vector {k}"),
        obtained: Value::Words(philox4x32_10(counter, key)),
        expected: Value::Words(words),
        criterion: Criterion::Exact,
    });
    let mut figures: Vec<Figure> = vectors.collect();
    for (word, z) in NORMALS {
        let obtained = libm::ldexp(f64::from(inverse_normal(word)), -(Z_BITS as i32));
        figures.push(Figure::within(format!("normal of word {word:08x}"), obtained, z, NORMAL));
    }
    let slots = [Slot::Compute, Slot::Efficiency, Slot::Pue, Slot::Grid];
    for (word, (slot, z)) in slots.into_iter().zip(FIRST_NORMALS).enumerate() {
        let mut plan = compile(&octave(slot))?;
        // Key, seed and draw 0: counter and key of the first vector.
        plan.models.iter_mut().for_each(|model| model.key = 0);
        let drawn = sampler.draw_part(&plan, 0, 0..1)?;
        let count = drawn.totals[plan.headline].first().map_or(f64::NAN, |&count| count as f64);
        let log2 = libm::log2(count) + f64::from(plan.unit(plan.headline));
        figures.push(Figure::within(format!("drawn from word {word} of vector 1"), log2, z, DRAWN));
    }
    Ok(Section {
        title: "Random stream and normals",
        source: "Salmon et al. 2011, doi:10.1145/2063384.2063405, vectors of Random123; Φ⁻¹ in 30 digits (mpmath)",
        how: "the last four: log2 of lognormals that the backend drew".into(),
        figures,
    })
}
