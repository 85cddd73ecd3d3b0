//! An independent Monte Carlo in f64, straight from the assessment: each distribution by its own sampler (`rand_distr`,
//! rejection, choosing), never through a quantile function, a logarithm table or anything else of the engine.
//!
//! The engine draws |z| up to 6.34 and reads tables. Neither can be seen here: beyond 6.34 lie 2.3e-10 of a normal's
//! probability, which no comparison of shares of some 10^4 draws resolves and which none of these runs is expected to
//! draw more than once; and a table's relative error of 1e-6 is some ten thousandth of a standard error.

use std::borrow::Cow;

use carbonhaze::low_level::assess::{Acts, Assessment, Output, SLOTS, Slot};
use carbonhaze::low_level::portfolio::Distribution;
use carbonhaze::low_level::portfolio::quantile::Quantiles;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Beta, Distribution as _, Gamma, LogNormal, Normal, Pert, StandardNormal, Triangular};
use rayon::prelude::*;

/// What can be done wrong, for the negative controls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mistake {
    None,
    /// Each model draws its shared effects alone.
    SharedPerModel,
    /// The logarithmic spread of every lognormal is 5 % too large.
    WideLogNormals,
    /// Bounds cut the own part before shared effects multiply it.
    CutFirst,
}

/// Draws in an arbitrary order; every vector is in the same one.
pub struct Sample {
    /// By output, in its unit.
    pub totals: [Vec<f64>; 4],
    pub independent_t: Vec<f64>,
    /// The watched models' emissions (t) and compute (EFLOP).
    pub models: Vec<[Vec<f64>; 2]>,
}

enum Sampler {
    Fixed(f64),
    LogNormal(LogNormal<f64>),
    /// Redrawn below zero.
    Normal(Normal<f64>),
    Uniform(f64, f64),
    LogUniform(f64, f64),
    Triangular(Triangular<f64>),
    Pert(Pert<f64>),
    Beta(Beta<f64>, f64, f64),
    Gamma(Gamma<f64>),
    LogitNormal {
        normal: Normal<f64>,
        lo: f64,
        hi: f64,
    },
    Shifted(f64, Box<Sampler>),
    Mixture(Vec<(f64, Sampler)>),
    Empirical(Vec<f64>),
    Truncated(Box<Sampler>, f64, f64),
}

impl Sampler {
    fn new(d: &Distribution, mistake: Mistake) -> Sampler {
        use Distribution as D;
        let inner = |d: &D| Box::new(Sampler::new(d, mistake));
        match d {
            D::Fixed(x) => Sampler::Fixed(*x),
            D::LogNormal { median, gsd } => {
                let wide = if mistake == Mistake::WideLogNormals { 1.08 } else { 1.0 };
                Sampler::LogNormal(LogNormal::new(median.ln(), wide * gsd.ln()).unwrap())
            }
            D::Normal { mean, sd } => Sampler::Normal(Normal::new(*mean, *sd).unwrap()),
            D::Uniform { lo, hi } => Sampler::Uniform(*lo, *hi),
            D::LogUniform { lo, hi } => Sampler::LogUniform(lo.ln(), hi.ln()),
            D::Triangular { lo, mode, hi } => Sampler::Triangular(Triangular::new(*lo, *hi, *mode).unwrap()),
            D::Pert { lo, mode, hi } => Sampler::Pert(Pert::new(*lo, *hi).with_mode(*mode).unwrap()),
            D::Beta { a, b, lo, hi } => Sampler::Beta(Beta::new(*a, *b).unwrap(), *lo, *hi),
            D::Gamma { shape, scale } => Sampler::Gamma(Gamma::new(*shape, *scale).unwrap()),
            D::LogitNormal { mu, sd, lo, hi } => {
                Sampler::LogitNormal { normal: Normal::new(*mu, *sd).unwrap(), lo: *lo, hi: *hi }
            }
            D::Shifted { shift, inner: d } => Sampler::Shifted(*shift, inner(d)),
            D::Mixture(parts) => Sampler::Mixture(parts.iter().map(|(w, d)| (*w, Sampler::new(d, mistake))).collect()),
            D::Empirical(values) => Sampler::Empirical(values.to_vec()),
            D::Truncated { inner: d, lo, hi } => Sampler::Truncated(inner(d), *lo, *hi),
            other => panic!("no sampler for {other}"),
        }
    }

