//! Units of the quantities in models files, in cells and in the names of columns.
//!
//! A unit is looked up within the dimension of its column, so that `t` is tonnes of CO2e where emissions stand and
//! nothing where energy does. Blanks, hyphens and underscores do not count, `per` is `/`, and case counts only where it
//! changes the power of ten: `mWh`, `MT` or `T` (tonnes, or 10^12) are [`Lookup::Ambiguous`].

/// A factor to the unit that a model is kept in: `times / over · 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Integer factor.
    pub times: u64,
    /// Integer divisor.
    pub over: u64,
    /// Power of ten.
    pub exponent: i32,
}

impl Scale {
    /// The unit itself.
    pub const ONE: Scale = Scale::power(0);

    /// 10^`exponent`.
    pub const fn power(exponent: i32) -> Scale {
        Scale { times: 1, over: 1, exponent }
    }

    /// This unit in terms of another of the same dimension, or a quotient of units.
    pub const fn over(self, other: Scale) -> Scale {
        let (times, over) = (self.times * other.over, self.over * other.times);
        let exponent = self.exponent - other.exponent;
        if times == over { Scale::power(exponent) } else { Scale { times, over, exponent } }
    }

    /// Of a value that is no text.
    pub fn of(self, x: f64) -> f64 {
        if self == Scale::ONE {
            return x;
        }
        let scaled = if self.exponent < 0 {
            x * self.times as f64 / 10f64.powi(-self.exponent)
        } else {
            x * self.times as f64 * 10f64.powi(self.exponent)
        };
        scaled / self.over as f64
    }
}

/// What a column measures. Each has one unit that models are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// A number without a unit.
    Plain,
    /// Count of parameters.
    Parameters,
    /// Count of tokens.
    Tokens,
    /// Count of passes over the data.
    Epochs,
    /// Count of accelerators.
    Chips,
    /// Count of downloads.
    Downloads,
    /// kg of CO2e.
    Mass,
    /// kWh.
    Energy,
    /// W.
    Power,
    /// FLOP.
    Compute,
    /// Accelerator-hours.
    Hours,
    /// g/kWh.
    Intensity,
    /// L/kWh.
    Water,
    /// FLOP/J.
    Efficiency,
    /// Share of 1.
    Fraction,
}

/// What a unit's name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// One unit.
    Unit(Scale),
    /// More than one; what to write instead.
    Ambiguous(&'static str),
    /// No unit of this dimension.
    Unknown,
}

use Dimension::{
    Chips, Compute, Downloads, Efficiency, Energy, Epochs, Fraction, Hours, Intensity, Mass, Parameters, Plain, Power,
    Tokens, Water,
};
use Lookup::{Ambiguous, Unit, Unknown};

/// Every dimension that a unit can be recognised by.
const MEASURED: [Dimension; 9] = [Mass, Energy, Power, Compute, Hours, Intensity, Water, Efficiency, Fraction];

impl Dimension {
    /// What it is, with the units that it may be written in.
    pub fn described(self) -> &'static str {
        match self {
            Plain => "a plain number",
            Parameters => "a count of parameters",
            Tokens => "a count of tokens",
            Epochs => "a count of epochs",
            Chips => "a count of accelerators",
            Downloads => "a count of downloads",
            Mass => "emissions (g, kg, t or kt of CO2e)",
            Energy => "energy (kWh, MWh, GWh, Wh, J or MJ)",
            Power => "power (W or kW)",
            Compute => "compute (FLOP, EFLOP, petaFLOP/s-days)",
            Hours => "accelerator-hours (hours × number of accelerators)",
            Intensity => "an emission intensity (g/kWh or kg/kWh)",
            Water => "water per energy (L/kWh)",
            Efficiency => "an efficiency (FLOP/J)",
            Fraction => "a fraction of 1, or per cent",
        }
    }

    /// Whether it counts things, so that `b` and `t` after a number are billions and trillions.
    pub fn counts(self) -> bool {
        matches!(self, Plain | Parameters | Tokens | Epochs | Chips | Downloads)
    }

    /// What this text stands for as a unit of the dimension.
    pub fn unit(self, text: &str) -> Lookup {
        let text = text.trim();
        if text.is_empty() || text.len() > 60 {
            return Unknown;
        }
        let even = even(text);
        let lower = even.to_lowercase();
        match self {
            Plain => Unknown,
            Parameters => noun(&lower, &["parameters", "parameter", "params", "param", "weights"]),
            Tokens => noun(&lower, &["tokens", "token", "toks", "tok"]),
            Epochs => noun(&lower, &["epochs", "epoch"]),
            Downloads => noun(&lower, &["downloads", "download"]),
            Chips if is_chip(&lower) => Unit(Scale::ONE),
            Chips => Unknown,
            Mass => mass(&even, &lower),
            Energy => energy(&even, &lower),
            Power => power(&even, &lower),
            Compute => compute(&lower),
            Hours => hours(&lower),
            Intensity => quotient(&even, mass, energy, 3),
            Water => quotient(&even, |_, lower| volume(lower), energy, 0),
            Efficiency => efficiency(&lower),
            Fraction => noun_at(&lower, &["%", "percent", "/cent", "pct", "percentage"], -2),
        }
    }
}

