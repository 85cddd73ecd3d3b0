//! Quantiles by interpolation, for whoever needs thousands of one distribution.
//!
//! The logarithm of the quantile, `u(z) = ln Q(Φ(z))`, is a chain of cubics. Their ends are points of the curve, found
//! without any search: at a chosen u the family gives the level and the density, hence z and the slope
//!
//! ```text
//! du/dz = φ(z) / (x f(x)),  x = e^u
//! ```
//!
//! and two neighbouring points define a cubic (Hermite's). A span is accepted where the cubic passes three further
//! points of the curve, near its quarters, within 8 times the tolerance; it is then cut at these points, which leaves
//! about a 256th of the error. (One point would not do: where the curve's fourth derivative changes its sign, the cubic
//! can pass it by chance.) Elsewhere a span is cut in two, and both halves are tried. Slopes are held where the cubic
//! would not rise (F. N. Fritsch, R. E. Carlson, SIAM J. Numer. Anal. 17 (1980) 238–246, doi:10.1137/0717021).
//!
//! No span reaches across a jump or a bend ([`Quantiles::breaks`]), and each part of a mixture is looked at where it
//! has its probability, so that a narrow one is not passed over. Where the curve is nearly vertical (the gap between
//! two parts of a mixture), a span is narrower than 2^-24 in z and its ends are exact.

use std::f64::consts::LN_2;

use super::quantile::Quantiles;
use crate::engine::stats::normal::density;

/// The largest error of a logarithm: 2^-24 octave, a 64th of what a table aims at.
pub const TOLERANCE: f64 = LN_2 / (1 << 24) as f64;
/// How many tolerances a cubic may miss by at its quarters, where it is to be cut: a 32nd of what the cutting gains.
const LEEWAY: f64 = 8.0;
/// A span of this width in z is not divided any further: a tenth of the error of the engine's own normals.
const NARROW: f64 = 1.0 / (1 << 24) as f64;
/// Distance from a break at which the curve is read: less than the resolution of the engine's normals.
const BESIDE: f64 = 1.0 / (1u32 << 30) as f64;
/// What is so many octaves below the largest value is not distinguished from that.
const OCTAVES: f64 = 80.0;
/// A bound on the halvings of one span; none is known that needs more than 60.
const MAX_DEPTH: u32 = 200;
/// log2 of the number of equal buckets in which a span is searched.
const BUCKET_BITS: u32 = 9;

/// The quantiles of a distribution within ±`limit` standard normals.
#[derive(Debug)]
pub struct Interpolated {
    exact: Quantiles,
    limit: f64,
    spans: Vec<Span>,
    /// Of each bucket of z, the last span that starts at or before it.
    buckets: Vec<u32>,
}

/// A point of the curve.
#[derive(Debug, Clone, Copy)]
struct Node {
    z: f64,
    ln: f64,
    /// du/dz; not a number, infinite or 0 where there is no density to tell it.
    slope: f64,
}

/// A stretch of the curve, from `from` (exclusive) to the next span.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: f64,
    start: f64,
    per_width: f64,
    /// Powers of the part of the width, lowest first.
    cubic: [f64; 4],
    top: f64,
}

impl Interpolated {
    /// Of a distribution, within ±`limit`.
    pub fn new(exact: Quantiles, limit: f64) -> Interpolated {
        Interpolated::within(exact, limit, TOLERANCE)
    }

    /// The same with another tolerance than [`TOLERANCE`].
    pub fn within(exact: Quantiles, limit: f64, tolerance: f64) -> Interpolated {
        let mut ends = exact.breaks(limit);
        ends.push(limit);
        let landmarks = exact.landmarks();
        let floor = exact.ln_at_z(limit) - OCTAVES * LN_2;
        let mut chain = Chain { exact: &exact, tolerance, spans: Vec::new() };
        let mut from = -limit;
        for end in ends {
            let beside = BESIDE.min(0.25 * (end - from));
            let outer = |z: f64| if z.abs() < limit { beside } else { 0.0 };
            chain.between(from, (from + outer(from), end - outer(end)), floor, &landmarks);
            from = end;
        }
        let spans = chain.spans;
        let count = 1usize << BUCKET_BITS;
        let bucket = |i: usize| 2.0 * limit * i as f64 / count as f64 - limit;
        let last = |z: f64| spans.partition_point(|span| span.from < z).saturating_sub(1) as u32;
        let buckets = (0..=count).map(|i| last(bucket(i))).collect();
        Interpolated { exact, limit, spans, buckets }
    }

    /// What is interpolated.
    pub fn exact(&self) -> &Quantiles {
        &self.exact
    }

    /// The natural logarithm of the quantile at `Φ(z)`, −∞ for a zero; z within the limit.
    pub fn ln_at_z(&self, z: f64) -> f64 {
        let scale = (1u32 << BUCKET_BITS) as f64 / (2.0 * self.limit);
        let bucket = ((z + self.limit) * scale) as usize;
        // One bucket to either side, for the rounding of the place.
        let first = self.buckets[bucket.saturating_sub(1).min(self.buckets.len() - 1)] as usize;
        let last = self.buckets[(bucket + 2).min(self.buckets.len() - 1)] as usize;
        let near = &self.spans[first..=last];
        near[near.partition_point(|span| span.from < z).saturating_sub(1)].at(z)
    }

