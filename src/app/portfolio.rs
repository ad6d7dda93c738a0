//! Portfolios.

use super::App;
use crate::{
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::{ImageId, PortfolioItemId},
        idempotency::{Once, Outcome},
        portfolio::{self, ITEMS_MAX, PortfolioItem, Work, WorkChange},
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

impl App {
    /// Adds a piece of work, while there is room.
    pub async fn create_portfolio_item(&self, claims: Claims, work: Work) -> Result<PortfolioItem> {
        let create = self.creation(work);
        self.write(claims, create).await
    }

    /// Adds a piece of work by a form that counts once.
    pub async fn create_portfolio_item_once(
        &self,
        claims: Claims,
        once: Once<PortfolioItem>,
        work: Work,
    ) -> Result<Outcome<PortfolioItem>> {
        let create = self.creation(work);
        self.write_once(claims, once, self.now(), create).await
    }

    fn creation(
        &self,
        work: Work,
    ) -> impl Fn(&mut Tx, Actor) -> Result<PortfolioItem> + Send + use<> {
        let (now, id) = (self.now(), self.new_id());
        move |tx, actor| {
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
        }
    }

    /// A piece of work of the caller.
    pub async fn portfolio_item(
        &self,
        claims: Claims,
        id: PortfolioItemId,
    ) -> Result<PortfolioItem> {
        self.read(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            store::portfolio::find(tx, actor.account, id)
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
    ///
    /// # Errors
    ///
    /// Stale, if the piece of work is not the expected one any more.
    pub async fn update_portfolio_item(
        &self,
        claims: Claims,
        id: PortfolioItemId,
        change: WorkChange,
        expected: Option<Expected<Work>>,
    ) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            let item = store::portfolio::find(tx, actor.account, id)?;
            expected::check(expected.as_ref(), &item.work)?;
            let work = change.clone().apply(item.work.clone());
            work.check_size()?;
            store::portfolio::update(tx, &PortfolioItem { work, updated_at: now, ..item })
        })
        .await
    }

    /// Shows an uploaded picture with a piece of work, behind those it has.
    pub async fn add_portfolio_picture(
        &self,
        claims: Claims,
        id: PortfolioItemId,
        image: ImageId,
    ) -> Result<()> {
        let url = self.image_url(image);
        self.change_pictures(claims, id, move |work| work.add_picture(url.clone())).await
    }

    /// Takes a picture, be it ours or of elsewhere, from a piece of work.
    pub async fn remove_portfolio_picture(
        &self,
        claims: Claims,
        id: PortfolioItemId,
        url: String,
    ) -> Result<()> {
        let change = move |work: &mut Work| {
            work.images.retain(|known| *known != url);
            Ok(())
        };
        self.change_pictures(claims, id, change).await
    }

    async fn change_pictures(
        &self,
        claims: Claims,
        id: PortfolioItemId,
        change: impl Fn(&mut Work) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            let mut item = store::portfolio::find(tx, actor.account, id)?;
            change(&mut item.work)?;
            item.work.check_size()?;
            item.updated_at = now;
            store::portfolio::update(tx, &item)
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
