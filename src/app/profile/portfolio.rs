//! Portfolios.

use crate::{
    app::unit_of_work::Work,
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::PortfolioItemId,
        portfolio::{self, ITEMS_MAX, PortfolioItem, WorkChange},
    },
    store,
};

/// Adds a piece of work, if there is room.
pub fn create_portfolio_item(work: &mut Work, new: &portfolio::Work) -> Result<PortfolioItem> {
    work.actor.must_be_freelancer()?;
    new.check_size()?;
    portfolio::check_room(store::portfolio::count(work.tx, work.account)?)?;
    let item = PortfolioItem {
        id: work.new_id(),
        account: work.account,
        work: new.clone(),
        created_at: work.now,
        updated_at: work.now,
    };
    store::portfolio::create(work.tx, &item)?;
    Ok(item)
}

/// Returns a piece of work of the caller.
pub fn find_portfolio_item(work: &mut Work, id: PortfolioItemId) -> Result<PortfolioItem> {
    work.actor.must_be_freelancer()?;
    store::portfolio::find(work.tx, work.account, id)
}

/// Returns the caller's pieces of work, newest first.
pub fn list_portfolio(work: &mut Work) -> Result<Vec<PortfolioItem>> {
    work.actor.must_be_freelancer()?;
    store::portfolio::list(work.tx, work.account, ITEMS_MAX)
}

/// Changes a piece of work.
///
/// # Errors
///
/// Stale if the piece of work is no longer the expected one.
pub fn update_portfolio_item(
    work: &mut Work,
    id: PortfolioItemId,
    change: &WorkChange,
    expected: Option<&Expected<portfolio::Work>>,
) -> Result<()> {
    change_portfolio_item(work, id, |before| {
        expected::check(expected, before)?;
        *before = change.clone().apply(before.clone());
        Ok(())
    })
}

/// Appends a picture to a piece of work.
pub fn add_portfolio_picture(work: &mut Work, id: PortfolioItemId, url: &str) -> Result<()> {
    change_portfolio_item(work, id, |before| before.add_picture(url.to_owned()))
}

/// Removes a picture, stored or external, from a piece of work.
pub fn remove_portfolio_picture(work: &mut Work, id: PortfolioItemId, url: &str) -> Result<()> {
    change_portfolio_item(work, id, |before| {
        before.images.retain(|known| known != url);
        Ok(())
    })
}

/// Deletes a piece of work.
///
/// # Errors
///
/// Not found if the caller has no such piece of work.
pub fn delete_portfolio_item(work: &mut Work, id: PortfolioItemId) -> Result<()> {
    work.actor.must_be_freelancer()?;
    match store::portfolio::delete(work.tx, work.account, id)? {
        true => Ok(()),
        false => Err(Error::not_found("error-portfolio-item-not-found")),
    }
}

fn change_portfolio_item(
    work: &mut Work,
    id: PortfolioItemId,
    change: impl FnOnce(&mut portfolio::Work) -> Result<()>,
) -> Result<()> {
    let mut item = find_portfolio_item(work, id)?;
    change(&mut item.work)?;
    item.work.check_size()?;
    item.updated_at = work.now;
    store::portfolio::update(work.tx, &item)
}
