//! A number in a cell: digits, a suffix, a unit, in the dimension of its column.
//!
//! ```text
//! number = digits [ suffix ] [ unit ]        7B   1.4 trillion   433 MWh   47k GPU hours   45 %
//! ```
//!
//! What is read has one reading. Everything else is refused, with each reading spelled out in what to write; no advice
//! is off by a power of ten. A value with a suffix or unit is the same bits as the number written out
//! ([`Numeral`]). Problems are worded in the unit of the column: a cell is first read in that unit, and only what is
//! right is read again in the model's. A unit in a cell replaces that of the column, and a suffix replaces the thousands
//! or billions in the name of the column: `7B` under `parameters (B)` is 7e9.

mod advice;

use super::number::Decimal;
use super::numeral::{self, Numeral, Refusal};
use super::problem::{CellError, shorten};
use super::units::{Dimension, Lookup, Scale};

/// How the numbers of a column are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    dimension: Dimension,
    /// The unit of a number that names none.
    bare: Scale,
    /// The unit that the result is in, in the unit of models.
    into: Scale,
}

/// The parts of one number.
struct Parts {
    numeral: Numeral,
    suffix: Option<i32>,
    unit: Option<Scale>,
}

impl Measure {
    /// Numbers without a unit.
    pub(crate) const PLAIN: Measure = Measure { dimension: Dimension::Plain, bare: Scale::ONE, into: Scale::ONE };

    /// A column of this dimension, in the unit of the column.
    pub(crate) const fn in_column(dimension: Dimension, column: Scale) -> Measure {
        Measure { dimension, bare: Scale::ONE, into: column }
    }

    /// The same column, in the unit that models are kept in.
    pub(crate) const fn in_model(dimension: Dimension, column: Scale) -> Measure {
        Measure { dimension, bare: column, into: Scale::ONE }
    }

    /// A value that was no text, such as one of a file.
    pub(crate) fn of(&self, x: f64) -> f64 {
        self.bare.of(x)
    }

    /// Reads one number: finite, and not rounded to 0.
    ///
    /// # Errors
    /// What is wrong with the text, and what to write.
    pub(crate) fn number(&self, text: &str) -> Result<f64, CellError> {
        let text = text.trim();
        // What a program writes is read as fast as before.
        if self.bare == Scale::ONE
            && let Ok(x) = text.parse::<f64>()
            && (x.is_normal() || text == "0")
        {
            return Ok(x);
        }
        let parts = self.parts(text)?;
        self.value(&parts, text)
    }

    /// Reads the ends of an interval; a unit or suffix at one of them is that of both.
    ///
    /// # Errors
    /// What is wrong with either.
    pub(crate) fn interval(&self, lo: &str, hi: &str) -> Result<(f64, f64), CellError> {
        let (lo, hi) = (lo.trim(), hi.trim());
        let (mut a, mut b) = (self.parts(lo)?, self.parts(hi)?);
        share_unit(&mut a, &mut b);
        match (a.suffix, b.suffix) {
            // "1 to 2 trillion": the lower end of a range over three orders of magnitude is not written like this.
            (None, Some(suffix)) if a.numeral.value() < b.numeral.value() && !a.numeral.is_zero() => {
                a.suffix = Some(suffix);
            }
            (None, Some(_)) | (Some(_), None) if !a.numeral.is_zero() => return Err(one_suffix(lo, hi, "to")),
            _ => {}
        }
        Ok((self.value(&a, lo)?, self.value(&b, hi)?))
    }

