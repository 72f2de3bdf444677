use std::fs::OpenOptions;
use std::thread;

use super::*;

fn record(number: u64) -> Record {
    Record {
        id: format!("id {number}"),
        seq_no: number,
        version: 1,
        source: Some(number.to_string().into_bytes().into()),
    }
}

fn append(log: &Log, number: u64) -> Result<(), IndexError> {
    let mut bytes = Vec::new();
    record(number).encode(&mut bytes);
    let group = log.append(&bytes);
    log.wait(&group)
}

fn open(folder: &Path) -> (Log, Vec<u64>) {
    let (log, records) = Log::open(folder).expect("it is whole");
    for (position, read) in records.iter().enumerate() {
        let later = &records[position + 1..];
        assert!(!later.contains(read), "{read:?} is there twice");
        assert_eq!(*read, record(read.seq_no));
    }
    let numbers = records.iter().map(|record| record.seq_no);
    (log, numbers.collect())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let generations = generations(folder).expect("it can be listed");
    generations.into_iter().map(|(_, path)| path).collect()
}

/// Has the log's next writes fail, or work again.
pub(in crate::index) fn have_writes_fail(log: &Log, fail: bool) {
    let mut shared = log.lock();
    let tail = shared.tail.as_mut().expect("nobody writes");
    let mut options = OpenOptions::new();
    let file = options.read(true).write(!fail).open(&tail.path);
    tail.file = Some(Arc::new(file.expect("it is there")));
}

/// Has the log's next write panic.
pub(in crate::index) fn have_writes_panic(log: &Log) {
    log.lock().tail.as_mut().expect("nobody writes").panics = true;
}

#[test]
fn what_was_written_is_read_again_until_it_is_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, read) = open(folder);
    assert!(read.is_empty());
    append(&log, 0).expect("there is room");
    append(&log, 1).expect("there is room");
    drop(log);
    let (log, read) = open(folder);
    assert_eq!(read, [0, 1]);
    append(&log, 2).expect("there is room");
    log.rotate().expect("there is room");
    append(&log, 3).expect("there is room");
    drop(log);
    let (log, read) = open(folder);
    assert_eq!(read, [0, 1, 2, 3]);
    log.rotate().expect("there is room");
    append(&log, 4).expect("there is room");
    log.forget_older().expect("they can be deleted");
    drop(log);
    let (log, read) = open(folder);
    assert_eq!(read, [4]);
    log.forget_older().expect("it can be deleted");
    log.rotate().expect("nothing is to be done");
    // The next file is made when something is written.
    assert_eq!(files(folder), Vec::<PathBuf>::new());
    drop(log);
    Log::clear(folder).expect("they can be deleted");
    assert_eq!(files(folder), Vec::<PathBuf>::new());
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_the_log_goes_on() {
    let source = tempfile::tempdir().expect("a folder");
    let (log, _) = open(source.path());
    append(&log, 0).expect("there is room");
    append(&log, 1).expect("there is room");
    let file = files(source.path()).remove(0);
    let bytes = fs::read(&file).expect("it is there");
    let whole = |length: usize| {
        let content = frame::read(&bytes[..length]).expect("only torn");
        content
            .records
            .iter()
            .map(|record| record.seq_no)
            .collect::<Vec<_>>()
    };
    for length in 0..=bytes.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let torn = folder.join(file.file_name().expect("it has a name"));
        fs::write(torn, &bytes[..length]).expect("there is room");
        let (log, read) = open(folder);
        assert_eq!(read, whole(length));
        append(&log, 2).expect("there is room");
        // A crash while it is opened again, and one more.
        drop(log);
        drop(open(folder));
        let (_, read) = open(folder);
        assert_eq!(read, [whole(length), vec![2]].concat(), "of {length} bytes");
    }
}

#[test]
fn damage_is_told_with_file_and_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, _) = open(folder);
    for number in 0..3 {
        append(&log, number).expect("there is room");
    }
    log.rotate().expect("there is room");
    append(&log, 3).expect("there is room");
    let file = files(folder).remove(0);
    let bytes = fs::read(&file).expect("it is there");
    let told = |content: &[u8]| {
        fs::write(&file, content).expect("there is room");
        let error = Log::open(folder).map(drop).expect_err("it is damaged");
        let text = error.to_string();
        text.replace(folder.to_str().expect("a text"), "")
    };
    let mut changed = bytes.clone();
    changed[70] ^= 1;
    insta::assert_snapshot!(told(&changed), @"`/log-00000000000000000000` is damaged at byte 32: a record is broken, and whole ones follow it: restore the index's folder from a copy");
    insta::assert_snapshot!(told(&bytes[..bytes.len() - 1]), @"`/log-00000000000000000000` is damaged at byte 136: its end is missing, and records follow it in a later file: restore the index's folder from a copy");
    insta::assert_snapshot!(told(&bytes[1..]), @"`/log-00000000000000000000` is damaged at byte 0: it is no log: restore the index's folder from a copy");
    let mut changed = bytes.clone();
    changed[8] = 2;
    insta::assert_snapshot!(told(&changed), @"`/log-00000000000000000000` is damaged at byte 8: it has a format that this version does not know: restore the index's folder from a copy");
    fs::write(&file, &bytes).expect("there is room");
    assert_eq!(open(folder).1, [0, 1, 2, 3]);
}

