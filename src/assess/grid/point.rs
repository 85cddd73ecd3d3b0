//! The intensity of each place that a cell may mean.

use super::place::{Mention, Place, Trouble, read};
use super::table::{Country, TABLES};
use crate::portfolio::Labels;
use crate::portfolio::spelling::question;

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

/// What a cell says of the place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Nothing is known where there is none.
    pub points: Vec<Point>,
    /// A text that is like no place: what is not known of the place.
    pub unknown: Option<String>,
    /// States and provinces that have their country's value.
    pub by_country: Vec<String>,
}

/// Countries with large, varied grids (chosen: more than one synchronous area or a continental extent).
const LARGE: [&str; 10] = ["CHN", "IND", "RUS", "AUS", "BRA", "CAN", "JPN", "IDN", "OWID_EU27", "OWID_WRL"];

/// The places that the `region` of a row may mean, with its `provider` where clouds share a name.
///
/// # Errors
/// As [`find`].
pub fn of_row(labels: &Labels, year: i32) -> Result<Found, (String, String)> {
    let label = |name: &str| labels.get(name).unwrap_or("");
    find(label("region"), label("provider"), year)
}

/// The places a `region` cell may mean. A list gives one point per distinct place, weighted by mentions; "Multinational"
/// is left out of a list. No point means that nothing is known.
///
/// # Errors
/// The text that is close to a known place or is two of them, and advice.
pub fn find(region: &str, provider: &str, year: i32) -> Result<Found, (String, String)> {
    let mentions = match read(region, provider) {
        Ok(mentions) => mentions,
        Err(Trouble::Unknown(text)) => return Ok(Found { unknown: Some(text), ..Found::default() }),
        Err(Trouble::Near(text, names)) => return Err((text, format!("unknown region; {}{ADVICE}", question(&names)))),
        Err(Trouble::Both(text, readings)) => return Err((text, readings)),
        Err(Trouble::Direct(text)) => return Err((text, DIRECT.to_string())),
    };
    let mut found = Found::default();
    for mention in &mentions {
        let Some(point) = point(mention, year) else { continue };
        if matches!(mention.place, Place::Subdivision(of) if of.value.is_none()) {
            found.by_country.push(mention.text.clone());
        }
        match found.points.iter_mut().find(|known| known.label == point.label) {
            Some(known) => known.weight += 1.0,
            None => found.points.push(point),
        }
    }
    let all: f64 = found.points.iter().map(|p| p.weight).sum();
    for point in &mut found.points {
        point.weight /= all;
    }
    found.points.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(found)
}

const ADVICE: &str = "write a country (name or ISO code), a state of the USA, a province of Canada or a cloud region, leave \
                      it empty for the mixture over where models are trained, or give grid_g_per_kwh";
const DIRECT: &str = "rates of eGRID subregions count direct stack emissions only and are not mixed with life-cycle values; \
                      write USA (or a state or cloud region), or give grid_g_per_kwh";

/// Alpha-3 code of the first country named in a `region` cell, if all of it is known.
pub fn first_country(region: &str, provider: &str) -> Option<&'static str> {
    read(region, provider).ok()?.first().map(|mention| mention.place.iso3())
}

fn point(mention: &Mention, year: i32) -> Option<Point> {
    let text = mention.text.as_str();
    match mention.place {
        Place::Country(country) => {
            let (value, at) = country.nearest(year)?;
            let city = Some(text).filter(|text| text.contains(','));
            Some(country.point(value, at, city))
        }
        Place::Subdivision(of) => TABLES.country(&of.iso3)?.within(text, of.value, year),
        Place::Region(found) => {
            let country = TABLES.country(&found.region.iso3)?;
            let near = found.region.values.iter().min_by_key(|(y, _)| y.abs_diff(year)).copied();
            let whose = format!("{text} of {}", found.region.provider);
            country.within(if found.shared_name { &whose } else { text }, near, year)
        }
    }
}

impl Country {
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

