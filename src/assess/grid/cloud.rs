//! Regions of clouds, their zones, and whose they are.
//!
//! Clouds use each other's names for other places: ap-southeast-3 is Jakarta at Amazon and Kuala Lumpur at Alibaba. The
//! provider decides, where it is stated before the name or in its own column; else the first cloud of the tables,
//! Amazon, which most people mean.

use super::table::{CloudRegion, TABLES, cloud_key};

/// A region as a text names it.
#[derive(Clone, Copy)]
pub(super) struct Region {
    pub region: &'static CloudRegion,
    /// Another cloud has another place under this name.
    pub shared_name: bool,
}

/// Words for the clouds of the tables.
const PROVIDERS: [(&str, &str); 20] = [
    ("aws", "aws"),
    ("amazon", "aws"),
    ("gcp", "gcp"),
    ("google", "gcp"),
    ("azure", "azure"),
    ("microsoft", "azure"),
    ("alibaba", "alibaba"),
    ("aliyun", "alibaba"),
    ("oracle", "oracle"),
    ("oci", "oracle"),
    ("ovh", "ovh"),
    ("coreweave", "coreweave"),
    ("ibm", "ibm"),
    ("softlayer", "ibm"),
    ("tencent", "tencent"),
    ("qcloud", "tencent"),
    ("huawei", "huawei"),
    ("scaleway", "scaleway"),
    ("lambda", "lambda"),
    ("nebius", "nebius"),
];

/// The cloud that a text names by one of its words.
fn provider(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    words.find_map(|word| PROVIDERS.iter().find(|(name, _)| *name == word).map(|(_, provider)| *provider))
}

/// The region that a text names, with or without its provider before it ("AWS us-east-1", "gcp:us-central1") and a zone
/// behind it ("us-east-1a", "europe-west4-b"). `of` is the cell of the provider.
pub(super) fn find(text: &str, of: &str) -> Option<Region> {
    let text = text.trim();
    let whole = zone(&cloud_key(text)).map(|regions| (regions, provider(of)));
    let (regions, whose) = whole.or_else(|| {
        let (before, rest) = text.split_once(|c: char| !c.is_alphanumeric())?;
        let whose = provider(before)?;
        let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let rest = rest.strip_prefix("cloud ").or_else(|| rest.strip_prefix("Cloud ")).unwrap_or(rest);
        zone(&cloud_key(rest)).map(|regions| (regions, Some(whose)))
    })?;
    let own = whose.and_then(|whose| regions.iter().find(|r| r.provider == whose));
    let region = own.or_else(|| regions.first())?;
    Some(Region { region, shared_name: regions.iter().any(|r| r.iso3 != region.iso3) })
}

/// Regions of IBM whose zones have the names of other clouds' regions: "us-east-9" is a typing mistake, not a zone of one.
const WITHOUT_ZONES: [&str; 2] = ["us-east", "us-south"];

