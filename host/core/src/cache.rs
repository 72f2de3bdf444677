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
//! compiled     as Wasmtime serialized it; first, so that the file can be mapped
//! "whittle2"   8 bytes
//! checksum     16 bytes, XXH3-128 of the compiled code
//! ```
//!
//! The key's hash is BLAKE3: what a component's author can make collide would let one component run
//! as another, and a component of an interpreter has megabytes to hash before each load.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

const MAGIC: &[u8; 8] = b"whittle2";
const TRAILER_BYTES: usize = 24;

/// What is read at once to be checked: what the processor's cache holds.
const CHUNK_BYTES: usize = 1 << 18;

pub(crate) struct Cache {
    folder: PathBuf,
}

/// The name of a compiled component.
#[derive(Debug, Clone)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(component: &[u8], composition: &[u8], engine: &wasmtime::Engine) -> Self {
        let mut hasher = Fields(blake3::Hasher::new());
        component.hash(&mut hasher);
        composition.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(hasher.0.finalize().to_hex().to_string())
    }
}

/// Lets types that hash themselves do so with BLAKE3.
struct Fields(blake3::Hasher);

impl Hasher for Fields {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.finalize();
        let first = digest.as_bytes().iter().take(8);
        first.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file that begins with a key's compiled code, as [`Cache::put`] got it, and how many
    /// bytes that has; `None` where there is none that is whole.
    pub(crate) fn get(&self, key: &Key) -> Option<(PathBuf, usize)> {
        let path = self.path(key);
        match check(&path) {
            Ok(Some(bytes)) => Some((path, bytes)),
            Ok(None) => {
                log::warn!(
                    "the compiled component {} is damaged: compiling anew",
                    path.display()
                );
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                log::warn!(
                    "cannot read the compiled component {}: {error}",
                    path.display()
                );
                None
            }
        }
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
        file.write_all(compiled)?;
        file.write_all(MAGIC)?;
        file.write_all(&xxh3_128(compiled).to_le_bytes())?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0)
    }
}

/// How many bytes of compiled code a file has; `None` where it is not whole.
fn check(path: &Path) -> io::Result<Option<usize>> {
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let Some(compiled) = length.checked_sub(TRAILER_BYTES) else {
        return Ok(None);
    };
    let mut hasher = Xxh3::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut remaining = compiled;
    while remaining > 0 {
        let chunk = &mut chunk[..remaining.min(CHUNK_BYTES)];
        file.read_exact(chunk)?;
        hasher.update(chunk);
        remaining -= chunk.len();
    }
    let mut trailer = [0; TRAILER_BYTES];
    file.read_exact(&mut trailer)?;
    let (magic, checksum) = trailer.split_at(MAGIC.len());
    let is_whole = magic == MAGIC && checksum == hasher.digest128().to_le_bytes();
    Ok(is_whole.then_some(compiled))
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
        // More than is read at once.
        let code: Vec<u8> = (0..600_000_u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect();
        cache.put(&key, &code);
        let path = cache.path(&key);
        assert_eq!(cache.get(&key), Some((path.clone(), code.len())));
        let whole = fs::read(&path).expect("it is there");
        assert_eq!(whole[..code.len()], code);
        let mut damaged = whole.clone();
        damaged[CHUNK_BYTES + 3] ^= 1;
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
