//! NVML: a library made here, whose answers are lines of a file.

use std::process::Command;

use super::*;
use crate::track::measured::Basis;

/// The C of the library. A line `0.energy 5` answers 5, `0.energy !15` fails with 15; what has no line is not supported.
const SOURCE: &str = include_str!("nvml.c");

/// The library and its file; `None` without a C compiler, and the reason is printed.
struct Driver {
    tree: Tree,
}

impl Driver {
    fn new() -> Option<Self> {
        let tree = Tree::new();
        tree.server();
        tree.write("nvml.c", SOURCE);
        let state = format!("-DSTATE=\"{}\"", tree.path("state").display());
        let (source, library) = (tree.path("nvml.c"), tree.path("libnvidia-ml.so.1"));
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(library).arg(state).arg(source).output();
        match built {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                for pid in [100, 200] {
                    tree.write(&format!("proc/{pid}/stat"), "");
                }
                Some(Self { tree })
            }
            Err(error) => {
                eprintln!("skipped: no C compiler `cc` to build the fake library with ({error})");
                None
            }
        }
    }

    fn machine(&self) -> Machine {
        Machine { nvml: Some(self.tree.path("libnvidia-ml.so.1")), ..self.tree.machine() }
    }

    fn say(&self, lines: &str) {
        self.tree.write("state", lines);
    }

    fn run(&self, times: impl IntoIterator<Item = f64>, end_s: f64, pids: &[u32], set: impl FnMut(f64)) -> Measured {
        measure(&self.machine(), times, pids, [0.0, end_s], Some(1.0), set)
    }
}

const H100: &str = "0.name NVIDIA H100 80GB HBM3\n0.limit 700000\n";
const TWO: &str = "count 2\n0.name NVIDIA V100\n1.name NVIDIA V100\n0.pids 100\n1.pids 200\n";

#[test]
fn a_counter_is_read_and_a_gpu_of_others_is_not_counted() {
    let Some(driver) = Driver::new() else { return };
    let set = |t: f64| driver.say(&format!("{TWO}0.energy {}\n1.energy {}\n", 5000.0 + t * 1e6, t * 2e6));
    // 1 kW and 2 kW for an hour.
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    assert!(near(gpu.energy.median_kwh, 1.0, 1e-9) && gpu.basis == Basis::EnergyCounter && gpu.share == 1.0, "{gpu:?}");
    assert_eq!(gpu.model.as_deref(), Some("NVIDIA V100"));
    // ±5 % as a 90 % range, and 1 % in common.
    assert!(near(gpu.energy.gsd.ln(), 0.0297f64.hypot(0.01), 0.01), "{gpu:?}");
    assert!(!has(&measured, "GPU 1") && says(&measured.unread, "GPU 1 (NVIDIA V100) ran processes of others only"));
    assert_eq!(measured.accelerator_hours, Some(1.0));
    // Negative control: the other one's command has the other GPU.
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[200], set);
    assert!(near(device(&measured, "GPU 1").energy.median_kwh, 2.0, 1e-9) && !has(&measured, "GPU 0"));
}

#[test]
fn a_gpu_that_others_use_at_the_same_time_is_divided() {
    let Some(driver) = Driver::new() else { return };
    let set = |t: f64| {
        let pids = if t > 1800.0 { "100,200" } else { "100" };
        driver.say(&format!("count 1\n0.name NVIDIA V100\n0.energy {}\n0.pids {pids}\n", t * 1e6));
    };
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    assert!(near(gpu.energy.median_kwh, 0.75, 1e-9) && near(gpu.share, 0.75, 1e-9), "{gpu:?}");
    assert!(gpu.energy.gsd > 1.1 && says(&gpu.notes, "shared with processes of others"));
}

