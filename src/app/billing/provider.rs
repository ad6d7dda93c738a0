//! Connects and disconnects payment providers.

use crate::{
    app::{
        App,
        environment::Environment,
        public_link::{NewLink, Target},
        secret::Keys as Sealer,
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        id::AccountId,
        patch::Patch,
        provider::{
            ConnectedProvider, KeysChange, ProviderKey, ProviderKind, ProvidersChange,
            SealedProvider,
        },
        rule::Rule,
    },
    provider::{Keys, Provider},
    store,
};

/// Returns the providers of the caller.
pub fn list_providers(work: &mut Work) -> Result<Vec<ConnectedProvider>> {
    let providers = store::provider::list(work.tx, work.account)?;
    providers.iter().map(|sealed| connected(work.env, sealed)).collect()
}

/// Whether the caller has connected a provider.
pub fn has_provider(work: &mut Work) -> Result<bool> {
    Ok(!store::provider::list(work.tx, work.account)?.is_empty())
}

/// Connects providers, changes their keys, or disconnects them.
///
/// # Errors
///
/// Invalid if a new provider comes without its secret key.
pub fn update_providers(work: &mut Work, change: &ProvidersChange) -> Result<()> {
    for (kind, change) in change.clone().by_provider() {
        match change {
            Patch::Keep => {}
            Patch::Clear => store::provider::delete(work.tx, work.account, kind)?,
            Patch::Set(keys) => connect(work, kind, keys)?,
        }
    }
    Ok(())
}

fn connect(work: &mut Work, kind: ProviderKind, change: KeysChange) -> Result<()> {
    let account = work.account;
    let before = store::provider::find(work.tx, account, kind)?;
    let seal = |what, key: &ProviderKey| {
        let context = context(what, kind, account);
        work.keys()?.seal(&context, work.env.random_bytes(), key.as_str().as_bytes())
    };
    let secret_key = change.secret_key.as_ref().map(|key| seal(SECRET_KEY, key)).transpose()?;
    let webhook_secret = match &change.webhook_secret {
        Patch::Set(secret) => Patch::Set(seal(WEBHOOK_SECRET, secret)?),
        Patch::Clear => Patch::Clear,
        Patch::Keep => Patch::Keep,
    };
    let last4 = change.secret_key.as_ref().map(|key| key.last4().to_owned());
    let sealed = match (before, secret_key, last4) {
        (Some(before), secret_key, last4) => SealedProvider {
            secret_key: secret_key.unwrap_or(before.secret_key),
            webhook_secret: webhook_secret.apply(before.webhook_secret),
            last4: last4.unwrap_or(before.last4),
            // It was made with the old keys.
            test: None,
            updated_at: work.now,
            ..before
        },
        (None, Some(secret_key), Some(last4)) => {
            let id = hook_id(kind, account);
            let NewLink { hash, sealed } = work.env.new_public_link(Target::Webhook(kind), &id)?;
            SealedProvider {
                account,
                kind,
                secret_key,
                webhook_secret: webhook_secret.apply(None),
                last4,
                hook_hash: hash.to_vec(),
                hook: sealed,
                test: None,
                created_at: work.now,
                updated_at: work.now,
            }
        }
        _ => {
            let field = format!("providers.{}.secretKey", kind.as_str());
            return Err(Error::field(field, Rule::Required));
        }
    };
    store::provider::set(work.tx, &sealed)
}

const SECRET_KEY: &str = "secret key";
const WEBHOOK_SECRET: &str = "webhook secret";

/// The sealing context of a key.
fn context(what: &str, kind: ProviderKind, account: AccountId) -> String {
    format!("{} {what} of {account}", kind.as_str())
}

/// What the address of a webhook belongs to.
fn hook_id(kind: ProviderKind, account: AccountId) -> String {
    format!("{} webhook of {account}", kind.as_str())
}

fn open_key(keys: &Sealer, sealed: &SealedProvider, what: &str, key: &[u8]) -> Result<ProviderKey> {
    let key = keys.open(&context(what, sealed.kind, sealed.account), key)?;
    String::from_utf8(key).map(ProviderKey::new).map_err(Error::internal)
}

/// Whether a provider is connected with test keys.
pub(in crate::app) fn is_test(keys: &Sealer, sealed: &SealedProvider) -> Result<bool> {
    let key = open_key(keys, sealed, SECRET_KEY, &sealed.secret_key)?;
    Ok(sealed.kind.is_test_key(&key))
}

fn connected(env: &Environment, sealed: &SealedProvider) -> Result<ConnectedProvider> {
    let SealedProvider { account, kind, .. } = *sealed;
    let id = hook_id(kind, account);
    Ok(ConnectedProvider {
        kind,
        is_test: is_test(env.keys()?, sealed)?,
        last4: sealed.last4.clone(),
        webhook_url: env.link_address(Target::Webhook(kind), &id, &sealed.hook)?,
        // Paystack signs with the secret key.
        checks_webhooks: kind == ProviderKind::Paystack || sealed.webhook_secret.is_some(),
    })
}

impl App {
    /// Returns a provider with the keys of an account.
    pub(in crate::app) fn provider(&self, sealed: &SealedProvider) -> Result<Box<dyn Provider>> {
        let open = |what, key: &[u8]| open_key(self.keys()?, sealed, what, key);
        let webhook = sealed.webhook_secret.as_deref();
        let keys = Keys {
            secret: open(SECRET_KEY, &sealed.secret_key)?,
            webhook: webhook.map(|key| open(WEBHOOK_SECRET, key)).transpose()?,
        };
        self.settings.providers.with(sealed.kind, keys)
    }
}
