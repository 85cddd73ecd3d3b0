//! Countries, cloud regions and subdivisions of countries, each with its life-cycle intensities where there are any.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The first year of `data/grid_country.csv`.
pub(super) const FIRST_YEAR: i32 = 2010;

/// A country, or the world, or the European Union.
pub(super) struct Country {
    pub iso3: String,
    pub name: String,
    /// From `FIRST_YEAR`; gCO2e/kWh.
    pub by_year: Vec<Option<f64>>,
}

impl Country {
    /// The value of the nearest year that has one, the earlier of two equally near, and that year.
    pub fn nearest(&self, year: i32) -> Option<(f64, i32)> {
        let known = self.by_year.iter().zip(FIRST_YEAR..).filter_map(|(v, y)| v.map(|v| (v, y)));
        known.min_by_key(|(_, y)| y.abs_diff(year))
    }
}

/// A region of a cloud.
pub(super) struct CloudRegion {
    pub provider: String,
    pub iso3: String,
    /// Its own values, gCO2e/kWh by year.
    pub values: Vec<(i32, f64)>,
}

/// A state of the USA or a province of Canada.
pub(super) struct Subdivision {
    pub iso3: String,
    /// Two letters.
    pub code: String,
    pub name: String,
    /// Its own value, gCO2e/kWh with its year.
    pub value: Option<(i32, f64)>,
}

/// A city or a part of a country that has no value of its own.
pub(super) struct City {
    pub iso3: String,
    /// The state or province it lies in, of the USA and Canada: an index.
    pub subdivision: Option<usize>,
}

/// All of them, by the normal forms of their names.
pub(super) struct Tables {
    pub countries: Vec<Country>,
    /// Codes and names → index.
    pub country_names: BTreeMap<String, usize>,
    /// By [`cloud_key`]; several clouds may have a region of one name.
    pub cloud: BTreeMap<String, Vec<CloudRegion>>,
    pub subdivisions: Vec<Subdivision>,
    /// Names → index.
    pub subdivision_names: BTreeMap<String, usize>,
    /// Two letters → index; no code is both a state and a province.
    pub subdivision_codes: BTreeMap<String, usize>,
    /// Well-known ones whose names are those of no other such place.
    pub cities: BTreeMap<String, City>,
}

impl Tables {
    /// The country of a code.
    pub fn country(&'static self, iso3: &str) -> Option<&'static Country> {
        self.country_names.get(&place_key(iso3)).and_then(|i| self.countries.get(*i))
    }
}

pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (countries, country_names) = countries();
    let (subdivisions, subdivision_names, subdivision_codes) = subdivisions();
    let cities = cities(&subdivision_codes);
    Tables { countries, country_names, cloud: cloud(), subdivisions, subdivision_names, subdivision_codes, cities }
});

fn records(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().filter_map(Result::ok).collect()
}

fn countries() -> (Vec<Country>, BTreeMap<String, usize>) {
    let (mut countries, mut names) = (Vec::new(), BTreeMap::new());
    for row in &records(include_str!("../data/grid_country.csv")) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        for name in [text(0), text(1), text(2)].into_iter().chain(text(3).split('|')).filter(|n| !n.is_empty()) {
            names.entry(place_key(name)).or_insert(countries.len());
        }
        let by_year = row.iter().skip(4).map(|t| t.parse::<f64>().ok().filter(|x| *x > 0.0)).collect();
        countries.push(Country { iso3: text(0).to_string(), name: text(2).to_string(), by_year });
    }
    (countries, names)
}

/// The regions with values of their own first, then the full lists of the clouds.
fn cloud() -> BTreeMap<String, Vec<CloudRegion>> {
    let mut cloud: BTreeMap<String, Vec<CloudRegion>> = BTreeMap::new();
    for row in &records(include_str!("../data/grid_cloud_region.csv")) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        let value = |i: usize, year: i32| text(i).parse::<f64>().ok().map(|v| (year, v));
        let values = [value(3, 2019), value(4, 2020)].into_iter().flatten().collect();
        add(&mut cloud, text(1), CloudRegion { provider: text(0).into(), iso3: text(2).into(), values });
    }
    for row in &records(include_str!("../data/cloud_regions.csv")) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        for name in std::iter::once(text(1)).chain(text(3).split('|')).filter(|n| !n.is_empty()) {
            let region = CloudRegion { provider: text(0).into(), iso3: text(2).into(), values: Vec::new() };
            add(&mut cloud, name, region);
        }
    }
    cloud
}

/// Each region of a cloud once.
fn add(cloud: &mut BTreeMap<String, Vec<CloudRegion>>, name: &str, region: CloudRegion) {
    let of_name = cloud.entry(cloud_key(name)).or_default();
    if of_name.iter().all(|known| known.provider != region.provider) {
        of_name.push(region);
    }
}

