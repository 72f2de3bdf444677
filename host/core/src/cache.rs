//! Compiled components on disk, so that a component is compiled once and not once per process.
//!
//! A file's name is its key: a hash of the component, and of everything in
//! Wasmtime that compiled code depends on (its version, settings and the processor). A file is
//! written under a temporary name and then renamed, so readers in any process see all of it or
//! nothing; of two writers one wins, with the same content. The checksum detects a file that is
//! truncated, damaged or from another program; the component is then compiled again.
//!
//! When the directory is full, the least recently used files are removed. A file's modification
//! time is the time of its last use, by any process.
//!
//! The checksum protects against accidents. Whoever can write in the directory can run code in this
//! process, because Wasmtime trusts compiled code: so only the owner can access the directory.
//!
//! ```text
//! compiled     as Wasmtime serialized it; first, so that the file can be mapped
//! "whittle4"   8 bytes
//! checksum     16 bytes: XXH3-128 of the key and of the XXH3-128 of each 4 MiB of the compiled code
//! ```
//!
//! The checksum covers the key, so that a file under another file's name is not intact either.
//!
//! The key's hash is BLAKE3: if an author could make two components with the same hash, one would
//! run as the other. The hash and the checksum are computed by several threads, because for a
//! component with an interpreter each covers tens of megabytes, and both are computed before each
//! load.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

const MAGIC: &[u8; 8] = b"whittle4";
const TRAILER_BYTES: usize = 24;

/// The size of the blocks with a checksum of their own.
const BLOCK_BYTES: usize = 1 << 22;

/// The size of a read: it fits in the processor's cache.
const CHUNK_BYTES: usize = 1 << 18;

/// The maximum number of threads. More gain nothing, because memory is the bottleneck.
const THREADS: usize = 4;

/// A temporary file older than this was left behind by a process that ended.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

pub(crate) struct Cache {
    folder: PathBuf,
    /// The maximum size of all files together, in bytes.
    bytes: u64,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

/// How this process has used an engine's cache of compiled components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatistics {
    /// Components found in the cache.
    pub hits: u64,
    /// Components that had to be compiled.
    pub misses: u64,
    /// Components removed to make room.
    pub evictions: u64,
}

/// The name of a compiled component.
#[derive(Debug, Clone)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(component: &[u8], engine: &wasmtime::Engine) -> Self {
        let mut hasher = Fields(blake3::Hasher::new());
        component.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(hasher.0.finalize().to_hex().to_string())
    }
}

/// A hasher for types that implement `Hash`, with BLAKE3.
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
    pub(crate) fn new(folder: PathBuf, bytes: u64) -> Self {
        Self {
            folder,
            bytes,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        }
    }

    pub(crate) fn statistics(&self) -> CacheStatistics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStatistics {
            hits: get(&self.hits),
            misses: get(&self.misses),
            evictions: get(&self.evictions),
        }
    }

    /// The file that begins with a key's compiled code, as [`Cache::put`] stored it, and the size
    /// of the code in bytes; `None` if there is no intact file.
    pub(crate) fn get(&self, key: &Key) -> Option<(PathBuf, usize)> {
        let found = self.find(key);
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn find(&self, key: &Key) -> Option<(PathBuf, usize)> {
        let path = self.path(key);
        match check(&path, key) {
            Ok(Some(bytes)) => Some((path, bytes)),
            Ok(None) => {
                log::warn!(
                    "the compiled component {} is damaged: compiling again",
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

    /// Stores compiled code. If the cache cannot be written, that costs time but does not change a
    /// result: it is logged.
    pub(crate) fn put(&self, key: &Key, compiled: &[u8]) {
        let path = self.path(key);
        if let Err(error) = self.write(&path, key, compiled) {
            log::warn!(
                "cannot write the compiled component {}: {error}",
                path.display()
            );
        }
    }

    fn write(&self, path: &Path, key: &Key, compiled: &[u8]) -> io::Result<()> {
        make_private(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(compiled)?;
        file.write_all(MAGIC)?;
        file.write_all(&checksum(key, compiled))?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        self.make_room(path)
    }

    /// Removes the least recently used files until the rest fits, but keeps one file.
    fn make_room(&self, but: &Path) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            // Another process may have removed it.
            let file = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)));
            let Ok((path, metadata)) = file else {
                continue;
            };
            let used = metadata.modified()?;
            if is_key(&path) {
                files.push((used, metadata.len(), path));
            } else if metadata.is_file() && used.elapsed().unwrap_or_default() > ABANDONED {
                // An abandoned file is not an eviction. Another process may have removed it already.
                let _ = fs::remove_file(&path);
            }
        }
        files.sort();
        let mut held: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if held <= self.bytes {
                break;
            }
            if path == but {
                continue;
            }
            fs::remove_file(&path)?;
            held -= bytes;
            self.evictions.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0)
    }
}

