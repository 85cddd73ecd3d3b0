//! Which places a `region` cell names.
//!
//! Between semicolons stand places, between commas places or the parts of one: "Montreal, QC, Canada" is a place in Quebec,
//! "Paris, France" one in France, "France, Germany" are two. Read from the right: a country takes the state before it and
//! the cities before that; a state takes the cities before it, and the country before it. Brackets are commas ("Jean
//! Zay (France)"). A well-known city that stands alone is in its country, or in its state or province ("Paris", "San
//! Francisco"). What is two places is refused with both ("Georgia", "San Francisco, CA").

use super::cloud::{self, Region};
use super::near::near;
use super::table::{City, Country, Subdivision, TABLES, place_key};

/// One place.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Country(&'static Country),
    Subdivision(&'static Subdivision),
    Region(Region),
}

impl Place {
    /// The code of its country.
    pub fn iso3(self) -> &'static str {
        match self {
            Place::Country(country) => &country.iso3,
            Place::Subdivision(of) => &of.iso3,
            Place::Region(found) => &found.region.iso3,
        }
    }
}

/// A place as a cell names it.
pub(super) struct Mention {
    pub place: Place,
    pub text: String,
}

/// Why a text is no place.
pub(super) enum Trouble {
    /// Close to names that are known.
    Near(String, Vec<&'static str>),
    /// Two places, with what to write for each.
    Both(String, String),
    /// A place whose rates are of another kind.
    Direct(String),
    /// Like no place.
    Unknown(String),
}

const EGRID: [&str; 26] = [
    "akgd", "akms", "azna", "camx", "erct", "frcc", "hims", "hioa", "mroe", "mrow", "newe", "nwpp", "nycw", "nyli",
    "nyup", "rfce", "rfcm", "rfcw", "rmpa", "spno", "spso", "srmv", "srmw", "srso", "srtv", "srvc",
];

/// Countries of Europe, so that "Netherlands, Europe" is the Netherlands.
const EUROPE: [&str; 41] = [
    "ALB", "AUT", "BEL", "BGR", "BIH", "BLR", "CHE", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GBR",
    "GRC", "HRV", "HUN", "IRL", "ISL", "ITA", "LTU", "LUX", "LVA", "MDA", "MKD", "MLT", "MNE", "NLD", "NOR",
    "OWID_KOS", "POL", "PRT", "ROU", "SRB", "SVK", "SVN", "SWE", "UKR", "FRO",
];

/// What one text between commas may be.
struct Piece<'a> {
    text: &'a str,
    country: Option<&'static Country>,
    subdivision: Option<&'static Subdivision>,
    /// The subdivision is named by its two letters.
    by_code: bool,
    region: Option<Region>,
    /// A well-known city, where it is nothing else.
    city: Option<&'static City>,
}

impl<'a> Piece<'a> {
    fn of(text: &'a str, provider: &str) -> Piece<'a> {
        let (t, text) = (&*TABLES, text.trim());
        let key = place_key(text);
        let country = t.country_names.get(&key).and_then(|i| t.countries.get(*i));
        let by_name = t.subdivision_names.get(&key);
        let index = by_name.or_else(|| t.subdivision_codes.get(&key));
        let subdivision = index.and_then(|i| t.subdivisions.get(*i));
        let known = country.is_some() || subdivision.is_some();
        let region = if known { None } else { cloud::find(text, provider) };
        let city = t.cities.get(&key).filter(|_| !known && region.is_none());
        let piece = Piece { text, country, subdivision, by_code: by_name.is_none() && index.is_some(), region, city };
        if piece.is_unknown() && city.is_none() { piece.by_zone() } else { piece }
    }

    /// The code of a part of a country: ISO 3166-2 ("US-CA", "CA-QC", "DE-BY") and zones of electricityMap ("US-CAL-CISO").
    fn by_zone(self) -> Piece<'a> {
        let t = &*TABLES;
        let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        let Some((of, part)) = self.text.split_once('-').filter(|(of, _)| of.len() == 2) else { return self };
        let country = t.country_names.get(&place_key(of)).and_then(|i| t.countries.get(*i));
        let Some(country) = country.filter(|_| !part.is_empty() && self.text.chars().all(capital)) else { return self };
        let subdivision = t.subdivision_codes.get(&place_key(part)).and_then(|i| t.subdivisions.get(*i));
        match subdivision.filter(|s| s.iso3 == country.iso3) {
            Some(subdivision) => Piece { subdivision: Some(subdivision), ..self },
            None => Piece { country: Some(country), ..self },
        }
    }

