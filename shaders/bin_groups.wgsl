// Kernel: groups that are not kept draw by draw, from their totals to exact sums and bins.
// Twin of `Moments::add_count` in `src/engine/draw/cpu.rs`.

// By group that is not kept, its headline.
@group(0) @binding(2) var<storage, read> ranges: array<Range>;

// Counters of one group in `sums`: 16 words of limbs, then three plain ones.
const GROUP_SUMS: u32 = 20u;
const GROUP_ZEROS: u32 = 16u;
const GROUP_CEILING: u32 = 17u;
const GROUP_SATURATED: u32 = 18u;

@compute @workgroup_size(WORKGROUP)
fn bin_groups(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    limbs_begin(local);
    let place = id.x;
    let live = live_draws(place);
    let group = workgroup.y;
    let range = ranges[group];
    let at = group * GROUP_SUMS;

    let count = load_group(params.kept_groups + group, place);
    let zero = (low(count) | high(count)) == U(0u);
    add_counter(at + GROUP_ZEROS, live & zero);
    let ceiling = wide(U(0u), U(1u << (MODEL_BITS - 32u)));
    let held = wide_min(count, ceiling);
    add_counter(at + GROUP_SATURATED, live & ((low(held) != low(count)) | (high(held) != high(count))));
    summarise_counts(at, at + GROUP_CEILING, held, live);
    let y = log2_count(low(held), high(held));
    add_to_bins(group * BINS, y + I(range.unit * i32(1u << LOG2_BITS)), live & !zero, range);
}
