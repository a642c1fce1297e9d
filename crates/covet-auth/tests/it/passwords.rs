//! Passwords on the real hash. Lines 84, 85, 86, 89, 91 and 95 of the checklist.

use std::time::Duration;

use covet_auth::password::{Password, PasswordError, PasswordFault, PasswordOptions, Passwords, Verdict};

fn pool(threads: usize, queue: usize) -> Passwords {
    let mut options = PasswordOptions::default();
    (options.threads, options.queue) = (threads, queue);
    Passwords::new(options).unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

const RIGHT: Verdict = Verdict::Right { rehash: false };

#[tokio::test]
async fn line_84_owasp_parameters_and_a_rehash_of_what_is_weaker() {
    let pool = pool(1, 8);
    let stored = pool.hash(password("correct horse")).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, pool.hash(password("correct horse")).await.unwrap(), "each hash has a salt of its own");
    let verify = async |text: &str, stored: &str| pool.verify(password(text), Some(stored)).await;
    assert_eq!(verify("correct horse", &stored).await, Ok(RIGHT));
    assert_eq!(verify("correct hors3", &stored).await, Ok(Verdict::Wrong));

    // Made with the reference implementation's command, `argon2 somesalt … -k 4096 -t 3 -p 1`, and its 2i and 2d variants are
    // made here by the same library that reads them.
    for (algorithm, memory, passes, salt) in
        [("id", 4096, 3, 16), ("id", 19456, 1, 16), ("i", 19456, 2, 16), ("d", 19456, 2, 16), ("id", 19456, 2, 8)]
    {
        let weaker = weaker(algorithm, memory, passes, salt, b"correct horse");
        assert_eq!(verify("correct horse", &weaker).await, Ok(Verdict::Right { rehash: true }), "{weaker}");
        assert_eq!(verify("wrong horse", &weaker).await, Ok(Verdict::Wrong), "{weaker}");
    }
}

fn weaker(algorithm: &str, memory: u32, passes: u32, salt: usize, password: &[u8]) -> String {
    use argon2::password_hash::phc::{Output, PasswordHash, Salt};
    let params = argon2::Params::new(memory, passes, 1, None).unwrap();
    let algorithm = argon2::Algorithm::try_from(&*format!("argon2{algorithm}")).unwrap();
    let salt = Salt::new(&vec![7; salt]).unwrap();
    let mut output = [0; 32];
    let argon2 = argon2::Argon2::new(algorithm, argon2::Version::V0x13, params.clone());
    argon2.hash_password_into(password, salt.as_ref(), &mut output).unwrap();
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(argon2::Version::V0x13.into()),
        params: (&params).try_into().unwrap(),
        salt: Some(salt),
        hash: Some(Output::new(&output).unwrap()),
    };
    hash.to_string()
}

