//! Merge patches.

use std::sync::Mutex;

use covet::test::Client;
use covet::{App, InvalidPatch, Json, MergePatch, Result, State, get, patch, routes};
use serde_json::{Value, json};

/// Where somebody lives.
#[covet::model(deny_unknown)]
#[derive(Debug, Clone)]
struct Address {
    #[check(length(min = 1, max = 20))]
    town: String,
    street: Option<String>,
}

/// Somebody.
#[covet::model(deny_unknown)]
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[check(length(min = 1, max = 20))]
    full_name: String,
    #[serde(default)]
    #[check(range(min = 0))]
    coins: i64,
    nick: Option<String>,
    address: Address,
    second: Option<Address>,
    #[serde(default)]
    tags: Vec<String>,
}

/// The one that is changed.
#[derive(Debug)]
struct Known(Mutex<Person>);

/// Change somebody.
#[patch("/person")]
async fn change(patch: MergePatch<Person>, known: State<Known>) -> Result<Json<Person>, InvalidPatch> {
    let mut person = known.0.lock().unwrap();
    *person = patch.apply(&person)?;
    Ok(Json(person.clone()))
}

/// Show somebody.
#[get("/person")]
async fn show(known: State<Known>) -> Json<Person> {
    Json(known.0.lock().unwrap().clone())
}

/// Change, in a handler whose error takes any other.
#[patch("/any")]
async fn any(patch: MergePatch<Person>, known: State<Known>) -> Result<Json<Person>> {
    let person = known.0.lock().unwrap().clone();
    Ok(Json(patch.apply(&person)?))
}

fn client() -> Client {
    let address = Address { town: "Bath".into(), street: Some("Pulteney Street".into()) };
    let person = Person {
        full_name: "Jane".into(),
        coins: 3,
        nick: Some("J".into()),
        address,
        second: None,
        tags: vec!["old".into()],
    };
    let app = App::new("People", "1.0.0").state(Known(Mutex::new(person))).routes(routes![change, show, any]);
    Client::new(app).unwrap()
}

async fn send(client: &Client, body: &str) -> covet::test::Answer {
    client.patch("/person").body("application/merge-patch+json", body.to_owned()).send().await
}

#[tokio::test]
async fn what_is_sent_changes_and_null_takes_away() {
    let client = client();
    let answer = send(&client, r#"{"fullName": "Emma", "nick": null, "address": {"street": null}, "tags": []}"#).await;
    let expected = json!({
        "fullName": "Emma", "coins": 3, "nick": null, "address": { "town": "Bath", "street": null },
        "second": null, "tags": [],
    });
    assert_eq!(answer.json::<Value>(), expected);
    let answer = send(&client, r#"{"second": {"town": "Wells"}, "coins": null}"#).await;
    let person = answer.json::<Value>();
    assert_eq!((&person["second"]["town"], &person["coins"]), (&json!("Wells"), &json!(0)));
    assert_eq!(send(&client, "{}").await.json::<Value>(), person);
}

#[tokio::test]
async fn the_changed_value_keeps_to_all_rules() {
    let client = client();
    for (body, expected) in [
        (r#"{"fullName": ""}"#, vec!["body /fullName min_length"]),
        (r#"{"fullName": null, "coins": -1, "address": {"town": ""}}"#, vec![]),
        (r#"{"nobody": 1}"#, vec!["body /nobody unknown"]),
        (r#"{"second": {"street": "High"}}"#, vec!["body /second/town missing"]),
        (r#"{"address": 7}"#, vec!["body /address type"]),
        (r#"{"coins": "many", "tags": [1]}"#, vec!["body /coins type", "body /tags/0 type"]),
        ("[]", vec!["body  type"]),
        (r#"{"coins": 1, "coins": 2}"#, vec!["body /coins duplicate"]),
        (r#"{"address": {"town": null, "town": null}}"#, vec!["body /address/town duplicate"]),
    ] {
        let answer = send(&client, body).await;
        assert_eq!(answer.status(), 422, "{body} {answer:?}");
        if expected.is_empty() {
            let faults = answer.faults();
            assert!(faults.contains(&"body /fullName missing".to_owned()), "{faults:?}");
        } else {
            assert_eq!(answer.faults(), expected, "{body}");
        }
    }
    assert_eq!(send(&client, "{").await.status(), 400);
    assert_eq!(client.get("/person").send().await.json::<Value>()["fullName"], "Jane", "nothing was changed");
}

#[tokio::test]
async fn a_patch_of_another_media_type_is_told_which_one_is_taken() {
    let client = client();
    for media_type in ["application/json", "application/json-patch+json", "text/plain"] {
        let answer = client.patch("/person").body(media_type, "{}").send().await;
        assert_eq!(answer.status(), 415, "{media_type}");
        assert_eq!(answer.header("accept-patch"), Some("application/merge-patch+json"));
    }
    let options = client.request(http::Method::OPTIONS, "/person").send().await;
    assert_eq!(options.header("accept-patch"), Some("application/merge-patch+json"));
    assert_eq!(options.header("allow"), Some("PATCH, GET, HEAD, OPTIONS"));
}

#[tokio::test]
async fn any_error_keeps_the_faults() {
    let body = r#"{"fullName": ""}"#;
    let answer = client().patch("/any").body("application/merge-patch+json", body).send().await;
    assert_eq!((answer.status().as_u16(), answer.faults()), (422, vec!["body /fullName min_length".to_owned()]));
}

#[test]
fn the_document_has_a_schema_in_which_everything_is_optional() {
    let client = client();
    let document = client.openapi();
    let body = &document["paths"]["/person"]["patch"]["requestBody"]["content"]["application/merge-patch+json"];
    assert_eq!(body["schema"], json!({ "$ref": "#/components/schemas/PersonPatch" }));
    let schemas = &document["components"]["schemas"];
    let patch = &schemas["PersonPatch"];
    assert_eq!(patch.get("required"), None);
    assert_eq!(patch["properties"]["fullName"]["type"], "string");
    assert_eq!(patch["properties"]["coins"]["type"], json!(["integer", "null"]));
    assert_eq!(patch["properties"]["address"]["$ref"], "#/components/schemas/AddressPatch");
    assert_eq!(schemas["AddressPatch"]["properties"]["street"]["type"], json!(["string", "null"]));
    assert_eq!(schemas["AddressPatch"]["additionalProperties"], false);
    assert!(schemas["Person"]["required"].is_array());
}
