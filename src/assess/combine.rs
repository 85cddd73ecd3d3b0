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
//! observation with the error that a single one has ([`super::chain`]). A link that is not lognormal enters by the mean
//! and standard deviation of its logarithm. [`super::condition`] gives the posterior of every node.
//!
//! A plan's factors are independent, the nodes' posteriors are not. They are written as the most precise of energy and
//! emissions and ratios to it, so that the distribution and the shared effects of every node are those of the posterior;
//! of the covariances, that of compute with energy is one of two: none, or all of the energy's, whichever is nearer.
//! PUE and links that no disclosure lies behind keep their own distribution.
//!
//! Disclosures further apart than three standard deviations are warned of, and their errors inflated until they differ
//! by one (Birge 1932, doi:10.1103/PhysRev.40.207): the error of one alone where a third disclosure bears the other out.

use std::collections::BTreeMap;

use super::chain::{Context, Core, FLOP_PER_EFLOP, Factors, J_PER_KWH, Product, usage};
use super::condition::{DIFFUSE, Joint, Loads, Normal, add};
use super::efficiency::{self, chips, column};
use super::factor::{Draft, LogNormal, lognormal, shown};
use super::figure;
use super::shared::{Default, Exposure, add_study_effects, effects, loadings};
use super::{Kind, OUTPUTS, Provenance, SLOTS, Slot, Tier};
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, Problem, Warning};

/// The disclosures of a row that count, each as the quantity it stands for with its error: compute in FLOP,
/// accelerator-hours, energy in kWh (with or without PUE, as the row says), emissions in kg.
pub struct Disclosures {
    pub compute: Option<Draft>,
    pub hours: Option<Draft>,
    pub energy: Option<Draft>,
    pub emissions: Option<Draft>,
}

impl Disclosures {
    pub fn count(&self) -> usize {
        [&self.compute, &self.hours, &self.energy, &self.emissions].into_iter().flatten().count()
    }
}

/// ln C, its link to the next node, that one's to E_IT (0 where hours are not stated), ln PUE, ln(grid / 1000).
const UNKNOWNS: usize = 5;
type Row = [f64; UNKNOWNS];
const COMPUTE: Row = [1.0, 0.0, 0.0, 0.0, 0.0];
const HOURS: Row = [1.0, 1.0, 0.0, 0.0, 0.0];
const IT: Row = [1.0, 1.0, 1.0, 0.0, 0.0];
const ENERGY: Row = [1.0, 1.0, 1.0, 1.0, 0.0];
const EMISSIONS: Row = [1.0; UNKNOWNS];
/// Where the source left the overhead out.
const EMISSIONS_OF_IT: Row = [1.0, 1.0, 1.0, 0.0, 1.0];

/// How far apart disclosures may be, in standard deviations of what they should differ by.
const DISAGREE: f64 = 3.0;

struct Observed {
    what: &'static str,
    column: &'static str,
    /// As the row has it, before any correction.
    stated: Option<f64>,
    row: Row,
    error: Normal,
}

