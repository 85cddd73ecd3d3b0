// Kernel: floor(a · 2^shift / b) of two columns of counts, held at 2^53, by binary long division. Twin of `quotient.rs`.
//
// Counts and quotients are pairs (low word, high word) on every device. Shifts by 32 or more are undefined on some
// devices: none occurs.

struct QuotientParams {
    draws: u32,
    // At most 74.
    shift: u32,
    padding_0: u32,
    padding_1: u32,
}

@group(0) @binding(0) var<uniform> quotient_params: QuotientParams;
@group(0) @binding(1) var<storage, read> over: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> under: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> quotients: array<vec2<u32>>;

const NONE: vec2<u32> = vec2<u32>(0xffffffffu, 0xffffffffu);
// 2^53, the ceiling of a count.
const CEILING: vec2<u32> = vec2<u32>(0u, 0x200000u);
// Bits of a quotient that may be below the ceiling.
const BITS: u32 = 54u;

// Bits from the highest that is set down.
fn bits(a: vec2<u32>) -> u32 {
    return select(32u - countLeadingZeros(a.x), 64u - countLeadingZeros(a.y), a.y != 0u);
}

// `a << s` for s from 0 to 63.
fn shift_left(a: vec2<u32>, s: u32) -> vec2<u32> {
    let t = s & 31u;
    let low = a.x << t;
    let high = (a.y << t) | ((a.x >> 1u) >> (31u - t));
    return select(vec2<u32>(low, high), vec2<u32>(0u, low), s >= 32u);
}

// `a >> s` for s from 0 to 63.
fn shift_right(a: vec2<u32>, s: u32) -> vec2<u32> {
    let t = s & 31u;
    let high = a.y >> t;
    let low = (a.x >> t) | ((a.y << 1u) << (31u - t));
    return select(vec2<u32>(low, high), vec2<u32>(high, 0u), s >= 32u);
}

fn below(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn divide(a: vec2<u32>, b: vec2<u32>, shift: u32) -> vec2<u32> {
    if all(b == vec2<u32>()) {
        return NONE;
    }
    let bits_a = bits(a);
    // b has one bit more than this.
    let bits_b = bits(b) - 1u;
    // With fewer bits than b, a · 2^shift is less than b.
    if bits_a == 0u || bits_a + shift <= bits_b {
        return vec2<u32>();
    }
    // The quotient's bits. With 55 of them or more, a · 2^shift >= 2^(bits_a + shift - 1) >= 2^(54 + bits_b) > 2^53 · b.
    let steps = bits_a + shift - bits_b;
    if steps > BITS {
        return CEILING;
    }
    // The highest `bits_b` bits of a · 2^shift are less than b: they are the first remainder. The bits after them come
    // one by one: first those left of a, moved to the top of `rest`, then the zeros of the shift.
    var remainder: vec2<u32>;
    var rest = vec2<u32>();
    if bits_a > bits_b {
        remainder = shift_right(a, bits_a - bits_b);
        rest = shift_left(a, 64u - (bits_a - bits_b));
    } else {
        remainder = shift_left(a, bits_b - bits_a);
    }
    var quotient = vec2<u32>();
    for (var i = 0u; i < steps; i++) {
        // Below 2 b <= 2^54.
        remainder = vec2<u32>((remainder.x << 1u) | (rest.y >> 31u), (remainder.y << 1u) | (remainder.x >> 31u));
        rest = vec2<u32>(rest.x << 1u, (rest.y << 1u) | (rest.x >> 31u));
        let fits = !below(remainder, b);
        let borrow = u32(remainder.x < b.x);
        remainder = select(remainder, vec2<u32>(remainder.x - b.x, remainder.y - b.y - borrow), fits);
        quotient = vec2<u32>((quotient.x << 1u) | u32(fits), (quotient.y << 1u) | (quotient.x >> 31u));
    }
    return select(CEILING, quotient, below(quotient, CEILING));
}

@compute @workgroup_size(64)
fn quotient(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < quotient_params.draws {
        quotients[id.x] = divide(over[id.x], under[id.x], quotient_params.shift);
    }
}
