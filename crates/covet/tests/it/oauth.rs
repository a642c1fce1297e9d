//! The authorization server over HTTP, on a database. The numbers are lines of the security checklist.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use covet::auth::jose::{Algorithm, SigningKey};
use covet::auth::{Client as OAuthClient, Consent, GrantType, People, PeopleFuture, Server, Session, Subject};
use covet::db::Db;
use covet::jiff::Timestamp;
use covet::test::{Answer, Client};
use covet::{App, Auth, SetCookie, get, routes};
use http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://app.example/callback";
const FORM: &str = "application/x-www-form-urlencoded";

/// Who has the cookie `user=alice` is Alice.
#[derive(Debug)]
struct Cookies;

impl People for Cookies {
    fn subject<'a>(&'a self, _: &'a Db, id: &'a str) -> PeopleFuture<'a, Option<Subject>> {
        Box::pin(async move {
            let mut subject = Subject::default();
            subject.id = id.to_owned();
            subject.claims.insert("name".into(), json!("Alice"));
            subject.roles = Vec::new();
            Ok((id == "alice").then_some(subject))
        })
    }

    fn session<'a>(&'a self, _: &'a Db, headers: &'a HeaderMap) -> PeopleFuture<'a, Option<Session>> {
        let logged_in = headers.get("cookie").is_some_and(|cookie| cookie == "user=alice");
        Box::pin(async move { Ok(logged_in.then(|| Session::new("browser", "alice", Timestamp::now()))) })
    }

    fn end_session<'a>(&'a self, _: &'a Db, _: &'a Session) -> PeopleFuture<'a, Option<SetCookie>> {
        Box::pin(async { Ok(Some(SetCookie::removed("user"))) })
    }
}

/// Say who I am.
#[get("/me")]
async fn me(auth: Auth) -> String {
    auth.subject().to_owned()
}

async fn client() -> Client {
    client_on("sqlite::memory:").await
}

async fn client_on(database: &str) -> Client {
    let mut app = OAuthClient::new("app", "openid profile".parse().unwrap()).with_redirect_uri(REDIRECT).unwrap();
    app.consent = Consent::Given;
    app.post_logout_redirect_uris.push("https://app.example/bye".into());
    let mut web =
        OAuthClient::new("web", "openid".parse().unwrap()).with_secret("s3cret").with_redirect_uri(REDIRECT).unwrap();
    web.name = "<b>Web</b>".into();
    web.grants.extend([GrantType::ClientCredentials, GrantType::DeviceCode]);
    web.scope = "openid books:read".parse().unwrap();
    let server = Server::new("https://id.example").unwrap().client(app).client(web).people(Cookies);
    let app = App::new("Shop", "1.0.0").database(Db::connect(database)).auth(server).routes(routes![me]);
    Client::new(app.prepare().await.unwrap()).unwrap()
}

fn authorize(client: &str, more: &str) -> String {
    format!(
        "/oauth/authorize?response_type=code&client_id={client}&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=openid\
         &state=x%26y&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

async fn visit(client: &Client, target: &str) -> Answer {
    client.get(target).header("cookie", "user=alice").send().await
}

/// A parameter of the address that the browser is sent to.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.header("location")?;
    let query = location.split_once('?')?.1;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

async fn tokens(client: &Client) -> Value {
    let answer = visit(client, &authorize("app", "")).await;
    assert_eq!(answer.status(), 303, "71: {}", answer.text());
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "72");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("location").unwrap().starts_with(REDIRECT));
    assert_eq!(parameter(&answer, "state").as_deref(), Some("x%26y"), "67");
    assert_eq!(parameter(&answer, "iss").as_deref(), Some("https%3A%2F%2Fid.example"), "64");
    let code = parameter(&answer, "code").unwrap();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let answer = client.post("/oauth/token").form(&pairs).send().await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_client_that_was_taken_out_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let before = client_on(&url).await;
    let tokens = tokens(&before).await;
    let server = Server::new("https://id.example").unwrap().people(Cookies);
    let app = App::new("Shop", "1.0.0").database(Db::connect(&url)).auth(server).routes(routes![me]);
    let after = Client::new(app.prepare().await.unwrap()).unwrap();
    let refresh = async |client: &Client| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let pairs = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
        client.post("/oauth/token").form(&pairs).send().await
    };
    let refused = refresh(&after).await;
    assert_eq!((refused.status().as_u16(), &refused.json::<Value>()["error"]), (401, &json!("invalid_client")));
    assert_eq!(visit(&after, &authorize("app", "")).await.status(), 400);
    assert_eq!(refresh(&before).await.status(), 200, "a process that has the client serves it");
}

