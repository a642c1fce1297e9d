//! What the server says of itself (RFC 8414; OpenID Connect Discovery).

use super::client::GrantType;
use super::server::Server;
use super::settings::path;
use super::store::Store;
use crate::jose::Algorithm;
use serde_json::{Value, json};

impl<S: Store> Server<S> {
    /// The metadata document, which is the same at both well-known places.
    pub fn metadata(&self) -> Value {
        let url = |path: &str| self.settings.url(path);
        let asymmetric: Vec<&str> =
            Algorithm::all().filter(|algorithm| !algorithm.is_symmetric()).map(Algorithm::name).collect();
        let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
        json!({
            "issuer": self.settings.issuer,
            "authorization_endpoint": url(path::AUTHORIZE),
            "token_endpoint": url(path::TOKEN),
            "jwks_uri": url(path::JWKS),
            "userinfo_endpoint": url(path::USERINFO),
            "end_session_endpoint": url(path::LOGOUT),
            "revocation_endpoint": url(path::REVOKE),
            "introspection_endpoint": url(path::INTROSPECT),
            "pushed_authorization_request_endpoint": url(path::PAR),
            "device_authorization_endpoint": url(path::DEVICE_AUTHORIZATION),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": GrantType::all().map(GrantType::name).collect::<Vec<_>>(),
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "preferred_username", "email", "email_verified"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.ring.signing().algorithm().name()],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": asymmetric,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": asymmetric,
            "introspection_endpoint_auth_methods_supported": &methods[..3],
            "introspection_endpoint_auth_signing_alg_values_supported": asymmetric,
            "dpop_signing_alg_values_supported": asymmetric,
            "authorization_response_iss_parameter_supported": true,
            "require_pushed_authorization_requests": false,
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
        })
    }
}
