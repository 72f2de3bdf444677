//! What the node keeps of each request, and what a browser sends for another site.

use std::io::Write;

use crate::arena::{Arena, Bounds, USUAL};
use crate::target::Target;

/// Requests are counted by what the node knows, not by what clients make up.
const METRICS: Bounds = Bounds {
    memory_mb: 100,
    kept_mb: 40,
    ..USUAL
};

/// The size of the metrics.
fn size(target: &Target<'_>) -> usize {
    target.done("GET", "/metrics", "").body.len()
}

pub(crate) fn methods(target: &Target<'_>) {
    let before = size(target);
    for number in 0..300 {
        let method = format!("M{number}{}", "X".repeat(200_000));
        // The node may cut the connection before it has all of it.
        target.send(format!("{method} /good HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    }
    for number in 0..2_000 {
        target.ask(&format!("M{number}"), "/good", "");
    }
    let after = size(target);
    assert!(
        after < before + 10_000,
        "{before} bytes of metrics, then {after}"
    );
}

#[test]
fn methods_that_clients_make_up_are_not_kept() {
    Arena::start().attack("2,300 methods, 300 of 200 KB", METRICS, methods);
}

pub(crate) fn paths(target: &Target<'_>) {
    let before = size(target);
    for number in 0..1_500 {
        target.ask("GET", &format!("/made{number}/up/{number}"), "");
        target.ask("GET", &format!("/none{number}/_search"), "");
    }
    let after = size(target);
    assert!(
        after < before + 10_000,
        "{before} bytes of metrics, then {after}"
    );
}

#[test]
fn paths_that_clients_make_up_are_not_kept() {
    Arena::start().attack("3,000 paths", METRICS, paths);
}

/// What is made and deleted again leaves nothing.
pub(crate) fn indexes_that_go(target: &Target<'_>) {
    let before = size(target);
    for number in 0..60 {
        target.done("PUT", &format!("/gone{number}/_doc/1"), "{}");
        target.done("DELETE", &format!("/gone{number}"), "");
    }
    let after = size(target);
    assert!(
        after < before + 10_000,
        "{before} bytes of metrics, then {after}"
    );
}

#[test]
fn indexes_that_are_deleted_leave_nothing() {
    Arena::start().attack("60 indexes made and deleted", METRICS, indexes_that_go);
}

/// A page of another site can make a browser send these without an `Origin`.
pub(crate) fn other_sites(target: &Target<'_>) {
    for (site, is_refused) in [
        ("cross-site", true),
        ("same-site", true),
        ("same-origin", false),
        ("none", false),
    ] {
        for path in [
            "/good/_search",
            "/good/_doc/1",
            "/_cat/indices",
            "/metrics",
            "/health",
        ] {
            let mut bytes = Vec::new();
            write!(
                bytes,
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: {site}\r\n\
                 Sec-Fetch-Mode: no-cors\r\nConnection: close\r\n\r\n"
            )
            .expect("written");
            let answer = target.send(&bytes);
            let expected = if is_refused { 403 } else { 200 };
            assert_eq!(answer.status, expected, "{site} {path}: {}", answer.start());
        }
    }
}

#[test]
fn what_a_browser_sends_for_another_site_is_refused() {
    Arena::start().attack("requests for another site", METRICS, other_sites);
}
