//! What each kind of table has in its rows.

use super::{Cell, Column, Table};
use crate::assess::priors::Priors;
use crate::exact::oracle::NO_SECOND_MOMENT;
use crate::fit::{self, design::Response, sample, sample::Sample, sample::Size};
use crate::portfolio::Portfolio;
use crate::posterior::Estimate;
use crate::posterior::intensity::Part;
use crate::report::estimate;
use crate::report::numbers::{self, Quantity, Unit};
use crate::report::priors;
use crate::run::shown::Shown;
use crate::run::{Outcome, Settings};
use crate::validate::Validation;

/// Models in the table of contributors.
const TOP: usize = 20;

fn columns(heads: &[(&str, bool)]) -> Vec<Column> {
    heads.iter().map(|&(head, right)| Column { head: head.to_string(), right, share: None }).collect()
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn count(n: usize) -> Cell {
    Cell::Number(numbers::count(n), Some(n as f64))
}

fn fraction(x: Option<f64>, decimals: usize) -> Cell {
    x.map_or(Cell::Nothing, |x| Cell::Number(numbers::fixed(x, decimals), Some(x)))
}

/// A share as per cent.
fn percent(x: Option<f64>) -> Cell {
    let shown = |x: f64| numbers::percent(x).replace([' ', '%'], "");
    x.map_or(Cell::Nothing, |x| Cell::Number(shown(x), Some(100.0 * x)))
}

fn mean(e: &Estimate, unit: &Unit) -> Cell {
    let Some(x) = e.mean else { return Cell::Nothing };
    let (shown, error) = numbers::with_error(x * unit.factor, e.mcse.mean.map(|error| error * unit.factor));
    Cell::WithError(shown, error, Some(x * unit.factor))
}

fn median(e: &Estimate, unit: &Unit) -> Cell {
    e.median.map_or(Cell::Nothing, |x| Cell::Number(estimate::median(e, unit.factor), Some(x * unit.factor)))
}

fn interval(e: &Estimate, unit: &Unit) -> Cell {
    let Some([lo, hi]) = e.interval else { return Cell::Nothing };
    let error = |end: usize| e.mcse.interval.map(|errors| errors[end]);
    let shown = |x: f64, end: usize| estimate::value(Some(x), error(end), unit.factor);
    Cell::Range(shown(lo, 0), shown(hi, 1), Some([lo * unit.factor, hi * unit.factor]))
}

fn how(settings: &Settings) -> String {
    format!("{}, seed {}", numbers::counted(settings.draws, "Monte Carlo draw"), settings.seed)
}

fn level(settings: &Settings) -> String {
    format!("{} credible interval", numbers::level(settings.level))
}

pub fn headline(outcome: &Outcome) -> Table {
    let (settings, t) = (&outcome.settings, &outcome.posterior.total);
    let mut rows = Vec::new();
    let mut row = |name: &str, quantity: Quantity, e: &Estimate| {
        let unit = estimate::unit(quantity, e);
        rows.push(vec![text(name), text(unit.name.clone()), mean(e, &unit), median(e, &unit), interval(e, &unit)]);
    };
    row("Emissions", Quantity::Emissions, &t.emissions_t);
    row("Emissions, correlation ignored", Quantity::Emissions, &t.independent_t);
    row("Energy", Quantity::Energy, &t.energy_kwh);
    row("IT energy", Quantity::Energy, &t.it_energy_kwh);
    row("Compute", Quantity::Compute, &t.compute_eflop);
    row("ATCI", Quantity::CarbonPerCompute, &t.atci_kg_per_eflop);
    for (output, e) in &outcome.posterior.further {
        row(output.title(), Quantity::Further(output.multiples()), e);
    }
    let models = numbers::counted(t.models as u64, "model");
    Table {
        caption: format!(
            "Training emissions, energy, compute and emissions per compute (ATCI) of {models}: mean with its Monte Carlo \
             standard error, median and equal-tailed {} ({}).",
            level(settings),
            how(settings)
        ),
        label: "headline",
        columns: columns(&[("", false), ("unit", false), ("mean", true), ("median", true), ("interval", true)]),
        rows,
    }
}

pub fn sensitivity(outcome: &Outcome) -> Result<Table, String> {
    let oracle = &outcome.posterior.oracle;
    if oracle.groups.is_empty() {
        return Err(oracle.reason.clone().unwrap_or_else(|| "nothing varies".into()));
    }
    let of = |x: f64| percent(Some(x));
    let row =
        |g: &crate::posterior::VarianceShare| vec![text(g.name.clone()), of(g.first_order), of(g.total), of(g.shapley)];
    Ok(Table {
        caption:
            "Sobol' indices of the total emissions by factor, exact: the share of the variance that a factor explains \
                  alone (first order), what would remain if all others were known (total), and the Shapley effect."
                .into(),
        label: "sensitivity",
        columns: columns(&[("factor", false), ("first order (%)", true), ("total (%)", true), ("Shapley (%)", true)]),
        rows: oracle.groups.iter().map(row).collect(),
    })
}

pub fn tiers(outcome: &Outcome) -> Table {
    let tiers = &outcome.posterior.concentration.tiers;
    let row =
        |t: &crate::posterior::concentration::TierShare| vec![text(t.tier.name()), count(t.models), percent(t.share)];
    Table {
        caption: "Models and their share of the mean emissions by tier of disclosure: 1 metered emissions, 1b \
                  self-reported emissions, 2 energy, 3 accelerator-hours, 4 compute and chip, 4b compute without the chip, \
                  5 only the size, 6 not even that."
            .into(),
        label: "tiers",
        columns: columns(&[("tier", false), ("models", true), ("share of the mean (%)", true)]),
        rows: tiers.iter().map(row).collect(),
    }
}

pub fn contributors(outcome: &Outcome) -> Table {
    let p = &outcome.posterior;
    let mut largest: Vec<_> = p.models.iter().collect();
    let size = |e: &Estimate| e.mean.unwrap_or(0.0);
    largest.sort_by(|a, b| size(&b.emissions_t).total_cmp(&size(&a.emissions_t)).then(a.id.cmp(&b.id)));
    largest.truncate(TOP);
    let unit = largest
        .first()
        .map_or_else(|| Quantity::Emissions.unit(0.0), |m| Quantity::Emissions.unit(size(&m.emissions_t)));
    let row = |m: &&crate::posterior::ModelPosterior| {
        let e = &m.emissions_t;
        vec![text(m.id.clone()), text(m.tier.name()), percent(m.share), mean(e, &unit), interval(e, &unit)]
    };
    Table {
        caption: format!(
            "The largest contributors to the mean emissions, in {}: mean with its Monte Carlo standard error and \
             equal-tailed {} ({}).",
            unit.name,
            level(&outcome.settings),
            how(&outcome.settings)
        ),
        label: "contributors",
        columns: columns(&[("model", false), ("tier", false), ("share (%)", true), ("mean", true), ("interval", true)]),
        rows: largest.iter().map(row).collect(),
    }
}

pub fn validation(found: &Validation) -> Table {
    let rows = found.quantities.iter().map(|q| {
        let s = &q.scores;
        let inside = |of: fn(&crate::validate::Coverage) -> f64| percent(s.coverage.as_ref().map(of));
        vec![
            text(q.name.name()),
            count(s.n),
            count(s.families),
            percent(s.mdape),
            fraction(s.crps, 3),
            inside(|c| c.at_50),
            inside(|c| c.at_80),
            inside(|c| c.at_90),
            inside(|c| c.at_95),
        ]
    });
    Table {
        caption: "Back-test on published training runs: each figure is predicted from less than was published. Median \
                  absolute error, mean continuous ranked probability score (CRPS) of the natural logarithm, and how many \
                  figures lie inside the central 50, 80, 90 and 95 % intervals."
            .into(),
        label: "validation",
        columns: columns(&[
            ("figure", false),
            ("runs", true),
            ("families", true),
            ("median error (%)", true),
            ("CRPS", true),
            ("inside 50 % (%)", true),
            ("inside 80 % (%)", true),
            ("inside 90 % (%)", true),
            ("inside 95 % (%)", true),
        ]),
        rows: rows.collect(),
    }
}

pub fn regressions() -> Result<Table, String> {
    let known = fit::known_compute();
    let rows_of = sample::rows(&known, Size::Active);
    let mut rows = Vec::new();
    for sample in Sample::ALL {
        for response in Response::ALL {
            let Ok(card) = fit::card(&rows_of, sample, response, Size::Active) else { continue };
            for c in &card.coefficients {
                let (value, error) = numbers::with_error(c.value, Some(c.se));
                rows.push(vec![
                    text(sample.name()),
                    text(response.name()),
                    count(card.points.len()),
                    text(c.term.name()),
                    Cell::WithError(value, error, Some(c.value)),
                    fraction(card.diagnostics.r2, 3),
                    fraction(Some(libm::exp(card.fit.sd)), 2),
                ]);
            }
        }
    }
    if rows.is_empty() {
        return Err("no sample has enough rows for a regression".into());
    }
    Ok(Table {
        caption: "Regressions of the natural logarithm of training tokens and compute on size and date, ordinary least \
                  squares: coefficients with their standard errors, and the geometric standard deviation of the residuals."
            .into(),
        label: "regressions",
        columns: columns(&[
            ("sample", false),
            ("response", false),
            ("rows", true),
            ("term", false),
            ("coefficient", true),
            ("R²", true),
            ("residual GSD", true),
        ]),
        rows,
    })
}

pub fn priors(portfolio: &Portfolio) -> Result<Table, String> {
    let in_force = Priors::of(&portfolio.study).map_err(|_| "the priors of the study are wrong".to_string())?;
    let row = |row: priors::Row<'_>| {
        let works: Vec<String> = row.works.iter().filter_map(|work| work.number()).collect();
        vec![
            text(format!("{}.{}", row.entry.section(), row.entry.key())),
            text(row.value),
            text(row.entry.unit.clone()),
            text(row.basis),
            text(works.join(", ")),
        ]
    };
    Ok(Table {
        caption: "Priors in force. Derived: from the works cited; chosen: centre or spread is a choice without a firm source; \
                  study: set by the study."
            .into(),
        label: "priors",
        columns: [("prior", 0.22), ("value", 0.3), ("unit", 0.12), ("basis", 0.08), ("works", 0.2)]
            .map(|(head, share)| Column { head: head.into(), right: false, share: Some(share) })
            .into(),
        rows: priors::rows(&in_force).map(row).collect(),
    })
}

