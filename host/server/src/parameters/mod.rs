//! The parameters of a request's address.
//!
//! Each route declares its parameters as the fields of a struct, with [`parameters!`]: their names,
//! types and descriptions are written once, and the API's description has them from there. A name
//! that a route does not declare is refused, as OpenSearch does, since it was meant for something.
//!
//! What every answer can be asked for (`pretty`, `filter_path`) is read in
//! [`crate::presentation`]; what is taken without effect stands in [`without_effect`].

mod values;
mod without_effect;

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use whittle_host::one_line;

pub(crate) use values::{ActiveShards, Health, List, OpType, Refresh, Switch, Time, Value};

use crate::error::ApiError;
use crate::presentation;

/// The parameters that a request gives.
#[derive(Debug, Default)]
pub(crate) struct Given {
    values: BTreeMap<String, String>,
    /// The names that the route asked for, which an unknown one may have meant.
    declared: Vec<&'static str>,
}

/// How many unknown parameters an error names.
const SHOWN: usize = 10;

/// The longest name that may be meant as another, in bytes.
const LONGEST: usize = 100;

/// The parameters of a route.
pub(crate) trait Parameters: Sized {
    /// Takes out what is this route's.
    ///
    /// # Errors
    ///
    /// 400 for a value that its parameter cannot have.
    fn take(given: &mut Given) -> Result<Self, ApiError>;

    /// What the API's description says of them.
    fn described() -> Vec<Parameter>;
}

/// The parameters of a request, checked: a handler asks for them by taking this.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Sync, T: Parameters> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut given = Given::read(parts.uri.query())?;
        for name in presentation::NAMES {
            given.values.remove(name);
            given.declared.push(name);
        }
        let parameters = T::take(&mut given)?;
        given.finish(parts.uri.path())?;
        Ok(Self(parameters))
    }
}

impl Given {
    /// # Errors
    ///
    /// 400 for a parameter that is given twice.
    pub(crate) fn read(query: Option<&str>) -> Result<Self, ApiError> {
        let mut values = BTreeMap::new();
        for (name, value) in form(query.unwrap_or_default()) {
            if values.contains_key(&name) {
                let name = one_line(&name);
                return Err(bad(format!("parameter [{name}] is given twice")));
            }
            values.insert(name, value);
        }
        Ok(Self {
            values,
            declared: Vec::new(),
        })
    }

    /// Takes a parameter out.
    ///
    /// # Errors
    ///
    /// 400 for a value that it cannot have.
    pub(crate) fn take<T: Value>(&mut self, name: &'static str) -> Result<T, ApiError> {
        self.declared.push(name);
        match self.values.remove(name) {
            None => Ok(T::absent()),
            Some(text) => T::read(name, &text),
        }
    }

    /// Takes out parameters that have no effect, after a check of their values.
    ///
    /// # Errors
    ///
    /// 400 for a value that one cannot have.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) -> Result<(), ApiError> {
        for name in names {
            self.declared.push(name);
            if let Some(text) = self.values.remove(*name) {
                without_effect::check(name, &text)?;
            }
        }
        Ok(())
    }

    /// Refuses what is left.
    fn finish(self, path: &str) -> Result<(), ApiError> {
        if self.values.is_empty() {
            return Ok(());
        }
        let several = if self.values.len() > 1 { "s" } else { "" };
        let names = self.values.keys().take(SHOWN);
        let mut unknown: Vec<String> = names.map(|name| self.unknown(name)).collect();
        if let more @ 1.. = self.values.len().saturating_sub(SHOWN) {
            unknown.push(format!("and {more} more"));
        }
        Err(bad(format!(
            "request [{}] contains unrecognized parameter{several}: {}",
            one_line(path),
            unknown.join(", ")
        )))
    }

    /// An unknown name with the known ones that are close to it.
    fn unknown(&self, name: &str) -> String {
        // Nobody means a short name by a long one, and comparing takes their product.
        let is_short = name.len() <= LONGEST;
        let mut close: Vec<(f64, &str)> = (self.declared.iter().filter(|_| is_short))
            .map(|known| (strsim::normalized_levenshtein(name, known), *known))
            .filter(|(likeness, _)| *likeness > 0.5)
            .collect();
        close.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
        let close: Vec<&str> = close.into_iter().map(|(_, known)| known).collect();
        let name = one_line(name);
        match close[..] {
            [] => format!("[{name}]"),
            [one] => format!("[{name}] -> did you mean [{one}]?"),
            _ => format!("[{name}] -> did you mean any of [{}]?", close.join(", ")),
        }
    }
}

/// The names and values of an address, as forms write them.
fn form(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// `+` is a blank, and `%41` an `A`.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text)
        .decode_utf8_lossy()
        .into_owned()
}

/// A request that is refused for a parameter.
pub(crate) fn bad(reason: impl Into<String>) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "illegal_argument_exception",
        reason,
    )
}

/// What the API's description says of one parameter.
pub(crate) fn described<T: Value>(name: &str, lines: &[&str]) -> Parameter {
    let text: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(text.join(" ")))
        .schema(Some(T::schema()))
        .build()
}

/// What it says of those without effect.
pub(crate) fn described_ignored(names: &[&str]) -> Vec<Parameter> {
    names
        .iter()
        .map(|name| without_effect::described(name))
        .collect()
}