#[tokio::test]
async fn a_login_leads_to_tokens_that_the_app_believes() {
    let client = client().await;
    let anonymous = client.get(&authorize("app", "")).send().await;
    assert_eq!(anonymous.status(), 303);
    assert!(anonymous.header("location").unwrap().starts_with("/login?return_to=%2Foauth%2Fauthorize%3F"));
    let tokens = tokens(&client).await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(client.get("/me").header("authorization", &bearer).send().await.text(), "alice");
    let userinfo = client.get("/oauth/userinfo").header("authorization", &bearer).send().await;
    assert_eq!(userinfo.json::<Value>(), json!({ "sub": "alice" }));
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let refreshed = client.post("/oauth/token").form(&pairs).send().await;
    assert_eq!(refreshed.status(), 200, "{}", refreshed.text());
    // Revoked, the token is not believed from the next request on.
    let revoke = [("client_id", "app"), ("token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(client.post("/oauth/revoke").form(&revoke).send().await.status(), 200);
    assert_eq!(client.get("/me").header("authorization", &bearer).send().await.status(), 401);
    assert_eq!(client.get("/oauth/userinfo").header("authorization", &bearer).send().await.status(), 401);
    assert_eq!(client.post("/oauth/token").form(&pairs).send().await.json::<Value>()["error"], "invalid_grant");
}

#[tokio::test]
async fn line_59_a_wrong_redirect_uri_is_a_page_without_a_location() {
    let client = client().await;
    for wrong in [
        "https://app.example/callback/",
        "https://app.example/callbackx",
        "https://app.example/callback/other",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://user@app.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.app.example/callback",
        "https://app.example.evil.example/callback",
        "https://app.example/x/../callback",
        "https://app.example/%63allback",
        "https://APP.example/callback",
        "http://app.example/callback",
        "https://evil.example/callback",
        "javascript:alert(1)",
        "https:\\\\app.example\\callback",
        "https://app.example/callback\r\nSet-Cookie: x=1",
        "//app.example/callback",
        "",
    ] {
        let encoded: String = wrong.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for more in ["", "&prompt=none", "&response_mode=fragment"] {
            let target = authorize("app", more).replace("https%3A%2F%2Fapp.example%2Fcallback", &encoded);
            let answer = visit(&client, &target).await;
            assert_eq!((answer.status().as_u16(), answer.header("location")), (400, None), "{wrong}");
            assert!(
                answer.header("set-cookie").is_none()
                    && answer.header("content-type").unwrap().starts_with("text/html")
            );
        }
    }
    let answer = visit(&client, &authorize("nobody", "")).await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (400, None));
}

#[tokio::test]
async fn line_68_the_consent_page_is_framed_by_nobody_and_posts_its_own_form() {
    let client = client().await;
    let page = visit(&client, &authorize("web", "&nonce=%22%3E%3Cscript%3E")).await;
    assert_eq!(page.status(), 200);
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    let text = page.text().to_owned();
    assert!(!text.contains("<script>") && !text.contains("<b>"), "{text}");
    let field = |name: &str| {
        let start = text.find(&format!("name=\"{name}\" value=\"")).unwrap() + name.len() + 15;
        text[start..].split('"').next().unwrap().to_owned()
    };
    let csrf = field("csrf");
    let post = async |csrf: &str, decision: &str, cookie: &str| {
        let form = [
            ("response_type", "code"),
            ("client_id", "web"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("csrf", csrf),
            ("decision", decision),
        ];
        client.post("/oauth/authorize").header("cookie", cookie).form(&form).send().await
    };
    assert_eq!(post("made-up", "approve", "user=alice").await.status(), 403);
    assert_eq!(post(&csrf, "approve", "user=bob").await.status(), 403);
    let denied = post(&csrf, "deny", "user=alice").await;
    assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
    let approved = post(&csrf, "approve", "user=alice").await;
    assert_eq!(approved.status(), 303, "71");
    assert!(parameter(&approved, "code").is_some());
    // By GET nobody decides.
    let forced = visit(&client, &authorize("web", &format!("&prompt=consent&decision=approve&csrf={csrf}"))).await;
    assert_eq!((forced.status().as_u16(), forced.header("location")), (200, None));
}

#[tokio::test]
async fn line_75_the_token_endpoint_takes_forms_by_post_alone() {
    let client = client().await.unchecked();
    let by_get =
        client.get("/oauth/token?grant_type=client_credentials&client_id=web&client_secret=s3cret").send().await;
    assert_eq!((by_get.status().as_u16(), by_get.header("allow")), (405, Some("POST, OPTIONS")));
    let json = client.post("/oauth/token").json(&json!({ "grant_type": "client_credentials" })).send().await;
    assert_eq!((json.status().as_u16(), &json.json::<Value>()["error"]), (400, &json!("invalid_request")));
    let query = client.post("/oauth/token?grant_type=client_credentials&client_id=web&client_secret=s3cret");
    let query = query.body(FORM, "scope=books%3Aread").send().await;
    assert_eq!(query.status(), 401);
    for answer in [&by_get, &json, &query] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn line_76_errors_are_those_of_rfc_6749() {
    let client = client().await;
    let wrong = client.post("/oauth/token").form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "web"),
        ("client_secret", "x"),
    ]);
    let wrong = wrong.send().await;
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.header("content-type"), Some("application/json"));
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
    assert_eq!(wrong.json::<Value>()["error"], "invalid_client");
    // base64 of web:s3cret
    let good = client.post("/oauth/token").header("authorization", "Basic d2ViOnMzY3JldA==");
    let good = good.form(&[("grant_type", "client_credentials"), ("scope", "books:read")]).send().await;
    assert_eq!(good.status(), 200, "{}", good.text());
    assert_eq!(good.header("cache-control"), Some("no-store"));
    assert_eq!(good.json::<Value>()["token_type"], "Bearer");
}

