//! Numbers as exact as they are known, in units that read well.
//!
//! The last decimal printed is the first one of twice the Monte Carlo standard error: an MCSE of 0.03 supports
//! hundredths, one of 0.006 too, one of 0.2 tenths.

use crate::portfolio::output::{KWH, Multiples, TONNES};

/// Significant digits of a number that has no sampling error.
const EXACT_DIGITS: i32 = 4;
/// Significant digits where the error is unknown.
const UNKNOWN_DIGITS: i32 = 3;
/// Never more than this, however small the error.
const MOST_DIGITS: i32 = 6;

/// Exponent of the first decimal digit: 3 for 1234, −2 for 0.056; `None` for zero and non-finite numbers.
pub fn magnitude(x: f64) -> Option<i32> {
    if x == 0.0 || !x.is_finite() {
        return None;
    }
    // The exponent of the scientific notation is exact, unlike a logarithm's floor.
    format!("{x:e}").split('e').nth(1)?.parse().ok()
}

/// The power of ten at which `value` with this standard error ends.
fn last_place(value: f64, mcse: Option<f64>) -> i32 {
    let first = magnitude(value).unwrap_or(0);
    match mcse {
        None => first + 1 - UNKNOWN_DIGITS,
        Some(error) => match magnitude(2.0 * error) {
            None => first + 1 - EXACT_DIGITS,
            Some(place) => place.clamp(first + 1 - MOST_DIGITS, first.max(first + 1 - MOST_DIGITS)),
        },
    }
}

/// `x` rounded to a multiple of 10^place, without exponent.
fn at_place(x: f64, place: i32) -> String {
    if place <= 0 {
        return format!("{x:.*}", place.unsigned_abs() as usize);
    }
    let unit = libm::pow(10.0, place as f64);
    format!("{:.0}", libm::rint(x / unit) * unit)
}

/// The value to the digits that its error supports.
pub fn value(x: f64, mcse: Option<f64>) -> String {
    at_place(x, last_place(x, mcse))
}

/// Value and standard error with the same last decimal: `61.32 ± 0.03`. The error is at least one unit of the last
/// decimal. Without an error, or without any uncertainty, the value alone.
pub fn with_error(x: f64, mcse: Option<f64>) -> (String, Option<String>) {
    let place = last_place(x, mcse);
    let error =
        mcse.filter(|e| *e > 0.0 && e.is_finite()).map(|e| at_place(e.max(libm::pow(10.0, place as f64)), place));
    (at_place(x, place), error)
}

/// A small number in one digit and a power of ten: `2e-6`.
pub fn scientific(x: f64) -> String {
    format!("{x:.0e}")
}

/// A number with a minus sign, and without one for what rounds to zero.
pub fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let nothing = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    text.replace('-', if nothing { "" } else { "−" })
}

/// The same with a sign in front, unless it rounds to zero.
pub fn signed(x: f64, decimals: usize) -> String {
    let text = fixed(x, decimals);
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    if zero || text.starts_with('−') { text } else { format!("+{text}") }
}

/// So many decimals, or a hyphen where there is none; without the sign of what is nearly zero.
pub fn or_hyphen(x: Option<f64>, decimals: usize) -> String {
    x.map_or("-".into(), |x| format!("{:.decimals$}", if x.abs() < 0.5e-3 { 0.0 } else { x }))
}

/// So many decimals, or the word none.
pub fn or_none(x: Option<f64>, decimals: usize) -> String {
    x.map_or("none".into(), |x| format!("{x:.decimals$}").replace('-', "−"))
}

/// A coefficient with one decimal more than the first digit of its standard error.
pub fn coefficient(x: f64, se: Option<f64>) -> String {
    let decimals = se.and_then(magnitude).map_or(3, |place| (1 - place).clamp(0, 6)) as usize;
    format!("{x:.decimals$}").replace('-', "−")
}

/// Four significant digits, without exponent below a million.
pub fn factor(x: f64) -> String {
    if x.is_finite() && x < 1e6 { value(x, Some(0.0)) } else { format!("{x:.3e}") }
}

/// Three significant digits.
pub fn three_digits(x: f64) -> String {
    if (0.01..1e4).contains(&x) {
        let decimals = (2 - libm::floor(libm::log10(x)) as i32).max(0) as usize;
        format!("{x:.decimals$}")
    } else {
        format!("{x:.2e}")
    }
}

