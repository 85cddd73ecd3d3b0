//! Would the tiers below have predicted what is published? A prior-predictive check of the compute.
//!
//! Every base model that states its compute is assessed without it, and without anything that would reveal it (as in the
//! masked sum); its published figure has a probability in the predictive distribution, P(X ≤ published). Over many models these
//! probabilities are uniform if the distributions are right: too many at the ends and they are too narrow, too many in
//! the middle and they are too wide (A. P. Dawid, J. R. Stat. Soc. A 147 (1984) 278–292, doi:10.2307/2981683; G. E. P.
//! Box, J. R. Stat. Soc. A 143 (1980) 383–430, doi:10.2307/2982063).
//!
//! The probability is exact up to a quadrature: the own distribution's at the published figure over e^{σz}, integrated
//! over the normal z that all shared effects on compute make together. Models of one organisation share effects, so that
//! the counts scatter more than independent ones would. The priors were derived from lists such as these: it is a check
//! of shape, not a validation; `haze validate` is.

use serde::Serialize;

use super::assessed;
use crate::assess::stated::without_compute;
use crate::assess::{Acts, AssessedModel, Assessment, Output, Slot};
use crate::engine::stats::normal::density;
use crate::portfolio::quantile::Quantiles;
use crate::portfolio::{Portfolio, Run};
use crate::run::RunError;

/// Levels of the central intervals that are counted in [`Pit::inside`].
pub const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// Half width and step of the quadrature over z: the trapezoidal rule is exact to rounding for smooth integrands.
const REACH: i32 = 80;
const STEP: f64 = 0.1;

/// The check of all base models that state their compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Predictive {
    /// Of all, then by tier that the model would be without its figure.
    pub groups: Vec<Pit>,
    /// Every model that was checked, sorted by id.
    pub models: Vec<Predicted>,
}

/// Where the published figures fall.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pit {
    /// `all` or a tier.
    pub tier: String,
    /// Number of models.
    pub models: usize,
    /// Models by tenth of probability.
    pub deciles: [usize; 10],
    /// Share of the models inside the central intervals of 50, 80, 90 and 95 %.
    pub inside: [f64; 4],
}

/// One model's published compute in its predictive distribution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Predicted {
    /// The model's id.
    pub id: String,
    /// Tier that it would have without its figure.
    pub tier: &'static str,
    /// Compute as published, in EFLOP.
    pub published_eflop: f64,
    /// P(X ≤ published).
    pub pit: f64,
}

/// `None` where no base model states its compute.
///
/// # Errors
/// Rows that cannot be assessed without their figures.
pub fn predictive(portfolio: &Portfolio) -> Result<Option<Predictive>, RunError> {
    let rows: Vec<_> = portfolio.models.iter().filter_map(without_compute).collect();
    let mut study = portfolio.study.clone();
    study.groups_by.clear();
    // Published figures are those of the final run.
    study.scope.run = Run::Final;
    // Hidden figures are hidden from the other rows too.
    study.learn = false;
    let published: std::collections::BTreeMap<String, f64> =
        rows.iter().map(|(model, eflop)| (model.id.clone(), *eflop)).collect();
    let bare = Portfolio::new(rows.into_iter().map(|(model, _)| model).collect(), study);
    if bare.models.is_empty() {
        return Ok(None);
    }
    let assessment = assessed(&bare)?;
    let models: Vec<Predicted> = assessment
        .models
        .iter()
        .filter_map(|model| {
            let eflop = *published.get(&model.id)?;
            let pit = probability(&assessment, model, eflop)?;
            Some(Predicted { id: model.id.clone(), tier: model.tier.name(), published_eflop: eflop, pit })
        })
        .collect();
    let mut tiers: Vec<&'static str> = models.iter().map(|m| m.tier).collect();
    tiers.sort_unstable();
    tiers.dedup();
    let mut groups = vec![pit("all", models.iter())];
    groups.extend(tiers.into_iter().map(|tier| pit(tier, models.iter().filter(|m| m.tier == tier))));
    Ok(Some(Predictive { groups, models }))
}

fn pit<'m>(tier: &str, models: impl Iterator<Item = &'m Predicted>) -> Pit {
    let mut deciles = [0; 10];
    let mut inside = [0usize; 4];
    let mut count = 0;
    for model in models {
        count += 1;
        let tenth = (libm::floor(10.0 * model.pit).max(0.0) as usize).min(9);
        deciles[tenth] += 1;
        for (inside, level) in inside.iter_mut().zip(LEVELS) {
            *inside += usize::from((model.pit - 0.5).abs() <= 0.5 * level);
        }
    }
    Pit { tier: tier.to_string(), models: count, deciles, inside: inside.map(|n| n as f64 / count.max(1) as f64) }
}

