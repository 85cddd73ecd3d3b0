//! Exit codes and signals: what a parent sees is what it would have seen of the command.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use super::*;

/// As `INT` and `QUIT` are in what a shell without job control starts in the background: no shell can trap them then, nor
/// can the command.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let yes = u64::from_str_radix(ignored.trim(), 16).unwrap() >> (signal as u32 - 1) & 1 == 1;
    if yes {
        eprintln!("skipped: {signal} is ignored here, and so in all that is started");
    }
    yes
}

#[test]
fn output_and_exit_codes_are_those_of_the_command() {
    let dir = folder(&[("not-executable", "")]);
    for (script_text, code) in [("exit 0", 0), ("exit 3", 3), ("exit 255", 255)] {
        let output = script(dir.path(), &format!("echo out; echo err >&2; {script_text}"));
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(output.stdout, b"out\n");
        assert!(errors(&output).starts_with("err\nhaze: sh: "), "{}", errors(&output));
    }
    let before = records(dir.path().join(LOG)).len();
    for (program, code) in [("no-such-command", 127), ("./not-executable", 126), (".", 126)] {
        let output = track(dir.path(), &["--", program]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{program}: {}", errors(&output));
    }
    // What did not run has no record.
    assert_eq!(records(dir.path().join(LOG)).len(), before);
    let mut child =
        track(dir.path(), &["-q", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"through"[..], &b""[..]));
}

#[test]
fn a_command_that_dies_of_a_signal_is_seen_to() {
    let dir = folder(&[]);
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGSEGV, Signal::SIGPIPE] {
        let output = script(dir.path(), &format!("kill -{} $$", signal as i32));
        assert_eq!(output.status.signal(), Some(signal as i32), "{}", errors(&output));
        let last = records(dir.path().join(LOG)).pop().unwrap();
        assert_eq!(last["ended_by"]["signal"], signal as i32);
        assert!(last["measured"]["energy"]["median_kwh"].is_number());
    }
}

/// A script under measurement that has printed `ready`.
fn ready(dir: &Path, script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = track(dir, &["-q", "--", "sh", "-c", script]);
    // A group of its own, as a shell gives each job.
    let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, out)
}

#[test]
fn signals_to_haze_alone_reach_the_command_once() {
    use Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];
    for signal in signals.into_iter().filter(|signal| !is_ignored(*signal)) {
        let dir = folder(&[]);
        let name = signal.as_str().trim_start_matches("SIG");
        let text = format!(
            "trap 'n=$((n + 1)); echo got $n' {name}; n=0; k=0; echo ready; while [ $n = 0 ] && [ $k -lt 1000 ]; do k=$((k + 1)); sleep 0.02; done; sleep 0.2; exit 5"
        );
        let (mut child, mut out) = ready(dir.path(), &text);
        kill(child.id(), signal);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("got 1\n", Some(5)), "{name}");
        assert_eq!(record(dir.path())["ended_by"]["exit"], 5);
    }
}

/// Ctrl-C at a terminal reaches the whole group. `script` (util-linux) gives one.
#[test]
fn ctrl_c_reaches_the_command_once() {
    if is_ignored(Signal::SIGINT) {
        return;
    }
    let dir = folder(&[(
        "job",
        "trap 'n=$((n + 1)); echo got $n' INT; n=0; k=0; echo ready; while [ $n = 0 ] && [ $k -lt 1000 ]; do k=$((k + 1)); sleep 0.02; done; sleep 0.2; exit 5",
    )]);
    let program = env!("CARGO_BIN_EXE_haze");
    // `script` starts a shell for the command, whichever SHELL names. One that stays is of the group too, and Ctrl-C kills
    // it: its 130 would hide the command's own code.
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("exec {program} track -q -- sh job"), "/dev/null"]);
    terminal.env("SHELL", "/bin/sh").current_dir(dir.path());
    let Ok(mut child) = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        return eprintln!("skipped: there is no script(1)");
    };
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready");
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let code = child.wait().unwrap().code();
    drop(keys);
    assert_eq!((rest.matches("got").count(), code), (1, Some(5)), "{rest:?}");
}

#[test]
fn both_stop_and_go_on_together() {
    let dir = folder(&[]);
    let (mut child, mut out) = ready(dir.path(), "echo ready; echo $$; while [ ! -e go ]; do sleep 0.02; done; exit 7");
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let command: u32 = line.trim().parse().unwrap();
    for _ in 0..2 {
        kill(child.id(), Signal::SIGTSTP);
        until("both are stopped", || (state(command) == Some('T') && state(child.id()) == Some('T')).then_some(()));
        kill(child.id(), Signal::SIGCONT);
        until("both go on", || (state(command) != Some('T') && state(child.id()) != Some('T')).then_some(()));
    }
    fs::write(dir.path().join("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn orphans_live_on_and_are_named() {
    let dir = folder(&[]);
    let output = script(dir.path(), "(sleep 600 >/dev/null 2>&1 & echo $!) ; exit 4");
    assert_eq!(output.status.code(), Some(4));
    let orphan: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    assert!(state(orphan).is_some_and(|state| state != 'Z'));
    kill(orphan, Signal::SIGKILL);
    let notes = record(dir.path())["notes"].to_string();
    assert!(notes.contains("1 process that the command started lived on"), "{notes}");
    // Negative control: a child that is waited for is no orphan.
    let dir = folder(&[]);
    assert!(script(dir.path(), "sleep 0.05 & wait").status.success());
    assert_eq!(record(dir.path())["notes"], serde_json::json!([]));
}

#[test]
fn cpu_time_counts_all_that_was_waited_for() {
    let dir = folder(&[]);
    let busy = "i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); done";
    assert!(script(dir.path(), &format!("(sh -c '{busy}'); ({busy}) & wait")).status.success());
    let busy_s = record(dir.path())["measured"]["cpu_time_s"].as_f64().unwrap();
    let dir = folder(&[]);
    assert!(script(dir.path(), "sleep 0.3").status.success());
    let idle_s = record(dir.path())["measured"]["cpu_time_s"].as_f64().unwrap();
    assert!(busy_s > 2.0 * idle_s && idle_s >= 0.0, "{busy_s} {idle_s}");
}