/// At most four significant digits, without trailing zeros.
pub fn four_digits(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e5).contains(&x.abs()) {
        return format!("{x:.3e}");
    }
    let digits = if x == 0.0 { 0 } else { 3 - (libm::log10(x.abs()).floor() as i32).clamp(-3, 3) };
    let text = format!("{x:.*}", usize::try_from(digits).unwrap_or(0));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A number rounded to so many significant digits, for documents that need no more; nothing of what is not finite.
pub fn significant(x: Option<f64>, digits: usize) -> Option<f64> {
    let x = x.filter(|x| x.is_finite())?;
    format!("{x:.*e}", digits.saturating_sub(1)).parse().ok()
}

/// The digits of a JSON document: the shortest that read back as the same number. Nothing where there is none.
pub fn round_trip(x: Option<f64>) -> String {
    x.filter(|x| x.is_finite()).and_then(|x| serde_json::to_string(&x).ok()).unwrap_or_default()
}

/// Tonnes of CO2e, in a unit that reads well.
pub fn emissions(t: f64) -> String {
    let unit = Quantity::Emissions.unit(t);
    format!("{} {}", unit.exact(t), unit.name)
}

/// `1,234,567`
pub fn count(n: impl TryInto<u64>) -> String {
    let digits = n.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1,234 models`, `1 model`
pub fn counted(n: impl TryInto<u64>, what: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A share as per cent: two significant digits below ten, one decimal at most above.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent.abs() {
        0.0 => "0 %".into(),
        p if p < 0.05 => "<0.1 %".into(),
        p if p < 9.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

/// A share, or a dash where there is none.
pub fn share(share: Option<f64>) -> String {
    share.map_or("–".into(), percent)
}

/// A share from a closed form. What is left of 1 − 1 is no share, on either side of zero.
pub fn exact_percent(share: f64) -> String {
    percent(if share.abs() < 1e-12 { 0.0 } else { share })
}

/// A sampled share and its standard error, with no more digits than twice that supports; one that cannot be
/// distinguished from zero says so.
pub fn percent_with_error(share: f64, se: f64) -> String {
    let (percent, error) = (100.0 * share, 100.0 * se);
    if error == 0.0 {
        return self::percent(share);
    }
    if percent < 2.0 * error {
        return "not above 0".into();
    }
    let decimals = decimals(error);
    format!("{percent:.decimals$} ± {error:.decimals$} %")
}

/// A sampled share with its interval, with no more digits than its standard error supports; where the interval covers
/// zero only its upper end is given.
pub fn percent_with_interval(share: f64, interval: [f64; 2], se: f64) -> String {
    if se == 0.0 {
        return percent(share);
    }
    let decimals = decimals(100.0 * se);
    let [value, lo, hi] = [share, interval[0], interval[1]].map(|x| 100.0 * x);
    if lo <= 0.0 && hi >= 0.0 {
        return format!("≈ 0 (to {hi:.decimals$} %)");
    }
    format!("{value:.decimals$} [{lo:.decimals$}, {hi:.decimals$}] %")
}

/// Decimals that a standard error supports, both in per cent.
fn decimals(error: f64) -> usize {
    match error {
        e if e >= 0.5 => 0,
        e if e >= 0.05 => 1,
        e if e >= 0.005 => 2,
        _ => 3,
    }
}

/// A tick of a linear axis whose ticks are `step` apart: no more decimals than that needs.
pub fn tick(x: f64, step: f64) -> String {
    let decimals = magnitude(step).map_or(0, |place| (-place).clamp(0, 12)) as usize;
    let text = fixed(x, decimals);
    let (sign, digits) = text.strip_prefix('−').map_or(("", text.as_str()), |digits| ("−", digits));
    match digits.parse::<u64>() {
        Ok(whole) if whole >= 1000 => format!("{sign}{}", count(whole)),
        _ => text,
    }
}

/// A tick of a logarithmic axis, one to nine times a power of ten: written out from a thousandth to below a hundred
/// thousand, else with the power.
pub fn log_tick(x: f64) -> String {
    let Some(power) = magnitude(x) else { return "0".into() };
    if (-3..5).contains(&power) {
        return tick(x, libm::pow(10.0, f64::from(power)));
    }
    let raised: String = power.to_string().chars().map(superscript).collect();
    match fixed(x / libm::pow(10.0, f64::from(power)), 0).as_str() {
        "1" => format!("10{raised}"),
        times => format!("{times}·10{raised}"),
    }
}

fn superscript(c: char) -> char {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    c.to_digit(10).and_then(|d| DIGITS.get(d as usize).copied()).unwrap_or('⁻')
}

/// The level of an interval: `95 %`, `99.7 %`.
pub fn level(level: f64) -> String {
    let text = format!("{:.6}", 100.0 * level);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A unit for display: multiply by `factor`, print `name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// As printed.
    pub name: String,
    /// What a value is multiplied by to be in this unit.
    pub factor: f64,
}

