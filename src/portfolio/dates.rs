//! Dates: year, year-month or year-month-day, with hyphens or slashes; a time of day behind a full date is passed over.
//!
//! Only what begins with the year is read. `05/04/2024` is two dates and refused with both; so is everything else, with
//! the date written as it should be where there is one. The time zone does not move the date: a release at
//! `2024-05-14T23:30:00-07:00` was on the 14th where it was made.

use super::model::Date;
use super::problem::CellError;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads a date.
///
/// # Errors
/// What is wrong with it, and the dates that may be meant.
pub(super) fn read(text: &str) -> Result<Date, CellError> {
    let text = text.trim();
    let (day, time) = match text.find(|c: char| c.is_whitespace() || matches!(c, 'T' | 't')) {
        Some(at) if at > 0 && is_full(&text[..at]) => (&text[..at], text[at + 1..].trim()),
        _ => (text, ""),
    };
    if !time.is_empty() && !is_time(time) {
        return Err(wrong(text));
    }
    // A data frame writes a column of years with a gap as 2024.0.
    let day = day.strip_suffix(".0").filter(|year| year.len() == 4).unwrap_or(day);
    let separator = if day.contains('/') { '/' } else { '-' };
    let parts: Vec<&str> = day.split(separator).collect();
    let widths = |i: usize, part: &&str| {
        let fits = if i == 0 { part.len() == 4 } else { part.len() == 2 };
        fits && part.bytes().all(|b| b.is_ascii_digit())
    };
    if parts.len() > 3 || !parts.iter().enumerate().all(|(i, part)| widths(i, part)) {
        return Err(wrong(text));
    }
    let number = |i: usize| parts.get(i).and_then(|part| part.parse::<u16>().ok());
    let (year, month, day) = (number(0).unwrap_or(0), number(1), number(2));
    check(year, month, day)?;
    let small = |x: Option<u16>| x.and_then(|x| u8::try_from(x).ok());
    Ok(Date { year: i32::from(year), month: small(month), day: small(day) })
}

/// Refuses months and days that do not exist.
fn check(year: u16, month: Option<u16>, day: Option<u16>) -> Result<(), CellError> {
    let Some(month) = month else { return Ok(()) };
    if !(1..=12).contains(&month) {
        return Err(CellError::new(format!("there is no month {month}"), "the order is year-month-day"));
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day.is_some_and(|d| !(1..=length).contains(&d)) {
        return Err(CellError::new("there is no such day", "the order is year-month-day"));
    }
    Ok(())
}

/// Three parts, the year first.
fn is_full(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    parts.len() == 3 && parts[0].len() == 4
}

/// `09:12`, `09:12:33.5`, with `Z`, `UTC` or an offset.
fn is_time(text: &str) -> bool {
    let zone = text.find(|c: char| c.is_alphabetic() || matches!(c, '+' | '-')).unwrap_or(text.len());
    let (clock, zone) = (text[..zone].trim(), text[zone..].trim());
    let parts: Vec<&str> = clock.split(':').collect();
    let below = |part: &str, limit: u32| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u32>().is_ok_and(|n| n < limit)
    };
    let seconds = |part: &str| {
        let (whole, fraction) = part.split_once(['.', ',']).unwrap_or((part, "0"));
        below(whole, 61) && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())
    };
    let clock_fits = (2..=3).contains(&parts.len())
        && below(parts[0], 25)
        && below(parts[1], 60)
        && parts.get(2).is_none_or(|part| seconds(part));
    // Go writes "+0000 UTC".
    let zone = zone.strip_suffix(" UTC").map_or(zone, str::trim);
    let offset = || {
        let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
        matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    clock_fits
        && (zone.is_empty()
            || matches!(zone, "Z" | "z" | "UTC" | "GMT")
            || (zone.starts_with(['+', '-']) && zone.is_ascii() && offset()))
}

/// The refusal of what is not in the order of ISO 8601, with the dates that may be meant.
fn wrong(text: &str) -> CellError {
    let written = |(year, month, day): (u16, u16, Option<u16>)| {
        check(year, Some(month), day).ok().map(|()| match day {
            Some(day) => format!("{year:04}-{month:02}-{day:02}"),
            None => format!("{year:04}-{month:02}"),
        })
    };
    let mut readings: Vec<String> = readings(text).into_iter().filter_map(written).collect();
    readings.dedup();
    let advice = match readings.as_slice() {
        [] => other(text).unwrap_or_else(|| "write 2024, 2024-05 or 2024-05-17".to_string()),
        [one] => format!("write {one}: year, month and day in this order"),
        [most @ .., last] => format!("write {} or {last}: year, month and day in this order", most.join(", ")),
    };
    CellError::new("not a date in the order year-month-day", advice)
}

/// What to write for what is no date with year, month and day: a quarter, a number of days or seconds, a year among words.
fn other(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(6).collect();
    let year = |word: &str| word.parse::<u16>().ok().filter(|y| word.len() == 4 && (1950..2100).contains(y));
    let quarter = |word: &str| word.strip_prefix('q')?.parse::<u16>().ok().filter(|q| (1..=4).contains(q));
    let joined = |word: &&&str| word.len() == 6 && word.is_ascii() && quarter(&word[4..]).is_some();
    let split: Vec<&str> = match words.iter().find(joined) {
        Some(word) => vec![&word[..4], &word[4..]],
        None => words.clone(),
    };
    if let (Some(year), Some(quarter)) = (split.iter().find_map(|w| year(w)), split.iter().find_map(|w| quarter(w))) {
        return Some(format!("write {year}-{:02}, the middle of the quarter, or {year}", 3 * quarter - 1));
    }
    let number = lower.strip_suffix(".0").unwrap_or(&lower);
    if let Ok(number) = number.parse::<i64>() {
        // Days since the end of 1899, as spreadsheets count them; seconds and milliseconds since 1970.
        let (days, what) = match number {
            18_264..73_051 => (number - 25_569, "a date of a spreadsheet"),
            300_000_000..5_000_000_000 => (number / 86_400, "a time in seconds since 1970"),
            300_000_000_000..5_000_000_000_000 => (number / 86_400_000, "a time in milliseconds since 1970"),
            _ => return None,
        };
        return Some(format!("write {} if this is {what}", since_1970(days)));
    }
    let of_year = |word: &&str| year(word).is_some() || !word.contains(|c: char| c.is_ascii_digit());
    if !words.iter().all(of_year) {
        return None;
    }
    let mut years: Vec<String> = words.iter().filter_map(|word| year(word)).map(|year| year.to_string()).collect();
    years.dedup();
    (!years.is_empty()).then(|| format!("write {}", years.join(" or ")))
}

