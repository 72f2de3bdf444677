//! Users of functions who spoil them for others.

use std::time::Duration;

use serde_json::json;
use whittle_tests::ByHand;

use crate::arena::{Arena, Bounds, USUAL};
use crate::target::Target;
use crate::wire::{Connection, request};

/// The memory of functions is not that of requests.
const FUNCTIONS: Bounds = Bounds {
    memory_mb: 500,
    ..USUAL
};

/// Searches whose time is over before the function could be called.
pub(crate) fn hasty(target: &Target<'_>) {
    for timeout in ["1ms", "2ms", "100micros", "5ms"] {
        let body = json!({"timeout": timeout, "query": {"wasm_udf": {
            "function": "string_distance",
            "params": {"field": "title", "target": "star film", "max_distance": 20}}}});
        for answer in target.ask_at_once(8, "POST", "/good/_search", body.to_string()) {
            let is_answer = [200, 400, 408, 429].contains(&answer.status);
            assert!(is_answer, "{}", answer.start());
        }
    }
    let metrics = String::from_utf8_lossy(&target.done("GET", "/metrics", "").body).into_owned();
    let off = metrics.lines().find(|line| {
        line.starts_with("whittle_udf_switched_off")
            && line.contains("string")
            && line.ends_with(" 1")
    });
    assert_eq!(off, None, "a user switched the function off for all");
}

#[test]
fn searches_without_time_switch_no_function_off() {
    Arena::start().attack("searches with 1 ms", FUNCTIONS, hasty);
}

/// A function that never ends.
fn endless(target: &Target<'_>) {
    let guest = ByHand {
        evaluate: "(loop (br 0)) (i32.const 512)",
        ..ByHand::default()
    };
    let answer = target.send(&request("PUT", "/_udf", "", &guest.component()));
    assert!([200, 201].contains(&answer.status), "{}", answer.start());
}

/// Clients that try it again as soon as they may, and leave after a while.
pub(crate) fn trials(target: &Target<'_>) {
    endless(target);
    let body = json!({"documents": [{}]}).to_string();
    std::thread::scope(|scope| {
        for _ in 0..36 {
            scope.spawn(|| {
                let started = std::time::Instant::now();
                let trial = request("POST", "/_udf/by-hand/_test", "", body.as_bytes());
                while started.elapsed() < Duration::from_secs(3) {
                    let Ok(mut connection) = Connection::open(target.address) else {
                        continue;
                    };
                    let patience = Some(Duration::from_secs(3));
                    connection.stream().set_read_timeout(patience).expect("set");
                    let _ = connection.send(&trial);
                    if let Ok(answer) = connection.answer() {
                        let is_answer = [200, 408, 429].contains(&answer.status);
                        assert!(is_answer, "{}", answer.start());
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
            });
        }
    });
}

#[test]
fn endless_trials_leave_searches_their_turn() {
    Arena::start().attack("36 clients with endless trials", FUNCTIONS, trials);
}

/// As [`trials`], with a large component that is uploaded again and again.
pub(crate) fn uploads(target: &Target<'_>) {
    let large = vec![0; 30 << 20];
    let magic = b"\0asm\x0d\0\x01\0";
    let component = [magic, &large[..]].concat();
    for body in [large, component] {
        for answer in target.ask_at_once(12, "PUT", "/_udf", &body) {
            let is_answer = [400, 413, 415, 422, 429].contains(&answer.status);
            assert!(is_answer, "{}", answer.start());
        }
    }
}

#[test]
fn large_uploads_are_bounded() {
    Arena::start().attack("12 uploads of 30 MB, twice", USUAL, uploads);
}

/// Text that turns the direction of what stands behind it.
pub(crate) fn directions(target: &Target<'_>) {
    // The manifest's description, at the place that the contract gives it, is 5 bytes at 2048.
    let guest = ByHand {
        name: "directions",
        module: r#"(memory (export "memory") 1)
            (data (i32.const 80) "\00\08\00\00\05\00\00\00")
            (data (i32.const 2048) "a\e2\80\aeb")"#,
        ..ByHand::default()
    };
    target.send(&request("PUT", "/_udf", "", &guest.component()));
    let odd = "a%E2%80%AEb";
    let paths = [
        ("GET", "/_udf".to_owned()),
        ("GET", "/_udf/directions".to_owned()),
        ("PUT", format!("/{odd}")),
        ("GET", format!("/{odd}/_search")),
        ("GET", format!("/_udf/{odd}")),
        ("GET", format!("/good/_search?{odd}=1")),
        ("GET", format!("/good/_search?sort={odd}")),
        ("GET", "/_cat/indices".to_owned()),
        ("GET", "/metrics".to_owned()),
    ];
    for (method, path) in paths {
        let answer = target.ask(method, &path, "");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(
            !text.contains('\u{202e}'),
            "{method} {path}: {}",
            answer.start()
        );
        if method == "PUT" {
            assert_eq!(answer.status, 400, "{}", answer.start());
        }
    }
    target.ask("DELETE", "/_udf/directions/0.1.0", "");
}

#[test]
fn text_that_turns_directions_does_not_come_back() {
    Arena::start().attack("bidirectional text", USUAL, directions);
}
