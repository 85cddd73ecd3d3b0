//! Work per energy: MFU, node power and chips.
//!
//! Three factors are made of the same parts, per chip and as a mixture where the chip is not known for certain:
//! efficiency `MFU · peak / (k_node · TDP)` [FLOP/J], throughput `MFU · peak` [FLOP/s per accelerator], and the
//! reciprocal node power `1 / (k_node · TDP)` [1/W]. The own part of MFU is cut where MFU would pass its bound at the
//! median node power; shared effects multiply what is left.

use super::compute::active_parameters;
use super::factor::{Draft, LogNormal, eighth_octave, lognormal, mixture, quadrature, residual, shown};
use super::grid;
use super::hardware::{self, Chip, Family};
use super::names::normal;
use super::priors::Priors;
use super::shared::{Default, Exposure};
use super::{Kind, Provenance};
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, Model, Problem, Value};

/// The chips a run may have used, with shares that sum to 1.
pub struct Chips {
    pub shares: Vec<(f64, &'static Chip)>,
    pub provenance: Provenance,
    /// Named in the row.
    pub named: bool,
}

const ADVICE: &str = "leave hardware empty to use a mixture of the chips of that year, or give efficiency_flop_per_j";

/// The row's chips, or the mixture of its year and place.
///
/// # Errors
/// A chip that is not in the table or lacks what is needed.
pub fn chips(priors: &Priors, model: &Model) -> Result<Chips, Problem> {
    let problem = |value: String, message: String| Problem { place: column(model, "hardware"), value, message };
    if let Some(cell) = model.labels.get("hardware") {
        let found = hardware::find_all(cell).map_err(|(value, message)| problem(value, message + ADVICE))?;
        if let Some(chip) = found.iter().find(|c| c.tdp_w.is_none() || c.peak_flops.is_none()) {
            let lacks = if chip.tdp_w.is_none() { "TDP" } else { "dense 16-bit rate" };
            let message = format!("the table has no {lacks} for this chip; {ADVICE}");
            return Err(problem(chip.name.clone(), message));
        }
        let names: Vec<&str> = found.iter().map(|c| c.name.as_str()).collect();
        let how = match names.as_slice() {
            [one] => (*one).to_string(),
            several => format!("one of {}, equally likely", several.join(", ")),
        };
        let provenance = Provenance {
            kind: Kind::LookedUp,
            how,
            source: "Epoch AI, Machine Learning Hardware, 2026-07".to_string(),
            chosen: found.len() > 1,
        };
        let share = 1.0 / found.len() as f64;
        return Ok(Chips { shares: found.into_iter().map(|c| (share, c)).collect(), provenance, named: true });
    }
    let year = model.date.map_or(priors.number("chips.undated_year") as i32, |d| d.year);
    let (shares, key) = priors.chips(place(model), year);
    let provenance = Provenance {
        kind: Kind::Guessed,
        ..priors.provenance(&format!("chips.{key}"), format!("chip not stated: mixture {key}"))
    };
    Ok(Chips { shares: shares.to_vec(), provenance, named: false })
}

/// Which of the chip mixtures applies.
fn place(model: &Model) -> &'static str {
    let organization = model.labels.get("organization").map(|o| o.to_lowercase()).unwrap_or_default();
    if organization.contains("google") || organization.contains("deepmind") {
        return "google";
    }
    match model.labels.get("region").and_then(|r| grid::first_country(r)) {
        Some("USA") => "us",
        Some("CHN" | "HKG" | "MAC") => "china",
        _ => "other",
    }
}

pub(super) fn column(model: &Model, name: &str) -> crate::portfolio::Place {
    crate::portfolio::Place { column: name.to_string(), ..model.place.clone() }
}

/// How a run used its chips.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A training run.
    Training,
    /// A small job on one to eight chips.
    Small,
}

/// MFU for one chip.
enum Mfu {
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
    fn times(&self, factor: f64, further: f64) -> Distribution {
        match self {
            Mfu::Prior { value, bound } => {
                let ln_sd = quadrature(value.ln_sd, further);
                cut(LogNormal { median: value.median * factor, ln_sd }, bound * factor)
            }
            Mfu::Given(d) => d.scaled(factor),
        }
    }
}

