//! An accelerator over time: what it used, and whose that is.
//!
//! Energy between two readings goes by the processes that the driver names at the later one: the command's own, shared
//! equally among those named, or others' alone. While it names nobody, the accelerator is the command's if the command used
//! it at another time. One that never ran the command is not counted, and that is said with its energy: so is one that ran
//! nobody and was idle. Where the driver names nobody although the accelerator is busy, or names processes that cannot be
//! seen here (a container), all of it counts.
//!
//! A MIG slice has no meter. Its part of the accelerator is between its slices of all and its slices of those in use, because
//! power at rest is everybody's and the rest is drawn by whoever computes (arXiv:2501.17752 shows how far apart that can be).

use std::path::{Path, PathBuf};

use super::Span;
use super::estimate;
use super::integral::{Counter, Power, Total};
use super::uncertainty::{AMD_CARD, AMD_COMMON, Cause, NVML_CARD, NVML_COMMON, PART_TIME, Term, Z95, ln_sd};
use crate::track::measured::{Basis, Device, Part};

/// Whose driver reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nvidia,
    Other,
}

/// Who computes on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Users {
    /// The driver does not say, or names processes of another PID namespace.
    Unknown,
    Named {
        own: u32,
        others: u32,
    },
}

/// Tells the command's processes from others'. Drivers name processes by their numbers in the machine's first PID namespace.
#[derive(Debug, Clone)]
pub struct Names {
    root: PathBuf,
    /// Whether this is that namespace.
    first: bool,
}

/// The first PID namespace (PROC_PID_INIT_INO of the kernel).
const FIRST_NAMESPACE: &str = "pid:[4026531836]";

impl Names {
    pub fn new(root: &Path) -> Self {
        let of = std::fs::read_link(root.join("proc/self/ns/pid"));
        let first = of.is_ok_and(|link| link.as_os_str() == FIRST_NAMESPACE);
        Self { root: root.to_path_buf(), first }
    }

    /// Who uses it, if a driver names these.
    pub fn users(&self, mut named: Vec<u32>, pids: &[u32]) -> Users {
        named.sort_unstable();
        named.dedup();
        let own = named.iter().filter(|pid| pids.contains(pid)).count();
        let others = named.len() - own;
        let seen = |pid: &u32| self.root.join("proc").join(pid.to_string()).exists();
        // In a container, numbers that nobody here has may be the command's.
        if own == 0 && others > 0 && !self.first && !named.iter().any(seen) {
            return Users::Unknown;
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Users::Named { own: count(own), others: count(others) }
    }
}

/// One reading.
#[derive(Debug, Clone)]
pub struct Reading {
    pub energy_j: Option<f64>,
    pub power_w: Option<f64>,
    pub utilisation: Option<f64>,
    pub users: Users,
    /// Of each MIG slice: number, slices, users.
    pub slices: Vec<(u32, u32, Users)>,
}

/// Error of a whole share that rests on the equal division among processes. Chosen.
const DIVIDED: f64 = 0.35;
/// Error of a MIG slice's part besides the two limits. Chosen.
const SLICE: f64 = 0.1;

/// Energy by user.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    own_j: f64,
    /// Of that, divided among several processes.
    divided_j: f64,
    others_j: f64,
    nobody_j: f64,
    unknown_j: f64,
    seen_own: bool,
    seen_others: bool,
    seen_unknown: bool,
}

impl Used {
    fn add(&mut self, users: Users, energy_j: f64) {
        match users {
            Users::Unknown => {
                self.seen_unknown = true;
                self.unknown_j += energy_j;
            }
            Users::Named { own: 0, others: 0 } => self.nobody_j += energy_j,
            Users::Named { own: 0, .. } => {
                self.seen_others = true;
                self.others_j += energy_j;
            }
            Users::Named { own, others } => {
                self.seen_own = true;
                let own_j = energy_j * f64::from(own) / f64::from(own + others);
                self.own_j += own_j;
                self.others_j += energy_j - own_j;
                if others > 0 {
                    self.seen_others = true;
                    self.divided_j += own_j;
                }
            }
        }
    }

    /// The command's share and the error of it; `None` where it is not the command's.
    fn share(&self, busy: bool) -> Option<(f64, f64)> {
        let named_j = self.own_j + self.others_j;
        let all_j = named_j + self.nobody_j + self.unknown_j;
        let whole = if self.seen_own {
            let of_nobody = if named_j > 0.0 { self.own_j / named_j } else { 1.0 };
            if all_j > 0.0 { (self.own_j + of_nobody * self.nobody_j + self.unknown_j) / all_j } else { 1.0 }
        } else if self.seen_unknown {
            if all_j > 0.0 { (self.unknown_j + self.nobody_j) / all_j } else { 1.0 }
        } else if !self.seen_others && busy {
            1.0
        } else {
            return None;
        };
        let divided = if whole > 0.0 && all_j > 0.0 { self.divided_j / (whole * all_j) } else { 0.0 };
        Some((whole, DIVIDED * divided))
    }
}

#[derive(Debug, Clone)]
struct Slice {
    number: u32,
    slices: u32,
    used: Used,
    /// Energy that is its by slices of all, and by slices of those in use.
    limits_j: [f64; 2],
}

