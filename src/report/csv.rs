//! `models.csv` and `groups.csv`: one row each, units in the column names, every digit of the result.
//!
//! An undefined number is an empty cell. Rows stand in the order of the JSON result: models by id, groups by
//! (by, value).

use std::io::Write;

use super::numbers;
use crate::posterior::{Estimate, Posterior};

/// Columns of one estimate, to be put between a quantity's name and its unit.
const PARTS: [&str; 14] = [
    "mean",
    "sd",
    "median",
    "lo",
    "hi",
    "shortest_lo",
    "shortest_hi",
    "mean_mcse",
    "sd_mcse",
    "median_mcse",
    "lo_mcse",
    "hi_mcse",
    "shortest_lo_mcse",
    "shortest_hi_mcse",
];

/// One row per model.
pub fn models(out: &mut dyn Write, posterior: &Posterior) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let mut header: Vec<String> = ["id", "tier", "share_of_mean"].map(String::from).into();
    header.extend(columns("emissions", "t"));
    header.extend(columns("atci", "kg_per_eflop"));
    table.write_record(&header)?;
    for model in &posterior.models {
        let mut row = vec![as_text(&model.id), model.tier.name().into(), numbers::round_trip(model.share)];
        row.extend(cells(&model.emissions_t));
        row.extend(cells(&model.atci_kg_per_eflop));
        table.write_record(&row)?;
    }
    Ok(table.flush()?)
}

/// One row per group; only the header where no groups were asked for.
pub fn groups(out: &mut dyn Write, posterior: &Posterior) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let mut header: Vec<String> = ["by", "value", "models", "share_of_mean"].map(String::from).into();
    header.extend(columns("emissions", "t"));
    header.extend(columns("compute", "eflop"));
    header.extend(columns("atci", "kg_per_eflop"));
    table.write_record(&header)?;
    for group in &posterior.groups {
        let mut row =
            vec![as_text(&group.by), as_text(&group.value), group.models.to_string(), numbers::round_trip(group.share)];
        row.extend(cells(&group.emissions_t));
        row.extend(cells(&group.compute_eflop.unwrap_or_default()));
        row.extend(cells(&group.atci_kg_per_eflop.unwrap_or_default()));
        table.write_record(&row)?;
    }
    Ok(table.flush()?)
}

/// A name as text: a spreadsheet would take one that begins like this for a formula. An apostrophe in front is how
/// spreadsheets mark text (OWASP, CSV Injection).
pub(crate) fn as_text(name: &str) -> String {
    match name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{name}"),
        false => name.to_string(),
    }
}

fn columns(quantity: &str, unit: &str) -> [String; PARTS.len()] {
    PARTS.map(|part| format!("{quantity}_{part}_{unit}"))
}

fn cells(e: &Estimate) -> [String; PARTS.len()] {
    let [lo, hi] = ends(e.interval);
    let [shortest_lo, shortest_hi] = ends(e.shortest);
    let [lo_mcse, hi_mcse] = ends(e.mcse.interval);
    let [shortest_lo_mcse, shortest_hi_mcse] = ends(e.mcse.shortest);
    // In the order of PARTS.
    [
        e.mean,
        e.sd,
        e.median,
        lo,
        hi,
        shortest_lo,
        shortest_hi,
        e.mcse.mean,
        e.mcse.sd,
        e.mcse.median,
        lo_mcse,
        hi_mcse,
        shortest_lo_mcse,
        shortest_hi_mcse,
    ]
    .map(numbers::round_trip)
}

fn ends(pair: Option<[f64; 2]>) -> [Option<f64>; 2] {
    pair.map_or([None; 2], |p| p.map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, example};

    fn read(text: &[u8]) -> Vec<std::collections::BTreeMap<String, String>> {
        csv::Reader::from_reader(text).deserialize().map(|row| row.unwrap()).collect()
    }

    #[test]
    fn rows_read_back_as_the_posterior() {
        let (mut assessment, plan, summary, oracle) = example::lognormal(6, 640);
        assessment.models[0].id = "a, \"quoted\" id".into();
        let mut p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        p.models[3].atci_kg_per_eflop = Estimate::default();
        p.groups[1].compute_eflop = None;
        let (mut by_model, mut by_group) = (Vec::new(), Vec::new());
        models(&mut by_model, &p).unwrap();
        groups(&mut by_group, &p).unwrap();

        let rows = read(&by_model);
        assert_eq!(rows.len(), 6);
        assert_eq!(rows[0]["id"], "a, \"quoted\" id");
        for (row, m) in rows.iter().zip(&p.models) {
            let e = &m.emissions_t;
            for (column, want) in [
                ("emissions_mean_t", e.mean),
                ("emissions_hi_t", e.interval.map(|x| x[1])),
                ("emissions_shortest_lo_t", e.shortest.map(|x| x[0])),
                ("emissions_lo_mcse_t", e.mcse.interval.map(|x| x[0])),
                ("atci_median_kg_per_eflop", m.atci_kg_per_eflop.median),
                ("share_of_mean", m.share),
            ] {
                assert_eq!(row[column].parse().ok(), want, "{column}");
            }
            // No standard error of a single model's shortest interval.
            assert_eq!(row["emissions_shortest_lo_mcse_t"], "");
        }
        assert_eq!(rows[3]["atci_mean_kg_per_eflop"], "");

        let rows = read(&by_group);
        assert_eq!(rows.len(), p.groups.len());
        assert_eq!((rows[1]["by"].as_str(), rows[1]["compute_mean_eflop"].as_str()), ("organization", ""));
        assert_eq!(rows[0]["compute_mean_eflop"].parse().ok(), p.groups[0].compute_eflop.unwrap().mean);
        assert_ne!(rows[0]["compute_mean_eflop"], rows[0]["emissions_mean_t"]);
    }
}
