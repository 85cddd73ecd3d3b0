//! Energy over time from readings: differences of a counter, or the trapezoid rule over power, each with its error.
//!
//! Times are the caller's: seconds on a clock that never steps and goes on while the machine is suspended. How much of an
//! interval the machine slept through is an argument as well, `None` where nobody knows. A counter counts through a gap. Power
//! is never integrated over sleep, because nothing says that it was drawn.
//!
//! The trapezoid's error is estimated from the readings themselves. Their mean squared differences over one interval and over
//! two, `D = a + b h`, tell fluctuations faster than the sampling (`a`) from wandering and steps (`b` per second). An interval
//! then has the variance `b h³/12`: that of the integral of a Brownian bridge, and of a step at a random place between two
//! readings. Fluctuations add `a/2` per squared weight of a reading. In a gap the bridge is bounded by the variance of power
//! over the whole run.

/// Relative error of power assumed before the first reading and after the last. Chosen: a command's start is unlike its run.
const EDGE: f64 = 0.5;
/// Relative size of a change within one interval that two further, imagined intervals show: what little is known of a trace
/// of few readings. Chosen.
const PRIOR_STEP: f64 = 0.1;
const PRIOR_COUNT: f64 = 2.0;
/// Power in suspension is counted as zero, with this share of the mean as its error (a few watts keep memory alive). Chosen.
const ASLEEP: f64 = 0.05;
/// An interval this many times longer than usual is a gap.
const GAP: f64 = 3.0;
/// Where nobody knows whether the machine slept, a gap this many times longer than usual, and this long, may have been sleep.
const DOUBTFUL: f64 = 10.0;
const DOUBTFUL_S: f64 = 60.0;
/// How well the mean power predicts that of a gap, to tell how often a counter wrapped in it. Chosen.
const MEAN_POWER: f64 = 0.3;

/// An energy and the variance of its error.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Total {
    pub energy_j: f64,
    pub variance_j2: f64,
}

/// What both kinds of readings have.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    pub samples: u64,
    pub longest_gap_s: f64,
    pub max_power_w: f64,
    first_s: f64,
    last_s: f64,
    /// Time between readings in which the machine was awake.
    awake_s: f64,
    slept_s: f64,
}

impl Trace {
    /// The interval since the last reading, the part slept through, and the rest; `None` for the first reading, and for one
    /// that is not later than the last.
    fn interval(&mut self, now_s: f64, asleep_s: Option<f64>) -> Option<(f64, f64)> {
        if self.samples == 0 {
            (self.samples, self.first_s, self.last_s) = (1, now_s, now_s);
            return None;
        }
        let length_s = now_s - self.last_s;
        if length_s.is_nan() || length_s <= 0.0 {
            return None;
        }
        let slept_s = asleep_s.unwrap_or(0.0).clamp(0.0, length_s);
        self.samples += 1;
        self.last_s = now_s;
        self.longest_gap_s = self.longest_gap_s.max(length_s);
        self.awake_s += length_s - slept_s;
        self.slept_s += slept_s;
        Some((length_s, length_s - slept_s))
    }

    /// Adds the time before the first reading at `first_w` and after the last at `last_w`. Of a device that has gone, nobody
    /// knows whether it still drew power: half of it, anything from nothing to all.
    fn with_edges(&self, total: Total, ends: [f64; 2], power_w: [f64; 2], gone: bool) -> Total {
        let before_j = (self.first_s - ends[0]).max(0.0) * power_w[0];
        let after_j = (ends[1] - self.last_s).max(0.0) * power_w[1];
        let (part, error) = if gone { (0.5, 1.0 / 12.0) } else { (1.0, EDGE * EDGE) };
        Total {
            energy_j: total.energy_j + before_j + part * after_j,
            variance_j2: total.variance_j2 + (EDGE * before_j).powi(2) + error * after_j * after_j,
        }
    }

    fn notes(&self) -> Vec<String> {
        let slept = format!("the machine was suspended for {:.0} s, counted as no power", self.slept_s);
        if self.slept_s > 0.0 { vec![slept] } else { Vec::new() }
    }
}

/// A counter of energy.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Where it begins again at zero.
    range_j: Option<f64>,
    /// What the device cannot exceed.
    limit_w: Option<f64>,
    /// How often the device renews it.
    renewed_s: f64,
    pub trace: Trace,
    last_j: f64,
    total: Total,
    /// Mean power of the first and of the last interval.
    end_power_w: [f64; 2],
    wraps: u32,
    doubtful: u32,
    resets: u32,
}

impl Counter {
    pub fn new(range_j: Option<f64>, limit_w: Option<f64>, renewed_s: f64) -> Self {
        Self {
            range_j: range_j.filter(|range| *range > 0.0),
            limit_w,
            renewed_s,
            trace: Trace::default(),
            last_j: 0.0,
            total: Total::default(),
            end_power_w: [0.0; 2],
            wraps: 0,
            doubtful: 0,
            resets: 0,
        }
    }

