//! Decimals as people write them, kept as digits and a power of ten until the one rounding to f64.
//!
//! Because suffixes and units only move the power of ten (or multiply the digits as integers), `7B`, `7e9` and
//! `7,000,000,000` are the same bits. Grouping is read where it has one reading and is a group sign of that notation
//! (`1,082,990`, `1 000 000`, `1_000`, `1'000'000`, `12,345.6`). Where a comma may be a decimal sign the number is
//! refused with every reading: [`Refusal::Ambiguous`] for `1,082`, [`Refusal::Write`] for `1.082,5`.

use super::units::Scale;

/// Digits times a power of ten, with a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numeral {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// Why a number with separators is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// All that it may mean.
    Ambiguous([String; 2]),
    /// The one thing it can mean.
    Write(String),
    /// Nothing comes to mind.
    NoNumber,
}

/// Exponents beyond this overflow whatever the digits are.
const LARGEST_EXPONENT: i64 = 1_000_000;

fn is_group_sign(c: char) -> bool {
    matches!(c, '_' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// The number that a text begins with, as it stands, and what follows it.
pub(super) fn split(text: &str) -> (&str, &str) {
    let bytes_left = |i: usize| text[i..].chars();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let start = text.len() - unsigned.len();
    let (mut end, mut digits) = (start, false);
    while let Some(c) = bytes_left(end).next() {
        let next = bytes_left(end + c.len_utf8()).next();
        let before_digit = next.is_some_and(|n| n.is_ascii_digit());
        match c {
            '0'..='9' => digits = true,
            '.' if before_digit || (digits && next != Some('.')) => {}
            ',' if digits && before_digit => {}
            _ if digits && before_digit && is_group_sign(c) => {}
            'e' | 'E' if digits => {
                let rest = &text[end + 1..];
                let sign = usize::from(rest.starts_with(['+', '-']));
                let length = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
                end += if length == 0 { 0 } else { 1 + sign + length };
                break;
            }
            _ => break,
        }
        end += c.len_utf8();
    }
    if !digits {
        return ("", text);
    }
    text.split_at(end)
}

/// `× 10^23`, `x 10²³`, `*10**23` at the start of a text: the exponent and what follows.
fn power_of_ten(tail: &str) -> Option<(i64, &str)> {
    let rest = tail.trim_start().strip_prefix(['x', '×', '*', '·'])?.trim_start().strip_prefix("10")?;
    raised(rest)
}

/// `^23`, `**23` or `²³`.
fn raised(rest: &str) -> Option<(i64, &str)> {
    if let Some(rest) = rest.strip_prefix("**").or_else(|| rest.strip_prefix('^')) {
        let sign = usize::from(rest.starts_with(['+', '-']));
        let length = sign + rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        return Some((rest[..length].parse().ok()?, &rest[length..]));
    }
    let raised = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c);
    let sign = usize::from(rest.starts_with('⁻'));
    let body = if sign == 1 { rest.strip_prefix('⁻')? } else { rest };
    let end = body.char_indices().find(|(_, c)| raised(*c).is_none()).map_or(body.len(), |(i, _)| i);
    let number: String = body[..end].chars().filter_map(raised).map(|d| d.to_string()).collect();
    let exponent: i64 = number.parse().ok()?;
    Some((if sign == 1 { -exponent } else { exponent }, &body[end..]))
}

/// A number and what follows it; `None` where the text does not begin with one.
pub(super) fn leading(text: &str) -> Option<(Result<Numeral, Refusal>, &str, &str)> {
    let (head, tail) = split(text);
    if head.is_empty() {
        return None;
    }
    if head == "10"
        && let Some((exponent, tail)) = raised(tail)
    {
        let numeral = Numeral { negative: false, digits: "1".into(), exponent: limited(exponent) };
        return Some((Ok(numeral), &text[..text.len() - tail.len()], tail));
    }
    let read = read(head);
    if let Some((exponent, tail)) = power_of_ten(tail) {
        let numeral = read.map(|n| Numeral { exponent: limited(n.exponent.saturating_add(exponent)), ..n });
        return Some((numeral, &text[..text.len() - tail.len()], tail));
    }
    Some((read, head, tail))
}

fn limited(exponent: i64) -> i64 {
    exponent.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT)
}

