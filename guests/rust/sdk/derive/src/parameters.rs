//! `#[derive(Parameters)]`: a struct's fields, declared once, as the manifest's parameters and as
//! the way from a query's arguments to the struct.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, ExprUnary, Field, Fields, GenericArgument,
    Lit, LitFloat, LitStr, Meta, PathArguments, Result, Type, UnOp, parse_quote,
};

pub(crate) fn expand(input: &TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input.clone())?;
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
        let Some(options) = Options::of(field)? else {
            taken.push(quote!(#ident: ::core::default::Default::default()));
            continue;
        };
        let bounds = options.bounds();
        let presence = match (&options.default, &bounds) {
            (None, _) => quote!(presence::<#ty>()),
            (Some(value), None) => quote!(default::<#ty>(#value)),
            (Some(value), Some(bounds)) => {
                quote!(default_within::<#ty>(#name, #value, #bounds))
            }
        };
        let description = self::description(&field.attrs);
        declared.push(quote! {
            ::whittle_guest::__private::parameter::<#ty>(
                #name,
                #description,
                ::whittle_guest::__private::#presence,
            )
        });
        taken.push(match bounds {
            None => quote!(#ident: arguments.take::<#ty>(#name)?),
            Some(bounds) => quote!(#ident: arguments.take_within::<#ty>(#name, #bounds)?),
        });
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

/// Code that has the shape of what `expand` makes, for a struct that it refuses.
pub(crate) fn stand_in(input: &TokenStream) -> TokenStream {
    let Ok(input) = syn::parse2::<DeriveInput>(input.clone()) else {
        return TokenStream::new();
    };
    let this = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        impl #generics ::whittle_guest::Parameters for #this #arguments #conditions {
            const NAME: &'static str = "";
            const DESCRIPTION: &'static str = "";

            fn declared() -> ::std::vec::Vec<::whittle_guest::__private::Parameter> {
                ::std::vec::Vec::new()
            }

            fn from_arguments(
                _: &mut ::whittle_guest::Arguments,
            ) -> ::core::result::Result<Self, ::whittle_guest::Error> {
                ::core::panic!()
            }
        }
    }
}

/// What `#[parameter(...)]` says of a parameter.
#[derive(Default)]
struct Options {
    default: Option<Expr>,
    minimum: Option<Expr>,
    maximum: Option<Expr>,
}

impl Options {
    /// `None` if the field is not a parameter.
    fn of(field: &Field) -> Result<Option<Self>> {
        let mut options = Self::default();
        let mut is_skipped = false;
        for attribute in &field.attrs {
            if !attribute.path().is_ident("parameter") {
                continue;
            }
            attribute.parse_nested_meta(|meta| {
                let is_first = !is_skipped;
                if meta.path.is_ident("skip") {
                    is_skipped = true;
                    let is_alone = is_first && options.is_empty();
                    return is_alone.then_some(()).ok_or_else(|| alone(&meta));
                }
                let option = match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("default") => &mut options.default,
                    Some("minimum") => &mut options.minimum,
                    Some("maximum") => &mut options.maximum,
                    _ => {
                        return Err(meta.error(
                            "write `default = VALUE`, `minimum = NUMBER`, `maximum = NUMBER`, or `skip`",
                        ));
                    }
                };
                if is_skipped {
                    return Err(alone(&meta));
                }
                if option.is_some() {
                    return Err(meta.error("write it once"));
                }
                *option = Some(as_number_of(&field.ty, meta.value()?.parse()?));
                Ok(())
            })?;
        }
        Ok((!is_skipped).then_some(options))
    }

    fn is_empty(&self) -> bool {
        matches!(
            self,
            Self {
                default: None,
                minimum: None,
                maximum: None,
            }
        )
    }

    /// The expression of the bounds, if there are any.
    fn bounds(&self) -> Option<TokenStream> {
        if self.minimum.is_none() && self.maximum.is_none() {
            return None;
        }
        let [minimum, maximum] = [&self.minimum, &self.maximum].map(|bound| match bound {
            None => quote!(::core::option::Option::None),
            Some(bound) => quote!(::core::option::Option::Some(#bound)),
        });
        Some(quote!(&::whittle_guest::__private::Bounds::new(#minimum, #maximum)))
    }
}

fn alone(meta: &ParseNestedMeta<'_>) -> Error {
    meta.error("`skip` stands alone: the field is not a parameter")
}

/// The value, as a float if it is an integer and the type is a float's.
fn as_number_of(ty: &Type, value: Expr) -> Expr {
    if !is_float(ty) {
        return value;
    }
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(digits),
            ..
        }) if digits.suffix().is_empty() => {
            let float = LitFloat::new(&format!("{}.0", digits.base10_digits()), digits.span());
            parse_quote!(#float)
        }
        Expr::Unary(ExprUnary {
            attrs,
            op: op @ UnOp::Neg(_),
            expr,
        }) => Expr::Unary(ExprUnary {
            attrs,
            op,
            expr: Box::new(as_number_of(ty, *expr)),
        }),
        other => other,
    }
}

/// Whether a type is `f64` or `Option<f64>`.
fn is_float(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match &last.arguments {
        PathArguments::None => last.ident == "f64",
        PathArguments::AngleBracketed(inner) if last.ident == "Option" => {
            matches!(inner.args.first(), Some(GenericArgument::Type(inner)) if is_float(inner))
        }
        _ => false,
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
        expand(&input).expect_err("it is refused").to_string()
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
            "write `default = VALUE`, `minimum = NUMBER`, `maximum = NUMBER`, or `skip`"
        );
        assert_eq!(
            error(quote!(
                struct S {
                    #[parameter(default = 2, skip)]
                    a: u32,
                }
            )),
            "`skip` stands alone: the field is not a parameter"
        );
        assert_eq!(
            error(quote!(
                struct S {
                    #[parameter(skip)]
                    #[parameter(minimum = 2)]
                    a: u32,
                }
            )),
            "`skip` stands alone: the field is not a parameter"
        );
        assert_eq!(
            error(quote!(
                struct S {
                    #[parameter(minimum = 2, minimum = 3)]
                    a: u32,
                }
            )),
            "write it once"
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
    fn an_integer_is_a_value_of_a_float() {
        let written =
            |ty: Type, value: Expr| as_number_of(&ty, value).to_token_stream().to_string();
        for ty in [parse_quote!(f64), parse_quote!(::std::option::Option<f64>)] {
            let written = |value| written(Type::clone(&ty), value);
            assert_eq!(written(parse_quote!(50)), "50.0");
            assert_eq!(written(parse_quote!(-1)), "- 1.0");
            assert_eq!(written(parse_quote!(0x10)), "16.0");
            assert_eq!(written(parse_quote!(0.5)), "0.5");
            assert_eq!(written(parse_quote!(HALF)), "HALF");
        }
        assert_eq!(written(parse_quote!(i64), parse_quote!(-1)), "- 1");
        assert_eq!(written(parse_quote!(Option<i64>), parse_quote!(1)), "1");
    }

    #[test]
    fn a_struct_that_is_refused_has_a_stand_in() {
        let input = quote!(
            struct S<T> {
                a: T,
            }
        );
        let stand_in = stand_in(&input).to_string();
        let expected = "impl < T > :: whittle_guest :: Parameters for S < T >";
        assert!(stand_in.starts_with(expected), "{stand_in}");
    }

    #[test]
    fn raw_identifiers_lose_their_prefix() {
        let expanded = expand(&quote!(
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
