//! Accelerators that the kernel's graphics drivers list: AMD's, and Intel's with a power sensor.
//!
//! Power is `hwmon` in sysfs, use is `gpu_busy_percent`, processes are those of the compute driver (KFD). The energy counter is
//! in AMD's own libraries only: `amd_smi`, or `rocm_smi` before it. Both count from boot in a unit they name in microjoules, and
//! both know an accelerator by the same number made of its PCI address, which is how a library's counter finds its card here.
//! Graphics inside a processor are left out: its package counts them.

use std::ffi::c_void;
use std::path::{Path, PathBuf};

use libloading::{Library, Symbol};

use super::board::{Board, Kind, Names, Reading, Users};
use super::hardware::{AMD, INTEL, pci_name};
use super::sysfs::{self, plain};

/// AMD's libraries by the names of their packages, the newer first.
const LIBRARIES: [&str; 6] = [
    "libamd_smi.so",
    "/opt/rocm/lib/libamd_smi.so",
    "librocm_smi64.so",
    "/opt/rocm/lib/librocm_smi64.so",
    "librocm_smi64.so.7",
    "librocm_smi64.so.1",
];
/// Graphics inside a processor have their memory from it: less than any card of today has of its own.
const INSIDE_BYTES: f64 = 4.5e9;

/// One card in sysfs.
#[derive(Debug)]
struct Card {
    device: PathBuf,
    sensor: Option<PathBuf>,
    /// `(domain << 32) | (bus << 8) | (device << 3) | function`.
    address: u64,
    /// As the compute driver numbers it.
    compute_id: Option<String>,
    board: Board,
}

/// All cards, and the library that counts.
#[derive(Debug)]
pub struct Cards {
    /// Processes of the compute driver.
    processes: PathBuf,
    names: Names,
    library: Option<Counting>,
    cards: Vec<Card>,
}

impl Cards {
    /// Finds the cards; loads a library only where there are some. `system` allows the system's libraries.
    pub fn find(root: &Path, library: Option<&Path>, system: bool, unread: &mut Vec<String>) -> Self {
        let mut cards = Vec::new();
        for folder in sysfs::list(&root.join("sys/class/drm")) {
            let name = sysfs::name(&folder);
            // `card0`, not its connectors `card0-DP-1`.
            if name.strip_prefix("card").is_none_or(|n| n.parse::<u32>().is_err()) {
                continue;
            }
            let device = folder.join("device");
            let vendor = sysfs::hex(&device.join("vendor")).unwrap_or(0);
            let sensor = sysfs::list(&device.join("hwmon")).into_iter().next();
            if vendor != AMD && (vendor != INTEL || sensor.is_none()) {
                continue;
            }
            let inside = sysfs::number(&device.join("mem_info_vram_total")).is_ok_and(|bytes| bytes < INSIDE_BYTES);
            if vendor == AMD && inside {
                unread
                    .push("graphics inside the processor are part of its package and not counted by themselves".into());
                continue;
            }
            let Some(address) = address(&device) else { continue };
            let id = sysfs::hex(&device.join("device"));
            let product = sysfs::text(&device.join("product_name")).ok().as_deref().and_then(plain);
            let model = product.or_else(|| pci_name(root, vendor, id?));
            let cap = ["power1_cap_default", "power1_cap_max", "power1_rated_max"];
            let cap_w = cap.iter().find_map(|file| sysfs::number(&sensor.as_ref()?.join(file)).ok()).map(|uw| uw / 1e6);
            let title = if vendor == AMD { "AMD GPU" } else { "Intel GPU" };
            let name = format!("{title} {}", cards.len());
            let board = Board::new(name, model, Kind::Other, cap_w.filter(|w| *w > 0.0), 1);
            cards.push(Card { compute_id: compute_id(root, address), device, sensor, address, board });
        }
        let library = if cards.is_empty() { None } else { Counting::load(library, system) };
        Self { processes: root.join("sys/class/kfd/kfd/proc"), names: Names::new(root), library, cards }
    }

