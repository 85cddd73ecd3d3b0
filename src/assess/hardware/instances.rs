//! Machines of clouds by the names that they are rented under, with the chips in them (`data/cloud_instances.csv`, which
//! names the document of each).
//!
//! The name of a series alone ("p3", "g2-standard") says the chip and no number.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A machine.
pub(super) struct Instance {
    /// As its cloud writes it.
    pub name: String,
    /// A name of the table.
    pub chip: String,
    /// Chips in one machine; `None` of a series.
    pub count: Option<f64>,
}

static INSTANCES: LazyLock<HashMap<String, Instance>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("../data/cloud_instances.csv").as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    rows.map(|row| {
        let text = |i: usize| row.get(i).unwrap_or_default().to_string();
        (key(&text(1)), Instance { name: text(1), chip: text(2), count: text(3).parse().ok() })
    })
    .collect()
});

/// Letters and digits in lower case, without "Standard_", SageMaker's "ml." and the cloud's own name before it.
fn key(name: &str) -> String {
    let mut name = name.trim().to_lowercase();
    for prefix in [
        "amazon",
        "aws",
        "ec2",
        "google cloud",
        "google",
        "gcp",
        "microsoft",
        "azure",
        "oracle",
        "oci",
        "ml.",
        "standard_",
    ] {
        if let Some(rest) = name.strip_prefix(prefix) {
            name = rest.trim_start_matches([' ', ':', '/']).to_string();
        }
    }
    let name = name.trim_end_matches(" instances").trim_end_matches(" instance");
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The machine of this name.
pub(super) fn find(name: &str) -> Option<&'static Instance> {
    INSTANCES.get(&key(name))
}

#[cfg(test)]
mod tests {
    use super::super::lookup;
    use super::*;

    #[test]
    fn machines_of_the_clouds() {
        // The documents that the table names.
        for (name, chip, count) in [
            ("p3.2xlarge", "NVIDIA Tesla V100 SXM2 16 GB", 1.0),
            ("p3.16xlarge", "NVIDIA Tesla V100 SXM2 16 GB", 8.0),
            ("p3dn.24xlarge", "NVIDIA Tesla V100 SXM2 32 GB", 8.0),
            ("p4d.24xlarge", "NVIDIA A100 SXM4 40 GB", 8.0),
            ("ml.p4de.24xlarge", "NVIDIA A100 SXM4 80 GB", 8.0),
            ("AWS p5.48xlarge", "NVIDIA H100 SXM5 80GB", 8.0),
            ("p5en.48xlarge", "NVIDIA H200 SXM", 8.0),
            ("g4dn.12xlarge", "NVIDIA Tesla T4", 4.0),
            ("g5.48xlarge", "NVIDIA A10G", 8.0),
            ("g6.xlarge", "NVIDIA L4", 1.0),
            ("trn1.32xlarge", "Amazon Trainium1", 16.0),
            ("inf2.48xlarge", "AWS Inferentia2", 12.0),
            ("a2-highgpu-4g", "NVIDIA A100 SXM4 40 GB", 4.0),
            ("a2-megagpu-16g", "NVIDIA A100 SXM4 40 GB", 16.0),
            ("a2-ultragpu-8g", "NVIDIA A100 SXM4 80 GB", 8.0),
            ("a3-highgpu-8g", "NVIDIA H100 SXM5 80GB", 8.0),
            ("a3-ultragpu-8g", "NVIDIA H200 SXM", 8.0),
            ("g2-standard-24", "NVIDIA L4", 2.0),
            ("Standard_ND96asr_v4", "NVIDIA A100 SXM4 40 GB", 8.0),
            ("ND96amsr_A100_v4", "NVIDIA A100 SXM4 80 GB", 8.0),
            ("Standard_ND96isr_H100_v5", "NVIDIA H100 SXM5 80GB", 8.0),
            ("Standard_NC24ads_A100_v4", "NVIDIA A100 PCIe", 1.0),
            ("NC24s_v3", "NVIDIA Tesla V100 PCIe 16 GB", 4.0),
            ("p6-b300.48xlarge", "NVIDIA B300 (Blackwell Ultra)", 8.0),
            ("p6e-gb200.36xlarge", "NVIDIA GB200", 4.0),
            ("a4x-highgpu-4g", "NVIDIA GB200", 4.0),
            ("ct5lp-hightpu-4t", "Google TPU v5e", 4.0),
            ("BM.GPU4.8", "NVIDIA A100 SXM4 40 GB", 8.0),
            ("BM.GPU.A100-v2.8", "NVIDIA A100 SXM4 80 GB", 8.0),
            ("OCI BM.GPU.H100.8", "NVIDIA H100 SXM5 80GB", 8.0),
            ("VM.GPU3.4", "NVIDIA Tesla V100 SXM2 16 GB", 4.0),
        ] {
            let found = find(name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!((found.chip.as_str(), found.count), (chip, Some(count)), "{name}");
        }
        for (series, chip) in [("Azure ND A100 v4", "NVIDIA A100 SXM4 40 GB"), ("ND H100 v5", "NVIDIA H100 SXM5 80GB")]
        {
            assert_eq!(find(series).map(|i| (i.chip.as_str(), i.count)), Some((chip, None)), "{series}");
        }
        assert_eq!(find("p3").map(|i| i.count), Some(None));
        for other in ["p4.24xlarge", "m5.large", "A100", "P4", "L4", "Standard_D2s_v3", ""] {
            assert!(find(other).is_none(), "{other}");
        }
    }

    #[test]
    fn every_chip_of_the_table_is_known() {
        assert!(INSTANCES.len() > 100);
        for instance in INSTANCES.values() {
            assert!(lookup::find(&instance.chip).is_ok_and(|c| c.name == instance.chip), "{}", instance.name);
        }
    }
}
