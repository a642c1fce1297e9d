//! Encrypted connections: which servers are trusted in which mode, and who the client is.

use covet_db::{Db, Error, ErrorKind};
use covet_testsuite::servers::PrivateMysql;

use crate::certificates::Certificates;
use crate::ssl_modes::{Servers, trusts_whom_it_says};

async fn encrypted(url: &str) -> Result<bool, Error> {
    let db = Db::connect(url).await?;
    let (_, cipher): (String, String) = db.fetch_one("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await?;
    db.close().await;
    Ok(!cipher.is_empty())
}

fn server(certificates: &Certificates, hosts: &[&str]) -> Option<PrivateMysql> {
    let (certificate, key) = certificates.issue("server", hosts);
    let files = [("server.crt", &*certificate), ("server.key", &key), ("ca.pem", &certificates.authority.pem())];
    PrivateMysql::start(&files, &["--ssl-cert={}/server.crt", "--ssl-key={}/server.key", "--ssl-ca={}/ca.pem"])
}

#[tokio::test]
async fn each_mode_trusts_whom_it_says() {
    let (ours, others) = (Certificates::new("ours"), Certificates::new("others"));
    let Some(right) = server(&ours, &["127.0.0.1"]) else { return };
    let Some(other_host) = server(&ours, &["db.example"]) else { return };
    let without = if right.is_mariadb() { "--skip-ssl" } else { "--tls-version=" };
    let Some(plain) = PrivateMysql::start(&[], &[without]) else { return };
    let servers: Servers<'_> = [&|with| right.url(with), &|with| other_host.url(with), &|with| plain.url(with)];
    trusts_whom_it_says(servers, &ours, &others, encrypted).await;
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let ours = Certificates::new("ours");
    let Some(server) = server(&ours, &["127.0.0.1"]) else { return };
    let db = Db::connect(&server.url("pool_min=0")).await.unwrap();
    db.execute("CREATE USER 'certified'@'%' REQUIRE SUBJECT '/CN=certified'").await.unwrap();
    let (certificate, key) = ours.issue("certified", &[]);
    let certificate = ours.file("client.pem", &certificate).display().to_string();
    let key = ours.file("client.key", &key).display().to_string();
    let base = format!("pool_min=0&sslmode=verify-full&sslrootcert={}", ours.ca());
    let url = |options: &str| server.url(options).replace("covet@", "certified@").replace("/mysql?", "/?");
    assert!(encrypted(&url(&format!("{base}&sslcert={certificate}&sslkey={key}"))).await.unwrap());
    // A statement that is stopped is stopped over an encrypted connection, too.
    let certified = Db::connect(&url(&format!("{base}&sslcert={certificate}&sslkey={key}"))).await.unwrap();
    let sleep = certified.fetch_value::<i64>("SELECT SLEEP(9)");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), sleep).await.is_err());
    assert_eq!(covet_testsuite::settled(&certified).await.in_use, 0);

    let none = encrypted(&url(&base)).await.unwrap_err();
    assert_eq!((none.kind(), none.code()), (ErrorKind::Connect, Some("1045")));
    let half = encrypted(&url(&format!("{base}&sslcert={certificate}"))).await.unwrap_err();
    assert_eq!(half.kind(), ErrorKind::Configuration);
    let missing = encrypted(&url(&format!("{base}&sslcert=/nowhere.pem&sslkey={key}"))).await.unwrap_err();
    assert!(missing.to_string().contains("/nowhere.pem"), "{missing}");
}
