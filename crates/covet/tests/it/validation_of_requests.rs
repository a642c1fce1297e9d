//! All faults of a request in one problem, each at its place.

use covet::test::Client;
use covet::{App, Bytes, Cookie, Form, Header, Json, NoContent, Path, Query, post, routes};
use serde_json::json;

/// Who is meant.
#[covet::model(deny_unknown)]
struct Person {
    #[check(length(min = 1, max = 10))]
    name: String,
    #[check(email)]
    email: String,
    address: Address,
}

/// Where.
#[covet::model(deny_unknown)]
struct Address {
    street: String,
    #[check(range(min = 1000, max = 9999))]
    postcode: u32,
    since: Option<u16>,
}

/// A crowd.
#[covet::model]
struct Crowd {
    people: Vec<Person>,
}

/// How it is shown.
#[covet::model]
struct View {
    #[check(range(min = 1, max = 100))]
    limit: u32,
    wide: Option<bool>,
}

/// Take a crowd.
#[post("/crowds")]
async fn crowd(view: Query<View>, crowd: Json<Crowd>) -> NoContent {
    let _ = (view.limit, view.wide, &crowd.people);
    for person in &crowd.people {
        let _ = (&person.name, &person.email, &person.address.street, person.address.postcode, person.address.since);
    }
    NoContent
}

/// Everything that is not the body.
#[post("/rooms/{room}")]
async fn room(
    room: Path<u8>,
    floor: Query<Vec<i8>>,
    x_depth: Header<u8>,
    theme: Cookie<Option<Theme>>,
    login: Form<Login>,
) -> String {
    format!("{} {:?} {} {:?} {}", *room, *floor, *x_depth, theme.as_ref().map(|theme| *theme as u8), login.user)
}

/// How it looks.
#[covet::model]
#[derive(Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Theme {
    Light,
    Dark,
}

/// Who comes.
#[covet::model]
struct Login {
    #[check(length(min = 2))]
    user: String,
}

/// Bytes.
#[post("/bytes")]
async fn bytes(bytes: Bytes) -> String {
    bytes.len().to_string()
}

fn client() -> Client {
    Client::new(App::new("Crowds", "1.0.0").routes(routes![crowd, room, bytes]).limits(|limits| limits.body = 1000))
        .unwrap()
}

