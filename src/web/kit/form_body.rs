//! Reading forms from a browser, and keeping them while the reader signs in again.

use poem::{
    Body, FromRequest, Request, RequestBody,
    http::{StatusCode, header},
    web::Multipart,
};
use tokio::io::AsyncReadExt;

use crate::{
    domain::error::Error,
    http::{body::read_whole, problem::into_poem},
    web::fields::Fields,
};

/// The maximum size of a form, in bytes.
const FORM_MAX: usize = 1024 * 1024;
/// The maximum number of fields: an invoice of 500 lines with five taxes each has 5,500.
const FIELDS_MAX: usize = 7000;
/// The maximum size of a form with a picture, in bytes: the picture, and its other fields.
const UPLOAD_MAX: usize = 6 * 1024 * 1024;

/// Whether a form may contain a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    Taken,
    /// A picture is accepted but discarded.
    Dropped,
    Refused,
}

/// Fields that are not held: session marks, buttons that rearrange the form, passwords, codes, and
/// authenticator answers.
const NOT_HELD: [&str; 9] = [
    "_token",
    "_once",
    "_action",
    "password",
    "currentPassword",
    "newPassword",
    "totpCode",
    "challenge",
    "answer",
];

impl Fields {
    /// Reads the body of a form.
    pub async fn read(request: &mut Request, pictures: Pictures) -> poem::Result<Self> {
        let body = request.take_body();
        let kind = request.header(header::CONTENT_TYPE);
        let is_multipart = pictures != Pictures::Refused
            && kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
        if is_multipart && pictures == Pictures::Dropped {
            // Nobody is signed in, so never hold the whole picture in memory.
            let length = request.header(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
            if length.is_none_or(|length: usize| length > UPLOAD_MAX) {
                return Err(too_large());
            }
            return Self::read_parts(request, body, FORM_MAX, pictures).await;
        }
        let most = if is_multipart { UPLOAD_MAX } else { FORM_MAX };
        let bytes = read_whole(request.headers(), body, most).await?;
        // Each field takes many times its size in memory.
        if !is_multipart && bytes.iter().filter(|byte| **byte == b'&').count() >= FIELDS_MAX {
            return Err(too_large());
        }
        if is_multipart {
            return Self::read_parts(request, bytes.into(), UPLOAD_MAX, pictures).await;
        }
        let is_form =
            kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let pairs = is_form.then(|| serde_urlencoded::from_bytes(&bytes).ok()).flatten();
        let pairs = pairs.ok_or_else(|| into_poem(Error::malformed("error-form-expected")))?;
        Ok(Self { pairs, ..Self::default() })
    }

    /// Reads a form that may contain a picture, with less than `most` bytes of text.
    async fn read_parts(
        request: &Request,
        body: Body,
        most: usize,
        pictures: Pictures,
    ) -> poem::Result<Self> {
        let mut parts = Multipart::from_request(request, &mut RequestBody::new(body)).await?;
        let garbled = || poem::Error::from_status(StatusCode::BAD_REQUEST);
        let (mut fields, mut text_left, mut parts_left) = (Self::default(), most, FIELDS_MAX);
        while let Some(part) = parts.next_field().await.map_err(|_| garbled())? {
            parts_left = parts_left.checked_sub(1).ok_or_else(too_large)?;
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name() {
                Some(file) if pictures == Pictures::Dropped => fields.had_file |= !file.is_empty(),
                Some(_) => {
                    let bytes = part.bytes().await.map_err(|_| garbled())?;
                    fields.upload = Some(bytes).filter(|bytes| !bytes.is_empty());
                    fields.had_file |= fields.upload.is_some();
                }
                None => {
                    let mut text = String::new();
                    let mut reader = part.into_async_read().take(text_left as u64);
                    reader.read_to_string(&mut text).await.map_err(|_| garbled())?;
                    text_left = text_left.saturating_sub(text.len());
                    if text_left == 0 {
                        return Err(too_large());
                    }
                    fields.pairs.push((name, text));
                }
            }
        }
        Ok(fields)
    }

    /// Returns the fields of a form to hold while the reader signs in again: no secrets, and
    /// nothing that belongs to the ended session.
    pub fn held(&self) -> Vec<(String, String)> {
        let is_held = |(name, _): &&(String, String)| !NOT_HELD.contains(&&**name);
        self.pairs.iter().filter(is_held).cloned().collect()
    }
}

fn too_large() -> poem::Error {
    poem::Error::from_status(StatusCode::PAYLOAD_TOO_LARGE)
}
