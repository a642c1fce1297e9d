//! Logins and sessions. The numbers are lines of the security checklist.

use std::time::Duration;

use covet_auth::password::{Password, PasswordOptions, Passwords};
use covet_auth::people::{
    Login, LoginAttempt, LoginError, MemoryPeople, NewSession, NewUser, People, PeopleSettings, PeopleStore as _,
    Registration,
};
use jiff::{SignedDuration, Timestamp};

const PASSWORD: &str = "correct horse";

fn passwords(queue: usize) -> Passwords {
    let mut options = PasswordOptions::default();
    (options.threads, options.queue) = (2, queue);
    Passwords::new(options).unwrap()
}

struct Fixture {
    people: People<MemoryPeople>,
    passwords: Passwords,
    id: String,
    now: Timestamp,
}

async fn fixture() -> Fixture {
    let passwords = passwords(64);
    let people = People::new(MemoryPeople::new(), passwords.clone(), PeopleSettings::default());
    let new = NewUser::new(" Ada@Example.com ", Password::new(PASSWORD).unwrap());
    let Registration::Created(id) = people.register(new).await.unwrap() else { panic!("the login is free") };
    Fixture { people, passwords, id, now: Timestamp::from_second(1_800_000_000).unwrap() }
}

impl Fixture {
    async fn login(&self, login: &str, password: &str, address: &str, device: Option<&str>) -> Login {
        let mut attempt = LoginAttempt::new(login, password);
        (attempt.address, attempt.device) = (Some(address.parse().unwrap()), device);
        self.people.login(attempt, self.now).await.unwrap()
    }

    async fn session(&self) -> NewSession {
        match self.login("ada@example.com", PASSWORD, "10.9.9.9", None).await {
            Login::In(logged_in) => logged_in.session,
            other => panic!("{other:?}"),
        }
    }

    fn later(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }
}

fn outcome(login: &Login) -> &'static str {
    match login {
        Login::In(_) => "in",
        Login::Refused => "refused",
        Login::Later(_) => "later",
    }
}

#[tokio::test]
async fn a_login_is_found_in_any_form() {
    let fixture = fixture().await;
    for login in ["ada@example.com", "ADA@EXAMPLE.COM", "  Ada@example.com\t"] {
        assert_eq!(outcome(&fixture.login(login, PASSWORD, "10.0.0.1", None).await), "in", "{login}");
    }
}

#[tokio::test]
async fn line_86_nothing_tells_whether_there_is_an_account() {
    let fixture = fixture().await;
    let disabled = NewUser::new("eve@example.com", Password::new(PASSWORD).unwrap());
    let Registration::Created(disabled) = fixture.people.register(disabled).await.unwrap() else { panic!() };
    let now = fixture.now;
    fixture.people.store().change(&disabled, |user| user.disabled_at = Some(now));
    let mut before = fixture.passwords.hashes();
    for (login, password) in [
        ("nobody@example.com", PASSWORD),
        ("ada@example.com", "another horse"),
        ("ada@example.com", "short"),
        ("ada@example.com", &"x".repeat(5000)),
        ("eve@example.com", PASSWORD),
        ("nobody@example.com", ""),
    ] {
        let found = fixture.login(login, password, "10.0.0.1", None).await;
        assert_eq!(outcome(&found), "refused", "{login}");
        assert_eq!(fixture.passwords.hashes() - before, 1, "{login}");
        before = fixture.passwords.hashes();
    }
}

#[tokio::test]
async fn line_86_a_lock_is_the_same_for_an_account_that_is_not_there() {
    let mut waits = Vec::new();
    for login in ["ada@example.com", "nobody@example.com"] {
        let fixture = fixture().await;
        for _ in 0..5 {
            fixture.login(login, "wrong password", "10.0.0.1", None).await;
        }
        let Login::Later(wait) = fixture.login(login, PASSWORD, "10.0.0.1", None).await else { panic!("{login}") };
        waits.push(wait);
    }
    assert_eq!(waits[0], waits[1]);
}

#[tokio::test]
async fn line_87_a_registration_does_not_tell_that_the_login_is_taken() {
    let fixture = fixture().await;
    let before = fixture.passwords.hashes();
    let again = NewUser::new("ADA@example.com", Password::new("some other password").unwrap());
    assert_eq!(fixture.people.register(again).await.unwrap(), Registration::Taken);
    assert_eq!(fixture.passwords.hashes() - before, 1);
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await), "in");
    assert_eq!(outcome(&fixture.login("ada@example.com", "some other password", "10.0.0.1", None).await), "refused");
}

