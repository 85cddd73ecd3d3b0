// `2^y` of a logarithm in Q9.22 as an integer count of a power-of-two unit. Twin of `src/engine/draw/exp2.rs`.

// Logarithms are Q9.22.
const LOG2_BITS: u32 = 22u;

const EXP2_1: u32 = 2977062215u;
const EXP2_2: u32 = 1031498459u;
const EXP2_3: u32 = 239658801u;
const EXP2_4: u32 = 38727851u;
const EXP2_5: u32 = 8019262u;

// `2^f − 1` in Q0.32 of the fraction bits of `y`.
fn exp2_fraction(y: I) -> U {
    let f = bitcast<U>(y) << U(32u - LOG2_BITS);
    var h = U(EXP2_4) + mul_hi(f, U(EXP2_5));
    h = U(EXP2_3) + mul_hi(f, h);
    h = U(EXP2_2) + mul_hi(f, h);
    h = U(EXP2_1) + mul_hi(f, h);
    return mul_hi(f, h);
}

// The count of units `2^unit` in `2^y`, to nearest, where it is below 2^54; `h` is `exp2_fraction(y)`.
fn exp2_count(h: U, y: I, unit: i32) -> Wide {
    let s = bitcast<U>(clamp(I(53 + unit) - (y >> U(LOG2_BITS)), I(0), I(63)));
    return wide_round_shift(wide(h << U(21u), U(1u << 21u) | (h >> U(11u))), s);
}

// The same, held at `2^bits`; `bits` from 32 to 54.
fn exp2_capped(h: U, y: I, unit: i32, bits: u32) -> Wide {
    let ceiling = wide(U(0u), U(1u << (bits - 32u)));
    let beyond = (y >> U(LOG2_BITS)) - I(unit) >= I(i32(bits));
    let count = wide_min(exp2_count(h, y, unit), ceiling);
    return wide(select(low(count), low(ceiling), beyond), select(high(count), high(ceiling), beyond));
}