    fn is_unknown(&self) -> bool {
        self.country.is_none() && self.subdivision.is_none() && self.region.is_none()
    }

    /// Whether it is a wider name for the place of this country: Europe, or the world.
    fn holds(&self, iso3: &str) -> bool {
        match self.country.map(|c| c.iso3.as_str()) {
            Some("OWID_WRL") => iso3 != "OWID_WRL",
            Some("OWID_EU27") => EUROPE.contains(&iso3),
            _ => false,
        }
    }

    fn is_of(&self, iso3: &str) -> bool {
        self.country.is_some_and(|c| c.iso3 == iso3) || self.subdivision.is_some_and(|s| s.iso3 == iso3)
    }

    /// A country and a state of one name.
    fn both(&self) -> Option<Trouble> {
        let (country, state) = (self.country?, self.subdivision?);
        let iso3 = state.iso3.as_str();
        let of = TABLES.country(iso3).map_or("", |c| c.name.as_str());
        let readings = format!(
            "this is {} (a country: write {}) and {} (in {of}: write \"{}, {iso3}\" or \"{}, {iso3}\")",
            country.name, country.iso3, state.name, state.name, state.code
        );
        Some(Trouble::Both(self.text.to_string(), readings))
    }

    /// The text as one place: its code is a country's before it is a state's.
    fn alone(&self) -> Result<Option<Place>, Trouble> {
        if !self.by_code
            && let Some(both) = self.both()
        {
            return Err(both);
        }
        let country = self.country.map(Place::Country);
        Ok(country.or(self.subdivision.map(Place::Subdivision)).or(self.region.map(Place::Region)))
    }
}

/// The places of a cell; `provider` is the row's. None where it names none ("Multinational").
pub(super) fn read(cell: &str, provider: &str) -> Result<Vec<Mention>, Trouble> {
    // Most rows state no place.
    if cell.trim().is_empty() {
        return Ok(Vec::new());
    }
    let alone = |text: &str| -> Result<Option<Mention>, Trouble> {
        let place = Piece::of(text, provider).alone()?;
        Ok(place.map(|place| Mention { place, text: text.trim().to_string() }))
    };
    // "Korea, Republic of" is one place.
    if let Some(one) = alone(cell)? {
        return Ok(vec![one]);
    }
    let mut found = Vec::new();
    for group in cell.split(';').filter(|group| !group.trim().is_empty()) {
        match alone(group)? {
            Some(one) => found.push(one),
            None => match listed(group, provider) {
                Some(several) => found.extend(several),
                None => found.extend(of_group(group, provider)?),
            },
        }
    }
    Ok(found)
}

/// Places with a word or a sign between them ("France and Germany", "US/China"), where all of them are known.
fn listed(group: &str, provider: &str) -> Option<Vec<Mention>> {
    let between = [" and ", " or ", " & ", "/", " + "].into_iter().find(|between| group.contains(between))?;
    let place = |text: &str| {
        let piece = Piece::of(text, provider);
        let city = || only_cities(std::slice::from_ref(&piece))?.pop();
        let of = piece.alone().ok()?.map(|place| Mention { place, text: piece.text.to_string() });
        of.or_else(city)
    };
    group.split([',']).flat_map(|part| part.split(between)).map(place).collect()
}