pub fn ipcc(shown: &Shown) -> Result<Table, String> {
    let outcome = &shown.outcome;
    let shares = shown.decomposition.as_ref().map_err(Clone::clone)?;
    let shares = &shares.shares;
    let total = &outcome.posterior.total.emissions_t;
    if shares.variance_t2 <= 0.0 {
        return Err(NO_SECOND_MOMENT.into());
    }
    let ends = |e: &Estimate| -> [Cell; 2] {
        let relative =
            e.interval.zip(e.mean.filter(|mean| *mean > 0.0)).map(|(ends, mean)| ends.map(|x| x / mean - 1.0));
        [0, 1].map(|end| {
            let x = relative.map(|ends| 100.0 * ends[end]);
            x.map_or(Cell::Nothing, |x| Cell::Number(numbers::fixed(x, 1), Some(x)))
        })
    };
    let unit = Quantity::Emissions.unit(total.mean.unwrap_or(0.0));
    let column = shown.parts.columns.iter().find(|column| column.by == "tier");
    let mut rows = Vec::new();
    for row in column.iter().flat_map(|column| &column.rows) {
        let Part::Value(tier) = &row.part else { continue };
        let variance = shares.tiers.iter().find(|share| share.value.as_deref() == Some(tier)).map(|share| share.total);
        let [lo, hi] = ends(&row.emissions_t);
        rows.push(vec![
            text(format!("tier {tier}")),
            count(row.models),
            mean(&row.emissions_t, &unit),
            lo,
            hi,
            percent(variance),
        ]);
    }
    let shared = percent(Some(shares.shared_own.shared.first_order));
    rows.push(vec![text("shared effects"), Cell::Nothing, Cell::Nothing, Cell::Nothing, Cell::Nothing, shared]);
    let [lo, hi] = ends(total);
    let models = count(outcome.posterior.total.models);
    rows.push(vec![text("total"), models, mean(total, &unit), lo, hi, percent(Some(1.0))]);
    Ok(Table {
        caption: format!(
            "Uncertainty by category, IPCC Approach 2 (2006 Guidelines, volume 1, chapter 3): mean in {}, ends of the {} as \
             per cent of the mean, and the contribution to the variance.",
            unit.name,
            level(&outcome.settings)
        ),
        label: "ipcc",
        columns: columns(&[
            ("category", false),
            ("models", true),
            ("mean", true),
            ("below (%)", true),
            ("above (%)", true),
            ("variance (%)", true),
        ]),
        rows,
    })
}
