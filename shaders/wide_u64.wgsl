// 64-bit arithmetic on four draws, for devices with 64-bit integers (wgpu's SHADER_INT64).
//
// The same functions as `wide_u32`, the same bits.

alias Wide = vec4<u64>;

fn wide(low: U4, high: U4) -> Wide {
    return (Wide(high) << U4(32u)) | Wide(low);
}

fn low(a: Wide) -> U4 {
    return U4(a);
}

fn high(a: Wide) -> U4 {
    return U4(a >> U4(32u));
}

fn wide_add(a: Wide, b: Wide) -> Wide {
    return a + b;
}

fn wide_min(a: Wide, b: Wide) -> Wide {
    return min(a, b);
}

// The 64-bit product.
fn wide_mul(a: U4, b: U4) -> Wide {
    return Wide(a) * Wide(b);
}

// The upper half of the product.
fn mul_hi(a: U4, b: U4) -> U4 {
    return U4((Wide(a) * Wide(b)) >> U4(32u));
}

fn mul_hi_1(a: u32, b: u32) -> u32 {
    return u32((u64(a) * u64(b)) >> 32u);
}

// The upper half of the signed product.
fn mul_hi_signed(a: i32, b: I4) -> I4 {
    return I4((vec4<i64>(vec4<i32>(a)) * vec4<i64>(b)) >> U4(32u));
}

// `a >> s` rounded to nearest, halves up; every s from 0 to 63, no overflow.
fn wide_round_shift(a: Wide, s: U4) -> Wide {
    let half = (Wide(U4(1u)) << s) >> U4(1u);
    return (a + half) >> s;
}
