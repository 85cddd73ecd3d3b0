// Kernels: shared effects. Twin of `src/engine/draw/shared.rs`.
//
// `shared_normals` draws each effect's normals of the stretch once; `shared_logs` adds them up to the logarithm of
// every distinct sum of effects (a cell), each product rounded down.

// Of which sample: the one of a plain run, or the second one of a pick-freeze design.
override SECOND: bool = false;

// By effect: its key in two words. Then by cell: where its parts begin and how many there are. Then the parts:
// effect and scale (Q5.26).
@group(0) @binding(2) var<storage, read> effects: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> logs: array<I>;
@group(0) @binding(4) var<storage, read_write> normals: array<I>;

@compute @workgroup_size(WORKGROUP)
fn shared_normals(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.stride || id.y >= params.effects {
        return;
    }
    let domain = select(DOMAIN_SHARED, DOMAIN_SHARED_SECOND, SECOND);
    let words = stream_words(draws_of(params.first, id.x), params.seed, domain, 0u, effects[id.y]);
    normals[id.y * params.stride + id.x] = inverse_normal(words.a);
}

@compute @workgroup_size(WORKGROUP)
fn shared_logs(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.stride || id.y >= params.cells {
        return;
    }
    let parts = effects[params.effects + id.y];
    var sum = I(0);
    for (var i = 0u; i < parts.y; i++) {
        let part = effects[parts.x + i];
        sum += affine(bitcast<i32>(part.y), normals[part.x * params.stride + id.x]);
    }
    logs[id.y * params.stride + id.x] = sum;
}
