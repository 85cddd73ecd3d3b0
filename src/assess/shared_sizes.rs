//! Default shared effects of other sizes, through the `[priors]` that any study can set.
//!
//! Where the evidence is a spread that is split into an own and a shared part, the quadrature sum of both stays: a larger
//! effect takes from the own part, up to all of it, and a smaller one leaves it more. That holds for MFU (family against
//! run), tokens (between organisations against within), sites within a country, the method of grid intensities
//! and node power. What counts as an operation and the bias of calculators have no own part: their size moves alone.

use super::default_effects::DefaultEffect;
use super::lognormal::{LogNormal, lognormal, quadrature, residual};
use super::priors::names::{Gsd, efficiency, energy, grid, k_node, lineage, tokens};
use super::priors::{Priors, set};

/// `[priors]` of a study with the ln GSD of each default effect times a factor, as far as its spread goes.
pub(crate) fn resized(study: &toml::Table, priors: &Priors, factor: impl Fn(DefaultEffect) -> f64) -> toml::Table {
    let mut table = study.clone();
    let mut gsd = |name: Gsd, ln: f64| set(&mut table, name, libm::exp(ln));
    let whole = |name: Gsd, effect: DefaultEffect| factor(effect) * priors.ln_gsd(name);
    // The own parts of these are what the assessment leaves of a spread.
    gsd(k_node::SHARED_GSD, whole(k_node::SHARED_GSD, DefaultEffect::KNode));
    gsd(grid::METHOD_GSD, whole(grid::METHOD_GSD, DefaultEffect::GridMethod));
    gsd(efficiency::FLOP_CONVENTION_GSD, whole(efficiency::FLOP_CONVENTION_GSD, DefaultEffect::FlopConvention));

    let between = priors.ln_gsd(tokens::ORGANIZATION_GSD);
    let total = quadrature(between, priors.ln_gsd(tokens::WITHIN_GSD));
    let between = (factor(DefaultEffect::TokensOrganization) * between).min(total);
    gsd(tokens::ORGANIZATION_GSD, between);
    gsd(tokens::WITHIN_GSD, residual(total, between));

    let family = priors.number(efficiency::MFU_FAMILY_SD);
    let total = quadrature(family, priors.number(efficiency::MFU_RUN_SD));
    let family = (factor(DefaultEffect::MfuFamily) * family).min(total);
    set(&mut table, efficiency::MFU_FAMILY_SD, family);
    set(&mut table, efficiency::MFU_RUN_SD, residual(total, family));

    // Shares of a variance.
    let class = factor(DefaultEffect::LineageClass);
    set(&mut table, lineage::CLASS_SHARE, (class * class * priors.number(lineage::CLASS_SHARE)).min(1.0));
    let sites = factor(DefaultEffect::GridOrganization);
    let share = (sites * sites * priors.number(grid::ORGANIZATION_SHARE)).min(1.0);
    set(&mut table, grid::ORGANIZATION_SHARE, share);
    for name in [energy::CALCULATOR, energy::CALCULATOR_CPU] {
        let bias = priors.lognormal(name);
        match factor(DefaultEffect::Calculator) * bias.ln_sd {
            0.0 => set(&mut table, name, bias.median),
            ln_sd => set(&mut table, name, lognormal(LogNormal { ln_sd, ..bias }).to_string()),
        }
    }
    table
}
