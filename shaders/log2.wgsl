// Base-2 logarithm (Q9.22) of a count above 0, given in two words. Twin of `src/engine/log2.rs`.

fn log2_count(count_low: u32, count_high: u32) -> i32 {
    var octave = 31u - countLeadingZeros(count_low | 1u);
    // The count without its leading bit, at the top of a word.
    var f = (count_low << (31u - octave)) << 1u;
    if count_high > 0u {
        let lz = countLeadingZeros(count_high);
        f = (((count_high << lz) | ((count_low >> 1u) >> (31u - lz))) << 1u) | ((count_low << lz) >> 31u);
        octave = 63u - lz;
    }
    let left = tables[LOG2_AT + (f >> 24u)].x;
    let right = tables[LOG2_AT + (f >> 24u) + 1u].x;
    let part = left + mul_hi_1(right - left, f << 8u);
    return bitcast<i32>((octave << LOG2_BITS) + (part >> (32u - LOG2_BITS)));
}
