//! What browsers meet at the authorization server. The numbers are lines of the security checklist.

use covet::auth::{Account, Accounts, Client as OAuthClient, Password, Server};
use covet::test::{Answer, Client};
use covet::{App, Auth, Db, get, routes};

const PASSWORD: &str = "correct horse";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Say who I am.
#[get("/me")]
async fn me(auth: Auth) -> String {
    auth.subject().to_owned()
}

fn app(db: Db) -> App {
    let shop = OAuthClient::new("shop", "openid profile".parse().unwrap());
    let shop = shop.with_redirect_uri("https://app.example/callback").unwrap();
    let clerk = Account::new("clerk").password(Password::new(PASSWORD).unwrap());
    let people = Accounts::new().unwrap().account(clerk).with_registration();
    let server = Server::new("https://shop.example").unwrap().client(shop).people(people);
    App::new("Shop", "1.0.0").database(db).auth(server).routes(routes![me])
}

async fn client() -> Client {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    Client::new(app(db).prepare().await.unwrap()).unwrap().unchecked()
}

async fn post(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    client.post(path).header("sec-fetch-site", "same-origin").form(fields).send().await
}

async fn login(client: &Client) -> Answer {
    post(client, "/login", &[("login", "clerk"), ("password", PASSWORD)]).await
}

fn authorize(more: &str) -> String {
    format!(
        "/oauth/authorize?response_type=code&client_id=shop&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=openid\
         &state=x&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let start = page.find(&format!("name=\"{name}\" value=\"")).expect("the field") + name.len() + 15;
    page[start..].split('"').next().unwrap().replace("&amp;", "&").replace("&#x2f;", "/").replace("&#x27;", "'")
}

/// Allows what the consent page asks for.
async fn approve(client: &Client) -> Answer {
    let page = client.get(&authorize("")).send().await;
    assert_eq!(page.status(), 200, "{}", page.text());
    let names = [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "csrf",
    ];
    let values: Vec<_> = names.iter().map(|name| (*name, field(page.text(), name))).collect();
    let mut fields: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("decision", "approve"));
    post(client, "/oauth/authorize", &fields).await
}

#[tokio::test]
async fn line_64_every_answer_to_a_client_says_who_gives_it() {
    let client = client().await;
    let error = client.get(&authorize("&prompt=none")).send().await;
    let location = error.header("location").unwrap();
    assert!(
        location.contains("error=login_required") && location.contains("iss=https%3A%2F%2Fshop.example"),
        "{location}"
    );
    login(&client).await;
    let location = approve(&client).await.header("location").unwrap().to_owned();
    assert!(location.contains("code=") && location.contains("iss=https%3A%2F%2Fshop.example"), "{location}");
}

#[tokio::test]
async fn lines_71_and_72_after_a_password_the_browser_goes_on_by_get_and_tells_no_address() {
    let client = client().await;
    let to_login = client.get(&authorize("")).send().await;
    let login_page = client.get("/login").send().await;
    let logged_in = login(&client).await;
    let consent = client.get(&authorize("")).send().await;
    let approved = approve(&client).await;
    assert_eq!([to_login.status(), logged_in.status(), approved.status()].map(|status| status.as_u16()), [303; 3]);
    for answer in [&to_login, &login_page, &logged_in, &consent, &approved] {
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    for page in [&login_page, &consent] {
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "68");
        assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "68");
    }
}

#[tokio::test]
async fn line_88_while_passwords_are_hashed_others_are_answered() {
    let client = client().await;
    // One thread for everything but the hashing.
    let logins = futures_util::future::join_all((0..8).map(|_| login(&client)));
    let live = async {
        // Behind the logins, which have begun to wait for their hashes by then.
        tokio::task::yield_now().await;
        client.get("/health/live").send().await
    };
    tokio::pin!(logins);
    tokio::select! {
        biased;
        _ = &mut logins => panic!("eight passwords were hashed before a page was answered"),
        live = live => assert_eq!(live.status(), 200),
    }
    assert!(logins.await.iter().all(|answer| [303, 429, 503].contains(&answer.status().as_u16())));
}

