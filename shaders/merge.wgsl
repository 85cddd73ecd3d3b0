// Kernel: adds the splits' totals up into those of the first split. Twin of `accumulate::merge`.

@compute @workgroup_size(WORKGROUP)
fn merge(@builtin(global_invocation_id) id: vec3<u32>) {
    let place = id.x;
    let row = id.y;
    if place >= params.stride {
        return;
    }
    if row < total_rows() {
        var sum = load_total(row, place);
        for (var split = 1u; split < params.splits; split++) {
            sum = total_merge(sum, load_total(split * total_rows() + row, place));
        }
        store_total(row, place, sum);
    } else if row < total_rows() + group_rows() {
        let group_row = row - total_rows();
        var sum = load_group(group_row, place);
        for (var split = 1u; split < params.splits; split++) {
            sum = total_merge(sum, load_group(split * group_rows() + group_row, place));
        }
        store_group(group_row, place, sum);
    }
}
