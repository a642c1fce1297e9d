//! The description of one route: what its arguments read and what its result answers.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt::Display;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Schemas;
use crate::problem::{Problem, ProblemType, Problems};
use crate::validation::{In, Input, Output};

/// The operation that arguments and results describe themselves into.
///
/// Arguments describe themselves in [`FromRequest::describe`](crate::FromRequest::describe), results in
/// [`Responder::describe`](crate::Responder::describe):
///
/// ```
/// use covet::{Body, Responder, Responding, Response, openapi::Operation};
///
/// /// A table.
/// struct Csv(String);
///
/// impl Responder for Csv {
///     fn describe(operation: &mut Operation<'_>) {
///         operation.response_text(200, "The table", "text/csv");
///         operation.response_header(200, "Content-Disposition", "The name of the file");
///     }
///
///     fn respond(self, _: &Responding<'_>) -> Response {
///         let mut response = Response::new(Body::from(self.0));
///         let headers = response.headers_mut();
///         headers.insert("content-type", http::HeaderValue::from_static("text/csv"));
///         headers.insert("content-disposition", http::HeaderValue::from_static("attachment; filename=table.csv"));
///         response
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Operation<'a> {
    pub(super) schemas: &'a mut Schemas,
    method: &'a Method,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RequestBody>,
    pub(crate) responses: BTreeMap<String, ResponseEntry>,
    pub(crate) problems: Problems,
    pub(crate) state: Vec<(TypeId, &'static str)>,
    pub(crate) any_response: bool,
    /// Whether an argument is the key under which a request is carried out once.
    pub(crate) is_idempotent: bool,
    /// Whether an argument signs something with the app's secret.
    pub(crate) needs_secret: bool,
    /// Whether an argument is the nonce of the page's policy.
    pub(crate) takes_nonce: bool,
    /// What the arguments say of who may call.
    #[cfg(feature = "auth")]
    pub(crate) decisions: Vec<crate::auth::Decision>,
    /// The Security Requirement Objects, where a caller must or may be known.
    pub(crate) security: Option<Value>,
    pub(crate) faults: Vec<String>,
    #[cfg(feature = "template")]
    pub(crate) views: Vec<crate::view::ViewDescription>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) location: &'static str,
    pub(crate) required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) style: Option<&'static str>,
    /// Whether the members of an object stand side by side, as they do in every style that is read here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) explode: bool,
    /// Whether `name=` is read as if the parameter were left out, as the empty input of a form is.
    #[serde(rename = "allowEmptyValue", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) may_be_empty: bool,
    pub(crate) schema: Value,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    pub(crate) content: BTreeMap<&'static str, Value>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct ResponseEntry {
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) headers: Map<String, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) content: BTreeMap<&'static str, Value>,
}

impl<'a> Operation<'a> {
    pub(crate) fn new(schemas: &'a mut Schemas, method: &'a Method) -> Self {
        Operation {
            schemas,
            method,
            parameters: Vec::new(),
            body: None,
            responses: BTreeMap::new(),
            problems: Problems::default(),
            state: Vec::new(),
            any_response: false,
            is_idempotent: false,
            needs_secret: false,
            takes_nonce: false,
            #[cfg(feature = "auth")]
            decisions: Vec::new(),
            security: None,
            faults: Vec::new(),
            #[cfg(feature = "template")]
            views: Vec::new(),
        }
    }

    /// The method of the route.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// One parameter, read from text as a `T`.
    pub fn parameter<T: Input>(&mut self, location: In, name: &str) {
        if name.is_empty() {
            let ty = std::any::type_name::<T>();
            let location = location.as_str();
            self.fault(format_args!(
                "reads a {location} parameter of type `{ty}` under its argument's name, which has none"
            ));
            return;
        }
        let schema = self.schemas.resolved_input::<T>();
        let required = location == In::Path || !(self.schemas.is_optional::<T>() || may_be_empty(&schema));
        let parameter = Parameter::new(location, name.to_owned(), required, schema);
        self.add_parameter(parameter);
    }