    /// The energy since the last reading.
    pub fn read(&mut self, now_s: f64, value_j: f64, asleep_s: Option<f64>) -> f64 {
        let mean_w = self.mean_power_w();
        let Some((_, awake_s)) = self.trace.interval(now_s, asleep_s) else {
            // Of two readings at one time the first stands: what came between them is in the next interval.
            if self.trace.samples == 1 && self.total.energy_j == 0.0 {
                self.last_j = value_j;
            }
            return 0.0;
        };
        let delta_j = value_j - self.last_j;
        self.last_j = value_j;
        let doubtful = self.doubtful;
        let energy_j = match self.range_j {
            _ if delta_j >= 0.0 => delta_j + self.whole_ranges(delta_j, awake_s, mean_w),
            Some(range_j) if self.limit_w.is_none_or(|limit| delta_j + range_j <= limit * awake_s.max(1.0)) => {
                self.wraps += 1;
                delta_j + range_j + self.whole_ranges(delta_j + range_j, awake_s, mean_w)
            }
            _ => self.reset(value_j, awake_s, mean_w),
        };
        self.total.energy_j += energy_j;
        if awake_s > 0.0 {
            let power_w = energy_j / awake_s;
            if self.trace.samples == 2 {
                self.end_power_w[0] = power_w;
            }
            self.end_power_w[1] = power_w;
            if self.doubtful == doubtful {
                self.trace.max_power_w = self.trace.max_power_w.max(power_w);
            }
        }
        energy_j
    }

    /// Energy of whole turns that a difference does not show: as many as the mean power so far makes likely, where the
    /// device's greatest power allows any.
    fn whole_ranges(&mut self, delta_j: f64, awake_s: f64, mean_w: Option<f64>) -> f64 {
        let (Some(range_j), Some(limit_w)) = (self.range_j, self.limit_w) else { return 0.0 };
        let most = libm::floor((limit_w * awake_s - delta_j) / range_j);
        if most < 1.0 {
            return 0.0;
        }
        let expected_j = mean_w.unwrap_or(limit_w / 3.0) * awake_s;
        let turns = libm::round((expected_j - delta_j) / range_j).clamp(0.0, most);
        let error_j = (MEAN_POWER * expected_j).min(most * range_j / 12f64.sqrt());
        if 2.0 * error_j > range_j / 2.0 {
            self.doubtful += 1;
            self.total.variance_j2 += error_j * error_j;
        }
        turns * range_j
    }

    /// A counter that went back: what it shows came since, what it had shown more is gone.
    fn reset(&mut self, value_j: f64, awake_s: f64, mean_w: Option<f64>) -> f64 {
        self.resets += 1;
        let since_j = if self.limit_w.is_none_or(|limit| value_j <= limit * awake_s.max(1.0)) { value_j } else { 0.0 };
        let lost_j = (mean_w.unwrap_or(0.0) * awake_s - since_j).max(0.0);
        self.total.variance_j2 += lost_j * lost_j / 12.0;
        since_j + lost_j / 2.0
    }

    pub fn mean_power_w(&self) -> Option<f64> {
        (self.trace.awake_s > 0.0).then(|| self.total.energy_j / self.trace.awake_s)
    }

    /// Energy between the ends, or `None` of fewer than two readings.
    pub fn total(&self, ends: [f64; 2], gone: bool) -> Option<Total> {
        let mean_w = self.mean_power_w()?;
        let renewed_j = mean_w * self.renewed_s;
        let inner = Total { variance_j2: self.total.variance_j2 + renewed_j * renewed_j / 6.0, ..self.total };
        Some(self.trace.with_edges(inner, ends, self.end_power_w, gone))
    }

    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.wraps > 0 {
            notes.push(format!("its counter wrapped {} and was followed", times(self.wraps)));
        }
        if self.doubtful > 0 {
            notes.push(format!(
                "its counter may have wrapped more than once {} between two readings; turns taken from its mean power",
                times(self.doubtful)
            ));
        }
        if self.resets > 0 {
            notes.push(format!(
                "its counter went back {}; what was lost is estimated from its mean power",
                times(self.resets)
            ));
        }
        notes
    }
}

fn times(n: u32) -> String {
    if n == 1 { "once".to_string() } else { format!("{n} times") }
}

/// Power, integrated.
#[derive(Debug, Clone, Default)]
pub struct Power {
    pub trace: Trace,
    first_w: f64,
    /// The last two readings that are a usual interval apart: time and power.
    last: Option<(f64, f64)>,
    before: Option<(f64, f64)>,
    usual_s: Option<f64>,
    total: Total,
    /// Squared differences over one interval and over two: their sum, the sum of lengths, and how many.
    one: [f64; 3],
    two: [f64; 3],
    /// Σh², Σh³ of usual intervals and of gaps.
    usual: [f64; 2],
    gaps: [f64; 2],
    /// Weight, mean and sum of squares of power over time.
    moments: [f64; 3],
    doubtful_s: f64,
}

