//! The chips a run may have used: those that its row names, or the mixture of its year and place.

use super::grid;
use super::hardware::{self, Chip};
use super::priors::Priors;
use super::priors::names::{self, chips as mixtures};
use super::provenance::{Kind, Provenance};
use super::stated::column;
use crate::portfolio::{Model, Problem};

/// Chips with shares that sum to 1.
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
    match model.labels.get("hardware") {
        Some(cell) => named(model, cell),
        None => Ok(of_its_year(priors, model)),
    }
}

fn named(model: &Model, cell: &str) -> Result<Chips, Problem> {
    let problem = |value: String, message: String| Problem { place: column(model, "hardware"), value, message };
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
    Ok(Chips { shares: found.into_iter().map(|c| (share, c)).collect(), provenance, named: true })
}

fn of_its_year(priors: &Priors, model: &Model) -> Chips {
    let name = mixture(mixtures_of(model), priors.year_of(model));
    let key = names::Name::from(name).key();
    let provenance =
        Provenance { kind: Kind::Guessed, ..priors.provenance(name, format!("chip not stated: mixture {key}")) };
    Chips { shares: priors.chips(name).to_vec(), provenance, named: false }
}

/// Mixtures of one place, each with the last year it is for; the latest is for later years too.
struct Mixtures {
    until: &'static [(i32, names::Chips)],
    latest: names::Chips,
}

const GOOGLE: Mixtures = Mixtures {
    until: &[
        (2018, mixtures::GOOGLE_2018),
        (2021, mixtures::GOOGLE_2021),
        (2023, mixtures::GOOGLE_2023),
        (2024, mixtures::GOOGLE_2024),
    ],
    latest: mixtures::GOOGLE_2026,
};
const US: Mixtures = Mixtures {
    until: &[
        (2018, mixtures::US_2018),
        (2020, mixtures::US_2020),
        (2021, mixtures::US_2021),
        (2022, mixtures::US_2022),
        (2023, mixtures::US_2023),
        (2024, mixtures::US_2024),
        (2025, mixtures::US_2025),
    ],
    latest: mixtures::US_2026,
};
const CHINA: Mixtures = Mixtures {
    until: &[
        (2020, mixtures::CHINA_2020),
        (2021, mixtures::CHINA_2021),
        (2022, mixtures::CHINA_2022),
        (2023, mixtures::CHINA_2023),
        (2024, mixtures::CHINA_2024),
    ],
    latest: mixtures::CHINA_2026,
};
const OTHER: Mixtures = Mixtures {
    until: &[
        (2018, mixtures::OTHER_2018),
        (2020, mixtures::OTHER_2020),
        (2021, mixtures::OTHER_2021),
        (2022, mixtures::OTHER_2022),
        (2023, mixtures::OTHER_2023),
        (2024, mixtures::OTHER_2024),
    ],
    latest: mixtures::OTHER_2026,
};

fn mixture(of: &Mixtures, year: i32) -> names::Chips {
    of.until.iter().find(|(until, _)| year <= *until).map_or(of.latest, |(_, name)| *name)
}

/// Which of the chip mixtures apply.
fn mixtures_of(model: &Model) -> &'static Mixtures {
    let organization = model.labels.get("organization").map(|o| o.to_lowercase()).unwrap_or_default();
    if organization.contains("google") || organization.contains("deepmind") {
        return &GOOGLE;
    }
    match model.labels.get("region").and_then(|r| grid::first_country(r)) {
        Some("USA") => &US,
        Some("CHN" | "HKG" | "MAC") => &CHINA,
        _ => &OTHER,
    }
}

/// The chip that the row names, where it names one.
pub fn only_chip(priors: &Priors, model: &Model) -> Option<&'static Chip> {
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
            for (until, name) in mixtures.until {
                assert_eq!(Name::from(*name).key(), format!("{place}_{until}"));
                years.push(*until);
                listed.push((*name).into());
            }
            listed.push(mixtures.latest.into());
            assert!(years.is_sorted() && Name::from(mixtures.latest).key().starts_with(&format!("{place}_20")));
            assert_eq!(mixture(&mixtures, 1990), mixtures.until[0].1);
            assert_eq!(mixture(&mixtures, 2090), mixtures.latest);
            assert_eq!(mixture(&mixtures, 2021), mixtures.until.iter().find(|(until, _)| *until == 2021).unwrap().1);
        }
        assert_eq!(listed, Name::all().filter(|name| name.form() == Form::Chips).collect::<Vec<_>>());
    }
}
