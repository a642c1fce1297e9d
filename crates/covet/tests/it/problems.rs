//! Errors as answers.

use covet::test::Client;
use covet::{App, Error, NoContent, Path, Problem, Result, get, routes};
use serde_json::json;

/// Why an order is refused.
#[derive(Debug, Problem)]
enum OrderError {
    /// There are fewer copies in stock than were ordered.
    ///
    /// Order fewer.
    #[problem(status = 409, detail = "only {left} copies of “{book}” are left")]
    OutOfStock { left: i64, book: String },
    #[problem(status = 404)]
    NoSuchBook,
    /// The printer is on fire.
    #[problem(status = 503, type = "printer")]
    Printer(std::io::Error),
    #[problem(transparent)]
    Other(Error),
}

/// Order.
#[get("/orders/{kind}")]
async fn order(kind: Path<String>) -> Result<NoContent, OrderError> {
    match kind.as_str() {
        "stock" => Err(OrderError::OutOfStock { left: 2, book: "Emma".into() }),
        "printer" => Err(std::io::Error::other("secret cause").into()),
        "other" => Err(Error::new("another secret"))?,
        "ok" => Ok(NoContent),
        _ => Err(OrderError::NoSuchBook),
    }
}

/// Fail.
#[get("/fail")]
async fn fail() -> Result<NoContent> {
    std::fs::read("/does/not/exist")?;
    Ok(NoContent)
}

/// Panic.
#[get("/panic")]
async fn panic() -> NoContent {
    panic!("a secret that only the log may tell")
}

/// Refuse.
#[get("/refuse")]
async fn refuse() -> Result<String> {
    Err(Error::problem(OrderError::NoSuchBook))
}

/// Wait for ever.
#[get("/wait")]
async fn wait() -> NoContent {
    std::future::pending().await
}

fn client() -> Client {
    let slow = routes![wait].deadline(std::time::Duration::from_millis(20));
    Client::new(App::new("Orders", "1.0.0").routes(routes![order, fail, panic, refuse].and(slow))).unwrap()
}

#[tokio::test]
async fn a_derived_problem_is_the_answer() {
    let client = client();
    let answer = client.get("/orders/stock").send().await;
    let id = answer.header("x-request-id").unwrap();
    assert_eq!(
        answer.problem(),
        json!({
            "type": "/problems/order-out-of-stock",
            "title": "There are fewer copies in stock than were ordered",
            "status": 409,
            "detail": "only 2 copies of “Emma” are left",
            "instance": format!("urn:uuid:{id}"),
            "left": 2,
            "book": "Emma",
        })
    );
}

#[tokio::test]
async fn causes_stay_inside() {
    let client = client();
    let check = async |target: &str, status: u16, kind: &str| {
        let answer = client.get(target).send().await;
        assert_eq!((answer.status().as_u16(), &answer.problem()["type"]), (status, &kind.into()), "{target}");
        assert!(!answer.text().contains("secret") && !answer.text().contains("exist"), "{answer:?}");
    };
    check("/orders/printer", 503, "/problems/printer").await;
    check("/orders/other", 500, "/problems/internal-error").await;
    check("/orders/x", 404, "/problems/order-no-such-book").await;
    check("/fail", 500, "/problems/internal-error").await;
    check("/panic", 500, "/problems/internal-error").await;
    check("/wait", 503, "/problems/timed-out").await;
    assert_eq!(client.get("/orders/ok").send().await.status(), 204);
}

#[tokio::test]
async fn every_type_has_a_page() {
    let client = client();
    let answer = client.get("/problems/order-out-of-stock").send().await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.text().contains("<h1>There are fewer copies in stock than were ordered</h1>"), "{answer:?}");
    assert!(answer.text().contains("<p>Order fewer.</p>"), "{answer:?}");
    let list = client.get("/problems").send().await;
    for name in ["printer", "order-no-such-book", "invalid-request", "internal-error"] {
        assert!(list.text().contains(&format!("href=\"/problems/{name}\"")), "{name}");
        assert_eq!(client.get(&format!("/problems/{name}")).send().await.status(), 200, "{name}");
    }
    assert_eq!(client.get("/problems/%3Cscript%3E").send().await.status(), 404);
}

#[tokio::test]
#[should_panic(expected = "the operation has no response 404")]
async fn an_answer_that_is_not_in_the_document_fails_the_test() {
    client().get("/refuse").send().await;
}

mod twice {
    use super::*;

    /// Another enum whose problems have the same names.
    #[derive(Debug, Problem)]
    enum OrderError {
        #[problem(status = 410)]
        NoSuchBook,
    }

    /// Fail otherwise.
    #[get("/otherwise")]
    async fn otherwise() -> Result<NoContent, OrderError> {
        Err(OrderError::NoSuchBook)
    }

    #[test]
    fn two_types_of_one_name_are_a_fault() {
        let error = App::new("Orders", "1.0.0").routes(routes![order, otherwise]).build().unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the problem type `order-no-such-book` is declared twice"), "{text}");
        assert!(text.contains("problems::OrderError::NoSuchBook"), "{text}");
        assert!(text.contains("problems::twice::OrderError::NoSuchBook"), "{text}");
    }
}

mod log {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Where the test's log goes.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_failure_is_logged_with_its_cause_and_its_id() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        // For the whole process: what other tests log meanwhile has other ids.
        tracing::subscriber::set_global_default(subscriber).unwrap();
        let client = client();
        for (target, cause) in [
            ("/panic", "the handler panicked: a secret that only the log may tell"),
            ("/orders/printer", "secret cause"),
            ("/fail", "No such file or directory"),
        ] {
            let answer = client.get(target).send().await;
            let id = answer.header("x-request-id").unwrap();
            let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            let is_of_request = |line: &&str| line.contains(cause) && line.contains(id);
            let line = text.lines().find(is_of_request).unwrap_or_else(|| panic!("{cause}: {text}"));
            assert!(line.contains("ERROR"), "{line}");
            let span = "otel.kind=\"server\" http.request.method=GET url.path=";
            assert!(line.contains(span) && line.contains("http.route="), "{line}");
        }
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("http.response.status_code=500"), "{text}");
    }
}
