//! What is reported separately and never added to the total: water, embodied emissions, development.
//!
//! Each is an assessment of the same models whose emissions are another quantity: the model's factors and shared effects
//! under the same keys, hence the same draws, bit for bit, times a rate of its own.
//!
//! ```text
//! water     W = E_IT · WUE + E · water intensity of the grid     [m³]   Li et al. 2023, arXiv 2304.03271
//! embodied  B = accelerator-hours · rate                         [t]
//! ```
//!
//! A rate's own random part must not use a stream that means something else to the model. It takes a slot that the
//! headline has no factor in; where none is left it is a shared effect that no other model has, which is exact for a
//! lognormal. Another distribution is then a lognormal of the same mean and variance.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::chain::Context;
use super::evidence::evidence;
use super::factor::{LogNormal, lognormal};
use super::priors::Priors;
use super::shared::{DEFAULT_ORDINAL, Exposure};
use super::{
    AssessedFactor, AssessedModel, Assessment, Kind, OUTPUTS, Output, Provenance, SLOTS, SharedEffect, Slot, Term,
    Tier, assess, efficiency, grid,
};
use crate::portfolio::moments::raw_moment;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, Factor, Model, Place, Portfolio, Problem, Run, Study, Value};

/// Ordinal of the effects made here: no default effect and no effect of a study has it.
const ORDINAL: u32 = 2 * DEFAULT_ORDINAL;
const M3_PER_L: f64 = 1e-3;
const T_PER_KG: f64 = 1e-3;

/// L/kWh generated, by ISO 3166 code.
static WATER: LazyLock<HashMap<String, f64>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("data/water_country.csv").as_bytes());
    let row = |r: csv::StringRecord| Some((r.get(0)?.to_string(), r.get(2)?.parse().ok()?));
    reader.records().filter_map(Result::ok).filter_map(row).collect()
});

/// Water at the site and at the power stations, each as the emissions of an assessment, in m³.
///
/// # Errors
/// As [`assess`].
pub fn water(portfolio: &Portfolio, assessment: &Assessment) -> Result<[Assessment; 2], Vec<Problem>> {
    let priors = Priors::of(&portfolio.study)?;
    let site =
        rated(portfolio, assessment, &priors, |row, model| (model.terms[Output::ItEnergy as usize], wue(row), 0));
    let station = rated(portfolio, assessment, &priors, |row, model| {
        (model.terms[Output::Energy as usize], water_of_grid(row), 1)
    });
    Ok([site, station])
}

/// Emissions of making the hardware, by the time it was used, as the emissions of an assessment, in t.
///
/// # Errors
/// As [`assess`].
pub fn embodied(portfolio: &Portfolio, assessment: &Assessment) -> Result<Assessment, Vec<Problem>> {
    let priors = Priors::of(&portfolio.study)?;
    Ok(rated(portfolio, assessment, &priors, |row, model| {
        let (hours, stated) = hours(row, model);
        let rate = row.priors.lognormal("embodied.kg_per_gpu_hour");
        let own = stated.map_or(Own::Fixed(1.0), Own::of);
        // One draw for all models: it is the rate that is not known, not how runs differ from each other.
        let shared = vec![Shared { by: vec!["embodied"], value: vec![String::new()], ln_sd: rate.ln_sd }];
        let rate = Rate { own, scale: rate.median * T_PER_KG, shared, factor: Factor::Reporting };
        (hours, rate, 2)
    }))
}

/// The same portfolio with all runs of the development, not the final ones alone.
///
/// # Errors
/// As [`assess`]; and where the scope is that already.
pub fn development(portfolio: &Portfolio) -> Result<Assessment, Vec<Problem>> {
    if portfolio.study.scope.run == Run::Development {
        let place = Place { column: "outputs.development".into(), ..Place::default() };
        let message = "the total already counts all development runs; leave out either [scope] run or this output";
        return Err(vec![Problem { place, value: "true".into(), message: message.into() }]);
    }
    let mut all = portfolio.clone();
    all.study.scope.run = Run::Development;
    assess(&all)
}