/// The number of bytes of compiled code in a file; `None` if the file is not intact.
fn check(path: &Path, key: &Key) -> io::Result<Option<usize>> {
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let Some(compiled) = length.checked_sub(TRAILER_BYTES) else {
        return Ok(None);
    };
    let mut trailer = [0; TRAILER_BYTES];
    file.seek(SeekFrom::Start(compiled as u64))?;
    file.read_exact(&mut trailer)?;
    let (magic, expected) = trailer.split_at(MAGIC.len());
    let is_whole = magic == MAGIC && expected == checksum_of_file(path, key, compiled)?;
    if is_whole {
        // A directory that is read-only can still be used: its files are then removed by age.
        let _ = file.set_modified(SystemTime::now());
    }
    Ok(is_whole.then_some(compiled))
}

/// Whether a file name is that of a compiled component, and not of a temporary file.
fn is_key(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn checksum(key: &Key, compiled: &[u8]) -> [u8; 16] {
    let blocks = compiled.chunks(BLOCK_BYTES).map(xxh3_128);
    over_blocks(key, blocks)
}

fn over_blocks(key: &Key, blocks: impl Iterator<Item = u128>) -> [u8; 16] {
    let mut hasher = Xxh3::new();
    hasher.update(key.0.as_bytes());
    for block in blocks {
        hasher.update(&block.to_le_bytes());
    }
    hasher.digest128().to_le_bytes()
}

/// The same as [`checksum`], for the first bytes of a file.
fn checksum_of_file(path: &Path, key: &Key, length: usize) -> io::Result<[u8; 16]> {
    let blocks = length.div_ceil(BLOCK_BYTES);
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = threads.min(THREADS).min(blocks);
    if threads <= 1 {
        let checksums = checksums(path, 0..blocks, length)?;
        return Ok(over_blocks(key, checksums.into_iter()));
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
    Ok(over_blocks(key, checksums?.into_iter().flatten()))
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

    fn cached(code: &[u8]) -> (tempfile::TempDir, Cache, Key) {
        let folder = tempfile::tempdir().expect("a directory");
        let cache = Cache::new(folder.path().join("compiled"), u64::MAX);
        let key = Key("0".repeat(64));
        assert_eq!(cache.get(&key), None);
        cache.put(&key, code);
        assert_eq!(cache.get(&key), Some((cache.path(&key), code.len())));
        (folder, cache, key)
    }

    fn noise(bytes: u32) -> Vec<u8> {
        (0..bytes)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect()
    }

    #[test]
    fn notices_a_file_of_any_other_length() {
        let (_folder, cache, key) = cached(&noise(1000));
        let path = cache.path(&key);
        let whole = fs::read(&path).expect("it is there");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("written");
            assert_eq!(cache.get(&key), None, "{length} bytes");
        }
        fs::write(&path, [&*whole, b"x"].concat()).expect("written");
        assert_eq!(cache.get(&key), None);
        fs::write(&path, &whole[1..]).expect("written");
        assert_eq!(cache.get(&key), None);
        fs::write(&path, &whole).expect("written");
        assert!(cache.get(&key).is_some());
    }

    #[test]
    fn notices_a_flipped_bit_in_any_byte() {
        let (_folder, cache, key) = cached(&noise(1000));
        let path = cache.path(&key);
        let whole = fs::read(&path).expect("it is there");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::write(&path, damaged).expect("written");
            assert_eq!(cache.get(&key), None, "byte {at}");
        }
    }

    #[test]
    fn notices_damage_in_any_block_of_a_large_file() {
        // More than the share of one thread, and not a whole number of blocks.
        let code = noise(9_600_000);
        let (_folder, cache, key) = cached(&code);
        let path = cache.path(&key);
        let whole = fs::read(&path).expect("it is there");
        assert_eq!(whole[..code.len()], code);
        let places = [
            0,
            CHUNK_BYTES - 1,
            BLOCK_BYTES,
            2 * BLOCK_BYTES + CHUNK_BYTES + 3,
            code.len() - 1,
        ];
        for at in places {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).expect("written");
            assert_eq!(cache.get(&key), None, "byte {at}");
        }
        let mut swapped = whole.clone();
        let (first, rest) = swapped.split_at_mut(BLOCK_BYTES);
        first.swap_with_slice(&mut rest[..BLOCK_BYTES]);
        fs::write(&path, swapped).expect("written");
        assert_eq!(cache.get(&key), None, "two blocks in the wrong order");
    }

    #[test]
    fn notices_an_intact_file_of_another_key_and_a_file_of_another_program() {
        let (_folder, cache, key) = cached(&noise(1000));
        let path = cache.path(&key);
        let other = Key("1".repeat(64));
        fs::copy(&path, cache.path(&other)).expect("copied");
        assert_eq!(cache.get(&other), None);
        fs::write(&path, "another program's").expect("written");
        assert_eq!(cache.get(&key), None);
        fs::write(&path, vec![0; 1 << 16]).expect("written");
        assert_eq!(cache.get(&key), None);
    }

    #[test]
    fn removes_the_least_recently_used_files() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = 1000 + TRAILER_BYTES as u64;
        let cache = Cache::new(folder.path().to_owned(), 3 * file + 10);
        let key = |digit: &str| Key(digit.repeat(64));
        let age = |name: &Path, seconds: u64| {
            let then = SystemTime::now() - Duration::from_secs(seconds);
            let file = File::open(name).expect("it is there");
            file.set_modified(then).expect("it is ours");
        };
        for (digit, seconds) in [("a", 30), ("b", 20), ("c", 10)] {
            cache.put(&key(digit), &[1; 1000]);
            age(&cache.path(&key(digit)), seconds);
        }
        // Two processes left temporary files: one ended long ago, one is still writing.
        let (dead, at_work) = (folder.path().join(".tmp1"), folder.path().join(".tmp2"));
        fs::write(&dead, "cut").expect("written");
        age(&dead, 2 * ABANDONED.as_secs());
        fs::write(&at_work, "soon").expect("written");

        assert!(cache.get(&key("a")).is_some(), "and now it is the youngest");
        cache.put(&key("d"), &[1; 1000]);
        let there = ["a", "b", "c", "d"].map(|digit| cache.get(&key(digit)).is_some());
        assert_eq!(there, [true, false, true, true]);
        assert_eq!((dead.exists(), at_work.exists()), (false, true));
        let expected = CacheStatistics {
            hits: 4,
            misses: 1,
            evictions: 1,
        };
        assert_eq!(cache.statistics(), expected);

        // A file that alone exceeds the limit is kept, because it is in use.
        cache.put(&key("e"), &[1; 10_000]);
        let there = ["a", "c", "d", "e"].map(|digit| cache.get(&key(digit)).is_some());
        assert_eq!(there, [false, false, false, true]);
    }
}
