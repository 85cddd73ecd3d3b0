//! What a name in a header stands for: its stem, its unit, and the column that they are.
//!
//! ```text
//! name = stem [ "(" unit ")" | "[" unit "]" | "_" unit ]      Energy (MWh)   GPU-hours   co2_kg   params_b
//! ```
//!
//! Case, blanks, hyphens, underscores and dots do not count. A stem is looked up in the short list below, which
//! `docs/columns.md` repeats; a quantity that has no one usual unit must state it. Names of time (`hours`, `duration`,
//! `training_time`) are in no list: they may be wall-clock time, which differs from accelerator-hours by the number of
//! accelerators.

use super::measure::suffix_of_name;
use super::spelling::normal;
use super::units::{self, Dimension, Lookup, Scale};

/// How near a name is to the column's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nearness {
    /// Exactly it.
    Own,
    /// It, in another spelling or unit.
    Variant,
    /// Another name for it.
    Synonym,
    /// A name that stands for it where nothing else does.
    Weak,
}

/// The column that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    pub(super) column: &'static str,
    pub(super) nearness: Nearness,
    /// Where the unit is not the column's own.
    pub(super) scale: Option<Scale>,
}

/// Texts: other names in normal form, and the column. Each is read where the column's own name is not there.
const TEXTS: [(&str, &str); 56] = [
    ("projectname", "project"),
    ("organisation", "organization"),
    ("org", "organization"),
    ("company", "organization"),
    ("developer", "organization"),
    ("developedby", "organization"),
    ("lab", "organization"),
    ("publicationdate", "date"),
    ("releasedate", "date"),
    ("dateofrelease", "date"),
    ("dateofpublication", "date"),
    ("released", "date"),
    ("published", "date"),
    ("trainingdate", "date"),
    ("country", "region"),
    ("countryname", "region"),
    ("countrycode", "region"),
    ("countryisocode", "region"),
    ("location", "region"),
    ("geographicallocation", "region"),
    ("traininglocation", "region"),
    ("trainingregion", "region"),
    ("trainingcountry", "region"),
    ("cloudregion", "region"),
    ("datacenterlocation", "region"),
    ("cloudprovider", "provider"),
    ("datacenteroperator", "provider"),
    ("gpu", "hardware"),
    ("gputype", "hardware"),
    ("gpumodel", "hardware"),
    ("gpuname", "hardware"),
    ("accelerator", "hardware"),
    ("acceleratortype", "hardware"),
    ("chip", "hardware"),
    ("chiptype", "hardware"),
    ("hardwaretype", "hardware"),
    ("hardwareused", "hardware"),
    ("traininghardware", "hardware"),
    ("gpucount", "hardware_count"),
    ("numgpus", "hardware_count"),
    ("ngpus", "hardware_count"),
    ("numberofgpus", "hardware_count"),
    ("chipcount", "hardware_count"),
    ("numchips", "hardware_count"),
    ("numberofchips", "hardware_count"),
    ("acceleratorcount", "hardware_count"),
    ("numberofaccelerators", "hardware_count"),
    ("hardwarequantity", "hardware_count"),
    ("parent", "base_model"),
    ("parentmodel", "base_model"),
    ("finetunedfrom", "base_model"),
    ("basemodelrelation", "relation"),
    ("pipelinetag", "task"),
    ("downloadcount", "downloads"),
    ("numdownloads", "downloads"),
    ("trainingcomputeconfidence", "compute_confidence"),
];

/// Names that are read where no other name of the column is there, the first of them first: years after dates, and the
/// fields of model cards in flattened tables.
const WEAK: [(&str, &str); 13] = [
    ("releasedon", "date"),
    ("publicationyear", "date"),
    ("yearofpublication", "date"),
    ("year", "date"),
    ("created", "date"),
    ("createdat", "date"),
    ("awsregion", "region"),
    ("co2eqemissionsemissions", "emissions_g"),
    ("co2eqemissionssource", "source"),
    ("co2eqemissionstrainingtype", "relation"),
    ("co2eqemissionsgeographicallocation", "region"),
    ("co2eqemissionshardwareused", "hardware"),
    ("safetensorstotal", "parameters"),
];

