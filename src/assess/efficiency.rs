//! Work per energy and per time, of the parts MFU, peak and node power.
//!
//! Efficiency is `MFU · peak / (k_node · TDP)` [FLOP/J], throughput `MFU · peak` [FLOP/s per accelerator], each per chip
//! and as a mixture where the chip is not known for certain ([`super::node`] has the reciprocal node power). The own
//! part of MFU is cut where MFU would pass its bound at the median node power; shared effects multiply what is left.
//!
//! Two of the shared effects are the uncertainty of priors. That of the MFU medians acts by loadings; a mixture of chips
//! has those of its parts by share, and what a part has beyond that is its own. That of a mixture's shares is drawn once
//! for all models that use it: with shares w, each chip's reciprocal r and a Dirichlet of concentration A, ln Σ w·r has
//! to first order the variance Σ w (r/Σ w·r − 1)² / (A + 1) (delta method). It comes on top of the mixture's own spread.

use std::collections::BTreeMap;

use super::chips::{Chips, chips};
use super::default_effects::DefaultEffect;
use super::draft::Draft;
use super::exposure::{Exposure, mean_loads};
use super::hardware::Chip;
use super::lognormal::{mixture, quadrature, residual};
use super::mfu::{self, Mfu, MfuSource};
use super::node::{k_node, shared_k, tdp};
use super::priors::names;
use super::provenance::Provenance;
use super::stated::Use;
use crate::portfolio::Problem;

/// Dense peak in FLOP/s. Chips without one were refused where the row's chips were looked up.
fn peak(chip: &Chip) -> f64 {
    chip.peak_flops.unwrap_or(1.0)
}

/// The given efficiency, or the chips' one, and whether the row names its chips or needs none. Exposed to all default
/// effects but the FLOP convention, which the caller adds where it cancels or counts.
///
/// # Errors
/// A chip that is needed and not known.
pub fn given_or_of_chips(
    exposure: Exposure<'_>,
    usage: Use,
    provenance: &mut BTreeMap<String, Provenance>,
) -> Result<(Draft, bool), Problem> {
    if let Some(given) = given(exposure) {
        return Ok((given, true));
    }
    let chips = chips(exposure.priors, exposure.model)?;
    provenance.insert("hardware".to_string(), chips.provenance.clone());
    let named = chips.named;
    Ok((of_chips(exposure, &chips, usage), named))
}

/// The efficiency that the row gives.
pub fn given(exposure: Exposure<'_>) -> Option<Draft> {
    let error = exposure.priors.ln_gsd(names::efficiency::GIVEN_GSD);
    exposure.model.efficiency_flop_per_j.as_ref().map(|given| Draft::given(given, error, "FLOP/J"))
}

/// Efficiency in FLOP/J by the chips.
fn of_chips(exposure: Exposure<'_>, chips: &Chips, usage: Use) -> Draft {
    let priors = exposure.priors;
    let k_shared = shared_k(exposure, chips);
    if let Some(mfu) = mfu::of_small_jobs(exposure, usage) {
        let per_chip = chips.shares.iter().map(|(w, chip)| {
            let k = k_node(priors, chip).median;
            (*w, mfu.scaled(peak(chip) / (k * tdp(chip))))
        });
        let how = format!("MFU of small jobs on {}", chips.provenance.how);
        let provenance = mfu::provenance_of_small_jobs(exposure, chips, how);
        let mut draft = Draft::new(mixture(per_chip.collect()), provenance);
        exposure.expose(&mut draft, DefaultEffect::KNode, k_shared, -1.0);
        return draft;
    }
    let source = MfuSource::of(exposure);
    let mfus: Vec<Mfu> = chips.shares.iter().map(|(_, c)| source.for_chip(priors, c)).collect();
    let common = in_common(chips, &mfus);
    let parts = chips.shares.iter().zip(&mfus).map(|((w, chip), mfu)| {
        let k = k_node(priors, chip);
        let per_mfu = peak(chip) / (k.median * tdp(chip));
        let further = quadrature(residual(k.ln_sd, k_shared), exposure.apart(mfu.loads(), &common));
        (*w, mfu.times(per_mfu, further))
    });
    let distribution = mixture(parts.collect());
    let node: Vec<String> = match chips.shares.as_slice() {
        [(_, c)] => {
            vec![format!(" · {:.4e} FLOP/s / ({} · {} W)", peak(c), k_node(priors, c).median, tdp(c))]
        }
        _ => vec![],
    };
    // No family of distributions is closed under products, so the node's own spread cannot join a given one.
    let without = if source.is_distribution() { "; k_node without its own spread" } else { "" };
    let how = format!("{}{} on {}{without}", source.how(priors, chips, &mfus), node.concat(), chips.provenance.how);
    let mut draft = Draft::new(distribution, source.provenance(exposure, chips, how));
    exposure.expose_to_prior(&mut draft, &common, DefaultEffect::MfuPrior);
    let reciprocal = |(chip, mfu): (&Chip, &Mfu)| k_node(priors, chip).median * tdp(chip) / (mfu.median() * peak(chip));
    expose_to_mixture(exposure, &mut draft, chips, &mfus, reciprocal);
    exposure.expose(&mut draft, DefaultEffect::MfuFamily, source.family, 1.0);
    exposure.expose(&mut draft, DefaultEffect::KNode, k_shared, -1.0);
    draft
}

