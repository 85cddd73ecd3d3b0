//! RAPL, CPU time and control groups, from trees as kernels write them.

use super::*;
use crate::track::measured::{Basis, Part};

/// A zone of powercap.
fn zone(tree: &Tree, folder: &str, name: &str, energy_uj: u64) {
    let path = format!("sys/class/powercap/{folder}");
    tree.write(&format!("{path}/name"), &format!("{name}\n"));
    tree.write(&format!("{path}/max_energy_range_uj"), "262143328850\n");
    tree.write(&format!("{path}/constraint_0_max_power_uw"), "150000000\n");
    tree.write(&format!("{path}/energy_uj"), &format!("{energy_uj}\n"));
}

/// A server of two packages at 100 W and 60 W with memory at 20 W each, listed by MSR and again by MMIO, with parts of the
/// packages and the platform. Its counters start shortly before they wrap.
fn counters(tree: &Tree, now_s: f64) {
    let range = 262_143_328_850.0;
    let at = |watts: f64, start_uj: f64| ((start_uj + watts * now_s * 1e6) % range) as u64;
    zone(tree, "intel-rapl:0", "package-0", at(100.0, range - 1e9));
    zone(tree, "intel-rapl:0:0", "core", at(70.0, 0.0));
    zone(tree, "intel-rapl:0:1", "dram", at(20.0, 5.0));
    zone(tree, "intel-rapl:1", "package-1", at(60.0, 7e6));
    zone(tree, "intel-rapl:1:0", "dram", at(20.0, 7.0));
    zone(tree, "intel-rapl:1:1", "uncore", at(5.0, 7.0));
    zone(tree, "intel-rapl:2", "psys", at(300.0, 9.0));
    zone(tree, "intel-rapl-mmio:0", "package-0", at(100.0, 3.0));
    zone(tree, "intel-rapl-mmio:1", "package-1", at(60.0, 3.0));
    tree.write("sys/class/powercap/intel-rapl/enabled", "1\n");
    // All of the work is the command's: 40 threads, half busy.
    tree.stat(1000.0 + now_s / 2.0, 5000.0 + now_s);
}

#[test]
fn packages_count_once_and_wraps_are_followed() {
    let tree = Tree::new();
    tree.server();
    // 3600 s: package 0 wraps once (at 10 s) and again after 2,621 s; 100 W are 0.1 kWh.
    let times = steps(0.0, 3600.0, 60.0);
    let measured = measure(&tree.machine(), times, &[7], [0.0, 3600.0], Some(72_000.0), |t| counters(&tree, t));
    let names: Vec<&str> = measured.devices.iter().map(|d| d.name.as_str()).collect();
    let expected =
        ["CPU package 0", "CPU package 1", "DRAM of package 0", "DRAM of package 1", "the rest up to the plug"];
    assert_eq!(names, expected);
    for (name, kwh) in [("CPU package 0", 0.1), ("CPU package 1", 0.06), ("DRAM of package 0", 0.02)] {
        let device = device(&measured, name);
        assert_eq!(device.basis, Basis::EnergyCounter);
        assert!(near(device.energy.median_kwh, kwh, 1e-6), "{name}: {:?}", device.energy);
        assert!(near(device.mean_power_w.unwrap(), kwh * 1000.0, 1e-6) && device.samples == 61);
    }
    assert!(says(&device(&measured, "CPU package 0").notes, "wrapped 2 times"));
    assert!(device(&measured, "CPU package 1").notes.is_empty());
    assert_eq!((measured.accelerator_hours, measured.cpu_time_s), (None, Some(72_000.0)));
    // 0.2 kWh of devices; the rest multiplies them by 1.25 in the median, with the error of the rest and of the meters.
    assert!(near(measured.energy.median_kwh, 0.25, 0.03), "{:?}", measured.energy);
    assert!(measured.energy.gsd > 1.08 && measured.energy.gsd < 1.16, "{:?}", measured.energy);
    // Negative control: without the range the wraps are resets, and the energy is another one.
    let other = Tree::new();
    other.server();
    let measured = measure(&other.machine(), steps(0.0, 3600.0, 60.0), &[7], [0.0, 3600.0], Some(72_000.0), |t| {
        counters(&other, t);
        for file in ["intel-rapl:0", "intel-rapl-mmio:0"] {
            let _ = std::fs::remove_file(other.path(&format!("sys/class/powercap/{file}/max_energy_range_uj")));
        }
    });
    assert!(says(&device(&measured, "CPU package 0").notes, "went back"));
    assert!(!near(device(&measured, "CPU package 0").energy.median_kwh, 0.1, 1e-4));
}

