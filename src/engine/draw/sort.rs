//! Words in ascending order. Twin of `sort.wgsl`.
//!
//! Equal words are interchangeable, so that there is one result, whatever the method and the number of threads: here
//! a parallel comparison sort, on a device a radix sort.

use rayon::slice::ParallelSliceMut;

/// Sorts in place, on the threads of the current pool.
pub fn sort(words: &mut [u64]) {
    words.par_sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascending_with_all_that_was_there() {
        // An odd factor permutes the words modulo 2^64; 0 ..= 999 times it, sorted, is what the order must be.
        let mut words: Vec<u64> = (0..1000).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let (sum, before) = (words.iter().fold(0u64, |a, &w| a.wrapping_add(w)), words.clone());
        sort(&mut words);
        assert!(words.windows(2).all(|w| w[0] < w[1]));
        assert!(!before.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(words.iter().fold(0u64, |a, &w| a.wrapping_add(w)), sum);
    }
}