/// The chain of a row with two or more disclosures. `tier` is that of its emissions, if it states them; `grid` and `pue`
/// are its priors.
///
/// # Errors
/// A chip that is needed and not known.
pub fn combined(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    disclosures: Disclosures,
    tier: Tier,
    [grid, pue]: [Draft; 2],
) -> Result<Core, Problem> {
    let mut provenance = BTreeMap::new();
    let mut warnings = Vec::new();
    let mut links = links(exposure, disclosures.hours.is_some(), &mut provenance)?;
    // The study's effects on the links are there before the disclosures say how much of them is left.
    let mut grid = grid;
    for (slot, draft) in [(Slot::Efficiency, &mut links.work), (Slot::Grid, &mut grid)] {
        let mut drafts: [Option<Draft>; SLOTS] = std::array::from_fn(|_| None);
        drafts[slot as usize] = Some(draft.clone());
        add_study_effects(context.study, exposure.model, tier, &mut drafts);
        if let Some(exposed) = drafts[slot as usize].take() {
            *draft = exposed;
        }
    }
    let Disclosures { compute, hours, energy, emissions } = disclosures;
    let compute_counts = compute.is_some();
    let emissions_count = emissions.is_some();
    let observed = |what, column, row, draft: Draft| {
        let mut error = ln(&draft);
        error.shared.values_mut().for_each(|weight| *weight = -*weight);
        let m = exposure.model;
        let cell = match column {
            "gpu_hours" => &m.gpu_hours,
            "energy_kwh" => &m.energy_kwh,
            "emissions_kg" => &m.emissions_kg,
            _ => &m.compute_flop,
        };
        let stated = cell.as_ref().map(|value| LogNormal::of(value).median);
        Observed { what, column, stated, row, error }
    };
    let energy_row = if exposure.model.energy_includes_pue { ENERGY } else { IT };
    let without_pue = figure::without_pue(exposure.model);
    let emissions_row = if without_pue { EMISSIONS_OF_IT } else { EMISSIONS };
    let mut all: Vec<Observed> = [
        compute.map(|draft| observed("compute", "compute_flop", COMPUTE, draft)),
        hours.map(|draft| observed("hours", "gpu_hours", HOURS, draft)),
        energy.map(|draft| observed("energy", "energy_kwh", energy_row, draft)),
        emissions.map(|draft| observed("emissions", "emissions_kg", emissions_row, draft)),
    ]
    .into_iter()
    .flatten()
    .collect();

    let (ln_pue, mut ln_grid) = (ln(&Draft { shared: BTreeMap::new(), ..pue }), ln(&grid));
    ln_grid.mean -= libm::log(1e3);
    let level = Normal { mean: 50.0, sd: DIFFUSE, shared: Loads::new() };
    let [first, second] = links.normals();
    let priors = [level, first, second, ln_pue.clone(), ln_grid];
    disagreements(context, exposure, &priors, &mut all, &mut warnings);
    let mut joint = Joint::new(priors);
    for observed in &all {
        joint.observe(&observed.row, &observed.error);
    }

    let how = |node: &str, unit: &str, x: &Normal| {
        let parts = all.iter().map(|o| format!("{} (GSD {:.3})", o.what, libm::exp(o.error.sd)));
        let parts: Vec<String> = parts.collect();
        format!("{} combined to {node} of {} {unit}", parts.join(", "), shown_digits(libm::exp(x.mean)))
    };
    let stated = |how: String| Provenance {
        kind: Kind::Disclosed,
        how,
        source: "the models file; Gaussian conditioning along the chain".to_string(),
        chosen: true,
    };
    let draft = |x: &Normal, provenance: Provenance| Draft {
        shared: rounded(context, &x.shared),
        ..Draft::new(lognormal(LogNormal { median: libm::exp(x.mean), ln_sd: x.sd }), provenance)
    };

    let mut factors = Factors::none();
    let [c, it, e, g] = [COMPUTE, IT, ENERGY, emissions_row].map(|row| joint.of(&row));
    let link = |what: &str| Provenance {
        kind: Kind::Imputed,
        how: format!("{what} that the disclosures imply"),
        source: "Gaussian conditioning along the chain".to_string(),
        chosen: true,
    };
    // The products that energies are, and what is known of them as such: PUE keeps its prior.
    let reported = Product::new(1.0).with(Slot::Reporting, 1);
    let (it_product, energy_product, emissions_product, it_known);
    // What the stated emissions are made of.
    let emitting = if without_pue { &it } else { &e };
    if emissions_count && g.sd <= emitting.sd {
        factors.set(Slot::Reporting, draft(&g, stated(how("emissions", "kg", &g))));
        let mut intensity = between(emitting, &g).scaled(-1.0);
        intensity.mean += libm::log(1e3);
        factors.set(Slot::Grid, draft(&intensity, link("grid intensity")));
        let overhead = i8::from(without_pue);
        emissions_product = reported.with(Slot::Pue, overhead).times(1e-3);
        energy_product = reported.with(Slot::Grid, -1).with(Slot::Pue, overhead).times(1e3);
        it_product = energy_product.with(Slot::Pue, -1);
        it_known = if without_pue { it } else { e.plus(&ln_pue, -1.0) };
    } else {
        let energy_known;
        if e.sd < it.sd {
            factors.set(Slot::Reporting, draft(&e, stated(how("facility energy", "kWh", &e))));
            (it_product, energy_product) = (reported.with(Slot::Pue, -1), reported);
            (it_known, energy_known) = (e.plus(&ln_pue, -1.0), e);
        } else {
            factors.set(Slot::Reporting, draft(&it, stated(how("IT energy", "kWh", &it))));
            (it_product, energy_product) = (reported, reported.with(Slot::Pue, 1));
            (energy_known, it_known) = (it.plus(&ln_pue, 1.0), it);
        }
        emissions_product = energy_product.with(Slot::Grid, 1).times(1e-6);
        if emissions_count {
            let mut intensity = between(&g, if without_pue { &it_known } else { &energy_known });
            intensity.mean += libm::log(1e3);
            factors.set(Slot::Grid, draft(&intensity, link("grid intensity")));
        } else {
            factors.set(Slot::Grid, grid);
        }
    }
    let (covariance, of_it) = (joint.covariance(&COMPUTE, &IT), it_known.sd * it_known.sd);
    let stands_alone = c.sd * c.sd < of_it || (covariance - of_it).abs() >= covariance.abs();
    let compute_product = if compute_counts && stands_alone {
        factors.set(Slot::Compute, draft(&c, stated(how("compute", "FLOP", &c))));
        Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1)
    } else {
        let efficiency = match links.inverse_power {
            None if !compute_counts => links.work,
            _ => {
                let mut efficiency = between(&c, &it_known);
                efficiency.mean -= libm::log(J_PER_KWH);
                draft(&efficiency, link("efficiency"))
            }
        };
        factors.set(Slot::Efficiency, efficiency);
        it_product.with(Slot::Efficiency, 1).times(J_PER_KWH / FLOP_PER_EFLOP)
    };
    let outputs: [Product; OUTPUTS] = [compute_product, it_product, energy_product, emissions_product];
    Ok(Core { factors, outputs, tier, provenance, warnings })
}

