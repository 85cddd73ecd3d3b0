//! MFU: the fraction of the dense peak that a run used, over the whole run.
//!
//! The median of a chip is that of a fit (`docs/priors_fit.py`), and how uncertain the fit leaves it is shared by all
//! models: loadings on a few standard normals.

use super::chips::Chips;
use super::exposure::{Exposure, at_size};
use super::hardware::{Chip, Family};
use super::lognormal::{LogNormal, eighth_octave, lognormal, quadrature};
use super::number_format;
use super::priors::Priors;
use super::priors::names::{self, Fraction, Loadings, Name};
use super::provenance::{Kind, Provenance};
use super::stated::{Use, active_parameters};
use super::wording::shown;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, Model, Value};

/// Active parameters at which the median on Hopper is stated.
const REFERENCE: f64 = 20e9;
/// How far from that size the uncertainty of the slope is carried, in e-folds: from 9 M to 44 T parameters.
const FARTHEST: f64 = 7.7;

/// MFU for one chip.
pub enum Mfu {
    /// Median, own spread and upper bound, and what the uncertainty of the median loads on.
    Prior { value: LogNormal, bound: f64, loads: Vec<f64> },
    /// A distribution in the cell: it is used as it is.
    Given(Distribution),
}

impl Mfu {
    pub fn median(&self) -> f64 {
        match self {
            Mfu::Prior { value, .. } => value.median,
            Mfu::Given(d) => quantile(d, 0.5),
        }
    }

    /// What the uncertainty of its median loads on: nothing where the row gives it.
    pub fn loads(&self) -> &[f64] {
        match self {
            Mfu::Prior { loads, .. } => loads,
            Mfu::Given(_) => &[],
        }
    }

    /// MFU · `factor`, with a further spread (ln) where MFU itself is a prior's.
    pub fn times(&self, factor: f64, further: f64) -> Distribution {
        match self {
            Mfu::Prior { value, bound, .. } => {
                let ln_sd = quadrature(value.ln_sd, further);
                cut(LogNormal { median: value.median * factor, ln_sd }, bound * factor)
            }
            Mfu::Given(d) => d.scaled(factor),
        }
    }
}

fn cut(l: LogNormal, hi: f64) -> Distribution {
    match lognormal(l) {
        Distribution::LogNormal { .. } if hi.is_finite() => {
            Distribution::Truncated { inner: Box::new(lognormal(l)), lo: 0.0, hi }
        }
        d => d,
    }
}

/// What the MFU of a model is, before the chip is known.
pub struct MfuSource<'a> {
    model: &'a Model,
    /// `mfu` as given: the same for every chip.
    given: Option<&'a Value>,
    active_parameters: Option<f64>,
    own: f64,
    /// Spread (ln) of the family's shared effect on it.
    pub family: f64,
}

