//! PUE and grid intensity of one model.

use super::efficiency::column;
use super::factor::{Draft, LogNormal, lognormal, mixture, residual, shown};
use super::grid::{self, Level};
use super::shared::{Default, Exposure};
use super::{Kind, Provenance};
use crate::portfolio::{Distribution, Problem, Value};

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

/// PUE ≥ 1.
pub fn pue(exposure: Exposure<'_>) -> Draft {
    let (priors, model) = (exposure.priors, exposure.model);
    match &model.pue {
        Some(Value::Number(x)) if *x > 1.0 => {
            let error = priors.ln_gsd("pue.given_gsd");
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
    let named = |text: &str, words: &[&str]| {
        let padded = format!(" {} ", text.replace(|c: char| !c.is_alphanumeric(), " "));
        words.iter().any(|w| padded.contains(&format!(" {w}")))
    };
    let (prior, why) = if named(&provider, &HYPERSCALERS) {
        ("pue.hyperscaler", format!("provider {provider}: hyperscaler"))
    } else if named(&provider, &CLOUDS) {
        ("pue.cloud", format!("provider {provider}: other cloud"))
    } else if named(&provider, &HPC) {
        ("pue.hpc", format!("provider {provider}: computing centre"))
    } else if provider.is_empty() && hardware.contains("tpu") {
        ("pue.hyperscaler", "TPUs run at Google".to_string())
    } else if provider.is_empty() && named(&organization, &HYPERSCALERS) {
        ("pue.hyperscaler", format!("{organization} runs its own data centres"))
    } else {
        ("pue.unknown", "provider not stated: mixture over kinds of data centre".to_string())
    };
    let mut provenance = priors.provenance(prior, why);
    if prior == "pue.unknown" {
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
    let region_sd = priors.ln_gsd("grid.region_gsd");
    match &model.grid_g_per_kwh {
        Some(Value::Number(x)) if *x > 0.0 => {
            let what = Draft::given(&Value::Number(*x), region_sd, "gCO2e/kWh of").provenance;
            let part = Part { weight: 1.0, median: *x, ln_sd: region_sd, country: false };
            return Ok(split(exposure, vec![part], what));
        }
        Some(given) => return Ok(Draft::given(given, 0.0, "gCO2e/kWh")),
        None => {}
    }
    let year = model.date.map_or(priors.number("chips.undated_year") as i32, |d| d.year);
    let region = model.labels.get("region").map_or("", String::as_str);
    let points = grid::find(region, year).map_err(|(value, message)| Problem {
        place: column(model, "region"),
        value,
        message,
    })?;
    if points.is_empty() {
        let prior = priors.distribution("grid.unknown");
        let mut provenance =
            priors.provenance("grid.unknown", "region not stated: mixture over where models are trained");
        provenance.kind = Kind::Guessed;
        let parts = match &prior {
            Distribution::Mixture(parts) => parts.iter().map(|(w, d)| part(*w, d)).collect(),
            one => part(1.0, one).map(|p| vec![p]),
        };
        // A prior of another shape stands as it is: its spread cannot be split.
        let Some(parts) = parts else { return Ok(Draft::new(prior, provenance)) };
        return Ok(split(exposure, parts, provenance));
    }
    let parts = points.iter().map(|p| {
        let (ln_sd, country) = match p.level {
            Level::Region => (region_sd, false),
            Level::RegionTrend => (priors.ln_gsd("grid.region_trend_gsd"), false),
            Level::Usa => (priors.ln_gsd("grid.usa_gsd"), true),
            Level::LargeCountry => (priors.ln_gsd("grid.large_gsd"), true),
            Level::SmallCountry => (priors.ln_gsd("grid.small_gsd"), true),
        };
        // A country's value is the mean over its sites; of a lognormal, mean = median · exp(sd²/2).
        let median = if country { p.value * libm::exp(-0.5 * ln_sd * ln_sd) } else { p.value };
        Part { weight: p.weight, median, ln_sd, country }
    });
    let places: Vec<String> = points.iter().map(|p| format!("{} {:.1} g/kWh", p.label, p.value)).collect();
    let undated = if model.date.is_none() { format!(", undated: {year} assumed") } else { String::new() };
    let provenance = Provenance {
        kind: Kind::LookedUp,
        how: format!("{}{undated}", places.join(" or ")),
        source: "Ember and Energy Institute, processed by Our World in Data, 2026-04; cloud regions: Google"
            .to_string(),
        chosen: true,
    };
    Ok(split(exposure, parts.collect(), provenance))
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
    let method = exposure.acting(Default::GridMethod, priors.ln_gsd("grid.method_gsd").min(least));
    let share = priors.number("grid.organization_share").sqrt();
    let by_site = |p: &Part| if p.country { share * residual(p.ln_sd, method) } else { 0.0 };
    let organization = parts.iter().map(by_site).fold(f64::INFINITY, f64::min);
    let organization = exposure.acting(Default::GridOrganization, organization);
    let own = parts.iter().map(|p| {
        let ln_sd = residual(residual(p.ln_sd, method), organization);
        (p.weight, lognormal(LogNormal { median: p.median, ln_sd }))
    });
    let mut draft = Draft::new(mixture(own.collect()), provenance);
    exposure.expose(&mut draft, Default::GridMethod, method, 1.0);
    exposure.expose(&mut draft, Default::GridOrganization, organization, 1.0);
    draft
}
