//! The argument.

use covet_db::{Executor, sql};
use http::{HeaderMap, Method};

use super::store::Claim;
use crate::openapi::Operation;
use crate::problem::{
    DATABASE_UNAVAILABLE, IDEMPOTENCY_ANSWER_LOST, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, MALFORMED_REQUEST,
};
use crate::validation::{Code, Fault, In};
use crate::{FromRequest, Problem, ProblemDetails, Problems, Rejection, Request};

/// The header.
const NAME: &str = "idempotency-key";

/// How long a key may be.
const MAX_LENGTH: usize = 255;

/// What the header looks like, for the document: a string of RFC 8941, or the same text bare.
const PATTERN: &str = r#"^("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-+\--~][!-+\--~]{0,254})$"#;

/// The `Idempotency-Key` header, which makes an operation one that can be retried without fear: of all requests with the
/// same key the handler sees one. The others get the answer of that one, with the header `Idempotent-Replayed: true`.
///
/// A client makes a new key for each thing that it wants done, a UUID say, and sends the same one with each retry. Keys are
/// those of a method and a path of the routes, and of a [principal](crate::App::principal). They are kept in the app's
/// database in a table of the framework, so that retries may reach any process.
///
/// - A request without the header is refused with 400; `Option<IdempotencyKey>` leaves it to the client.
/// - Another request (target, content type or body) with a known key is refused with 422.
/// - A request whose twin is still at work waits for its answer, for 5 seconds, and then gets 409 with `Retry-After`.
/// - What the handler answers is kept for 24 hours, but for failures of the server (500 and above). A request that the
///   handler never saw, since its arguments were refused, keeps its key free.
/// - The handler goes on when its client hangs up, up to the deadline, so that a retry finds the answer.
/// - If the process dies meanwhile, the key is free again shortly after the deadline of the first attempt.
///   [`fence`](Self::fence) closes the last gap.
///
/// ```
/// use covet::{post, App, Created, Db, IdempotencyKey, Json, Result};
///
/// /// A payment.
/// #[covet::model]
/// #[derive(Clone)]
/// struct Payment { cents: i64 }
///
/// /// Pay.
/// #[post("/payments")]
/// async fn pay(_key: IdempotencyKey, payment: Json<Payment>, _db: Db) -> Result<Created<Payment>> {
///     Ok(Created::at("/payments/1", payment.0))
/// }
/// # let _ = covet::routes![pay];
/// ```
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    text: String,
    claim: Option<Claim>,
}

impl IdempotencyKey {
    /// The key, without quotation marks.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Binds the key to a transaction: if it commits, the request is never carried out again, even if the process dies
    /// before the answer is stored; if another attempt has taken the key over meanwhile, it does not commit.
    ///
    /// Without it, a process that dies between the commit and the stored answer leaves a key that is free again after a
    /// while, and a retry does the work twice. With it, such a retry is answered 409, since the work is done but what was
    /// answered is lost.
    ///
    /// ```
    /// use covet::db::sql;
    /// use covet::{post, Db, IdempotencyError, IdempotencyKey, NoContent};
    ///
    /// /// Take a copy from the stock.
    /// #[post("/sales")]
    /// async fn sell(key: IdempotencyKey, db: Db) -> Result<NoContent, IdempotencyError> {
    ///     db.transaction(async |tx| {
    ///         key.fence(tx).await?;
    ///         tx.execute(sql!("UPDATE books SET stock = stock - 1 WHERE id = 7")).await?;
    ///         Ok(NoContent)
    ///     })
    ///     .await
    /// }
    /// # let _ = covet::routes![sell];
    /// ```
    ///
    /// # Errors
    /// [`IdempotencyError::Superseded`] when another attempt works under the key now, and failures of the database.
    pub async fn fence(&self, transaction: &Executor) -> Result<(), IdempotencyError> {
        // A handler that is called by hand, as in a unit test, has no row.
        let Some(Claim { id, owner }) = &self.claim else { return Ok(()) };
        let sql = sql!(
            "UPDATE covet_idempotency SET committed = 1
             WHERE id = {id} AND owner = {owner} AND committed = 0 AND status IS NULL"
        );
        match transaction.execute(sql).await?.rows_affected {
            0 => Err(IdempotencyError::Superseded),
            _ => Ok(()),
        }
    }
}

impl FromRequest for IdempotencyKey {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        Option::<IdempotencyKey>::describe(operation, name);
        operation.require_parameter(In::Header, NAME);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let key = Option::<IdempotencyKey>::from_request(request, name).await?;
        key.ok_or_else(|| {
            refuse(Code::Missing, "must be sent: a new key, such as a UUID, for each new thing to be done")
        })
    }
}