    /// Reads a mean and its standard deviation, which may be per cent of the mean.
    ///
    /// # Errors
    /// What is wrong with either.
    pub(crate) fn spread(&self, mean: &str, sd: &str) -> Result<(f64, f64), CellError> {
        let (mean, sd) = (mean.trim(), sd.trim());
        let mut a = self.parts(mean)?;
        if let Some(percent) = percent(sd) {
            let relative = Measure::PLAIN.parts(percent)?.numeral.shifted(-2);
            if self.dimension == Dimension::Fraction {
                return Err(points_or_relative(mean, &a, &relative));
            }
            let product = a.numeral.times(&relative);
            let numeral = product.ok_or_else(|| {
                CellError::new(format!("{:?} has too many digits", shorten(mean)), "round the mean and the spread")
            })?;
            let sd = Parts { numeral, suffix: a.suffix, unit: a.unit };
            return Ok((self.value(&a, mean)?, self.value(&sd, percent)?));
        }
        let mut b = self.parts(sd)?;
        share_unit(&mut a, &mut b);
        match (a.suffix, b.suffix) {
            (Some(suffix), None) if b.numeral.value() < a.numeral.value() => b.suffix = Some(suffix),
            (None, Some(suffix)) if b.numeral.value() < a.numeral.value() => a.suffix = Some(suffix),
            (Some(_), None) | (None, Some(_)) => return Err(one_suffix(mean, sd, "+-")),
            _ => {}
        }
        Ok((self.value(&a, mean)?, self.value(&b, sd)?))
    }

    fn value(&self, parts: &Parts, text: &str) -> Result<f64, CellError> {
        let scale = parts.unit.unwrap_or(self.bare).over(if parts.unit.is_some() { self.into } else { Scale::ONE });
        let x = parts.numeral.shifted(parts.suffix.unwrap_or(0)).scaled(scale);
        if !x.is_finite() {
            let advice = "no quantity is that large; check the exponent";
            return Err(CellError::new(format!("{} overflows", shorten(text)), advice));
        }
        if x.abs() < f64::MIN_POSITIVE {
            if !parts.numeral.is_zero() {
                return Err(CellError::new(
                    format!("{} is rounded to 0", shorten(text)),
                    "write 0 for a true zero; otherwise check the exponent",
                ));
            }
            return Ok(0.0);
        }
        Ok(x)
    }

    fn parts(&self, text: &str) -> Result<Parts, CellError> {
        let Some((numeral, head, tail)) = numeral::leading(text) else { return Err(self.no_number(text)) };
        let tail = tail.trim();
        let refused = |advice: String| CellError::new(format!("{:?} is not a number", shorten(text)), advice);
        let (suffix, unit) = match self.after(tail) {
            Ok(found) => found,
            Err(advice) => return Err(refused(self.advice(text, head, tail, advice))),
        };
        let numeral = numeral.map_err(|refusal| {
            let with = |reading: &str| if tail.is_empty() { reading.to_string() } else { format!("{reading} {tail}") };
            match refusal {
                Refusal::Ambiguous([a, b]) => {
                    let found = format!("{:?} may be {} or {}", shorten(text), with(&a), with(&b));
                    CellError::new(found, format!("write {} or {}, without a comma", with(&a), with(&b)))
                }
                Refusal::Write(reading) if head.matches('.').count() > 1 || head.matches(',').count() > 1 => {
                    refused(separators_refused(head, &with(&reading)))
                }
                Refusal::Write(reading) => refused(format!("the decimal sign is a point: write {}", with(&reading))),
                Refusal::NoNumber => refused(
                    "thousands separators stand between groups of three digits, as in 1,082,990; write the number \
                     without them"
                        .into(),
                ),
            }
        })?;
        let unit = if suffix.is_some() && self.column_counts() { unit.or(Some(Scale::ONE)) } else { unit };
        Ok(Parts { numeral, suffix, unit })
    }

    /// Whether the name of the column has a suffix (thousands, billions) in the place of a unit.
    fn column_counts(&self) -> bool {
        let scaled = |scale: Scale| (scale.times, scale.over) == (1, 1) && scale.exponent != 0;
        (self.dimension.counts() || self.dimension == Dimension::Hours) && (scaled(self.bare) || scaled(self.into))
    }

