//! Online payments by clients: checkouts at payment providers, and what the providers report.

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{
        App,
        event::Event,
        invoice::find_invoice,
        payment::book_received,
        public_link::Target,
        unit_of_work::{Who, Work},
    },
    domain::{
        checkout::{ASKED_FOR, Checkout, CheckoutState, Received, Transaction, TransactionStatus},
        error::{Error, Kind, Result},
        id::{AccountId, CheckoutId, InvoiceId},
        invoice::{Invoice, InvoiceStatus},
        job::{Job, JobKind},
        provider::{ProviderKind, SealedProvider},
    },
    locale::t,
    provider::{self, NewCheckout, Notice},
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// The delay before a provider is first asked about a checkout. Later delays increase.
const FIRST_ASKED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// The delay before the provider is asked again if the client returns before the payment arrives.
const ASKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// The longest delay between two such requests.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// The number of random bytes in a reference.
const REFERENCE: usize = 16;

/// The outcome of a request to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// The client pays at this address.
    Elsewhere(String),
    /// There is nothing to pay online, or not that way.
    Nothing,
}

/// What is known about a checkout when the client returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    Received,
    Awaited,
    Failed,
}

/// Returns the providers through which an invoice can be paid.
pub(in crate::app) fn offers(
    tx: &mut Tx,
    account: AccountId,
    invoice: &Invoice,
) -> Result<Vec<ProviderKind>> {
    let amount = invoice.amount_to_transfer();
    if invoice.status != InvoiceStatus::Sent || amount.minor == 0 {
        return Ok(Vec::new());
    }
    let providers = store::provider::list(tx, account)?.into_iter().map(|sealed| sealed.kind);
    Ok(providers.filter(|kind| provider::takes(*kind, amount)).collect())
}

impl App {
    /// Opens a checkout for the amount due on the invoice behind a link. Without a `provider`, uses
    /// the only one offered.
    ///
    /// # Errors
    ///
    /// Not found if there is no such link; unavailable if the provider does not answer; a conflict
    /// if it refuses.
    pub async fn open_checkout(&self, token: &str, kind: Option<ProviderKind>) -> Result<Opening> {
        let found = self
            .read_linked(token, move |tx, account, id| {
                let rates = LatestRates::new(account.id, account.currency);
                let invoice = store::invoice::find(tx, account.id, id, &rates)?;
                let chosen = match (kind, &offers(tx, account.id, &invoice)?[..]) {
                    (None, [only]) => Some(*only),
                    (kind, offered) => kind.filter(|kind| offered.contains(kind)),
                };
                let Some(kind) = chosen else { return Ok(None) };
                let sealed = store::provider::find(tx, account.id, kind)?;
                Ok(sealed.map(|sealed| (account.id, id, sealed)))
            })
            .await?;
        let Some((account, invoice, sealed)) = found else { return Ok(Opening::Nothing) };
        let kind = sealed.kind;
        let who = Who::System(account);
        // Stored first: a webhook may be faster than the response.
        let begin = move |work: &mut Work| begin_checkout(work, invoice, kind);
        let Some((checkout, email, name)) = self.run_always(who, begin).await? else {
            return Ok(Opening::Nothing);
        };
        let new = NewCheckout {
            amount: checkout.amount,
            reference: checkout.reference.clone(),
            description: t("invoice-number").with("number", &checkout.invoice_number).to_string(),
            email,
            name,
            return_url: format!("{}{}{token}", self.settings.public_url, Target::Invoice.mount()),
        };
        let id = checkout.id;
        let opened = match self.provider(&sealed) {
            Ok(provider) => provider.open(&new).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(opened) => {
                if let Some(handle) = opened.handle {
                    let keep =
                        move |work: &mut Work| store::checkout::set_handle(work.tx, id, &handle);
                    self.run_always(who, keep).await?;
                }
                Ok(Opening::Elsewhere(opened.url))
            }
            Err(error) => {
                let (cause, provider) = (error.cause(), kind.as_str());
                tracing::warn!(cause, provider, %invoice, "could not open a checkout");
                let forget = move |work: &mut Work| {
                    store::jobs::delete(work.tx, JobKind::Checkout, id)?;
                    store::checkout::delete(work.tx, id)
                };
                self.run_always(who, forget).await?;
                Err(error)
            }
        }
    }