    /// What an argument called `name` reads: the members of `T` where `T` is a model with named fields, or else one
    /// parameter under the argument's own name.
    pub fn parameters<T: Input>(&mut self, location: In, name: &str) {
        if T::FIELDS.is_none() {
            return self.parameter::<T>(location, name);
        }
        let object = self.schemas.resolved_input::<T>();
        if object.get("properties").is_none() {
            // A map, or an enum with data: which names there are is not known beforehand.
            let parameter = Parameter::new(location, name.to_owned(), false, object).styled("form");
            return self.add_parameter(parameter);
        }
        let required: Vec<&str> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, schema) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required = location == In::Path || required.contains(&name.as_str());
            let mut parameter = Parameter::new(location, name.clone(), is_required, schema.clone());
            if location == In::Query && self.schemas.is_object(schema) {
                parameter = parameter.styled("deepObject");
            }
            self.add_parameter(parameter);
        }
    }

    /// Makes a parameter that has been described one that must be sent.
    pub(crate) fn require_parameter(&mut self, location: In, name: &str) {
        if let Some(parameter) = self.described(location, name) {
            parameter.required = true;
        }
    }

    /// Gives a parameter that has been described a pattern.
    pub(crate) fn pattern(&mut self, location: In, name: &str, pattern: &str) {
        if let Some(parameter) = self.described(location, name) {
            parameter.schema["pattern"] = json!(pattern);
        }
    }

    /// Says what a parameter that has been described is for.
    #[cfg(feature = "_db")]
    pub(crate) fn describe_parameter(&mut self, location: In, name: &str, description: &str) {
        if let Some(parameter) = self.described(location, name) {
            parameter.description = Some(description.to_owned());
        }
    }

    /// Makes a parameter that has been described one that may be left out.
    #[cfg(feature = "_db")]
    pub(crate) fn allow_absence(&mut self, location: In, name: &str) {
        if let Some(parameter) = self.described(location, name) {
            parameter.required = false;
        }
    }

    /// The schema of a parameter that has been described.
    #[cfg(feature = "_db")]
    pub(crate) fn parameter_schema(&mut self, location: In, name: &str) -> Option<&mut Value> {
        self.described(location, name).map(|parameter| &mut parameter.schema)
    }

    fn described(&mut self, location: In, name: &str) -> Option<&mut Parameter> {
        self.parameters.iter_mut().find(|known| known.location == location.as_str() && known.name == name)
    }

    /// The statuses of the responses that are described so far.
    pub(crate) fn statuses(&self) -> Vec<String> {
        self.responses.keys().cloned().collect()
    }

    fn add_parameter(&mut self, parameter: Parameter) {
        let same = |known: &Parameter| known.location == parameter.location && known.name == parameter.name;
        if self.parameters.iter().any(same) {
            self.fault(format_args!(
                "the {} parameter `{}` is read by two arguments",
                parameter.location, parameter.name
            ));
        }
        self.parameters.push(parameter);
    }

    /// The body, read as a `T` from this media type.
    pub fn request_body<T: Input>(&mut self, media_type: &'static str) {
        let schema = self.schemas.input::<T>();
        self.add_body(media_type, json!({ "schema": schema }));
    }

    /// The body, read as a `T` from any of these media types.
    pub fn request_body_in<T: Input>(&mut self, media_types: impl IntoIterator<Item = &'static str>) {
        let schema = self.schemas.input::<T>();
        let content = media_types.into_iter().map(|media_type| (media_type, json!({ "schema": schema })));
        self.add_bodies(content.collect());
    }

    /// The body as many values of `T`, one behind the other in this media type.
    pub fn request_items<T: Input>(&mut self, media_type: &'static str) {
        let schema = self.schemas.input::<T>();
        self.add_body(media_type, items(schema));
    }

    /// The body as many values of `T`, one behind the other in any of these media types.
    pub fn request_items_in<T: Input>(&mut self, media_types: impl IntoIterator<Item = &'static str>) {
        let schema = self.schemas.input::<T>();
        let content = media_types.into_iter().map(|media_type| (media_type, items(schema.clone())));
        self.add_bodies(content.collect());
    }

    /// The body as a form whose fields are texts and files; which ones is the handler's affair.
    pub fn request_form(&mut self, media_type: &'static str) {
        let description = "Fields are texts, files are bytes.";
        let schema = json!({ "type": "object", "description": description, "additionalProperties": true });
        self.add_body(media_type, json!({ "schema": schema }));
    }

    /// The body as a merge patch of a `T`: every member may be left out, and be null where a `T` need not have it.
    pub fn request_merge_patch<T: Input>(&mut self, media_type: &'static str) {
        let schema = self.schemas.merge_patch::<T>();
        self.add_body(media_type, json!({ "schema": schema }));
    }

    /// The body as bytes or text of this media type; its content is the handler's affair.
    pub fn request_bytes(&mut self, media_type: &'static str) {
        self.add_body(media_type, json!({}));
    }

    /// Says that the body may be left out.
    pub(crate) fn body_may_be_left_out(&mut self) {
        if let Some(body) = &mut self.body {
            body.required = false;
        }
    }

    fn add_body(&mut self, media_type: &'static str, content: Value) {
        self.add_bodies(vec![(media_type, content)]);
    }

    fn add_bodies(&mut self, content: Vec<(&'static str, Value)>) {
        if self.body.is_some() {
            self.fault(format_args!("two arguments read the body"));
        }
        let body = self.body.get_or_insert_with(|| RequestBody { required: true, ..RequestBody::default() });
        body.content.extend(content);
    }

    /// A response that holds a `T`.
    pub fn response<T: Output>(&mut self, status: impl Display, description: &str, media_type: &'static str) {
        let schema = self.schemas.output::<T>();
        self.add_response(status, description, Some((media_type, json!({ "schema": schema }))));
    }

    /// A response that holds many values of `T`, one behind the other in this media type.
    pub fn response_items<T: Output>(&mut self, status: impl Display, description: &str, media_type: &'static str) {
        let schema = self.schemas.output::<T>();
        self.add_response(status, description, Some((media_type, items(schema))));
    }

    /// A response that is text.
    pub fn response_text(&mut self, status: impl Display, description: &str, media_type: &'static str) {
        self.add_response(status, description, Some((media_type, json!({ "schema": { "type": "string" } }))));
    }

    /// A response that is bytes.
    pub fn response_bytes(&mut self, status: impl Display, description: &str, media_type: &'static str) {
        self.add_response(status, description, Some((media_type, json!({}))));
    }

    /// A response without a body.
    pub fn response_empty(&mut self, status: impl Display, description: &str) {
        self.add_response(status, description, None);
    }

    /// Any response; the document says no more than that.
    pub fn response_anything(&mut self) {
        self.any_response = true;
        self.add_response("default", "Any response", Some(("*/*", json!({}))));
    }

    fn add_response(&mut self, status: impl Display, description: &str, content: Option<(&'static str, Value)>) {
        let entry = self.responses.entry(status.to_string()).or_default();
        if entry.description.is_empty() {
            description.clone_into(&mut entry.description);
        }
        entry.content.extend(content);
    }

    /// A header of the responses with this status.
    pub fn response_header(&mut self, status: impl Display, name: &str, description: &str) {
        let entry = self.responses.entry(status.to_string()).or_default();
        let header = json!({ "description": description, "schema": { "type": "string" } });
        entry.headers.insert(name.to_owned(), header);
    }

    /// A problem that the operation can answer.
    pub fn problem(&mut self, problem: &'static ProblemType) {
        self.problems.add(problem);
    }

    /// The problems that an error type can be, such as the one that an argument of your own is refused with.
    ///
    /// ```
    /// use covet::{Problem, openapi::Operation};
    ///
    /// #[derive(Problem)]
    /// enum KeyError {
    ///     /// The request has no key.
    ///     #[problem(status = 401)]
    ///     NoKey,
    /// }
    ///
    /// fn describe(operation: &mut Operation<'_>) {
    ///     operation.problems::<KeyError>();
    /// }
    /// ```
    pub fn problems<E: Problem>(&mut self) {
        E::describe(&mut self.problems);
    }

    /// A value that the app must have been given with `.state(…)`.
    pub fn requires_state<T: Send + Sync + 'static>(&mut self) {
        self.state.push((TypeId::of::<T>(), std::any::type_name::<T>()));
    }

    /// What an argument says of who may call.
    #[cfg(feature = "auth")]
    pub(crate) fn decide(&mut self, decision: crate::auth::Decision) {
        self.decisions.push(decision);
    }

    /// Something wrong with the route, which keeps the app from being built.
    pub fn fault(&mut self, fault: impl Display) {
        self.faults.push(fault.to_string());
    }

    /// Whether a page of another site could make a browser send such a request, cookies included, and whether it changes
    /// something.
    pub(crate) fn refuses_cross_site(&self) -> bool {
        let is_safe = matches!(*self.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        let is_form = |media_type: &str| {
            matches!(media_type, "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain")
        };
        let reads_form = self.body.iter().flat_map(|body| body.content.keys()).any(|media_type| is_form(media_type));
        let reads_cookies = self.parameters.iter().any(|parameter| parameter.location == "cookie");
        !is_safe && (reads_form || reads_cookies)
    }

    /// The media types of the responses that are not problems: what `Accept` is held against.
    pub(crate) fn media_types(&self) -> Vec<&'static str> {
        if self.any_response {
            return Vec::new();
        }
        let mut types: Vec<_> = self.responses.values().flat_map(|entry| entry.content.keys().copied()).collect();
        types.sort_unstable();
        types.dedup();
        if types.contains(&"*/*") {
            return Vec::new();
        }
        types
    }

    /// The schema of a type as it is read, for a description made by hand.
    pub fn input_schema<T: JsonSchema>(&mut self) -> Value {
        self.schemas.input::<T>()
    }
}

/// The Media Type Object of a sequence. OpenAPI 3.2 has `itemSchema` for the schema of one of its items.
fn items(schema: Value) -> Value {
    json!({ "schema": { "type": "string" }, "x-itemSchema": schema })
}

/// Whether a schema is one of a list that may be empty: none of the parameter's name is such a list.
fn may_be_empty(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "array") && schema.get("minItems").is_none()
}

impl Parameter {
    fn new(location: In, mut name: String, required: bool, mut schema: Value) -> Self {
        let description = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"))
            .and_then(|description| description.as_str().map(str::to_owned));
        if location == In::Header {
            name = name.replace('_', "-");
        }
        // A parameter that is left out is not there; it is never null.
        let mut may_be_empty = false;
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            let is_nullable = types.iter().any(|name| name == "null");
            may_be_empty = location == In::Query && is_nullable && !types.iter().any(|name| name == "string");
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                schema["type"] = only.clone();
            }
        }
        Parameter {
            name,
            location: location.as_str(),
            required,
            description,
            style: None,
            explode: false,
            may_be_empty,
            schema,
        }
    }

    fn styled(mut self, style: &'static str) -> Self {
        self.style = Some(style);
        self.explode = true;
        self
    }
}
