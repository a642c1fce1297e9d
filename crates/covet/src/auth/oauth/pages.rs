//! The pages that users meet, as plain forms that work without script. An app that has a template `auth/consent.html` and so on
//! shows that instead.

use covet_auth::Scope;
use covet_auth::oauth2::{ConsentPage, DeviceConsent, OAuthError, path};
use covet_template::escape::html as escape;
use serde_json::{Value, json};

use super::Page;

pub(in crate::auth) fn page(title: &str, content: &str) -> String {
    let style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}\
                 button,input{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}";
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{style}</style>\n<main>\n<h1>{title}</h1>\n{content}\n</main>\n</html>\n",
        title = escape(title),
    )
}

pub(in crate::auth) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
}

/// What a form sends back unseen.
fn pairs(parameters: &[(String, String)]) -> Value {
    parameters.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn scopes<'a>(scope: impl Iterator<Item = &'a str>) -> String {
    let items: String = scope.map(|token| format!("<li>{}</li>\n", escape(token))).collect();
    format!("<ul>\n{items}</ul>")
}

const BUTTONS: &str = "<button name=\"decision\" value=\"approve\">Allow</button>\n\
                       <button name=\"decision\" value=\"deny\">Deny</button>";

pub(super) fn consent(asked: &ConsentPage, csrf: &str) -> Page {
    let fields: String = asked.parameters.iter().map(|(name, value)| hidden(name, value)).collect();
    let variables = consent_variables(&asked.client, &asked.scope, &asked.redirect_uri, &asked.parameters, csrf);
    let html = page(
        &format!("Allow {}?", asked.client),
        &format!(
            "<p><strong>{}</strong> asks for:</p>\n{}\n<p>You will be sent to <code>{}</code>.</p>\n\
             <form method=\"post\" action=\"{}\">\n{fields}{}{BUTTONS}\n</form>",
            escape(&asked.client),
            scopes(asked.scope.iter()),
            escape(&asked.redirect_uri),
            path::AUTHORIZE,
            hidden("csrf", csrf),
        ),
    );
    Page::new("auth/consent.html", html, variables)
}

fn consent_variables(
    client: &str,
    scope: &Scope,
    redirect_uri: &str,
    parameters: &[(String, String)],
    csrf: &str,
) -> Value {
    let (scopes, parameters) = (scope.iter().collect::<Vec<_>>(), pairs(parameters));
    json!({ "client": client, "scopes": scopes, "redirect_uri": redirect_uri, "parameters": parameters, "csrf": csrf })
}

fn device_variables(client: &str, scope: &Scope, user_code: &str, csrf: &str) -> Value {
    json!({ "client": client, "scopes": scope.iter().collect::<Vec<_>>(), "user_code": user_code, "csrf": csrf })
}

/// Each page with little and with much on it.
#[cfg(feature = "template")]
pub(in crate::auth) fn samples() -> Vec<Page> {
    let parameters = [("state".to_owned(), "xyz".to_owned()), ("client_id".to_owned(), "shop".to_owned())];
    let asked: [(Scope, &[_]); 2] =
        [(Scope::default(), &[]), ("openid books:read".parse().unwrap_or_default(), &parameters)];
    let of_asked = asked.iter().flat_map(|(scope, parameters)| {
        let consent = consent_variables("shop", scope, "https://shop.example/callback", parameters, "token");
        let device = device_variables("shop", scope, "BCDF-GHJK", "token");
        [
            Page::new("auth/consent.html", String::new(), consent),
            Page::new("auth/device_consent.html", String::new(), device),
            logout(parameters, "token"),
        ]
    });
    let plain =
        [device_code("", false), device_code("BCDF-GHJK", true), message("Connected", "You can close this page.")];
    of_asked.chain(plain).collect()
}

pub(super) fn error(error: &OAuthError) -> Page {
    let content = format!(
        "<p>The request of the program that sent you here is wrong, so that you cannot be sent back to it.</p>\n\
         <p><code>{}</code></p>",
        escape(&error.to_string())
    );
    let title = "This cannot go on";
    Page::new("auth/message.html", page(title, &content), json!({ "title": title, "text": error.to_string() }))
}

pub(super) fn message(title: &str, text: &str) -> Page {
    let html = page(title, &format!("<p>{}</p>", escape(text)));
    Page::new("auth/message.html", html, json!({ "title": title, "text": text }))
}

pub(super) fn device_code(typed: &str, wrong: bool) -> Page {
    let note = if wrong { "<p role=\"alert\">This code is wrong, or it has ended.</p>\n" } else { "" };
    let html = page(
        "Connect a device",
        &format!(
            "{note}<form method=\"get\" action=\"{}\">\n<label>The code that your device shows<br>\n\
             <input name=\"user_code\" value=\"{}\" autocomplete=\"off\" autocapitalize=\"characters\" required></label>\n\
             <button>Go on</button>\n</form>",
            path::DEVICE,
            escape(typed),
        ),
    );
    Page::new("auth/device.html", html, json!({ "user_code": typed, "is_wrong": wrong }))
}

pub(super) fn device_consent(asked: &DeviceConsent, csrf: &str) -> Page {
    let variables = device_variables(&asked.client, &asked.scope, &asked.user_code, csrf);
    let html = page(
        &format!("Allow {}?", asked.client),
        &format!(
            "<p>A device that shows the code <strong>{}</strong> asks in the name of <strong>{}</strong> for:</p>\n{}\n\
             <p>Go on only if you have this device before you.</p>\n<form method=\"post\" action=\"{}\">\n{}{}{BUTTONS}\n</form>",
            escape(&asked.user_code),
            escape(&asked.client),
            scopes(asked.scope.iter()),
            path::DEVICE,
            hidden("user_code", &asked.user_code),
            hidden("csrf", csrf),
        ),
    );
    Page::new("auth/device_consent.html", html, variables)
}

pub(super) fn logout(parameters: &[(String, String)], csrf: &str) -> Page {
    let fields: String = parameters.iter().map(|(name, value)| hidden(name, value)).collect();
    let html = page(
        "Log out?",
        &format!(
            "<form method=\"post\" action=\"{}\">\n{fields}{}<button name=\"decision\" value=\"approve\">Log out</button>\n</form>",
            path::LOGOUT,
            hidden("csrf", csrf),
        ),
    );
    Page::new("auth/logout.html", html, json!({ "parameters": pairs(parameters), "csrf": csrf }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_67_what_came_with_the_request_is_escaped() {
        assert!(!message("x", "\"><script>alert('&')</script>").html().contains("<script"));
        let field = hidden("state", "\"><b>");
        assert_eq!((field.matches('"').count(), field.contains("<b>")), (6, false), "{field}");
    }
}
