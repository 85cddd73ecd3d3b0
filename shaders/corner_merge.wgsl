// Kernel: adds the totals of the families and splits up into those of the design's corners.
// Twin of the end of a chunk in `src/engine/draw/cpu_corners.rs`.

// By corner of the design, as far as it is distinct: where its rows begin in what follows, and how many there are; then
// the rows.
@group(0) @binding(2) var<storage, read> sources: array<vec2<u32>>;

@compute @workgroup_size(WORKGROUP)
fn corner_merge(@builtin(global_invocation_id) id: vec3<u32>) {
    let place = id.x;
    if place >= params.stride || id.y >= params.kept_groups {
        return;
    }
    let rows = sources[id.y];
    var sum = wide(U(0u), U(0u));
    for (var i = 0u; i < rows.y; i++) {
        let row = sources[rows.x + i].x;
        for (var split = 0u; split < params.splits; split++) {
            sum = total_merge(sum, load_total(split * params.groups + row, place));
        }
    }
    store_group(id.y, place, sum);
}
