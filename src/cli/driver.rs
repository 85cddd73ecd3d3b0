//! A driver file of Vulkan (an ICD manifest): whether the loader can use it.
//!
//! The loader reads all of them and says nothing about what is wrong. One that is not JSON hides the others as well.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::portfolio::formats::inputs::Inputs;

/// What is named by the environment or lies in one of the loader's folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    pub path: PathBuf,
    /// Why it is of no use, in words.
    pub fault: Option<String>,
}

impl Driver {
    /// Looks at a driver file. Its library is looked for in `libraries` where it has no folder of its own.
    pub fn look(path: PathBuf, libraries: &[PathBuf]) -> Driver {
        let fault = library(&path).and_then(|library| found(&path, &library, libraries)).err();
        Driver { path, fault }
    }

    /// Whether the file's name has this part.
    pub fn is_named(&self, part: &str) -> bool {
        self.path.file_name().is_some_and(|name| name.to_string_lossy().contains(part))
    }
}

/// The library that the file names.
fn library(path: &Path) -> Result<PathBuf, String> {
    let bytes = Inputs::default().text(path).map_err(|e| e.found)?;
    let manifest: Value = serde_json::from_slice(&bytes).map_err(|e| format!("it is not JSON: {e}"))?;
    let library = manifest.get("ICD").and_then(|icd| icd.get("library_path")).and_then(Value::as_str);
    library.map(PathBuf::from).ok_or_else(|| "it names no library (ICD.library_path)".to_string())
}

/// A path with a folder is relative to the file; a bare name is searched for as any library is.
fn found(path: &Path, library: &Path, libraries: &[PathBuf]) -> Result<(), String> {
    let there = if library.components().count() > 1 {
        path.parent().unwrap_or(Path::new("")).join(library).exists()
    } else {
        libraries.iter().any(|folder| folder.join(library).exists()) || cached(library)
    };
    if there { Ok(()) } else { Err(format!("its library {} is not there", library.display())) }
}

/// Whether the dynamic linker knows a library of this name, in folders of which we know nothing.
fn cached(library: &Path) -> bool {
    let name = library.as_os_str().as_encoded_bytes();
    let cache = Inputs::default().text(Path::new("/etc/ld.so.cache")).unwrap_or_default();
    !name.is_empty() && cache.windows(name.len()).any(|part| part == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_that_is_of_no_use_says_why() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("libdriver.so"), "").unwrap();
        let libraries = [dir.path().to_path_buf()];
        let of = |text: &str| {
            let path = dir.path().join("icd.json");
            std::fs::write(&path, text).unwrap();
            Driver::look(path, &libraries).fault
        };
        for library in ["libdriver.so", "./libdriver.so", &dir.path().join("libdriver.so").display().to_string()] {
            assert_eq!(of(&format!(r#"{{"ICD": {{"library_path": "{library}"}}}}"#)), None, "{library}");
        }
        for (text, word) in [
            ("garbage{", "not JSON"),
            ("", "not JSON"),
            ("[]", "names no library"),
            (r#"{"ICD": {"library_path": "libabsent.so"}}"#, "libabsent.so is not there"),
            (r#"{"ICD": {"library_path": "./lib/libdriver.so"}}"#, "./lib/libdriver.so is not there"),
        ] {
            assert!(of(text).is_some_and(|fault| fault.contains(word)), "{text}");
        }
        assert!(Driver::look(dir.path().join("absent.json"), &[]).fault.unwrap().contains("No such file"));
    }
}
