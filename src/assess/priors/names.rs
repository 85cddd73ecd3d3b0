//! The names of all priors, each with its kind: what is asked for exists, and is of the form it is asked for in.
//!
//! `data/priors.toml` says what the priors are worth; here stands which there are, in the order of that file. A name that
//! is not here does not compile; a test compares the two lists. A study names priors as text: [`Name::find`].
//!
//! ```text
//! kind        a prior may be                        read by
//! Number      a number ≥ 0                          Priors::number
//! Gsd         a number ≥ 1                          Priors::number, Priors::ln_gsd
//! Fraction    a number from 0 to 1                  Priors::number
//! Lognormal   a lognormal, or a number: no spread   Priors::lognormal, Priors::distribution
//! Shape       any distribution, or a number         Priors::distribution
//! Chips       shares of accelerators                Priors::chips
//! Signed      a number of either sign               Priors::number
//! Loadings    numbers of either sign                Priors::loadings
//! ```

use crate::portfolio::quantity::Quantity;
use crate::portfolio::units::Dimension;

/// Standard normals that stand for the uncertainty of the MFU priors: the most numbers that loadings have.
pub const DIRECTIONS: usize = 6;

/// What a prior may be: the kind of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Number,
    Gsd,
    Fraction,
    Lognormal,
    Shape,
    Chips,
    Signed,
    Loadings,
}

impl Name {
    /// What the prior is a value of, where models files hold the same quantity: it has the same bounds.
    pub fn quantity(self) -> Option<(Quantity, Dimension)> {
        Some(match (self.section(), self.key()) {
            ("pue", "hyperscaler" | "cloud" | "hpc" | "unknown") => (Quantity::Pue, Dimension::Plain),
            ("efficiency", "mfu_small") => (Quantity::Fraction, Dimension::Fraction),
            ("efficiency", _) if self.form() == Form::Fraction => (Quantity::Fraction, Dimension::Fraction),
            ("grid", "unknown") => (Quantity::Amount, Dimension::Intensity),
            ("water", "wue" | "grid_unknown") => (Quantity::Amount, Dimension::Water),
            ("tokens" | "derivative", key) if key.ends_with("_bound") || key == "continued_tokens" => {
                (Quantity::Amount, Dimension::Tokens)
            }
            ("compute", key) if key.starts_with("bound_") => (Quantity::Amount, Dimension::Compute),
            ("derivative", "parameters") => (Quantity::Amount, Dimension::Parameters),
            ("derivative", key) if key.starts_with("hours_") && self.form() == Form::Number => {
                (Quantity::Amount, Dimension::Hours)
            }
            _ => return None,
        })
    }
}

/// A prior of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Place in [`ALL`].
    index: usize,
}

struct Spelled {
    section: &'static str,
    key: &'static str,
    form: Form,
}

impl Name {
    /// Every name, in the order of the data file.
    pub fn all() -> impl Iterator<Item = Name> {
        (0..ALL.len()).map(|index| Name { index })
    }

    /// The prior that a study calls so.
    pub fn find(section: &str, key: &str) -> Option<Name> {
        Name::all().find(|name| name.section() == section && name.key() == key)
    }

    pub fn section(self) -> &'static str {
        ALL[self.index].section
    }

    pub fn key(self) -> &'static str {
        ALL[self.index].key
    }

    pub fn form(self) -> Form {
        ALL[self.index].form
    }

    pub(super) fn index(self) -> usize {
        self.index
    }

    const fn spelled(section: &str, key: &str) -> Name {
        let mut index = 0;
        while !(same(ALL[index].section, section) && same(ALL[index].key, key)) {
            index += 1;
        }
        Name { index }
    }
}

/// `a == b`, for constants.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $kind(Name);

            impl From<$kind> for Name {
                fn from(name: $kind) -> Name {
                    name.0
                }
            }
        )*
    };
}

kinds! {
    /// A number ≥ 0.
    Number
    /// A number ≥ 1.
    Gsd
    /// A number from 0 to 1.
    Fraction
    /// A lognormal distribution or a number (no spread).
    Lognormal
    /// Any distribution, or a number.
    Shape
    /// Shares of accelerators.
    Chips
    /// A number of either sign.
    Signed
    /// What one more of each of some standard normals, shared by all models, adds to a prior: numbers of either sign.
    Loadings
}

impl Chips {
    /// Every mixture of chips, in the order of the data file.
    pub fn all() -> impl Iterator<Item = Chips> {
        Name::all().filter(|name| name.form() == Form::Chips).map(Chips)
    }
}