#[tokio::test]
async fn the_documents_are_public_and_agree() {
    let client = client().await;
    let metadata: Value = client.get("/.well-known/oauth-authorization-server").send().await.json();
    let openid: Value = client.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata, openid);
    let jwks = client.get("/.well-known/jwks.json").send().await;
    assert_eq!(jwks.header("cache-control"), Some("public, max-age=300"));
    let jwks: Value = jwks.json();
    assert_eq!(jwks["keys"][0]["alg"], "RS256");
    assert!(jwks["keys"][0].get("d").is_none() && jwks["keys"].as_array().unwrap().len() == 1);
}

#[tokio::test]
async fn a_device_is_connected_by_its_user() {
    let client = client().await;
    let web = [("client_id", "web"), ("client_secret", "s3cret")];
    let device: Value = client.post("/oauth/device_authorization").form(&web).send().await.json();
    let target = format!("/oauth/device?user_code={}", device["user_code"].as_str().unwrap());
    assert_eq!(client.get(&target).send().await.status(), 303, "to the login");
    let page = visit(&client, &target).await.text().to_owned();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let code = device["user_code"].as_str().unwrap();
    // A page elsewhere cannot approve in the user's name, nor can another user by this page's token.
    for (csrf, cookie) in [("made-up", "user=alice"), ("", "user=alice"), (&*csrf, "user=bob")] {
        let form = [("user_code", code), ("csrf", csrf), ("decision", "approve")];
        let forged = client.post("/oauth/device").header("cookie", cookie).form(&form).send().await;
        assert_eq!(forged.status(), 403, "81: {csrf} {cookie}");
    }
    let form = [("user_code", code), ("csrf", &*csrf), ("decision", "approve")];
    let decided = client.post("/oauth/device").header("cookie", "user=alice").form(&form).send().await;
    assert_eq!(decided.status(), 200, "{}", decided.text());
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let pairs = [grant, ("device_code", device["device_code"].as_str().unwrap()), web[0], web[1]];
    let tokens = client.post("/oauth/token").form(&pairs).send().await;
    assert_eq!(tokens.status(), 200, "{}", tokens.text());
    // Five wrong codes, and then not even a good one.
    for _ in 0..5 {
        assert_eq!(visit(&client, "/oauth/device?user_code=BBBB-BBBB").await.status(), 400);
    }
    let another: Value = client.post("/oauth/device_authorization").form(&web).send().await.json();
    let target = format!("/oauth/device?user_code={}", another["user_code"].as_str().unwrap());
    assert_eq!(visit(&client, &target).await.status(), 400);
}

