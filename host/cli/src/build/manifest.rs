//! The name and version of a component, where a project has them in its manifest: checked before the
//! build, which can take half a minute.

use anyhow::{Result, bail};

/// Checks the name and version in `file`, by the rules that a host has.
///
/// # Errors
///
/// One of them breaks a rule; the error says where and what is expected.
pub(super) fn check(file: &str, name: &str, version: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        bail!(
            "{file}: invalid name `{}`: use letters, digits, `-` and `_`",
            name.escape_debug()
        );
    }
    if let Err(error) = semver::Version::parse(version) {
        bail!(
            "{file}: invalid version `{}`: expected three numbers such as `1.0.0` ({error})",
            version.escape_debug()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_or_version_is_found_before_the_build() {
        let checked = |name, version| check("package.json", name, version);
        let error = |name, version| checked(name, version).expect_err("invalid").to_string();
        checked("my-udf_2", "1.0.0-rc.1").expect("valid");
        insta::assert_snapshot!(error("my udf", "1.0.0"), @"package.json: invalid name `my udf`: use letters, digits, `-` and `_`");
        insta::assert_snapshot!(error("a", "1"), @"package.json: invalid version `1`: expected three numbers such as `1.0.0` (unexpected end of input while parsing major version number)");
        insta::assert_snapshot!(error("a", "v1.2.3"), @"package.json: invalid version `v1.2.3`: expected three numbers such as `1.0.0` (unexpected character 'v' while parsing major version number)");
    }
}
