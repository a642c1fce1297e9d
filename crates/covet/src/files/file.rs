//! One file as an answer.

use std::path::{Path, PathBuf};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::conditions::Validators;
use super::content::{Content, blocking};
use super::range::{self, Wanted};
use super::{FileError, encoding, media_type};
use crate::openapi::Operation;
use crate::precondition::Revalidate;
use crate::problem::{ProblemDetails, RANGE_NOT_SATISFIABLE};
use crate::respond::add_vary;
use crate::stream::disposition;
use crate::{Responder, Responding, Response};

/// A file as an answer. It is read as it is sent, with its length, `ETag` and `Last-Modified`; a client that has it already
/// gets 304, one that asks for a range of it 206 (or 416), with `If-Range` heeded.
///
/// ```
/// use covet::{get, File, FileError};
///
/// /// The terms of use.
/// #[get("/terms.pdf")]
/// async fn terms() -> Result<File, FileError> {
///     File::open("documents/terms.pdf").await
/// }
/// # let _ = covet::routes![terms];
/// ```
///
/// The path is the program's own; what comes from a client goes through a [`Folder`](crate::Folder).
#[derive(Debug)]
pub struct File {
    pub(super) content: Content,
    /// Packed variants by the coding's name.
    pub(super) variants: Vec<(&'static str, Content)>,
    pub(super) media_type: HeaderValue,
    pub(super) cache: Option<HeaderValue>,
    attachment: Option<String>,
}

impl File {
    /// Opens a file. Its media type follows from the ending of its name.
    ///
    /// # Errors
    /// That there is no such file, or that it cannot be read.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        Ok(blocking(move || Ok(File::new(Content::open(&path)?, &path))).await?)
    }

    pub(super) fn new(content: Content, path: &Path) -> Self {
        let media_type = HeaderValue::from_static(media_type::of(path));
        File { content, variants: Vec::new(), media_type, cache: None, attachment: None }
    }

    /// Under another media type.
    pub fn content_type(mut self, media_type: HeaderValue) -> Self {
        self.media_type = media_type;
        self
    }

    /// With a `Cache-Control` header.
    pub fn cache_control(mut self, value: HeaderValue) -> Self {
        self.cache = Some(value);
        self
    }

    /// To be saved under this name, not shown.
    pub fn attachment(mut self, name: impl Into<String>) -> Self {
        self.attachment = Some(name.into());
        self
    }

    /// The headers that a 304 has as well (RFC 9110, section 15.4.5).
    fn add_shared_headers(&self, validators: &Validators, varies: bool, response: &mut Response) {
        let mut insert = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        };
        let date = validators.modified.map(httpdate::fmt_http_date);
        insert(header::ETAG, HeaderValue::try_from(&validators.etag).ok());
        insert(header::LAST_MODIFIED, date.and_then(|date| HeaderValue::try_from(date).ok()));
        insert(header::CACHE_CONTROL, self.cache.clone());
        if varies {
            add_vary(response.headers_mut(), "Accept-Encoding");
        }
    }

    fn add_content_headers(&mut self, coding: &'static str, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.media_type.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if !coding.is_empty() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        let attachment = self.attachment.take().map(|name| disposition(&name));
        if let Some(value) = attachment.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
    }

    /// The content that the client likes best, out of its list, and its coding.
    fn choose(&mut self, to: &Responding<'_>) -> (&'static str, Option<Content>) {
        let codings: Vec<_> = self.variants.iter().map(|(coding, _)| *coding).collect();
        match encoding::choose(to.headers(), &codings) {
            Some(index) => (codings[index], Some(self.variants.swap_remove(index).1)),
            None => ("", None),
        }
    }
}

impl Responder for File {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_bytes(200, "The file", "*/*");
        operation.response_bytes(206, "The range of the file that was asked for", "*/*");
        operation.response_empty(304, "The client has the file as it is now");
        operation.problem(&RANGE_NOT_SATISFIABLE);
        for status in [200, 206] {
            operation.response_header(status, "ETag", "The tag of this content");
        }
    }

    fn respond(mut self, to: &Responding<'_>) -> Response {
        let varies = !self.variants.is_empty();
        let (coding, chosen) = self.choose(to);
        let content = chosen.as_ref().unwrap_or(&self.content);
        let length = content.length;
        let validators = Validators::new(content, coding);
        let mut response = Response::default();
        self.add_shared_headers(&validators, varies, &mut response);
        if validators.is_known(to.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let range = match wanted(to, &validators, length) {
            Wanted::Whole => 0..length,
            Wanted::Part(range) => {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let value = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                response.headers_mut().extend(HeaderValue::try_from(value).map(|value| (header::CONTENT_RANGE, value)));
                range
            }
            Wanted::Nothing => return not_satisfiable(length, to),
        };
        self.add_content_headers(coding, &mut response);
        response.headers_mut().insert(header::CONTENT_LENGTH, (range.end - range.start).into());
        *response.body_mut() = chosen.unwrap_or(self.content).into_body(range);
        // What is compressed on the way has another tag, which only the pipeline knows.
        response.extensions_mut().insert(Revalidate);
        response
    }
}

/// Ranges are for GET alone (section 14.2).
fn wanted(to: &Responding<'_>, validators: &Validators, length: u64) -> Wanted {
    let value = to.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
    match value.filter(|_| *to.method() == Method::GET && validators.allow_range(to.headers())) {
        Some(value) => range::parse(value, length),
        None => Wanted::Whole,
    }
}

fn not_satisfiable(length: u64, to: &Responding<'_>) -> Response {
    let problem = ProblemDetails::new(&RANGE_NOT_SATISFIABLE)
        .detail(format!("the content has {length} bytes"))
        .with("length", length);
    to.problem(match HeaderValue::try_from(format!("bytes */{length}")) {
        Ok(value) => problem.header(header::CONTENT_RANGE, value),
        Err(_) => problem,
    })
}
