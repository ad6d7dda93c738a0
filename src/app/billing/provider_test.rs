//! Test payments: whether the keys and the webhook of a provider work, tried without moving money.

use crate::{
    app::{App, checkout::new_reference, provider::is_test, unit_of_work::Work},
    domain::{
        checkout::{Received, TransactionStatus},
        error::{Error, Result},
        money::{Currency, Money},
        provider::{ProviderKind, SealedProvider, TestPayment},
        session::Claims,
    },
    locale::t,
    provider::{self, NewCheckout},
    store,
};

/// The amount of a test payment, in whole units of its currency. It is above the minimum of every
/// provider.
const UNITS: i64 = 1000;
/// The currency if the provider does not take the account's; every provider takes this one.
const OTHERWISE: &str = "USD";

/// What a provider knows about a test payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestOutcome {
    Open,
    Failed,
    Received(Received),
}

/// Returns the newest test payment with the keys of a provider, if there is one.
pub fn find_test(work: &mut Work, kind: ProviderKind) -> Result<Option<TestPayment>> {
    Ok(store::provider::find(work.tx, work.account, kind)?.and_then(|sealed| sealed.test))
}

impl App {
    /// Opens a checkout with the test keys of a provider, and returns the address to pay at. The
    /// client is the caller.
    ///
    /// # Errors
    ///
    /// Not found if the provider is not connected; a conflict if its keys are live or it refuses;
    /// unavailable if it does not answer.
    pub async fn open_test(&self, claims: Claims, kind: ProviderKind) -> Result<String> {
        let begin = move |work: &mut Work| {
            let sealed = connected(work, kind)?;
            let reference = new_reference(work);
            store::provider::begin_test(work.tx, work.account, kind, &reference)?;
            Ok((sealed, reference, store::account::find(work.tx, work.account)?))
        };
        // Stored first: a webhook may be faster than the response.
        let (sealed, reference, account) = self.run(claims, begin).await?;
        let new = NewCheckout {
            amount: amount(kind, account.currency)?,
            reference: reference.clone(),
            description: t("provider-test").to_string(),
            name: account.name(),
            email: account.email,
            return_url: format!(
                "{}/settings/providers/{}",
                self.settings.public_url,
                kind.as_str()
            ),
        };
        let opened = self.provider(&sealed)?.open(&new).await?;
        if let Some(handle) = opened.handle {
            let keep = move |work: &mut Work| {
                let (tx, account) = (&mut *work.tx, work.account);
                store::provider::set_test_handle(tx, account, kind, &reference, &handle)
            };
            self.run(claims, keep).await?;
        }
        Ok(opened.url)
    }

    /// Asks a provider about a test payment.
    ///
    /// # Errors
    ///
    /// Not found if the provider is not connected; a conflict if its keys are live or it refuses;
    /// unavailable if it does not answer.
    pub async fn ask_about_test(
        &self,
        claims: Claims,
        kind: ProviderKind,
        test: &TestPayment,
    ) -> Result<TestOutcome> {
        let sealed = self.query(claims, move |work| connected(work, kind)).await?;
        let found = self.provider(&sealed)?.find(&test.reference, test.handle.as_deref()).await?;
        Ok(match found.map(|found| (found.status, found.received)) {
            Some((TransactionStatus::Paid, received)) => TestOutcome::Received(received),
            Some((TransactionStatus::Failed, _)) => TestOutcome::Failed,
            Some((TransactionStatus::Open, _)) | None => TestOutcome::Open,
        })
    }
}

/// Returns a provider that is connected with test keys.
fn connected(work: &mut Work, kind: ProviderKind) -> Result<SealedProvider> {
    let sealed = store::provider::find(work.tx, work.account, kind)?
        .ok_or_else(|| Error::not_found("error-provider-disconnected"))?;
    if !is_test(work.keys()?, &sealed)? {
        return Err(Error::conflict("error-provider-live"));
    }
    Ok(sealed)
}

/// Returns the amount of a test payment, in the account's currency if the provider takes it.
fn amount(kind: ProviderKind, own: Currency) -> Result<Money> {
    let money = |currency: Currency| {
        Money::new(UNITS.saturating_mul(10_i64.saturating_pow(currency.exponent())), currency)
    };
    let otherwise = Currency::from_code(OTHERWISE).map(money);
    let all = [Some(money(own)), otherwise];
    let taken = all.into_iter().flatten().find(|amount| provider::takes(kind, *amount));
    taken.ok_or_else(|| Error::internal("a provider takes no US dollars"))
}
