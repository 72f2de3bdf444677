//! Mistakes of which clang and the linker know only a part: what a UDF does not have (threads, a
//! network, processes), and a component that is not declared.

use std::collections::{BTreeSet, HashSet};

use super::super::tool::without_colors;

/// Headers and functions of a system, by what they are for.
const SYSTEM: &[(&str, &[&str], &[&str])] = &[
    (
        "one thread only",
        &["pthread.h", "threads.h", "semaphore.h"],
        &["pthread_create", "pthread_mutex_lock", "thrd_create"],
    ),
    (
        "no network: put what it would load into the documents",
        &["netdb.h", "curl/curl.h", "sys/un.h", "net/if.h"],
        &[
            "socket",
            "connect",
            "bind",
            "listen",
            "getaddrinfo",
            "gethostbyname",
        ],
    ),
    (
        "no processes",
        &[
            "sys/wait.h",
            "spawn.h",
            "sys/mman.h",
            "sys/resource.h",
            "pwd.h",
            "grp.h",
            "dlfcn.h",
        ],
        &[
            "system", "fork", "execv", "execve", "execvp", "execlp", "popen", "waitpid", "mmap",
            "dlopen",
        ],
    ),
    (
        "no signals and no `longjmp`: return an error",
        &["signal.h", "setjmp.h"],
        &["signal", "raise", "setjmp", "longjmp"],
    ),
];

/// clang's messages without the errors that follow from earlier ones: others at the same place, and that a
/// table of the kit's has no size, since one of its entries is wrong.
pub(super) fn without_consequences(messages: &str) -> String {
    let mut kept = String::new();
    // Of the errors so far.
    let mut places = HashSet::new();
    let (mut errors, mut left_out) = (0, 0);
    let mut is_kept = true;
    for line in messages.split_inclusive('\n') {
        let plain = without_colors(line);
        if let Some((place, error)) = plain.split_once(": error: ") {
            let is_table = error.contains("incomplete type 'const whittle_");
            // The linker's errors have none.
            let has_place =
                place.ends_with(|last: char| last.is_ascii_digit()) && place.contains(':');
            let is_new = !has_place || places.insert(place.to_owned());
            is_kept = is_new && !(is_table && errors > 0);
            errors += usize::from(is_kept);
            left_out += usize::from(!is_kept);
        } else if plain.contains(": warning: ") || plain.contains(": fatal error: ") {
            is_kept = true;
        } else if is_count(&plain) {
            // It would count those that are left out.
            is_kept = left_out == 0;
        }
        if is_kept {
            kept.push_str(line);
        }
    }
    kept
}

/// Whether a line is `1 warning and 2 errors generated.` or the like.
fn is_count(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(" generated.") && line.starts_with(|first: char| first.is_ascii_digit())
}

/// The error for clang's messages, where they do not say what to do.
pub(super) fn explained(messages: &str) -> Option<String> {
    missing_header(messages)
        .or_else(|| missing_function(messages))
        .or_else(|| undefined_symbols(messages))
}

fn lacks(place: &str, name: &str, what: &str) -> String {
    format!(
        "{place}`{name}` does not work in a UDF, which has {what} (docs/LIBRARIES.md lists what works)"
    )
}

/// A header of another system is not found, or that of WASI refuses to be included.
fn missing_header(messages: &str) -> Option<String> {
    let header = messages.lines().find_map(|line| {
        let (_, missing) = line.split_once(": fatal error: '").unzip();
        let missing = missing.and_then(|rest| rest.strip_suffix("' file not found"));
        let refusing = line.split_once(": error: ").and_then(|(place, _)| {
            let (_, header) = place.split_once("/wasm32-wasi/")?;
            header.split(':').next()
        });
        missing.or(refusing)
    })?;
    let (what, ..) = SYSTEM
        .iter()
        .find(|(_, headers, _)| headers.contains(&header))?;
    // `In file included from u.c:4:`, or the place itself, in the author's file.
    let mut places = messages.lines().filter_map(|line| {
        let place = line.strip_prefix("In file included from ").unwrap_or(line);
        let (file, rest) = place.split_once(':')?;
        let number = rest.split(':').next()?;
        let is_place = number.parse::<u32>().is_ok() && !file.contains("/wasm32-wasi/");
        is_place.then(|| format!("{file}:{number}: "))
    });
    let place = places.next_back().unwrap_or_default();
    Some(lacks(&place, header, what))
}

fn missing_function(messages: &str) -> Option<String> {
    messages.lines().find_map(|line| {
        let (place, rest) = line.split_once(": error: call to undeclared function '")?;
        let (name, _) = rest.split_once('\'')?;
        let (what, ..) = SYSTEM.iter().find(|(.., names)| names.contains(&name))?;
        Some(lacks(&format!("{place}: "), name, what))
    })
}

