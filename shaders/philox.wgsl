// The random stream: Philox4x32-10. Twin of `src/engine/draw/philox.rs`, which documents the counter's layout.
//
// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, doi:10.1145/2063384.2063405.

const PHILOX_MUL_0: u32 = 0xD2511F53u;
const PHILOX_MUL_1: u32 = 0xCD9E8D57u;
const PHILOX_WEYL: vec2<u32> = vec2<u32>(0x9E3779B9u, 0xBB67AE85u);

const DOMAIN_OWN: u32 = 0u;
const DOMAIN_SHARED: u32 = 1u;
const DOMAIN_INDEPENDENT: u32 = 2u;
const DOMAIN_OWN_SECOND: u32 = 3u;
const DOMAIN_SHARED_SECOND: u32 = 4u;

// A counter, and after the rounds four random words, of each draw.
struct Words {
    a: U,
    b: U,
    c: U,
    d: U,
}

// The numbers of an invocation's draws: 40 bits, low word and the rest.
struct Draws {
    low: U,
    high: U,
}

fn philox_round(words: Words, key: vec2<u32>) -> Words {
    let p = wide_mul(U(PHILOX_MUL_0), words.a);
    let q = wide_mul(U(PHILOX_MUL_1), words.c);
    return Words(high(q) ^ words.b ^ U(key.x), low(q), high(p) ^ words.d ^ U(key.y), low(p));
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

// The draws of one invocation; `first`, of 40 bits, is that of invocation 0.
fn draws_of(first: vec2<u32>, invocation: u32) -> Draws {
    let low = U(first.x) + U(LANES * invocation) + lane_numbers();
    return Draws(low, U(first.y) + U(low < U(first.x)));
}

// The four words of each draw of one entity.
fn stream_words(draws: Draws, seed: vec2<u32>, domain: u32, block: u32, entity: vec2<u32>) -> Words {
    let high = draws.high | U((domain << 8u) | (block << 16u));
    return philox4x32_10(Words(draws.low, high, U(entity.x), U(entity.y)), seed);
}
