//! Quantile functions, moments and compiled tables of every family of distribution.

mod cases;
mod moments;
mod quantiles;
mod tables;
