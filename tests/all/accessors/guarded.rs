//! Buffers that end at the end of a page, before a page without access: a read beyond a buffer ends
//! the process. The composed accessor's reads are machine code that no sanitizer sees.

use std::ptr::{self, NonNull};
use std::sync::Arc;

use arrow_array::{BooleanArray, Float64Array, RecordBatch, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

use super::{column, evaluate, x};

/// Pages of memory between two pages that cannot be read.
struct Pages {
    start: NonNull<u8>,
    bytes: usize,
}

const PAGE: usize = 4096;

// SAFETY: only this value owns the memory, as a `Box` owns its content.
#[expect(unsafe_code, reason = "pages come from the system")]
unsafe impl Send for Pages {}
// SAFETY: nothing writes to it after `guarded` has filled it.
#[expect(unsafe_code, reason = "pages come from the system")]
unsafe impl Sync for Pages {}

impl Drop for Pages {
    #[expect(unsafe_code, reason = "pages go back to the system")]
    fn drop(&mut self) {
        // SAFETY: `guarded` mapped exactly this range.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// A buffer whose last byte is the last readable one and, if it fills its pages, whose first byte
/// is the first readable one.
#[expect(unsafe_code, reason = "pages come from the system")]
fn guarded(content: &[u8]) -> Buffer {
    let inner = content.len().next_multiple_of(PAGE).max(PAGE);
    let bytes = inner + 2 * PAGE;
    // SAFETY: a new anonymous mapping, whose inner pages are made writable; the content fits into
    // them, and `Pages` keeps them as long as the buffer lives.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let start = libc::mmap(ptr::null_mut(), bytes, libc::PROT_NONE, flags, -1, 0);
        assert_ne!(start, libc::MAP_FAILED, "the pages are mapped");
        let start = NonNull::new(start.cast::<u8>()).expect("not null");
        let pages = Arc::new(Pages { start, bytes });
        let inside = start.add(PAGE);
        let writable = libc::PROT_READ | libc::PROT_WRITE;
        assert_eq!(libc::mprotect(inside.as_ptr().cast(), inner, writable), 0);
        let begin = inside.add(inner - content.len());
        ptr::copy_nonoverlapping(content.as_ptr(), begin.as_ptr(), content.len());
        Buffer::from_custom_allocation(begin, content.len(), pages)
    }
}

fn nulls(rows: usize) -> NullBuffer {
    let bits = BooleanBuffer::collect_bool(rows, |row| row % 3 != 0);
    NullBuffer::new(BooleanBuffer::new(guarded(bits.values()), 0, rows))
}

/// Evaluates and compares with the batch in ordinary memory.
fn check(functions: &[&str], guarded: &RecordBatch, ordinary: &RecordBatch) {
    for function in functions {
        let at_the_edge = evaluate(function, &x(), guarded).expect("values");
        let expected = evaluate(function, &x(), ordinary).expect("values");
        assert_eq!(&at_the_edge, &expected);
    }
}

#[test]
fn reads_of_texts_stay_within_their_buffers() {
    for last in 0..40 {
        // The texts fill the buffer to its last byte, and at some lengths from its first byte.
        let lengths: Vec<usize> = (0..30)
            .chain([100, PAGE - 435 - 100 - 39, 39, last])
            .collect();
        let mut text = String::new();
        let texts: Vec<String> = lengths
            .iter()
            .map(|length| {
                let part: String = ('a'..='z').cycle().skip(text.len()).take(*length).collect();
                text.push_str(&part);
                part
            })
            .collect();
        let offsets = OffsetBuffer::<i32>::from_lengths(lengths.iter().copied());
        let rows = texts.len();
        let offsets: ScalarBuffer<i32> =
            ScalarBuffer::new(guarded(offsets.inner().inner().as_slice()), 0, rows + 1);
        let array = StringArray::new(
            OffsetBuffer::new(offsets),
            guarded(text.as_bytes()),
            Some(nulls(rows)),
        );
        let same: StringArray = array.iter().collect();
        let functions = ["all_kinds", "read_text", "read_words"];
        check(
            &functions,
            &column("x", array.clone()),
            &column("x", same.clone()),
        );
        let tail = array.slice(rows - 3, 3);
        check(
            &functions,
            &column("x", tail),
            &column("x", same.slice(rows - 3, 3)),
        );
    }
}

#[test]
fn reads_of_numbers_stay_within_their_buffers() {
    for rows in [1, 7, 8, 9, 64, 511, 512] {
        let values: Vec<u8> = (0..rows)
            .flat_map(|row| (row as f64).to_ne_bytes())
            .collect();
        let values = ScalarBuffer::new(guarded(&values), 0, rows);
        let array = Float64Array::new(values, Some(nulls(rows)));
        let same: Float64Array = array.iter().collect();
        check(
            &["all_kinds", "float64_or"],
            &column("x", array),
            &column("x", same),
        );

        let bits = BooleanBuffer::collect_bool(rows, |row| row % 2 == 0);
        let bits = BooleanBuffer::new(guarded(bits.values()), 0, rows);
        let array = BooleanArray::new(bits, Some(nulls(rows)));
        let same: BooleanArray = array.iter().collect();
        let functions = ["all_kinds", "boolean_or"];
        check(
            &functions,
            &column("x", array.clone()),
            &column("x", same.clone()),
        );
        let tail = array.slice(rows - 1, 1);
        check(
            &functions,
            &column("x", tail),
            &column("x", same.slice(rows - 1, 1)),
        );
    }
}
