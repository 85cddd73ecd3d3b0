//! Disjoint sets of numbers, joined two at a time; the smallest number of a set stands for it.

/// Each number in a set of its own at first.
pub struct Sets(Vec<usize>);

impl Sets {
    pub fn of(n: usize) -> Sets {
        Sets((0..n).collect())
    }

    /// The smallest number of its set.
    pub fn first(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}
