//! Database URLs.

mod mysql;
mod postgres;

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::{ConnectOptions, Error, ErrorKind, Result, SqliteMode, SqliteSynchronous, SslMode};

/// The database that a URL names.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file of SQLite; none is a database in memory.
    Sqlite { path: Option<String> },
    /// A database on a PostgreSQL server.
    Postgres(Server),
    /// A database on a MySQL or MariaDB server, or the server alone.
    Mysql(Server),
}

impl Source {
    /// The file of SQLite's, where there is one.
    pub(crate) fn file(&self) -> Option<&str> {
        match self {
            Self::Sqlite { path } => path.as_deref(),
            Self::Postgres(_) | Self::Mysql(_) => None,
        }
    }

    pub(crate) fn server_mut(&mut self) -> Option<&mut Server> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres(server) | Self::Mysql(server) => Some(server),
        }
    }
}

/// A database on a server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// A name, an address, or the folder of a Unix socket.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Further servers with the same database.
    pub(crate) others: Vec<(String, u16)>,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) database: String,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, others, user, database, .. } = self;
        write!(f, "{user}@{host}:{port}")?;
        for (host, port) in others {
            write!(f, ",{host}:{port}")?;
        }
        write!(f, "/{database}")
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path: Some(path) } => write!(f, "sqlite:{path}"),
            Self::Sqlite { path: None } => f.write_str("sqlite::memory:"),
            Self::Postgres(server) => write!(f, "postgres://{server:?}"),
            Self::Mysql(server) => write!(f, "mysql://{server:?}"),
        }
    }
}

pub(crate) fn parse(url: &str) -> Result<ConnectOptions> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(wrong("a database URL starts with a scheme, such as `sqlite:app.db`".into()));
    };
    let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut options = ConnectOptions::with_defaults(source(scheme, location)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        set(&mut options, &decode(name)?, &decode(value)?)?;
    }
    Ok(options)
}

fn source(scheme: &str, location: &str) -> Result<Source> {
    match scheme {
        "sqlite" => sqlite(location),
        "postgres" | "postgresql" if cfg!(feature = "postgres") => {
            let mut server = server(location, 5432, "postgres", "PGPASSWORD")?;
            if server.database.is_empty() {
                server.database.clone_from(&server.user);
            }
            Ok(Source::Postgres(server))
        }
        "postgres" | "postgresql" => Err(absent(scheme, "postgres")),
        "mysql" | "mariadb" if cfg!(feature = "mysql") => {
            let server = server(location, 3306, "root", "MYSQL_PWD")?;
            match server.others.is_empty() {
                true => Ok(Source::Mysql(server)),
                false => Err(wrong(format!("a `{scheme}:` URL names one server"))),
            }
        }
        "mysql" | "mariadb" => Err(absent(scheme, "mysql")),
        // The rest of the URL may hold a password, so that it is not repeated.
        _ => Err(wrong(format!(
            "the database scheme `{scheme}` is not known; known are sqlite, postgres, mysql and mariadb"
        ))),
    }
}

fn absent(scheme: &str, feature: &str) -> Error {
    wrong(format!("a `{scheme}:` URL needs the feature `{feature}`, which this program was built without"))
}

fn sqlite(location: &str) -> Result<Source> {
    if cfg!(not(feature = "sqlite")) {
        return Err(absent("sqlite", "sqlite"));
    }
    if location == ":memory:" {
        return Ok(Source::Sqlite { path: None });
    }
    let path = decode(location.strip_prefix("//").unwrap_or(location))?;
    if path.is_empty() {
        return Err(wrong("a `sqlite:` URL names a file, or `:memory:`".into()));
    }
    Ok(Source::Sqlite { path: Some(path) })
}

/// `//user:password@host:port/database`; what is missing is as the database's own clients have it.
fn server(location: &str, default_port: u16, default_user: &str, password_variable: &str) -> Result<Server> {
    let Some(location) = location.strip_prefix("//") else {
        return Err(wrong("the URL of a server reads `scheme://user@host/database`".into()));
    };
    let (authority, database) = location.split_once('/').unwrap_or((location, ""));
    // The last one: what is not escaped before it belongs to a password.
    let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match user.split_once(':') {
        Some((user, password)) => (decode(user)?, Some(decode(password)?)),
        None => (decode(user)?, std::env::var(password_variable).ok()),
    };
    let mut hosts =
        address.split(',').map(|address| host(address, default_port)).collect::<Result<Vec<_>>>()?.into_iter();
    let (host, port) = hosts.next().unwrap_or_else(|| ("localhost".to_owned(), default_port));
    let user = if user.is_empty() { default_user.to_owned() } else { user };
    Ok(Server { host, port, others: hosts.collect(), user, password, database: decode(database)? })
}

/// `host:port`, or `[address]:port`.
fn host(address: &str, default_port: u16) -> Result<(String, u16)> {
    let (host, port) = match address.strip_prefix('[').and_then(|address| address.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) => port_number(port)?,
        None => default_port,
    };
    Ok((if host.is_empty() { "localhost".to_owned() } else { decode(host)? }, port))
}