/// The regions of a name, or of the name that a zone's begins with.
fn zone(key: &str) -> Option<&'static [CloudRegion]> {
    let known = |name: &str| TABLES.cloud.get(name).map(Vec::as_slice);
    let lettered = || {
        let name = key.strip_suffix(|c: char| c.is_ascii_lowercase())?;
        known(name).filter(|_| name.ends_with(|c: char| c.is_ascii_digit()))
    };
    // "us-west-2-lax-1a" is a local zone of us-west-2.
    let mut shorter = key;
    let within = || {
        while let Some((name, _)) = shorter.rsplit_once('-') {
            if let Some(found) = known(name).filter(|_| !WITHOUT_ZONES.contains(&name)) {
                return Some(found);
            }
            shorter = name;
        }
        None
    };
    known(key).or_else(lettered).or_else(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(text: &str, of: &str) -> Option<&'static str> {
        find(text, of).map(|found| found.region.iso3.as_str())
    }

    #[test]
    fn regions_of_the_clouds() {
        // The lists of regions that data/cloud_regions.csv names.
        for (text, iso3) in [
            ("us-east-1", "USA"),
            ("me-central-1", "ARE"),
            ("ap-southeast-3", "IDN"),
            ("ap-southeast-4", "AUS"),
            ("ap-southeast-5", "MYS"),
            ("ap-southeast-7", "THA"),
            ("ca-west-1", "CAN"),
            ("il-central-1", "ISR"),
            ("mx-central-1", "MEX"),
            ("eu-south-2", "ESP"),
            ("eu-central-2", "CHE"),
            ("af-south-1", "ZAF"),
            ("cn-north-1", "CHN"),
            ("us-gov-west-1", "USA"),
            ("US East (N. Virginia)", "USA"),
            ("eastus", "USA"),
            ("East US", "USA"),
            ("westeurope", "NLD"),
            ("North Europe", "IRL"),
            ("uaenorth", "ARE"),
            ("swedencentral", "SWE"),
            ("polandcentral", "POL"),
            ("me-central1", "QAT"),
            ("europe-west12", "ITA"),
            ("cn-shanghai", "CHN"),
            ("cn-hangzhou", "CHN"),
            ("ap-southeast-1", "SGP"),
            ("us-ashburn-1", "USA"),
            ("uk-london-1", "GBR"),
            ("eu-frankfurt-1", "DEU"),
            ("us-south", "USA"),
            ("eu-de", "DEU"),
            ("jp-tok-1", "JPN"),
            ("ap-guangzhou", "CHN"),
            ("na-siliconvalley-1", "USA"),
            ("cn-north-4", "CHN"),
            ("la-south-2", "CHL"),
            ("fr-par-2", "FRA"),
            ("europe-central-1", "DEU"),
            ("eu-north1", "FIN"),
        ] {
            assert_eq!(country(text, ""), Some(iso3), "{text}");
        }
        for other in ["us-east-9", "mars-1", "A100", "", "-", "west"] {
            assert_eq!(country(other, ""), None, "{other}");
        }
    }

    #[test]
    fn a_zone_is_its_region() {
        for (zone, iso3) in [
            ("us-east-1a", "USA"),
            ("europe-west4-b", "NLD"),
            ("us-west-2-lax-1a", "USA"),
            ("cn-shanghai-b", "CHN"),
            ("eastus-1", "USA"),
            ("asia-southeast1-c", "SGP"),
        ] {
            assert_eq!(country(zone, ""), Some(iso3), "{zone}");
        }
    }

    #[test]
    fn the_provider_decides_where_clouds_share_a_name() {
        // Alibaba: Kuala Lumpur, Jakarta, London, Riyadh; Amazon: Jakarta, Malaysia, Ireland, the Emirates.
        for (name, amazon, alibaba) in [
            ("ap-southeast-3", "IDN", "MYS"),
            ("ap-southeast-5", "MYS", "IDN"),
            ("eu-west-1", "IRL", "GBR"),
            ("me-central-1", "ARE", "SAU"),
        ] {
            assert_eq!(country(name, ""), Some(amazon));
            assert_eq!(country(name, "AWS"), Some(amazon));
            assert_eq!(country(name, "Alibaba Cloud"), Some(alibaba));
            assert_eq!(country(&format!("aliyun {name}"), ""), Some(alibaba));
            assert!(find(name, "").is_some_and(|found| found.shared_name));
        }
        assert!(find("us-east-1", "").is_some_and(|found| !found.shared_name));
        // Huawei: Hong Kong, Bangkok, Singapore; Amazon: Singapore, Sydney, Jakarta.
        for (name, amazon, huawei) in
            [("ap-southeast-1", "SGP", "HKG"), ("ap-southeast-2", "AUS", "THA"), ("ap-southeast-3", "IDN", "SGP")]
        {
            assert_eq!((country(name, ""), country(name, "Huawei Cloud")), (Some(amazon), Some(huawei)));
        }
        assert_eq!(country("us-central1", "some university"), Some("USA"));
    }
}
