//! The runs of a CodeCarbon log: lines put right, flushes taken together, ranks that measured one node counted once.
//!
//! - A version of CodeCarbon left empty columns out of the lines that it added to a file (issue 1304), which moves all
//!   later cells. Such a line is read where there is one way to put its cells under the columns.
//! - A run that writes while it goes on (`flush`) repeats its `run_id` with figures since its start: the last line
//!   counts. Where the duration falls again, a new measurement has begun, and both count.
//! - Where every rank of a job logs the whole machine, their lines have the same start, length, GPUs and GPU energy:
//!   one of them counts.

use std::collections::HashMap;

use super::Imported;
use super::cells::{Cells, Number};
use crate::portfolio::formats::Record;

/// One measurement.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub line: u64,
    pub run_id: String,
    pub project: String,
    pub experiment: String,
    /// Its day, as `2024-05-14`; empty where the time is not readable.
    pub day: String,
    /// Seconds since 1970, at its end.
    pub end: Option<f64>,
    pub duration: Option<f64>,
    pub energy: Option<f64>,
    pub emissions: Option<f64>,
    pub gpu_energy: Option<f64>,
    /// 0 where there is none.
    pub gpu_count: f64,
    pub gpu_model: String,
    pub country: String,
    pub region: String,
    pub provider: String,
    pub cloud_region: String,
    pub pue: Option<f64>,
    /// It logs the whole machine, or does not say so.
    pub machine: bool,
    task: String,
}

impl Run {
    /// Names a GPU whose energy was not counted: it had no counter that could be read.
    pub fn lacks_gpu_energy(&self) -> bool {
        self.has_gpu() && self.gpu_energy.is_none_or(|x| x == 0.0)
    }

    pub fn has_gpu(&self) -> bool {
        self.gpu_count > 0.0 || !self.gpu_model.is_empty()
    }

    fn start(&self) -> Option<f64> {
        Some(self.end? - self.duration?)
    }
}

/// The runs of a file, in the order of their last lines.
pub(super) fn read(cells: &Cells, imported: &mut Imported) -> Vec<Run> {
    let mut runs: Vec<Run> = cells.rows.iter().map(|row| of_row(cells, row, imported)).collect();
    runs = without_flushes(runs, imported);
    without_copies(runs, imported)
}

fn of_row(cells: &Cells, row: &Record, imported: &mut Imported) -> Run {
    let put_right = if row.cells.len() == cells.width { Some(row.clone()) } else { realigned(cells, row) };
    let text = row.cells.join(",");
    let row = match put_right {
        Some(right) => {
            if right != *row {
                let reason = "the line has fewer cells than the header, because CodeCarbon left out empty columns; the \
                              cells are put under the columns they fit";
                imported.repaired(row.line, "", text, reason);
            }
            right
        }
        None => {
            let (found, wanted) = (row.cells.len(), cells.width);
            let reason = format!("the line has {found} cells, the header {wanted}, and they fit in no single way");
            imported.dropped(row.line, "", text, reason);
            let named = |name| cells.get(row, &[name]).to_string();
            return Run { line: row.line, project: named("projectname"), ..Run::default() };
        }
    };
    let get = |names: &[&str]| cells.get(&row, names);
    let own = |name: &str| get(&[name]).to_string();
    let mut number = |name: &str, field: &str| match Number::read(get(&[name])) {
        Number::Junk(why) => {
            imported.dropped(row.line, field, get(&[name]), why);
            None
        }
        other => other.get(),
    };
    let mut run = Run {
        line: row.line,
        duration: number("duration", "duration"),
        energy: number("energyconsumed", "energy_consumed"),
        emissions: number("emissions", "emissions"),
        gpu_energy: number("gpuenergy", "gpu_energy"),
        gpu_count: number("gpucount", "gpu_count").unwrap_or(0.0),
        pue: number("pue", "pue"),
        run_id: own("runid"),
        task: own("taskname"),
        project: own("projectname"),
        experiment: own("experimentid"),
        gpu_model: own("gpumodel"),
        country: get(&["countryisocode", "countryname"]).to_string(),
        region: own("region"),
        provider: own("cloudprovider"),
        cloud_region: own("cloudregion"),
        machine: !get(&["trackingmode"]).eq_ignore_ascii_case("process"),
        ..Run::default()
    };
    // A column that is not there says nothing of counters.
    if cells.place("gpuenergy").is_none() {
        run.gpu_energy = run.energy;
    }
    if run.gpu_count == 0.0 {
        run.gpu_count = counted(&run.gpu_model);
    }
    let stamp = get(&["timestamp"]);
    match seconds(stamp) {
        Some((day, end)) => (run.day, run.end) = (day, Some(end)),
        None if stamp.is_empty() => {}
        None => imported.dropped(row.line, "timestamp", stamp, "this is no time as CodeCarbon writes it"),
    }
    run
}

