//! The parts of a request's head as they are.

use http::{HeaderMap, Method, Uri};

use crate::openapi::Operation;
use crate::{FromRequest, Rejection, Request, RequestId};

macro_rules! from_head {
    ($($ty:ty => |$request:ident| $value:expr;)*) => {
        $(
            impl FromRequest for $ty {
                fn describe(_: &mut Operation<'_>, _: &str) {}

                async fn from_request($request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
                    Ok($value)
                }
            }
        )*
    };
}

from_head! {
    HeaderMap => |request| request.headers().clone();
    Method => |request| request.method().clone();
    Uri => |request| request.uri().clone();
    RequestId => |request| request.id();
}
