//! Segments: tantivy takes in what was written, all at once, and brings it to the disk.
//!
//! tantivy writes here alone, by one thread at a time. What it fails to take in stays
//! where it was, and is given to it again the next time.
//!
//! Its schema cannot be changed while it is open, and only grows ([`crate::mapping`]). So the
//! mapping that is saved decides: where tantivy's own record of the schema is behind it, that
//! record is written anew, and the index opened again.
//!
//! Knows nothing of the log.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tantivy::directory::Directory;
use tantivy::index::{SegmentId, SegmentReader};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::{IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError, Term};

use super::committed::Committed;
use super::document::SystemFields;
use super::lengths::WithLengths;
use super::pending::{Entry, Pending};
use super::schema_file::bring_schema_up;
use super::{IndexError, Options};
use crate::mapping::{self, Mapping};
use crate::snapshot::Snapshot;
use crate::udf::Dictionaries;

/// How many operations tantivy is given at once.
const BATCH: usize = 256;

/// The memory for documents that are not yet in segments, over all threads, in bytes.
const HEAP_BYTES: usize = 64 << 20;

/// How many merges go on at once.
const MERGE_THREADS: usize = 2;

/// How often a merge of all segments is tried while others go on, and what lies between.
const MERGE_TRIES: usize = 600;
const MERGE_PAUSE: Duration = Duration::from_millis(50);

/// Which part of a segment may be deleted documents before it is written anew.
const DELETED_RATIO: f32 = 0.3;

pub(super) struct Segments {
    directory: Box<dyn Directory>,
    threads: usize,
    /// Of all snapshots.
    dictionaries: Dictionaries,
    /// `None` after a failure: what is on the disk is then read anew.
    open: Option<Open>,
}

struct Open {
    index: tantivy::Index,
    reader: IndexReader,
    writer: IndexWriter,
    committed: Arc<Committed>,
}

impl Segments {
    /// Makes an empty index.
    ///
    /// # Errors
    ///
    /// Where there is one, or the system refuses.
    pub(super) fn create(directory: &dyn Directory, mapping: &Mapping) -> Result<(), IndexError> {
        let settings = IndexSettings::default();
        let schema = mapping.schema().clone();
        tantivy::Index::create(directory.box_clone(), schema, settings)
            .map(drop)
            .map_err(IndexError::tantivy("make an index"))
    }

    /// Opens an index, of which a mapping is known that is no older than its schema. Gives what it
    /// has, and the number of operations it has taken in.
    ///
    /// # Errors
    ///
    /// Where there is none, it is damaged, or the system refuses.
    pub(super) fn open(
        directory: Box<dyn Directory>,
        mapping: &Arc<Mapping>,
        options: Options,
    ) -> Result<(Self, Arc<Committed>, u64), IndexError> {
        let mut segments = Self {
            directory,
            threads: options.threads.clamp(1, 4),
            dictionaries: Dictionaries::new(options.dictionary_bytes),
            open: None,
        };
        let open = segments
            .ready(mapping)
            .map_err(IndexError::tantivy("open its files"))?;
        let committed = Arc::clone(&open.committed);
        let metas = open.index.load_metas();
        let metas = metas.map_err(IndexError::tantivy("read its segments"))?;
        let operations = match metas.payload {
            None => 0,
            Some(payload) => payload.parse().map_err(|_| {
                let text = format!("the commit has the payload `{payload}`, not a number");
                IndexError::tantivy("read its segments")(TantivyError::InternalError(text))
            })?,
        };
        Ok((segments, committed, operations))
    }

    /// Takes in what was written, of the first `operations` operations of the index.
    ///
    /// # Errors
    ///
    /// Where the system refuses. It may then have taken all in or nothing: give it the same again.
    pub(super) fn commit(
        &mut self,
        pending: &Pending,
        mapping: &Arc<Mapping>,
        operations: u64,
    ) -> Result<Arc<Committed>, IndexError> {
        let action = "open its files";
        self.ready(mapping).map_err(IndexError::tantivy(action))?;
        // Where it fails, or panics, what is on the disk is read anew the next time.
        let Some(mut open) = self.open.take() else {
            let text = "it was just opened".to_owned();
            return Err(IndexError::tantivy(action)(TantivyError::InternalError(
                text,
            )));
        };
        let committed = self.commit_to(&mut open, pending, mapping, operations)?;
        self.open = Some(open);
        Ok(committed)
    }

