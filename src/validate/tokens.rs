//! The tokens priors, fitted to base language models with open weights, so that they can be fitted again without an
//! organisation.
//!
//! ln D = level + slope · ln(N_active / 10 B) + organisation + own, for each era ([`super::hierarchy`]), D being compute over
//! 6·N_active, or as documented (`fixtures/training_tokens.csv`). One generation (organisation, year, and the name up to
//! its size) is one observation, at its mean. The share of the variance that is an organisation's is one for all eras, the
//! total is each era's own. An organisation counts as another one in another era. The constants are those of
//! `docs/priors_fit.py`, which wrote the shipped priors.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use nalgebra::DVector;

use super::calibrate::written;
use super::hierarchy::{Grouped, Observation, Point, Prior, half_normal, ln_sum, middles, mixed};
use super::masked_sum::embedded;
use crate::assess::era::Era;
use crate::assess::priors::names::{self, Name};
use crate::assess::stated::{active_parameters, positive};
use crate::portfolio::Model;

/// How long base language models with open weights were trained, built by `fixtures/build.py`.
const TRAINING_TOKENS: &str = include_str!("../../fixtures/training_tokens.csv");
/// Mean and sd of ln D at 10 B, and of the slope.
const LEVEL: (f64, f64) = (1e12, 3.0);
const SLOPE: (f64, f64) = (0.5, 0.5);
/// Scale of the half-normal prior of an era's total sd, and its grid.
const SCALE: f64 = 2.0;
const TOTALS: (f64, usize) = (5.0, 50);
/// Grid of the organisations' share of the variance.
const SHARES: usize = 20;
/// The era whose total sd `organization_gsd` and `within_gsd` are written with: only their proportion counts.
const NOMINAL: Era = Era::In2024;

/// One generation of models.
#[derive(Debug, Clone, PartialEq)]
struct Generation {
    era: Era,
    organization: String,
    /// Means of ln(N_active / 10 B) and of ln D.
    size: f64,
    tokens: f64,
}

/// Every generation that the shipped priors were fitted to.
static GENERATIONS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(&embedded(TRAINING_TOKENS)));

fn generations(models: &[Model]) -> Vec<Generation> {
    let label = |m: &Model, name: &str| m.labels.get(name).map(str::to_string).unwrap_or_default();
    let mut found: BTreeMap<(String, i32, String), Vec<(f64, f64)>> = BTreeMap::new();
    for model in models {
        let size = active_parameters(model).and_then(positive);
        let tokens = model.tokens.as_ref().and_then(positive);
        let (Some(n), Some(tokens), Some(date)) = (size, tokens, model.date) else { continue };
        let key = (label(model, "organization"), date.year, label(model, "generation"));
        found.entry(key).or_default().push((libm::log(n / 10e9), libm::log(tokens)));
    }
    let mean = |of: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| of.iter().map(part).sum::<f64>() / of.len() as f64;
    let generation = |((organization, year, name), of): ((String, i32, String), Vec<(f64, f64)>)| Generation {
        era: Era::of(year),
        // Nobody's models share nothing.
        organization: if organization.is_empty() { format!("none: {name}") } else { organization },
        size: mean(&of, |(size, _)| *size),
        tokens: mean(&of, |(_, tokens)| *tokens),
    };
    found.into_iter().map(generation).collect()
}

/// The grid of one era: for each share, its points by total sd.
type Cells = Vec<Vec<Point>>;

fn cells<'g>(generations: impl Iterator<Item = &'g Generation>) -> Option<Cells> {
    let observation = |g: &Generation| Observation { x: vec![1.0, g.size], y: g.tokens, group: g.organization.clone() };
    let observations: Vec<Observation> = generations.map(observation).collect();
    let grouped = Grouped::new(&observations, 2);
    let precision = |sd: f64| 1.0 / (sd * sd);
    let prior = Prior {
        mean: DVector::from_vec(vec![libm::log(LEVEL.0), SLOPE.0]),
        precision: DVector::from_vec(vec![precision(LEVEL.1), precision(SLOPE.1)]),
    };
    let of_share = |share: f64| {
        let point = |total: f64| {
            let mut point = grouped.point(total * share.sqrt(), total * (1.0 - share).sqrt(), &prior)?;
            point.ln_weight += half_normal(total, SCALE);
            point.sds = vec![total];
            Some(point)
        };
        middles(TOTALS.0, TOTALS.1).map(point).collect()
    };
    middles(1.0, SHARES).map(of_share).collect()
}

/// Of all generations, by era.
static ALL: LazyLock<Vec<(Era, Cells)>> = LazyLock::new(|| {
    let of = |era: Era| Some((era, cells(GENERATIONS.iter().filter(|g| g.era == era))?));
    Era::ALL.into_iter().filter_map(of).collect()
});

