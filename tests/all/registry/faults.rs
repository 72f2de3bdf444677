//! A store that fails at any of its writes: before the write, as when the node dies, or after it,
//! as when the response is lost. Existing versions stay, and a new one is complete or absent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use whittle_host::{Registry, Storage};

use super::{component, open, query, register, version};

/// When a write fails.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Before,
    After,
}

/// Fails at one write, counted from 0.
#[derive(Debug, Clone)]
struct Faulty {
    objects: Arc<InMemory>,
    writes: Arc<AtomicUsize>,
    at: usize,
    fault: Fault,
}

impl Faulty {
    /// Performs a write, unless it is the one that fails.
    async fn write<T>(&self, write: impl Future<Output = Result<T>>) -> Result<T> {
        let fails = self.writes.fetch_add(1, Ordering::SeqCst) == self.at;
        match self.fault {
            Fault::Before if fails => return Err(fault()),
            Fault::Before | Fault::After => {}
        }
        let written = write.await?;
        if fails { Err(fault()) } else { Ok(written) }
    }
}

fn fault() -> object_store::Error {
    object_store::Error::Generic {
        store: "faulty",
        source: "the power is off".into(),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.write(self.objects.put_opts(location, payload, options))
            .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.objects.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deleted = locations.then(move |location| {
            let store = store.clone();
            async move {
                let location = location?;
                store.write(store.objects.delete(&location)).await?;
                Ok(location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}

/// Performs an operation on a registry with a version `1.0.0`, whose store fails at each of its
/// writes in turn, and checks what another node sees after that. Returns the number of writes.
fn at_each_write(
    act: impl Fn(&Registry) -> std::result::Result<(), String>,
    look: impl Fn(&Registry),
) -> usize {
    for at in 0.. {
        for fault in [Fault::Before, Fault::After] {
            let objects = Arc::new(InMemory::new());
            let sound = Storage::new(objects.clone()).expect("a thread");
            register(&open(&sound), &component("1.0.0", "1")).expect("registered");
            let faulty = Faulty {
                objects,
                writes: Arc::default(),
                at,
                fault,
            };
            let storage = Storage::new(Arc::new(faulty)).expect("a thread");
            let registry = open(&storage);
            match act(&registry) {
                // No write failed.
                Ok(()) => return at,
                Err(error) => assert!(error.ends_with("the power is off"), "{error}"),
            }
            let other = open(&sound);
            look(&other);
            for version in other.list() {
                assert!(version.manifest.is_ok(), "{version:?}");
            }
            // After the failure the operation is repeated, and succeeds.
            let _ = act(&registry);
            let again = act(&registry);
            assert!(
                again.is_ok()
                    || again
                        .as_ref()
                        .is_err_and(|error| error.ends_with("is not registered")),
                "{again:?}"
            );
        }
    }
    unreachable!("it counts without end")
}

#[test]
fn a_registration_that_fails_at_any_write_changes_everything_or_nothing() {
    let writes = at_each_write(
        |registry| register(registry, &component("2.0.0", "2")),
        |other| {
            assert_eq!(query(other, "f@1.0.0"), Ok(1.0));
            let latest = query(other, "f");
            assert!(latest == Ok(1.0) || latest == Ok(2.0), "{latest:?}");
        },
    );
    assert_eq!(writes, 2, "the component, and the version's record");
}

#[test]
fn a_deletion_that_fails_at_any_write_leaves_the_version_complete_or_absent() {
    let deleted = |registry: &Registry| {
        let deleted = registry.delete("by-hand", &version("1.0.0"));
        deleted.map_err(|error| whittle_tests::told(&error))
    };
    let writes = at_each_write(deleted, |other| {
        let answer = query(other, "f");
        let gone = Err("unknown function `f`: there are none".to_owned());
        assert!(answer == Ok(1.0) || answer == gone, "{answer:?}");
    });
    assert_eq!(
        writes, 2,
        "the version's record, and its marker for disabled versions"
    );
}
