//! Random words to exact totals.
//!
//! The numbers go `philox` → `inverse_normal` → `marginal` / `shared` / `one_plus` → `exp2` → `accumulate` (totals per
//! draw) and `summarise` (single models). `factor` makes the logarithms of a model's factors, `separate` its headline without
//! shared effects, in `loops` over draws. `model_block` puts these together for one model and a few hundred draws, `simd`
//! compiles that for each instruction set, `cpu` spreads it over the cores. `scalar` is the same computation written draw
//! by draw: the definition that the others are tested against. `corners` does the same at the corners of a pick-freeze
//! design. `reduce` is what is done with the kept draws afterwards, by `sort` and `quotient`, or on a device. `shard` is a
//! summary that knows its run, so that parts of it merge and others do not, and `summary_file` is its form as a file.
//!
//! ```
//! use carbonhaze::engine::draw::exp2;
//! use carbonhaze::engine::draw::philox::{Domain, Stream, philox4x32_10};
//!
//! // The generator's published known answer (Random123, kat_vectors).
//! assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
//! // Draw 7 of an entity's first four factors: a function of seed, entity and draw, and of nothing drawn before it.
//! let words = Stream::new(42, Domain::Own, 0, 12345).words(7);
//! assert_ne!(words, Stream::new(42, Domain::Own, 0, 12346).words(7));
//! // 2^0 is one unit of 2^0.
//! assert_eq!(exp2::count(exp2::fraction(0), 0, 0), 1);
//! ```

pub mod accumulate;
pub mod bounded;
pub mod corner_block;
pub mod corners;
pub mod cpu;
mod cpu_corners;
pub mod exp2;
pub mod factor;
pub mod fused;
pub mod inverse_normal;
pub mod log2;
pub mod loops;
pub mod marginal;
pub mod model_block;
pub mod normal_cdf;
pub mod one_plus;
pub mod packed;
pub mod philox;
pub mod quotient;
pub mod reduce;
pub mod scalar;
pub mod separate;
pub mod shard;
pub mod shared;
pub mod simd;
mod sizes;
pub mod sort;
pub mod summarise;
pub mod summary;
pub mod summary_file;