/// P(compute ≤ `eflop`); `None` where the compute is no factor's distribution.
fn probability(assessment: &Assessment, model: &AssessedModel, eflop: f64) -> Option<f64> {
    let term = &model.terms[Output::Compute as usize];
    let alone = Slot::ALL.into_iter().all(|s| term.powers[s as usize] == i8::from(s == Slot::Compute));
    if !alone || term.constant <= 0.0 {
        return None;
    }
    let factor = model.factors[Slot::Compute as usize].as_ref()?;
    let shared: f64 = (factor.shared.iter())
        .filter_map(|(e, weight)| Some(assessment.shared.get(*e)?.ln_gsd * weight))
        .map(|sd| sd * sd)
        .sum();
    let (figure, sd) = (eflop / term.constant, shared.sqrt());
    let (quantiles, hi) = match factor.acts {
        // Whatever acts on the rank leaves the distribution as it is.
        _ if sd <= 0.0 => return Some(Quantiles::new(&factor.alone()).cdf(figure).below),
        Acts::Rank => return Some(Quantiles::new(&factor.distribution).cdf(figure).below),
        Acts::Multiply => (Quantiles::new(&factor.distribution), f64::INFINITY),
        Acts::Below { hi } => (Quantiles::new(&factor.distribution), hi),
    };
    if figure >= hi {
        return Some(1.0);
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    for i in -REACH..=REACH {
        let z = STEP * f64::from(i);
        let weight = density(z);
        let shared = libm::exp(-sd * z);
        // Given the shared part: of what is below the bound, the part below the figure.
        let whole = if hi.is_finite() { quantiles.cdf(hi * shared).below } else { 1.0 };
        sum += weight * if whole > 0.0 { quantiles.cdf(figure * shared).below / whole } else { 0.0 };
        weights += weight;
    }
    Some((sum / weights).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{AssessedFactor, Kind, Provenance, SharedEffect, Term};
    use crate::portfolio::{Distribution, Factor};

    /// A lognormal times a shared lognormal is one of quadrature sum: ln 3 and ln 2 make 1.29928…, and a figure one such
    /// sd above the median lies at Φ(1) = 0.8413447460685429 (SciPy: norm.cdf(1)).
    #[test]
    fn shared_effects_are_integrated_over() {
        let provenance = Provenance { kind: Kind::Default, how: String::new(), source: String::new(), chosen: false };
        let factor = AssessedFactor {
            distribution: Distribution::LogNormal { median: 4e20, gsd: 3.0 },
            provenance,
            shared: vec![(0, 2.0)],
            acts: Acts::Multiply,
        };
        let mut term = Term { constant: 1e-18, powers: [0; crate::assess::SLOTS] };
        term.powers[Slot::Compute as usize] = 1;
        let model = AssessedModel {
            id: "m".into(),
            tier: crate::assess::Tier::T5,
            factors: std::array::from_fn(|s| (s == 0).then(|| factor.clone())),
            terms: [term; crate::assess::OUTPUTS],
            further: vec![],
            labels: Default::default(),
            provenance: Default::default(),
        };
        let effect = SharedEffect {
            factor: Factor::Compute,
            name: "".into(),
            by: [].into(),
            value: [].into(),
            ordinal: 0,
            ln_gsd: 0.5 * 2f64.ln(),
            chosen: false,
            source: "".into(),
        };
        let assessment = Assessment {
            models: vec![model.clone()],
            shared: vec![effect],
            scope: Default::default(),
            warnings: vec![],
            groups_by: vec![],
            further: vec![],
        };
        let sd = (3f64.ln().powi(2) + 2f64.ln().powi(2)).sqrt();
        let p = probability(&assessment, &model, 400.0 * sd.exp()).unwrap();
        assert!((p - 0.841_344_746_068_542_9).abs() < 1e-9, "{p}");
        // With a bound of 1,000 EFLOP on the product, P(C ≤ 400): ∫ φ(z) Φ(−tz/s) / Φ((b − tz)/s) dz with s = ln 3, t = ln 2,
        // b = ln 2.5 (mpmath, 30 digits).
        let mut bounded = model.clone();
        bounded.factors[0].as_mut().unwrap().acts = Acts::Below { hi: 1e21 };
        let p_bounded = probability(&assessment, &bounded, 400.0).unwrap();
        assert!((p_bounded - 0.623_220_367_021_612_2).abs() < 1e-9, "{p_bounded}");
        assert_eq!(probability(&assessment, &bounded, 1001.0), Some(1.0));
        // Negative control: without the shared effect it is another figure.
        let mut bare = model;
        bare.factors[0].as_mut().unwrap().shared.clear();
        assert!((probability(&assessment, &bare, 400.0 * sd.exp()).unwrap() - p).abs() > 0.01);
    }

    #[test]
    fn tenths_and_intervals() {
        let at = |pit: f64| Predicted { id: String::new(), tier: "5", published_eflop: 1.0, pit };
        let models = [0.0, 0.05, 0.1, 0.3, 0.5, 0.74, 0.76, 0.94, 0.96, 1.0].map(at);
        let found = pit("all", models.iter());
        assert_eq!(found.deciles, [2, 1, 0, 1, 0, 1, 0, 2, 0, 3]);
        assert_eq!(found.inside, [0.3, 0.5, 0.7, 0.8]);
    }
}
