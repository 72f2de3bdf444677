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
//! "whittle3"   8 bytes
//! checksum     16 bytes: XXH3-128 of the XXH3-128 of each 4 MiB of the compiled code
//! ```
//!
//! The key's hash is BLAKE3: what a component's author can make collide would let one component run
//! as another. It and the checksum are taken by several threads, since a component of an interpreter
//! has tens of megabytes of both to read before each load.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

const MAGIC: &[u8; 8] = b"whittle3";
const TRAILER_BYTES: usize = 24;

/// What has a checksum of its own.
const BLOCK_BYTES: usize = 1 << 22;

/// What is read at once to be checked: what the processor's cache holds.
const CHUNK_BYTES: usize = 1 << 18;

/// More threads than this gain nothing: memory is the bound.
const THREADS: usize = 4;

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
        self.0.update_rayon(bytes);
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
        file.write_all(&checksum(compiled))?;
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
    let mut trailer = [0; TRAILER_BYTES];
    file.seek(SeekFrom::Start(compiled as u64))?;
    file.read_exact(&mut trailer)?;
    let (magic, expected) = trailer.split_at(MAGIC.len());
    let is_whole = magic == MAGIC && expected == checksum_of_file(path, compiled)?;
    Ok(is_whole.then_some(compiled))
}

fn checksum(compiled: &[u8]) -> [u8; 16] {
    let blocks = compiled.chunks(BLOCK_BYTES).map(xxh3_128);
    over_blocks(blocks)
}

fn over_blocks(blocks: impl Iterator<Item = u128>) -> [u8; 16] {
    let mut hasher = Xxh3::new();
    for block in blocks {
        hasher.update(&block.to_le_bytes());
    }
    hasher.digest128().to_le_bytes()
}

/// As [`checksum`], of a file's first bytes.
fn checksum_of_file(path: &Path, length: usize) -> io::Result<[u8; 16]> {
    let blocks = length.div_ceil(BLOCK_BYTES);
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = threads.min(THREADS).min(blocks);
    if threads <= 1 {
        return Ok(over_blocks(checksums(path, 0..blocks, length)?.into_iter()));
    }
    let share = blocks.div_ceil(threads);
    let shares = (0..blocks)
        .step_by(share)
        .map(|start| start..blocks.min(start + share));
    let checksums: io::Result<Vec<Vec<u128>>> = thread::scope(|scope| {
        let workers: Vec<_> = shares
            .map(|share| scope.spawn(move || checksums(path, share, length)))
            .collect();
        let results = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
        });
        results.collect()
    });
    Ok(over_blocks(checksums?.into_iter().flatten()))
}

/// The checksums of some blocks of a file's first bytes.
fn checksums(path: &Path, blocks: Range<usize>, length: usize) -> io::Result<Vec<u128>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start((blocks.start * BLOCK_BYTES) as u64))?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let checksum = |block: usize| {
        let mut remaining = BLOCK_BYTES.min(length - block * BLOCK_BYTES);
        let mut hasher = Xxh3::new();
        while remaining > 0 {
            let chunk = &mut chunk[..remaining.min(CHUNK_BYTES)];
            file.read_exact(chunk)?;
            hasher.update(chunk);
            remaining -= chunk.len();
        }
        Ok(hasher.digest128())
    };
    blocks.map(checksum).collect()
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
        // More than one thread has, and not a whole number of blocks.
        let code: Vec<u8> = (0..9_600_000_u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect();
        cache.put(&key, &code);
        let path = cache.path(&key);
        assert_eq!(cache.get(&key), Some((path.clone(), code.len())));
        let whole = fs::read(&path).expect("it is there");
        assert_eq!(whole[..code.len()], code);
        let mut damaged = whole.clone();
        damaged[2 * BLOCK_BYTES + CHUNK_BYTES + 3] ^= 1;
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