/// Quantities: stems in normal form, the column, its dimension, and whether the stem alone is enough. The first of a
/// column is its own.
#[rustfmt::skip]
pub(super) const STEMS: [(&str, &str, Dimension, bool); 82] = [
    ("emissions", "emissions_kg", Dimension::Mass, false),
    ("emission", "emissions_kg", Dimension::Mass, false),
    ("co2", "emissions_kg", Dimension::Mass, false),
    ("co2e", "emissions_kg", Dimension::Mass, false),
    ("co2eq", "emissions_kg", Dimension::Mass, false),
    ("co2emissions", "emissions_kg", Dimension::Mass, false),
    ("co2eemissions", "emissions_kg", Dimension::Mass, false),
    ("co2eqemissions", "emissions_kg", Dimension::Mass, false),
    ("trainingemissions", "emissions_kg", Dimension::Mass, false),
    ("totalemissions", "emissions_kg", Dimension::Mass, false),
    ("carbon", "emissions_kg", Dimension::Mass, false),
    ("carbonemissions", "emissions_kg", Dimension::Mass, false),
    ("carbonemitted", "emissions_kg", Dimension::Mass, false),
    ("carbonfootprint", "emissions_kg", Dimension::Mass, false),
    ("footprint", "emissions_kg", Dimension::Mass, false),
    ("ghg", "emissions_kg", Dimension::Mass, false),
    ("ghgemissions", "emissions_kg", Dimension::Mass, false),
    ("energy", "energy_kwh", Dimension::Energy, false),
    ("energyconsumed", "energy_kwh", Dimension::Energy, false),
    ("energyconsumption", "energy_kwh", Dimension::Energy, false),
    ("energyuse", "energy_kwh", Dimension::Energy, false),
    ("energyused", "energy_kwh", Dimension::Energy, false),
    ("totalenergy", "energy_kwh", Dimension::Energy, false),
    ("trainingenergy", "energy_kwh", Dimension::Energy, false),
    ("electricity", "energy_kwh", Dimension::Energy, false),
    ("electricityconsumption", "energy_kwh", Dimension::Energy, false),
    ("powerconsumption", "energy_kwh", Dimension::Energy, false),
    ("gpuhours", "gpu_hours", Dimension::Hours, true),
    ("gpuhour", "gpu_hours", Dimension::Hours, true),
    ("gpuhrs", "gpu_hours", Dimension::Hours, true),
    ("gpuh", "gpu_hours", Dimension::Hours, true),
    ("tpuhours", "gpu_hours", Dimension::Hours, true),
    ("chiphours", "gpu_hours", Dimension::Hours, true),
    ("acceleratorhours", "gpu_hours", Dimension::Hours, true),
    ("devicehours", "gpu_hours", Dimension::Hours, true),
    ("traininggpuhours", "gpu_hours", Dimension::Hours, true),
    ("durationgpuhours", "gpu_hours", Dimension::Hours, true),
    ("totalgpuhours", "gpu_hours", Dimension::Hours, true),
    ("power", "power_w", Dimension::Power, false),
    ("gpupower", "power_w", Dimension::Power, false),
    ("chippower", "power_w", Dimension::Power, false),
    ("acceleratorpower", "power_w", Dimension::Power, false),
    ("powerpergpu", "power_w", Dimension::Power, false),
    ("compute", "compute_flop", Dimension::Compute, false),
    ("trainingcompute", "compute_flop", Dimension::Compute, false),
    ("totalcompute", "compute_flop", Dimension::Compute, false),
    ("trainingflop", "compute_flop", Dimension::Compute, true),
    ("trainingflops", "compute_flop", Dimension::Compute, true),
    ("trainflops", "compute_flop", Dimension::Compute, true),
    ("parameters", "parameters", Dimension::Parameters, true),
    ("params", "parameters", Dimension::Parameters, true),
    ("nparams", "parameters", Dimension::Parameters, true),
    ("nparameters", "parameters", Dimension::Parameters, true),
    ("numparams", "parameters", Dimension::Parameters, true),
    ("numparameters", "parameters", Dimension::Parameters, true),
    ("numberofparameters", "parameters", Dimension::Parameters, true),
    ("paramcount", "parameters", Dimension::Parameters, true),
    ("parametercount", "parameters", Dimension::Parameters, true),
    ("totalparams", "parameters", Dimension::Parameters, true),
    ("totalparameters", "parameters", Dimension::Parameters, true),
    ("activeparameters", "active_parameters", Dimension::Parameters, true),
    ("activeparams", "active_parameters", Dimension::Parameters, true),
    ("activatedparameters", "active_parameters", Dimension::Parameters, true),
    ("activatedparams", "active_parameters", Dimension::Parameters, true),
    ("tokens", "tokens", Dimension::Tokens, true),
    ("trainingtokens", "tokens", Dimension::Tokens, true),
    ("traintokens", "tokens", Dimension::Tokens, true),
    ("pretrainingtokens", "tokens", Dimension::Tokens, true),
    ("ntokens", "tokens", Dimension::Tokens, true),
    ("numtokens", "tokens", Dimension::Tokens, true),
    ("tokencount", "tokens", Dimension::Tokens, true),
    ("datasettokens", "tokens", Dimension::Tokens, true),
    ("epochs", "epochs", Dimension::Epochs, true),
    ("numepochs", "epochs", Dimension::Epochs, true),
    ("mfu", "mfu", Dimension::Fraction, true),
    ("modelflopsutilization", "mfu", Dimension::Fraction, true),
    ("modelflopsutilisation", "mfu", Dimension::Fraction, true),
    ("efficiency", "efficiency_flop_per_j", Dimension::Efficiency, false),
    ("grid", "grid_g_per_kwh", Dimension::Intensity, false),
    ("market", "market_g_per_kwh", Dimension::Intensity, false),
    ("wue", "wue_l_per_kwh", Dimension::Water, true),
    ("waterusageeffectiveness", "wue_l_per_kwh", Dimension::Water, true),
];

