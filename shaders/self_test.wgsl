// Kernel: each building block on its own, on inputs whose answers are known. Read by `src/engine/gpu/self_test.rs`.

struct SelfTestParams {
    seed: vec2<u32>,
    // Where the test's table begins and log2 of its cells.
    table: u32,
    table_bits: u32,
    scale: i32,
    unit: i32,
    // Invocations.
    count: u32,
    // A bounded factor's record: kind with the inverse of the scale, and limit.
    bound: u32,
    limit: i32,
    padding_0: u32,
    padding_1: u32,
    padding_2: u32,
}

@group(0) @binding(0) var<uniform> self_test_params: SelfTestParams;
// By invocation: the four words of a counter.
@group(0) @binding(2) var<storage, read> counters: array<U>;
// By invocation and question: the answers.
@group(0) @binding(3) var<storage, read_write> answers: array<U>;

const ANSWERS: u32 = 13u;

@compute @workgroup_size(64)
fn self_test(@builtin(global_invocation_id) id: vec3<u32>) {
    let p = self_test_params;
    if id.x >= p.count {
        return;
    }
    let at = id.x * ANSWERS;
    let c = Words(counters[4u * id.x], counters[4u * id.x + 1u], counters[4u * id.x + 2u], counters[4u * id.x + 3u]);
    let words = philox4x32_10(c, p.seed);
    let z = inverse_normal(words.a);
    let y = affine(p.scale, z);
    let h = exp2_fraction(y);
    let count = exp2_count(h, y, p.unit);
    let capped = exp2_capped(h, y, p.unit, 48u);
    answers[at] = words.a;
    answers[at + 1u] = words.b;
    answers[at + 2u] = words.c;
    answers[at + 3u] = words.d;
    answers[at + 4u] = bitcast<U>(z);
    answers[at + 5u] = bitcast<U>(y);
    answers[at + 6u] = bitcast<U>(one_plus(y));
    answers[at + 7u] = bitcast<U>(table_values(p.table, p.table_bits, z));
    answers[at + 8u] = low(count);
    answers[at + 9u] = high(count);
    answers[at + 10u] = low(capped) ^ high(capped);
    answers[at + 12u] = bitcast<U>(bounded(SlotRecord(p.bound, bitcast<u32>(p.scale), p.limit, 0u), z, y >> U(1u)));
    answers[at + 11u] = bitcast<U>(log2_count(words.a | U(1u), words.b >> (words.c & U(31u))));
}
