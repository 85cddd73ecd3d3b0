//! An opened device with its kernels, compiled when first needed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::device::Device;
use super::error::GpuError;
use super::layout;
use super::shader::Kernel;
use crate::engine::plan::table::Table;
use crate::engine::plan::{Block, Marginal, ModelPlan};

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
    /// Random factors in slots 4 and 5.
    pub middle_slots: bool,
    /// Anything in slots 6 and up.
    pub last_slots: bool,
    pub gates: bool,
    /// Some factor has a bound that holds with its shared effects.
    pub bounded: bool,
    /// Shared effects act on the standard normal of some factor.
    pub ranked: bool,
    /// Some output is a sum of several products.
    pub sums: bool,
    pub shared_shifted: bool,
    pub binned: bool,
    pub roles: Roles,
    pub corners: CornerTraits,
}

/// The outputs, and which of them have a role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles {
    pub outputs: usize,
    pub headline: usize,
    /// As many as there are outputs: none.
    pub denominator: usize,
    /// Outputs that are kept, as bits.
    pub kept: u32,
}

impl Roles {
    fn of(plan: Block<'_>) -> Roles {
        let kept = plan.outputs.iter().enumerate().fold(0, |bits, (o, output)| bits | u32::from(output.kept) << o);
        let outputs = plan.outputs.len();
        Roles { outputs, headline: plan.headline, denominator: plan.denominator.unwrap_or(outputs), kept }
    }

    fn constants(&self) -> [(&'static str, f64); 4] {
        [
            ("OUTPUTS", self.outputs as f64),
            ("HEADLINE", self.headline as f64),
            ("DENOMINATOR", self.denominator as f64),
            ("KEPT", f64::from(self.kept)),
        ]
    }
}

/// What a pick-freeze design of a plan has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CornerTraits {
    /// Shared effects of the second sample.
    pub second: bool,
    /// Some model's shifted factor has several groups.
    pub joint: bool,
}

impl Traits {
    pub fn of(plan: Block<'_>) -> Traits {
        let any = |of: &dyn Fn(&ModelPlan) -> bool| plan.models.iter().any(of);
        Traits {
            shared: !plan.cells.is_empty(),
            zeros: any(&|m| m.zeros != 0),
            groups: !plan.groups.is_empty(),
            saturable: plan.saturable,
            saturable_values: any(&|m| m.headline.saturable || m.ratio.saturable),
            tables: !plan.tables.is_empty(),
            pieces: plan.tables.iter().any(|t| !t.pieces.is_empty()),
            middle_slots: any(&|m| m.marginals[4..6].iter().any(|m| m.is_random())),
            last_slots: any(&|m| {
                m.marginals[6..].iter().any(|m| m.is_random()) || m.cells[6..].iter().any(Option::is_some)
            }),
            gates: any(&|m| m.marginals.iter().any(|m| matches!(m, Marginal::Gate { .. }))),
            bounded: any(&|m| m.marginals.iter().any(|m| matches!(m, Marginal::Bounded { .. }))),
            ranked: any(&|m| m.marginals.iter().any(|m| matches!(m, Marginal::Ranked { .. }))),
            sums: any(&|m| m.products.windows(2).any(|p| p[0].output == p[1].output)),
            binned: plan.binned,
            shared_shifted: any(&|m| m.independent_shifted_scale != 0),
            roles: Roles::of(plan),
            corners: CornerTraits::default(),
        }
    }

    /// The overrides that a kernel has.
    fn constants(&self, kernel: Kernel) -> Vec<(&'static str, f64)> {
        let number = |yes: bool| f64::from(u8::from(yes));
        let totals = ("SATURABLE", number(self.saturable));
        let factors = [
            ("HAS_SHARED", number(self.shared)),
            ("HAS_TABLES", number(self.tables)),
            ("HAS_PIECES", number(self.pieces)),
            ("HAS_MIDDLE_SLOTS", number(self.middle_slots)),
            ("HAS_LAST_SLOTS", number(self.last_slots)),
            ("HAS_GATES", number(self.gates)),
            ("HAS_BOUNDED", number(self.bounded)),
            ("HAS_RANKED", number(self.ranked)),
            ("HAS_SUMS", number(self.sums)),
            totals,
        ];
        match kernel {
            Kernel::ModelBlock => {
                let of_models = [
                    ("SATURABLE_VALUES", number(self.saturable_values)),
                    ("HAS_ZEROS", number(self.zeros)),
                    ("HAS_GROUPS", number(self.groups)),
                    ("HAS_SHARED_SHIFTED", number(self.shared_shifted)),
                    ("BINNED", number(self.binned)),
                ];
                [&factors[..], &of_models, &self.roles.constants()].concat()
            }
            Kernel::CornerBlock => [&factors[..], &[("HAS_JOINT", number(self.corners.joint))]].concat(),
            Kernel::Merge => vec![totals, ("OUTPUTS", self.roles.outputs as f64)],
            Kernel::CornerMerge => vec![totals],
            // A group's total may be above 2^48 whatever its members are.
            Kernel::BinGroups => vec![],
            Kernel::SharedNormals => vec![("SECOND", number(self.corners.second))],
            Kernel::SharedLogs | Kernel::SelfTest => vec![],
            Kernel::SortCount | Kernel::SortScan | Kernel::SortScatter | Kernel::Quotient => vec![],
        }
    }
}

type Key = (&'static str, Vec<u64>);

/// The tables of a plan, as they lie on the device.
struct Tables {
    /// Held, so that no others can have their addresses.
    of: Vec<Arc<Table>>,
    buffer: wgpu::Buffer,
    /// Where each begins.
    starts: Arc<[u32]>,
}

/// A device and what was compiled for it.
pub struct Session {
    pub device: Device,
    pipelines: Mutex<BTreeMap<Key, wgpu::ComputePipeline>>,
    tables: Mutex<Option<Tables>>,
    /// How often tables were sent to the device.
    uploads: AtomicU64,
    /// Set once the kernels for corners have given the known answers.
    pub corners_tested: OnceLock<()>,
}

impl Session {
    pub fn new(device: Device) -> Session {
        Session {
            device,
            pipelines: Mutex::default(),
            tables: Mutex::default(),
            uploads: AtomicU64::new(0),
            corners_tested: OnceLock::new(),
        }
    }

    /// The tables of a plan on the device, and where each begins. They stay there for the next run of the same plan: a
    /// design is drawn in many slabs.
    pub fn tables(&self, of: &[Arc<Table>]) -> Result<(wgpu::Buffer, Arc<[u32]>), GpuError> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |a: &[Arc<Table>]| a.len() == of.len() && a.iter().zip(of).all(|(a, b)| Arc::ptr_eq(a, b));
        if let Some(there) = tables.as_ref().filter(|there| same(&there.of)) {
            return Ok((there.buffer.clone(), there.starts.clone()));
        }
        // Those that lie there make room first.
        *tables = None;
        let (entries, starts) = layout::tables(of.iter().map(|table| &**table));
        let buffer = self.device.input("tables", 8 * entries.len() as u64)?;
        self.device.write(&buffer, &entries);
        self.uploads.fetch_add(1, Ordering::Relaxed);
        let there = Tables { of: of.to_vec(), buffer, starts: starts.into() };
        let found = (there.buffer.clone(), there.starts.clone());
        *tables = Some(there);
        Ok(found)
    }

    /// How often tables were sent to the device.
    pub fn uploads(&self) -> u64 {
        self.uploads.load(Ordering::Relaxed)
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
