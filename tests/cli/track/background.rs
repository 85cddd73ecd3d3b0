//! Measuring what runs already, and between two commands.

use std::process::Stdio;

use nix::sys::signal::Signal;

use super::*;

fn sleeper() -> std::process::Child {
    Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn attached_until_the_process_ends_or_somebody_ends_it() {
    let dir = folder(&[]);
    let mut target = sleeper();
    let pid = target.id().to_string();
    let attach =
        || track(dir.path(), &["--interval", "0.05", "--attach", &pid]).stderr(Stdio::piped()).spawn().unwrap();
    let taken = |child: &std::process::Child| {
        // It has blocked the signals that it reads.
        until("it measures", || {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"))?.trim().to_string();
            (u64::from_str_radix(&mask, 16).ok()? != 0).then_some(())
        });
    };
    let first = attach();
    taken(&first);
    kill(first.id(), Signal::SIGINT);
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(state(target.id()).is_some_and(|state| state != 'Z'));
    let second = attach();
    taken(&second);
    target.kill().unwrap();
    target.wait().unwrap();
    assert!(second.wait_with_output().unwrap().status.success());
    let all = records(dir.path().join(LOG));
    assert_eq!((&all[0]["ended_by"], &all[1]["ended_by"]), (&"stopped".into(), &"gone".into()));
    assert_eq!(all[0]["name"], "sleep");
    let output = track(dir.path(), &["--attach", &pid]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("there is no process"), "{}", errors(&output));
}

/// The state of what was started, from the path that `start` printed.
fn started(dir: &Path, args: &[&str]) -> PathBuf {
    let output = track(dir, &[&["start", "--interval", "0.05"], args].concat()).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

fn kept(path: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

#[test]
fn started_and_stopped() {
    let dir = folder(&[]);
    let path = started(dir.path(), &["--name", "api"]);
    let again = track(dir.path(), &["start", "--name", "api"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(errors(&again).contains("goes on") && errors(&again).contains("haze track stop"), "{}", errors(&again));
    let other = track(dir.path(), &["stop", "other"]).output().unwrap();
    assert!(errors(&other).contains("there are \"api\""), "{}", errors(&other));
    let output = track(dir.path(), &["stop"]).output().unwrap();
    assert!(output.status.success() && errors(&output).contains("haze: api: "), "{}", errors(&output));
    let found = record(dir.path());
    assert_eq!((&found["name"], &found["ended_by"]), (&"api".into(), &"stopped".into()));
    assert!(!path.exists());
    assert_eq!(track(dir.path(), &["stop"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn a_killed_measurement_leaves_what_it_had_saved() {
    let dir = folder(&[]);
    let path = started(dir.path(), &["--name", "api"]);
    let pid = until("it has saved", || kept(&path).filter(|state| state["record"].is_object()))["server"][0]
        .as_u64()
        .unwrap();
    kill(pid as u32, Signal::SIGKILL);
    until("it is gone", || state(pid as u32).is_none_or(|state| state == 'Z').then_some(()));
    let again = track(dir.path(), &["start", "--name", "api"]).output().unwrap();
    assert!(errors(&again).contains("was killed"), "{}", errors(&again));
    let output = track(dir.path(), &["stop", "api"]).output().unwrap();
    assert!(output.status.success() && errors(&output).contains("what it had saved"), "{}", errors(&output));
    let found = record(dir.path());
    assert_eq!(found["ended_by"], "lost");
    assert!(found["measured"]["energy"]["median_kwh"].is_number());
}

#[test]
fn a_service_that_ends_ends_its_measurement() {
    let dir = folder(&[]);
    let mut target = sleeper();
    let path = started(dir.path(), &["--name", "svc", "--pid", &target.id().to_string()]);
    target.kill().unwrap();
    target.wait().unwrap();
    until("the record is written", || kept(&path).filter(|state| state["kept"].is_string()));
    assert_eq!(record(dir.path())["ended_by"], "gone");
    assert!(track(dir.path(), &["stop", "svc"]).output().unwrap().status.success());
    // Fetched, not written once more.
    assert_eq!(records(dir.path().join(LOG)).len(), 1);
    let none = track(dir.path(), &["start", "--pid", "4000000"]).output().unwrap();
    assert!(!none.status.success() && errors(&none).contains("no such process"), "{}", errors(&none));
}