/// Loadings (ln) are kept to this: models with nearly the same ones then have the same, and the exact moments of the
/// total, which go by distinct loadings, stay few.
const LOADING: f64 = 1.0 / 256.0;

fn rounded(context: &Context<'_>, loads: &Loads) -> Loads {
    let keys = loads.keys().cloned().enumerate().map(|(i, key)| (key, i)).collect();
    let sizes = effects(&keys, context.study, context.priors);
    let rounded = loads.iter().zip(&sizes).map(|((key, weight), effect)| {
        (key.clone(), libm::round(weight * effect.ln_gsd / LOADING) * LOADING / effect.ln_gsd)
    });
    rounded.filter(|(_, weight)| *weight != 0.0).collect()
}

/// The ratio that makes one node of another, more precise one: independent of it, with what its spread lacks.
fn between(node: &Normal, of: &Normal) -> Normal {
    let mut ratio = node.plus(of, -1.0);
    ratio.sd = (node.sd * node.sd - of.sd * of.sd).max(0.0).sqrt();
    ratio
}

/// The links between compute and IT energy.
struct Links {
    /// Throughput in FLOP/s where hours lie between, else the efficiency in FLOP/J.
    work: Draft,
    /// Reciprocal node power in 1/W where hours lie between.
    inverse_power: Option<Draft>,
}

impl Links {
    /// ln(H / C) and ln(E_IT / H), or ln(E_IT / C) and 0.
    fn normals(&self) -> [Normal; 2] {
        let per = |draft: &Draft, constant: f64| {
            let mut link = ln(draft).scaled(-1.0);
            link.mean -= libm::log(constant);
            link
        };
        match &self.inverse_power {
            Some(inverse) => [per(&self.work, 3600.0), per(inverse, 1e3)],
            None => [per(&self.work, J_PER_KWH), Normal::default()],
        }
    }
}

fn links(exposure: Exposure<'_>, hours: bool, provenance: &mut BTreeMap<String, Provenance>) -> Result<Links, Problem> {
    let usage = usage(exposure.model);
    if hours {
        let chips = chips(exposure.priors, exposure.model)?;
        provenance.insert("hardware".to_string(), chips.provenance.clone());
        return Ok(Links {
            work: efficiency::throughput(exposure, &chips, usage),
            inverse_power: Some(efficiency::inverse_power(exposure, &chips, 0.0)),
        });
    }
    let (mut efficiency, _) = super::chain::efficiency_of(exposure, usage, provenance)?;
    if !efficiency.explicit {
        let sd = exposure.priors.ln_gsd("efficiency.flop_convention_gsd");
        exposure.expose(&mut efficiency, Default::FlopConvention, sd, 1.0);
    }
    Ok(Links { work: efficiency, inverse_power: None })
}

/// How far one observation is from what another leads to.
struct Apart {
    /// ln of the one over what the other leads to.
    ln: f64,
    /// Variance of the links between them and of the shared parts.
    link: f64,
    sds: f64,
}