type Named = (Vec<Subdivision>, BTreeMap<String, usize>, BTreeMap<String, usize>);

fn subdivisions() -> Named {
    let (mut all, mut names, mut codes) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for row in &records(include_str!("../data/grid_subdivision.csv")) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        for name in std::iter::once(text(2)).chain(text(3).split('|')).filter(|n| !n.is_empty()) {
            names.entry(place_key(name)).or_insert(all.len());
        }
        codes.entry(place_key(text(1))).or_insert(all.len());
        let value = text(4).parse::<i32>().ok().zip(text(5).parse::<f64>().ok());
        all.push(Subdivision { iso3: text(0).into(), code: text(1).into(), name: text(2).into(), value });
    }
    (all, names, codes)
}

fn cities(codes: &BTreeMap<String, usize>) -> BTreeMap<String, City> {
    let mut cities = BTreeMap::new();
    for row in &records(include_str!("../data/places.csv")) {
        let text = |i: usize| row.get(i).unwrap_or_default();
        for name in std::iter::once(text(0)).chain(text(1).split('|')).filter(|n| !n.is_empty()) {
            let subdivision = codes.get(&place_key(text(3))).copied();
            cities.insert(place_key(name), City { iso3: text(2).into(), subdivision });
        }
    }
    cities
}

/// Normal form of a country's or state's name: letters and digits in lower case, accents left out, & as "and", without
/// the word "the", which ISO puts behind a name ("Netherlands (the)").
pub(super) fn place_key(text: &str) -> String {
    let plain: String = text.replace('&', " and ").chars().flat_map(char::to_lowercase).map(without_accent).collect();
    let words =
        plain.split(|c: char| !(c.is_alphanumeric() || c == '\u{307}')).filter(|w| !w.is_empty() && *w != "the");
    words.flat_map(str::chars).filter(|c| c.is_alphanumeric()).collect()
}

fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'ł' => 'l',
        'ń' => 'n',
        'ś' | 'ș' => 's',
        'ź' | 'ż' => 'z',
        'ț' => 't',
        // One quotation mark of many ("Côte d’Ivoire") is a letter to Unicode.
        'ʼ' => ' ',
        c => c,
    }
}

/// Normal form of a cloud region. Hyphens count: us-east-1 is Amazon's in Virginia, us-east1 Google's in South Carolina.
pub(super) fn cloud_key(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_and_subdivision_has_a_country_in_the_table() {
        assert!(TABLES.cloud.len() > 200 && TABLES.subdivisions.len() == 64);
        for (name, regions) in &TABLES.cloud {
            assert!(!regions.is_empty());
            for region in regions {
                assert!(TABLES.country(&region.iso3).is_some(), "{name}");
            }
        }
        for of in &TABLES.subdivisions {
            assert!(TABLES.country(&of.iso3).is_some(), "{}", of.name);
        }
        // 50 states, the District of Columbia and 13 provinces and territories, no two with one code.
        assert_eq!(TABLES.subdivision_codes.len(), 64);
    }

    #[test]
    fn a_city_is_in_one_country_and_its_name_is_no_other_place() {
        assert!(TABLES.cities.len() > 400);
        for (name, city) in &TABLES.cities {
            assert!(TABLES.country(&city.iso3).is_some(), "{name}");
            let is_place = TABLES.country_names.contains_key(name) || TABLES.subdivision_names.contains_key(name);
            assert!(!is_place, "{name}");
            let of = city.subdivision.map(|i| TABLES.subdivisions[i].iso3.as_str());
            assert_eq!(of, ["USA", "CAN"].contains(&city.iso3.as_str()).then_some(city.iso3.as_str()), "{name}");
        }
        let names = records(include_str!("../data/places.csv"));
        let written = names.iter().flat_map(|row| std::iter::once(&row[0]).chain(row[1].split('|')));
        let keys: Vec<String> = written.filter(|n| !n.is_empty()).map(place_key).collect();
        let twice = keys.iter().enumerate().find(|(i, key)| keys[..*i].contains(key));
        assert_eq!(twice, None);
    }

    #[test]
    fn names_are_compared_without_case_accents_and_articles() {
        for (a, b) in [
            ("Türkiye", "TURKIYE"),
            ("Netherlands (the)", "Netherlands"),
            ("The Bahamas", "Bahamas"),
            ("Trinidad & Tobago", "Trinidad and Tobago"),
            ("Côte d'Ivoire", "Cote dIvoire"),
        ] {
            assert_eq!(place_key(a), place_key(b), "{a}");
        }
        assert_ne!(place_key("Niger"), place_key("Nigeria"));
        assert_ne!(cloud_key("us-east-1"), cloud_key("us-east1"));
    }
}
