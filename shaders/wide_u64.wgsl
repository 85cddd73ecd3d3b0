// 64-bit arithmetic, for devices with 64-bit integers (wgpu's SHADER_INT64).
//
// The same functions as `wide_u32`, the same bits.

alias Wide = vec4<u64>;
alias WideSigned = vec4<i64>;

fn wide(low: U, high: U) -> Wide {
    return (Wide(high) << U(32u)) | Wide(low);
}

fn low(a: Wide) -> U {
    return U(a);
}

fn high(a: Wide) -> U {
    return U(a >> U(32u));
}

fn wide_add(a: Wide, b: Wide) -> Wide {
    return a + b;
}

fn wide_min(a: Wide, b: Wide) -> Wide {
    return min(a, b);
}

// The 64-bit product.
fn wide_mul(a: U, b: U) -> Wide {
    return Wide(a) * Wide(b);
}

// The upper half of the product.
fn mul_hi(a: U, b: U) -> U {
    return U((Wide(a) * Wide(b)) >> U(32u));
}

fn mul_hi_1(a: u32, b: u32) -> u32 {
    return u32((u64(a) * u64(b)) >> 32u);
}

// The upper half of the signed product.
fn mul_hi_signed(a: i32, b: I) -> I {
    return I((WideSigned(I(a)) * WideSigned(b)) >> U(32u));
}

// `a >> s` rounded to nearest, halves up; every s from 0 to 63, no overflow.
fn wide_round_shift(a: Wide, s: U) -> Wide {
    let half = (Wide(U(1u)) << s) >> U(1u);
    return (a + half) >> s;
}
