//! Incomplete gamma and beta functions and their inverses, through `libm` only.
//!
//! Everything is in the logarithm of the variable (gamma: u = ln x; beta: u = ln(x/(1−x))) and in the logarithm of
//! the probability. In these coordinates both densities are log-concave, hence so are the lower and the upper
//! probability, and Newton's iteration on the logarithm of the smaller tail converges from any start (Halley's,
//! which is used, does so faster); it needs
//! neither a bracket nor a good first guess, and shapes far below 1, whose x underflow, are no special case.
//!
//! Sources: series and continued fractions are DLMF 8.7.1, 8.9.2 and 8.17.22 (<https://dlmf.nist.gov>), evaluated by
//! the modified Lentz algorithm (I. J. Thompson and A. R. Barnett, J. Comput. Phys. 64 (1986) 490–509,
//! doi:10.1016/0021-9991(86)90046-X).

use super::normal::Level;

/// Natural logarithms of a probability and of its complement.
#[derive(Debug, Clone, Copy)]
struct LnTails {
    below: f64,
    above: f64,
}

impl LnTails {
    fn of_below(ln: f64) -> LnTails {
        LnTails { below: ln.min(0.0), above: ln_complement(ln) }
    }

    fn of_above(ln: f64) -> LnTails {
        LnTails { below: ln_complement(ln), above: ln.min(0.0) }
    }

    fn level(self) -> Level {
        Level { below: libm::exp(self.below), above: libm::exp(self.above) }
    }
}

/// `ln(1 − e^ln)`.
fn ln_complement(ln: f64) -> f64 {
    if ln >= 0.0 { f64::NEG_INFINITY } else { libm::log(-libm::expm1(ln)) }
}

/// Enough for shapes up to about 10^8, where both expansions take some √shape terms.
const MAX_TERMS: u32 = 200_000;
const MAX_STEPS: u32 = 200;

/// The gamma distribution of scale 1.
#[derive(Debug, Clone, Copy)]
pub struct Gamma {
    shape: f64,
    ln_gamma: f64,
}

impl Gamma {
    /// Of a shape above 0.
    pub fn new(shape: f64) -> Gamma {
        Gamma { shape, ln_gamma: libm::lgamma(shape) }
    }

    /// Probability below `x`.
    pub fn cdf(&self, x: f64) -> Level {
        if x <= 0.0 {
            return Level::BOTTOM;
        }
        if x == f64::INFINITY {
            return Level::TOP;
        }
        self.tails(libm::log(x)).level()
    }

    /// Probability per unit of `u = ln x`.
    pub fn density(&self, u: f64) -> f64 {
        libm::exp(self.ln_density(u))
    }

    /// The logarithm of the quantile; −∞ and ∞ at the ends.
    pub fn ln_quantile(&self, level: Level) -> f64 {
        if level.below <= 0.0 {
            return f64::NEG_INFINITY;
        }
        if level.above <= 0.0 {
            return f64::INFINITY;
        }
        let a = self.shape;
        let lower = level.below <= level.above;
        let start = if a > 0.5 {
            // E. B. Wilson and M. M. Hilferty, PNAS 17 (1931) 684–688.
            let root = 1.0 - 1.0 / (9.0 * a) + level.z() / (3.0 * a.sqrt());
            if root > 0.1 { libm::log(a) + 3.0 * libm::log(root) } else { self.power_law(level.below) }
        } else if lower {
            self.power_law(level.below)
        } else {
            // For shapes up to 1 the upper probability is at most e^-x: right of the root, from where Newton is safe.
            libm::log(-libm::log(level.above))
        };
        halley(start, lower, level, |u| (self.tails(u), self.ln_density(u), self.shape - libm::exp(u)))
    }

    /// The first term of the series: `P ≈ x^a / Γ(a+1)`.
    fn power_law(&self, p: f64) -> f64 {
        (libm::log(p) + self.ln_gamma + libm::log(self.shape)) / self.shape
    }

    /// Logarithm of the density of u.
    fn ln_density(&self, u: f64) -> f64 {
        self.shape * u - libm::exp(u) - self.ln_gamma
    }

    fn tails(&self, u: f64) -> LnTails {
        let (a, x) = (self.shape, libm::exp(u));
        let ln_front = self.ln_density(u);
        if x < a + 1.0 {
            let (mut term, mut sum) = (1.0, 1.0);
            for n in 1..MAX_TERMS {
                term *= x / (a + f64::from(n));
                sum += term;
                if term < 1e-17 * sum {
                    break;
                }
            }
            LnTails::of_below(ln_front - libm::log(a) + libm::log(sum))
        } else {
            let fraction = lentz(x + 1.0 - a, |n| (-n * (n - a), x + 2.0 * n + 1.0 - a));
            LnTails::of_above(ln_front - libm::log(fraction))
        }
    }
}

