//! From functions to the world's exports.

use crate::bindings::whittle::udf::types;
use crate::host::logging;
use crate::parameters::Arguments;
use crate::{Error, Level, Output, Udf};

/// Exports functions as one component, once in a crate: `export!(First, Second)`.
///
/// The component's name, version, description and author are those in the crate's `Cargo.toml`.
/// On other targets than WebAssembly nothing is exported, so that unit tests run there.
#[macro_export]
macro_rules! export {
    ($($function:ident),+ $(,)?) => {
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            // Checked and used, as in a component.
            $(let _ = $crate::__private::bind::<$function>;)+
        };

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            /// The function that the query bound. An enum, so that it is called directly.
            enum BoundFunction {
                $($function($function)),+
            }

            ::std::thread_local! {
                static BOUND: ::core::cell::Cell<::core::option::Option<&'static BoundFunction>> =
                    const { ::core::cell::Cell::new(::core::option::Option::None) };
            }

            struct ExportedComponent;

            impl $crate::__private::Guest for ExportedComponent {
                fn describe() -> $crate::__private::Manifest {
                    $crate::__private::log_panics();
                    $crate::__private::manifest(
                        env!("CARGO_PKG_NAME"),
                        env!("CARGO_PKG_VERSION"),
                        env!("CARGO_PKG_DESCRIPTION"),
                        env!("CARGO_PKG_AUTHORS"),
                        ::std::vec![$($crate::__private::function::<$function>()),+],
                    )
                }

                fn bind(
                    function: ::std::string::String,
                    arguments: ::std::vec::Vec<$crate::__private::Argument>,
                ) -> ::core::result::Result<(), $crate::__private::Error> {
                    $crate::__private::log_panics();
                    $crate::__private::watch();
                    let bound = match function.as_str() {
                        $(<$function as $crate::Parameters>::NAME => {
                            BoundFunction::$function($crate::__private::bind(arguments)?)
                        })+
                        _ => return ::core::result::Result::Err(
                            $crate::__private::unknown(&function)
                        ),
                    };
                    // Leaked: an instance is bound once, and is gone after its query.
                    BOUND.set(::core::option::Option::Some(::std::boxed::Box::leak(
                        ::std::boxed::Box::new(bound),
                    )));
                    ::core::result::Result::Ok(())
                }

                fn evaluate() -> $crate::__private::Evaluated {
                    match BOUND.get() {
                        $(::core::option::Option::Some(BoundFunction::$function(function)) => {
                            $crate::__private::evaluate_document(function)
                        })+
                        ::core::option::Option::None => ::core::panic!("no function is bound"),
                    }
                }
            }

            impl $crate::__private::BatchGuest for ExportedComponent {
                fn evaluate(
                    rows: u32,
                    columns: ::std::vec::Vec<$crate::__private::Column>,
                    scores: ::core::option::Option<::std::vec::Vec<u8>>,
                ) {
                    match BOUND.get() {
                        $(::core::option::Option::Some(BoundFunction::$function(function)) => {
                            $crate::__private::evaluate_batch(function, rows, columns, scores)
                        })+
                        ::core::option::Option::None => ::core::panic!("no function is bound"),
                    }
                }
            }

            $crate::bindings::export!(ExportedComponent with_types_in $crate::bindings);
        };
    };
}

/// What `evaluate` returns.
pub type Evaluated = Result<types::Value, types::Error>;

/// The component's manifest, of what cargo tells.
pub fn manifest(
    name: &str,
    version: &str,
    description: &str,
    authors: &str,
    functions: Vec<types::Function>,
) -> types::Manifest {
    types::Manifest {
        name: name.to_owned(),
        version: version.to_owned(),
        description: description.to_owned(),
        author: authors.replace(':', ", "),
        functions,
    }
}

/// A function's record in the manifest.
pub fn function<T: Udf>() -> types::Function {
    types::Function {
        name: T::NAME.to_owned(),
        description: T::DESCRIPTION.to_owned(),
        parameters: T::declared(),
        returns: T::Output::KIND,
    }
}

/// The function for a query's arguments.
///
/// # Errors
///
/// Where an argument is out of range, or `prepare` refuses it.
pub fn bind<T: Udf>(arguments: Vec<types::Argument>) -> Result<T, types::Error> {
    let mut function = T::from_arguments(&mut Arguments::new(arguments))?;
    function.prepare()?;
    Ok(function)
}

/// What `bind` says to a name that is not in the manifest, which the host does not give.
pub fn unknown(function: &str) -> types::Error {
    Error::invalid_argument(format!("there is no function `{function}`")).into()
}

/// From here on a panic's message goes to the log, before the panic traps.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        logging::log(Level::Error, &panic.to_string());
    }));
}