    /// Makes one segment of all, and waits for it.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn merge_all(&mut self) -> Result<(), IndexError> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        open.merge_all()
            .map_err(IndexError::tantivy("merge its segments"))
    }

    /// What searches see, if merges made other segments of it.
    ///
    /// # Errors
    ///
    /// Where they cannot be read.
    pub(super) fn merged(&mut self) -> Result<Option<Arc<Committed>>, IndexError> {
        let Some(open) = &mut self.open else {
            return Ok(None);
        };
        open.reload_merged()
            .map_err(IndexError::tantivy("open merged segments"))
    }

    fn commit_to(
        &self,
        open: &mut Open,
        pending: &Pending,
        mapping: &Arc<Mapping>,
        operations: u64,
    ) -> Result<Arc<Committed>, IndexError> {
        let mut entries: Vec<(&str, &Entry)> = pending.entries().collect();
        // Documents that were written together lie together.
        entries.sort_unstable_by_key(|(_, entry)| entry.seq_no);
        let system = SystemFields::of(mapping).map_err(IndexError::tantivy("find its fields"))?;
        for batch in entries.chunks(BATCH) {
            let mut given = Vec::with_capacity(batch.len());
            for (id, entry) in batch {
                if open.committed.find(id)?.is_some() {
                    given.push(UserOperation::Delete(Term::from_field_text(system.id, id)));
                }
                if let Some(source) = &entry.source {
                    given.push(UserOperation::Add(system.document(id, entry, source)));
                }
            }
            open.writer
                .run(given)
                .map_err(IndexError::tantivy("take in documents"))?;
        }
        let mut commit = || -> tantivy::Result<Arc<Committed>> {
            let mut prepared = open.writer.prepare_commit()?;
            prepared.set_payload(&operations.to_string());
            prepared.commit()?;
            // tantivy does not wait for the name of its new record.
            self.directory.sync_directory()?;
            open.reader.reload()?;
            Ok(Arc::new(self.committed(&open.reader, mapping)?))
        };
        open.committed = commit().map_err(IndexError::tantivy("commit"))?;
        Ok(Arc::clone(&open.committed))
    }

    /// Waits for merges, and lets go of the files.
    ///
    /// # Errors
    ///
    /// Where a merge failed.
    pub(super) fn close(&mut self) -> Result<(), IndexError> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let waited = open.writer.wait_merging_threads();
        waited.map_err(IndexError::tantivy("finish its merges"))
    }

    /// What a reader sees.
    fn committed(
        &self,
        reader: &IndexReader,
        mapping: &Arc<Mapping>,
    ) -> tantivy::Result<Committed> {
        let (mapping, dictionaries) = (Arc::clone(mapping), self.dictionaries.clone());
        Committed::new(Snapshot::new(reader.searcher(), mapping, dictionaries))
    }

    /// The index, open, with a mapping's schema.
    fn ready(&mut self, mapping: &Arc<Mapping>) -> tantivy::Result<&mut Open> {
        let grown = self
            .open
            .take_if(|open| open.index.schema() != *mapping.schema());
        if let Some(open) = grown {
            // A merge that ends later would write the old schema.
            open.writer.wait_merging_threads()?;
        }
        if self.open.is_none() {
            bring_schema_up(&*self.directory, mapping)?;
            self.open = Some(self.reopen(mapping)?);
        }
        let open = self.open.as_mut();
        open.ok_or_else(|| TantivyError::InternalError("it was just opened".to_owned()))
    }

    fn reopen(&self, mapping: &Arc<Mapping>) -> tantivy::Result<Open> {
        let mut index = tantivy::Index::open(WithLengths::new(
            self.directory.box_clone(),
            mapping.schema(),
        ))?;
        index.set_tokenizers(mapping::tokenizers());
        let options = IndexWriterOptions::builder()
            .num_worker_threads(self.threads)
            .memory_budget_per_thread(HEAP_BYTES / self.threads)
            .num_merge_threads(MERGE_THREADS)
            .build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        // A writer's first operation gets the number of the last commit, up to which a merge takes
        // the deletes of a segment for done: a delete with that number was lost.
        writer.run(Vec::new())?;
        let mut merges = LogMergePolicy::default();
        merges.set_del_docs_ratio_before_merge(DELETED_RATIO);
        writer.set_merge_policy(Box::new(merges));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        let reader: IndexReader = reader.try_into()?;
        let committed = self.committed(&reader, mapping)?;
        Ok(Open {
            index,
            reader,
            writer,
            committed: Arc::new(committed),
        })
    }
}

impl Open {
    /// A merge that goes on already takes segments away; it is waited for by trying again.
    fn merge_all(&mut self) -> tantivy::Result<()> {
        for _ in 0..MERGE_TRIES {
            match self.try_merge_all() {
                Err(TantivyError::InvalidArgument(_)) => thread::sleep(MERGE_PAUSE),
                other => return other,
            }
        }
        self.try_merge_all()
    }

    fn try_merge_all(&mut self) -> tantivy::Result<()> {
        let metas = self.index.searchable_segment_metas()?;
        let is_merged = match &metas[..] {
            [] => true,
            [one] => one.num_deleted_docs() == 0,
            _ => false,
        };
        if !is_merged {
            let ids: Vec<SegmentId> = metas.iter().map(tantivy::SegmentMeta::id).collect();
            self.writer.merge(&ids).wait()?;
        }
        Ok(())
    }

    fn reload_merged(&mut self) -> tantivy::Result<Option<Arc<Committed>>> {
        let snapshot = &self.committed.snapshot;
        let seen = snapshot.searcher.segment_readers().iter();
        let seen: BTreeSet<SegmentId> = seen.map(SegmentReader::segment_id).collect();
        let now: BTreeSet<SegmentId> = self.index.searchable_segment_ids()?.into_iter().collect();
        if seen == now {
            return Ok(None);
        }
        self.reader.reload()?;
        let mapping = Arc::clone(&snapshot.mapping);
        let dictionaries = snapshot.dictionaries.clone();
        let snapshot = Snapshot::new(self.reader.searcher(), mapping, dictionaries);
        self.committed = Arc::new(Committed::new(snapshot)?);
        Ok(Some(Arc::clone(&self.committed)))
    }
}
