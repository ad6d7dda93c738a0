//! Clients.

use std::collections::HashMap;

use crate::{
    app::{event::Event, unit_of_work::Work},
    domain::{
        client::{Client, ClientChange, ClientDetails, ClientFilter, ClientName, Latest},
        error::{Error, Result},
        expected::{self, Expected},
        id::ClientId,
        money::Money,
        page::Listing,
        project::ProjectStatus,
        rule::Rule,
    },
    store,
};

/// The maximum number of names offered in a choice: the newest.
const NAMES_MAX: i64 = 1000;

/// The maximum number of unpaid invoices of a client that are added up.
const OPEN_SUMMED: i64 = 500;

/// The amounts a client owes, one sum per currency.
#[derive(Debug, Clone, Default)]
pub struct Owed {
    pub due: Vec<Money>,
    pub overdue: Vec<Money>,
}

/// Returns the amounts one of the caller's clients owes.
pub fn owed_by_client(work: &mut Work, id: ClientId) -> Result<Owed> {
    let today = work.today()?;
    let mut owed = Owed::default();
    for (due, amount) in store::client::list_open(work.tx, work.account, id, OPEN_SUMMED)? {
        let sums = if due < today { &mut owed.overdue } else { &mut owed.due };
        match sums.iter_mut().find(|sum| sum.currency == amount.currency) {
            Some(sum) => sum.minor = sum.minor.saturating_add(amount.minor),
            None => sums.push(amount),
        }
    }
    Ok(owed)
}

/// Adds a client.
pub fn create_client(work: &mut Work, details: &ClientDetails) -> Result<Client> {
    let client = Client {
        id: work.new_id(),
        account: work.account,
        details: details.clone().completed(),
        avatar: None,
        total_billed: Money::zero(work.actor.currency),
        created_at: work.now,
        updated_at: work.now,
    };
    store::client::create(work.tx, &client)?;
    work.emit(Event::ClientAdded(&client))?;
    Ok(client)
}

/// Returns one of the caller's clients; `NotFound` if it does not exist or belongs to another
/// account.
pub fn find_client(work: &mut Work, id: ClientId) -> Result<Client> {
    store::client::find(work.tx, work.account, id, &work.latest_rates)
}

/// Returns one of the caller's clients, even a deleted one, since drafts outlive their client.
///
/// # Errors
///
/// Not found if the caller never had such a client.
pub fn find_any_client(work: &mut Work, id: ClientId) -> Result<Client> {
    store::client::find_any(work.tx, work.account, id, &work.latest_rates)
}

/// Changes the details of a client.
///
/// # Errors
///
/// Stale if the client is no longer the expected one.
pub fn update_client(
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

/// Removes a client and its projects from the lists; refused while a project is active.
///
/// # Errors
///
/// Not found if the caller has no such client; a conflict if it has active projects.
pub fn delete_client(work: &mut Work, id: ClientId) -> Result<()> {
    let (tx, account) = (&mut *work.tx, work.account);
    if !store::client::exists(tx, account, id)? {
        return Err(Error::not_found("error-client-not-found"));
    }
    if store::project::count_of_client(tx, account, id, ProjectStatus::Active)? > 0 {
        return Err(Error::conflict("error-client-has-projects"));
    }
    store::project::delete_of_client(tx, account, id, work.now)?;
    store::client::delete(tx, account, id, work.now)
}

/// Returns the client that a request names in `clientId`; an invalid field if it is not the
/// caller's.
pub(in crate::app) fn require_client(work: &mut Work, id: ClientId) -> Result<Client> {
    find_client(work, id)
        .map_err(|error| error.if_missing(|| Error::field("clientId", Rule::Unknown)))
}

/// Returns the names of the newest clients, for a select.
pub fn list_client_names(work: &mut Work) -> Result<Vec<ClientName>> {
    store::client::list_names(work.tx, work.account, NAMES_MAX)
}

/// Returns a page of clients, newest first.
pub fn list_clients(work: &mut Work, filter: &ClientFilter) -> Result<Listing<Client>> {
    store::client::list(work.tx, work.account, filter, &work.latest_rates)
}

/// Returns the newest of what was made for each of these clients of the caller.
pub fn latest_of_clients(work: &mut Work, ids: &[ClientId]) -> Result<HashMap<ClientId, Latest>> {
    store::client::list_latest(work.tx, work.account, ids)
}
