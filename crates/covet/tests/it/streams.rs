//! Bodies and answers that come piece by piece.

use std::time::{Duration, Instant};

use covet::test::{Client, Server};
use covet::{App, BoxError, Bytes, Event, Events, LastEventId, NdJson, RowError, Stream, get, media, post, routes};
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A reading of a meter.
#[covet::model]
struct Reading {
    #[check(range(min = 0))]
    watts: i64,
}

/// Add up.
#[post("/sum")]
async fn sum(mut readings: NdJson<Reading>) -> Result<String, RowError> {
    let mut total = 0;
    while let Some(reading) = readings.next().await? {
        total += reading.watts;
    }
    Ok(total.to_string())
}

/// Tell the lines that are wrong.
#[post("/wrong")]
async fn wrong(readings: NdJson<Reading>) -> Result<String, RowError> {
    let mut readings = readings.line_limit(50);
    let mut wrong = Vec::new();
    loop {
        match readings.next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(format!("{wrong:?}")),
            Err(error) if error.is_of_one_line() => wrong.extend(error.line()),
            Err(error) => return Err(error),
        }
    }
}

/// Many values.
#[get("/many")]
async fn many() -> NdJson<Reading> {
    NdJson::new(stream::iter(0..5_000).map(|watts| Ok::<_, BoxError>(Reading { watts })))
}

/// An answer that breaks.
#[get("/broken")]
async fn broken() -> NdJson<i64> {
    NdJson::new(stream::iter([Ok(1), Err("the source is gone")]).then(async |item| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        item
    }))
}

/// Three events.
#[get("/three")]
async fn three(last: LastEventId<u64>) -> Events {
    let first = last.map_or(0, |last| last + 1);
    Events::new(stream::iter(first..3).map(|n| Event::json(&n).unwrap().id(n.to_string()).name("n\nid: 9")))
}

/// Nothing ever happens.
#[get("/silence")]
async fn silence() -> Events {
    Events::new(stream::once(async { Event::new("hello") }).chain(stream::pending()))
        .keep_alive(Duration::from_millis(30))
}

/// A table.
#[get("/table")]
async fn table() -> Stream<media::Csv> {
    Stream::new(stream::iter(["a\r\n", "1\r\n"]).map(|line| Ok(Bytes::from(line)))).attachment("table.csv")
}

fn app() -> App {
    App::new("Streams", "1.0.0").routes(routes![sum, wrong, many, broken, three, silence, table])
}

fn client() -> Client {
    Client::new(app()).unwrap()
}

#[tokio::test]
async fn lines_are_read_one_by_one() {
    let client = client();
    let check = async |body: &'static str, expected: &str| {
        let answer = client.post("/sum").body("application/x-ndjson", body).send().await;
        assert_eq!(answer.text(), expected, "{body}");
    };
    check("", "0").await;
    check("{\"watts\":1}\n{\"watts\":2}\n", "3").await;
    check("\n{\"watts\":1}\r\n  \n\n{\"watts\":2}", "3").await;
    let answer = client.post("/sum").body("application/jsonl; charset=utf-8", "{\"watts\":7}").send().await;
    assert_eq!(answer.text(), "7");
    assert_eq!(client.post("/sum").body("application/json", "{}").send().await.status(), 415);
}

#[tokio::test]
async fn a_fault_says_its_line() {
    let client = client();
    let send = |body: &'static str| client.post("/sum").body("application/x-ndjson", body).send();
    let answer = send("{\"watts\":1}\n\n{\"watts\":-1}\n").await;
    assert_eq!((answer.status().as_u16(), answer.faults()), (422, vec!["body /watts minimum".to_owned()]));
    assert_eq!(answer.problem()["errors"][0]["line"], 3);
    let answer = send("{\"watts\":1}\n{\"watts\":}\n").await;
    assert_eq!((answer.status().as_u16(), answer.faults()), (400, vec!["body  syntax".to_owned()]));
    let fault = &answer.problem()["errors"][0];
    assert_eq!((&fault["line"], &fault["column"]), (&json!(2), &json!(10)));
    assert!(fault["message"].as_str().unwrap().ends_with("at line 2, column 10"), "{fault}");
}