/// The dimension that has this unit, for messages.
pub fn of_any(text: &str) -> Option<Dimension> {
    MEASURED.into_iter().find(|dimension| dimension.unit(text) != Unknown)
}

/// Without blanks, hyphens, underscores and dots; `per` as a slash; subscripts as digits.
fn even(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '–' | '‑'));
    let words = words.map(|word| if word.eq_ignore_ascii_case("per") { "/" } else { word });
    words
        .flat_map(str::chars)
        .filter(|c| !matches!(c, '.' | '·' | '*' | '⋅'))
        .map(|c| if c == '₂' { '2' } else { c })
        .collect()
}

fn noun(lower: &str, names: &[&str]) -> Lookup {
    noun_at(lower, names, 0)
}

fn noun_at(lower: &str, names: &[&str], exponent: i32) -> Lookup {
    if names.contains(&lower) { Unit(Scale::power(exponent)) } else { Unknown }
}

/// Names of carbon dioxide after a mass, longest first.
const GASES: [&str; 9] = [
    "co2equivalents",
    "co2equivalent",
    "co2eqv",
    "co2equ",
    "co2eq",
    "co2e",
    "co2",
    "carbondioxide",
    "carbonequivalent",
];

/// The mass before the gas, in both spellings, and whether there was a gas.
fn without_gas<'t>(even: &'t str, lower: &'t str) -> (&'t str, &'t str, bool) {
    for gas in GASES {
        if let Some(mass) = lower.strip_suffix(gas) {
            let mass = mass.strip_suffix("of").unwrap_or(mass);
            // Cutting ASCII off the end of the lower case is cutting as much off the text.
            if let Some(raw) = even.get(..mass.len()) {
                return (raw, mass, true);
            }
        }
    }
    (even, lower, false)
}

/// Whether the text is a mass of carbon dioxide and says so.
pub fn is_mass_of_gas(text: &str) -> bool {
    let even = even(text);
    let lower = even.to_lowercase();
    without_gas(&even, &lower).2 && matches!(mass(&even, &lower), Unit(_))
}

fn mass(even: &str, lower: &str) -> Lookup {
    let (raw, lower, gas) = without_gas(even, lower);
    Unit(Scale::power(match lower {
        "g" | "t" if !gas && raw != lower => {
            return Ambiguous("write t for tonnes or g for grams; a billion or trillion is written as e9 or e12");
        }
        "g" | "gr" | "gram" | "grams" | "gramme" | "grammes" => -3,
        "kg" | "kgs" | "kilo" | "kilos" | "kilogram" | "kilograms" | "kilogramme" | "kilogrammes" => 0,
        "t" | "tonne" | "tonnes" | "ton" | "tons" | "metricton" | "metrictons" | "metrictonne" | "metrictonnes" => 3,
        "kt" | "kiloton" | "kilotons" | "kilotonne" | "kilotonnes" => 6,
        "mt" if raw == "Mt" => 9,
        "mt" => return Ambiguous("write t for metric tons (1000 kg), or kt if megatonnes are meant (1 Mt is 1000 kt)"),
        "megaton" | "megatons" | "megatonne" | "megatonnes" => 9,
        // Exact by definition.
        "lb" | "lbs" | "pound" | "pounds" => return Unit(Scale { times: 45_359_237, over: 1, exponent: -8 }),
        _ => return Unknown,
    }))
}