#[tokio::test]
async fn a_pushed_request_is_used_by_its_name() {
    let client = client().await;
    let body = authorize("app", "").split_once('?').unwrap().1.to_owned();
    let pushed = client.post("/oauth/par").body(FORM, body).send().await;
    assert_eq!(pushed.status(), 201, "{}", pushed.text());
    let uri = pushed.json::<Value>()["request_uri"].as_str().unwrap().replace(':', "%3A");
    let target = format!("/oauth/authorize?client_id=app&request_uri={uri}");
    assert!(parameter(&visit(&client, &target).await, "code").is_some());
    assert_eq!(visit(&client, &target).await.status(), 400);
}

#[tokio::test]
async fn a_logout_ends_the_session_and_what_was_granted_in_it() {
    let client = client().await;
    let tokens = tokens(&client).await;
    let question = visit(&client, "/oauth/logout").await;
    assert_eq!(question.status(), 200);
    assert!(question.text().contains("<form"), "without a hint the user is asked");
    let hint = tokens["id_token"].as_str().unwrap();
    let target =
        format!("/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&state=s");
    let answer = visit(&client, &target).await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (303, Some("https://app.example/bye?state=s")));
    assert!(answer.header("set-cookie").unwrap().starts_with("user=;"));
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(client.get("/me").header("authorization", &bearer).send().await.status(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lines_48_and_65_twenty_at_once_on_the_database() {
    let client = client().await;
    let code = parameter(&visit(&client, &authorize("app", "")).await, "code").unwrap();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let racing: Vec<_> = (0..20).map(|_| tokio::spawn(client.post("/oauth/token").form(&pairs).send())).collect();
    let mut won = 0;
    for answer in racing {
        won += usize::from(answer.await.unwrap().status() == 200);
    }
    assert_eq!(won, 1);
    let parent = tokens(&client).await["refresh_token"].as_str().unwrap().to_owned();
    let pairs = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &*parent)];
    let racing: Vec<_> = (0..20).map(|_| tokio::spawn(client.post("/oauth/token").form(&pairs).send())).collect();
    let mut children = Vec::new();
    for answer in racing {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text());
        children.push(answer.json::<Value>()["refresh_token"].clone());
    }
    children.dedup();
    assert_eq!(children.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn line_52_a_revocation_that_races_a_refresh_leaves_nothing_alive_on_the_database() {
    let client = client().await;
    for round in 0..8 {
        let first = tokens(&client).await;
        let parent = first["refresh_token"].as_str().unwrap().to_owned();
        let refresh = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &*parent)];
        let revoke = [("client_id", "app"), ("token", &*parent)];
        let racing: Vec<_> = (0..4).map(|_| tokio::spawn(client.post("/oauth/token").form(&refresh).send())).collect();
        if round % 2 == 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        assert_eq!(client.post("/oauth/revoke").form(&revoke).send().await.status(), 200);
        let mut given = vec![first];
        for answer in racing {
            let answer = answer.await.unwrap();
            match answer.status().as_u16() {
                200 => given.push(answer.json()),
                status => assert_eq!((status, &answer.json::<Value>()["error"]), (400, &json!("invalid_grant"))),
            }
        }
        for tokens in given {
            let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
            assert_eq!(client.get("/me").header("authorization", &bearer).send().await.status(), 401);
            let token = tokens["refresh_token"].as_str().unwrap();
            let pairs = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
            let again = client.post("/oauth/token").form(&pairs).send().await;
            assert_eq!(again.json::<Value>()["error"], "invalid_grant");
        }
    }
}