    fn draw(&self, rng: &mut StdRng) -> f64 {
        match self {
            Sampler::Fixed(x) => *x,
            Sampler::LogNormal(d) => d.sample(rng),
            Sampler::Normal(d) => again(rng, |rng| d.sample(rng), |x| x >= 0.0),
            Sampler::Uniform(lo, hi) => lo + (hi - lo) * rng.random::<f64>(),
            Sampler::LogUniform(lo, hi) => (lo + (hi - lo) * rng.random::<f64>()).exp(),
            Sampler::Triangular(d) => d.sample(rng),
            Sampler::Pert(d) => d.sample(rng),
            Sampler::Beta(d, lo, hi) => lo + (hi - lo) * d.sample(rng),
            Sampler::Gamma(d) => d.sample(rng),
            Sampler::LogitNormal { normal, lo, hi } => lo + (hi - lo) / (1.0 + (-normal.sample(rng)).exp()),
            Sampler::Shifted(shift, inner) => shift + inner.draw(rng),
            Sampler::Mixture(parts) => {
                let mut u = rng.random::<f64>();
                for (weight, part) in &parts[..parts.len() - 1] {
                    if u < *weight {
                        return part.draw(rng);
                    }
                    u -= weight;
                }
                parts[parts.len() - 1].1.draw(rng)
            }
            Sampler::Empirical(values) => values[rng.random_range(0..values.len())],
            Sampler::Truncated(inner, lo, hi) => again(rng, |rng| inner.draw(rng), |x| *lo <= x && x <= *hi),
        }
    }
}

fn again(rng: &mut StdRng, draw: impl Fn(&mut StdRng) -> f64, keep: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100_000 {
        let x = draw(rng);
        if keep(x) {
            return x;
        }
    }
    panic!("the bounds leave next to nothing");
}

/// A standard normal below `t`: drawn again, or in the tail by exponential rejection (Robert 1995,
/// doi:10.1007/BF00143942).
fn below(rng: &mut StdRng, t: f64) -> f64 {
    if t > -1.0 {
        return again(rng, normal, |z| z <= t);
    }
    let rate = 0.5 * (t * t + 4.0).sqrt() - 0.5 * t;
    loop {
        let x = -t - (1.0 - rng.random::<f64>()).ln() / rate;
        if rng.random::<f64>() <= (-0.5 * (x - rate) * (x - rate)).exp() {
            return -x;
        }
    }
}

struct FactorSampler {
    own: Sampler,
    /// Median and standard deviation of the logarithm of a lognormal.
    ln: Option<(f64, f64)>,
    acts: Acts,
    /// Of a factor whose shared effects act on its standard normal: the quantiles, by another way than the engine's tables.
    quantiles: Option<Quantiles>,
    /// Position in the model's `effects` and the ln of the multiplier at z = 1.
    shared: Vec<(usize, f64)>,
}

struct ModelSampler {
    factors: [Option<FactorSampler>; SLOTS],
    /// The effects the model is exposed to, each once.
    effects: Vec<usize>,
}

impl ModelSampler {
    /// The own parts of one draw: standard normals where shared effects act on these.
    fn own(&self, rng: &mut StdRng) -> [f64; SLOTS] {
        std::array::from_fn(|s| match &self.factors[s] {
            None => 1.0,
            Some(FactorSampler { quantiles: Some(_), .. }) => normal(rng),
            Some(factor) => factor.own.draw(rng),
        })
    }

    /// The factors of one draw under these values of the model's effects.
    fn factors(&self, own: &[f64; SLOTS], rng: &mut StdRng, z: impl Fn(usize) -> f64) -> [f64; SLOTS] {
        std::array::from_fn(|s| {
            let Some(factor) = &self.factors[s] else { return 1.0 };
            let shared = factor.shared.iter().map(|&(e, size)| size * z(e)).sum::<f64>();
            if let Some(quantiles) = &factor.quantiles {
                let whole: f64 = factor.shared.iter().map(|(_, size)| size * size).sum();
                return quantiles.at_z((1.0 - whole).sqrt() * own[s] + shared);
            }
            let multiplier = shared.exp();
            if let (Acts::Below { hi }, Some((ln_median, ln_sd))) = (factor.acts, factor.ln) {
                // Given the shared part, the own part is a normal below what that leaves of the bound.
                let z = below(rng, (hi.ln() - shared - ln_median) / ln_sd);
                return (shared + ln_median + ln_sd * z).exp();
            }
            // A shared effect on PUE acts on what is above 1.
            if s == Slot::Pue as usize { 1.0 + (own[s] - 1.0) * multiplier } else { own[s] * multiplier }
        })
    }
}