/// One accelerator.
#[derive(Debug)]
pub struct Board {
    name: String,
    model: Option<String>,
    kind: Kind,
    tdp_w: Option<f64>,
    counter: Counter,
    power: Power,
    used: Used,
    slices: Vec<Slice>,
    /// Compute slices of the whole, where it is divided.
    of_slices: u32,
    utilisation: [f64; 2],
    last_s: Option<f64>,
    readings: u64,
    gone: bool,
    /// Why there is neither energy nor power.
    refused: Option<String>,
}

/// What is said of an accelerator in the end: its devices, or why it is not counted.
pub type Counted = Result<Vec<(Device, Term, f64)>, String>;

impl Board {
    pub fn new(name: String, model: Option<String>, kind: Kind, tdp_w: Option<f64>, of_slices: u32) -> Self {
        // Boards renew their counters about every 100 ms at the latest (arXiv:2312.02741).
        let counter = Counter::new(None, tdp_w.map(|w| 2.0 * w), 0.1);
        let tdp_w = tdp_w.or_else(|| model.as_deref().and_then(estimate::tdp_w));
        Self {
            name,
            model,
            kind,
            tdp_w,
            counter,
            power: Power::default(),
            used: Used::default(),
            slices: Vec::new(),
            of_slices,
            utilisation: [0.0; 2],
            last_s: None,
            readings: 0,
            gone: false,
            refused: None,
        }
    }

    /// Why it gives neither energy nor power.
    pub fn refuse(&mut self, reason: String) {
        self.refused.get_or_insert(reason);
    }

    /// It does not answer any more.
    pub fn lose(&mut self) {
        self.gone = true;
    }

    pub fn read(&mut self, now_s: f64, asleep_s: Option<f64>, reading: &Reading) {
        self.gone = false;
        self.readings += 1;
        let by_counter = reading.energy_j.map(|energy_j| self.counter.read(now_s, energy_j, asleep_s));
        let by_power = reading.power_w.map(|power_w| self.power.read(now_s, power_w, asleep_s));
        let elapsed_s = self.last_s.map_or(0.0, |last| (now_s - last).max(0.0));
        self.last_s = Some(now_s);
        if let Some(utilisation) = reading.utilisation {
            let weight = elapsed_s.max(1e-3);
            self.utilisation[0] += weight;
            self.utilisation[1] += weight * utilisation;
        }
        // Without a meter, time stands for energy.
        let energy_j = by_counter.filter(|j| *j > 0.0).or(by_power).or(by_counter).unwrap_or(elapsed_s);
        self.used.add(reading.users, energy_j);
        let in_use = |users: Users| !matches!(users, Users::Named { own: 0, others: 0 });
        let active: u32 = reading.slices.iter().filter(|(.., users)| in_use(*users)).map(|(_, n, _)| *n).sum();
        for &(number, slices, users) in &reading.slices {
            let at = self.slices.iter().position(|s| s.number == number).unwrap_or_else(|| {
                let (used, limits_j) = (Used::default(), [0.0; 2]);
                self.slices.push(Slice { number, slices, used, limits_j });
                self.slices.len() - 1
            });
            let Some(slice) = self.slices.get_mut(at) else { continue };
            let part = |of: u32| f64::from(slices) / f64::from(of.max(slices));
            let low_j = energy_j * part(self.of_slices);
            slice.limits_j[0] += low_j;
            slice.limits_j[1] += if in_use(users) { energy_j * part(active) } else { low_j };
            slice.used.add(users, low_j);
        }
    }

    fn mean_utilisation(&self) -> Option<f64> {
        (self.utilisation[0] > 0.0).then(|| self.utilisation[1] / self.utilisation[0])
    }

    /// The whole accelerator between the ends, where it comes from and the error of that.
    fn whole(&self, span: Span, notes: &mut Vec<String>) -> (Total, Basis, f64, (Cause, f64)) {
        let ends = [span.started_s, span.ended_s];
        let (card, common) = match self.kind {
            Kind::Nvidia => (NVML_CARD, (Cause::Nvml, NVML_COMMON)),
            Kind::Other => (AMD_CARD, (Cause::Amd, AMD_COMMON)),
        };
        let card = if self.part_time() { (card * card + PART_TIME * PART_TIME).sqrt() } else { card };
        let power = self.power.total(ends, self.gone);
        let counted = self.counter.total(ends, self.gone).filter(|total| {
            let stands = total.energy_j <= 0.0 && self.power.read_j() > 0.0;
            if stands {
                notes.push("its energy counter does not move; power is integrated instead".to_string());
            }
            !stands
        });
        if let Some(total) = counted {
            notes.extend(self.counter.notes());
            return (total, Basis::EnergyCounter, card, common);
        }
        if let Some(total) = power {
            notes.extend(self.power.notes());
            return (total, Basis::IntegratedPower, card, common);
        }
        let reason = self.refused.clone().unwrap_or_else(|| "neither energy nor power could be read".to_string());
        let (power_w, sd, said) = estimate::accelerator(self.tdp_w, self.mean_utilisation());
        notes.push(format!("{reason}; estimated from {said}"));
        let total = Total { energy_j: power_w * (ends[1] - ends[0]).max(0.0), variance_j2: 0.0 };
        (total, Basis::Estimated, 0.0, (Cause::AcceleratorPower, sd))
    }

