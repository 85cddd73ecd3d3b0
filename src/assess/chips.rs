//! The chips a run may have used: those that its row names, or the mixture of its year and place.
//!
//! A name that is close to a known one is a typing mistake and stops the run, unless the chip is not needed. One that is
//! like no chip, and a chip whose figures no table has, is passed over with a warning.

use super::grid;
use super::hardware::{self, Cell, Chip, Named, Unknown};
use super::priors::Priors;
use super::priors::names::{self, chips as mixtures};
use super::provenance::{Kind, Provenance};
use super::stated::{column, is_zero};
use super::wording::shown;
use crate::portfolio::problem::shorten;
use crate::portfolio::spelling::question;
use crate::portfolio::{Model, Problem, Value, Warning};

/// Chips with shares that sum to 1.
pub struct Chips {
    pub shares: Vec<(f64, &'static Chip)>,
    pub provenance: Provenance,
    /// Named in the row.
    pub named: bool,
    /// Where they are not: the mixture, and how many runs of equal compute its shares are worth. `None` also where a
    /// study has replaced the shares and not that number: they are then what the study says.
    pub mixture: Option<(names::Chips, f64)>,
}

/// Why the chips that a row names are not used.
enum Unused {
    /// A name that is not in the tables.
    Unknown(Unknown),
    /// A chip of the tables without what is needed of it.
    Lacks(&'static Chip),
}

/// What is needed of a chip.
#[derive(Clone, Copy, PartialEq)]
enum Needed {
    Power,
    PowerAndPeak,
}

const ADVICE: &str = "leave hardware empty to use a mixture of the chips of that year, or give efficiency_flop_per_j";

/// The row's chips, or the mixture of its year and place: where it names none, or one that is like no chip of the tables,
/// or one without figures there, or one that is not needed.
///
/// # Errors
/// A chip that is needed, is not in the tables, and is close to one that is: a typing mistake.
pub fn chips(priors: &Priors, model: &Model) -> Result<Chips, Problem> {
    with(priors, model, Needed::PowerAndPeak)
}

/// The same for the power alone: a chip whose peak is not known has a TDP.
///
/// # Errors
/// As [`chips`].
pub fn powered(priors: &Priors, model: &Model) -> Result<Chips, Problem> {
    with(priors, model, Needed::Power)
}

fn with(priors: &Priors, model: &Model, needed: Needed) -> Result<Chips, Problem> {
    let Some(cell) = model.labels.get("hardware") else {
        return Ok(of_its_year(priors, model, "chip not stated"));
    };
    match used(cell, needed) {
        Ok(found) => Ok(named(found)),
        Err(Unused::Unknown(unknown)) if !unknown.near.is_empty() && is_needed(model) => {
            Err(Problem { place: column(model, "hardware"), message: unknown.advice() + ADVICE, value: unknown.name })
        }
        Err(Unused::Unknown(unknown)) => Ok(of_its_year(priors, model, &format!("chip {:?} not known", unknown.name))),
        Err(Unused::Lacks(chip)) => {
            Ok(of_its_year(priors, model, &format!("no {} of the {} in the tables", lacking(chip), chip.name)))
        }
    }
}

/// Whether something of the row is computed from the chip: not where its energy, or hours and power, or the efficiency
/// are stated.
fn is_needed(model: &Model) -> bool {
    let states = |value: &Option<Value>| value.is_some() && !is_zero(value.as_ref());
    let hours_and_power = states(&model.gpu_hours) && states(&model.power_w);
    let figures = [&model.efficiency_flop_per_j, &model.energy_kwh, &model.emissions_kg];
    !(hours_and_power || figures.into_iter().any(states))
}

fn used(cell: &str, needed: Needed) -> Result<Cell, Unused> {
    let found = hardware::read(cell).map_err(Unused::Unknown)?;
    let lacks = |c: &&&Chip| c.tdp_w.is_none() || needed == Needed::PowerAndPeak && c.peak_flops.is_none();
    let chips: Vec<&'static Chip> = found.chips.iter().map(|named| named.chip).collect();
    match chips.iter().find(lacks) {
        Some(chip) => Err(Unused::Lacks(chip)),
        None => Ok(found),
    }
}

fn lacking(chip: &Chip) -> &'static str {
    match (chip.tdp_w, chip.peak_flops) {
        (None, None) => "TDP and no dense 16-bit rate",
        (None, Some(_)) => "TDP",
        (Some(_), _) => "dense 16-bit rate",
    }
}

fn named(found: Cell) -> Chips {
    let several = found.chips.len() > 1;
    let name = |named: &Named| match named.count {
        Some(n) => format!("{} × {}", shown(n), named.chip.name),
        None => named.chip.name.clone(),
    };
    let names: Vec<String> = found.chips.iter().map(name).collect();
    let what = match (several, found.count()) {
        (false, _) => names.concat(),
        (true, None) => format!("one of {}, equally likely", names.join(", ")),
        (true, Some(_)) => format!("one of {}, by their numbers", names.join(", ")),
    };
    let machine = found.machine.map_or(String::new(), |name| format!(" ({name})"));
    let mut sources: Vec<&str> = found.chips.iter().map(|named| named.chip.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let provenance = Provenance {
        kind: Kind::LookedUp,
        how: format!("{what}{machine}"),
        source: sources.join("; "),
        chosen: several,
    };
    let chips = found.chips.iter().map(|named| named.chip);
    Chips { shares: found.shares().into_iter().zip(chips).collect(), provenance, named: true, mixture: None }
}

fn of_its_year(priors: &Priors, model: &Model, why: &str) -> Chips {
    let (name, runs) = mixture(mixtures_of(model), priors.year_of(model));
    let key = names::Name::from(name).key();
    let provenance = Provenance { kind: Kind::Guessed, ..priors.provenance(name, format!("{why}: mixture {key}")) };
    let mixture = priors.of_one_hand(name, runs).then(|| (name, priors.number(runs)));
    Chips { shares: priors.chips(name).to_vec(), provenance, named: false, mixture }
}

/// How many chips there are: as the row states it, or as its `hardware` cell says ("8xA100").
pub fn count(model: &Model) -> Option<f64> {
    model.hardware_count.or_else(|| hardware::read(model.labels.get("hardware")?).ok()?.count())
}

/// What is said of a row's chips apart from its result.
pub fn warnings_of(model: &Model) -> Vec<Warning> {
    let Some(cell) = model.labels.get("hardware") else { return Vec::new() };
    let mut found = Vec::new();
    let mut warn = |rule, at: &str, value: String, message: String| {
        found.push(Warning { rule, place: column(model, at), value: shorten(&value), message });
    };
    match used(cell, Needed::PowerAndPeak) {
        // A typing mistake in what is needed is a problem already.
        Err(Unused::Unknown(unknown)) if !unknown.near.is_empty() && is_needed(model) => {}
        Err(Unused::Unknown(unknown)) => {
            let near = question(&unknown.near);
            let message = format!(
                "unknown chip; {near}the mixture of the chips of its year stands in for it. Write the chip as its maker \
                 does (NVIDIA A100 SXM4 80 GB), or give power_w or efficiency_flop_per_j"
            );
            warn("unknown-chip", "hardware", unknown.name, message);
        }
        Err(Unused::Lacks(chip)) if model.efficiency_flop_per_j.is_none() => {
            let message = format!(
                "the tables have no {} for this chip: where that is needed, the mixture of the chips of its year stands \
                 in for it. Give power_w or efficiency_flop_per_j",
                lacking(chip)
            );
            warn("chip-without-figures", "hardware", chip.name.clone(), message);
        }
        Ok(several) if several.chips.len() > 1 && is_needed(model) => {
            let parts = if several.count().is_some() { "by their numbers" } else { "equally" };
            let message = format!(
                "several chips share the run {parts}, which is chosen: the cell does not say what each of them did. If one did \
                 nearly all of it, write that one"
            );
            warn("several-chips", "hardware", cell.to_string(), message);
        }
        Ok(_) | Err(Unused::Lacks(_)) => {}
    }
    let read = hardware::read(cell).ok();
    if let Some(text) = read.as_ref().and_then(|found| found.unread.clone()) {
        let message = "unknown chip; the others in the cell are used. Leave out of the cell what is no chip";
        warn("unknown-chip", "hardware", text, message.to_string());
    }
    let said = read.and_then(|found| found.count());
    if let (Some(stated), Some(said)) = (model.hardware_count, said)
        && stated != said
    {
        let message =
            format!("the hardware cell says {} chips ({cell}); the column counts. Mend one of the two", shown(said));
        warn("hardware-count-differs", "hardware_count", shown(stated), message);
    }
    found
}

/// Mixtures of one place, each with the last year it is for and what its shares are worth; the latest is for later years
/// too.
struct Mixtures {
    until: &'static [(i32, names::Chips, names::Number)],
    latest: (names::Chips, names::Number),
}

const GOOGLE: Mixtures = Mixtures {
    until: &[
        (2018, mixtures::GOOGLE_2018, mixtures::GOOGLE_2018_RUNS),
        (2021, mixtures::GOOGLE_2021, mixtures::GOOGLE_2021_RUNS),
        (2023, mixtures::GOOGLE_2023, mixtures::GOOGLE_2023_RUNS),
        (2024, mixtures::GOOGLE_2024, mixtures::GOOGLE_2024_RUNS),
    ],
    latest: (mixtures::GOOGLE_2026, mixtures::GOOGLE_2026_RUNS),
};
const US: Mixtures = Mixtures {
    until: &[
        (2018, mixtures::US_2018, mixtures::US_2018_RUNS),
        (2020, mixtures::US_2020, mixtures::US_2020_RUNS),
        (2021, mixtures::US_2021, mixtures::US_2021_RUNS),
        (2022, mixtures::US_2022, mixtures::US_2022_RUNS),
        (2023, mixtures::US_2023, mixtures::US_2023_RUNS),
        (2024, mixtures::US_2024, mixtures::US_2024_RUNS),
        (2025, mixtures::US_2025, mixtures::US_2025_RUNS),
    ],
    latest: (mixtures::US_2026, mixtures::US_2026_RUNS),
};
const CHINA: Mixtures = Mixtures {
    until: &[
        (2020, mixtures::CHINA_2020, mixtures::CHINA_2020_RUNS),
        (2021, mixtures::CHINA_2021, mixtures::CHINA_2021_RUNS),
        (2022, mixtures::CHINA_2022, mixtures::CHINA_2022_RUNS),
        (2023, mixtures::CHINA_2023, mixtures::CHINA_2023_RUNS),
        (2024, mixtures::CHINA_2024, mixtures::CHINA_2024_RUNS),
    ],
    latest: (mixtures::CHINA_2026, mixtures::CHINA_2026_RUNS),
};
const OTHER: Mixtures = Mixtures {
    until: &[
        (2018, mixtures::OTHER_2018, mixtures::OTHER_2018_RUNS),
        (2020, mixtures::OTHER_2020, mixtures::OTHER_2020_RUNS),
        (2021, mixtures::OTHER_2021, mixtures::OTHER_2021_RUNS),
        (2022, mixtures::OTHER_2022, mixtures::OTHER_2022_RUNS),
        (2023, mixtures::OTHER_2023, mixtures::OTHER_2023_RUNS),
        (2024, mixtures::OTHER_2024, mixtures::OTHER_2024_RUNS),
    ],
    latest: (mixtures::OTHER_2026, mixtures::OTHER_2026_RUNS),
};

fn mixture(of: &Mixtures, year: i32) -> (names::Chips, names::Number) {
    of.until.iter().find(|(until, ..)| year <= *until).map_or(of.latest, |(_, name, runs)| (*name, *runs))
}

/// Which of the chip mixtures apply.
fn mixtures_of(model: &Model) -> &'static Mixtures {
    let organization = model.labels.get("organization").map(|o| o.to_lowercase()).unwrap_or_default();
    if organization.contains("google") || organization.contains("deepmind") {
        return &GOOGLE;
    }
    let label = |name: &str| model.labels.get(name).unwrap_or("");
    match grid::first_country(label("region"), label("provider")) {
        Some("USA") => &US,
        Some("CHN" | "HKG" | "MAC") => &CHINA,
        _ => &OTHER,
    }
}

/// The chip that the row names, where it names one.
pub fn only_chip(priors: &Priors, model: &Model) -> Option<&'static Chip> {
    model.labels.get("hardware")?;
    match chips(priors, model).ok().filter(|c| c.named)?.shares.as_slice() {
        [(_, chip)] => Some(chip),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use names::{Form, Name};

    /// The key of a mixture says its place and its last year; all of them are listed, in the order of the file.
    #[test]
    fn every_mixture_is_that_of_its_place_and_year() {
        let places = [("google", GOOGLE), ("us", US), ("china", CHINA), ("other", OTHER)];
        let mut listed: Vec<Name> = Vec::new();
        for (place, mixtures) in places {
            let mut years = Vec::new();
            for (until, name, runs) in mixtures.until {
                assert_eq!(Name::from(*name).key(), format!("{place}_{until}"));
                assert_eq!(Name::from(*runs).key(), format!("{place}_{until}_runs"));
                years.push(*until);
                listed.push((*name).into());
            }
            let (latest, runs) = mixtures.latest;
            listed.push(latest.into());
            assert_eq!(Name::from(runs).key(), format!("{}_runs", Name::from(latest).key()));
            assert!(years.is_sorted() && Name::from(latest).key().starts_with(&format!("{place}_20")));
            assert_eq!(mixture(&mixtures, 1990).0, mixtures.until[0].1);
            assert_eq!(mixture(&mixtures, 2090), mixtures.latest);
            let of_2021 = mixtures.until.iter().find(|(until, ..)| *until == 2021).unwrap();
            assert_eq!(mixture(&mixtures, 2021), (of_2021.1, of_2021.2));
        }
        assert_eq!(listed, Name::all().filter(|name| name.form() == Form::Chips).collect::<Vec<_>>());
    }
}
