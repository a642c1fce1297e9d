//! Section 5.6: the token endpoint and its clients.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use covet_auth::jose::TokenType;
use serde_json::Value;

async fn credentials(
    server: &Server<MemoryStore>,
    authorization: Option<&str>,
    pairs: &[(&str, &str)],
) -> Result<TokenResponse, OAuthError> {
    let body = form(&[&[("grant_type", "client_credentials")], pairs].concat());
    let mut request = EndpointRequest::new(&body, at(0));
    request.authorization = authorization;
    answered(server.token(&request).await)
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test]
async fn line_77_a_client_proves_itself_in_one_way() {
    let server = server().await;
    let good = basic("web", "s3cret");
    assert!(credentials(&server, Some(&good), &[]).await.is_ok());
    assert!(credentials(&server, Some(&good), &[("client_id", "web")]).await.is_ok());
    assert!(credentials(&server, None, &[("client_id", "web"), ("client_secret", "s3cret")]).await.is_ok());
    assert_eq!(
        code_of(credentials(&server, Some(&good), &[("client_id", "web"), ("client_secret", "s3cret")]).await),
        "invalid_request"
    );
    assert_eq!(code_of(credentials(&server, Some(&good), &[("client_id", "app")]).await), "invalid_request");
    let odd = Client::new("odd:id", "openid".parse().unwrap()).with_secret("p%:+ ä");
    let mut odd = odd;
    odd.grants = vec![GrantType::ClientCredentials];
    odd.scope = "books:read".parse().unwrap();
    server.store().add_client(odd);
    assert!(credentials(&server, Some(&basic("odd%3Aid", "p%25%3A%2B+%C3%A4")), &[]).await.is_ok());
}

#[tokio::test]
async fn line_66_a_parameter_twice_is_an_error_at_the_endpoints_that_clients_call() {
    let server = server().await;
    let good = "grant_type=client_credentials&client_id=web&client_secret=s3cret";
    let ask = async |body: &str| answered(server.token(&EndpointRequest::new(body, at(0))).await);
    assert!(ask(&format!("{good}&unknown=1&scope=&audience=x")).await.is_ok(), "unknown is ignored, empty is absent");
    for twice in ["grant_type=client_credentials", "client_id=web", "client_secret=s3cret", "scope=books:read&scope="] {
        let body = format!("{good}&{twice}");
        assert_eq!(code_of(ask(&body).await), "invalid_request", "{twice}");
        let request = EndpointRequest::new(&body, at(0));
        assert_eq!(code_of(answered(server.revocation(&request).await)), "invalid_request", "{twice}");
        assert_eq!(code_of(answered(server.introspection(&request).await)), "invalid_request", "{twice}");
        assert_eq!(code_of(answered(server.device_authorization(&request).await)), "invalid_request", "{twice}");
        assert_eq!(
            code_of(answered(server.pushed_authorization_request(&request).await)),
            "invalid_request",
            "{twice}"
        );
    }
}

#[tokio::test]
async fn line_78_wrong_secrets_and_unknown_clients_look_alike() {
    let server = server().await;
    let mut errors = Vec::new();
    for header in [
        basic("web", "wrong"),
        basic("nobody", "s3cret"),
        basic("web", ""),
        "Basic !".into(),
        "Bearer x".into(),
        basic("app", "x"),
    ] {
        errors.push(credentials(&server, Some(&header), &[]).await.unwrap_err());
    }
    errors.push(credentials(&server, None, &[("client_id", "web")]).await.unwrap_err());
    errors.push(credentials(&server, None, &[("client_id", "nobody")]).await.unwrap_err());
    errors.dedup();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].code.name(), "invalid_client");
    let client = Client::new("web", "openid".parse().unwrap()).with_secret("s3cret");
    assert!(
        !client.secret_hash.clone().unwrap().contains("s3cret")
            && !format!("{client:?}").contains(&client.secret_hash.unwrap())
    );
}

#[tokio::test]
async fn line_79_only_the_grants_that_the_client_has_exist() {
    let server = server().await;
    let ask = async |grant: &str| {
        let pairs = [
            ("grant_type", grant),
            ("client_id", "api"),
            ("client_secret", "api"),
            ("username", "alice"),
            ("password", "x"),
        ];
        code_of(token(&server, &pairs, 0).await)
    };
    for grant in
        ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]
    {
        assert_eq!(ask(grant).await, "unauthorized_client", "{grant}");
    }
    for grant in ["password", "implicit", "", "Client_Credentials"] {
        let expected = if grant.is_empty() { "invalid_request" } else { "unsupported_grant_type" };
        assert_eq!(ask(grant).await, expected, "{grant}");
    }
}

#[tokio::test]
async fn line_80_a_client_for_itself_gets_no_refresh_token_and_no_more_than_its_scope() {
    let server = server().await;
    let tokens = credentials(&server, Some(&basic("web", "s3cret")), &[("scope", "books:read")]).await.unwrap();
    assert_eq!((tokens.refresh_token, tokens.id_token, tokens.scope.as_str()), (None, None, "books:read"));
    let access = claims(&server, &tokens.access_token, 0);
    assert_eq!((access.subject(), access.claims().sid.as_ref(), access.claims().roles.as_ref()), ("web", None, None));
    for scope in ["books:read admin", "openid", "a  b"] {
        assert_eq!(
            code_of(credentials(&server, Some(&basic("web", "s3cret")), &[("scope", scope)]).await),
            "invalid_scope"
        );
    }
}

