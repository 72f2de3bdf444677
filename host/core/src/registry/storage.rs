//! The storage of components: a directory, a bucket or memory, shared by any number of nodes.
//!
//! ```text
//! blobs/<SHA-256>.wasm              a component, by its content
//! versions/<name>/<version>.json    what makes it a version: its hash, its size, its functions
//! disabled/<name>/<version>/<hash>  exists if the version is disabled; empty
//! ```
//!
//! Each object is written atomically, and no object is ever read, modified and written back. The
//! version's record is written last, and only if it does not exist. So if a node dies, or two nodes
//! register the same version at once, the version is complete or absent; at worst an unused blob is
//! left, which [`Storage::sweep`] removes. The storage knows nothing of what is in a component.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::path::Path as FilePath;
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode, PutPayload,
};
use semver::Version;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::sha256::Sha256;
use crate::error::Cause;

/// The format of a version's record that this host writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// A record has a few hundred bytes, mostly the names of functions.
const RECORD_BYTES: u64 = 1 << 18;

/// How long an unused blob is kept: a version may be about to use it.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// Where a registry keeps components. Clones share it, and so do nodes with the same directory or
/// bucket.
#[derive(Debug, Clone)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    background: Arc<Background>,
}

/// The thread that waits for the store, so that any kind of caller can wait for it in turn.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        // Unlike dropping the runtime itself, this may happen inside another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why the store cannot be used, or what is damaged in it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The store failed.
    #[error("the registry's store cannot {action} `{path}`")]
    Failed {
        /// The operation, such as `read`.
        action: &'static str,
        /// The object's path in the store.
        path: String,
        /// The error of the store.
        source: Cause,
    },
    /// A URL is not that of a known object store.
    #[error(
        "`{url}` is not a registry: expected a directory, or the URL of an object store such as \
         `s3://bucket/prefix`"
    )]
    NoStore {
        /// The URL.
        url: String,
    },
    /// An object is not as it was written.
    #[error("`{path}` in the registry's store is damaged: {problem}")]
    Damaged {
        /// The object's path in the store.
        path: String,
        /// What is damaged.
        problem: String,
    },
}

/// The key of a version in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) version: Version,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.name, self.version)
    }
}

/// The record of a version in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    pub(super) sha256: Sha256,
    pub(super) bytes: usize,
    /// The names of its functions, which errors need if the version cannot be used.
    pub(super) functions: Vec<String>,
}

impl Record {
    pub(super) fn new(component: &[u8], functions: Vec<String>) -> Self {
        Self {
            format: FORMAT,
            sha256: Sha256::of(component),
            bytes: component.len(),
            functions,
        }
    }
}

/// A version in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: Key,
    /// Changes when the record changes.
    pub(super) tag: String,
    pub(super) written: SystemTime,
}

impl Storage {
    /// Keeps components in memory, until the last clone is dropped.
    ///
    /// # Errors
    ///
    /// The same as for [`Storage::new`].
    pub fn in_memory() -> Result<Self, StorageError> {
        Self::new(Arc::new(InMemory::new()))
    }

    /// Keeps components in a directory, which is created if it does not exist. Whoever can write
    /// there decides what the nodes run.
    ///
    /// # Errors
    ///
    /// The directory cannot be created.
    pub fn local(folder: &FilePath) -> Result<Self, StorageError> {
        let failed = |source| StorageError::Failed {
            action: "open",
            path: folder.display().to_string(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(Cause::new(error)))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| failed(Cause::new(error)))?
            // A registered version survives a power failure.
            .with_fsync(true);
        Self::new(Arc::new(store))
    }

    /// Keeps components at a URL: `file:///directory`, `memory:///`, or, with the feature `s3`,
    /// `s3://bucket/prefix`. The options are those of the `object_store` crate, with the names of
    /// the AWS tools' environment variables: `aws_access_key_id`, `aws_endpoint`.
    ///
    /// # Errors
    ///
    /// The URL is invalid or its scheme not supported, or an option is missing.
    pub fn from_url(
        url: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StorageError> {
        let failed = |source| StorageError::Failed {
            action: "open",
            path: url.to_owned(),
            source,
        };
        let parsed = Url::parse(url).map_err(|error| failed(Cause::new(error)))?;
        if let Ok(folder) = parsed.to_file_path()
            && parsed.scheme() == "file"
        {
            return Self::local(&folder);
        }
        // Plain HTTP is any server, of which nobody knows whether it keeps objects.
        if let Ok((ObjectStoreScheme::Http, _)) | Err(_) = ObjectStoreScheme::parse(&parsed) {
            let url = url.to_owned();
            return Err(StorageError::NoStore { url });
        }
        let (store, prefix) = object_store::parse_url_opts(&parsed, options)
            .map_err(|error| failed(Cause::new(error)))?;
        Self::new(Arc::new(PrefixStore::new(store, prefix)))
    }

    /// Keeps components in any object store. The store must support creating an object only if it
    /// does not exist ([`PutMode::Create`]), as those of S3, Google and Azure do.
    ///
    /// # Errors
    ///
    /// The thread that waits for the store cannot be started.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Result<Self, StorageError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("whittle-store")
            .enable_all()
            .build()
            .map_err(|error| failed("open", &Path::default(), Cause::new(error)))?;
        Ok(Self {
            objects,
            background: Arc::new(Background(Some(runtime))),
        })
    }

