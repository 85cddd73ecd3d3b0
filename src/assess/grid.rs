//! Life-cycle carbon intensity of electricity by place and year.
//!
//! A place is a country (ISO 3166 codes, names, Epoch's spellings), a cloud region of AWS, Google or Azure, or a list
//! of countries. Everything here is life-cycle: US states and eGRID subregions are direct stack emissions, and
//! Google's regional values from 2021 on are operational, so neither is used. A Google region has its own life-cycle
//! value for 2019 and 2020; in another year that value moves with its country's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::portfolio::spelling::{did_you_mean, normal};

const FIRST_YEAR: i32 = 2010;

struct Country {
    iso3: String,
    name: String,
    /// From `FIRST_YEAR`; gCO2e/kWh.
    by_year: Vec<Option<f64>>,
}

struct CloudRegion {
    iso3: String,
    value_2019: Option<f64>,
    value_2020: Option<f64>,
}

struct Tables {
    countries: Vec<Country>,
    /// Normal form of every code and name → index.
    country_names: BTreeMap<String, usize>,
    cloud: BTreeMap<String, CloudRegion>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut countries = Vec::new();
    let mut country_names = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(include_str!("data/grid_country.csv").as_bytes());
    for row in reader.records().filter_map(Result::ok) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        let index = countries.len();
        for name in [text(0), text(1), text(2)].into_iter().chain(text(3).split('|')).filter(|n| !n.is_empty()) {
            country_names.entry(normal(name)).or_insert(index);
        }
        let by_year = row.iter().skip(4).map(|t| t.parse::<f64>().ok().filter(|x| *x > 0.0)).collect();
        countries.push(Country { iso3: text(0).to_string(), name: text(2).to_string(), by_year });
    }
    let mut cloud = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(include_str!("data/grid_cloud_region.csv").as_bytes());
    for row in reader.records().filter_map(Result::ok) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        let number = |i: usize| text(i).parse::<f64>().ok();
        cloud.insert(
            cloud_key(text(1)),
            CloudRegion { iso3: text(2).to_string(), value_2019: number(3), value_2020: number(4) },
        );
    }
    Tables { countries, country_names, cloud }
});

/// US states and eGRID subregions, to say why they are refused.
const US_STATES: [&str; 49] = [
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "colorado",
    "connecticut",
    "delaware",
    "florida",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "newhampshire",
    "newjersey",
    "newmexico",
    "newyork",
    "northcarolina",
    "northdakota",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "rhodeisland",
    "southcarolina",
    "southdakota",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
    "washington",
    "westvirginia",
    "wisconsin",
    "wyoming",
];
const EGRID: [&str; 26] = [
    "akgd", "akms", "azna", "camx", "erct", "frcc", "hims", "hioa", "mroe", "mrow", "newe", "nwpp", "nycw", "nyli",
    "nyup", "rfce", "rfcm", "rfcw", "rmpa", "spno", "spso", "srmv", "srmw", "srso", "srtv", "srvc",
];

/// Normal form of a cloud region. Hyphens count: us-east-1 is Amazon's in Virginia, us-east1 Google's in South Carolina.
fn cloud_key(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-').flat_map(char::to_lowercase).collect()
}

/// Whether it is a state of the USA, Georgia left out, which is a country too.
pub fn is_us_state(place: &str) -> bool {
    US_STATES.contains(&normal(place).as_str())
}

/// How closely a place is known: it decides the spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A region's own value of that year: the value is the median.
    Region,
    /// A region's value moved to another year by its country's trend.
    RegionTrend,
    /// A country's mean, within which the site is unknown.
    Usa,
    /// The same for a country with a large, varied grid; the EU and the world are among them.
    LargeCountry,
    /// The same for every other country.
    SmallCountry,
}

/// One possible place of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Share of the mentions in a list of places; 1 for a single one.
    pub weight: f64,
    /// gCO2e/kWh, life-cycle.
    pub value: f64,
    /// How closely the place is known.
    pub level: Level,
    /// For provenance, e.g. "France 2021".
    pub label: String,
    /// ISO 3166 alpha-3 of the country.
    pub iso3: &'static str,
}

