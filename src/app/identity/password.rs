//! Passwords: argon2id in its own queue, one per core at a time.

use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};

use crate::{
    app::{environment::Random, share::Owner, work_queue::WorkQueue},
    domain::{
        account::Password,
        error::{Error, Result},
    },
};

/// The maximum number of requests waiting for a core; more are refused. At 35 ms each, the last one
/// waits a few seconds.
const QUEUE: usize = 128;
/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// The result of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    Yes,
    /// The password is right, but the hash is of the typed form, not the normal form: a new hash
    /// should be stored.
    AsTyped,
    No,
}

/// Hashes and verifies passwords without starving the machine.
pub struct Passwords {
    argon2: Argon2<'static>,
    queue: WorkQueue,
    /// Unused working memory, at most one block per core. It is reused because an allocator that
    /// serves 19 MiB to changing threads retains far more.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Passwords {
    pub fn new() -> Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(Error::internal)?;
        let cores = thread::available_parallelism().map_or(2, NonZero::get);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            queue: WorkQueue::new(cores, QUEUE, "error-busy-sign-ins"),
            memory: Arc::default(),
        })
    }

    /// Hashes a new password into a PHC string.
    pub async fn hash(
        &self,
        owner: Option<Owner>,
        password: Password,
        random: &dyn Random,
    ) -> Result<String> {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let argon2 = self.argon2.clone();
        self.run(owner, move |memory| {
            let hash = PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(argon2.params()).map_err(Error::internal)?,
                salt: Some(Salt::new(&salt).map_err(Error::internal)?),
                hash: Some(digest(&argon2, &password.normal(), &salt, memory)?),
            };
            Ok(hash.to_string())
        })
        .await
    }

    /// Checks a password against `hash`. If there is no hash, or an empty one that no password has,
    /// it does the same work and says no, so that timing does not reveal who has an account.
    pub async fn check(
        &self,
        owner: Option<Owner>,
        password: Password,
        hash: Option<String>,
    ) -> Result<Match> {
        let hash = hash.filter(|hash| !hash.is_empty());
        let normal = password.normal().into_owned();
        if self.is_hash_of(owner, normal, hash.clone()).await? {
            return Ok(Match::Yes);
        }
        // Hashes of earlier versions are of the typed form.
        let Some(typed) = password.typed() else { return Ok(Match::No) };
        let is_typed = self.is_hash_of(owner, typed.to_owned(), hash).await?;
        Ok(if is_typed { Match::AsTyped } else { Match::No })
    }

    async fn is_hash_of(
        &self,
        owner: Option<Owner>,
        password: String,
        hash: Option<String>,
    ) -> Result<bool> {
        let argon2 = self.argon2.clone();
        self.run(owner, move |memory| {
            let Some(hash) = hash else {
                digest(&argon2, &password, &[0; 16], memory)?;
                return Ok(false);
            };
            let hash = PasswordHash::new(&hash).map_err(Error::internal)?;
            let params = Params::try_from(&hash).map_err(Error::internal)?;
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
                return Err(Error::internal("a stored password hash lacks its salt or hash"));
            };
            // Outputs are compared in constant time.
            Ok(digest(&argon2, &password, salt, memory)? == *expected)
        })
        .await
    }

    /// Returns how many passwords are being hashed, and how many wait for a core.
    pub fn load(&self) -> (usize, usize) {
        self.queue.load()
    }

    /// Frees the working memory; the next password allocates it again.
    pub fn rest(&self) {
        lock(&self.memory).clear();
    }

    async fn run<T: Send + 'static>(
        &self,
        owner: Option<Owner>,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let kept = Arc::clone(&self.memory);
        self.queue
            .run(owner, move || {
                let mut memory = lock(&kept).pop().unwrap_or_default();
                let result = work(&mut memory);
                lock(&kept).push(memory);
                result
            })
            .await?
    }
}

fn lock(memory: &Mutex<Vec<Vec<Block>>>) -> MutexGuard<'_, Vec<Vec<Block>>> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

fn digest(argon2: &Argon2, password: &str, salt: &[u8], memory: &mut Vec<Block>) -> Result<Output> {
    memory.resize(argon2.params().block_count(), Block::new());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory)
        .map_err(Error::internal)?;
    Output::new(&output).map_err(Error::internal)
}
