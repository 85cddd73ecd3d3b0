//! A figure that is known from elsewhere, what was obtained in its place, and whether the two agree.
//!
//! Integers must be equal. A figure without sampling error has a stated tolerance. An estimate is distinguished from the
//! expected value by its score, (obtained − expected) in standard errors, whose limit is simultaneous: of all estimates
//! of a correct machine together, at all seeds, at most one seed in a thousand shows one beyond it (Bonferroni). A
//! score is not finite where something is not a number: that never agrees.

use crate::engine::stats::normal::Level;
use crate::engine::stats::order::BATCHES;
use crate::engine::stats::sensitivity::Index;
use crate::engine::stats::student_t::student_t;

/// A correct machine has a differing estimate in at most this part of all seeds.
pub const FALSE_ALARMS: f64 = 1e-3;

/// A known figure and what was obtained in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What is compared, for people.
    pub name: String,
    /// What came out.
    pub obtained: Value,
    /// What should have come out.
    pub expected: Value,
    /// When the two agree.
    pub criterion: Criterion,
}

/// The value of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A real number.
    Real(f64),
    /// An integer.
    Count(u64),
    /// One block of the random stream.
    Words([u32; 4]),
}

/// How closely a figure must agree with what is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// To the last bit.
    Exact,
    /// Largest absolute difference.
    Within(f64),
    /// A sampled figure: its standard error, and its distance from the expected value in standard errors.
    Estimate {
        /// Standard error of the obtained value, in its unit.
        standard_error: f64,
        /// Distance from the expected value in standard errors.
        score: f64,
        /// What the score of a correct estimate is distributed like.
        law: Law,
    },
}

/// What the score of a correct estimate is distributed like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Student's t of 31 degrees of freedom: the error comes from 32 batches.
    Student,
    /// The error is known beforehand.
    Normal,
}

/// How large a score may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Estimates tested together.
    pub estimates: usize,
    /// Largest absolute score under Student's t.
    pub student: f64,
    /// Largest absolute score under the normal distribution.
    pub normal: f64,
}

impl Limits {
    /// For the estimates among these figures.
    pub fn of<'a>(figures: impl Iterator<Item = &'a Figure>) -> Limits {
        let estimates = figures.filter(|f| matches!(f.criterion, Criterion::Estimate { .. })).count();
        let each = FALSE_ALARMS / estimates.max(1) as f64;
        let student = student_t(1.0 - each, (BATCHES - 1) as f64);
        Limits { estimates, student, normal: -Level::below(each / 2.0).z() }
    }
}

impl Figure {
    /// A count that must be what it is.
    pub fn count(name: impl Into<String>, obtained: usize, expected: usize) -> Figure {
        let value = |n: usize| Value::Count(n as u64);
        Figure { name: name.into(), obtained: value(obtained), expected: value(expected), criterion: Criterion::Exact }
    }

    /// A number without sampling error.
    pub fn within(name: impl Into<String>, obtained: f64, expected: f64, tolerance: f64) -> Figure {
        let (obtained, expected) = (Value::Real(obtained), Value::Real(expected));
        Figure { name: name.into(), obtained, expected, criterion: Criterion::Within(tolerance) }
    }

    /// An estimate with its jackknife error.
    pub fn estimate(name: impl Into<String>, obtained: Index, expected: f64) -> Figure {
        let score = (obtained.value - expected) / obtained.se;
        // What is exactly right has no error: an inert input's index.
        let score = if obtained.se == 0.0 && obtained.value == expected { 0.0 } else { score };
        Figure {
            name: name.into(),
            obtained: Value::Real(obtained.value),
            expected: Value::Real(expected),
            criterion: Criterion::Estimate { standard_error: obtained.se, score, law: Law::Student },
        }
    }

    /// Whether the figure meets its criterion; `limits` are those of scores.
    pub fn agrees(&self, limits: &Limits) -> bool {
        match (self.criterion, self.obtained, self.expected) {
            (Criterion::Within(tolerance), Value::Real(a), Value::Real(b)) => (a - b).abs() <= tolerance,
            (Criterion::Estimate { score, law, .. }, ..) => {
                score.abs() <= if law == Law::Student { limits.student } else { limits.normal }
            }
            (_, obtained, expected) => obtained == expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, se: f64) -> Figure {
        Figure::estimate("", Index { value, lo: value, hi: value, se }, 1.0)
    }

    #[test]
    fn limits_are_simultaneous() {
        // SciPy 1.17: stats.t.isf(0.0005/100, 31), stats.norm.isf(0.0005/100); for one: isf(0.0005).
        let hundred = vec![estimate(1.0, 1.0); 100];
        let limits = Limits::of(hundred.iter().chain([&Figure::count("", 0, 0)]));
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(limits.estimates == 100 && near(limits.student, T_100) && near(limits.normal, N_100), "{limits:?}");
        let one = Limits::of(hundred[..1].iter());
        assert!(near(one.student, T_1) && near(one.normal, N_1), "{one:?}");
    }

    const T_100: f64 = 5.266_565_6;
    const N_100: f64 = 4.417_173_4;
    const T_1: f64 = 3.633_456_3;
    const N_1: f64 = 3.290_526_7;

    #[test]
    fn what_agrees_and_what_does_not() {
        let limits = Limits { estimates: 1, student: 3.0, normal: 2.0 };
        let cases = [
            (Figure::count("", 3, 3), true),
            (Figure::count("", 3, 4), false),
            (Figure::within("", 1.0, 1.5, 0.5), true),
            (Figure::within("", 1.0, 1.5, 0.4), false),
            (Figure::within("", f64::NAN, 1.5, 0.5), false),
            (estimate(1.29, 0.1), true),
            (estimate(1.31, 0.1), false),
            (estimate(0.69, 0.1), false),
            (estimate(f64::NAN, 0.1), false),
            (estimate(1.0, 0.0), true),
            (estimate(1.1, 0.0), false),
        ];
        for (figure, agrees) in cases {
            assert_eq!(figure.agrees(&limits), agrees, "{figure:?}");
        }
        let mut known = estimate(1.25, 0.1);
        known.criterion = Criterion::Estimate { standard_error: 0.1, score: 2.5, law: Law::Normal };
        assert!(!known.agrees(&limits));
    }
}