/// The beta distribution on [0, 1].
#[derive(Debug, Clone, Copy)]
pub struct Beta {
    a: f64,
    b: f64,
    ln_beta: f64,
}

impl Beta {
    /// Of shapes above 0.
    pub fn new(a: f64, b: f64) -> Beta {
        Beta { a, b, ln_beta: ln_beta(a, b) }
    }

    /// Probability below `x`.
    pub fn cdf(&self, x: f64) -> Level {
        if x <= 0.0 {
            return Level::BOTTOM;
        }
        if x >= 1.0 {
            return Level::TOP;
        }
        self.tails(libm::log(x) - libm::log1p(-x)).level()
    }

    /// Probability per unit of the logit u.
    pub fn density(&self, u: f64) -> f64 {
        libm::exp(self.ln_density(u))
    }

    /// `ln(x/(1−x))` of the quantile; −∞ and ∞ at the ends.
    pub fn logit_quantile(&self, level: Level) -> f64 {
        if level.below <= 0.0 {
            return f64::NEG_INFINITY;
        }
        if level.above <= 0.0 {
            return f64::INFINITY;
        }
        let lower = level.below <= level.above;
        let (a, b) = (self.a, self.b);
        let power_law = |p: f64, a: f64| (libm::log(p) + libm::log(a) + self.ln_beta) / a;
        let start = if a >= 1.0 && b >= 1.0 {
            libm::log(a / b) + level.z() * (1.0 / a + 1.0 / b).sqrt()
        } else if lower {
            power_law(level.below, a).min(0.0)
        } else {
            -power_law(level.above, b).min(0.0)
        };
        let bend = |u: f64| a - (a + b) / (1.0 + libm::exp(-u));
        halley(start, lower, level, |u| (self.tails(u), self.ln_density(u), bend(u)))
    }

    /// Logarithm of the density of the logit u.
    fn ln_density(&self, u: f64) -> f64 {
        -self.a * softplus(-u) - self.b * softplus(u) - self.ln_beta
    }

    fn tails(&self, u: f64) -> LnTails {
        let (a, b) = (self.a, self.b);
        let (x, y) = (1.0 / (1.0 + libm::exp(-u)), 1.0 / (1.0 + libm::exp(u)));
        let ln_front = self.ln_density(u);
        if x < (a + 1.0) / (a + b + 2.0) {
            LnTails::of_below(ln_front - libm::log(a) - libm::log(beta_fraction(a, b, x)))
        } else {
            LnTails::of_above(ln_front - libm::log(b) - libm::log(beta_fraction(b, a, y)))
        }
    }
}

/// `ln B(a, b)`.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

/// `ln(1 + e^u)`.
pub fn softplus(u: f64) -> f64 {
    if u > 0.0 { u + libm::log1p(libm::exp(-u)) } else { libm::log1p(libm::exp(u)) }
}

/// `1 + d1/(1 + d2/(1 + …))` of DLMF 8.17.22.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    lentz(1.0, |n| {
        let m = libm::floor(n / 2.0);
        let d = if n % 2.0 == 0.0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        (d, 1.0)
    })
}

/// The continued fraction `first + c1/(d1 + c2/(d2 + …))` where `term(n)` gives `(cn, dn)`.
fn lentz(first: f64, term: impl Fn(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let nonzero = |x: f64| if x.abs() < TINY { TINY } else { x };
    let mut value = nonzero(first);
    let (mut c, mut d) = (value, 0.0);
    for n in 1..MAX_TERMS {
        let (numerator, denominator) = term(f64::from(n));
        d = 1.0 / nonzero(denominator + numerator * d);
        c = nonzero(denominator + numerator / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() < 2.5e-16 {
            break;
        }
    }
    value
}

/// Halley's iteration (damped to at most twice Newton's step) on the logarithm of the smaller tail, a concave function
/// of u. `at` gives the tails, the logarithm of the density and that logarithm's derivative.
fn halley(start: f64, lower: bool, level: Level, at: impl Fn(f64) -> (LnTails, f64, f64)) -> f64 {
    let target = libm::log(if lower { level.below } else { level.above });
    let mut u = start;
    for _ in 0..MAX_STEPS {
        let (tails, ln_density, bend) = at(u);
        let ln = if lower { tails.below } else { tails.above };
        let slope = libm::exp(ln_density - ln);
        let (newton, bend) =
            if lower { ((target - ln) / slope, bend - slope) } else { ((ln - target) / slope, bend + slope) };
        let step = newton / (1.0 + 0.5 * newton * bend).clamp(0.5, 2.0);
        // Where the tail is 1 to the last bit there is no slope: move towards the other side and try again.
        let step = if step.is_finite() {
            step.clamp(-1e4, 1e4)
        } else if lower {
            -1.0
        } else {
            1.0
        };
        u += step;
        // The next error is of the order of this step's cube.
        if step.abs() <= 3e-6 * u.abs().max(1.0) {
            break;
        }
    }
    u
}
