//! The shared effects that are on without being asked for.
//!
//! Their ordinals start at [`DEFAULT_ORDINAL`], beyond those of a study's own effects, so that neither moves the other's
//! draws.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::effects::{EffectKey, Texts};
use super::priors::Priors;
use super::priors::names::{self, DIRECTIONS, Lognormal, Name};
use super::when;
use crate::portfolio::{Factor, Model};

/// First ordinal of default effects.
pub const DEFAULT_ORDINAL: u32 = 1000;

/// Those for the tokens prior of an era: its level and its slope.
pub const TOKENS_DIRECTIONS: usize = 2;
/// The tokens priors of the eras, in their order.
const TOKENS: [Lognormal; 5] = {
    use names::tokens::*;
    [TO_2020, IN_2021_2022, IN_2023, IN_2024, FROM_2025]
};

/// The tokens prior of an era; the last one beyond.
fn tokens(era: usize) -> Name {
    TOKENS[era.min(TOKENS.len() - 1)].into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultEffect {
    /// Bias of the node power ratios.
    KNode,
    /// How uncertain the MFU priors are: one of [`DIRECTIONS`] standard normals, which every model loads on by its chip
    /// and size (Cholesky factor of the posterior covariance).
    MfuPrior(usize),
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
    /// How uncertain the tokens prior of an era, by its number, is: one of [`TOKENS_DIRECTIONS`] standard normals.
    TokensPrior(usize, usize),
    /// How uncertain the shares of one mixture of chips are.
    ChipMixture(names::Chips),
    /// What a calculator misses, in the rows that name no project.
    Calculator,
    /// What a calculator misses, in one project.
    CalculatorProject,
    /// How often the rows of one class are training runs of their own.
    LineageClass,
}

impl DefaultEffect {
    /// Every one.
    pub fn all() -> impl Iterator<Item = DefaultEffect> {
        let single = [
            DefaultEffect::KNode,
            DefaultEffect::MfuFamily,
            DefaultEffect::FlopConvention,
            DefaultEffect::GridMethod,
            DefaultEffect::GridOrganization,
            DefaultEffect::TokensOrganization,
            DefaultEffect::Calculator,
            DefaultEffect::CalculatorProject,
            DefaultEffect::LineageClass,
        ];
        let mixtures = names::Chips::all().map(DefaultEffect::ChipMixture);
        let of_era = |era| (0..TOKENS_DIRECTIONS).map(move |k| DefaultEffect::TokensPrior(era, k));
        let directions = (0..DIRECTIONS).map(DefaultEffect::MfuPrior);
        single.into_iter().chain(directions).chain((0..TOKENS.len()).flat_map(of_era)).chain(mixtures)
    }

    fn factor(self) -> Factor {
        match self {
            DefaultEffect::KNode
            | DefaultEffect::MfuPrior(_)
            | DefaultEffect::MfuFamily
            | DefaultEffect::ChipMixture(_) => Factor::Efficiency,
            DefaultEffect::FlopConvention | DefaultEffect::TokensOrganization | DefaultEffect::TokensPrior(..) => {
                Factor::Compute
            }
            DefaultEffect::GridMethod | DefaultEffect::GridOrganization => Factor::Grid,
            DefaultEffect::Calculator | DefaultEffect::CalculatorProject => Factor::Reporting,
            DefaultEffect::LineageClass => Factor::Lineage,
        }
    }

    fn by(self) -> &'static [&'static str] {
        match self {
            DefaultEffect::KNode
            | DefaultEffect::MfuPrior(_)
            | DefaultEffect::FlopConvention
            | DefaultEffect::TokensPrior(..)
            | DefaultEffect::ChipMixture(_)
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
            DefaultEffect::MfuPrior(k) => DEFAULT_ORDINAL + 1 + k as u32,
            DefaultEffect::TokensPrior(era, k) => DEFAULT_ORDINAL + 1 + (TOKENS_DIRECTIONS * era + k) as u32,
            DefaultEffect::ChipMixture(mixture) => {
                let place = names::Chips::all().position(|other| other == mixture).unwrap_or(0);
                DEFAULT_ORDINAL + 1 + (DIRECTIONS + place) as u32
            }
            _ => DEFAULT_ORDINAL,
        }
    }

    /// For people.
    pub fn name(self) -> String {
        let fixed = match self {
            DefaultEffect::MfuPrior(k) => {
                return format!("uncertainty of the MFU priors, {} of {DIRECTIONS}", k + 1);
            }
            DefaultEffect::TokensPrior(era, k) => {
                let name = tokens(era).key();
                return format!("uncertainty of the tokens prior {name}, {} of {TOKENS_DIRECTIONS}", k + 1);
            }
            DefaultEffect::ChipMixture(mixture) => {
                return format!("shares of chips in the mixture {}", Name::from(mixture).key());
            }
            DefaultEffect::KNode => "node power ratio, all chips",
            DefaultEffect::MfuFamily => "MFU of one organisation's runs in one year",
            DefaultEffect::FlopConvention => "what counts as an operation",
            DefaultEffect::GridMethod => "grid intensities, all countries",
            DefaultEffect::GridOrganization => "an organisation's sites within their countries",
            DefaultEffect::TokensOrganization => "how long one organisation trains",
            DefaultEffect::Calculator => "what a calculator misses, rows without a project",
            DefaultEffect::CalculatorProject => "what a calculator misses in one project",
            DefaultEffect::LineageClass => "how often rows of one lineage class are runs of their own",
        };
        fixed.to_string()
    }

    /// Where its size is from.
    pub fn prior(self) -> Name {
        match self {
            DefaultEffect::KNode => names::k_node::SHARED_GSD.into(),
            DefaultEffect::MfuPrior(_) => names::efficiency::MFU_A100.into(),
            DefaultEffect::MfuFamily => names::efficiency::MFU_FAMILY_SD.into(),
            DefaultEffect::FlopConvention => names::efficiency::FLOP_CONVENTION_GSD.into(),
            DefaultEffect::GridMethod => names::grid::METHOD_GSD.into(),
            DefaultEffect::GridOrganization => names::grid::ORGANIZATION_SHARE.into(),
            DefaultEffect::TokensOrganization => names::tokens::ORGANIZATION_GSD.into(),
            DefaultEffect::TokensPrior(era, _) => tokens(era),
            DefaultEffect::ChipMixture(mixture) => mixture.into(),
            DefaultEffect::Calculator | DefaultEffect::CalculatorProject => names::energy::CALCULATOR.into(),
            DefaultEffect::LineageClass => names::lineage::CLASS_SHARE.into(),
        }
    }

    /// Whether one prior sizes both.
    pub fn same_size_as(self, other: DefaultEffect) -> bool {
        self.prior() == other.prior()
    }

    /// Whether its size is a prior, and not what the evidence leaves uncertain of other priors.
    pub fn has_size(self) -> bool {
        !matches!(self, DefaultEffect::MfuPrior(_) | DefaultEffect::TokensPrior(..) | DefaultEffect::ChipMixture(_))
    }

    /// Size of the effect at weight 1. Some are nominal (1), and each model's weight is its own: the grid effect of an
    /// organisation by the spread of the country, that of a lineage class and the uncertainty of priors by loadings.
    pub fn ln_gsd(self, priors: &Priors) -> f64 {
        match self {
            DefaultEffect::KNode => priors.ln_gsd(names::k_node::SHARED_GSD),
            DefaultEffect::MfuFamily => priors.number(names::efficiency::MFU_FAMILY_SD),
            DefaultEffect::FlopConvention => priors.ln_gsd(names::efficiency::FLOP_CONVENTION_GSD),
            DefaultEffect::GridMethod => priors.ln_gsd(names::grid::METHOD_GSD),
            DefaultEffect::GridOrganization
            | DefaultEffect::LineageClass
            | DefaultEffect::MfuPrior(_)
            | DefaultEffect::TokensPrior(..)
            | DefaultEffect::ChipMixture(_) => 1.0,
            DefaultEffect::TokensOrganization => priors.ln_gsd(names::tokens::ORGANIZATION_GSD),
            DefaultEffect::Calculator | DefaultEffect::CalculatorProject => {
                priors.lognormal(names::energy::CALCULATOR).ln_sd
            }
        }
    }

    /// The key for one model; `None` where a label it goes by is empty.
    pub fn key(self, model: &Model) -> Option<EffectKey> {
        let Listed { by, ordinal, .. } = self.listed()?;
        let value = match self.by() {
            // Of one copy.
            [] => Texts::default(),
            columns => columns.iter().map(|column| Some(value(model, column)?.into_owned())).collect::<Option<_>>()?,
        };
        Some(EffectKey { factor: self.factor(), by: by.clone(), value, ordinal: *ordinal })
    }

    /// Whether there is a key for this model.
    pub fn has_key(self, model: &Model) -> bool {
        self.by().iter().all(|column| value(model, column).is_some())
    }

    /// The default effect behind a key.
    pub fn of(key: &EffectKey) -> Option<DefaultEffect> {
        let is = |listed: &&Listed| {
            listed.ordinal == key.ordinal && listed.effect.factor() == key.factor && listed.by == key.by
        };
        LISTED.iter().find(is).map(|listed| listed.effect)
    }

    fn listed(self) -> Option<&'static Listed> {
        LISTED.iter().find(|listed| listed.effect == self)
    }

    /// The name, of which all effects of a kind have one copy.
    pub fn shared_name(self) -> Arc<str> {
        self.listed().map_or_else(|| self.name().into(), |listed| listed.name.clone())
    }
}

/// What a model has in a column that effects go by.
fn value<'m>(model: &'m Model, column: &str) -> Option<Cow<'m, str>> {
    match column {
        "year" => when::year(model).map(|year| year.to_string().into()),
        column => model.labels.stated(column).map(Cow::from),
    }
}

/// What all keys of a kind have in common.
struct Listed {
    effect: DefaultEffect,
    ordinal: u32,
    by: Texts,
    name: Arc<str>,
}

static LISTED: LazyLock<Vec<Listed>> = LazyLock::new(|| {
    let listed = |effect: DefaultEffect| Listed {
        effect,
        ordinal: effect.ordinal(),
        by: effect.by().iter().map(|column| column.to_string()).collect(),
        name: effect.name().into(),
    };
    DefaultEffect::all().map(listed).collect()
});
