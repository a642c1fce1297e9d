//! One part of a form.

use bytes::Bytes;

use super::parser::Parser;
use super::{MultipartError, disposition};

/// How many bytes a part may have that is read as text.
const MAX_TEXT: usize = 64 << 10;

/// One part of a [`Multipart`](crate::Multipart) form: a field, or a file.
#[derive(Debug)]
pub struct Part<'m> {
    parser: &'m mut Parser,
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl<'m> Part<'m> {
    pub(super) fn new(parser: &'m mut Parser, headers: &[u8]) -> Result<Self, MultipartError> {
        let malformed = |what: &'static str| MultipartError::Malformed(what.into());
        let Ok(headers) = std::str::from_utf8(headers) else {
            return Err(parser.fail(malformed("the headers of a part are not UTF-8")));
        };
        let value = disposition::header(headers, "content-disposition").unwrap_or_default();
        let is_field = value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("form-data");
        let Some(name) = disposition::parameter(value, "name").filter(|_| is_field) else {
            return Err(parser.fail(malformed("a part has no Content-Disposition with a name")));
        };
        let content_type = disposition::header(headers, "content-type").map(str::to_owned);
        let file_name = disposition::parameter(value, "filename").map(|name| disposition::unescape(&name));
        Ok(Part { parser, name: disposition::unescape(&name), file_name, content_type })
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the file on the client's side, without folders; `None` for a field that is no file. It is the client's
    /// word: not unique, perhaps empty, and never a path to write to.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref().map(|name| name.rsplit(['/', '\\']).next().unwrap_or_default())
    }

    /// The media type that the client gives, with its parameters. It is the client's word.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next piece of the content, or `None` at its end.
    ///
    /// # Errors
    /// That the body ends too early, or cannot be read.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, MultipartError> {
        self.parser.chunk().await
    }

    /// The whole content, of at most so many bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and that it is longer.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, MultipartError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                return Err(self.parser.fail(MultipartError::TooLong { what: "a part", limit }));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }

    /// The whole content as text, of at most 64 KiB.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and that it is not UTF-8.
    pub async fn text(self) -> Result<String, MultipartError> {
        let name = self.name.clone();
        let bytes = self.bytes(MAX_TEXT).await?;
        String::from_utf8(bytes.into())
            .map_err(|_| MultipartError::Malformed(format!("the field `{name}` is not UTF-8").into()))
    }
}
