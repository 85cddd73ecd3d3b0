//! Power of a node per accelerator: `k_node` times the accelerator's TDP.
//!
//! A stated power replaces the TDP, and holds the host already where it is larger than an accelerator's alone can be.

use super::chips::{Chips, only_chip};
use super::default_effects::DefaultEffect;
use super::draft::Draft;
use super::exposure::Exposure;
use super::hardware::{Chip, Family};
use super::lognormal::{LogNormal, lognormal, mixture, quadrature, residual};
use super::priors::Priors;
use super::priors::names::{self, Lognormal};
use super::provenance::Kind;
use crate::portfolio::Model;

/// `k_node` of one chip.
pub fn k_node(priors: &Priors, chip: &Chip) -> LogNormal {
    priors.lognormal(k_node_prior(chip))
}

fn k_node_prior(chip: &Chip) -> Lognormal {
    use names::k_node::*;
    match chip.family {
        Family::H100 => H100,
        Family::A100 => A100,
        Family::V100 => V100,
        Family::TpuV3 => TPU_V3,
        Family::TpuV4 => TPU_V4,
        Family::TpuOther => TPU_OTHER,
        Family::Other => GPU_OTHER,
    }
}

/// TDP in W. Chips without one were refused where the row's chips were looked up.
pub fn tdp(chip: &Chip) -> f64 {
    chip.tdp_w.unwrap_or(1.0)
}

/// The part of `k_node`'s spread shared by all models, no larger than the smallest spread among the chips.
pub fn shared_k(exposure: Exposure<'_>, chips: &Chips) -> f64 {
    let smallest = chips.shares.iter().map(|(_, c)| k_node(exposure.priors, c).ln_sd).fold(f64::INFINITY, f64::min);
    exposure.acting(DefaultEffect::KNode, exposure.priors.ln_gsd(names::k_node::SHARED_GSD).min(smallest))
}

/// Whether a stated power per accelerator already holds the host: above the TDP always, and for chips whose whole node
/// draws less than their TDP (TPU v3: 283 W of 450 W) also from the node's power up, unless it is the TDP itself.
fn holds_host(priors: &Priors, chip: &Chip, watts: f64) -> bool {
    let margin = priors.number(names::k_node::COUNTED_AS_TDP);
    let (k, tdp) = (k_node(priors, chip).median, tdp(chip));
    let is_node = k < 1.0 && watts * margin > k * tdp && watts * margin < tdp;
    is_node || watts > margin * tdp
}

/// Reciprocal node power in 1/W, with a further own spread (ln) folded in. A stated power replaces the TDP; where it
/// already holds the host, `k_node` is left out.
pub fn inverse_power(exposure: Exposure<'_>, chips: &Chips, further: f64) -> Draft {
    let priors = exposure.priors;
    let stated = exposure.model.power_w.as_ref().map(LogNormal::of);
    let holds_host = |chip: &Chip| chips.named && stated.is_some_and(|p| holds_host(priors, chip, p.median));
    let any_host = chips.shares.iter().any(|(_, c)| holds_host(c));
    let k_shared = if any_host { 0.0 } else { shared_k(exposure, chips) };
    let mut how = String::new();
    let mut parts = Vec::new();
    for (w, chip) in &chips.shares {
        let k = if holds_host(chip) { LogNormal { median: 1.0, ln_sd: 0.0 } } else { k_node(priors, chip) };
        let power = stated.unwrap_or(LogNormal { median: tdp(chip), ln_sd: 0.0 });
        let ln_sd = quadrature(quadrature(power.ln_sd, residual(k.ln_sd, k_shared)), further);
        let entry = (*w, lognormal(LogNormal { median: 1.0 / (k.median * power.median), ln_sd }));
        if how.is_empty() {
            let whose = if stated.is_some() { "stated" } else { "TDP" };
            how = if holds_host(chip) {
                format!("1 / {} W, {whose}, host included; {}", power.median, chips.provenance.how)
            } else {
                format!("1 / ({} · {} W), k_node · {whose}; {}", k.median, power.median, chips.provenance.how)
            };
        }
        parts.push(entry);
    }
    if stated.is_some() {
        // Where only k_node differs between chips that do not otherwise matter, equal parts merge into one.
        parts.dedup_by(|b, a| {
            let same = a.1 == b.1;
            if same {
                a.0 += b.0;
            }
            same
        });
    }
    let prior = match chips.shares.as_slice() {
        [(_, chip)] => k_node_prior(chip),
        _ => names::k_node::GPU_OTHER,
    };
    let mut provenance = priors.provenance(prior, how);
    provenance.kind = if chips.named { Kind::LookedUp } else { Kind::Guessed };
    provenance.chosen |= chips.provenance.chosen;
    let mut draft = Draft::new(mixture(parts), provenance);
    exposure.expose(&mut draft, DefaultEffect::KNode, k_shared, -1.0);
    draft
}

/// True node power over the power that a self-reported figure counted: `k_node · TDP / power_w` where that is the
/// accelerator's alone. `None` where that is not known.
pub fn scope_correction(priors: &Priors, model: &Model) -> Option<LogNormal> {
    let stated = LogNormal::of(model.power_w.as_ref()?);
    let chip = only_chip(priors, model)?;
    let tdp = chip.tdp_w?;
    if stated.median <= 0.0 || holds_host(priors, chip, stated.median) {
        return None;
    }
    let k = k_node(priors, chip);
    Some(LogNormal { median: k.median * tdp / stated.median, ln_sd: quadrature(k.ln_sd, stated.ln_sd) })
}

/// The stated power with the only chip it can belong to, and that one's TDP, in W.
pub fn stated_power(priors: &Priors, model: &Model) -> Option<(f64, String, f64)> {
    let stated = LogNormal::of(model.power_w.as_ref()?).median;
    let chip = only_chip(priors, model)?;
    (stated > 0.0).then_some((stated, chip.name.clone(), chip.tdp_w?))
}
