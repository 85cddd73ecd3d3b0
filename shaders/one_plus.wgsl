// `log2(1 + 2^y)`, argument and result in Q9.22. Twin of `src/engine/one_plus.rs`.

const ONE_PLUS_ENTRIES: u32 = 3073u;
const ONE_PLUS_RESIDUAL_BITS: u32 = 15u;
const ONE_PLUS_LOWEST: i32 = -100663296; // −24 octaves

fn one_plus(y: I4) -> I4 {
    let below = max(min(y, -y), I4(ONE_PLUS_LOWEST));
    let u = bitcast<U4>(below - I4(ONE_PLUS_LOWEST));
    let at = U4(ONE_PLUS_AT) + min(u >> U4(ONE_PLUS_RESIDUAL_BITS), U4(ONE_PLUS_ENTRIES - 1u));
    let e0 = tables[at.x];
    let e1 = tables[at.y];
    let e2 = tables[at.z];
    let e3 = tables[at.w];
    let base = U4(e0.x, e1.x, e2.x, e3.x);
    let rise = U4(e0.y, e1.y, e2.y, e3.y) * (u & U4((1u << ONE_PLUS_RESIDUAL_BITS) - 1u));
    return bitcast<I4>(base + (rise >> U4(ONE_PLUS_RESIDUAL_BITS + 1u))) + max(y, I4(0));
}
