//! The two clocks of a measurement: one that never steps and counts suspension, for durations, and the date, for people.

use std::time::{SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::portfolio::dates::since_1970;

/// `CLOCK_BOOTTIME`, in seconds: an NTP step does not move it, and a laptop's sleep counts.
pub fn now_s() -> f64 {
    // The clock is there since Linux 2.6.39; 0 of a system without it makes a duration of 0, which is said.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0.0, |t| t.tv_sec() as f64 + t.tv_nsec() as f64 * 1e-9)
}

/// In UTC, as `2026-07-30T12:03:01.123Z`.
pub fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, ms) = (since.as_secs(), since.subsec_millis());
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z", since_1970(days as i64))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Python: datetime.fromtimestamp(t, timezone.utc).isoformat().
    #[test]
    fn dates() {
        for (t, want) in [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (1_715_677_953.5, "2024-05-14T09:12:33.500Z"),
            (1_709_164_801.25, "2024-02-29T00:00:01.250Z"),
            (951_782_400.0, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399.0, "2100-02-28T23:59:59.000Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs_f64(t)), want);
        }
    }
}
