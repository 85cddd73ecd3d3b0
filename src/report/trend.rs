//! The page and the JSON document of `haze trend`.
//!
//! The document is described by `docs/trend.schema.json`. As in a run's result, only the top-level keys `backend` and
//! `timings` may depend on the machine; all else is the same, byte for byte, on every backend.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::estimate;
use super::numbers::{self, Quantity};
use super::page::{Page, Style, left, right};
use super::precision;
use super::scope::{self, ScopeText};
use crate::portfolio::Scope;
use crate::posterior::trend::{Doubling, Growth, Growths, LeftOut, Sums, Year};
use crate::posterior::{Estimate, Precision};
use crate::run::trend::Trend;
use crate::run::{Device, Settings, Timings};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
/// A year in the growth with fewer models is named on the page.
const FEW: usize = 5;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    scope: ScopeText,
    seed: u64,
    draws: u64,
    precision: Precision,
    interval: f64,
    plan_hash: &'a str,
    backend: &'a Device,
    timings: &'a Timings,
    from: Option<i32>,
    to: Option<i32>,
    latest_year: Option<i32>,
    latest_is_complete: bool,
    total: &'a Sums,
    years: &'a [Year],
    undated: Option<&'a Sums>,
    models_outside: usize,
    growth: Option<&'a Growths>,
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, scope: Scope, found: &Trend) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        scope: ScopeText::new(scope),
        seed: found.settings.seed,
        draws: found.settings.draws,
        precision: found.precision,
        interval: found.settings.level,
        plan_hash: &found.info.plan_hash,
        backend: &found.info.backend,
        timings: &found.info.timings,
        from: found.span.from,
        to: found.span.to,
        latest_year: found.latest,
        latest_is_complete: found.span.latest_is_complete,
        total: &found.total,
        years: &found.years,
        undated: found.undated.as_ref(),
        models_outside: found.outside,
        growth: found.growth.as_ref(),
    };
    document::write(out, &document)
}

/// The page, ending in a line end.
pub fn terminal(scope: Scope, found: &Trend, style: Style) -> String {
    let mut page = Page::new(style);
    let models = numbers::counted(found.total.models as u64, "model");
    let Settings { draws, seed, .. } = found.settings;
    page.note(&format!("{models}, {}", precision::draws(draws, &found.precision, seed)));
    page.note(&scope::phrase(scope));
    page.sums(found, "Emissions", Quantity::Emissions, |sums| &sums.emissions_t);
    page.sums(found, "Energy", Quantity::Energy, |sums| &sums.energy_kwh);
    page.sums(found, "Compute", Quantity::Compute, |sums| &sums.compute_eflop);
    page.sums(found, "ATCI", Quantity::CarbonPerCompute, |sums| &sums.atci_kg_per_eflop);
    page.left_out(found);
    page.growth(found);
    page.text
}

/// `2026 *`
fn name(year: &Year) -> String {
    let mark = match year.left_out {
        None => "",
        Some(LeftOut::Incomplete) => " *",
        Some(LeftOut::Zero) => " †",
    };
    format!("{}{mark}", year.year)
}

impl Page {
    fn sums(&mut self, found: &Trend, title: &str, quantity: Quantity, of: impl Fn(&Sums) -> &Estimate) {
        self.section(&format!("{title} by year"), "± is the Monte Carlo standard error");
        let interval = estimate::equal_tailed(found.settings.level);
        let mut rows = vec![vec![left(""), right("models")]];
        // Emissions over compute are no part of a whole.
        let shares = quantity == Quantity::Emissions;
        if shares {
            rows[0].push(right("share"));
        }
        rows[0].extend([right("mean"), right("median"), left(interval), left("unit")]);
        let mut row = |name: String, sums: &Sums| {
            let e = of(sums);
            let unit = estimate::unit(quantity, e);
            let mut row = vec![left(name), right(numbers::count(sums.models as u64))];
            if shares {
                row.push(right(numbers::share(sums.share)));
            }
            row.extend([
                right(estimate::value_with_error(e.mean, e.mcse.mean, unit.factor)),
                right(estimate::median(e, unit.factor)),
                left(estimate::interval(e, unit.factor)),
                left(if e.mean.is_some() { unit.name } else { String::new() }),
            ]);
            rows.push(row);
        };
        found.years.iter().for_each(|year| row(name(year), &year.sums));
        if let Some(undated) = &found.undated {
            row("no date".into(), undated);
        }
        row("all models".into(), &found.total);
        self.rows(&rows, true);
    }

