//! Random words to exact totals.
//!
//! The numbers go `philox` → `inverse_normal` → `marginal` / `shared` / `one_plus` → `exp2` → `accumulate` (totals per
//! draw) and `summarise` (single models). `model_block` puts these together for one model and a few hundred draws, `simd`
//! compiles that for each instruction set, `cpu` spreads it over the cores. `scalar` is the same computation written draw
//! by draw: the definition that the others are tested against. `corners` does the same at the corners of a pick-freeze
//! design. `reduce` is what is done with the kept draws afterwards, by `sort` and `quotient`, or on a device. `shard` is a
//! summary that knows its run, so that parts of it merge and others do not, and `summary_file` is its form as a file.

pub mod accumulate;
pub mod corner_block;
pub mod corners;
pub mod cpu;
mod cpu_corners;
pub mod exp2;
pub mod inverse_normal;
pub mod log2;
pub mod marginal;
pub mod model_block;
pub mod one_plus;
pub mod packed;
pub mod philox;
pub mod quotient;
pub mod reduce;
pub mod scalar;
pub mod shard;
pub mod shared;
pub mod simd;
mod sizes;
pub mod sort;
pub mod summarise;
pub mod summary;
pub mod summary_file;
