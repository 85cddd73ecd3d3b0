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

use std::f64::consts::LN_2;

use super::{LOG2_BITS, Z_BITS, ZERO_LOG2};
use crate::engine::stats::normal::Level;

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

    /// The same between two z whose values are known, `(z, ln value)` each, with less work where that is possible.
    fn ln_between(&self, z: f64, below: (f64, f64), above: (f64, f64)) -> f64 {
        let _ = (below, above);
        self.ln_at_z(z)
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
        let mut samples = Samples::first(&curve);
        for bits in MIN_BITS..=MAX_BITS {
            if bits > MIN_BITS {
                samples = samples.refined(&curve);
            }
            let fit = Fit::new(&curve, &samples, bits);
            if bits == MAX_BITS || fit.irregular_share() <= IRREGULAR_SHARE {
                match fit.table(&curve, &samples) {
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

/// The exact function: result units as a function of z in Q3.28.
struct Curve<'a> {
    quantiles: &'a dyn Quantiles,
    reference_ln: f64,
    /// z of the upper end of the atom at zero; −∞ without one.
    zero_z: f64,
    /// The first z after each break.
    cuts: Vec<i32>,
}

impl<'a> Curve<'a> {
    fn new(quantiles: &'a dyn Quantiles) -> Result<Curve<'a>, TableError> {
        let limit = q28(LIMIT);
        let zero_z = quantiles.zero_z();
        let reference_ln = quantiles.ln_at_z(limit);
        if zero_z >= limit {
            return Err(TableError::AlwaysZero);
        }
        if !reference_ln.is_finite() || quantiles.ln_at_z(-limit).is_nan() {
            return Err(TableError::NotFinite);
        }
        let first_after = |z: f64| libm::floor(z * f64::from(1u32 << Z_BITS)) as i32 + 1;
        let mut cuts: Vec<i32> = quantiles.breaks(limit).into_iter().map(first_after).collect();
        cuts.dedup();
        Ok(Curve { quantiles, reference_ln, zero_z, cuts })
    }

    fn at(&self, z: i32) -> f64 {
        let z = q28(z);
        if z <= self.zero_z {
            return f64::from(ZERO_LOG2);
        }
        self.units(self.quantiles.ln_at_z(z))
    }

    /// The curve between two known points of it.
    fn between(&self, z: i32, below: (i32, f64), above: (i32, f64)) -> f64 {
        if below.1 == above.1 {
            return below.1;
        }
        if below.1 <= f64::from(FLOOR_LOG2) {
            return self.at(z);
        }
        let ln = |units: f64| units / f64::from(1u32 << LOG2_BITS) * LN_2 + self.reference_ln;
        self.units(self.quantiles.ln_between(q28(z), (q28(below.0), ln(below.1)), (q28(above.0), ln(above.1))))
    }

    fn units(&self, ln: f64) -> f64 {
        let octaves = (ln - self.reference_ln) / LN_2;
        (octaves * f64::from(1u32 << LOG2_BITS)).clamp(f64::from(FLOOR_LOG2), 0.0)
    }

    /// How far `value` is from the curve at `z`, which is `exact` there: vertically or, in excess of the aim, from the curve within reach.
    fn miss(&self, z: i32, value: f64, exact: f64, reach: i32) -> f64 {
        let miss = (value - exact).abs();
        if miss <= AIM {
            return miss;
        }
        let next = self.cuts.partition_point(|cut| *cut <= z);
        let start = next.checked_sub(1).map_or(-LIMIT, |i| self.cuts[i]);
        let end = self.cuts.get(next).map_or(LIMIT, |cut| cut - 1);
        let (low, high) = (self.at((z - reach).max(start)), self.at((z + reach).min(end)));
        miss.min(AIM + (low - value).max(value - high).max(0.0))
    }

    /// The cuts in `from + 1 ..= to`.
    fn cuts_within(&self, from: i32, to: i32) -> &[i32] {
        let first = self.cuts.partition_point(|cut| *cut <= from);
        let end = self.cuts.partition_point(|cut| *cut <= to);
        &self.cuts[first..end.max(first)]
    }
}

/// The `i`-th multiple of `step` above −LIMIT.
fn sample_point(i: usize, step: i32) -> i32 {
    (i as i64 * i64::from(step) - i64::from(LIMIT)) as i32
}

fn q28(z: i32) -> f64 {
    f64::from(z) / f64::from(1u32 << Z_BITS)
}

/// The curve at four points per cell over [−LIMIT, LIMIT]; those of larger cells are kept for smaller ones.
///
/// A point between two known ones is the cubic through its four neighbours where six known points have fourth
/// differences so small that this is within [`SMOOTH`] of the curve, and solved for elsewhere. The curve is monotone,
/// so nothing can rise unseen between points that have not risen.
struct Samples {
    values: Vec<f64>,
    step: i32,
}

/// Error allowed to an interpolated sample, in units of the result: a quarter of 2^-22 octave.
const SMOOTH: f64 = 0.25;

impl Samples {
    const PER_CELL: usize = 4;

    fn first(curve: &Curve<'_>) -> Samples {
        let step = 1 << (31 - MIN_BITS);
        let values = (0..=2 * (LIMIT / step)).map(|i| curve.at(sample_point(i as usize, step))).collect();
        Samples { values, step }.refined(curve)
    }

    fn refined(self, curve: &Curve<'_>) -> Samples {
        let step = self.step / 2;
        let mut values = Vec::with_capacity(2 * self.values.len());
        for (i, pair) in self.values.windows(2).enumerate() {
            let left = sample_point(i, self.step);
            let right = left + self.step;
            values.push(pair[0]);
            let solved = || curve.between(left + step, (left, pair[0]), (right, pair[1]));
            values.push(self.cubic(i, curve).unwrap_or_else(solved));
        }
        values.extend(self.values.last());
        Samples { values, step }
    }

    /// The curve in the middle of points `i` and `i + 1`, where it is smooth around there.
    fn cubic(&self, i: usize, curve: &Curve<'_>) -> Option<f64> {
        let first = i.checked_sub(2)?;
        let &[a, b, c, d, e, f] = self.values.get(first..first + 6)? else { return None };
        let fourth = (a - 4.0 * b + 6.0 * c - 4.0 * d + e).abs().max((b - 4.0 * c + 6.0 * d - 4.0 * e + f).abs());
        // The error of the cubic is 3/128 of the fourth difference; twice that is allowed for its change.
        let smooth = fourth * (6.0 / 128.0) < SMOOTH && a > f64::from(FLOOR_LOG2);
        let start = sample_point(first, self.step);
        let whole = || curve.cuts_within(start, start + 5 * self.step).is_empty();
        // By the last bit two equal values can stand in the wrong order.
        (smooth && whole()).then(|| ((9.0 * (c + d) - (b + e)) / 16.0).max(c.min(d)).min(c.max(d)))
    }
}

/// One active cell: the curve at its ends, shifted where neighbours allow, and what is between.
#[derive(Debug, Clone, Copy)]
struct Chord {
    start: i32,
    end: i32,
    /// The curve at the start and, from the left, at the end.
    left: f64,
    right: f64,
    /// The curve at a quarter, half and three quarters.
    inner: [f64; 3],
    regular: bool,
}

impl Chord {
    /// What the straight line lacks in the middle.
    fn sag(&self) -> f64 {
        self.inner[1] - 0.5 * (self.left + self.right)
    }

    /// Largest miss of the line between the two values.
    fn miss(&self, left: f64, right: f64) -> f64 {
        let line = |t: f64| left + t * (right - left);
        let inner = [0.25, 0.5, 0.75].iter().zip(self.inner).map(|(t, value)| (value - line(*t)).abs());
        inner.fold((self.left - left).abs().max((self.right - right).abs()), f64::max)
    }
}

/// The straight lines of all active cells for one number of cells.
struct Fit {
    bits: u32,
    chords: Vec<Chord>,
}

impl Fit {
    fn new(curve: &Curve<'_>, samples: &Samples, bits: u32) -> Fit {
        let width = 1i32 << (32 - bits);
        let cells = (2 * (LIMIT / width)) as usize;
        let chords = (0..cells).map(|i| {
            let start = sample_point(i, width);
            let end = start + width;
            let at = &samples.values[i * Samples::PER_CELL..=(i + 1) * Samples::PER_CELL];
            let cuts = curve.cuts_within(start, end);
            let right = if cuts.last() == Some(&end) { curve.at(end - 1) } else { at[4] };
            let regular = cuts.first().is_none_or(|cut| *cut == end);
            Chord { start, end, left: at[0], right, inner: [at[1], at[2], at[3]], regular }
        });
        let mut fit = Fit { bits, chords: chords.collect() };
        fit.classify();
        fit
    }

    /// Cells whose line misses by more than the aim become irregular, which may cost their neighbours the shift.
    fn classify(&mut self) {
        loop {
            let misses = |i: &usize| {
                let (left, right) = self.ends(*i);
                self.chords[*i].regular && self.chords[*i].miss(left, right) > AIM
            };
            let failed: Vec<usize> = (0..self.chords.len()).filter(misses).collect();
            if failed.is_empty() {
                return;
            }
            failed.into_iter().for_each(|i| self.chords[i].regular = false);
        }
    }

    /// The values of a regular cell's line at its ends. A knot shared with a regular neighbour is shifted by half the
    /// mean sag, which halves the error and stays continuous; it never passes half-way to the next knot, so values rise.
    fn ends(&self, i: usize) -> (f64, f64) {
        let here = &self.chords[i];
        let shifted = |before: &Chord, after: &Chord| {
            let knot = after.left;
            let low = 0.5 * (before.left + knot);
            let high = 0.5 * (knot + after.right);
            (knot + 0.25 * (before.sag() + after.sag())).max(low).min(high)
        };
        let joined = |before: &Chord, after: &Chord| before.regular && after.regular && before.right == after.left;
        let left = match i.checked_sub(1).and_then(|i| self.chords.get(i)) {
            Some(before) if joined(before, here) => shifted(before, here),
            _ => here.left,
        };
        let right = match self.chords.get(i + 1) {
            Some(after) if joined(here, after) => shifted(here, after),
            _ => here.right,
        };
        (left, right)
    }

    /// Share of the draws that fall into irregular cells.
    fn irregular_share(&self) -> f64 {
        let share = |chord: &Chord| Level::at_z(q28(chord.end)).below - Level::at_z(q28(chord.start)).below;
        self.chords.iter().filter(|chord| !chord.regular).map(share).sum()
    }

    fn table(&self, curve: &Curve<'_>, samples: &Samples) -> Result<Table, TableError> {
        let (first, last) = match (samples.values.first(), samples.values.last()) {
            (Some(first), Some(last)) => (round(*first), round(*last)),
            _ => return Err(TableError::NotFinite),
        };
        let outer = (1usize << self.bits) - self.chords.len();
        let mut cells = vec![pack(first, 0); outer / 2];
        let mut pieces: Vec<Piece> = Vec::new();
        for (i, chord) in self.chords.iter().enumerate() {
            if chord.regular {
                let (left, right) = self.ends(i);
                let (base, top) = (round(left), round(right));
                cells.push(pack(base, top.wrapping_sub(base).max(0) as u32));
                continue;
            }
            let begin = pieces.len();
            split_cell(curve, chord, &mut pieces)?;
            let count = pieces.len() - begin;
            if count > MAX_PIECES_PER_CELL || pieces.len() > MAX_PIECES {
                return Err(TableError::TooManyPieces);
            }
            cells.push(pack((begin << 8 | count) as u32 as i32, IRREGULAR));
        }
        cells.resize(1 << self.bits, pack(last, 0));
        let mut table = Table {
            bits: self.bits,
            cells: cells.into(),
            pieces: pieces.into(),
            reference_log2: curve.reference_ln / LN_2,
            error_log2: 0.0,
            min: first,
            max: last,
        };
        if first == ZERO_LOG2 {
            let after_zero = curve.cuts.iter().map(|cut| table.value(*cut));
            table.min = after_zero.filter(|value| *value != ZERO_LOG2).min().unwrap_or(last);
        }
        table.error_log2 = self.measured_error(&table, curve, samples) / f64::from(1u32 << LOG2_BITS);
        Ok(table)
    }

    /// The largest difference from the curve at the samples and at three points of every piece.
    fn measured_error(&self, table: &Table, curve: &Curve<'_>, samples: &Samples) -> f64 {
        let mut worst: f64 = 0.0;
        for (i, value) in samples.values.iter().enumerate() {
            let z = sample_point(i, samples.step);
            let miss = (f64::from(table.value(z)) - value).abs();
            worst = worst.max(if miss <= AIM {
                miss
            } else {
                curve.miss(z, f64::from(table.value(z)), *value, STATED_REACH)
            });
        }
        for (i, piece) in table.pieces.iter().enumerate() {
            let width = match table.pieces.get(i + 1) {
                // The next cell's first piece does not end this one; what lies between has its own samples.
                Some(next) => next.start.saturating_sub(piece.start).min(1 << (32 - self.bits)),
                None => 1,
            };
            for part in [0, width / 8, width / 8 * 5] {
                let z = piece.start + part;
                worst = worst.max(curve.miss(z, f64::from(table.value(z)), curve.at(z), STATED_REACH));
            }
        }
        worst
    }
}

/// The pieces of an irregular cell: between cuts, as many halvings as the aim needs.
fn split_cell(curve: &Curve<'_>, chord: &Chord, pieces: &mut Vec<Piece>) -> Result<(), TableError> {
    let first = pieces.len();
    let mut from = chord.start;
    for cut in curve.cuts_within(chord.start, chord.end) {
        split(curve, (from, curve.at(from)), (cut - 1, curve.at(cut - 1)), pieces);
        from = *cut;
        if pieces.len() - first > MAX_PIECES_PER_CELL {
            return Err(TableError::TooManyPieces);
        }
    }
    if from < chord.end {
        split(curve, (from, curve.at(from)), (chord.end, chord.right), pieces);
    }
    Ok(())
}

fn split(curve: &Curve<'_>, (from, base): (i32, f64), (to, top): (i32, f64), pieces: &mut Vec<Piece>) {
    let width = to - from;
    let exact = |z: i32| curve.between(z, (from, base), (to, top));
    let middle = (from + width / 2, exact(from + width / 2));
    let fits = |(z, exact): (i32, f64)| {
        let line = base + (top - base) * f64::from(z - from) / f64::from(width);
        curve.miss(z, line, exact, REACH) <= AIM
    };
    let quarters = [from + width / 4, middle.0 + width / 4];
    if width <= 1 || base == top || fits(middle) && quarters.into_iter().all(|z| fits((z, exact(z)))) {
        pieces.push(Piece::between(from, to, round(base), round(top)));
        return;
    }
    split(curve, (from, base), middle, pieces);
    split(curve, middle, (to, top), pieces);
}

fn pack(base: i32, slope: u32) -> u64 {
    u64::from(slope) << 32 | u64::from(base as u32)
}

fn round(value: f64) -> i32 {
    libm::floor(value + 0.5) as i32
}
