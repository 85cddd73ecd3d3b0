//! MFU: the fraction of the dense peak that a run used, over the whole run.

use super::chips::Chips;
use super::exposure::Exposure;
use super::hardware::{Chip, Family};
use super::lognormal::{LogNormal, eighth_octave, lognormal, quadrature};
use super::number_format;
use super::priors::Priors;
use super::priors::names::{self, Fraction, Name};
use super::provenance::{Kind, Provenance};
use super::stated::{Use, active_parameters};
use super::wording::shown;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, Model, Value};

/// MFU for one chip.
pub enum Mfu {
    /// Median, own spread and upper bound.
    Prior { value: LogNormal, bound: f64 },
    /// A distribution in the cell: it is used as it is.
    Given(Distribution),
}

impl Mfu {
    fn median(&self) -> f64 {
        match self {
            Mfu::Prior { value, .. } => value.median,
            Mfu::Given(d) => quantile(d, 0.5),
        }
    }

    /// MFU · `factor`, with a further spread (ln) where MFU itself is a prior's.
    pub fn times(&self, factor: f64, further: f64) -> Distribution {
        match self {
            Mfu::Prior { value, bound } => {
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
    /// Spreads (ln) of the shared effects on it: the family's, and the era's.
    pub family: f64,
    pub era: f64,
}

impl<'a> MfuSource<'a> {
    pub fn of(exposure: Exposure<'a>) -> MfuSource<'a> {
        let model = exposure.model;
        let median = active_parameters(model).map(|n| LogNormal::of(n).median);
        let active_parameters = median.filter(|n| *n > 0.0).map(eighth_octave);
        let (own, family, era) = match &model.mfu {
            Some(Value::Number(_)) => (exposure.priors.lognormal(names::efficiency::MFU_QUOTED).ln_sd, 0.0, 0.0),
            Some(Value::Distribution(_)) => (0.0, 0.0, 0.0),
            None => exposure.mfu(),
        };
        MfuSource { model, given: model.mfu.as_ref(), active_parameters, own, family, era }
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
                return Mfu::Prior { value, bound: f64::INFINITY };
            }
            Some(Value::Distribution(d)) if of_format == 1.0 => return Mfu::Given(d.clone()),
            Some(Value::Distribution(d)) => return Mfu::Given(d.scaled(of_format)),
            None => {}
        }
        let median = match chip.family {
            Family::H100 => {
                let n = self.active_parameters.unwrap_or(20e9);
                let by_size = priors.number(MFU_H100_AT_20B) * libm::pow(n / 20e9, priors.number(MFU_H100_EXPONENT));
                by_size.max(priors.number(MFU_H100_LO)).min(priors.number(MFU_H100_HI))
            }
            _ => priors.number(prior_of(chip)),
        };
        // A prior above its own bound would leave nothing of the cut distribution's lower half.
        Mfu::Prior { value: LogNormal { median: median.min(bound), ln_sd: self.own }, bound }
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
            (None, [(_, chip)]) => prior_of(chip).into(),
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

/// The prior of a chip's median MFU; for Hopper at 20 B parameters.
fn prior_of(chip: &Chip) -> Fraction {
    use names::efficiency::*;
    match chip.family {
        Family::H100 => MFU_H100_AT_20B,
        Family::A100 => MFU_A100,
        Family::V100 => MFU_V100,
        Family::TpuV3 | Family::TpuV4 | Family::TpuOther => MFU_TPU,
        Family::Other => MFU_OTHER,
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