/// Declares the parameters of a route: a line for each, with its description, name and type; groups
/// that several routes share after `with`; names from the list of those without effect after
/// `ignoring`.
macro_rules! parameters {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $key:literal,)*
        }
        $(with { $($(#[doc = $of:literal])+ $group:ident: $shared:ty,)+ })?
        $(ignoring [$($ignored:literal),+ $(,)?])?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default)]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ pub(crate) $field: $type,)*
            $($($(#[doc = $of])+ pub(crate) $group: $shared,)+)?
        }

        impl $crate::parameters::Parameters for $name {
            fn take(
                given: &mut $crate::parameters::Given,
            ) -> Result<Self, $crate::error::ApiError> {
                $(given.ignore(&[$($ignored),+])?;)?
                let _ = &given;
                Ok(Self {
                    $($field: given.take($key)?,)*
                    $($($group: $crate::parameters::Parameters::take(given)?,)+)?
                })
            }

            fn described() -> Vec<utoipa::openapi::path::Parameter> {
                let own: Vec<utoipa::openapi::path::Parameter> = vec![
                    $($crate::parameters::described::<$type>($key, &[$($doc),+]),)*
                ];
                let all = own.into_iter();
                $($(let all = all.chain(
                    <$shared as $crate::parameters::Parameters>::described(),
                );)+)?
                $(let all = all.chain($crate::parameters::described_ignored(&[$($ignored),+]));)?
                all.collect()
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                <Self as $crate::parameters::Parameters>::described()
            }
        }
    };
}
pub(crate) use parameters;

parameters! {
    /// A route without parameters of its own.
    NoParameters {}
}

#[cfg(test)]
mod tests {
    use super::*;

    parameters! {
        /// Some.
        Sample {
            /// How many.
            size: Option<u64> = "size",
            /// Whether
            /// it is shown.
            shown: bool = "shown",
            /// Names.
            names: List = "names",
        }
        with {
            /// Others.
            shared: Shared,
        }
        ignoring ["preference", "batched_reduce_size"]
    }

    parameters! {
        /// Others.
        Shared {
            /// When searches see it.
            refresh: Refresh = "refresh",
        }
    }

    fn read(query: &str) -> Result<Sample, String> {
        let mut given = Given::read(Some(query)).map_err(|error| error.reason().to_owned())?;
        Sample::take(&mut given)
            .and_then(|sample| given.finish("/films/_search").map(|()| sample))
            .map_err(|error| error.reason().to_owned())
    }

    #[test]
    fn reads_parameters_by_their_types() {
        let sample =
            read("size=3&shown&names=a,b%2Cc&preference=_local&refresh=wait_for").expect("known");
        assert_eq!((sample.size, sample.shown), (Some(3), true));
        assert_eq!(sample.names.0, ["a", "b", "c"]);
        assert_eq!(sample.shared.refresh, Refresh::WaitFor);
        let nothing = read("").expect("nothing is required");
        assert_eq!((nothing.size, nothing.shown), (None, false));
        assert_eq!(nothing.shared.refresh, Refresh::False);
    }

    #[test]
    fn refuses_unknown_parameters_and_bad_values() {
        let refused = |query| read(query).expect_err("it is refused");
        insta::assert_snapshot!(refused("colour=red"), @"request [/films/_search] contains unrecognized parameter: [colour]");
        insta::assert_snapshot!(refused("sise=3"), @"request [/films/_search] contains unrecognized parameter: [sise] -> did you mean [size]?");
        insta::assert_snapshot!(refused("sise=3&xyzzy"), @"request [/films/_search] contains unrecognized parameters: [sise] -> did you mean [size]?, [xyzzy]");
        let many: Vec<String> = (0..100_000).map(|number| format!("p{number}")).collect();
        let many = read(&many.join("&")).expect_err("it is refused");
        insta::assert_snapshot!(many, @"request [/films/_search] contains unrecognized parameters: [p0], [p1], [p10], [p100], [p1000], [p10000], [p10001], [p10002], [p10003], [p10004], and 99990 more");
        let long = read(&"size".repeat(100_000)).expect_err("it is refused");
        assert!(!long.contains("did you mean"));
        insta::assert_snapshot!(refused("size=many"), @"Failed to parse int parameter [size] with value [many]");
        insta::assert_snapshot!(refused("shown=yes"), @"Failed to parse value [yes] of parameter [shown] as only [true] or [false] are allowed.");
        insta::assert_snapshot!(refused("size=1&size=2"), @"parameter [size] is given twice");
        insta::assert_snapshot!(refused("batched_reduce_size=few"), @"Failed to parse int parameter [batched_reduce_size] with value [few]");
        insta::assert_snapshot!(refused("refresh=soon"), @"Unknown value for refresh: [soon].");
    }

    #[test]
    fn describes_what_it_declares() {
        let described = Sample::described();
        let names: Vec<&str> = described.iter().map(|one| one.name.as_str()).collect();
        let expected = [
            "size",
            "shown",
            "names",
            "refresh",
            "preference",
            "batched_reduce_size",
        ];
        assert_eq!(names, expected);
        assert_eq!(
            described[1].description.as_deref(),
            Some("Whether it is shown.")
        );
    }
}
