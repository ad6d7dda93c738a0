//! Clients.

use crate::{
    app::{
        App,
        event::Event,
        unit_of_work::{Who, Work},
    },
    domain::{
        client::{Client, ClientChange, ClientDetails, ClientFilter, ClientName},
        error::{Error, Result},
        expected::{self, Expected},
        id::ClientId,
        idempotency::{Once, Outcome},
        money::Money,
        page::Listing,
        project::ProjectStatus,
        rule::Rule,
        session::Claims,
    },
    store,
};

/// Most names that are given to choose from: the newest.
pub(in crate::app) const NAMES_MAX: i64 = 1000;

impl App {
    /// Adds a client.
    pub async fn create_client(
        &self,
        who: impl Into<Who>,
        once: Once<Client>,
        details: ClientDetails,
    ) -> Result<Outcome<Client>> {
        self.run_once(who, once, move |work| create_client(work, &details)).await
    }

    /// A client of the caller; `NotFound` where it is not there or another account's.
    pub async fn client(&self, claims: Claims, id: ClientId) -> Result<Client> {
        self.query(claims, move |work| find_client(work, id)).await
    }

    /// Changes the details of a client.
    ///
    /// # Errors
    ///
    /// Stale, if the client is not the expected one any more.
    pub async fn update_client(
        &self,
        who: impl Into<Who>,
        id: ClientId,
        change: ClientChange,
        expected: Option<Expected<Client>>,
    ) -> Result<Client> {
        self.run(who, move |work| update_client(work, id, &change, expected.as_ref())).await
    }

    /// Takes a client and its projects out of the lists; not while a project is active.
    pub async fn delete_client(&self, who: impl Into<Who>, id: ClientId) -> Result<()> {
        self.run(who, move |work| delete_client(work, id)).await
    }
}

fn create_client(work: &mut Work, details: &ClientDetails) -> Result<Client> {
    let client = Client {
        id: work.new_id(),
        account: work.account,
        details: details.clone(),
        avatar: None,
        total_billed: Money::zero(work.actor.currency),
        created_at: work.now,
        updated_at: work.now,
    };
    store::client::create(work.tx, &client)?;
    work.emit(Event::ClientAdded(&client))?;
    Ok(client)
}

/// A client of the caller; `NotFound` where it is not there or another account's.
pub fn find_client(work: &mut Work, id: ClientId) -> Result<Client> {
    let rates = work.rates()?;
    store::client::find(work.tx, work.account, id, &rates)
}

fn update_client(
    work: &mut Work,
    id: ClientId,
    change: &ClientChange,
    expected: Option<&Expected<Client>>,
) -> Result<Client> {
    let mut client = find_client(work, id)?;
    expected::check(expected, &client)?;
    client.details = change.clone().apply(client.details);
    client.updated_at = work.now;
    store::client::update(work.tx, &client)?;
    Ok(client)
}

fn delete_client(work: &mut Work, id: ClientId) -> Result<()> {
    let (tx, account) = (&mut *work.tx, work.account);
    if !store::client::exists(tx, account, id)? {
        return Err(Error::not_found("Client"));
    }
    if store::project::count_of_client(tx, account, id, ProjectStatus::Active)? > 0 {
        return Err(Error::conflict(
            "This client has active projects; complete or cancel them first",
        ));
    }
    store::project::delete_of_client(tx, account, id, work.now)?;
    store::client::delete(tx, account, id, work.now)
}

/// The client a request names in `clientId`; naming none of the caller's is an invalid field.
pub(in crate::app) fn require_client(work: &mut Work, id: ClientId) -> Result<Client> {
    find_client(work, id)
        .map_err(|error| error.if_missing(|| Error::field("clientId", Rule::Unknown)))
}

/// The newest clients by name, to choose from.
pub fn list_client_names(work: &mut Work) -> Result<Vec<ClientName>> {
    store::client::list_names(work.tx, work.account, NAMES_MAX)
}

/// A page of clients, newest first.
pub fn list_clients(work: &mut Work, filter: &ClientFilter) -> Result<Listing<Client>> {
    let rates = work.rates()?;
    store::client::list(work.tx, work.account, filter, &rates)
}
