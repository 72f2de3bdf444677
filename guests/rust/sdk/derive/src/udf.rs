//! `#[udf]`: a method `matches`, `score` or `value`, or `batch`, makes its struct a UDF.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Result, ReturnType, Signature, Type,
    parse_quote,
};

pub(crate) fn expand(attribute: &TokenStream, item: &TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        return Err(Error::new_spanned(
            attribute,
            "put the function's name on its struct: `#[parameters(name = \"...\")]`",
        ));
    }
    let block: ItemImpl = syn::parse2(item.clone())
        .map_err(|error| Error::new(error.span(), "`#[udf]` stands on the struct's impl block"))?;
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new_spanned(
            path,
            "`#[udf]` stands on the struct's own impl block, not on a trait's",
        ));
    }
    let evaluated = Evaluated::of(&block)?;
    let output = evaluated.output();
    let required = evaluated.required();
    let evaluate = evaluated.methods();
    let block = match &evaluated.document {
        Some((method, _)) => inlined(block.clone(), &method.sig.ident),
        None => block.clone(),
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
            #evaluate
        }

        const _: () = {
            const fn returns<T: #required>() {}
            returns::<#output>();
        };
    })
}

/// What was written, with code that has the shape of what `expand` adds, for a block that it refuses.
pub(crate) fn stand_in(item: &TokenStream) -> TokenStream {
    let block = syn::parse2::<ItemImpl>(item.clone()).ok();
    let Some(block) = block.filter(|block| block.trait_.is_none()) else {
        return item.clone();
    };
    let this = &block.self_ty;
    let (generics, _, conditions) = block.generics.split_for_impl();
    quote! {
        #item

        impl #generics ::whittle_guest::Udf for #this #conditions {
            type Output = bool;

            fn evaluate(&self) -> bool {
                ::core::panic!()
            }
        }
    }
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

/// The methods that give results, with their types.
struct Evaluated<'a> {
    /// The one for a document.
    document: Option<(&'a ImplItemFn, &'a Type)>,
    /// `batch`.
    batch: Option<(&'a ImplItemFn, &'a Type)>,
}

impl<'a> Evaluated<'a> {
    fn of(block: &'a ItemImpl) -> Result<Self> {
        let named = |names: &'static [&str]| {
            methods(block).filter(|method| names.iter().any(|name| method.sig.ident == name))
        };
        let mut of_document = named(&["matches", "score", "value"]);
        let document = of_document.next();
        if let (Some(method), Some(second)) = (document, of_document.next()) {
            let (first, second_name) = (&method.sig.ident, &second.sig.ident);
            return Err(Error::new_spanned(
                second_name,
                format!("a UDF has one result: remove or rename `{first}` or `{second_name}`"),
            ));
        }
        let batch = named(&["batch"]).next();
        if document.is_none() && batch.is_none() {
            return Err(Error::new_spanned(
                &block.self_ty,
                "write the method that returns a document's result: `fn matches(&self) -> bool` for a \
                 filter, `fn score(&self) -> f64` for a score, or `fn value(&self)` with any result; \
                 or `fn batch(&self, batch: &Batch<'_>)` with a `Vec` of results",
            ));
        }
        let document = document.map(|method| {
            let takes = "must take only `&self`: the parameters are the struct's fields";
            checked_output(&method.sig, 1, takes).map(|output| (method, output))
        });
        let batch = batch.map(|method| {
            let takes = "must take `&self` and a `&Batch<'_>`";
            checked_output(&method.sig, 2, takes).map(|output| (method, output))
        });
        Ok(Self {
            document: document.transpose()?,
            batch: batch.transpose()?,
        })
    }

    /// The type of a document's result.
    fn output(&self) -> TokenStream {
        match (self.document, self.batch) {
            (Some((_, output)), _) => quote!(#output),
            (None, batch) => {
                let outputs = batch.map(|(_, outputs)| outputs);
                quote!(<#outputs as ::core::iter::IntoIterator>::Item)
            }
        }
    }

    /// What the result has to be.
    fn required(&self) -> TokenStream {
        match self.document {
            Some((method, _)) if method.sig.ident == "matches" => {
                quote!(::whittle_guest::__private::Filter)
            }
            Some((method, _)) if method.sig.ident == "score" => {
                quote!(::whittle_guest::__private::Number)
            }
            _ => quote!(::whittle_guest::Output),
        }
    }

    /// The methods of the trait.
    fn methods(&self) -> TokenStream {
        let one = match self.document {
            Some((method, _)) => {
                let name = &method.sig.ident;
                quote!(Self::#name(self))
            }
            None => quote!(::whittle_guest::__private::evaluate_alone(self)),
        };
        let batch = self.batch.map(|(method, _)| {
            // The span, so that a signature that does not fit is shown as the author's.
            let call = quote_spanned!(method.sig.span()=> Self::batch(self, batch));
            quote! {
                const TAKES_BATCHES: bool = true;

                fn evaluate_batch(
                    &self,
                    batch: &::whittle_guest::Batch<'_>,
                ) -> ::std::vec::Vec<Self::Output> {
                    #call
                }
            }
        });
        quote! {
            #[inline(always)]
            fn evaluate(&self) -> Self::Output {
                #one
            }

            #batch
        }
    }
}

/// The method's result, if it has so many inputs, the first of them `&self`, and returns something.
fn checked_output<'a>(signature: &'a Signature, inputs: usize, takes: &str) -> Result<&'a Type> {
    let name = &signature.ident;
    let by_reference = matches!(
        signature.inputs.first(),
        Some(FnArg::Receiver(receiver)) if receiver.reference.is_some() && receiver.mutability.is_none()
    );
    if !by_reference || signature.inputs.len() != inputs {
        return Err(Error::new_spanned(signature, format!("`{name}` {takes}")));
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
        expand(&TokenStream::new(), &item)
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
    fn a_block_that_is_refused_stays_with_a_stand_in() {
        let block = quote!(
            impl S {
                fn other(&self) {}
            }
        );
        let stand_in = self::stand_in(&block).to_string();
        let expected = format!("{block} impl :: whittle_guest :: Udf for S");
        assert!(stand_in.starts_with(&expected), "{stand_in}");
        // Another block may be the UDF's.
        let of_trait = quote!(impl Clone for S {});
        assert_eq!(self::stand_in(&of_trait).to_string(), of_trait.to_string());
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
    fn a_function_of_a_batch_takes_the_batch() {
        assert_eq!(
            error(quote!(
                impl S {
                    fn batch(&self) -> Vec<f64> {
                        Vec::new()
                    }
                }
            )),
            "`batch` must take `&self` and a `&Batch<'_>`"
        );
        assert_eq!(
            error(quote!(impl S { fn batch(&self, batch: &Batch<'_>) {} })),
            "`batch` returns nothing: add a return type"
        );
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
        let named = expand(&quote!(name = "s"), &quote!(impl S {})).expect_err("it is refused");
        assert_eq!(
            named.to_string(),
            "put the function's name on its struct: `#[parameters(name = \"...\")]`"
        );
    }
}
