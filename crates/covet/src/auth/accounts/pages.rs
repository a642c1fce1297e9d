//! The pages of accounts, as plain forms that work without script.

#[cfg(feature = "template")]
use std::sync::Arc;

use covet_template::escape::html as escape;
#[cfg(feature = "template")]
use serde_json::Value;
use serde_json::json;

#[cfg(feature = "template")]
use super::Accounts;
use crate::auth::oauth::Page;
#[cfg(feature = "template")]
use crate::auth::oauth::Provider;
#[cfg(feature = "template")]
use crate::auth::oauth::pages as oauth;
use crate::auth::oauth::pages::{hidden, page};
#[cfg(feature = "template")]
use crate::request::Shared;

/// Pages as this app can show them, by the templates that may stand in their place: each with little and with much on it.
#[cfg(feature = "template")]
pub(crate) fn replaceable_pages(shared: &Shared) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    if shared.get::<Provider>().is_some() {
        all.extend(oauth::samples());
    }
    if let Some(accounts) = shared.get::<Arc<Accounts>>() {
        let can_register = accounts.takes_registrations;
        all.extend([login("", "/", None, can_register), login("emma", "/books", Some("Wrong."), can_register)]);
        if can_register {
            all.extend([register("", "/", None), register("emma", "/books", Some("Taken."))]);
        }
    }
    all.into_iter().map(Page::into_replaceable).collect()
}

fn note(text: Option<&str>) -> String {
    text.map(|text| format!("<p role=\"alert\">{}</p>\n", escape(text))).unwrap_or_default()
}

fn fields(login: &str, password: &str) -> String {
    format!(
        "<p><label>Login<br>\n<input name=\"login\" value=\"{}\" autocomplete=\"username\" maxlength=\"200\" required autofocus></label></p>\n\
         <p><label>Password<br>\n<input name=\"password\" type=\"password\" autocomplete=\"{password}\" minlength=\"8\" required></label></p>\n",
        escape(login)
    )
}

pub(super) fn login(typed: &str, return_to: &str, text: Option<&str>, takes_registrations: bool) -> Page {
    let register = if takes_registrations {
        let query = covet_auth::oauth2::Parameters::default().with("return_to", return_to).encode_without(&[]);
        format!("\n<p><a href=\"/register?{}\">Make an account</a></p>", escape(&query))
    } else {
        String::new()
    };
    let content = format!(
        "{}<form method=\"post\" action=\"/login\">\n{}{}<button>Log in</button>\n</form>{register}",
        note(text),
        hidden("return_to", return_to),
        fields(typed, "current-password"),
    );
    let variables =
        json!({ "login": typed, "return_to": return_to, "message": text, "can_register": takes_registrations });
    Page::new("auth/login.html", page("Log in", &content), variables)
}

pub(super) fn register(typed: &str, return_to: &str, text: Option<&str>) -> Page {
    let content = format!(
        "{}<form method=\"post\" action=\"/register\">\n{}{}<button>Make the account</button>\n</form>",
        note(text),
        hidden("return_to", return_to),
        fields(typed, "new-password"),
    );
    let variables = json!({ "login": typed, "return_to": return_to, "message": text });
    Page::new("auth/register.html", page("Make an account", &content), variables)
}