/// More stems of the grid's intensity, which always state their unit.
pub(super) const GRID_STEMS: [&str; 7] = [
    "gridintensity",
    "carbonintensity",
    "gridcarbonintensity",
    "electricitycarbonintensity",
    "emissionfactor",
    "gridemissionfactor",
    "emissionintensity",
];

/// Ends of the stems of emissions that say what they are of, as "training location-based greenhouse gas emissions".
const EMISSIONS_ENDS: [&str; 3] = ["emissions", "emitted", "footprint"];
/// Words of emissions that are others than those of the training run's electricity at its place.
const OTHER_EMISSIONS: [&str; 11] = [
    "market",
    "offset",
    "scope",
    "embodied",
    "inference",
    "annual",
    "year",
    "avoided",
    "rate",
    "serving",
    "deployment",
];

/// Names that may be wall-clock time, in normal form, with or without a unit.
const CLOCK: [&str; 13] = [
    "hours",
    "hour",
    "time",
    "duration",
    "runtime",
    "walltime",
    "wallclock",
    "wallclocktime",
    "trainingtime",
    "traintime",
    "traininghours",
    "trainhours",
    "trainingduration",
];

/// Names in the place of `id`, in the order in which they are tried.
pub(super) const IDS: [&str; 5] = ["modelid", "repoid", "model", "modelname", "name"];

/// No name that means a column is longer, in bytes; every way to divide a name is tried.
pub(super) const LONGEST: usize = 80;

/// Stem and unit of a name with brackets: `Energy (MWh)`.
pub(super) fn bracketed(name: &str) -> Option<(String, &str)> {
    let open = name.find(['(', '['])?;
    let close = name[open..].find([')', ']'])? + open;
    Some((format!("{} {}", &name[..open], &name[close + 1..]), name[open + 1..close].trim()))
}

/// Every way to take a unit off the end of a name: `carbon_intensity_g_per_kwh`.
pub(super) fn suffixed(name: &str) -> impl Iterator<Item = (String, &str)> {
    let cut = |(i, c): (usize, char)| (i > 0 && (c.is_whitespace() || matches!(c, '_' | '-' | '.' | '/'))).then_some(i);
    name.char_indices().filter_map(cut).map(|i| {
        let stem = name[..i].trim_end_matches(|c: char| !c.is_alphanumeric());
        let stem = ["_in", " in", "-in"].iter().find_map(|word| stem.strip_suffix(word)).unwrap_or(stem);
        (stem.to_string(), name[i..].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '%'))
    })
}

pub(super) fn even(name: &str) -> String {
    normal(&name.replace('₂', "2"))
}

/// The column that a quantity with this stem and unit is.
fn quantity(stem: &str, unit: Option<&str>) -> Option<Match> {
    let grid = GRID_STEMS.contains(&stem).then_some((stem, "grid_g_per_kwh", Dimension::Intensity, false));
    let mut rows = STEMS.iter().copied().filter(|(name, ..)| *name == stem).chain(grid);
    let (name, column, dimension, alone) = rows.next()?;
    let nearness = if STEMS.iter().find(|row| row.1 == column).is_some_and(|own| own.0 == name) {
        Nearness::Variant
    } else {
        Nearness::Synonym
    };
    let Some(unit) = unit else { return alone.then_some(Match { column, nearness, scale: None }) };
    let scale = scale_of(dimension, unit)?;
    let column = in_its_unit(column, scale);
    Some(Match { column, nearness, scale: Some(scale) })
}