    /// Returns what is known about the checkout with this reference when the client returns to the
    /// invoice behind a link; `None` if the invoice has no such checkout or it has expired. The
    /// first time, asks the provider immediately.
    pub async fn return_to_invoice(
        &self,
        token: &str,
        reference: &str,
    ) -> Result<Option<Returned>> {
        let reference = reference.to_owned();
        let found = self
            .read_linked(token, move |tx, _, id| {
                store::checkout::find_of_invoice(tx, id, &reference)
            })
            .await?;
        let Some(Checkout { id, account, state, .. }) = found else { return Ok(None) };
        let returned = |state| match state {
            CheckoutState::Paid | CheckoutState::Held | CheckoutState::Dismissed => {
                Some(Returned::Received)
            }
            CheckoutState::Open => Some(Returned::Awaited),
            CheckoutState::Expired => None,
        };
        if returned(state) == Some(Returned::Received) {
            return Ok(Some(Returned::Received));
        }
        let mark = move |work: &mut Work| {
            let is_first = store::checkout::mark_returned(work.tx, id, work.now)?;
            if is_first {
                ask_soon(work, id, ASKED_AGAIN_AFTER)?;
            }
            Ok(is_first)
        };
        let asked = match self.run_always(Who::System(account), mark).await {
            Ok(false) => return Ok(returned(state)),
            Ok(true) => self.ask_about(account, id).await,
            Err(error) => Err(error),
        };
        // The page is shown even if this fails.
        match asked {
            Ok((_, TransactionStatus::Failed)) => Ok(Some(Returned::Failed)),
            Ok((state, _)) => Ok(returned(state)),
            Err(error) => {
                tracing::warn!(cause = error.cause(), "could not ask about a checkout yet");
                Ok(returned(state))
            }
        }
    }

    /// Handles a webhook: verifies its signature and schedules a lookup of its checkout. Ignores
    /// checkouts that are settled or not ours.
    ///
    /// # Errors
    ///
    /// Not found if there is no such address; unauthenticated if the signature is wrong.
    pub async fn receive_webhook(
        &self,
        kind: ProviderKind,
        token: &str,
        signature: &str,
        body: &[u8],
    ) -> Result<()> {
        let hash = Target::Webhook(kind).hash(self.keys()?, token);
        let found = self.store.read(move |tx| store::provider::find_hook(tx, &hash)).await?;
        let sealed = found.ok_or_else(|| Error::not_found("error-webhook-not-found"))?;
        let verified = self.provider(&sealed)?.verify(signature, body, self.now())?;
        let Some(Notice { reference, handle }) = verified else { return Ok(()) };
        let (who, given) = (Who::System(sealed.account), handle.clone());
        if sealed.test.as_ref().is_some_and(|test| test.reference == reference) {
            let note = move |work: &mut Work| {
                let (tx, account, now) = (&mut *work.tx, work.account, work.now);
                store::provider::mark_test_reported(tx, account, kind, &reference, now)
            };
            return self.run_always(who, note).await;
        }
        // Usually there is nothing to write: providers report everything several times.
        let find = move |work: &mut Work| {
            let found =
                store::checkout::find_by_reference(work.tx, work.account, kind, &reference)?;
            let Some(checkout) = found.filter(Checkout::is_awaited) else { return Ok(None) };
            let is_due = store::jobs::is_due(work.tx, JobKind::Checkout, checkout.id, work.now)?;
            let is_known = checkout.handle.is_some() || given.is_none();
            Ok(Some((checkout.id, is_due && is_known)))
        };
        let Some((id, is_asked)) = self.query(who, find).await? else { return Ok(()) };
        if !is_asked {
            self.run_always(who, move |work| ask_now(work, id, handle.as_deref())).await?;
        }
        self.wake(JobKind::Checkout);
        Ok(())
    }

    /// Looks up a checkout at its provider, and again later until it is paid or a day has passed.
    pub(in crate::app) async fn ask_later(&self, job: Job) -> Result<()> {
        let id: CheckoutId = job.subject();
        let asked = match job.account {
            Some(account) => self.ask_about(account, id).await,
            None => Err(Error::internal("a checkout of nobody")),
        };
        let reason = match asked {
            Ok((CheckoutState::Open | CheckoutState::Expired, _)) => None,
            Ok(_) => return self.forget_job(job).await,
            // The account, its checkout or its keys are gone.
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden) => {
                return self.give_up(id, Timestamp::MAX).await.map(drop);
            }
            Err(error) => Some(error.cause()),
        };
        let now = self.now();
        // A webhook may have extended the deadline.
        if let Some(end) = self.give_up(id, now).await? {
            let next = job.next_try(now).unwrap_or_else(|| now + LONGEST_PAUSE);
            self.postpone(job, next.min(end), reason).await?;
        }
        Ok(())
    }

    /// Stops asking about a checkout that has expired; otherwise returns when it expires.
    async fn give_up(&self, id: CheckoutId, at: Timestamp) -> Result<Option<Timestamp>> {
        let give_up = move |tx: &mut Tx| {
            let end = store::checkout::find_end(tx, id)?;
            if end.is_some_and(|end| at < end) {
                return Ok(end);
            }
            store::checkout::expire(tx, id)?;
            store::jobs::delete(tx, JobKind::Checkout, id)?;
            Ok(None)
        };
        self.store.write(give_up).await
    }

    /// Asks the provider about a checkout and books the payment, if any. Returns the states of the
    /// checkout and of the transaction.
    async fn ask_about(
        &self,
        account: AccountId,
        id: CheckoutId,
    ) -> Result<(CheckoutState, TransactionStatus)> {
        let find = move |work: &mut Work| {
            let checkout = store::checkout::find(work.tx, work.account, id)?;
            let sealed = store::provider::find(work.tx, work.account, checkout.provider)?;
            Ok((checkout, sealed))
        };
        let (checkout, sealed): (Checkout, Option<SealedProvider>) =
            self.query(Who::System(account), find).await?;
        if !checkout.is_awaited() {
            return Ok((checkout.state, TransactionStatus::Paid));
        }
        let sealed = sealed.ok_or_else(|| Error::not_found("error-provider-disconnected"))?;
        let provider = self.provider(&sealed)?;
        let Checkout { reference, handle, state, .. } = &checkout;
        let transaction = match provider.find(reference, handle.as_deref()).await? {
            Some(transaction) if transaction.reference == *reference => transaction,
            Some(_) => return Err(Error::internal("a provider told of another transaction")),
            None => return Ok((*state, TransactionStatus::Open)),
        };
        let Transaction { status, received, .. } = transaction;
        if status != TransactionStatus::Paid {
            return Ok((*state, status));
        }
        let settle = move |work: &mut Work| settle_checkout(work, id, &received);
        Ok((self.run_always(Who::System(account), settle).await?, status))
    }
}

