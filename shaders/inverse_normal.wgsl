// Standard normals (Q3.28) from random words. Twin of `src/engine/draw/inverse_normal.rs`.

fn inverse_normal(words: U) -> I {
    let q = (words << U(1u)) | U(1u);
    let lz = countLeadingZeros(q);
    let n = q << lz;
    let at = U(INVERSE_NORMAL_AT) + ((lz << U(8u)) | ((n >> U(23u)) & U(0xffu)));
    let entry = entries(at);
    let r = (n >> U(7u)) & U(0xffffu);
    let z = bitcast<I>(entry.low - ((entry.high * r) >> U(12u)));
    let sign = bitcast<I>(words) >> U(31u);
    return (z ^ sign) - sign;
}
