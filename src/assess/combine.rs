//! Several disclosures of one model, combined by Gaussian conditioning along the chain C → H → E_IT → E → G.
//!
//! In logarithms the chain is linear:
//!
//! ```text
//! ln H = ln C − ln(throughput · 3600)    ln E_IT = ln H + ln(node power / 1000)    (without hours: − ln(η · 3.6e6))
//! ln E = ln E_IT + ln PUE                ln G = ln E + ln(grid / 1000)             [FLOP, h, kWh, kWh, kg]
//! ```
//!
//! The unknowns are ln C, of which nothing is known beforehand, and the links with their priors; every disclosure is an
//! observation with the error that a single one has. A link that is not lognormal enters by the mean and standard
//! deviation of its logarithm. [`super::condition`] gives the posterior of every node. Where [`super::odds`] leaves more
//! than one reading of the figures, the row is a mixture of these ([`super::readings`]).
//!
//! A plan's factors are independent, the nodes' posteriors are not. They are written as the most precise of energy and
//! emissions and ratios to it, so that the distribution and the shared effects of every node are those of the posterior;
//! of the covariances, that of compute with energy is one of two: none, or all of the energy's, whichever is nearer.
//! PUE and links that no disclosure lies behind keep their own distribution.

use std::collections::BTreeMap;

use super::condition::{DIFFUSE, Joint};
use super::context::Context;
use super::default_effects::DefaultEffect;
use super::described::{rounded, shared_variance};
use super::disclosures::Disclosures;
use super::draft::{Core, Draft, FLOP_PER_EFLOP, Factors, Informs, J_PER_KWH, Newest, Product};
use super::effects::{EffectKey, Innovation, Loads};
use super::entered::Entered;
use super::exposure::Exposure;
use super::links::Links;
use super::lognormal::{LogNormal, lognormal};
use super::normal::{Normal, ln};
use super::observed::{COMPUTE, ENERGY, IT, Observed, UNKNOWNS, contradiction, emissions_row, names, observations};
use super::odds::{Reading, readings};
use super::provenance::{Kind, Provenance};
use super::readings::{self, Stated};
use super::single::unstated_compute;
use super::slot::Slot;
use super::stated::without_pue;
use super::study_effects;
use super::tier::Tier;
use super::wording::shown_to_four;
use crate::portfolio::{Model, Problem};

/// The priors of what lies behind the IT energy.
pub struct Given {
    pub grid: Draft,
    /// The grid is the electricity as bought.
    pub as_bought: bool,
    pub pue: Draft,
}

/// The chain of a row with two or more disclosures. `tier` is that of its emissions, if it states them.
///
/// # Errors
/// A chip that is needed and not known.
pub fn combined(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    disclosures: Disclosures,
    tier: Tier,
    Given { mut grid, as_bought, pue }: Given,
) -> Result<Core, Problem> {
    let mut provenance = BTreeMap::new();
    let mut links = Links::of(exposure, disclosures.hours.is_some(), &mut provenance)?;
    // The study's effects on the links are there before the disclosures say how much of them is left.
    study_effects::add(context.study, exposure.model, tier, Slot::Efficiency, &mut links.work);
    if !as_bought {
        study_effects::add(context.study, exposure.model, tier, Slot::Grid, &mut grid);
    }
    let mut observed = observations(exposure.model, disclosures);

    let ln_pue = ln(&Draft { shared: Loads::new(), ..pue });
    // Emissions that are zero are no observation, and of a grid of zero there is no logarithm.
    let mut ln_grid = if grid.is_zero() { Normal::default() } else { ln(&grid) };
    ln_grid.mean -= libm::log(1e3);
    let level = Normal { mean: 50.0, sd: DIFFUSE, shared: Loads::new() };
    let [first, second] = links.normals();
    let priors = [level, first, second, ln_pue.clone(), ln_grid];
    let [_, rest @ ..] = priors.clone();
    let unstated = unstated(context, exposure)?;
    let [first, second, third, fourth] = rest;
    let found = readings(context, &[unstated, first, second, third, fourth], &observed);
    let states_compute = observed.iter().any(|o| o.what == "compute");
    let mut warnings = Vec::new();
    match found.as_slice() {
        [Reading { right, .. }] if right.len() == observed.len() => {}
        // The others agree, so that it is clear which figure is wrong.
        [Reading { right, .. }] => {
            let used = format!("the others agree, so only {} count", names(right, &observed));
            warnings.extend(contradiction(context, exposure.model, &priors, &observed, &used));
            let mut k = 0..;
            observed.retain(|_| k.next().is_some_and(|k| right.contains(&k)));
        }
        several => {
            let stated = Stated { exposure, observed: &observed, priors: &priors, grid, tier };
            return Ok(Core { provenance, ..readings::chain(context, stated, several) });
        }
    }
    let counts = |what: &str| observed.iter().any(|o| o.what == what);
    let (compute_counts, emissions_count) = (counts("compute"), counts("emissions"));
    let innovations = innovations(context, exposure.model, tier, &priors, &observed);
    let mut joint = Joint::new(priors);
    let mut newest = None;
    for observed in &observed {
        let with = joint.covariance(&emissions_row(exposure.model), &observed.row);
        let innovation = joint.observe(&observed.row, &observed.error);
        newest = innovation.map(|innovation| Newest { what: observed.what, gain: with / innovation.variance });
    }
    let compute_wrong = states_compute && !compute_counts;
    let informs = Informs { innovations, newest, unsettled: false, compute_wrong };
    let posterior = Posterior { context, exposure, observed, joint, ln_pue };
    let mut factors = Factors::none();
    let energies = posterior.energies(&mut factors, grid, emissions_count);
    let compute = posterior.compute(&mut factors, &energies, links, compute_counts);
    let outputs = [compute, energies.it, energies.energy, energies.emissions];
    Ok(Core { factors, outputs, tier, provenance, warnings, informs })
}

