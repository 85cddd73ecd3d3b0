//! Records of `haze track`: the runs of one name as one model.
//!
//! The energy of a row is the distribution that was measured, of several runs their sum with the meters' errors in common
//! ([`crate::track::total`]). What counts of a file is decided in [`crate::track::read`].

use super::{GroupBy, Imported, Importer, Row, Source, cells};
use crate::portfolio::formats::Fault;
use crate::track::read::{self, LeftOut, Records};
use crate::track::record::Record;
use crate::track::row;

/// The log of `haze track`.
pub(super) const IMPORTER: Importer = Importer { kind: "track", title: "records of haze track", recognise, read };

/// The id of a run whose name is empty.
const UNNAMED: &str = "run";

fn recognise(source: &Source<'_>) -> bool {
    read::is_log(&source.text)
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let faults = source.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let Records { counted, left_out, ranks } = read::records(&source.text);
    let mut out = Imported::default();
    if counted.is_empty() {
        return Err(nothing(&left_out));
    }
    for left in left_out {
        let change = if left.is_copy { Imported::repaired } else { Imported::dropped };
        change(&mut out, left.line, "", left.value, left.reason);
    }
    if ranks > 0 {
        let reason = format!("{ranks} records are of ranks whose node another rank read; each node counts once");
        out.assumed(0, "reader", "", reason);
    }
    let mut groups: Vec<(String, Vec<(u64, &Record)>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for (line, record) in &counted {
        let id = id_of(record, source.group_by);
        let at = *known.entry(id.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, records)) => records.push((*line, record)),
            None => groups.push((id, vec![(*line, record)])),
        }
    }
    for (id, records) in &groups {
        of_group(id, records, &mut out);
    }
    Ok(out)
}

/// Why no record counts.
fn nothing(left_out: &[LeftOut]) -> Vec<Fault> {
    let faults: Vec<Fault> = left_out
        .iter()
        .filter(|left| !left.is_copy)
        .map(|left| Fault::new(left.line, "", left.reason.clone()))
        .collect();
    if faults.is_empty() { vec![Fault::new(0, "", "no record of the file has an energy")] } else { faults }
}

/// What a run belongs to: its name, its job, or itself.
fn id_of(record: &Record, group_by: GroupBy) -> String {
    let name = cells::id(&record.name).unwrap_or_else(|| UNNAMED.into());
    let job = || record.job.as_ref().and_then(|job| job.id.as_ref());
    match group_by {
        GroupBy::Project => name,
        GroupBy::Experiment => job().map_or_else(|| record.id.clone(), |job| format!("{name}-{job}")),
        GroupBy::Run => record.id.clone(),
    }
}

fn of_group(id: &str, records: &[(u64, &Record)], out: &mut Imported) {
    let line = records.first().map_or(0, |(line, _)| *line);
    let all: Vec<&Record> = records.iter().map(|(_, record)| *record).collect();
    let Some(found) = row::of(id, &all) else { return };
    let mut row = Row::new(line, id);
    found.cells.into_iter().filter(|(column, _)| *column != "id").for_each(|(column, cell)| row.set(column, cell));
    for remark in found.remarks {
        let change = if remark.is_left_out { Imported::dropped } else { Imported::assumed };
        change(out, line, remark.field, remark.value, remark.reason);
    }
    out.rows.push(row);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::assess::{Slot, assess};
    use crate::import::What;
    use crate::portfolio::cell::NoFiles;
    use crate::portfolio::{Distribution, Portfolio, Study, models_file};
    use crate::track::record::example;

    #[test]
    fn a_file_without_a_record_that_counts_is_refused_with_its_lines() {
        let line = example::record("a").line();
        let torn = format!("{line}{}", &line[..200]);
        let read = |text: &str| {
            let source = Source::new(Path::new("haze-track.jsonl"), text.as_bytes(), GroupBy::Project);
            (IMPORTER.read)(&source)
        };
        assert_eq!(read(&torn).unwrap().rows.len(), 1);
        let faults = read(&line[..200]).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].line == 1 && faults[0].message.contains("no whole record"), "{faults:?}");
        let below_one = line.replace("\"gsd\":1.1", "\"gsd\":0.9");
        let faults = read(&below_one).unwrap_err();
        assert!(faults[0].message.contains("no lognormal"), "{faults:?}");
    }

    fn imported(text: &str, group_by: GroupBy) -> Imported {
        let source = Source::new(Path::new("haze-track.jsonl"), text.as_bytes(), group_by);
        assert_eq!(crate::import::recognised(&source).map(|importer| importer.kind), Some("track"));
        read(&source).unwrap()
    }

    #[test]
    fn runs_of_a_name_are_one_model() {
        let again = Record { id: "again".into(), ..example::record("a") };
        let text = [example::record("a"), again, example::record("b")].map(|record| record.line()).concat();
        let found = imported(&text, GroupBy::Project);
        let energies: Vec<_> =
            found.rows.iter().map(|r| (r.get("id").unwrap(), r.get("energy_kwh").unwrap())).collect();
        assert_eq!(energies, [("a", "lognormal(4, 1.1)"), ("b", "lognormal(2, 1.1)")]);
        assert!(found.changes.is_empty(), "{:?}", found.changes);
        assert_eq!(imported(&text, GroupBy::Run).rows.len(), 3);
    }

    #[test]
    fn a_torn_line_is_named() {
        let line = example::record("a").line();
        let found = imported(&format!("{}\n{line}", &line[..100]), GroupBy::Project);
        assert_eq!(found.rows.len(), 1);
        assert_eq!(found.changes.iter().map(|c| (c.what, c.line)).collect::<Vec<_>>(), [(What::Dropped, 1)]);
    }

    /// The factor that the chain uses is the distribution of the record, to the last bit.
    #[test]
    fn the_energy_goes_through_the_chain_unchanged() {
        let mut record = example::record("lab/a");
        record.measured.as_mut().unwrap().energy =
            crate::track::measured::Energy { median_kwh: 1.0 / 3.0, gsd: 1.0 + 0.1 / 3.0 };
        let factor = |text: &str| {
            let source = Source::new(Path::new("x.jsonl"), text.as_bytes(), GroupBy::Project);
            let table = read(&source).unwrap();
            let file = models_file::of_imported(Path::new("x.jsonl"), table, &NoFiles).unwrap();
            let assessment = assess(&Portfolio::new(file.models, Study::default())).unwrap();
            let factor = assessment.models[0].factors[Slot::Reporting as usize].clone().unwrap();
            (factor.distribution, factor.shared.len())
        };
        let (found, effects) = factor(&record.line());
        assert_eq!(found, Distribution::LogNormal { median: 1.0 / 3.0, gsd: 1.0 + 0.1 / 3.0 });
        assert_eq!(effects, 0);
        // Negative control: a plain number would get the error of a meter on top.
        let plain = record.line().replace("\"gsd\":1.0333333333333334", "\"gsd\":1.0");
        assert_ne!(factor(&plain).0, found);
    }
}
