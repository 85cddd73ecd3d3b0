//! Exact quantile functions of every [`Distribution`].
//!
//! [`quantile_z`] is `Q(Φ(z))`, the form in which the project draws: every random input is a monotone function of a
//! standard normal. Both tails keep their relative accuracy (about 1e-12; 1e-9 in the gap between far components of a
//! mixture, where there is next to no density) because probabilities are [`Level`]s, held from both ends. `Q(p)` is the
//! smallest x whose probability `P(X ≤ x)` reaches p, so point masses (a fixed number, a zero, equally likely values) are
//! exact: no value between two atoms is ever returned.
//!
//! `node` evaluates the families, `truncated_normal` the normal cut off at zero, `mixture` inverts what has no closed form.

mod mixture;
mod node;
mod truncated_normal;

use self::mixture::{Bracket, End};
use self::node::{Node, logistic};
pub(super) use self::node::{mass_between, pert_shapes, unshift_down, unshift_up};
pub(super) use self::truncated_normal::GAUSS_10;
use super::distribution::Distribution;
use crate::engine::stats::normal::Level;
use crate::engine::stats::special::softplus;

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
