//! Passwords: argon2id on the blocking threads, as many at once as there are cores.

use std::{num::NonZero, sync::Arc, thread};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use super::environment::Random;
use crate::domain::{
    account::Password,
    error::{Error, Result},
};

/// Requests that may wait for a core before new ones are turned away: at 35 ms each, the last of
/// them waits a few seconds.
const QUEUE: usize = 128;
/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Hashes and verifies passwords without starving the machine.
pub struct Passwords {
    argon2: Argon2<'static>,
    cores: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Passwords {
    pub fn new() -> Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(Error::internal)?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            cores: Arc::new(Semaphore::new(
                thread::available_parallelism().map_or(2, NonZero::get),
            )),
            queue: Arc::new(Semaphore::new(QUEUE)),
        })
    }

    /// Hashes a new password into a PHC string.
    pub async fn hash(&self, password: Password, random: &dyn Random) -> Result<String> {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let argon2 = self.argon2.clone();
        self.run(move || {
            let hash = argon2
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map_err(Error::internal)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password is the one behind `hash`. Without a hash the same work is done and
    /// the answer is no, so that time does not tell who has an account.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool> {
        let argon2 = self.argon2.clone();
        self.run(move || match hash {
            Some(hash) => {
                let hash = PasswordHash::new(&hash).map_err(Error::internal)?;
                Ok(argon2.verify_password(password.as_bytes(), &hash).is_ok())
            }
            None => {
                argon2
                    .hash_password_with_salt(password.as_bytes(), &[0; 16])
                    .map_err(Error::internal)?;
                Ok(false)
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let busy = |_| Error::unavailable(2, "Too many sign-ins at once, please try again");
        let _place = self.queue.try_acquire().map_err(busy)?;
        let core = self.cores.clone().acquire_owned().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held to the end even where the request has gone away meanwhile.
            let _core = core;
            work()
        })
        .await
        .map_err(Error::internal)?
    }
}
