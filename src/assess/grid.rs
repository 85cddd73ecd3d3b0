//! Life-cycle carbon intensity of electricity by place and year.
//!
//! A place is a country (ISO 3166 codes and names, Epoch's spellings), a state of the USA or a province of Canada, a region
//! of a cloud or a zone in it, each with or without a city before it, or a list of places. `place` reads a cell, by the
//! names of `table`; `point` gives the values.
//!
//! Everything here is life-cycle. The rates of US states and eGRID subregions are direct stack emissions, those of
//! CodeCarbon are of 2016, and Google's regional values from 2021 on are operational, so none of them is used. A Google
//! region has its own life-cycle value for 2019 and 2020, and four provinces of Canada have one of 2019 or 2020; in
//! another year that value moves with its country's. Every other place has its country's value, with the spread over the
//! country's sites: electricityMap's zones in the USA are areas of grid operators, which are not states, and California,
//! the one state among them, is treated as the others are.

mod cloud;
mod near;
mod place;
mod point;
mod table;

pub use point::{Found, Level, Point, find, first_country, of_row};
