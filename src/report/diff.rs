//! The page and the JSON document of `haze diff`, described by `docs/diff.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::estimate;
use super::numbers::{self, Quantity, Unit};
use super::page::{Page, Style, left, right};
use super::precision;
use crate::diff::factors::FactorMove;
use crate::diff::models::{Fate, Move, Moves};
use crate::diff::settings::Setting;
use crate::diff::{Compared, Diff};
use crate::posterior::{Estimate, Precision};
use crate::run::{Device, Timings};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
/// Models on the page.
const SHOWN: usize = 15;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    seed: u64,
    draws: u64,
    precision: [Precision; 2],
    interval: f64,
    plan_hashes: [&'a str; 2],
    backend: &'a Device,
    timings: [&'a Timings; 2],
    emissions_t: &'a Compared,
    compute_eflop: &'a Compared,
    energy_kwh: &'a Compared,
    settings: &'a [Setting],
    factors: &'a [FactorMove],
    models: &'a Moves,
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, found: &Diff) -> io::Result<()> {
    let [a, b] = &found.outcomes;
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        seed: a.settings.seed,
        draws: a.settings.draws,
        precision: [a.posterior.precision, b.posterior.precision],
        interval: a.settings.level,
        plan_hashes: [&a.info.plan_hash, &b.info.plan_hash],
        backend: &a.info.backend,
        timings: [&a.info.timings, &b.info.timings],
        emissions_t: &found.emissions_t,
        compute_eflop: &found.compute_eflop,
        energy_kwh: &found.energy_kwh,
        settings: &found.settings,
        factors: &found.factors,
        models: &found.models,
    };
    document::write(out, &document)
}

/// The page, ending in a line end. `names` are the two files as the user named them.
pub fn terminal(names: [&str; 2], found: &Diff, style: Style) -> String {
    let mut page = Page::new(style);
    let settings = found.outcomes[0].settings;
    let precision = found.outcomes[0].posterior.precision;
    page.note(&format!("A = {}", names[0]));
    page.note(&format!("B = {}", names[1]));
    page.note(&precision::draws(settings.draws, &precision, settings.seed));
    page.difference(found);
    page.differing(&found.settings);
    page.factor_moves(&found.factors);
    page.model_moves(&found.models);
    page.text
}

fn larger(compared: &Compared) -> &Estimate {
    if compared.first.mean >= compared.second.mean { &compared.first } else { &compared.second }
}

/// The unit of the table.
fn emissions_unit(compared: &Compared) -> Unit {
    estimate::unit(Quantity::Emissions, larger(compared))
}

