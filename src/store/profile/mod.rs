//! Profiles and their views.

pub mod message;
pub mod portfolio;

use jiff::{Timestamp, civil::Date};

use crate::{
    domain::{
        error::Result,
        id::AccountId,
        money::{Currency, Money},
        profile::{Profile, Visit},
    },
    store::{
        engine::{Tx, json, values},
        list_total,
        row::row,
    },
};

/// The total of views.
const VIEWS: &str = "profile_views";

/// Returns the profile of an account; empty if not written yet.
pub fn find(tx: &mut Tx, account: AccountId) -> Result<Profile> {
    let found = tx.find(
        "SELECT bio, title, rate_amount, rate_currency, skills, availability, experience \
         FROM profiles WHERE account_id = ?1",
        values![&account],
        |row| {
            let (minor, currency): (Option<i64>, Option<Currency>) = (row.get(2)?, row.get(3)?);
            Ok(Profile {
                bio: row.get(0)?,
                title: row.get(1)?,
                hourly_rate: minor
                    .zip(currency)
                    .map(|(minor, currency)| Money::new(minor, currency)),
                skills: row.get(4)?,
                availability: row.get(5)?,
                experience: row.get(6)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Saves the profile of an account.
pub fn set(tx: &mut Tx, account: AccountId, profile: &Profile, now: Timestamp) -> Result<()> {
    tx.upsert(row!(profiles {
        account_id: &account,
        bio: profile.bio.as_ref(),
        title: profile.title.as_ref(),
        rate_amount: profile.hourly_rate.map(|rate| rate.minor),
        rate_currency: profile.hourly_rate.map(|rate| rate.currency),
        skills: json(&profile.skills),
        availability: profile.availability.map(|word| word.as_str()),
        experience: profile.experience.map(|word| word.as_str()),
        updated_at: now
    }))
}

/// Whether this visit was already counted.
pub fn has_visit(tx: &mut Tx, account: AccountId, visit: &Visit) -> Result<bool> {
    let found = tx.find(
        "SELECT 1 FROM profile_visitors WHERE account_id = ?1 AND day = ?2 AND visitor = ?3",
        values![&account, visit.day, &visit.visitor[..]],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Counts a visit, unless already counted.
pub fn add_visit(tx: &mut Tx, account: AccountId, visit: &Visit) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO profile_visitors (account_id, day, visitor) VALUES (?1, ?2, ?3) \
         ON CONFLICT (account_id, day, visitor) DO NOTHING",
        values![&account, visit.day, &visit.visitor[..]],
    )?;
    if added == 0 {
        return Ok(());
    }
    tx.change(
        "INSERT INTO profile_views (account_id, day, views) VALUES (?1, ?2, 1) \
         ON CONFLICT (account_id, day) DO UPDATE SET views = profile_views.views + 1",
        values![&account, visit.day],
    )?;
    list_total::bump(tx, account, &[VIEWS], 1)
}

/// Returns the number of profile views.
pub fn count_views(tx: &mut Tx, account: AccountId) -> Result<u64> {
    list_total::find(tx, account, VIEWS)
}

/// Deletes up to `most` visitors from before that day; returns how many.
pub fn delete_visitors(tx: &mut Tx, before: Date, most: i64) -> Result<u64> {
    tx.execute(
        "DELETE FROM profile_visitors WHERE (account_id, day, visitor) IN \
         (SELECT account_id, day, visitor FROM profile_visitors \
         WHERE day < ?1 ORDER BY day LIMIT ?2)",
        values![before, most],
    )
}
