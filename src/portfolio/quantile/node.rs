//! A distribution prepared for evaluation, family by family: the value at a level and the level at a value.
//!
//! [`Node::at`] and [`Node::cdf`] are inverse to each other but for atoms. A level is held from both ends, and each family
//! computes from the end that is near.

use std::sync::Arc;

use super::mixture::{Bracket, End, Mixture, blend};
use super::truncated_normal::TruncatedNormal;
use crate::engine::stats::normal::Level;
use crate::engine::stats::special::{Beta, Gamma, softplus};
use crate::portfolio::distribution::Distribution;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Fixed(f64),
    LogNormal { mu: f64, sigma: f64 },
    Normal(TruncatedNormal),
    Uniform { lo: f64, hi: f64 },
    LogUniform { lo: f64, hi: f64, ln_ratio: f64 },
    Triangular { lo: f64, mode: f64, hi: f64 },
    Beta { beta: Beta, lo: f64, hi: f64 },
    Gamma { gamma: Gamma, scale: f64 },
    LogitNormal { mu: f64, sd: f64, lo: f64, hi: f64 },
    Shifted { shift: f64, inner: Box<Node> },
    Mixture(Mixture),
    Empirical(Arc<[f64]>),
    Truncated { inner: Box<Node>, lo: f64, hi: f64, start: Level, end: Level, mass: f64 },
}

impl Node {
    pub(super) fn new(d: &Distribution) -> Node {
        use Distribution as D;
        match d {
            D::Fixed(x) => Node::Fixed(*x),
            D::LogNormal { median, gsd } => Node::LogNormal { mu: libm::log(*median), sigma: libm::log(*gsd) },
            D::Normal { mean, sd } => Node::Normal(TruncatedNormal::new(*mean, *sd)),
            D::Uniform { lo, hi } => Node::Uniform { lo: *lo, hi: *hi },
            D::LogUniform { lo, hi } => Node::LogUniform { lo: *lo, hi: *hi, ln_ratio: libm::log(hi / lo) },
            D::Triangular { lo, mode, hi } => Node::Triangular { lo: *lo, mode: *mode, hi: *hi },
            D::Pert { lo, mode, hi } => {
                let (a, b) = pert_shapes(*lo, *mode, *hi);
                Node::Beta { beta: Beta::new(a, b), lo: *lo, hi: *hi }
            }
            D::Beta { a, b, lo, hi } => Node::Beta { beta: Beta::new(*a, *b), lo: *lo, hi: *hi },
            D::Gamma { shape, scale } => Node::Gamma { gamma: Gamma::new(*shape), scale: *scale },
            D::LogitNormal { mu, sd, lo, hi } => Node::LogitNormal { mu: *mu, sd: *sd, lo: *lo, hi: *hi },
            D::Shifted { shift, inner } => Node::Shifted { shift: *shift, inner: Box::new(Node::new(inner)) },
            D::Mixture(parts) => Node::Mixture(Mixture::new(parts)),
            D::Empirical(values) => Node::Empirical(values.clone()),
            D::Truncated { inner, lo, hi } => {
                let inner = Box::new(Node::new(inner));
                let (start, end) = (inner.cdf_below(*lo), inner.cdf(*hi));
                Node::Truncated { lo: *lo, hi: *hi, start, end, mass: mass_between(start, end), inner }
            }
        }
    }

    pub(super) fn at(&self, level: Level) -> f64 {
        match self {
            Node::Fixed(x) => *x,
            Node::LogNormal { .. } | Node::LogUniform { .. } | Node::Gamma { .. } => libm::exp(self.ln_at(level, None)),
            Node::Normal(normal) => normal.quantile(level),
            Node::Uniform { lo, hi } => {
                let width = hi - lo;
                if level.below <= level.above { lo + width * level.below } else { hi - width * level.above }
            }
            Node::Triangular { lo, mode, hi } => {
                let rising = (mode - lo) / (hi - lo);
                if level.below < rising {
                    lo + (level.below * (hi - lo) * (mode - lo)).sqrt()
                } else if level.below <= level.above {
                    // 1 − √(1 − r) without cancellation, for modes at the lower end.
                    let r = (level.below - rising) / (1.0 - rising);
                    mode + (hi - mode) * r / (1.0 + (1.0 - r).sqrt())
                } else {
                    hi - (level.above * (hi - lo) * (hi - mode)).sqrt()
                }
            }
            Node::Beta { beta, lo, hi } => logistic(beta.logit_quantile(level), *lo, *hi),
            Node::LogitNormal { mu, sd, lo, hi } => logistic(mu + sd * level.z(), *lo, *hi),
            Node::Shifted { shift, inner } => shift + inner.at(level),
            Node::Mixture(mixture) => mixture.at(level, None).value(),
            Node::Empirical(values) => values[empirical_index(values.len(), level)],
            Node::Truncated { inner, lo, hi, .. } => inner.at(self.inner_level(level)).max(*lo).min(*hi),
        }
    }

