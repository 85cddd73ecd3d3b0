// 64-bit arithmetic in 32-bit words, for every device: products from 16-bit halves.
//
// The same functions as `wide_u64`, the same bits. Shifts by 32 or more are undefined on some devices: none occurs.

struct Wide {
    low: U,
    high: U,
}

fn wide(low: U, high: U) -> Wide {
    return Wide(low, high);
}

fn low(a: Wide) -> U {
    return a.low;
}

fn high(a: Wide) -> U {
    return a.high;
}

fn wide_add(a: Wide, b: Wide) -> Wide {
    let sum = a.low + b.low;
    return Wide(sum, a.high + b.high + U(sum < a.low));
}

fn wide_min(a: Wide, b: Wide) -> Wide {
    let smaller = (a.high < b.high) | ((a.high == b.high) & (a.low < b.low));
    return Wide(select(b.low, a.low, smaller), select(b.high, a.high, smaller));
}

// The 64-bit product.
fn wide_mul(a: U, b: U) -> Wide {
    return Wide(a * b, mul_hi(a, b));
}

// The upper half of the product.
fn mul_hi(a: U, b: U) -> U {
    let a0 = a & U(0xffffu);
    let a1 = a >> U(16u);
    let b0 = b & U(0xffffu);
    let b1 = b >> U(16u);
    // No sum passes 2^32: (2^16 - 1)^2 + 2 (2^16 - 1) = 2^32 - 1.
    let inner = a1 * b0 + ((a0 * b0) >> U(16u));
    let outer = a0 * b1 + (inner & U(0xffffu));
    return a1 * b1 + (inner >> U(16u)) + (outer >> U(16u));
}

fn mul_hi_1(a: u32, b: u32) -> u32 {
    let inner = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
    let outer = (a & 0xffffu) * (b >> 16u) + (inner & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (inner >> 16u) + (outer >> 16u);
}

// The upper half of the signed product: the unsigned one, less what a sign bit counts for in the other factor.
fn mul_hi_signed(a: i32, b: I) -> I {
    let unsigned = bitcast<I>(mul_hi(U(bitcast<u32>(a)), bitcast<U>(b)));
    return unsigned - (I(a >> 31u) & b) - ((b >> U(31u)) & I(a));
}

// `a >> s` rounded to nearest, halves up; every s from 0 to 63, no overflow.
fn wide_round_shift(a: Wide, s: U) -> Wide {
    let bit = U(1u) << ((s - U(1u)) & U(31u));
    let in_low = (s > U(0u)) & (s <= U(32u));
    let half = Wide(select(U(0u), bit, in_low), select(U(0u), bit, s > U(32u)));
    let sum = wide_add(a, half);
    let t = s & U(31u);
    let shifted = sum.high >> t;
    let mixed = (sum.low >> t) | ((sum.high << U(1u)) << (U(31u) - t));
    let far = s >= U(32u);
    return Wide(select(mixed, shifted, far), select(shifted, U(0u), far));
}