/// The unit in a name, which may be thousands or billions where things are counted.
fn scale_of(dimension: Dimension, unit: &str) -> Option<Scale> {
    match dimension.unit(unit) {
        Lookup::Unit(scale) => Some(scale),
        _ if dimension.counts() || dimension == Dimension::Hours => suffix_of_name(unit).map(Scale::power),
        _ => None,
    }
}

/// Columns of one quantity in several units have the unit in their names.
pub(super) fn in_its_unit(column: &'static str, scale: Scale) -> &'static str {
    match (column, scale.exponent) {
        _ if (scale.times, scale.over) != (1, 1) => column,
        ("emissions_kg", 3) => "emissions_t",
        ("emissions_kg", -3) => "emissions_g",
        ("energy_kwh", 3) => "energy_mwh",
        _ => column,
    }
}

/// A name that is only a unit: `kWh`, `tCO2e`, `A100 hours`, `gCO2/kWh`.
fn unit_alone(name: &str) -> Option<Match> {
    let found = |column: &'static str, dimension: Dimension| {
        scale_of(dimension, name).map(|scale| Match {
            column: in_its_unit(column, scale),
            nearness: Nearness::Synonym,
            scale: Some(scale),
        })
    };
    let long = even(name).len() > 2;
    if units::is_mass_of_gas(name) {
        return found("emissions_kg", Dimension::Mass);
    }
    let bare = CLOCK.contains(&even(name).as_str()) || !long;
    if bare || suffix_of_name(name).is_some() {
        return None;
    }
    found("energy_kwh", Dimension::Energy)
        .or_else(|| found("gpu_hours", Dimension::Hours))
        .or_else(|| found("grid_g_per_kwh", Dimension::Intensity))
}

/// Where a name stands among the weak ones.
pub(super) fn weak_rank(name: &str) -> Option<usize> {
    let whole = even(name);
    let whole = whole.strip_prefix("carddata").unwrap_or(&whole);
    WEAK.iter().position(|(known, _)| *known == whole)
}

/// What a name stands for among the columns of these names.
pub(super) fn find(name: &str, known: impl Iterator<Item = &'static str> + Clone) -> Option<Match> {
    if name.len() > LONGEST {
        return None;
    }
    let of = |column, nearness| Some(Match { column, nearness, scale: None });
    if let Some(column) = known.clone().find(|known| *known == name) {
        return of(column, Nearness::Own);
    }
    let whole = even(name);
    // Hugging Face's field, which is in grams.
    if whole == "co2eqemissions" || whole == "co2emissionsg" {
        return of("emissions_g", Nearness::Synonym);
    }
    if !name.contains('%')
        && let Some(column) = known.clone().find(|known| normal(known) == whole)
    {
        return of(column, Nearness::Variant);
    }
    if let Some((_, column)) = TEXTS.iter().find(|(text, _)| *text == whole) {
        return of(column, Nearness::Synonym);
    }
    if let Some(rank) = weak_rank(name) {
        return of(WEAK[rank].1, Nearness::Weak);
    }
    if let Some((stem, unit)) = bracketed(name) {
        let stem = even(&stem);
        if CLOCK.contains(&stem.as_str()) && unit_of_hours(unit) {
            let scale = scale_of(Dimension::Hours, unit);
            return Some(Match { column: "gpu_hours", nearness: Nearness::Synonym, scale });
        }
        if let Some(found) = quantity(&stem, Some(unit)) {
            return Some(found);
        }
        // Model cards call the power of a chip so.
        if stem.ends_with("powerconsumption") && matches!(Dimension::Power.unit(unit), Lookup::Unit(_)) {
            let scale = scale_of(Dimension::Power, unit);
            return Some(Match { column: "power_w", nearness: Nearness::Synonym, scale });
        }
        let of_training = EMISSIONS_ENDS.iter().any(|end| stem.ends_with(end))
            && !OTHER_EMISSIONS.iter().any(|word| stem.contains(word));
        if of_training && units::is_mass_of_gas(unit) {
            let found = quantity("co2", Some(unit))?;
            return Some(Match { nearness: Nearness::Synonym, ..found });
        }
        // "Hardware utilization (MFU)": the bracket says which utilisation.
        if even(unit) == "mfu" {
            return of("mfu", Nearness::Synonym);
        }
    }
    quantity(&whole, None)
        .or_else(|| suffixed(name).find_map(|(stem, unit)| quantity(&even(&stem), Some(unit))))
        .or_else(|| unit_alone(name))
}

