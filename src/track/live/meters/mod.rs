//! The meters of this machine: found once, read at each sample, summed up at the end.
//!
//! ```text
//! hardware    processors, memory and accelerators as the system describes them
//! sysfs       short files below a root, which tests replace
//! nvml, amd   accelerators: counters, power, processes       rapl      processors and memory: counters
//! board       an accelerator over time: whose energy it is    cpu       whose CPU time it is
//! integral    energy from counters and from power, with the error of sampling
//! estimate    power of what cannot be read
//! uncertainty errors of meters, and sums in which a common error counts once
//! ```

mod amd;
mod board;
mod cpu;
mod estimate;
mod hardware;
mod integral;
mod nvml;
mod rapl;
mod sysfs;
mod uncertainty;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::amd::Cards;
use self::board::{Board, Counted, Kind};
use self::cpu::{Cpu, Share};
use self::hardware::{Hardware, Maker};
use self::nvml::{Absent, Nvidia};
use self::rapl::{Domain, Rapl, Zone};
use self::uncertainty::{Cause, LogNormal, RAPL_AMD, RAPL_INTEL, RAPL_MEMORY, Term, ln_sd};
use crate::track::measured::{Basis, Device, Measured, Part};

/// Where to look. The default is this machine; tests give recorded trees and a library of their own.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `/`: below it `sys`, `proc`.
    pub root: PathBuf,
    /// The NVML library; `None` for the system's, which stands for `/` only.
    pub nvml: Option<PathBuf>,
    /// AMD's library; `None` for the system's, which stands for `/` only.
    pub amd: Option<PathBuf>,
}

impl Default for Machine {
    fn default() -> Self {
        Self { root: PathBuf::from("/"), nvml: None, amd: None }
    }
}

/// Whose energy it is: the processes of the command.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    /// The command's processes that live now, for drivers and `/proc`; kept up to date by the caller at each sample.
    pub pids: Vec<u32>,
}

/// The times of a measurement on a clock that never steps and counts suspension (`CLOCK_BOOTTIME`), in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// When the command started.
    pub started_s: f64,
    /// When it ended.
    pub ended_s: f64,
}

/// The meters that were found.
#[derive(Debug)]
pub struct Meters {
    hardware: Hardware,
    cpu: Cpu,
    rapl: Rapl,
    nvidia: Option<Nvidia>,
    cards: Cards,
    /// Accelerators without a library or a sensor.
    dark: Vec<Board>,
    unread: Vec<String>,
}

impl Meters {
    /// Looks for all meters; what is not there is no error. May take a second (drivers load), while the command already
    /// runs: the time before the first sample is part of the error.
    pub fn discover(machine: &Machine) -> Self {
        let root = &machine.root;
        let system = root == Path::new("/");
        let hardware = hardware::find(root);
        let mut unread = Vec::new();
        let nvidia = if machine.nvml.is_some() || system {
            Nvidia::load(root, machine.nvml.as_deref())
        } else {
            Err(Absent::NoLibrary)
        };
        unread.extend(nvidia.iter().flat_map(|nvidia| nvidia.closed.iter().cloned()));
        let cards = Cards::find(root, machine.amd.as_deref(), system, &mut unread);
        let mut dark = Vec::new();
        let met = cards.addresses();
        for accelerator in &hardware.accelerators {
            if met.contains(&accelerator.address) || (accelerator.nvidia && nvidia.is_ok()) {
                continue;
            }
            let model = accelerator.model.clone();
            let title = model.clone().unwrap_or_else(|| "an accelerator".to_string());
            if !accelerator.driven {
                unread.push(format!("{title} at {} has no driver that computes; not counted", accelerator.address));
                continue;
            }
            let reason = match &nvidia {
                Err(Absent::Failed(reason)) if accelerator.nvidia => reason.clone(),
                _ if accelerator.nvidia => "NVIDIA's driver library (NVML) is not here".to_string(),
                _ => "it has no meter that is known".to_string(),
            };
            let mut board = Board::new(format!("GPU at {}", accelerator.address), model, Kind::Other, None, 1);
            board.refuse(reason);
            dark.push(board);
        }
        if let (Err(Absent::Failed(reason)), true) = (&nvidia, dark.is_empty()) {
            unread.push(reason.clone());
        }
        let rapl = Rapl::find(root);
        if rapl.zones.is_empty() {
            let guest = if hardware.virtual_machine { " (a virtual machine has none)" } else { "" };
            unread.push(format!("no energy counters of processors and memory (RAPL){guest}: estimated"));
        }
        unread.extend(rapl.zones.iter().filter_map(Zone::reason));
        let cpu = Cpu::new(root, hardware.threads);
        Self { cpu, rapl, nvidia: nvidia.ok(), cards, dark, unread, hardware }
    }

