// Adding values to totals per draw. Twin of `src/engine/draw/accumulate.rs`.

// Whether some draw could pass the ceiling of a total: then additions saturate.
override SATURABLE: bool = true;

const TOTAL_BITS: u32 = 53u;

fn total_add(total: Wide, h: U, y: I, unit: i32) -> Wide {
    if SATURABLE {
        return total_merge(total, exp2_capped(h, y, unit, TOTAL_BITS));
    }
    return wide_add(total, exp2_count(h, y, unit));
}

fn total_merge(a: Wide, b: Wide) -> Wide {
    let sum = wide_add(a, b);
    if SATURABLE {
        return wide_min(sum, wide(U(0u), U(1u << (TOTAL_BITS - 32u))));
    }
    return sum;
}
