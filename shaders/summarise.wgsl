// One output's own summary: exact sums of x and x² and a histogram of log2 x. Twin of `src/engine/draw/summarise.rs`.
//
// A value x below 2^48 is x0 + x1·2^24. Summed are x0, x1 and the lower and upper 24 bits of x1², x0·x1 and x0²: eight
// limbs below 2^24 each, so that the sums over the 256 draws of 64 invocations stay below 2^32. The host puts them
// together (`src/engine/gpu/layout.rs`). Values at the ceiling of 2^48 are only counted.

// Counters of two words each: by summary the limbs' low words, then their carries; at the end plain counters.
@group(0) @binding(6) var<storage, read_write> sums: array<atomic<u32>>;
@group(0) @binding(7) var<storage, read_write> bins: array<atomic<u32>>;

// Whether some value could pass the ceiling of 2^48 counts: then it is held there and counted.
override SATURABLE_VALUES: bool = true;
// Whether single models' values are binned.
override BINNED: bool = true;

const BINS: u32 = 1024u;
const MODEL_BITS: u32 = 48u;

// Unit and bins of one output. Mirrored by `RangeRecord` in `src/engine/gpu/layout.rs`.
struct Range {
    unit: i32,
    bins_lo: i32,
    bin_scale: u32,
    padding: u32,
}

fn add_limb(at: u32, value: u32) {
    if value > 0u {
        let before = atomicAdd(&sums[at], value);
        if before > 0xffffffffu - value {
            atomicAdd(&sums[at + 8u], 1u);
        }
    }
}

fn add_counter(at: u32, which: B) {
    let n = sum_of(U(which));
    if n > 0u {
        atomicAdd(&sums[at], n);
    }
}

// Adds the values 2^y of the draws that are `counted`; `h` is `exp2_fraction(y)`. Uniform control flow.
fn summarise(limbs_at: u32, ceiling_at: u32, bins_at: u32, y: I, h: U, counted: B, range: Range) {
    if SATURABLE_VALUES {
        summarise_counts(limbs_at, ceiling_at, exp2_capped(h, y, range.unit, MODEL_BITS), counted);
    } else {
        summarise_counts(limbs_at, ceiling_at, exp2_count(h, y, range.unit), counted);
    }
    if BINNED {
        add_to_bins(bins_at, y, counted, range);
    }
}

// Adds counts of at most 2^48 to the exact sums. Uniform control flow.
fn summarise_counts(limbs_at: u32, ceiling_at: u32, x: Wide, counted: B) {
    let x0 = select(U(0u), low(x) & U(0xffffffu), counted);
    var x1 = select(U(0u), (low(x) >> U(24u)) | (high(x) << U(8u)), counted);
    if SATURABLE_VALUES {
        let at_ceiling = x1 > U(0xffffffu);
        x1 = select(x1, U(0u), at_ceiling);
        add_counter(ceiling_at, at_ceiling);
    }
    let upper = wide_mul(x1, x1);
    let mixed = wide_mul(x1, x0);
    let lower = wide_mul(x0, x0);
    let a = vec4<u32>(sum_of(x0), sum_of(x1), sum_of(low_24(upper)), sum_of(high_24(upper)));
    let b = vec4<u32>(sum_of(low_24(mixed)), sum_of(high_24(mixed)), sum_of(low_24(lower)), sum_of(high_24(lower)));
    add_limbs(limbs_at, a, b);
}

fn low_24(a: Wide) -> U {
    return low(a) & U(0xffffffu);
}

fn high_24(a: Wide) -> U {
    return (low(a) >> U(24u)) | (high(a) << U(8u));
}

fn add_to_bins(bins_at: u32, y: I, counted: B, range: Range) {
    let above = bitcast<U>(max(y, I(range.bins_lo)) - I(range.bins_lo));
    count_in_bins(U(bins_at) + min(mul_hi(above, U(range.bin_scale)), U(BINS - 1u)), counted);
}

// Counts each draw in its bin.
fn count_in_bins(at: U, counted: B) {
    if counted.x { atomicAdd(&bins[at.x], 1u); }
    if counted.y { atomicAdd(&bins[at.y], 1u); }
    if counted.z { atomicAdd(&bins[at.z], 1u); }
    if counted.w { atomicAdd(&bins[at.w], 1u); }
}
