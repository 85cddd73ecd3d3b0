//! Records: what is in them, how they are appended, which of them count, and what becomes of them.

use std::process::Stdio;

use nix::sys::signal::Signal;
use serde_json::json;

use super::*;

#[test]
fn a_record_holds_no_secret_unless_it_is_asked_for() {
    let dir = folder(&[]);
    let run = |more: &[&str]| {
        let args = [&["-q", "--name", "lab/x", "--region", "France", "--provider", "y"], more].concat();
        let mut command = track(dir.path(), &[&args[..], &["--", "sh", "-c", ":", "pa55"]].concat());
        assert!(command.env("API_KEY", "s3cret").output().unwrap().status.success());
        records(dir.path().join(LOG)).pop().unwrap()
    };
    let plain = run(&[]);
    assert!(!plain.to_string().contains("pa55") && !plain.to_string().contains("s3cret") && plain["host"].is_null());
    assert_eq!((&plain["name"], &plain["place"]), (&json!("lab/x"), &json!({"region": "France", "provider": "y"})));
    assert_eq!((&plain["row"]["id"], &plain["row"]["region"]), (&json!("lab/x"), &json!("France")));
    let asked = run(&["--with-command", "--with-host"]);
    assert_eq!(asked["command"], json!(["sh", "-c", ":", "pa55"]));
    assert!(asked["host"].is_string() && !asked.to_string().contains("s3cret"));
    let schema: Value = serde_json::from_str(include_str!("../../../docs/track.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for found in [&plain, &asked] {
        if let Err(error) = validator.validate(found) {
            panic!("{error} at {}", error.instance_path());
        }
    }
    // Negative controls.
    for (pointer, wrong) in
        [("/duration_s", json!(-1)), ("/measured/energy/gsd", json!(0.5)), ("/ended_by", json!("x"))]
    {
        let mut broken = plain.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&broken), "{pointer}");
    }
}

#[test]
fn many_processes_append_to_one_file() {
    let dir = folder(&[(LOG, "{\"haze_track\":1,\"id\":\"to")]);
    let start = |_| track(dir.path(), &["-q", "--", "true"]).spawn().unwrap();
    let running: Vec<_> = (0..64).map(start).collect();
    assert!(running.into_iter().all(|mut child| child.wait().unwrap().success()));
    let text = fs::read_to_string(dir.path().join(LOG)).unwrap();
    let (torn, rest) = text.split_once('\n').unwrap();
    assert!(torn.ends_with("\"to"));
    let ids: std::collections::BTreeSet<String> = rest
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"))["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 64);
    // The torn line is named, and the others count.
    let listed = printed(dir.path(), &["check", LOG]);
    assert!(listed.contains("1 model, no problem, 1 warning"), "{listed}");
    let output = outcome(dir.path(), &["check", LOG]);
    assert!(errors(&output).contains(&format!("{LOG}:1: ")), "{}", errors(&output));
}

#[test]
fn a_full_disk_loses_nothing() {
    let dir = folder(&[]);
    let output = track(dir.path(), &["--out", "/dev/full", "--", "sh", "-c", "exit 3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let mut files = fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.path());
    let spare = files.find(|path| path.extension().is_some_and(|e| e == "jsonl")).unwrap();
    assert!(errors(&output).contains(&spare.display().to_string()), "{}", errors(&output));
    assert_eq!(records(spare)[0]["ended_by"]["exit"], 3);
    // A place that is not there is said before, and the command runs.
    let output = track(dir.path(), &["--out", "no/such/log", "--", "echo", "ran"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"ran\n"[..]));
    assert!(errors(&output).starts_with("haze: cannot write no/such/log"), "{}", errors(&output));
}

/// A limit of the size of files (512 bytes in dash, 1,024 in bash) is what a full disk is in the middle of a line.
#[test]
fn half_a_line_is_taken_back() {
    let before = format!("{}\n", "x".repeat(300));
    let dir = folder(&[(LOG, &before)]);
    let command = track(dir.path(), &[]);
    let program = command.get_program().to_os_string();
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 1; exec \"$0\" track -- sh -c 'exit 6'"]).arg(program).current_dir(dir.path());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let output = limited.output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", errors(&output));
    assert_eq!(fs::read_to_string(dir.path().join(LOG)).unwrap(), before);
    // The temporary folder has the same limit, so the record is on standard error.
    let text = errors(&output);
    let line = text.lines().find(|line| line.starts_with("{\"haze_track\"")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["ended_by"]["exit"], 6);
    assert_eq!(crate::names(dir.path()).iter().filter(|name| name.ends_with(".jsonl")).count(), 1);
}

