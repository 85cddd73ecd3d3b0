// Sums over the invocations of a workgroup, by subgroup operations.
//
// The same function as `limbs_workgroup`: a limb of `limb(base, k)` is a 64-bit counter of two words, low ones first.

var<private> subgroup_lane: u32;
var<private> subgroup_lanes: u32;

fn limbs_begin(local: u32) {
    subgroup_lane = subgroupExclusiveAdd(1u);
    subgroup_lanes = subgroupAdd(1u);
}

// Adds 8 limbs, each below 2^26, of all invocations to the counters at `base`. Uniform control flow.
fn add_limbs(base: u32, a: vec4<u32>, b: vec4<u32>) {
    // At most 64 lanes: sums stay below 2^32.
    let sum_a = subgroupAdd(a);
    let sum_b = subgroupAdd(b);
    for (var k = subgroup_lane; k < 8u; k += subgroup_lanes) {
        let four = select(sum_a, sum_b, k >= 4u);
        let two = select(four.xy, four.zw, (k & 2u) != 0u);
        add_limb(base + k, select(two.x, two.y, (k & 1u) != 0u));
    }
}
