//! CodeCarbon's `emissions.csv`: the runs of a project as one model.
//!
//! Columns are found by name, so that the files of all versions are read (12 columns in 1.0, 38 in 3.x, in any order).
//! `emissions` is in kg and `energy_consumed` in kWh, after `pue`, which is 1 unless somebody set it; `emissions_rate`
//! is never read, because its unit has changed. Energy and emissions of a model are sums over its runs, and a sum in
//! which a run is missing is not used: it would be too low. A named GPU with an energy of 0 had no counter, and its run
//! is missing in this sense.

use super::cells::{self, Cells};
use super::runs::{self, Run};
use super::{GroupBy, Imported, Importer, Row, Source};
use crate::portfolio::formats::Fault;
use crate::portfolio::number::Decimal;

/// CodeCarbon's log.
pub(super) const IMPORTER: Importer =
    Importer { kind: "codecarbon", title: "CodeCarbon's emissions.csv", recognise, read };

/// The name of a project that nobody named.
const DEFAULT_PROJECT: &str = "codecarbon";
/// The id that CodeCarbon gives every experiment that nobody named.
const DEFAULT_EXPERIMENT: &str = "5b0fa12a-3dd7-45bb-9766-cc326314d9f1";

fn recognise(source: &Source<'_>) -> bool {
    let names = cells::header(&source.text);
    let has = |name: &str| names.iter().any(|known| known == name);
    let measures = has("energyconsumed") || has("emissions");
    let marks = has("emissionsrate") || has("codecarbonversion") || has("trackingmode");
    // Version 1.0 has none of these marks.
    let first = ["timestamp", "duration", "energyconsumed", "countryisocode", "oncloud"].iter().all(|name| has(name));
    let of_runs = ["timestamp", "projectname", "runid", "experimentid"].iter().any(|name| has(name));
    // Somebody who has named the figures has made a models file of it.
    let mapped = ["energykwh", "emissionskg", "emissionst", "emissionsg"].iter().any(|name| has(name));
    measures && of_runs && (marks || first) && !mapped
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let cells = Cells::read(source)?;
    let mut imported = Imported::default();
    let runs = runs::read(&cells, &mut imported);
    let place = source.id_of_place();
    let place = place.as_deref().unwrap_or(DEFAULT_PROJECT);
    let mut groups: Vec<(String, Vec<Run>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for run in runs {
        let id = id_of(&run, source.group_by, place);
        let at = *known.entry(id.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, runs)) => runs.push(run),
            None => groups.push((id, vec![run])),
        }
    }
    for (id, runs) in &groups {
        let row = row(id, place, runs, &cells, &mut imported);
        imported.rows.push(row);
    }
    Ok(imported)
}

/// What a run belongs to. A name that nobody chose is not one: the place of the file says more.
fn id_of(run: &Run, group_by: GroupBy, place: &str) -> String {
    let (name, default) = match group_by {
        GroupBy::Project => (&run.project, DEFAULT_PROJECT),
        GroupBy::Experiment => (&run.experiment, DEFAULT_EXPERIMENT),
        GroupBy::Run if run.run_id.is_empty() => return format!("{place}-run-{}", run.line),
        GroupBy::Run => (&run.run_id, ""),
    };
    cells::id(name).filter(|id| id != default).unwrap_or_else(|| place.to_string())
}

fn row(id: &str, place: &str, runs: &[Run], cells: &Cells, imported: &mut Imported) -> Row {
    let line = runs.first().map_or(0, |run| run.line);
    let mut row = Row::new(line, id);
    let project = runs.iter().map(|run| run.project.as_str()).find(|p| !p.is_empty() && *p != DEFAULT_PROJECT);
    row.set("project", cells::name(project.unwrap_or(place)));
    row.set("source", "calculator");
    figures(&mut row, runs, cells, imported);
    gpus(&mut row, runs, imported);
    places(&mut row, runs, imported);
    if let Some(day) = runs.iter().map(|run| run.day.as_str()).max() {
        row.set("date", day);
    }
    row
}

