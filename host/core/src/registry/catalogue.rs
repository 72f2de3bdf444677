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

    /// The first of the functions that another component already has, and the name of that
    /// component.
    pub(super) fn taken(&self, name: &str, functions: &[String]) -> Option<(String, String)> {
        functions.iter().find_map(|function| {
            let mut owners = self.by_function.get(function)?.iter();
            let owner = owners.find(|key| key.name != name)?;
            Some((function.clone(), owner.name.clone()))
        })
    }

    /// The version for a query, with the position of the function in its manifest. A version that
    /// is disabled or cannot be used is chosen only if there is no other, for the error.
    pub(super) fn select(
        &self,
        selector: &Selector,
    ) -> Result<(&Arc<Version>, &Content, usize), SelectError> {
        let function = selector.function();
        let candidates = self.candidates(function)?;
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

    /// The versions of the component that has a function.
    fn candidates(&self, function: &str) -> Result<Vec<&Arc<Version>>, SelectError> {
        let Some(keys) = self.by_function.get(function) else {
            let mut known: Vec<String> = self.by_function.keys().cloned().collect();
            known.sort();
            return Err(SelectError::UnknownFunction {
                function: one_line(function),
                known,
            });
        };
        let components: BTreeSet<&String> = keys.iter().map(|key| &key.name).collect();
        if components.len() > 1 {
            return Err(SelectError::Ambiguous {
                function: function.to_owned(),
                components: components.into_iter().cloned().collect(),
            });
        }
        Ok(keys.iter().filter_map(|key| self.version(key)).collect())
    }
}
