//! Names of columns that are not read and may be meant as one that is: what they would be, and what to do with the values.
//!
//! A name counts that resembles a column, lacks its unit, has a unit that nothing reads, or holds a word for a quantity.
//! `unread` looks at the cells before anything is said.

use std::collections::BTreeSet;

use super::columns::{self, Column, in_units, meaning, quantity_of};
use super::measure::suffix_of_name;
use super::number::Decimal;
use super::numeral;
use super::spelling::closest;
use super::synonyms::{self, GRID_STEMS, STEMS, bracketed, even, suffixed};
use super::units::{self, Dimension, Lookup, Scale, of_any};

/// Why a column is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Suspicion {
    /// It has no name, or the one that pandas gives.
    Nameless,
    /// It may be wall-clock time.
    Clock,
    /// A quantity whose unit is missing or not known; what to do.
    NoUnit(String),
    /// Its name is nearly that of a column.
    Near(&'static str),
    /// Its name has a unit or a word for a quantity; what to do if its cells are numbers.
    Named(Dimension, String),
    /// Its name nearly means these columns, where its cells are text, numbers, or either.
    Means(&'static str, Cells),
    /// Another name for a column that is there under its own, at this place.
    Dropped(&'static str, usize),
    /// Tags of the Hub, which may name base models.
    Tags,
    /// A label; whether its name lets numbers with a bare suffix be parameters or tokens.
    Label(bool),
}

/// What the cells of a column have to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cells {
    Text,
    Numbers,
    Any,
}

/// Names that nearly mean a column, in normal form: too many other things are called so to read them.
const NEARLY: [(&str, &str, Cells); 31] = [
    ("place", "region", Cells::Text),
    ("site", "region", Cells::Text),
    ("trainingsite", "region", Cells::Text),
    ("serverlocation", "region", Cells::Text),
    ("datacenter", "region", Cells::Text),
    ("datacentre", "region", Cells::Text),
    ("zone", "region", Cells::Text),
    ("availabilityzone", "region", Cells::Text),
    ("device", "hardware", Cells::Text),
    ("devices", "hardware", Cells::Text),
    ("computehardware", "hardware", Cells::Text),
    ("machine", "hardware", Cells::Text),
    ("machinetype", "hardware", Cells::Text),
    ("instancetype", "hardware", Cells::Text),
    ("gpus", "hardware or hardware_count", Cells::Any),
    ("accelerators", "hardware or hardware_count", Cells::Any),
    ("base", "base_model", Cells::Text),
    ("basedon", "base_model", Cells::Text),
    ("backbone", "base_model", Cells::Text),
    ("pretrainedmodel", "base_model", Cells::Text),
    ("size", "parameters", Cells::Numbers),
    ("modelsize", "parameters", Cells::Numbers),
    ("datasetsize", "tokens", Cells::Numbers),
    ("trainingdatasetsize", "tokens", Cells::Numbers),
    ("tokensseen", "tokens", Cells::Numbers),
    ("trainedtokens", "tokens", Cells::Numbers),
    ("datatokens", "tokens", Cells::Numbers),
    // Columns of Epoch AI's export.
    ("countryoforganization", "region", Cells::Text),
    ("trainingdatasetsizetotal", "tokens", Cells::Numbers),
    ("confidence", "compute_confidence", Cells::Text),
    ("finetunecomputeflop", "compute_flop (of a derivative, its own)", Cells::Numbers),
];

/// Words of a name that make its quantity another than that of the training run.
const OTHER: [&str; 9] = ["per", "context", "max", "min", "vocab", "vocabulary", "rate", "cost", "price"];
/// Words of names whose numbers with a suffix are no parameters or tokens.
const OTHER_COUNTS: [&str; 20] = [
    "likes",
    "downloads",
    "stars",
    "views",
    "users",
    "context",
    "window",
    "length",
    "seq",
    "vocab",
    "vocabulary",
    "budget",
    "cost",
    "price",
    "revenue",
    "images",
    "samples",
    "examples",
    "steps",
    "memory",
];

/// What of a name that is not read should be looked at; `read` are the columns of the file.
pub(super) fn of_name(name: &str, read: &BTreeSet<&'static str>) -> Suspicion {
    let words = words(name);
    let label = || Suspicion::Label(!words.iter().any(|word| OTHER_COUNTS.contains(&word.as_str())));
    if name.len() > synonyms::LONGEST {
        return label();
    }
    named(name, &words, read).unwrap_or_else(label)
}

/// The dimensions of the columns that are read.
pub(super) fn dimensions(read: &BTreeSet<&'static str>) -> Vec<Dimension> {
    read.iter()
        .filter_map(|column| match meaning(column) {
            Column::Cell { dimension, .. } => Some(dimension),
            _ => None,
        })
        .collect()
}

fn named(name: &str, words: &[String], read: &BTreeSet<&'static str>) -> Option<Suspicion> {
    let not_read = |column: &&'static str| !read.contains(quantity_of(column));
    let whole = even(name);
    if let Some((_, columns, cells)) = NEARLY.iter().find(|(known, ..)| *known == whole) {
        let there = columns.split(" or ").any(|column| read.contains(column));
        return (!there).then_some(Suspicion::Means(columns, *cells));
    }
    if whole == "tags" {
        return not_read(&"base_model").then_some(Suspicion::Tags);
    }
    if synonyms::is_clock(name) {
        return not_read(&"gpu_hours").then_some(Suspicion::Clock);
    }
    if let Some((column, dimension)) = without_unit(name) {
        return not_read(&column).then(|| Suspicion::NoUnit(missing_unit(name, column, dimension)));
    }
    let of = unit_of_name(name).or_else(|| word_of_name(words));
    if let Some((dimension, convert)) = of {
        let there = dimensions(read).contains(&dimension);
        return (!there).then(|| Suspicion::Named(dimension, convert.advice(dimension)));
    }
    near(name).filter(not_read).map(Suspicion::Near)
}

/// What has to be done with values before they are those of a column.
#[derive(Debug, Clone, PartialEq)]
enum Convert {
    /// Nothing: they are in this unit.
    No(Scale),
    /// To be multiplied.
    Times(f64),
    /// What their unit is, is not known.
    Unknown,
    /// They are logarithms.
    Logarithms,
}

impl Convert {
    fn advice(&self, dimension: Dimension) -> String {
        let (column, unit) = column_of(dimension);
        match self {
            Convert::No(scale) => format!("name it {}", synonyms::in_its_unit(column, *scale)),
            Convert::Times(factor) => {
                format!("multiply the values by {}, which gives {unit}, and name it {column}", Decimal(*factor))
            }
            Convert::Unknown => format!("convert the values to {unit} and name it {column}"),
            Convert::Logarithms => {
                format!("write the numbers themselves instead of logarithms, in {unit}, and name it {column}")
            }
        }
    }
}

/// The column of a dimension and its unit, for messages.
pub(super) fn column_of(dimension: Dimension) -> (&'static str, &'static str) {
    match dimension {
        Dimension::Mass => ("emissions_kg", "kg of CO2e"),
        Dimension::Energy => ("energy_kwh", "kWh"),
        Dimension::Power => ("power_w", "W per accelerator"),
        Dimension::Compute => ("compute_flop", "FLOP"),
        Dimension::Hours => ("gpu_hours", "accelerator-hours (hours × number of accelerators)"),
        Dimension::Intensity => ("grid_g_per_kwh", "g/kWh"),
        Dimension::Water => ("wue_l_per_kwh", "L/kWh"),
        Dimension::Efficiency => ("efficiency_flop_per_j", "FLOP/J"),
        Dimension::Fraction => ("mfu", "a fraction of 1"),
        Dimension::Tokens => ("tokens", "a plain count"),
        Dimension::Epochs => ("epochs", "a plain count"),
        Dimension::Chips => ("hardware_count", "a plain count"),
        Dimension::Downloads => ("downloads", "a plain count"),
        Dimension::Parameters | Dimension::Plain => ("parameters", "a plain count"),
    }
}

/// The column that a name would be with a unit: `emissions`, `energy`.
fn without_unit(name: &str) -> Option<(&'static str, Dimension)> {
    let stem = bracketed(name).map_or_else(|| even(name), |(stem, _)| even(&stem));
    let row = STEMS.iter().find(|(known, _, _, alone)| *known == stem && !alone);
    row.map(|(_, column, dimension, _)| (*column, *dimension))
        .or_else(|| GRID_STEMS.contains(&stem.as_str()).then_some(("grid_g_per_kwh", Dimension::Intensity)))
}

/// What to say of a quantity whose unit is missing or not known.
fn missing_unit(name: &str, column: &'static str, dimension: Dimension) -> String {
    let columns = in_units(quantity_of(column));
    let described = dimension.described();
    match bracketed(name).filter(|(_, unit)| !unit.is_empty()) {
        None => {
            format!("its name has no unit; it would be {described}: name it {columns}, after the unit of its values")
        }
        Some((_, unit)) => {
            let convert = factor(unit, dimension).map_or(Convert::Unknown, Convert::Times);
            let described = dimension.described();
            format!("{unit:?} in its name is not a known unit of {described}; {}", convert.advice(dimension))
        }
    }
}

/// `1e21 FLOP`, `k kWh`: a number or a suffix before a unit, as one factor.
fn factor(text: &str, dimension: Dimension) -> Option<f64> {
    let (number, unit) = match numeral::leading(text) {
        Some((number, _, unit)) => (number.ok()?.value(), unit),
        None => {
            let (word, unit) = text.split_once(char::is_whitespace)?;
            (Scale::power(suffix_of_name(word)?).of(1.0), unit)
        }
    };
    match dimension.unit(unit) {
        Lookup::Unit(scale) => Some(scale.of(number)),
        _ => None,
    }
}

/// The dimension of the unit that a name ends in, of those that change a footprint, and what to do with the values.
fn unit_of_name(name: &str) -> Option<(Dimension, Convert)> {
    let known = |unit: &str| {
        use Dimension::{Compute, Efficiency, Energy, Hours, Intensity, Mass, Power, Water};
        let long = unit.chars().count() > 1;
        let measured = [Energy, Power, Compute, Intensity, Water, Efficiency, Mass, Hours];
        measured.into_iter().find(|dimension| long && matches!(dimension.unit(unit), Lookup::Unit(_)))
    };
    let (stem, unit, dimension) = match bracketed(name) {
        Some((stem, unit)) if ["W", "J", "t", "g", "h"].contains(&unit) => (stem, unit, of_any(unit)?),
        Some((stem, unit)) => (stem, unit, known(unit)?),
        None => suffixed(name).find_map(|(stem, unit)| known(unit).map(|dimension| (stem, unit, dimension)))?,
    };
    Some((dimension, convert(&words(&stem), unit, dimension)))
}

fn convert(stem: &[String], unit: &str, dimension: Dimension) -> Convert {
    let has = |known: &[&str]| stem.iter().any(|word| known.contains(&word.as_str()));
    let Lookup::Unit(scale) = dimension.unit(unit) else { return Convert::Unknown };
    if has(&["log", "log10", "ln", "log2"]) {
        return Convert::Logarithms;
    }
    // Hours of a machine or of a clock.
    let bare = ["h", "hr", "hrs", "hour", "hours"].contains(&even(unit).as_str());
    if dimension == Dimension::Hours && bare {
        return Convert::Unknown;
    }
    let last = stem.last().map_or("", String::as_str);
    let before = suffix_of_name(last).map(|exponent| Scale::power(exponent).of(1.0));
    let written = || last.starts_with("1e").then(|| last.parse::<f64>().ok()).flatten();
    match before.or_else(written) {
        Some(times) => Convert::Times(scale.of(times)),
        None => in_place(dimension, scale),
    }
}

/// Where a column has the unit in its name, that is the one to use.
fn in_place(dimension: Dimension, scale: Scale) -> Convert {
    let (column, _) = column_of(dimension);
    if scale == Scale::ONE || synonyms::in_its_unit(column, scale) != column {
        Convert::No(scale)
    } else {
        Convert::Times(scale.of(1.0))
    }
}

/// The quantity that a word of a name stands for: a unit or its name.
fn word_of_name(words: &[String]) -> Option<(Dimension, Convert)> {
    use Dimension::{Compute, Energy, Hours, Mass, Parameters, Tokens};
    if words.iter().any(|word| OTHER.contains(&word.as_str())) {
        return None;
    }
    let of_word = |word: &str| {
        let measured = |dimension: Dimension| match dimension.unit(word) {
            Lookup::Unit(scale) if word.len() > 2 => Some((dimension, in_place(dimension, scale))),
            _ => None,
        };
        match word {
            "energy" => Some((Energy, Convert::Unknown)),
            "emissions" | "emission" | "co2" | "co2e" | "co2eq" => Some((Mass, Convert::Unknown)),
            "hours" | "gpuh" => Some((Hours, Convert::Unknown)),
            "tokens" => Some((Tokens, Convert::No(Scale::ONE))),
            "params" | "parameters" => Some((Parameters, Convert::No(Scale::ONE))),
            _ if units::is_mass_of_gas(word) => measured(Mass),
            _ => measured(Compute).or_else(|| measured(Energy)),
        }
    };
    let suffix = words.last().and_then(|word| suffix_of_name(word)).filter(|_| words.len() > 1);
    let size = || words.iter().any(|word| word == "size").then_some(Parameters).filter(|_| suffix.is_some());
    let (dimension, convert) =
        words.iter().find_map(|word| of_word(word)).or_else(|| size().map(|of| (of, Convert::Unknown)))?;
    let logarithms = words.iter().any(|word| ["log", "log10", "ln", "log2"].contains(&word.as_str()));
    let convert = match suffix {
        _ if logarithms => Convert::Logarithms,
        Some(exponent) if matches!(dimension, Tokens | Parameters) => Convert::Times(Scale::power(exponent).of(1.0)),
        Some(_) => Convert::Unknown,
        None => convert,
    };
    Some((dimension, convert))
}

/// The words of a name in lower case: `TrainingTokens (B)` has three.
fn words(name: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut lower = false;
    for c in name.replace('₂', "2").chars() {
        if !c.is_alphanumeric() || (lower && c.is_uppercase()) {
            found.push(String::new());
        }
        if c.is_alphanumeric() {
            found.last_mut().expect("never empty").extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    found.retain(|word| !word.is_empty());
    found
}

/// The column that a name was probably meant to be.
fn near(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase().replace([' ', '-'], "_");
    let without_unit = |known: &str| known.strip_prefix(lower.as_str()).is_some_and(|unit| unit.starts_with('_'));
    let known = columns::known();
    let whole =
        known.iter().copied().find(|known| matches!(meaning(known), Column::Cell { .. }) && without_unit(known));
    whole.or_else(|| closest(&lower, &known))
}

/// What a cell of a label measures, where it is a number with a unit, or (`counts`) with the suffix of a count.
pub(super) fn measured(text: &str, counts: bool) -> Option<Dimension> {
    const LONGEST: usize = 60;
    if text.len() > LONGEST || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (number, _, tail) = numeral::leading(text)?;
    number.ok()?;
    let tail = tail.trim();
    let of_unit = |unit: &str| {
        let count = |dimension: &Dimension| matches!(dimension.unit(unit), Lookup::Unit(_));
        let long = unit.len() > 1 || ["W", "t", "h"].contains(&unit);
        let dimension = of_any(unit).filter(|of| long && *of != Dimension::Fraction);
        dimension.or_else(|| [Dimension::Parameters, Dimension::Tokens].into_iter().find(count))
    };
    let word = tail.split(|c: char| c.is_whitespace() || c == '-').next().unwrap_or("");
    let rest = tail[word.len()..].trim_start_matches(|c: char| c.is_whitespace() || c == '-');
    // A thousand and a milli are too small for parameters, and "G" is memory.
    match suffix_of_name(word).filter(|_| !["m", "G", "g"].contains(&word)) {
        Some(exponent) if rest.is_empty() && word != "t" => {
            let of = if exponent >= 12 { Dimension::Tokens } else { Dimension::Parameters };
            (counts && exponent >= 6).then_some(of)
        }
        Some(_) if !rest.is_empty() => of_unit(rest),
        _ => of_unit(tail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> String {
        match of_name(name, &BTreeSet::new()) {
            Suspicion::NoUnit(advice) | Suspicion::Named(_, advice) => advice,
            Suspicion::Clock => "clock".into(),
            Suspicion::Near(column) => format!("near {column}"),
            Suspicion::Means(column, _) => format!("means {column}"),
            _ => String::new(),
        }
    }

    #[test]
    fn names_say_what_to_do_with_their_values() {
        for (name, words) in [
            ("compute (1e21 FLOP)", "multiply the values by 1e21,"),
            ("compute_1e21_flop", "multiply the values by 1e21,"),
            ("energy (bananas)", "convert the values to kWh"),
            ("Emissions", "emissions_kg or emissions_t or emissions_g"),
            ("k GPU hours", "multiply the values by 1000, which gives accelerator-hours"),
            ("node hours", "convert the values to accelerator-hours"),
            ("core hours", "convert the values to accelerator-hours"),
            ("TPU core-hours", "convert the values to accelerator-hours"),
            ("Training petaflop-days", "multiply the values by 8.64e19, which gives FLOP"),
            ("training_compute_log10_flop", "instead of logarithms, in FLOP"),
            ("Training power draw (W)", "name it power_w"),
            ("gpu_energy_kwh", "name it energy_kwh"),
            ("gpu_energy_mwh", "name it energy_mwh"),
            ("kwh_used", "name it energy_kwh"),
            ("mwh_total", "name it energy_mwh"),
            ("zflop_final", "multiply the values by 1e21, which gives FLOP"),
            ("tco2_training", "name it emissions_t"),
            ("co2 of the run", "convert the values to kg of CO2e"),
            ("pretrainTokensTotal", "name it tokens"),
            ("size_b", "multiply the values by 1e9,"),
            ("modelParamsM", "multiply the values by 1000000,"),
            ("hours_total", "convert the values to accelerator-hours"),
            ("training_hours", "clock"),
            ("place", "means region"),
            ("instance type", "means hardware"),
            ("base", "means base_model"),
            ("model size", "means parameters"),
            ("parameter", "near parameters"),
        ] {
            assert!(said(name).contains(words), "{name}: {}", said(name));
        }
        for name in
            ["family", "team", "license", "version", "downloads_30d", "rank", "seed", "context_k", "tokens_per_second"]
        {
            assert_eq!(said(name), "", "{name}");
        }
        assert_eq!(of_name("node hours", &["gpu_hours"].into()), Suspicion::Label(true));
    }

    #[test]
    fn cells_say_what_they_measure() {
        use Dimension::*;
        for (text, dimension) in [
            ("30 MWh", Some(Energy)),
            ("12 tCO2e", Some(Mass)),
            ("50000 GPU hours", Some(Hours)),
            ("47k GPU hours", Some(Hours)),
            ("2T", Some(Tokens)),
            ("7B", Some(Parameters)),
            ("1.5 trillion tokens", Some(Tokens)),
            ("400W", Some(Power)),
            ("30 t", Some(Mass)),
            ("128k", None),
            ("80GB", None),
            ("45%", None),
            ("7", None),
            ("2024-05", None),
            ("A100", None),
            ("3rd", None),
        ] {
            assert_eq!(measured(text, true), dimension, "{text}");
        }
        assert_eq!(measured("2M", false), None);
    }
}
