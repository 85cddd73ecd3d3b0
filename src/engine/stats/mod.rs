//! What is estimated from the draws, of any output.
//!
//! `order` sorts one output's draws, `estimate` reads point and interval estimates and their Monte Carlo standard errors off
//! them, `precision` says how many draws these need, `ratio` forms ratios draw by draw, `single` reads a model's estimates off its sums and bins, `wide` sums
//! exactly, `tail` says whether a mean can be trusted, `sensitivity` estimates variance-based indices. `normal` and
//! `special` are the distributions that these need, the same bits on every host.
//!
//! ```
//! use carbonhaze::engine::Host;
//! use carbonhaze::engine::stats::estimate::{Scale, of_draws};
//! use carbonhaze::engine::stats::order::Draws;
//!
//! // The totals of draws 0 to 9999, in units of 2^-3.
//! let draws = Draws::new(&Host, (0..10_000).map(|n| (n, 8 * n)));
//! let total = of_draws(&draws, 0.9, Scale::power_of_two(-3));
//! assert_eq!(total.mean, Some(4999.5));
//! let [low, high] = total.interval.unwrap();
//! assert!((low - 500.0).abs() < 2.0 && (high - 9500.0).abs() < 2.0);
//! ```

pub mod estimate;
pub mod normal;
pub mod order;
pub mod precision;
pub mod ratio;
pub mod sensitivity;
pub mod single;
pub mod special;
pub mod student_t;
pub mod tail;
pub mod wide;