    pub fn sample(&mut self, now_s: f64, asleep_s: Option<f64>, pids: &[u32]) {
        for card in &mut self.cards {
            if !card.device.exists() {
                card.board.lose();
                continue;
            }
            let sensor = |files: &[&str]| {
                files.iter().find_map(|file| sysfs::number(&card.sensor.as_ref()?.join(file)).ok()).map(|x| x / 1e6)
            };
            let counted = self.library.as_ref().and_then(|library| library.energy_j(card.address));
            let reading = Reading {
                energy_j: counted.or_else(|| sensor(&["energy1_input"])),
                power_w: sensor(&["power1_average", "power1_input"]),
                utilisation: sysfs::number(&card.device.join("gpu_busy_percent")).ok().map(|percent| percent / 100.0),
                users: users(&self.processes, &self.names, card.compute_id.as_deref(), pids),
                slices: Vec::new(),
            };
            if reading.energy_j.is_none() && reading.power_w.is_none() {
                card.board.refuse("no sensor of this card gives energy or power".to_string());
            }
            card.board.read(now_s, asleep_s, &reading);
        }
    }

    pub fn boards(&self) -> impl Iterator<Item = &Board> {
        self.cards.iter().map(|card| &card.board)
    }

    /// Which PCI addresses are met here, as `0000:03:00.0`.
    pub fn addresses(&self) -> Vec<String> {
        let of = |a: u64| format!("{:04x}:{:02x}:{:02x}.{}", a >> 32, (a >> 8) & 0xff, (a >> 3) & 0x1f, a & 7);
        self.cards.iter().map(|card| of(card.address)).collect()
    }
}

/// The PCI address from `uevent`: `PCI_SLOT_NAME=0000:03:00.0`.
fn address(device: &Path) -> Option<u64> {
    let text = sysfs::text(&device.join("uevent")).ok()?;
    let slot = text.lines().find_map(|line| line.strip_prefix("PCI_SLOT_NAME="))?;
    let (rest, function) = slot.rsplit_once('.')?;
    let numbers: Vec<u64> = rest.split(':').map(|n| u64::from_str_radix(n, 16)).collect::<Result<_, _>>().ok()?;
    let [domain, bus, device] = *numbers.first_chunk::<3>()?;
    Some((domain << 32) | (bus << 8) | (device << 3) | u64::from_str_radix(function, 16).ok()?)
}

/// What the compute driver calls the card at this address.
fn compute_id(root: &Path, address: u64) -> Option<String> {
    sysfs::list(&root.join("sys/class/kfd/kfd/topology/nodes")).iter().find_map(|node| {
        let text = sysfs::text(&node.join("properties")).ok()?;
        let property = |name: &str| -> Option<u64> {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?.trim().parse().ok()
        };
        let location = property("location_id")? | (property("domain").unwrap_or(0) << 32);
        (location == address).then(|| sysfs::text(&node.join("gpu_id")).ok()).flatten().filter(|id| id != "0")
    })
}

/// Processes with memory on the card.
fn users(folder: &Path, names: &Names, compute_id: Option<&str>, pids: &[u32]) -> Users {
    let Some(id) = compute_id.filter(|_| folder.exists()) else { return Users::Unknown };
    let memory = format!("vram_{id}");
    let uses = |process: &PathBuf| sysfs::number(&process.join(&memory)).is_ok_and(|bytes| bytes > 0.0);
    let named = sysfs::list(folder).into_iter().filter(uses).filter_map(|p| sysfs::name(&p).parse().ok()).collect();
    names.users(named, pids)
}

type Status = i32;
type Handle = *mut c_void;
type OfHandle<T> = unsafe extern "C" fn(Handle, *mut T) -> Status;
type OfIndex<T> = unsafe extern "C" fn(u32, *mut T) -> Status;
type HandleEnergy = unsafe extern "C" fn(Handle, *mut u64, *mut f32, *mut u64) -> Status;
type IndexEnergy = unsafe extern "C" fn(u32, *mut u64, *mut f32, *mut u64) -> Status;
type Handles = unsafe extern "C" fn(Handle, *mut u32, *mut Handle) -> Status;
type Sockets = unsafe extern "C" fn(*mut u32, *mut Handle) -> Status;

/// An accelerator as its library knows it.
enum Known {
    /// `amd_smi`: a handle, kept as a number because it is never looked into.
    Handle(HandleEnergy, usize),
    /// `rocm_smi`.
    Index(IndexEnergy, u32),
}

/// A loaded library and its accelerators by PCI address.
struct Counting {
    known: Vec<(u64, Known)>,
    /// The functions are its: it stays loaded as long as they.
    _library: Library,
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} counters of AMD's library", self.known.len())
    }
}

