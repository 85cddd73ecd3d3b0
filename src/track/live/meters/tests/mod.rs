//! Whole measurements, replayed: trees of `/sys` and `/proc` in a folder, and a driver library that says what a test wants.

mod cards;
mod here;
mod nvidia;
mod processors;
mod traces;

use std::path::PathBuf;

use super::uncertainty::Z95;
use super::{Machine, Meters, Processes, Span};
use crate::track::measured::{Device, Measured};

/// A machine of files.
struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn machine(&self) -> Machine {
        Machine { root: self.folder.path().to_path_buf(), nvml: None, amd: None }
    }

    /// A server of two Xeon Gold 6148 (150 W each), 40 threads and 192 GiB.
    fn server(&self) {
        let one =
            "vendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz\nflags\t\t: fpu vme\n\n";
        let info: String = (0..40).map(|n| format!("processor\t: {n}\n{one}")).collect();
        self.write("proc/cpuinfo", &info);
        self.write("proc/meminfo", "MemTotal:       201326592 kB\nMemFree: 1 kB\n");
        for n in 0..40 {
            let package = format!("{}\n", n / 20);
            self.write(&format!("sys/devices/system/cpu/cpu{n}/topology/physical_package_id"), &package);
        }
    }

    /// 40 processors that were busy and awake for so many seconds each, from the start of the machine.
    fn stat(&self, busy_s: f64, awake_s: f64) {
        let (busy, idle) = ((busy_s * 4000.0) as u64, ((awake_s - busy_s) * 4000.0) as u64);
        let each: String = (0..40).map(|n| format!("cpu{n} 0 0 0 0 0 0 0 0 0 0\n")).collect();
        self.write("proc/stat", &format!("cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\n{each}intr 0\n"));
    }
}

fn processes(pids: &[u32]) -> Processes {
    Processes { pids: pids.to_vec() }
}

/// Samples at these times, each after `set` has moved the machine there.
fn measure(
    machine: &Machine,
    times: impl IntoIterator<Item = f64>,
    pids: &[u32],
    span: [f64; 2],
    cpu_s: Option<f64>,
    mut set: impl FnMut(f64),
) -> Measured {
    let mut times = times.into_iter().peekable();
    set(*times.peek().unwrap());
    let mut meters = Meters::discover(machine);
    for now_s in times {
        set(now_s);
        meters.sample(now_s, &processes(pids));
    }
    meters.finish(Span { started_s: span[0], ended_s: span[1] }, cpu_s)
}

fn device<'a>(measured: &'a Measured, name: &str) -> &'a Device {
    let names: Vec<&str> = measured.devices.iter().map(|d| d.name.as_str()).collect();
    measured
        .devices
        .iter()
        .find(|d| d.name == name)
        .unwrap_or_else(|| panic!("no {name} in {names:?}; {:?}", measured.unread))
}

fn has(measured: &Measured, name: &str) -> bool {
    measured.devices.iter().any(|d| d.name == name)
}

/// The central 90 % range, in kWh.
fn range(device: &Device) -> [f64; 2] {
    let width = device.energy.gsd.powf(Z95);
    [device.energy.median_kwh / width, device.energy.median_kwh * width]
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs()
}

fn steps(from: f64, to: f64, by: f64) -> impl Iterator<Item = f64> {
    let n = ((to - from) / by).round() as u32;
    (0..=n).map(move |i| from + f64::from(i) * by)
}

/// Whether something that it says contains these words.
fn says(texts: &[String], words: &str) -> bool {
    texts.iter().any(|text| text.contains(words))
}
