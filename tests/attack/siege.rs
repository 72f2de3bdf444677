//! All attacks on one node, one after the other: what they take and leave together.

use std::thread;
use std::time::{Duration, Instant};

use crate::arena::{Arena, Bounds, report};
use crate::process::Process;
use crate::target::Target;
use crate::{aggregations, bodies, connections, functions, indexes, metrics, queries, writes};

/// What the node may hold at any time, in MiB.
const MEMORY_MB: u64 = 700;

/// What it may hold afterwards, above what it held at the start.
const KEPT_MB: u64 = 100;

type Attack = fn(&Target<'_>);

/// The first of them, which take the most memory.
const HEAVY: usize = 10;

const ATTACKS: [(&str, Attack); 44] = [
    ("unread answers", connections::unread),
    ("endless bodies", bodies::endless),
    ("bombs", bodies::bombs),
    ("packed bodies", bodies::packed_bodies),
    ("many items", queries::many_items),
    ("large pages", queries::large_pages),
    ("many terms", queries::many_terms),
    ("many documents", writes::many_documents),
    ("large writes", writes::large_writes),
    ("uploads", functions::uploads),
    ("silence", connections::silence),
    ("half heads", connections::half_heads),
    ("large half heads", connections::large_half_heads),
    ("silence after work", connections::silence_after_work),
    ("slow heads", connections::slow_heads),
    ("churn", connections::churn),
    ("pipelines", connections::pipelines),
    ("slowly read answers", connections::slowly_read),
    ("large heads", connections::large_heads),
    ("oddities", connections::oddities),
    ("slow bodies", bodies::slow),
    ("deep JSON", bodies::deep),
    ("tiny chunks", bodies::tiny_chunks),
    ("false lengths", bodies::false_lengths),
    ("histograms", aggregations::histograms),
    ("date histograms", aggregations::date_histograms),
    ("other aggregations", aggregations::others),
    ("many buckets", aggregations::many_buckets),
    ("blank heads", queries::blank_heads),
    ("many pages", queries::many_pages),
    ("patterns", queries::patterns),
    ("sources", queries::sources),
    ("extremes", queries::extremes),
    ("leaving clients", queries::leaving),
    ("a crowd", queries::crowd),
    ("stale writes", writes::stale),
    ("names", writes::names),
    ("deletion", indexes::deletion),
    ("upkeep", indexes::upkeep),
    ("hasty searches", functions::hasty),
    ("directions", functions::directions),
    ("methods", metrics::methods),
    ("paths", metrics::paths),
    // The last, since it leaves a function that never ends.
    ("trials", functions::trials),
];

/// `make attack` goes on for `ATTACK_SECONDS`, and then waits for five minutes; otherwise the heavy
/// ones come once, and the node has less time.
#[test]
fn all_attacks_on_one_node_leave_it_as_it_was() {
    let seconds = std::env::var("ATTACK_SECONDS").map(|text| text.parse().expect("a number"));
    let time = Duration::from_secs(seconds.clone().unwrap_or(0));
    let (attacks, patience) = match seconds {
        Ok(_) => (&ATTACKS[..], Duration::from_secs(300)),
        Err(_) => (&ATTACKS[..HEAVY], Duration::from_secs(30)),
    };
    let arena = Arena::start();
    let process = Process(arena.node.id());
    let (start, started) = (process.held(), Instant::now());
    let bounds = Bounds {
        memory_mb: MEMORY_MB.saturating_sub(start.memory_mb),
        // It has its time at the end.
        kept_mb: MEMORY_MB,
        threads: 120,
        files: 2_000,
        seconds: 90,
    };
    let mut faults = Vec::new();
    loop {
        for (name, attack) in attacks {
            let found = arena.faults(&format!("siege, {name}"), bounds, attack);
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
            assert!(
                process.is_alive(),
                "{}\n{}",
                faults.join("\n"),
                arena.node.log()
            );
        }
        if started.elapsed() >= time {
            break;
        }
    }
    let ended = Instant::now();
    let is_back = || process.held().memory_mb <= start.memory_mb + KEPT_MB;
    while !is_back() && ended.elapsed() < patience {
        thread::sleep(Duration::from_millis(200));
    }
    let (end, waited) = (process.held(), ended.elapsed());
    report(&format!(
        "siege: {} MiB, {} threads, {} files at the start; {} MiB, {} threads, {} files {waited:.1?} \
         after it",
        start.memory_mb, start.threads, start.files, end.memory_mb, end.threads, end.files
    ));
    if !is_back() {
        faults.push(format!(
            "{} MiB after it, {} before",
            end.memory_mb, start.memory_mb
        ));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