/// The date so many days after 1 January 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub fn since_1970(days: i64) -> String {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of everything that the text may be.
fn readings(text: &str) -> Vec<(u16, u16, Option<u16>)> {
    // "2024年3月1日".
    let text = text.replace(['年', '月', '日'], " ");
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(4).collect();
    let number = |word: &str| word.parse::<u16>().ok().filter(|_| word.len() <= 4);
    let month_of = |word: &str| {
        let lower = word.to_lowercase();
        let named = |month: &&str| lower.len() >= 3 && month.starts_with(lower.as_str());
        MONTHS.iter().position(named).and_then(|at| u16::try_from(at + 1).ok())
    };
    let day_of = |word: &str| {
        let bare = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        number(bare).filter(|_| bare.len() <= 2)
    };
    let year_of = |word: &str| number(word).filter(|_| word.len() == 4);
    // "Mar-24" of a spreadsheet.
    let short = |word: &str| number(word).filter(|_| word.len() == 2).map(|year| 2000 + year);
    match words.as_slice() {
        [month, year] if month_of(month).is_some() => {
            year_of(year).or_else(|| short(year)).zip(month_of(month)).map(|(y, m)| (y, m, None)).into_iter().collect()
        }
        [year, month] if year_of(year).is_some() => {
            let month = month_of(month).or_else(|| day_of(month));
            year_of(year).zip(month).map(|(y, m)| (y, m, None)).into_iter().collect()
        }
        [month, year] => year_of(year).zip(day_of(month)).map(|(y, m)| (y, m, None)).into_iter().collect(),
        [a, b, c] => {
            let full = |year: &str, month: Option<u16>, day: &str| Some((year_of(year)?, month?, Some(day_of(day)?)));
            [
                full(a, month_of(b).or_else(|| day_of(b)), c),
                full(c, month_of(a), b),
                full(c, month_of(b), a),
                full(c, day_of(b), a),
                full(c, day_of(a), b),
            ]
            .into_iter()
            .flatten()
            .collect()
        }
        [one] if one.len() == 8 && one.is_ascii() => {
            let part = |from: usize, to: usize| one[from..to].parse::<u16>().ok();
            let all = || Some((part(0, 4)?, part(4, 6)?, Some(part(6, 8)?)));
            all().into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_passed_over() {
        let date = Date { year: 2024, month: Some(5), day: Some(14) };
        for text in [
            "2024-05-14",
            "2024/05/14",
            "2024-05-14T09:12:33",
            "2024-05-14 09:12:33",
            "2024-05-14T09:12:33Z",
            "2024-05-14T09:12:33.123456+02:00",
            "2024-05-14 09:12",
            "2024-05-14 09:12:33 UTC",
            "2024/05/14 09:12:33-0700",
            "2024-05-14 09:12:33 +0000 UTC",
        ] {
            assert_eq!(read(text), Ok(date), "{text}");
        }
        assert_eq!(read("2024.0"), Ok(Date { year: 2024, month: None, day: None }));
        assert_eq!(read("2024/05"), Ok(Date { year: 2024, month: Some(5), day: None }));
    }

    #[test]
    fn other_orders_are_refused_with_every_date() {
        for (text, advice) in [
            ("14.05.2024", "write 2024-05-14:"),
            ("05/14/2024", "write 2024-05-14:"),
            ("04/05/2024", "write 2024-05-04 or 2024-04-05:"),
            ("05/05/2024", "write 2024-05-05:"),
            ("May 2024", "write 2024-05:"),
            ("14 May 2024", "write 2024-05-14:"),
            ("May 14th, 2024", "write 2024-05-14:"),
            ("20240514", "write 2024-05-14:"),
            ("2024-5", "write 2024-05:"),
            ("05/2024", "write 2024-05:"),
            ("soon", "write 2024, 2024-05"),
            ("Mar-24", "write 2024-03:"),
            ("2024年3月1日", "write 2024-03-01:"),
            ("Q1 2024", "write 2024-02, the middle"),
            ("2024-Q4", "write 2024-11, the middle"),
            ("2024Q2", "write 2024-05, the middle"),
            // 45352 is 2024-03-01 in Excel; `date -d @1709251200 -u` is the same day.
            ("45352", "write 2024-03-01 if this is a date of a spreadsheet"),
            ("45351.0", "write 2024-02-29 if"),
            ("1709251200", "write 2024-03-01 if this is a time in seconds"),
            ("1709251200000", "write 2024-03-01 if this is a time in milliseconds"),
            ("early 2024", "write 2024"),
            ("2023-2024", "write 2023 or 2024"),
            ("2024-05-14T25:99", "write 2024, 2024-05"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.advice.starts_with(advice), "{text}: {refused}");
        }
        assert!(read("2024-13").unwrap_err().found.contains("month 13"));
        assert!(read("2023-02-29").is_err());
    }
}
