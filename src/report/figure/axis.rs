//! Axes: from values to positions, ticks at round numbers, as many as have room for their labels.

use super::style::{GAP, SMALL};
use super::svg::{Anchor, Canvas, Letters, Stroke};
use crate::report::numbers;

/// Longest axis in decades that still has ticks at 2 and 5.
const FEW_DECADES: f64 = 2.2;
/// A decade more than this is not looked at: what spans more has no scale.
const MOST_DECADES: i32 = 60;
/// Length of a tick.
const TICK: f64 = 2.5;

/// A scale from `lo` to `hi`, drawn from one position to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The value at its beginning; above zero on a logarithmic one.
    pub lo: f64,
    /// The value at its end, above `lo`.
    pub hi: f64,
    /// Whether it is logarithmic.
    pub log: bool,
    /// Position of `lo`.
    pub from: f64,
    /// Position of `hi`.
    pub to: f64,
}

impl Axis {
    /// A linear axis; of a range without extent, from zero or around the value.
    pub fn linear(lo: f64, hi: f64, (from, to): (f64, f64)) -> Axis {
        let [lo, hi] = [lo, hi].map(|x| if x.is_finite() { x } else { 0.0 });
        let (lo, hi) = (lo.min(hi), lo.max(hi));
        let (lo, hi) = match (lo, hi) {
            (lo, hi) if hi - lo > 1e-9 * hi.abs().max(lo.abs()) => (lo, hi),
            (0.0, _) => (0.0, 1.0),
            (x, _) if x > 0.0 => (0.5 * x, 1.5 * x),
            (x, _) => (1.5 * x, 0.5 * x),
        };
        Axis { lo, hi, log: false, from, to }
    }

    /// A logarithmic axis; what is not above zero is not on it.
    pub fn log(lo: f64, hi: f64, (from, to): (f64, f64)) -> Axis {
        let usable = |x: f64| x.is_finite() && x > 0.0;
        let (lo, hi) = match (usable(lo), usable(hi)) {
            (true, true) => (lo.min(hi), lo.max(hi)),
            (true, false) => (lo, lo),
            (false, true) => (hi, hi),
            (false, false) => (1.0, 1.0),
        };
        let (lo, hi) = if hi / lo > 1.1 { (lo, hi) } else { (lo / 2.0, hi * 2.0) };
        Axis { lo, hi, log: true, from, to }
    }

    /// The same with a margin on both sides, as a share of its length.
    pub fn with_room(self, share: f64) -> Axis {
        if self.log {
            let factor = libm::exp(share * libm::log(self.hi / self.lo));
            return Axis { lo: self.lo / factor, hi: self.hi * factor, ..self };
        }
        let more = share * (self.hi - self.lo);
        // No room below zero, where there is nothing.
        let lo = if self.lo >= 0.0 { (self.lo - more).max(0.0) } else { self.lo - more };
        Axis { lo, hi: self.hi + more, ..self }
    }

    /// The position of a value; at the end of the axis where it lies outside.
    pub fn at(&self, x: f64) -> f64 {
        let share = if self.log {
            if x > 0.0 { libm::log(x / self.lo) / libm::log(self.hi / self.lo) } else { 0.0 }
        } else {
            (x - self.lo) / (self.hi - self.lo)
        };
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.from + share * (self.to - self.from)
    }

    /// The value at a share of its length.
    pub fn value(&self, share: f64) -> f64 {
        if self.log {
            self.lo * libm::exp(share * libm::log(self.hi / self.lo))
        } else {
            self.lo + share * (self.hi - self.lo)
        }
    }