/// Hours of accelerators, and not of a clock.
fn unit_of_hours(unit: &str) -> bool {
    let clock = ["h", "hr", "hrs", "hour", "hours"].contains(&even(unit).as_str());
    !clock && matches!(Dimension::Hours.unit(unit), Lookup::Unit(_))
}

/// Whether a name may be wall-clock time.
pub(super) fn is_clock(name: &str) -> bool {
    let stem = bracketed(name).map_or_else(|| even(name), |(stem, _)| even(&stem));
    CLOCK.contains(&stem.as_str())
        || suffixed(name).any(|(stem, unit)| {
            CLOCK.contains(&even(&stem).as_str())
                && (units::time(unit).is_some() || matches!(Dimension::Hours.unit(unit), Lookup::Unit(_)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portfolio::columns::known;

    fn found(name: &str) -> Option<(&'static str, Option<i32>)> {
        find(name, known().into_iter()).map(|m| (m.column, m.scale.map(|s| s.exponent)))
    }

    #[test]
    fn names_in_any_dress_are_the_column() {
        for (name, column, exponent) in [
            ("energy_kwh", "energy_kwh", None),
            ("Energy (kWh)", "energy_kwh", None),
            ("Energy (MWh)", "energy_mwh", None),
            ("energy_gwh", "energy_kwh", Some(6)),
            ("Energy consumption [GWh]", "energy_kwh", Some(6)),
            ("Emissions [tCO2e]", "emissions_t", Some(3)),
            ("Training Location-Based Greenhouse Gas Emissions (tons CO2eq)", "emissions_t", Some(3)),
            ("co2_kg", "emissions_kg", Some(0)),
            ("carbon_kgco2eq", "emissions_kg", Some(0)),
            ("CO₂ (kg)", "emissions_kg", Some(0)),
            ("tCO2eq", "emissions_t", Some(3)),
            ("co2_eq_emissions", "emissions_g", None),
            ("GPU-hours", "gpu_hours", None),
            ("GPU hours (thousands)", "gpu_hours", Some(3)),
            ("A100 hours", "gpu_hours", Some(0)),
            ("Training time (GPU hours)", "gpu_hours", Some(0)),
            ("Training compute (FLOP)", "compute_flop", Some(0)),
            ("compute.eflop", "compute_flop", Some(18)),
            ("Hardware utilization (MFU)", "mfu", None),
            ("MFU (%)", "mfu", Some(-2)),
            ("parameters_b", "parameters", Some(9)),
            ("Params (B)", "parameters", Some(9)),
            ("params_m", "parameters", Some(6)),
            ("Parameters in billions", "parameters", Some(9)),
            ("Training tokens (trillions)", "tokens", Some(12)),
            ("carbon_intensity_g_per_kwh", "grid_g_per_kwh", Some(0)),
            ("Carbon intensity (kgCO2/kWh)", "grid_g_per_kwh", Some(3)),
            ("power_kw", "power_w", Some(3)),
            ("Training Power Consumption (W)", "power_w", Some(0)),
            ("Publication date", "date", None),
            ("Base-Model", "base_model", None),
        ] {
            assert_eq!(found(name), Some((column, exponent)), "{name}");
        }
    }

    #[test]
    fn what_may_be_something_else_is_not_taken() {
        for name in [
            "hours",
            "duration",
            "Training time (hours)",
            "training_time_h",
            "emissions",
            "energy",
            "compute",
            "flops",
            "Training power draw (W)",
            "Finetune compute (FLOP)",
            "emissions_rate",
            "Training Market-Based Greenhouse Gas Emissions (tons CO2eq)",
            "gpu_energy_kwh",
            "team",
            "level",
            "b",
            "t",
            "carbon_intensity",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
        for name in ["hours", "Training time (hours)", "training_time_h", "duration_s", "wall-clock"] {
            assert!(is_clock(name), "{name}");
        }
        assert!(!is_clock("gpu_hours") && !is_clock("happy hours club"));
    }

    /// The list is a promise to users: each name is on the page.
    #[test]
    fn every_name_is_documented() {
        let page = include_str!("../../docs/columns.md");
        let listed: Vec<String> = page.split('`').skip(1).step_by(2).map(normal).collect();
        let stems = STEMS.iter().map(|(stem, ..)| *stem).chain(GRID_STEMS).chain(IDS);
        for name in TEXTS.iter().chain(&WEAK).map(|(name, _)| *name).chain(stems) {
            assert!(listed.iter().any(|known| known == name), "{name}");
        }
    }
}