/// What the figures say of the shared effects. Of a run that a prior was derived from, the effect of that prior is no more
/// than a spread of its own: nothing is learned twice from one run. So is the grid's in a row whose emissions nobody
/// metered: their intensity is the one that an author assumed, and says nothing of where the organisation's other runs are.
fn innovations(
    context: &Context<'_>,
    model: &Model,
    tier: Tier,
    priors: &[Normal; UNKNOWNS],
    observed: &[Observed],
) -> Vec<Innovation> {
    let entered = Entered::of(model);
    let assumed = |key: &EffectKey| {
        tier != Tier::T1
            && matches!(DefaultEffect::of(key), Some(DefaultEffect::GridMethod | DefaultEffect::GridOrganization))
    };
    let left_out = |key: &EffectKey| entered.has(key) || assumed(key);
    let alone = |prior: &Normal| {
        let (own, shared): (Loads, Loads) = prior.shared.clone().into_iter().partition(|(key, _)| left_out(key));
        let sd = (prior.sd * prior.sd + shared_variance(&own, context.study, context.priors)).sqrt();
        Normal { mean: prior.mean, sd, shared }
    };
    let mut joint = Joint::new(priors.each_ref().map(alone));
    observed.iter().filter_map(|o| joint.observe(&o.row, &o.error)).collect()
}

/// ln of what compute would be if the row stated none of it.
fn unstated(context: &Context<'_>, exposure: Exposure<'_>) -> Result<Normal, Problem> {
    let normal = ln(&unstated_compute(context, exposure)?);
    // Of a copy, which has no compute of its own, nothing is known once it states some.
    let unknown = Normal { mean: 50.0, sd: 15.0, shared: Loads::new() };
    Ok(if normal.mean.is_finite() { normal } else { unknown })
}

/// What the disclosures leave of the chain.
struct Posterior<'a> {
    context: &'a Context<'a>,
    exposure: Exposure<'a>,
    observed: Vec<Observed>,
    joint: Joint<UNKNOWNS>,
    ln_pue: Normal,
}

/// The products that energies and emissions are, and what is known of IT energy as such: PUE keeps its prior.
struct Energies {
    it: Product,
    energy: Product,
    emissions: Product,
    it_known: Normal,
}

