// Sums over the invocations of a workgroup, through its shared memory.
//
// The same function as `limbs_subgroup`, for devices without subgroup operations.

var<workgroup> limbs: array<u32, 512>; // 8 · WORKGROUP

var<private> local_index: u32;

fn limbs_begin(local: u32) {
    local_index = local;
}

// Adds 8 limbs, each below 2^26, of all invocations to the counters at `base`. Uniform control flow.
fn add_limbs(base: u32, a: vec4<u32>, b: vec4<u32>) {
    limbs[local_index] = a.x;
    limbs[WORKGROUP + local_index] = a.y;
    limbs[2u * WORKGROUP + local_index] = a.z;
    limbs[3u * WORKGROUP + local_index] = a.w;
    limbs[4u * WORKGROUP + local_index] = b.x;
    limbs[5u * WORKGROUP + local_index] = b.y;
    limbs[6u * WORKGROUP + local_index] = b.z;
    limbs[7u * WORKGROUP + local_index] = b.w;
    workgroupBarrier();
    if local_index < 8u {
        var sum = 0u;
        for (var i = 0u; i < WORKGROUP; i++) {
            sum += limbs[local_index * WORKGROUP + i];
        }
        add_limb(base + local_index, sum);
    }
    workgroupBarrier();
}