#[tokio::test]
async fn eight_faults_of_six_kinds_are_one_problem() {
    let body = json!({ "people": [
        { "name": "Ada Lovelace of London", "address": { "street": 1, "postcode": 12 } },
        { "name": "Bo", "email": "nowhere", "address": { "street": "x", "postcode": 1000, "planet": "Mars" } },
    ]});
    let answer = client().post("/crowds?limit=0&wide=perhaps").json(&body).send().await;
    assert_eq!(answer.status(), 422);
    let mut faults = answer.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "body /people/0/address/postcode minimum",
            "body /people/0/address/street type",
            "body /people/0/email missing",
            "body /people/0/name max_length",
            "body /people/1/address/planet unknown",
            "body /people/1/email format",
            "query limit minimum",
            "query wide type",
        ]
    );
    let problem = answer.problem();
    assert_eq!(problem["detail"], "8 rules are violated; `errors` lists them");
    let name = problem["errors"].as_array().unwrap().iter().find(|error| error["pointer"] == "/people/0/name").unwrap();
    assert_eq!(name["max_length"], 10, "{name}");
    assert!(name["message"].as_str().unwrap().contains("10"), "{name}");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed_and_the_query_is_told_as_well() {
    let check = async |body: &str, fault: &str| {
        let answer = client().post("/crowds?limit=0").body("application/json", body.to_owned()).send().await;
        assert_eq!(
            (answer.status().as_u16(), answer.faults()),
            (400, vec!["query limit minimum".into(), fault.into()]),
            "{body}"
        );
    };
    check("", "body  empty").await;
    check("{", "body  syntax").await;
    check(r#"{"people":[]} x"#, "body  trailing").await;
    check(&"[".repeat(500), "body  depth").await;
    check(r#"{"people":[{"name":"\ud800"}]}"#, "body  surrogate").await;
}

#[tokio::test]
async fn each_part_of_a_request_is_read() {
    let client = client();
    let send = |target: &str, depth: &str, cookie: &str, user: &str| {
        client.post(target).header("x-depth", depth).header("cookie", cookie).form(&[("user", user)]).send()
    };
    let answer = send("/rooms/7?floor=1&floor=-2", "9", "a=b; theme=dark", "Ada & Bo").await;
    assert_eq!((answer.status().as_u16(), answer.text()), (200, "7 [1, -2] 9 Some(1) Ada & Bo"));
    let answer = send("/rooms/256?floor=x", "-1", "theme=pink", "x").await;
    assert_eq!(
        answer.faults(),
        [
            "path room number_range",
            "query floor/0 type",
            "header x-depth minimum",
            "cookie theme one_of",
            "body /user min_length"
        ]
    );
    let answer = client.post("/rooms/1?floor=1&q=%zz").body("application/json", "{}").send().await;
    assert_eq!(answer.status(), 415, "{answer:?}");
}

#[tokio::test]
async fn a_missing_or_wrong_content_type_is_told() {
    let answer = client().post("/crowds?limit=1").body("text/plain", "{}").send().await;
    assert_eq!(answer.status(), 415);
    assert_eq!(answer.problem()["supported"], json!(["application/json"]));
    let answer = client().post("/crowds?limit=1").send().await;
    assert_eq!(answer.problem()["detail"], "the request has no Content-Type; this operation reads application/json");
    let answer =
        client().post("/crowds?limit=1").body("application/vnd.x+json; charset=utf-8", r#"{"people":[]}"#).send().await;
    assert_eq!(answer.status(), 204);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let answer = client().post("/bytes").body("text/plain", "x".repeat(1000)).send().await;
    assert_eq!((answer.status().as_u16(), answer.text()), (200, "1000"));
    let answer = client().post("/bytes").body("text/plain", "x".repeat(1001)).send().await;
    assert_eq!((answer.status().as_u16(), &answer.problem()["limit"]), (413, &1000.into()));
}

/// A sum of money.
#[covet::model]
struct Sum {
    amount: covet::Decimal,
}

/// Say it again.
#[post("/sums")]
async fn sum(sum: Json<Sum>) -> Json<Sum> {
    sum
}

#[tokio::test]
async fn a_decimal_keeps_all_its_digits_or_is_refused() {
    let client = Client::new(App::new("Sums", "1.0.0").routes(routes![sum])).unwrap();
    let answer = client.post("/sums").json(&json!({ "amount": "12345678901234567890.123456789" })).send().await;
    assert_eq!(answer.json::<serde_json::Value>()["amount"], "12345678901234567890.123456789");
    let exact = r#"{"amount":12345678901234567890.123456789}"#;
    let answer = client.post("/sums").body("application/json", exact).send().await;
    assert_eq!((answer.status().as_u16(), answer.faults()), (422, vec!["body /amount type".to_owned()]));
    let schema = &client.openapi()["components"]["schemas"];
    for name in schema.as_object().unwrap().keys().filter(|name| name.starts_with("Sum")) {
        assert_eq!(schema[name]["properties"]["amount"]["type"], "string", "{name}");
    }
}

/// Whatever is asked for.
#[post("/any")]
async fn any(filters: Query<std::collections::BTreeMap<String, u8>>) -> String {
    format!("{:?}", *filters)
}

#[tokio::test]
async fn a_map_reads_every_parameter_and_is_in_the_document() {
    let client = Client::new(App::new("Maps", "1.0.0").routes(routes![any])).unwrap();
    let answer = client.post("/any?a=1&b=2").send().await;
    assert_eq!(answer.text(), r#"{"a": 1, "b": 2}"#);
    let parameter = &client.openapi()["paths"]["/any"]["post"]["parameters"][0];
    assert_eq!(
        (&parameter["name"], &parameter["style"], &parameter["explode"]),
        (&json!("filters"), &json!("form"), &json!(true))
    );
}

#[tokio::test]
async fn a_body_that_is_packed_or_not_utf_8_is_not_read_as_if_it_were() {
    let client = client();
    let send = async |name: &str, value: &str| {
        let request = client.post("/crowds?limit=1").body("application/json", r#"{"people":[]}"#);
        request.header(name, value).send().await
    };
    for (name, value, status) in
        [("content-encoding", "gzip", 415), ("content-encoding", "identity", 204), ("content-type", "text/plain", 400)]
    {
        assert_eq!(send(name, value).await.status().as_u16(), status, "{name}: {value}");
    }
    for (media_type, status) in [
        ("application/json; charset=latin1", 415),
        ("application/json; charset=\"utf-16\"", 415),
        ("application/json; charset=UTF-8", 204),
    ] {
        let answer = client.post("/crowds?limit=1").body(media_type, r#"{"people":[]}"#).send().await;
        assert_eq!(answer.status().as_u16(), status, "{media_type}");
    }
}

#[tokio::test]
async fn a_number_without_a_fraction_is_whole() {
    let address = |postcode: &str| {
        format!(
            r#"{{"people":[{{"name":"Bo","email":"b@o.example","address":{{"street":"x","postcode":{postcode}}}}}]}}"#
        )
    };
    for (postcode, limit, status) in
        [("1000.0", "1.0", 204), ("1000.5", "1", 422), ("1000", "1.5", 422), ("999.0", "1", 422)]
    {
        let target = format!("/crowds?limit={limit}");
        let answer = client().post(&target).body("application/json", address(postcode)).send().await;
        assert_eq!(answer.status().as_u16(), status, "{postcode} {limit} {answer:?}");
    }
}

#[tokio::test]
async fn an_answer_is_not_many_times_as_long_as_its_request() {
    let long = "k".repeat(900);
    let people: Vec<_> = (0..1).map(|_| json!({ long.clone(): 1 })).collect();
    let answer = client().post("/crowds?limit=1").json(&json!({ "people": people })).send().await;
    assert!(answer.text().contains(&format!("/people/0/{}…", "k".repeat(200))), "{answer:?}");
    assert!(!answer.text().contains(&"k".repeat(201)));
}