/// `+3.2 %`
fn change(share: Option<f64>) -> String {
    let Some(share) = share else { return "–".into() };
    let text = numbers::percent(share.abs());
    match share {
        0.0 => text,
        x if x < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

fn minus(text: String) -> String {
    text.replace('-', "−")
}

impl Page {
    fn difference(&mut self, found: &Diff) {
        self.section("B compared with A", "the same random draws in both; ± is the Monte Carlo standard error");
        let interval = estimate::equal_tailed(found.outcomes[0].settings.level);
        let mut rows = vec![vec![left(""), right("mean"), right("median"), left(interval), left("unit")]];
        let of = [
            ("Emissions", Quantity::Emissions, &found.emissions_t),
            ("Energy", Quantity::Energy, &found.energy_kwh),
            ("Compute", Quantity::Compute, &found.compute_eflop),
        ];
        for (name, quantity, compared) in of {
            let unit = estimate::unit(quantity, larger(compared));
            let mut row = |name: String, e: &Estimate| {
                rows.push(vec![
                    left(name),
                    right(minus(estimate::value_with_error(e.mean, e.mcse.mean, unit.factor))),
                    right(minus(estimate::median(e, unit.factor))),
                    left(minus(estimate::interval(e, unit.factor))),
                    left(unit.name.clone()),
                ]);
            };
            row(format!("{name}, A"), &compared.first);
            row(format!("{name}, B"), &compared.second);
            row("  B − A".into(), &compared.difference);
        }
        self.rows(&rows, true);
        let emissions = &found.emissions_t;
        let unit = emissions_unit(emissions);
        let likely = match emissions.difference.sd {
            Some(0.0) if emissions.difference.mean == Some(0.0) => "They are equal in every draw.".to_string(),
            _ => format!("B is above A in {} of the draws.", numbers::percent(emissions.second_is_more.probability)),
        };
        self.line("");
        self.prose(&format!(
            "{} {likely} If the two runs were independent, the interval of the difference would be {} {}.",
            match emissions.change {
                Some(_) => format!("The mean of the emissions changes by {}.", change(emissions.change)),
                None => "A has no emissions, so that there is no percentage.".into(),
            },
            minus(estimate::interval(&emissions.independent, unit.factor)),
            unit.name,
        ));
    }

    fn differing(&mut self, settings: &[Setting]) {
        if settings.is_empty() {
            return;
        }
        self.section("Settings that differ", "");
        let mut rows = vec![vec![left(""), left("A"), left("B")]];
        let shown = |value: &Option<String>| left(value.clone().unwrap_or_else(|| "not set".into()));
        rows.extend(settings.iter().map(|s| vec![left(s.name.clone()), shown(&s.first), shown(&s.second)]));
        self.rows(&rows, true);
    }

    fn factor_moves(&mut self, factors: &[FactorMove]) {
        if factors.is_empty() {
            return;
        }
        self.section("What moved", "change of the exact mean if this alone were as in B; they need not add up");
        let largest = factors.iter().filter_map(|f| f.alone_t).fold(0.0, |most: f64, x| most.max(x.abs()));
        let unit = Quantity::Emissions.unit(largest);
        let mut rows = vec![vec![left(""), right("models"), right("alone"), left("unit")]];
        for f in factors {
            let alone = f.alone_t.map_or("–".into(), |t| minus(unit.exact(t)));
            let models = right(numbers::count(f.models as u64));
            rows.push(vec![left(f.name), models, right(alone), left(unit.name.clone())]);
        }
        self.rows(&rows, true);
    }

    fn model_moves(&mut self, moves: &Moves) {
        let Moves { added, removed, changed, same, list } = moves;
        let of = |n: &usize, what: &str| format!("{} {what}", numbers::count(*n as u64));
        let counts = [of(added, "added"), of(removed, "removed"), of(changed, "changed"), of(same, "the same")];
        self.section("Models", &counts.join(", "));
        if list.is_empty() {
            self.line("  every model is the same");
            return;
        }
        let mut rows = vec![vec![left(""), left(""), right("A, mean"), right("B, mean"), left("unit"), left("")]];
        for m in list.iter().take(SHOWN) {
            rows.push(self.moved(m));
        }
        self.rows(&rows, true);
        self.more(list.len(), SHOWN, "--json");
    }

    fn moved(&self, m: &Move) -> Vec<super::page::Cell> {
        let mean = |e: &Option<Estimate>| e.and_then(|e| e.mean).unwrap_or(0.0);
        let unit = Quantity::Emissions.unit(mean(&m.first_t).max(mean(&m.second_t)));
        let shown = |e: &Option<Estimate>| right(e.map_or("–".into(), |e| estimate::mean(&e, unit.factor)));
        let fate = match m.fate {
            Fate::Added => "added",
            Fate::Removed => "removed",
            Fate::Changed => "changed",
        };
        let why: Vec<&str> = m.why.iter().map(|why| why.what.as_str()).collect();
        vec![
            left(super::page::shorten(&m.id, 40)),
            left(fate),
            shown(&m.first_t),
            shown(&m.second_t),
            left(unit.name.clone()),
            left(why.join(", ")),
        ]
    }
}