/// 1 kWh is 3.6e6 J.
const fn joules(exponent: i32) -> Scale {
    Scale { times: 1, over: 36, exponent: exponent - 5 }
}

fn energy(even: &str, lower: &str) -> Lookup {
    let lower = lower.strip_suffix("rs").map_or(lower, |l| if l.ends_with('h') { l } else { lower });
    let lower = lower.strip_suffix("hr").map_or_else(|| lower.to_string(), |l| format!("{l}h"));
    let hours = lower.strip_suffix("hours").or_else(|| lower.strip_suffix("hour"));
    let lower = hours.map_or(lower.clone(), |l| format!("{l}h"));
    // `MWh`, `MWH` and `mwh` are what people write for mega; only the SI spelling says milli.
    let milli = even.starts_with('m') && even.chars().skip(1).any(char::is_uppercase);
    match lower.as_str() {
        "wh" | "watth" => Unit(Scale::power(-3)),
        "kwh" | "kilowatth" => Unit(Scale::ONE),
        "mwh" if milli => Ambiguous("write MWh for megawatt-hours; milliwatt-hours are written as Wh"),
        "mwh" | "megawatth" => Unit(Scale::power(3)),
        "gwh" | "gigawatth" => Unit(Scale::power(6)),
        "twh" | "terawatth" => Unit(Scale::power(9)),
        "j" | "joule" | "joules" => Unit(joules(0)),
        "kj" | "kilojoule" | "kilojoules" => Unit(joules(3)),
        "mj" if milli || even == "mj" => Ambiguous("write MJ for megajoules; millijoules are written as J"),
        "mj" | "megajoule" | "megajoules" | "mjoule" | "mjoules" => Unit(joules(6)),
        "gj" | "gigajoule" | "gigajoules" => Unit(joules(9)),
        "tj" | "terajoule" | "terajoules" => Unit(joules(12)),
        _ => Unknown,
    }
}

fn power(even: &str, lower: &str) -> Lookup {
    let lower = ["/gpu", "/chip", "/accelerator", "/device", "/card", "/tpu"]
        .iter()
        .find_map(|per| lower.strip_suffix(per))
        .unwrap_or(lower);
    match lower {
        "w" | "watt" | "watts" => Unit(Scale::ONE),
        "kw" | "kilowatt" | "kilowatts" => Unit(Scale::power(3)),
        "mw" if even.starts_with("MW") => Unit(Scale::power(6)),
        "mw" => Ambiguous("write MW for megawatts; milliwatts are written as W"),
        "megawatt" | "megawatts" => Unit(Scale::power(6)),
        _ => Unknown,
    }
}

fn prefix(text: &str) -> Option<i32> {
    const PREFIXES: [(&str, &str, i32); 9] = [
        ("", "", 0),
        ("k", "kilo", 3),
        ("m", "mega", 6),
        ("g", "giga", 9),
        ("t", "tera", 12),
        ("p", "peta", 15),
        ("e", "exa", 18),
        ("z", "zetta", 21),
        ("y", "yotta", 24),
    ];
    PREFIXES.iter().find(|(short, long, _)| text == *short || text == *long).map(|(.., exponent)| *exponent)
}

fn compute(lower: &str) -> Lookup {
    if let Some(rate) = lower.strip_suffix("days").or_else(|| lower.strip_suffix("day")) {
        // "petaflop/s-days", "PFLOPS-days", "petaflop-days", "pf-days": 86,400 s at that rate.
        let rate = rate.strip_suffix("/s").unwrap_or(rate);
        let rate = rate.strip_suffix('s').unwrap_or(rate);
        let rate = rate.strip_suffix("flop").or_else(|| rate.strip_suffix('f'));
        let scale = |exponent| Unit(Scale { times: 864, over: 1, exponent: exponent + 2 });
        return rate.and_then(prefix).map_or(Unknown, scale);
    }
    let names = ["flops", "flop", "floatingpointoperations", "floatingpointoperation"];
    let rest = names.iter().find_map(|name| lower.strip_suffix(name));
    rest.and_then(prefix).map_or(Unknown, |exponent| Unit(Scale::power(exponent)))
}