/// What the MFU of a model is, before the chip is known.
struct MfuSource {
    /// `mfu` as given: the same for every chip.
    given: Option<Value>,
    active_parameters: Option<f64>,
    own: f64,
    family: f64,
    era: f64,
}

impl MfuSource {
    fn of(exposure: Exposure<'_>) -> MfuSource {
        let model = exposure.model;
        let priors = exposure.priors;
        let active_parameters = active_parameters(model);
        let active_parameters =
            active_parameters.map(|n| LogNormal::of(n).median).filter(|n| *n > 0.0).map(eighth_octave);
        match &model.mfu {
            Some(Value::Number(x)) => {
                let quoted = priors.lognormal("efficiency.mfu_quoted");
                MfuSource {
                    given: Some(Value::Number(*x)),
                    active_parameters,
                    own: quoted.ln_sd,
                    family: 0.0,
                    era: 0.0,
                }
            }
            Some(given) => MfuSource { given: Some(given.clone()), active_parameters, own: 0.0, family: 0.0, era: 0.0 },
            None => {
                let (own, family, era) = exposure.mfu();
                MfuSource { given: None, active_parameters, own, family, era }
            }
        }
    }

    fn for_chip(&self, priors: &Priors, chip: &Chip) -> Mfu {
        let bound = priors.number("efficiency.mfu_bound");
        match &self.given {
            Some(Value::Number(x)) => {
                let value = priors.lognormal("efficiency.mfu_quoted").times(*x);
                return Mfu::Prior { value, bound: f64::INFINITY };
            }
            Some(Value::Distribution(d)) => return Mfu::Given(d.clone()),
            None => {}
        }
        let median = match chip.family {
            Family::H100 => {
                let at_20b = priors.number("efficiency.mfu_h100_at_20b");
                let n = self.active_parameters.unwrap_or(20e9);
                let by_size = at_20b * libm::pow(n / 20e9, priors.number("efficiency.mfu_h100_exponent"));
                by_size.max(priors.number("efficiency.mfu_h100_lo")).min(priors.number("efficiency.mfu_h100_hi"))
            }
            Family::A100 => priors.number("efficiency.mfu_a100"),
            Family::V100 => priors.number("efficiency.mfu_v100"),
            Family::TpuV3 | Family::TpuV4 | Family::TpuOther => priors.number("efficiency.mfu_tpu"),
            Family::Other => priors.number("efficiency.mfu_other"),
        };
        // A prior above its own bound would leave nothing of the cut distribution's lower half.
        Mfu::Prior { value: LogNormal { median: median.min(bound), ln_sd: self.own }, bound }
    }

    fn how(&self, priors: &Priors, chips: &Chips, mfus: &[Mfu]) -> String {
        match (&self.given, mfus) {
            (Some(Value::Number(x)), _) => {
                let whole = priors.lognormal("efficiency.mfu_quoted").median;
                format!("MFU {} as given × {whole} (whole run / quoted)", shown(*x))
            }
            (Some(Value::Distribution(_)), _) => "MFU as the distribution given".to_string(),
            (None, [one]) => format!("MFU {:.3}", one.median()),
            (None, _) => format!("MFU by chip, {} chips", chips.shares.len()),
        }
    }
}

/// `k_node` of one chip.
fn k_node(priors: &Priors, chip: &Chip) -> LogNormal {
    priors.lognormal(k_node_name(chip))
}

/// The prior that `k_node` of a chip is in.
fn k_node_name(chip: &Chip) -> &'static str {
    match chip.family {
        Family::H100 => "k_node.h100",
        Family::A100 => "k_node.a100",
        Family::V100 => "k_node.v100",
        Family::TpuV3 => "k_node.tpu_v3",
        Family::TpuV4 => "k_node.tpu_v4",
        Family::TpuOther => "k_node.tpu_other",
        Family::Other => "k_node.gpu_other",
    }
}

/// The part of `k_node`'s spread shared by all models, no larger than the smallest spread among the chips.
fn shared_k(exposure: Exposure<'_>, chips: &Chips) -> f64 {
    let smallest = chips.shares.iter().map(|(_, c)| k_node(exposure.priors, c).ln_sd).fold(f64::INFINITY, f64::min);
    exposure.acting(Default::KNode, exposure.priors.ln_gsd("k_node.shared_gsd").min(smallest))
}

