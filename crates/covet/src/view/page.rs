//! A struct and its template as the result of a handler.

use covet_template::Error;
use serde::Serialize;

#[cfg(all(feature = "auth", feature = "_db"))]
use super::templates::is_absent;
use super::{Templates, developer};
use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};
use crate::{Responding, Response};

/// A page: a struct whose fields are the variables of a template. [`#[covet::view("…")]`](macro@crate::view) implements it
/// together with [`Responder`](crate::Responder).
pub trait View: Serialize {
    /// The name of the template.
    const TEMPLATE: &'static str;

    /// The names under which the fields are serialized, where they are known; the template is held against them when the
    /// app is built.
    const VARIABLES: Option<&'static [&'static str]>;
}

/// What an operation says of a page that it answers.
#[derive(Debug, Clone)]
pub(crate) struct ViewDescription {
    pub(crate) template: &'static str,
    pub(crate) variables: Option<&'static [&'static str]>,
    pub(crate) type_name: &'static str,
}

/// Describes a page.
pub fn describe_view<V: View>(operation: &mut Operation<'_>) {
    operation.response_text(200, "The page", "text/html");
    operation.requires_state::<Templates>();
    operation.views.push(ViewDescription {
        template: V::TEMPLATE,
        variables: V::VARIABLES,
        type_name: std::any::type_name::<V>(),
    });
}

/// Renders a page.
pub fn respond_view<V: View>(view: &V, to: &Responding<'_>) -> Response {
    let Some(templates) = to.shared.get::<Templates>() else {
        return to.problem(ProblemDetails::new(&INTERNAL).cause("the app's templates are gone"));
    };
    match templates.page(V::TEMPLATE, view) {
        Ok(page) => page.into_response(),
        Err(error) => failed(&templates, error, to),
    }
}

/// The response with a template of the app in place of a page of the framework's own, where the app has one. A template that
/// fails is told in the log: people must still be able to log in.
#[cfg(all(feature = "auth", feature = "_db"))]
pub(crate) fn replace(
    templates: &Templates,
    template: &str,
    variables: &serde_json::Value,
    response: Response,
    id: crate::RequestId,
) -> Response {
    match templates.page(template, variables) {
        Ok(page) => {
            let (mut head, _) = response.into_parts();
            head.headers.remove(http::header::CONTENT_SECURITY_POLICY);
            head.extensions.insert(crate::security_headers::FormsLeave);
            let body = page.into_body(&mut head);
            Response::from_parts(head, body)
        }
        Err(error) if is_absent(&error) => response,
        Err(error) => {
            tracing::error!(request.id = %id, template, "a page could not be rendered: {error:#}");
            response
        }
    }
}

/// The problem of a template that failed, with a page for its author in development.
fn failed(templates: &Templates, error: Error, to: &Responding<'_>) -> Response {
    let page = templates.is_development().then(|| developer::page(templates, &error)).flatten();
    let mut response = to.problem(ProblemDetails::new(&INTERNAL).cause(error));
    if let Some(page) = page {
        response.extensions_mut().insert(page);
    }
    response
}
