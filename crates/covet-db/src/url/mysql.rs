//! The options of MySQL's URLs, named as PostgreSQL's where they are the same.

use super::{SSL_MODES, Source, choice, number, patience, unknown, wrong};
use crate::{ConnectOptions, Result};

const SWITCHES: &[(&str, bool)] = &[("on", true), ("off", false)];

pub(super) fn set(options: &mut ConnectOptions, name: &str, value: &str) -> Result<()> {
    let Source::Mysql(server) = &mut options.source else {
        return Err(unknown(name));
    };
    let mysql = &mut options.mysql;
    match name {
        "user" => server.user = value.to_owned(),
        "password" => server.password = Some(value.to_owned()),
        "socket" => mysql.socket = Some(value.into()),
        "connect_timeout" => mysql.connect_timeout = patience(name, value)?,
        "max_allowed_packet" => mysql.max_allowed_packet = packet(name, value)?,
        "compression" => mysql.compression = choice(name, value, SWITCHES)?,
        "local_infile" => mysql.local_infile = choice(name, value, SWITCHES)?,
        "sql_mode" => mysql.sql_mode = value.to_owned(),
        "sslmode" => mysql.ssl_mode = Some(choice(name, value, SSL_MODES)?),
        "sslrootcert" => mysql.ssl_root_cert = Some(value.into()),
        "sslcert" => mysql.ssl_cert = Some(value.into()),
        "sslkey" => mysql.ssl_key = Some(value.into()),
        _ => return Err(unknown(name)),
    }
    Ok(())
}

/// What the protocol has room for.
fn packet(name: &str, value: &str) -> Result<usize> {
    let bytes = number(name, value)?;
    match (1 << 10..=1 << 30).contains(&bytes) {
        true => Ok(bytes),
        false => {
            Err(wrong(format!("the option `{name}` in the database URL is a number of bytes from 1024 to 1073741824")))
        }
    }
}

#[cfg(test)]
#[cfg(feature = "mysql")]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::SslMode;

    fn check(url: &str, expected: &str, password: Option<&str>) {
        let options = parse(url).unwrap();
        assert_eq!(format!("{:?}", options.source), expected, "{url}");
        let Source::Mysql(server) = &options.source else { panic!("{url}") };
        assert_eq!(server.password.as_deref(), password, "{url}");
        assert!(!format!("{options:?}").contains("hunter2"), "{url}");
    }

    #[test]
    fn servers_are_read_from_urls() {
        check("mysql://me:hunter2@db.example:3307/shop", "mysql://me@db.example:3307/shop", Some("hunter2"));
        check("mariadb://me:hunt%3Aer2@db/a%20b", "mysql://me@db:3306/a b", Some("hunt:er2"));
        check("mysql://me:p@ss@[::1]:7", "mysql://me@::1:7/", Some("p@ss"));
        check("mysql://localhost/x?user=you&password=hunter2", "mysql://you@localhost:3306/x", Some("hunter2"));
    }

    #[test]
    fn options_are_read() {
        let options = |url: &str| parse(url).unwrap().mysql;
        let one = options("mysql://h/d?sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=c&sslkey=k&compression=on");
        assert_eq!((one.ssl_mode, one.compression), (Some(SslMode::VerifyCa), true));
        let two = options("mysql://h/d?socket=/run/s&connect_timeout=10&sql_mode=ANSI,TRADITIONAL&local_infile=off");
        assert_eq!(two.socket.as_deref(), Some(std::path::Path::new("/run/s")));
        assert_eq!((two.connect_timeout.as_secs(), two.local_infile), (10, false));
        assert_eq!((two.sql_mode.as_str(), two.max_allowed_packet), ("ANSI,TRADITIONAL", 64 << 20));
        assert_eq!(options("mysql://h/d?max_allowed_packet=1048576").max_allowed_packet, 1 << 20);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let fault = |url: &str| parse(url).unwrap_err().to_string();
        assert!(fault("mysql://a,b/d").contains("names one server"));
        assert!(fault("mysql://h/d?lanes=1").contains("`lanes`"));
        for packet in ["1023", "1073741825", "64M", "-1"] {
            assert!(
                fault(&format!("mysql://h/d?max_allowed_packet={packet}")).contains("`max_allowed_packet`"),
                "{packet}"
            );
        }
        assert!(fault("mysql://h/d?compression=yes").contains("one of on, off"));
    }
}
