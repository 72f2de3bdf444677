//! Lengths of texts that a segment was written without.
//!
//! tantivy keeps the number of words of each text in a file a segment, a byte a document, and
//! merges segments only if all of them have the lengths of all texts that the schema has by then.
//! A text may come at any time, though. So what tantivy reads of that file is completed: in a
//! segment from before a text, all its documents have the length 0, as if they had been written
//! with the field known.
//!
//! The zeros are not on the disk, and take a byte a document in memory, once a segment. A merge
//! writes them out.
//!
//! The file, from its beginning: the lengths field by field; how many fields there are, and of each
//! where it begins after the one before, its number, and an index, which is 0; the length of that
//! table; tantivy's footer, its length, and a number that tells it.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, WatchCallback, WatchHandle, WritePtr,
};
use tantivy::schema::Schema;

/// A directory whose segments have the lengths of all texts of a schema.
#[derive(Debug, Clone)]
pub(super) struct WithLengths {
    directory: Box<dyn Directory>,
    /// The numbers of fields that have lengths.
    fields: Arc<[u32]>,
}

impl WithLengths {
    pub(super) fn new(directory: Box<dyn Directory>, schema: &Schema) -> Self {
        let fields = schema.fields();
        let fields = fields.filter(|(_, entry)| entry.has_fieldnorms());
        Self {
            directory,
            fields: fields.map(|(field, _)| field.field_id()).collect(),
        }
    }
}

impl Directory for WithLengths {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let file = self.directory.get_file_handle(path)?;
        if path
            .extension()
            .is_none_or(|extension| extension != "fieldnorm")
        {
            return Ok(file);
        }
        completed(file, &self.fields)
            .map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.directory.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.directory.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.directory.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.directory.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.directory.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.directory.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.directory.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.directory.watch(callback)
    }
}

/// A file, and the lengths that it lacks of some fields.
fn completed(file: Arc<dyn FileHandle>, fields: &[u32]) -> io::Result<Arc<dyn FileHandle>> {
    let number = |end: usize| -> io::Result<usize> {
        let start = end.checked_sub(4).ok_or_else(broken)?;
        let bytes = file.read_bytes(start..end)?;
        let bytes: [u8; 4] = bytes.as_slice().try_into().map_err(|_| broken())?;
        usize::try_from(u32::from_le_bytes(bytes)).map_err(|_| broken())
    };
    let length = file.len();
    let footer_length = number(length.checked_sub(4).ok_or_else(broken)?)?;
    let body = length.checked_sub(8 + footer_length).ok_or_else(broken)?;
    let table_end = body.checked_sub(4).ok_or_else(broken)?;
    let table_start = table_end.checked_sub(number(body)?).ok_or_else(broken)?;
    let table = file.read_bytes(table_start..table_end)?;
    let mut places = read_table(table.as_slice())?;
    // Every segment has the lengths of ids.
    let documents = match places.as_slice() {
        [] => return Ok(file),
        [(only, _)] => table_start.checked_sub(*only),
        [(first, _), (second, _), ..] => second.checked_sub(*first),
    };
    let documents = documents.ok_or_else(broken)?;
    let has = |places: &[(usize, u32)], field| places.iter().any(|(_, known)| *known == field);
    let mut end = table_start;
    for field in fields {
        if !has(&places, *field) {
            places.push((end, *field));
            end += documents;
        }
    }
    if end == table_start {
        return Ok(file);
    }
    let mut tail = write_table(&places);
    tail.extend_from_slice(file.read_bytes(body..length)?.as_slice());
    Ok(Arc::new(Completed {
        file,
        zeros: table_start..end,
        zero: OwnedBytes::new(vec![0; documents]),
        tail: OwnedBytes::new(tail),
    }))
}

/// Where the lengths of each field begin, and its number.
fn read_table(mut table: &[u8]) -> io::Result<Vec<(usize, u32)>> {
    let mut places = Vec::new();
    let mut start = 0;
    for _ in 0..read_number(&mut table)? {
        let offset = read_number(&mut table)?;
        start = usize::checked_add(start, offset).ok_or_else(broken)?;
        let mut field = [0; 4];
        table.read_exact(&mut field)?;
        if read_number(&mut table)? != 0 {
            return Err(broken());
        }
        places.push((start, u32::from_le_bytes(field)));
    }
    Ok(places)
}

fn write_table(places: &[(usize, u32)]) -> Vec<u8> {
    let mut table = Vec::new();
    write_number(places.len(), &mut table);
    let mut before = 0;
    for (start, field) in places {
        write_number(start - before, &mut table);
        table.extend_from_slice(&field.to_le_bytes());
        write_number(0, &mut table);
        before = *start;
    }
    let length = u32::try_from(table.len()).unwrap_or(u32::MAX);
    table.extend_from_slice(&length.to_le_bytes());
    table
}

