//! Quantile functions, moments and compiled tables of every family of distribution.

mod distributions;
mod fuzz;
mod interpolated;
mod moments;
mod quantiles;
mod tables;
