//! A node that is killed while clients write, with a full disk now and then.
//!
//! Nothing that was acknowledged may be lost or be there twice, and an index that nobody writes to is
//! served all the time. `make kills KILLS=200` runs more rounds than a test does; `KILLS_SEED`
//! repeats the requests of a run that failed.
#![expect(clippy::print_stdout, reason = "it reports the seed and figures")]

mod check;
mod disk;
mod full;
mod history;
mod random;
mod target;
mod writer;

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use whittle_tests::{Node, whittle};

use check::{QUIET, QUIET_DOCUMENTS};
use disk::Disk;
use random::Random;
use target::Target;
use writer::Writer;

/// Rounds of a test; each kills the node once or twice.
const ROUNDS: u64 = 10;
/// The disk is full in one round of so many on average.
const FULL: u64 = 5;
/// Clients that write at once.
const CLIENTS: u64 = 3;

#[test]
fn nothing_acknowledged_is_lost_or_doubled() {
    let rounds = number("KILLS").unwrap_or(ROUNDS);
    let full = number("KILLS_FULL").unwrap_or(rounds / FULL);
    let seed = number("KILLS_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.expect("after 1970").subsec_nanos().into()
    });
    println!("KILLS_SEED={seed}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = Run::new(folder.path(), seed);
    for round in 0..rounds {
        // Spread evenly, at the end of each stretch.
        let is_full = (round + 1) * full / rounds > round * full / rounds;
        let wrong = run.round(is_full);
        assert!(
            wrong.is_empty(),
            "KILLS_SEED={seed}, round {round}, the disk was full: {is_full}: {} are wrong:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(20)].join("\n")
        );
    }
    run.report();
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} must be a number, but is `{text}`")))
}

/// What the rounds share: one disk, with everything that was written since the first.
struct Run<'a> {
    folder: &'a Path,
    disk: Disk,
    random: Random,
    /// The clients, and one that writes while the disk is full.
    writers: Vec<Writer>,
    kills: u64,
    full: u64,
    reads: u64,
    starts: Vec<Duration>,
}

impl<'a> Run<'a> {
    fn new(folder: &'a Path, seed: u64) -> Self {
        let disk = Disk::at(&folder.join("data"));
        println!("{disk:?}");
        let mut random = Random::new(seed);
        let writers = (0..=CLIENTS).map(|client| Writer::new(client, Random::new(random.next())));
        let writers = writers.collect();
        let mut run = Self {
            folder,
            disk,
            random,
            writers,
            kills: 0,
            full: 0,
            reads: 0,
            starts: Vec::new(),
        };
        let node = run.start();
        let document = |number: u64| {
            let action = json!({"index": {"_id": number.to_string()}});
            format!("{action}\n{}\n", json!({"number": number}))
        };
        let bulk: String = (0..QUIET_DOCUMENTS).map(document).collect();
        let path = format!("/{QUIET}/_bulk?refresh=true");
        let answer = Target::new(&node.address).ask("POST", &path, &bulk);
        let (status, answer) = answer.expect("an answer");
        assert_eq!((status, &answer["errors"]), (200, &json!(false)));
        run
    }

    fn start(&mut self) -> Node {
        let start = Instant::now();
        let node = Node::start_on_any_disk(self.folder, &["--timeout", "10000"]);
        self.starts.push(start.elapsed());
        node
    }

    /// Kills the node while clients write, starts it again, and returns what is wrong afterwards.
    fn round(&mut self, is_full: bool) -> Vec<String> {
        let node = self.start();
        let target = Target::new(&node.address);
        if is_full {
            full::ballast(&target, &mut self.random);
        }
        let moment = Duration::from_millis(self.random.below(600));
        let stays_full = is_full && self.full % 2 == 1 && self.disk.stays_full();
        let reads = AtomicU64::new(0);
        let wrong = Mutex::new(Vec::new());
        let found = |what: Option<String>| wrong.lock().expect("no panic").extend(what);
        let (probe, clients) = self.writers.split_last_mut().expect("several");
        let disk = &self.disk;
        let ended = thread::scope(|scope| {
            // Whatever ends this scope, ends the node, and with it the clients.
            let mut node = node;
            for client in clients {
                scope.spawn(|| found(client.run(&target).err()));
            }
            scope.spawn(|| {
                while !target.is_killed() {
                    found(check::quiet(&target));
                    reads.fetch_add(3, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(2));
                }
            });
            thread::sleep(moment);
            if is_full {
                let mut outcome = full::fill(disk, &node, &target, probe);
                if !stays_full {
                    outcome = outcome.and_then(|()| full::free(disk, &node, &target, probe));
                    thread::sleep(moment);
                }
                found(outcome.err());
            }
            target.will_be_killed();
            node.kill();
            node
        });
        if stays_full {
            // The system freed what only the node still had.
            self.disk.fill(&ended);
        }
        drop(ended);
        let mut wrong = wrong.into_inner().expect("no panic");
        self.kills += 1;
        self.full += u64::from(is_full);
        self.reads += reads.into_inner();
        if !wrong.is_empty() {
            return wrong;
        }
        if self.random.one_in(4) {
            self.kill_early();
        }
        let node = self.start();
        let mut target = Target::new(&node.address);
        if stays_full {
            target = Target::after_full_disk(&node.address, full::PATIENCE);
            wrong.extend(check::quiet(&target));
            self.disk.free(&node);
            let probe = self.writers.last_mut().expect("several");
            wrong.extend(full::accepted(&target, probe).err());
        }
        wrong.extend(check::all(&target, &mut self.writers));
        wrong
    }

    /// Starts the node, and kills it before or soon after it serves.
    fn kill_early(&mut self) {
        let moment = Duration::from_millis(self.random.below(100));
        let mut node = Command::new(whittle())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.folder.join("data"))
            .env("WHITTLE_CACHE", self.folder.join("cache"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command runs");
        thread::sleep(moment);
        node.kill().expect("it can be killed");
        node.wait().expect("it ends");
        self.kills += 1;
    }

    fn report(mut self) {
        let acknowledged: u64 = self.writers.iter().map(|writer| writer.acknowledged).sum();
        let mut refusals = BTreeMap::new();
        for (refusal, times) in self.writers.iter().flat_map(|writer| &writer.refusals) {
            *refusals.entry(refusal).or_insert(0) += times;
        }
        self.starts.sort();
        println!(
            "{} kills, {} with a full disk; {acknowledged} operations acknowledged, none lost, none \
             doubled; refused: {refusals:?}; {} reads of another index; starts took {:?}, the \
             longest {:?}",
            self.kills,
            self.full,
            self.reads,
            self.starts[self.starts.len() / 2],
            self.starts[self.starts.len() - 1],
        );
    }
}
