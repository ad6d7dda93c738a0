//! Portfolios.

use crate::{
    app::{
        App,
        unit_of_work::{Who, Work},
    },
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::{ImageId, PortfolioItemId},
        idempotency::{Once, Outcome},
        portfolio::{self, ITEMS_MAX, PortfolioItem, WorkChange},
        session::Claims,
    },
    store,
};

impl App {
    /// Adds a piece of work, while there is room.
    pub async fn create_portfolio_item(
        &self,
        who: impl Into<Who>,
        new: portfolio::Work,
    ) -> Result<PortfolioItem> {
        self.run(who, move |work| create_portfolio_item(work, &new)).await
    }

    /// Adds a piece of work by a form that counts once.
    pub async fn create_portfolio_item_once(
        &self,
        who: impl Into<Who>,
        once: Once<PortfolioItem>,
        new: portfolio::Work,
    ) -> Result<Outcome<PortfolioItem>> {
        self.run_once(who, once, move |work| create_portfolio_item(work, &new)).await
    }

    /// A piece of work of the caller.
    pub async fn portfolio_item(
        &self,
        claims: Claims,
        id: PortfolioItemId,
    ) -> Result<PortfolioItem> {
        self.query(claims, move |work| find_portfolio_item(work, id)).await
    }

    /// The caller's pieces of work, newest first.
    pub async fn list_portfolio(&self, claims: Claims) -> Result<Vec<PortfolioItem>> {
        self.query(claims, |work| {
            work.actor.must_be_freelancer()?;
            store::portfolio::list(work.tx, work.account, ITEMS_MAX)
        })
        .await
    }

    /// Changes a piece of work.
    ///
    /// # Errors
    ///
    /// Stale, if the piece of work is not the expected one any more.
    pub async fn update_portfolio_item(
        &self,
        who: impl Into<Who>,
        id: PortfolioItemId,
        change: WorkChange,
        expected: Option<Expected<portfolio::Work>>,
    ) -> Result<()> {
        self.run(who, move |work| {
            change_portfolio_item(work, id, |before| {
                expected::check(expected.as_ref(), before)?;
                *before = change.clone().apply(before.clone());
                Ok(())
            })
        })
        .await
    }

    /// Shows an uploaded picture with a piece of work, behind those it has.
    pub async fn add_portfolio_picture(
        &self,
        who: impl Into<Who>,
        id: PortfolioItemId,
        image: ImageId,
    ) -> Result<()> {
        let url = self.image_url(image);
        self.run(who, move |work| {
            change_portfolio_item(work, id, |before| before.add_picture(url.clone()))
        })
        .await
    }

    /// Takes a picture, be it ours or of elsewhere, from a piece of work.
    pub async fn remove_portfolio_picture(
        &self,
        who: impl Into<Who>,
        id: PortfolioItemId,
        url: String,
    ) -> Result<()> {
        self.run(who, move |work| {
            change_portfolio_item(work, id, |before| {
                before.images.retain(|known| *known != url);
                Ok(())
            })
        })
        .await
    }

    /// Removes a piece of work.
    pub async fn delete_portfolio_item(
        &self,
        who: impl Into<Who>,
        id: PortfolioItemId,
    ) -> Result<()> {
        self.run(who, move |work| {
            work.actor.must_be_freelancer()?;
            match store::portfolio::delete(work.tx, work.account, id)? {
                true => Ok(()),
                false => Err(Error::not_found("Portfolio item")),
            }
        })
        .await
    }
}

fn create_portfolio_item(work: &mut Work, new: &portfolio::Work) -> Result<PortfolioItem> {
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

fn find_portfolio_item(work: &mut Work, id: PortfolioItemId) -> Result<PortfolioItem> {
    work.actor.must_be_freelancer()?;
    store::portfolio::find(work.tx, work.account, id)
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
