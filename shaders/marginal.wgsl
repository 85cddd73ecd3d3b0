// From standard normals (Q3.28) to the logarithm of a factor (Q9.22): affine or tabulated.
// Twin of `src/engine/draw/marginal.rs` and of `Table::value` in `src/plan/table.rs`, which documents the formulas.

// Whether some table has irregular cells.
override HAS_PIECES: bool = true;

const IRREGULAR: u32 = 0xffffffffu;

// `scale · z` rounded down; scale Q5.26.
fn affine(scale: i32, z: I) -> I {
    return mul_hi_signed(scale, z);
}

// The table whose `2^bits` cells begin at entry `cells`; its pieces follow, two entries each.
fn table_values(cells: u32, bits: u32, z: I) -> I {
    let u = bitcast<U>(z) ^ U(0x80000000u);
    let at = U(cells) + (u >> U(32u - bits));
    let entry = entries(at);
    var value = bitcast<I>(entry.low + mul_hi(entry.high, u << U(bits)));
    if HAS_PIECES {
        let irregular = entry.high == U(IRREGULAR);
        if any(irregular) {
            value = piece_values(cells + (1u << bits), entry.low, z, value, irregular);
        }
    }
    return value;
}

// Of the pieces that `place` names (`first << 8 | count`), the last that starts at or before z.
fn piece_value(pieces: u32, place: u32, z: i32) -> i32 {
    let count = place & 0xffu;
    let first = pieces + 2u * (place >> 8u);
    var at = 0u;
    for (var step = 128u; step > 0u; step >>= 1u) {
        let next = at + step;
        if next < count {
            if bitcast<i32>(tables[first + 2u * next].x) <= z {
                at = next;
            }
        }
    }
    let start_base = tables[first + 2u * at];
    let slope_shift = tables[first + 2u * at + 1u];
    let r = (bitcast<u32>(z) - start_base.x) << slope_shift.y;
    return bitcast<i32>(start_base.y + mul_hi_1(slope_shift.x, r));
}

// The values of the draws that fell into irregular cells.
fn piece_values(pieces: u32, places: U, z: I, regular: I, irregular: B) -> I {
    var value = regular;
    if irregular.x { value.x = piece_value(pieces, places.x, z.x); }
    if irregular.y { value.y = piece_value(pieces, places.y, z.y); }
    if irregular.z { value.z = piece_value(pieces, places.z, z.z); }
    if irregular.w { value.w = piece_value(pieces, places.w, z.w); }
    return value;
}