#[tokio::test]
async fn a_client_proves_itself_by_a_key() {
    let server = server().await;
    let own = key(Algorithm::Es256);
    let jwks = json!({ "keys": [own.verifying().jwk().unwrap().to_public_json().unwrap()] });
    let mut client = Client::new("robot", "books:read".parse().unwrap());
    (client.grants, client.keys) = (vec![GrantType::ClientCredentials], Some(jwks.to_string()));
    server.store().add_client(client);
    let good = json!({ "iss": "robot", "sub": "robot", "aud": "https://id.example", "jti": "1", "exp": START + 60 });
    let ask = async |signing: &SigningKey, claims: &Value| {
        let assertion = signing.issue(TokenType::Jwt, claims).unwrap();
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        credentials(&server, None, &[("client_assertion_type", kind), ("client_assertion", &assertion)]).await
    };
    assert!(ask(&own, &good).await.is_ok());
    assert_eq!(code_of(ask(&own, &good).await), "invalid_client", "the same jti twice");
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims["jti"] = json!(format!("{name}{value}"));
        claims[name] = value;
        claims
    };
    assert!(ask(&own, &with("aud", json!(["https://id.example/oauth/token"]))).await.is_ok());
    for (name, value) in [
        ("aud", json!("https://other.example")),
        ("aud", Value::Null),
        ("iss", json!("web")),
        ("sub", json!("web")),
        ("exp", json!(START - 31)),
        ("exp", json!(START + 100_000)),
        ("exp", Value::Null),
        ("jti", json!("")),
        ("nbf", json!(START + 1000)),
    ] {
        let mut wrong = with(name, value.clone());
        if name == "jti" {
            wrong["jti"] = value.clone();
        }
        assert_eq!(code_of(ask(&own, &wrong).await), "invalid_client", "{name} {value}");
    }
    assert_eq!(code_of(ask(&key(Algorithm::Es256), &with("x", json!(1))).await), "invalid_client");
    // A secret in place of a key is none.
    assert_eq!(code_of(credentials(&server, None, &[("client_id", "robot")]).await), "invalid_client");
}

#[tokio::test]
async fn the_metadata_tell_what_there_is() {
    let server = server().await;
    let metadata = server.metadata();
    assert_eq!(metadata["issuer"], "https://id.example");
    assert_eq!(metadata["token_endpoint"], "https://id.example/oauth/token");
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
}

/// How the introspection endpoint answers a secret from an address: whether it is right, or how many seconds to wait.
async fn guess(
    server: &Server<MemoryStore>,
    (id, secret): (&str, &str),
    address: &str,
    second: i64,
) -> Result<bool, u64> {
    let body = form(&[("client_id", id), ("client_secret", secret), ("token", "x")]);
    let mut request = EndpointRequest::new(&body, at(second));
    request.address = Some(address.parse().unwrap());
    match server.introspection(&request).await {
        Ok(_) => Ok(true),
        Err(Failure::Refused(error)) if error.code.name() == "invalid_client" => Ok(false),
        Err(Failure::Later { error, wait }) if error.code.name() == "temporarily_unavailable" => Err(wait.as_secs()),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn line_90_wrong_client_secrets_are_throttled() {
    let server = server().await;
    let (here, elsewhere) = ("192.0.2.1", "192.0.2.2");
    for _ in 0..5 {
        assert_eq!(guess(&server, ("web", "wrong"), here, 0).await, Ok(false));
    }
    // During the delay the right one is not looked at either, and trying makes the delay no longer.
    for _ in 0..100 {
        assert_eq!(guess(&server, ("web", "s3cret"), here, 0).await, Err(2));
    }
    assert_eq!(guess(&server, ("web", "s3cret"), elsewhere, 0).await, Ok(true), "nobody is kept out from elsewhere");
    assert_eq!(guess(&server, ("web", "wrong"), here, 2).await, Ok(false));
    assert_eq!(guess(&server, ("web", "wrong"), here, 2).await, Err(3), "it doubles");
    assert_eq!(guess(&server, ("web", "s3cret"), here, 5).await, Ok(true));
    assert_eq!(guess(&server, ("web", "wrong"), here, 5).await, Ok(false), "what was right clears the count");
}

#[tokio::test]
async fn line_90_an_address_that_guesses_is_throttled_but_not_a_client_it_is_known_of() {
    let server = server().await;
    let here = "2001:db8::1";
    assert_eq!(guess(&server, ("api", "api"), here, 0).await, Ok(true));
    for number in 0..30 {
        let name = format!("nobody-{number}");
        assert_eq!(guess(&server, (&name, "x"), "2001:db8::2", 0).await, Ok(false), "{number}");
    }
    assert_eq!(guess(&server, ("web", "s3cret"), here, 0).await, Err(2), "one customer has the network");
    assert_eq!(guess(&server, ("api", "api"), here, 0).await, Ok(true), "the client has proved itself from there");
    assert_eq!(guess(&server, ("web", "s3cret"), here, 2).await, Ok(true));
}
