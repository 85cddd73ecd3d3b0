// From standard normals (Q3.28) to the logarithm of a factor (Q9.22): affine or tabulated.
// Twin of `src/engine/marginal.rs` and of `Table::value` in `src/plan/table.rs`, which documents the formulas.

const IRREGULAR: u32 = 0xffffffffu;

// `scale · z` rounded down; scale Q5.26.
fn affine(scale: i32, z: I4) -> I4 {
    return mul_hi_signed(scale, z);
}

// The table whose `2^bits` cells begin at entry `cells`; its pieces follow, two entries each.
fn table_values(cells: u32, bits: u32, z: I4) -> I4 {
    let u = bitcast<U4>(z) ^ U4(0x80000000u);
    let at = U4(cells) + (u >> U4(32u - bits));
    let c0 = tables[at.x];
    let c1 = tables[at.y];
    let c2 = tables[at.z];
    let c3 = tables[at.w];
    let base = U4(c0.x, c1.x, c2.x, c3.x);
    let slope = U4(c0.y, c1.y, c2.y, c3.y);
    var value = bitcast<I4>(base + mul_hi(slope, u << U4(bits)));
    let irregular = slope == U4(IRREGULAR);
    if any(irregular) {
        let pieces = cells + (1u << bits);
        if irregular.x { value.x = piece_value(pieces, base.x, z.x); }
        if irregular.y { value.y = piece_value(pieces, base.y, z.y); }
        if irregular.z { value.z = piece_value(pieces, base.z, z.z); }
        if irregular.w { value.w = piece_value(pieces, base.w, z.w); }
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
