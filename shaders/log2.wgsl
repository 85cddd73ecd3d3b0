// Base-2 logarithm (Q9.22) of counts above 0, given in two words. Twin of `src/engine/draw/log2.rs`.

fn log2_count(count_low: U, count_high: U) -> I {
    let wide_count = count_high > U(0u);
    let lz = countLeadingZeros(select(count_low | U(1u), count_high, wide_count));
    // The count with its leading bit at the top of two words, and what follows that bit.
    let upper = select(count_low << lz, (count_high << lz) | ((count_low >> U(1u)) >> (U(31u) - lz)), wide_count);
    let lower = select(U(0u), count_low << lz, wide_count);
    let f = (upper << U(1u)) | (lower >> U(31u));
    let octave = select(U(31u), U(63u), wide_count) - lz;
    let at = U(LOG2_AT) + (f >> U(24u));
    let left = entries(at).low;
    let right = entries(at + U(1u)).low;
    let part = left + mul_hi(right - left, f << U(8u));
    return bitcast<I>((octave << U(LOG2_BITS)) + (part >> U(32u - LOG2_BITS)));
}
