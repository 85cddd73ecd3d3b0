//! PUE and grid intensity of one model.

use super::default_effects::DefaultEffect;
use super::draft::Draft;
use super::exposure::Exposure;
use super::grid::{self, Level};
use super::hardware;
use super::lognormal::{LogNormal, lognormal, mixture, residual};
use super::priors::{Priors, names};
use super::provenance::{Kind, Provenance};
use super::stated::column;
use super::when;
use super::wording::shown;
use crate::portfolio::problem::shorten;
use crate::portfolio::{Distribution, Model, Problem, Value, Warning};

const HYPERSCALERS: [&str; 12] = [
    "google",
    "deepmind",
    "gcp",
    "aws",
    "amazon",
    "azure",
    "microsoft",
    "meta",
    "facebook",
    "oracle cloud",
    "alibaba",
    "apple",
];
const CLOUDS: [&str; 14] = [
    "coreweave",
    "lambda",
    "ovh",
    "scaleway",
    "oracle",
    "tencent",
    "baidu",
    "huawei",
    "crusoe",
    "together",
    "runpod",
    "nebius",
    "ibm cloud",
    "cloud",
];
const HPC: [&str; 18] = [
    "hpc",
    "supercomput",
    "jean zay",
    "genci",
    "idris",
    "lumi",
    "leonardo",
    "cineca",
    "summit",
    "frontier",
    "olcf",
    "perlmutter",
    "nersc",
    "tacc",
    "marenostrum",
    "barcelona",
    "juwels",
    "university",
];

/// Whether a `hardware` cell names a TPU; slices of them have names without the word ("v3-8").
fn names_a_tpu(cell: &str) -> bool {
    let of_google = |found: hardware::Cell| found.chips.iter().any(|named| named.chip.name.starts_with("Google TPU"));
    !cell.is_empty() && (cell.contains("tpu") || hardware::read(cell).is_ok_and(of_google))
}

/// Whether a word of the text, in lower case, begins with one of these. Anything that is not a letter or digit counts as a space.
fn named(text: &str, words: &[&str]) -> bool {
    let same = |a: char, b: char| a == b || b == ' ' && !a.is_alphanumeric();
    let begins = |rest: &str, word: &str| {
        let mut rest = rest.chars();
        word.chars().all(|b| rest.next().is_some_and(|a| same(a, b)))
    };
    let mut inside = false;
    text.char_indices().any(|(at, c)| {
        let first = !std::mem::replace(&mut inside, c.is_alphanumeric());
        first && inside && text.get(at..).is_some_and(|rest| words.iter().any(|word| begins(rest, word)))
    })
}

/// PUE ≥ 1.
pub fn pue(exposure: Exposure<'_>) -> Draft {
    let (priors, model) = (exposure.priors, exposure.model);
    match &model.pue {
        Some(Value::Number(x)) if *x > 1.0 => {
            let error = priors.ln_gsd(names::pue::GIVEN_GSD);
            let mut draft = Draft::given(&Value::Number(x - 1.0), error, "PUE − 1 of");
            draft.distribution = Distribution::Shifted { shift: 1.0, inner: Box::new(draft.distribution) };
            draft.provenance.how = format!("PUE {}, PUE − 1 with GSD {:.3}", shown(*x), libm::exp(error));
            return draft;
        }
        Some(given) => return Draft::given(given, 0.0, "PUE"),
        None => {}
    }
    let label = |name: &str| model.labels.get(name).map(|t| t.to_lowercase()).unwrap_or_default();
    let (provider, organization, hardware) = (label("provider"), label("organization"), label("hardware"));
    let (prior, why) = if named(&provider, &HYPERSCALERS) {
        (names::pue::HYPERSCALER, format!("provider {provider}: hyperscaler"))
    } else if named(&provider, &CLOUDS) {
        (names::pue::CLOUD, format!("provider {provider}: other cloud"))
    } else if named(&provider, &HPC) {
        (names::pue::HPC, format!("provider {provider}: computing centre"))
    } else if provider.is_empty() && names_a_tpu(&hardware) {
        (names::pue::HYPERSCALER, "TPUs run at Google".to_string())
    } else if provider.is_empty() && named(&organization, &HYPERSCALERS) {
        (names::pue::HYPERSCALER, format!("{organization} runs its own data centres"))
    } else {
        (names::pue::UNKNOWN, "provider not stated: mixture over kinds of data centre".to_string())
    };
    let mut provenance = priors.provenance(prior, why);
    if prior == names::pue::UNKNOWN {
        provenance.kind = Kind::Guessed;
    }
    Draft::new(priors.distribution(prior), provenance)
}

/// One lognormal part of the grid intensity before its spread is split.
struct Part {
    weight: f64,
    median: f64,
    ln_sd: f64,
    /// The site within the country is unknown: part of the spread is the organisation's.
    country: bool,
}