impl<'a> MfuSource<'a> {
    pub fn of(exposure: Exposure<'a>) -> MfuSource<'a> {
        let model = exposure.model;
        let median = active_parameters(model).map(|n| LogNormal::of(n).median);
        let active_parameters = median.filter(|n| *n > 0.0).map(eighth_octave);
        let (own, family) = match &model.mfu {
            Some(Value::Number(_)) => (exposure.priors.lognormal(names::efficiency::MFU_QUOTED).ln_sd, 0.0),
            Some(Value::Distribution(_)) => (0.0, 0.0),
            None => exposure.mfu(),
        };
        MfuSource { model, given: model.mfu.as_ref(), active_parameters, own, family }
    }

    /// Whether the row gives it as a distribution.
    pub fn is_distribution(&self) -> bool {
        matches!(self.given, Some(Value::Distribution(_)))
    }

    pub fn for_chip(&self, priors: &Priors, chip: &Chip) -> Mfu {
        use names::efficiency::*;
        let bound = priors.number(MFU_BOUND);
        let of_format = number_format::factor(self.model, chip);
        match self.given {
            Some(Value::Number(x)) => {
                let value = priors.lognormal(MFU_QUOTED).times(*x * of_format);
                return Mfu::Prior { value, bound: f64::INFINITY, loads: Vec::new() };
            }
            Some(Value::Distribution(d)) if of_format == 1.0 => return Mfu::Given((**d).clone()),
            Some(Value::Distribution(d)) => return Mfu::Given(d.scaled(of_format)),
            None => {}
        }
        let (median, loads) = match chip.family {
            Family::H100 => self.on_h100(priors),
            _ => {
                let (median, loads) = prior_of(chip);
                (priors.number(median), priors.loadings(median, loads).to_vec())
            }
        };
        // A prior above its own bound would leave nothing of the cut distribution's lower half.
        Mfu::Prior { value: LogNormal { median: median.min(bound), ln_sd: self.own }, bound, loads }
    }

    /// Median on Hopper, by size within limits, and its loadings: at a limit, those of the size that reaches it.
    fn on_h100(&self, priors: &Priors) -> (f64, Vec<f64>) {
        use names::efficiency::*;
        let (level, slope) = (priors.number(MFU_H100_AT_20B), priors.number(MFU_H100_EXPONENT));
        let x = libm::log(self.active_parameters.unwrap_or(REFERENCE) / REFERENCE);
        let by_size = level * libm::exp(slope * x);
        let median = by_size.max(priors.number(MFU_H100_LO)).min(priors.number(MFU_H100_HI));
        let reached = if median == by_size || slope == 0.0 { x } else { libm::log(median / level) / slope };
        let level = priors.loadings(MFU_H100_AT_20B, MFU_H100_AT_20B_LOADINGS);
        let slope = priors.loadings(MFU_H100_EXPONENT, MFU_H100_EXPONENT_LOADINGS);
        // A study's limits or level may be 0.
        let x = if reached.is_finite() { reached.clamp(-FARTHEST, FARTHEST) } else { 0.0 };
        (median, at_size(level, slope, x))
    }

    /// In words.
    pub fn how(&self, priors: &Priors, chips: &Chips, mfus: &[Mfu]) -> String {
        let of_format = match chips.shares.as_slice() {
            [(_, chip)] => number_format::factor(self.model, chip),
            _ => 1.0,
        };
        let of_format = match of_format {
            1.0 => String::new(),
            factor => format!(" × {} (peak of its format / 16-bit peak)", shown(factor)),
        };
        match (self.given, mfus) {
            (Some(Value::Number(x)), _) => {
                let whole = priors.lognormal(names::efficiency::MFU_QUOTED).median;
                format!("MFU {} as given{of_format} × {whole} (whole run / quoted)", shown(*x))
            }
            (Some(Value::Distribution(_)), _) => format!("MFU as the distribution given{of_format}"),
            (None, [one]) => format!("MFU {:.3}", one.median()),
            (None, _) => format!("MFU by chip, {} chips", chips.shares.len()),
        }
    }

    /// Of a factor made from it and `chips`.
    pub fn provenance(&self, exposure: Exposure<'_>, chips: &Chips, how: String) -> Provenance {
        let name: Name = match (self.given, chips.shares.as_slice()) {
            (Some(_), _) => names::efficiency::MFU_QUOTED.into(),
            (None, [(_, chip)]) => prior_of(chip).0.into(),
            (None, _) => names::efficiency::MFU_FAMILY_SD.into(),
        };
        let mut provenance = exposure.priors.provenance(name, how);
        let chip = if chips.named { Kind::LookedUp } else { Kind::Guessed };
        provenance.kind = match self.given {
            Some(_) if chips.named => Kind::Disclosed,
            _ => provenance.kind.max(chip),
        };
        match self.given {
            Some(Value::Number(_)) => provenance.source = format!("the models file; {}", provenance.source),
            Some(Value::Distribution(_)) => {
                provenance.source = "the models file".to_string();
                provenance.chosen = false;
            }
            None => {}
        }
        provenance.chosen |= chips.provenance.chosen;
        provenance
    }
}

/// The prior of a chip's median MFU and its loadings; for Hopper at 20 B parameters.
fn prior_of(chip: &Chip) -> (Fraction, Loadings) {
    use names::efficiency::*;
    match chip.family {
        Family::H100 => (MFU_H100_AT_20B, MFU_H100_AT_20B_LOADINGS),
        Family::A100 => (MFU_A100, MFU_A100_LOADINGS),
        Family::V100 => (MFU_V100, MFU_V100_LOADINGS),
        Family::TpuV3 | Family::TpuV4 | Family::TpuOther => (MFU_TPU, MFU_TPU_LOADINGS),
        Family::Other => (MFU_OTHER, MFU_OTHER_LOADINGS),
    }
}

/// The MFU of small jobs, where it applies.
pub fn of_small_jobs(exposure: Exposure<'_>, usage: Use) -> Option<Distribution> {
    let small = usage == Use::Small && exposure.model.mfu.is_none();
    small.then(|| exposure.priors.distribution(names::efficiency::MFU_SMALL))
}

/// Provenance of a factor made from the MFU of small jobs and `chips`.
pub fn provenance_of_small_jobs(exposure: Exposure<'_>, chips: &Chips, how: String) -> Provenance {
    let mut provenance = exposure.priors.provenance(names::efficiency::MFU_SMALL, how);
    provenance.kind = chips.provenance.kind.max(Kind::Imputed);
    provenance
}

/// Median MFU of a use: of the chips' medians the geometric mean over the shares.
pub fn median_mfu(exposure: Exposure<'_>, chips: &Chips, usage: Use) -> f64 {
    if let Some(mfu) = of_small_jobs(exposure, usage) {
        return quantile(&mfu, 0.5);
    }
    let source = MfuSource::of(exposure);
    let ln = chips.shares.iter().map(|(w, c)| w * libm::log(source.for_chip(exposure.priors, c).median()));
    libm::exp(ln.sum())
}
