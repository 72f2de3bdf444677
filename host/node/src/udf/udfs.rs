//! Where the UDFs that a query names come from: a few that were given, or a registry.

use std::collections::BTreeSet;
use std::sync::Arc;

use whittle_host::{
    Arguments, BindError, Bound, Engine, Function, Manifest, QueryContext, Registry,
    ReservedInstances, SelectError, Selection, Selector, SelectorError, Stopped, Udf, one_line,
};

use super::places::{Place, Places, TooManySearches};

/// The UDFs that a search may call.
#[derive(Debug, Clone)]
pub struct Udfs {
    supply: Supply,
    /// Of searches that call them; `None` if there is no limit.
    places: Option<Places>,
}

#[derive(Debug, Clone)]
enum Supply {
    Given(Arc<[Udf]>),
    Registry(Registry),
}

/// Why UDFs cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two components are `{name}` {version}: give one of them")]
pub struct UdfsError {
    /// The name of both.
    pub name: String,
    /// The version of both.
    pub version: String,
}

/// Why a function cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionError {
    /// No UDF that was given has such a function.
    #[error("unknown function `{function}`; {}", listed(known))]
    Unknown {
        /// The name in the query.
        function: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The part after the name is not a version.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// No version fits, or several components have the function.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// It cannot be bound to its parameters.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Too many searches with functions run.
    #[error(transparent)]
    Busy(#[from] TooManySearches),
}

impl Udfs {
    /// Puts UDFs together.
    ///
    /// # Errors
    ///
    /// Two components with the same name and version.
    pub fn new(udfs: impl IntoIterator<Item = Udf>) -> Result<Self, UdfsError> {
        let udfs: Arc<[Udf]> = udfs.into_iter().collect();
        let mut seen = BTreeSet::new();
        for Manifest { name, version, .. } in udfs.iter().map(Udf::manifest) {
            if !seen.insert((name, version)) {
                return Err(UdfsError {
                    name: name.clone(),
                    version: version.to_string(),
                });
            }
        }
        Ok(Self {
            supply: Supply::Given(udfs),
            places: None,
        })
    }

    /// The same, for so many searches at once that call any; others wait for a moment and are
    /// refused.
    #[must_use]
    pub fn with_searches(self, at_once: usize) -> Self {
        Self {
            places: Some(Places::new(at_once)),
            ..self
        }
    }

    /// A place for a search that calls functions, if their number is limited.
    pub(super) fn place(&self) -> Result<Option<Place>, TooManySearches> {
        self.places.as_ref().map(Places::take).transpose()
    }

    /// Finds the function that a query names.
    pub(crate) fn select(&self, selector: &Selector) -> Result<SelectedUdf, FunctionError> {
        match &self.supply {
            Supply::Given(udfs) => {
                let udf = given(udfs, selector)?;
                let function = selector.function().to_owned();
                Ok(SelectedUdf::Given(udf.clone(), function))
            }
            Supply::Registry(registry) => Ok(SelectedUdf::Registry(registry.select(selector)?)),
        }
    }
}

/// Selects as a registry does.
fn given<'a>(udfs: &'a [Udf], selector: &Selector) -> Result<&'a Udf, FunctionError> {
    let function = selector.function();
    let has_it = |udf: &&Udf| udf.manifest().function(function).is_some();
    let means_it = |udf: &&Udf| {
        let component = selector.component();
        component.is_none_or(|component| component == udf.manifest().name)
    };
    let candidates: Vec<&Udf> = udfs.iter().filter(has_it).filter(means_it).collect();
    let components = candidates.iter().map(|udf| udf.manifest().name.clone());
    let components: BTreeSet<String> = components.collect();
    match components.len() {
        0 => Err(FunctionError::Unknown {
            function: one_line(selector.name()),
            known: names(udfs),
        }),
        1 => {
            let all = candidates.iter().copied();
            let best = selector.best(all.clone(), |udf| &udf.manifest().version);
            let none = || SelectError::NoVersion {
                selector: selector.clone(),
                versions: all.map(|udf| udf.manifest().version.to_string()).collect(),
            };
            Ok(best.ok_or_else(none)?)
        }
        _ => Err(SelectError::Ambiguous {
            function: function.to_owned(),
            components: components.into_iter().collect(),
        }
        .into()),
    }
}

/// The names of all functions; of those that several components have, with that of the component.
fn names(udfs: &[Udf]) -> Vec<String> {
    let all = || {
        udfs.iter().map(Udf::manifest).flat_map(|manifest| {
            let functions = manifest.functions.iter();
            functions.map(|function| (&manifest.name, &function.name))
        })
    };
    let names = all().map(|(component, function)| {
        let others = all().any(|(other, same)| same == function && other != component);
        match others {
            true => format!("{component}.{function}"),
            false => function.clone(),
        }
    });
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect()
}

/// A function of one version: all workers of a query run the same, whatever is registered
/// meanwhile.
#[derive(Debug)]
pub(crate) enum SelectedUdf {
    Given(Udf, String),
    Registry(Selection),
}

impl SelectedUdf {
    /// Its signature.
    ///
    /// # Panics
    ///
    /// A component was selected for a function that it does not have.
    pub(crate) fn function(&self) -> &Function {
        match self {
            Self::Given(udf, function) => {
                let signature = udf.manifest().function(function);
                signature.expect("it was selected by its function")
            }
            Self::Registry(selection) => selection.function(),
        }
    }

    /// The component that it is of.
    pub(crate) fn udf(&self) -> &Udf {
        match self {
            Self::Given(udf, _) => udf,
            Self::Registry(selection) => selection.udf(),
        }
    }

    /// The engine that it runs on.
    pub(crate) fn engine(&self) -> &Engine {
        self.udf().engine()
    }

    /// The error of a query that got no instance for it.
    pub(crate) fn not_bound(&self, source: Stopped) -> BindError {
        match self {
            Self::Given(_, function) => BindError::Stopped {
                function: function.clone(),
                source,
            },
            Self::Registry(selection) => selection.not_bound(source),
        }
    }

    /// Binds it to its parameters, for one worker, in an instance that the query has reserved.
    pub(crate) fn bind(
        &self,
        arguments: &Arguments,
        query: &QueryContext,
        reserved: &mut ReservedInstances,
    ) -> Result<Bound, BindError> {
        match self {
            Self::Given(udf, function) => {
                udf.bind_reserved(function, arguments, query, None, reserved)
            }
            Self::Registry(selection) => selection.bind_reserved(arguments, query, reserved),
        }
    }
}

impl From<Registry> for Udfs {
    fn from(registry: Registry) -> Self {
        Self {
            supply: Supply::Registry(registry),
            places: None,
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "no component is loaded: load one, or use a registry".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("the components have {}", names.join(", "))
}