/// Energy and emissions.
fn figures(row: &mut Row, runs: &[Run], cells: &Cells, imported: &mut Imported) {
    if cells.place("energyconsumed").is_none() && cells.place("emissions").is_none() {
        return;
    }
    let all = runs.len();
    let without: Vec<&Run> = runs.iter().filter(|run| run.lacks_gpu_energy()).collect();
    if let Some(first) = without.first() {
        let reason = format!(
            "{} of {all} runs of {} have a GPU whose energy is 0: it had no counter that CodeCarbon could read, so \
             energy and emissions are without it; they are not used",
            without.len(),
            row.get("id").unwrap_or("")
        );
        imported.dropped(first.line, "gpu_energy", first.gpu_model.clone(), reason);
        return;
    }
    let whole = [
        ("energy_consumed", "energyconsumed", "energy_kwh", (|run| run.energy) as fn(&Run) -> Option<f64>),
        ("emissions", "emissions", "emissions_kg", |run| run.emissions),
    ];
    for (field, name, column, of) in whole {
        if cells.place(name).is_none() {
            continue;
        }
        let sum: f64 = runs.iter().filter_map(of).sum();
        match runs.iter().find(|run| of(run).is_none()) {
            None if sum.is_finite() => row.set(column, Decimal(sum).to_string()),
            None => imported.dropped(row.line, field, "", "the sum over the runs is too large"),
            Some(run) => {
                let reason = "this run has none, and the sum over the runs would be too low without it; it is not used";
                imported.dropped(run.line, field, "", reason);
            }
        }
    }
    boundary(row, runs, imported);
}

/// Whether the figures hold what the building uses.
fn boundary(row: &mut Row, runs: &[Run], imported: &mut Imported) {
    let pue = |run: &Run| run.pue.unwrap_or(1.0);
    let first = runs.first().map_or(1.0, pue);
    if let Some(other) = runs.iter().find(|run| pue(run) != first) {
        let reason =
            "the runs were measured with different PUE; the figures are taken for those of the computers alone";
        imported.assumed(other.line, "pue", Decimal(pue(other)).to_string(), reason);
    } else if !(1.0..=5.0).contains(&first) {
        imported.dropped(row.line, "pue", Decimal(first).to_string(), "a PUE lies between 1 and 5");
    } else if first > 1.0 {
        row.set("pue", Decimal(first).to_string());
        row.set("energy_includes_pue", "yes");
        row.set("emissions_include_pue", "yes");
    }
}

/// The GPUs, and the hours that they were used.
fn gpus(row: &mut Row, runs: &[Run], imported: &mut Imported) {
    let with: Vec<&Run> = runs.iter().filter(|run| run.gpu_count > 0.0).collect();
    let hours = with.iter().map(|run| run.duration.map(|s| s * run.gpu_count / 3600.0)).sum::<Option<f64>>();
    match hours {
        _ if with.is_empty() => {}
        // The meter has seen what the clock would only suggest: an idle GPU would contradict it.
        Some(_) if row.get("energy_kwh").is_some() => {}
        Some(hours) if hours.is_finite() => row.set("gpu_hours", Decimal(hours).to_string()),
        _ => imported.dropped(row.line, "duration", "", "a run has none, so the GPU-hours of all are not known"),
    }
    let Some(first) = runs.iter().find(|run| run.has_gpu()) else { return };
    let other = runs.iter().find(|run| run.has_gpu() && bare(&run.gpu_model) != bare(&first.gpu_model));
    match other {
        Some(other) => {
            let reason = format!("line {} has another chip ({}); none is taken for all", first.line, first.gpu_model);
            imported.dropped(other.line, "gpu_model", other.gpu_model.clone(), reason);
        }
        None => row.set("hardware", bare(&first.gpu_model)),
    }
    if first.gpu_count > 0.0 && runs.iter().all(|run| run.gpu_count == first.gpu_count) {
        row.set("hardware_count", Decimal(first.gpu_count).to_string());
    }
}

