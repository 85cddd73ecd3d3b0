//! A marginal compiled to a table over z: log2 of a factor as a function of its standard normal, in integers.
//!
//! The input is z in Q3.28, the result is log2 in Q9.22 relative to [`Table::reference_log2`], never above 0.
//! [−8, 8) is cut into `2^bits` equal cells. With `u = z ^ 0x8000_0000` as an unsigned number,
//!
//! ```text
//! index = u >> (32 − bits)          cell = cells[index]: base = low half (i32), slope = high half (u32)
//! r     = u << bits                 value = base + hi32(slope · r)                 (regular cell)
//! ```
//!
//! where `hi32` is the upper half of the 64-bit product and additions wrap. A slope of [`IRREGULAR`] marks a cell with
//! a jump, a bend or much curvature inside. Its base is `first << 8 | count`: of the pieces
//! `first..first + count`, sorted by start, the last one that starts at or before z holds (the first starts with the
//! cell), and
//!
//! ```text
//! value = base + hi32(slope · ((z − start) << shift))
//! ```
//!
//! where the shifted distance still fits 32 bits. So one multiplication serves both kinds of cell.
//!
//! Invariants: the value never falls as z rises. Jumps lie between two neighbouring z exactly where the quantile
//! function has them: an atom is a stretch of constant, correctly rounded value, and no value lies between two atoms. An
//! exact zero is [`ZERO_LOG2`]; anything else is at least −79 octaves. Beyond |z| = 6.375 the value is constant (the
//! engine's z end at 6.34).

mod curve;
mod fit;

use super::{LOG2_BITS, Z_BITS, ZERO_LOG2};
use curve::Curve;
use fit::{Fit, fewest_bits};

/// Slope that marks a cell whose values are in `pieces`.
pub const IRREGULAR: u32 = u32::MAX;
/// Where the compiled range ends, in Q3.28: 6.375, a whole number of cells of every size.
pub const LIMIT: i32 = 51 << (Z_BITS - 3);
/// The lowest value that is not a zero.
pub const FLOOR_LOG2: i32 = -79 << LOG2_BITS;

const MIN_BITS: u32 = 8;
const MAX_BITS: u32 = 12;
/// The error aimed at: 2^-18 octave (2.6 parts per million), in units of the result.
const AIM: f64 = (1 << (LOG2_BITS - 18)) as f64;
/// Where the curve is steep, a value is as good if it is exact within this distance in z (2^-21): the engine's own
/// z are no better than that.
const REACH: i32 = 1 << (Z_BITS - 21);
/// The same for the error that is stated: between two components of a mixture the curve is nearly vertical, and the
/// last piece before it can be wrong by much on draws of probability below 2^-20. Twice the error of the engine's z.
const STATED_REACH: i32 = 1 << (Z_BITS - 19);
/// Cells get smaller until at most this share of the draws falls into irregular ones.
const IRREGULAR_SHARE: f64 = 1.0 / 128.0;
const MAX_PIECES_PER_CELL: usize = 255;
const MAX_PIECES: usize = 1 << 24;

/// A compiled marginal.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// log2 of the number of cells, 8 to 12.
    pub bits: u32,
    /// `slope << 32 | base`.
    pub cells: Box<[u64]>,
    /// Pieces of the irregular cells, each cell's in a row.
    pub pieces: Box<[Piece]>,
    /// log2 of the largest value; what the results are relative to.
    pub reference_log2: f64,
    /// Largest difference found from the exact quantile function, in octaves. Where that rises steeply (a near gap of
    /// a mixture), a value that is exact within 2^-19 of z counts as 2^-18.
    pub error_log2: f64,
    min: i32,
    max: i32,
}

/// A straight piece of an irregular cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Piece {
    /// The first z for which it holds, in Q3.28.
    pub start: i32,
    /// The value at `start`.
    pub base: i32,
    /// Rise over `2^(32 − shift)` units of z.
    pub slope: u32,
    /// By how many bits the distance from `start` is widened.
    pub shift: u32,
}

/// Why a distribution has no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// No marginal: the term is a true zero.
    #[error("the distribution is zero with certainty")]
    AlwaysZero,
    /// Somewhere it is infinite or not a number.
    #[error("the distribution has a quantile that is not a finite number")]
    NotFinite,
    /// An empirical distribution of more than about 150,000 values, or the like.
    #[error("the distribution has too many separate values (more than 255 within 1/256 standard deviation)")]
    TooManyPieces,
}