#[test]
fn without_a_counter_power_is_integrated() {
    let Some(driver) = Driver::new() else { return };
    // A ramp from 100 to 700 W in 600 s: 240 kJ.
    let set =
        |t: f64| driver.say(&format!("count 1\n{H100}0.pids 100\n0.power {}\n0.use 80\n", 100_000.0 + t * 1000.0));
    let measured = driver.run(steps(0.0, 600.0, 1.0), 600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    assert!(gpu.basis == Basis::IntegratedPower && near(gpu.energy.median_kwh * 3.6e6, 240_000.0, 1e-9), "{gpu:?}");
    assert_eq!((gpu.max_power_w, gpu.samples), (Some(700.0), 601));
    assert!(near(gpu.mean_utilisation.unwrap(), 0.8, 1e-9));
    // A counter that never moves is no counter.
    let set =
        |t: f64| driver.say(&format!("count 1\n{H100}0.pids 100\n0.energy 77\n0.power {}\n", 100_000.0 + t * 1000.0));
    let measured = driver.run(steps(0.0, 600.0, 1.0), 600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    assert!(gpu.basis == Basis::IntegratedPower && says(&gpu.notes, "does not move"));
}

#[test]
fn what_a_gpu_used_before_it_vanished_is_kept() {
    let Some(driver) = Driver::new() else { return };
    let set = |t: f64| {
        let lost = t > 1800.0;
        let energy = if lost { "!15".to_string() } else { (t * 1e6).to_string() };
        let power = if lost { "!15" } else { "1000000" };
        driver.say(&format!("count 1\n{H100}0.pids 100\n0.energy {energy}\n0.power {power}\n"));
    };
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    // Half a kWh is known; of the other half hour nobody knows: between nothing and another half.
    assert!(near(gpu.energy.median_kwh, 0.75, 0.03), "{gpu:?}");
    let [low, high] = range(gpu);
    assert!(low > 0.45 && low < 0.6 && high > 0.9, "{low} {high}");
    assert!(says(&gpu.notes, "stopped answering"));
    // Back again in time, its counter has gone on.
    let set = |t: f64| {
        let energy = if (600.0..1200.0).contains(&t) { "!15".to_string() } else { (t * 1e6).to_string() };
        driver.say(&format!("count 1\n{H100}0.pids 100\n0.energy {energy}\n"));
    };
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    assert!(near(gpu.energy.median_kwh, 1.0, 1e-9) && gpu.longest_gap_s == 660.0, "{gpu:?}");
}

#[test]
fn a_counter_that_is_set_back_keeps_what_it_counted() {
    let Some(driver) = Driver::new() else { return };
    // The driver is loaded again at 1,830 s.
    let set = |t: f64| {
        let energy = if t > 1830.0 { (t - 1830.0) * 1e6 } else { 4e6 + t * 1e6 };
        driver.say(&format!("count 1\n{H100}0.pids 100\n0.energy {energy}\n"));
    };
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    // 30 kJ before the reset are lost to it; half is estimated.
    assert!(
        near(gpu.energy.median_kwh * 3.6e6, 3_600_000.0 - 15_000.0, 1e-6) && says(&gpu.notes, "went back"),
        "{gpu:?}"
    );
    assert!(range(gpu)[1] > 1.0);
}

#[test]
fn a_slice_has_its_part_of_a_gpu() {
    let Some(driver) = Driver::new() else { return };
    let mig = "0.mig 1\n0.mig.max 7\n0.mig.0.slices 3\n0.mig.1.slices 4\n0.mig.0.pids 100\n";
    let set = |others: &'static str| {
        move |driver: &Driver, t: f64| driver.say(&format!("count 1\n{H100}{mig}{others}0.energy {}\n", t * 1e6))
    };
    let run = |set: &dyn Fn(&Driver, f64)| driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], |t| set(&driver, t));
    // Both in use: three sevenths, whoever draws what.
    let measured = run(&set("0.mig.1.pids 200\n"));
    let slice = device(&measured, "MIG 0 of GPU 0");
    assert!(near(slice.energy.median_kwh, 3.0 / 7.0, 1e-9) && near(slice.share, 3.0 / 7.0, 1e-9), "{slice:?}");
    assert!(!has(&measured, "MIG 1 of GPU 0") && !has(&measured, "GPU 0"));
    assert!(near(measured.accelerator_hours.unwrap(), 3.0 / 7.0, 1e-9));
    // The other one at rest: from three sevenths to all.
    let measured = run(&set(""));
    let slice = device(&measured, "MIG 0 of GPU 0");
    assert!(near(slice.energy.median_kwh, (3.0f64 / 7.0).sqrt(), 1e-9) && slice.energy.gsd > 1.25, "{slice:?}");
    let [low, high] = range(slice);
    assert!(low < 3.0 / 7.0 && high > 1.0 && says(&slice.notes, "3 of 7 slices"));
}

#[test]
fn without_permission_it_is_estimated_or_not_the_commands() {
    let Some(driver) = Driver::new() else { return };
    let set =
        |_: f64| driver.say(&format!("count 2\n{H100}0.pids 100\n0.energy !4\n0.power !4\n0.use 100\n1.handle !4\n"));
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], set);
    let gpu = device(&measured, "GPU 0");
    // 0.85 of 700 W in full use.
    assert!(
        gpu.basis == Basis::Estimated && near(gpu.energy.median_kwh, 0.595, 1e-9) && gpu.energy.gsd > 1.3,
        "{gpu:?}"
    );
    assert!(says(&gpu.notes, "does not have permission") && says(&gpu.notes, "700 W"));
    assert!(says(&measured.unread, "GPU 1: no permission to use it") && !has(&measured, "GPU 1"));
}

