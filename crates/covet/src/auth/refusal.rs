//! Why a caller is not let in: one type for the status, the challenge and the problem.

use covet_auth::rbac::{PermissionSet, Registry};
use http::{HeaderValue, header};

use crate::problem::{MALFORMED_REQUEST, ProblemDetails, ProblemType};
use crate::validation::{Code, Fault, In};

/// Not among the problems that every app has: only an app with `auth` can answer them.
pub(crate) static UNAUTHENTICATED: ProblemType = ProblemType::new(
    "unauthenticated",
    401,
    "Say who you are",
    "The request has no credential, or one that is not good (any more): get a token, and send it as \
     `Authorization: Bearer …`. `code` is `token_missing`, `token_invalid` or `token_expired`.",
)
.members(|generator| vec![("code", generator.subschema_for::<String>())]);

pub(crate) static FORBIDDEN: ProblemType = ProblemType::new(
    "forbidden",
    403,
    "You may not do this",
    "The caller is known and lacks a permission, or its token was not issued for it. `required` lists the \
     permissions: those of one of its lists are enough.",
)
.members(|generator| vec![("required", generator.subschema_for::<Vec<Vec<String>>>())]);

/// Why a caller is not let in (RFC 6750, section 3.1).
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no credential.
    Missing,
    /// There are several.
    Several,
    /// The credential is not good; the log says why.
    Invalid(covet_auth::Error),
    /// The token is bound to a key that the request does not prove to hold; the log says why.
    Unproved(String),
    /// The caller is known and lacks a permission.
    Insufficient(Vec<PermissionSet>),
}

impl Refusal {
    /// The reason, for the log alone.
    pub(crate) fn reason(&self) -> String {
        match self {
            Refusal::Missing => "there is no credential".to_owned(),
            Refusal::Several => "there are several credentials".to_owned(),
            Refusal::Invalid(error) => error.to_string(),
            Refusal::Unproved(reason) => reason.clone(),
            Refusal::Insufficient(_) => "a permission is missing".to_owned(),
        }
    }

    /// The answer, with the challenge of this realm.
    pub(crate) fn into_details(self, realm: &str, registry: &Registry) -> ProblemDetails {
        match self {
            Refusal::Missing => {
                unauthenticated(realm, "token_missing", "").detail("the request has no `Authorization: Bearer …`")
            }
            Refusal::Several => {
                let fault = Fault::new(Code::Duplicate, "must be given only once");
                let fault = fault.in_parameter(In::Header, "authorization");
                ProblemDetails::new(&MALFORMED_REQUEST).detail(fault.to_string()).errors(fault.into())
            }
            Refusal::Invalid(error) if error.is_expired() => {
                unauthenticated(realm, "token_expired", r#", error="invalid_token""#).cause(error)
            }
            Refusal::Invalid(error) => {
                unauthenticated(realm, "token_invalid", r#", error="invalid_token""#).cause(error)
            }
            Refusal::Unproved(reason) => {
                let problem = ProblemDetails::new(&UNAUTHENTICATED).with("code", "token_invalid");
                challenged_by("DPoP", problem, realm, r#", error="invalid_dpop_proof""#).cause(reason)
            }
            Refusal::Insufficient(alternatives) => {
                let names = |set: &PermissionSet| registry.names(*set).collect::<Vec<_>>();
                let required: Vec<_> = alternatives.iter().map(names).collect();
                let scope = required.first().map(|names| names.join(" ")).unwrap_or_default();
                let problem = ProblemDetails::new(&FORBIDDEN).with("required", required);
                challenged(problem, realm, &format!(r#", error="insufficient_scope", scope="{scope}""#))
            }
        }
    }
}

fn unauthenticated(realm: &str, code: &'static str, rest: &str) -> ProblemDetails {
    challenged(ProblemDetails::new(&UNAUTHENTICATED).with("code", code), realm, rest)
}

/// With the challenge. Its texts are the realm, which was checked when the app was built, and names of permissions, which
/// are scope tokens: none can end the quotes or the line.
fn challenged(problem: ProblemDetails, realm: &str, rest: &str) -> ProblemDetails {
    challenged_by("Bearer", problem, realm, rest)
}

fn challenged_by(scheme: &str, problem: ProblemDetails, realm: &str, rest: &str) -> ProblemDetails {
    let problem = problem.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match HeaderValue::try_from(format!(r#"{scheme} realm="{realm}"{rest}"#)) {
        Ok(challenge) => problem.header(header::WWW_AUTHENTICATE, challenge),
        Err(_) => problem,
    }
}
