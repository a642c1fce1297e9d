//! Whether a server's answers are right, before they are timed.

use super::contender::Endpoint;
use super::server::connect;
use crate::workspace::Workspace;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::time::Duration;

/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

pub(super) fn plaintext(port: u16) -> Result<(), String> {
    let answer = ask(port, "GET", "/plaintext", "", "")?;
    is(answer.status == 200 && answer.body == "Hello, World!", &answer)
}

/// Asks an endpoint once and looks at every part of the answer that counts.
pub(super) fn answer(workspace: &Workspace, port: u16, endpoint: &Endpoint) -> Result<(), String> {
    match endpoint.path {
        "/plaintext" => plaintext(port),
        "/json" => {
            let answer = ask(port, "GET", "/json", "", "")?;
            is(answer.json()? == json!({ "message": "Hello, World!" }), &answer)
        }
        "/items" => items(port),
        "/db" => {
            let answer = ask(port, "GET", "/db", "", "")?;
            is(is_world(&answer.json()?), &answer)
        }
        "/queries?n=20" => {
            let answer = ask(port, "GET", "/queries?n=20", "", "")?;
            let worlds = answer.json()?;
            let worlds = worlds.as_array().map(Vec::as_slice).unwrap_or_default();
            is(
                worlds.len() == 20 && worlds.iter().all(is_world) && worlds.iter().any(|world| *world != worlds[0]),
                &answer,
            )
        }
        "/fortunes" => fortunes(port),
        "/me" => {
            let token = token(workspace)?;
            let answer = ask(port, "GET", "/me", &format!("Authorization: Bearer {token}\r\n"), "")?;
            is(answer.json()?["sub"] == "reader", &answer)?;
            // The last character but one, because the last holds bits that do not count.
            let at = token.len() - 2;
            let other = if token.as_bytes().get(at) == Some(&b'A') { "B" } else { "A" };
            let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            let answer = ask(port, "GET", "/me", &format!("Authorization: Bearer {forged}\r\n"), "")?;
            is(answer.status == 401, &answer)
        }
        path => Err(format!("nobody knows what {path} answers")),
    }
}

pub(super) fn token(workspace: &Workspace) -> Result<String, String> {
    let path = workspace.root.join("bench/keys/token.txt");
    fs::read_to_string(&path)
        .map(|token| token.trim().to_owned())
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn items(port: u16) -> Result<(), String> {
    let item = json!({
        "name": "Blue widget, large", "price": 19.95, "quantity": 42, "tags": ["tools", "blue", "garden"],
        "email": "jane.doe@example.com", "created_at": "2026-03-14T09:26:53Z",
    });
    let headers = "Content-Type: application/json\r\n";
    let answer = ask(port, "POST", "/items", headers, &item.to_string())?;
    let mut created = answer.json()?;
    let id = created.as_object_mut().and_then(|created| created.remove("id"));
    // The same instant, as another library writes it.
    if created["created_at"] == "2026-03-14T09:26:53+00:00" {
        created["created_at"] = item["created_at"].clone();
    }
    is(answer.status == 201 && id.is_some_and(|id| id.is_u64()) && created == item, &answer)?;
    for (field, wrong) in
        [("price", json!(-1)), ("email", json!("jane")), ("name", json!("")), ("quantity", json!(10_001))]
    {
        let mut item = item.clone();
        item[field] = wrong;
        let answer = ask(port, "POST", "/items", headers, &item.to_string())?;
        is(matches!(answer.status, 400 | 422), &answer).map_err(|fault| format!("with a wrong `{field}`: {fault}"))?;
    }
    Ok(())
}

fn is_world(world: &Value) -> bool {
    let (Some(id), Some(number)) = (world["id"].as_i64(), world["randomnumber"].as_i64()) else {
        return false;
    };
    (1..=10_000).contains(&id) && number == 1 + id * 7919 % 10_000
}

fn fortunes(port: u16) -> Result<(), String> {
    let answer = ask(port, "GET", "/fortunes", "", "")?;
    let place = |text: &str| answer.body.find(text).unwrap_or(usize::MAX);
    let in_order = ["A bad random", "A computer", "Additional fortune", "After enough", "Any program"];
    is(
        answer.head.to_ascii_lowercase().contains("content-type: text/html")
            && answer.body.matches("<tr><td>").count() == 13
            && in_order.windows(2).all(|pair| place(pair[0]) < place(pair[1]))
            && !answer.body.contains("<script>alert")
            && answer.body.contains("フレームワークのベンチマーク"),
        &answer,
    )
}

fn is(right: bool, answer: &Answer) -> Result<(), String> {
    match right {
        true => Ok(()),
        false => Err(format!("the answer is wrong: {} {}", answer.status, answer.body)),
    }
}

impl Answer {
    fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.body).map_err(|_| format!("the answer is no JSON: {} {}", self.status, self.body))
    }
}

/// One request on a connection of its own.
fn ask(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer, String> {
    let mut stream = connect(port)?;
    let told = |error: std::io::Error| error.to_string();
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(told)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(told)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(told)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").ok_or("the server closed without an answer")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("the answer has no status")?;
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if is_chunked { unchunked(body) } else { body.to_owned() };
    Ok(Answer { status, head: head.to_owned(), body })
}

/// The body of chunks that are as our peers write them, without extensions.
fn unchunked(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let Some(chunk) = rest.get(..size).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        body.push_str(chunk);
        chunks = rest.get(size + 2..).unwrap_or_default();
    }
    body
}
