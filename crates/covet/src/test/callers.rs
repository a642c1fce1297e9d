//! Callers of an app, for tests.

use covet_auth::rbac::RoleId;
use http::{HeaderValue, Method, header};

use super::Client;
use crate::auth::{Provider, RouteAccess, Who};

/// The path with `1` in place of each parameter.
fn example(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.find('{') {
        Some(start) => {
            let end = segment.rfind('}').map_or(segment.len(), |end| end + 1);
            format!("{}1{}", &segment[..start], &segment[end..])
        }
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// One row of the matrix: who asks, with which token, and what that may.
type Row = (String, Option<String>, Vec<&'static str>);

impl Client {
    /// The same client with an access token of this user for these permissions, as the app's own authorization server
    /// issues it. It shares the cookies of this one.
    ///
    /// ```
    /// use covet::auth::Server;
    /// use covet::{App, Auth, Db, Result, get, routes, test::Client};
    ///
    /// covet::permissions! { OrdersRead = "orders:read" => "See orders" }
    ///
    /// /// See orders.
    /// #[get("/orders")]
    /// async fn orders(auth: Auth<OrdersRead>) -> String { format!("those of {}", auth.subject()) }
    ///
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// let app = App::new("Shop", "1.0.0").database(Db::connect("sqlite::memory:").await?);
    /// let app = app.auth(Server::new("https://shop.example")?).routes(routes![orders]);
    /// let client = Client::new(app.prepare().await?)?;
    /// assert_eq!(client.get("/orders").send().await.status(), 401);
    /// assert_eq!(client.as_user("ada", &[]).get("/orders").send().await.status(), 403);
    /// assert_eq!(client.as_user("ada", &["orders:read"]).get("/orders").send().await.text(), "those of ada");
    /// client.check_access().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Where the app has no authorization server, or it has not started: give the client a prepared app.
    #[track_caller]
    pub fn as_user(&self, subject: &str, permissions: &[&str]) -> Client {
        self.with_token(&self.token(subject, &permissions.join(" "), None))
    }

    #[track_caller]
    fn token(&self, subject: &str, scope: &str, roles: Option<Vec<RoleId>>) -> String {
        let provider = self.service().callers().1.get::<Provider>();
        let provider = provider.expect("the app has no authorization server, whose tokens a test could use");
        match provider.issue(subject, scope, roles) {
            Ok(token) => token,
            Err(error) => panic!("no token for the test: {error}; give the client an app after `App::prepare`"),
        }
    }

    fn with_token(&self, token: &str) -> Client {
        let mut client = self.clone();
        if let Ok(value) = HeaderValue::try_from(format!("Bearer {token}")) {
            client.headers_mut().insert(header::AUTHORIZATION, value);
        }
        client
    }

    /// Who may call which route, as the signatures of the handlers and their groups say.
    pub fn access(&self) -> &[RouteAccess] {
        self.service().callers().0.map(|auth| &*auth.matrix).unwrap_or_default()
    }

    /// Asks for every route as everybody: as nobody, as somebody without permissions, with each permission alone, and with
    /// each role of the app. Who is let in must be who is declared to be.
    ///
    /// The requests have `1` for each parameter and no body; handlers whose guard lets them in are run.
    ///
    /// # Panics
    /// Where a caller is let in who should not be, or is not who should; all of these cells are told.
    pub async fn check_access(&self) {
        let mut wrong = Vec::new();
        let rows = self.rows();
        for route in self.access() {
            let method = if route.method == "*" { Method::GET } else { route.method.clone() };
            let path = example(&route.path);
            for (who, token, permissions) in &rows {
                let (client, expected) = match token {
                    None => (self.anonymous(), !matches!(route.who, Who::Permitted(_))),
                    Some(token) => (self.anonymous().with_token(token), route.permits(permissions)),
                };
                let status = client.unchecked().request(method.clone(), &path).send().await.status().as_u16();
                // An endpoint of OAuth refuses by itself whom its guard lets in.
                let is_in = if token.is_some() { !matches!(status, 401 | 403) } else { status != 401 };
                if is_in != expected && matches!(route.who, Who::Permitted(_)) {
                    wrong.push(format!("{method} {path} as {who}: {status}"));
                }
            }
        }
        assert!(wrong.is_empty(), "these callers are not told apart as declared:\n{}", wrong.join("\n"));
    }

    fn rows(&self) -> Vec<Row> {
        let Some(auth) = self.service().callers().0 else { return Vec::new() };
        let names: Vec<_> = auth.permissions();
        let all = names.join(" ");
        let mut rows = vec![
            ("nobody".to_owned(), None, Vec::new()),
            ("somebody".to_owned(), Some(self.token("somebody", "", None)), Vec::new()),
        ];
        for name in &names {
            rows.push((format!("a client with {name}"), Some(self.token("somebody", name, None)), vec![*name]));
        }
        for (id, name, permissions) in auth.roles() {
            rows.push((format!("the role {name}"), Some(self.token("somebody", &all, Some(vec![id]))), permissions));
        }
        rows
    }
}
