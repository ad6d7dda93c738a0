//! Pictures.

use crate::{
    domain::{
        error::Result,
        id::{AccountId, ImageId},
        image::{Image, ImagePurpose, ImageUse},
    },
    store::{
        engine::{Tx, values},
        row::record,
    },
};

record! {
    images, image: &Image {
        id = &image.id,
        account_id = &image.account,
        purpose = image.purpose.as_str(),
        content_type = &image.content_type,
        width = image.width,
        height = image.height,
        content = &image.content[..],
        created_at = image.created_at,
    } => Image {
        account: account_id,
        id, purpose, content_type, width, height, content, created_at,
    }
}

/// Adds a picture.
pub fn create(tx: &mut Tx, image: &Image) -> Result<()> {
    tx.insert(row(image))
}

/// Finds the picture with this id.
pub fn find(tx: &mut Tx, id: ImageId) -> Result<Option<Image>> {
    tx.find(select("WHERE id = ?1"), values![&id], read)
}

/// Finds the picture with this id, if its account is active.
pub fn find_public(tx: &mut Tx, id: ImageId) -> Result<Option<Image>> {
    let sql = select(
        "WHERE id = ?1 AND EXISTS (SELECT 1 FROM accounts \
         WHERE accounts.id = images.account_id AND disabled_at IS NULL)",
    );
    tx.find(sql, values![&id], read)
}

/// Returns the purpose of a picture of an account, if it exists.
pub fn find_purpose(tx: &mut Tx, account: AccountId, id: ImageId) -> Result<Option<ImagePurpose>> {
    tx.find(
        "SELECT purpose FROM images WHERE id = ?1 AND account_id = ?2",
        values![&id, &account],
        |row| row.get(0),
    )
}

/// Returns the number and size of an account's pictures.
pub fn usage(tx: &mut Tx, account: AccountId) -> Result<ImageUse> {
    tx.one(
        "SELECT count(*), coalesce(sum(length(content)), 0) FROM images WHERE account_id = ?1",
        values![&account],
        |row| Ok(ImageUse { images: row.get(0)?, bytes: row.get(1)? }),
    )
}

/// Lists the pictures between two ids and their owners, in id order, without logos, at most `most`.
pub fn list_between(
    tx: &mut Tx,
    after: ImageId,
    before: ImageId,
    most: i64,
) -> Result<Vec<(ImageId, AccountId)>> {
    tx.list(
        "SELECT id, account_id FROM images WHERE id > ?1 AND id < ?2 AND purpose <> 'logo' \
         ORDER BY id LIMIT ?3",
        values![&after, &before, most],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Removes a picture; returns whether it existed.
pub fn delete(tx: &mut Tx, account: AccountId, id: ImageId) -> Result<bool> {
    let deleted =
        tx.execute("DELETE FROM images WHERE id = ?1 AND account_id = ?2", values![&id, &account])?;
    Ok(deleted > 0)
}
