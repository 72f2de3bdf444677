//! Mistakes of which clang and the linker know only a part: what a UDF does not have (threads, a
//! network, processes), and a component that is not declared.

use std::collections::BTreeSet;

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
    let places = messages.lines().filter_map(|line| {
        let place = line.strip_prefix("In file included from ").unwrap_or(line);
        let (file, rest) = place.split_once(':')?;
        let number = rest.split(':').next()?;
        let is_place = number.parse::<u32>().is_ok() && !file.contains("/wasm32-wasi/");
        is_place.then(|| format!("{file}:{number}: "))
    });
    let place = places.last().unwrap_or_default();
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
    fn undefined_symbols_are_named_once() {
        let twice = "wasm-ld-19: error: lto.tmp: undefined symbol: whittle_this_udf\n".repeat(2);
        insta::assert_snapshot!(told(&twice), @"no component is declared: define `const whittle_udf whittle_this_udf`, not `static`, as kit/README.md shows");
        let one = "wasm-ld-19: error: lto.tmp: undefined symbol: foo\n".repeat(3);
        insta::assert_snapshot!(told(&one), @"`foo` is not defined, neither in a C file of the project nor in the C library");
        let two = one + "wasm-ld-19: error: lto.tmp: undefined symbol: bar\n";
        insta::assert_snapshot!(told(&two), @"`bar`, `foo` are not defined, neither in a C file of the project nor in the C library");
    }
}
