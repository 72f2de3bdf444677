//! Where a function comes from: a version in a registry, a component that the session was given,
//! or, in a plan from another process, a reference alone.

use whittle_host::{
    Arguments, BindError, Bound, Budget, Function, QueryContext, Registry, Selection, Selector,
    Sha256, Udf,
};

use crate::error::CallError;

/// What identifies a function in a plan: plain data that another process can read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The name in SQL, such as `string_distance` or `string_distance@^1`.
    pub name: String,
    /// The component's name.
    pub component: String,
    /// The component's version.
    pub version: semver::Version,
    /// The component's hash; `None` if the component is in no registry, so that no other process
    /// can fetch it.
    pub sha256: Option<Sha256>,
    /// The function's signature.
    pub function: Function,
}

/// A function of a session.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) reference: Reference,
    pub(crate) source: Source,
    /// For a call that belongs to no query.
    pub(crate) budget: Budget,
}

#[derive(Debug)]
pub(crate) enum Source {
    /// The selector names exactly one version.
    Registry(Registry, Selector),
    /// The number tells components apart that have the same name and version.
    Session { udf: Udf, number: u64 },
    /// A component that was found by its hash.
    Component(Udf),
    /// This process does not have the component.
    Elsewhere,
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        let number = |definition: &Self| match definition.source {
            Source::Session { number, .. } => Some(number),
            _ => None,
        };
        let version = |definition: &Self| {
            let Reference {
                component, version, ..
            } = &definition.reference;
            (component.clone(), version.clone())
        };
        self.reference.name == other.reference.name
            && self.reference.sha256 == other.reference.sha256
            && version(self) == version(other)
            && number(self) == number(other)
    }
}

impl Definition {
    /// The function of a version in a registry, by the name in SQL.
    pub(crate) fn registered(
        name: &str,
        registry: &Registry,
        selection: &Selection,
        budget: &Budget,
    ) -> Result<Self, CallError> {
        let function = selection.function().clone();
        let (component, version) = (selection.name(), selection.version());
        let exact = format!("{component}.{}@{version}", function.name);
        let selector = exact
            .parse()
            .map_err(|error: whittle_host::SelectorError| {
                CallError::argument(&function.name, error.to_string())
            })?;
        Ok(Self {
            reference: Reference {
                name: name.to_owned(),
                component: component.to_owned(),
                version: version.clone(),
                sha256: Some(selection.sha256()),
                function,
            },
            source: Source::Registry(registry.clone(), selector),
            budget: budget.clone(),
        })
    }

    /// A function of a component of the session, by the name in SQL.
    pub(crate) fn of_session(
        name: &str,
        udf: &Udf,
        function: &Function,
        number: u64,
        budget: &Budget,
    ) -> Self {
        let manifest = udf.manifest();
        Self {
            reference: Reference {
                name: name.to_owned(),
                component: manifest.name.clone(),
                version: manifest.version.clone(),
                sha256: None,
                function: function.clone(),
            },
            source: Source::Session {
                udf: udf.clone(),
                number,
            },
            budget: budget.clone(),
        }
    }

    /// A function of a plan from another process.
    pub(crate) fn remote(reference: Reference, source: Source) -> Self {
        Self {
            reference,
            source,
            budget: Budget::default(),
        }
    }

    /// The compiled component.
    pub(crate) fn component(&self) -> Result<Udf, CallError> {
        let Reference {
            component, version, ..
        } = &self.reference;
        match &self.source {
            Source::Registry(registry, _) => {
                let udf = registry.udf(component, version)?;
                udf.ok_or_else(|| self.elsewhere())
            }
            Source::Session { udf, .. } | Source::Component(udf) => Ok(udf.clone()),
            Source::Elsewhere => Err(self.elsewhere()),
        }
    }

    fn elsewhere(&self) -> CallError {
        CallError::Elsewhere {
            function: self.reference.function.name.clone(),
            component: self.reference.component.clone(),
            version: self.reference.version.clone(),
        }
    }

    /// The function, ready to be bound.
    pub(crate) fn callable(&self) -> Result<Callable, CallError> {
        match &self.source {
            Source::Registry(registry, selector) => {
                Ok(Callable::Selected(registry.select(selector)?))
            }
            Source::Session { udf, .. } | Source::Component(udf) => {
                let function = self.reference.function.clone();
                Ok(Callable::Component(udf.clone(), function))
            }
            Source::Elsewhere => Err(self.elsewhere()),
        }
    }
}

/// A function that can be bound.
#[derive(Debug, Clone)]
pub(crate) enum Callable {
    /// Its use counts in the statistics of the registry.
    Selected(Selection),
    Component(Udf, Function),
}

impl Callable {
    pub(crate) fn function(&self) -> &Function {
        match self {
            Self::Selected(selection) => selection.function(),
            Self::Component(_, function) => function,
        }
    }

    pub(crate) fn bind(
        &self,
        arguments: &Arguments,
        context: &QueryContext,
    ) -> Result<Bound, BindError> {
        match self {
            Self::Selected(selection) => selection.bind(arguments, context),
            Self::Component(udf, function) => udf.bind(&function.name, arguments, context),
        }
    }
}
