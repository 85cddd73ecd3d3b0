//! What is estimated from the draws, of any output.
//!
//! `order` sorts one output's draws, `estimate` reads point and interval estimates and their Monte Carlo standard errors off
//! them, `ratio` forms ratios draw by draw, `single` reads a model's estimates off its sums and bins, `wide` sums
//! exactly, `tail` says whether a mean can be trusted, `sensitivity` estimates variance-based indices. `normal` and
//! `special` are the distributions that these need, the same bits on every host.

pub mod estimate;
pub mod normal;
pub mod order;
pub mod ratio;
pub mod sensitivity;
pub mod single;
pub mod special;
pub mod student_t;
pub mod tail;
pub mod wide;
