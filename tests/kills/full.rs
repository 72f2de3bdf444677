//! A round with a full disk: writes are refused with a reason, everything else goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::Node;

use crate::disk::Disk;
use crate::random::Random;
use crate::target::Target;
use crate::writer::{SHARED, Writer};

/// An index that is deleted to make room.
const BALLAST: &str = "ballast";
/// Its documents, and what each takes, in bytes.
const DOCUMENTS: u64 = 24;
const DOCUMENT_BYTES: usize = 100_000;

/// How long it may take until writes are refused, or everything works again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Writes the index that will be deleted.
pub(crate) fn ballast(target: &Target, random: &mut Random) {
    let mut document = |_| {
        let words = (0..DOCUMENT_BYTES / 17).map(|_| format!("{:016x} ", random.next()));
        format!(
            "{{\"index\":{{}}}}\n{}\n",
            json!({"text": words.collect::<String>()})
        )
    };
    let body: String = (0..DOCUMENTS).map(&mut document).collect();
    let path = format!("/{BALLAST}/_bulk");
    let (status, answer) = target.ask("POST", &path, &body).expect("an answer");
    assert_eq!(
        (status, &answer["errors"]),
        (200, &json!(false)),
        "{answer}"
    );
}

/// Fills the disk while clients write.
pub(crate) fn fill(
    disk: &Disk,
    node: &Node,
    target: &Target,
    probe: &mut Writer,
) -> Result<(), String> {
    let is_enough = AtomicBool::new(false);
    thread::scope(|scope| {
        // The node deletes files now and then, which makes room.
        scope.spawn(|| {
            while !is_enough.load(Ordering::Relaxed) {
                disk.fill(node);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let outcome = refused(target, probe).and_then(|()| reads(target));
        is_enough.store(true, Ordering::Relaxed);
        outcome
    })?;
    disk.fill(node);
    Ok(())
}

/// Makes room by deleting an index, and then gives all room back.
pub(crate) fn free(
    disk: &Disk,
    node: &Node,
    target: &Target,
    probe: &mut Writer,
) -> Result<(), String> {
    let before = disk.room();
    let (status, answer) = target.expect("DELETE", &format!("/{BALLAST}"), &Json::Null);
    if status != 200 {
        return Err(format!("an index was not deleted: {status}: {answer}"));
    }
    if let (Some(before), Some(after)) = (before, disk.room()) {
        let least = before + DOCUMENTS * DOCUMENT_BYTES as u64 / 2;
        if after < least {
            return Err(format!(
                "{before} bytes were free, and after a deletion {after}"
            ));
        }
        accepted(target, probe).map_err(|what| format!("after a deletion: {what}"))?;
    }
    disk.free(node);
    accepted(target, probe).map_err(|what| format!("after there was room: {what}"))
}

fn refused(target: &Target, probe: &mut Writer) -> Result<(), String> {
    let (start, before) = (Instant::now(), probe.refused());
    while probe.refused() == before {
        probe.step(target)?;
        if start.elapsed() > PATIENCE {
            return Err("no write is refused on a full disk".to_owned());
        }
    }
    Ok(())
}

/// Waits until a request is carried out, without a restart.
pub(crate) fn accepted(target: &Target, probe: &mut Writer) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let before = (probe.refused(), probe.acknowledged);
        probe.step(target)?;
        if probe.refused() == before.0 && probe.acknowledged > before.1 {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("writes are refused: {:?}", probe.refusals));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The index that is written to can be read.
fn reads(target: &Target) -> Result<(), String> {
    for path in ["_search", "_count", "_doc/nothing", "_mapping", "_stats"] {
        let (status, answer) = target.expect("GET", &format!("/{SHARED}/{path}"), &Json::Null);
        if status != 200 && (path, status) != ("_doc/nothing", 404) {
            return Err(format!("{path} on a full disk: {status}: {answer}"));
        }
    }
    Ok(())
}