#[tokio::test]
async fn line_90_failures_slow_down_and_a_right_password_is_not_revealed_meanwhile() {
    let mut fixture = fixture().await;
    for _ in 0..5 {
        assert_eq!(outcome(&fixture.login("ada@example.com", "wrong password", "10.0.0.1", None).await), "refused");
    }
    let hashes = fixture.passwords.hashes();
    for password in ["wrong password", PASSWORD] {
        let Login::Later(wait) = fixture.login("ada@example.com", password, "10.0.0.1", None).await else {
            panic!("not throttled")
        };
        assert!(wait >= Duration::from_secs(1), "{wait:?}");
    }
    assert_eq!(fixture.passwords.hashes(), hashes, "what is throttled costs no hash");
    // Attempts meanwhile have not made it longer.
    fixture.later(2);
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await), "in");
    // The success has cleared the count.
    for _ in 0..4 {
        fixture.login("ada@example.com", "wrong password", "10.0.0.1", None).await;
    }
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await), "in");
}

#[tokio::test]
async fn line_90_an_account_is_guarded_against_many_addresses_and_an_address_against_many_accounts() {
    let fixture = fixture().await;
    for host in 1..=10 {
        fixture.login("ada@example.com", "wrong password", &format!("10.0.1.{host}"), None).await;
    }
    assert_eq!(outcome(&fixture.login("ada@example.com", "wrong password", "10.0.1.99", None).await), "later");

    for account in 0..30 {
        fixture.login(&format!("user{account}"), "wrong password", "10.0.2.1", None).await;
        // Its own account, which the guesser may have, clears nothing.
    }
    assert_eq!(outcome(&fixture.login("somebody else", "wrong password", "10.0.2.1", None).await), "later");
    assert_eq!(outcome(&fixture.login("somebody else", "wrong password", "10.0.2.2", None).await), "refused");
}

#[tokio::test]
async fn line_90_a_success_does_not_clear_the_count_of_its_address() {
    let fixture = fixture().await;
    for account in 0..29 {
        fixture.login(&format!("user{account}"), "wrong password", "10.0.2.1", None).await;
    }
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.2.1", None).await), "in");
    fixture.login("one more", "wrong password", "10.0.2.1", None).await;
    assert_eq!(outcome(&fixture.login("and another", "wrong password", "10.0.2.1", None).await), "later");
}

#[tokio::test]
async fn line_90_who_guesses_from_elsewhere_does_not_keep_the_user_out() {
    let mut fixture = fixture().await;
    let device = fixture.session().await.device().to_owned();
    for round in 0..200 {
        fixture
            .login("ada@example.com", "wrong password", &format!("10.0.{}.{}", round / 200, round % 200), None)
            .await;
        fixture.later(1);
    }
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.7.7.7", None).await), "later");
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.7.7.7", Some(&device)).await), "in");
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.7.7.7", Some("forged")).await), "later");
    // Nor is the device a way to guess without end.
    for _ in 0..5 {
        fixture.login("ada@example.com", "wrong password", "10.7.7.7", Some(&device)).await;
    }
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.7.7.7", Some(&device)).await), "later");
}

