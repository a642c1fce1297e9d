//! One rule: its constant, which both checks and describes.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

/// A rule of `#[check(…)]`.
pub(super) enum Rule {
    /// A constant of a type in `covet::__private::validation`.
    Constant { span: Span, ty: &'static str, value: TokenStream },
    /// An own function.
    Custom(Path),
    /// Rules for the elements.
    Each { span: Span, rules: Vec<Rule> },
}

impl Rule {
    /// The statement that applies the rule to `value`, reporting to `checker`.
    pub(super) fn check(&self, private: &TokenStream, value: &TokenStream) -> TokenStream {
        match self {
            Self::Constant { span, ty, value: constant } => {
                let ty = syn::Ident::new(ty, *span);
                quote_spanned! {*span=>
                    {
                        static RULE: #private::#ty = #private::#ty #constant;
                        #private::apply(&RULE, #value, __checker);
                    }
                }
            }
            Self::Custom(function) => quote!(#private::judge(#function(#value), __checker);),
            Self::Each { span, rules } => {
                let element = quote!(__element);
                let checks = rules.iter().map(|rule| rule.check(private, &element));
                quote_spanned! {*span=>
                    #private::Elements::visit(#value, __checker, |__element, __checker| { #(#checks)* });
                }
            }
        }
    }

    /// The constants for the schema; own functions have none.
    pub(super) fn constants(&self, private: &TokenStream) -> Vec<TokenStream> {
        match self {
            Self::Constant { span, ty, value } => {
                let ty = syn::Ident::new(ty, *span);
                vec![quote!(#private::#ty #value)]
            }
            Self::Custom(_) => Vec::new(),
            Self::Each { rules, .. } => {
                let inner = rules.iter().flat_map(|rule| rule.constants(private));
                inner.map(|constant| quote!(#private::Each(#constant))).collect()
            }
        }
    }
}
