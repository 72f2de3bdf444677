//! The macros of `whittle-guest`, which re-exports them and says how they are used.
//!
//! Each is a function from tokens to tokens in a module of its own. What the tokens mean is in the
//! traits of `whittle-guest`: a type that does not fit is refused there, with a message of its own.

mod parameters;
mod udf;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

/// Reads a struct's fields as the parameters of a function; see the documentation of
/// `whittle-guest`.
#[proc_macro_derive(Parameters, attributes(parameter, parameters))]
pub fn parameters(input: TokenStream) -> TokenStream {
    let input = input.into();
    parameters::expand(&input)
        .unwrap_or_else(|error| refused(&error, parameters::stand_in(&input)))
        .into()
}

/// Makes a struct a UDF by one of its methods; see the documentation of `whittle-guest`.
#[proc_macro_attribute]
pub fn udf(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let item = item.into();
    udf::expand(&attribute.into(), &item)
        .unwrap_or_else(|error| refused(&error, udf::stand_in(&item)))
        .into()
}

/// The author's mistake, and what stands in for the code that is missing because of it: else the
/// compiler would also report each use of that code.
fn refused(error: &syn::Error, stand_in: TokenStream2) -> TokenStream2 {
    let mut tokens = error.to_compile_error();
    tokens.extend(stand_in);
    tokens
}
