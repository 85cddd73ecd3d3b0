//! Rules that look across rows: rows that sum up others, copies that several processes logged, and lineage that goes in
//! circles or backwards in time.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Across, ById, Row, size};
use crate::portfolio::problem::{Warning, shorten};
use crate::portfolio::{Date, Model, Source, Value};

/// A row is the sum of others within this.
const SUM_WITHIN: f64 = 5e-3;
/// Energies of several processes of one machine are equal within this.
const EQUAL_WITHIN: f64 = 1e-3;
/// So many equal energies are no coincidence.
const COPIES: usize = 3;
/// Words that a row which sums up others, or has their mean, is called by.
const TOTALS: [&str; 36] = [
    "total",
    "totals",
    "sum",
    "subtotal",
    "overall",
    "all",
    "all models",
    "grand total",
    "sum total",
    "aggregate",
    "average",
    "averages",
    "mean",
    "median",
    "gesamt",
    "gesamtsumme",
    "summe",
    "insgesamt",
    "durchschnitt",
    "mittelwert",
    "somme",
    "moyenne",
    "suma",
    "promedio",
    "totale",
    "media",
    "totaal",
    "итого",
    "всего",
    "合计",
    "总计",
    "小计",
    "合計",
    "総計",
    "합계",
    "총계",
];
/// The sign of a sum by itself.
const SIGMA: [&str; 2] = ["Σ", "∑"];

/// Every rule of this file.
pub(super) const RULES: [Across; 5] = [totals, equal_energies, cycles, later_parents, calculators];

type Figure = (&'static str, fn(&Model) -> &Option<Value>);

/// Figures that add up over models.
const FIGURES: [Figure; 4] = [
    ("emissions", |m| &m.emissions_kg),
    ("energy_kwh", |m| &m.energy_kwh),
    ("gpu_hours", |m| &m.gpu_hours),
    ("compute_flop", |m| &m.compute_flop),
];

/// Whether a name is that of a total row.
fn is_called_total(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let joined = words.join(" ");
    TOTALS.contains(&joined.as_str())
        || SIGMA.contains(&name.trim())
        || matches!(
            words.as_slice(),
            ["total" | "totals" | "sum" | "subtotal", ..] | [.., "total" | "totals" | "subtotal"]
        )
}

/// Rows that are the sum of the others of their organization or of all, or are called a total.
fn totals<'m>(models: &'m [Model], _: &ById<'m>, found: &mut Vec<Warning>) {
    let mut groups: BTreeMap<&str, Vec<&Model>> = BTreeMap::new();
    for model in models {
        groups.entry(model.labels.get("organization").unwrap_or("")).or_default().push(model);
    }
    let sums: BTreeMap<&str, Sums> = groups.iter().map(|(of, rows)| (*of, sums(rows.iter().copied()))).collect();
    let of_all = sums_of_all(models, groups.len());
    for (organization, rows) in &groups {
        for model in rows {
            let of_others = sums.get(organization).and_then(|sums| is_sum(model, sums));
            let of_all = || of_all.as_ref().and_then(|sums| is_sum(model, sums));
            let sum = of_others.map(|sum| (sum, " of its organization")).or_else(|| Some((of_all()?, "")));
            let called = is_called_total(&model.id) || model.labels.get("name").is_some_and(is_called_total);
            let mut row = Row { model, found };
            if let Some(((name, x, others), whose)) = sum {
                let message = format!(
                    "looks like a total row: its {name} is the sum of the {others} other rows{whose}, and is counted on top of \
                     them; delete the row"
                );
                row.warn("total-row", name, x, message);
            } else if called && models.len() > 1 {
                let message = "looks like a total row by its name, and is counted on top of the other rows; delete the row if it \
                               is their sum or mean";
                row.warn_text("total-row", "id", &model.id, message.into());
            }
        }
    }
}

/// Of each figure the sum over rows, and how many state it.
type Sums = [(f64, usize); 4];

fn sums<'m>(rows: impl Iterator<Item = &'m Model> + Clone) -> Sums {
    FIGURES.map(|(_, figure)| {
        let sizes = rows.clone().filter_map(|m| size(figure(m)));
        (sizes.clone().sum::<f64>(), sizes.count())
    })
}

/// Those of all rows, where they are of several organizations.
fn sums_of_all(models: &[Model], organizations: usize) -> Option<Sums> {
    (organizations > 1).then(|| sums(models.iter()))
}

/// The figure of which a row is the sum of the others, its value, and how many the others are.
fn is_sum(model: &Model, sums: &Sums) -> Option<(&'static str, f64, usize)> {
    let mut agreeing = Vec::new();
    for ((name, figure), (sum, count)) in FIGURES.into_iter().zip(*sums) {
        if let Some(x) = size(figure(model)).filter(|_| count >= 3)
            && (2.0 * x / sum - 1.0).abs() < SUM_WITHIN / 2.0
        {
            agreeing.push((name, x, count - 1));
        }
    }
    // Of two others one agreement may be chance: round numbers add up.
    let several = agreeing.len() >= 2;
    agreeing.into_iter().next().filter(|(_, _, others)| *others >= 3 || several)
}