/// The quantile function of a distribution over the non-negative numbers, as a function of a standard normal.
pub trait Quantiles {
    /// The natural logarithm of the quantile at `Φ(z)`, finite even where the value itself underflows; −∞ for a zero.
    fn ln_at_z(&self, z: f64) -> f64;

    /// The same for many z, ascending: each is replaced by its logarithm.
    fn ln_at_all(&self, z: &mut [f64]) {
        z.iter_mut().for_each(|z| *z = self.ln_at_z(*z));
    }

    /// The largest error of a logarithm, 0 where they are exact.
    fn error(&self) -> f64 {
        0.0
    }

    /// Every z in (−`limit`, `limit`) at which the function may jump or bend, ascending; a jump is taken by the next
    /// larger z.
    fn breaks(&self, limit: f64) -> Vec<f64>;

    /// The z up to which the value is exactly zero; −∞ for none.
    fn zero_z(&self) -> f64;
}

impl Table {
    /// Compiles a distribution.
    ///
    /// # Errors
    /// A distribution that is always zero, one with quantiles that are not finite, or one with too many atoms.
    pub fn compile(quantiles: &dyn Quantiles) -> Result<Table, TableError> {
        let curve = Curve::new(quantiles)?;
        for bits in fewest_bits(&curve)..=MAX_BITS {
            let fit = Fit::new(&curve, bits);
            if bits == MAX_BITS || fit.irregular_share() <= IRREGULAR_SHARE {
                match fit.table() {
                    Err(TableError::TooManyPieces) if bits < MAX_BITS => {}
                    table => return table,
                }
            }
        }
        Err(TableError::TooManyPieces)
    }

    /// log2 of the factor relative to `reference_log2` in Q9.22, at z in Q3.28.
    #[inline]
    pub fn value(&self, z: i32) -> i32 {
        let u = z as u32 ^ 0x8000_0000;
        let cell = self.cells[(u >> (32 - self.bits)) as usize];
        let (base, slope) = (cell as u32 as i32, (cell >> 32) as u32);
        if slope == IRREGULAR { self.piece(cell as u32, z) } else { base.wrapping_add(rise(slope, u << self.bits)) }
    }

    fn piece(&self, place: u32, z: i32) -> i32 {
        let first = (place >> 8) as usize;
        let pieces = &self.pieces[first..first + (place & 0xFF) as usize];
        let next = pieces.partition_point(|piece| piece.start <= z);
        pieces[next - 1].value(z)
    }

    /// The smallest value that is not a zero.
    pub fn min(&self) -> i32 {
        self.min
    }

    /// The largest value.
    pub fn max(&self) -> i32 {
        self.max
    }

    /// Octaves per standard deviation of the steepest regular chord.
    pub fn steepest(&self) -> f64 {
        let slopes = self.cells.iter().map(|cell| (cell >> 32) as u32).filter(|&slope| slope != IRREGULAR);
        let cells_per_sd = f64::from(1u32 << self.bits) / 16.0;
        f64::from(slopes.max().unwrap_or(0)) / f64::from(1u32 << LOG2_BITS) * cells_per_sd
    }

    /// Whether some z give an exact zero.
    pub fn has_zero(&self) -> bool {
        self.value(-LIMIT) == ZERO_LOG2
    }
}

impl Piece {
    /// Its value at `z`, log2 in Q9.22.
    #[inline]
    pub fn value(&self, z: i32) -> i32 {
        self.base.wrapping_add(rise(self.slope, (z.wrapping_sub(self.start) as u32) << self.shift))
    }

    /// The piece through `(start, base)` and `(end, top)`; falls short of the latter by at most one unit.
    fn between(start: i32, end: i32, base: i32, top: i32) -> Piece {
        let width = end.wrapping_sub(start) as u32;
        if top <= base || width == 0 {
            return Piece { start, base, slope: 0, shift: 0 };
        }
        let shift = width.leading_zeros();
        let slope = (u64::from(top.wrapping_sub(base) as u32) << 32) / (u64::from(width) << shift);
        // The rise is below 2^29 and the shifted width at least 2^31, so the slope is below 2^30.
        Piece { start, base, slope: slope as u32, shift }
    }
}

#[inline]
fn rise(slope: u32, r: u32) -> i32 {
    ((u64::from(slope) * u64::from(r)) >> 32) as i32
}
