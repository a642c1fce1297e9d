//! Section 5.5: the authorization endpoint, and the code.

use super::*;
use covet_auth::oauth2::Decision;

async fn error(changes: &[(&str, &str)]) -> Parameters {
    let server = server().await;
    redirect(server.authorize(&query(changes), Some(&session()), None, at(0)).await.unwrap())
}

#[tokio::test]
async fn a_code_becomes_tokens() {
    let server = server().await;
    let tokens = tokens(&server).await;
    assert_eq!((tokens.token_type, tokens.expires_in), ("Bearer", 600));
    assert_eq!(tokens.scope, "books:read openid profile");
    let access = claims(&server, &tokens.access_token, 1);
    assert_eq!(access.subject(), "alice");
    assert_eq!(access.claims().client_id, "app");
    assert_eq!(access.claims().roles.as_deref(), Some(&[2][..]));
    assert!(access.claims().sid.is_some() && access.id().is_some());
    assert!(tokens.refresh_token.is_some() && tokens.id_token.is_some());
}

#[tokio::test]
async fn line_59_a_wrong_redirect_uri_never_redirects() {
    let server = server().await;
    for uri in
        ["https://evil.example/", "https://app.example/callback/", "javascript:alert(1)", "//app.example/callback", ""]
    {
        let answer = server.authorize(&query(&[("redirect_uri", uri)]), Some(&session()), None, at(0)).await.unwrap();
        assert!(matches!(answer, Authorization::Refused(_)), "{uri}: {answer:?}");
    }
}

#[tokio::test]
async fn line_61_an_unknown_client_never_redirects_and_other_errors_do() {
    let server = server().await;
    for client in ["nobody", ""] {
        let answer = server.authorize(&query(&[("client_id", client)]), Some(&session()), None, at(0)).await.unwrap();
        assert!(matches!(answer, Authorization::Refused(_)), "{answer:?}");
    }
    let answer = error(&[("response_type", "token")]).await;
    assert_eq!((answer.value("error"), answer.value("state")), (Some("unsupported_response_type"), Some("xyz")));
    for (name, value, code) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("request", "x.y.z", "request_not_supported"),
        ("registration", "{}", "registration_not_supported"),
        ("scope", "nothing:known", "invalid_scope"),
        ("scope", "a  b", "invalid_scope"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "other", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
    ] {
        assert_eq!(error(&[(name, value)]).await.value("error"), Some(code), "{name}={value}");
    }
}

#[tokio::test]
async fn line_62_pkce_is_required_and_checked() {
    for changes in [
        &[("code_challenge", "")][..],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "")],
        &[("code_challenge", ""), ("code_challenge_method", "")],
    ] {
        assert_eq!(error(changes).await.value("error"), Some("invalid_request"), "{changes:?}");
    }
    let server = server().await;
    for verifier in ["", "short", CHALLENGE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj"] {
        let code = code_for(&server, &[], 0).await;
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        assert_eq!(code_of(token(&server, &pairs, 1).await), "invalid_grant", "{verifier}");
    }
}

#[tokio::test]
async fn line_63_there_is_no_code_without_a_challenge() {
    // So a verifier can never come for one: the code itself is refused.
    let server = server().await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", "made-up"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(code_of(token(&server, &pairs, 1).await), "invalid_grant");
}