impl Unit {
    /// A number without sampling error, in this unit.
    pub fn exact(&self, x: f64) -> String {
        value(x * self.factor, Some(0.0))
    }
}

/// What a number measures, in the unit it is held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// tCO2e
    Emissions,
    /// kWh
    Energy,
    /// EFLOP
    Compute,
    /// kgCO2e per EFLOP
    CarbonPerCompute,
    /// kWh per EFLOP
    EnergyPerCompute,
    /// kgCO2e per kWh
    CarbonPerEnergy,
    /// Facility energy over IT energy.
    Overhead,
    /// A further output, by the names of its unit.
    Further(Multiples),
}

impl Quantity {
    /// The unit in which `typical` has one to three digits before the point, as far as there are names.
    pub fn unit(self, typical: f64) -> Unit {
        // Powers of 1,000 and names, smallest first, relative to the unit the number is held in.
        let names: Multiples = match self {
            Quantity::Emissions => TONNES,
            Quantity::Energy => KWH,
            Quantity::Compute => {
                return match magnitude(typical).map_or(0, |m| m.div_euclid(3) * 3) {
                    0 => Unit { name: "EFLOP".into(), factor: 1.0 },
                    power => Unit { name: format!("10^{power} EFLOP"), factor: libm::pow(10.0, -power as f64) },
                };
            }
            Quantity::CarbonPerCompute => &[(-2, "mg/EFLOP"), (-1, "g/EFLOP"), (0, "kg/EFLOP"), (1, "t/EFLOP")],
            Quantity::EnergyPerCompute => &[(-1, "Wh/EFLOP"), (0, "kWh/EFLOP"), (1, "MWh/EFLOP")],
            Quantity::CarbonPerEnergy => &[(-1, "g/kWh"), (0, "kg/kWh")],
            Quantity::Overhead => &[(0, "")],
            Quantity::Further(multiples) => multiples,
        };
        let wanted = magnitude(typical).map_or(0, |m| m.div_euclid(3));
        let fitting = names.iter().rev().find(|(power, _)| *power <= wanted).or(names.first());
        let (power, name) = fitting.copied().unwrap_or((0, ""));
        Unit { name: name.into(), factor: libm::pow(1000.0, -power as f64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_shares_show_what_their_error_supports() {
        let cases =
            [(0.5421, 0.0042, "54.2 ± 0.4 %"), (0.5421, 0.012, "54 ± 1 %"), (0.00102, 0.00003, "0.102 ± 0.003 %")];
        for (share, se, text) in cases {
            assert_eq!(percent_with_error(share, se), text);
        }
        assert_eq!(
            (percent_with_error(0.0, 0.0), percent_with_error(-0.01, 0.004)),
            ("0 %".into(), "not above 0".into())
        );
    }

    #[test]
    fn scores_with_their_sign() {
        let shown = [-1.26, 0.04, 2.0].map(|z| signed(z, 1));
        assert_eq!(shown, ["−1.3", "0.0", "+2.0"]);
    }

    #[test]
    fn intervals_of_shares() {
        let cases = [
            (0.5421, [0.534, 0.5502], 0.004, "54.2 [53.4, 55.0] %"),
            (0.5421, [0.51, 0.57], 0.015, "54 [51, 57] %"),
            (0.0011, [-0.0003, 0.0025], 0.0007, "≈ 0 (to 0.2 %)"),
            (-0.001, [-0.003, 0.001], 0.001, "≈ 0 (to 0.1 %)"),
            (0.0, [0.0, 0.0], 0.0, "0 %"),
        ];
        for (share, interval, se, text) in cases {
            assert_eq!(percent_with_interval(share, interval, se), text);
        }
    }

    #[test]
    fn no_more_digits_than_twice_the_error_supports() {
        let cases = [
            (61.3219, Some(0.03), "61.32", Some("0.03")),
            (61.3219, Some(0.006), "61.32", Some("0.01")),
            (61.3219, Some(0.0049), "61.322", Some("0.005")),
            (61.3219, Some(0.2), "61.3", Some("0.2")),
            (61.3219, Some(4.0), "61", Some("4")),
            (61.3219, Some(6.0), "60", Some("10")),
            (1234567.0, Some(800.0), "1235000", Some("1000")),
            (0.0, Some(0.0), "0.000", None),
            (0.36, Some(0.0), "0.3600", None),
            (0.0361, None, "0.0361", None),
            (123.456, None, "123", None),
            (1.0, Some(1e-12), "1.00000", Some("0.00001")),
            // An error larger than the value: its first digit is all there is.
            (3.0, Some(80.0), "3", Some("80")),
        ];
        for (x, mcse, text, error) in cases {
            assert_eq!(with_error(x, mcse), (text.to_string(), error.map(String::from)), "{x} {mcse:?}");
            assert_eq!(value(x, mcse), text);
        }
    }

    #[test]
    fn magnitudes_are_exact_at_powers_of_ten() {
        for power in -20..20 {
            let x: f64 = format!("1e{power}").parse().unwrap();
            assert_eq!(magnitude(x), Some(power));
            assert_eq!(magnitude(x * (1.0 - 1e-15)), Some(power - 1));
        }
        assert_eq!((magnitude(0.0), magnitude(f64::NAN)), (None, None));
    }

    #[test]
    fn units_for_reading() {
        let shown = |q: Quantity, x: f64| {
            let unit = q.unit(x);
            format!("{:.3} {}", x * unit.factor, unit.name)
        };
        assert_eq!(shown(Quantity::Emissions, 61_320.0), "61.320 ktCO2e");
        assert_eq!(shown(Quantity::Emissions, 0.0021), "2.100 kgCO2e");
        assert_eq!(shown(Quantity::Emissions, 2.1e-6), "2.100 gCO2e");
        assert_eq!(shown(Quantity::Emissions, 2.1e-9), "0.002 gCO2e");
        assert_eq!(shown(Quantity::Emissions, 0.0), "0.000 tCO2e");
        assert_eq!(shown(Quantity::Energy, 999.0), "999.000 kWh");
        assert_eq!(shown(Quantity::Energy, 1.5e8), "150.000 GWh");
        assert_eq!(shown(Quantity::Compute, 2.6e8), "260.000 10^6 EFLOP");
        assert_eq!(shown(Quantity::Compute, 26.0), "26.000 EFLOP");
        assert_eq!(shown(Quantity::CarbonPerCompute, 0.36), "360.000 g/EFLOP");
        assert_eq!(shown(Quantity::Overhead, 1.12), "1.120 ");
    }

    #[test]
    fn ticks_have_the_digits_of_their_step() {
        let cases = [
            (0.0, 50.0, "0"),
            (150.0, 50.0, "150"),
            (0.25, 0.05, "0.25"),
            (-1500.0, 500.0, "−1,500"),
            (-0.5, 0.5, "−0.5"),
            (25e3, 5e3, "25,000"),
        ];
        for (x, step, text) in cases {
            assert_eq!(tick(x, step), text);
        }
        let logs = [(0.001, "0.001"), (0.5, "0.5"), (20.0, "20"), (50_000.0, "50,000"), (1e6, "10⁶"), (2e-5, "2·10⁻⁵")];
        for (x, text) in logs {
            assert_eq!(log_tick(x), text);
        }
    }

    #[test]
    fn counts_percents_levels() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [percent(0.0), percent(0.0001), percent(0.0312), percent(0.413)],
            ["0 %", "<0.1 %", "3.1 %", "41 %"]
        );
        assert_eq!([level(0.95), level(0.997), level(0.5)], ["95 %", "99.7 %", "50 %"]);
    }
}
