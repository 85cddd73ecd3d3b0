//! NVIDIA's accelerators through the driver's own library, loaded when there is one.
//!
//! The library knows energy (millijoules since the driver was loaded, from Volta on), power in milliwatts, use in per cent and
//! the processes that compute, by MIG slice where an accelerator is divided. Every one of these may be missing; a call that
//! fails says so by itself and takes nothing else with it.

use std::ffi::OsStr;
use std::path::Path;

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::{Device, Nvml};

use super::board::{Board, Kind, Names, Reading, Users};
use super::sysfs::plain;

/// The library and its accelerators.
#[derive(Debug)]
pub struct Nvidia {
    library: Nvml,
    names: Names,
    pub boards: Vec<(u32, Board)>,
    /// Accelerators that nobody here may use.
    pub closed: Vec<String>,
}

/// Why there are none.
#[derive(Debug)]
pub enum Absent {
    /// No library.
    NoLibrary,
    /// There is one, and it does not work.
    Failed(String),
}

impl Nvidia {
    pub fn load(root: &Path, library: Option<&Path>) -> Result<Self, Absent> {
        let mut builder = Nvml::builder();
        if let Some(path) = library {
            builder.lib_path(OsStr::new(path));
        }
        let library = builder.init().map_err(|error| match error {
            NvmlError::LibloadingError(_) => Absent::NoLibrary,
            error => Absent::Failed(format!("NVIDIA's driver library (NVML): {error}")),
        })?;
        let count = library.device_count().map_err(|error| Absent::Failed(format!("NVML counts no GPUs: {error}")))?;
        let (mut boards, mut closed) = (Vec::new(), Vec::new());
        for index in 0..count {
            match library.device_by_index(index) {
                Err(NvmlError::NoPermission) => {
                    closed.push(format!("GPU {index}: no permission to use it, for the command neither; not counted"));
                }
                device => boards.push((index, board(device.as_ref().ok(), index))),
            }
        }
        Ok(Self { library, names: Names::new(root), boards, closed })
    }

    pub fn sample(&mut self, now_s: f64, asleep_s: Option<f64>, pids: &[u32]) {
        for (index, board) in &mut self.boards {
            match read(&self.library, *index, &self.names, pids) {
                Ok((reading, refused)) => {
                    board.read(now_s, asleep_s, &reading);
                    if let Some(reason) = refused {
                        board.refuse(reason);
                    }
                }
                Err(error) => {
                    board.lose();
                    board.refuse(format!("NVML: {error}"));
                }
            }
        }
    }
}

fn board(device: Option<&Device<'_>>, index: u32) -> Board {
    let model = device.and_then(|d| d.name().ok()).as_deref().and_then(plain);
    let limit = device.and_then(|d| d.power_management_limit_default().ok());
    let limit_w = limit.filter(|mw| *mw > 0).map(|mw| f64::from(mw) / 1000.0);
    let divided = device.filter(|d| is_divided(d));
    let of_slices = divided.and_then(|d| d.mig_device_count().ok()).unwrap_or(1);
    Board::new(format!("GPU {index}"), model, Kind::Nvidia, limit_w, of_slices)
}

fn is_divided(device: &Device<'_>) -> bool {
    device.mig_mode().is_ok_and(|mode| mode.current == 1)
}

/// A reading, and why there is neither energy nor power. An error where the accelerator does not answer at all.
fn read(library: &Nvml, index: u32, names: &Names, pids: &[u32]) -> Result<(Reading, Option<String>), NvmlError> {
    let device = library.device_by_index(index)?;
    let power = device.power_usage();
    let energy = match device.total_energy_consumption() {
        Err(error) if power.is_err() && gone(&error) => return Err(error),
        energy => energy,
    };
    let users = |found: Result<Vec<ProcessInfo>, NvmlError>| match found {
        Ok(found) => names.users(found.iter().map(|process| process.pid).collect(), pids),
        Err(_) => Users::Unknown,
    };
    let mut slices = Vec::new();
    if is_divided(&device) {
        for number in 0..device.mig_device_count().unwrap_or(0) {
            let Ok(slice) = device.mig_device_by_index(number) else { continue };
            let count = slice.attributes().map_or(1, |attributes| attributes.compute_instance_slice_count.max(1));
            slices.push((number, count, users(slice.running_compute_processes())));
        }
    }
    let refused = match (&energy, &power) {
        (Err(_), Err(error)) => Some(format!("NVML gives no energy or power: {error}")),
        _ => None,
    };
    let reading = Reading {
        energy_j: energy.ok().map(|mj| mj as f64 / 1000.0),
        power_w: power.ok().map(|mw| f64::from(mw) / 1000.0),
        utilisation: device.utilization_rates().ok().map(|use_| f64::from(use_.gpu) / 100.0),
        users: if slices.is_empty() { users(device.running_compute_processes()) } else { together(&slices) },
        slices,
    };
    Ok((reading, refused))
}

/// Errors after which an accelerator is not there any more.
fn gone(error: &NvmlError) -> bool {
    matches!(error, NvmlError::GpuLost | NvmlError::ResetRequired | NvmlError::Unknown | NvmlError::NotFound)
}

fn together(slices: &[(u32, u32, Users)]) -> Users {
    slices.iter().fold(Users::Named { own: 0, others: 0 }, |all, (.., users)| match (all, users) {
        (Users::Named { own: a, others: b }, Users::Named { own: c, others: d }) => {
            Users::Named { own: a + c, others: b + d }
        }
        _ => Users::Unknown,
    })
}
