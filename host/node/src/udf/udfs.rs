//! Where a search finds the UDFs that its query names: in a few that it was given, or in a
//! registry.

use std::collections::HashMap;

use whittle_host::{
    Arguments, BindError, Bound, QueryContext, Registry, SelectError, Selection, Selector,
    SelectorError, Udf, one_line,
};

/// The UDFs that a search may call, by the names of their functions.
#[derive(Debug, Clone)]
pub struct Udfs(Source);

#[derive(Debug, Clone)]
enum Source {
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

/// Why a query does not get a function.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionError {
    /// No UDF that was given has such a function.
    #[error("unknown function `{function}`: the components have {}", listed(known))]
    Unknown {
        /// The name in the query.
        function: String,
        /// What there is.
        known: Vec<String>,
    },
    /// What stands after the name is no version.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// The registry has none that will do.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// It cannot be bound to its parameters.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl Udfs {
    /// Puts UDFs together.
    ///
    /// # Errors
    ///
    /// Where two have a function of one name.
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
        Ok(Self(Source::Given(by_function)))
    }

    /// Finds the function that a query names. A registry's may be named with versions, as
    /// [`Selector`] reads them.
    pub(crate) fn select(&self, function: &str) -> Result<SelectedUdf, FunctionError> {
        match &self.0 {
            Source::Given(by_function) => {
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
            Source::Registry(registry) => {
                let selector: Selector = function.parse()?;
                Ok(SelectedUdf::Registry(registry.select(&selector)?))
            }
        }
    }
}

/// A function of one version: whatever is registered meanwhile, a query's workers run the same.
#[derive(Debug)]
pub(crate) enum SelectedUdf {
    Given(Udf, String),
    Registry(Selection),
}

impl SelectedUdf {
    /// Binds it to its parameters, for one worker.
    pub(crate) fn bind(
        &self,
        arguments: &Arguments,
        query: &QueryContext,
    ) -> Result<Bound, FunctionError> {
        Ok(match self {
            Self::Given(udf, function) => udf.bind(function, arguments, query)?,
            Self::Registry(selection) => selection.bind(arguments, query)?,
        })
    }

    /// Binds it for one worker more, if that has not to wait.
    pub(crate) fn bind_if_free(
        &self,
        arguments: &Arguments,
        query: &QueryContext,
    ) -> Result<Option<Bound>, FunctionError> {
        Ok(match self {
            Self::Given(udf, function) => udf.bind_if_free(function, arguments, query, None)?,
            Self::Registry(selection) => selection.bind_if_free(arguments, query)?,
        })
    }
}

impl From<Registry> for Udfs {
    fn from(registry: Registry) -> Self {
        Self(Source::Registry(registry))
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