/// `NVIDIA A100` of `8 x NVIDIA A100`; several chips keep their numbers.
fn bare(model: &str) -> &str {
    match model.split_once(" x ") {
        Some((n, chip)) if n.bytes().all(|b| b.is_ascii_digit()) && !chip.contains(',') => chip.trim(),
        _ => model,
    }
}

/// Where the runs were.
fn places(row: &mut Row, runs: &[Run], imported: &mut Imported) {
    let mut found: Vec<String> = Vec::new();
    for run in runs {
        let place = place_of(run);
        if !place.is_empty() && !found.contains(&place) {
            // More would be a list of every place in the world.
            if found.len() == 50 {
                break;
            }
            found.push(place);
        }
    }
    if found.len() > 1 {
        let reason = format!("the runs were in {} places, which count equally", found.len());
        imported.assumed(row.line, "country_iso_code", found.join("; "), reason);
    }
    row.set("region", found.join("; "));
    let mut providers = runs.iter().map(|run| run.provider.as_str());
    let first = providers.next().unwrap_or("");
    if providers.all(|other| other == first) {
        row.set("provider", first);
    } else {
        imported.dropped(row.line, "cloud_provider", first, "other runs have another provider; none is taken for all");
    }
}

/// The cloud's region, else the state or province where that is more than the country, else the country.
fn place_of(run: &Run) -> String {
    if !run.cloud_region.is_empty() {
        return run.cloud_region.clone();
    }
    let part = run.region.to_lowercase();
    let parts: &[&str] = match run.country.as_str() {
        "USA" => &STATES,
        "CAN" => &PROVINCES,
        _ => &[],
    };
    if parts.contains(&part.as_str()) { format!("{part}, {}", run.country) } else { run.country.clone() }
}

