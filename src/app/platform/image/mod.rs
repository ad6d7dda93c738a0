//! Pictures that users upload.

pub mod encode;
mod whole;

use std::collections::HashSet;

use jiff::SignedDuration;

use self::encode::Encoded;
use crate::{
    app::{App, environment::Environment, share::Owner, unit_of_work::Work, work_queue::WorkQueue},
    domain::{
        error::{Error, Result},
        id::{AccountId, ImageId},
        image::{self, Image, ImagePurpose},
        portfolio::ITEMS_MAX,
        rule::Rule,
        session::Claims,
    },
    store::{self, engine::Tx},
};

/// The number of pictures processed at once.
const AT_ONCE: usize = 2;
/// The maximum number of waiting uploads; more are refused.
const QUEUE: usize = 16;
/// A picture with more pixels is processed alone, since it takes much memory.
const LARGE: u64 = 12_000_000;
/// How long an unused picture is stored.
const UNUSED_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The number of pictures checked in one step of the sweep.
const SWEPT: i64 = 500;

/// Processes a few pictures at a time.
pub struct Images(WorkQueue);

impl Default for Images {
    fn default() -> Self {
        Self(WorkQueue::new(AT_ONCE, QUEUE, "error-busy-pictures"))
    }
}

impl Images {
    async fn encode(
        &self,
        account: AccountId,
        bytes: Vec<u8>,
        purpose: ImagePurpose,
    ) -> Result<Encoded> {
        let owner = Some(Owner::Account(account));
        // Even reading the header may take time: its colour profile is compressed.
        let check = move || encode::check(&bytes).map(|pixels| (bytes, pixels));
        let (bytes, pixels) = self.0.run(owner, check).await??;
        let turns = if pixels > LARGE { AT_ONCE } else { 1 };
        self.0.run_large(owner, turns, move || encode::encode(&bytes, purpose)).await?
    }
}

impl Environment {
    /// Returns the address of a picture.
    pub fn image_url(&self, id: ImageId) -> String {
        format!("{}{}", self.settings.public_url, image::path(id))
    }
}

impl App {
    /// Stores one of the caller's pictures: a PNG, JPEG or WebP file, which is re-encoded.
    pub async fn upload_image(
        &self,
        claims: Claims,
        purpose: ImagePurpose,
        bytes: Vec<u8>,
    ) -> Result<ImageId> {
        // Check access first, so that nobody else can make the program process pictures.
        let account = self
            .query(claims, |work| {
                store::image::usage(work.tx, work.account)?.check_room(0)?;
                Ok(work.account)
            })
            .await?;
        let Encoded { content_type, width, height, content } =
            self.images.encode(account, bytes, purpose).await?;
        self.run(claims, move |work| {
            store::image::usage(work.tx, work.account)?.check_room(content.len())?;
            let image = Image {
                id: work.new_id(),
                account: work.account,
                purpose,
                content_type: content_type.to_owned(),
                width,
                height,
                content: content.clone(),
                created_at: work.now,
            };
            store::image::create(work.tx, &image)?;
            Ok(image.id)
        })
        .await
    }

    /// Returns a picture to anyone who knows its id.
    ///
    /// # Errors
    ///
    /// Not found if there is no such picture.
    pub async fn public_image(&self, id: ImageId) -> Result<Image> {
        let found = self.store.read(move |tx| store::image::find_public(tx, id)).await?;
        found.ok_or_else(unknown)
    }

    /// Removes unused pictures that were uploaded more than a day ago. Logos are never removed
    /// while their account exists.
    pub(in crate::app) async fn remove_unused_images(&self) -> Result<()> {
        let before = ImageId::first_at(self.now() - UNUSED_KEPT);
        let mut after = ImageId::NIL;
        loop {
            let seen = self
                .store
                .read(move |tx| store::image::list_between(tx, after, before, SWEPT))
                .await?;
            let Some((last, _)) = seen.last().copied() else { return Ok(()) };
            after = last;
            let unused = self.store.read(move |tx| unused(tx, &seen)).await?;
            if unused.is_empty() {
                continue;
            }
            self.store
                .write(move |tx| {
                    // Check again: a picture may have been used meanwhile.
                    for (id, account) in self::unused(tx, &unused)? {
                        store::image::delete(tx, account, id)?;
                    }
                    Ok(())
                })
                .await?;
        }
    }
}

/// Removes one of the caller's pictures from storage and from where it is shown. Logos stay, since
/// invoices may show them.
///
/// # Errors
///
/// Not found if the caller has no such picture; a conflict if it is a logo.
pub fn delete_image(work: &mut Work, id: ImageId) -> Result<()> {
    let tx = &mut *work.tx;
    let purpose = store::image::find_purpose(tx, work.account, id)?.ok_or_else(unknown)?;
    if purpose == ImagePurpose::Logo {
        return Err(Error::conflict("error-logo-in-use"));
    }
    let mut account = store::account::find(tx, work.account)?;
    if account.avatar.as_deref().and_then(image::of_url) == Some(id) {
        account.avatar = None;
        account.updated_at = work.now;
        store::account::update(tx, &account)?;
    }
    for mut item in store::portfolio::list(tx, work.account, ITEMS_MAX)? {
        if item.work.images.iter().any(|url| image::of_url(url) == Some(id)) {
            item.work.images.retain(|url| image::of_url(url) != Some(id));
            item.updated_at = work.now;
            store::portfolio::update(tx, &item)?;
        }
    }
    store::image::delete(tx, work.account, id).map(drop)
}

/// Sets the caller's avatar to a picture uploaded for it, or to none. The previous one is removed.
///
/// # Errors
///
/// An invalid field if the caller has not uploaded such an avatar.
pub fn set_avatar(work: &mut Work, id: Option<ImageId>) -> Result<()> {
    let tx = &mut *work.tx;
    if let Some(id) = id {
        let purpose = store::image::find_purpose(tx, work.account, id)?;
        if purpose != Some(ImagePurpose::Avatar) {
            return Err(Error::field("image", Rule::Unknown));
        }
    }
    let mut account = store::account::find(tx, work.account)?;
    let before = account.avatar.as_deref().and_then(image::of_url);
    account.avatar = id.map(|id| work.env.image_url(id));
    account.updated_at = work.now;
    store::account::update(tx, &account)?;
    let Some(before) = before.filter(|before| Some(*before) != id) else { return Ok(()) };
    let purpose = store::image::find_purpose(tx, work.account, before)?;
    if purpose == Some(ImagePurpose::Avatar) {
        store::image::delete(tx, work.account, before)?;
    }
    Ok(())
}

/// Returns those of the given pictures that are shown nowhere.
fn unused(tx: &mut Tx, images: &[(ImageId, AccountId)]) -> Result<Vec<(ImageId, AccountId)>> {
    let accounts: HashSet<AccountId> = images.iter().map(|(_, account)| *account).collect();
    let mut shown = HashSet::new();
    for account in accounts {
        let avatar = store::account::find(tx, account)?.avatar;
        shown.extend(avatar.as_deref().and_then(image::of_url));
        let items = store::portfolio::list(tx, account, ITEMS_MAX)?;
        let urls = items.iter().flat_map(|item| &item.work.images);
        shown.extend(urls.filter_map(|url| image::of_url(url)));
    }
    Ok(images.iter().filter(|(id, _)| !shown.contains(id)).copied().collect())
}

fn unknown() -> Error {
    Error::not_found("error-image-not-found")
}
