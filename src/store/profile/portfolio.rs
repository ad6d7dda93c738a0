//! Portfolios.

use crate::{
    domain::{
        error::Result,
        id::{AccountId, PortfolioItemId},
        portfolio::{PortfolioItem, Work},
    },
    store::{
        engine::{Row, Tx, json, values},
        lister::Lister,
        row::{NewRow, row},
    },
};

const LIST: Lister = Lister {
    name: "portfolio",
    table: "portfolio_items",
    columns: "id, account_id, title, description, technologies, images, links, created_at, \
              updated_at",
    join: "",
};

fn read(row: &dyn Row) -> Result<PortfolioItem> {
    Ok(PortfolioItem {
        id: row.get(0)?,
        account: row.get(1)?,
        work: Work {
            title: row.get(2)?,
            description: row.get(3)?,
            technologies: row.get(4)?,
            images: row.get(5)?,
            links: row.get(6)?,
        },
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

fn row(item: &PortfolioItem) -> Result<NewRow<'_>> {
    Ok(row!(portfolio_items {
        id: &item.id,
        title: &item.work.title,
        description: &item.work.description,
        technologies: json(&item.work.technologies)?,
        images: json(&item.work.images)?,
        links: json(&item.work.links)?,
        updated_at: item.updated_at;
        once
        account_id: &item.account,
        created_at: item.created_at
    }))
}

/// Adds a piece of work.
pub fn create(tx: &mut Tx, item: &PortfolioItem) -> Result<()> {
    tx.insert(row(item)?)
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
    tx.update(row(item)?)
}

/// Removes a piece of work; returns whether it existed.
pub fn delete(tx: &mut Tx, account: AccountId, id: PortfolioItemId) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM portfolio_items WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
    )?;
    Ok(deleted > 0)
}
