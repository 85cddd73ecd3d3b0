//! From a standard normal to the base-2 logarithm of a factor: affine, tabulated or a gate; and the normal of a factor
//! that shared effects act on.
//!
//! Both give Q9.22. Affine is one 32×32→64 product rounded down. A table has `2^bits` equal cells over z in [−8, 8)
//! with a chord each; the few cells that hold a jump or a sharp bend are marked and looked up by [`Table::value`],
//! which is the definition for all of them.

use crate::engine::plan::ZERO_LOG2;
use crate::engine::plan::table::{IRREGULAR, Table};

/// `scale · z` in Q9.22, rounded down; scale Q5.26, z Q3.28.
#[inline(always)]
pub fn affine(scale: i32, z: i32) -> i32 {
    ((i64::from(scale) * i64::from(z)) >> 32) as i32
}

/// [`affine`] of every normal.
#[inline(always)]
pub fn affine_all(scale: i32, z: &[i32], out: &mut [i32]) {
    for (out, &z) in out.iter_mut().zip(z) {
        *out = affine(scale, z);
    }
}

/// A standard normal (Q3.28) of which `own` (Q1.30) is left, and the rest shared (Q5.26); held within [−8, 8).
#[inline(always)]
pub fn ranked(own: i32, z: i32, shared: i32) -> i32 {
    affine(own, z).wrapping_add(shared).clamp(-(1 << 29), (1 << 29) - 1) << 2
}

/// 1 (0 as a logarithm) where the gate is open, else an exact zero. Open below the threshold, or `above` it.
#[inline(always)]
pub fn gate(threshold: i32, above: bool, z: i32) -> i32 {
    if (z >= threshold) == above { 0 } else { ZERO_LOG2 }
}

/// [`gate`] of every normal.
#[inline(always)]
pub fn gate_all(threshold: i32, above: bool, z: &[i32], out: &mut [i32]) {
    for (out, &z) in out.iter_mut().zip(z) {
        *out = gate(threshold, above, z);
    }
}

/// [`Table::value`] of every normal.
#[inline(always)]
pub fn table_all(table: &Table, z: &[i32], out: &mut [i32]) {
    match table.bits {
        8 => chords::<8>(&table.cells, z, out),
        9 => chords::<9>(&table.cells, z, out),
        10 => chords::<10>(&table.cells, z, out),
        11 => chords::<11>(&table.cells, z, out),
        _ => chords::<12>(&table.cells, z, out),
    }
    if table.pieces.is_empty() {
        return;
    }
    for (out, z) in out.chunks_mut(LANES).zip(z.chunks(LANES)) {
        if out.iter().fold(i32::MIN, |a, &b| a.max(b)) == MARK {
            for (out, &z) in out.iter_mut().zip(z) {
                if *out == MARK {
                    *out = table.value(z);
                }
            }
        }
    }
}

/// Normals looked at together when searching for marked cells.
const LANES: usize = 16;
/// Stands for "look it up": above any logarithm.
const MARK: i32 = i32::MAX;

/// `base + (slope · r) >> 32` of regular cells, [`MARK`] for the others.
#[inline(always)]
fn chords<const BITS: u32>(cells: &[u64], z: &[i32], out: &mut [i32]) {
    let Some(cells) = cells.get(..1 << BITS) else { return };
    for (out, &z) in out.iter_mut().zip(z) {
        let u = z as u32 ^ 0x8000_0000;
        // The mask only tells the compiler what the shift already ensures.
        let cell = cells[(u >> (32 - BITS)) as usize & ((1 << BITS) - 1)];
        let slope = (cell >> 32) as u32;
        let rise = ((u64::from(slope) * u64::from(u << BITS)) >> 32) as u32;
        *out = if slope == IRREGULAR { MARK } else { (cell as u32).wrapping_add(rise) as i32 };
    }
}
