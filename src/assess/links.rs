//! What lies between compute and IT energy in the chain of a row: throughput and node power, or the efficiency.

use std::collections::BTreeMap;

use super::chips::{chips, powered};
use super::draft::{Draft, J_PER_KWH};
use super::exposure::Exposure;
use super::normal::{Normal, ln};
use super::provenance::Provenance;
use super::stated::usage;
use super::{efficiency, node};
use crate::portfolio::Problem;

/// The links between compute and IT energy.
pub struct Links {
    /// Throughput in FLOP/s where hours lie between, else the efficiency in FLOP/J.
    pub work: Draft,
    /// Reciprocal node power in 1/W where hours lie between.
    pub inverse_power: Option<Draft>,
}

impl Links {
    /// Of a row, through its hours or not.
    ///
    /// # Errors
    /// A chip that is needed and not known.
    pub fn of(
        exposure: Exposure<'_>,
        hours: bool,
        provenance: &mut BTreeMap<String, Provenance>,
    ) -> Result<Links, Problem> {
        let usage = usage(exposure.model);
        if hours {
            let chips = chips(exposure.priors, exposure.model)?;
            let powered = powered(exposure.priors, exposure.model)?;
            provenance.insert("hardware".to_string(), powered.provenance.clone());
            return Ok(Links {
                work: efficiency::throughput(exposure, &chips, usage),
                inverse_power: Some(node::inverse_power(exposure, &powered, 0.0)),
            });
        }
        let (mut efficiency, _) = efficiency::given_or_of_chips(exposure, usage, provenance)?;
        if !efficiency.explicit {
            exposure.expose_to_convention(&mut efficiency);
        }
        Ok(Links { work: efficiency, inverse_power: None })
    }

    /// ln(H / C) and ln(E_IT / H), or ln(E_IT / C) and 0.
    pub fn normals(&self) -> [Normal; 2] {
        let per = |draft: &Draft, constant: f64| {
            let mut link = ln(draft).scaled(-1.0);
            link.mean -= libm::log(constant);
            link
        };
        match &self.inverse_power {
            Some(inverse) => [per(&self.work, 3600.0), per(inverse, 1e3)],
            None => [per(&self.work, J_PER_KWH), Normal::default()],
        }
    }
}