    pub(super) fn ln_at(&self, level: Level, bracket: Option<Bracket>) -> f64 {
        match self {
            Node::LogNormal { mu, sigma } => mu + sigma * level.z(),
            Node::LogUniform { lo, hi, ln_ratio } => {
                if level.below <= level.above {
                    libm::log(*lo) + ln_ratio * level.below
                } else {
                    libm::log(*hi) - ln_ratio * level.above
                }
            }
            Node::Gamma { gamma, scale } => libm::log(*scale) + gamma.ln_quantile(level),
            Node::Beta { beta, lo, hi } if *lo == 0.0 => libm::log(*hi) - softplus(-beta.logit_quantile(level)),
            Node::Truncated { inner, lo, hi, .. } => {
                let end = |end: End| End { level: self.inner_level(end.level), ..end };
                let bracket = bracket.map(|b| Bracket { below: end(b.below), above: end(b.above) });
                inner.ln_at(self.inner_level(level), bracket).max(libm::log(*lo)).min(libm::log(*hi))
            }
            Node::Mixture(mixture) => mixture.at(level, bracket).ln(),
            node => libm::log(node.at(level)),
        }
    }

    /// The level of `inner` at a level of the truncated distribution.
    fn inner_level(&self, level: Level) -> Level {
        match self {
            Node::Truncated { start, end, mass, .. } => {
                Level { below: start.below + level.below * mass, above: end.above + level.above * mass }
            }
            _ => level,
        }
    }

    /// `P(X ≤ x)`.
    pub(super) fn cdf(&self, x: f64) -> Level {
        match self {
            Node::Fixed(value) => step(*value <= x),
            Node::Empirical(values) => share(values.partition_point(|v| *v <= x), values.len()),
            Node::Shifted { shift, inner } => inner.cdf(unshift_up(x, *shift)),
            Node::Mixture(mixture) => blend(&mixture.parts, |node| node.cdf(x)),
            Node::Truncated { inner, lo, hi, .. } if *lo <= x && x < *hi => self.outer_level(inner.cdf(x)),
            Node::Truncated { hi, .. } => step(*hi <= x),
            node => node.continuous_cdf(x),
        }
    }

    /// `P(X < x)`.
    pub(super) fn cdf_below(&self, x: f64) -> Level {
        match self {
            Node::Fixed(value) => step(*value < x),
            Node::Empirical(values) => share(values.partition_point(|v| *v < x), values.len()),
            Node::Shifted { shift, inner } => inner.cdf_below(unshift_down(x, *shift)),
            Node::Mixture(mixture) => blend(&mixture.parts, |node| node.cdf_below(x)),
            Node::Truncated { inner, lo, hi, .. } if *lo < x && x <= *hi => self.outer_level(inner.cdf_below(x)),
            Node::Truncated { hi, .. } => step(*hi < x),
            node => node.continuous_cdf(x),
        }
    }

    /// The level of the truncated distribution at a level of `inner`.
    fn outer_level(&self, level: Level) -> Level {
        match self {
            Node::Truncated { start, end, mass, .. } => Level {
                below: (mass_between(*start, level) / mass).min(1.0),
                above: (mass_between(level, *end) / mass).min(1.0),
            },
            _ => level,
        }
    }

    /// The cumulative probability of the families without atoms.
    fn continuous_cdf(&self, x: f64) -> Level {
        if x <= 0.0 && !matches!(self, Node::LogitNormal { .. } | Node::Beta { .. } | Node::Uniform { .. }) {
            return Level::BOTTOM;
        }
        match self {
            Node::LogNormal { mu, sigma } => Level::at_z((libm::log(x) - mu) / sigma),
            Node::Normal(normal) => normal.cdf(x),
            Node::Uniform { lo, hi } => fraction((x - lo) / (hi - lo), (hi - x) / (hi - lo)),
            Node::LogUniform { lo, hi, ln_ratio } => {
                fraction(libm::log(x / lo) / ln_ratio, libm::log(hi / x) / ln_ratio)
            }
            Node::Triangular { lo, mode, hi } => {
                if x <= *lo {
                    Level::BOTTOM
                } else if x >= *hi {
                    Level::TOP
                } else if x <= *mode {
                    let scale = 1.0 / ((hi - lo) * (mode - lo));
                    Level {
                        below: (x - lo) * (x - lo) * scale,
                        above: (hi - mode) / (hi - lo) + (mode - x) * (mode - lo + x - lo) * scale,
                    }
                } else {
                    let scale = 1.0 / ((hi - lo) * (hi - mode));
                    Level {
                        below: (mode - lo) / (hi - lo) + (x - mode) * (hi - mode + hi - x) * scale,
                        above: (hi - x) * (hi - x) * scale,
                    }
                }
            }
            Node::Beta { beta, lo, hi } => beta.cdf((x - lo) / (hi - lo)),
            Node::Gamma { gamma, scale } => gamma.cdf(x / scale),
            Node::LogitNormal { mu, sd, lo, hi } => {
                if x <= *lo {
                    Level::BOTTOM
                } else if x >= *hi {
                    Level::TOP
                } else {
                    Level::at_z((libm::log((x - lo) / (hi - x)) - mu) / sd)
                }
            }
            _ => step(x >= 0.0),
        }
    }

