//! The command's part of the processors: its CPU time against that of the whole machine.
//!
//! A processor's energy has a part that it takes at rest and one that goes with work. The latter goes by CPU time: the
//! command's `C` of the machine's busy time `B`, as in Kepler (sustainable-computing.io, power attribution). The former has
//! no right division. Its limits are the capacity that the command used, `C / (threads · time)`, which leaves unused capacity
//! to nobody, and `C / B`, which leaves it to those who worked. Where the command was alone (`C = B`) the machine was there for
//! it, and the second holds; otherwise the mean of both in ln is taken, and they are its central 90 % range.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Span;
use super::estimate::AT_REST;
use super::sysfs;
use super::uncertainty::Z95;

/// Clock ticks per second in `/proc`: 100 in the interface to programs, whatever the kernel itself uses (proc(5)).
const TICKS: f64 = 100.0;
/// Processes read one by one at a sample; of more, the rest follow at the next ones.
const AT_ONCE: usize = 64;
/// Of two commands with the same CPU time one draws more than the other, by what it computes. Chosen.
const WORK: f64 = 0.12;

/// The times of a machine since it started.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Machine {
    busy_s: f64,
    all_s: f64,
}

/// `/proc/stat`: its first line, and how many processors it lists.
fn machine(root: &Path) -> Option<(Machine, u32)> {
    let text = sysfs::text(&root.join("proc/stat")).ok()?;
    let mut lines = text.lines();
    let ticks: Vec<f64> =
        lines.next()?.strip_prefix("cpu ")?.split_whitespace().map_while(|t| t.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest times are in user and nice.
    let [user, nice, system, idle, waiting, irq, soft, stolen] = *ticks.first_chunk::<8>()?;
    let busy = user + nice + system + irq + soft;
    let cpus = lines.take_while(|line| line.starts_with("cpu")).count();
    let all = busy + idle + waiting + stolen;
    Some((Machine { busy_s: busy / TICKS, all_s: all / TICKS }, u32::try_from(cpus).unwrap_or(0).max(1)))
}

/// One process: CPU time when first and last seen, and when it started.
#[derive(Debug, Clone, Copy)]
struct Process {
    first_s: f64,
    last_s: f64,
    started_s: f64,
}

/// `/proc/PID/stat`: user and system time, and start in seconds since the machine's.
fn process(root: &Path, pid: u32) -> Option<(f64, f64)> {
    let text = sysfs::text(&root.join("proc").join(pid.to_string()).join("stat")).ok()?;
    // The name in brackets may hold spaces and brackets.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(((ticks(11)? + ticks(12)?) / TICKS, ticks(19)? / TICKS))
}

/// The control group of the command, where it is alone in one.
#[derive(Debug)]
struct Group {
    folder: PathBuf,
    /// `cpu.stat` of version 2, otherwise `cpuacct.usage`.
    second: bool,
    first_s: f64,
    last_s: f64,
}

impl Group {
    fn find(root: &Path, pids: &[u32]) -> Option<Self> {
        let of = sysfs::text(&root.join("proc").join(pids.first()?.to_string()).join("cgroup")).ok()?;
        let lines: Vec<Vec<&str>> = of.lines().map(|line| line.splitn(3, ':').collect()).collect();
        let path = |wanted: &dyn Fn(&str) -> bool| {
            lines.iter().find_map(|l| (wanted(l.get(1)?) && *l.get(2)? != "/").then(|| l.get(2)?.strip_prefix('/'))?)
        };
        let first = path(&|names| names.split(',').any(|n| n == "cpuacct"))
            .map(|p| (root.join("sys/fs/cgroup/cpuacct").join(p), false));
        let second = path(&str::is_empty).map(|p| (root.join("sys/fs/cgroup").join(p), true));
        [second, first].into_iter().flatten().find_map(|(folder, second)| {
            let mut group = Self { folder, second, first_s: 0.0, last_s: 0.0 };
            group.alone(pids).then_some(())?;
            group.first_s = group.usage_s()?;
            group.last_s = group.first_s;
            Some(group)
        })
    }

    /// Whether it holds processes of the command only, and no groups of others.
    fn alone(&self, pids: &[u32]) -> bool {
        let Ok(text) = sysfs::text(&self.folder.join("cgroup.procs")) else { return false };
        text.lines().all(|pid| pid.parse().is_ok_and(|pid| pids.contains(&pid)))
    }

    fn usage_s(&self) -> Option<f64> {
        if self.second {
            let text = sysfs::text(&self.folder.join("cpu.stat")).ok()?;
            let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
            return Some(usage.trim().parse::<f64>().ok()? / 1e6);
        }
        Some(sysfs::number(&self.folder.join("cpuacct.usage")).ok()? / 1e9)
    }
}

/// The command's part of a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    pub share: f64,
    pub ln_sd: f64,
    /// The command's CPU time per capacity.
    pub utilisation: Option<f64>,
    /// The machine's.
    pub machine: f64,
    /// The command's part of all work: 1 where it was alone.
    pub of_work: f64,
    pub known: bool,
}

