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

/// Pictures that are worked on at once.
const AT_ONCE: usize = 2;
/// Uploads that may wait for their turn before others are turned away.
const QUEUE: usize = 16;
/// A picture of more pixels is worked on alone, since it takes much memory.
const LARGE: u64 = 12_000_000;
/// How long a picture may wait for somebody to use it.
const UNUSED_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Pictures looked at in one step of the sweep.
const SWEPT: i64 = 500;

/// Works on a few pictures at a time.
pub struct Images(WorkQueue);

impl Default for Images {
    fn default() -> Self {
        Self(WorkQueue::new(AT_ONCE, QUEUE, "Too many pictures at once, please try again"))
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
        // Even the head of a file may take its time: what it says of colours is compressed.
        let check = move || encode::check(&bytes).map(|pixels| (bytes, pixels));
        let (bytes, pixels) = self.0.run(owner, check).await??;
        let turns = if pixels > LARGE { AT_ONCE } else { 1 };
        self.0.run_large(owner, turns, move || encode::encode(&bytes, purpose)).await?
    }
}

impl Environment {
    /// Where a picture can be seen.
    pub fn image_url(&self, id: ImageId) -> String {
        format!("{}{}", self.settings.public_url, image::path(id))
    }
}

impl App {
    /// Keeps a picture of the caller: a PNG, JPEG or WebP file, which is encoded anew.
    pub async fn upload_image(
        &self,
        claims: Claims,
        purpose: ImagePurpose,
        bytes: Vec<u8>,
    ) -> Result<ImageId> {
        // Nobody else may have the program work on pictures.
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

    /// A picture, for whoever knows its id.
    pub async fn public_image(&self, id: ImageId) -> Result<Image> {
        let found = self.store.read(move |tx| store::image::find_public(tx, id)).await?;
        found.ok_or_else(unknown)
    }

    /// Removes pictures that were uploaded more than a day ago and that nothing shows. Logos are
    /// never removed while their account is there.
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
                    // Looked at again: meanwhile somebody may have used one.
                    for (id, account) in self::unused(tx, &unused)? {
                        store::image::delete(tx, account, id)?;
                    }
                    Ok(())
                })
                .await?;
        }
    }
}

/// Removes a picture of the caller, and takes it from where it is shown. Logos stay, since
/// invoices may show them.
pub fn delete_image(work: &mut Work, id: ImageId) -> Result<()> {
    let tx = &mut *work.tx;
    let purpose = store::image::find_purpose(tx, work.account, id)?.ok_or_else(unknown)?;
    if purpose == ImagePurpose::Logo {
        return Err(Error::conflict(
            "A logo stays for the invoices that show it; choose another or none instead",
        ));
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

/// Shows the caller by a picture that was uploaded for it, or by none. The one before goes.
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

/// Those of some pictures that nothing shows.
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
    Error::not_found("Image")
}