    /// Whether there is nothing but values with a probability of their own.
    pub(super) fn is_atomic(&self) -> bool {
        match self {
            Node::Fixed(_) | Node::Empirical(_) => true,
            Node::Shifted { inner, .. } | Node::Truncated { inner, .. } => inner.is_atomic(),
            Node::Mixture(mixture) => mixture.parts.iter().all(|(_, node)| node.is_atomic()),
            _ => false,
        }
    }

    /// Values at which the cumulative probability jumps, bends or begins to be flat.
    pub(super) fn edges(&self, out: &mut Vec<f64>) {
        let first = out.len();
        match self {
            Node::Triangular { lo, mode, hi } => out.extend([*lo, *mode, *hi]),
            Node::Uniform { lo, hi }
            | Node::LogUniform { lo, hi, .. }
            | Node::Beta { lo, hi, .. }
            | Node::LogitNormal { lo, hi, .. } => out.extend([*lo, *hi]),
            Node::Shifted { shift, inner } => {
                inner.edges(out);
                out[first..].iter_mut().for_each(|x| *x += shift);
            }
            Node::Mixture(mixture) => mixture.parts.iter().for_each(|(_, node)| node.edges(out)),
            Node::Truncated { inner, lo, hi, .. } => {
                let mut values = vec![*lo, *hi];
                inner.edges(&mut values);
                out.extend(values.into_iter().filter(|x| lo <= x && x <= hi));
            }
            Node::Fixed(x) => out.push(*x),
            Node::Empirical(values) => out.extend_from_slice(values),
            Node::LogNormal { .. } | Node::Normal(_) | Node::Gamma { .. } => {}
        }
    }
}

/// The beta shapes of a PERT distribution.
pub(in crate::portfolio) fn pert_shapes(lo: f64, mode: f64, hi: f64) -> (f64, f64) {
    (1.0 + 4.0 * (mode - lo) / (hi - lo), 1.0 + 4.0 * (hi - mode) / (hi - lo))
}

pub(super) fn logistic(u: f64, lo: f64, hi: f64) -> f64 {
    if u < 0.0 { lo + (hi - lo) / (1.0 + libm::exp(-u)) } else { hi - (hi - lo) / (1.0 + libm::exp(u)) }
}

fn step(reached: bool) -> Level {
    if reached { Level::TOP } else { Level::BOTTOM }
}

fn fraction(below: f64, above: f64) -> Level {
    Level { below: below.clamp(0.0, 1.0), above: above.clamp(0.0, 1.0) }
}

fn share(count: usize, of: usize) -> Level {
    Level { below: count as f64 / of as f64, above: (of - count) as f64 / of as f64 }
}

/// The largest y whose `shift + y` rounds to x or less, so that an atom is found again after its shift was rounded.
pub(in crate::portfolio) fn unshift_up(x: f64, shift: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let y = x - shift + 0.5 * (x.next_up() - x);
    if shift + y > x { y.next_down() } else { y }
}

/// The smallest y whose `shift + y` rounds to x or more.
pub(in crate::portfolio) fn unshift_down(x: f64, shift: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let y = x - shift - 0.5 * (x - x.next_down());
    if shift + y < x { y.next_up() } else { y }
}

/// The probability between two levels, from the tail in which it is most precise.
pub(in crate::portfolio) fn mass_between(from: Level, to: Level) -> f64 {
    let mass = if to.below <= 0.5 {
        to.below - from.below
    } else if from.above <= 0.5 {
        from.above - to.above
    } else {
        1.0 - from.below - to.above
    };
    mass.max(0.0)
}

/// Index of the ⌈pN⌉-th of N equally likely values.
fn empirical_index(count: usize, level: Level) -> usize {
    let n = count as f64;
    let rank = if level.below <= level.above { libm::ceil(level.below * n) } else { n - libm::floor(level.above * n) };
    (rank.max(1.0) as usize).min(count) - 1
}
