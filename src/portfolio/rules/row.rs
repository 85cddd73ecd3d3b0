//! Rules about one row: its quantities by themselves and against each other.

use super::{DENSE_PEAK, MOST_SDS, Row, shown, size, spread};
use crate::portfolio::number::Decimal;
use crate::portfolio::problem::shorten;
use crate::portfolio::{Basis, Distribution, Model, Value};

impl Row<'_> {
    /// Quantities of one row against each other.
    pub(super) fn units(&mut self) {
        let m = self.model;
        let (energy, hours, compute) = (size(&m.energy_kwh), size(&m.gpu_hours), size(&m.compute_flop));
        if let Some(kg) = size(&m.emissions_kg) {
            // What is expected per unit of the row's other quantity, and the range in which no unit is wrong. Grids run
            // from 0.005 to 1.3 kg/kWh; an accelerator-hour takes 0.05 to 3 kWh; an EFLOP took 0.1 kWh on the best chip
            // of 2025 and some 300 kWh on the CPUs of 2010.
            let grid = size(&m.grid_g_per_kwh);
            let against = energy
                .map(|kwh| match grid {
                    Some(g) => ("energy and grid", kg / (kwh * g / 1000.0), 0.02, 50.0),
                    None => ("energy (kg per kWh)", kg / kwh, 0.002, 20.0),
                })
                .or(hours.map(|h| ("accelerator-hours (kg per hour)", kg / h, 1e-3, 20.0)))
                .or(compute.map(|c| ("compute (kg per EFLOP)", kg / (c / 1e18), 5e-4, 2e3)));
            // The unit of a card's figure is settled by all that the row says, when it is assessed.
            if let Some((what, ratio, low, high)) = against.filter(|_| !m.emissions_from_card) {
                if ratio > high {
                    let message = format!(
                        "the ratio of the emissions to the row's {what} is {}, far too high; are these grams in a column of kg?",
                        shown(ratio)
                    );
                    self.warn("emissions-thousandfold", "emissions", kg, message);
                } else if ratio < low {
                    let message = format!(
                        "the ratio of the emissions to the row's {what} is {}, far too low; are these tonnes in a column of kg?",
                        shown(ratio)
                    );
                    self.warn("emissions-thousandfold", "emissions", kg, message);
                }
            }
            if let Some(parameters) = size(&m.parameters) {
                // Published pre-training runs lie between 1e-7 and 1e-4 kg per parameter; a fine-tune may be far below.
                let ratio = kg / parameters;
                let from_scratch = m.base_models.is_empty() && m.relation.is_none();
                if ratio > 2e-3 || (from_scratch && ratio < 1e-8) {
                    let way = if ratio > 1e-6 { "large" } else { "small" };
                    let message = format!(
                        "{} kg per parameter is implausibly {way} for a training run; check the unit of both{}",
                        shown(ratio),
                        if way == "small" { ", or give the base_model if it is a fine-tune" } else { "" }
                    );
                    self.warn("emissions-for-size", "emissions", kg, message);
                }
            }
        }
        let zero = matches!(m.emissions_kg, Some(Value::Number(0.0))) && m.emissions_basis == Basis::Location;
        if zero && self.trains() {
            let message = "the electricity of a place is never free of emissions; certificates and contracts can make only a \
                           market-based total 0: write emissions_basis = market";
            self.warn("emissions-zero", "emissions", 0.0, message.into());
        }
        if let (Some(kwh), Some(hours), Some(power)) = (energy, hours, size(&m.power_w)) {
            let ratio = kwh / (hours * power / 1000.0);
            if !(0.33..=4.0).contains(&ratio) {
                let message = format!(
                    "the energy is {} times gpu_hours × power_w; node, cooling and load explain only 0.33 to 4",
                    shown(ratio)
                );
                self.warn("energy-hours-power", "energy_kwh", kwh, message);
            }
        }
        if let (Some(total), Some(active)) = (size(&m.parameters), size(&m.active_parameters))
            && active > total * 1.001
        {
            let message = format!("more active parameters than the {} there are; are they swapped?", shown(total));
            self.warn("active-above-total", "active_parameters", active, message);
        }
    }

    /// Compute goes by the parameters that a token passes through.
    pub(super) fn experts(&mut self) {
        let m = self.model;
        let upstream_only = [&m.compute_flop, &m.gpu_hours, &m.energy_kwh, &m.emissions_kg].iter().all(|v| v.is_none());
        let Some(n) = size(&m.parameters).filter(|_| upstream_only && m.active_parameters.is_none()) else { return };
        let architecture = m.labels.get("architecture").map(|a| a.to_lowercase()).unwrap_or_default();
        let names = [Some(m.id.as_str()), m.labels.get("name")];
        if architecture.contains("moe") || names.into_iter().flatten().any(names_experts) {
            let message = "a mixture of experts, by its name or architecture, without active_parameters: all parameters are \
                           counted, which overstates the compute several times";
            self.warn("active-not-stated", "parameters", n, message.into());
        }
    }

    /// How the row was made, by its column and by the tags of its bases.
    pub(super) fn relations(&mut self) {
        let m = self.model;
        let Some((stated, column)) = m.labels.get("relation").zip(m.relation) else { return };
        let other = m.base_models.iter().find(|base| base.relation.is_some_and(|of_tag| of_tag != column));
        if let Some(base) = other {
            let of_tag = base.relation.map_or("", |relation| relation.name());
            let message = format!(
                "the tag of the base {} says {of_tag}; the column holds for the row's own compute, the tag for this step of \
                 the lineage. Write one of them",
                shorten(&base.id)
            );
            self.warn_text("relation-contradicts", "relation", stated, message);
        }
    }

    /// Quantities by themselves.
    pub(super) fn single_values(&mut self) {
        let m = self.model;
        if let Some(x) = size(&m.mfu) {
            if x == 1.0 {
                self.warn("mfu-one", "mfu", x, "an MFU of 1 is never reached; is it a flag, or a percentage?".into());
            } else if x > 0.65 {
                let message =
                    "no published run sustained an MFU above 0.65; is it HFU, or that of the best configuration?";
                self.warn("mfu-high", "mfu", x, message.into());
            }
        }
        let limits = [
            (
                &m.efficiency_flop_per_j,
                "efficiency_flop_per_j",
                DENSE_PEAK,
                "sparse-peak",
                "above the dense 16-bit peak of every chip; peaks \"with sparsity\" are twice the dense ones",
            ),
            (&m.pue, "pue", 2.5, "pue-high", "a PUE above 2.5 is rare even for small server rooms"),
            (&m.grid_g_per_kwh, "grid_g_per_kwh", 1200.0, "grid-high", "above the dirtiest national grids; g per kWh?"),
            (
                &m.power_w,
                "power_w",
                2000.0,
                "power-high",
                "power_w is per accelerator, in W; is this the power of a node?",
            ),
        ];
        for (value, column, limit, rule, message) in limits {
            if let Some(x) = size(value)
                && x > limit
            {
                self.warn(rule, column, x, message.into());
            }
        }
        let floors = [
            (&m.tokens, "tokens", 1e5, "tokens-in-billions", "a count of tokens; were billions meant?"),
            (&m.parameters, "parameters", 1e3, "parameters-in-billions", "a count of parameters; were billions meant?"),
            (
                &m.active_parameters,
                "active_parameters",
                1e3,
                "parameters-in-billions",
                "a count of parameters; were billions meant?",
            ),
            (&m.grid_g_per_kwh, "grid_g_per_kwh", 1.5, "grid-in-kg", "the unit is g per kWh; is this kg per kWh?"),
        ];
        for (value, column, limit, rule, message) in floors {
            if let Some(x) = size(value)
                && x < limit
            {
                self.warn(rule, column, x, message.into());
            }
        }
        if let (Some(c), Some(n)) = (size(&m.compute_flop), size(&m.parameters))
            && c < n
        {
            let message = "fewer operations than parameters; the unit is FLOP, were EFLOP or FLOP/s meant?";
            self.warn("compute-in-eflop", "compute_flop", c, message.into());
        }
        if let Some(date) = m.date
            && !(1950..=2100).contains(&date.year)
        {
            let message = "a date before 1950 or after 2100; check the year";
            self.warn("date-range", "date", f64::from(date.year), message.into());
        }
    }

    pub(super) fn spreads(&mut self) {
        let m = self.model;
        let cells = [
            (&m.emissions_kg, "emissions"),
            (&m.energy_kwh, "energy"),
            (&m.gpu_hours, "gpu_hours"),
            (&m.power_w, "power_w"),
            (&m.compute_flop, "compute_flop"),
            (&m.parameters, "parameters"),
            (&m.active_parameters, "active_parameters"),
            (&m.tokens, "tokens"),
            (&m.epochs, "epochs"),
            (&m.mfu, "mfu"),
            (&m.efficiency_flop_per_j, "efficiency_flop_per_j"),
            (&m.pue, "pue"),
            (&m.grid_g_per_kwh, "grid_g_per_kwh"),
            (&m.market_g_per_kwh, "market_g_per_kwh"),
            (&m.wue_l_per_kwh, "wue_l_per_kwh"),
        ];
        for (value, column) in cells {
            let Some(Value::Distribution(d)) = value else { continue };
            for gsd in lognormals(d) {
                if let Some((rule, message)) = spread(gsd) {
                    self.warn(rule, column, gsd, message);
                }
            }
        }
    }

    /// A normal has a density at 0, so that its reciprocal has no mean. Where its draws, which end at 6.34 sd, cannot
    /// come there, nothing shows of it.
    pub(super) fn divisors(&mut self) {
        let m = self.model;
        for (value, column) in [(&m.efficiency_flop_per_j, "efficiency_flop_per_j"), (&m.mfu, "mfu")] {
            let Some(Value::Distribution(d)) = value else { continue };
            let mut found = Vec::new();
            normals(d, &mut found);
            for (mean, sd) in found.into_iter().filter(|(mean, sd)| *mean < MOST_SDS * sd) {
                let message = format!(
                    "this divisor has a density above 0 at 0 (the mean is {:.1} sd away), so that its reciprocal has no \
                     mean; write lognormal({}, gsd)",
                    mean / sd,
                    Decimal(mean)
                );
                self.warn("divisor-near-zero", column, mean, message);
            }
        }
    }

    /// A derivative that repeats its base's disclosure counts the base's training twice.
    pub(super) fn copies(&mut self, base: &Model) {
        let m = self.model;
        let pairs = [
            (&m.emissions_kg, &base.emissions_kg, "emissions"),
            (&m.energy_kwh, &base.energy_kwh, "energy"),
            (&m.gpu_hours, &base.gpu_hours, "gpu_hours"),
            (&m.tokens, &base.tokens, "tokens"),
            (&m.compute_flop, &base.compute_flop, "compute_flop"),
        ];
        // What is certainly a derivative's plain number is compared when it is assessed, and not counted.
        let certain = m.base_probability.is_none_or(|p| p <= 0.0);
        for (own, parent, column) in pairs {
            let same_size = size(&m.parameters).is_some() && m.parameters == base.parameters;
            let compared = certain && (column != "tokens" || same_size) && matches!(own, Some(Value::Number(_)));
            if let Some(x) = size(own).filter(|_| !compared)
                && own == parent
            {
                let message = format!(
                    "the same value as that of its base {}: is it a copy? A derivative states only what it added itself",
                    shorten(&base.id)
                );
                self.warn("copied-from-base", column, x, message);
            }
        }
    }
}

