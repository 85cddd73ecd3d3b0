//! What is done with a whole column of kept draws: sorting it, and dividing one by another.
//!
//! Both have one right answer in integers, so that a device and the host give the same bytes.

pub use super::quotient::{MAX_SHIFT, Quotient};
use super::{quotient, sort};

/// Something that sorts and divides columns. It never fails: what a device cannot do is done on the host.
pub trait Reduce: Sync {
    /// Ascending order.
    fn sort(&self, words: &mut [u64]);

    /// `⌊over·2^shift/under⌋` by draw, for counts of at most 2^53 and a shift of at most [`MAX_SHIFT`]. As many as the
    /// shorter column has draws.
    fn quotients(&self, over: &[u64], under: &[u64], shift: u32) -> Vec<Quotient>;
}

/// The processor, on rayon's current pool of threads.
#[derive(Debug, Clone, Copy)]
pub struct Host;

impl Reduce for Host {
    fn sort(&self, words: &mut [u64]) {
        sort::sort(words);
    }

    fn quotients(&self, over: &[u64], under: &[u64], shift: u32) -> Vec<Quotient> {
        quotient::quotients(over, under, shift)
    }
}
