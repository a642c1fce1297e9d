//! Encrypted connections: which servers are trusted in which mode, and who the client is.

use covet_db::{Db, Error, ErrorKind};
use covet_testsuite::servers::{PrivateServer, Setup};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::certificates::Certificates;
use crate::ssl_modes::{Servers, trusts_whom_it_says};

async fn encrypted(url: &str) -> Result<bool, Error> {
    let db = Db::connect(url).await?;
    db.fetch_value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await
}

fn server(certificates: &Certificates, hosts: &[&str], access: &[&str]) -> Option<PrivateServer> {
    let (certificate, key) = certificates.issue("server", hosts);
    PrivateServer::start(&Setup {
        config: &["ssl = on", "ssl_ca_file = 'ca.pem'"],
        access,
        files: &[("server.crt", &certificate), ("server.key", &key), ("ca.pem", &certificates.authority.pem())],
        ..Setup::default()
    })
}

#[tokio::test]
async fn each_mode_trusts_whom_it_says() {
    let (ours, others) = (Certificates::new("ours"), Certificates::new("others"));
    let Some(right) = server(&ours, &["127.0.0.1"], &[]) else { return };
    let Some(other_host) = server(&ours, &["db.example"], &[]) else { return };
    let Some(plain) = PrivateServer::start(&Setup::default()) else { return };
    let servers: Servers<'_> = [&|with| right.url(with), &|with| other_host.url(with), &|with| plain.url(with)];
    trusts_whom_it_says(servers, &ours, &others, encrypted).await;
    // A certificate that signed itself is trusted where it is the one that was named.
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["elsewhere".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let named = |own: &str| ours.file("own.pem", own).display().to_string();
    let own = params.self_signed(&key).unwrap().pem();
    let Some(alone) = alone(&own, &key) else { return };
    assert!(encrypted(&alone.url(&format!("sslmode=verify-ca&sslrootcert={}", named(&own)))).await.unwrap());
    assert!(encrypted(&alone.url(&format!("sslmode=verify-ca&sslrootcert={}", ours.ca()))).await.is_err());
}

fn alone(certificate: &str, key: &KeyPair) -> Option<PrivateServer> {
    PrivateServer::start(&Setup {
        config: &["ssl = on"],
        files: &[("server.crt", certificate), ("server.key", &key.serialize_pem())],
        ..Setup::default()
    })
}

/// Also one that is trusted by name has its time.
#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let ours = Certificates::new("ours");
    let key = KeyPair::generate().unwrap();
    for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::NoCa] {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = is_ca;
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let own = params.self_signed(&key).unwrap().pem();
        let Some(server) = alone(&own, &key) else { return };
        let named = ours.file("own.pem", &own).display().to_string();
        let url = server.url(&format!("sslmode=verify-ca&sslrootcert={named}"));
        let error = encrypted(&url).await.unwrap_err().to_string();
        assert!(error.contains("expired"), "{error}");
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let ours = Certificates::new("ours");
    let Some(server) = server(&ours, &["127.0.0.1"], &["hostssl all covet 127.0.0.1/32 cert"]) else { return };
    let (certificate, key) = ours.issue("covet", &[]);
    let certificate = ours.file("client.pem", &certificate).display().to_string();
    let key = ours.file("client.key", &key).display().to_string();
    let base = format!("sslmode=verify-full&sslrootcert={}", ours.ca());
    let with = server.url(&format!("{base}&sslcert={certificate}&sslkey={key}"));
    let db = Db::connect(&with).await.unwrap();
    // A statement that is stopped is stopped over an encrypted connection, too.
    let sleep = db.execute("SELECT pg_sleep(9)");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), sleep).await.is_err());
    assert!(db.fetch_value::<bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await.unwrap());
    assert_eq!(covet_testsuite::settled(&db).await.in_use, 0);
    assert_eq!(db.pool_stats().cancelled, 1);

    assert_eq!(encrypted(&server.url(&base)).await.unwrap_err().kind(), ErrorKind::Connect);
    let half = encrypted(&server.url(&format!("{base}&sslcert={certificate}"))).await.unwrap_err();
    assert_eq!(half.kind(), ErrorKind::Configuration);
    let missing = encrypted(&server.url(&format!("{base}&sslcert=/nowhere.pem&sslkey={key}"))).await.unwrap_err();
    assert!(missing.to_string().contains("/nowhere.pem"), "{missing}");
}

/// The password's proof is bound to the certificate, for each kind of key; where it must be and cannot, nothing is proved.
#[tokio::test]
async fn passwords_are_bound_to_the_connection() {
    let ours = Certificates::new("ours");
    let access = ["host all guarded 127.0.0.1/32 scram-sha-256"];
    let Some(server) = server(&ours, &["127.0.0.1"], &access) else { return };
    let db = Db::connect(&server.url("pool_min=0")).await.unwrap();
    db.execute("CREATE ROLE guarded LOGIN PASSWORD 'hunter2'").await.unwrap();
    let url = |options: &str| server.url(options).replace("covet@", "guarded:hunter2@");
    for binding in ["disable", "prefer", "require"] {
        assert!(encrypted(&url(&format!("sslmode=require&channel_binding={binding}"))).await.unwrap(), "{binding}");
    }
    let unbound = encrypted(&url("sslmode=disable&channel_binding=require")).await.unwrap_err();
    assert!(unbound.to_string().contains("channel binding"), "{unbound}");
    // Whoever is trusted without a password proves nothing that could be bound.
    let trusted = encrypted(&server.url("sslmode=require&channel_binding=require")).await.unwrap_err();
    assert_eq!(trusted.kind(), ErrorKind::Connect);
    let wrong = encrypted(&url("sslmode=require").replace("hunter2", "hunter3")).await.unwrap_err();
    assert_eq!(wrong.code(), Some("28P01"));
}
