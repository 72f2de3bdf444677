use std::collections::BTreeSet;

use super::*;

#[test]
fn threads_that_write_and_refresh_at_once_lose_nothing_and_share_no_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        log_bytes: 30_000,
        threads: 2,
        ..Options::default()
    };
    let of = Index::create_with(folder.path(), Mapping::dynamic(), options).expect("an index");
    let numbers: Vec<Vec<u64>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let of = of.clone();
                scope.spawn(move || {
                    let mut numbers = Vec::new();
                    for number in 0..120 {
                        let own = format!("{writer}-{}", number % 30);
                        let document = json!({"writer": writer, "n": number,
                            format!("field {}", number / 20): "x".repeat(100)});
                        let operations =
                            vec![index(&own, document.clone()), index("shared", document)];
                        let written = of.write(operations).expect("there is room");
                        for one in written {
                            numbers.push(one.expect("it fits").place.seq_no);
                        }
                        let read = source(&of, &own).expect("it was written");
                        assert_eq!(read["n"], json!(number));
                        if number % 40 == writer * 10 {
                            of.refresh().expect("there is room");
                        }
                    }
                    numbers
                })
            })
            .collect();
        let joined = writers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|numbers| numbers.expect("no panic")).collect()
    });
    assert!(numbers.iter().all(|own| own.is_sorted()));
    let different: BTreeSet<u64> = numbers.concat().into_iter().collect();
    assert_eq!(different, (0..960).collect());
    let shared = of
        .get("shared")
        .expect("it can be read")
        .expect("it is there");
    assert_eq!(shared.version, 480);
    of.refresh().expect("there is room");
    assert_eq!(all(&of.snapshot()), 4 * 30 + 1);
    drop(of);
    let of = Index::open(folder.path()).expect("it is there");
    assert_eq!(all(&of.snapshot()), 4 * 30 + 1);
    assert_eq!(
        done(&of, index("shared", json!({}))),
        (WriteResult::Updated, 481, 960)
    );
}

/// Only where threads count an id right in the same moment can both create it.
#[test]
fn one_of_many_creates_an_id() {
    let of = Index::in_memory(Mapping::dynamic()).expect("an index");
    for round in 0..20 {
        let id = round.to_string();
        let created = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| one(&of, create(&id, json!({}))).is_ok()))
                .collect();
            let created = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            created.filter(|created| *created).count()
        });
        assert_eq!(created, 1);
    }
}
