// `2^y` of a logarithm in Q9.22 as an integer count of a power-of-two unit. Twin of `src/engine/exp2.rs`.

const EXP2_1: u32 = 2977062215u;
const EXP2_2: u32 = 1031498459u;
const EXP2_3: u32 = 239658801u;
const EXP2_4: u32 = 38727851u;
const EXP2_5: u32 = 8019262u;

// `2^f − 1` in Q0.32 of the fraction bits of `y`.
fn exp2_fraction(y: I4) -> U4 {
    let f = bitcast<U4>(y) << U4(32u - LOG2_BITS);
    var h = U4(EXP2_4) + mul_hi(f, U4(EXP2_5));
    h = U4(EXP2_3) + mul_hi(f, h);
    h = U4(EXP2_2) + mul_hi(f, h);
    h = U4(EXP2_1) + mul_hi(f, h);
    return mul_hi(f, h);
}

// The count of units `2^unit` in `2^y`, to nearest, where it is below 2^54; `h` is `exp2_fraction(y)`.
fn exp2_count(h: U4, y: I4, unit: i32) -> Wide {
    let s = bitcast<U4>(clamp(I4(53 + unit) - (y >> U4(LOG2_BITS)), I4(0), I4(63)));
    return wide_round_shift(wide(h << U4(21u), U4(1u << 21u) | (h >> U4(11u))), s);
}

// The same, held at `2^bits`; `bits` from 32 to 54.
fn exp2_capped(h: U4, y: I4, unit: i32, bits: u32) -> Wide {
    let ceiling = wide(U4(0u), U4(1u << (bits - 32u)));
    let beyond = (y >> U4(LOG2_BITS)) - I4(unit) >= I4(i32(bits));
    let count = wide_min(exp2_count(h, y, unit), ceiling);
    return wide(select(low(count), low(ceiling), beyond), select(high(count), high(ceiling), beyond));
}
