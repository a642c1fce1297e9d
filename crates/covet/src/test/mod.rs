//! Clients for the tests of an app.
//!
//! ```
//! use covet::{get, routes, test::Client, App, Json};
//!
//! /// A greeting.
//! #[covet::model]
//! #[derive(Debug, PartialEq)]
//! struct Greeting { text: String }
//!
//! /// Greet.
//! #[get("/greeting")]
//! async fn greeting() -> Json<Greeting> {
//!     Json(Greeting { text: "hello".into() })
//! }
//!
//! # #[covet::main]
//! # async fn main() -> covet::Result<()> {
//! let client = Client::new(App::new("Greeter", "1.0.0").routes(routes![greeting]))?;
//! let answer = client.get("/greeting").send().await;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(answer.json::<Greeting>(), Greeting { text: "hello".into() });
//! # Ok(())
//! # }
//! ```
//!
//! Every answer is held against the app's OpenAPI document: a status, a media type or a value that is not in the
//! document fails the test.

mod answer;
#[cfg(all(feature = "auth", feature = "_db"))]
mod callers;
mod client;
mod conformance;
mod cookies;
mod server;
mod socket;

pub use answer::Answer;
pub use client::{Client, RequestBuilder};
pub use server::Server;