impl Counting {
    fn load(path: Option<&Path>, system: bool) -> Option<Self> {
        let system = LIBRARIES.iter().filter(|_| path.is_none() && system).map(PathBuf::from);
        path.map(Path::to_path_buf).into_iter().chain(system).find_map(|path| {
            // SAFETY: a driver library of the system, or the one that the caller chose; its initialisers are as trusted as it.
            let library = unsafe { Library::new(path) }.ok()?;
            let known = amd_smi(&library).or_else(|| rocm_smi(&library)).filter(|known| !known.is_empty())?;
            Some(Self { known, _library: library })
        })
    }

    fn energy_j(&self, address: u64) -> Option<f64> {
        let (_, known) = self.known.iter().find(|(at, _)| *at == address)?;
        let (mut count, mut unit_uj, mut time) = (0u64, 0f32, 0u64);
        // SAFETY: all pointers are to live variables of the types in amdsmi.h and rocm_smi.h; the handle and the index come
        // from the same library, which is still loaded.
        let status = unsafe {
            match known {
                Known::Handle(read, handle) => read(*handle as Handle, &mut count, &mut unit_uj, &mut time),
                Known::Index(read, index) => read(*index, &mut count, &mut unit_uj, &mut time),
            }
        };
        let energy_j = count as f64 * f64::from(unit_uj) / 1e6;
        (status == 0 && energy_j.is_finite() && unit_uj > 0.0).then_some(energy_j)
    }
}

/// Bits 28 to 31 are the part of a divided accelerator, which has no PCI address of its own.
fn without_part(bdf: u64) -> u64 {
    bdf & !0xf000_0000
}

/// `AMDSMI_INIT_AMD_GPUS`.
const GPUS: u64 = 1 << 1;

fn amd_smi(library: &Library) -> Option<Vec<(u64, Known)>> {
    // SAFETY: signatures as in amdsmi.h (ROCm 5.6 and later); the calls get live pointers, and arrays as long as the counts
    // that the same library has just given.
    unsafe {
        let init: Symbol<'_, unsafe extern "C" fn(u64) -> Status> = library.get(b"amdsmi_init\0").ok()?;
        let sockets: Symbol<'_, Sockets> = library.get(b"amdsmi_get_socket_handles\0").ok()?;
        let processors: Symbol<'_, Handles> = library.get(b"amdsmi_get_processor_handles\0").ok()?;
        let address: Symbol<'_, OfHandle<u64>> = library.get(b"amdsmi_get_gpu_bdf_id\0").ok()?;
        let energy: Symbol<'_, HandleEnergy> = library.get(b"amdsmi_get_energy_count\0").ok()?;
        (init(GPUS) == 0).then_some(())?;
        let mut count = 0;
        (sockets(&mut count, std::ptr::null_mut()) == 0).then_some(())?;
        let mut all: Vec<Handle> = vec![std::ptr::null_mut(); count as usize];
        (sockets(&mut count, all.as_mut_ptr()) == 0).then_some(())?;
        let mut known = Vec::new();
        for socket in all.into_iter().take(count as usize) {
            let mut count = 0;
            if processors(socket, &mut count, std::ptr::null_mut()) != 0 {
                continue;
            }
            let mut handles: Vec<Handle> = vec![std::ptr::null_mut(); count as usize];
            if processors(socket, &mut count, handles.as_mut_ptr()) != 0 {
                continue;
            }
            for handle in handles.into_iter().take(count as usize) {
                let mut bdf = 0;
                if address(handle, &mut bdf) == 0 {
                    known.push((without_part(bdf), Known::Handle(*energy, handle as usize)));
                }
            }
        }
        Some(known)
    }
}

fn rocm_smi(library: &Library) -> Option<Vec<(u64, Known)>> {
    // SAFETY: signatures as in rocm_smi.h (ROCm 4.5 and later); all pointers are to live variables.
    unsafe {
        let init: Symbol<'_, unsafe extern "C" fn(u64) -> Status> = library.get(b"rsmi_init\0").ok()?;
        let count: Symbol<'_, unsafe extern "C" fn(*mut u32) -> Status> =
            library.get(b"rsmi_num_monitor_devices\0").ok()?;
        let address: Symbol<'_, OfIndex<u64>> = library.get(b"rsmi_dev_pci_id_get\0").ok()?;
        let energy: Symbol<'_, IndexEnergy> = library.get(b"rsmi_dev_energy_count_get\0").ok()?;
        (init(0) == 0).then_some(())?;
        let mut n = 0;
        (count(&mut n) == 0).then_some(())?;
        let mut known = Vec::new();
        for index in 0..n {
            let mut bdf = 0;
            if address(index, &mut bdf) == 0 {
                known.push((without_part(bdf), Known::Index(*energy, index)));
            }
        }
        Some(known)
    }
}