/// CPU time over the measurement.
#[derive(Debug)]
pub struct Cpu {
    root: PathBuf,
    first: Option<Machine>,
    last: Option<Machine>,
    cpus: u32,
    last_s: Option<f64>,
    processes: BTreeMap<u32, Process>,
    turn: usize,
    group: Option<Group>,
    looked: bool,
}

impl Cpu {
    pub fn new(root: &Path, threads: u32) -> Self {
        Self {
            root: root.to_path_buf(),
            first: None,
            last: None,
            cpus: threads,
            last_s: None,
            processes: BTreeMap::new(),
            turn: 0,
            group: None,
            looked: false,
        }
    }

    /// Reads the machine and the processes. Gives the time that the machine slept since the last reading: what its processors
    /// did not count. `None` where they do not count at all.
    pub fn sample(&mut self, now_s: f64, pids: &[u32]) -> Option<f64> {
        let read = machine(&self.root);
        let slept = read.zip(self.last).zip(self.last_s).and_then(|(((now, cpus), before), last_s)| {
            let (elapsed_s, awake_s) = (now_s - last_s, (now.all_s - before.all_s) / f64::from(cpus));
            let asleep_s = (elapsed_s - awake_s).max(0.0);
            // Ticks are coarse, and processors come and go.
            let clear = asleep_s > 2.0 && asleep_s > 0.2 * elapsed_s;
            let counts = self.first.is_some_and(|first| now.all_s > first.all_s);
            counts.then_some(if clear { asleep_s } else { 0.0 })
        });
        if let Some((now, cpus)) = read {
            self.first.get_or_insert(now);
            self.last = Some(now);
            self.cpus = cpus;
        }
        self.last_s = Some(now_s);
        if !self.looked && !pids.is_empty() {
            self.looked = true;
            self.group = Group::find(&self.root, pids);
        }
        match &mut self.group {
            Some(group) if group.alone(pids) => {
                group.last_s = group.usage_s().unwrap_or(group.last_s);
            }
            _ => {
                self.group = None;
                self.read_processes(pids);
            }
        }
        slept
    }

    fn read_processes(&mut self, pids: &[u32]) {
        let rounds = pids.len().div_ceil(AT_ONCE).max(1);
        let turn = self.turn % rounds;
        self.turn = self.turn.wrapping_add(1);
        for &pid in pids.iter().skip(turn).step_by(rounds) {
            let Some((cpu_s, started_s)) = process(&self.root, pid) else { continue };
            let process = self.processes.entry(pid).or_insert(Process { first_s: cpu_s, last_s: cpu_s, started_s });
            if process.started_s == started_s {
                process.last_s = process.last_s.max(cpu_s);
            }
        }
    }