    /// Reads all meters once. `now_s` as in [`Span`].
    pub fn sample(&mut self, now_s: f64, processes: &Processes) {
        let pids = &processes.pids;
        let asleep_s = self.cpu.sample(now_s, pids);
        self.rapl.sample(now_s, asleep_s);
        if let Some(nvidia) = &mut self.nvidia {
            nvidia.sample(now_s, asleep_s, pids);
        }
        self.cards.sample(now_s, asleep_s, pids);
    }

    /// What the command used. `cpu_time_s`: user and system time of the command and all its descendants, if known better than
    /// from the samples (its resource usage or cgroup).
    pub fn finish(&self, span: Span, cpu_time_s: Option<f64>) -> Measured {
        let duration_s = (span.ended_s - span.started_s).max(0.0);
        let cpu_time_s = cpu_time_s.filter(|s| s.is_finite() && *s >= 0.0).or_else(|| self.cpu.command_s(span));
        let share = self.cpu.share(span, cpu_time_s);
        let mut sum = Sum { unread: self.unread.clone(), ..Sum::default() };
        let boards = self.nvidia.iter().flat_map(|nvidia| &nvidia.boards).map(|(_, board)| board);
        for board in boards.chain(self.cards.boards()).chain(&self.dark) {
            sum.accelerator(board.finish(span), duration_s);
        }
        let host = Host { hardware: &self.hardware, share, span, duration_s };
        host.processors(&self.rapl, &mut sum);
        host.memory(&self.rapl, &mut sum);
        if !share.known {
            sum.unread
                .push("the command's CPU time: half of the machine is counted, from a quarter to all".to_string());
        }
        let devices_j = uncertainty::sum(&sum.terms);
        let (rest, all) = uncertainty::with_rest(devices_j);
        sum.devices.push(of_rest(rest, duration_s));
        Measured {
            devices: sum.devices,
            energy: uncertainty::energy(all),
            accelerator_hours: sum.accelerator_hours,
            cpu_time_s,
            unread: sum.unread,
        }
    }
}

/// Devices as they come, and their terms.
#[derive(Default)]
struct Sum {
    devices: Vec<Device>,
    terms: Vec<Term>,
    accelerator_hours: Option<f64>,
    unread: Vec<String>,
}

impl Sum {
    fn push(&mut self, device: Device, term: Term) {
        self.devices.push(device);
        self.terms.push(term);
    }

    fn accelerator(&mut self, counted: Counted, duration_s: f64) {
        match counted {
            Ok(devices) => {
                for (device, term, accelerators) in devices {
                    *self.accelerator_hours.get_or_insert(0.0) += accelerators * duration_s / 3600.0;
                    self.push(device, term);
                }
            }
            Err(why) => self.unread.push(why),
        }
    }
}

/// All else up to the plug.
fn of_rest(rest: LogNormal, duration_s: f64) -> Device {
    Device {
        name: "the rest up to the plug".to_string(),
        part: Part::Rest,
        model: None,
        basis: Basis::Estimated,
        energy: uncertainty::energy(rest),
        share: 1.0,
        mean_power_w: (duration_s > 0.0).then(|| rest.median / duration_s),
        max_power_w: None,
        mean_utilisation: None,
        samples: 0,
        longest_gap_s: 0.0,
        notes: vec![
            "fans, drives, network and losses of the power supply, as a part of what the devices used".to_string(),
        ],
    }
}

/// A share in per cent, to two digits where it is small.
fn percent(share: f64) -> String {
    let digits = libm::ceil(-libm::log10(100.0 * share.max(1e-9)) + 1.0).clamp(1.0, 8.0);
    format!("{:.*} %", digits as usize, 100.0 * share)
}

/// What processors and memory need.
struct Host<'a> {
    hardware: &'a Hardware,
    share: Share,
    span: Span,
    duration_s: f64,
}