impl Power {
    /// The energy since the last reading.
    pub fn read(&mut self, now_s: f64, power_w: f64, asleep_s: Option<f64>) -> f64 {
        let Some((length_s, awake_s)) = self.trace.interval(now_s, asleep_s) else {
            if self.last.is_none() {
                (self.first_w, self.last) = (power_w, Some((now_s, power_w)));
                self.trace.max_power_w = power_w;
            }
            return 0.0;
        };
        self.trace.max_power_w = self.trace.max_power_w.max(power_w);
        let (last_s, last_w) = self.last.unwrap_or((now_s, power_w));
        let before = self.before.take();
        self.before = self.last.replace((now_s, power_w));
        let trapezoid_j = (last_w + power_w) / 2.0 * awake_s;
        let usual_s = *self.usual_s.get_or_insert(length_s);
        self.weigh((last_w + power_w) / 2.0, awake_s);
        let slept = length_s - awake_s;
        let energy_j = if slept > 0.0 {
            self.before = None;
            self.gap(awake_s);
            self.total.variance_j2 += (ASLEEP * self.moments[1] * slept).powi(2);
            trapezoid_j
        } else if asleep_s.is_none() && length_s > DOUBTFUL * usual_s && length_s > DOUBTFUL_S {
            self.before = None;
            self.doubtful_s += length_s;
            // It slept or it did not: half of the power, and that half as the error.
            self.total.variance_j2 += trapezoid_j * trapezoid_j / 4.0;
            trapezoid_j / 2.0
        } else if length_s > GAP * usual_s {
            self.before = None;
            self.gap(length_s);
            trapezoid_j
        } else {
            self.usual_s = Some(usual_s + 0.1 * (length_s - usual_s));
            add(&mut self.one, power_w - last_w, now_s - last_s);
            if let Some((before_s, before_w)) = before {
                add(&mut self.two, power_w - before_w, now_s - before_s);
            }
            self.usual[0] += length_s * length_s;
            self.usual[1] += length_s * length_s * length_s;
            trapezoid_j
        };
        self.total.energy_j += energy_j;
        energy_j
    }

    fn gap(&mut self, length_s: f64) {
        // Where all intervals are longer than the first, they are soon the usual ones.
        self.usual_s = self.usual_s.map(|usual_s| usual_s.max(length_s.min(1.5 * usual_s)));
        self.gaps[0] += length_s * length_s;
        self.gaps[1] += length_s * length_s * length_s;
    }

    /// West's weighted mean and sum of squares (doi:10.1145/359146.359153).
    fn weigh(&mut self, power_w: f64, weight_s: f64) {
        if weight_s > 0.0 {
            let [weight, mean, squares] = self.moments;
            let sum = weight + weight_s;
            let moved = (power_w - mean) * weight_s / sum;
            self.moments = [sum, mean + moved, squares + weight * (power_w - mean) * moved];
        }
    }

    pub fn mean_power_w(&self) -> Option<f64> {
        (self.moments[0] > 0.0).then_some(self.moments[1]).or(self.last.map(|(_, power_w)| power_w))
    }

    /// Variance of fast fluctuations, and of wandering per second.
    fn fluctuation(&self) -> (f64, f64) {
        let step2 = (PRIOR_STEP * self.moments[1]).powi(2);
        let usual_s = self.usual_s.unwrap_or(1.0);
        let mean = |sums: [f64; 3], lag: f64| {
            let n = sums[2] + PRIOR_COUNT;
            ((sums[0] + PRIOR_COUNT * lag * step2) / n, (sums[1] + PRIOR_COUNT * lag * usual_s) / n)
        };
        let ((one, h1), (two, h2)) = (mean(self.one, 1.0), mean(self.two, 2.0));
        if h2 <= h1 {
            return (0.0, one / h1);
        }
        let wandering = ((two - one) / (h2 - h1)).max(0.0);
        let fast = one - wandering * h1;
        if fast > 0.0 { (fast / 2.0, wandering) } else { (0.0, one / h1) }
    }

    /// Energy between the ends; `None` without a reading.
    pub fn total(&self, ends: [f64; 2], gone: bool) -> Option<Total> {
        let (_, last_w) = self.last?;
        let (fast, wandering) = self.fluctuation();
        let spread = self.moments[2] / self.moments[0].max(f64::MIN_POSITIVE);
        let usual = wandering * self.usual[1] / 12.0 + fast * self.usual[0];
        let gaps = (wandering * self.gaps[1] / 12.0).min(spread * self.gaps[0] / 2.0) + fast * self.gaps[0] / 2.0;
        let inner = Total { variance_j2: self.total.variance_j2 + usual + gaps, ..self.total };
        Some(self.trace.with_edges(inner, ends, [self.first_w, last_w], gone))
    }

    /// Energy between the first and the last reading.
    pub fn read_j(&self) -> f64 {
        self.total.energy_j
    }

    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.trace.notes();
        if self.doubtful_s > 0.0 {
            notes.push(format!(
                "no reading for {:.0} s, in which the machine may have been suspended: half of the power around it, with that error",
                self.doubtful_s
            ));
        }
        notes
    }
}

fn add(sums: &mut [f64; 3], difference: f64, length_s: f64) {
    sums[0] += difference * difference;
    sums[1] += length_s;
    sums[2] += 1.0;
}