fn undefined_symbols(messages: &str) -> Option<String> {
    let symbols = messages.lines().filter_map(|line| {
        let (_, symbol) = line.split_once(": undefined symbol: ")?;
        Some(symbol.trim())
    });
    let symbols: BTreeSet<&str> = symbols.collect();
    if symbols.contains("whittle_this_udf") {
        return Some(
            "no component is declared: define `const whittle_udf whittle_this_udf`, not `static`, \
             as kit/README.md shows"
                .to_owned(),
        );
    }
    symbols.first()?;
    let system = |symbol: &&str| SYSTEM.iter().find(|(.., names)| names.contains(symbol));
    if let Some((symbol, (what, ..))) = symbols.iter().find_map(|s| Some((s, system(s)?))) {
        return Some(lacks("", symbol, what));
    }
    let names: Vec<String> = symbols.iter().map(|symbol| format!("`{symbol}`")).collect();
    let (names, are) = match &names[..] {
        [first] => (first.clone(), "is"),
        [_, _] | [_, _, _] => (names.join(", "), "are"),
        all => (
            format!("{} and {} more", all[..2].join(", "), all.len() - 2),
            "are",
        ),
    };
    Some(format!(
        "{names} {are} not defined, neither in a C file of the project nor in the C library"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &str) -> String {
        explained(messages).unwrap_or_else(|| "nothing".to_owned())
    }

    #[test]
    fn a_header_of_another_system_is_advised_on() {
        insta::assert_snapshot!(told("/p/u.c:4:10: fatal error: 'pthread.h' file not found\n    4 | #include <pthread.h>\n1 error generated.\n"), @"/p/u.c:4: `pthread.h` does not work in a UDF, which has one thread only (docs/LIBRARIES.md lists what works)");
        insta::assert_snapshot!(told("In file included from /p/u.c:4:\n/usr/include/wasm32-wasi/signal.h:2:2: error: \"wasm lacks signal support\"\n"), @"/p/u.c:4: `signal.h` does not work in a UDF, which has no signals and no `longjmp`: return an error (docs/LIBRARIES.md lists what works)");
        insta::assert_snapshot!(told("/p/u.c:4:10: fatal error: 'mine.h' file not found\n"), @"nothing");
    }

    #[test]
    fn a_function_of_another_system_is_advised_on() {
        insta::assert_snapshot!(told("/p/u.c:9:3: error: call to undeclared function 'socket'; ISO C99 and later\n"), @"/p/u.c:9:3: `socket` does not work in a UDF, which has no network: put what it would load into the documents (docs/LIBRARIES.md lists what works)");
        insta::assert_snapshot!(told("wasm-ld-19: error: lto.tmp: undefined symbol: system\n"), @"`system` does not work in a UDF, which has no processes (docs/LIBRARIES.md lists what works)");
        insta::assert_snapshot!(told("/p/u.c:9:3: error: call to undeclared function 'foo'\n"), @"nothing");
    }

    #[test]
    fn an_error_is_shown_without_those_that_follow_from_it() {
        let messages = "\
            u.c:4:53: error: use of undeclared identifier 'x'\n    4 |  INT64(x)\n      |        ^\n\
            u.c:9:46: error: invalid application of 'sizeof' to an incomplete type 'const whittle_parameter[]'\n    9 |  PARAMETERS(p)\nkit/whittle.h:194:51: note: expanded from macro 'WHITTLE_PARAMETERS'\n\
            u.c:20:1: warning: unused function 'f' [-Wunused-function]\n\
            1 warning and 2 errors generated.\n";
        insta::assert_snapshot!(without_consequences(messages), @r"
        u.c:4:53: error: use of undeclared identifier 'x'
            4 |  INT64(x)
              |        ^
        u.c:20:1: warning: unused function 'f' [-Wunused-function]
        ");
        let messages = "\
            u.c:4:5: error: incompatible pointer to integer conversion\n    4 |  INT64\n\
            u.c:4:5: error: initializer element is not a compile-time constant\n    4 |  INT64\n\
            \x1b[1mu.c:8:1: \x1b[0;31merror: \x1b[0mexpected ';'\n3 errors generated.\n";
        let shown = without_consequences(messages).replace('\x1b', "ESC");
        insta::assert_snapshot!(shown, @r"
        u.c:4:5: error: incompatible pointer to integer conversion
            4 |  INT64
        ESC[1mu.c:8:1: ESC[0;31merror: ESC[0mexpected ';'
        ");
        let alone = "u.c:9:46: error: invalid application of 'sizeof' to an incomplete type 'const whittle_parameter[]'\n1 error generated.\n";
        assert_eq!(without_consequences(alone), alone);
        let linker = "wasm-ld-19: error: lto.tmp: undefined symbol: a\nwasm-ld-19: error: lto.tmp: undefined symbol: b\n";
        assert_eq!(without_consequences(linker), linker);
    }

    #[test]
    fn undefined_symbols_are_named_once() {
        let twice = "wasm-ld-19: error: lto.tmp: undefined symbol: whittle_this_udf\n".repeat(2);
        insta::assert_snapshot!(told(&twice), @"no component is declared: define `const whittle_udf whittle_this_udf`, not `static`, as kit/README.md shows");
        let one = "wasm-ld-19: error: lto.tmp: undefined symbol: foo\n".repeat(3);
        insta::assert_snapshot!(told(&one), @"`foo` is not defined, neither in a C file of the project nor in the C library");
        let two = one + "wasm-ld-19: error: lto.tmp: undefined symbol: bar\n";
        insta::assert_snapshot!(told(&two), @"`bar`, `foo` are not defined, neither in a C file of the project nor in the C library");
    }
}