impl Host<'_> {
    /// Of a counter, or `None` where it has not been read twice.
    fn counted(&self, zone: &Zone) -> Option<(Device, Term)> {
        let total = zone.counter.total([self.span.started_s, self.span.ended_s], zone.gone)?;
        let (cause, meter_sd) = match (zone.domain, self.hardware.maker) {
            (Domain::Memory, _) => (Cause::RaplMemory, RAPL_MEMORY),
            (Domain::Package, Maker::Intel) => (Cause::Rapl, RAPL_INTEL),
            (Domain::Package, _) => (Cause::Rapl, RAPL_AMD),
        };
        let term = Term {
            median_j: total.energy_j * self.share.share,
            own: ln_sd(total.variance_j2, total.energy_j),
            common: vec![(cause, meter_sd), (Cause::Share, self.share.ln_sd)],
        };
        let mut device = self.device(zone.name(), zone.domain, Basis::EnergyCounter, &term);
        device.mean_power_w = zone.counter.mean_power_w();
        device.max_power_w = Some(zone.counter.trace.max_power_w).filter(|w| *w > 0.0);
        device.samples = zone.counter.trace.samples;
        device.longest_gap_s = zone.counter.trace.longest_gap_s;
        device.notes.extend(zone.counter.notes());
        if zone.gone {
            device.notes.push("it stopped answering; half of its last power is taken after that".to_string());
        }
        Some((device, term))
    }

    fn device(&self, name: String, domain: Domain, basis: Basis, term: &Term) -> Device {
        let package = domain == Domain::Package;
        let share = format!(
            "the command did {} of the machine's work and counts for {} of its energy",
            percent(self.share.of_work),
            percent(self.share.share)
        );
        Device {
            name,
            part: if package { Part::Processor } else { Part::Memory },
            model: self.hardware.processor.clone().filter(|_| package),
            basis,
            energy: term.energy(),
            share: self.share.share,
            mean_power_w: None,
            max_power_w: None,
            mean_utilisation: self.share.utilisation.filter(|_| package),
            samples: 0,
            longest_gap_s: 0.0,
            notes: Vec::from_iter((self.share.known && self.share.share < 0.995).then_some(share)),
        }
    }

    /// The command's part of a power that nobody measured.
    fn estimated(&self, name: String, domain: Domain, power: LogNormal, of: Cause, said: String) -> (Device, Term) {
        let term = Term {
            median_j: power.median * self.duration_s * self.share.share,
            own: 0.0,
            common: vec![(of, power.ln_sd), (Cause::Share, self.share.ln_sd)],
        };
        let mut device = self.device(name, domain, Basis::Estimated, &term);
        device.mean_power_w = Some(power.median);
        device.notes.push(format!("no meter; estimated from {said}"));
        (device, term)
    }

    fn processors(&self, rapl: &Rapl, sum: &mut Sum) {
        let packages: Vec<&Zone> = rapl.zones.iter().filter(|zone| zone.domain == Domain::Package).collect();
        let (full, said) = estimate::processors(self.hardware);
        // Between rest and full load by the use of the whole machine.
        let [_, at_rest, _] = estimate::AT_REST;
        let of = |part: f64| LogNormal {
            median: full.median * part * (at_rest + (1.0 - at_rest) * self.share.machine),
            ..full
        };
        if packages.is_empty() {
            let what = if self.hardware.virtual_machine { "virtual CPUs" } else { "CPUs" };
            let name = format!("{} {what}", self.hardware.threads);
            let (device, term) = self.estimated(name, Domain::Package, of(1.0), Cause::ProcessorPower, said);
            return sum.push(device, term);
        }
        for zone in &packages {
            let (device, term) = self.counted(zone).unwrap_or_else(|| {
                let power = of(1.0 / packages.len() as f64);
                self.estimated(zone.name(), Domain::Package, power, Cause::ProcessorPower, said.clone())
            });
            sum.push(device, term);
        }
    }

    fn memory(&self, rapl: &Rapl, sum: &mut Sum) {
        let zones: Vec<&Zone> = rapl.zones.iter().filter(|zone| zone.domain == Domain::Memory).collect();
        let counted: Option<Vec<_>> = zones.iter().map(|zone| self.counted(zone)).collect();
        if let Some(counted) = counted.filter(|counted| !counted.is_empty()) {
            return counted.into_iter().for_each(|(device, term)| sum.push(device, term));
        }
        let Some(gib) = self.hardware.memory_gib else {
            return sum.unread.push("memory: its size is not known, nothing is counted for it".to_string());
        };
        let (power, said) = estimate::memory(gib);
        let (device, term) = self.estimated("DRAM".to_string(), Domain::Memory, power, Cause::MemoryPower, said);
        sum.push(device, term);
    }
}
