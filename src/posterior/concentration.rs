//! How few models decide the total: shares of the mean, and the effective number of models.
//!
//! The effective number is 1/HHI, the inverse of the Herfindahl–Hirschman index Σ s² of the shares s: the number of
//! equal models that would be as concentrated (Laakso and Taagepera 1979, doi:10.1177/001041407901200101).

use crate::assess::Tier;

/// Number of largest contributors that are listed.
pub const TOP: usize = 10;

/// How the mean total is spread over models and tiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// `None` where the mean total is zero.
    pub effective_models: Option<f64>,
    /// Indices of the models with the largest mean emissions, largest first, at most [`TOP`]; ties by id.
    pub top: Vec<usize>,
    /// In order of tier, only those that occur.
    pub tiers: Vec<TierShare>,
}

/// The models of one tier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TierShare {
    /// Their tier.
    pub tier: Tier,
    /// Number of models.
    pub models: usize,
    /// Share of the mean total emissions; `None` where that is zero.
    pub share: Option<f64>,
}

/// Shares of the sum; empty where the sum is zero.
pub fn shares(means: &[f64]) -> Vec<f64> {
    let total: f64 = means.iter().sum();
    if total > 0.0 { means.iter().map(|m| m / total).collect() } else { Vec::new() }
}

/// From the models' shares (empty: no emissions at all) and tiers, by model.
pub fn concentration(shares: &[f64], tiers: &[Tier]) -> Concentration {
    let hhi: f64 = shares.iter().map(|s| s * s).sum();
    let mut top: Vec<usize> = (0..shares.len()).filter(|&i| shares[i] > 0.0).collect();
    top.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]).then(a.cmp(&b)));
    top.truncate(TOP);
    let mut known: Vec<Tier> = tiers.to_vec();
    known.sort();
    known.dedup();
    let tiers = known
        .into_iter()
        .map(|tier| {
            let members = || tiers.iter().enumerate().filter(|(_, t)| **t == tier).map(|(i, _)| i);
            let share = members().filter_map(|i| shares.get(i)).sum();
            TierShare { tier, models: members().count(), share: (!shares.is_empty()).then_some(share) }
        })
        .collect();
    Concentration { effective_models: (hhi > 0.0).then(|| 1.0 / hhi), top, tiers }
}

/// `part/whole` where both are known and the whole is not zero.
pub fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = (part?, whole?);
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Shares 0.5, 0.3, 0.2: HHI = 0.25 + 0.09 + 0.04 = 0.38.
        let c = concentration(&shares(&[3.0, 5.0, 2.0, 0.0]), &[Tier::T5, Tier::T1, Tier::T5, Tier::T2]);
        assert!((c.effective_models.unwrap() - 1.0 / 0.38).abs() < 1e-12);
        assert_eq!(c.top, [1, 0, 2]);
        let tiers: Vec<_> = c.tiers.iter().map(|t| (t.tier, t.models, t.share.unwrap())).collect();
        assert_eq!(tiers, [(Tier::T1, 1, 0.5), (Tier::T2, 1, 0.0), (Tier::T5, 2, 0.5)]);
        // Four equal models count as four.
        assert_eq!(concentration(&shares(&[2.0; 4]), &[Tier::T1; 4]).effective_models, Some(4.0));
    }

    #[test]
    fn no_emissions_at_all() {
        let c = concentration(&shares(&[0.0, 0.0]), &[Tier::T1, Tier::T1]);
        assert_eq!((c.effective_models, c.top.len(), c.tiers[0].share), (None, 0, None));
        assert_eq!(ratio(Some(1.0), Some(0.0)), None);
    }
}