/// A number as [`split`] found it.
fn read(head: &str) -> Result<Numeral, Refusal> {
    let (mantissa, exponent) = match head.find(['e', 'E']) {
        Some(at) => (&head[..at], &head[at + 1..]),
        None => (head, ""),
    };
    let negative = mantissa.starts_with('-');
    let unsigned = mantissa.trim_start_matches(['+', '-']);
    let (whole, fraction) = parts(unsigned).map_err(|refusal| {
        let sign = if negative { "-" } else { "" };
        let whole = |reading: String| match exponent {
            "" => format!("{sign}{reading}"),
            _ => format!("{sign}{reading}e{exponent}"),
        };
        match refusal {
            Refusal::Ambiguous([a, b]) => Refusal::Ambiguous([whole(a), whole(b)]),
            Refusal::Write(reading) => Refusal::Write(whole(reading)),
            Refusal::NoNumber => Refusal::NoNumber,
        }
    })?;
    let power = match exponent {
        "" => 0,
        text => text.parse::<i64>().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }),
    };
    let digits = format!("{whole}{fraction}");
    let exponent = limited(limited(power) - fraction.len() as i64);
    Ok(Numeral { negative, digits, exponent })
}

/// Groups of thousands: one to three digits, then threes.
fn grouped(groups: &[&str]) -> bool {
    groups[0].len() <= 3 && !groups[0].starts_with('0') && !groups[0].is_empty() && {
        groups[1..].iter().all(|group| group.len() == 3)
    }
}

