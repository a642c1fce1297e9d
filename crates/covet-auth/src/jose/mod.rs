//! JSON Object Signing (RFC 7515, 7517, 7518, 7519): keys, sets of keys, tokens; nothing is encrypted here.
//!
//! It stands on aws-lc-rs alone. A key is parsed once and bound to one algorithm; no header can change how a token is
//! verified. What the field's libraries let pass by default is refused: a missing audience or issuer, `crit`, another
//! `typ`, a member given twice, a key for another use, a token beyond its size.

mod algorithm;
pub(crate) mod base64url;
mod cache;
mod claims;
mod der;
pub(crate) mod json;
mod jwk;
pub mod jws;
mod jwt;
mod key_set;
mod members;
mod pem;
mod signing;
mod verifying;
mod weakness;

pub use algorithm::Algorithm;
pub use cache::CachedVerifier;
pub use claims::Claims;
pub use jwk::Jwk;
pub use jwt::{NoClaims, TokenType, Verified, Verifier, key_id};
pub use key_set::{KeySet, ParsedKeySet};
pub use signing::{RsaSize, SigningKey};
pub use verifying::VerifyingKey;
