//! The kernels: which files of `shaders/` make each one up, and in which variant.
//!
//! A kernel is its shared modules and its own file, joined. Some modules exist twice with the same functions and the
//! same bits: 64-bit arithmetic (`wide_u64`, `wide_u32`) and sums over a workgroup (`limbs_subgroup`,
//! `limbs_workgroup`). Which of them is taken depends on the device, never on the plan.

/// What a device has beyond WebGPU's core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// 64-bit integers in shaders.
    pub int64: bool,
    /// Subgroup operations over at most 64 invocations.
    pub subgroups: bool,
}

impl Variant {
    /// Every variant, the basic one first.
    pub const ALL: [Variant; 4] = [
        Variant { int64: false, subgroups: false },
        Variant { int64: true, subgroups: false },
        Variant { int64: false, subgroups: true },
        Variant { int64: true, subgroups: true },
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match (self.int64, self.subgroups) {
            (false, false) => "16-bit halves, workgroup sums",
            (true, false) => "64-bit integers, workgroup sums",
            (false, true) => "16-bit halves, subgroup sums",
            (true, true) => "64-bit integers, subgroup sums",
        }
    }
}

/// Draws per invocation (`LANES` of `lanes.wgsl`).
pub const LANES: u32 = 4;

/// A kernel: one entry point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Normals of the shared effects.
    SharedNormals,
    /// Their sums by cell.
    SharedLogs,
    /// Draws of a block of models.
    ModelBlock,
    /// The same at the corners of a design.
    CornerBlock,
    /// Adds up what its workgroups found.
    CornerMerge,
    /// Adds up what the workgroups of a block of models found.
    Merge,
    /// Sums and bins of groups that are not kept draw by draw.
    BinGroups,
    /// A pass of the radix sort: how many of each digit.
    SortCount,
    /// Where each digit begins.
    SortScan,
    /// Moves every word to its place.
    SortScatter,
    /// Divides two columns of totals.
    Quotient,
    /// Known answers of the building blocks.
    SelfTest,
}

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!("../../../shaders/", $name, ".wgsl"))
    };
}

impl Kernel {
    /// Every kernel.
    pub const ALL: [Kernel; 12] = [
        Kernel::SharedNormals,
        Kernel::SharedLogs,
        Kernel::ModelBlock,
        Kernel::CornerBlock,
        Kernel::CornerMerge,
        Kernel::Merge,
        Kernel::BinGroups,
        Kernel::SortCount,
        Kernel::SortScan,
        Kernel::SortScatter,
        Kernel::Quotient,
        Kernel::SelfTest,
    ];

    /// The name of its entry point.
    pub fn entry(self) -> &'static str {
        match self {
            Kernel::SharedNormals => "shared_normals",
            Kernel::SharedLogs => "shared_logs",
            Kernel::ModelBlock => "model_block",
            Kernel::CornerBlock => "corner_block",
            Kernel::CornerMerge => "corner_merge",
            Kernel::Merge => "merge",
            Kernel::BinGroups => "bin_groups",
            Kernel::SortCount => "sort_count",
            Kernel::SortScan => "sort_scan",
            Kernel::SortScatter => "sort_scatter",
            Kernel::Quotient => "quotient",
            Kernel::SelfTest => "self_test",
        }
    }

    /// The text without what a plan does not have: blocks between `//@ if OVERRIDE` (or several, with `||`) and `//@ end`
    /// whose overrides are 0, and lines of `if OUTPUTS > k` beyond their number. Drivers would drop these only after they
    /// have compiled them.
    pub fn source_for(self, variant: Variant, constants: &[(&str, f64)]) -> String {
        let value = |name: &str| constants.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        let beyond = |line: &str| {
            let rest = line.trim_start().strip_prefix("if OUTPUTS > ")?;
            let k: f64 = rest.split_once('u')?.0.parse().ok()?;
            Some(k >= value("OUTPUTS")?)
        };
        let mut left_out = Vec::new();
        let mut kept = String::new();
        for line in self.source(variant).lines() {
            match line.trim_start().strip_prefix("//@ ") {
                Some("end") => {
                    left_out.pop();
                }
                Some(condition) => {
                    let mut any_of = condition.trim_start_matches("if ").split(" || ");
                    left_out.push(any_of.all(|name| value(name) == Some(0.0)));
                }
                None if left_out.contains(&true) => {}
                None if beyond(line) == Some(true) => {}
                None => {
                    kept += line;
                    kept.push('\n');
                }
            }
        }
        kept
    }

    /// The whole text.
    pub fn source(self, variant: Variant) -> String {
        let wide = if variant.int64 { shader!("wide_u64") } else { shader!("wide_u32") };
        let limbs = if variant.subgroups { shader!("limbs_subgroup") } else { shader!("limbs_workgroup") };
        let every = [shader!("lanes"), shader!("tables"), wide];
        let params = shader!("params");
        let random = [shader!("philox"), shader!("inverse_normal"), shader!("marginal")];
        let totals = [shader!("exp2"), shader!("accumulate"), shader!("totals")];
        let summarise = [limbs, shader!("summarise")];
        let own: Vec<&str> = match self {
            Kernel::SharedNormals | Kernel::SharedLogs => [&[params][..], &random, &[shader!("shared")]].concat(),
            Kernel::ModelBlock => {
                let factor = [params, shader!("one_plus"), shader!("factor"), shader!("bounded")];
                [&random[..], &factor, &totals, &summarise, &[shader!("separate"), shader!("model_block")]].concat()
            }
            Kernel::CornerBlock => {
                let factor = [params, shader!("one_plus"), shader!("factor"), shader!("bounded")];
                [&random[..], &factor, &totals, &[shader!("corner_block")]].concat()
            }
            Kernel::CornerMerge => [&[params][..], &totals, &[shader!("corner_merge")]].concat(),
            Kernel::Merge => [&[params][..], &totals, &[shader!("merge")]].concat(),
            Kernel::BinGroups => {
                let log2 = [params, shader!("log2")];
                [&log2[..], &totals, &summarise, &[shader!("bin_groups")]].concat()
            }
            // These know nothing of draws in lanes, nor of tables.
            Kernel::SortCount | Kernel::SortScan | Kernel::SortScatter => return shader!("sort").into(),
            Kernel::Quotient => return shader!("quotient").into(),
            Kernel::SelfTest => {
                let factor = [shader!("one_plus"), shader!("factor"), shader!("bounded")];
                let rest = [shader!("exp2"), shader!("log2"), shader!("self_test")];
                [&random[..], &factor, &rest].concat()
            }
        };
        [&every[..], &own].concat().concat()
    }
}