/// Countries with large, varied grids (chosen: more than one synchronous area or a continental extent).
const LARGE: [&str; 10] = ["CHN", "IND", "RUS", "AUS", "BRA", "CAN", "JPN", "IDN", "OWID_EU27", "OWID_WRL"];

/// The places a `region` cell may mean. A list between commas or semicolons gives one point per distinct place,
/// weighted by mentions; "Multinational" is left out of a list. An empty result means that nothing is known.
///
/// # Errors
/// The text that is not known, and advice.
pub fn find(region: &str, year: i32) -> Result<Vec<Point>, (String, String)> {
    if let Some(point) = one(region, year) {
        return Ok(vec![point]);
    }
    let mut points: Vec<Point> = Vec::new();
    let mut mentions = 0.0;
    for part in region.split([',', ';']).map(str::trim).filter(|p| !p.is_empty() && normal(p) != "multinational") {
        let point = one(part, year).ok_or_else(|| (part.to_string(), refusal(part)))?;
        mentions += 1.0;
        match points.iter_mut().find(|p| p.label == point.label) {
            Some(known) => known.weight += 1.0,
            None => points.push(point),
        }
    }
    for point in &mut points {
        point.weight /= mentions;
    }
    points.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(points)
}

/// Alpha-3 code of the first country named in a `region` cell, if it is known.
pub fn first_country(region: &str) -> Option<&'static str> {
    let whole = std::iter::once(region);
    whole.chain(region.split([',', ';'])).find_map(|part| one(part, FIRST_YEAR)).map(|p| p.iso3)
}

fn refusal(part: &str) -> String {
    let n = normal(part);
    if US_STATES.contains(&n.as_str()) || EGRID.contains(&n.get(..4).unwrap_or(&n)) && n.len() == 4 {
        return "rates of US states and eGRID subregions count direct stack emissions only and are not mixed with \
                life-cycle values; write USA (or a cloud region), or give grid_g_per_kwh"
            .to_string();
    }
    let t = &*TABLES;
    let known = t.countries.iter().map(|c| c.name.as_str()).chain(t.cloud.keys().map(String::as_str));
    format!(
        "unknown region; {}write a country (name or ISO code) or a cloud region, leave it empty for the mixture over \
         where models are trained, or give grid_g_per_kwh",
        did_you_mean(part, known)
    )
}

fn one(text: &str, year: i32) -> Option<Point> {
    let t = &*TABLES;
    let wanted = normal(text);
    if let Some(country) = t.country_names.get(&wanted).and_then(|i| t.countries.get(*i)) {
        let (value, at) = country.nearest(year)?;
        return Some(country.point(value, at, None));
    }
    let wanted = cloud_key(text);
    let cloud = t.cloud.get(&wanted).or_else(|| {
        // "gcp us-central1", "AWS:us-east-1"
        ["gcp", "google", "aws", "amazon", "azure", "microsoft"]
            .iter()
            .find_map(|p| wanted.strip_prefix(p).and_then(|rest| t.cloud.get(rest.trim_start_matches('-'))))
    })?;
    let country = t.countries.iter().find(|c| c.iso3 == cloud.iso3)?;
    let (country_value, at) = country.nearest(year)?;
    let regional = match year {
        ..=2019 => cloud.value_2019.map(|v| (v, 2019)).or(cloud.value_2020.map(|v| (v, 2020))),
        _ => cloud.value_2020.map(|v| (v, 2020)).or(cloud.value_2019.map(|v| (v, 2019))),
    };
    let Some((value, from)) = regional else {
        return Some(country.point(country_value, at, Some(text.trim())));
    };
    let mut point = country.point(value, from, Some(text.trim()));
    if from == year {
        point.level = Level::Region;
        point.label = format!("{} {from}", text.trim());
    } else {
        let (base, _) = country.nearest(from)?;
        point.value = value * (country_value / base);
        point.level = Level::RegionTrend;
        point.label = format!("{} {from}, moved to {at} with {}", text.trim(), country.name);
    }
    Some(point)
}

impl Country {
    /// The value of the nearest year that has one, the earlier of two equally near, and that year.
    fn nearest(&self, year: i32) -> Option<(f64, i32)> {
        let known = self.by_year.iter().zip(FIRST_YEAR..).filter_map(|(v, y)| v.map(|v| (v, y)));
        known.min_by_key(|(_, y)| y.abs_diff(year))
    }

