//! Run-time choice of instruction set: one body, compiled once per set.
//!
//! The loops of `model_block` are plain Rust; what makes them fast is that the compiler may use wide registers. Here
//! the same inlined body is compiled with the features of each set, and the widest one the processor has is called.
//! All of them give the same bytes. One loop is written by hand where the processor has an instruction for it that the
//! compiler does not find (`fused`).

use super::fused::Fused;
use super::model_block::{self, Scratch, SharedLogs, Span, Totals};
use super::philox::Domain;
use super::{corner_block, shared};
use crate::engine::ModelSummary;
use crate::engine::plan::{Block, Cell, ModelPlan};

/// An instruction set the CPU backend can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simd {
    /// What the target guarantees (SSE2 on x86-64, NEON on AArch64).
    Baseline,
    /// AVX2 with BMI1, BMI2 and LZCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F and BW with those.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// The same with IFMA ([`Fused`]).
    #[cfg(target_arch = "x86_64")]
    Avx512Ifma,
}

impl Simd {
    /// Every set this processor has, widest last.
    pub fn available() -> Vec<Simd> {
        #[allow(unused_mut)]
        let mut sets = vec![Simd::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt");
            if avx2 {
                sets.push(Simd::Avx2);
            }
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                sets.push(Simd::Avx512);
                sets.extend(Fused::detected().map(|_| Simd::Avx512Ifma));
            }
        }
        sets
    }

    /// The widest set this processor has.
    pub fn detect() -> Simd {
        Simd::available().last().copied().unwrap_or(Simd::Baseline)
    }

    /// As results and `haze doctor` name it.
    pub fn name(self) -> &'static str {
        match self {
            Simd::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512Ifma => "avx512ifma",
        }
    }
}

macro_rules! compiled_for {
    ($set:ident $(, $features:literal)?) => {
        mod $set {
            use super::*;

            #[allow(clippy::too_many_arguments)]
            $(#[target_feature(enable = $features)])?
            pub fn add_model(
                plan: Block<'_>,
                model: &ModelPlan,
                span: &Span,
                shared: SharedLogs,
                scratch: &mut Scratch,
                totals: &mut Totals,
                summary: &mut ModelSummary,
            ) {
                model_block::add_model(plan, model, span, shared, scratch, totals, summary)
            }

            $(#[target_feature(enable = $features)])?
            pub fn draw_effect(seed: u64, domain: Domain, effect_key: u64, first: u64, z: &mut [i32]) {
                shared::draw_effect(seed, domain, effect_key, first, z)
            }

            $(#[target_feature(enable = $features)])?
            pub fn add_corners(
                design: &corner_block::Prepared,
                model: usize,
                span: &Span,
                shared: [SharedLogs; 2],
                scratch: &mut corner_block::Scratch,
                totals: &mut corner_block::ClassTotals,
            ) {
                corner_block::add_model(design, model, span, shared, scratch, totals)
            }

            $(#[target_feature(enable = $features)])?
            pub fn sum_cell(cell: &Cell, normals: &[i32], stride: usize, logs: &mut [i32]) {
                shared::sum_cell(cell, normals, stride, logs)
            }
        }
    };
}

compiled_for!(baseline);
#[cfg(target_arch = "x86_64")]
compiled_for!(avx2, "avx2,bmi1,bmi2,lzcnt");
#[cfg(target_arch = "x86_64")]
compiled_for!(avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt");

/// A set that this processor has: the only way to the compiled bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Available(Simd);

/// Calls a body compiled for the set.
macro_rules! dispatch {
    ($self:ident, $body:ident ( $($arg:expr),* )) => {
        match $self.0 {
            Simd::Baseline => baseline::$body($($arg),*),
            // SAFETY: `Available` holds only sets that were detected on this processor.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { avx2::$body($($arg),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 | Simd::Avx512Ifma => unsafe { avx512::$body($($arg),*) },
        }
    };
}

impl Available {
    /// The set itself if this processor has it, else the baseline.
    pub fn or_baseline(simd: Simd) -> Available {
        Available(if Simd::available().contains(&simd) { simd } else { Simd::Baseline })
    }

    /// The set.
    pub fn simd(self) -> Simd {
        self.0
    }

    /// The step of Horner's scheme as one instruction, if this set has it.
    pub fn fused(self) -> Option<Fused> {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512Ifma => Fused::detected(),
            _ => None,
        }
    }

    /// [`model_block::add_model`], compiled for this set.
    #[allow(clippy::too_many_arguments)]
    pub fn add_model(
        self,
        plan: Block<'_>,
        model: &ModelPlan,
        span: &Span,
        shared: SharedLogs,
        scratch: &mut Scratch,
        totals: &mut Totals,
        summary: &mut ModelSummary,
    ) {
        dispatch!(self, add_model(plan, model, span, shared, scratch, totals, summary))
    }

    /// The normals of one shared effect, from draw `first` on.
    pub fn draw_effect(self, seed: u64, domain: Domain, effect_key: u64, first: u64, z: &mut [i32]) {
        dispatch!(self, draw_effect(seed, domain, effect_key, first, z))
    }

    /// `corner_block::add_corners`, compiled for this set.
    pub fn add_corners(
        self,
        design: &corner_block::Prepared,
        model: usize,
        span: &Span,
        shared: [SharedLogs; 2],
        scratch: &mut corner_block::Scratch,
        totals: &mut corner_block::ClassTotals,
    ) {
        dispatch!(self, add_corners(design, model, span, shared, scratch, totals))
    }

    /// The logarithms of one cell from the normals of all effects.
    pub fn sum_cell(self, cell: &Cell, normals: &[i32], stride: usize, logs: &mut [i32]) {
        dispatch!(self, sum_cell(cell, normals, stride, logs))
    }
}
