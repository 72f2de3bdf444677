//! The macros of `whittle-guest`, which re-exports them and says how they are used.
//!
//! Each is a function from tokens to tokens in a module of its own. What the tokens mean is in the
//! traits of `whittle-guest`: a type that does not fit is refused there, with a message of its own.

mod parameters;
mod udf;

use proc_macro::TokenStream;

/// Reads a struct's fields as the parameters of a function; see the documentation of
/// `whittle-guest`.
#[proc_macro_derive(Parameters, attributes(parameter, parameters))]
pub fn parameters(input: TokenStream) -> TokenStream {
    parameters::expand(input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a struct a UDF by one of its methods; see the documentation of `whittle-guest`.
#[proc_macro_attribute]
pub fn udf(attribute: TokenStream, item: TokenStream) -> TokenStream {
    udf::expand(&attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