fn efficiency(lower: &str) -> Lookup {
    let operations = ["flops/j", "flop/j", "flops/w", "flop/s/w"].iter().find_map(|name| lower.strip_suffix(name));
    operations.and_then(prefix).map_or(Unknown, |exponent| Unit(Scale::power(exponent)))
}

/// Letters with which the names of accelerators begin, without the maker's. `k` before them is no part of a name but a
/// thousand of them.
const CHIP_LETTERS: [&str; 24] = [
    "a",
    "h",
    "b",
    "v",
    "p",
    "t",
    "k",
    "l",
    "m",
    "mi",
    "gh",
    "gb",
    "rtx",
    "rtxa",
    "gtx",
    "tpu",
    "tpuv",
    "gaudi",
    "hl",
    "trn",
    "trainium",
    "inferentia",
    "inf",
    "ascend",
];

const MAKERS: [&str; 8] = ["nvidia", "tesla", "geforce", "amd", "instinct", "google", "intel", "cloud"];

/// A word for accelerators, or the name of one.
fn is_chip(lower: &str) -> bool {
    const WORDS: [&str; 7] = ["gpu", "tpu", "npu", "xpu", "chip", "accelerator", "card"];
    const BEFORE: [&str; 4] = ["training", "total", "ai", "device"];
    let one = lower.strip_suffix('s').unwrap_or(lower);
    let mut model = one;
    while let Some(rest) = MAKERS.iter().find_map(|maker| model.strip_prefix(maker)) {
        model = rest;
    }
    let letters = model.find(|c: char| !c.is_alphabetic()).unwrap_or(model.len());
    let named = CHIP_LETTERS.contains(&&model[..letters])
        && model.len() <= 24
        && model[letters..].starts_with(|c: char| c.is_ascii_digit())
        && model.chars().all(char::is_alphanumeric);
    let word = || {
        let before = WORDS.iter().find_map(|word| model.strip_suffix(word));
        model == "device" || before.is_some_and(|before| before.is_empty() || BEFORE.contains(&before))
    };
    !is_other_machine(lower) && (named || word())
}

/// Hours of these are no accelerator-hours.
fn is_other_machine(lower: &str) -> bool {
    ["cpu", "core", "node", "wall", "clock", "elapsed", "co2"].iter().any(|word| lower.contains(word))
}

fn hours(lower: &str) -> Lookup {
    let stem = ["hours", "hour", "hrs", "hr", "h"].iter().find_map(|name| lower.strip_suffix(name));
    if let Some(stem) = stem
        && (stem.is_empty() || (is_chip(stem) && !stem.ends_with('w')))
    {
        return Unit(Scale::ONE);
    }
    match lower.strip_suffix("days").or_else(|| lower.strip_suffix("day")) {
        Some(stem) if is_chip(stem) => Unit(Scale { times: 24, over: 1, exponent: 0 }),
        _ => Unknown,
    }
}

/// A time that is not in hours: its name and how many hours one is, as a fraction.
pub fn time(text: &str) -> Option<(&'static str, Scale)> {
    let scale = |times, over| Scale { times, over, exponent: 0 };
    Some(match even(text).to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => ("seconds", scale(1, 3600)),
        "min" | "mins" | "minute" | "minutes" => ("minutes", scale(1, 60)),
        "d" | "day" | "days" => ("days", scale(24, 1)),
        "w" | "wk" | "week" | "weeks" => ("weeks", scale(168, 1)),
        "month" | "months" => ("months", scale(730, 1)),
        "y" | "yr" | "year" | "years" => ("years", scale(8760, 1)),
        _ => return None,
    })
}