fn cut(l: LogNormal, hi: f64) -> Distribution {
    match lognormal(l) {
        Distribution::LogNormal { .. } if hi.is_finite() => {
            Distribution::Truncated { inner: Box::new(lognormal(l)), lo: 0.0, hi }
        }
        d => d,
    }
}

fn number(x: Option<f64>) -> f64 {
    // Chips without a figure were refused in `chips`.
    x.unwrap_or(1.0)
}

/// Efficiency in FLOP/J. Exposed to all default effects but the FLOP convention, which the caller adds where it
/// cancels or counts.
pub fn efficiency(exposure: Exposure<'_>, chips: &Chips, usage: Use) -> Draft {
    let priors = exposure.priors;
    let k_shared = shared_k(exposure, chips);
    if usage == Use::Small && exposure.model.mfu.is_none() {
        let mfu = priors.distribution("efficiency.mfu_small");
        let per_chip = chips.shares.iter().map(|(w, chip)| {
            let k = k_node(priors, chip).median;
            (*w, mfu.scaled(number(chip.peak_flops) / (k * number(chip.tdp_w))))
        });
        let mut provenance =
            priors.provenance("efficiency.mfu_small", format!("MFU of small jobs on {}", chips.provenance.how));
        provenance.kind = chips.provenance.kind.max(Kind::Imputed);
        let mut draft = Draft::new(mixture(per_chip.collect()), provenance);
        exposure.expose(&mut draft, Default::KNode, k_shared, -1.0);
        return draft;
    }
    let source = MfuSource::of(exposure);
    let mfus: Vec<Mfu> = chips.shares.iter().map(|(_, c)| source.for_chip(priors, c)).collect();
    let parts = chips.shares.iter().zip(&mfus).map(|((w, chip), mfu)| {
        let k = k_node(priors, chip);
        let per_mfu = number(chip.peak_flops) / (k.median * number(chip.tdp_w));
        (*w, mfu.times(per_mfu, residual(k.ln_sd, k_shared)))
    });
    let distribution = mixture(parts.collect());
    let node: Vec<String> = match chips.shares.as_slice() {
        [(_, c)] => vec![format!(
            " · {:.4e} FLOP/s / ({} · {} W)",
            number(c.peak_flops),
            k_node(priors, c).median,
            number(c.tdp_w)
        )],
        _ => vec![],
    };
    // No family of distributions is closed under products, so the node's own spread cannot join a given one.
    let without =
        if matches!(source.given, Some(Value::Distribution(_))) { "; k_node without its own spread" } else { "" };
    let how = format!("{}{} on {}{without}", source.how(priors, chips, &mfus), node.concat(), chips.provenance.how);
    let mut draft = Draft::new(distribution, mfu_provenance(exposure, chips, &source, how));
    exposure.expose(&mut draft, Default::MfuEra, source.era, 1.0);
    exposure.expose(&mut draft, Default::MfuFamily, source.family, 1.0);
    exposure.expose(&mut draft, Default::KNode, k_shared, -1.0);
    draft
}

/// Throughput in FLOP/s of one accelerator over the whole run.
pub fn throughput(exposure: Exposure<'_>, chips: &Chips, usage: Use) -> Draft {
    let convention = exposure.priors.ln_gsd("efficiency.flop_convention_gsd");
    if usage == Use::Small && exposure.model.mfu.is_none() {
        let mfu = exposure.priors.distribution("efficiency.mfu_small");
        let parts = chips.shares.iter().map(|(w, chip)| (*w, mfu.scaled(number(chip.peak_flops))));
        let how = format!("MFU of small jobs, of the dense peak of {}", chips.provenance.how);
        let mut provenance = exposure.priors.provenance("efficiency.mfu_small", how);
        provenance.kind = chips.provenance.kind.max(Kind::Imputed);
        let mut draft = Draft::new(mixture(parts.collect()), provenance);
        exposure.expose(&mut draft, Default::FlopConvention, convention, 1.0);
        return draft;
    }
    let source = MfuSource::of(exposure);
    let mfus: Vec<Mfu> = chips.shares.iter().map(|(_, c)| source.for_chip(exposure.priors, c)).collect();
    let parts = chips.shares.iter().zip(&mfus).map(|((w, chip), mfu)| (*w, mfu.times(number(chip.peak_flops), 0.0)));
    let distribution = mixture(parts.collect());
    let mfu = source.how(exposure.priors, chips, &mfus);
    let how = format!("{mfu} of the dense peak of {}", chips.provenance.how);
    let mut draft = Draft::new(distribution, mfu_provenance(exposure, chips, &source, how));
    exposure.expose(&mut draft, Default::MfuEra, source.era, 1.0);
    exposure.expose(&mut draft, Default::MfuFamily, source.family, 1.0);
    exposure.expose(&mut draft, Default::FlopConvention, convention, 1.0);
    draft
}