/// Rows of one organization and date with the same energy: copies, or processes that each measured the whole machine.
fn equal_energies<'m>(models: &'m [Model], _: &ById<'m>, found: &mut Vec<Warning>) {
    // By the date that was read: the time of day does not tell processes of one machine apart.
    let mut groups: BTreeMap<(&str, Date), Vec<(f64, &Model)>> = BTreeMap::new();
    for model in models {
        let organization = model.labels.get("organization").unwrap_or("");
        if let (Some(kwh), Some(date)) = (size(&model.energy_kwh), model.date) {
            groups.entry((organization, date)).or_default().push((kwh, model));
        }
    }
    for rows in groups.values_mut() {
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        for equal in rows.chunk_by(|a, b| b.0 <= a.0 * (1.0 + EQUAL_WITHIN)) {
            let [(kwh, first), ..] = equal else { continue };
            if equal.len() < COPIES {
                continue;
            }
            let message = format!(
                "{} rows of one organization and date have the same energy: are they copies, or processes of one machine that each \
                 logged all of it? Then count one of them",
                equal.len()
            );
            Row { model: first, found }.warn("equal-energies", "energy_kwh", *kwh, message);
        }
    }
}

/// Cycles of bases, each once, at the row of it that comes first.
fn cycles<'m>(models: &'m [Model], by_id: &ById<'m>, found: &mut Vec<Warning>) {
    // What is known to lead out, or to have been reported.
    let mut done: HashSet<&str> = HashSet::new();
    for start in models {
        let mut path: Vec<(&Model, usize)> = vec![(start, 0)];
        let mut on_path: HashMap<&str, usize> = HashMap::from([(start.id.as_str(), 0)]);
        while let Some((model, next)) = path.last_mut() {
            let model: &Model = model;
            let Some(base) = model.base_models.get(*next) else {
                done.insert(&model.id);
                on_path.remove(model.id.as_str());
                path.pop();
                continue;
            };
            *next += 1;
            if done.contains(base.id.as_str()) {
                continue;
            }
            let Some(base) = by_id.get(base.id.as_str()).copied() else { continue };
            if let Some(from) = on_path.get(base.id.as_str()) {
                report_cycle(&path[*from..], found);
                continue;
            }
            on_path.insert(&base.id, path.len());
            path.push((base, 0));
        }
    }
}

/// Names the first four rows of a cycle and the last: a cycle may be as long as the file.
fn report_cycle(cycle: &[(&Model, usize)], found: &mut Vec<Warning>) {
    let [(model, _), ..] = cycle else { return };
    let names = |part: &[(&Model, usize)]| part.iter().map(|(m, _)| shorten(&m.id)).collect::<Vec<_>>().join(" → ");
    let shown = match cycle {
        [first @ .., last] if first.len() > 3 => format!("{} → … → {}", names(&first[..4]), shorten(&last.0.id)),
        all => names(all),
    };
    let message = format!(
        "a cycle of {} base models: {shown} → {}; each is taken for a derivative, so no training run is counted",
        cycle.len(),
        shorten(&model.id)
    );
    Row { model, found }.warn_text("lineage-cycle", "base_model", &model.id, message);
}

/// Bases that are dated later than what was made of them.
fn later_parents<'m>(models: &'m [Model], by_id: &ById<'m>, found: &mut Vec<Warning>) {
    for model in models {
        let bases = model.base_ids().filter_map(|id| by_id.get(id));
        for base in bases {
            let (Some(own), Some(of_base)) = (model.date, base.date) else { continue };
            if is_later(of_base, own) {
                let message =
                    format!("earlier than the date of its base {}; is one of the dates wrong?", shorten(&base.id));
                let date = model.labels.get("date").unwrap_or("");
                Row { model, found }.warn_text("parent-later", "date", date, message);
            }
        }
    }
}

/// Whether a date is later than another as far as both are known.
fn is_later(a: Date, b: Date) -> bool {
    let months = a.month.zip(b.month);
    let days = a.day.zip(b.day);
    let same_month = a.year == b.year && months.is_some_and(|(a, b)| a == b);
    a.year > b.year
        || a.year == b.year && months.is_some_and(|(a, b)| a > b)
        || same_month && days.is_some_and(|(a, b)| a > b)
}

