//! Exact quantile functions of every [`Distribution`].
//!
//! [`quantile_z`] is `Q(Φ(z))`, the form in which the project draws: every random input is a monotone function of a
//! standard normal. Both tails keep their relative accuracy (about 1e-12; 1e-9 in the gap between far components of a
//! mixture, where there is next to no density) because probabilities are [`Level`]s, told from both ends. `Q(p)` is the smallest x whose probability `P(X ≤ x)` reaches p, so point masses (a fixed number,
//! a zero, equally likely values) are exact: no value between two atoms is ever returned.
//!
//! A mixture has no closed form: where p does not fall on an atom, its quantile is found by bracketing `ln x` with
//! the method of T. R. Chandrupatla, Adv. Eng. Software 28 (1997) 145–149, doi:10.1016/S0965-9978(96)00051-8.

use std::sync::Arc;

use super::distribution::Distribution;
use super::normal::{Level, density};
use super::special::{Beta, Gamma, softplus};

/// The p-quantile, p in [0, 1].
pub fn quantile(d: &Distribution, p: f64) -> f64 {
    Quantiles::new(d).at(Level::below(p))
}

/// The quantile at `Φ(z)`, accurate in both tails.
pub fn quantile_z(d: &Distribution, z: f64) -> f64 {
    Quantiles::new(d).at_z(z)
}

/// A distribution prepared for many evaluations.
#[derive(Debug, Clone)]
pub struct Quantiles {
    node: Node,
}

#[derive(Debug, Clone)]
enum Node {
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

/// A value at which the cumulative probability jumps or bends, with `P(X < x)` and `P(X ≤ x)`.
#[derive(Debug, Clone, Copy)]
struct Knot {
    x: f64,
    before: Level,
    upto: Level,
}

/// Known quantiles on both sides of a wanted one.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    below: End,
    above: End,
}

#[derive(Debug, Clone, Copy)]
struct End {
    level: Level,
    ln: f64,
}

impl Quantiles {
    pub fn new(d: &Distribution) -> Quantiles {
        Quantiles { node: Node::new(d) }
    }

    /// The value at `Φ(z)`.
    pub fn at_z(&self, z: f64) -> f64 {
        match &self.node {
            Node::LogNormal { mu, sigma } => libm::exp(mu + sigma * z),
            Node::LogitNormal { mu, sd, lo, hi } => logistic(mu + sd * z, *lo, *hi),
            node => node.at(Level::at_z(z)),
        }
    }

    /// The value at a level.
    pub fn at(&self, level: Level) -> f64 {
        self.node.at(level)
    }

    /// The natural logarithm of [`Self::at_z`], finite even where the value itself underflows; −∞ for a zero.
    pub fn ln_at_z(&self, z: f64) -> f64 {
        match &self.node {
            Node::LogNormal { mu, sigma } => mu + sigma * z,
            Node::LogitNormal { mu, sd, lo, hi } if *lo == 0.0 => libm::log(*hi) - softplus(-(mu + sd * z)),
            node => node.ln_at(Level::at_z(z), None),
        }
    }

    /// [`Self::ln_at_z`] with less work, to about 1e-10, between two z whose values are known: `(z, ln value)` each.
    pub fn ln_between(&self, z: f64, below: (f64, f64), above: (f64, f64)) -> f64 {
        match &self.node {
            node @ (Node::Mixture { .. } | Node::Truncated { .. }) => {
                let end = |(z, ln): (f64, f64)| End { level: Level::at_z(z), ln };
                node.ln_at(Level::at_z(z), Some(Bracket { below: end(below), above: end(above) }))
            }
            _ => self.ln_at_z(z),
        }
    }

    /// `P(X ≤ x)`.
    pub fn cdf(&self, x: f64) -> Level {
        self.node.cdf(x)
    }

    /// `P(X < x)`.
    pub fn cdf_below(&self, x: f64) -> Level {
        self.node.cdf_below(x)
    }