/// Grid intensity in gCO2e/kWh, life-cycle.
///
/// # Errors
/// A region that is not known.
pub fn grid(exposure: Exposure<'_>) -> Result<Draft, Problem> {
    let (priors, model) = (exposure.priors, exposure.model);
    let region_sd = priors.ln_gsd(names::grid::REGION_GSD);
    match &model.grid_g_per_kwh {
        Some(Value::Number(x)) if *x > 0.0 => {
            let what = Draft::given(&Value::Number(*x), region_sd, "gCO2e/kWh of").provenance;
            let part = Part { weight: 1.0, median: *x, ln_sd: region_sd, country: false };
            return Ok(split(exposure, vec![part], what));
        }
        Some(given) => return Ok(Draft::given(given, 0.0, "gCO2e/kWh")),
        None => {}
    }
    let year = priors.year_of(model);
    let found = grid::of_row(&model.labels, year).map_err(|(value, message)| Problem {
        place: column(model, "region"),
        value: shorten(&value),
        message,
    })?;
    let points = found.points;
    if points.is_empty() {
        let what = found.unknown.map_or("region not stated".to_string(), |text| format!("region {text:?} not known"));
        let prior = priors.distribution(names::grid::UNKNOWN);
        let mut provenance =
            priors.provenance(names::grid::UNKNOWN, format!("{what}: mixture over where models are trained"));
        provenance.kind = Kind::Guessed;
        let parts = match &prior {
            Distribution::Mixture(parts) => parts.iter().map(|(w, d)| part(*w, d)).collect(),
            one => part(1.0, one).map(|p| vec![p]),
        };
        // A prior of another shape is used as it is: its spread cannot be split.
        let Some(parts) = parts else { return Ok(Draft::new(prior, provenance)) };
        return Ok(split(exposure, parts, provenance));
    }
    let parts = points.iter().map(|p| {
        let (ln_sd, country) = match p.level {
            Level::Region => (region_sd, false),
            Level::RegionTrend => (priors.ln_gsd(names::grid::REGION_TREND_GSD), false),
            Level::Usa => (priors.ln_gsd(names::grid::USA_GSD), true),
            Level::LargeCountry => (priors.ln_gsd(names::grid::LARGE_GSD), true),
            Level::SmallCountry => (priors.ln_gsd(names::grid::SMALL_GSD), true),
        };
        // A country's value is the mean over its sites; of a lognormal, mean = median · exp(sd²/2).
        let median = if country { p.value * libm::exp(-0.5 * ln_sd * ln_sd) } else { p.value };
        Part { weight: p.weight, median, ln_sd, country }
    });
    let places: Vec<String> = points.iter().map(|p| format!("{} {:.1} g/kWh", p.label, p.value)).collect();
    let undated = match (model.date, when::said(model)) {
        (Some(_), _) => String::new(),
        (None, said) => format!("{said}: {year} assumed"),
    };
    let provenance = Provenance {
        kind: Kind::LookedUp,
        how: format!("{}{undated}", places.join(" or ")),
        source: "Ember and Energy Institute, processed by Our World in Data, 2026-04; cloud regions: Google"
            .to_string(),
        chosen: true,
    };
    Ok(split(exposure, parts.collect(), provenance))
}

/// What is said of a row's place apart from its result.
pub fn warnings_of(priors: &Priors, model: &Model) -> Vec<Warning> {
    // A place close to a known one is a problem where it is needed.
    let found = match grid::of_row(&model.labels, priors.year_of(model)) {
        Ok(found) if model.grid_g_per_kwh.is_none() => found,
        _ => return Vec::new(),
    };
    let warning = |rule, value: &str, message: &str| Warning {
        rule,
        place: column(model, "region"),
        value: shorten(value),
        message: message.to_string(),
    };
    let unknown = found.unknown.iter().map(|text| {
        let message = "unknown place; the mixture over where models are trained stands in for it. Write a country (name or ISO \
                       code), a state of the USA, a province of Canada or a cloud region, or give grid_g_per_kwh";
        warning("unknown-place", text, message)
    });
    let by_country = found.by_country.iter().map(|text| {
        let message = "no life-cycle intensity of this state or province is at hand: its country's value is used, with the \
                       spread over the country's sites. Give grid_g_per_kwh if it is known";
        warning("place-by-country", text, message)
    });
    unknown.chain(by_country).collect()
}

fn part(weight: f64, d: &Distribution) -> Option<Part> {
    match d {
        Distribution::LogNormal { median, gsd } => {
            Some(Part { weight, median: *median, ln_sd: libm::log(*gsd), country: true })
        }
        _ => None,
    }
}

/// Takes the shared parts out of each part's spread. One weight holds for the whole mixture, so it is set by the
/// part that can give least: no part is left with more spread than its evidence.
fn split(exposure: Exposure<'_>, parts: Vec<Part>, provenance: Provenance) -> Draft {
    let priors = exposure.priors;
    let least = parts.iter().map(|p| p.ln_sd).fold(f64::INFINITY, f64::min);
    let method = exposure.acting(DefaultEffect::GridMethod, priors.ln_gsd(names::grid::METHOD_GSD).min(least));
    let share = priors.number(names::grid::ORGANIZATION_SHARE).sqrt();
    let by_site = |p: &Part| if p.country { share * residual(p.ln_sd, method) } else { 0.0 };
    let organization = parts.iter().map(by_site).fold(f64::INFINITY, f64::min);
    let organization = exposure.acting(DefaultEffect::GridOrganization, organization);
    let own = parts.iter().map(|p| {
        let ln_sd = residual(residual(p.ln_sd, method), organization);
        (p.weight, lognormal(LogNormal { median: p.median, ln_sd }))
    });
    let mut draft = Draft::new(mixture(own.collect()), provenance);
    exposure.expose(&mut draft, DefaultEffect::GridMethod, method, 1.0);
    exposure.expose(&mut draft, DefaultEffect::GridOrganization, organization, 1.0);
    draft
}
