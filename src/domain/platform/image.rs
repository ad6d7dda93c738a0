//! Uploaded pictures: logos, avatars and portfolio pictures.

use jiff::Timestamp;

use crate::domain::{
    error::{Error, Result},
    id::{AccountId, ImageId},
    word::words,
};

/// The maximum size of a file in MiB.
pub const FILE_MIB_MAX: usize = 5;
/// The maximum number of million pixels of a picture.
pub const MEGAPIXELS_MAX: u64 = 40;
/// The maximum number of pictures of an account.
const IMAGES_MAX: i64 = 200;
/// The maximum size of all pictures of an account in MiB.
const ACCOUNT_MIB_MAX: i64 = 60;

words! {
    /// The purpose of a picture.
    ImagePurpose {
        Logo "logo",
        Avatar "avatar",
        Portfolio "portfolio",
    }
}

/// A re-encoded picture. Anyone who knows its id may see it.
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

/// Returns the path of a picture under the program's address.
pub fn path(id: ImageId) -> String {
    format!("/images/{id}")
}

/// Returns the picture that a URL shows, if it is one of this program's. The host is ignored: the
/// program may have moved since the URL was written.
pub fn of_url(url: &str) -> Option<ImageId> {
    let (rest, id) = url.rsplit_once('/')?;
    let id = ImageId::parse(id);
    (rest.ends_with("/images") && id != ImageId::NIL).then_some(id)
}

/// The number and size of an account's pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImageUse {
    pub images: i64,
    pub bytes: i64,
}

impl ImageUse {
    /// Refuses a picture beyond an account's limits.
    pub fn check_room(self, new_bytes: usize) -> Result<()> {
        if self.images >= IMAGES_MAX {
            return Err(Error::conflict("error-images-max").with("max", IMAGES_MAX));
        }
        let bytes = self.bytes.saturating_add(i64::try_from(new_bytes).unwrap_or(i64::MAX));
        if bytes > ACCOUNT_MIB_MAX << 20 {
            return Err(Error::conflict("error-images-mib-max").with("max", ACCOUNT_MIB_MAX));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_recognised_by_its_path_on_any_host() {
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
