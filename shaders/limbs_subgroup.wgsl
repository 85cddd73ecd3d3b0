// Sums over the invocations of a workgroup, by subgroup operations.
//
// The same function as `limbs_workgroup`: a limb of `limb(base, k)` is a 64-bit counter of two words, low ones first.

// The invocation's number in its subgroup, and the lower ones as bits.
var<private> below: vec2<u32>;

fn limbs_begin(local: u32) {
    let lane = subgroupExclusiveAdd(1u);
    below = vec2<u32>(low_bits(min(lane, 32u)), low_bits(max(lane, 32u) - 32u));
}

// The lowest n bits; n up to 32.
fn low_bits(n: u32) -> u32 {
    return select((1u << (n & 31u)) - 1u, 0xffffffffu, n == 32u);
}

// Adds 8 limbs, each below 2^26, of all invocations to the counters at `base`. Uniform control flow. Should a driver
// not have brought the invocations together again after a branch, those that are here add their part, and no limb is
// lost.
fn add_limbs(base: u32, a: vec4<u32>, b: vec4<u32>) {
    // At most 64 lanes: sums stay below 2^32.
    let sum_a = subgroupAdd(a);
    let sum_b = subgroupAdd(b);
    let here = subgroupBallot(true).xy;
    let bits = countOneBits(here & below);
    let lanes = countOneBits(here);
    for (var k = bits.x + bits.y; k < 8u; k += lanes.x + lanes.y) {
        let four = select(sum_a, sum_b, k >= 4u);
        let two = select(four.xy, four.zw, (k & 2u) != 0u);
        add_limb(base + k, select(two.x, two.y, (k & 1u) != 0u));
    }
}