    /// Writes a component and returns its key. A component that exists is written again: that
    /// updates its time, so that it is not swept before its version is written.
    pub(super) fn put_blob(&self, component: &[u8]) -> Result<(), StorageError> {
        let path = blob(&Sha256::of(component));
        let payload = PutPayload::from(component.to_vec());
        self.run("write", path, |objects, path| async move {
            objects.put(&path, payload).await.map(drop)
        })
    }

    /// Reads a component and verifies its hash.
    pub(super) fn blob(&self, record: &Record) -> Result<Vec<u8>, StorageError> {
        let path = blob(&record.sha256);
        let component = self.read(path.clone(), record.bytes as u64)?;
        verified(component, &record.sha256, &path)
    }

    /// Reads the component with a hash, and verifies it. `None` if the store has none.
    ///
    /// # Errors
    ///
    /// The store fails, or the component is damaged or has more than `largest` bytes.
    pub fn component(
        &self,
        sha256: &Sha256,
        largest: usize,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let path = blob(sha256);
        let Some(component) = self.read_if_there(path.clone(), largest as u64)? else {
            return Ok(None);
        };
        verified(component, sha256, &path).map(Some)
    }

    /// Writes a version's record if there is none; otherwise returns the existing one.
    pub(super) fn create(
        &self,
        key: &Key,
        record: &Record,
    ) -> Result<Result<(), Record>, StorageError> {
        let path = version(key);
        let text = serde_json::to_vec(record)
            .map_err(|error| failed("write", &path, Cause::new(error)))?;
        let created = self.run("write", path, |objects, path| async move {
            let created = objects
                .put_opts(&path, text.into(), PutMode::Create.into())
                .await;
            match created {
                Ok(_) => Ok(true),
                Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        if created {
            return Ok(Ok(()));
        }
        self.record(key).map(Err)
    }

    /// Reads a version's record.
    pub(super) fn record(&self, key: &Key) -> Result<Record, StorageError> {
        let path = version(key);
        let text = self.read(path.clone(), RECORD_BYTES)?;
        let record: Record = serde_json::from_slice(&text)
            .map_err(|error| damaged(&path, format!("not a record of a version: {error}")))?;
        if record.format != FORMAT {
            let problem = format!(
                "the format is {}, but this host reads only {FORMAT}",
                record.format
            );
            return Err(damaged(&path, problem));
        }
        Ok(record)
    }

    /// All versions. Objects that are not records are skipped.
    pub(super) fn versions(&self) -> Result<Vec<Listed>, StorageError> {
        let objects = self.list("versions")?;
        let versions = objects.into_iter().filter_map(|meta| {
            Some(Listed {
                key: parse_key(&meta.location)?,
                tag: tag(&meta),
                written: meta.last_modified.into(),
            })
        });
        Ok(versions.collect())
    }

    /// Removes a version; its component stays until a sweep.
    pub(super) fn remove(&self, key: &Key, sha256: Option<&Sha256>) -> Result<(), StorageError> {
        self.delete(version(key))?;
        match sha256 {
            Some(sha256) => self.set_disabled(key, sha256, false),
            None => Ok(()),
        }
    }

    /// The disabled versions, each with the hash of its component, so that a marker of a deleted
    /// version does not disable a new version of the same name.
    pub(super) fn disabled(&self) -> Result<HashSet<(Key, Sha256)>, StorageError> {
        let objects = self.list("disabled")?;
        let disabled = objects.iter().filter_map(|meta| {
            let parts: Vec<_> = meta.location.parts().skip(1).collect();
            let [name, version, sha256] = parts.as_slice() else {
                return None;
            };
            let key = Key {
                name: name.as_ref().to_owned(),
                version: version.as_ref().parse().ok()?,
            };
            Some((key, sha256.as_ref().parse().ok()?))
        });
        Ok(disabled.collect())
    }

    /// Disables or enables a version.
    pub(super) fn set_disabled(
        &self,
        key: &Key,
        sha256: &Sha256,
        disabled: bool,
    ) -> Result<(), StorageError> {
        let path = path([
            "disabled",
            &key.name,
            &key.version.to_string(),
            &sha256.to_string(),
        ]);
        if !disabled {
            return self.delete(path);
        }
        self.run("write", path, |objects, path| async move {
            objects.put(&path, PutPayload::new()).await.map(drop)
        })
    }

    /// Removes components that no version uses and that were written more than an hour ago; returns
    /// their number.
    pub(super) fn sweep(&self) -> Result<usize, StorageError> {
        let blobs = self.list("blobs")?;
        let mut needed = HashSet::new();
        for Listed { key, .. } in self.versions()? {
            // If a record cannot be read, any blob may be in use.
            needed.insert(blob(&self.record(&key)?.sha256));
        }
        let now = SystemTime::now();
        let mut swept = 0;
        for meta in blobs {
            let age = now.duration_since(meta.last_modified.into());
            if needed.contains(&meta.location) || age.unwrap_or_default() < GRACE {
                continue;
            }
            self.delete(meta.location)?;
            swept += 1;
        }
        Ok(swept)
    }

    fn read(&self, path: Path, allowed: u64) -> Result<Vec<u8>, StorageError> {
        let read = self.read_if_there(path.clone(), allowed)?;
        read.ok_or_else(|| failed("read", &path, Cause::new("it does not exist")))
    }

    /// Reads an object; `None` if it does not exist.
    fn read_if_there(&self, path: Path, allowed: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let read = self.run("read", path.clone(), move |objects, path| async move {
            let object = match objects.get(&path).await {
                Ok(object) => object,
                Err(object_store::Error::NotFound { .. }) => return Ok(Ok(None)),
                Err(error) => return Err(error),
            };
            let bytes = object.meta.size;
            if bytes > allowed {
                return Ok(Err(bytes));
            }
            Ok(Ok(Some(object.bytes().await?)))
        })?;
        match read {
            Ok(bytes) => Ok(bytes.map(Into::into)),
            Err(bytes) => Err(damaged(
                &path,
                format!("found {bytes} bytes, but at most {allowed} were expected"),
            )),
        }
    }

    /// Deletes an object, if it exists.
    fn delete(&self, path: Path) -> Result<(), StorageError> {
        self.run("delete", path, |objects, path| async move {
            match objects.delete(&path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                other => other,
            }
        })
    }

    fn list(&self, folder: &'static str) -> Result<Vec<ObjectMeta>, StorageError> {
        self.run("list", Path::from(folder), |objects, path| async move {
            objects.list(Some(&path)).try_collect().await
        })
    }

    /// Runs a task on the background thread, and waits for it.
    fn run<T, Work>(
        &self,
        action: &'static str,
        path: Path,
        work: impl FnOnce(Arc<dyn ObjectStore>, Path) -> Work,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        Work: Future<Output = object_store::Result<T>> + Send + 'static,
    {
        let Some(runtime) = &self.background.0 else {
            return Err(failed(action, &path, Cause::new("it is closed")));
        };
        let (answer, answered) = mpsc::sync_channel(1);
        let work = work(Arc::clone(&self.objects), path.clone());
        runtime.spawn(async move {
            // Nobody has stopped waiting.
            let _ = answer.send(work.await);
        });
        match answered.recv() {
            Ok(answer) => answer.map_err(|error| failed(action, &path, Cause::new(error))),
            Err(_) => Err(failed(action, &path, Cause::new("it panicked"))),
        }
    }
}

/// A component, if it has this hash.
fn verified(component: Vec<u8>, sha256: &Sha256, path: &Path) -> Result<Vec<u8>, StorageError> {
    let found = Sha256::of(&component);
    if found == *sha256 {
        return Ok(component);
    }
    Err(damaged(
        path,
        format!("found {} bytes with the SHA-256 {found}", component.len()),
    ))
}

fn failed(action: &'static str, path: &Path, source: Cause) -> StorageError {
    StorageError::Failed {
        action,
        path: path.to_string(),
        source,
    }
}

fn damaged(path: &Path, problem: String) -> StorageError {
    StorageError::Damaged {
        path: path.to_string(),
        problem,
    }
}

fn path<'a>(parts: impl IntoIterator<Item = &'a str>) -> Path {
    Path::from_iter(parts)
}

fn blob(sha256: &Sha256) -> Path {
    path(["blobs", &format!("{sha256}.wasm")])
}

fn version(key: &Key) -> Path {
    path(["versions", &key.name, &format!("{}.json", key.version)])
}

/// The version with its record at a path.
fn parse_key(path: &Path) -> Option<Key> {
    let mut parts = path.parts().skip(1);
    let (name, version) = (parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some(Key {
        name: name.as_ref().to_owned(),
        version: version.as_ref().strip_suffix(".json")?.parse().ok()?,
    })
}

fn tag(meta: &ObjectMeta) -> String {
    let written = || format!("{}-{}", meta.last_modified.timestamp_micros(), meta.size);
    meta.e_tag.clone().unwrap_or_else(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(version: &str) -> Key {
        Key {
            name: "a-b_c".to_owned(),
            version: version.parse().expect("semver"),
        }
    }

    /// Every kind of version survives the conversion to a path and back.
    #[test]
    fn a_version_survives_the_conversion_to_a_path() {
        for text in ["1.2.3", "1.0.0-rc.1", "1.0.0+build.5", "1.0.0-a.b+c-d"] {
            let key = key(text);
            assert_eq!(parse_key(&version(&key)), Some(key));
        }
        for text in [
            "versions/a",
            "versions/a/1.0.json",
            "versions/a/1.0.0",
            "versions/a/b/1.0.0.json",
        ] {
            assert_eq!(parse_key(&Path::from(text)), None, "{text}");
        }
    }

    #[test]
    fn creates_a_version_once_and_finds_it_again() {
        let storage = Storage::in_memory().expect("a thread");
        let (first, second) = (
            Record::new(b"one", vec!["f".to_owned()]),
            Record::new(b"two", vec!["f".to_owned()]),
        );
        storage.put_blob(b"one").expect("written");
        assert_eq!(
            storage.create(&key("1.0.0"), &first).expect("no failure"),
            Ok(())
        );
        assert_eq!(
            storage.create(&key("1.0.0"), &second).expect("no failure"),
            Err(first.clone())
        );
        let listed = storage.versions().expect("listed");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].key, key("1.0.0"));
        assert_eq!(storage.record(&key("1.0.0")).expect("read"), first);
        assert_eq!(storage.blob(&first).expect("read"), b"one");
    }

    #[test]
    fn reads_a_component_by_its_hash() {
        let storage = Storage::in_memory().expect("a thread");
        storage.put_blob(b"one").expect("written");
        let read = |bytes: &[u8], largest| {
            let read = storage.component(&Sha256::of(bytes), largest);
            read.map_err(|error| error.to_string())
        };
        assert_eq!(read(b"one", 3), Ok(Some(b"one".to_vec())));
        assert_eq!(read(b"two", 3), Ok(None));
        let error = read(b"one", 2).expect_err("too large");
        assert!(
            error.ends_with("found 3 bytes, but at most 2 were expected"),
            "{error}"
        );
        let path = blob(&Sha256::of(b"two"));
        let other = storage.run("write", path, |objects, path| async move {
            objects.put(&path, "one".into()).await.map(drop)
        });
        other.expect("written");
        let error = read(b"two", 3).expect_err("damaged");
        assert!(
            error.contains("is damaged: found 3 bytes with the SHA-256"),
            "{error}"
        );
    }

    #[test]
    fn opens_a_store_by_its_url() {
        let folder = tempfile::tempdir().expect("a directory");
        let url = format!("file://{}", folder.path().join("deep/down").display());
        let storage = Storage::from_url(&url, []).expect("a directory");
        storage.put_blob(b"one").expect("written");
        assert!(folder.path().join("deep/down/blobs").is_dir());
        let memory = Storage::from_url("memory:///udfs", []).expect("memory");
        memory.put_blob(b"one").expect("written");
        assert_eq!(memory.list("blobs").expect("listed").len(), 1);
        let error = |url| {
            let error = Storage::from_url(url, []).expect_err("no store");
            Cause::chain(&error).to_string()
        };
        assert_eq!(
            error("udfs"),
            "the registry's store cannot open `udfs`: relative URL without a base"
        );
        assert_eq!(
            error("ftp://udfs"),
            "`ftp://udfs` is not a registry: expected a directory, or the URL of an object store such as `s3://bucket/prefix`"
        );
    }

    #[test]
    fn a_young_blob_is_not_swept() {
        let storage = Storage::in_memory().expect("a thread");
        storage.put_blob(b"one").expect("written");
        assert_eq!(storage.sweep().expect("swept"), 0);
        assert_eq!(storage.list("blobs").expect("listed").len(), 1);
    }
}
