//! One hash, in memory that is used again.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time;

use super::PasswordError;

/// Stored parameters above these are not run: whoever can write the table must not be able to stop the server.
pub(super) const MAX_MEMORY_KIB: u32 = 256 * 1024;
pub(super) const MAX_ITERATIONS: u32 = 10;
const MAX_PARALLELISM: u32 = 16;
const MAX_OUTPUT: usize = 64;

/// The salt that OWASP and RFC 9106 ask for, in bytes.
const SALT: usize = 16;
const OUTPUT: usize = 32;

/// The memory of one hashing thread.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

/// A stored hash, read.
pub(super) struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    /// Reads a PHC string of argon2 (`$argon2id$v=19$m=19456,t=2,p=1$…$…`).
    pub(super) fn parse(text: &str) -> Result<Stored, PasswordError> {
        let unusable = |what: &str| PasswordError::Stored(what.to_owned());
        let hash = PasswordHash::new(text).map_err(|_| unusable("it is not a PHC string"))?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())
            .map_err(|_| unusable(&format!("its algorithm is {}, not argon2", hash.algorithm)))?;
        let version = hash.version.map(Version::try_from).unwrap_or(Ok(Version::V0x13));
        let version = version.map_err(|_| unusable("its version of argon2 is unknown"))?;
        let params = Params::try_from(&hash).map_err(|_| unusable("its parameters are not argon2's"))?;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_ITERATIONS || params.p_cost() > MAX_PARALLELISM {
            return Err(unusable("its parameters would take too much memory or time"));
        }
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
            return Err(unusable("it has no salt or no hash"));
        };
        if output.len() > MAX_OUTPUT {
            return Err(unusable("its hash is too long"));
        }
        let (salt, output) = (salt.as_ref().to_vec(), output.as_bytes().to_vec());
        Ok(Stored { algorithm, version, params, salt, output })
    }

    /// Whether the password is the one that was hashed.
    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, PasswordError> {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        let mut output = [0; MAX_OUTPUT];
        let output = &mut output[..self.output.len()];
        memory.run(&argon2, password, &self.salt, output)?;
        Ok(constant_time::verify_slices_are_equal(output, &self.output).is_ok())
    }

    /// Whether the hash should be made anew with these parameters: it is of another kind, or weaker in one of them.
    pub(super) fn is_weaker_than(&self, params: &Params) -> bool {
        let own = &self.params;
        self.algorithm != Algorithm::Argon2id
            || self.version != Version::V0x13
            || own.m_cost() < params.m_cost()
            || own.t_cost() < params.t_cost()
            || self.salt.len() < SALT
            || self.output.len() < OUTPUT
    }
}

/// Hashes with a new salt, into a PHC string.
pub(super) fn create(params: &Params, password: &[u8], memory: &mut Memory) -> Result<String, PasswordError> {
    let mut salt = [0; SALT];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| PasswordError::Failed("no randomness is to be had".to_owned()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; OUTPUT];
    memory.run(&argon2, password, &salt, &mut output)?;
    let failed = |error: argon2::password_hash::phc::Error| PasswordError::Failed(error.to_string());
    let text = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params
            .try_into()
            .map_err(|error: argon2::password_hash::Error| PasswordError::Failed(error.to_string()))?,
        salt: Some(argon2::password_hash::phc::Salt::new(&salt).map_err(failed)?),
        hash: Some(argon2::password_hash::phc::Output::new(&output).map_err(failed)?),
    };
    Ok(text.to_string())
}

/// A hash of which nobody asks the result: it takes the time that the password of a user would take.
pub(super) fn waste(params: &Params, password: &[u8], memory: &mut Memory) -> Result<(), PasswordError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    memory.run(&argon2, password, &[0; SALT], &mut [0; OUTPUT])
}

impl Memory {
    fn run(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8]) -> Result<(), PasswordError> {
        let blocks = argon2.params().block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::default());
        }
        let failed = |error: argon2::Error| PasswordError::Failed(error.to_string());
        argon2.hash_password_into_with_memory(password, salt, out, &mut self.0[..blocks]).map_err(failed)
    }

    /// Gives back what one stored hash with more memory than usual took.
    pub(super) fn shrink_to(&mut self, params: &Params) {
        self.0.truncate(params.block_count());
        self.0.shrink_to_fit();
    }
}