/// Reads a number of seven bits a byte, the lowest first; the last byte has its highest bit set.
fn read_number(bytes: &mut &[u8]) -> io::Result<usize> {
    let mut number = 0;
    for shift in (0..usize::BITS - 7).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(broken)?;
        *bytes = rest;
        number |= usize::from(byte & 127) << shift;
        if byte & 128 != 0 {
            return Ok(number);
        }
    }
    Err(broken())
}

fn write_number(mut number: usize, bytes: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 127).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low | 128);
            return;
        }
        bytes.push(low);
    }
}

fn broken() -> io::Error {
    let text = "the lengths of texts are not in the form that this version writes";
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// A file up to its table, zeros, and a table of its own.
struct Completed {
    file: Arc<dyn FileHandle>,
    /// Where the zeros are.
    zeros: Range<usize>,
    /// The zeros of one field.
    zero: OwnedBytes,
    tail: OwnedBytes,
}

impl FileHandle for Completed {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let Range { start, end } = self.zeros;
        if range.end <= start {
            return self.file.read_bytes(range);
        }
        if range.start >= end {
            return Ok(self.tail.slice(range.start - end..range.end - end));
        }
        if range.start >= start && range.end <= end && range.len() <= self.zero.len() {
            return Ok(self.zero.slice(0..range.len()));
        }
        // It begins in one part and ends in another.
        let mut bytes = self
            .file
            .read_bytes(range.start.min(start)..start)?
            .to_vec();
        bytes.resize(range.end.min(end) - range.start, 0);
        if range.end > end {
            bytes.extend_from_slice(&self.tail[..range.end - end]);
        }
        Ok(OwnedBytes::new(bytes))
    }
}

impl HasLen for Completed {
    fn len(&self) -> usize {
        self.zeros.end + self.tail.len()
    }
}

impl std::fmt::Debug for Completed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let zeros = self.zeros.len();
        write!(formatter, "{:?} with {zeros} lengths of 0", self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;

    use tantivy::directory::{CompositeFile, CompositeWrite, ManagedDirectory, RamDirectory};
    use tantivy::schema::{Field, Schema, TEXT};

    use super::*;

    /// A file of lengths as tantivy writes it, for some fields of three documents each.
    fn written(fields: &[(u32, [u8; 3])]) -> RamDirectory {
        let directory = RamDirectory::create();
        let managed = ManagedDirectory::wrap(Box::new(directory.clone())).expect("a directory");
        let file = managed
            .open_write(Path::new("a.fieldnorm"))
            .expect("a file");
        let mut composite = CompositeWrite::wrap(file);
        for (field, lengths) in fields {
            let field = composite.for_field(Field::from_field_id(*field));
            field.write_all(lengths).expect("there is room");
        }
        composite.close().expect("there is room");
        directory
    }

    #[test]
    fn a_field_that_a_segment_lacks_has_lengths_of_0() {
        let mut schema = Schema::builder();
        for number in 0..300 {
            schema.add_text_field(&format!("text{number}"), TEXT);
        }
        schema.add_bytes_field("without", tantivy::schema::FAST);
        let directory = written(&[(2, [7, 8, 9]), (5, [1, 2, 3])]);
        let directory = WithLengths::new(Box::new(directory), &schema.build());
        let managed = ManagedDirectory::wrap(Box::new(directory)).expect("a directory");
        let file = managed
            .open_read(Path::new("a.fieldnorm"))
            .expect("it is there");
        let composite = CompositeFile::open(&file).expect("it is whole");
        for number in 0..300 {
            let lengths = composite.open_read(Field::from_field_id(number));
            let lengths = lengths
                .expect("it has lengths")
                .read_bytes()
                .expect("it is read");
            let expected = match number {
                2 => [7, 8, 9],
                5 => [1, 2, 3],
                _ => [0, 0, 0],
            };
            assert_eq!(lengths.as_slice(), expected, "{number}");
        }
        assert!(composite.open_read(Field::from_field_id(301)).is_none());
        // In pieces it is the same file.
        let whole = file.read_bytes().expect("it is read");
        for start in 0..whole.len().min(40) {
            for end in start..whole.len().min(start + 40) {
                let piece = file.read_bytes_slice(start..end).expect("it is read");
                assert_eq!(piece.as_slice(), &whole[start..end]);
            }
        }
    }

    #[test]
    fn a_file_that_lacks_nothing_is_read_as_it_is() {
        let mut schema = Schema::builder();
        schema.add_text_field("text", TEXT);
        let directory = written(&[(0, [7, 8, 9])]);
        let path = Path::new("a.fieldnorm");
        let as_is = directory.open_read(path).expect("it is there").read_bytes();
        let directory = WithLengths::new(Box::new(directory), &schema.build());
        let read = directory.open_read(path).expect("it is there").read_bytes();
        assert_eq!(as_is.expect("it is read"), read.expect("it is read"));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let directory = RamDirectory::create();
        let path = PathBuf::from("a.fieldnorm");
        directory
            .atomic_write(&path, b"broken")
            .expect("there is room");
        let schema = Schema::builder().build();
        let directory = WithLengths::new(Box::new(directory), &schema);
        assert!(directory.open_read(&path).is_err());
    }
}