const STATES: [&str; 51] = [
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "colorado",
    "connecticut",
    "delaware",
    "district of columbia",
    "florida",
    "georgia",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "new hampshire",
    "new jersey",
    "new mexico",
    "new york",
    "north carolina",
    "north dakota",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "rhode island",
    "south carolina",
    "south dakota",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
    "washington",
    "west virginia",
    "wisconsin",
    "wyoming",
];
const PROVINCES: [&str; 10] = [
    "alberta",
    "british columbia",
    "manitoba",
    "new brunswick",
    "newfoundland and labrador",
    "nova scotia",
    "ontario",
    "prince edward island",
    "quebec",
    "saskatchewan",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::import::What;

    /// The columns of version 3, in the order of some files of it.
    const HEAD: &str = "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,\
        gpu_power,ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,water_consumed,country_name,\
        country_iso_code,region,os,python_version,codecarbon_version,cpu_count,cpu_model,gpu_count,gpu_model,longitude,\
        latitude,ram_total_size,tracking_mode,on_cloud,pue,wue,cloud_provider,cloud_region";

    fn imported_as(text: &str, group_by: GroupBy) -> Imported {
        let source = Source::new(Path::new("bert/emissions.csv"), text.as_bytes(), group_by);
        assert!(recognise(&source), "{text}");
        read(&source).unwrap()
    }

    fn imported(text: &str) -> Imported {
        imported_as(text, GroupBy::Project)
    }

    /// A line of 3,600 s on one A100, 0.5 kWh and 0.1 kg.
    fn line(project: &str, run: &str, at: &str) -> String {
        format!(
            "2024-05-14T{at},{project},{run},5b0fa12a-3dd7-45bb-9766-cc326314d9f1,3600,0.1,0.00003,40,300,10,0.1,0.35,\
             0.05,0.5,0,France,FRA,,Linux-6.1,3.12.3,3.2.3,8,Some CPU,1,1 x NVIDIA A100-SXM4-40GB,2.3,48.8,32.5,machine,\
             N,1.0,0.0,,"
        )
    }

    fn of(lines: &[String]) -> Imported {
        imported(&format!("{HEAD}\n{}\n", lines.join("\n")))
    }

    #[test]
    fn runs_of_a_project_are_one_model() {
        let found = of(&[line("a", "r1", "10:00:00"), line("a", "r2", "12:00:00"), line("b", "r3", "10:00:00")]);
        assert_eq!(found.rows.len(), 2);
        let row = &found.rows[0];
        for (column, want) in [
            ("id", "a"),
            ("project", "a"),
            ("energy_kwh", "1"),
            ("emissions_kg", "0.2"),
            ("source", "calculator"),
            ("region", "FRA"),
            ("hardware", "NVIDIA A100-SXM4-40GB"),
            ("hardware_count", "1"),
            ("date", "2024-05-14"),
        ] {
            assert_eq!(row.get(column), Some(want), "{column}");
        }
        // The meter has the energy, so the clock's hours are not written.
        assert_eq!(row.get("gpu_hours"), None);
        assert_eq!((row.get("provider"), row.get("pue"), row.get("energy_includes_pue")), (None, None, None));
        assert!(found.changes.is_empty(), "{:?}", found.changes);
    }

    #[test]
    fn a_name_that_nobody_chose_is_the_place_of_the_file() {
        let lines = format!("{HEAD}\n{}\n{}\n", line("codecarbon", "r1", "10:00:00"), line("", "", "12:00:00"));
        let ids = |group_by| {
            let found = imported_as(&lines, group_by);
            found.rows.iter().map(|row| row.get("id").unwrap().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(GroupBy::Project), ["bert"]);
        assert_eq!(ids(GroupBy::Experiment), ["bert"]);
        assert_eq!(ids(GroupBy::Run), ["r1", "bert-run-3"]);
    }

    #[test]
    fn the_last_line_of_a_run_counts_and_a_new_start_is_a_run() {
        let flush = |s: &str, kwh: &str| line("a", "r1", "10:00:00").replace("3600", s).replace(",0.5,", kwh);
        let found = of(&[flush("10", ",0.1,"), flush("20", ",0.2,")]);
        assert_eq!(found.rows[0].get("energy_kwh"), Some("0.2"));
        // The duration falls: the counter began anew.
        let found = of(&[flush("10", ",0.1,"), flush("20", ",0.2,"), flush("5", ",0.05,")]);
        assert_eq!(found.rows[0].get("energy_kwh"), Some("0.25"));
        // Without an id each line is a run.
        let found = of(&[flush("10", ",0.1,"), flush("20", ",0.2,")].map(|line| line.replace("r1", "")));
        assert_eq!(found.rows[0].get("energy_kwh"), Some("0.30000000000000004"));
    }

    #[test]
    fn ranks_that_log_one_machine_count_once_and_machines_count_each() {
        let rank = |run: &str, at: &str, gpu: &str| line("a", run, at).replace(",0.35,", gpu);
        let found = of(&[rank("r1", "10:00:00", ",0.35,"), rank("r2", "10:00:01", ",0.3501,")]);
        assert_eq!(found.rows[0].get("energy_kwh"), Some("0.5"));
        assert_eq!(found.changes.iter().filter(|c| c.what == What::Repaired).count(), 1);
        // Another energy of the GPUs: another machine.
        let found = of(&[rank("r1", "10:00:00", ",0.35,"), rank("r2", "10:00:01", ",0.3,")]);
        assert_eq!(found.rows[0].get("energy_kwh"), Some("1"));
        assert!(found.changes.iter().any(|c| c.what == What::Assumed && c.reason.contains("overlap")));
    }

    #[test]
    fn a_gpu_without_a_counter_leaves_hours_and_no_energy() {
        let found = of(&[line("a", "r1", "10:00:00"), line("a", "r2", "12:00:00").replace(",0.35,", ",0.0,")]);
        let row = &found.rows[0];
        assert_eq!((row.get("energy_kwh"), row.get("emissions_kg"), row.get("gpu_hours")), (None, None, Some("2")));
        assert_eq!(found.changes.len(), 1);
        assert_eq!((found.changes[0].what, found.changes[0].line), (What::Dropped, 3));
    }

    #[test]
    fn a_run_without_a_figure_takes_the_sum_with_it() {
        for junk in ["-0.5", "inf", "0;5", ""] {
            let broken = line("a", "r2", "12:00:00").replace(",0.5,", &format!(",{junk},"));
            let found = of(&[line("a", "r1", "10:00:00"), broken]);
            let row = &found.rows[0];
            assert_eq!((row.get("energy_kwh"), row.get("emissions_kg")), (None, Some("0.2")), "{junk}");
            assert!(found.changes.iter().all(|c| c.what == What::Dropped && c.line == 3), "{junk}");
        }
    }

    /// CodeCarbon issue 1304: a line without its empty columns.
    #[test]
    fn lines_without_their_empty_columns_are_put_right() {
        let cpu = line("a", "r2", "12:00:00").replace("1,1 x NVIDIA A100-SXM4-40GB,2.3,48.8,", ",,,,");
        let short = cpu.replace("Some CPU,,,,,", "Some CPU,").replace(",1.0,0.0", ",1.2,0.0");
        assert!(short.split(',').count() + 4 == cpu.split(',').count());
        let found = of(&[
            cpu.replace(",1.0,0.0", ",1.2,0.0").replace("r2", "r1").replace("T12", "T10"),
            short.replace("0.35", "0"),
        ]);
        let row = &found.rows[0];
        assert_eq!((row.get("energy_kwh"), row.get("pue"), row.get("gpu_hours")), (Some("1"), Some("1.2"), None));
        assert_eq!(row.get("emissions_include_pue"), Some("yes"));
        assert_eq!(found.changes.iter().map(|c| c.what).collect::<Vec<_>>(), [What::Repaired]);
        // Negative control: a line that fits in no way is no run, and the sum is not used.
        let found = of(&[cpu, "2024-05-14T12:00:00,a,r9,1,2,3".to_string()]);
        assert_eq!(found.rows[0].get("energy_kwh"), None);
        assert!(found.changes.iter().all(|c| c.what == What::Dropped));
    }

    #[test]
    fn places_and_clouds() {
        let place = |from: &str, to: &str| {
            let found = of(&[line("a", "r1", "10:00:00").replace(from, to)]);
            (found.rows[0].get("region").unwrap().to_string(), found.rows[0].get("provider").map(str::to_string))
        };
        assert_eq!(place("FRA,,", "USA,georgia,"), ("georgia, USA".into(), None));
        assert_eq!(place("FRA,,", "CAN,Quebec,"), ("quebec, CAN".into(), None));
        assert_eq!(place("FRA,,", "DEU,baden-wurttemberg,"), ("DEU".into(), None));
        assert_eq!(place("N,1.0,0.0,,", "Y,1.0,0.0,aws,us-east-1"), ("us-east-1".into(), Some("aws".into())));
    }

    /// The header of version 1.0, without the marks of later ones.
    #[test]
    fn the_first_version_is_read_and_models_files_are_not_taken_for_it() {
        let found = imported(
            ",timestamp,experiment_id,project_name,duration,emissions,energy_consumed,country_name,country_iso_code,\
             region,on_cloud,cloud_provider,cloud_region\n\
             0,2020-07-22T21:26:11,x,alpha,48,4,6,Canada,CAN,Ontario,N,,\n",
        );
        let row = &found.rows[0];
        assert_eq!((row.get("energy_kwh"), row.get("emissions_kg")), (Some("6"), Some("4")));
        assert_eq!((row.get("region"), row.get("gpu_hours")), (Some("ontario, CAN"), None));
        for models in
            ["id,emissions,energy_consumed", "id,energy_kwh,emissions,codecarbon_version,run_id", "id,emissions"]
        {
            assert!(!recognise(&Source::new(Path::new("m.csv"), models.as_bytes(), GroupBy::Run)), "{models}");
        }
    }
}