impl From<Signed> for Number {
    fn from(name: Signed) -> Number {
        Number(name.0)
    }
}

impl From<Gsd> for Number {
    fn from(name: Gsd) -> Number {
        Number(name.0)
    }
}

impl From<Fraction> for Number {
    fn from(name: Fraction) -> Number {
        Number(name.0)
    }
}

impl From<Lognormal> for Shape {
    fn from(name: Lognormal) -> Shape {
        Shape(name.0)
    }
}

macro_rules! names {
    ($($section:ident { $($name:ident: $kind:ident = $key:literal,)* })*) => {
        const ALL: &[Spelled] = &[
            $($(Spelled { section: stringify!($section), key: $key, form: Form::$kind },)*)*
        ];

        $(
            #[doc = concat!("`[priors.", stringify!($section), "]`")]
            pub mod $section {
                use crate::assess::priors::names::*;
                $(
                    #[doc = concat!("`", $key, "`")]
                    pub const $name: $kind = $kind(Name::spelled(stringify!($section), $key));
                )*
            }
        )*
    };
}

names! {
    compute {
        DISCLOSED_GSD: Gsd = "disclosed_gsd",
        ROUNDED_GSD: Gsd = "rounded_gsd",
        CONFIDENT_GSD: Gsd = "confident_gsd",
        LIKELY_GSD: Gsd = "likely_gsd",
        SPECULATIVE_GSD: Gsd = "speculative_gsd",
        BOUND_FLOP: Number = "bound_flop",
        BOUND_TO_2016: Number = "bound_to_2016",
        BOUND_TO_2018: Number = "bound_to_2018",
        BOUND_TO_2020: Number = "bound_to_2020",
        BOUND_TO_2022: Number = "bound_to_2022",
        BOUND_TO_2023: Number = "bound_to_2023",
        UNKNOWN_LANGUAGE: Lognormal = "unknown_language",
        UNKNOWN_LANGUAGE_GROWTH: Number = "unknown_language_growth",
        UNKNOWN_VISION: Lognormal = "unknown_vision",
        UNKNOWN_VISION_GROWTH: Number = "unknown_vision_growth",
        UNKNOWN_SPEECH: Lognormal = "unknown_speech",
        UNKNOWN_SPEECH_GROWTH: Number = "unknown_speech_growth",
        UNKNOWN_MULTIMODAL: Lognormal = "unknown_multimodal",
        UNKNOWN_MULTIMODAL_GROWTH: Number = "unknown_multimodal_growth",
        UNKNOWN_IMAGE_GENERATION: Lognormal = "unknown_image_generation",
        UNKNOWN_IMAGE_GENERATION_GROWTH: Number = "unknown_image_generation_growth",
        UNKNOWN_OTHER: Lognormal = "unknown_other",
        UNKNOWN_OTHER_GROWTH: Number = "unknown_other_growth",
    }
    tokens {
        TO_2020: Lognormal = "to_2020",
        TO_2020_LOADINGS: Loadings = "to_2020_loadings",
        TO_2020_EXPONENT: Signed = "to_2020_exponent",
        TO_2020_EXPONENT_LOADINGS: Loadings = "to_2020_exponent_loadings",
        TO_2020_BOUND: Number = "to_2020_bound",
        IN_2021_2022: Lognormal = "in_2021_2022",
        IN_2021_2022_LOADINGS: Loadings = "in_2021_2022_loadings",
        IN_2021_2022_EXPONENT: Signed = "in_2021_2022_exponent",
        IN_2021_2022_EXPONENT_LOADINGS: Loadings = "in_2021_2022_exponent_loadings",
        IN_2021_2022_BOUND: Number = "in_2021_2022_bound",
        IN_2023: Lognormal = "in_2023",
        IN_2023_LOADINGS: Loadings = "in_2023_loadings",
        IN_2023_EXPONENT: Signed = "in_2023_exponent",
        IN_2023_EXPONENT_LOADINGS: Loadings = "in_2023_exponent_loadings",
        IN_2023_BOUND: Number = "in_2023_bound",
        IN_2024: Lognormal = "in_2024",
        IN_2024_LOADINGS: Loadings = "in_2024_loadings",
        IN_2024_EXPONENT: Signed = "in_2024_exponent",
        IN_2024_EXPONENT_LOADINGS: Loadings = "in_2024_exponent_loadings",
        IN_2024_BOUND: Number = "in_2024_bound",
        FROM_2025: Lognormal = "from_2025",
        FROM_2025_LOADINGS: Loadings = "from_2025_loadings",
        FROM_2025_EXPONENT: Signed = "from_2025_exponent",
        FROM_2025_EXPONENT_LOADINGS: Loadings = "from_2025_exponent_loadings",
        FROM_2025_BOUND: Number = "from_2025_bound",
        WEIGHT_TO_2020: Fraction = "weight_to_2020",
        WEIGHT_IN_2021_2022: Fraction = "weight_in_2021_2022",
        WEIGHT_IN_2023: Fraction = "weight_in_2023",
        WEIGHT_IN_2024: Fraction = "weight_in_2024",
        WEIGHT_FROM_2025: Fraction = "weight_from_2025",
        ORGANIZATION_GSD: Gsd = "organization_gsd",
        WITHIN_GSD: Gsd = "within_gsd",
    }
    efficiency {
        GIVEN_GSD: Gsd = "given_gsd",
        MFU_BOUND: Fraction = "mfu_bound",
        MFU_A100: Fraction = "mfu_a100",
        MFU_A100_LOADINGS: Loadings = "mfu_a100_loadings",
        MFU_H100_AT_20B: Fraction = "mfu_h100_at_20b",
        MFU_H100_AT_20B_LOADINGS: Loadings = "mfu_h100_at_20b_loadings",
        MFU_H100_EXPONENT: Signed = "mfu_h100_exponent",
        MFU_H100_EXPONENT_LOADINGS: Loadings = "mfu_h100_exponent_loadings",
        MFU_H100_LO: Fraction = "mfu_h100_lo",
        MFU_H100_HI: Fraction = "mfu_h100_hi",
        MFU_V100: Fraction = "mfu_v100",
        MFU_V100_LOADINGS: Loadings = "mfu_v100_loadings",
        MFU_TPU: Fraction = "mfu_tpu",
        MFU_TPU_LOADINGS: Loadings = "mfu_tpu_loadings",
        MFU_OTHER: Fraction = "mfu_other",
        MFU_OTHER_LOADINGS: Loadings = "mfu_other_loadings",
        MFU_FAMILY_SD: Number = "mfu_family_sd",
        MFU_RUN_SD: Number = "mfu_run_sd",
        MFU_QUOTED: Lognormal = "mfu_quoted",
        MFU_SMALL: Shape = "mfu_small",
        FLOP_CONVENTION_GSD: Gsd = "flop_convention_gsd",
    }
    k_node {
        H100: Lognormal = "h100",
        A100: Lognormal = "a100",
        V100: Lognormal = "v100",
        TPU_V3: Lognormal = "tpu_v3",
        TPU_V4: Lognormal = "tpu_v4",
        TPU_OTHER: Lognormal = "tpu_other",
        GPU_OTHER: Lognormal = "gpu_other",
        SHARED_GSD: Gsd = "shared_gsd",
        COUNTED_AS_TDP: Number = "counted_as_tdp",
    }
    chips {
        GOOGLE_2018: Chips = "google_2018",
        GOOGLE_2018_RUNS: Number = "google_2018_runs",
        GOOGLE_2021: Chips = "google_2021",
        GOOGLE_2021_RUNS: Number = "google_2021_runs",
        GOOGLE_2023: Chips = "google_2023",
        GOOGLE_2023_RUNS: Number = "google_2023_runs",
        GOOGLE_2024: Chips = "google_2024",
        GOOGLE_2024_RUNS: Number = "google_2024_runs",
        GOOGLE_2026: Chips = "google_2026",
        GOOGLE_2026_RUNS: Number = "google_2026_runs",
        US_2018: Chips = "us_2018",
        US_2018_RUNS: Number = "us_2018_runs",
        US_2020: Chips = "us_2020",
        US_2020_RUNS: Number = "us_2020_runs",
        US_2021: Chips = "us_2021",
        US_2021_RUNS: Number = "us_2021_runs",
        US_2022: Chips = "us_2022",
        US_2022_RUNS: Number = "us_2022_runs",
        US_2023: Chips = "us_2023",
        US_2023_RUNS: Number = "us_2023_runs",
        US_2024: Chips = "us_2024",
        US_2024_RUNS: Number = "us_2024_runs",
        US_2025: Chips = "us_2025",
        US_2025_RUNS: Number = "us_2025_runs",
        US_2026: Chips = "us_2026",
        US_2026_RUNS: Number = "us_2026_runs",
        CHINA_2020: Chips = "china_2020",
        CHINA_2020_RUNS: Number = "china_2020_runs",
        CHINA_2021: Chips = "china_2021",
        CHINA_2021_RUNS: Number = "china_2021_runs",
        CHINA_2022: Chips = "china_2022",
        CHINA_2022_RUNS: Number = "china_2022_runs",
        CHINA_2023: Chips = "china_2023",
        CHINA_2023_RUNS: Number = "china_2023_runs",
        CHINA_2024: Chips = "china_2024",
        CHINA_2024_RUNS: Number = "china_2024_runs",
        CHINA_2026: Chips = "china_2026",
        CHINA_2026_RUNS: Number = "china_2026_runs",
        OTHER_2018: Chips = "other_2018",
        OTHER_2018_RUNS: Number = "other_2018_runs",
        OTHER_2020: Chips = "other_2020",
        OTHER_2020_RUNS: Number = "other_2020_runs",
        OTHER_2021: Chips = "other_2021",
        OTHER_2021_RUNS: Number = "other_2021_runs",
        OTHER_2022: Chips = "other_2022",
        OTHER_2022_RUNS: Number = "other_2022_runs",
        OTHER_2023: Chips = "other_2023",
        OTHER_2023_RUNS: Number = "other_2023_runs",
        OTHER_2024: Chips = "other_2024",
        OTHER_2024_RUNS: Number = "other_2024_runs",
        OTHER_2026: Chips = "other_2026",
        OTHER_2026_RUNS: Number = "other_2026_runs",
        UNDATED_YEAR: Number = "undated_year",
    }
    pue {
        HYPERSCALER: Shape = "hyperscaler",
        CLOUD: Shape = "cloud",
        HPC: Shape = "hpc",
        UNKNOWN: Shape = "unknown",
        GIVEN_GSD: Gsd = "given_gsd",
    }
    grid {
        REGION_GSD: Gsd = "region_gsd",
        REGION_TREND_GSD: Gsd = "region_trend_gsd",
        USA_GSD: Gsd = "usa_gsd",
        LARGE_GSD: Gsd = "large_gsd",
        SMALL_GSD: Gsd = "small_gsd",
        ORGANIZATION_SHARE: Fraction = "organization_share",
        METHOD_GSD: Gsd = "method_gsd",
        UNKNOWN: Shape = "unknown",
    }
    figures {
        WRONG: Fraction = "wrong",
        WRONG_GSD: Gsd = "wrong_gsd",
    }
    hours {
        GSD: Gsd = "gsd",
    }
    energy {
        METERED: Lognormal = "metered",
        CALCULATOR: Lognormal = "calculator",
        CALCULATOR_CPU: Lognormal = "calculator_cpu",
        SELF_REPORTED: Lognormal = "self_reported",
    }
    emissions {
        METERED_GSD: Gsd = "metered_gsd",
        SELF_REPORTED_GSD: Gsd = "self_reported_gsd",
    }
    derivative {
        HOURS_FINETUNE: Number = "hours_finetune",
        HOURS_LORA: Number = "hours_lora",
        HOURS_QLORA: Number = "hours_qlora",
        HOURS_ADAPTER: Number = "hours_adapter",
        HOURS_QUANTIZED: Number = "hours_quantized",
        HOURS_MERGE: Number = "hours_merge",
        HOURS_DISTILL: Number = "hours_distill",
        HOURS_FORK: Number = "hours_fork",
        HOURS_GSD: Gsd = "hours_gsd",
        TOKENS_POST: Lognormal = "tokens_post",
        TOKENS_POST_BOUND: Number = "tokens_post_bound",
        TOKENS_FURTHER: Lognormal = "tokens_further",
        TOKENS_FURTHER_BOUND: Number = "tokens_further_bound",
        CONTINUED_SHARE: Fraction = "continued_share",
        CONTINUED_TOKENS: Shape = "continued_tokens",
        PARAMETERS: Number = "parameters",
    }
    lineage {
        CLASS_SHARE: Fraction = "class_share",
    }
    development {
        BASE: Lognormal = "base",
        REASONING: Lognormal = "reasoning",
        FINETUNE: Shape = "finetune",
    }
    regression {
        BEYOND_SHARED_GSD: Gsd = "beyond_shared_gsd",
        BEYOND_OWN_GSD: Gsd = "beyond_own_gsd",
    }
    water {
        CLOSED_LOOP: Fraction = "closed_loop",
        WUE: Lognormal = "wue",
        GIVEN_GSD: Gsd = "given_gsd",
        COUNTRY_GSD: Gsd = "country_gsd",
        GRID_UNKNOWN: Lognormal = "grid_unknown",
        ORGANIZATION_SHARE: Fraction = "organization_share",
    }
    embodied {
        KG_PER_GPU_HOUR: Lognormal = "kg_per_gpu_hour",
    }
}
