//! What a call runs.

use whittle_host::{Arguments, BindError, Bound, Function, QueryContext, Selection, Udf};

/// A function of a component.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// Of a registry, in whose statistics the calls count.
    Selected(Selection),
    /// Of a component that the caller has.
    Given {
        component: Udf,
        /// In the order of the manifest.
        function: usize,
    },
}

impl Target {
    pub(crate) fn function(&self) -> &Function {
        match self {
            Self::Selected(selection) => selection.function(),
            Self::Given {
                component,
                function,
            } => &component.manifest().functions[*function],
        }
    }

    /// Binds the function in a new instance.
    pub(crate) fn bind(
        &self,
        arguments: &Arguments,
        context: &QueryContext,
    ) -> Result<Bound, BindError> {
        match self {
            Self::Selected(selection) => selection.bind(arguments, context),
            Self::Given { component, .. } => {
                component.bind(&self.function().name, arguments, context)
            }
        }
    }
}
