//! The problem types that the framework itself answers.

use super::ProblemType;

macro_rules! problem_types {
    ($($id:ident = $name:literal, $status:literal, $title:literal, $description:literal;)*) => {
        $(pub(crate) static $id: ProblemType = ProblemType::new($name, $status, $title, $description);)*

        /// All of them, for the problem pages.
        pub(crate) static ALL: &[&ProblemType] = &[$(&$id),*];
    };
}

problem_types! {
    MALFORMED_REQUEST = "malformed-request", 400, "The request cannot be read",
        "The bytes of the body, of the query or of a header are not in the format that they should be in. \
         `errors` says what is wrong, and where.";
    CROSS_SITE = "cross-site-request", 403, "The request comes from another site",
        "A page of another site made the browser send it. What reads cookies or forms takes changes from the app's own pages \
         alone, and from those that CORS allows.";
    NOT_FOUND = "not-found", 404, "Nothing is served at this path",
        "No route of this server has this path. The document at /openapi.json lists those that there are.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "The method is not allowed here",
        "The path exists, but not with this method. The Allow header lists the methods that it has.";
    NOT_ACCEPTABLE = "not-acceptable", 406, "The response cannot be had in this format",
        "The Accept header of the request refuses every format in which the response could be sent. `available` lists \
         them.";
    REQUEST_TIMEOUT = "request-timeout", 408, "The request did not arrive in time",
        "The server waited for the rest of the request's body for longer than it is willing to.";
    IDEMPOTENCY_KEY_IN_USE = "idempotency-key-in-use", 409, "The same request is being carried out",
        "A request with the same `Idempotency-Key` is still at work. Send it again after `Retry-After`, with the same key.";
    IDEMPOTENCY_ANSWER_LOST = "idempotency-answer-lost", 409, "It has been done, but the answer is lost",
        "The request with this `Idempotency-Key` was carried out, and what was answered is not known any more. It is not \
         carried out again: read what has become of it.";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "The key belongs to another request",
        "Another request was sent with the same `Idempotency-Key`: its target, its `Content-Type` or its body was another. \
         A new request needs a new key.";
    PRECONDITION_FAILED = "precondition-failed", 412, "It has changed meanwhile",
        "The resource is not in the state that `If-Match` names, or is in one that `If-None-Match` excludes. Read it again, \
         and decide anew.";
    CONTENT_TOO_LARGE = "content-too-large", 413, "The body is too large",
        "The request's body is longer than this operation allows. `limit` is the number of bytes that it takes.";
    URI_TOO_LONG = "uri-too-long", 414, "The request's target is too long",
        "The path and the query together are longer than the server takes. `limit` is the number of bytes.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body's format is not supported",
        "The Content-Type of the request is missing, or is none that this operation reads. `supported` lists those \
         that it does.";
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable", 416, "The range is not in the content",
        "The Range header of the request asks for bytes that the content does not have. `length` is the number of bytes \
         that it has.";
    INVALID_REQUEST = "invalid-request", 422, "The request does not keep to the rules",
        "The request can be read, but its values are not those that the operation takes. `errors` lists every \
         violated rule: `in` says whether the body, the query, the path, a header or a cookie is meant; `pointer` \
         (RFC 6901) or `parameter` says the place; `code` is stable, for programs; `message` is for people.";
    PRECONDITION_REQUIRED = "precondition-required", 428, "Say which state you have seen",
        "The operation changes only what the client has seen: send `If-Match` with the ETag of that state, or `If-None-Match` \
         with `*` where nothing may be there yet. `detail` says which.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many requests",
        "The client has asked more often than it may. `Retry-After` says in how many seconds it may ask again.";
    HEADERS_TOO_LARGE = "headers-too-large", 431, "The request's headers are too large",
        "There are more headers than the server takes, or they are longer. `limit` is the number of headers or of \
         bytes.";
    INTERNAL = "internal-error", 500, "The server failed",
        "The fault is the server's. Its log has the cause under the id that `instance` carries.";
    NOT_IMPLEMENTED = "not-implemented", 501, "The request needs what this server does not do",
        "`detail` says what it is.";
    TIMED_OUT = "timed-out", 503, "The answer took too long",
        "The server gave up, since the answer was not ready within the time that the operation has.";
    OVERLOADED = "overloaded", 503, "The server has too much to do",
        "There are as many connections or requests as the server takes at a time, or their bodies are together as large as they \
         may be. `Retry-After` says in how many seconds the request may be sent again.";
    DATABASE_UNAVAILABLE = "database-unavailable", 503, "The database is not available",
        "The database could not be reached or is overloaded. The same request may succeed later.";
}
