//! `#[udf]`: a method `matches`, `score` or `value` makes its struct a UDF.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Result, ReturnType, Signature, Type,
    parse_quote,
};

pub(crate) fn expand(attribute: &TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        return Err(Error::new_spanned(
            attribute,
            "put the function's name on its struct: `#[parameters(name = \"...\")]`",
        ));
    }
    let block: ItemImpl = syn::parse2(item)
        .map_err(|error| Error::new(error.span(), "`#[udf]` stands on the struct's impl block"))?;
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new_spanned(
            path,
            "`#[udf]` stands on the struct's own impl block, not on a trait's",
        ));
    }
    let method = evaluated(&block)?.clone();
    let output = checked_output(&method.sig)?;
    let name = &method.sig.ident;
    let block = inlined(block, name);
    let required = if name == "matches" {
        quote!(::whittle_guest::__private::Filter)
    } else if name == "score" {
        quote!(::whittle_guest::__private::Number)
    } else {
        quote!(::whittle_guest::Output)
    };
    let prepare = methods(&block)
        .find(|method| method.sig.ident == "prepare")
        .map(|prepare| {
            // The span, so that a signature that does not fit is shown as the author's.
            let call = quote_spanned!(prepare.sig.span()=> Self::prepare(self));
            quote! {
                fn prepare(&mut self) -> ::core::result::Result<(), ::whittle_guest::Error> {
                    #call
                }
            }
        });
    let this = &block.self_ty;
    Ok(quote! {
        #block

        impl ::whittle_guest::Udf for #this {
            type Output = #output;

            #prepare

            #[inline(always)]
            fn evaluate(&self) -> #output {
                Self::#name(self)
            }
        }

        const _: () = {
            const fn returns<T: #required>() {}
            returns::<#output>();
        };
    })
}

/// The block with the method inlined into the loop over a batch: a call for each document would
/// cost as much as a short method.
fn inlined(mut block: ItemImpl, name: &Ident) -> ItemImpl {
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && method.sig.ident == *name
            && !method
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("inline"))
        {
            method.attrs.push(parse_quote!(#[inline(always)]));
        }
    }
    block
}

fn methods(block: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// The one method that gives a document's result.
fn evaluated(block: &ItemImpl) -> Result<&ImplItemFn> {
    let names = ["matches", "score", "value"];
    let mut found =
        methods(block).filter(|method| names.iter().any(|name| method.sig.ident == name));
    let Some(method) = found.next() else {
        return Err(Error::new_spanned(
            &block.self_ty,
            "write the method that returns a document's result: `fn matches(&self) -> bool` for a \
             filter, `fn score(&self) -> f64` for a score, or `fn value(&self)` with any result",
        ));
    };
    if let Some(second) = found.next() {
        let (first, second_name) = (&method.sig.ident, &second.sig.ident);
        return Err(Error::new_spanned(
            second_name,
            format!("a UDF has one result: remove or rename `{first}` or `{second_name}`"),
        ));
    }
    Ok(method)
}

/// The method's result, where it takes `&self` alone and returns something.
fn checked_output(signature: &Signature) -> Result<&Type> {
    let name = &signature.ident;
    let by_reference = matches!(
        signature.inputs.first(),
        Some(FnArg::Receiver(receiver)) if receiver.reference.is_some() && receiver.mutability.is_none()
    );
    if !by_reference || signature.inputs.len() != 1 {
        return Err(Error::new_spanned(
            signature,
            format!("`{name}` must take only `&self`: the parameters are the struct's fields"),
        ));
    }
    match &signature.output {
        ReturnType::Type(_, output) => Ok(output),
        ReturnType::Default => Err(Error::new_spanned(
            signature,
            format!("`{name}` returns nothing: add a return type"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(item: TokenStream) -> String {
        expand(&TokenStream::new(), item)
            .expect_err("it is refused")
            .to_string()
    }

    #[test]
    fn a_udf_has_one_result() {
        let none = error(quote!(impl S { fn other(&self) -> bool { true } }));
        assert!(
            none.starts_with("write the method that returns a document's result"),
            "{none}"
        );
        assert_eq!(
            error(
                quote!(impl S { fn matches(&self) -> bool { true } fn score(&self) -> f64 { 1. } })
            ),
            "a UDF has one result: remove or rename `matches` or `score`"
        );
        assert_eq!(
            error(quote!(impl S { fn value(&self) {} })),
            "`value` returns nothing: add a return type"
        );
    }

    #[test]
    fn the_method_must_take_only_self() {
        for method in [
            quote!(
                fn score(&self, weight: f64) -> f64 {
                    weight
                }
            ),
            quote!(
                fn score(&mut self) -> f64 {
                    1.
                }
            ),
            quote!(
                fn score(self) -> f64 {
                    1.
                }
            ),
            quote!(
                fn score() -> f64 {
                    1.
                }
            ),
        ] {
            let refused = error(quote!(impl S { #method }));
            assert_eq!(
                refused,
                "`score` must take only `&self`: the parameters are the struct's fields"
            );
        }
    }

    #[test]
    fn the_attribute_stands_on_the_structs_own_impl_block() {
        assert_eq!(
            error(quote!(
                struct S;
            )),
            "`#[udf]` stands on the struct's impl block"
        );
        assert_eq!(
            error(quote!(impl Clone for S {})),
            "`#[udf]` stands on the struct's own impl block, not on a trait's"
        );
        let named = expand(&quote!(name = "s"), quote!(impl S {})).expect_err("it is refused");
        assert_eq!(
            named.to_string(),
            "put the function's name on its struct: `#[parameters(name = \"...\")]`"
        );
    }
}
