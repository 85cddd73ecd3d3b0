//! An opened device with its kernels, compiled when first needed.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::corner_layout::FEW_EXTRAS;
use super::device::Device;
use super::error::GpuError;
use super::shader::Kernel;
use crate::plan::Plan;

/// What a plan has; what it has not is left out of the kernels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traits {
    pub shared: bool,
    pub zeros: bool,
    pub groups: bool,
    pub saturable: bool,
    pub saturable_values: bool,
    pub tables: bool,
    pub pieces: bool,
    pub last_slots: bool,
    pub shared_pue: bool,
    pub binned: bool,
    pub corners: CornerTraits,
}

/// What a pick-freeze design of a plan has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CornerTraits {
    /// Shared effects of the second sample.
    pub second: bool,
    /// Some model's PUE has several groups.
    pub joint: bool,
    /// Elements beyond the factors at most.
    pub extras: usize,
    /// Blocks of corners in a dispatch.
    pub blocks: usize,
}

impl Traits {
    pub fn of(plan: &Plan) -> Traits {
        let saturable = |m: &crate::plan::ModelPlan| m.emissions.saturable || m.atci.saturable;
        Traits {
            shared: !plan.cells.is_empty(),
            zeros: plan.models.iter().any(|m| m.zeros != 0),
            groups: !plan.groups.is_empty(),
            saturable: plan.saturable,
            saturable_values: plan.models.iter().any(saturable),
            tables: !plan.tables.is_empty(),
            pieces: plan.tables.iter().any(|t| !t.pieces.is_empty()),
            last_slots: plan.models.iter().any(|m| m.marginals[4..].iter().any(|m| m.is_random())),
            binned: plan.binned,
            shared_pue: plan.models.iter().any(|m| m.independent_pue_scale != 0),
            corners: CornerTraits::default(),
        }
    }

    /// The overrides that a kernel has.
    fn constants(&self, kernel: Kernel) -> Vec<(&'static str, f64)> {
        let number = |yes: bool| f64::from(u8::from(yes));
        let totals = ("SATURABLE", number(self.saturable));
        match kernel {
            Kernel::ModelBlock => vec![
                totals,
                ("SATURABLE_VALUES", number(self.saturable_values)),
                ("HAS_SHARED", number(self.shared)),
                ("HAS_ZEROS", number(self.zeros)),
                ("HAS_GROUPS", number(self.groups)),
                ("HAS_TABLES", number(self.tables)),
                ("HAS_PIECES", number(self.pieces)),
                ("HAS_LAST_SLOTS", number(self.last_slots)),
                ("HAS_SHARED_PUE", number(self.shared_pue)),
                ("BINNED", number(self.binned)),
            ],
            Kernel::CornerBlock => vec![
                totals,
                ("HAS_SHARED", number(self.shared)),
                ("HAS_TABLES", number(self.tables)),
                ("HAS_PIECES", number(self.pieces)),
                ("HAS_LAST_SLOTS", number(self.last_slots)),
                ("HAS_JOINT", number(self.corners.joint)),
                ("HAS_EXTRAS", number(self.corners.extras > 0)),
                ("MANY_EXTRAS", number(self.corners.extras > FEW_EXTRAS)),
                ("BLOCKS", self.corners.blocks as f64),
            ],
            Kernel::Merge | Kernel::CornerMerge => vec![totals],
            // A group's total may be above 2^48 whatever its members are.
            Kernel::BinGroups => vec![],
            Kernel::SharedNormals => vec![("SECOND", number(self.corners.second))],
            Kernel::SharedLogs | Kernel::SelfTest => vec![],
            Kernel::SortCount | Kernel::SortScan | Kernel::SortScatter | Kernel::Quotient => vec![],
        }
    }
}

type Key = (&'static str, Vec<u64>);

/// A device and what was compiled for it.
pub struct Session {
    pub device: Device,
    pipelines: Mutex<BTreeMap<Key, wgpu::ComputePipeline>>,
    /// Set once the kernels for corners have given the known answers.
    pub corners_tested: OnceLock<()>,
}

impl Session {
    pub fn new(device: Device) -> Session {
        Session { device, pipelines: Mutex::default(), corners_tested: OnceLock::new() }
    }

    /// The kernel for plans with these traits.
    pub fn pipeline(&self, kernel: Kernel, traits: &Traits) -> Result<wgpu::ComputePipeline, GpuError> {
        let constants = traits.constants(kernel);
        let key = (kernel.entry(), constants.iter().map(|&(_, value)| value.to_bits()).collect());
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = pipelines.get(&key) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.device.pipeline(kernel, &constants)?;
        pipelines.insert(key, pipeline.clone());
        Ok(pipeline)
    }
}