    /// Suffix and unit of what follows the digits, or advice where it is known what is wrong.
    fn after(&self, tail: &str) -> Result<(Option<i32>, Option<Scale>), Option<String>> {
        // "Mrd." and "Mio." are abbreviations.
        let tail = tail.strip_suffix('.').unwrap_or(tail);
        if tail.is_empty() {
            return Ok((None, None));
        }
        let unit = |text: &str| match self.dimension.unit(text) {
            Lookup::Unit(scale) => Ok(Some(scale)),
            Lookup::Ambiguous(advice) => Err(Some(format!("{:?} is ambiguous: {advice}", shorten(text)))),
            Lookup::Unknown => Ok(None),
        };
        if let Some(scale) = unit(tail)? {
            return Ok((None, Some(scale)));
        }
        let end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (word, rest) = tail.split_at(end);
        let apart = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '-');
        let Some(exponent) = suffix(word, self.dimension.counts()) else { return Err(None) };
        match apart {
            "" if rest.is_empty() => Ok((Some(exponent), None)),
            _ if apart.len() == rest.len() || apart.is_empty() => Err(None),
            _ => unit(apart)?.map(|scale| (Some(exponent), Some(scale))).ok_or(None),
        }
    }
}

/// The power of ten of a suffix. `counting`: `t` is no tonne.
fn suffix(word: &str, counting: bool) -> Option<i32> {
    match word {
        "k" | "K" => Some(3),
        "M" => Some(6),
        "B" | "b" | "G" | "bn" | "Bn" | "BN" => Some(9),
        "T" | "tn" => Some(12),
        "t" if counting => Some(12),
        _ => match word.to_lowercase().as_str() {
            "thousand" | "thousands" => Some(3),
            "万" | "萬" | "만" => Some(4),
            "million" | "millions" | "mio" | "mln" | "millionen" | "millones" | "milioni" => Some(6),
            "亿" | "億" | "억" => Some(8),
            "billion" | "billions" => Some(9),
            // Never 10^12, as the German and French "billion" is.
            "mrd" | "mld" | "milliard" | "milliards" | "milliarde" | "milliarden" | "miljard" => Some(9),
            "trillion" | "trillions" | "万亿" => Some(12),
            _ => None,
        },
    }
}

/// The power of ten of a suffix in the name of a column, where case says nothing: `params_m`.
pub(super) fn suffix_of_name(word: &str) -> Option<i32> {
    let word = word.trim().to_lowercase();
    let word = word.strip_prefix("in ").or_else(|| word.strip_prefix("in_")).unwrap_or(&word);
    match word {
        "m" | "mm" => Some(6),
        "1e3" | "10^3" | "10³" | "x10^3" | "'000" | "000s" => Some(3),
        "1e6" | "10^6" | "10⁶" | "x10^6" => Some(6),
        "1e9" | "10^9" | "10⁹" | "x10^9" => Some(9),
        "1e12" | "10^12" | "10¹²" | "x10^12" => Some(12),
        _ => suffix(word, true),
    }
}

/// `10 %` as its number.
fn percent(text: &str) -> Option<&str> {
    ["%", "percent", "per cent", "pct"].iter().find_map(|sign| text.trim_end().strip_suffix(sign)).map(str::trim)
}

fn separators_refused(head: &str, reading: &str) -> String {
    match head.matches('.').count() {
        0 | 1 => format!("these thousands separators are not accepted; write {reading}"),
        _ => format!("points are not accepted as thousands separators; write {reading}"),
    }
}

/// A unit at one of two numbers is that of both.
fn share_unit(a: &mut Parts, b: &mut Parts) {
    match (a.unit, b.unit) {
        (None, unit) => a.unit = unit,
        (unit, None) => b.unit = unit,
        _ => {}
    }
}

fn one_suffix(a: &str, b: &str, between: &str) -> CellError {
    let found = format!("of {:?} and {:?} only one has a suffix", shorten(a), shorten(b));
    CellError::new(found, format!("write the suffix at both numbers or at none, as in 500e6 {between} 2e9"))
}