fn mfu_provenance(exposure: Exposure<'_>, chips: &Chips, source: &MfuSource, how: String) -> Provenance {
    let name = match (&source.given, chips.shares.as_slice()) {
        (Some(_), _) => "efficiency.mfu_quoted",
        (None, [(_, chip)]) => match chip.family {
            Family::H100 => "efficiency.mfu_h100_at_20b",
            Family::A100 => "efficiency.mfu_a100",
            Family::V100 => "efficiency.mfu_v100",
            Family::TpuV3 | Family::TpuV4 | Family::TpuOther => "efficiency.mfu_tpu",
            Family::Other => "efficiency.mfu_other",
        },
        (None, _) => "efficiency.mfu_family_sd",
    };
    let mut provenance = exposure.priors.provenance(name, how);
    let chip = if chips.named { Kind::LookedUp } else { Kind::Guessed };
    provenance.kind = match &source.given {
        Some(_) if chips.named => Kind::Disclosed,
        _ => provenance.kind.max(chip),
    };
    match &source.given {
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

/// Whether a stated power per accelerator already holds the host: above the TDP always, and for chips whose whole node
/// draws less than their TDP (TPU v3: 283 W of 450 W) also from the node's power up, unless it is the TDP itself.
fn holds_host(priors: &Priors, chip: &Chip, watts: f64) -> bool {
    let (margin, k, tdp) = (priors.number("k_node.counted_as_tdp"), k_node(priors, chip).median, number(chip.tdp_w));
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
        let power = stated.unwrap_or(LogNormal { median: number(chip.tdp_w), ln_sd: 0.0 });
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
    let name = match chips.shares.as_slice() {
        [(_, chip)] => k_node_name(chip),
        _ => "k_node.gpu_other",
    };
    let mut provenance = priors.provenance(name, how);
    provenance.kind = if chips.named { Kind::LookedUp } else { Kind::Guessed };
    provenance.chosen |= chips.provenance.chosen;
    let mut draft = Draft::new(mixture(parts), provenance);
    exposure.expose(&mut draft, Default::KNode, k_shared, -1.0);
    draft
}

/// The chip that the row names, where it names one.
pub fn only_chip(priors: &Priors, model: &Model) -> Option<&'static Chip> {
    match chips(priors, model).ok().filter(|c| c.named)?.shares.as_slice() {
        [(_, chip)] => Some(chip),
        _ => None,
    }
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

/// Whether the row's hardware is a CPU (calculators are further off there).
pub fn is_cpu(model: &Model) -> bool {
    model.labels.get("hardware").is_some_and(|h| {
        let h = normal(h);
        ["cpu", "xeon", "epyc", "intelcore", "ryzen"].iter().any(|w| h.contains(w))
    })
}

/// Median MFU of a use: of the chips' medians the geometric mean over the shares.
pub fn median_mfu(exposure: Exposure<'_>, chips: &Chips, usage: Use) -> f64 {
    if usage == Use::Small && exposure.model.mfu.is_none() {
        return quantile(&exposure.priors.distribution("efficiency.mfu_small"), 0.5);
    }
    let source = MfuSource::of(exposure);
    let ln = chips.shares.iter().map(|(w, c)| w * libm::log(source.for_chip(exposure.priors, c).median()));
    libm::exp(ln.sum())
}
