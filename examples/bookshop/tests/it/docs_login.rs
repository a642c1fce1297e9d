//! "Authorize" on the docs page, as a person uses it in a browser.

use super::browser::{Browser, Window};
use super::program::start_on;

/// The operation on the page, opened, and ready to be sent.
fn open_operation(browser: &mut Browser, docs: &Window) {
    const OPERATION: &str =
        "document.querySelector('.opblock-summary-path[data-path=\"/api/me\"]')?.closest('.opblock')";
    // The page draws itself anew while it loads, and forgets clicks.
    for (part, next) in [(".opblock-summary-control", ".try-out__btn"), (".try-out__btn", ".execute")] {
        let there = format!("{OPERATION}?.querySelector('{next}')");
        browser.wait(docs, &format!("{there} ? true : ({OPERATION}?.querySelector('{part}')?.click(), false)"));
    }
}

/// Sends it, and gives the status that came.
fn execute(browser: &mut Browser, docs: &Window) -> String {
    browser.run(docs, "document.querySelector('.btn-clear')?.click()");
    browser.click(docs, "document.querySelector('.opblock .execute')");
    let status = "document.querySelector('.live-responses-table tbody .response-col_status')?.innerText";
    browser.wait(docs, status).as_str().unwrap().split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn authorize_on_the_docs_page_logs_in_by_pkce_and_calls_a_guarded_route() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let shop = start_on(folder.path(), "sqlite:bookshop.db");
    let origin = format!("http://{}", shop.address);
    let docs = browser.open(&format!("{origin}/docs"));
    open_operation(&mut browser, &docs);
    assert_eq!(execute(&mut browser, &docs), "401");

    // The dialog of the page: its own client, all scopes, and the flow of a browser.
    browser.click(&docs, "document.querySelector('.auth-wrapper .btn.authorize')");
    let flow =
        "[...document.querySelectorAll('.auth-container')].find(one => one.innerText.includes('authorizationCode'))";
    let client = format!("{flow}?.querySelector('input[id^=\"client_id\"]')?.value");
    assert_eq!(browser.wait(&docs, &client), "docs");
    browser
        .click(&docs, &format!("[...{flow}.querySelectorAll('a')].find(one => one.innerText.includes('select all'))"));
    browser.click(&docs, &format!("{flow}.querySelector('button.authorize')"));

    // The window that it opens: login, then consent.
    let window = browser.window(&format!("{origin}/login"));
    let asked = browser.wait(&window, "decodeURIComponent(new URLSearchParams(location.search).get('return_to'))");
    let asked = asked.as_str().unwrap();
    assert!(asked.contains("code_challenge_method=S256") && asked.contains("client_id=docs"), "{asked}");
    browser.wait(&window, "document.querySelector('input[name=password]') !== null");
    browser.run(
        &window,
        "document.querySelector('input[name=login]').value = 'customer'; \
         document.querySelector('input[name=password]').value = 'customer-demo'; \
         document.querySelector('input[name=password]').form.requestSubmit()",
    );
    browser.click(&window, "document.querySelector('button[name=decision][value=approve]')");

    // It has closed itself, and the page has a token.
    let logout = "[...document.querySelectorAll('.auth-container button')].some(one => one.innerText === 'Logout')";
    browser.wait(&docs, logout);
    browser.click(&docs, "document.querySelector('.dialog-ux .close-modal')");
    assert_eq!(execute(&mut browser, &docs), "200");
    // The browser has a session of the shop by now, too; the token is enough without it.
    let sent = browser.wait(&docs, "document.querySelector('.curl')?.innerText.match(/Bearer [\\w.-]+/)?.[0]");
    let status = format!(
        "fetch('/api/me', {{ credentials: 'omit', headers: {{ authorization: {sent} }} }}).then(answer => answer.status)"
    );
    assert_eq!(browser.run(&docs, &status), 200);
    let without = "fetch('/api/me', { credentials: 'omit' }).then(answer => answer.status)";
    assert_eq!(browser.run(&docs, without), 401);
}