#[test]
fn a_class_that_is_not_mounted_is_found_by_its_devices() {
    let tree = Tree::new();
    tree.server();
    counters(&tree, 0.0);
    for folder in ["intel-rapl:0", "intel-rapl:0:1"] {
        let to = if folder == "intel-rapl:0" { "intel-rapl:0" } else { "intel-rapl:0/intel-rapl:0:1" };
        let to = tree.path(&format!("sys/devices/virtual/powercap/intel-rapl/{to}"));
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(tree.path(&format!("sys/class/powercap/{folder}"))).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    std::fs::remove_dir_all(tree.path("sys/class/powercap")).unwrap();
    let measured = measure(&tree.machine(), [0.0, 1.0], &[7], [0.0, 1.0], Some(1.0), |_| ());
    assert!(has(&measured, "CPU package 0") && has(&measured, "DRAM of package 0") && !has(&measured, "CPU package 1"));
}

#[test]
fn a_gap_in_which_the_counter_turned_more_than_once() {
    // 262 kJ are 2,621 s at 100 W. A gap of 10,000 s is 3.8 turns; the difference shows 0.8 of one.
    let tree = Tree::new();
    tree.server();
    let times = steps(0.0, 600.0, 60.0).chain(steps(10_600.0, 11_200.0, 60.0));
    let measured = measure(&tree.machine(), times, &[7], [0.0, 11_200.0], Some(224_000.0), |t| counters(&tree, t));
    let device = device(&measured, "CPU package 0");
    assert!(near(device.energy.median_kwh, 11_200.0 * 100.0 / 3.6e6, 1e-6), "{device:?}");
    assert!(says(&device.notes, "may have wrapped more than once") && device.energy.gsd > 1.15, "{device:?}");
    assert_eq!(device.longest_gap_s, 10_000.0);
    // Negative control: sampled through, there is no doubt.
    let measured = measure(&tree.machine(), steps(0.0, 11_200.0, 60.0), &[7], [0.0, 11_200.0], Some(224_000.0), |t| {
        counters(&tree, t)
    });
    assert!(super::device(&measured, "CPU package 0").energy.gsd < 1.06);
}

#[test]
fn a_counter_that_starts_again_is_no_wrap() {
    // Package 1 at 60 W is set back to 0 at 300 s, as after a suspension: a wrap would add 262 kJ in a minute.
    let tree = Tree::new();
    tree.server();
    let measured = measure(&tree.machine(), steps(0.0, 600.0, 60.0), &[7], [0.0, 600.0], Some(12_000.0), |t| {
        counters(&tree, t);
        if t > 270.0 {
            let since = (t - 270.0) * 60e6;
            tree.write("sys/class/powercap/intel-rapl:1/energy_uj", &format!("{since}"));
        }
    });
    let device = device(&measured, "CPU package 1");
    // 36 kJ; of the 1.8 kJ before the reset half is estimated.
    assert!(near(device.energy.median_kwh * 3.6e6, 35_100.0, 1e-3), "{device:?}");
    assert!(says(&device.notes, "went back once") && range(device)[1] * 3.6e6 > 36_000.0);
}

#[test]
fn what_may_not_be_read_is_estimated_and_said() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new();
    tree.server();
    counters(&tree, 0.0);
    let path = tree.path("sys/class/powercap/intel-rapl:0/energy_uj");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    std::fs::remove_dir_all(tree.path("sys/class/powercap/intel-rapl-mmio:0")).unwrap();
    let root = std::fs::read(&path).is_ok();
    if root {
        // Root reads everything; a folder it does not read as a file.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
    }
    let stat = |t: f64| tree.stat(1000.0 + t / 2.0, 5000.0 + t);
    let measured = measure(&tree.machine(), steps(0.0, 3600.0, 600.0), &[7], [0.0, 3600.0], Some(72_000.0), stat);
    let device = device(&measured, "CPU package 0");
    assert_eq!(device.basis, Basis::Estimated);
    // Half busy: 150 W · (0.25 + 0.75 · 0.5) = 93.75 W.
    assert!(near(device.energy.median_kwh, 0.09375, 1e-6) && device.energy.gsd > 1.2, "{device:?}");
    assert!(says(&device.notes, "2 × 150 W") && says(&measured.unread, "RAPL of CPU package 0"));
    assert!(root || says(&measured.unread, "no permission"), "{:?}", measured.unread);
    assert_eq!(super::device(&measured, "CPU package 1").basis, Basis::EnergyCounter);
}

