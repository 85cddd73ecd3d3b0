//! What was measured: energy by device, each with the meter's error and the reasons for it, and their sum.

use serde::{Deserialize, Serialize};

/// Which part of a machine a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// An accelerator or a MIG slice of one.
    Accelerator,
    /// A processor package.
    Processor,
    /// Memory.
    Memory,
    /// All else up to the plug: fans, drives, network, losses of the power supply.
    Rest,
}

/// Where a device's energy comes from, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The device counts its energy.
    EnergyCounter,
    /// Its power was sampled and integrated.
    IntegratedPower,
    /// Nothing could be read; estimated from the hardware and its use.
    Estimated,
}

/// An energy, lognormal: its median in kWh and its geometric standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// The median, in kWh.
    pub median_kwh: f64,
    /// 1 for an energy known exactly.
    pub gsd: f64,
}

/// What one device used for the command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Which one: `GPU 0`, `MIG 1 of GPU 0`, `CPU package 1`, `DRAM of package 0`.
    pub name: String,
    /// What it is.
    pub part: Part,
    /// As its driver or the system calls it: `NVIDIA H100 80GB HBM3`.
    pub model: Option<String>,
    /// How its energy came about.
    pub basis: Basis,
    /// The command's share, with the meter's error.
    pub energy: Energy,
    /// The command's share of what the device used: 1 unless the machine was shared.
    pub share: f64,
    /// Its mean power, in watts, as far as it was read.
    pub mean_power_w: Option<f64>,
    /// Its highest power, in watts.
    pub max_power_w: Option<f64>,
    /// 0 to 1.
    pub mean_utilisation: Option<f64>,
    /// How often it was read.
    pub samples: u64,
    /// The longest time between two readings, in seconds.
    pub longest_gap_s: f64,
    /// What a reader must know: a counter that wrapped, a device that vanished, why it is estimated.
    pub notes: Vec<String>,
}

/// What a command used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// All devices, in a fixed order.
    pub devices: Vec<Device>,
    /// The IT energy at the plug of the machine (without PUE): the sum of the devices, errors they have in common once.
    pub energy: Energy,
    /// The accelerators together, or `None` where there is none.
    pub accelerator_hours: Option<f64>,
    /// CPU time of the command, in seconds, if it could be read.
    pub cpu_time_s: Option<f64>,
    /// What could not be read and why, in a sentence each.
    pub unread: Vec<String>,
}