    fn point(&'static self, value: f64, year: i32, region: Option<&str>) -> Point {
        let level = match self.iso3.as_str() {
            "USA" => Level::Usa,
            iso if LARGE.contains(&iso) => Level::LargeCountry,
            _ => Level::SmallCountry,
        };
        let label = match region {
            Some(region) => format!("{region}: {} {year}", self.name),
            None => format!("{} {year}", self.name),
        };
        Point { weight: 1.0, value, level, label, iso3: &self.iso3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(region: &str, year: i32) -> (f64, Level) {
        let points = find(region, year).unwrap();
        assert_eq!(points.len(), 1, "{region}");
        (points[0].value, points[0].level)
    }

    #[test]
    fn countries_by_code_name_and_epochs_spelling() {
        // Our World in Data, export of April 2026: United States 2023 392.89, South Korea and others by the same file.
        for usa in ["USA", "US", "us", "United States", "United States of America", "U.S."] {
            assert_eq!(value(usa, 2023), (392.89, Level::Usa), "{usa}");
        }
        assert_eq!(value("China", 2024), (555.4, Level::LargeCountry));
        assert_eq!(value("Korea (Republic of)", 2023), value("KOR", 2023));
        assert_eq!(value("United Kingdom of Great Britain and Northern Ireland", 2020), value("GB", 2020));
        assert_eq!(value("FRA", 2021).1, Level::SmallCountry);
        assert_ne!(value("FRA", 2021).0, value("DEU", 2021).0);
    }

    #[test]
    fn the_nearest_year_is_taken_and_named() {
        assert_eq!(value("USA", 2030), (384.4, Level::Usa)); // 2025
        assert_eq!(find("USA", 2030).unwrap()[0].label, "United States 2025");
        assert_eq!(value("USA", 1990), value("USA", 2010));
    }

    #[test]
    fn cloud_regions_are_life_cycle_or_their_country() {
        // GoogleCloudPlatform/region-carbon-info: us-central1 2019 479, 2020 454 (life-cycle), 2021 394 (operational).
        assert_eq!(value("us-central1", 2019), (479.0, Level::Region));
        assert_eq!(value("gcp us-central1", 2020), (454.0, Level::Region));
        let (moved, level) = value("us-central1", 2023);
        assert_eq!(level, Level::RegionTrend);
        assert!((moved - 454.0 * 392.89 / 411.73).abs() < 1e-9); // United States 2023 and 2020
        // Amazon publishes no life-cycle value: the country's. Google's us-east1 (480 in 2020) is another place.
        assert_eq!(value("us-east-1", 2023), (392.89, Level::Usa));
        assert_eq!(value("AWS us-east-1", 2023), (392.89, Level::Usa));
        assert_eq!(value("us-east1", 2020), (480.0, Level::Region));
        assert_eq!(value("West Europe", 2023), value("NLD", 2023));
    }

    #[test]
    fn lists_are_mixtures_by_mentions() {
        let points = find("United States of America,China,United States of America,Multinational", 2023).unwrap();
        let shares: Vec<_> = points.iter().map(|p| (p.iso3, p.weight)).collect();
        assert_eq!(shares, [("CHN", 1.0 / 3.0), ("USA", 2.0 / 3.0)]);
        assert_eq!(find("Multinational", 2023), Ok(vec![]));
        assert_eq!(find("", 2023), Ok(vec![]));
    }

    #[test]
    fn states_are_refused_and_unknown_places_named() {
        for direct in ["California", "CAMX", "Texas"] {
            assert!(find(direct, 2022).unwrap_err().1.contains("direct stack"), "{direct}");
        }
        assert_eq!(value("Georgia", 2022), value("GEO", 2022)); // the country
        let (part, advice) = find("France;Frnce", 2022).unwrap_err();
        assert_eq!(part, "Frnce");
        assert!(advice.contains("France"), "{advice}");
    }

    #[test]
    fn every_cloud_region_has_a_country_in_the_table() {
        for (name, region) in &TABLES.cloud {
            assert!(TABLES.countries.iter().any(|c| c.iso3 == region.iso3), "{name}");
        }
    }
}