#[test]
fn an_mmio_counter_stands_in_for_one_that_may_not_be_read() {
    let tree = Tree::new();
    tree.server();
    let measured = measure(&tree.machine(), steps(0.0, 600.0, 60.0), &[7], [0.0, 600.0], Some(12_000.0), |t| {
        counters(&tree, t);
        std::fs::remove_file(tree.path("sys/class/powercap/intel-rapl:0/energy_uj")).unwrap();
    });
    let device = device(&measured, "CPU package 0");
    assert!(device.basis == Basis::EnergyCounter && near(device.energy.median_kwh * 3.6e6, 60_000.0, 1e-6));
}

#[test]
fn a_virtual_machine_counts_its_threads() {
    let tree = Tree::new();
    let one = "vendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 7742 64-Core Processor\nflags\t\t: fpu hypervisor\n\n";
    tree.write("proc/cpuinfo", &(0..8).map(|n| format!("processor\t: {n}\n{one}")).collect::<String>());
    tree.write("proc/meminfo", "MemTotal: 33554432 kB\n");
    tree.write(
        "proc/stat",
        "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0\ncpu1 0\ncpu2 0\ncpu3 0\ncpu4 0\ncpu5 0\ncpu6 0\ncpu7 0\n",
    );
    let measured = measure(&tree.machine(), [0.0, 3600.0], &[7], [0.0, 3600.0], Some(28_800.0), |t| {
        // All eight are busy all the time.
        let busy = t as u64 * 800;
        let each: String = (0..8).map(|n| format!("cpu{n} 0\n")).collect();
        tree.write("proc/stat", &format!("cpu  {busy} 0 0 0 0 0 0 0 0 0\n{each}"));
    });
    let device = device(&measured, "8 virtual CPUs");
    // 8 threads at 2.6 W for an hour; not 8 sockets of 225 W.
    assert!(near(device.energy.median_kwh, 0.0208, 1e-6) && device.energy.gsd > 1.5, "{device:?}");
    assert!(says(&device.notes, "virtual") && says(&measured.unread, "a virtual machine has none"));
    // 32 GiB · 0.15 W.
    assert!(near(super::device(&measured, "DRAM").energy.median_kwh, 0.0048, 1e-6));
    assert!(measured.devices.iter().all(|d| d.energy.median_kwh > 0.0));
}

/// `/proc/PID/stat` of a command with blanks and brackets in its name.
fn process(tree: &Tree, pid: u32, cpu_s: f64, started_s: f64) {
    let (user, system, start) = ((cpu_s * 75.0) as u64, (cpu_s * 25.0) as u64, (started_s * 100.0) as u64);
    let stat = format!("{pid} (a (b) c) S 1 1 1 0 -1 0 0 0 0 0 {user} {system} 0 0 20 0 1 0 {start} 1 1\n");
    tree.write(&format!("proc/{pid}/stat"), &stat);
}

