//! Crates that want JavaScript around them: their functions are imported through wasm-bindgen, and a
//! UDF does not have it. The error names the crate, and the feature to leave out.

use std::collections::{HashMap, VecDeque};

use anyhow::{Result, bail};
use serde_json::Value as Json;
use whittle_host::{foreign_imports, one_line};

/// Fails if a module imports something that is not part of the contract. `metadata` is what cargo
/// knows about the package and all that it depends on.
pub(super) fn check(module: &[u8], metadata: impl FnOnce() -> Result<Json>) -> Result<()> {
    let foreign = foreign_imports(module)?;
    let Some(first) = foreign.first() else {
        return Ok(());
    };
    let is_javascript = |module: &str| module.starts_with("__wbindgen_");
    if !foreign.iter().any(|import| is_javascript(&import.module)) {
        bail!(
            "the code imports {}, which a UDF does not have: link no foreign functions (`extern \
             \"C\"`), and leave out the crate that needs them",
            one_line(&first.to_string())
        );
    }
    match chain(&metadata()?) {
        Some(crates) => bail!(advice(&crates)),
        None => bail!("a crate wants JavaScript (wasm-bindgen), which a UDF does not have"),
    }
}

/// `crates` is a dependency of the package, what that depends on, and so on to wasm-bindgen.
fn advice(crates: &[String]) -> String {
    let crate_ = crates.first().map_or("wasm-bindgen", |name| &**name);
    let advice = match crate_ {
        "chrono" => {
            "a UDF has no clock: use `chrono = { version = \"0.4\", default-features = false, features = \
             [\"std\"] }`, and take the time as a parameter"
                .to_owned()
        }
        "rand" | "getrandom" | "uuid" => format!(
            "a UDF has no randomness: use `{crate_}` without its default features and without `js`, \
             and take a seed as a parameter"
        ),
        _ => format!(
            "use `{crate_}` with `default-features = false`, without features such as `js`, \
             `wasm-bindgen` and `wasmbind`, or use another crate"
        ),
    };
    format!(
        "the crate `{crate_}` wants JavaScript, which a UDF does not have ({}): {advice}",
        crates.join(" -> ")
    )
}

/// The shortest chain of dependencies from the package to wasm-bindgen, by name, without the package.
fn chain(metadata: &Json) -> Option<Vec<String>> {
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let packages = metadata["packages"].as_array()?.iter();
    let names: HashMap<String, String> = packages
        .filter_map(|package| Some((text(&package["id"])?, text(&package["name"])?)))
        .collect();
    let nodes = metadata["resolve"]["nodes"].as_array()?.iter();
    let needs: HashMap<String, Vec<String>> = nodes
        .filter_map(|node| {
            let deps = node["deps"].as_array()?.iter().filter(|dep| is_linked(dep));
            let deps = deps.filter_map(|dep| text(&dep["pkg"])).collect();
            Some((text(&node["id"])?, deps))
        })
        .collect();
    let root = text(&metadata["resolve"]["root"])?;
    let mut chains = VecDeque::from([vec![root]]);
    let mut seen = std::collections::HashSet::new();
    while let Some(chain) = chains.pop_front() {
        let last = chain.last()?;
        let name = names.get(last)?;
        if name == "wasm-bindgen" {
            let names = chain[1..].iter().filter_map(|id| names.get(id));
            return Some(names.cloned().collect());
        }
        for next in needs.get(last).into_iter().flatten() {
            if seen.insert(next.clone()) {
                let mut longer = chain.clone();
                longer.push(next.clone());
                chains.push_back(longer);
            }
        }
    }
    None
}

/// Whether a dependency becomes part of the module: build scripts and tests do not.
fn is_linked(dependency: &Json) -> bool {
    let kinds = dependency["dep_kinds"].as_array();
    kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The error for a package that depends on the first crate, that on the second, and so on.
    fn told(import: &str, crates: &[&str]) -> String {
        let module = format!(r#"(module (import "{import}" "f" (func)))"#);
        let module = wat::parse_str(module).expect("a module");
        let all: Vec<&str> = [&["my-udf"], crates].concat();
        let packages = all.iter().map(|name| json!({"id": name, "name": name}));
        let linked = |name: &str| json!({"pkg": name, "dep_kinds": [{"kind": null}]});
        let nodes = all.iter().enumerate().map(|(index, name)| {
            let deps = all.get(index + 1).map(|next| linked(next));
            json!({"id": name, "deps": deps.into_iter().collect::<Vec<_>>()})
        });
        let metadata = json!({
            "packages": packages.collect::<Vec<_>>(),
            "resolve": {"root": "my-udf", "nodes": nodes.collect::<Vec<_>>()},
        });
        let error = check(&module, || Ok(metadata)).expect_err("it is foreign");
        error.to_string()
    }

    #[test]
    fn names_the_crate_that_wants_javascript() {
        let placeholder = "__wbindgen_placeholder__";
        insta::assert_snapshot!(told(placeholder, &["chrono", "js-sys", "wasm-bindgen"]), @r#"the crate `chrono` wants JavaScript, which a UDF does not have (chrono -> js-sys -> wasm-bindgen): a UDF has no clock: use `chrono = { version = "0.4", default-features = false, features = ["std"] }`, and take the time as a parameter"#);
        insta::assert_snapshot!(told(placeholder, &["getrandom", "wasm-bindgen"]), @"the crate `getrandom` wants JavaScript, which a UDF does not have (getrandom -> wasm-bindgen): a UDF has no randomness: use `getrandom` without its default features and without `js`, and take a seed as a parameter");
        insta::assert_snapshot!(told(placeholder, &["gloo", "wasm-bindgen"]), @"the crate `gloo` wants JavaScript, which a UDF does not have (gloo -> wasm-bindgen): use `gloo` with `default-features = false`, without features such as `js`, `wasm-bindgen` and `wasmbind`, or use another crate");
        insta::assert_snapshot!(told(placeholder, &["other"]), @"a crate wants JavaScript (wasm-bindgen), which a UDF does not have");
        insta::assert_snapshot!(told("env", &[]), @r#"the code imports `f` from `env`, which a UDF does not have: link no foreign functions (`extern "C"`), and leave out the crate that needs them"#);
    }
}
