// A factor times its shared effects below a bound, its own part cut given the shared part: twin of
// `src/engine/draw/bounded.rs` and `src/engine/draw/normal_cdf.rs`, which document the formulas.

const LOG_CDF_BITS: u32 = 13u;
const UPPER_CHORD_BITS: u32 = 9u;
// −1 octave, and the last unit below 64.
const CDF_ONE: i32 = 4194304;
const CDF_MOST: i32 = 268435455;

// `log2 Φ(x)` in Q9.22.
fn log_cdf(x: I) -> I {
    let u = bitcast<U>(x) ^ U(0x80000000u);
    let entry = entries(U(LOG_CDF_AT) + (u >> U(32u - LOG_CDF_BITS)));
    return bitcast<I>(entry.low + mul_hi(entry.high, u << U(LOG_CDF_BITS)));
}

// `x ≥ 0` with `log2 Φ(−x) = log`.
fn upper(log: I) -> I {
    let a = bitcast<U>(clamp(-log, I(CDF_ONE), I(CDF_MOST)));
    let lz = countLeadingZeros(a);
    let n = a << lz;
    let chord = (n >> U(31u - UPPER_CHORD_BITS)) & U((1u << UPPER_CHORD_BITS) - 1u);
    let entry = entries(U(UPPER_AT) + (((U(9u) - lz) << U(UPPER_CHORD_BITS)) | chord));
    return bitcast<I>(entry.low + mul_hi(entry.high, n << U(1u + UPPER_CHORD_BITS)));
}

// z' with `Φ(z') = Φ(z)·Φ(t)`.
fn cut(z: I, t: I) -> I {
    let log_z = log_cdf(z);
    let both = log_z + log_cdf(t);
    let complement = log_sum(log_cdf(~z), log_z + log_cdf(~t));
    let below = both < I(-CDF_ONE);
    let x = upper(select(complement, both, below));
    return select(x, -x, below);
}

// The factor with its shared part, of the factor's own normal.
fn bounded(record: SlotRecord, z: I, shared_part: I) -> I {
    let scale = bitcast<i32>(record.parameter);
    let shift = countLeadingZeros(record.parameter);
    let most = 0x7fffffff >> shift;
    let octaves = clamp(I(record.loc) - shared_part, I(-most), I(most)) << U(shift);
    let inverse = i32((record.kind >> 8u) << 7u);
    let t = clamp(mul_hi_signed(inverse, octaves), I(-(1 << 29u)), I((1 << 29u) - 1)) << U(2u);
    return min(affine(scale, cut(z, t)) + shared_part, I(record.loc));
}