/// A row and what is known around it.
struct Row<'a> {
    model: &'a Model,
    priors: &'a Priors,
    study: &'a Study,
}

impl Row<'_> {
    fn exposure(&self) -> Exposure<'_> {
        Exposure { priors: self.priors, model: self.model, on: self.study.default_shared }
    }
}

/// What an output of a model is multiplied by: `scale · own · Π exp(ln_sd · z)`.
struct Rate {
    own: Own,
    scale: f64,
    shared: Vec<Shared>,
    factor: Factor,
}

enum Own {
    Fixed(f64),
    LogNormal(LogNormal),
    Other(Distribution),
}

struct Shared {
    by: Vec<&'static str>,
    value: Vec<String>,
    ln_sd: f64,
}

impl Own {
    fn of(value: LogNormal) -> Own {
        if value.ln_sd > 0.0 && value.median > 0.0 { Own::LogNormal(value) } else { Own::Fixed(value.median) }
    }

    /// The lognormal of the same mean and variance; of the mean alone where the variance is infinite.
    fn as_lognormal(&self) -> LogNormal {
        match self {
            Own::Fixed(x) => LogNormal { median: *x, ln_sd: 0.0 },
            Own::LogNormal(l) => *l,
            Own::Other(d) => {
                let moment = |k| raw_moment(d, k).filter(|m| m.is_finite());
                let mean = moment(1).unwrap_or_else(|| quantile(d, 0.5));
                if mean <= 0.0 {
                    return LogNormal { median: 0.0, ln_sd: 0.0 };
                }
                let variance = moment(2).map_or(0.0, |square| libm::log(square / (mean * mean)).max(0.0));
                LogNormal { median: mean * libm::exp(-0.5 * variance), ln_sd: variance.sqrt() }
            }
        }
    }
}

/// A stated number with its error, a distribution as it stands.
fn given(value: &Value, error: f64) -> Own {
    match value {
        Value::Number(x) => Own::of(LogNormal { median: *x, ln_sd: error }),
        Value::Distribution(d) => match d {
            Distribution::Fixed(x) => Own::Fixed(*x),
            d => Own::Other(d.clone()),
        },
    }
}

/// Splits a spread: what an organisation's sites have in common, and the rest. Without an organisation, or without default
/// effects, all of it is the model's own.
fn split(row: &Row<'_>, what: &'static str, place: &str, ln_sd: f64) -> (f64, Vec<Shared>) {
    let organization = row.model.labels.get("organization").filter(|o| !o.is_empty() && row.study.default_shared);
    let Some(organization) = organization else { return (ln_sd, vec![]) };
    let share = row.priors.number("water.organization_share");
    let value = vec![organization.clone(), place.to_string()];
    let shared = Shared { by: vec![what, "organization"], value, ln_sd: ln_sd * share.sqrt() };
    (ln_sd * (1.0 - share).sqrt(), vec![shared])
}

/// Water used at the site, L per kWh of IT energy.
fn wue(row: &Row<'_>) -> Rate {
    let rate = |own, shared| Rate { own, scale: M3_PER_L, shared, factor: Factor::Grid };
    if let Some(stated) = &row.model.wue_l_per_kwh {
        return rate(given(stated, row.priors.ln_gsd("water.given_gsd")), vec![]);
    }
    let open = row.priors.lognormal("water.wue");
    let (own, shared) = split(row, "water usage effectiveness", "", open.ln_sd);
    let closed = row.priors.number("water.closed_loop");
    let open = lognormal(LogNormal { median: open.median, ln_sd: own });
    let own = if closed > 0.0 {
        Own::Other(Distribution::Mixture(vec![(closed, Distribution::Fixed(0.0)), (1.0 - closed, open)]))
    } else {
        Own::Other(open)
    };
    rate(own, shared)
}

