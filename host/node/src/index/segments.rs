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
use std::time::Duration;

use tantivy::directory::Directory;
use tantivy::index::{SegmentId, SegmentReader};
use tantivy::indexer::UserOperation;
use tantivy::{IndexReader, IndexSettings, ReloadPolicy, TantivyError, Term};

use super::committed::Committed;
use super::document::SystemFields;
use super::gated::Gated;
use super::lengths::WithLengths;
use super::pending::{Entry, Pending};
use super::resources::Resources;
use super::schema_file::bring_schema_up;
use super::terms::Terms;
use super::writer::Slot;
use super::{IndexError, Options};
use crate::columns::Dictionaries;
use crate::mapping::{self, Mapping};
use crate::search::written::WritingOrder;
use crate::snapshot::Snapshot;

/// How many operations tantivy is given at once.
const BATCH: usize = 256;

/// How long merges are waited for when an index is closed.
const MERGE_PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Segments {
    directory: Gated,
    terms: Terms,
    resources: Resources,
    writer: Arc<Slot>,
    /// Of all snapshots.
    dictionaries: Dictionaries,
    /// Of all snapshots.
    order: WritingOrder,
    /// How many operations were taken in.
    operations: u64,
    /// `None` after a failure: what is on the disk is then read anew.
    open: Option<Open>,
}

struct Open {
    index: tantivy::Index,
    reader: IndexReader,
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
        directory: Gated,
        mapping: &Arc<Mapping>,
        options: &Options,
        terms: &Terms,
    ) -> Result<(Self, Arc<Committed>, u64), IndexError> {
        let mut segments = Self {
            directory,
            terms: terms.clone(),
            resources: options.resources.clone(),
            writer: Slot::new(&options.resources, options.threads),
            dictionaries: options.resources.dictionaries(),
            order: WritingOrder::default(),
            operations: 0,
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
        segments.operations = operations;
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
        let committed = if pending.is_empty() && operations == self.operations {
            // Only the mapping is another.
            self.committed(&open.reader, mapping)
                .map(Arc::new)
                .map_err(IndexError::tantivy(action))
        } else {
            self.commit_to(&open, pending, mapping, operations)
        };
        let committed = committed.inspect_err(|_| self.writer.reset())?;
        open.committed = Arc::clone(&committed);
        self.open = Some(open);
        self.operations = operations;
        Ok(committed)
    }

    /// Forgets what is open, after a panic: what is on the disk is read anew the next time.
    pub(super) fn reset(&mut self) {
        self.open = None;
        self.writer.reset();
    }

    pub(super) fn is_merging(&self) -> bool {
        self.writer.is_merging()
    }

    /// Makes one segment of all, and waits for it.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(super) fn merge_all(&mut self) -> Result<(), IndexError> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        // Before the writer, so that who waits here keeps none from others.
        let permit = self.resources.merge(|| !self.directory.gate().is_shut());
        let _permit = permit.ok_or(IndexError::Closed)?;
        let merge = || self.writer.writer(&open.index)?.merge_all(&open.index);
        merge().map_err(IndexError::tantivy("merge its segments"))
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
        open: &Open,
        pending: &Pending,
        mapping: &Arc<Mapping>,
        operations: u64,
    ) -> Result<Arc<Committed>, IndexError> {
        let mut entries: Vec<(&str, &Entry)> = pending.entries().collect();
        // Documents that were written together lie together.
        entries.sort_unstable_by_key(|(_, entry)| entry.seq_no);
        let system = SystemFields::of(mapping).map_err(IndexError::tantivy("find its fields"))?;
        let writer = self.writer.writer(&open.index);
        let mut writer = writer.map_err(IndexError::tantivy("make a writer"))?;
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
            let taken = writer.get().and_then(|writer| writer.run(given));
            taken.map_err(IndexError::tantivy("take in documents"))?;
        }
        let mut commit = || -> tantivy::Result<Arc<Committed>> {
            let mut prepared = writer.get()?.prepare_commit()?;
            prepared.set_payload(&operations.to_string());
            prepared.commit()?;
            // tantivy does not wait for the name of its new record.
            self.directory.sync_directory()?;
            open.reader.reload()?;
            // Those that cannot begin now are begun after a later commit.
            let metas = open.index.searchable_segment_metas();
            let _ = metas.and_then(|metas| writer.begin_merges(&metas));
            Ok(Arc::new(self.committed(&open.reader, mapping)?))
        };
        commit().map_err(IndexError::tantivy("commit"))
    }

    /// Waits for merges for a while, ends those that take longer, and lets go of the files.
    pub(super) fn close(&mut self) {
        self.writer.wait_for_merges(MERGE_PATIENCE);
        self.discard();
    }

    /// Lets go of the files at once; whatever tantivy still writes fails.
    pub(super) fn discard(&mut self) {
        self.directory.gate().shut();
        self.reset();
        self.dictionaries.retain(|_| false);
        self.order.retain(|_| false);
    }

    /// What a reader sees.
    fn committed(
        &self,
        reader: &IndexReader,
        mapping: &Arc<Mapping>,
    ) -> tantivy::Result<Committed> {
        let (mapping, dictionaries) = (Arc::clone(mapping), self.dictionaries.clone());
        let (order, terms) = (self.order.clone(), self.terms.clone());
        Committed::new(Snapshot::new(
            reader.searcher(),
            mapping,
            dictionaries,
            order,
            terms,
        ))
    }

    /// The index, open, with a mapping's schema.
    fn ready(&mut self, mapping: &Arc<Mapping>) -> tantivy::Result<&mut Open> {
        let grown = self
            .open
            .take_if(|open| open.index.schema() != *mapping.schema());
        if grown.is_some() {
            // A merge that ends later would write the old schema.
            self.writer.finish()?;
        }
        if self.open.is_none() {
            bring_schema_up(&self.directory, mapping)?;
            self.open = Some(self.reopen(mapping)?);
        }
        let open = self.open.as_mut();
        open.ok_or_else(|| TantivyError::InternalError("it was just opened".to_owned()))
    }

    fn reopen(&self, mapping: &Arc<Mapping>) -> tantivy::Result<Open> {
        let mut index = tantivy::Index::open(WithLengths::new(
            Box::new(self.directory.clone()),
            mapping.schema(),
        ))?;
        index.set_tokenizers(mapping::tokenizers());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        let reader: IndexReader = reader.try_into()?;
        let committed = self.committed(&reader, mapping)?;
        Ok(Open {
            index,
            reader,
            committed: Arc::new(committed),
        })
    }
}

impl Open {
    fn reload_merged(&mut self) -> tantivy::Result<Option<Arc<Committed>>> {
        let snapshot = &self.committed.snapshot;
        let seen = snapshot.searcher.segment_readers().iter();
        let seen: BTreeSet<SegmentId> = seen.map(SegmentReader::segment_id).collect();
        let now: BTreeSet<SegmentId> = self.index.searchable_segment_ids()?.into_iter().collect();
        if seen == now {
            return Ok(None);
        }
        self.reader.reload()?;
        let snapshot = snapshot.seen_by(self.reader.searcher());
        self.committed = Arc::new(Committed::new(snapshot)?);
        Ok(Some(Arc::clone(&self.committed)))
    }
}
