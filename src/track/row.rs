//! The row of a models file that one or several records are.
//!
//! The energy is a distribution in its cell, which the chain uses exactly as it is written: no error of a meter is added
//! to the one it has, and `source` only says what kind of figure it is: `metered` where most of the energy was read, else
//! `calculator`. It is energy at the plug of the machines, so PUE comes on top. Accelerator-hours are left out, as for
//! CodeCarbon: the meter has seen what the clock would only suggest, and hours of an idle GPU would contradict it.

use super::record::Record;
use super::total;
use crate::portfolio::number::Decimal;

/// Cells by column, and what a person should know of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Under the columns of `docs/columns.md`.
    pub cells: Vec<(&'static str, String)>,
    /// What the records do not say with one voice.
    pub remarks: Vec<Remark>,
}

/// Something that several records say differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The field.
    pub field: &'static str,
    /// What stands there.
    pub value: String,
    /// What became of it.
    pub reason: String,
    /// Whether the cell is left empty.
    pub is_left_out: bool,
}

/// A distribution as a cell: the digits that give the same numbers again.
pub fn cell(median: f64, gsd: f64) -> String {
    if median > 0.0 && gsd > 1.0 {
        format!("lognormal({}, {})", Decimal(median), Decimal(gsd))
    } else {
        format!("fixed({})", Decimal(median))
    }
}

/// The row of these records as one model; `None` where none of them has an energy.
pub fn of(id: &str, records: &[&Record]) -> Option<Row> {
    let energy = total::sum(records.iter().filter_map(|record| record.energy()))?;
    let read: Vec<&&Record> = records.iter().filter(|record| record.measured.is_some()).collect();
    let mut cells = vec![("id", id.to_string())];
    let mut remarks = Vec::new();
    if let Some(day) = read.iter().map(|record| record.day()).max().filter(|day| !day.is_empty()) {
        cells.push(("date", day.to_string()));
    }
    let places: Vec<String> = read.iter().filter_map(|r| r.place.as_ref()?.region.clone()).collect();
    if let Some(region) = in_order(&places) {
        cells.push(("region", region));
    }
    let providers: Vec<String> = read.iter().filter_map(|r| r.place.as_ref()?.provider.clone()).collect();
    one(&mut cells, &mut remarks, "provider", &providers);
    let chips: Vec<String> = read.iter().filter_map(|r| Some(r.accelerators()?.0.to_string())).collect();
    one(&mut cells, &mut remarks, "hardware", &chips);
    let counts: Vec<String> = read.iter().filter_map(|r| Some(r.accelerators()?.1.to_string())).collect();
    if counts.windows(2).all(|pair| pair[0] == pair[1]) {
        one(&mut cells, &mut remarks, "hardware_count", &counts);
    }
    let metered: f64 = read.iter().map(|r| r.metered_share() * r.energy().map_or(0.0, |e| e.median_kwh)).sum();
    cells.push(("source", if metered >= 0.5 * energy.median_kwh { "metered" } else { "calculator" }.to_string()));
    cells.push(("energy_kwh", cell(energy.median_kwh, energy.gsd)));
    if let Some(several) = in_order(&places).filter(|all| all.contains(';')) {
        let reason = "the runs were in several places, which count equally".to_string();
        remarks.push(Remark { field: "region", value: several, reason, is_left_out: false });
    }
    Some(Row { cells, remarks })
}

/// Each once, in the order of the first of each; `None` of none.
fn in_order(texts: &[String]) -> Option<String> {
    let mut found: Vec<&str> = Vec::new();
    for text in texts {
        if !found.contains(&text.as_str()) {
            found.push(text);
        }
    }
    (!found.is_empty()).then(|| found.join("; "))
}

/// What all say, or a remark.
fn one(cells: &mut Vec<(&'static str, String)>, remarks: &mut Vec<Remark>, field: &'static str, texts: &[String]) {
    let Some(first) = texts.first() else { return };
    if texts.iter().all(|text| text == first) {
        return cells.push((field, first.clone()));
    }
    let value = in_order(texts).unwrap_or_default();
    remarks.push(Remark { field, value, reason: "the runs differ; none is taken for all".into(), is_left_out: true });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::measured::Basis;
    use crate::track::place::Site;
    use crate::track::record::example;

    fn get<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
        row.cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| cell.as_str())
    }

    #[test]
    fn one_record() {
        let row = of("lab/a", &[&example::record("a")]).unwrap();
        for (column, want) in [
            ("id", "lab/a"),
            ("date", "2026-07-30"),
            ("energy_kwh", "lognormal(2, 1.1)"),
            ("source", "metered"),
            ("hardware", "NVIDIA H100 80GB HBM3"),
            ("hardware_count", "2"),
        ] {
            assert_eq!(get(&row, column), Some(want), "{column}");
        }
        assert_eq!((get(&row, "gpu_hours"), get(&row, "region")), (None, None));
    }

    #[test]
    fn several_records() {
        let mut other = example::record("b");
        other.ended = "2026-08-01T00:00:00.000Z".into();
        other.place = Some(Site { region: Some("France".into()), provider: Some("x".into()) });
        let devices = &mut other.measured.as_mut().unwrap().devices;
        devices.iter_mut().for_each(|device| device.basis = Basis::Estimated);
        devices[1].model = Some("A100".into());
        devices[0].model = Some("A100".into());
        other.measured.as_mut().unwrap().energy.median_kwh = 9.0;
        let row = of("a", &[&example::record("a"), &other]).unwrap();
        assert_eq!(get(&row, "energy_kwh"), Some("lognormal(11, 1.1)"));
        assert_eq!((get(&row, "date"), get(&row, "region")), (Some("2026-08-01"), Some("France")));
        assert_eq!((get(&row, "source"), get(&row, "hardware")), (Some("calculator"), None));
        assert_eq!(row.remarks.len(), 1);
        other.measured = None;
        assert_eq!(of("a", &[&other]), None);
    }
}
