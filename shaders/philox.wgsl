// The random stream: Philox4x32-10. Twin of `src/engine/philox.rs`, which documents the counter's layout.
//
// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, doi:10.1145/2063384.2063405.

const PHILOX_MUL_0: u32 = 0xD2511F53u;
const PHILOX_MUL_1: u32 = 0xCD9E8D57u;
const PHILOX_WEYL: vec2<u32> = vec2<u32>(0x9E3779B9u, 0xBB67AE85u);

const DOMAIN_OWN: u32 = 0u;
const DOMAIN_SHARED: u32 = 1u;
const DOMAIN_INDEPENDENT: u32 = 2u;

// A counter, and after the rounds four random words, of each of four draws.
struct Words {
    a: U4,
    b: U4,
    c: U4,
    d: U4,
}

// The numbers of four draws: 40 bits, low word and the rest.
struct Quad {
    low: U4,
    high: U4,
}

fn philox_round(words: Words, key: vec2<u32>) -> Words {
    let p = wide_mul(U4(PHILOX_MUL_0), words.a);
    let q = wide_mul(U4(PHILOX_MUL_1), words.c);
    return Words(high(q) ^ words.b ^ U4(key.x), low(q), high(p) ^ words.d ^ U4(key.y), low(p));
}

fn philox4x32_10(counter: Words, seed: vec2<u32>) -> Words {
    var key = seed;
    var words = philox_round(counter, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    words = philox_round(words, key);
    key += PHILOX_WEYL;
    return philox_round(words, key);
}

// Draws `first + 4·quad …`, of which `first` has 40 bits.
fn quad_draws(first: vec2<u32>, quad: u32) -> Quad {
    let low = U4(first.x) + U4(4u * quad) + U4(0u, 1u, 2u, 3u);
    return Quad(low, U4(first.y) + U4(low < U4(first.x)));
}

// The four words of each of four draws of one entity.
fn stream_words(draws: Quad, seed: vec2<u32>, domain: u32, block: u32, entity: vec2<u32>) -> Words {
    let high = draws.high | U4((domain << 8u) | (block << 16u));
    return philox4x32_10(Words(draws.low, high, U4(entity.x), U4(entity.y)), seed);
}
