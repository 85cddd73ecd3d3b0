//! Numbers in lines for people: what a value came from, what is suspicious in a row.

/// A number as people write it: large and small ones with an exponent.
pub fn shown(x: f64) -> String {
    // Without the digits that binary arithmetic adds.
    let x = format!("{x:.11e}").parse().unwrap_or(x);
    if x != 0.0 && !(1e-4..1e7).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

/// The same to three digits.
pub fn shown_to_three(x: f64) -> String {
    format!("{x:.2e}").parse::<f64>().map_or(String::new(), shown)
}

/// The same to four digits.
pub fn shown_to_four(x: f64) -> String {
    let exponent = libm::floor(libm::log10(x.abs().max(f64::MIN_POSITIVE)));
    let unit = libm::pow(10.0, exponent - 3.0);
    shown(libm::round(x / unit) * unit)
}
