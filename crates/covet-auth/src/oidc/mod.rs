//! OpenID Connect on top of the authorization server: who the user is.

mod id_token;
mod logout;
mod userinfo;

pub use logout::Logout;
pub use userinfo::AccessRequest;