#[tokio::test]
async fn line_85_parameters_above_the_cap_are_not_run() {
    let pool = pool(1, 8);
    let good = pool.hash(password("correct horse")).await.unwrap();
    for (from, to) in [
        ("m=19456", "m=4194304"),
        ("m=19456", "m=262145"),
        ("t=2", "t=11"),
        ("t=2", "t=4294967295"),
        ("p=1", "p=17"),
        ("argon2id", "scrypt"),
        ("$v=19", "$v=99"),
        ("$argon2id", "argon2id"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        let error = pool.verify(password("correct horse"), Some(&bad)).await.unwrap_err();
        assert!(matches!(error, PasswordError::Stored(_)), "{to}: {error:?}");
        assert!(!format!("{error:?} {error}").contains("correct"), "{error}");
    }
}

#[tokio::test]
async fn line_86_an_unknown_user_costs_one_hash_like_a_known_one() {
    let pool = pool(1, 8);
    let stored = pool.hash(password("correct horse")).await.unwrap();
    let mut before = pool.hashes();
    let mut check = async |stored: Option<&str>, text: &str, expected: Result<Verdict, ()>| {
        assert_eq!(pool.verify(password(text), stored).await.map_err(|_| ()), expected);
        assert_eq!(pool.hashes() - before, 1);
        before = pool.hashes();
    };
    check(Some(&stored), "correct horse", Ok(RIGHT)).await;
    check(Some(&stored), "another horse", Ok(Verdict::Wrong)).await;
    check(None, "correct horse", Ok(Verdict::Wrong)).await;
    check(Some("no hash at all"), "correct horse", Err(())).await;
}

#[tokio::test]
async fn line_89_a_full_queue_says_so_at_once() {
    let pool = pool(1, 2);
    let stored = pool.hash(password("correct horse")).await.unwrap();
    let logins = (0..20).map(|_| {
        let (pool, stored) = (pool.clone(), stored.clone());
        tokio::spawn(async move { pool.verify(password("correct horse"), Some(&stored)).await })
    });
    let logins: Vec<_> = logins.collect();
    let (mut right, mut busy) = (0, 0);
    for login in logins {
        match login.await.unwrap() {
            Ok(RIGHT) => right += 1,
            Err(PasswordError::Busy { retry_after }) => {
                assert!(retry_after >= Duration::from_secs(1));
                busy += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(right >= 2 && busy >= 1 && right + busy == 20, "{right} {busy}");
    assert_eq!(pool.verify(password("correct horse"), Some(&stored)).await, Ok(RIGHT), "the pool goes on");
}

#[tokio::test]
async fn line_89_a_caller_that_goes_keeps_its_place_until_the_work_is_done() {
    let pool = pool(1, 1);
    let stored = pool.hash(password("correct horse")).await.unwrap();
    let begun = pool.hashes();
    let login = tokio::spawn({
        let (pool, stored) = (pool.clone(), stored.clone());
        async move { pool.verify(password("correct horse"), Some(&stored)).await }
    });
    while pool.hashes() == begun {
        tokio::task::yield_now().await;
    }
    login.abort();
    // One is being worked on though nobody waits for it; one may wait; the next is refused.
    let mut answers = Vec::new();
    for _ in 0..8 {
        let (pool, stored) = (pool.clone(), stored.clone());
        answers.push(tokio::spawn(async move { pool.verify(password("correct horse"), Some(&stored)).await }));
    }
    let mut busy = 0;
    for answer in answers {
        busy += usize::from(matches!(answer.await.unwrap(), Err(PasswordError::Busy { .. })));
    }
    assert!(busy >= 6, "{busy}");
}

#[tokio::test]
async fn line_91_any_text_of_the_right_length_is_a_password() {
    assert_eq!(Password::new("1234567").unwrap_err(), PasswordFault::TooShort);
    assert!(Password::new("12345678").is_ok());
    assert!(Password::new(&"x".repeat(1024)).is_ok());
    assert_eq!(Password::new(&"x".repeat(1025)).unwrap_err(), PasswordFault::TooLong);

    let pool = pool(1, 8);
    let check = async |new: &str, entered: &str, expected: Verdict| {
        let stored = pool.hash(password(new)).await.unwrap();
        assert_eq!(pool.verify(password(entered), Some(&stored)).await, Ok(expected), "{new:?} {entered:?}");
    };
    // The last of 1,024 bytes counts, as does what stands behind a NUL.
    let long = "x".repeat(1023);
    check(&format!("{long}a"), &format!("{long}b"), Verdict::Wrong).await;
    check("12345678\0a", "12345678\0b", Verdict::Wrong).await;
    check("12345678\0a", "12345678\0a", RIGHT).await;
    check("cafe\u{301} cafe\u{301}", "caf\u{e9} caf\u{e9}", RIGHT).await;
    check(" 12345678", "12345678", Verdict::Wrong).await;
}

#[test]
fn line_95_a_password_is_not_printed() {
    assert_eq!(format!("{:?}", password("correct horse")), "[redacted]");
}

#[test]
fn options_below_the_minimum_are_refused() {
    let check = |change: fn(&mut PasswordOptions), expected: &str| {
        let mut options = PasswordOptions::default();
        change(&mut options);
        assert_eq!(Passwords::new(options).unwrap_err().to_string(), expected);
    };
    check(|options| options.memory_kib = 19_455, "the memory of a hash is 19456 to 262144 KiB, not 19455");
    check(|options| options.memory_kib = 262_145, "the memory of a hash is 19456 to 262144 KiB, not 262145");
    check(|options| options.iterations = 1, "a hash has 2 to 10 passes, not 1");
    check(|options| options.threads = 0, "at least one thread must hash");
}