impl FromRequest for Option<IdempotencyKey> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        if matches!(*operation.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            operation.fault("takes an `IdempotencyKey`, but its method changes nothing and can be retried anyway");
        }
        operation.parameter::<Option<String>>(In::Header, NAME);
        operation.pattern(In::Header, NAME, PATTERN);
        operation.describe_parameter(In::Header, NAME, "Names what is to be done, so that retries do not do it again.");
        operation.requires_state::<covet_db::Db>();
        operation.is_idempotent = true;
        for problem in [
            &MALFORMED_REQUEST,
            &IDEMPOTENCY_KEY_REUSED,
            &IDEMPOTENCY_KEY_IN_USE,
            &IDEMPOTENCY_ANSWER_LOST,
            &DATABASE_UNAVAILABLE,
        ] {
            operation.problem(problem);
        }
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let claim = request.head.extensions.get().cloned();
        Ok(parse(request.headers())?.map(|text| IdempotencyKey { text, claim }))
    }
}

/// The key in the header; `None` where there is no header.
pub(super) fn parse(headers: &HeaderMap) -> Result<Option<String>, Rejection> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refuse(Code::Duplicate, "must be given only once"));
    }
    let text = value.to_str().ok().map(str::trim).unwrap_or_default();
    let key = if text.starts_with('"') { string(text) } else { bare(text) };
    match key {
        Some(key) if (1..=MAX_LENGTH).contains(&key.len()) => Ok(Some(key)),
        _ => Err(refuse(
            Code::Syntax,
            "must be 1 to 255 visible ASCII characters, bare or as a string in quotation marks",
        )),
    }
}

/// A string (RFC 8941, section 3.3.3), as the draft has it. Parameters behind it have no meaning.
fn string(text: &str) -> Option<String> {
    let mut key = String::new();
    let mut characters = text.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => break,
            '\\' => key.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            c @ ' '..='~' => key.push(c),
            _ => return None,
        }
    }
    characters.as_str().is_empty().then_some(key)
}

/// The text as it is, as most clients send it.
fn bare(text: &str) -> Option<String> {
    let is_visible = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    text.bytes().all(is_visible).then(|| text.to_owned())
}

fn refuse(code: Code, message: &'static str) -> Rejection {
    Rejection::Malformed(Fault::new(code, message).in_parameter(In::Header, NAME).into())
}

/// Why [`IdempotencyKey::fence`] does not let a transaction commit.
#[derive(Debug)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// Another attempt with the same key has taken over, since this one took too long (409).
    Superseded,
    /// The database failed.
    Db(covet_db::Error),
}

impl std::fmt::Display for IdempotencyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Superseded => f.write_str("another attempt with the same idempotency key has taken over"),
            Self::Db(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IdempotencyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Superseded => None,
            Self::Db(error) => error.source(),
        }
    }
}

impl From<covet_db::Error> for IdempotencyError {
    fn from(error: covet_db::Error) -> Self {
        Self::Db(error)
    }
}

impl Problem for IdempotencyError {
    fn describe(problems: &mut Problems) {
        problems.add(&IDEMPOTENCY_KEY_IN_USE);
        covet_db::Error::describe(problems);
    }

    fn into_details(self) -> ProblemDetails {
        match self {
            Self::Superseded => ProblemDetails::new(&IDEMPOTENCY_KEY_IN_USE),
            Self::Db(error) => error.into_details(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_strings_or_bare() {
        let check = |text: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(NAME, text.parse().unwrap());
            assert_eq!(parse(&headers).ok().flatten().as_deref(), expected, "{text}");
            let pattern = regex_lite::Regex::new(PATTERN).unwrap();
            assert_eq!(pattern.is_match(text), expected.is_some(), "the document's pattern on {text}");
        };
        check("8e03978e-40d5-43e8-bc93-6894a57f9324", Some("8e03978e-40d5-43e8-bc93-6894a57f9324"));
        check("\"8e03978e\"", Some("8e03978e"));
        check("\"a b\\\\\\\"\"", Some("a b\\\""));
        check("\"a", None);
        check("\"a\"b", None);
        check("\"\"", None);
        check("\"\\a\"", None);
        check("a b", None);
        check("a,b", None);
        check("", None);
        check(&"k".repeat(255), Some(&"k".repeat(255)));
        check(&"k".repeat(256), None);
        assert!(parse(&HeaderMap::new()).is_ok_and(|key| key.is_none()));
    }
}