    /// Whether a value is on it.
    pub fn holds(&self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// At most so many ticks with their labels.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        if self.log {
            return log_ticks(self.lo, self.hi, most).into_iter().map(|x| (x, numbers::log_tick(x))).collect();
        }
        let (step, ticks) = linear_ticks(self.lo, self.hi, most);
        ticks.into_iter().map(|x| (x, numbers::tick(x, step))).collect()
    }

    /// As many ticks as have room for their labels next to each other, or above each other.
    fn fitting(&self, sideways: bool) -> Vec<(f64, String)> {
        let room = |(_, label): &(f64, String)| {
            if sideways { Letters::SMALL.width(label) + GAP } else { 1.9 * SMALL }
        };
        for most in (2..=10).rev() {
            let ticks = self.ticks(most);
            let apart = |pair: &[(f64, String)]| match pair {
                [a, b] => (self.at(b.0) - self.at(a.0)).abs() >= (room(a) + room(b)) / 2.0,
                _ => true,
            };
            if ticks.windows(2).all(apart) {
                return ticks;
            }
        }
        self.ticks(1)
    }

    /// Draws it along the bottom of an area, with lines of a grid up to `top` and its title below; how far down that goes.
    pub fn below(&self, canvas: &mut Canvas, (top, bottom): (f64, f64), title: &str) -> f64 {
        for (x, label) in self.fitting(true) {
            let at = self.at(x);
            canvas.line((at, top), (at, bottom), Stroke::GRID);
            canvas.line((at, bottom), (at, bottom + TICK), Stroke::AXIS);
            canvas.text((at, bottom + TICK + SMALL + 1.0), Anchor::Middle, Letters::SMALL, &label);
        }
        canvas.line((self.from, bottom), (self.to, bottom), Stroke::AXIS);
        let mut y = bottom + TICK + SMALL + 2.0;
        if !title.is_empty() {
            y += Letters::NAME.size + 2.0;
            let title = Letters::NAME.fit(title, (self.to - self.from) + 2.0 * GAP);
            canvas.text(((self.from + self.to) / 2.0, y), Anchor::Middle, Letters::NAME, &title);
            y += 2.0;
        }
        y
    }

    /// Draws it along the left of an area, with lines of a grid up to `right`.
    pub fn left(&self, canvas: &mut Canvas, (left, right): (f64, f64), title: &str) {
        let ticks = self.fitting(false);
        let widest = ticks.iter().map(|(_, label)| Letters::SMALL.width(label)).fold(0.0, f64::max);
        for (y, label) in &ticks {
            let at = self.at(*y);
            canvas.line((left, at), (right, at), Stroke::GRID);
            canvas.line((left - TICK, at), (left, at), Stroke::AXIS);
            canvas.text((left - TICK - 1.5, at + 0.36 * SMALL), Anchor::End, Letters::SMALL, label);
        }
        canvas.line((left, self.from), (left, self.to), Stroke::AXIS);
        if !title.is_empty() {
            let title = Letters::NAME.fit(title, (self.to - self.from).abs() + 2.0 * GAP);
            canvas.upwards((left - TICK - widest - 5.0, (self.from + self.to) / 2.0), Letters::NAME, &title);
        }
    }

    /// How much room its labels and its title need to the left of the area.
    pub fn gutter(&self, titled: bool) -> f64 {
        let widest = self.fitting(false).iter().map(|(_, label)| Letters::SMALL.width(label)).fold(0.0, f64::max);
        TICK + 1.5 + widest + if titled { 3.5 + Letters::NAME.size } else { 0.0 }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten from `lo` to `hi`, at most so many if two are enough, and their step.
pub fn linear_ticks(lo: f64, hi: f64, most: usize) -> (f64, Vec<f64>) {
    let rough = (hi - lo) / most.max(1) as f64;
    let Some(power) = numbers::magnitude(rough) else { return (1.0, vec![lo]) };
    // The next power as well, where five of this one are not enough.
    let steps = [power, power + 1].into_iter().flat_map(|p| [1.0, 2.0, 5.0].map(|times| (times, p)));
    for (times, power) in steps {
        // A power below zero is divided by, so that a third of 0.3 is the same number as 0.1.
        let scale = libm::pow(10.0, f64::from(power.abs()));
        let of = |k: f64| if power < 0 { k * times / scale } else { k * times * scale };
        let (first, last) = (libm::ceil(lo / of(1.0) - 1e-9), libm::floor(hi / of(1.0) + 1e-9));
        if last - first < most as f64 {
            let count = (last - first).max(0.0) as u32;
            return (of(1.0), (0..=count).map(|k| of(first + f64::from(k))).collect());
        }
    }
    (hi - lo, vec![lo, hi])
}

/// Powers of ten from `lo` to `hi`, at most so many, with 2 and 5 times them where they are few; with whatever digit there
/// is where there are none.
pub fn log_ticks(lo: f64, hi: f64, most: usize) -> Vec<f64> {
    let (Some(first), Some(last)) = (numbers::magnitude(lo), numbers::magnitude(hi)) else { return vec![] };
    let (first, last) = (first.max(-300), last.min(first.max(-300) + MOST_DECADES * 10));
    let inside = |x: &f64| (lo * (1.0 - 1e-9)..=hi * (1.0 + 1e-9)).contains(x);
    let power = |p: i32, times: f64| {
        if p < 0 { times / libm::pow(10.0, f64::from(-p)) } else { times * libm::pow(10.0, f64::from(p)) }
    };
    let of = |times: &[f64], every: usize| -> Vec<f64> {
        let powers = (first..=last).filter(|p| p.rem_euclid(every as i32) == 0);
        powers.flat_map(|p| times.iter().map(move |t| power(p, *t))).filter(inside).collect()
    };
    let decades = libm::log10(hi / lo);
    let fine: &[&[f64]] = &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
    let tried = if decades < 0.7 {
        0
    } else if decades < FEW_DECADES {
        1
    } else {
        3
    };
    for times in &fine[tried..] {
        let ticks = of(times, 1);
        if ticks.len() <= most && ticks.len() > 1 {
            return ticks;
        }
    }
    for every in [2, 3, 4, 5, 10, 20, 50] {
        let ticks = of(&[1.0], every);
        if ticks.len() <= most && !ticks.is_empty() {
            return ticks;
        }
    }
    of(&[1.0], 1).into_iter().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the multiples of the step that lie inside.
    #[test]
    fn ticks_are_round() {
        let linear = [
            (0.0, 100.0, 5, vec![0.0, 50.0, 100.0]),
            (0.0, 100.0, 6, vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0]),
            (0.13, 0.47, 4, vec![0.2, 0.3, 0.4]),
            (-1.0, 1.0, 5, vec![-1.0, -0.5, 0.0, 0.5, 1.0]),
            (119.0, 238.0, 4, vec![150.0, 200.0]),
        ];
        for (lo, hi, most, ticks) in linear {
            assert_eq!(linear_ticks(lo, hi, most).1, ticks, "{lo} {hi} {most}");
        }
        let log = [
            (0.5, 2000.0, 6, vec![1.0, 10.0, 100.0, 1000.0]),
            (0.5, 20.0, 6, vec![0.5, 1.0, 2.0, 5.0, 10.0, 20.0]),
            (1e-6, 1e6, 5, vec![1e-6, 1e-3, 1.0, 1e3, 1e6]),
            (2.1, 4.9, 9, vec![3.0, 4.0]),
        ];
        for (lo, hi, most, ticks) in log {
            assert_eq!(log_ticks(lo, hi, most), ticks, "{lo} {hi} {most}");
        }
    }

    #[test]
    fn positions() {
        let axis = Axis::linear(0.0, 10.0, (100.0, 200.0));
        assert_eq!(
            [-5.0, 0.0, 2.5, 10.0, 99.0, f64::NAN].map(|x| axis.at(x)),
            [100.0, 100.0, 125.0, 200.0, 200.0, 100.0]
        );
        let log = Axis::log(1.0, 100.0, (0.0, 2.0));
        assert!((log.at(10.0) - 1.0).abs() < 1e-12 && log.at(0.0) == 0.0);
        // Ranges without extent still have an axis.
        for (lo, hi) in [(0.0, 0.0), (3.0, 3.0), (-3.0, -3.0), (f64::NAN, f64::INFINITY), (0.0, 5e-324), (1e308, 1e308)]
        {
            for axis in [Axis::linear(lo, hi, (0.0, 1.0)), Axis::log(lo, hi, (0.0, 1.0))] {
                assert!(axis.lo < axis.hi && axis.at(lo).is_finite(), "{lo} {hi} {axis:?}");
                assert!(axis.fitting(true).len() <= 10);
            }
        }
    }
}