#[cfg(feature = "template")]
#[tokio::test]
async fn an_apps_own_templates_stand_in_place_of_the_pages() {
    static TEMPLATES: &[(&str, &str)] = &[
        (
            "auth/login.html",
            "<h1>My shop</h1>{% if message %}<b>{{ message }}</b>{% endif %}<form method=\"post\" action=\"/login\">\
             <input name=\"login\" value=\"{{ login }}\"><input name=\"return_to\" type=\"hidden\" value=\"{{ return_to }}\"></form>\
             {% if can_register %}<a href=\"/register\">join</a>{% endif %}",
        ),
        (
            "auth/consent.html",
            "<h1>{{ client }}</h1>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}\
             {% for one in parameters %}<input name=\"{{ one.name }}\" value=\"{{ one.value }}\">{% endfor %}\
             <input name=\"csrf\" value=\"{{ csrf }}\">",
        ),
        // One that fails must not keep people out. This one does for a login of one letter.
        ("auth/register.html", "<h1>Join</h1>{{ 6 // (login|length - 1) }}{{ return_to ~ message }}"),
    ];
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let app = app(db).templates(covet::Templates::in_memory(TEMPLATES));
    let client = Client::new(app.prepare().await.unwrap()).unwrap().unchecked();
    let page = client.get("/login?return_to=/a%22b").send().await;
    assert!(page.text().starts_with("<h1>My shop</h1><form") && page.text().contains(">join</a>"), "{}", page.text());
    assert_eq!((page.header("x-frame-options"), page.header("cache-control")), (Some("DENY"), Some("no-store")));
    // In a window of the docs page, which waits for it; both sides and all between them say the same.
    assert_eq!(page.header("cross-origin-opener-policy"), Some("unsafe-none"));
    assert_eq!(client.get("/docs").send().await.header("cross-origin-opener-policy"), Some("unsafe-none"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        !policy.contains("unsafe-inline") && policy.contains("object-src 'none'; base-uri 'none'; frame-"),
        "{policy}"
    );
    // Browsers hold it against the client's address as well, to which the answer to this form leads in the end.
    assert!(!policy.contains("form-action"), "{policy}");
    let wrong = post(&client, "/login", &[("login", "\"><script>"), ("password", "another horse")]).await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().contains("<b>Login or password is wrong.</b>") && !wrong.text().contains("<script"));
    login(&client).await;
    let location = approve(&client).await.header("location").unwrap().to_owned();
    assert!(location.contains("code="), "{location}");
    assert!(client.get("/register").send().await.text().starts_with("<h1>Join</h1>"));
    let failed = post(&client, "/register", &[("login", "x"), ("password", "short")]).await;
    assert_eq!(failed.status(), 422);
    assert!(failed.text().contains("Make the account"), "{}", failed.text());
}

#[cfg(feature = "template")]
#[tokio::test]
async fn templates_in_place_of_the_pages_are_checked_before_the_app_starts() {
    let check = async |name: &'static str, text: &'static str, expected: &[&str]| {
        let templates: &'static [(&str, &str)] = Box::leak(Box::new([(name, text)]));
        let app = app(Db::connect("sqlite::memory:").await.unwrap()).templates(covet::Templates::in_memory(templates));
        let built = app.prepare().await.unwrap().build();
        let Err(error) = built else {
            assert!(expected.is_empty(), "{name} {text} was taken");
            return;
        };
        let error = error.to_string();
        assert!(!expected.is_empty() && expected.iter().all(|part| error.contains(part)), "{name} {text}: {error}");
        // What is wrong is told once, although each page is looked at more than once.
        assert_eq!(error.matches(name).count(), 1, "{error}");
    };
    check("auth/consent.html", "<p>{{ client }}\n{{ redirect_uri }}{{ csrf }}{{ scopes }}{{ parameters }}", &[]).await;
    check("auth/consent.html", "<p>\n{{ clint }}", &["auth/consent.html:2:4", "`clint` is undefined", "`client`"])
        .await;
    let unknown = "{% for one in parameters %}\n\n{{ one.nam }}{% endfor %}";
    check("auth/consent.html", unknown, &["auth/consent.html:3:", "nam"]).await;
    check("auth/login.html", "<form>\n{% if message %}", &["auth/login.html:"]).await;
    check("auth/login.html", "{{ login|upcase }}", &["auth/login.html:1:", "upcase"]).await;
    check("auth/register.html", "{% if message %}\n{{ message.text }}{% endif %}", &["auth/register.html:2:"]).await;
    check("auth/device.html", "{{ user_code }}{{ is_wrong }}{{ csrf }}", &["auth/device.html:1:", "`csrf`"]).await;
    check("auth/device_consent.html", "{{ parameters }}", &["auth/device_consent.html:1:", "`parameters`"]).await;
    check("auth/logout.html", "{{ client }}", &["auth/logout.html:1:", "`client`"]).await;
    check("auth/message.html", "{% include 'auth/none.html' %}", &["auth/message.html", "auth/none.html"]).await;
    check("auth/message.html", "{{ static('none.css') }}", &["auth/message.html:1:", "no static files"]).await;
    // A page that nobody shows.
    check("auth/other.html", "{{ nothing }}", &[]).await;
}
