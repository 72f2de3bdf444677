//! tantivy's writer of an index, which is there only while it is needed.
//!
//! Merges go on in the background, a bounded number over all indexes that share [`Resources`]; the
//! writer stays until they are over.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{
    IndexWriterOptions, LogMergePolicy, MergeCandidate, MergePolicy, NoMergePolicy,
};
use tantivy::{IndexWriter, TantivyError};

use super::inner::lock;
use super::resources::{Permit, Resources};

/// The memory for documents that are not yet in segments, over all threads, in bytes.
const HEAP_BYTES: usize = 64 << 20;

/// Threads that merge, of each writer.
const MERGE_THREADS: usize = 2;

/// How often a merge of all segments is tried while others go on, and what lies between.
const MERGE_TRIES: usize = 600;
const MERGE_PAUSE: Duration = Duration::from_millis(50);

/// Which part of a segment may be deleted documents before it is written anew.
const DELETED_RATIO: f32 = 0.3;

/// Where the writer of an index is, if it has one.
pub(super) struct Slot {
    resources: Resources,
    threads: usize,
    writer: Mutex<Option<Writer>>,
    merging: Arc<Merging>,
}

struct Writer {
    writer: IndexWriter,
    _permit: Permit,
}

/// The segments that are being merged.
#[derive(Default)]
struct Merging {
    segments: Mutex<HashSet<SegmentId>>,
    ended: Condvar,
}

/// A writer in use.
pub(super) struct InUse<'a> {
    slot: &'a Slot,
    writer: MutexGuard<'a, Option<Writer>>,
}

impl Slot {
    pub(super) fn new(resources: &Resources, threads: usize) -> Arc<Self> {
        Arc::new(Self {
            resources: resources.clone(),
            threads: threads.clamp(1, 4),
            writer: Mutex::new(None),
            merging: Arc::default(),
        })
    }

    /// The index's writer, which is made if it has none; waits until it may have one.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn writer(self: &Arc<Self>, index: &tantivy::Index) -> tantivy::Result<InUse<'_>> {
        let mut writer = lock(&self.writer);
        if writer.is_none() {
            let _permit = self.resources.writer();
            let made = self.make(index)?;
            *writer = Some(Writer {
                writer: made,
                _permit,
            });
        }
        self.resources.used(self);
        Ok(InUse { slot: self, writer })
    }

    fn make(&self, index: &tantivy::Index) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(self.threads)
            .memory_budget_per_thread(HEAP_BYTES / self.threads)
            .num_merge_threads(MERGE_THREADS)
            .build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        // A writer's first operation gets the number of the last commit, up to which a merge takes
        // the deletes of a segment for done: a delete with that number was lost.
        writer.run(Vec::new())?;
        // What a commit that failed left behind has names that the next one takes, and tantivy
        // refuses to write over files. Where its record of them cannot be saved, they are gone too.
        let _ = writer.garbage_collect_files().wait();
        // Merges are begun in `begin_merges`, so that their number is bounded over all indexes.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(writer)
    }

    /// Lets go of a writer that is not in use; whether there was one.
    pub(super) fn yield_idle(&self) -> bool {
        let Ok(mut writer) = self.writer.try_lock() else {
            return false;
        };
        !self.is_merging() && writer.take().is_some()
    }

    pub(super) fn is_merging(&self) -> bool {
        !lock(&self.merging.segments).is_empty()
    }

    /// Drops the writer, with whatever it was given and did not commit.
    pub(super) fn reset(&self) {
        *lock(&self.writer) = None;
    }

    /// Waits for the merges, and lets go of the writer.
    ///
    /// # Errors
    ///
    /// If the writer failed.
    pub(super) fn finish(&self) -> tantivy::Result<()> {
        match lock(&self.writer).take() {
            Some(writer) => writer.writer.wait_merging_threads(),
            None => Ok(()),
        }
    }

    /// Waits for merges, but not longer than so long.
    pub(super) fn wait_for_merges(&self, at_most: Duration) {
        let segments = lock(&self.merging.segments);
        let ended = &self.merging.ended;
        let _ = ended.wait_timeout_while(segments, at_most, |segments| !segments.is_empty());
    }
}

impl InUse<'_> {
    pub(super) fn get(&mut self) -> tantivy::Result<&mut IndexWriter> {
        let writer = self.writer.as_mut().map(|writer| &mut writer.writer);
        writer.ok_or_else(|| TantivyError::InternalError("the writer is gone".to_owned()))
    }

    /// Begins the merges that segments are due for, as far as they may run now; the others are begun
    /// after a later commit.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn begin_merges(&mut self, metas: &[SegmentMeta]) -> tantivy::Result<()> {
        let merging = Arc::clone(&self.slot.merging);
        let metas: Vec<SegmentMeta> = {
            let busy = lock(&merging.segments);
            let free = metas.iter().filter(|meta| !busy.contains(&meta.id()));
            free.cloned().collect()
        };
        if let [only] = &metas[..]
            && only.num_deleted_docs() == 0
        {
            return Ok(());
        }
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DELETED_RATIO);
        for MergeCandidate(ids) in policy.compute_merge_candidates(&metas) {
            let Some(permit) = self.slot.resources.try_merge() else {
                return Ok(());
            };
            lock(&merging.segments).extend(&ids);
            let merge = self.get()?.merge(&ids);
            let ended = Ended {
                merging: Arc::clone(&merging),
                ids,
                _permit: permit,
            };
            let waits = move || {
                // What failed is tried again after a later commit.
                let _ = merge.wait();
                drop(ended);
            };
            thread::Builder::new()
                .name("whittle-merge".to_owned())
                .spawn(waits)?;
        }
        Ok(())
    }

    /// Makes one segment of all. A merge that goes on already takes segments away; it is waited for
    /// by trying again.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn merge_all(&mut self, index: &tantivy::Index) -> tantivy::Result<()> {
        for _ in 0..MERGE_TRIES {
            match self.try_merge_all(index) {
                Err(TantivyError::InvalidArgument(_)) => thread::sleep(MERGE_PAUSE),
                other => return other,
            }
        }
        self.try_merge_all(index)
    }

    fn try_merge_all(&mut self, index: &tantivy::Index) -> tantivy::Result<()> {
        let metas = index.searchable_segment_metas()?;
        let is_merged = match &metas[..] {
            [] => true,
            [one] => one.num_deleted_docs() == 0,
            _ => false,
        };
        if !is_merged {
            let ids: Vec<SegmentId> = metas.iter().map(SegmentMeta::id).collect();
            self.get()?.merge(&ids).wait()?;
        }
        Ok(())
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        if self.slot.resources.is_writer_wanted() && !self.slot.is_merging() {
            *self.writer = None;
        }
    }
}

/// Says that a merge is over, also if it could not be waited for.
struct Ended {
    merging: Arc<Merging>,
    ids: Vec<SegmentId>,
    _permit: Permit,
}

impl Drop for Ended {
    fn drop(&mut self) {
        let mut segments = lock(&self.merging.segments);
        for id in &self.ids {
            segments.remove(id);
        }
        self.merging.ended.notify_all();
    }
}
