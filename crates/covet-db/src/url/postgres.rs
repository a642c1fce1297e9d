//! The options of PostgreSQL's URLs, named as libpq names them.

use super::{SSL_MODES, Source, choice, duration, host, number, patience, port_number, unknown, wrong};
use crate::{ChannelBinding, ConnectOptions, PreparedStatements, Result, SslMode, TargetSession};

const CHANNEL_BINDINGS: &[(&str, ChannelBinding)] =
    &[("disable", ChannelBinding::Disable), ("prefer", ChannelBinding::Prefer), ("require", ChannelBinding::Require)];

const TARGETS: &[(&str, TargetSession)] = &[
    ("any", TargetSession::Any),
    ("read-write", TargetSession::ReadWrite),
    ("read-only", TargetSession::ReadOnly),
    ("primary", TargetSession::Primary),
    ("standby", TargetSession::Standby),
    ("prefer-standby", TargetSession::PreferStandby),
];

const PREPARED: &[(&str, PreparedStatements)] =
    &[("auto", PreparedStatements::Auto), ("never", PreparedStatements::Never)];

pub(super) fn set(options: &mut ConnectOptions, name: &str, value: &str) -> Result<()> {
    let Source::Postgres(server) = &mut options.source else {
        return Err(unknown(name));
    };
    let postgres = &mut options.postgres;
    match name {
        "host" => {
            let mut hosts = value.split(',').map(str::to_owned);
            server.host = hosts.next().unwrap_or_default();
            server.others = hosts.map(|host| (host, server.port)).collect();
        }
        "port" => {
            let ports = value.split(',').map(port_number).collect::<Result<Vec<_>>>()?;
            // One for all, or one for each.
            if ports.len() > 1 && ports.len() != server.others.len() + 1 {
                return Err(wrong("the database URL names another number of ports than of hosts before them".into()));
            }
            let mut ports = ports.iter().copied().cycle();
            server.port = ports.next().unwrap_or(server.port);
            server.others.iter_mut().zip(ports).for_each(|((_, port), new)| *port = new);
        }
        "user" => server.user = value.to_owned(),
        "password" => server.password = Some(value.to_owned()),
        "dbname" => server.database = value.to_owned(),
        "replicas" => {
            let hosts = value.split(',').map(|address| host(address, 5432));
            postgres.replicas = hosts.collect::<Result<_>>()?;
        }
        "replica_lag" => postgres.replica_lag = Some(duration(name, value)?),
        "passfile" => postgres.password_file = Some(value.into()),
        "application_name" => postgres.application_name = value.to_owned(),
        "connect_timeout" => postgres.connect_timeout = patience(name, value)?,
        "lanes" if value == "auto" => postgres.lanes = None,
        "lanes" => postgres.lanes = Some(number(name, value)?),
        "prepared" => postgres.prepared = choice(name, value, PREPARED)?,
        "sslmode" => postgres.ssl_mode = Some(choice(name, value, SSL_MODES)?),
        "sslrootcert" if value == "system" => {
            // libpq: only the strictest check makes sense of a list that anybody can buy a place in.
            postgres.ssl_root_cert = None;
            postgres.ssl_mode = Some(SslMode::VerifyFull);
        }
        "sslrootcert" => postgres.ssl_root_cert = Some(value.into()),
        "sslcert" => postgres.ssl_cert = Some(value.into()),
        "sslkey" => postgres.ssl_key = Some(value.into()),
        "channel_binding" => postgres.channel_binding = choice(name, value, CHANNEL_BINDINGS)?,
        "target_session_attrs" => postgres.target_session = choice(name, value, TARGETS)?,
        _ => return Err(unknown(name)),
    }
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use super::super::parse;
    use super::*;

    fn check(url: &str, expected: &str, password: Option<&str>) {
        let options = parse(url).unwrap();
        assert_eq!(format!("{:?}", options.source), expected, "{url}");
        let Source::Postgres(server) = &options.source else { panic!("{url}") };
        assert_eq!(server.password.as_deref(), password, "{url}");
        assert!(!format!("{options:?}").contains("hunter2"), "{url}");
    }

    #[test]
    fn servers_are_read_from_urls() {
        check("postgres://me:hunter2@db.example:6432/shop", "postgres://me@db.example:6432/shop", Some("hunter2"));
        check("postgresql://me:hunt%3Aer2@db/a%20b", "postgres://me@db:5432/a b", Some("hunt:er2"));
        check("postgres://me:p@ss@[::1]:7/x", "postgres://me@::1:7/x", Some("p@ss"));
        check("postgres://me:@/?host=/run/sockets", "postgres://me@/run/sockets:5432/me", Some(""));
        check("postgres://me:x@a:1,b,[::1]:3/d", "postgres://me@a:1,b:5432,::1:3/d", Some("x"));
        check(
            "postgres:///?host=a,b&port=1,2&user=me&password=hunter2&dbname=d",
            "postgres://me@a:1,b:2/d",
            Some("hunter2"),
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let fault = |url: &str| parse(url).unwrap_err().to_string();
        assert!(fault("postgres://h/d?sslmod=disable").contains("`sslmod`"));
        assert!(
            fault("postgres://h/d?sslmode=verify").contains("one of disable, prefer, require, verify-ca, verify-full")
        );
        assert!(fault("postgres://h/d?mode=ro").contains("`mode`"));
        assert!(fault("postgres://a,b/d?port=1,2,3").contains("number of ports"));
        assert!(fault("postgres:h").contains("scheme://user@host"));
    }

    #[test]
    fn options_are_libpqs() {
        let options = |url: &str| parse(url).unwrap().postgres;
        let tls =
            options("postgres://h/d?sslmode=require&sslrootcert=/ca.pem&sslcert=c&sslkey=k&channel_binding=require");
        assert_eq!((tls.ssl_mode, tls.channel_binding), (Some(SslMode::Require), ChannelBinding::Require));
        assert_eq!(tls.ssl_root_cert.as_deref(), Some(std::path::Path::new("/ca.pem")));
        assert_eq!(options("postgres://h/d?sslrootcert=system").ssl_mode, Some(SslMode::VerifyFull));
        assert_eq!(options("postgres://h/d?connect_timeout=10").connect_timeout.as_secs(), 10);
        assert_eq!(options("postgres://h/d?prepared=never").prepared, PreparedStatements::Never);
        let target = options("postgres://a,b/d?target_session_attrs=read-write").target_session;
        assert_eq!(target, TargetSession::ReadWrite);
        let replicas = options("postgres://h/d?replicas=a,b:7,[::1]:8&replica_lag=2s");
        assert_eq!(replicas.replicas, [("a".into(), 5432), ("b".into(), 7), ("::1".into(), 8)]);
        assert_eq!(replicas.replica_lag.map(|lag| lag.as_secs()), Some(2));
    }
}