    /// A place in it, with the place's own value of some year, which moves with the country's; the country's where it has
    /// none.
    fn within(&'static self, text: &str, own: Option<(i32, f64)>, year: i32) -> Option<Point> {
        let (of_country, at) = self.nearest(year)?;
        let Some((from, value)) = own else { return Some(self.point(of_country, at, Some(text))) };
        let mut point = self.point(value, from, Some(text));
        if from == year {
            point.level = Level::Region;
            point.label = format!("{text} {from}");
        } else {
            let (base, _) = self.nearest(from)?;
            point.value = value * (of_country / base);
            point.level = Level::RegionTrend;
            point.label = format!("{text} {from}, moved to {at} with {}", self.name);
        }
        Some(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(region: &str, year: i32) -> (f64, Level) {
        let points = find(region, "", year).unwrap().points;
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
        assert_eq!(value("Paris, France", 2021), value("FRA", 2021));
        assert_eq!(find("Paris, France", "", 2021).unwrap().points[0].label, "Paris, France: France 2021");
    }

    #[test]
    fn the_nearest_year_is_taken_and_named() {
        assert_eq!(value("USA", 2030), (384.4, Level::Usa)); // 2025
        assert_eq!(find("USA", "", 2030).unwrap().points[0].label, "United States 2025");
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
        assert_eq!(value("us-central1-b", 2023), (moved, level));
        // Amazon publishes no life-cycle value: the country's. Google's us-east1 (480 in 2020) is another place.
        assert_eq!(value("us-east-1", 2023), (392.89, Level::Usa));
        assert_eq!(value("AWS us-east-1", 2023), (392.89, Level::Usa));
        assert_eq!(value("us-east1", 2020), (480.0, Level::Region));
        assert_eq!(value("West Europe", 2023), value("NLD", 2023));
        assert_eq!(value("me-central-1", 2024), value("ARE", 2024));
        let alibaba = find("ap-southeast-3", "Alibaba", 2024).unwrap();
        assert_eq!((alibaba.points[0].iso3, alibaba.points[0].value), ("MYS", value("MYS", 2024).0));
        assert!(alibaba.points[0].label.contains("alibaba"), "{alibaba:?}");
    }

    #[test]
    fn a_state_is_its_country_and_a_province_itself_where_it_has_a_value() {
        for state in ["CA, USA", "California", "Georgia, USA", "Boston, MA, USA"] {
            assert_eq!(value(state, 2023), (392.89, Level::Usa), "{state}");
            assert_eq!(find(state, "", 2023).unwrap().by_country, [state]);
        }
        // electricityMap 2019: Ontario 52.9, Alberta 572.17; Google's region in Montreal 2020: 27; Canada 2019 169.99, 2023
        // 174.37 (Our World in Data).
        assert_eq!(value("Ontario", 2019), (52.9, Level::Region));
        let (quebec, level) = value("Montreal, QC, Canada", 2020);
        assert_eq!((quebec, level), (27.0, Level::Region));
        let (alberta, level) = value("AB, Canada", 2023);
        assert_eq!(level, Level::RegionTrend);
        assert!((alberta - 572.17 * 174.37 / 169.99).abs() < 1e-9);
        assert!((alberta - 572.17).abs() > 1.0);
        assert!(find("Ontario", "", 2019).unwrap().by_country.is_empty());
        assert_eq!(value("British Columbia", 2023), value("CAN", 2023));
    }

    #[test]
    fn lists_are_mixtures_by_mentions() {
        let points =
            find("United States of America,China,United States of America,Multinational", "", 2023).unwrap().points;
        let shares: Vec<_> = points.iter().map(|p| (p.iso3, p.weight)).collect();
        assert_eq!(shares, [("CHN", 1.0 / 3.0), ("USA", 2.0 / 3.0)]);
        assert_eq!(find("Multinational", "", 2023), Ok(Found::default()));
        assert_eq!(find("", "", 2023), Ok(Found::default()));
        assert_eq!(first_country("China,United States of America", ""), Some("CHN"));
    }

    #[test]
    fn unknown_places_are_told_from_slips() {
        let direct = find("CAMX", "", 2022).unwrap_err().1;
        assert!(direct.contains("direct stack"), "{direct}");
        let (part, advice) = find("France;Frnce", "", 2022).unwrap_err();
        assert_eq!(part, "Frnce");
        assert!(advice.contains("France"), "{advice}");
        assert!(find("Georgia", "", 2022).unwrap_err().1.contains("GEO"));
        let atlantis = find("Atlantis", "", 2022).unwrap();
        assert_eq!((atlantis.points, atlantis.unknown.as_deref()), (vec![], Some("Atlantis")));
    }
}
