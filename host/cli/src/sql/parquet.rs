//! The answer to a statement as Parquet files in a new directory, which has another name until all
//! of them are complete.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use super::session::Answer;

/// How rows are divided into files.
#[derive(Debug, Clone, Copy)]
pub(super) enum Division {
    /// Into so many files, with about as many rows each.
    Files(NonZeroUsize),
    /// Into files of so many rows, of which the last one has fewer.
    Rows(NonZeroUsize),
}

/// What has been written.
pub(super) struct Written {
    /// Deleted if it is dropped.
    pub(super) folder: TempDir,
    pub(super) rows: usize,
    pub(super) files: usize,
    pub(super) bytes: u64,
}

/// Writes files. If it is dropped before the end, they are deleted.
pub(super) struct Files {
    folder: TempDir,
    division: Division,
    schema: Option<SchemaRef>,
    open: Vec<Part>,
    rows: usize,
    /// The number of files that were begun.
    begun: usize,
    bytes: u64,
    /// The rows that the last message about progress had.
    shown: usize,
}

struct Part {
    writer: ArrowWriter<File>,
    rows: usize,
}

/// What files that are open may hold in memory, in bytes.
const BUFFERED_BYTES: usize = 256 << 20;

/// Progress is shown so often.
const PROGRESS_ROWS: usize = 100_000;

impl Files {
    /// Files in a new directory beside where they will be.
    pub(super) fn new(parent: PathBuf, division: Division) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(".export-")
            .permissions(fs::Permissions::from_mode(0o777))
            .tempdir_in(&parent)
            .with_context(|| parent.display().to_string())?;
        Ok(Self {
            folder,
            division,
            schema: None,
            open: Vec::new(),
            rows: 0,
            begun: 0,
            bytes: 0,
            shown: 0,
        })
    }

    /// Completes the files, so that they outlast a crash.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub(super) fn finish(mut self) -> Result<Written> {
        while let Some(part) = self.open.pop() {
            self.close(part)?;
        }
        File::open(self.folder.path())?.sync_all()?;
        self.end_progress();
        Ok(Written {
            folder: self.folder,
            rows: self.rows,
            files: self.begun,
            bytes: self.bytes,
        })
    }

    fn begin(&mut self, schema: SchemaRef) -> Result<()> {
        let name = format!("part-{:05}.parquet", self.begun);
        let file = File::create_new(self.folder.path().join(name))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties))?;
        self.open.push(Part { writer, rows: 0 });
        self.begun += 1;
        Ok(())
    }

    fn close(&mut self, part: Part) -> Result<()> {
        let file = part.writer.into_inner()?;
        file.sync_all()?;
        self.bytes += file.metadata()?.len();
        Ok(())
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let least = BUFFERED_BYTES / self.open.len().max(1);
        let part = self.open.iter_mut().min_by_key(|part| part.rows);
        let part = part.context("the answer has no columns")?;
        part.writer.write(rows)?;
        part.rows += rows.num_rows();
        if part.writer.in_progress_size() > least {
            part.writer.flush()?;
        }
        Ok(())
    }

    fn progress(&mut self) {
        if self.rows >= self.shown + PROGRESS_ROWS && io::stderr().is_terminal() {
            self.shown = self.rows;
            // Progress is a courtesy.
            let _ = write!(io::stderr(), "\r{} rows", self.rows);
        }
    }

    fn end_progress(&self) {
        if self.shown > 0 {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl Answer for Files {
    fn columns(&mut self, schema: SchemaRef) -> Result<()> {
        let files = match self.division {
            Division::Files(files) => files.get(),
            Division::Rows(_) => 1,
        };
        for _ in 0..files {
            self.begin(SchemaRef::clone(&schema))?;
        }
        self.schema = Some(schema);
        Ok(())
    }

    fn rows(&mut self, rows: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < rows.num_rows() {
            let left = rows.num_rows() - from;
            let room = match (self.division, self.open.first()) {
                (Division::Rows(most), Some(part)) => most.get() - part.rows,
                (Division::Rows(_), None) => left,
                (Division::Files(files), _) => rows.num_rows().div_ceil(files.get()),
            };
            if room == 0
                && let (Some(part), Some(schema)) = (self.open.pop(), self.schema.clone())
            {
                self.close(part)?;
                self.begin(schema)?;
                continue;
            }
            let taken = room.min(left);
            self.write(&rows.slice(from, taken))?;
            from += taken;
        }
        self.rows += rows.num_rows();
        self.progress();
        Ok(())
    }
}