/// Draws `draws` of the portfolio; `watched` are the indices of the models whose own values are kept.
pub fn sample(assessment: &Assessment, draws: usize, seed: u64, watched: &[usize], mistake: Mistake) -> Sample {
    const CHUNK: usize = 250;
    let models: Vec<ModelSampler> = assessment
        .models
        .iter()
        .map(|model| {
            let mut effects: Vec<usize> = vec![];
            let factors = std::array::from_fn(|s| {
                let factor = model.factors[s].as_ref()?;
                let shared = factor.shared.iter().map(|&(e, weight)| {
                    let at = effects.iter().position(|&x| x == e).unwrap_or_else(|| {
                        effects.push(e);
                        effects.len() - 1
                    });
                    (at, weight * assessment.shared[e].ln_gsd)
                });
                let acts = if mistake == Mistake::CutFirst { Acts::Multiply } else { factor.acts };
                let own = if acts == Acts::Multiply { factor.alone() } else { Cow::Borrowed(&factor.distribution) };
                let quantiles = (acts == Acts::Rank).then(|| Quantiles::new(&factor.distribution));
                let wide = if mistake == Mistake::WideLogNormals { 1.08 } else { 1.0 };
                let ln = match *own {
                    Distribution::LogNormal { median, gsd } => Some((median.ln(), wide * gsd.ln())),
                    _ => None,
                };
                let own = Sampler::new(&own, mistake);
                Some(FactorSampler { shared: shared.collect(), own, ln, acts, quantiles })
            });
            ModelSampler { factors, effects }
        })
        .collect();
    let chunk = |k: usize| -> Sample {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(k as u64));
        let mut out = Sample {
            totals: std::array::from_fn(|_| vec![]),
            independent_t: vec![],
            models: watched.iter().map(|_| [vec![], vec![]]).collect(),
        };
        let mut alone: Vec<f64> = vec![];
        for _ in 0..CHUNK.min(draws - k * CHUNK) {
            let common: Vec<f64> = assessment.shared.iter().map(|_| normal(&mut rng)).collect();
            let mut totals = [0.0; 4];
            let mut independent = 0.0;
            let mut watch = watched.iter().zip(&mut out.models).peekable();
            for (m, (sampler, model)) in models.iter().zip(&assessment.models).enumerate() {
                let own = sampler.own(&mut rng);
                alone.clear();
                alone.extend(sampler.effects.iter().map(|_| normal(&mut rng)));
                let factors = match mistake {
                    Mistake::SharedPerModel => sampler.factors(&own, &mut rng, |e| alone[e]),
                    _ => sampler.factors(&own, &mut rng, |e| common[sampler.effects[e]]),
                };
                let value = |o: Output, factors: &[f64; SLOTS]| -> f64 {
                    let term = &model.terms[o as usize];
                    let product: f64 = factors.iter().zip(term.powers).map(|(x, power)| x.powi(power.into())).product();
                    if term.constant == 0.0 { 0.0 } else { term.constant * product }
                };
                let values = Output::ALL.map(|o| value(o, &factors));
                totals.iter_mut().zip(values).for_each(|(total, x)| *total += x);
                independent += value(Output::Emissions, &sampler.factors(&own, &mut rng, |e| alone[e]));
                if let Some((_, kept)) = watch.next_if(|(w, _)| **w == m) {
                    kept[0].push(values[Output::Emissions as usize]);
                    kept[1].push(values[Output::Compute as usize]);
                }
            }
            out.totals.iter_mut().zip(totals).for_each(|(all, x)| all.push(x));
            out.independent_t.push(independent);
        }
        out
    };
    let chunks: Vec<Sample> = (0..draws.div_ceil(CHUNK)).into_par_iter().map(chunk).collect();
    let join = |of: &dyn Fn(&Sample) -> &[f64]| chunks.iter().flat_map(|c| of(c).iter().copied()).collect::<Vec<f64>>();
    Sample {
        totals: std::array::from_fn(|o| join(&|c| &c.totals[o])),
        independent_t: join(&|c| &c.independent_t),
        models: (0..watched.len()).map(|w| [join(&|c| &c.models[w][0]), join(&|c| &c.models[w][1])]).collect(),
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