/// Digits before and after the decimal point, without separators.
fn parts(mantissa: &str) -> Result<(String, String), Refusal> {
    let even: String = mantissa
        .chars()
        .map(|c| match c {
            '’' => '\'',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    let mut signs = ['_', '\'', ' '].into_iter().filter(|sign| even.contains(*sign));
    let (sign, more) = (signs.next(), signs.next());
    let (dots, commas) = (even.matches('.').count(), even.matches(',').count());
    let without = |text: &str, sign: char| text.replace(sign, "");
    let plain = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (whole.to_string(), fraction.to_string())
    };
    if more.is_some() {
        return Err(Refusal::NoNumber);
    }
    if let Some(sign) = sign {
        let (whole, fraction) = even.split_once(['.', ',']).unwrap_or((&even, ""));
        let groups: Vec<&str> = whole.split(sign).collect();
        if dots + commas > 1 || fraction.contains(sign) || !grouped(&groups) {
            return Err(Refusal::NoNumber);
        }
        let whole = without(whole, sign);
        return match commas {
            0 => Ok((whole, fraction.to_string())),
            _ if fraction.len() == 3 => {
                Err(Refusal::Ambiguous([format!("{whole}{fraction}"), format!("{whole}.{fraction}")]))
            }
            _ => Err(Refusal::Write(format!("{whole}.{fraction}"))),
        };
    }
    match (commas, dots) {
        (0, 0 | 1) => Ok(plain(&even)),
        (0, _) => {
            let groups: Vec<&str> = even.split('.').collect();
            Err(if grouped(&groups) { Refusal::Write(groups.concat()) } else { Refusal::NoNumber })
        }
        (1, 0) => {
            let (a, b) = even.split_once(',').unwrap_or((&even, ""));
            Err(if grouped(&[a, b]) {
                Refusal::Ambiguous([format!("{a}{b}"), format!("{a}.{b}")])
            } else {
                Refusal::Write(format!("{a}.{b}"))
            })
        }
        (_, 0) => {
            let groups: Vec<&str> = even.split(',').collect();
            let last = groups.len() - 1;
            let indian =
                groups[last].len() == 3 && groups[1..last].iter().all(|g| g.len() == 2) && groups[0].len() <= 2;
            match (grouped(&groups), indian) {
                (true, _) => Ok((groups.concat(), String::new())),
                (_, true) => Err(Refusal::Write(groups.concat())),
                _ => Err(Refusal::NoNumber),
            }
        }
        (_, 1) if even.rfind(',') < even.find('.') => {
            let (whole, fraction) = even.split_once('.').unwrap_or((&even, ""));
            let groups: Vec<&str> = whole.split(',').collect();
            if grouped(&groups) { Ok((groups.concat(), fraction.to_string())) } else { Err(Refusal::NoNumber) }
        }
        (1, _) if even.rfind('.') < even.find(',') => {
            let (whole, fraction) = even.split_once(',').unwrap_or((&even, ""));
            let groups: Vec<&str> = whole.split('.').collect();
            Err(if grouped(&groups) {
                Refusal::Write(format!("{}.{fraction}", groups.concat()))
            } else {
                Refusal::NoNumber
            })
        }
        _ => Err(Refusal::NoNumber),
    }
}

impl Numeral {
    /// Whether it is 0 as written.
    pub(super) fn is_zero(&self) -> bool {
        self.digits.bytes().all(|b| b == b'0')
    }

    /// Times 10^`power`.
    pub(super) fn shifted(&self, power: i32) -> Numeral {
        Numeral { exponent: limited(self.exponent + i64::from(power)), ..self.clone() }
    }

    /// The product, exact while the digits fit 128 bits; `None` beyond.
    pub(super) fn times(&self, other: &Numeral) -> Option<Numeral> {
        let (a, b): (u128, u128) = (self.digits.parse().ok()?, other.digits.parse().ok()?);
        let digits = a.checked_mul(b)?.to_string();
        let exponent = limited(self.exponent + other.exponent);
        Some(Numeral { negative: self.negative != other.negative, digits, exponent })
    }

    /// The nearest f64.
    pub(super) fn value(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        // Digits and an exponent are a number in every spelling that `read` lets through.
        format!("{sign}{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The nearest f64 in the unit that the scale leads to: one rounding for powers of ten and integer factors, and a
    /// division of that for joules.
    pub(super) fn scaled(&self, scale: Scale) -> f64 {
        let moved = self.shifted(scale.exponent);
        let factor = Numeral { negative: false, digits: scale.times.to_string(), exponent: 0 };
        let whole = match scale.times {
            1 => moved.value(),
            times => moved.times(&factor).map_or_else(|| moved.value() * times as f64, |n| n.value()),
        };
        if scale.over == 1 { whole } else { whole / scale.over as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> f64 {
        let (numeral, _, tail) = leading(text).unwrap();
        assert_eq!(tail, "", "{text}");
        numeral.unwrap().value()
    }

    #[test]
    fn unambiguous_grouping_is_the_number_without_it() {
        for (text, same) in [
            ("1,082,990", 1_082_990.0),
            ("1_000", 1000.0),
            ("1 000 000", 1e6),
            ("1\u{a0}082.5", 1082.5),
            ("1'000’000", 1e6),
            ("12,345.6", 12345.6),
            ("1,082.500", 1082.5),
            ("6.2 x 10^23", 6.2e23),
            ("6.2×10²³", 6.2e23),
            ("10^21", 1e21),
            (".5", 0.5),
            ("3.", 3.0),
            ("-1e-3", -1e-3),
        ] {
            assert_eq!(number(text), same, "{text}");
        }
    }

    #[test]
    fn every_reading_of_the_others_is_given() {
        let refused = |text: &str| leading(text).unwrap().0.unwrap_err();
        let write = |text: &str| Refusal::Write(text.to_string());
        assert_eq!(refused("1,082"), Refusal::Ambiguous(["1082".into(), "1.082".into()]));
        assert_eq!(refused("1 082,500"), Refusal::Ambiguous(["1082500".into(), "1082.500".into()]));
        for (text, reading) in [
            ("1.082,5", "1082.5"),
            ("1 082,5", "1082.5"),
            ("820,5", "820.5"),
            ("0,123", "0.123"),
            ("1.082.990", "1082990"),
            ("10,82,990", "1082990"),
            ("1,5e3", "1.5e3"),
        ] {
            assert_eq!(refused(text), write(reading), "{text}");
        }
        for text in ["1 2", "1.2.3", "1,23,45", "1_0", "1.082,5,6"] {
            assert_eq!(refused(text), Refusal::NoNumber, "{text}");
        }
    }

    #[test]
    fn what_follows_is_left() {
        for (text, head, tail) in [
            ("433 MWh", "433", " MWh"),
            ("8.03b", "8.03", "b"),
            ("820..900", "820", "..900"),
            ("1e5e", "1e5", "e"),
            ("15T+", "15", "T+"),
            ("5 e3", "5", " e3"),
            ("x2", "", "x2"),
        ] {
            assert_eq!(split(text), (head, tail), "{text}");
        }
    }

    #[test]
    fn scaling_rounds_once() {
        let numeral = |text| leading(text).unwrap().0.unwrap();
        assert_eq!(numeral("350").shifted(6).value(), 350e6);
        assert_eq!(numeral("0.1").shifted(3).value(), 100.0);
        assert_eq!(numeral("3640").scaled(Scale { times: 864, over: 1, exponent: 17 }), 3640.0 * 8.64e19);
        assert_eq!(numeral("36").scaled(Scale { times: 1, over: 36, exponent: 1 }), 10.0);
    }
}