impl Posterior<'_> {
    /// Writes energies and emissions as the most precise of them and ratios to it.
    fn energies(&self, factors: &mut Factors, grid: Draft, emissions_count: bool) -> Energies {
        let [it, e, g] = [IT, ENERGY, emissions_row(self.exposure.model)].map(|row| self.joint.of(&row));
        // What the stated emissions are made of.
        let emitting = if without_pue(self.exposure.model) { &it } else { &e };
        if emissions_count && g.sd <= emitting.sd {
            self.by_emissions(factors, it, e, &g)
        } else if emissions_count {
            self.by_energy(factors, it, e, |it, energy| {
                let emitting = if without_pue(self.exposure.model) { it } else { energy };
                let mut intensity = between(&g, emitting);
                intensity.mean += libm::log(1e3);
                self.draft(&intensity, implied("grid intensity"))
            })
        } else {
            self.by_energy(factors, it, e, |_, _| grid)
        }
    }

    fn by_emissions(&self, factors: &mut Factors, it: Normal, e: Normal, g: &Normal) -> Energies {
        let without_pue = without_pue(self.exposure.model);
        factors.set(Slot::Reporting, self.stated("emissions", "kg", g));
        let mut intensity = between(if without_pue { &it } else { &e }, g).scaled(-1.0);
        intensity.mean += libm::log(1e3);
        factors.set(Slot::Grid, self.draft(&intensity, implied("grid intensity")));
        let reported = Product::new(1.0).with(Slot::Reporting, 1);
        let overhead = i8::from(without_pue);
        let energy = reported.with(Slot::Grid, -1).with(Slot::Pue, overhead).times(1e3);
        Energies {
            it: energy.with(Slot::Pue, -1),
            energy,
            emissions: reported.with(Slot::Pue, overhead).times(1e-3),
            it_known: if without_pue { it } else { e.plus(&self.ln_pue, -1.0) },
        }
    }

    /// `grid` is the grid intensity, given what is known of IT energy and of facility energy.
    fn by_energy(
        &self,
        factors: &mut Factors,
        it: Normal,
        e: Normal,
        grid: impl FnOnce(&Normal, &Normal) -> Draft,
    ) -> Energies {
        let reported = Product::new(1.0).with(Slot::Reporting, 1);
        let (of_it, of_energy, it_known, energy_known) = if e.sd < it.sd {
            factors.set(Slot::Reporting, self.stated("facility energy", "kWh", &e));
            (reported.with(Slot::Pue, -1), reported, e.plus(&self.ln_pue, -1.0), e)
        } else {
            factors.set(Slot::Reporting, self.stated("IT energy", "kWh", &it));
            let energy_known = it.plus(&self.ln_pue, 1.0);
            (reported, reported.with(Slot::Pue, 1), it, energy_known)
        };
        factors.set(Slot::Grid, grid(&it_known, &energy_known));
        Energies { it: of_it, energy: of_energy, emissions: of_energy.with(Slot::Grid, 1).times(1e-6), it_known }
    }

    /// Writes compute for itself or as a ratio to IT energy.
    fn compute(&self, factors: &mut Factors, energies: &Energies, links: Links, compute_counts: bool) -> Product {
        let c = self.joint.of(&COMPUTE);
        let of_it = energies.it_known.sd * energies.it_known.sd;
        let covariance = self.joint.covariance(&COMPUTE, &IT);
        let stands_alone = c.sd * c.sd < of_it || (covariance - of_it).abs() >= covariance.abs();
        if compute_counts && stands_alone {
            factors.set(Slot::Compute, self.stated("compute", "FLOP", &c));
            return Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1);
        }
        let efficiency = match links.inverse_power {
            None if !compute_counts => links.work,
            _ => {
                let mut efficiency = between(&c, &energies.it_known);
                efficiency.mean -= libm::log(J_PER_KWH);
                self.draft(&efficiency, implied("efficiency"))
            }
        };
        factors.set(Slot::Efficiency, efficiency);
        energies.it.with(Slot::Efficiency, 1).times(J_PER_KWH / FLOP_PER_EFLOP)
    }

    /// A node as a factor.
    fn stated(&self, node: &str, unit: &str, x: &Normal) -> Draft {
        let parts = self.observed.iter().map(|o| format!("{} (GSD {:.3})", o.what, libm::exp(o.error.sd)));
        let parts: Vec<String> = parts.collect();
        let provenance = Provenance {
            kind: Kind::Disclosed,
            how: format!("{} combined to {node} of {} {unit}", parts.join(", "), shown_to_four(libm::exp(x.mean))),
            source: "the models file; Gaussian conditioning along the chain".to_string(),
            chosen: true,
        };
        self.draft(x, provenance)
    }

    fn draft(&self, x: &Normal, provenance: Provenance) -> Draft {
        Draft {
            shared: rounded(&x.shared, self.context.study, self.context.priors),
            ..Draft::new(lognormal(LogNormal { median: libm::exp(x.mean), ln_sd: x.sd }), provenance)
        }
    }
}

/// Provenance of a link.
fn implied(what: &str) -> Provenance {
    Provenance {
        kind: Kind::Imputed,
        how: format!("{what} that the disclosures imply"),
        source: "Gaussian conditioning along the chain".to_string(),
        chosen: true,
    }
}

/// The ratio that makes one node of another, more precise one: independent of it, with what its spread lacks.
fn between(node: &Normal, of: &Normal) -> Normal {
    let mut ratio = node.plus(of, -1.0);
    ratio.sd = (node.sd * node.sd - of.sd * of.sd).max(0.0).sqrt();
    ratio
}