/// What the chips' MFU priors load on, by share.
fn in_common(chips: &Chips, mfus: &[Mfu]) -> Vec<f64> {
    mean_loads(chips.shares.iter().zip(mfus).map(|((w, _), mfu)| (*w, mfu.loads())))
}

/// What the uncertainty of shares is rounded to (ln): it depends on the size of a model, and the exact moments of a total
/// go by distinct loadings.
const SHARES_STEP: f64 = 0.02;

/// Exposes the factor to how uncertain the shares of a mixture are. `reciprocal` is, to a constant, what the factor
/// divides, for one chip.
fn expose_to_mixture(
    exposure: Exposure<'_>,
    draft: &mut Draft,
    chips: &Chips,
    mfus: &[Mfu],
    reciprocal: impl Fn((&Chip, &Mfu)) -> f64,
) {
    let Some((mixture, runs)) = chips.mixture else { return };
    let parts = || chips.shares.iter().zip(mfus).map(|((w, chip), mfu)| (*w, reciprocal((chip, mfu))));
    let mean: f64 = parts().map(|(w, r)| w * r).sum();
    let variance = parts().map(|(w, r)| w * (r / mean - 1.0) * (r / mean - 1.0)).sum::<f64>() / (runs + 1.0);
    let sd = libm::round(variance.sqrt() / SHARES_STEP) * SHARES_STEP;
    if sd.is_finite() {
        exposure.expose(draft, DefaultEffect::ChipMixture(mixture), sd, -1.0);
    }
}

/// Throughput in FLOP/s of one accelerator over the whole run.
pub fn throughput(exposure: Exposure<'_>, chips: &Chips, usage: Use) -> Draft {
    if let Some(mfu) = mfu::of_small_jobs(exposure, usage) {
        let parts = chips.shares.iter().map(|(w, chip)| (*w, mfu.scaled(peak(chip))));
        let how = format!("MFU of small jobs, of the dense peak of {}", chips.provenance.how);
        let provenance = mfu::provenance_of_small_jobs(exposure, chips, how);
        let mut draft = Draft::new(mixture(parts.collect()), provenance);
        exposure.expose_to_convention(&mut draft);
        return draft;
    }
    let source = MfuSource::of(exposure);
    let mfus: Vec<Mfu> = chips.shares.iter().map(|(_, c)| source.for_chip(exposure.priors, c)).collect();
    let common = in_common(chips, &mfus);
    let parts = chips.shares.iter().zip(&mfus);
    let parts = parts.map(|((w, chip), mfu)| (*w, mfu.times(peak(chip), exposure.apart(mfu.loads(), &common))));
    let distribution = mixture(parts.collect());
    let mfu = source.how(exposure.priors, chips, &mfus);
    let how = format!("{mfu} of the dense peak of {}", chips.provenance.how);
    let mut draft = Draft::new(distribution, source.provenance(exposure, chips, how));
    exposure.expose_to_prior(&mut draft, &common, DefaultEffect::MfuPrior);
    let reciprocal = |(chip, mfu): (&Chip, &Mfu)| 1.0 / (mfu.median() * peak(chip));
    expose_to_mixture(exposure, &mut draft, chips, &mfus, reciprocal);
    exposure.expose(&mut draft, DefaultEffect::MfuFamily, source.family, 1.0);
    exposure.expose_to_convention(&mut draft);
    draft
}