/// Stores a checkout for the amount due; returns it with the client's email and name. `None` if
/// nothing is due or the provider does not take it.
fn begin_checkout(
    work: &mut Work,
    invoice: InvoiceId,
    kind: ProviderKind,
) -> Result<Option<(Checkout, String, String)>> {
    let invoice = find_invoice(work, invoice)?;
    if !offers(work.tx, work.account, &invoice)?.contains(&kind) {
        return Ok(None);
    }
    let Some(buyer) = &invoice.buyer else {
        return Err(Error::internal("a sent invoice without its buyer"));
    };
    let checkout = Checkout {
        id: work.new_id(),
        account: work.account,
        invoice: invoice.id,
        invoice_number: invoice.number.clone(),
        client: invoice.client_id,
        client_name: String::new(),
        provider: kind,
        reference: new_reference(work),
        handle: None,
        amount: invoice.amount_to_transfer(),
        state: CheckoutState::Open,
        reason: None,
        received: None,
        created_at: work.now,
        expires_at: work.now.checked_add(ASKED_FOR).map_err(Error::internal)?,
        settled_at: None,
    };
    store::checkout::create(work.tx, &checkout)?;
    ask_soon(work, checkout.id, FIRST_ASKED_AFTER)?;
    Ok(Some((checkout, buyer.email.clone(), buyer.heading().to_owned())))
}

/// Returns a new reference for a provider.
pub(in crate::app) fn new_reference(work: &Work) -> String {
    let random = work.env.random_bytes::<REFERENCE>();
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("fos-{digits}")
}

/// Schedules a lookup after a delay; the delays after it start short again.
fn ask_soon(work: &mut Work, id: CheckoutId, pause: SignedDuration) -> Result<()> {
    let due_at = work.now.checked_add(pause).map_err(Error::internal)?;
    store::jobs::delete(work.tx, JobKind::Checkout, id)?;
    let account = Some(work.account);
    store::jobs::create(work.tx, JobKind::Checkout, id, account, due_at, work.now)
}

/// Schedules a lookup now, with retries for another day if the provider does not answer.
fn ask_now(work: &mut Work, id: CheckoutId, handle: Option<&str>) -> Result<()> {
    if let Some(handle) = handle {
        store::checkout::set_handle(work.tx, id, handle)?;
    }
    let until = work.now.checked_add(ASKED_FOR).map_err(Error::internal)?;
    store::checkout::extend(work.tx, id, until)?;
    if store::jobs::make_due(work.tx, JobKind::Checkout, Some(id), work.now)? == 0 {
        ask_soon(work, id, SignedDuration::ZERO)?;
    }
    Ok(())
}

/// Books the payment of a checkout, once; holds it for the owner if it does not match. Returns the
/// state of the checkout.
fn settle_checkout(work: &mut Work, id: CheckoutId, received: &Received) -> Result<CheckoutState> {
    let before = store::checkout::find(work.tx, work.account, id)?;
    if !before.is_awaited() {
        return Ok(before.state);
    }
    let invoice = find_invoice(work, before.invoice)?;
    let reason = before.objection(received, &invoice);
    let checkout = Checkout {
        state: if reason.is_some() { CheckoutState::Held } else { CheckoutState::Paid },
        reason,
        received: Some(received.clone()),
        settled_at: Some(work.now),
        ..before
    };
    let awaited = [CheckoutState::Open, CheckoutState::Expired];
    if !store::checkout::claim(work.tx, &checkout, awaited)? {
        return Ok(store::checkout::find(work.tx, work.account, id)?.state);
    }
    let (invoice, amount) = (&invoice, received.amount);
    if reason.is_some() {
        work.emit(Event::PaymentHeld { invoice, amount })?;
    } else {
        work.emit(Event::PaymentReceived { invoice, amount })?;
        book_received(work, invoice, &checkout, received)?;
    }
    Ok(checkout.state)
}
