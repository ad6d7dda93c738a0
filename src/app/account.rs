//! Registration, login, and one's own account.

use jiff::SignedDuration;

use super::App;
use crate::{
    domain::{
        account::{Account, AccountChange, Credentials, Registration},
        date::Zone,
        error::{Error, Result},
        money::Currency,
        session::{Claims, Session},
    },
    store,
};

/// How long FreelanceOS's tokens are good.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A signed-in account and its token.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub token: String,
    pub account: Account,
}

impl App {
    /// Makes an account that can be used at once, and signs it in.
    pub async fn register(&self, registration: Registration) -> Result<SignIn> {
        let (account, password_hash) = self.new_account(registration).await?;
        let session = self.new_session(&account);
        let token = self.token(&session)?;
        let account = self
            .store
            .write(move |tx| {
                store::account::create(tx, &account, &password_hash)?;
                store::session::create(tx, &session)?;
                Ok(account.clone())
            })
            .await?;
        Ok(SignIn { token, account })
    }

    /// Signs in. Every reason to refuse looks alike and takes the same time.
    pub async fn login(&self, credentials: Credentials) -> Result<SignIn> {
        let email = credentials.email;
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &email)).await?;
        let (account, hash) = found.unzip();
        let matches = self.passwords.verify(credentials.password, hash).await?;
        let account = account
            .filter(|account| matches && account.disabled_at.is_none())
            .ok_or_else(|| Error::unauthenticated("Invalid email or password"))?;
        let session = self.new_session(&account);
        let token = self.token(&session)?;
        self.store
            .write(move |tx| {
                store::session::create(tx, &session)?;
                store::account::touch_login(tx, session.account, session.created_at)
            })
            .await?;
        Ok(SignIn { token, account })
    }

    /// The caller's account.
    pub async fn account(&self, claims: Claims) -> Result<Account> {
        self.read(claims, |tx, actor| store::account::find(tx, actor.account)).await
    }

    /// Changes the caller's account.
    pub async fn update_account(&self, claims: Claims, change: AccountChange) -> Result<Account> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let mut account = store::account::find(tx, actor.account)?;
            change.clone().apply(&mut account);
            account.updated_at = now;
            store::account::update(tx, &account)?;
            Ok(account)
        })
        .await
    }

    /// An account that is not stored yet, and its password hash.
    pub(super) async fn new_account(
        &self,
        registration: Registration,
    ) -> Result<(Account, String)> {
        let hash = self.passwords.hash(registration.password, self.random.as_ref()).await?;
        let now = self.now();
        let account = Account {
            id: self.new_id(),
            email: registration.email,
            first_name: registration.first_name,
            last_name: registration.last_name,
            currency: Currency::USD,
            zone: Zone::default(),
            avatar: None,
            disabled_at: None,
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        Ok((account, hash))
    }

    fn new_session(&self, account: &Account) -> Session {
        let now = self.now();
        Session {
            id: self.new_id(),
            account: account.id,
            created_at: now,
            expires_at: now + TOKEN_LIFE,
        }
    }

    fn token(&self, session: &Session) -> Result<String> {
        let claims = Claims { account: session.account, session: session.id };
        self.tokens.sign(claims, session.created_at, TOKEN_LIFE)
    }
}
