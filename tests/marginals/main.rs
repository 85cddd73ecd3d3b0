//! Quantile functions, moments and compiled tables of every family of distribution.

mod cases;
#[path = "../common/cases.rs"]
mod fixed;
mod fuzz;
mod moments;
mod quantiles;
mod tables;