/// Water used by power stations, L per kWh of facility energy.
fn water_of_grid(row: &Row<'_>) -> Rate {
    let region = row.model.labels.get("region").map_or("", String::as_str);
    let year = row.model.date.map_or(row.priors.number("chips.undated_year") as i32, |d| d.year);
    let points = grid::find(region, year).unwrap_or_default();
    let known: Option<Vec<(f64, f64)>> = points.iter().map(|p| Some((p.weight, WATER.get(p.iso3).copied()?))).collect();
    let place: Vec<&str> = points.iter().map(|p| p.iso3).collect();
    let rate = match known.filter(|known| !known.is_empty()) {
        Some(known) => {
            let weights: f64 = known.iter().map(|(w, _)| w).sum();
            let mean = known.iter().map(|(w, x)| w * x).sum::<f64>() / weights;
            // A country's value is the mean over its sites.
            let ln_sd = row.priors.ln_gsd("water.country_gsd");
            LogNormal { median: mean * libm::exp(-0.5 * ln_sd * ln_sd), ln_sd }
        }
        None => row.priors.lognormal("water.grid_unknown"),
    };
    let (own, shared) = split(row, "water intensity of the grid", &place.join(";"), rate.ln_sd);
    let own = Own::of(LogNormal { median: rate.median, ln_sd: own });
    Rate { own, scale: M3_PER_L, shared, factor: Factor::Grid }
}

/// Accelerator-hours: those that energy is computed from, with the same draws; those stated together with another disclosure,
/// with their error; else IT energy over the mean power of a node per accelerator.
fn hours(row: &Row<'_>, model: &AssessedModel) -> (Term, Option<LogNormal>) {
    let it = model.terms[Output::ItEnergy as usize];
    let power_of = |slot: Slot| it.powers[slot as usize];
    let is_from_hours = model.tier == Tier::T3 && power_of(Slot::Reporting) == 1 && power_of(Slot::Efficiency) == -1;
    if is_from_hours {
        let mut hours = it;
        hours.constant *= 1e3;
        hours.powers[Slot::Efficiency as usize] = 0;
        return (hours, None);
    }
    if let Some(stated) = row.model.gpu_hours.as_ref().filter(|_| it.constant > 0.0) {
        let stated = LogNormal::of(stated);
        let error = if stated.ln_sd > 0.0 { stated.ln_sd } else { row.priors.ln_gsd("hours.gsd") };
        let mut hours = Term { constant: 1.0, powers: [0; SLOTS] };
        hours.powers[Slot::Lineage as usize] = power_of(Slot::Lineage);
        return (hours, Some(LogNormal { median: stated.median, ln_sd: error }));
    }
    let exposure = row.exposure();
    let mut bare = row.model.clone();
    let chips = efficiency::chips(row.priors, row.model).or_else(|_| {
        bare.labels.remove("hardware");
        efficiency::chips(row.priors, &bare)
    });
    let Ok(chips) = chips else { return (Term { constant: 0.0, powers: [0; SLOTS] }, None) };
    let per_w = efficiency::inverse_power(exposure, &chips, 0.0);
    let mean = raw_moment(&per_w.distribution, 1).unwrap_or_else(|| per_w.median());
    (Term { constant: it.constant * 1e3 * mean, ..it }, None)
}