/// So it is where a new file was made while another thread wrote, and then came the crash.
#[test]
fn a_torn_file_may_be_followed_by_empty_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, _) = open(folder);
    append(&log, 0).expect("there is room");
    append(&log, 1).expect("there is room");
    log.rotate().expect("there is room");
    let file = files(folder).remove(0);
    let bytes = fs::read(&file).expect("it is there");
    fs::write(&file, &bytes[..bytes.len() - 3]).expect("there is room");
    fs::write(folder.join("log-00000000000000000007"), "whit").expect("there is room");
    assert_eq!(open(folder).1, [0]);
    assert_eq!(open(folder).1, [0]);
}

#[test]
fn threads_that_write_at_once_are_all_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, _) = open(folder);
    thread::scope(|scope| {
        for writer in 0..8 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..25 {
                    append(log, writer * 100 + number).expect("there is room");
                    if writer == 0 && number % 10 == 9 {
                        log.rotate().expect("there is room");
                    }
                }
            });
        }
    });
    drop(log);
    // Nothing is forgotten, since nobody said that it may be.
    let read = open(folder).1;
    assert_eq!(read.len(), 200);
    for writer in 0..8 {
        let own = read.iter().filter(|number| **number / 100 == writer);
        assert!(own.is_sorted(), "of {writer}");
    }
}

#[test]
fn a_write_that_fails_is_told_to_its_callers_and_takes_nothing_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, _) = open(folder);
    append(&log, 0).expect("there is room");
    have_writes_fail(&log, true);
    assert!(matches!(append(&log, 1), Err(IndexError::Log { .. })));
    assert!(log.is_broken());
    have_writes_fail(&log, false);
    let file = files(folder).remove(0);
    let mut bytes = fs::read(&file).expect("it is there");
    bytes.extend(b"half of a frame");
    fs::write(&file, bytes).expect("there is room");
    // What is in the file behind its end is not known, until there is a new one.
    assert!(matches!(append(&log, 2), Err(IndexError::Log { .. })));
    log.rotate().expect("there is room");
    assert!(!log.is_broken());
    append(&log, 3).expect("there is room");
    drop(log);
    assert_eq!(open(folder).1, [0, 3]);
}

#[test]
fn who_comes_while_another_writes_waits_for_its_own_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, _) = open(folder.path());
    append(&log, 9).expect("there is room");
    let tail = log.lock().tail.take();
    let file = files(folder.path()).remove(0);
    let length = || fs::metadata(&file).expect("it is there").len();
    let before = length();
    let (tell, told) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for number in 0..3 {
            let (log, tell) = (&log, tell.clone());
            scope.spawn(move || {
                append(log, number).expect("there is room");
                tell.send(()).expect("the test listens");
            });
        }
        let early = told.recv_timeout(std::time::Duration::from_millis(100));
        early.expect_err("nothing is on the disk");
        assert_eq!(length(), before);
        log.lock().tail = tail;
        log.written.notify_all();
    });
    assert_eq!(told.try_iter().count(), 3);
    let read = frame::read(&fs::read(&file).expect("it is there")).expect("it is whole");
    assert_eq!(read.records.len(), 4);
}

#[test]
fn a_write_that_panics_keeps_nobody_waiting_and_another_file_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, _) = open(folder);
    append(&log, 0).expect("there is room");
    have_writes_panic(&log);
    thread::scope(|scope| {
        let log = &log;
        let all: Vec<_> = (1..4)
            .map(|number| scope.spawn(move || append(log, number)))
            .collect();
        for one in all {
            let error = one.join().expect("it is caught").expect_err("it panicked");
            assert!(matches!(error, IndexError::Log { .. }), "{error}");
        }
    });
    assert!(log.is_broken());
    log.rotate().expect("what is behind the end is cut off");
    append(&log, 4).expect("there is room");
    drop(log);
    assert_eq!(open(folder).1, [0, 4]);
}

#[test]
fn a_log_that_is_closed_writes_nothing_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (log, _) = open(folder);
    append(&log, 0).expect("there is room");
    log.rotate().expect("there is room");
    let mut bytes = Vec::new();
    record(1).encode(&mut bytes);
    let group = log.append(&bytes);
    log.close();
    assert!(matches!(log.wait(&group), Err(IndexError::Closed)));
    assert!(matches!(append(&log, 2), Err(IndexError::Closed)));
    drop(log);
    assert_eq!(open(folder).1, [0]);
}
