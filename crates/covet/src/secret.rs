//! The app's secret, from which the keys are made that sign what is given to clients and comes back.
//!
//! Every process of an app must have the same one, or what one has signed would be refused by the next; so it is a setting, or
//! stands in the database that they share.

use std::fmt;

use covet_db::{Db, sql};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::OnceCell;

use crate::tables::Tables;

/// How many bytes a secret has at least.
pub(crate) const LENGTH: usize = 32;

/// The name of the app's secret in the table.
const NAME: &str = "app";

/// What the keys are made from.
#[derive(Default)]
pub(crate) struct Secret {
    given: Option<Vec<u8>>,
    tables: Tables,
    stored: OnceCell<Vec<u8>>,
}

/// A key for one purpose.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl Secret {
    /// The one that the app was given, or else the environment's `COVET_SECRET`, or else the database's.
    pub(crate) fn new(given: Option<Vec<u8>>) -> Self {
        let given = given.or_else(|| std::env::var("COVET_SECRET").ok().map(String::into_bytes));
        Secret { given, ..Secret::default() }
    }

    /// Whether it must come from the database.
    pub(crate) fn is_stored(&self) -> bool {
        self.given.is_none()
    }

    /// Why it cannot be used.
    pub(crate) fn fault(&self) -> Option<String> {
        let length = self.given.as_ref()?.len();
        (length < LENGTH)
            .then(|| format!("the secret of the app has {length} bytes; it needs at least {LENGTH}, chosen at random"))
    }

    /// The key for a purpose.
    pub(crate) async fn key(&self, db: &Db, purpose: &str) -> covet_db::Result<Key> {
        let secret = match &self.given {
            Some(given) => given,
            None => self.stored.get_or_try_init(|| self.load(db)).await?,
        };
        Ok(Key(tag(secret, &[purpose.as_bytes()])))
    }

    /// Reads the secret, or makes it where there is none.
    async fn load(&self, db: &Db) -> covet_db::Result<Vec<u8>> {
        self.tables.ready(db).await?;
        let read =
            async || db.fetch_optional::<(String,)>(sql!("SELECT value FROM covet_secrets WHERE name = {NAME}")).await;
        if let Some((secret,)) = read().await? {
            return Ok(secret.into_bytes());
        }
        let mut random = [0; LENGTH];
        getrandom::fill(&mut random)
            .map_err(|error| covet_db::Error::decode(format!("the system has no random bytes: {error}")))?;
        let secret = crate::digest::hex(&random);
        match db.execute(sql!("INSERT INTO covet_secrets (name, value) VALUES ({NAME}, {secret})")).await {
            Ok(_) => Ok(secret.into_bytes()),
            // Another process was faster.
            Err(error) if error.is_unique_violation() => {
                read().await?.map(|(secret,)| secret.into_bytes()).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

impl Key {
    /// The tag of some texts: nobody without the key can make it.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        tag(&self.0, parts)
    }

    /// Whether the beginning of a tag is that of these texts. It takes as long for a wrong one as for the right one.
    pub(crate) fn verify(&self, parts: &[&[u8]], beginning: &[u8]) -> bool {
        mac(&self.0, parts).verify_truncated_left(beginning).is_ok()
    }
}

fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Each part goes in with its length, so that no two lists of parts have the same bytes.
fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC takes keys of any length (RFC 2104, section 2), so there is always one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("is_stored", &self.is_stored()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