    /// CPU time of the command as far as its processes were seen. One that started within the measurement counts whole.
    pub fn command_s(&self, span: Span) -> Option<f64> {
        if let Some(group) = &self.group {
            return Some((group.last_s - group.first_s).max(0.0));
        }
        let of = |p: &Process| if p.started_s >= span.started_s - 0.5 { p.last_s } else { p.last_s - p.first_s };
        (!self.processes.is_empty()).then(|| self.processes.values().map(of).sum())
    }

    pub fn share(&self, span: Span, command_s: Option<f64>) -> Share {
        let capacity_s = f64::from(self.cpus) * (span.ended_s - span.started_s).max(1e-3);
        let busy_s = self.first.zip(self.last).map(|(a, b)| (b.busy_s - a.busy_s, b.all_s - a.all_s));
        // The readings cover less than the measurement.
        let machine = busy_s.filter(|(_, all)| *all > 0.0).map(|(busy, all)| (busy / all).clamp(0.0, 1.0));
        let Some(command_s) = command_s else {
            let machine = machine.unwrap_or(0.5);
            return Share { share: 0.5, ln_sd: 0.42, utilisation: None, machine, of_work: 0.5, known: false };
        };
        // Half a tick is what zero may be.
        let used = (command_s.max(0.5 / TICKS) / capacity_s).min(1.0);
        let of = |share, ln_sd, machine, of_work| Share {
            share,
            ln_sd,
            utilisation: Some(used),
            machine,
            of_work,
            known: true,
        };
        let Some(machine) = machine else {
            // From the capacity it used to all of it.
            return of(used.sqrt(), -libm::log(used) / (2.0 * Z95), used.sqrt(), used.sqrt());
        };
        let busy = machine.max(used);
        let (share, ln_sd) = divide(used, used / busy, busy);
        of(share, ln_sd, busy, used / busy)
    }
}

/// The share and its error, from the limits of the part at rest and the machine's use.
fn divide(low: f64, work: f64, busy: f64) -> (f64, f64) {
    let weight = 0.5 + 0.5 * work * work;
    let at_rest = libm::exp(libm::log(low) + weight * (libm::log(work) - libm::log(low)));
    let rest_sd = libm::log(work / low) / (2.0 * Z95) * (1.0 - work * work);
    let with = |ratio: f64| {
        let rest = ratio / (ratio + (1.0 - ratio) * busy);
        (rest * at_rest + (1.0 - rest) * work, rest * at_rest)
    };
    let [(little, _), (share, of_rest), (much, _)] = AT_REST.map(with);
    let ratio_sd = libm::log(little / much).abs() / (2.0 * Z95);
    let of_limits = rest_sd * of_rest / share;
    let of_work = WORK * (1.0 - work);
    (share, (ratio_sd * ratio_sd + of_limits * of_limits + of_work * of_work).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_it_has_the_machine_and_shared_it_has_its_part() {
        // Alone: all of the energy, whatever the use, with no doubt.
        for busy in [0.05, 0.5, 1.0] {
            let (share, sd) = divide(busy, 1.0, busy);
            assert!((share - 1.0).abs() < 1e-12 && sd < 1e-12, "{busy}");
        }
        // A full machine, half of it the command's: half, and only the kind of work is in doubt.
        let (share, sd) = divide(0.5, 0.5, 1.0);
        assert!((share - 0.5).abs() < 1e-12 && (sd - WORK / 2.0).abs() < 1e-12);
        // By hand for ratio 0.25, use 0.2, half of the work: at rest 0.25 / 0.4 = 0.625; weight 0.625;
        // 0.1^0.375 · 0.5^0.625 = 0.27343; share 0.625 · 0.27343 + 0.375 · 0.5.
        let (share, sd) = divide(0.1, 0.5, 0.2);
        let by_hand = 0.625 * 0.1f64.powf(0.375) * 0.5f64.powf(0.625) + 0.1875;
        assert!((share - by_hand).abs() < 1e-12 && sd > 0.15);
        // Nothing is nothing.
        let (share, sd) = divide(1e-5, 1e-3, 0.01);
        assert!(share > 1e-5 && share < 1e-3 && sd > 0.5);
    }
}
