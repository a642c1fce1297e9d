//! Which servers are trusted in which mode of encryption, the same on each kind of database.

use covet_db::{Error, ErrorKind};

use crate::certificates::Certificates;

/// The URLs, with options, of a server with a certificate for this host, of one with a certificate for another host, and of
/// one without TLS.
pub(crate) type Servers<'a> = [&'a dyn Fn(&str) -> String; 3];

/// Certificates are issued by `ours`. `encrypted` connects and tells whether the connection is encrypted.
pub(crate) async fn trusts_whom_it_says(
    servers: Servers<'_>,
    ours: &Certificates,
    others: &Certificates,
    encrypted: impl AsyncFn(&str) -> Result<bool, Error>,
) {
    let [right, _, plain] = servers;
    let (ca, wrong_ca) = (ours.ca(), others.ca());
    let checks = [
        // Mode, certificates, and what comes of it at the right server, at one for another host, and at one without TLS.
        ("sslmode=disable".to_owned(), [Some(false), Some(false), Some(false)]),
        (String::new(), [Some(true), Some(true), Some(false)]),
        ("sslmode=prefer".to_owned(), [Some(true), Some(true), Some(false)]),
        ("sslmode=require".to_owned(), [Some(true), Some(true), None]),
        (format!("sslmode=require&sslrootcert={ca}"), [Some(true), Some(true), None]),
        (format!("sslmode=require&sslrootcert={wrong_ca}"), [None, None, None]),
        (format!("sslmode=verify-ca&sslrootcert={ca}"), [Some(true), Some(true), None]),
        (format!("sslmode=verify-ca&sslrootcert={wrong_ca}"), [None, None, None]),
        (format!("sslmode=verify-full&sslrootcert={ca}"), [Some(true), None, None]),
        (format!("sslmode=verify-full&sslrootcert={wrong_ca}"), [None, None, None]),
    ];
    for (options, expected) in checks {
        for (server, expected) in servers.iter().zip(expected) {
            let since = std::time::Instant::now();
            let result = encrypted(&server(&format!("{options}&pool_min=0"))).await;
            match (&result, expected) {
                (Ok(encrypted), Some(expected)) => assert_eq!(*encrypted, expected, "{options}"),
                (Err(error), None) => {
                    assert_eq!(error.kind(), ErrorKind::Connect, "{options}");
                    assert!(since.elapsed().as_millis() < 1000, "it was tried again: {options}");
                }
                _ => panic!("{options}: {result:?}"),
            }
        }
    }
    let unencrypted = encrypted(&plain("sslmode=require")).await.unwrap_err().to_string();
    assert!(unencrypted.contains("does not support TLS") && unencrypted.contains("sslmode=disable"), "{unencrypted}");
    let stranger = encrypted(&right(&format!("sslmode=verify-full&sslrootcert={wrong_ca}"))).await.unwrap_err();
    assert!(stranger.to_string().contains("UnknownIssuer"), "{stranger}");
    // A name that is not this machine's is checked fully unless told, with the system's certificates.
    let name = right("pool_min=0").replace("127.0.0.1", "127.0.0.1.nip.invalid");
    assert_eq!(encrypted(&name).await.unwrap_err().kind(), ErrorKind::Connect);
}