    fn left_out(&mut self, found: &Trend) {
        self.line("");
        if found.outside > 0 {
            let models = numbers::counted(found.outside as u64, "model");
            self.prose(&format!("{models} of years before or after are in the last line only."));
        }
        let of = |why: LeftOut| found.years.iter().filter(move |y| y.left_out == Some(why)).map(|y| y.year.to_string());
        for year in of(LeftOut::Incomplete) {
            self.prose(&format!(
                "* {year} is the year of the latest date, and more models of it may come: the growth leaves it out \
                 (--complete counts it)."
            ));
        }
        let zero: Vec<String> = of(LeftOut::Zero).collect();
        if !zero.is_empty() {
            self.prose(&format!(
                "† {}: emissions, energy or compute are zero in some draws, which have no logarithm: the growth leaves \
                 the year out.",
                zero.join(", ")
            ));
        }
    }

    fn growth(&mut self, found: &Trend) {
        let Some(growths) = &found.growth else {
            self.section("Growth per year", "");
            self.line("  none: it takes two complete years that are never zero");
            return;
        };
        let years = match growths.years.as_slice() {
            [first, second] => format!("{first} and {second}, two years"),
            [first, .., last] => format!("{first} to {last}, {} years", growths.years.len()),
            _ => String::new(),
        };
        self.section("Growth, % per year", &format!("slope of the logarithm in every draw, {years} of equal weight"));
        let interval = estimate::equal_tailed(found.settings.level);
        let mut rows = vec![vec![left(""), right("mean"), right("median"), left(interval.clone()), left("")]];
        let named = [
            ("Emissions", &growths.emissions),
            ("Energy", &growths.energy),
            ("Compute", &growths.compute),
            ("ATCI", &growths.atci),
        ];
        for (name, Growth { growth_percent_per_year: e, doubling_years, .. }) in named {
            rows.push(vec![
                left(name),
                right(signed(&estimate::value_with_error(e.mean, e.mcse.mean, 1.0))),
                right(signed(&estimate::median(e, 1.0))),
                left(signed(&estimate::interval(e, 1.0))),
                left(doubling(doubling_years)),
            ]);
        }
        self.rows(&rows, true);
        let few = |year: &&Year| year.left_out.is_none() && year.sums.models < FEW;
        let few: Vec<String> = found.years.iter().filter(few).map(|year| year.year.to_string()).collect();
        if !few.is_empty() {
            let years = few.join(", ");
            self.prose(&format!(
                "{years}: fewer than {FEW} models, and each counts as much as any year (--from, --to)."
            ));
        }
        self.prose(
            "The interval is that of the listed models' growth, by what is not known of them; it does not say how other \
             models, or later years, would grow.",
        );
    }
}

fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// `doubles in 0.97 years (0.81 to 1.22)`
fn doubling(d: &Doubling) -> String {
    let Some(median) = d.median else { return "stays".into() };
    let verb = if median > 0.0 { "doubles" } else { "halves" };
    let years = |x: f64| numbers::three_digits(x.abs());
    match d.interval {
        Some([lo, hi]) => {
            let (shorter, longer) = (lo.abs().min(hi.abs()), lo.abs().max(hi.abs()));
            format!("{verb} in {} years ({} to {})", years(median), years(shorter), years(longer))
        }
        None => format!("{verb} in {} years; the interval holds 0", years(median)),
    }
}