/// What stands between commas, and of what is no place as it stands what is before and in its brackets.
fn pieces_of<'g>(group: &'g str, provider: &str) -> Vec<Piece<'g>> {
    let mut pieces = Vec::new();
    for text in group.split(',') {
        let whole = Piece::of(text, provider);
        if whole.is_unknown() && text.contains(['(', ')']) {
            pieces.extend(text.split(['(', ')']).map(|part| Piece::of(part, provider)));
        } else {
            pieces.push(whole);
        }
    }
    pieces.retain(|piece| !piece.text.is_empty() && place_key(piece.text) != "multinational");
    pieces
}

fn of_group(group: &str, provider: &str) -> Result<Vec<Mention>, Trouble> {
    let mut pieces = pieces_of(group, provider);
    let countries: Vec<&str> = pieces.iter().filter_map(|p| Some(p.country?.iso3.as_str())).collect();
    pieces.retain(|piece| !countries.iter().any(|iso3| piece.holds(iso3)));
    if let [one] = pieces.as_slice()
        && EGRID.contains(&place_key(one.text).as_str())
    {
        return Err(Trouble::Direct(one.text.to_string()));
    }
    if let Some(region) = only_region(&pieces) {
        return Ok(vec![region]);
    }
    // "CA, DE, US" are three countries, "CA, USA" is a state.
    let codes = pieces.len() > 2 && pieces.iter().all(|p| p.text.len() == 2 && p.country.is_some());
    let mut found = Vec::new();
    let mut strays: Vec<&str> = Vec::new();
    let mut end = pieces.len();
    while end > 0 {
        match last(&pieces[..end], codes)? {
            Some((place, start)) => {
                let text: Vec<&str> = pieces[start..end].iter().map(|piece| piece.text).collect();
                found.push(Mention { place, text: text.join(", ") });
                end = start;
            }
            None => {
                end -= 1;
                strays.push(pieces[end].text);
            }
        }
    }
    found.reverse();
    if found.is_empty()
        && let Some(cities) = only_cities(&pieces)
    {
        return Ok(cities);
    }
    settled(found, &strays, group)
}

/// Places that are well-known cities and nothing else ("Paris", "London, Dublin").
fn only_cities(pieces: &[Piece<'_>]) -> Option<Vec<Mention>> {
    let place = |piece: &Piece<'_>| {
        let city = piece.city?;
        let subdivision = city.subdivision.and_then(|i| TABLES.subdivisions.get(i)).map(Place::Subdivision);
        let place = subdivision.or_else(|| TABLES.country(&city.iso3).map(Place::Country))?;
        Some(Mention { place, text: piece.text.to_string() })
    };
    pieces.iter().map(place).collect::<Option<Vec<_>>>().filter(|found| !found.is_empty())
}

/// The places, if what is left over is a city of the one country there is ("France, Paris").
fn settled(found: Vec<Mention>, strays: &[&str], group: &str) -> Result<Vec<Mention>, Trouble> {
    let Some(stray) = strays.last() else { return Ok(found) };
    if let Some((text, names)) = strays.iter().map(|text| (text, near(text))).find(|(_, names)| !names.is_empty()) {
        return Err(Trouble::Near((*text).to_string(), names));
    }
    match found.split_first() {
        None => Err(Trouble::Unknown(group.trim().to_string())),
        Some((first, rest)) if rest.iter().all(|m| m.place.iso3() == first.place.iso3()) => Ok(found),
        Some(_) => Err(Trouble::Unknown((*stray).to_string())),
    }
}

