//! The client, in the process of the app or over a socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::BodyExt;
use serde::Serialize;

use super::answer::Answer;
use super::conformance;
use super::cookies::Cookies;
use super::socket;
use crate::{App, Body, Result, Service};

/// A client of an app, for tests. It keeps cookies, follows no redirects, and fails the test when an answer is not in
/// the app's OpenAPI document.
///
/// ```
/// use covet::{App, Json, Result, post, routes, test::Client};
///
/// /// Double a number.
/// #[post("/double")]
/// async fn double(number: Json<i64>) -> Json<i64> { Json(*number * 2) }
///
/// # #[covet::main]
/// # async fn main() -> Result<()> {
/// let client = Client::new(App::new("Numbers", "1.0.0").routes(routes![double]))?;
/// assert_eq!(client.post("/double").json(&21).send().await.json::<i64>(), 42);
/// assert_eq!(client.post("/double").json("x").send().await.faults(), ["body  type"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    service: Service,
    address: Option<SocketAddr>,
    headers: HeaderMap,
    cookies: Arc<Mutex<Cookies>>,
    checked: bool,
}

impl Client {
    /// A client in the same process, without a socket.
    ///
    /// # Errors
    /// The faults of the app.
    pub fn new(app: App) -> Result<Self> {
        Ok(Client::of(app.build()?, None))
    }

    pub(super) fn of(service: Service, address: Option<SocketAddr>) -> Self {
        Client { service, address, headers: HeaderMap::new(), cookies: Arc::default(), checked: true }
    }

    #[cfg(all(feature = "auth", feature = "_db"))]
    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    #[cfg(all(feature = "auth", feature = "_db"))]
    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The same without cookies.
    #[cfg(all(feature = "auth", feature = "_db"))]
    pub(super) fn anonymous(&self) -> Self {
        Client { cookies: Arc::default(), ..self.clone() }
    }

    /// A client that does not hold the answers against the document. It shares the cookies of this one.
    ///
    /// ```
    /// # use covet::{App, Result, test::Client};
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// let client = Client::new(App::new("Empty", "1.0.0"))?;
    /// assert_eq!(client.unchecked().get("/health/live").send().await.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unchecked(&self) -> Self {
        Client { checked: false, ..self.clone() }
    }

    /// A client that sends this header with every request that does not have one of its name, such as a token. It shares the
    /// cookies of this one.
    ///
    /// ```
    /// # use covet::{App, Header, Result, get, routes, test::Client};
    /// /// Say who calls.
    /// #[get("/caller")]
    /// async fn caller(user_agent: Header<String>) -> String { user_agent.0 }
    ///
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// let client = Client::new(App::new("Callers", "1.0.0").routes(routes![caller]))?.with_header("user-agent", "robot");
    /// assert_eq!(client.get("/caller").send().await.text(), "robot");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// When name or value cannot be those of a header.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        let name = HeaderName::try_from(name).expect("the name of a test's header is one");
        let value = HeaderValue::try_from(value).expect("the value of a test's header is one");
        client.headers.insert(name, value);
        client
    }

    /// The app's OpenAPI document.
    pub fn openapi(&self) -> &serde_json::Value {
        self.service.openapi()
    }

    /// A request with this method for this target.
    pub fn request(&self, method: Method, target: &str) -> RequestBuilder {
        let request = http::Request::builder().method(method).uri(target);
        RequestBuilder { client: self.clone(), request, body: Bytes::new() }
    }

    /// A GET request.
    pub fn get(&self, target: &str) -> RequestBuilder {
        self.request(Method::GET, target)
    }

    /// A POST request.
    pub fn post(&self, target: &str) -> RequestBuilder {
        self.request(Method::POST, target)
    }

    /// A PUT request.
    pub fn put(&self, target: &str) -> RequestBuilder {
        self.request(Method::PUT, target)
    }

    /// A PATCH request.
    pub fn patch(&self, target: &str) -> RequestBuilder {
        self.request(Method::PATCH, target)
    }

    /// A DELETE request.
    pub fn delete(&self, target: &str) -> RequestBuilder {
        self.request(Method::DELETE, target)
    }
}

/// A request that is being put together.
///
/// ```
/// # use covet::{App, Cookie, Form, Result, post, routes, test::Client};
/// /// Greet.
/// #[post("/greet")]
/// async fn greet(tone: Cookie<String>, form: Form<Name>) -> String { format!("{} ({})", form.name, *tone) }
///
/// /// Whom.
/// #[covet::model]
/// struct Name { name: String }
///
/// # #[covet::main]
/// # async fn main() -> Result<()> {
/// let client = Client::new(App::new("Greeter", "1.0.0").routes(routes![greet]))?;
/// let answer = client.post("/greet").header("cookie", "tone=warm").form(&[("name", "Ada")]).send().await;
/// assert_eq!(answer.text(), "Ada (warm)");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    request: http::request::Builder,
    body: Bytes,
}

impl RequestBuilder {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a body of these bytes.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    /// With a value as a JSON body.
    ///
    /// # Panics
    /// When the value cannot be JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let body = serde_json::to_vec(value).expect("the value of a test can be written as JSON");
        self.body("application/json", body)
    }

    /// With the body of a form.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.body("application/x-www-form-urlencoded", pairs.join("&"))
    }

    /// Sends the request.
    ///
    /// # Panics
    /// When the request is not one (a target that is no URI, say), when the connection fails, and when the answer is
    /// not in the app's document.
    pub async fn send(self) -> Answer {
        let RequestBuilder { client, request, body } = self;
        let mut request = request.body(body).expect("the request of a test is well-formed");
        for (name, value) in &client.headers {
            request.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        let cookies = client.cookies.lock().unwrap_or_else(PoisonError::into_inner).header();
        if let Some(cookies) = cookies {
            request.headers_mut().append(header::COOKIE, cookies);
        }
        let (method, target) = (request.method().clone(), request.uri().to_string());
        let path = request.uri().path().to_owned();
        let answer = client.exchange(request).await;
        client.cookies.lock().unwrap_or_else(PoisonError::into_inner).store(&answer);
        if client.checked
            && let Err(fault) = conformance::check(client.openapi(), &method, &path, &answer)
        {
            panic!("the answer to {method} {target} is not in the document: {fault}\n{answer:?}");
        }
        answer
    }
}

impl Client {
    async fn exchange(&self, mut request: http::Request<Bytes>) -> Answer {
        let length = request.body().len();
        if length > 0 {
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        if let Some(address) = self.address {
            let host = HeaderValue::try_from(address.to_string()).expect("an address is a header's value");
            request.headers_mut().entry(HeaderName::from_static("host")).or_insert(host);
            return socket::exchange(address, request).await;
        }
        let is_head = request.method() == Method::HEAD;
        let (head, body) = self.service.call(request.map(Body::from)).await.into_parts();
        let body = if is_head { Body::empty() } else { body };
        let body = body.collect().await.expect("the body of the answer can be read").to_bytes();
        Answer::new(head, body)
    }
}
