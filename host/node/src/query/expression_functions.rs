//! The UDFs of a search, as expressions call them.

use std::cell::RefCell;

use serde_json::{Map, Value as Json};
use whittle_host::{OnError, SelectError, Selector};

use crate::expression::{Functions, Signature, Unusable};
use crate::udf::{FunctionError, Surroundings, UdfCall};

/// The UDFs that one expression may call.
pub(super) struct SearchFunctions<'a> {
    surroundings: &'a Surroundings,
    /// Why a function that is there cannot be used.
    failure: RefCell<Option<FunctionError>>,
}

impl<'a> SearchFunctions<'a> {
    pub(super) fn new(surroundings: &'a Surroundings) -> Self {
        Self {
            surroundings,
            failure: RefCell::default(),
        }
    }

    /// Why a function that is there cannot be used: an error of the function, not of the
    /// expression.
    pub(super) fn into_failure(self) -> Option<FunctionError> {
        self.failure.into_inner()
    }

    fn unusable(&self, error: FunctionError) -> Unusable {
        match error {
            FunctionError::Unknown { known, .. }
            | FunctionError::Select(SelectError::UnknownFunction { known, .. }) => {
                Unusable::Unknown(known)
            }
            FunctionError::Selector(error) => Unusable::Other(error.to_string()),
            error => {
                let reason = error.to_string();
                *self.failure.borrow_mut() = Some(error);
                Unusable::Other(reason)
            }
        }
    }
}

impl Functions for SearchFunctions<'_> {
    fn find(&self, name: &str) -> Result<Signature, Unusable> {
        let selector: Result<Selector, _> = name.parse();
        let selector = selector.map_err(|error| self.unusable(error.into()))?;
        let selected = self.surroundings.udfs.select(&selector);
        let selected = selected.map_err(|error| self.unusable(error))?;
        let function = selected.function();
        Ok(Signature {
            parameters: function.parameters.clone(),
            returns: function.returns,
        })
    }

    fn call(&self, name: &str, arguments: Map<String, Json>) -> Result<UdfCall, Unusable> {
        let surroundings = self.surroundings.clone();
        let call = UdfCall::new(name, &arguments, OnError::Fail, surroundings);
        call.map_err(|error| self.unusable(error))
    }
}
