//! What the machine is made of, as the system describes it: processors, memory and accelerators, without any driver library.
//!
//! The processors of a virtual machine are parts of a host's: how many sockets it shows says nothing, and its threads count.

use std::collections::BTreeSet;
use std::path::Path;

use super::sysfs::{self, plain};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hardware {
    /// As `/proc/cpuinfo` names it.
    pub processor: Option<String>,
    pub maker: Maker,
    /// Of a physical machine.
    pub sockets: u32,
    /// Logical processors that are online.
    pub threads: u32,
    pub virtual_machine: bool,
    pub memory_gib: Option<f64>,
    pub accelerators: Vec<Accelerator>,
}

/// Who made the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Maker {
    Intel,
    Amd,
    #[default]
    Other,
}

/// A GPU or another accelerator on the PCI bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Accelerator {
    /// `0000:03:00.0`.
    pub address: String,
    pub nvidia: bool,
    pub model: Option<String>,
    /// Whether a driver that computes has it: without one it rests.
    pub driven: bool,
}

pub const NVIDIA: u32 = 0x10de;
pub const AMD: u32 = 0x1002;
pub const INTEL: u32 = 0x8086;

/// Makers of machines that are none.
const HYPERVISORS: [&str; 8] =
    ["qemu", "kvm", "vmware", "xen", "innotek", "virtual machine", "amazon ec2", "google compute engine"];

pub fn find(root: &Path) -> Hardware {
    let info = sysfs::text(&root.join("proc/cpuinfo")).unwrap_or_default();
    let field = |name: &str| {
        info.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name).map(|(_, v)| v.trim()))
    };
    let maker = match field("vendor_id") {
        Some("GenuineIntel") => Maker::Intel,
        Some("AuthenticAMD" | "HygonGenuine") => Maker::Amd,
        _ => Maker::Other,
    };
    let listed =
        info.lines().filter(|line| line.split(':').next().is_some_and(|key| key.trim() == "processor")).count();
    let here = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if listed > 0 { listed } else { here() };
    Hardware {
        processor: field("model name").and_then(plain),
        maker,
        sockets: sockets(root).max(1),
        threads: u32::try_from(threads).unwrap_or(1).max(1),
        virtual_machine: field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"))
            || hypervisor(root),
        memory_gib: memory_gib(root),
        accelerators: accelerators(root),
    }
}

fn hypervisor(root: &Path) -> bool {
    let of = |name: &str| sysfs::text(&root.join("sys/class/dmi/id").join(name)).unwrap_or_default().to_lowercase();
    let (vendor, product) = (of("sys_vendor"), of("product_name"));
    let named = HYPERVISORS.iter().any(|name| vendor.contains(name) || product.contains(name));
    named && !product.contains("metal")
}

fn sockets(root: &Path) -> u32 {
    let folders = sysfs::list(&root.join("sys/devices/system/cpu"));
    let is_cpu = |name: &str| name.strip_prefix("cpu").is_some_and(|n| n.parse::<u32>().is_ok());
    let packages: BTreeSet<String> = folders
        .iter()
        .filter(|path| is_cpu(&sysfs::name(path)))
        .filter_map(|path| sysfs::text(&path.join("topology/physical_package_id")).ok())
        .filter(|id| !id.starts_with('-'))
        .collect();
    u32::try_from(packages.len()).unwrap_or(0)
}

fn memory_gib(root: &Path) -> Option<f64> {
    let info = sysfs::text(&root.join("proc/meminfo")).ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: f64 = total.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0 / 1024.0).filter(|gib| *gib > 0.0)
}

fn accelerators(root: &Path) -> Vec<Accelerator> {
    let mut found = Vec::new();
    for device in sysfs::list(&root.join("sys/bus/pci/devices")) {
        // Display controllers, without those that only show a picture (VGA of a board's manager), and accelerators.
        let class = sysfs::hex(&device.join("class")).unwrap_or(0) >> 8;
        let vendor = sysfs::hex(&device.join("vendor")).unwrap_or(0);
        let computes = matches!(class, 0x0300 | 0x0302 | 0x0380) && [NVIDIA, AMD].contains(&vendor);
        if !computes && class != 0x1200 {
            continue;
        }
        let address = sysfs::name(&device);
        let nvidia = vendor == NVIDIA;
        let of_driver = root.join("proc/driver/nvidia/gpus").join(&address).join("information");
        let information = sysfs::text(&of_driver).ok();
        let model = information
            .as_deref()
            .and_then(|text| text.lines().find_map(|line| line.strip_prefix("Model:")).and_then(plain));
        let id = sysfs::hex(&device.join("device"));
        let model = model.or_else(|| pci_name(root, vendor, id?));
        let driven =
            if nvidia { root.join("proc/driver/nvidia/version").exists() } else { device.join("driver").exists() };
        found.push(Accelerator { address, nvidia, model, driven });
    }
    found
}

/// The name in the list of PCI ids, where the machine has one: what stands in brackets is the product.
pub fn pci_name(root: &Path, vendor: u32, id: u32) -> Option<String> {
    const LISTS: [&str; 3] = ["usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids", "usr/share/pci.ids"];
    let list = LISTS.iter().find_map(|path| sysfs::text(&root.join(path)).ok())?;
    let (vendor, id) = (format!("{vendor:04x}  "), format!("\t{id:04x}  "));
    let of_vendor = list.lines().skip_while(|line| !line.starts_with(&vendor)).skip(1);
    let mut devices = of_vendor.take_while(|line| line.starts_with('\t') || line.starts_with('#'));
    let name = devices.find_map(|line| line.strip_prefix(id.as_str()))?;
    let product = name.rsplit_once('[').and_then(|(_, rest)| rest.strip_suffix(']')).unwrap_or(name);
    plain(product)
}
