//! `#[derive(Parameters)]`: a struct's fields, declared once, as the manifest's parameters and as
//! the way from a query's arguments to the struct.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Lit, LitStr, Meta, Result,
};

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let fields = parameter_fields(&input)?;
    let this = &input.ident;
    let name = function_name(&input)?;
    let description = description(&input.attrs);

    let mut declared = Vec::new();
    let mut taken = Vec::new();
    for field in &fields {
        let Some(ident) = &field.ident else { continue };
        let ty = &field.ty;
        let name = checked_name(ident.unraw().to_string(), ident)?;
        let presence = match Role::of(field)? {
            Role::Skipped => {
                taken.push(quote!(#ident: ::core::default::Default::default()));
                continue;
            }
            Role::Plain => quote!(presence::<#ty>()),
            Role::Defaulted(value) => quote!(default::<#ty>(#value)),
        };
        let description = self::description(&field.attrs);
        declared.push(quote! {
            ::whittle_guest::__private::parameter::<#ty>(
                #name,
                #description,
                ::whittle_guest::__private::#presence,
            )
        });
        taken.push(quote!(#ident: arguments.take::<#ty>(#name)?));
    }
    // Without parameters it is not used, which must not warn in the author's crate.
    let arguments = if declared.is_empty() {
        quote!(_)
    } else {
        quote!(arguments)
    };
    Ok(quote! {
        impl ::whittle_guest::Parameters for #this {
            const NAME: &'static str = #name;
            const DESCRIPTION: &'static str = #description;

            fn declared() -> ::std::vec::Vec<::whittle_guest::__private::Parameter> {
                ::std::vec![#(#declared),*]
            }

            fn from_arguments(
                #arguments: &mut ::whittle_guest::Arguments,
            ) -> ::core::result::Result<Self, ::whittle_guest::Error> {
                ::core::result::Result::Ok(Self { #(#taken),* })
            }
        }
    })
}

fn parameter_fields(input: &DeriveInput) -> Result<Vec<&Field>> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "a UDF's struct cannot be generic: a query cannot choose types",
        ));
    }
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "expected a struct: its fields are the UDF's parameters",
        ));
    };
    match &data.fields {
        Fields::Named(fields) => Ok(fields.named.iter().collect()),
        Fields::Unit => Ok(Vec::new()),
        Fields::Unnamed(fields) => Err(Error::new_spanned(
            fields,
            "expected a named field: a parameter needs a name",
        )),
    }
}

/// What a field of the struct is.
enum Role {
    /// A parameter without a default.
    Plain,
    /// A parameter with a default.
    Defaulted(Expr),
    /// No parameter.
    Skipped,
}

impl Role {
    fn of(field: &Field) -> Result<Self> {
        let mut role = Self::Plain;
        for attribute in &field.attrs {
            if !attribute.path().is_ident("parameter") {
                continue;
            }
            attribute.parse_nested_meta(|meta| {
                let said = if meta.path.is_ident("skip") {
                    Self::Skipped
                } else if meta.path.is_ident("default") {
                    Self::Defaulted(meta.value()?.parse()?)
                } else {
                    return Err(meta.error("write `default = VALUE` or `skip`"));
                };
                if !matches!(role, Self::Plain) {
                    return Err(meta.error("write one `default = VALUE`, or one `skip`"));
                }
                role = said;
                Ok(())
            })?;
        }
        Ok(role)
    }
}

/// The name in `#[parameters(name = "...")]`, or the struct's in snake case.
fn function_name(input: &DeriveInput) -> Result<String> {
    let mut name = snake_case(&input.ident.unraw().to_string());
    for attribute in &input.attrs {
        if !attribute.path().is_ident("parameters") {
            continue;
        }
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("write `name = \"the_function\"`"));
            }
            let written: LitStr = meta.value()?.parse()?;
            name = checked_name(written.value(), &written)?;
            Ok(())
        })?;
    }
    checked_name(name, &input.ident)
}