/// The number of GPUs that `8 x NVIDIA A100` names, several between commas; 0 where there is none.
fn counted(model: &str) -> f64 {
    let of = |part: &str| part.trim().split_once(" x ").and_then(|(n, _)| n.parse::<u32>().ok());
    model.split(',').filter_map(of).map(f64::from).sum()
}

/// Columns that a version of CodeCarbon left out where they were empty.
const LEFT_OUT: [&str; 5] = ["region", "gpucount", "gpumodel", "longitude", "latitude"];

/// The cells of a line that is too short under the columns they belong to, if that is certain.
fn realigned(cells: &Cells, row: &Record) -> Option<Record> {
    let missing = cells.width.checked_sub(row.cells.len()).filter(|missing| (1..=LEFT_OUT.len()).contains(missing))?;
    let places: Vec<usize> = LEFT_OUT.iter().filter_map(|name| cells.place(name)).collect();
    let mut found: Option<Record> = None;
    for mask in 0u32..1 << places.len() {
        if mask.count_ones() as usize != missing {
            continue;
        }
        let out: Vec<usize> = places.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, p)| *p).collect();
        let mut rest = row.cells.iter();
        let place = |place| if out.contains(&place) { String::new() } else { rest.next().cloned().unwrap_or_default() };
        let candidate = Record { line: row.line, cells: (0..cells.width).map(place).collect() };
        if !fits(cells, &candidate) {
            continue;
        }
        match &found {
            Some(other) if *other != candidate => return None,
            _ => found = Some(candidate),
        }
    }
    found
}

/// Whether each cell is of the kind of its column.
fn fits(cells: &Cells, row: &Record) -> bool {
    let get = |name: &str| cells.get(row, &[name]);
    let number = |name: &str| get(name).is_empty() || get(name).parse::<f64>().is_ok();
    let text = |name: &str| get(name).is_empty() || get(name).parse::<f64>().is_err();
    let whole = |name: &str| get(name).is_empty() || get(name).parse::<f64>().is_ok_and(|x| x.fract() == 0.0);
    let one_of = |name: &str, words: &[&str]| cells.place(name).is_none() || words.contains(&get(name));
    let version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.');
    ["region", "os", "cpumodel", "gpumodel"].iter().all(|name| text(name))
        && ["longitude", "latitude", "ramtotalsize", "pue", "wue"].iter().all(|name| number(name))
        && ["cpucount", "gpucount"].iter().all(|name| whole(name))
        && !version(get("os"))
        && (cells.place("pythonversion").is_none() || version(get("pythonversion")))
        && one_of("trackingmode", &["machine", "process"])
        && one_of("oncloud", &["Y", "N"])
}

/// Without the lines of a run that later lines of it count again.
fn without_flushes(runs: Vec<Run>, imported: &mut Imported) -> Vec<Run> {
    let mut last: HashMap<(String, String), usize> = HashMap::new();
    let mut kept: Vec<Option<Run>> = Vec::with_capacity(runs.len());
    let (mut flushes, mut first) = (0u64, 0);
    for run in runs {
        let place = kept.len();
        if !run.run_id.is_empty() {
            let before = last.insert((run.run_id.clone(), run.task.clone()), place);
            if let Some(before) = before.and_then(|place| kept.get_mut(place)) {
                let goes_on = before.as_ref().is_some_and(|b| b.duration.zip(run.duration).is_none_or(|(b, r)| r >= b));
                if goes_on {
                    (flushes, first) = (flushes + 1, if first == 0 { run.line } else { first });
                    *before = None;
                } else {
                    let reason = "the duration is shorter than on an earlier line of this run, so a new measurement \
                                  began; both count";
                    imported.assumed(run.line, "run_id", run.run_id.clone(), reason);
                }
            }
        }
        kept.push(Some(run));
    }
    if flushes > 0 {
        let reason =
            format!("{flushes} lines are earlier states of runs that went on; the last line of each run counts");
        imported.assumed(first, "run_id", "", reason);
    }
    kept.into_iter().flatten().collect()
}

/// How far apart the starts of one measurement are, in seconds: the time of a line is in whole seconds.
const APART: f64 = 2.0;
/// With how many runs that start together a run is compared.
const COMPARED: usize = 64;