#[tokio::test]
async fn line_47_a_dump_of_the_database_has_no_usable_token() {
    let folder = std::env::temp_dir().join(format!("covet-oauth-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let client = client_on(&format!("sqlite:{}", folder.join("dump.db").display())).await;
    let code = parameter(&visit(&client, &authorize("app", "")).await, "code").unwrap();
    let first = tokens(&client).await;
    let parent = first["refresh_token"].as_str().unwrap();
    let pairs = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", parent)];
    let second: Value = client.post("/oauth/token").form(&pairs).send().await.json();
    let mut dump = Vec::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        dump.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(dump.len() > 10_000);
    let contains = |text: &str| dump.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains("covet_refresh_tokens"), "the dump is one");
    let child = second["refresh_token"].as_str().unwrap();
    for secret in [code.as_str(), parent, child, first["access_token"].as_str().unwrap(), "s3cret"] {
        assert!(!contains(secret), "{secret}");
    }
    drop(client);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A proof that its sender holds a key (RFC 9449, section 4.2).
fn dpop_proof(key: &SigningKey, method: &str, url: &str, id: &str, token: Option<&str>) -> String {
    let jwk = key.verifying().jwk().unwrap().to_public_json().unwrap();
    let mut claims = json!({ "htm": method, "htu": url, "iat": Timestamp::now().as_second(), "jti": id });
    if let Some(token) = token {
        claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk });
    let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = key.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn line_83_a_bound_token_opens_the_apps_routes_to_the_holder_of_its_key() {
    let client = client().await;
    let (own, foreign) =
        (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let form = [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "s3cret")];
    let proof = dpop_proof(&own, "POST", "https://id.example/oauth/token", "1", None);
    let tokens: Value = client.post("/oauth/token").header("dpop", &proof).form(&form).send().await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    let call = async |scheme: &str, proofs: &[&str]| {
        let request = client.get("/me?x=1").header("authorization", &format!("{scheme} {token}"));
        proofs.iter().fold(request, |request, proof| request.header("dpop", proof)).send().await
    };
    let url = "https://id.example/me";
    let good = dpop_proof(&own, "GET", url, "2", Some(token));
    assert_eq!(call("DPoP", &[&good]).await.text(), "web");
    let again = call("DPoP", &[&good]).await;
    assert_eq!((again.status().as_u16(), &again.problem()["code"]), (401, &json!("token_invalid")), "good once");
    let challenge = again.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("DPoP realm=\"api\", error=\"invalid_dpop_proof\""), "{challenge}");
    for wrong in [
        dpop_proof(&foreign, "GET", url, "3", Some(token)),
        dpop_proof(&own, "POST", url, "4", Some(token)),
        dpop_proof(&own, "GET", "https://id.example/you", "5", Some(token)),
        dpop_proof(&own, "GET", url, "6", None),
        dpop_proof(&own, "GET", url, "7", Some("another")),
        "nonsense".to_owned(),
    ] {
        assert_eq!(call("DPoP", &[&wrong]).await.status(), 401, "{wrong}");
    }
    let (one, two) = (dpop_proof(&own, "GET", url, "8", Some(token)), dpop_proof(&own, "GET", url, "9", Some(token)));
    assert_eq!(call("DPoP", &[]).await.status(), 401);
    assert_eq!(call("DPoP", &[&one, &two]).await.status(), 401, "of two proofs none counts");
    assert_eq!(call("Bearer", &[&one]).await.status(), 401, "a bound token is no bearer's");
    let bearer: Value = client.post("/oauth/token").form(&form).send().await.json();
    let request =
        client.get("/me").header("authorization", &format!("DPoP {}", bearer["access_token"].as_str().unwrap()));
    assert_eq!(request.header("dpop", &two).send().await.status(), 401, "nor the other way round");
}

#[tokio::test]
async fn line_90_wrong_client_secrets_are_told_when_to_come_back() {
    let client = client().await;
    for endpoint in ["token", "introspect", "revoke", "par", "device_authorization"] {
        let form = [("client_id", endpoint), ("client_secret", "wrong"), ("token", "x")];
        let path = format!("/oauth/{endpoint}");
        for _ in 0..5 {
            assert_eq!(client.post(&path).form(&form).send().await.status(), 401, "{endpoint}");
        }
        let answer = client.post(&path).form(&form).send().await;
        assert_eq!(answer.status(), 429, "{endpoint}: {}", answer.text());
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=2).contains(&seconds), "{seconds}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.json::<Value>()["error"], "temporarily_unavailable");
    }
}