/// The contract's rule for names, which is narrower than Rust's.
fn checked_name(name: String, written: &impl ToTokens) -> Result<String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let digit_first = name.starts_with(|first: char| first.is_ascii_digit());
    if name.is_empty() || digit_first || !name.chars().all(allowed) {
        return Err(Error::new_spanned(
            written,
            "a name is of ASCII letters, digits and `_`, and does not begin with a digit",
        ));
    }
    Ok(name)
}

/// `HTTPScore2` becomes `http_score2`: a word begins at a capital after a small letter or a digit,
/// and at the last of several capitals.
fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, character) in characters.iter().enumerate() {
        let after = index.checked_sub(1).map(|before| characters[before]);
        let before = characters.get(index + 1);
        let begins_word = after.is_some_and(|after| {
            after.is_lowercase()
                || after.is_ascii_digit()
                || (after.is_uppercase() && before.is_some_and(|before| before.is_lowercase()))
        });
        if character.is_uppercase() && begins_word {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

/// The doc comment as one line.
fn description(attributes: &[Attribute]) -> String {
    let mut words = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) = &meta.value
        {
            words.extend(text.value().split_whitespace().map(str::to_owned));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn error(input: TokenStream) -> String {
        expand(input).expect_err("it is refused").to_string()
    }

    #[test]
    fn what_cannot_be_parameters_is_refused() {
        assert_eq!(
            error(quote!(
                enum Choice {
                    A,
                }
            )),
            "expected a struct: its fields are the UDF's parameters"
        );
        assert_eq!(
            error(quote!(
                struct Pair(u32, u32);
            )),
            "expected a named field: a parameter needs a name"
        );
        assert_eq!(
            error(quote!(
                struct Of<T> {
                    a: T,
                }
            )),
            "a UDF's struct cannot be generic: a query cannot choose types"
        );
    }

    #[test]
    fn attributes_that_say_nothing_or_too_much_are_refused() {
        assert_eq!(
            error(quote!(
                struct S {
                    #[parameter(defualt = 2)]
                    a: u32,
                }
            )),
            "write `default = VALUE` or `skip`"
        );
        assert_eq!(
            error(quote!(
                struct S {
                    #[parameter(default = 2, skip)]
                    a: u32,
                }
            )),
            "write one `default = VALUE`, or one `skip`"
        );
        assert_eq!(
            error(quote!(
                #[parameters(title = "s")]
                struct S;
            )),
            "write `name = \"the_function\"`"
        );
    }

    #[test]
    fn names_are_those_of_the_contract() {
        let refused = "a name is of ASCII letters, digits and `_`, and does not begin with a digit";
        assert_eq!(
            error(quote!(
                #[parameters(name = "string-distance")]
                struct S;
            )),
            refused
        );
        assert_eq!(
            error(quote!(
                #[parameters(name = "2nd")]
                struct S;
            )),
            refused
        );
        assert_eq!(
            error(quote!(
                #[parameters(name = "")]
                struct S;
            )),
            refused
        );
        assert_eq!(
            error(quote!(
                struct S {
                    größe: u32,
                }
            )),
            refused
        );
        let named = parse_quote!(
            #[parameters(name = "_2nd")]
            struct S;
        );
        assert_eq!(function_name(&named).expect("a name"), "_2nd");
    }

    #[test]
    fn a_structs_name_becomes_snake_case() {
        for (name, snake) in [
            ("StringDistance", "string_distance"),
            ("HTTPScore2", "http_score2"),
            ("Top10Films", "top10_films"),
            ("A", "a"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn a_doc_comment_becomes_one_line() {
        let input: DeriveInput = parse_quote! {
            /// Tells whether two texts
            /// are near.
            ///
            /** By edit
                distance. */
            struct StringDistance;
        };
        assert_eq!(
            description(&input.attrs),
            "Tells whether two texts are near. By edit distance."
        );
    }

    #[test]
    fn raw_identifiers_lose_their_prefix() {
        let expanded = expand(quote!(
            struct S {
                r#type: u32,
            }
        ))
        .expect("it expands")
        .to_string();
        assert!(
            expanded.contains(r#"take :: < u32 > ("type")"#),
            "{expanded}"
        );
    }
}
