// Standard normals (Q3.28) from random words. Twin of `src/engine/inverse_normal.rs`.

fn inverse_normal(words: U4) -> I4 {
    let q = (words << U4(1u)) | U4(1u);
    let lz = countLeadingZeros(q);
    let n = q << lz;
    let at = U4(INVERSE_NORMAL_AT) + ((lz << U4(8u)) | ((n >> U4(23u)) & U4(0xffu)));
    let e0 = tables[at.x];
    let e1 = tables[at.y];
    let e2 = tables[at.z];
    let e3 = tables[at.w];
    let base = U4(e0.x, e1.x, e2.x, e3.x);
    let slope = U4(e0.y, e1.y, e2.y, e3.y);
    let r = (n >> U4(7u)) & U4(0xffffu);
    let z = bitcast<I4>(base - ((slope * r) >> U4(12u)));
    let sign = bitcast<I4>(words) >> U4(31u);
    return (z ^ sign) - sign;
}
