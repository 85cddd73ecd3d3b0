//! Committed tables: little-endian bytes to 64-bit entries, at compile time.

/// The entries of a table of `8 · N` bytes.
pub const fn entries<const N: usize>(bytes: &[u8]) -> [u64; N] {
    assert!(bytes.len() == 8 * N);
    let mut table = [0; N];
    let mut i = 0;
    while i < 8 * N {
        table[i / 8] |= (bytes[i] as u64) << (8 * (i % 8));
        i += 1;
    }
    table
}
