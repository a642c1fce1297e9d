//! Cross-origin requests of browsers (the Fetch standard, section 3.3).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};

/// Which pages of other origins may call the app from a browser. Without it, none.
///
/// ```
/// use covet::{App, Cors};
///
/// let app = App::new("Shop", "1.0.0").cors(Cors::origins(["https://shop.example", "http://localhost:5173"]));
/// assert!(app.build().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Cors {
    origins: Origins,
    credentials: bool,
    exposed: Vec<String>,
    max_age: Duration,
}

#[derive(Debug, Clone)]
enum Origins {
    Any,
    These(Vec<String>),
}

impl Cors {
    /// Pages of these origins, each `scheme://host` or `scheme://host:port`, as browsers send them.
    pub fn origins<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        Cors::new(Origins::These(origins.into_iter().map(Into::into).collect()))
    }

    /// Pages of every origin; what a public API without cookies wants.
    pub fn any_origin() -> Self {
        Cors::new(Origins::Any)
    }

    fn new(origins: Origins) -> Self {
        Cors { origins, credentials: false, exposed: Vec::new(), max_age: Duration::from_secs(600) }
    }

    /// With cookies and other credentials. Together with [`any_origin`](Self::any_origin) it is an error of the start,
    /// since it would open every user's session to every page.
    pub fn credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// With these response headers readable by the page, beside the few that always are.
    pub fn expose<T: Into<String>>(mut self, headers: impl IntoIterator<Item = T>) -> Self {
        self.exposed.extend(headers.into_iter().map(Into::into));
        self
    }

    /// With another time for which a browser may remember the answer to a preflight than 10 minutes.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// What is wrong with the settings.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.credentials && matches!(self.origins, Origins::Any) {
            faults
                .push("CORS with credentials needs a list of origins: any page could use a user's session".to_owned());
        }
        if let Origins::These(origins) = &self.origins {
            let wrong = origins.iter().filter(|origin| !is_origin(origin));
            faults.extend(wrong.map(|origin| {
                format!(
                    "`{origin}` is not an origin for CORS: it is scheme://host or scheme://host:port, without a path"
                )
            }));
        }
        let wrong = self.exposed.iter().filter(|name| header::HeaderName::try_from(name.as_str()).is_err());
        faults.extend(wrong.map(|name| format!("`{name}`, which CORS exposes, is not the name of a header")));
        faults
    }

    pub(crate) fn allows_credentials(&self) -> bool {
        self.credentials
    }

    pub(crate) fn allows(&self, origin: &str) -> bool {
        match &self.origins {
            Origins::Any => true,
            Origins::These(origins) => origins.iter().any(|known| known == origin),
        }
    }

    /// Adds what the browser must see to an answer.
    pub(crate) fn apply(&self, request: &CrossOrigin, response: &mut HeaderMap) {
        // The answer depends on the header also where it is not there, so that caches keep the two apart.
        if !matches!(self.origins, Origins::Any) {
            response.append(header::VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = request.origin.as_ref().filter(|origin| origin.to_str().is_ok_and(|text| self.allows(text)))
        else {
            return;
        };
        let any = HeaderValue::from_static("*");
        let allowed = if matches!(self.origins, Origins::Any) { any } else { origin.clone() };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials {
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if request.is_preflight {
            self.apply_preflight(request, response);
        } else if let (false, Ok(exposed)) = (self.exposed.is_empty(), HeaderValue::try_from(self.exposed.join(", "))) {
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    /// The methods are those of the path, which stand in `Allow`; the headers are those that the browser asks for, since
    /// which of them a handler reads is the handler's affair.
    fn apply_preflight(&self, request: &CrossOrigin, response: &mut HeaderMap) {
        if let Some(allow) = response.get(header::ALLOW).cloned() {
            response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
        }
        if let Some(headers) = &request.headers {
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        response.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(self.max_age.as_secs()));
    }
}

/// What a request says of where it comes from.
#[derive(Debug)]
pub(crate) struct CrossOrigin {
    origin: Option<HeaderValue>,
    headers: Option<HeaderValue>,
    is_preflight: bool,
}

impl CrossOrigin {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let origin = headers.get(header::ORIGIN).cloned();
        CrossOrigin {
            is_preflight: origin.is_some()
                && method == Method::OPTIONS
                && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            headers: headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
            origin,
        }
    }
}

/// `scheme://host` or `scheme://host:port` (RFC 6454, section 6.2).
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let has_path = text.matches('/').count() != 2;
    uri.scheme().is_some() && uri.host().is_some() && !has_path && text == text.to_ascii_lowercase()
}
