//! How many draws were made, and how precisely they give the interval: the first line of a page.

use super::numbers;
use crate::engine::stats::precision::Precision;

/// `65,536 draws (median and interval within 0.23 %), seed 42`
pub(super) fn draws(draws: u64, precision: &Precision, seed: u64) -> String {
    let made = numbers::counted(draws, "draw");
    let known = match (precision.reached, precision.asked) {
        (None, _) => String::new(),
        (Some(reached), Some(asked)) if precision.capped() => {
            let (reached, asked) = (percent(reached), percent(asked));
            format!(" (median and interval within {reached}; {asked} would take more than a million draws)")
        }
        (Some(reached), _) => format!(" (median and interval within {})", percent(reached)),
    };
    format!("{made}{known}, seed {seed}")
}

/// Two digits, without an end of zeros: `0.23 %`, `0.0031 %`, `0 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 {
        return "0 %".into();
    }
    let decimals = usize::try_from(1 - numbers::magnitude(percent).unwrap_or(0)).unwrap_or(0);
    let text = format!("{percent:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits() {
        let cases = [
            (0.0025, "0.25 %"),
            (0.002, "0.2 %"),
            (0.0312, "3.1 %"),
            (1.234e-6, "0.00012 %"),
            (0.0, "0 %"),
            (0.5, "50 %"),
        ];
        for (share, text) in cases {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn a_line_says_what_was_reached_and_what_was_not() {
        let precision = |asked, reached, most_draws| Precision { asked, reached, most_draws };
        let cases = [
            (precision(Some(0.0025), Some(0.00231), false), "65,536 draws (median and interval within 0.23 %), seed 7"),
            (precision(None, Some(0.00231), true), "65,536 draws (median and interval within 0.23 %), seed 7"),
            (precision(None, None, false), "65,536 draws, seed 7"),
            (
                precision(Some(1e-4), Some(6e-4), true),
                "65,536 draws (median and interval within 0.06 %; 0.01 % would take more than a million draws), seed 7",
            ),
        ];
        for (precision, text) in cases {
            assert_eq!(draws(65_536, &precision, 7), text);
        }
    }
}
