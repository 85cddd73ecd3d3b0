//! What a machine needs for its GPU to be found, what of that is installed, and how to get the rest.
//!
//! On Linux a GPU is reached through the Vulkan loader (`libvulkan.so.1`) and a driver file (ICD) of its vendor. Both
//! are often missing on servers and in containers, where only the compute libraries were installed.

use std::env;
use std::path::{Path, PathBuf};

use super::driver::Driver;

/// What was found of the Vulkan installation. Files only: nothing is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The Vulkan loader, where one is found in the usual folders.
    pub loader: Option<PathBuf>,
    /// The drivers' files that the loader would read.
    pub drivers: Vec<Driver>,
    /// Drivers were named by the environment (`VK_DRIVER_FILES` or `VK_ICD_FILENAMES`).
    pub named: bool,
    /// A device file or kernel module of a GPU is there.
    pub nvidia: bool,
    pub render_node: bool,
}

const LIBRARIES: [&str; 8] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/lib64",
];
const DRIVERS: [&str; 4] =
    ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/local/etc/vulkan/icd.d"];

impl Installation {
    pub fn look() -> Installation {
        let searched = env::var_os("LD_LIBRARY_PATH");
        let searched = searched.iter().flat_map(env::split_paths).chain(LIBRARIES.iter().map(PathBuf::from));
        let libraries: Vec<PathBuf> = searched.collect();
        let loader = libraries.iter().map(|folder| folder.join("libvulkan.so.1")).find(|path| path.exists());
        let list = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().find_map(env::var_os);
        let drivers: Vec<PathBuf> = match &list {
            Some(list) => env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).flat_map(named).collect(),
            None => {
                let home = env::home_dir().map(|home| home.join(".local/share/vulkan/icd.d"));
                let mut found: Vec<PathBuf> = DRIVERS.iter().map(PathBuf::from).chain(home).flat_map(files).collect();
                found.sort();
                found
            }
        };
        Installation {
            loader,
            drivers: drivers.into_iter().map(|path| Driver::look(path, &libraries)).collect(),
            named: list.is_some(),
            nvidia: Path::new("/proc/driver/nvidia/version").exists() || Path::new("/dev/nvidiactl").exists(),
            render_node: Path::new("/dev/dri/renderD128").exists(),
        }
    }

    /// What to do so that a GPU is found, where none was. Empty on systems that need no loader.
    pub fn advice(&self) -> Vec<String> {
        if !cfg!(target_os = "linux") {
            return vec!["install the GPU vendor's current driver".into()];
        }
        let mut advice = vec![];
        if self.loader.is_none() {
            advice.push("install the Vulkan loader: apt install libvulkan1 (dnf install vulkan-loader)".into());
        }
        if self.nvidia && !self.drivers.iter().any(|d| d.is_named("nvidia")) {
            advice.push(
                "an NVIDIA driver is installed, but not its Vulkan part: install libnvidia-gl-NNN of the same version; \
                 in a container start it with NVIDIA_DRIVER_CAPABILITIES=all"
                    .into(),
            );
        } else if self.render_node && self.drivers.iter().all(|d| d.is_named("lvp")) {
            advice.push("install the Vulkan drivers of AMD and Intel GPUs: apt install mesa-vulkan-drivers".into());
        } else if !self.nvidia && !self.render_node {
            advice.push("the system shows no GPU (no /dev/dri/renderD128, no /dev/nvidiactl)".into());
            advice.push("in a container: pass the GPU through (--gpus all, or --device /dev/dri)".into());
        }
        for Driver { path, fault } in &self.drivers {
            if let Some(fault) = fault {
                advice.push(format!("mend or remove {}, which may hide other drivers: {fault}", path.display()));
            }
        }
        if self.named {
            advice.push("VK_DRIVER_FILES or VK_ICD_FILENAMES hides other drivers: unset it".into());
        }
        advice
    }
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect()
}

/// What the environment names: a driver file, or a folder of them.
fn named(path: PathBuf) -> Vec<PathBuf> {
    if path.is_dir() { files(path) } else { vec![path] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(loader: bool, drivers: &[&str], nvidia: bool, render_node: bool) -> Installation {
        Installation {
            loader: loader.then(|| "libvulkan.so.1".into()),
            drivers: drivers.iter().map(|name| Driver { path: name.into(), fault: None }).collect(),
            named: false,
            nvidia,
            render_node,
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn advice_names_what_is_missing_and_nothing_else() {
        let says = |i: Installation, part: &str| i.advice().iter().any(|line| line.contains(part));
        assert!(says(found(false, &[], true, false), "libvulkan1"));
        assert!(says(found(true, &["lvp_icd.json"], true, true), "libnvidia-gl"));
        assert!(!says(found(true, &["nvidia_icd.json"], true, true), "libnvidia-gl"));
        assert!(says(found(true, &["lvp_icd.json"], false, true), "mesa-vulkan-drivers"));
        assert!(!says(found(true, &["radeon_icd.json"], false, true), "mesa-vulkan-drivers"));
        assert!(says(found(true, &["lvp_icd.json"], false, false), "no GPU"));
        let mut broken = found(true, &["lvp_icd.json", "bad.json"], true, true);
        assert!(!says(broken.clone(), "bad.json"));
        broken.drivers[1].fault = Some("it is not JSON".into());
        assert!(says(broken, "remove bad.json, which may hide other drivers: it is not JSON"));
    }
}