/// `n` ranks of one step of Slurm on one node, and when all of them take part, the file in which they agreed.
fn ranks(dir: &Path, n: usize, interval: &str, job: &str) -> (Vec<std::process::Child>, PathBuf) {
    let start = |rank: usize| {
        let wait = "while [ ! -e go ]; do sleep 0.02; done";
        let mut command = track(dir, &["-q", "--name", "a", "--interval", interval, "--", "sh", "-c", wait]);
        command.env("SLURM_JOB_ID", job).env("SLURM_STEP_ID", "0").env("SLURM_PROCID", rank.to_string());
        command.env("SLURM_STEP_NUM_TASKS", n.to_string()).env("SLURM_STEP_TASKS_PER_NODE", n.to_string());
        command.env("SLURM_LOCALID", rank.to_string()).stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..n).map(start).collect();
    let agreed = until("all take part and one reads", || {
        let folder =
            fs::read_dir(dir).ok()?.flatten().find(|e| e.file_name().to_string_lossy().starts_with("haze-track-"))?;
        let path = fs::read_dir(folder.path()).ok()?.flatten().next()?.path();
        let text = fs::read_to_string(&path).ok()?;
        let has = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        (has("rank ") == n && has("reader ") >= 1).then_some(path)
    });
    (children, agreed)
}

#[test]
fn one_rank_reads_the_node() {
    let dir = folder(&[]);
    let (children, _) = ranks(dir.path(), 3, "3600", "77");
    // Each looks for the reader once, at its start.
    std::thread::sleep(Duration::from_secs(1));
    fs::write(dir.path().join("go"), "").unwrap();
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    let all = records(dir.path().join(LOG));
    let (read, others): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|record| record["measured"].is_object());
    assert_eq!((read.len(), others.len()), (1, 2));
    for other in others {
        assert_eq!(other["reader"]["record"], read[0]["id"]);
        assert!(other["row"].is_null() && other["job"]["id"] == "77");
    }
    let page = printed(dir.path(), &["track", "summary", LOG]);
    assert!(page.contains("1 run,") && page.contains("2 records of other ranks count once"), "{page}");
    // Without the reader's record nothing of the run counts.
    let text = fs::read_to_string(dir.path().join(LOG)).unwrap();
    let without: String = text
        .lines()
        .filter(|line| line.contains("\"measured\":null"))
        .fold(String::new(), |all, line| all + line + "\n");
    fs::write(dir.path().join("part.jsonl"), without).unwrap();
    let output = outcome(dir.path(), &["track", "summary", "part.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("read by another rank whose record is not in the file"), "{}", errors(&output));
}

#[test]
fn another_rank_reads_on_where_the_reader_was_killed() {
    let dir = folder(&[]);
    let (children, agreed) = ranks(dir.path(), 2, "0.05", "78");
    let readers = || fs::read_to_string(&agreed).unwrap().lines().filter(|line| line.starts_with("reader ")).count();
    let reader = fs::read_to_string("/proc/locks").unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&agreed).unwrap()).to_string();
    let line = reader.lines().find(|line| line.contains(&format!(":{inode} "))).unwrap_or_else(|| panic!("{reader}"));
    let pid: u32 = line.split_whitespace().nth(4).unwrap().parse().unwrap();
    assert_eq!(readers(), 1);
    kill(pid, Signal::SIGKILL);
    until("another one reads", || (readers() == 2).then_some(()));
    fs::write(dir.path().join("go"), "").unwrap();
    let codes: Vec<_> = children.into_iter().map(|mut child| child.wait().unwrap().success()).collect();
    assert_eq!(codes.iter().filter(|ok| **ok).count(), 1);
    let found = record(dir.path());
    assert!(found["measured"].is_object() && found["notes"].to_string().contains("read the node on"), "{found}");
}