/// The priors without an organisation, as a study writes them; none where no generation is its own.
pub fn priors_without(organization: &str) -> Vec<(Name, toml::Value)> {
    let own = |era: Era| GENERATIONS.iter().any(|g| g.era == era && g.organization == organization);
    if !Era::ALL.into_iter().any(own) {
        return Vec::new();
    }
    let others = |era: Era| GENERATIONS.iter().filter(move |g| g.era == era && g.organization != organization);
    let of = |(era, all): &(Era, Cells)| Some((*era, if own(*era) { cells(others(*era))? } else { all.clone() }));
    ALL.iter().map(of).collect::<Option<Vec<_>>>().and_then(|eras| priors(&eras)).unwrap_or_default()
}

/// The priors that the grids of all eras give.
fn priors(eras: &[(Era, Cells)]) -> Option<Vec<(Name, toml::Value)>> {
    let evidence: Vec<Vec<f64>> =
        eras.iter().map(|(_, cells)| cells.iter().map(|points| ln_sum(points.iter())).collect()).collect();
    let of_share = |k: usize| evidence.iter().map(|of_era| of_era[k]).sum::<f64>();
    let joint: Vec<f64> = (0..SHARES).map(of_share).collect();
    let mut found: Vec<(Name, toml::Value)> = Vec::new();
    let mut nominal = 0.0;
    for ((era, cells), own) in eras.iter().zip(&evidence) {
        let mut points = Vec::new();
        for (k, of_share) in cells.iter().enumerate() {
            let others = joint[k] - own[k];
            points.extend(of_share.iter().map(|p| Point { ln_weight: p.ln_weight + others, ..p.clone() }));
        }
        let point = mixed(&points)?;
        let (of_era, total) = (era.priors(), point.sds[0]);
        if *era == NOMINAL {
            nominal = total;
        }
        let factor = point.covariance.cholesky()?.unpack();
        let level = format!("lognormal({:e}, {})", libm::exp(point.mean[0]), libm::exp(total));
        found.extend([
            (of_era.tokens.into(), level.into()),
            (of_era.exponent.into(), point.mean[1].into()),
            (of_era.tokens_loadings.into(), written([factor[(0, 0)]].into_iter())),
            (of_era.exponent_loadings.into(), written([factor[(1, 0)], factor[(1, 1)]].into_iter())),
        ]);
    }
    let top = joint.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = joint.iter().map(|ln| libm::exp(ln - top)).collect();
    let share = weights.iter().zip(middles(1.0, SHARES)).map(|(w, s)| w * s).sum::<f64>() / weights.iter().sum::<f64>();
    found.extend([
        (names::tokens::ORGANIZATION_GSD.into(), libm::exp(nominal * share.sqrt()).into()),
        (names::tokens::WITHIN_GSD.into(), libm::exp(nominal * (1.0 - share).sqrt()).into()),
    ]);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::priors::Priors;

    /// Where the shipped priors, as `docs/priors_fit.py` printed and rounded them, differ from these.
    fn differences(fitted: &[(Name, toml::Value)]) -> Vec<String> {
        let shipped = Priors::defaults();
        let numbers = |text: &str| -> Vec<f64> {
            let parts = text.trim_matches('"').trim_start_matches("lognormal(").trim_end_matches(')').split(',');
            parts.map(|part| part.trim().parse().unwrap()).collect()
        };
        let mut found = Vec::new();
        for (name, value) in fitted {
            let entry = shipped.entries().iter().find(|e| e.name() == *name).unwrap();
            let (a, b) = (numbers(&entry.text), numbers(value.as_str().unwrap_or(&value.to_string())));
            // Three figures of a median, two decimals of a GSD, four of loadings.
            let near = |a: &f64, b: &f64| (a - b).abs() <= 6e-3 * b.abs().max(0.01) || (a - b).abs() <= 6e-3;
            if a.len() != b.len() || !a.iter().zip(&b).all(|(a, b)| near(a, b)) {
                found.push(format!("{}: {} shipped, {value} fitted", entry.key(), entry.text));
            }
        }
        found
    }

    #[test]
    fn the_fit_gives_the_shipped_priors() {
        assert_eq!(GENERATIONS.len(), 235);
        let fitted = priors(&ALL).unwrap();
        assert_eq!(fitted.len(), 22);
        assert_eq!(differences(&fitted), Vec::<String>::new());
        // Negative control: one organisation fewer.
        assert!(differences(&priors_without("Meta AI")).iter().any(|d| d.starts_with("in_2023:")));
        assert!(priors_without("nobody").is_empty());
    }
}
