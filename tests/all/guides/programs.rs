//! The examples of `whittle-host` that guides show.

#[expect(dead_code, reason = "the program is called without its command line")]
#[path = "../../../host/core/examples/embed.rs"]
mod embed;
#[expect(dead_code, reason = "the program is called without its command line")]
#[path = "../../../host/core/examples/partitions.rs"]
mod partitions;

use whittle_tests::guest;

/// What one of them prints.
pub(super) fn printed(name: &str) -> String {
    let mut output = Vec::new();
    match name {
        "embed" => embed::run(&guest("custom-score"), &mut output).expect("it runs"),
        "partitions" => partitions::run(&guest("string-distance"), &mut output).expect("it runs"),
        _ => panic!("there is no program {name}"),
    }
    String::from_utf8(output).expect("text")
}
