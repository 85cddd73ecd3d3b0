//! `models.csv` and `groups.csv`: one row each, units in the column names, every digit of the result.
//!
//! An undefined number is an empty cell. Rows stand in the order of the JSON result: models by id, groups by
//! (by, value).

use std::io::{self, Write};

use super::columns::{self, Cell, Column};
use super::numbers;
use crate::posterior::{EachModel, Posterior};

/// One row per model.
pub fn models(out: &mut dyn Write, models: &dyn EachModel) -> io::Result<()> {
    let mut table = Table::new(out, &columns::of_models())?;
    models.each(&mut |model| table.row(columns::of_model(model)))?;
    table.csv.flush()
}

/// One row per group; only the header where no groups were asked for.
pub fn groups(out: &mut dyn Write, posterior: &Posterior) -> io::Result<()> {
    let mut table = Table::new(out, &columns::of_groups())?;
    posterior.groups.iter().try_for_each(|group| table.row(columns::of_group(group)))?;
    table.csv.flush()
}

/// A file under way.
struct Table<'w> {
    csv: csv::Writer<&'w mut dyn Write>,
}

impl<'w> Table<'w> {
    fn new(out: &'w mut dyn Write, columns: &[Column]) -> io::Result<Table<'w>> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(columns.iter().map(|column| &column.name))?;
        Ok(Table { csv })
    }

    fn row<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> io::Result<()> {
        let cell = |cell| match cell {
            Cell::Text(text) => as_text(text),
            Cell::Count(count) => count.to_string(),
            Cell::Number(number) => numbers::round_trip(number),
        };
        Ok(self.csv.write_record(cells.map(cell))?)
    }
}

/// A name as text: a spreadsheet would take one that begins like this for a formula. An apostrophe in front is how
/// spreadsheets mark text (OWASP, CSV Injection).
pub(crate) fn as_text(name: &str) -> String {
    match name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{name}"),
        false => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, Estimate, example};

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
