//! An immutable snapshot of the registry's versions, by name and by function.
//!
//! When a node sees a change in the store it creates a new catalogue; queries that began with the
//! old one keep it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::error::SelectError;
use super::selector::Selector;
use super::storage::Key;
use super::version::{Content, Version};
use crate::error::Cause;
use crate::words::one_line;

#[derive(Default)]
pub(super) struct Catalogue {
    versions: BTreeMap<Key, Arc<Version>>,
    by_function: HashMap<String, Vec<Key>>,
}

impl Catalogue {
    pub(super) fn new(versions: impl Iterator<Item = Arc<Version>>) -> Self {
        let versions: BTreeMap<Key, Arc<Version>> = versions
            .map(|version| (version.key.clone(), version))
            .collect();
        let mut by_function: HashMap<String, Vec<Key>> = HashMap::new();
        for (key, version) in &versions {
            for function in version.functions() {
                by_function.entry(function).or_default().push(key.clone());
            }
        }
        Self {
            versions,
            by_function,
        }
    }

    pub(super) fn version(&self, key: &Key) -> Option<&Arc<Version>> {
        self.versions.get(key)
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.versions.values()
    }

    pub(super) fn contents(&self) -> impl Iterator<Item = &Content> {
        self.versions()
            .filter_map(|version| version.content.as_ref().ok())
    }

    /// The components that have a function in a version that is not disabled.
    pub(super) fn components_with(&self, function: &str) -> BTreeSet<&str> {
        let versions = self.with(function);
        let enabled = versions.filter(|version| version.is_enabled());
        enabled.map(|version| version.key.name.as_str()).collect()
    }

    /// The version for a query, with the position of the function in its manifest. A version that
    /// is disabled or cannot be used is chosen only if there is no other, for the error.
    pub(super) fn select(
        &self,
        selector: &Selector,
    ) -> Result<(&Arc<Version>, &Content, usize), SelectError> {
        let function = selector.function();
        let candidates = self.candidates(selector)?;
        let best = |usable: &dyn Fn(&Version) -> bool| {
            let fitting = candidates.iter().filter(|version| usable(version));
            selector.best(fitting.copied(), |version| &version.key.version)
        };
        let Some(version) = best(&Version::is_usable).or_else(|| best(&|_| true)) else {
            let versions = candidates.iter().map(|found| found.key.version.to_string());
            return Err(SelectError::NoVersion {
                selector: selector.clone(),
                versions: versions.collect(),
            });
        };
        if !version.is_enabled() {
            return Err(SelectError::Disabled {
                function: function.to_owned(),
                version: version.key.to_string(),
            });
        }
        let unusable = |source| SelectError::Unusable {
            version: version.key.to_string(),
            source,
        };
        let content = version.content.as_ref();
        let content = content.map_err(|problem| unusable(problem.cause.clone()))?;
        let index = content
            .index_of(function)
            .ok_or_else(|| unusable(Cause::new("the record and the manifest differ")))?;
        Ok((version, content, index))
    }

    /// The versions of the component that a selector means. Disabled versions do not make a name
    /// ambiguous: otherwise, only deleting a component would free the names of its functions.
    fn candidates(&self, selector: &Selector) -> Result<Vec<&Arc<Version>>, SelectError> {
        let function = selector.function();
        let all = self.with(function);
        if let Some(component) = selector.component() {
            let named: Vec<_> = all.filter(|found| found.key.name == component).collect();
            return match named[..] {
                [] => Err(self.unknown(selector)),
                _ => Ok(named),
            };
        }
        let all: Vec<_> = all.collect();
        let mut components = self.components_with(function);
        if components.is_empty() {
            components = all.iter().map(|found| found.key.name.as_str()).collect();
        }
        match components.len() {
            0 => Err(self.unknown(selector)),
            1 => Ok(all
                .into_iter()
                .filter(|found| components.contains(found.key.name.as_str()))
                .collect()),
            _ => Err(SelectError::Ambiguous {
                function: function.to_owned(),
                components: components.into_iter().map(str::to_owned).collect(),
            }),
        }
    }

    /// The versions that have a function.
    fn with(&self, function: &str) -> impl Iterator<Item = &Arc<Version>> {
        let keys = self.by_function.get(function).into_iter().flatten();
        keys.filter_map(|key| self.version(key))
    }

    fn unknown(&self, selector: &Selector) -> SelectError {
        let functions = self.by_function.iter();
        let known: BTreeSet<String> = match selector.component() {
            None => functions.map(|(function, _)| function.clone()).collect(),
            Some(_) => functions
                .flat_map(|(function, keys)| {
                    let qualified = move |key: &Key| format!("{}.{function}", key.name);
                    keys.iter().map(qualified)
                })
                .collect(),
        };
        SelectError::UnknownFunction {
            function: one_line(selector.name()),
            known: known.into_iter().collect(),
        }
    }
}
