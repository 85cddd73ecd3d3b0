//! Quantile functions, moments and compiled tables of every family of distribution.

mod distributions;
mod fuzz;
mod moments;
mod quantiles;
mod tables;