#[tokio::test]
async fn line_90_many_at_once_are_not_all_looked_at() {
    let fixture = fixture().await;
    let before = fixture.passwords.hashes();
    let attempts = (0..40).map(|_| {
        let (people, now) = (fixture.people.clone(), fixture.now);
        tokio::spawn(async move {
            let mut attempt = LoginAttempt::new("ada@example.com", "wrong password");
            attempt.address = Some([10, 0, 0, 1].into());
            outcome(&people.login(attempt, now).await.unwrap())
        })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut later = 0;
    for attempt in attempts {
        later += usize::from(attempt.await.unwrap() == "later");
    }
    assert!(later >= 30 && fixture.passwords.hashes() - before <= 10, "{later}");
}

#[tokio::test]
async fn a_login_that_could_not_be_decided_is_not_counted() {
    let mut options = PasswordOptions::default();
    (options.threads, options.queue) = (1, 1);
    let passwords = Passwords::new(options).unwrap();
    let people = People::new(MemoryPeople::new(), passwords.clone(), PeopleSettings::default());
    let hash = |text: &str| {
        let (passwords, password) = (passwords.clone(), Password::new(text).unwrap());
        tokio::spawn(async move { passwords.hash(password).await })
    };
    let first = hash("one is hashed");
    while passwords.hashes() == 0 {
        tokio::task::yield_now().await;
    }
    let others = [first, hash("one waits")];
    tokio::task::yield_now().await;
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let attempt = || LoginAttempt::new("ada", "wrong password");
    let mut busy = 0;
    for _ in 0..20 {
        busy += usize::from(matches!(people.login(attempt(), now).await, Err(LoginError::Password(_))));
    }
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert!(busy >= 11, "{busy}: more than a count would take");
    assert_eq!(outcome(&people.login(attempt(), now).await.unwrap()), "refused");
}

#[tokio::test]
async fn line_84_a_weak_hash_is_replaced_at_login() {
    let fixture = fixture().await;
    let weak = {
        use argon2::password_hash::phc::{Output, PasswordHash, Salt};
        let params = argon2::Params::new(8192, 1, 1, None).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params.clone());
        let mut output = [0; 32];
        argon2.hash_password_into(PASSWORD.as_bytes(), &[7; 16], &mut output).unwrap();
        PasswordHash {
            algorithm: argon2::Algorithm::Argon2id.ident(),
            version: Some(argon2::Version::V0x13.into()),
            params: (&params).try_into().unwrap(),
            salt: Some(Salt::new(&[7; 16]).unwrap()),
            hash: Some(Output::new(&output).unwrap()),
        }
        .to_string()
    };
    fixture.people.store().change(&fixture.id, |user| user.password_hash = Some(weak));
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await), "in");
    let stored = fixture.people.store().user(&fixture.id).await.unwrap().unwrap().password_hash.unwrap();
    assert!(stored.contains("m=19456,t=2,p=1"), "{stored}");
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await), "in");
}

#[tokio::test]
async fn line_92_every_login_has_a_session_of_its_own() {
    let fixture = fixture().await;
    let (first, second) = (fixture.session().await, fixture.session().await);
    assert_ne!(first.token(), second.token());
    assert!(first.token().len() >= 43, "256 bits in base64url");
    let (session, user) = fixture.people.session(first.token(), fixture.now).await.unwrap().unwrap();
    assert_eq!((session.subject, user.login.as_str()), (fixture.id.clone(), "ada@example.com"));
    assert!(fixture.people.session("forged", fixture.now).await.unwrap().is_none());
    assert!(fixture.people.session(first.id(), fixture.now).await.unwrap().is_none(), "what is kept opens nothing");
}

#[tokio::test]
async fn lines_55_and_93_a_session_ends_by_logout_a_new_password_a_disabled_user_and_time() {
    let mut fixture = fixture().await;
    let is_live = async |fixture: &Fixture, session: &NewSession| {
        fixture.people.session(session.token(), fixture.now).await.unwrap().is_some()
    };
    let (a, b, c) = (fixture.session().await, fixture.session().await, fixture.session().await);
    fixture.people.logout(a.token()).await.unwrap();
    assert!(!is_live(&fixture, &a).await && is_live(&fixture, &b).await);

    fixture.people.set_password(&fixture.id, Password::new("a new password").unwrap()).await.unwrap();
    assert!(!is_live(&fixture, &b).await && !is_live(&fixture, &c).await);
    assert_eq!(outcome(&fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await), "refused");
    let Login::In(logged_in) = fixture.login("ada@example.com", "a new password", "10.0.0.1", None).await else {
        panic!()
    };
    let session = logged_in.session;

    // Used every eleven hours it lives for 30 days; after twelve without use, or 30 days, it ends.
    for _ in 0..65 {
        fixture.later(11 * 3600);
        assert!(is_live(&fixture, &session).await);
    }
    fixture.later(11 * 3600);
    assert!(!is_live(&fixture, &session).await);
    let Login::In(idle) = fixture.login("ada@example.com", "a new password", "10.0.0.1", None).await else { panic!() };
    fixture.later(12 * 3600);
    assert!(!is_live(&fixture, &idle.session).await);

    let Login::In(last) = fixture.login("ada@example.com", "a new password", "10.0.0.1", None).await else { panic!() };
    let now = fixture.now;
    fixture.people.store().change(&fixture.id, |user| user.disabled_at = Some(now));
    assert!(!is_live(&fixture, &last.session).await);
}

#[tokio::test]
async fn line_95_nothing_secret_is_printed() {
    let fixture = fixture().await;
    let Login::In(logged_in) = fixture.login("ada@example.com", PASSWORD, "10.0.0.1", None).await else { panic!() };
    let printed = format!("{logged_in:?} {:?} {:?}", fixture.people, fixture.people.store());
    for secret in [logged_in.session.token(), logged_in.session.device(), "argon2", "ada@example.com"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
