//! Portfolios.

use crate::{
    domain::{
        error::Result,
        id::{AccountId, PortfolioItemId},
        portfolio::{PortfolioItem, Work},
    },
    store::{
        engine::{Tx, json, values},
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister { name: "portfolio", ..Lister::new("portfolio_items", COLUMNS) };

record! {
    portfolio_items, item: &PortfolioItem {
        id = &item.id,
        title = &item.work.title,
        description = &item.work.description,
        technologies = json(&item.work.technologies),
        images = json(&item.work.images),
        links = json(&item.work.links),
        updated_at = item.updated_at,
        @once { account_id = &item.account, created_at = item.created_at, }
    } => PortfolioItem {
        account: account_id,
        work: Work { title, description, technologies, images, links },
        id, created_at, updated_at,
    }
}

/// Adds a piece of work.
pub fn create(tx: &mut Tx, item: &PortfolioItem) -> Result<()> {
    tx.insert(row(item))
}

/// Finds a piece of work of an account.
pub fn find(tx: &mut Tx, account: AccountId, id: PortfolioItemId) -> Result<PortfolioItem> {
    LIST.of(&account).find(tx, "error-portfolio-item-not-found", &id, read)
}

/// Lists the newest pieces of work of an account, newest first.
pub fn list(tx: &mut Tx, account: AccountId, most: i64) -> Result<Vec<PortfolioItem>> {
    LIST.of(&account).first(tx, most, read)
}

/// Counts the pieces of work of an account.
pub fn count(tx: &mut Tx, account: AccountId) -> Result<i64> {
    let sql = "SELECT count(*) FROM portfolio_items WHERE account_id = ?1";
    tx.one(sql, values![&account], |row| row.get(0))
}

/// Saves the description of a piece of work.
pub fn update(tx: &mut Tx, item: &PortfolioItem) -> Result<()> {
    tx.update(row(item))
}

/// Removes a piece of work; returns whether it existed.
pub fn delete(tx: &mut Tx, account: AccountId, id: PortfolioItemId) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM portfolio_items WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
    )?;
    Ok(deleted > 0)
}
