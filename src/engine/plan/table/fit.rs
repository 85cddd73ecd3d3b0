//! Straight lines through a curve: one per cell where that is near enough, pieces elsewhere.

use std::f64::consts::LN_2;

use super::curve::{Curve, Samples, q28, sample_point};
use super::{AIM, IRREGULAR, IRREGULAR_SHARE, LIMIT, MAX_BITS, MAX_PIECES, MAX_PIECES_PER_CELL, MIN_BITS};
use super::{Piece, REACH, STATED_REACH, Table, TableError};
use crate::engine::plan::{LOG2_BITS, ZERO_LOG2};
use crate::engine::stats::normal::Level;

/// The fewest bits that may do: with fewer, more than [`IRREGULAR_SHARE`] of the draws would fall into cells whose line
/// misses whichever way it is shifted, if halving a cell quarters what its line lacks in the middle.
pub fn fewest_bits(curve: &Curve<'_>) -> u32 {
    let samples = Samples::new(curve, MIN_BITS);
    let width = 1i32 << (32 - MIN_BITS);
    // By bits, the share of the draws.
    let mut missing = [0.0; (MAX_BITS - MIN_BITS + 1) as usize];
    for i in 0..(2 * (LIMIT / width)) as usize {
        let [a, b, c, d, e] = samples.of_cell(i);
        let start = sample_point(i, width);
        for (start, [left, middle, right]) in [(start, [a, b, c]), (start + width / 2, [c, d, e])] {
            let mut sag = (middle - 0.5 * (left + right)).abs() * 4.0;
            if sag <= 2.0 * AIM || !curve.cuts_within(start, start + width / 2).is_empty() {
                continue;
            }
            let share = share(start, start + width / 2);
            for missing in &mut missing {
                if sag > 2.0 * AIM {
                    *missing += share;
                }
                sag *= 0.25;
            }
        }
    }
    let enough = missing.iter().position(|share| *share <= IRREGULAR_SHARE);
    MIN_BITS + enough.map_or(MAX_BITS - MIN_BITS, |i| i as u32)
}

/// Share of the draws between two z.
fn share(start: i32, end: i32) -> f64 {
    Level::at_z(q28(end)).below - Level::at_z(q28(start)).below
}

/// The straight lines of all active cells for one number of cells.
pub struct Fit<'a> {
    curve: &'a Curve<'a>,
    samples: Samples,
    bits: u32,
    /// Of each cell: the curve from the left at its end, what the straight line lacks in the middle, and whether it has one.
    right: Vec<f64>,
    sag: Vec<f64>,
    regular: Vec<bool>,
}

