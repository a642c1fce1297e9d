//! `covet jwt`: makes keys, signs and verifies tokens, prints key sets.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use covet_auth::jose::{Algorithm, Claims, Jwk, KeySet, RsaSize, SigningKey, TokenType, Verifier, VerifyingKey, jws};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What the exit codes mean, for the end of the help.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  done
  1  a file cannot be read, or the output cannot be written
  2  the command line, the claims or a key is wrong
 11  the token is refused
 12  the token was good, and has expired";

/// What to do with tokens and keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Jwt {
    /// Make a private key and print it as PEM.
    Keygen {
        /// The algorithm, by its name in tokens: RS256, PS256, ES256, EdDSA, their longer forms.
        #[arg(long, default_value = "RS256")]
        alg: Algorithm,
        /// The size of an RSA key.
        #[arg(long, default_value = "2048", value_parser = ["2048", "3072", "4096"])]
        bits: String,
    },
    /// Sign claims and print the token.
    Sign {
        #[command(flatten)]
        key: PrivateKey,
        /// Who issues the token.
        #[arg(long)]
        issuer: String,
        /// For whom it is.
        #[arg(long)]
        audience: String,
        /// About whom it is.
        #[arg(long)]
        subject: String,
        /// How many seconds it is good.
        #[arg(long, default_value_t = 600)]
        life: u64,
        /// Further claims, as a JSON object.
        #[arg(long, default_value = "{}", value_name = "JSON")]
        claims: String,
        /// An ID token's type instead of an access token's.
        #[arg(long)]
        plain: bool,
    },
    /// Verify a token and print its claims as JSON.
    Verify {
        #[command(flatten)]
        keys: PublicKeys,
        /// The token; `-` reads it from standard input.
        token: String,
        /// Who must have issued it.
        #[arg(long, required_unless_present = "signature_only")]
        issuer: Option<String>,
        /// For whom it must be.
        #[arg(long, required_unless_present = "signature_only")]
        audience: Option<String>,
        /// Takes tokens of the type `JWT`, or of none, instead of access tokens.
        #[arg(long)]
        plain: bool,
        /// Looks at nothing but the signature: the claims that are printed are not to be believed.
        #[arg(long)]
        signature_only: bool,
    },
    /// Print the public halves of keys as a JWK set.
    Jwks {
        #[command(flatten)]
        keys: PublicKeys,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PrivateKey {
    /// The private key: a file with PEM, or with a JWK.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The algorithm of a key in PEM.
    #[arg(long, default_value = "RS256")]
    alg: Algorithm,
}

#[derive(Debug, Args)]
pub(crate) struct PublicKeys {
    /// A key: a file with PEM, private or public, with a JWK, or with a JWK set.
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// The algorithm of keys in PEM.
    #[arg(long, default_value = "RS256")]
    alg: Algorithm,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Error {
    Io(String, io::Error),
    Usage(String),
    Refused(covet_auth::Error),
}

impl Error {
    /// Prints the error, and says with which code the process ends.
    #[expect(clippy::print_stderr, reason = "errors of a command line belong on standard error")]
    pub(crate) fn report(&self) -> ExitCode {
        let (text, code) = match self {
            Error::Io(what, error) => (format!("{what}: {error}"), 1),
            Error::Usage(text) => (text.clone(), 2),
            Error::Refused(error) => (error.to_string(), if error.is_expired() { 12 } else { 11 }),
        };
        eprintln!("error: {text}");
        ExitCode::from(code)
    }
}

pub(crate) fn jwt(command: Jwt) -> Result<(), Error> {
    match command {
        Jwt::Keygen { alg, bits } => keygen(alg, &bits),
        Jwt::Sign { key, issuer, audience, subject, life, claims, plain } => {
            let private: Map<String, Value> = serde_json::from_str(&claims)
                .map_err(|error| Error::Usage(format!("--claims is no JSON object: {error}")))?;
            let life = (Timestamp::now(), Duration::from_secs(life));
            let claims = Claims::new(issuer, audience, subject, life, private);
            let token = key.read()?.issue(token_type(plain), &claims).map_err(usage)?;
            print(&token)
        }
        Jwt::Verify { keys, token, issuer, audience, plain, signature_only } => {
            let keys = keys.read()?;
            let token = read_token(&token)?;
            if signature_only {
                return print_payload(&keys, &token);
            }
            let verifier = Verifier::new(issuer.unwrap_or_default(), audience.unwrap_or_default());
            let verifier = verifier.with_type(token_type(plain));
            let verified = verifier.verify::<Value>(&keys, &token, Timestamp::now()).map_err(Error::Refused)?;
            print(&format!("{:#}", verified.claims()))
        }
        Jwt::Jwks { keys } => print(&format!("{:#}", keys.read()?.to_json())),
    }
}

fn token_type(plain: bool) -> TokenType {
    if plain { TokenType::Jwt } else { TokenType::AccessToken }
}

fn usage(error: covet_auth::Error) -> Error {
    Error::Usage(error.to_string())
}

fn keygen(algorithm: Algorithm, bits: &str) -> Result<(), Error> {
    let size = match bits {
        "4096" => RsaSize::Bits4096,
        "3072" => RsaSize::Bits3072,
        _ => RsaSize::Bits2048,
    };
    let key = SigningKey::generate_rsa(algorithm, size).or_else(|_| SigningKey::generate(algorithm)).map_err(usage)?;
    let text = match key.to_secret() {
        // A shared secret has no PEM.
        Some(secret) => {
            json!({ "kty": "oct", "alg": algorithm.name(), "kid": key.id(), "k": base64url(&secret) }).to_string()
        }
        None => key.to_pem().map_err(usage)?.trim_end().to_owned(),
    };
    print(&text)
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn print_payload(keys: &KeySet, token: &str) -> Result<(), Error> {
    let mut fault = None;
    for key in keys.iter() {
        match jws::verify(key, token) {
            Ok(payload) => return print(&String::from_utf8_lossy(&payload)),
            Err(error) => fault = Some(error),
        }
    }
    Err(fault.map_or_else(|| Error::Usage("there is no key to verify with".into()), Error::Refused))
}

impl PrivateKey {
    fn read(&self) -> Result<SigningKey, Error> {
        let text = read(&self.key)?;
        if text.trim_start().starts_with('{') {
            return Jwk::parse(text.as_bytes()).and_then(|jwk| SigningKey::from_jwk(&jwk)).map_err(usage);
        }
        SigningKey::from_pem(self.alg, &text).map_err(usage)
    }
}

impl PublicKeys {
    fn read(&self) -> Result<KeySet, Error> {
        let mut keys = Vec::new();
        for file in &self.keys {
            let text = read(file)?;
            let wrong = |error: covet_auth::Error| Error::Usage(format!("{}: {error}", file.display()));
            keys.extend(self.parse(&text).map_err(wrong)?);
        }
        KeySet::new(keys).map_err(usage)
    }

    fn parse(&self, text: &str) -> covet_auth::Result<Vec<VerifyingKey>> {
        if !text.trim_start().starts_with('{') {
            let private = SigningKey::from_pem(self.alg, text).map(|key| key.verifying().clone());
            return private.or_else(|_| VerifyingKey::from_pem(self.alg, text)).map(|key| vec![key]);
        }
        if let Ok(jwk) = Jwk::parse(text.as_bytes()) {
            return VerifyingKey::from_jwk(&jwk).map(|key| vec![key]);
        }
        let parsed = KeySet::parse(text.as_bytes())?;
        match parsed.refused.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(parsed.keys.iter().cloned().collect()),
        }
    }
}

fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|error| Error::Io(file.display().to_string(), error))
}

fn read_token(token: &str) -> Result<String, Error> {
    if token != "-" {
        return Ok(token.to_owned());
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| Error::Io("standard input".into(), error))?;
    Ok(text.trim().to_owned())
}

fn print(text: &str) -> Result<(), Error> {
    writeln!(io::stdout(), "{text}").map_err(|error| Error::Io("standard output".into(), error))
}