    /// A100, H100 and their kin, whose sensor looks a quarter of the time.
    fn part_time(&self) -> bool {
        const CHIPS: [&str; 8] = ["A100", "A800", "A30", "H100", "H200", "H800", "H20", "GH200"];
        let words = self.model.iter().flat_map(|model| model.split(|c: char| !c.is_ascii_alphanumeric()));
        self.kind == Kind::Nvidia && words.into_iter().any(|word| CHIPS.contains(&word))
    }

    /// Its devices, each with its term of the sum and its accelerators (1, or a slice's part).
    pub fn finish(&self, span: Span) -> Counted {
        let mut notes = Vec::new();
        let (total, basis, card, common) = self.whole(span, &mut notes);
        if self.gone && basis != Basis::Estimated {
            notes.push(
                "it stopped answering; its energy up to then is kept, and half of its last power after that"
                    .to_string(),
            );
        }
        let own = (card * card + ln_sd(total.variance_j2, total.energy_j).powi(2)).sqrt();
        let term = |share: f64| Term { median_j: total.energy_j * share, own, common: vec![common] };
        let kwh = total.energy_j / 3.6e6;
        if !self.slices.is_empty() {
            return self.finish_slices(&notes, basis, term);
        }
        let busy = self.readings == 0 || self.mean_utilisation().is_none_or(|u| u >= 0.01);
        let Some((share, share_sd)) = self.used.share(busy) else {
            let why =
                if self.used.seen_others { "ran processes of others only" } else { "ran no process and was idle" };
            return Err(format!("{} {why}: its {kwh:.4} kWh are not counted", self.title()));
        };
        if self.used.seen_own && share < 1.0 {
            notes.push("shared with processes of others, whose part by the driver's list is left out".to_string());
        } else if !self.used.seen_own {
            notes.push("its driver does not say which processes use it: all of it is counted".to_string());
        }
        let term = term(share).and(share_sd);
        Ok(vec![(self.device(self.name.clone(), basis, &term, share, notes), term, 1.0)])
    }

    fn finish_slices(&self, notes: &[String], basis: Basis, term: impl Fn(f64) -> Term) -> Counted {
        let all_j: f64 = self.used.own_j + self.used.others_j + self.used.nobody_j + self.used.unknown_j;
        let mut devices = Vec::new();
        for slice in &self.slices {
            // A container sees its own slice only, and often no process in it.
            let busy = self.mean_utilisation().is_none_or(|u| u >= 0.01) && self.slices.len() == 1;
            let Some((whole, whole_sd)) = slice.used.share(busy) else { continue };
            let of_all = f64::from(slice.slices) / f64::from(self.of_slices.max(1));
            let [low, high] = if all_j > 0.0 { slice.limits_j.map(|j| j / all_j) } else { [of_all; 2] };
            let share = (low * high).sqrt() * whole;
            let limits_sd = libm::log(high / low).max(0.0) / (2.0 * Z95);
            let mut notes = notes.to_vec();
            notes.push(format!(
                "{} of {} slices of a GPU whose meter knows only the whole: its part is between {:.0} and {:.0} %",
                slice.slices,
                self.of_slices,
                100.0 * low,
                100.0 * high
            ));
            if !slice.used.seen_own {
                notes.push("its driver does not say which processes use it: all of it is counted".to_string());
            }
            let term = term(share).and(whole_sd).and(limits_sd).and(SLICE);
            let name = format!("MIG {} of {}", slice.number, self.name);
            devices.push((self.device(name, basis, &term, share, notes), term, of_all));
        }
        if devices.is_empty() {
            return Err(format!("no MIG slice of {} ran the command; it is not counted", self.title()));
        }
        Ok(devices)
    }

    fn title(&self) -> String {
        self.model.as_ref().map_or_else(|| self.name.clone(), |model| format!("{} ({model})", self.name))
    }

    fn device(&self, name: String, basis: Basis, term: &Term, share: f64, notes: Vec<String>) -> Device {
        let (trace, mean_w) = match basis {
            Basis::EnergyCounter => (Some(&self.counter.trace), self.counter.mean_power_w()),
            Basis::IntegratedPower => (Some(&self.power.trace), self.power.mean_power_w()),
            Basis::Estimated => (None, None),
        };
        let max_w = [self.counter.trace.max_power_w, self.power.trace.max_power_w].into_iter().fold(0.0, f64::max);
        Device {
            name,
            part: Part::Accelerator,
            model: self.model.clone(),
            basis,
            energy: term.energy(),
            share,
            mean_power_w: mean_w,
            max_power_w: (max_w > 0.0).then_some(max_w),
            mean_utilisation: self.mean_utilisation(),
            samples: trace.map_or(self.readings, |trace| trace.samples),
            longest_gap_s: trace.map_or(0.0, |trace| trace.longest_gap_s),
            notes,
        }
    }
}