#[tokio::test]
async fn reading_goes_on_behind_a_wrong_line_but_not_behind_one_without_end() {
    let client = client();
    let body = "x\n{\"watts\":1}\n{\"watts\":\"\"}\n{}\n{\"watts\":1}\n\u{e9}\n";
    let answer = client.post("/wrong").body("application/x-ndjson", body).send().await;
    assert_eq!(answer.text(), "[1, 3, 4, 6]");
    for end in ["", "\n"] {
        let body = format!("{{\"watts\":1}}\n\"{}\"{end}", "x".repeat(100));
        let answer = client.post("/wrong").body("application/x-ndjson", body).send().await;
        assert_eq!((answer.status().as_u16(), &answer.problem()["limit"]), (413, &json!(50)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_lines_are_counted(lines in proptest::collection::vec("[^\n]{0,20}", 0..20), cut in 1..9usize) {
        let body = lines.join("\n");
        let wrong: Vec<_> = lines.iter().enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
        let expected: Vec<usize> = wrong.iter().map(|(index, _)| index + 1).collect();
        prop_assume!(lines.iter().all(|line| line.len() <= 50));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let chunks: Vec<_> = body.as_bytes().chunks(cut).map(Bytes::copy_from_slice).collect();
            let body = covet::Body::stream(stream::iter(chunks.into_iter().map(Ok)));
            let request = http::Request::post("/wrong").header("content-type", "application/x-ndjson");
            let answer = app().build().unwrap().call(request.body(body).unwrap()).await;
            answer.into_body().bytes().await.unwrap()
        });
        prop_assert_eq!(std::str::from_utf8(&answer).unwrap(), format!("{expected:?}"));
    }
}

#[tokio::test]
async fn values_are_written_line_by_line() {
    let server = Server::start(app()).await.unwrap();
    let answer = server.client().get("/many").send().await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.text().lines().count(), 5_000);
    assert_eq!(answer.text().lines().nth(7), Some("{\"watts\":7}"));
    let client = server.client();
    let schema = &client.openapi()["paths"]["/many"]["get"]["responses"]["200"]["content"];
    assert_eq!(schema["application/x-ndjson"]["x-itemSchema"], json!({ "$ref": "#/components/schemas/Reading" }));
}

/// What a server sends until it closes the connection or is silent.
async fn raw(server: &Server, request: &str, enough: impl Fn(&str) -> bool) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !enough(&text) {
        let length = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.unwrap().unwrap();
        if length == 0 {
            break;
        }
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
    (stream, text)
}

#[tokio::test]
async fn an_answer_that_breaks_is_seen_to_be_cut_off() {
    let server = Server::start(app()).await.unwrap();
    let (_, text) = raw(&server, "GET /broken HTTP/1.1\r\nhost: x\r\n\r\n", |_| false).await;
    assert!(text.contains("\r\n2\r\n1\n\r\n") && !text.ends_with("0\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn events_are_written_as_the_standard_says() {
    let client = client();
    let answer = client.get("/three").header("last-event-id", "1").send().await;
    assert_eq!(answer.text(), "event: nid: 9\nid: 2\ndata: 2\n\n");
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let answer = client.get("/three").send().await;
    assert_eq!(answer.text().matches("data: ").count(), 3);
    let answer = client.get("/three").header("last-event-id", "x").send().await;
    assert_eq!(answer.faults(), ["header last-event-id type"]);
    let parameter = &client.openapi()["paths"]["/three"]["get"]["parameters"][0];
    assert_eq!(
        (&parameter["name"], &parameter["in"], &parameter["required"]),
        (&json!("last-event-id"), &json!("header"), &json!(false))
    );
    let check = |event: Event, expected: &str| assert_eq!(event.to_string(), expected);
    check(Event::new(""), "data: \n\n");
    check(
        Event::new("a\r\nb\rc\n").retry(Duration::from_secs(2)),
        "retry: 2000\ndata: a\ndata: b\ndata: c\ndata: \n\n",
    );
    check(Event::new("a").id("1\n\ndata: b\0"), "id: 1data: b\ndata: a\n\n");
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_and_ends_when_the_server_stops() {
    let server = Server::start(app()).await.unwrap();
    let request = "GET /silence HTTP/1.1\r\nhost: x\r\n\r\n";
    let (mut stream, text) = raw(&server, request, |text| text.matches(":\n\n").count() >= 2).await;
    assert!(text.contains("data: hello\n\n"), "{text}");
    let started = Instant::now();
    server.stop().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the answer is whole: {}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn bytes_are_sent_under_their_media_type() {
    let answer = client().get("/table").send().await;
    assert_eq!(answer.text(), "a\r\n1\r\n");
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"table.csv\""));
}