/// Without the lines of ranks that all logged one machine.
fn without_copies(runs: Vec<Run>, imported: &mut Imported) -> Vec<Run> {
    let mut order: Vec<usize> = (0..runs.len()).filter(|i| runs[*i].machine && runs[*i].start().is_some()).collect();
    let key = |i: &usize| (runs[*i].project.as_str(), runs[*i].start().unwrap_or(0.0));
    order.sort_by(|a, b| key(a).0.cmp(key(b).0).then(key(a).1.total_cmp(&key(b).1)).then(a.cmp(b)));
    let mut copies = vec![false; runs.len()];
    // The runs that count, and the one of this project that ends last.
    let mut counted: Vec<usize> = Vec::new();
    let mut latest: Option<usize> = None;
    let (mut overlaps, mut first) = (0u64, None);
    for i in order {
        let run = &runs[i];
        latest = latest.filter(|l| runs[*l].project == run.project);
        let recent = counted.iter().rev().take(COMPARED);
        if let Some(of) = recent.copied().find(|of| runs[*of].project == run.project && is_copy(&runs[*of], run)) {
            copies[i] = true;
            let reason = format!(
                "line {} has the same start, duration, GPUs and GPU energy: two ranks logged one machine; one counts",
                runs[of].line
            );
            imported.repaired(run.line, "run_id", run.run_id.clone(), reason);
            continue;
        }
        if let Some(over) = latest.filter(|l| run.start() < runs[*l].end.map(|end| end - APART)) {
            (overlaps, first) = (overlaps + 1, first.or(Some((run.line, runs[over].line))));
        }
        counted.push(i);
        if latest.is_none_or(|l| runs[l].end < run.end) {
            latest = Some(i);
        }
    }
    if let Some((line, other)) = first {
        let reason = format!(
            "runs of one project overlap in time ({overlaps} of them, this one with line {other}), and CodeCarbon logs \
             the whole machine; they are taken for runs on different machines, and all count"
        );
        imported.assumed(line, "timestamp", "", reason);
    }
    runs.into_iter().zip(copies).filter(|(_, copy)| !copy).map(|(run, _)| run).collect()
}

/// Whether both are measurements of one machine in one span of time.
fn is_copy(a: &Run, b: &Run) -> bool {
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 0.01 * a.max(b),
        (a, b) => a == b,
    };
    let together = a.start().zip(b.start()).is_some_and(|(a, b)| (a - b).abs() <= APART);
    // Of shorter ones the start says nothing.
    let long = a.duration.is_some_and(|d| d > 2.0 * APART);
    let gpus = a.gpu_count == b.gpu_count && a.gpu_model == b.gpu_model && near(a.gpu_energy, b.gpu_energy);
    together && long && gpus && near(a.duration, b.duration) && near(a.energy, b.energy)
}

/// The day and the seconds since 1970 of `2024-05-14T09:12:33`; what stands behind the seconds is passed over.
fn seconds(text: &str) -> Option<(String, f64)> {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let part = |text: &str, width: usize| {
        (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<i64>().ok()).flatten()
    };
    let mut parts = day.split('-');
    let (y, m, d) = (part(parts.next()?, 4)?, part(parts.next()?, 2)?, part(parts.next()?, 2)?);
    let mut clock = time.split(':').map(|t| part(t.get(..2)?, 2));
    let (h, min) = (clock.next()??, clock.next()??);
    let s = clock.next().flatten().unwrap_or(0);
    let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let length = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let fits = parts.next().is_none() && (1..=12).contains(&m) && h < 24 && min < 60 && s < 61;
    if !fits || !(1..=*length.get(usize::try_from(m - 1).ok()?)?).contains(&d) {
        return None;
    }
    // Days since 1970 in the civil calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
    let year = if m <= 2 { y - 1 } else { y };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + d - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((day.to_string(), (days * 86_400 + h * 3_600 + min * 60 + s) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        // Python: datetime.fromisoformat("2024-05-14T09:12:33+00:00").timestamp()
        assert_eq!(seconds("2024-05-14T09:12:33"), Some(("2024-05-14".into(), 1_715_677_953.0)));
        assert_eq!(seconds("2024-02-29 00:00:01.25Z").map(|(_, s)| s), Some(1_709_164_801.0));
        assert_eq!(seconds("1970-01-01").map(|(_, s)| s), Some(0.0));
        for wrong in ["", "2023-02-29T00:00:00", "14.05.2024", "2024-05-14T9", "2024-05-14T25:00:00", "2024-13-01"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn gpus_are_counted_by_name() {
        assert_eq!(counted("8 x NVIDIA A100-SXM4-80GB"), 8.0);
        assert_eq!(counted("2 x Tesla V100, 1 x Tesla T4"), 3.0);
        assert_eq!(counted("Apple M1"), 0.0);
    }
}