impl<'a> Fit<'a> {
    pub fn new(curve: &'a Curve<'a>, bits: u32) -> Fit<'a> {
        let samples = Samples::new(curve, bits);
        let width = 1i32 << (32 - bits);
        let cells = (2 * (LIMIT / width)) as usize;
        let mut right: Vec<f64> = (1..=cells).map(|i| samples.values[i * Samples::PER_CELL]).collect();
        let mut regular = vec![true; cells];
        for cut in &curve.cuts {
            let place = (i64::from(*cut) + i64::from(LIMIT)) as u64;
            let (cell, rest) = ((place / width as u64) as usize, place % width as u64);
            if rest != 0 {
                regular[cell] = false;
            } else if let Some(before) = cell.checked_sub(1) {
                right[before] = curve.at(cut - 1);
            }
        }
        let sag = |i: usize| samples.values[i * Samples::PER_CELL + 2] - 0.5 * (samples.of_cell(i)[0] + right[i]);
        let sag = (0..cells).map(sag).collect();
        let mut fit = Fit { curve, samples, bits, right, sag, regular };
        fit.classify();
        fit
    }

    /// Cells whose line misses by more than the aim become irregular, which may cost their neighbours the shift.
    fn classify(&mut self) {
        let misses = |fit: &Fit<'_>, i: usize| fit.regular[i] && fit.line_misses(i);
        let mut failed: Vec<usize> = (0..self.regular.len()).filter(|i| misses(self, *i)).collect();
        while !failed.is_empty() {
            failed.iter().for_each(|i| self.regular[*i] = false);
            let beside = failed.iter().flat_map(|i| [i.wrapping_sub(1), i + 1]);
            let mut next: Vec<usize> = beside.filter(|i| *i < self.regular.len() && misses(self, *i)).collect();
            next.dedup();
            failed = next;
        }
    }

    /// Whether the line of a regular cell is further from the curve than the aim at one of five points.
    fn line_misses(&self, i: usize) -> bool {
        let (left, right) = self.ends(i);
        let [first, a, b, c, _] = self.samples.of_cell(i);
        let curve = [first, a, b, c, self.right[i]];
        let line = |k: usize| left + 0.25 * k as f64 * (right - left);
        curve.iter().enumerate().any(|(k, value)| (value - line(k)).abs() > AIM)
    }

    /// The values of a regular cell's line at its ends.
    fn ends(&self, i: usize) -> (f64, f64) {
        (self.knot(i).unwrap_or(self.left(i)), self.knot(i + 1).unwrap_or(self.right[i]))
    }

    fn left(&self, i: usize) -> f64 {
        self.samples.values[i * Samples::PER_CELL]
    }

    /// The value at the start of cell `i` where two regular cells meet: shifted by half the mean sag, which halves the
    /// error and stays continuous; it never passes half-way to the next knot, so values rise.
    fn knot(&self, i: usize) -> Option<f64> {
        let before = i.checked_sub(1)?;
        let joined = self.regular[before] && *self.regular.get(i)? && self.right[before] == self.left(i);
        let knot = self.left(i);
        let low = 0.5 * (self.left(before) + knot);
        let high = 0.5 * (knot + self.right[i]);
        joined.then(|| (knot + 0.25 * (self.sag[before] + self.sag[i])).max(low).min(high))
    }

    /// Share of the draws that fall into irregular cells.
    pub fn irregular_share(&self) -> f64 {
        let width = 1i32 << (32 - self.bits);
        let irregular = (0..self.regular.len()).filter(|i| !self.regular[*i]);
        irregular.map(|i| sample_point(i, width)).map(|start| share(start, start + width)).sum()
    }

    /// The table of these lines, and of pieces where a cell has none.
    pub fn table(&self) -> Result<Table, TableError> {
        let (first, last) = match (self.samples.values.first(), self.samples.values.last()) {
            (Some(first), Some(last)) => (round(*first), round(*last)),
            _ => return Err(TableError::NotFinite),
        };
        let outer = (1usize << self.bits) - self.regular.len();
        let mut cells = vec![pack(first, 0); outer / 2];
        let mut pieces: Vec<Piece> = Vec::new();
        for (i, regular) in self.regular.iter().enumerate() {
            if *regular {
                let (left, right) = self.ends(i);
                let (base, top) = (round(left), round(right));
                cells.push(pack(base, top.wrapping_sub(base).max(0) as u32));
                continue;
            }
            let begin = pieces.len();
            self.split_cell(i, &mut pieces)?;
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
            reference_log2: self.curve.reference_ln / LN_2,
            error_log2: 0.0,
            min: first,
            max: last,
        };
        if first == ZERO_LOG2 {
            let after_zero = self.curve.cuts.iter().map(|cut| table.value(*cut));
            table.min = after_zero.filter(|value| *value != ZERO_LOG2).min().unwrap_or(last);
        }
        table.error_log2 =
            self.measured_error(&table) / f64::from(1u32 << LOG2_BITS) + self.curve.quantiles.error() / LN_2;
        Ok(table)
    }

    /// The largest difference from the curve at the samples and at three points of every piece.
    fn measured_error(&self, table: &Table) -> f64 {
        let (curve, samples) = (self.curve, &self.samples);
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

    /// The pieces of an irregular cell: between cuts, as many halvings as the aim needs.
    fn split_cell(&self, i: usize, pieces: &mut Vec<Piece>) -> Result<(), TableError> {
        let curve = self.curve;
        let width = 1i32 << (32 - self.bits);
        let (start, end) = (sample_point(i, width), sample_point(i + 1, width));
        let first = pieces.len();
        let mut from = start;
        for cut in curve.cuts_within(start, end) {
            split(curve, (from, curve.at(from)), (cut - 1, curve.at(cut - 1)), pieces);
            from = *cut;
            if pieces.len() - first > MAX_PIECES_PER_CELL {
                return Err(TableError::TooManyPieces);
            }
        }
        if from < end {
            split(curve, (from, curve.at(from)), (end, self.right[i]), pieces);
        }
        Ok(())
    }
}

fn split(curve: &Curve<'_>, (from, base): (i32, f64), (to, top): (i32, f64), pieces: &mut Vec<Piece>) {
    let width = to - from;
    let middle = (from + width / 2, curve.at(from + width / 2));
    let fits = |(z, exact): (i32, f64)| {
        let line = base + (top - base) * f64::from(z - from) / f64::from(width);
        curve.miss(z, line, exact, REACH) <= AIM
    };
    let quarters = [from + width / 4, middle.0 + width / 4];
    if width <= 1 || base == top || fits(middle) && quarters.into_iter().all(|z| fits((z, curve.at(z)))) {
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