/// Every model's output times its rate, in the place of the emissions. `rank` of the rate is which free slot it takes.
fn rated(
    portfolio: &Portfolio,
    assessment: &Assessment,
    priors: &Priors,
    rate: impl Fn(&Row<'_>, &AssessedModel) -> (Term, Rate, usize),
) -> Assessment {
    let study = &portfolio.study;
    let by_id: BTreeMap<&str, &Model> = portfolio.models.iter().map(|m| (m.id.as_str(), m)).collect();
    let context = Context { priors, study, by_id: &by_id };
    let mut effects = Effects { known: assessment.shared.clone(), place: BTreeMap::new() };
    let models = assessment.models.iter().filter_map(|model| {
        let row = evidence(&context, by_id.get(model.id.as_str()).copied()?).model;
        let row = Row { model: &row, priors, study };
        let (term, rate, rank) = rate(&row, model);
        Some(multiplied(model, term, rate, rank, &mut effects))
    });
    let models = models.collect();
    let shared = effects.known;
    let all =
        Assessment { models, shared, groups_by: vec![], further: vec![], warnings: vec![], scope: assessment.scope };
    all.only(|_| true)
}

/// The shared effects of the assessment and those made here.
struct Effects {
    known: Vec<SharedEffect>,
    place: BTreeMap<(Vec<&'static str>, Vec<String>), usize>,
}

impl Effects {
    /// The effect's index and weight.
    fn of(&mut self, factor: Factor, shared: &Shared) -> (usize, f64) {
        let key = (shared.by.clone(), shared.value.clone());
        let next = self.known.len();
        let index = *self.place.entry(key).or_insert(next);
        if index == next {
            self.known.push(SharedEffect {
                factor,
                name: shared.by.join(" by "),
                by: shared.by.iter().map(|s| s.to_string()).collect(),
                value: shared.value.clone(),
                ordinal: ORDINAL,
                ln_gsd: 1.0,
                chosen: true,
                source: "priors of water and embodied emissions".into(),
            });
        }
        (index, shared.ln_sd)
    }
}

/// One model with `term · rate` as its emissions and nothing else.
fn multiplied(model: &AssessedModel, mut term: Term, rate: Rate, rank: usize, effects: &mut Effects) -> AssessedModel {
    let mut out = model.clone();
    let zero = Term { constant: 0.0, powers: [0; SLOTS] };
    // PUE is left aside: effects act on PUE − 1 there.
    const PLACES: [Slot; 5] = [Slot::Reporting, Slot::Lineage, Slot::Grid, Slot::Compute, Slot::Efficiency];
    let free = PLACES.into_iter().filter(|&s| model.factors[s as usize].is_none()).nth(rank);
    let mut shared = rate.shared;
    let (distribution, slot) = match (rate.own, free) {
        (Own::Other(distribution), Some(slot)) => (Some(distribution), Some(slot)),
        (Own::LogNormal(l), Some(slot)) => (Some(lognormal(l)), Some(slot)),
        (own, _) => {
            let own = own.as_lognormal();
            term.constant *= own.median;
            if own.ln_sd > 0.0 {
                let by = vec![rate.factor.name(), "a model's own rate"];
                let value = vec![format!("{rank}"), model.id.clone()];
                shared.push(Shared { by, value, ln_sd: own.ln_sd });
            }
            (None, None)
        }
    };
    term.constant *= rate.scale;
    if term.constant == 0.0 {
        term = zero;
    }
    for s in Slot::ALL {
        if term.powers[s as usize] == 0 {
            out.factors[s as usize] = None;
        }
    }
    let mut loads: Vec<(usize, f64)> = shared.iter().map(|s| effects.of(rate.factor, s)).collect();
    loads.sort_by_key(|&(effect, _)| effect);
    // Without an own part the effects act from any slot that the term does not use, else on a factor that it does.
    let unused = || PLACES.into_iter().find(|&s| term.powers[s as usize] == 0);
    let used = || PLACES.into_iter().find(|&s| term.powers[s as usize].abs() == 1);
    if term.constant > 0.0 {
        let place = |slot: Slot, distribution, loads| {
            let provenance = Provenance {
                kind: Kind::Default,
                how: "rate of an output that is reported separately".into(),
                source: "priors".into(),
                chosen: true,
            };
            (slot as usize, AssessedFactor { distribution, provenance, shared: loads })
        };
        if let (Some(distribution), Some(slot)) = (distribution, slot) {
            let (s, factor) = place(slot, distribution, loads);
            (out.factors[s], term.powers[s]) = (Some(factor), 1);
        } else if let Some(slot) = unused().filter(|_| !loads.is_empty()) {
            let (s, factor) = place(slot, Distribution::Fixed(1.0), loads);
            (out.factors[s], term.powers[s]) = (Some(factor), 1);
        } else if let Some(slot) = used() {
            let s = slot as usize;
            let power = f64::from(term.powers[s]);
            if let Some(factor) = &mut out.factors[s] {
                factor.shared.extend(loads.into_iter().map(|(effect, weight)| (effect, weight * power)));
                factor.shared.sort_by_key(|&(effect, _)| effect);
            }
        }
    }
    out.terms = [zero; OUTPUTS];
    out.terms[Output::Emissions as usize] = term;
    out
}
