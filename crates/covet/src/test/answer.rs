//! What came back.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::MEDIA_TYPE;

/// An answer, whole.
///
/// ```
/// # use covet::{App, Path, Result, get, routes, test::Client};
/// /// Half a number.
/// #[get("/half/{number}")]
/// async fn half(number: Path<u8>) -> String { (*number / 2).to_string() }
///
/// # #[covet::main]
/// # async fn main() -> Result<()> {
/// let client = Client::new(App::new("Numbers", "1.0.0").routes(routes![half]))?;
/// let answer = client.get("/half/8").send().await;
/// assert_eq!((answer.status().as_u16(), answer.text()), (200, "4"));
/// assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
/// let answer = client.get("/half/many").send().await;
/// assert_eq!(answer.problem()["type"], "/problems/invalid-request");
/// assert_eq!(answer.faults(), ["path number type"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(super) fn new(head: http::response::Parts, body: Bytes) -> Self {
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's value as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as a value.
    ///
    /// # Panics
    /// When it is not JSON, or not of this type.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body as a problem document.
    ///
    /// # Panics
    /// When the answer is no problem.
    #[track_caller]
    pub fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), Some(MEDIA_TYPE), "not a problem: {self:?}");
        self.json()
    }

    /// The violated rules of a problem, each as `in place code`, for comparing: `body /title min_length`,
    /// `query limit type`.
    ///
    /// # Panics
    /// When the answer is no problem.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        let problem = self.problem();
        let faults = problem["errors"].as_array().into_iter().flatten();
        faults
            .map(|fault| {
                let place = text(fault, "parameter") + &text(fault, "pointer");
                format!("{} {place} {}", text(fault, "in"), text(fault, "code"))
            })
            .collect()
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{:#?}\n{}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}
