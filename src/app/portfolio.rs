//! Portfolios.

use super::App;
use crate::{
    domain::{
        error::{Error, Result},
        id::PortfolioItemId,
        portfolio::{self, ITEMS_MAX, PortfolioItem, Work, WorkChange},
        session::Claims,
    },
    store,
};

impl App {
    /// Adds a piece of work, while there is room.
    pub async fn create_portfolio_item(&self, claims: Claims, work: Work) -> Result<PortfolioItem> {
        let (now, id) = (self.now(), self.new_id());
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            work.check_size()?;
            portfolio::check_room(store::portfolio::count(tx, actor.account)?)?;
            let item = PortfolioItem {
                id,
                account: actor.account,
                work: work.clone(),
                created_at: now,
                updated_at: now,
            };
            store::portfolio::create(tx, &item)?;
            Ok(item)
        })
        .await
    }

    /// The caller's pieces of work, newest first.
    pub async fn list_portfolio(&self, claims: Claims) -> Result<Vec<PortfolioItem>> {
        self.read(claims, |tx, actor| {
            actor.must_be_freelancer()?;
            store::portfolio::list(tx, actor.account, ITEMS_MAX)
        })
        .await
    }

    /// Changes a piece of work.
    pub async fn update_portfolio_item(
        &self,
        claims: Claims,
        id: PortfolioItemId,
        change: WorkChange,
    ) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            let item = store::portfolio::find(tx, actor.account, id)?;
            let work = change.clone().apply(item.work.clone());
            work.check_size()?;
            store::portfolio::update(tx, &PortfolioItem { work, updated_at: now, ..item })
        })
        .await
    }

    /// Removes a piece of work.
    pub async fn delete_portfolio_item(&self, claims: Claims, id: PortfolioItemId) -> Result<()> {
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            match store::portfolio::delete(tx, actor.account, id)? {
                true => Ok(()),
                false => Err(Error::not_found("Portfolio item")),
            }
        })
        .await
    }
}
