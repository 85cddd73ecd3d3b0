//! Rules that hold a row's size, tokens and compute against each other and against what a training run can be.
//!
//! The limits are factors of ten and more, so that they find slips of unit (billions for counts, EFLOP for FLOP,
//! petaFLOP/s-days, gigabytes) and not unusual models.

use super::{Row, shown, size};
use crate::portfolio::operations::flop_per_parameter_and_token;
use crate::portfolio::{Model, Relation, Value};

/// The most compute that a laboratory has published of a training run: Llama 3.1 405B, 3.8e25 FLOP (arXiv 2407.21783,
/// section 3.3).
const LARGEST_PUBLISHED_FLOP: f64 = 3.8e25;
/// A second of one T4 (6.5e13 FLOP/s, NVIDIA's data sheet): no training run since 2015 was shorter.
const LEAST_FLOP: f64 = 1e13;
/// From this year on.
const LEAST_SINCE: i32 = 2015;
/// Compute may be so many times off 6 · N · D. Epoch AI's rows are within 2 for three in four language models.
const OFF_BY: f64 = 10.0;
/// A name's size and the column may differ by this: experts, embeddings and rounding explain less.
const NAME_OFF_BY: f64 = 20.0;
/// More tokens per parameter than any published run (SmolLM-135M: some 15,000).
const MOST_TOKENS_PER_PARAMETER: f64 = 1e6;
/// More tokens than any published fine-tune or adapter; continued pre-training (Code Llama) used up to 1e12.
const MOST_TOKENS_OF_A_DERIVATIVE: f64 = 1.5e12;

impl Row<'_> {
    /// Compute against what follows from parameters and tokens, and against the least a run can take.
    pub(super) fn compute(&mut self) {
        let m = self.model;
        let Some(flop) = size(&m.compute_flop) else { return };
        if let Some(expected) = by_tokens(m) {
            let ratio = flop / expected;
            if !(1.0 / OFF_BY..=OFF_BY).contains(&ratio) {
                let message = format!(
                    "compute_flop is {} times what the parameters and tokens of its row lead to, {} FLOP; check the unit of all three (FLOP, \
                     not EFLOP or petaFLOP/s-days)",
                    shown(ratio),
                    shown(expected)
                );
                self.warn("compute-against-tokens", "compute_flop", flop, message);
                return;
            }
        }
        // Fewer operations than parameters are a rule of their own.
        if size(&m.parameters).is_none_or(|n| n <= flop)
            && flop < LEAST_FLOP
            && m.date.is_none_or(|d| d.year >= LEAST_SINCE)
        {
            let message = "compute_flop is less than one accelerator does in a second; the unit is FLOP: were EFLOP, petaFLOP/s-days \
                           or accelerator-hours meant?";
            self.warn("compute-too-small", "compute_flop", flop, message.into());
        }
    }

    /// Parameters against the size that the name states, and against the tokens.
    pub(super) fn parameters(&mut self) {
        let m = self.model;
        let Some(n) = size(&m.parameters) else { return };
        let sizes = sizes_in(m.labels.get("name").unwrap_or(&m.id));
        let fits = |named: &f64| (1.0 / NAME_OFF_BY..=NAME_OFF_BY).contains(&(n / named));
        if let Some(named) = sizes.first().filter(|_| !sizes.iter().any(fits)) {
            let message = format!(
                "the name says {} parameters, the column parameters {}: were millions or billions meant?",
                shown(*named),
                shown(n)
            );
            self.warn("parameters-against-name", "parameters", n, message);
        } else if let Some(tokens) = size(&m.tokens)
            && tokens / n > MOST_TOKENS_PER_PARAMETER
        {
            let message = format!(
                "{} tokens for {} parameters is more than any published run; is one of the columns tokens and parameters in \
                 millions or billions?",
                shown(tokens),
                shown(n)
            );
            self.warn("tokens-against-parameters", "parameters", n, message);
        }
    }

    /// A row whose parameters and tokens would make it the largest run that was ever published.
    pub(super) fn largest(&mut self) {
        let m = self.model;
        let figures = [&m.compute_flop, &m.gpu_hours, &m.energy_kwh, &m.emissions_kg];
        if figures.into_iter().any(Option::is_some) || m.active_parameters.is_some() {
            return;
        }
        if let (Some(flop), Some(n)) = (by_tokens(m), size(&m.parameters))
            && flop > LARGEST_PUBLISHED_FLOP
        {
            let message = format!(
                "parameters and tokens lead to {} FLOP, above the largest run with published compute (3.8e25, Llama 3.1 405B); \
                 if it is a mixture of experts, state active_parameters",
                shown(flop)
            );
            self.warn("largest-ever", "parameters", n, message);
        }
    }

    /// A derivative that has the tokens of its base's training, whether the base is in the file or not.
    pub(super) fn tokens_of_a_derivative(&mut self) {
        let m = self.model;
        let trained = matches!(m.relation, None | Some(Relation::Finetune | Relation::Distill));
        let derived = !m.base_models.is_empty() || m.relation.is_some();
        if let Some(tokens) = size(&m.tokens).filter(|t| derived && trained && *t > MOST_TOKENS_OF_A_DERIVATIVE) {
            let message = format!(
                "{} tokens are those of a pre-training run, not of a fine-tune; tokens are what this row's own run saw: leave \
                 the cell empty if they are its base's",
                shown(tokens)
            );
            self.warn("tokens-of-base", "tokens", tokens, message);
        }
    }

    /// Zeros that cannot be, and zeros that only a market-based total can have.
    pub(super) fn zeros(&mut self) {
        let m = self.model;
        let figures = [
            ("energy_kwh", &m.energy_kwh),
            ("gpu_hours", &m.gpu_hours),
            ("compute_flop", &m.compute_flop),
            ("power_w", &m.power_w),
            ("tokens", &m.tokens),
            ("epochs", &m.epochs),
        ];
        let emits = size(&m.emissions_kg).is_some();
        let runs = emits || figures[..3].iter().any(|(_, value)| size(value).is_some());
        for (column, _) in figures.into_iter().filter(|(_, value)| is_zero(value)) {
            let of_size = matches!(column, "tokens" | "epochs");
            let message = match runs {
                true if !of_size => format!(
                    "{column} is zero although the row states a run; it is not used: leave the cell empty if it is not known"
                ),
                false if self.trains() && column != "power_w" => {
                    format!("{column} is zero, so the row's total is zero; leave the cell empty if it is not known")
                }
                _ => continue,
            };
            let rule = if column == "energy_kwh" { "energy-zero" } else { "figure-zero" };
            self.warn(rule, column, 0.0, message);
        }
        if is_zero(&m.grid_g_per_kwh) {
            let message = match emits {
                true => "the grid is zero although the row states emissions; it is not used",
                false => {
                    "no grid has an intensity of 0 g/kWh over its life cycle, so the emissions are zero; contracts and \
                     certificates belong into market_g_per_kwh"
                }
            };
            self.warn("grid-zero", "grid_g_per_kwh", 0.0, message.into());
        }
    }

    /// Whether the row is of a kind that takes training: copies and merges may take nothing.
    pub(super) fn trains(&self) -> bool {
        !matches!(self.model.relation, Some(Relation::Merge | Relation::Quantized | Relation::Fork))
    }
}

