//! Whether a command printed what a guide shows.
//!
//! What differs from run to run counts as equal: times, sizes of memory, and hashes. In a guide `…` stands
//! for anything: alone on a line for any lines, and inside of a line for the rest of it or a part.

/// What a measured number is followed by.
const UNITS: [&str; 10] = [
    "ns", "us", "µs", "ms", "s", "kB", "KiB", "MiB", "bytes", "compiled",
];

/// The ends of names whose numbers are measured.
const MEASURED: [&str; 4] = ["took", "_us", "memory_bytes", "memory_peak_bytes"];

/// The beginning of a text that has such characters only, and the rest.
fn head(text: &str, is_in: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_in(c)).unwrap_or(text.len()))
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.replace(',', "").parse::<f64>().is_ok()
}

fn is_hash(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A line with one word in place of each thing that differs from run to run, and with single blanks, since
/// columns are as wide as what is measured in them.
fn settled(line: &str) -> String {
    let mut settled = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (word, after) = head(rest, |c| c.is_alphanumeric() || "._-@^,".contains(c));
        let (unit, past_unit) = head(after.trim_start(), char::is_alphabetic);
        let name = settled.trim_end_matches([' ', ':', '"']);
        let is_member = name != settled && MEASURED.iter().any(|end| name.ends_with(end));
        let has_unit = |unit: &&str| word.strip_suffix(unit).is_some_and(is_number);
        rest = if word.is_empty() {
            settled.push(first);
            &rest[first.len_utf8()..]
        } else if is_number(word) && UNITS.contains(&unit) {
            settled.push_str("MEASURED");
            past_unit
        } else if (is_number(word) && is_member) || UNITS.iter().any(has_unit) {
            settled.push_str("MEASURED");
            after
        } else {
            settled.push_str(if is_hash(word) { "HASH" } else { word });
            after
        };
    }
    settled.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let Some((head, tail)) = shown.split_once('…') else {
        return shown == printed;
    };
    let Some(rest) = printed.strip_prefix(head) else {
        return false;
    };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts.any(|at| line_matches(tail, &rest[at..]))
}

fn lines_match(shown: &[String], printed: &[String]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [first, tail @ ..] if first == "…" => {
            (0..=printed.len()).any(|skipped| lines_match(tail, &printed[skipped..]))
        }
        [first, tail @ ..] => printed
            .split_first()
            .is_some_and(|(line, rest)| line_matches(first, line) && lines_match(tail, rest)),
    }
}

pub(super) fn matches(shown: &str, printed: &str) -> bool {
    let lines = |text: &str| text.trim_end().lines().map(settled).collect::<Vec<_>>();
    lines_match(&lines(shown), &lines(printed))
}

#[test]
fn what_is_measured_may_differ_and_nothing_else() {
    for (shown, printed, expected) in [
        ("1 hit in 5 ms", "1 hit in 12.5 s", true),
        ("1 hit in 5 ms", "2 hits in 5 ms", false),
        (
            "\"took\": 3,\n\"hits\": 3",
            "\"took\": 14,\n\"hits\": 3",
            true,
        ),
        (
            "\"took\": 3,\n\"hits\": 3",
            "\"took\": 3,\n\"hits\": 4",
            false,
        ),
        ("a\n…\nd", "a\nb\nc\nd", true),
        ("a\n…\nd", "a\nb\nc", false),
        ("built … in 2 s", "built a.wasm in 1.5 s", true),
        ("built … in 2 s", "made a.wasm in 1.5 s", false),
        ("version 1.2.0", "version 1.3.0", false),
    ] {
        assert_eq!(
            matches(shown, printed),
            expected,
            "{shown:?} and {printed:?}"
        );
    }
}
