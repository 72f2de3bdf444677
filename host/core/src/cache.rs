//! Compiled components on disk, so that a component is compiled once and not once a process.
//!
//! A file's name is its key: a hash of the component, of accessor and driver, and of everything
//! in Wasmtime that compiled code depends on (its version, settings and the processor). A file is
//! written under another name and moved into place, so readers in any process see all of it or
//! nothing; of two writers one wins, with the same content. A file that is cut, damaged or of
//! another program is noticed by its checksum and made anew.
//!
//! The checksum is against accidents. Whoever can write in the folder can run code in this
//! process, since Wasmtime trusts compiled code: the folder is made readable for its owner alone.
//!
//! ```text
//! "whittle1"   8 bytes
//! checksum     16 bytes, XXH3-128 of what follows
//! compiled     as Wasmtime serialized it
//! ```

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

const MAGIC: &[u8; 8] = b"whittle1";
const HEADER_BYTES: usize = 24;

pub(crate) struct Cache {
    folder: PathBuf,
}

/// The name of a compiled component.
#[derive(Debug, Clone)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(component: &[u8], composition: &[u8], engine: &wasmtime::Engine) -> Self {
        let mut hasher = Fields(Sha256::new());
        component.hash(&mut hasher);
        composition.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(
            hasher
                .0
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

/// Lets types that hash themselves do so with SHA-256.
struct Fields(Sha256);

impl Hasher for Fields {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The compiled code of a key, as [`Cache::put`] got it; `None` where there is none that is
    /// whole.
    pub(crate) fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut file = match fs::read(&path) {
            Ok(file) => file,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    log::warn!(
                        "cannot read the compiled component {}: {error}",
                        path.display()
                    );
                }
                return None;
            }
        };
        if !is_whole(&file) {
            log::warn!(
                "the compiled component {} is damaged: compiling anew",
                path.display()
            );
            return None;
        }
        file.drain(..HEADER_BYTES);
        Some(file)
    }

    /// Keeps compiled code. A cache that cannot be written costs time, never an answer: that is
    /// logged.
    pub(crate) fn put(&self, key: &Key, compiled: &[u8]) {
        let path = self.path(key);
        if let Err(error) = self.write(&path, compiled) {
            log::warn!(
                "cannot keep the compiled component {}: {error}",
                path.display()
            );
        }
    }

    fn write(&self, path: &Path, compiled: &[u8]) -> io::Result<()> {
        make_private(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(MAGIC)?;
        file.write_all(&XxHash3_128::oneshot(compiled).to_le_bytes())?;
        file.write_all(compiled)?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0)
    }
}

fn is_whole(file: &[u8]) -> bool {
    let Some((header, compiled)) = file.split_at_checked(HEADER_BYTES) else {
        return false;
    };
    let checksum = XxHash3_128::oneshot(compiled).to_le_bytes();
    header[..MAGIC.len()] == *MAGIC && header[MAGIC.len()..] == checksum
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_cut_damaged_or_foreign_is_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(folder.path().join("compiled"));
        let key = Key("key".to_owned());
        assert_eq!(cache.get(&key), None);
        cache.put(&key, b"compiled code");
        assert_eq!(cache.get(&key).as_deref(), Some(&b"compiled code"[..]));
        let path = cache.path(&key);
        let whole = fs::read(&path).expect("it is there");
        let mut damaged = whole.clone();
        damaged[HEADER_BYTES + 3] ^= 1;
        for bytes in [
            &whole[..whole.len() - 1],
            &whole[..10],
            b"",
            &damaged,
            b"another program's",
        ] {
            fs::write(&path, bytes).expect("it can be written");
            assert_eq!(cache.get(&key), None);
        }
    }
}