/// A stated zero.
fn is_zero(value: &Option<Value>) -> bool {
    value.as_ref().is_some_and(Value::is_zero)
}

/// Compute by parameters and tokens: 6 N D, of encoder–decoders 3 N D, N active, over all epochs.
fn by_tokens(m: &Model) -> Option<f64> {
    let n = size(&m.active_parameters).or_else(|| size(&m.parameters))?;
    Some(flop_per_parameter_and_token(m) * n * size(&m.tokens)? * size(&m.epochs).unwrap_or(1.0))
}

/// Numbers of parameters in a name: 7b, 350M, 8x7B, 1.8B, 175 billion; in words of their own.
fn sizes_in(name: &str) -> Vec<f64> {
    let mut lower = name.to_lowercase();
    for (word, letter) in [("billion", "b"), ("million", "m")] {
        if !lower.contains(word) {
            continue;
        }
        for blank in [" ", "-", "_"] {
            lower = lower.replace(&format!("{blank}{word}"), letter);
        }
    }
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    words.filter_map(size_of_word).collect()
}

fn size_of_word(word: &str) -> Option<f64> {
    let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
    let unit = match unit {
        "b" => 1e9,
        "m" => 1e6,
        _ => return None,
    };
    let (experts, number) = match number.split_once('x') {
        Some((experts, number)) => (experts.parse::<u16>().ok()?, number),
        None => (1, number),
    };
    let plain =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    number.parse::<f64>().ok().filter(|x| plain && *x > 0.0).map(|x| x * f64::from(experts) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_off_names() {
        assert_eq!(sizes_in("lab/gpt-175b"), [175e9]);
        assert_eq!(sizes_in("Mixtral-8x7B-v0.1"), [56e9]);
        assert_eq!(sizes_in("Qwen2.5-0.5B-Instruct"), [0.5e9]);
        assert_eq!(sizes_in("opt_350M"), [350e6]);
        assert_eq!((sizes_in("GPT-3 175 billion"), sizes_in("bert-110-million")), (vec![175e9], vec![110e6]));
        // No sizes: versions, bits, the billion of a word, nothing.
        for name in ["v2", "w4a16", "4bit", "bloom", "b", "m", "xb", "8xb", "ümlaut-ß", ""] {
            assert_eq!(sizes_in(name), [0.0; 0], "{name}");
        }
    }
}