/// A region of a cloud among words that say the same less closely ("us-central1 (Iowa)", "AWS, us-east-1").
fn only_region(pieces: &[Piece<'_>]) -> Option<Mention> {
    let mut regions = pieces.iter().filter_map(|piece| Some((piece, piece.region?)));
    let (piece, region) = regions.next().filter(|_| pieces.len() > 1)?;
    let iso3 = region.region.iso3.as_str();
    let fits = |other: &Piece<'_>| other.is_unknown() || other.is_of(iso3);
    let alone = regions.next().is_none() && pieces.iter().all(|other| other.region.is_some() || fits(other));
    alone.then(|| Mention { place: Place::Region(region), text: piece.text.to_string() })
}

/// The place at the end of these pieces, and the first piece that belongs to it; `None` where the last is unknown. `codes`:
/// all of the list are codes of countries.
fn last(pieces: &[Piece<'_>], codes: bool) -> Result<Option<(Place, usize)>, Trouble> {
    let Some((head, before)) = pieces.split_last() else { return Ok(None) };
    let mut start = before.len();
    let cities = |mut start: usize, state: Option<&Subdivision>| {
        // New York, NY: a city with the name of its state.
        let namesake = |p: &Piece<'_>| state.zip(p.subdivision).is_some_and(|(a, b)| !p.by_code && a.name == b.name);
        while start > 0 && (before[start - 1].is_unknown() || namesake(&before[start - 1])) {
            start -= 1;
        }
        start
    };
    if let Some(country) = head.country {
        if let Some(both) = head.both().filter(|_| could_be_the_state(head, before)) {
            // "Stanford, CA" and "Tbilisi, Georgia": a well-known city is in one of the two.
            let Some(city) = before.last().and_then(|piece| piece.city) else { return Err(both) };
            let of_city = city.subdivision.and_then(|i| TABLES.subdivisions.get(i));
            if let Some(state) = of_city.filter(|of| head.subdivision.is_some_and(|s| s.code == of.code)) {
                return Ok(Some((Place::Subdivision(state), cities(start, Some(state)))));
            }
            if city.iso3 != country.iso3 {
                return Err(both);
            }
        }
        let state = before.last().and_then(|p| p.subdivision).filter(|s| !codes && s.iso3 == country.iso3);
        start -= usize::from(state.is_some());
        let begin = cities(start, state);
        if let Some(slip) = misspelt(&before[..start], begin) {
            return Err(slip);
        }
        let of_city = before[begin..start].iter().find_map(|piece| with_a_value(piece, country));
        let place = state.or(of_city).map_or(Place::Country(country), Place::Subdivision);
        return Ok(Some((place, begin)));
    }
    if let Some(state) = head.subdivision {
        let begin = cities(start, Some(state));
        let of_country = begin > 0 && before[begin - 1].country.is_some_and(|c| c.iso3 == state.iso3);
        return Ok(Some((Place::Subdivision(state), begin - usize::from(of_country && begin == before.len()))));
    }
    Ok(head.region.map(|region| (Place::Region(region), start)))
}

/// The province of a city in this country, where it has a value of its own: "Montreal, Canada" is in Quebec.
fn with_a_value(piece: &Piece<'_>, country: &Country) -> Option<&'static Subdivision> {
    let city = piece.city.filter(|city| city.iso3 == country.iso3)?;
    TABLES.subdivisions.get(city.subdivision?).filter(|of| of.value.is_some())
}

/// Whether the last piece, which is a country's name or code, may as well be a state's: by its name always, by its code
/// behind a city or behind the country that the state is in.
fn could_be_the_state(head: &Piece<'_>, before: &[Piece<'_>]) -> bool {
    let Some(state) = head.subdivision else { return false };
    let behind = |p: &Piece<'_>| p.is_unknown() || p.country.is_some_and(|c| c.iso3 == state.iso3);
    !head.by_code
        || before.len() == 1 && before.iter().all(behind)
        || before.len() > 1 && before.iter().all(Piece::is_unknown)
}

/// In a list of countries, a name that is taken for a city and is close to a country's: "Italy, Frnce, Germany".
fn misspelt(before: &[Piece<'_>], begin: usize) -> Option<Trouble> {
    let (countries, cities) = before.split_at(begin);
    countries.last()?.country?;
    let slip = cities.iter().map(|piece| (piece.text, near(piece.text))).find(|(_, names)| !names.is_empty());
    slip.map(|(text, names)| Trouble::Near(text.to_string(), names))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of a cell in words.
    fn said(cell: &str) -> Vec<String> {
        let name = |m: &Mention| match m.place {
            Place::Country(country) => country.iso3.clone(),
            Place::Subdivision(of) => format!("{}-{}", of.iso3, of.code),
            Place::Region(found) => format!("{} of {}", m.text, found.region.iso3),
        };
        let trouble = |trouble| match trouble {
            Trouble::Near(text, _) => format!("near: {text}"),
            Trouble::Both(text, _) => format!("both: {text}"),
            Trouble::Direct(text) => format!("direct: {text}"),
            Trouble::Unknown(text) => format!("unknown: {text}"),
        };
        read(cell, "").map_or_else(|e| vec![trouble(e)], |found| found.iter().map(name).collect())
    }

    #[test]
    fn a_city_belongs_to_what_follows_it() {
        for (cell, place) in [
            ("Paris, France", "FRA"),
            ("Lagos, Nigeria", "NGA"),
            ("Montreal, QC, Canada", "CAN-QC"),
            ("Montréal, Québec", "CAN-QC"),
            ("Toronto, ON", "CAN-ON"),
            ("CA, USA", "USA-CA"),
            ("MA, USA", "USA-MA"),
            ("Georgia, USA", "USA-GA"),
            ("Georgia, United States", "USA-GA"),
            ("Virginia, USA", "USA-VA"),
            ("Council Bluffs, Iowa, USA", "USA-IA"),
            ("Council Bluffs, Iowa", "USA-IA"),
            ("San Francisco, CA, USA", "USA-CA"),
            ("New York, NY, USA", "USA-NY"),
            ("Washington, DC", "USA-DC"),
            ("Seattle, WA", "USA-WA"),
            ("USA, California", "USA-CA"),
            ("USA (Virginia)", "USA-VA"),
            ("Jean Zay (France)", "FRA"),
            ("France, Paris", "FRA"),
            ("Singapore, Singapore", "SGP"),
            ("Singapore(SGP)", "SGP"),
            ("Eemshaven, Netherlands, Europe", "NLD"),
            ("Jean Zay cluster, France (~40 gCO₂eq/kWh)", "FRA"),
            ("California", "USA-CA"),
            ("british columbia", "CAN-BC"),
            ("us-central1 (Iowa)", "us-central1 of USA"),
            ("AWS, us-east-1", "AWS, us-east-1 of USA"),
        ] {
            let mut found = said(cell);
            found.dedup();
            assert_eq!(found, [place], "{cell}");
        }
    }

    #[test]
    fn a_well_known_city_is_where_it_lies() {
        for (cell, place) in [
            ("Paris", "FRA"),
            ("paris", "FRA"),
            ("München", "DEU"),
            ("San Francisco", "USA-CA"),
            ("The Dalles", "USA-OR"),
            ("Council Bluffs", "USA-IA"),
            ("Ashburn", "USA-VA"),
            ("Beijing", "CHN"),
            ("Montréal", "CAN-QC"),
            ("Montreal, Canada", "CAN-QC"),
            ("Boston, USA", "USA"),
            ("catalonia", "ESP"),
            ("haifa", "ISR"),
            // The city tells a state from a country of the same name or code.
            ("San Francisco, CA", "USA-CA"),
            ("Atlanta, Georgia", "USA-GA"),
            ("Tbilisi, Georgia", "GEO"),
            // The country or state that stands there decides.
            ("Paris, Texas", "USA-TX"),
            ("Paris, TX, USA", "USA-TX"),
            ("London, Ontario", "CAN-ON"),
            ("London, ON, Canada", "CAN-ON"),
            ("Athens, Georgia, USA", "USA-GA"),
            ("US-CA", "USA-CA"),
            ("CA-QC", "CAN-QC"),
            ("DE-BY", "DEU"),
            ("US-CAL-CISO", "USA"),
            ("SE-SE3", "SWE"),
        ] {
            assert_eq!(said(cell), [place], "{cell}");
        }
        for other in ["Springfield", "Cambridge", "San Jose"] {
            assert_eq!(said(other), [format!("unknown: {other}")]);
        }
    }

    #[test]
    fn lists_are_several_places() {
        for (cell, places) in [
            ("France and Germany", vec!["FRA", "DEU"]),
            ("US/China", vec!["USA", "CHN"]),
            ("USA & Canada", vec!["USA", "CAN"]),
            ("London, Dublin", vec!["GBR", "IRL"]),
            ("Paris and London", vec!["FRA", "GBR"]),
            ("Bosnia and Herzegovina", vec!["BIH"]),
            ("France, Germany", vec!["FRA", "DEU"]),
            ("United States of America,China,Multinational", vec!["USA", "CHN"]),
            ("Paris, France; Montreal, QC, Canada", vec!["FRA", "CAN-QC"]),
            ("CA, DE, US", vec!["CAN", "DEU", "USA"]),
            ("CA, US, DE", vec!["CAN", "USA", "DEU"]),
            ("USA, Europe", vec!["USA", "OWID_EU27"]),
            ("Korea (Republic of),Japan", vec!["KOR", "JPN"]),
            ("us-east-1;europe-west4", vec!["us-east-1 of USA", "europe-west4 of NLD"]),
            ("Multinational", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(said(cell), places, "{cell}");
        }
    }

    #[test]
    fn what_is_two_places_or_none_is_not_guessed() {
        for (cell, trouble) in [
            ("Georgia", "both: Georgia"),
            ("Springfield, Georgia", "both: Georgia"),
            ("San Jose, CA", "both: CA"),
            ("US, CA", "both: CA"),
            ("France;Frnce", "near: Frnce"),
            ("Italy, Frnce, Germany", "near: Frnce"),
            ("Frnce", "near: Frnce"),
            ("CAMX", "direct: CAMX"),
            ("Atlantis", "unknown: Atlantis"),
            ("Utopia Planitia, Mars", "unknown: Utopia Planitia, Mars"),
        ] {
            assert_eq!(said(cell), [trouble], "{cell}");
        }
        let Err(Trouble::Both(_, readings)) = read("Georgia", "") else { panic!() };
        assert!(readings.contains("write GEO") && readings.contains("\"Georgia, USA\""), "{readings}");
    }

    #[test]
    fn official_names_of_iso_3166() {
        for (name, iso3) in [
            ("Korea, Republic of", "KOR"),
            ("Korea (the Republic of)", "KOR"),
            ("Iran (Islamic Republic of)", "IRN"),
            ("Iran, Islamic Republic of", "IRN"),
            ("Viet Nam", "VNM"),
            ("Türkiye", "TUR"),
            ("Russian Federation (the)", "RUS"),
            ("United Kingdom of Great Britain and Northern Ireland (the)", "GBR"),
            ("Taiwan, Province of China", "TWN"),
            ("Czechia", "CZE"),
            ("Bolivia (Plurinational State of)", "BOL"),
            ("Tanzania, the United Republic of", "TZA"),
            ("Congo (the Democratic Republic of the)", "COD"),
            ("Hong Kong, China", "HKG"),
            ("Netherlands (Kingdom of the)", "NLD"),
            ("United States of America (the)", "USA"),
            ("Côte d'Ivoire", "CIV"),
            ("KOR", "KOR"),
            ("kr", "KOR"),
        ] {
            assert_eq!(said(name), [iso3], "{name}");
        }
    }
}
