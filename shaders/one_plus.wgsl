// `log2(1 + 2^y)`, argument and result in Q9.22. Twin of `src/engine/draw/one_plus.rs`.

const ONE_PLUS_ENTRIES: u32 = 3073u;
const ONE_PLUS_RESIDUAL_BITS: u32 = 15u;
const ONE_PLUS_LOWEST: i32 = -100663296; // −24 octaves

fn one_plus(y: I) -> I {
    let below = max(min(y, -y), I(ONE_PLUS_LOWEST));
    let u = bitcast<U>(below - I(ONE_PLUS_LOWEST));
    let at = U(ONE_PLUS_AT) + min(u >> U(ONE_PLUS_RESIDUAL_BITS), U(ONE_PLUS_ENTRIES - 1u));
    let entry = entries(at);
    let rise = entry.high * (u & U((1u << ONE_PLUS_RESIDUAL_BITS) - 1u));
    return bitcast<I>(entry.low + (rise >> U(ONE_PLUS_RESIDUAL_BITS + 1u))) + max(y, I(0));
}

// `log2(2^a + 2^b)`.
fn log_sum(a: I, b: I) -> I {
    return max(a, b) + one_plus(min(a, b) - max(a, b));
}