fn port_number(port: &str) -> Result<u16> {
    port.parse().map_err(|_| wrong("the port in the database URL is no number up to 65535".into()))
}

fn set(options: &mut ConnectOptions, name: &str, value: &str) -> Result<()> {
    match name {
        "attempts" => options.attempts = number(name, value)?,
        "statement_cache" => options.statement_cache = number(name, value)?,
        "statement_lifetime" => options.statement_lifetime = duration(name, value)?,
        "command_timeout" => options.command_timeout = duration(name, value)?,
        "query_timeout" => options.query_timeout = duration(name, value)?,
        "slow_statement" => options.slow_statement = duration(name, value)?,
        "pool_min" => options.pool.min = number(name, value)?,
        "pool_max" => options.pool.max = number(name, value)?,
        "acquire_timeout" => options.pool.acquire_timeout = duration(name, value)?,
        "max_lifetime" => options.pool.max_lifetime = duration(name, value)?,
        "idle_timeout" => options.pool.idle_timeout = duration(name, value)?,
        _ => match options.source {
            Source::Sqlite { .. } => return set_sqlite(options, name, value),
            Source::Postgres(_) => return postgres::set(options, name, value),
            Source::Mysql(_) => return mysql::set(options, name, value),
        },
    }
    Ok(())
}

const SSL_MODES: &[(&str, SslMode)] = &[
    ("disable", SslMode::Disable),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

/// A duration; a bare number is seconds, as libpq and MySQL's clients have it.
fn patience(name: &str, value: &str) -> Result<Duration> {
    match value.ends_with(|last: char| last.is_ascii_digit()) {
        true => Ok(Duration::from_secs(number(name, value)?)),
        false => duration(name, value),
    }
}

fn unknown(name: &str) -> Error {
    wrong(format!("the option `{name}` in the database URL is not known"))
}

fn set_sqlite(options: &mut ConnectOptions, name: &str, value: &str) -> Result<()> {
    match name {
        "mode" => {
            options.sqlite.mode = choice(
                name,
                value,
                &[("ro", SqliteMode::Read), ("rw", SqliteMode::Write), ("rwc", SqliteMode::Create)],
            )?;
        }
        "synchronous" => {
            options.sqlite.synchronous = choice(
                name,
                value,
                &[
                    ("off", SqliteSynchronous::Off),
                    ("normal", SqliteSynchronous::Normal),
                    ("full", SqliteSynchronous::Full),
                ],
            )?;
        }
        "busy_timeout" => options.sqlite.busy_timeout = duration(name, value)?,
        "readers" => options.sqlite.readers = number(name, value)?,
        _ => return Err(unknown(name)),
    }
    Ok(())
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| wrong("the database URL is not UTF-8 once its %-escapes are read".into()))
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value.parse().map_err(|_| wrong(format!("the option `{name}` in the database URL is not a whole number")))
}

fn duration(name: &str, value: &str) -> Result<Duration> {
    let digits = value.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let parsed = digits.parse::<u64>().ok().and_then(|number| match &value[digits.len()..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    });
    parsed.ok_or_else(|| {
        wrong(format!("the option `{name}` in the database URL is not a duration such as `500ms`, `5s` or `1m`"))
    })
}

fn choice<T: Copy>(name: &str, value: &str, choices: &[(&str, T)]) -> Result<T> {
    if let Some((_, chosen)) = choices.iter().find(|(word, _)| *word == value) {
        return Ok(*chosen);
    }
    let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
    Err(wrong(format!("the option `{name}` in the database URL is one of {}", words.join(", "))))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;

    fn fault(url: &str) -> String {
        parse(url).unwrap_err().to_string()
    }

    #[test]
    fn files_and_memory() {
        for (url, path) in [
            ("sqlite:app.db", Some("app.db")),
            ("sqlite://app.db", Some("app.db")),
            ("sqlite:///var/app.db?mode=ro", Some("/var/app.db")),
            ("sqlite:a%20b%3F.db", Some("a b?.db")),
            ("sqlite::memory:", None),
        ] {
            let expected = Source::Sqlite { path: path.map(str::to_owned) };
            assert_eq!(parse(url).unwrap().source, expected, "{url}");
        }
    }

    #[test]
    fn faults_are_told_without_secrets() {
        for url in ["oracle://me:hunter2@host/db", "postgres://me:hunter2@host:x/db", "me:hunter2@host"] {
            assert!(!fault(url).contains("hunter2"), "{url}");
        }
        #[cfg(not(feature = "mysql"))]
        assert_eq!(
            fault("mysql://me:hunter2@host/db"),
            "a `mysql:` URL needs the feature `mysql`, which this program was built without"
        );
        assert_eq!(fault("sqlite:a?sycnhronous=off"), "the option `sycnhronous` in the database URL is not known");
        assert_eq!(fault("sqlite:a?mode=x"), "the option `mode` in the database URL is one of ro, rw, rwc");
        assert!(fault("sqlite:a?busy_timeout=5").contains("not a duration"));
        assert!(fault("sqlite:").contains("names a file"));
        assert!(fault("app.db").contains("starts with a scheme"));
    }
}