/// Emissions that a calculator made of the energy that it states too: one warning for each file.
fn calculators<'m>(models: &'m [Model], _: &ById<'m>, found: &mut Vec<Warning>) {
    // A distribution is an interval that somebody states, and is used as it is.
    let plain = |m: &Model| matches!(m.emissions_kg, Some(Value::Number(_)));
    let both = |m: &&Model| {
        m.source == Source::Calculator && plain(m) && size(&m.energy_kwh).is_some() && size(&m.emissions_kg).is_some()
    };
    let mut rows: BTreeMap<&std::path::Path, Vec<&Model>> = BTreeMap::new();
    for model in models.iter().filter(both) {
        rows.entry(model.place.file.as_path()).or_default().push(model);
    }
    for rows in rows.values() {
        let [first, ..] = rows.as_slice() else { continue };
        let message = format!(
            "in {} a calculator states energy and emissions: its emissions are its energy times a factor of its own, so only the \
             energy is used, with the grid of the region",
            match rows.len() {
                1 => "one row".to_string(),
                n => format!("{n} rows of this file"),
            }
        );
        Row { model: first, found }.warn(
            "calculator-factor",
            "emissions",
            size(&first.emissions_kg).unwrap_or(0.0),
            message,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, bases: &[&str]) -> Model {
        let base_models = bases.iter().map(|b| crate::portfolio::Base::of(*b)).collect();
        Model { id: id.to_string(), base_models, ..Model::default() }
    }

    fn rules(models: &[Model]) -> Vec<(&'static str, String)> {
        let by_id = models.iter().map(|m| (m.id.as_str(), m)).collect();
        let mut found = Vec::new();
        RULES.iter().for_each(|rule| rule(models, &by_id, &mut found));
        found.into_iter().map(|w| (w.rule, w.message)).collect()
    }

    #[test]
    fn cycles_are_named_once() {
        let found = rules(&[
            model("a", &["b"]),
            model("b", &["c"]),
            model("c", &["a", "d"]),
            model("d", &[]),
            model("e", &["a"]),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("a → b → c → a"), "{}", found[0].1);
        let ring: Vec<Model> =
            ["a", "b", "c", "d", "e", "f", "a"].windows(2).map(|pair| model(pair[0], &pair[1..])).collect();
        let message = &rules(&ring)[0].1;
        assert!(message.contains("6 base models: a → b → c → d → … → f → a;"), "{message}");
        // A diamond is none.
        assert!(rules(&[model("a", &["b", "c"]), model("b", &["d"]), model("c", &["d"]), model("d", &[])]).is_empty());
    }

    #[test]
    fn a_total_over_organizations_is_found_too() {
        let of = |id: &str, organization: &str, hours: f64| {
            let labels = [("organization".to_string(), organization.to_string())].into();
            Model { gpu_hours: Some(Value::Number(hours)), labels, ..model(id, &[]) }
        };
        let rows = [of("a", "L", 10.0), of("b", "M", 25.0), of("c", "N", 41.0), of("x", "", 76.0)];
        assert_eq!(rules(&rows).iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), ["total-row"]);
        assert!(rules(&[of("a", "L", 10.0), of("b", "M", 25.0), of("c", "N", 41.0), of("x", "", 77.0)]).is_empty());
    }

    #[test]
    fn dates_are_compared_as_far_as_both_are_known() {
        let date = |year, month, day| Date { year, month, day };
        let may = |day| date(2024, Some(5), day);
        assert!(is_later(may(Some(20)), may(Some(1))) && is_later(date(2025, None, None), may(Some(1))));
        for (a, b) in [(may(None), may(Some(1))), (may(Some(1)), may(Some(1))), (date(2024, None, None), may(None))] {
            assert!(!is_later(a, b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn totals_are_found_by_name_and_by_sum() {
        let hours = |id: &str, hours: f64, kwh: f64| Model {
            gpu_hours: Some(Value::Number(hours)),
            energy_kwh: Some(Value::Number(kwh)),
            ..model(id, &[])
        };
        let three = [hours("a", 1.0, 3.0), hours("b", 2.0, 7.0), hours("c", 3.0, 10.0)];
        assert_eq!(rules(&three)[0].0, "total-row");
        // One figure of three rows may be chance.
        assert!(rules(&[hours("a", 1.0, 3.0), hours("b", 2.0, 7.0), hours("c", 3.0, 11.0)]).is_empty());
        for name in
            ["Total", "TOTAL:", "Lab total", "total (3 sizes)", "Sum", "Gesamt", "合计", "Somme", "Σ", "Average"]
        {
            assert_eq!(rules(&[hours("a", 1.0, 3.0), hours(name, 20.0, 7.0)])[0].0, "total-row", "{name}");
        }
        for name in ["totally-8b", "x/totality", "summer", "all-MiniLM-L6", "summary-7b", "media-llm"] {
            assert!(rules(&[hours("a", 1.0, 3.0), hours(name, 20.0, 7.0)]).is_empty(), "{name}");
        }
    }
}
