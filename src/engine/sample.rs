//! The sample directory that the demo runs over.

use std::path::{Path, PathBuf};

use super::{Engine, Error};

/// About 1,200 invented users, as a domain controller would export them.
const SAMPLE: &[u8] = include_bytes!("../../assets/sample.ldif");

/// Answers for all seven steps over the sample directory, in the grammar of an answers file.
pub const SAMPLE_ANSWERS: &str = include_str!("../../assets/sample.toml");

impl Engine {
    /// Writes the sample directory into `folder` and says where.
    pub fn write_sample(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join("sample.ldif");
        std::fs::write(&path, SAMPLE).map_err(|why| Error::NotWritten { path: path.clone(), why })?;
        Ok(path)
    }
}