/// Mean and sd of all normals in `d` that end at 0.
fn normals(d: &Distribution, found: &mut Vec<(f64, f64)>) {
    match d {
        Distribution::Normal { mean, sd } => found.push((*mean, *sd)),
        Distribution::Shifted { shift, inner } if *shift == 0.0 => normals(inner, found),
        Distribution::Truncated { inner, lo, .. } if *lo <= 0.0 => normals(inner, found),
        Distribution::Mixture(parts) => parts.iter().for_each(|(_, part)| normals(part, found)),
        _ => {}
    }
}

/// Whether a name has a part such as 8x7B or A22B.
fn names_experts(name: &str) -> bool {
    let lower = name.to_lowercase();
    let number = |text: &str| text.parse::<f64>().is_ok();
    lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter_map(|part| part.strip_suffix('b')).any(
        |part| {
            part.strip_prefix('a').is_some_and(number)
                || part.split_once('x').is_some_and(|(n, b)| number(n) && number(b))
        },
    )
}

/// The GSDs of all lognormals in `d`.
fn lognormals(d: &Distribution) -> Vec<f64> {
    let mut found = Vec::new();
    d.visit(&mut |d| {
        if let Distribution::LogNormal { gsd, .. } = d {
            found.push(*gsd);
        }
    });
    found
}
