//! The random stream: Philox4x32-10, counter-based.
//!
//! A 128-bit counter and a 64-bit key give four 32-bit words; nothing is carried from one draw to the next, so any
//! draw of any model can be made anywhere. The counter holds, from its lowest bit:
//!
//! | bits | field | meaning |
//! |---|---|---|
//! | 0 to 39 | draw | index of the draw, absolute |
//! | 40 to 47 | domain | what the stream is for ([`Domain`]) |
//! | 48 to 63 | block | four slots share a block: slot `s` is word `s % 4` of block `s / 4` |
//! | 64 to 127 | entity | key of the model or of the shared effect |
//!
//! The Philox key is the seed. This layout is frozen: changing it changes every result (value-breaking).
//!
//! Reference: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11,
//! doi:10.1145/2063384.2063405.

/// Multiplier of the first pair (Salmon et al. 2011, table 2).
pub const MUL_0: u32 = 0xD251_1F53;
/// Multiplier of the second pair.
pub const MUL_1: u32 = 0xCD9E_8D57;
/// What the first half of the key grows by in each round.
pub const WEYL_0: u32 = 0x9E37_79B9;
/// What the second half of the key grows by in each round.
pub const WEYL_1: u32 = 0xBB67_AE85;
const ROUNDS: u32 = 10;

/// Draws are numbered by 40 bits.
pub const MAX_DRAW: u64 = (1 << 40) - 1;

/// What a stream is for; the same entity has unrelated numbers in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Domain {
    /// A model's own inputs.
    Own = 0,
    /// A shared effect's normal.
    Shared = 1,
    /// Shared effects drawn separately for each model.
    Independent = 2,
    /// A model's own inputs, second sample of a pick-freeze design.
    OwnSecond = 3,
    /// A shared effect's normal, second sample.
    SharedSecond = 4,
}

/// A counter whose draw number is still open: everything else is fixed for a run over draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    /// Domain and block, at their places in counter word 1.
    high: u32,
    entity: [u32; 2],
}

impl Stream {
    /// The stream of one entity (a model, a shared effect) under a seed; `block` counts its groups of four words.
    pub fn new(seed: u64, domain: Domain, block: u16, entity: u64) -> Stream {
        Stream {
            key: [seed as u32, (seed >> 32) as u32],
            high: ((domain as u32) << 8) | (u32::from(block) << 16),
            entity: [entity as u32, (entity >> 32) as u32],
        }
    }

    /// The four words of one draw. The draw must fit 40 bits; runs are bounded far below that.
    #[inline(always)]
    pub fn words(&self, draw: u64) -> [u32; 4] {
        debug_assert!(draw <= MAX_DRAW);
        let counter = [draw as u32, self.high | (draw >> 32) as u32, self.entity[0], self.entity[1]];
        philox4x32_10(counter, self.key)
    }

    /// The words `WORD` of `out.len()` draws from `first` on, for a single word of the block.
    #[inline(always)]
    pub fn fill_word<const WORD: usize>(&self, first: u64, out: &mut [u32]) {
        for (i, w) in out.iter_mut().enumerate() {
            *w = self.words(first + i as u64)[WORD];
        }
    }

    /// The words of consecutive draws from `first` on. The slices have one length.
    #[inline(always)]
    pub fn fill(&self, first: u64, out: [&mut [u32]; 4]) {
        let [a, b, c, d] = out;
        let n = a.len();
        let (b, c, d) = (&mut b[..n], &mut c[..n], &mut d[..n]);
        for i in 0..n {
            let w = self.words(first + i as u64);
            a[i] = w[0];
            b[i] = w[1];
            c[i] = w[2];
            d[i] = w[3];
        }
    }
}

#[inline(always)]
fn mul_hi_lo(a: u32, b: u32) -> (u32, u32) {
    let p = u64::from(a) * u64::from(b);
    ((p >> 32) as u32, p as u32)
}

/// The block function.
#[inline(always)]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        let (hi0, lo0) = mul_hi_lo(MUL_0, c0);
        let (hi1, lo1) = mul_hi_lo(MUL_1, c2);
        (c0, c1, c2, c3) = (hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0);
        k0 = k0.wrapping_add(WEYL_0);
        k1 = k1.wrapping_add(WEYL_1);
    }
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    //! Fixed vectors from Random123's `kat_vectors` (D. E. Shaw Research), philox4x32 10 rounds.
    use super::*;

    const KNOWN: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
        ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
        (
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
            [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
        ),
    ];

    #[test]
    fn known_answers() {
        for (counter, key, expected) in KNOWN {
            assert_eq!(philox4x32_10(counter, key), expected);
        }
    }

    #[test]
    fn a_changed_key_is_seen() {
        let (counter, key, expected) = KNOWN[2];
        assert_ne!(philox4x32_10(counter, [key[0] ^ 1, key[1]]), expected);
    }

    #[test]
    fn the_counter_is_laid_out_as_documented() {
        let s = Stream::new(0x299f_31d0_a409_3822, Domain::Independent, 0x85a3, 0x0370_7344_1319_8a2e);
        let draw = 0xd3_243f_6a88_u64;
        let expected = philox4x32_10([0x243f6a88, 0x85a3_02d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
        assert_eq!(s.words(draw), expected);
        let mut w = [vec![0; 5], vec![0; 5], vec![0; 5], vec![0; 5]];
        let [a, b, c, d] = &mut w;
        s.fill(draw - 2, [a, b, c, d]);
        assert_eq!([w[0][2], w[1][2], w[2][2], w[3][2]], expected);
        let mut one = vec![0; 5];
        s.fill_word::<3>(draw - 2, &mut one);
        assert_eq!(one, w[3]);
    }
}
