//! Clients.

use super::{App, activity::Told};
use crate::{
    domain::{
        activity::ActivityKind,
        client::{Client, ClientChange, ClientDetails, ClientFilter, ClientName},
        error::{Error, Result},
        exchange_rate::Rates,
        expected::{self, Expected},
        id::{AccountId, ClientId},
        idempotency::{Once, Outcome},
        money::Money,
        page::Listing,
        project::ProjectStatus,
        rule::Rule,
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

/// Most names that are given to choose from: the newest.
pub(super) const NAMES_MAX: i64 = 1000;

impl App {
    /// Adds a client.
    pub async fn create_client(
        &self,
        claims: Claims,
        once: Once<Client>,
        details: ClientDetails,
    ) -> Result<Outcome<Client>> {
        let now = self.now();
        let id = self.new_id();
        let entry = self.new_entry(now);
        self.write_once(claims, once, now, move |tx, actor| {
            let client = Client {
                id,
                account: actor.account,
                details: details.clone(),
                avatar: None,
                total_billed: Money::zero(actor.currency),
                created_at: now,
                updated_at: now,
            };
            store::client::create(tx, &client)?;
            let told = Told {
                kind: ActivityKind::ClientAdded,
                subject: &client.details.name,
                amount: None,
                client: Some(&client),
                entity: id.to_string(),
            };
            entry.write(tx, actor.account, told)?;
            Ok(client)
        })
        .await
    }

    /// A client of the caller; `NotFound` where it is not there or another account's.
    pub async fn client(&self, claims: Claims, id: ClientId) -> Result<Client> {
        self.read(claims, move |tx, actor| {
            let rates = rates(tx, &actor)?;
            store::client::find(tx, actor.account, id, &rates)
        })
        .await
    }

    /// A page of clients, newest first.
    pub async fn list_clients(
        &self,
        claims: Claims,
        filter: ClientFilter,
    ) -> Result<Listing<Client>> {
        self.read(claims, move |tx, actor| {
            let rates = rates(tx, &actor)?;
            store::client::list(tx, actor.account, &filter, &rates)
        })
        .await
    }

    /// The newest clients by name, to choose from.
    pub async fn list_client_names(&self, claims: Claims) -> Result<Vec<ClientName>> {
        self.read(claims, |tx, actor| store::client::list_names(tx, actor.account, NAMES_MAX)).await
    }

    /// Changes the details of a client.
    ///
    /// # Errors
    ///
    /// Stale, if the client is not the expected one any more.
    pub async fn update_client(
        &self,
        claims: Claims,
        id: ClientId,
        change: ClientChange,
        expected: Option<Expected<Client>>,
    ) -> Result<Client> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let rates = rates(tx, &actor)?;
            let mut client = store::client::find(tx, actor.account, id, &rates)?;
            expected::check(expected.as_ref(), &client)?;
            client.details = change.clone().apply(client.details);
            client.updated_at = now;
            store::client::update(tx, &client)?;
            Ok(client)
        })
        .await
    }

    /// Takes a client and its projects out of the lists; not while a project is active.
    pub async fn delete_client(&self, claims: Claims, id: ClientId) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let account = actor.account;
            if !store::client::exists(tx, account, id)? {
                return Err(Error::not_found("Client"));
            }
            let active = ProjectStatus::Active;
            if store::project::count_of_client(tx, account, id, active)? > 0 {
                return Err(Error::conflict(
                    "This client has active projects; complete or cancel them first",
                ));
            }
            store::project::delete_of_client(tx, account, id, now)?;
            store::client::delete(tx, account, id, now)
        })
        .await
    }
}

/// The exchange rates into the caller's currency.
pub(super) fn rates(tx: &mut Tx, actor: &Actor) -> Result<Rates> {
    store::exchange_rate::latest(tx, actor.account, actor.currency)
}

/// The client a request names in `clientId`; naming none of the caller's is an invalid field.
pub(super) fn named(
    tx: &mut Tx,
    account: AccountId,
    id: ClientId,
    rates: &Rates,
) -> Result<Client> {
    let unknown = || Error::field("clientId", Rule::Unknown);
    store::client::find(tx, account, id, rates).map_err(|error| error.if_missing(unknown))
}
