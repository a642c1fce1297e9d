//! Answers in the format that the client likes best.

use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Responder, Responding, Response, add_vary, json};
use crate::Body;
use crate::format::Format;
use crate::openapi::Operation;
use crate::problem::{INTERNAL, NOT_ACCEPTABLE, ProblemDetails};
use crate::validation::Output;

/// A value in the format that the client's `Accept` likes best: JSON, and by the features `cbor`, `msgpack` and `csv`
/// also CBOR, MessagePack, and, where it is a list of flat models, CSV.
///
/// Without an `Accept` the answer is JSON. A client that takes none of the formats gets 406 before the handler runs.
/// [`Page`](crate::Page), [`Created`](crate::Created) and [`Accepted`](crate::Accepted) negotiate in the same way;
/// [`Json`](crate::Json) does not.
///
/// In CSV the first line names the columns, in the order of the model's fields; texts stand in quotes, and a cell
/// without anything in it is null. A text that begins with `=` is written as it is: whoever opens the table in a
/// program that takes such cells for formulas must keep it from that.
///
/// ```
/// use covet::{get, Negotiated};
///
/// /// A town and how high it lies.
/// #[covet::model]
/// struct Town { name: String, metres: i32 }
///
/// /// List the towns.
/// #[get("/towns")]
/// async fn towns() -> Negotiated<Vec<Town>> {
///     Negotiated(vec![Town { name: "Davos".into(), metres: 1560 }])
/// }
/// # let _ = covet::routes![towns];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Negotiated<T>(pub T);

impl<T: Output> Responder for Negotiated<T> {
    fn describe(operation: &mut Operation<'_>) {
        describe::<T, T>(operation, 200, "Success");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        respond::<T, T>(StatusCode::OK, &self.0, &self.0, to)
    }
}

/// The media type of a table.
#[cfg(feature = "csv")]
const CSV: &str = "text/csv";

/// The media types that a value can be had in; `L` is the list of it that can be a table.
#[cfg_attr(not(feature = "csv"), expect(clippy::extra_unused_type_parameters, reason = "tables are a feature"))]
fn media_types<L: JsonSchema + 'static>() -> Vec<&'static str> {
    let formats = Format::ALL.iter().map(|format| format.media_type());
    #[cfg(feature = "csv")]
    let formats = formats.chain(crate::format::columns_of::<L>().map(|_| CSV));
    formats.collect()
}

/// Describes a response that holds a `T`, and as a table an `L`.
pub(super) fn describe<T: Output, L: JsonSchema + 'static>(
    operation: &mut Operation<'_>,
    status: u16,
    description: &str,
) {
    for format in Format::ALL {
        operation.response::<T>(status, description, format.media_type());
    }
    #[cfg(feature = "csv")]
    if crate::format::columns_of::<L>().is_some() {
        operation.response_text(status, description, CSV);
    }
    if media_types::<L>().len() > 1 {
        operation.response_header(status, "Vary", "That the format depends on Accept");
    }
}

/// The response of a value, or of the list in it where a table is wanted.
pub(super) fn respond<T: Serialize, L: Serialize + JsonSchema + 'static>(
    status: StatusCode,
    value: &T,
    #[cfg_attr(not(feature = "csv"), expect(unused_variables, reason = "tables are a feature"))] list: &L,
    to: &Responding<'_>,
) -> Response {
    if Format::ALL.len() == 1 && cfg!(not(feature = "csv")) {
        return json(status, value, to);
    }
    let available = media_types::<L>();
    let Some(chosen) = to.preferred(&available) else {
        // The pipeline has refused such a request before; a handler that is called by hand may get here.
        return to.problem(ProblemDetails::new(&NOT_ACCEPTABLE).with("available", &available));
    };
    let mut body = Vec::with_capacity(256);
    let result = match Format::ALL.get(chosen) {
        Some(format) => format.encode(value, &mut body),
        #[cfg(feature = "csv")]
        None => crate::format::write_rows(crate::format::columns_of::<L>().unwrap_or_default(), list, &mut body),
        #[cfg(not(feature = "csv"))]
        None => Ok(()),
    };
    if let Err(error) = result {
        return to.problem(ProblemDetails::new(&INTERNAL).cause(error));
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let media_type = match available[chosen] {
        "text/csv" => "text/csv; charset=utf-8; header=present",
        other => other,
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if available.len() > 1 {
        add_vary(response.headers_mut(), "Accept");
    }
    response
}
