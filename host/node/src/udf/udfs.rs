//! Where the UDFs that a query names come from: a few that were given, or a registry.

use std::collections::HashMap;

use whittle_host::{
    Arguments, BindError, Bound, Engine, Function, QueryContext, Registry, ReservedInstances,
    SelectError, Selection, Selector, SelectorError, Stopped, Udf, one_line,
};

use super::places::{Place, Places, TooManySearches};

/// The UDFs that a search may call, by the names of their functions.
#[derive(Debug, Clone)]
pub struct Udfs {
    supply: Supply,
    /// Of searches that call them; `None` if there is no limit.
    places: Option<Places>,
}

#[derive(Debug, Clone)]
enum Supply {
    Given(HashMap<String, Udf>),
    Registry(Registry),
}

/// Why UDFs cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the components `{first}` and `{second}` both have a function `{function}`")]
pub struct UdfsError {
    /// The function.
    pub function: String,
    /// A component that has it.
    pub first: String,
    /// Another.
    pub second: String,
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
    /// The registry has no version that fits.
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
    /// Two functions with the same name.
    pub fn new(udfs: impl IntoIterator<Item = Udf>) -> Result<Self, UdfsError> {
        let mut by_function: HashMap<String, Udf> = HashMap::new();
        for udf in udfs {
            for function in &udf.manifest().functions {
                if let Some(other) = by_function.insert(function.name.clone(), udf.clone()) {
                    return Err(UdfsError {
                        function: function.name.clone(),
                        first: other.manifest().name.clone(),
                        second: udf.manifest().name.clone(),
                    });
                }
            }
        }
        Ok(Self {
            supply: Supply::Given(by_function),
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

    /// Finds the function that a query names. A registry's may be named with versions, as
    /// [`Selector`] reads them.
    pub(crate) fn select(&self, function: &str) -> Result<SelectedUdf, FunctionError> {
        match &self.supply {
            Supply::Given(by_function) => {
                let udf = by_function.get(function).ok_or_else(|| {
                    let mut known: Vec<String> = by_function.keys().cloned().collect();
                    known.sort();
                    FunctionError::Unknown {
                        function: one_line(function),
                        known,
                    }
                })?;
                Ok(SelectedUdf::Given(udf.clone(), function.to_owned()))
            }
            Supply::Registry(registry) => {
                let selector: Selector = function.parse()?;
                Ok(SelectedUdf::Registry(registry.select(&selector)?))
            }
        }
    }
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

    /// The engine that it runs on.
    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Self::Given(udf, _) => udf.engine(),
            Self::Registry(selection) => selection.engine(),
        }
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