#[tokio::test]
async fn line_65_a_code_is_for_once_and_for_a_minute_and_for_its_client() {
    let server = server().await;
    let code = code_for(&server, &[], 0).await;
    assert_eq!(code.len(), 43);
    assert_eq!(code_of(exchange(&server, &code, 60).await), "invalid_grant");
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "web"),
        ("client_secret", "s3cret"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(code_of(token(&server, &pairs, 1).await), "invalid_grant");
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &code),
        ("redirect_uri", "https://app.example/"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(code_of(token(&server, &pairs, 1).await), "invalid_grant");
    assert!(exchange(&server, &code, 59).await.is_ok(), "none of these used it");
    // Twenty at once: one wins at most, and what it got is taken back.
    let server = std::sync::Arc::new(server);
    let code = code_for(&server, &[], 0).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (server, code) = (server.clone(), code.clone());
            tokio::spawn(async move { exchange(&server, &code, 1).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn line_56_a_replayed_code_takes_everything_back() {
    let server = server().await;
    let code = code_for(&server, &[], 0).await;
    let tokens = exchange(&server, &code, 1).await.unwrap();
    assert!(is_active(&server, &tokens.access_token, 2).await);
    assert_eq!(code_of(exchange(&server, &code, 3).await), "invalid_grant");
    assert!(!is_active(&server, &tokens.access_token, 4).await);
    assert_eq!(code_of(refresh(&server, &tokens.refresh_token.unwrap(), 4).await), "invalid_grant");
    let sid = claims(&server, &tokens.access_token, 4).claims().sid.clone();
    assert!(server.revocations().contains(sid.as_deref(), None));
}

#[tokio::test]
async fn line_66_a_parameter_twice_is_an_error() {
    let server = server().await;
    let text = query(&[]).encode_without(&[]);
    for (more, refused) in
        [("client_id=app", true), ("redirect_uri=x", true), ("scope=openid", false), ("state=a", false)]
    {
        let answer = server
            .authorize(&Parameters::parse(&format!("{text}&{more}")), Some(&session()), None, at(0))
            .await
            .unwrap();
        match answer {
            Authorization::Refused(_) => assert!(refused, "{more}"),
            answer => {
                let answer = redirect(answer);
                assert_eq!((answer.value("error"), refused), (Some("invalid_request"), false), "{more}");
            }
        }
    }
    let answer = server
        .authorize(&Parameters::parse(&format!("{text}&unknown=1&login_hint=")), Some(&session()), None, at(0))
        .await
        .unwrap();
    assert!(redirect(answer).value("code").is_some());
}

#[tokio::test]
async fn line_67_the_state_comes_back_as_it_was() {
    let server = server().await;
    for state in ["a&b=c", "\"<script>\"", "ümlaut €", "a+b c%20"] {
        let answer = server.authorize(&query(&[("state", state)]), Some(&session()), None, at(0)).await.unwrap();
        assert_eq!(redirect(answer).value("state"), Some(state));
    }
}

#[tokio::test]
async fn line_69_prompt_none_shows_no_page() {
    let server = server().await;
    let asked = query(&[("prompt", "none")]);
    let answer = redirect(server.authorize(&asked, None, None, at(0)).await.unwrap());
    assert_eq!(answer.value("error"), Some("login_required"));
    let asked = query(&[("prompt", "none"), ("client_id", "web")]);
    let answer = redirect(server.authorize(&asked, Some(&session()), None, at(0)).await.unwrap());
    assert_eq!(answer.value("error"), Some("consent_required"));
    let asked = query(&[("prompt", "none")]);
    assert!(redirect(server.authorize(&asked, Some(&session()), None, at(0)).await.unwrap()).value("code").is_some());
}

#[tokio::test]
async fn a_login_that_is_asked_for_counts_once_it_has_happened() {
    let server = server().await;
    for changes in [&[("prompt", "login")][..], &[("max_age", "0")], &[("max_age", "30"), ("prompt", "select_account")]]
    {
        let Authorization::Login { return_to, .. } =
            server.authorize(&query(changes), Some(&session()), None, at(100)).await.unwrap()
        else {
            panic!("no login")
        };
        let back = Parameters::parse(return_to.split_once('?').unwrap().1);
        // The old session does not do, a new one does, and not for another request.
        let again = server.authorize(&back, Some(&session()), None, at(101)).await.unwrap();
        assert!(matches!(again, Authorization::Login { .. }), "{again:?}");
        let fresh = Session::new("browser", "alice", at(110));
        let answer = server.authorize(&back, Some(&fresh), None, at(120)).await.unwrap();
        assert!(redirect(answer).value("code").is_some());
        let other = back.with("scope", "openid");
        let answer = server.authorize(&other, Some(&fresh), None, at(120)).await.unwrap();
        assert!(matches!(answer, Authorization::Login { .. }), "{answer:?}");
    }
    let young = server.authorize(&query(&[("max_age", "100")]), Some(&session()), None, at(100)).await.unwrap();
    assert!(redirect(young).value("code").is_some());
}

#[tokio::test]
async fn users_are_asked_once_for_each_scope() {
    let server = server().await;
    let asked = query(&[("client_id", "web"), ("scope", "openid")]);
    let page = server.authorize(&asked, Some(&session()), None, at(0)).await.unwrap();
    let Authorization::Consent(page) = page else { panic!("{page:?}") };
    assert_eq!(page.scope.to_string(), "openid");
    let denied = server.authorize(&asked, Some(&session()), Some(Decision::Denied), at(0)).await.unwrap();
    assert_eq!(redirect(denied).value("error"), Some("access_denied"));
    let approved = server.authorize(&asked, Some(&session()), Some(Decision::Approved), at(0)).await.unwrap();
    assert!(redirect(approved).value("code").is_some());
    let again = server.authorize(&asked, Some(&session()), None, at(0)).await.unwrap();
    assert!(redirect(again).value("code").is_some());
    let more = query(&[("client_id", "web"), ("scope", "openid email")]);
    assert!(matches!(server.authorize(&more, Some(&session()), None, at(0)).await.unwrap(), Authorization::Consent(_)));
    let forced = query(&[("client_id", "web"), ("scope", "openid"), ("prompt", "consent")]);
    assert!(matches!(
        server.authorize(&forced, Some(&session()), None, at(0)).await.unwrap(),
        Authorization::Consent(_)
    ));
    // A form is believed only with the code of its session.
    let code = server.csrf_token(&session());
    assert!(server.is_csrf_token(&session(), &code));
    assert!(!server.is_csrf_token(&Session::new("other", "alice", at(0)), &code));
}

#[tokio::test]
async fn line_82_a_pushed_request_is_for_once_and_for_its_client() {
    let server = server().await;
    let body = query(&[]).encode_without(&[]);
    let pushed = answered(server.pushed_authorization_request(&EndpointRequest::new(&body, at(0))).await).unwrap();
    assert_eq!(pushed.expires_in, 60);
    let named = |client: &str| Parameters::default().with("client_id", client).with("request_uri", &pushed.request_uri);
    let foreign = server.authorize(&named("web"), Some(&session()), None, at(1)).await.unwrap();
    assert!(matches!(foreign, Authorization::Refused(_)));
    let late = server.authorize(&named("app"), Some(&session()), None, at(60)).await.unwrap();
    assert!(matches!(late, Authorization::Refused(_)));
    // A login on the way does not use it up.
    assert!(matches!(server.authorize(&named("app"), None, None, at(1)).await.unwrap(), Authorization::Login { .. }));
    assert!(
        redirect(server.authorize(&named("app"), Some(&session()), None, at(2)).await.unwrap()).value("code").is_some()
    );
    assert!(matches!(
        server.authorize(&named("app"), Some(&session()), None, at(3)).await.unwrap(),
        Authorization::Refused(_)
    ));
    for changes in
        [&[("redirect_uri", "https://evil.example/")][..], &[("code_challenge", "")], &[("request_uri", "urn:x")]]
    {
        let body = query(changes).encode_without(&[]);
        assert_eq!(
            code_of(answered(server.pushed_authorization_request(&EndpointRequest::new(&body, at(0))).await)),
            "invalid_request"
        );
    }
}
