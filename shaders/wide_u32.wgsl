// 64-bit arithmetic on four draws in 32-bit words, for every device: products from 16-bit halves.
//
// The same functions as `wide_u64`, the same bits. Shifts by 32 or more are undefined on some devices: none occurs.

struct Wide {
    low: U4,
    high: U4,
}

fn wide(low: U4, high: U4) -> Wide {
    return Wide(low, high);
}

fn low(a: Wide) -> U4 {
    return a.low;
}

fn high(a: Wide) -> U4 {
    return a.high;
}

fn wide_add(a: Wide, b: Wide) -> Wide {
    let sum = a.low + b.low;
    return Wide(sum, a.high + b.high + U4(sum < a.low));
}

fn wide_min(a: Wide, b: Wide) -> Wide {
    let smaller = (a.high < b.high) | ((a.high == b.high) & (a.low < b.low));
    return Wide(select(b.low, a.low, smaller), select(b.high, a.high, smaller));
}

// The 64-bit product.
fn wide_mul(a: U4, b: U4) -> Wide {
    return Wide(a * b, mul_hi(a, b));
}

// The upper half of the product.
fn mul_hi(a: U4, b: U4) -> U4 {
    let a0 = a & U4(0xffffu);
    let a1 = a >> U4(16u);
    let b0 = b & U4(0xffffu);
    let b1 = b >> U4(16u);
    // No sum passes 2^32: (2^16 - 1)^2 + 2 (2^16 - 1) = 2^32 - 1.
    let inner = a1 * b0 + ((a0 * b0) >> U4(16u));
    let outer = a0 * b1 + (inner & U4(0xffffu));
    return a1 * b1 + (inner >> U4(16u)) + (outer >> U4(16u));
}

fn mul_hi_1(a: u32, b: u32) -> u32 {
    let inner = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
    let outer = (a & 0xffffu) * (b >> 16u) + (inner & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (inner >> 16u) + (outer >> 16u);
}

// The upper half of the signed product: the unsigned one, less what a sign bit counts for in the other factor.
fn mul_hi_signed(a: i32, b: I4) -> I4 {
    let unsigned = bitcast<I4>(mul_hi(U4(bitcast<u32>(a)), bitcast<U4>(b)));
    return unsigned - (I4(a >> 31u) & b) - ((b >> U4(31u)) & I4(a));
}

// `a >> s` rounded to nearest, halves up; every s from 0 to 63, no overflow.
fn wide_round_shift(a: Wide, s: U4) -> Wide {
    let bit = U4(1u) << ((s - U4(1u)) & U4(31u));
    let in_low = (s > U4(0u)) & (s <= U4(32u));
    let half = Wide(select(U4(0u), bit, in_low), select(U4(0u), bit, s > U4(32u)));
    let sum = wide_add(a, half);
    let t = s & U4(31u);
    let shifted = sum.high >> t;
    let mixed = (sum.low >> t) | ((sum.high << U4(1u)) << (U4(31u) - t));
    let far = s >= U4(32u);
    return Wide(select(mixed, shifted, far), select(shifted, U4(0u), far));
}
