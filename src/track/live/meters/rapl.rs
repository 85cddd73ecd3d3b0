//! Energy of processor packages and their memory, by RAPL through the kernel's powercap interface
//! (Documentation/power/powercap/powercap.rst), on Intel and AMD alike.
//!
//! What is counted: every package once, though the interfaces of MSR, MMIO and TPMI may each list it, and memory (`dram`),
//! which is outside its package. Not counted: `core` and `uncore`, which are parts of a package, and `psys`, the whole
//! platform, which holds the packages. Since Linux 5.10 only root reads the counters (CVE-2020-8694): such a package stays to be
//! estimated, and why is said.

use std::path::{Path, PathBuf};

use super::integral::Counter;
use super::sysfs::{self, Unread};

/// What a zone measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    Package,
    Memory,
}

/// One zone: its counter, and the package it is of.
#[derive(Debug)]
pub struct Zone {
    pub domain: Domain,
    /// `0`, `1 die 0`.
    pub package: String,
    path: PathBuf,
    pub counter: Counter,
    /// The last reading failed.
    pub gone: bool,
    pub refused: Option<Unread>,
}

/// The zones of a machine, packages first.
#[derive(Debug, Default)]
pub struct Rapl {
    pub zones: Vec<Zone>,
}

/// RAPL counters are renewed every millisecond.
const RENEWED_S: f64 = 0.001;
/// The greatest power that a zone without limits of its own can take. Chosen: above every processor and all memory of one.
const MOST_W: [f64; 2] = [1000.0, 300.0];
/// A limit holds over its time window; for moments, power is above it. Chosen.
const ABOVE_LIMIT: f64 = 2.0;

/// Folders of all zones, `intel-rapl:0:1` like `intel-rapl:0`.
fn folders(root: &Path) -> Vec<PathBuf> {
    let is_zone = |path: &PathBuf| {
        let name = sysfs::name(path);
        name.starts_with("intel-rapl") && name.contains(':')
    };
    let flat: Vec<PathBuf> = sysfs::list(&root.join("sys/class/powercap")).into_iter().filter(is_zone).collect();
    if !flat.is_empty() {
        return flat;
    }
    // The class is not mounted in some containers; its devices are.
    let types = sysfs::list(&root.join("sys/devices/virtual/powercap"));
    let tops = types.iter().flat_map(|folder| sysfs::list(folder)).filter(is_zone);
    tops.flat_map(|top| {
        let below: Vec<PathBuf> = sysfs::list(&top).into_iter().filter(is_zone).collect();
        std::iter::once(top).chain(below)
    })
    .collect()
}

/// The zone that `intel-rapl:0:1` is part of.
fn parent(name: &str) -> Option<&str> {
    let (parent, _) = name.rsplit_once(':')?;
    parent.contains(':').then_some(parent)
}

impl Rapl {
    pub fn find(root: &Path) -> Self {
        // The MSR interface knows more domains than the others, and comes first.
        let mut found = folders(root);
        found.sort_by_key(|path| !sysfs::name(path).starts_with("intel-rapl:"));
        let named: Vec<(PathBuf, String)> =
            found.into_iter().filter_map(|p| sysfs::text(&p.join("name")).ok().map(|name| (p, name))).collect();
        let package_of = |folder: &str| -> Option<String> {
            let (_, name) = named.iter().find(|(path, _)| sysfs::name(path) == folder)?;
            sysfs::plain(&name.strip_prefix("package-")?.replace('-', " "))
        };
        let mut zones: Vec<Zone> = Vec::new();
        for (path, name) in &named {
            let folder = sysfs::name(path);
            let found = match parent(&folder) {
                None => package_of(&folder).map(|package| (Domain::Package, package)),
                Some(parent) if name == "dram" => package_of(parent).map(|package| (Domain::Memory, package)),
                Some(_) => None,
            };
            let Some((domain, package)) = found else { continue };
            let zone = Zone::new(domain, package, path);
            // The same package by another interface: one that can be read stands before one that cannot.
            match zones.iter_mut().find(|z| z.domain == domain && z.package == zone.package) {
                Some(known) if known.refused.is_some() && zone.refused.is_none() => *known = zone,
                Some(_) => {}
                None => zones.push(zone),
            }
        }
        zones.sort_by(|a, b| (a.domain, &a.package).cmp(&(b.domain, &b.package)));
        Self { zones }
    }

    pub fn sample(&mut self, now_s: f64, asleep_s: Option<f64>) {
        for zone in self.zones.iter_mut().filter(|zone| zone.refused.is_none()) {
            let value = sysfs::number(&zone.path);
            zone.gone = value.is_err();
            if let Ok(microjoules) = value {
                zone.counter.read(now_s, microjoules / 1e6, asleep_s);
            }
        }
    }
}

impl Zone {
    fn new(domain: Domain, package: String, folder: &Path) -> Self {
        let range_j = sysfs::number(&folder.join("max_energy_range_uj")).ok().map(|x| x / 1e6);
        let limits =
            (0..4).flat_map(|n| ["max_power_uw", "power_limit_uw"].map(|what| format!("constraint_{n}_{what}")));
        let limit_w = limits.filter_map(|file| sysfs::number(&folder.join(file)).ok()).fold(0.0, f64::max) / 1e6;
        let most_w = MOST_W[usize::from(domain == Domain::Memory)];
        // A limit of nearly nothing is one that nobody set.
        let most_w = if limit_w > 5.0 { (ABOVE_LIMIT * limit_w).min(most_w) } else { most_w };
        let path = folder.join("energy_uj");
        let refused = sysfs::number(&path).err();
        Self { domain, package, path, counter: Counter::new(range_j, Some(most_w), RENEWED_S), gone: false, refused }
    }

    pub fn name(&self) -> String {
        match self.domain {
            Domain::Package => format!("CPU package {}", self.package),
            Domain::Memory => format!("DRAM of package {}", self.package),
        }
    }

    /// Why it cannot be read.
    pub fn reason(&self) -> Option<String> {
        let name = self.name();
        Some(match self.refused? {
            Unread::NoPermission => format!(
                "RAPL of {name}: no permission (only root reads energy_uj since Linux 5.10; `chmod a+r` on it lets others)"
            ),
            Unread::Missing | Unread::Other => format!("RAPL of {name}: its counter cannot be read"),
        })
    }
}
