//! Pictures that users upload: logos, avatars, and what a portfolio shows.

use jiff::Timestamp;

use crate::domain::{
    error::{Error, Result},
    id::{AccountId, ImageId},
    word::words,
};

/// How many bytes a file may have.
pub const FILE_MIB_MAX: usize = 5;
/// How many million pixels a picture may have.
pub const MEGAPIXELS_MAX: u64 = 40;
/// How many pictures an account may have.
const IMAGES_MAX: i64 = 200;
/// How many bytes the pictures of an account may have together.
const ACCOUNT_MIB_MAX: i64 = 60;

words! {
    /// What a picture is for.
    ImagePurpose {
        Logo "logo",
        Avatar "avatar",
        Portfolio "portfolio",
    }
}

/// A picture, as it was encoded anew. Who knows its id may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub id: ImageId,
    pub account: AccountId,
    pub purpose: ImagePurpose,
    /// `image/png` or `image/jpeg`.
    pub content_type: String,
    pub width: u32,
    pub height: u32,
    pub content: Vec<u8>,
    pub created_at: Timestamp,
}

/// Where a picture is shown, behind the address of the program.
pub fn path(id: ImageId) -> String {
    format!("/images/{id}")
}

/// The picture that an address shows, if it is one of this program's. Its host does not matter:
/// the program may have moved since the address was written down.
pub fn of_url(url: &str) -> Option<ImageId> {
    let (rest, id) = url.rsplit_once('/')?;
    let id = ImageId::parse(id);
    (rest.ends_with("/images") && id != ImageId::NIL).then_some(id)
}

/// What the pictures of an account amount to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImageUse {
    pub images: i64,
    pub bytes: i64,
}

impl ImageUse {
    /// Refuses one more picture than an account may have.
    pub fn check_room(self, new_bytes: usize) -> Result<()> {
        if self.images >= IMAGES_MAX {
            return Err(Error::conflict(format!(
                "You have {IMAGES_MAX} pictures, which is as many as there may be; delete one first"
            )));
        }
        let bytes = self.bytes.saturating_add(i64::try_from(new_bytes).unwrap_or(i64::MAX));
        if bytes > ACCOUNT_MIB_MAX << 20 {
            return Err(Error::conflict(format!(
                "Your pictures may have {ACCOUNT_MIB_MAX} MiB together, and this one is too much; \
                 delete one first"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_address_wherever_the_program_stands() {
        let id = ImageId::parse("img_01h455vb4pex5vsknk084sn02q");
        for host in ["http://localhost:5000", "https://a.example", "https://a.example/below"] {
            assert_eq!(of_url(&format!("{host}{}", path(id))), Some(id));
        }
        for other in ["https://a.example/pictures/img_01h455vb4pex5vsknk084sn02q", "", "/images/7"]
        {
            assert_eq!(of_url(other), None, "{other}");
        }
    }
}
