//! The shared effects that are on without being asked for.
//!
//! Their ordinals start at [`DEFAULT_ORDINAL`], beyond those of a study's own effects, so that neither moves the other's
//! draws.

use super::effects::EffectKey;
use super::lognormal::residual;
use super::priors::Priors;
use super::priors::names::{self, Name};
use super::when;
use crate::portfolio::{Factor, Model};

/// First ordinal of default effects.
pub const DEFAULT_ORDINAL: u32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultEffect {
    /// Bias of the node power ratios.
    KNode,
    /// Bias of all MFU medians.
    MfuEra,
    /// MFU of one organisation's runs in one year.
    MfuFamily,
    /// What counts as an operation.
    FlopConvention,
    /// Bias of generation-based life-cycle averages.
    GridMethod,
    /// Where within their countries an organisation's sites are.
    GridOrganization,
    /// How long one organisation trains.
    TokensOrganization,
    /// What a calculator misses, in the rows that name no project.
    Calculator,
    /// What a calculator misses, in one project.
    CalculatorProject,
    /// How often the rows of one class are training runs of their own.
    LineageClass,
}

impl DefaultEffect {
    /// Every one.
    pub const ALL: [DefaultEffect; 10] = [
        DefaultEffect::KNode,
        DefaultEffect::MfuEra,
        DefaultEffect::MfuFamily,
        DefaultEffect::FlopConvention,
        DefaultEffect::GridMethod,
        DefaultEffect::GridOrganization,
        DefaultEffect::TokensOrganization,
        DefaultEffect::Calculator,
        DefaultEffect::CalculatorProject,
        DefaultEffect::LineageClass,
    ];

    fn factor(self) -> Factor {
        match self {
            DefaultEffect::KNode | DefaultEffect::MfuEra | DefaultEffect::MfuFamily => Factor::Efficiency,
            DefaultEffect::FlopConvention | DefaultEffect::TokensOrganization => Factor::Compute,
            DefaultEffect::GridMethod | DefaultEffect::GridOrganization => Factor::Grid,
            DefaultEffect::Calculator | DefaultEffect::CalculatorProject => Factor::Reporting,
            DefaultEffect::LineageClass => Factor::Lineage,
        }
    }

    fn by(self) -> &'static [&'static str] {
        match self {
            DefaultEffect::KNode
            | DefaultEffect::MfuEra
            | DefaultEffect::FlopConvention
            | DefaultEffect::GridMethod
            | DefaultEffect::Calculator => &[],
            DefaultEffect::CalculatorProject => &["project"],
            DefaultEffect::LineageClass => &["lineage_class"],
            DefaultEffect::MfuFamily => &["organization", "year"],
            DefaultEffect::GridOrganization | DefaultEffect::TokensOrganization => &["organization"],
        }
    }

    fn ordinal(self) -> u32 {
        match self {
            DefaultEffect::MfuEra => DEFAULT_ORDINAL + 1,
            _ => DEFAULT_ORDINAL,
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            DefaultEffect::KNode => "node power ratio, all chips",
            DefaultEffect::MfuEra => "MFU, all runs",
            DefaultEffect::MfuFamily => "MFU of one organisation's runs in one year",
            DefaultEffect::FlopConvention => "what counts as an operation",
            DefaultEffect::GridMethod => "grid intensities, all countries",
            DefaultEffect::GridOrganization => "an organisation's sites within their countries",
            DefaultEffect::TokensOrganization => "how long one organisation trains",
            DefaultEffect::Calculator => "what a calculator misses, rows without a project",
            DefaultEffect::CalculatorProject => "what a calculator misses in one project",
            DefaultEffect::LineageClass => "how often rows of one lineage class are runs of their own",
        }
    }

    /// Where its size is from.
    pub fn prior(self) -> Name {
        match self {
            DefaultEffect::KNode => names::k_node::SHARED_GSD.into(),
            DefaultEffect::MfuEra => names::efficiency::MFU_ERA_GSD.into(),
            DefaultEffect::MfuFamily => names::efficiency::MFU_FAMILY_SD.into(),
            DefaultEffect::FlopConvention => names::efficiency::FLOP_CONVENTION_GSD.into(),
            DefaultEffect::GridMethod => names::grid::METHOD_GSD.into(),
            DefaultEffect::GridOrganization => names::grid::ORGANIZATION_SHARE.into(),
            DefaultEffect::TokensOrganization => names::tokens::ORGANIZATION_GSD.into(),
            DefaultEffect::Calculator | DefaultEffect::CalculatorProject => names::energy::CALCULATOR.into(),
            DefaultEffect::LineageClass => names::lineage::CLASS_SHARE.into(),
        }
    }

    /// Whether one prior sizes both.
    pub fn same_size_as(self, other: DefaultEffect) -> bool {
        self.prior() == other.prior()
    }

    /// Size of the effect at weight 1. The grid effect of an organisation and the effect of a lineage class are nominal
    /// (1): each model's weight is the spread of its own country, or the loading of its own probability.
    pub fn ln_gsd(self, priors: &Priors) -> f64 {
        match self {
            DefaultEffect::KNode => priors.ln_gsd(names::k_node::SHARED_GSD),
            DefaultEffect::MfuEra => priors.ln_gsd(names::efficiency::MFU_ERA_GSD),
            DefaultEffect::MfuFamily => {
                let family = priors.number(names::efficiency::MFU_FAMILY_SD);
                residual(family, priors.ln_gsd(names::efficiency::MFU_ERA_GSD))
            }
            DefaultEffect::FlopConvention => priors.ln_gsd(names::efficiency::FLOP_CONVENTION_GSD),
            DefaultEffect::GridMethod => priors.ln_gsd(names::grid::METHOD_GSD),
            DefaultEffect::GridOrganization | DefaultEffect::LineageClass => 1.0,
            DefaultEffect::TokensOrganization => priors.ln_gsd(names::tokens::ORGANIZATION_GSD),
            DefaultEffect::Calculator | DefaultEffect::CalculatorProject => {
                priors.lognormal(names::energy::CALCULATOR).ln_sd
            }
        }
    }

    /// The key for one model; `None` where a label it goes by is empty.
    pub fn key(self, model: &Model) -> Option<EffectKey> {
        let mut value = Vec::new();
        for column in self.by() {
            value.push(match *column {
                "year" => when::year(model)?.to_string(),
                column => model.labels.get(column)?.clone(),
            });
        }
        let by = self.by().iter().map(|s| s.to_string()).collect();
        Some(EffectKey { factor: self.factor(), by, value, ordinal: self.ordinal() })
    }

    /// The default effect behind a key.
    pub fn of(key: &EffectKey) -> Option<DefaultEffect> {
        let is = |d: &DefaultEffect| {
            d.factor() == key.factor && d.ordinal() == key.ordinal && d.by().iter().eq(key.by.iter())
        };
        DefaultEffect::ALL.into_iter().find(is)
    }
}
