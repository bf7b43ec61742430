// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Digests: the names of cache entries, and the checksums of files.

use std::fs::File;
use std::io;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// A digest of several parts. Each part has its length as a prefix, so that
/// different lists of parts have different digests.
#[derive(Debug, Default)]
pub(crate) struct Key(Sha256);

impl Key {
    /// `recipe` changes if the code makes incompatible entries.
    pub(crate) fn new(kind: &str, recipe: u32) -> Self {
        Self::default().with(kind).with(recipe.to_le_bytes())
    }

    pub(crate) fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// The digest, for parts that a stranger chooses: he could find two lists with
    /// the same first digits.
    pub(crate) fn whole(self) -> String {
        hex(&self.0.finalize())
    }

    /// The first 24 digits of the digest.
    pub(crate) fn finish(self) -> String {
        let mut name = self.whole();
        name.truncate(24);
        name
    }
}

/// The digest of a file's content.
pub(crate) fn of_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = io::Read::read(&mut file, &mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            break;
        };
        hasher.update(part);
    }
    Ok(hex(&hasher.finalize()))
}

pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let one = Key::new("a", 1).with("bc").with("d").finish();
        let other = Key::new("a", 1).with("b").with("cd").finish();
        assert_ne!(one, other);
        assert_eq!(one.len(), 24);
        let whole = Key::new("a", 1).with("bc").with("d").whole();
        assert!(whole.len() == 64 && whole.starts_with(&one));
    }

    #[test]
    fn a_file_has_the_digest_of_its_content() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"abc").unwrap();
        assert!(of_file(file.path()).unwrap().starts_with("ba7816bf8f01cfea"));
    }
}