    /// `P(X = 0)`.
    pub fn zero_probability(&self) -> f64 {
        self.node.cdf(0.0).below
    }

    /// Every z in (−`limit`, `limit`) at which the quantile function may jump or bend, ascending: the ends of atoms,
    /// of gaps and of bounded pieces. Between two of them it is continuous, if possibly steep. It is continuous
    /// from the left: a jump is taken by the next larger z.
    pub fn breaks(&self, limit: f64) -> Vec<f64> {
        let mut edges = Vec::new();
        self.node.edges(&mut edges);
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let ends = |x: &f64| [self.node.cdf_below(*x).z(), self.node.cdf(*x).z()];
        let mut breaks: Vec<f64> = edges.iter().flat_map(ends).filter(|z| z.abs() < limit).collect();
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        breaks
    }
}

impl Node {
    fn new(d: &Distribution) -> Node {
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

    fn at(&self, level: Level) -> f64 {
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

    fn ln_at(&self, level: Level, bracket: Option<Bracket>) -> f64 {
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
    fn cdf(&self, x: f64) -> Level {
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
    fn cdf_below(&self, x: f64) -> Level {
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
    fn is_atomic(&self) -> bool {
        match self {
            Node::Fixed(_) | Node::Empirical(_) => true,
            Node::Shifted { inner, .. } | Node::Truncated { inner, .. } => inner.is_atomic(),
            Node::Mixture(mixture) => mixture.parts.iter().all(|(_, node)| node.is_atomic()),
            _ => false,
        }
    }

    /// Values at which the cumulative probability jumps, bends or begins to be flat.
    fn edges(&self, out: &mut Vec<f64>) {
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

#[derive(Debug, Clone)]
struct Mixture {
    parts: Vec<(f64, Node)>,
    knots: Vec<Knot>,
    /// The only part that is not all atoms, if there is just one.
    sole: Option<usize>,
}

/// A quantile of a mixture: an atom's very value, or a logarithm.
enum Found {
    Value(f64),
    Ln(f64),
}

impl Found {
    fn value(self) -> f64 {
        match self {
            Found::Value(x) => x,
            Found::Ln(u) => libm::exp(u),
        }
    }

    fn ln(self) -> f64 {
        match self {
            Found::Value(x) => libm::log(x),
            Found::Ln(u) => u,
        }
    }
}

impl Mixture {
    fn new(parts: &[(f64, Distribution)]) -> Mixture {
        let total: f64 = parts.iter().map(|(w, _)| w).sum();
        let parts: Vec<(f64, Node)> = parts.iter().map(|(w, d)| (w / total, Node::new(d))).collect();
        let mut values = Vec::new();
        parts.iter().for_each(|(_, node)| node.edges(&mut values));
        values.sort_by(f64::total_cmp);
        values.dedup();
        let before = |x: f64| blend(&parts, |node| node.cdf_below(x));
        let upto = |x: f64| blend(&parts, |node| node.cdf(x));
        let knots = values.into_iter().map(|x| Knot { x, before: before(x), upto: upto(x) }).collect();
        let mut smooth = parts.iter().enumerate().filter(|(_, (_, node))| !node.is_atomic());
        let sole = smooth.next().filter(|_| smooth.next().is_none()).map(|(i, _)| i);
        Mixture { parts, knots, sole }
    }

    fn at(&self, level: Level, bracket: Option<Bracket>) -> Found {
        let next = self.knots.partition_point(|knot| !level.at_most(knot.upto));
        let after = self.knots.get(next);
        if let Some(knot) = after.filter(|knot| !level.at_most(knot.before)) {
            return Found::Value(knot.x);
        }
        let before = next.checked_sub(1).and_then(|i| self.knots.get(i));
        if let Some((weight, node)) = self.sole.and_then(|i| self.parts.get(i)) {
            // Between two atoms the other parts' probabilities are constants.
            let own = before.map_or(Level::BOTTOM, |knot| node.cdf(knot.x));
            let all = before.map_or(Level::BOTTOM, |knot| knot.upto);
            let others = Level { below: all.below - weight * own.below, above: all.above - weight * own.above };
            let inner = Level {
                below: ((level.below - others.below) / weight).clamp(0.0, 1.0),
                above: ((level.above - others.above) / weight).clamp(0.0, 1.0),
            };
            return Found::Ln(node.ln_at(inner, None));
        }
        self.between(level, before, after, bracket)
    }

    /// The quantile at a level that is not an atom's, between two knots.
    fn between(&self, level: Level, before: Option<&Knot>, after: Option<&Knot>, bracket: Option<Bracket>) -> Found {
        let lower = level.below <= level.above;
        let target = libm::log(if lower { level.below } else { level.above });
        let miss = |at: Level| if lower { libm::log(at.below) - target } else { target - libm::log(at.above) };
        let miss_at = |u: f64| miss(blend(&self.parts, |node| node.cdf(libm::exp(u))));
        if let Some(Bracket { below, above }) = bracket.filter(|b| b.below.ln.is_finite()) {
            let (mut bottom, mut top) = ((below.ln, miss(below.level)), (above.ln, miss(above.level)));
            if let Some(knot) = before.filter(|knot| libm::log(knot.x) > bottom.0) {
                bottom = (libm::log(knot.x), miss(knot.upto));
            }
            if let Some(knot) = after.filter(|knot| libm::log(knot.x) < top.0) {
                top = (libm::log(knot.x), miss(knot.before));
            }
            if bottom.1 < 0.0 && top.1 > 0.0 && bottom.0 < top.0 {
                return Found::Ln(chandrupatla(bottom, top, 1e-11, miss_at));
            }
        }
        // The components' own quantiles bracket the mixture's, and so do the knots on both sides.
        let own = self.parts.iter().map(|(_, node)| node.at(level));
        let (mut lo, mut hi) =
            own.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (f64::min(lo, x), f64::max(hi, x)));
        lo = before.map_or(lo, |knot| lo.max(knot.x));
        hi = after.map_or(hi, |knot| hi.min(knot.x));
        if lo >= hi {
            return Found::Value(hi);
        }
        let top = libm::log(hi);
        let top = (top, miss_at(top));
        // At a knot's very level an end is the answer, where rounding may have left no change of sign.
        if top.1 <= 0.0 {
            return Found::Value(hi);
        }
        // A lower end at zero (an atom there) is far too wide a bracket for logarithms: walk down until it holds.
        let floor = libm::log(lo.max(f64::MIN_POSITIVE));
        let mut reach = 1.0;
        loop {
            let u = f64::max(top.0 - reach, floor);
            let bottom = (u, miss_at(u));
            if bottom.1 < 0.0 {
                return Found::Ln(chandrupatla(bottom, top, 2e-15, miss_at));
            }
            if u <= floor {
                return Found::Value(lo);
            }
            reach *= 4.0;
        }
    }
}

/// A normal given that it is positive.
#[derive(Debug, Clone, Copy)]
struct TruncatedNormal {
    mean: f64,
    sd: f64,
    /// Distance of zero below the mean in standard deviations, and the probability on either side of zero.
    depth: f64,
    zero: Level,
}

impl TruncatedNormal {
    /// Within this distance of zero, in standard deviations, probabilities are integrated from zero, because
    /// the difference of two normal probabilities would lose the small one.
    const NEAR: f64 = 0.5;

    fn new(mean: f64, sd: f64) -> TruncatedNormal {
        TruncatedNormal { mean, sd, depth: mean / sd, zero: Level::at_z(-mean / sd) }
    }

    fn quantile(&self, level: Level) -> f64 {
        let positive = self.zero.above;
        let z = Level { below: self.zero.below + level.below * positive, above: level.above * positive }.z();
        let mut distance = z + self.depth;
        if distance >= Self::NEAR {
            return self.mean + self.sd * z;
        }
        let target = level.below * positive;
        distance = distance.max(0.0);
        for _ in 0..20 {
            let step = (target - self.mass_within(distance)) / density(distance - self.depth);
            distance += step;
            if step.abs() <= 1e-9 * distance {
                break;
            }
        }
        self.sd * distance
    }

    fn cdf(&self, x: f64) -> Level {
        let distance = x / self.sd;
        if distance <= 0.0 {
            return Level::BOTTOM;
        }
        let at = Level::at_z(distance - self.depth);
        let below = if distance < Self::NEAR { self.mass_within(distance) } else { at.below - self.zero.below };
        Level { below: (below / self.zero.above).min(1.0), above: (at.above / self.zero.above).min(1.0) }
    }

    /// `∫ φ(t − depth) dt` over [0, distance], distance ≤ ½: 10-point Gauss–Legendre, exact to the last digits.
    fn mass_within(&self, distance: f64) -> f64 {
        let half = 0.5 * distance;
        let pair =
            |(x, w): &(f64, f64)| w * (density(half * (1.0 - x) - self.depth) + density(half * (1.0 + x) - self.depth));
        half * GAUSS_10.iter().map(pair).sum::<f64>()
    }
}

/// Positive nodes and weights of the 10-point Gauss–Legendre rule on [−1, 1] (DLMF table 3.5.2).
pub(super) const GAUSS_10: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// The beta shapes of a PERT distribution.
pub fn pert_shapes(lo: f64, mode: f64, hi: f64) -> (f64, f64) {
    (1.0 + 4.0 * (mode - lo) / (hi - lo), 1.0 + 4.0 * (hi - mode) / (hi - lo))
}

fn logistic(u: f64, lo: f64, hi: f64) -> f64 {
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

fn blend(parts: &[(f64, Node)], level: impl Fn(&Node) -> Level) -> Level {
    parts.iter().fold(Level { below: 0.0, above: 0.0 }, |sum, (weight, node)| {
        let part = level(node);
        Level { below: sum.below + weight * part.below, above: sum.above + weight * part.above }
    })
}

/// The largest y whose `shift + y` rounds to x or less, so that an atom is found again after its shift was rounded.
pub(super) fn unshift_up(x: f64, shift: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let y = x - shift + 0.5 * (x.next_up() - x);
    if shift + y > x { y.next_down() } else { y }
}

/// The smallest y whose `shift + y` rounds to x or more.
pub(super) fn unshift_down(x: f64, shift: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let y = x - shift - 0.5 * (x - x.next_down());
    if shift + y < x { y.next_up() } else { y }
}

/// The probability between two levels, from the tail in which it is told most exactly.
pub(super) fn mass_between(from: Level, to: Level) -> f64 {
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

/// The root of an increasing function between two (argument, value) of opposite signs.
fn chandrupatla(low: (f64, f64), high: (f64, f64), tolerance: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ((mut a, mut fa), (mut b, mut fb)) = (high, low);
    // An end of no probability has an infinite logarithm; then the first step is a bisection.
    let mut t = if (fa - fb).is_finite() { (fa / (fa - fb)).clamp(0.01, 0.99) } else { 0.5 };
    for _ in 0..200 {
        let x = a + t * (b - a);
        let fx = f(x);
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, b, fc, fb) = (b, a, fb, fa);
        }
        (a, fa) = (x, fx);
        let best = if fa.abs() < fb.abs() { a } else { b };
        let relative = tolerance * (1.0 + best.abs()) / (b - a).abs();
        if relative > 0.5 || fx == 0.0 {
            return best;
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        t = t.clamp(relative.min(0.5), (1.0 - relative).max(0.5));
    }
    a
}
