// Per-draw totals in memory: rows of quads, the low words of a row before the high words.

@group(0) @binding(4) var<storage, read_write> totals: array<U>;
@group(0) @binding(5) var<storage, read_write> group_totals: array<U>;

// Outputs of the plan. Their rows are followed by one of the headline with independent effects.
override OUTPUTS: u32 = 12u;

fn total_at(row: u32, place: u32) -> u32 {
    return 2u * row * params.stride + place;
}

fn load_total(row: u32, place: u32) -> Wide {
    let at = total_at(row, place);
    return wide(totals[at], totals[at + params.stride]);
}

fn store_total(row: u32, place: u32, value: Wide) {
    let at = total_at(row, place);
    totals[at] = low(value);
    totals[at + params.stride] = high(value);
}

fn load_group(row: u32, place: u32) -> Wide {
    let at = total_at(row, place);
    return wide(group_totals[at], group_totals[at + params.stride]);
}

fn store_group(row: u32, place: u32, value: Wide) {
    let at = total_at(row, place);
    group_totals[at] = low(value);
    group_totals[at + params.stride] = high(value);
}

// Rows of totals, and of group totals: the headline of all groups, then the denominator of those that are kept.
fn total_rows() -> u32 {
    return OUTPUTS + 1u;
}

fn group_rows() -> u32 {
    return params.groups + params.kept_groups;
}