fn apart(context: &Context<'_>, priors: &[Normal; UNKNOWNS], first: &Observed, second: &Observed) -> Apart {
    let mut expected = Normal::default();
    for (j, prior) in priors.iter().enumerate() {
        expected = expected.plus(&prior.clone().scaled(second.row[j] - first.row[j]), 1.0);
    }
    let mut loads = expected.shared.clone();
    add(&mut loads, &second.error.shared, 1.0);
    add(&mut loads, &first.error.shared, -1.0);
    let shared: f64 = loadings(&loads, context.study, context.priors).into_iter().map(|l| l * l).sum();
    let link = expected.sd * expected.sd + shared;
    let ln = second.error.mean - first.error.mean - expected.mean;
    let errors = first.error.sd * first.error.sd + second.error.sd * second.error.sd;
    Apart { ln, link, sds: ln.abs() / (link + errors).sqrt() }
}

/// Warns of neighbours that are too far apart, and inflates their errors: of both, or of one where a third observation
/// bears the other out.
fn disagreements(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    priors: &[Normal; UNKNOWNS],
    all: &mut [Observed],
    warnings: &mut Vec<Warning>,
) {
    let borne_out = |k: usize, without: usize| {
        let others = (0..all.len()).filter(|l| *l != k && *l != without);
        others.into_iter().any(|l| apart(context, priors, &all[l.min(k)], &all[l.max(k)]).sds <= DISAGREE)
    };
    let mut inflation = vec![1.0f64; all.len()];
    for i in 1..all.len() {
        let (first, second) = (&all[i - 1], &all[i]);
        let apart = apart(context, priors, first, second);
        let (a, b) = (first.error.sd * first.error.sd, second.error.sd * second.error.sd);
        if apart.sds <= DISAGREE || a + b <= 0.0 {
            continue;
        }
        let square = apart.ln * apart.ln;
        let (of_first, of_second) = match (borne_out(i - 1, i), borne_out(i, i - 1)) {
            (true, false) if b > 0.0 => (1.0, ((square - apart.link - a) / b).max(1.0)),
            (false, true) if a > 0.0 => (((square - apart.link - b) / a).max(1.0), 1.0),
            _ => {
                let both = ((square - apart.link) / (a + b)).max(1.0);
                (both, both)
            }
        };
        inflation[i - 1] = inflation[i - 1].max(of_first);
        inflation[i] = inflation[i].max(of_second);
        let used = match (of_first > 1.0, of_second > 1.0) {
            (true, false) => {
                format!(", {} with a larger error, since the rest of the row supports the other", first.what)
            }
            (false, true) => {
                format!(", {} with a larger error, since the rest of the row supports the other", second.what)
            }
            _ => ", with larger errors".to_string(),
        };
        warnings.push(Warning {
            rule: "disclosures-disagree",
            place: column(exposure.model, second.column),
            value: second.stated.map_or(String::new(), shown),
            message: format!(
                "{} {:.3} times what {} would lead to, {:.1} standard deviations off; both are used{used} (GSD {:.2} and \
                 {:.2})",
                second.what,
                libm::exp(apart.ln),
                first.what,
                apart.sds,
                libm::exp((a * of_first).sqrt()),
                libm::exp((b * of_second).sqrt()),
            ),
        });
    }
    for (observed, factor) in all.iter_mut().zip(inflation) {
        observed.error.sd *= factor.sqrt();
    }
}

fn shown_digits(x: f64) -> String {
    let exponent = libm::floor(libm::log10(x.abs().max(f64::MIN_POSITIVE)));
    let unit = libm::pow(10.0, exponent - 3.0);
    shown(libm::round(x / unit) * unit)
}

/// Mean and standard deviation of the logarithm of the own part, with the shared effects.
pub fn ln(draft: &Draft) -> Normal {
    let (mean, sd) = ln_moments(&draft.distribution);
    Normal { mean, sd, shared: draft.shared.clone() }
}

/// Quantiles from which the moments of a logarithm are taken.
const MIDPOINTS: usize = 128;

fn ln_moments(d: &Distribution) -> (f64, f64) {
    match d {
        Distribution::Fixed(x) => (libm::log(*x), 0.0),
        Distribution::LogNormal { median, gsd } => (libm::log(*median), libm::log(*gsd)),
        d => {
            let at = |k: usize| libm::log(quantile(d, (k as f64 + 0.5) / MIDPOINTS as f64).max(f64::MIN_POSITIVE));
            let values: Vec<f64> = (0..MIDPOINTS).map(at).collect();
            let mean = values.iter().sum::<f64>() / MIDPOINTS as f64;
            let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
            (mean, (squares / MIDPOINTS as f64).sqrt())
        }
    }
}