    /// The same for many z, ascending: each is replaced by its logarithm.
    pub fn ln_at_all(&self, z: &mut [f64]) {
        let mut spans = self.spans.iter().peekable();
        let mut span = spans.next();
        for z in z {
            while let Some(next) = spans.next_if(|next| next.from < *z) {
                span = Some(next);
            }
            *z = span.map_or(f64::NAN, |span| span.at(*z));
        }
    }

    /// The number of cubics and constants.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }
}

impl Span {
    fn constant(from: f64, ln: f64) -> Span {
        Span { from, start: from, per_width: 0.0, cubic: [ln, 0.0, 0.0, 0.0], top: ln }
    }

    /// Hermite's cubic between two points.
    fn cubic(a: Node, b: Node) -> Span {
        let width = b.z - a.z;
        let rise = b.ln - a.ln;
        // Three times the mean slope is where a cubic begins to overshoot; without a slope the mean one serves.
        let held = |slope: f64| if slope.is_nan() { rise } else { (slope * width).min(3.0 * rise) };
        let (from, to) = (held(a.slope), held(b.slope));
        let cubic = [a.ln, from, 3.0 * rise - 2.0 * from - to, from + to - 2.0 * rise];
        Span { from: a.z, start: a.z, per_width: 1.0 / width, cubic, top: b.ln }
    }

    fn at(&self, z: f64) -> f64 {
        let t = (z - self.start) * self.per_width;
        let [c0, c1, c2, c3] = self.cubic;
        if t <= 0.0 { c0 } else { (c0 + t * (c1 + t * (c2 + t * c3))).max(c0).min(self.top) }
    }
}

/// The spans so far, ascending.
struct Chain<'a> {
    exact: &'a Quantiles,
    tolerance: f64,
    spans: Vec<Span>,
}

impl Chain<'_> {
    /// The curve after the break `from`, read from `start` to `end`.
    fn between(&mut self, from: f64, (start, end): (f64, f64), floor: f64, landmarks: &[f64]) {
        let (low, high) = (self.exact.ln_at_z(start), self.exact.ln_at_z(end));
        if !(low < high && high > floor) {
            self.spans.push(Span::constant(from, high));
            return;
        }
        let mut a = Node { z: start, ln: low, slope: f64::NAN };
        if low < floor {
            a = Node { z: self.node(floor).z.max(start).min(end), ln: floor, slope: f64::NAN };
        }
        if from < a.z {
            self.spans.push(Span::constant(from, a.ln));
        }
        // Slopes at the ends are read a little inside: there a part may begin or cease.
        let inside = 1e-9 * (high - a.ln);
        a.slope = self.node(a.ln + inside).slope;
        let b = Node { z: end, ln: high, slope: self.node(high - inside).slope };
        let first = landmarks.partition_point(|ln| *ln <= a.ln);
        for ln in &landmarks[first..] {
            if *ln >= high {
                break;
            }
            let node = self.node(*ln);
            if a.z < node.z && node.z < end && a.ln < *ln {
                self.refine(a, node, 0);
                a = node;
            }
        }
        self.refine(a, b, 0);
    }

    fn node(&self, ln: f64) -> Node {
        let (level, weight) = self.exact.point(ln);
        let z = level.z();
        Node { z, ln, slope: density(z) / weight }
    }

    fn refine(&mut self, a: Node, b: Node, depth: u32) {
        let span = Span::cubic(a, b);
        if b.z - a.z <= NARROW || b.ln - a.ln <= self.tolerance || depth == MAX_DEPTH {
            if a.z < b.z {
                self.spans.push(span);
            }
            return;
        }
        let middle = 0.5 * (a.z + b.z);
        let mut node = self.node(span.at(middle));
        if (node.z - middle).abs() <= 0.25 * (b.z - a.z) {
            let quarters = if self.misses(&span, node) { None } else { self.quarters(&span, [a, node, b]) };
            if let Some([first, last]) = quarters {
                let ends = [a, first, node, last, b];
                self.spans.extend(ends.windows(2).map(|pair| Span::cubic(pair[0], pair[1])));
                return;
            }
        } else {
            // The cubic does not even lead near the middle: halve the rise instead.
            node = self.node(0.5 * (a.ln + b.ln));
        }
        node.z = node.z.max(a.z).min(b.z);
        self.refine(a, node, depth + 1);
        self.refine(node, b, depth + 1);
    }

    fn misses(&self, span: &Span, node: Node) -> bool {
        (span.at(node.z) - node.ln).abs() > LEEWAY * self.tolerance
    }

    /// Points of the curve near both quarters of a span, if it does not miss them.
    fn quarters(&self, span: &Span, [a, middle, b]: [Node; 3]) -> Option<[Node; 2]> {
        let near = |from: Node, to: Node| {
            let node = self.node(span.at(0.5 * (from.z + to.z)));
            (from.z < node.z && node.z < to.z && !self.misses(span, node)).then_some(node)
        };
        Some([near(a, middle)?, near(middle, b)?])
    }
}