#[test]
fn a_driver_that_names_nobody() {
    let Some(driver) = Driver::new() else { return };
    let set = |use_: u32| {
        move |driver: &Driver, t: f64| {
            driver.say(&format!("count 1\n{H100}0.pids\n0.use {use_}\n0.energy {}\n", t * 1e5));
        }
    };
    let run = |set: &dyn Fn(&Driver, f64)| driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], |t| set(&driver, t));
    // Busy: all of it, and said. At rest: not the command's, and said with its energy.
    let measured = run(&set(50));
    assert!(near(device(&measured, "GPU 0").energy.median_kwh, 0.1, 1e-9));
    assert!(says(&device(&measured, "GPU 0").notes, "does not say which processes"));
    let measured = run(&set(0));
    assert!(!has(&measured, "GPU 0") && says(&measured.unread, "was idle: its 0.1000 kWh are not counted"));
    assert_eq!(measured.accelerator_hours, None);
    // Numbers that nobody has here are of another namespace.
    let outside = |t: f64| driver.say(&format!("count 1\n{H100}0.pids 4242\n0.energy {}\n", t * 1e6));
    let measured = driver.run(steps(0.0, 3600.0, 60.0), 3600.0, &[100], outside);
    assert!(near(device(&measured, "GPU 0").energy.median_kwh, 1.0, 1e-9));
}

#[test]
fn suspension_is_not_integrated_and_a_counter_counts_through_it() {
    let Some(driver) = Driver::new() else { return };
    // 300 W; the machine sleeps from 600 s to 4,200 s.
    let awake = |t: f64| if t <= 600.0 { t } else { t - 3600.0 };
    let set = |energy: bool| {
        move |driver: &Driver, t: f64| {
            driver.tree.stat(1000.0, 5000.0 + awake(t));
            let counter = if energy { format!("0.energy {}\n", awake(t) * 3e5) } else { String::new() };
            driver.say(&format!("count 1\n{H100}0.pids 100\n0.power 300000\n{counter}"));
        }
    };
    let times = || steps(0.0, 600.0, 1.0).chain(steps(4200.0, 4800.0, 1.0));
    let run = |set: &dyn Fn(&Driver, f64)| driver.run(times(), 4800.0, &[100], |t| set(&driver, t));
    let measured = run(&set(false));
    let gpu = device(&measured, "GPU 0");
    assert!(near(gpu.energy.median_kwh * 3.6e6, 360_000.0, 0.02), "{gpu:?}");
    assert!(says(&gpu.notes, "suspended for 3600 s") && gpu.energy.gsd > 1.12, "{gpu:?}");
    let measured = run(&set(true));
    let gpu = device(&measured, "GPU 0");
    assert!(near(gpu.energy.median_kwh * 3.6e6, 360_000.0, 1e-9) && gpu.basis == Basis::EnergyCounter);
    // The same gap with processors that went on: only the reader stood still, and power was drawn.
    let through = |driver: &Driver, t: f64| {
        set(false)(driver, t);
        driver.tree.stat(1000.0, 5000.0 + t);
    };
    let gpu_kj = device(&run(&through), "GPU 0").energy.median_kwh * 3600.0;
    assert!(near(gpu_kj, 1440.0, 0.02), "{gpu_kj}");
    // Nobody knows: half of it, with an error that holds both.
    let doubtful = |driver: &Driver, t: f64| {
        set(false)(driver, t);
        std::fs::remove_file(driver.tree.path("proc/stat")).unwrap();
    };
    let measured = run(&doubtful);
    let [low, high] = range(device(&measured, "GPU 0"));
    assert!(low * 3600.0 < 500.0 && high * 3600.0 > 1350.0, "{low} {high}");
    assert!(says(&device(&measured, "GPU 0").notes, "may have been suspended"));
}

#[test]
fn a_library_that_does_not_work_is_said() {
    let Some(driver) = Driver::new() else { return };
    driver.say("init !9\n");
    driver.tree.write("sys/bus/pci/devices/0000:3b:00.0/class", "0x030200\n");
    driver.tree.write("sys/bus/pci/devices/0000:3b:00.0/vendor", "0x10de\n");
    driver.tree.write("sys/bus/pci/devices/0000:3b:00.0/device", "0x2330\n");
    driver.tree.write("proc/driver/nvidia/version", "NVRM version\n");
    driver
        .tree
        .write("proc/driver/nvidia/gpus/0000:3b:00.0/information", "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n");
    let measured = measure(&driver.machine(), [0.0, 3600.0], &[100], [0.0, 3600.0], Some(1.0), |_| ());
    let gpu = device(&measured, "GPU at 0000:3b:00.0");
    assert!(
        gpu.basis == Basis::Estimated && near(gpu.energy.median_kwh, 0.28, 1e-9) && gpu.energy.gsd > 1.7,
        "{gpu:?}"
    );
    assert!(says(&gpu.notes, "driver is not loaded") && gpu.model.as_deref() == Some("NVIDIA H100 80GB HBM3"));
    // Without a driver nothing computes on it.
    std::fs::remove_file(driver.tree.path("proc/driver/nvidia/version")).unwrap();
    let measured = measure(&driver.tree.machine(), [0.0, 3600.0], &[100], [0.0, 3600.0], Some(1.0), |_| ());
    assert!(measured.accelerator_hours.is_none() && says(&measured.unread, "has no driver that computes"));
}