fn volume(lower: &str) -> Lookup {
    match lower {
        "l" | "liter" | "liters" | "litre" | "litres" => Unit(Scale::ONE),
        "ml" | "milliliter" | "milliliters" | "millilitre" | "millilitres" => Unit(Scale::power(-3)),
        "m3" | "m³" => Unit(Scale::power(3)),
        _ => Unknown,
    }
}

fn quotient(
    even: &str,
    above: impl Fn(&str, &str) -> Lookup,
    below: impl Fn(&str, &str) -> Lookup,
    exponent: i32,
) -> Lookup {
    let Some((a, b)) = even.split_once('/') else { return Unknown };
    match (above(a, &a.to_lowercase()), below(b, &b.to_lowercase())) {
        (Unit(a), Unit(b)) => {
            let ratio = a.over(b);
            Unit(Scale { exponent: ratio.exponent + exponent, ..ratio })
        }
        (Ambiguous(advice), Unit(_)) | (Unit(_), Ambiguous(advice)) => Ambiguous(advice),
        _ => Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_lead_to_the_one_of_their_dimension() {
        let power = |dimension: Dimension, text: &str| match dimension.unit(text) {
            Unit(Scale { times: 1, over: 1, exponent }) => exponent,
            other => panic!("{text}: {other:?}"),
        };
        for (dimension, text, exponent) in [
            (Energy, "MWh", 3),
            (Energy, "mwh", 3),
            (Energy, "kilowatt-hours", 0),
            (Energy, "kWhr", 0),
            (Mass, "tCO2e", 3),
            (Mass, "kg CO2-eq", 0),
            (Mass, "tonnes of CO₂", 3),
            (Mass, "gCO2eq", -3),
            (Mass, "TCO2e", 3),
            (Power, "kW", 3),
            (Power, "W/GPU", 0),
            (Compute, "FLOPs", 0),
            (Compute, "ZFLOP", 21),
            (Compute, "exaFLOP", 18),
            (Hours, "A100 hours", 0),
            (Hours, "NVIDIA A100-80GB hours", 0),
            (Hours, "TPU v4 chip-hours", 0),
            (Hours, "MI250X-hours", 0),
            (Hours, "GPU-hours", 0),
            (Intensity, "gCO2e/kWh", 0),
            (Intensity, "kg per kWh", 3),
            (Intensity, "t/MWh", 3),
            (Water, "L/kWh", 0),
            (Efficiency, "GFLOPS/W", 9),
            (Fraction, "%", -2),
            (Tokens, "tokens", 0),
        ] {
            assert_eq!(power(dimension, text), exponent, "{text}");
        }
        assert_eq!(Compute.unit("petaflop/s-days"), Unit(Scale { times: 864, over: 1, exponent: 17 }));
        assert_eq!(Energy.unit("MJ"), Unit(Scale { times: 1, over: 36, exponent: 1 }));
        assert_eq!(Hours.unit("GPU days"), Unit(Scale { times: 24, over: 1, exponent: 0 }));
    }

    #[test]
    fn what_may_be_two_units_or_none_is_told() {
        for (dimension, text) in [(Energy, "mWh"), (Mass, "T"), (Mass, "MT"), (Power, "mW"), (Energy, "mJ")] {
            assert!(matches!(dimension.unit(text), Ambiguous(_)), "{text}");
        }
        for (dimension, text) in [
            (Energy, "kg"),
            (Hours, "node hours"),
            (Hours, "CPU-hours"),
            (Hours, "k GPU hours"),
            (Hours, "kA100 hours"),
            (Hours, "days"),
            (Compute, "TFLOP/s"),
            (Mass, "kWh"),
            (Plain, "kWh"),
        ] {
            assert_eq!(dimension.unit(text), Unknown, "{text}");
        }
        assert_eq!(of_any("MWh"), Some(Energy));
        assert_eq!(of_any("pages"), None);
    }

    #[test]
    fn scales_divide() {
        assert_eq!(Scale::power(3).over(Scale::power(-3)), Scale::power(6));
        assert_eq!(joules(6).over(joules(0)), Scale::power(6));
        assert_eq!(Scale::power(-3).of(2500.0), 2.5);
    }
}