#[test]
fn cpu_time_of_processes_and_of_a_group() {
    let tree = Tree::new();
    tree.server();
    let set = |t: f64| {
        tree.stat(1000.0 + t / 2.0, 5000.0 + t);
        // One that started with the measurement, one that was there before with 1,000 s.
        process(&tree, 7, 4.0 * t, 0.0);
        process(&tree, 8, 1000.0 + t, 0.0);
    };
    // Started at 10,000 s on the clock: process 8 began long before.
    let late = |t: f64| {
        set(t - 10_000.0);
        process(&tree, 7, 4.0 * (t - 10_000.0), 10_000.0);
    };
    let times = || steps(10_000.0, 10_100.0, 10.0);
    let measured = measure(&tree.machine(), times(), &[7, 8], [10_000.0, 10_100.0], None, late);
    assert!(near(measured.cpu_time_s.unwrap(), 500.0, 1e-9), "{:?}", measured.cpu_time_s);
    // Alone in a group, its time is the group's.
    let grouped = |t: f64| {
        late(t);
        for pid in [7, 8] {
            tree.write(&format!("proc/{pid}/cgroup"), "0::/job.slice/job_1\n");
        }
        tree.write("sys/fs/cgroup/job.slice/job_1/cgroup.procs", "7\n8\n");
        let usage = ((t - 10_000.0) * 20e6) as u64 + 5_000_000;
        tree.write("sys/fs/cgroup/job.slice/job_1/cpu.stat", &format!("usage_usec {usage}\nuser_usec 1\n"));
    };
    let measured = measure(&tree.machine(), times(), &[7, 8], [10_000.0, 10_100.0], None, grouped);
    assert!(near(measured.cpu_time_s.unwrap(), 2000.0, 1e-9), "{:?}", measured.cpu_time_s);
    // With somebody else in it, it is not.
    let shared = |t: f64| {
        grouped(t);
        tree.write("sys/fs/cgroup/job.slice/job_1/cgroup.procs", "7\n8\n9\n");
    };
    let measured = measure(&tree.machine(), times(), &[7, 8], [10_000.0, 10_100.0], None, shared);
    assert!(near(measured.cpu_time_s.unwrap(), 500.0, 1e-9));
    // Version 1.
    let first = |t: f64| {
        late(t);
        for pid in [7, 8] {
            tree.write(&format!("proc/{pid}/cgroup"), "4:cpu,cpuacct:/job_2\n3:memory:/job_2\n0::/\n");
        }
        tree.write("sys/fs/cgroup/cpuacct/job_2/cgroup.procs", "7\n8\n");
        tree.write("sys/fs/cgroup/cpuacct/job_2/cpuacct.usage", &format!("{}\n", ((t - 10_000.0) * 3e9) as u64));
    };
    let measured = measure(&tree.machine(), times(), &[7, 8], [10_000.0, 10_100.0], None, first);
    assert!(near(measured.cpu_time_s.unwrap(), 300.0, 1e-9), "{:?}", measured.cpu_time_s);
}

#[test]
fn a_small_part_of_a_shared_machine_is_small_and_uncertain() {
    let tree = Tree::new();
    tree.server();
    // One of 40 threads busy with the command, 19 with others.
    let run = |cpu_s: Option<f64>| {
        measure(&tree.machine(), steps(0.0, 600.0, 60.0), &[7], [0.0, 600.0], cpu_s, |t| counters(&tree, t))
    };
    let one = run(Some(600.0));
    let package = device(&one, "CPU package 0");
    // Between its capacity (1/40) and its part of the work (1/20) of 60 kJ.
    let kj = package.energy.median_kwh * 3600.0;
    assert!(kj > 60.0 / 40.0 && kj < 60.0 / 20.0 && package.energy.gsd > 1.1, "{kj} {package:?}");
    assert!(says(&package.notes, "5.0 % of the machine's work"));
    // No CPU time at all: half the machine, and it says so.
    let unknown = run(None);
    assert!(says(&unknown.unread, "CPU time") && device(&unknown, "CPU package 0").energy.gsd > 1.4);
    // Nothing used is not nothing.
    let idle = run(Some(0.0));
    assert!(device(&idle, "CPU package 0").energy.median_kwh > 0.0 && idle.energy.median_kwh > 0.0);
    assert!(idle.devices.iter().all(|d| d.part != Part::Accelerator));
}
