//! Number formats of fewer than 16 bits, and what an MFU stated for one is of the peak that is used here.
//!
//! An MFU is a fraction of the peak of the format that the run computed in: 0.19 of an H800's FP8 peak is 0.38 of its 16-bit
//! peak. The tables' peak is dense and of 16 bits, so a stated MFU is multiplied by the ratio of the two.

use super::hardware::{Chip, Family};
use super::stated::column;
use super::wording::shown_to_four;
use crate::portfolio::problem::shorten;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Model, Value, Warning};

/// A format whose peak is another than that of 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Fp8,
    Fp4,
    Int8,
}

/// Columns that may say it.
const COLUMNS: [&str; 3] = ["numerical_format", "number_format", "precision"];
/// Every Hopper and Blackwell has twice the 16-bit rate in FP8 (NVIDIA's data sheets: H100 SXM 989 and 1,979 TFLOP/s dense);
/// the tables do not state it of all of them (H800, H20).
const FP8_OF_HOPPER: f64 = 2.0;

/// The column and the text that state a format of fewer bits.
fn text(model: &Model) -> Option<(&'static str, &str)> {
    COLUMNS.iter().find_map(|name| Some((*name, model.labels.get(name)?)))
}

/// The one format of fewer bits that a text names; `None` where there is none, and where wider ones stand with it, so that
/// it is open which peak is meant.
fn format(text: &str) -> Option<Format> {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let wider = has(&["16", "32", "half", "mixed"]);
    let named = [
        (Format::Fp8, has(&["fp8", "float8", "e4m3", "e5m2"])),
        (Format::Fp4, has(&["fp4", "float4", "e2m1"])),
        (Format::Int8, has(&["int8"])),
    ];
    let mut found = named.into_iter().filter(|(_, named)| *named).map(|(format, _)| format);
    found.next().filter(|_| !wider && found.next().is_none())
}

/// The peak of the stated format over the peak that is used of this chip; `None` where a format is stated and the tables do
/// not have its rate, 1 where none is.
fn known_factor(model: &Model, chip: &Chip) -> Option<f64> {
    let Some(format) = text(model).and_then(|(_, text)| format(text)) else { return Some(1.0) };
    let rate = match format {
        Format::Fp8 => chip.fp8_flops,
        Format::Fp4 => chip.fp4_flops,
        Format::Int8 => chip.int8_ops,
    };
    let of_hopper = (format == Format::Fp8 && chip.family == Family::H100).then_some(FP8_OF_HOPPER);
    rate.zip(chip.peak_flops).map(|(rate, peak)| rate / peak).or(of_hopper)
}

/// What a stated MFU of the row is multiplied by to be one of this chip's dense 16-bit peak.
pub fn factor(model: &Model, chip: &Chip) -> f64 {
    known_factor(model, chip).unwrap_or(1.0)
}

/// What is said of a stated MFU with a format of fewer bits, by the chips that the row may have used.
pub fn warning(model: &Model, chips: &[(f64, &Chip)]) -> Option<Warning> {
    let (name, written) = text(model)?;
    let mfu = match model.mfu.as_ref()? {
        Value::Number(x) => *x,
        Value::Distribution(d) => quantile(d, 0.5),
    };
    let lower = written.to_lowercase();
    let few_bits = ["fp8", "float8", "e4m3", "e5m2", "fp4", "float4", "int8", "mxfp"].iter().any(|w| lower.contains(w));
    if !few_bits {
        return None;
    }
    let (named, place) = (shorten(written), column(model, "mfu"));
    let message = match (format(written), chips) {
        (None, _) => format!(
            "{name} is {named}: it is open whether the MFU is a fraction of the peak of fewer bits; it is used as one of the \
             dense 16-bit peak. If it is not, multiply it by the ratio of the peaks (2 for FP8 on an H100)"
        ),
        (Some(_), [(_, chip)]) => match known_factor(model, chip) {
            Some(factor) => format!(
                "{name} is {named}: the MFU is read as a fraction of that peak of {}, which is {} of its dense 16-bit peak. If \
                 it refers to the 16-bit peak already, write the MFU's own format into {name} (BF16)",
                chip.name,
                shown_to_four(factor * mfu)
            ),
            None => format!(
                "{name} is {named}, but the tables have no rate of the {} in it: the MFU is used as a fraction of the dense \
                 16-bit peak. If it is not, multiply it by the ratio of the peaks",
                chip.name
            ),
        },
        (Some(_), _) => format!(
            "{name} is {named}: the MFU is read as a fraction of that peak, on the chips that the tables have it of. If it \
             refers to the dense 16-bit peak already, write the MFU's own format into {name} (BF16)"
        ),
    };
    Some(Warning { rule: "mfu-format", place, value: shown_to_four(mfu), message })
}

#[cfg(test)]
mod tests {
    use super::super::hardware::find;
    use super::*;

    fn row(format: &str) -> Model {
        let labels = [("numerical_format".to_string(), format.to_string())].into();
        Model { mfu: Some(Value::Number(0.1947)), labels, ..Model::default() }
    }

    #[test]
    fn an_mfu_of_fewer_bits_is_one_of_a_higher_peak() {
        let of = |format: &str, chip: &str| factor(&row(format), find(chip).unwrap());
        // NVIDIA: H100 SXM 989.4 and 1,979 TFLOP/s dense, B200 2,250 and 4,500; FP4 9,000.
        assert!((of("FP8", "H100") - 2.0).abs() < 1e-3);
        assert_eq!((of("FP8", "H800"), of("fp8 (E4M3)", "B200"), of("NVFP4", "B200")), (2.0, 2.0, 4.0));
        for (format, chip) in [("BF16", "H100"), ("", "H100"), ("FP8, BF16", "H100"), ("FP8", "A100"), ("FP32", "H100")]
        {
            assert_eq!(of(format, chip), 1.0, "{format} on {chip}");
        }
    }

    #[test]
    fn what_was_done_is_said() {
        let said = |format: &str, chip: &str| {
            warning(&row(format), &[(1.0, find(chip).unwrap())]).map(|warning| warning.message)
        };
        assert!(said("FP8", "H800").unwrap().contains("0.3894 of its dense 16-bit peak"), "{:?}", said("FP8", "H800"));
        assert!(said("FP8", "A100").unwrap().contains("no rate of the NVIDIA A100"));
        assert!(said("FP8/BF16", "H100").unwrap().contains("it is open"));
        assert_eq!((said("BF16", "H100"), said("FP32", "H100")), (None, None));
        assert_eq!(warning(&Model { mfu: None, ..row("FP8") }, &[]), None);
    }
}