/// A record with this energy, of a run that took an hour.
fn written(id: &str, name: &str, median_kwh: f64, gsd: f64) -> String {
    let energy = json!({"median_kwh": median_kwh, "gsd": gsd});
    let device = json!({"name": "GPU 0", "part": "accelerator", "model": "NVIDIA H100 80GB HBM3", "basis": "energy-counter",
        "energy": energy, "share": 1.0, "mean_power_w": null, "max_power_w": null, "mean_utilisation": 0.5, "samples": 3600,
        "longest_gap_s": 1.0, "notes": []});
    let record = json!({"haze_track": 1, "id": id, "name": name, "started": "2026-07-30T10:00:00.000Z",
        "ended": "2026-07-30T11:00:00.000Z", "duration_s": 3600.0, "ended_by": {"exit": 0}, "node": "0", "interval_s": 1.0,
        "measured": {"devices": [device], "energy": energy, "accelerator_hours": 1.0, "cpu_time_s": null, "unread": []},
        "notes": [], "version": "0.1.0"});
    format!("{record}\n")
}

/// The study counts IT energy, so that the energy of a run is that of its record.
const STUDY: &str = "models = [\"log.jsonl\"]\ndraws = 200000\ninterval = 0.9\n[scope]\nboundary = \"it\"\n";

#[test]
fn a_run_gives_the_energy_of_the_record() {
    let dir = folder(&[("log.jsonl", &written("1", "lab/a", 100.0, 1.2)), ("study.toml", STUDY)]);
    let energy = crate::result(dir.path(), &["study.toml"])["total"]["energy_kwh"].clone();
    // Quantiles of the lognormal: 1.2^∓1.6448536 = 0.740906 and 1.349699; mean 100 exp(ln(1.2)²/2) = 101.6760.
    let near = |found: &Value, want: f64| {
        let found = found.as_f64().unwrap();
        assert!((found / want - 1.0).abs() < 0.01, "{found} {want}");
    };
    near(&energy["median"], 100.0);
    near(&energy["mean"], 101.6760);
    near(&energy["interval"][0], 74.0906);
    near(&energy["interval"][1], 134.9699);
    // Of several runs of one name the errors are common: the same spread about the sum.
    let log = written("1", "lab/a", 100.0, 1.2) + &written("2", "lab/a", 300.0, 1.2);
    let dir = folder(&[("log.jsonl", &log)]);
    let page = printed(dir.path(), &["track", "summary", "log.jsonl", "-o", "models.csv"]);
    assert!(page.contains("400") && page.contains("296") && page.contains("540"), "{page}");
    let table = fs::read_to_string(dir.path().join("models.csv")).unwrap();
    assert!(table.contains("\"lognormal(400, 1.2)\"") && table.contains("metered"), "{table}");
    assert_eq!(table, printed(dir.path(), &["import", "log.jsonl"]));
}

#[test]
fn a_card_has_the_energy_of_the_record() {
    let dir = folder(&[("log.jsonl", &written("1", "lab/a", 100.0, 1.2)), ("study.toml", STUDY)]);
    let card = printed(dir.path(), &["export", "dia", "study.toml", "--model", "lab/a", "--quiet"]);
    let card: Value = serde_saphyr::from_str(&card).unwrap();
    let report = &card["dia_report"];
    assert_eq!(report["carbonhaze"]["row"]["energy_kwh"], "lognormal(100, 1.2)");
    let energy = &report["footprint"]["energy_kwh"];
    assert_eq!((&energy["quality"], &energy["carbonhaze"]["includes_pue"]), (&json!("measured"), &json!(false)));
    for (found, want) in [(&energy["value"][0], 74.0906), (&energy["value"][1], 134.9699)] {
        assert!((found.as_f64().unwrap() / want - 1.0).abs() < 0.02, "{found} {want}");
    }
}

#[test]
fn several_files_are_one_list() {
    let dir = folder(&[
        ("a.jsonl", &written("1", "x", 1.0, 1.1)),
        ("b.jsonl", &(written("1", "x", 1.0, 1.1) + "{\"haze_track\":1,\n" + &written("2", "y\u{1b}[31m", 2.0, 1.1))),
        ("models.csv", "id\nx\n"),
    ]);
    let output = outcome(dir.path(), &["track", "summary", "a.jsonl", "b.jsonl"]);
    let (page, listed) = (String::from_utf8_lossy(&output.stdout).into_owned(), errors(&output));
    assert!(page.contains("2 runs,") && page.contains("3.00") && !page.contains('\u{1b}'), "{page}");
    assert!(
        listed.contains("b.jsonl:1: ") && listed.contains("b.jsonl:2: ") && listed.contains("same record"),
        "{listed}"
    );
    let output = outcome(dir.path(), &["track", "summary", "models.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("no record of haze track"), "{}", errors(&output));
}