/// The spread of a fraction in per cent may be of it or in points.
fn points_or_relative(mean: &str, parts: &Parts, relative: &Numeral) -> CellError {
    let scale = parts.unit.unwrap_or(Scale::ONE);
    let of = |numeral: &Numeral| Decimal(numeral.scaled(scale));
    let mean_of = of(&parts.numeral);
    let share = parts.numeral.times(relative).unwrap_or_else(|| relative.clone());
    CellError::new(
        format!("the spread after {:?} may be per cent of it or percentage points", shorten(mean)),
        format!("write {mean_of} +- {} or {mean_of} +- {}", of(&share), Decimal(relative.value())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(dimension: Dimension) -> Measure {
        Measure::in_model(dimension, Scale::ONE)
    }

    #[test]
    fn suffixes_and_units_are_the_bits_of_the_number_written_out() {
        use Dimension::*;
        for (dimension, text, same) in [
            (Parameters, "7 Mrd.", 7e9),
            (Parameters, "7 Milliarden", 7e9),
            (Parameters, "70亿", 7e9),
            (Tokens, "1.4万亿", 1.4e12),
            (Parameters, "7B", 7e9),
            (Parameters, "8.03b", 8.03e9),
            (Parameters, "350M", 350e6),
            (Parameters, "1.4 trillion parameters", 1.4e12),
            (Tokens, "15T", 15e12),
            (Tokens, "300 billion tokens", 300e9),
            (Energy, "433 MWh", 433e3),
            (Energy, "0.1 GWh", 0.1e6),
            (Energy, "1,082,990 kWh", 1_082_990.0),
            (Energy, "1.2 million kWh", 1.2e6),
            (Mass, "8930 t", 8930e3),
            (Mass, "820 kg CO2e", 820.0),
            (Mass, "31.73 tCO2e", 31730.0),
            (Power, "2.4 kW", 2400.0),
            (Intensity, "450 g/kWh", 450.0),
            (Intensity, "0.45 kgCO2/kWh", 450.0),
            (Compute, "1.2e24 FLOP", 1.2e24),
            (Compute, "3640 petaflop/s-days", 3640.0 * 8.64e19),
            (Hours, "47k GPU hours", 47e3),
            (Hours, "47k A100 hours", 47e3),
            (Hours, "12 GPU-days", 288.0),
            (Water, "1.2 L/kWh", 1.2),
            (Fraction, "45%", 0.45),
            (Fraction, "45 per cent", 0.45),
        ] {
            assert_eq!(column(dimension).number(text), Ok(same), "{text}");
        }
    }

    #[test]
    fn a_column_in_another_unit_reads_the_same_value() {
        let mwh = Measure::in_model(Dimension::Energy, Scale::power(3));
        assert_eq!(mwh.number("433"), Ok(433e3));
        assert_eq!(mwh.number("433000 kWh"), Ok(433e3));
        let shown = Measure::in_column(Dimension::Energy, Scale::power(3));
        assert_eq!(shown.number("433000 kWh"), Ok(433.0));
        assert_eq!(shown.number("433"), Ok(433.0));
    }

    #[test]
    fn a_suffix_in_a_cell_replaces_that_of_the_column() {
        use Dimension::*;
        for (dimension, column, text, same) in [
            (Parameters, 9, "7B", 7e9),
            (Parameters, 9, "7", 7e9),
            (Parameters, 6, "350M", 350e6),
            (Hours, 3, "184k", 184e3),
            (Hours, 3, "184k GPU hours", 184e3),
            (Hours, 6, "2.788M", 2.788e6),
            (Tokens, 12, "2T", 2e12),
            (Tokens, 9, "2T", 2e12),
            (Tokens, 9, "2T tokens", 2e12),
            // These are units, and a suffix is one of them.
            (Compute, 21, "2k", 2e24),
            (Energy, 3, "2k", 2e6),
        ] {
            let scale = Scale::power(column);
            assert_eq!(Measure::in_model(dimension, scale).number(text), Ok(same), "{text}");
            assert_eq!(Measure::in_column(dimension, scale).number(text), Ok(same / 10f64.powi(column)), "{text}");
        }
        let billions = Measure::in_model(Tokens, Scale::power(9));
        assert_eq!(billions.interval("1", "2T"), Ok((1e12, 2e12)));
        assert_eq!(billions.interval("1", "2"), Ok((1e9, 2e9)));
        assert_eq!(billions.spread("2T", "10%"), Ok((2e12, 2e11)));
        let days = Measure::in_model(Hours, Scale { times: 24, over: 1, exponent: 0 });
        assert_eq!(days.number("2k"), Ok(48e3));
    }

    #[test]
    fn intervals_and_spreads_share_their_units() {
        let energy = column(Dimension::Energy);
        assert_eq!(energy.interval("400", "500 MWh"), Ok((400e3, 500e3)));
        assert_eq!(energy.interval("400 kWh", "0.5 MWh"), Ok((400.0, 500.0)));
        assert_eq!(energy.spread("820", "10 %"), Ok((820.0, 82.0)));
        assert_eq!(energy.spread("820 MWh", "10%"), Ok((820e3, 82e3)));
        assert_eq!(energy.spread("1.2 MWh", "0.1"), Ok((1200.0, 100.0)));
        let tokens = column(Dimension::Tokens);
        assert_eq!(tokens.interval("1", "2 trillion"), Ok((1e12, 2e12)));
        assert_eq!(tokens.spread("7B", "0.5"), Ok((7e9, 0.5e9)));
        assert!(tokens.interval("500", "2k").is_err());
        assert!(column(Dimension::Fraction).spread("45%", "5%").unwrap_err().advice.contains("0.45 +- 0.0225"));
    }

    #[test]
    fn refusals_spell_every_reading() {
        use Dimension::*;
        for (dimension, text, words) in [
            (Energy, "1,082", ["1082 or 1.082", ""]),
            (Energy, "1,082 MWh", ["1082 MWh or 1.082 MWh", ""]),
            (Energy, "1.082,5", ["write 1082.5", ""]),
            (Energy, "820,5", ["write 820.5", ""]),
            (Energy, "820..900", ["820 to 900", ""]),
            (Energy, "820-900 MWh", ["820 to 900 MWh", ""]),
            (Energy, "820–900", ["820 to 900", ""]),
            (Energy, "12 t", ["emissions", "energy"]),
            (Energy, "€1000", ["money", "energy"]),
            (Energy, "#REF!", ["spreadsheet", "empty"]),
            (Energy, "=A1*2", ["formula", "values"]),
            (Energy, "−5", ["negative", "check the sign"]),
            (Energy, "1000*", ["write 1000,", "remark"]),
            (Energy, "1000 [1]", ["write 1000,", "remark"]),
            (Hours, "2048 x 100", ["write the product, 204800", ""]),
            (Parameters, "8x7B", ["experts", "active_parameters"]),
            (Energy, "45%", ["write 0.45", ""]),
            (Energy, "3 mWh", ["MWh", "Wh"]),
            (Hours, "12 days", ["288 if", "288 × the number"]),
            (Hours, "12 wall-clock hours", ["12 if", "12 × the number"]),
            (Hours, "3 node-hours", ["not a known unit", "number of accelerators"]),
            (Hours, "100 CPU hours", ["not a known unit", "number of accelerators"]),
            (Hours, "47kGPU hours", ["not a known unit", "number of accelerators"]),
            (Parameters, "7m", ["write 7000000 or 0.007", ""]),
            (Tokens, "15T+", ["write 1.5e13", ""]),
            (Tokens, "~1,000,000", ["lognormal(1000000, 1.5)", ""]),
            (Tokens, "Over 15T", ["lower bound", "uniform(1.5e13, 3e13)"]),
            (Energy, "<1", ["upper bound", "uniform(0, 1)"]),
            (Energy, ">1000", ["lower bound", "uniform(1000, 2000)"]),
            (Energy, "at most 5 MWh", ["upper bound", "uniform(0, 5000)"]),
            (Hours, "0x10", ["hexadecimal", "write 16"]),
            (Hours, "$1.3 \\times 10^6$", ["LaTeX", "write 1300000"]),
            (Hours, "$1.3 \\cdot 10^{6}$", ["LaTeX", "write 1300000"]),
            (Plain, "1.58%", ["write 1.58,", "0.0158 if"]),
            (Plain, "158%", ["write 1.58", ""]),
            (Energy, "1.082.990", ["points are not accepted as thousands separators; write 1082990", ""]),
            (Energy, "1,08,299", ["separators are not accepted; write 108299", ""]),
            (Mass, "5 T", ["tonnes", "e12"]),
        ] {
            let message = column(dimension).number(text).expect_err(text).to_string();
            assert!(words.iter().all(|word| message.contains(word)), "{text}: {message}");
        }
    }
}
