//! Pages in a real browser: what the policy lets run, and which forms the guard lets through.
//!
//! `COVET_TEST_CHROMIUM` names the browser's program; `cargo xtask test` sets it. Without it there is nothing
//! to test with, and the test says so.

use std::ffi::OsString;
use std::process::Command;

use covet::test::Server;
use covet::{App, Cookie, Form, Redirect, SetCookie, Templates, WithCookie, get, post, routes};

/// A page whose own script posts its form.
#[covet::view("form.html")]
struct FormPage {
    action: String,
    name: &'static str,
}

/// A page of ours, or of somebody else, whose form goes to an address of ours.
#[get("/form")]
async fn form(action: covet::Query<String>) -> FormPage {
    FormPage { action: action.0, name: "</script><script>document.title = 'broken out'</script>" }
}

/// A name.
#[covet::model]
struct Name {
    name: String,
}

/// Keep the name.
#[post("/name")]
async fn keep(name: Form<Name>) -> WithCookie<Redirect> {
    SetCookie::new("kept", name.0.name).on(Redirect::to("/name"))
}

/// The name that was kept.
#[covet::view("name.html")]
struct Kept {
    kept: Option<String>,
}

/// Show the name that was kept.
#[get("/name")]
async fn kept(kept: Cookie<Option<String>>) -> Kept {
    Kept { kept: kept.0 }
}

static TEMPLATES: &[(&str, &str)] = &[
    (
        "form.html",
        r#"<!doctype html><html lang="en"><title>Form</title><form id="form" method="post" action="{{ action }}">
        <input name="name" value="emma"></form><script>document.getElementById('form').name.value = 'smuggled';</script>
        <script nonce="{{ csp_nonce }}">let name = {{ name }}; if (name.length > 9) document.getElementById('form').submit();</script>
        </html>"#,
    ),
    ("name.html", "<!doctype html><html lang=\"en\"><title>Name</title><p>kept: {{ kept }}</p></html>"),
];

fn app(policy: Option<&str>) -> App {
    let app = App::new("Names", "1").templates(Templates::in_memory(TEMPLATES)).routes(routes![form, keep, kept]);
    match policy {
        Some(policy) => app.security_headers(covet::SecurityHeaders::default().content_security_policy(policy)),
        None => app,
    }
}

/// The page that the browser ends at.
fn visit(browser: &OsString, url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--virtual-time-budget=15000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_own_script_posts_and_no_other_sites() {
    let Some(browser) = std::env::var_os("COVET_TEST_CHROMIUM") else {
        eprintln!("not tested: COVET_TEST_CHROMIUM names no browser");
        return;
    };
    let ours = Server::start(app(None)).await.unwrap();
    let (url, own) = (format!("http://{}", ours.address()), browser.clone());
    let page = {
        let url = format!("{url}/form?action=/name");
        tokio::task::spawn_blocking(move || visit(&own, &url)).await.unwrap()
    };
    // The script with the nonce ran; the one without it did not, and the value stayed a value.
    assert!(page.contains("kept: emma"), "{page}");

    let theirs = Server::start(app(Some("form-action *; script-src 'nonce-{nonce}'"))).await.unwrap();
    let forged = format!("http://localhost:{}/form?action={url}/name", theirs.address().port());
    let page = tokio::task::spawn_blocking(move || visit(&browser, &forged)).await.unwrap();
    assert!(page.contains("The request comes from another site"), "{page}");
}
