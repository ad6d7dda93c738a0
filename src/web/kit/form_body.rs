//! How a browser sends a form, and what of it is held while somebody signs in again.

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

/// Largest form, in bytes.
const FORM_MAX: usize = 1024 * 1024;
/// Fields of a form at most: an invoice of 500 lines has 3,000.
const FIELDS_MAX: usize = 5000;
/// Largest form that brings a picture: the picture, and what stands around it.
const UPLOAD_MAX: usize = 6 * 1024 * 1024;

/// Whether a form may bring a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    Taken,
    /// It may come, but is read for nobody.
    Dropped,
    Refused,
}

/// What of a form is not held: the marks of its session, which of its buttons was pressed to
/// arrange it, passwords, codes, and the answers of authenticators.
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
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_multipart = pictures != Pictures::Refused
            && kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
        if is_multipart && pictures == Pictures::Dropped {
            return Self::read_without_picture(request, body).await;
        }
        let most = if is_multipart { UPLOAD_MAX } else { FORM_MAX };
        let bytes = read_whole(request.headers(), body, most).await?;
        // Each takes many times the memory of what was sent.
        if !is_multipart && bytes.iter().filter(|byte| **byte == b'&').count() >= FIELDS_MAX {
            return Err(poem::Error::from_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if is_multipart {
            let mut body = RequestBody::new(bytes.into());
            return Self::read_multipart(Multipart::from_request(request, &mut body).await?).await;
        }
        let is_form =
            kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let pairs = is_form.then(|| serde_urlencoded::from_bytes(&bytes).ok()).flatten();
        let pairs = pairs.ok_or_else(|| into_poem(Error::malformed("This is no form")))?;
        Ok(Self { pairs, ..Self::default() })
    }

    /// Reads what was typed into a form with a picture, which is never held as a whole.
    async fn read_without_picture(request: &Request, body: Body) -> poem::Result<Self> {
        let length = request.header(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        if length.is_none_or(|length: usize| length > UPLOAD_MAX) {
            return Err(poem::Error::from_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let mut body = RequestBody::new(body);
        let mut parts = Multipart::from_request(request, &mut body).await?;
        let garbled = || poem::Error::from_status(StatusCode::BAD_REQUEST);
        let (mut fields, mut left) = (Self::default(), FORM_MAX as u64);
        let mut parts_left = FIELDS_MAX;
        while let Some(part) = parts.next_field().await.map_err(|_| garbled())? {
            parts_left = parts_left.checked_sub(1).ok_or_else(too_many)?;
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = part.file_name() {
                fields.had_file |= !file.is_empty();
                continue;
            }
            let mut text = String::new();
            let mut reader = part.into_async_read().take(left);
            reader.read_to_string(&mut text).await.map_err(|_| garbled())?;
            left = left.saturating_sub(text.len() as u64);
            if left == 0 {
                return Err(poem::Error::from_status(StatusCode::PAYLOAD_TOO_LARGE));
            }
            fields.pairs.push((name, text));
        }
        Ok(fields)
    }

    async fn read_multipart(mut parts: Multipart) -> poem::Result<Self> {
        let mut fields = Self::default();
        let garbled = || poem::Error::from_status(StatusCode::BAD_REQUEST);
        let mut parts_left = FIELDS_MAX;
        while let Some(part) = parts.next_field().await.map_err(|_| garbled())? {
            parts_left = parts_left.checked_sub(1).ok_or_else(too_many)?;
            let name = part.name().unwrap_or_default().to_owned();
            if part.file_name().is_some() {
                let bytes = part.bytes().await.map_err(|_| garbled())?;
                fields.upload = Some(bytes).filter(|bytes| !bytes.is_empty());
                fields.had_file |= fields.upload.is_some();
            } else {
                fields.pairs.push((name, part.text().await.map_err(|_| garbled())?));
            }
        }
        Ok(fields)
    }

    /// The text of a form that is held while somebody signs in again: no secret, and nothing that
    /// belongs to the session that ended.
    pub fn held(&self) -> Vec<(String, String)> {
        let is_held = |(name, _): &&(String, String)| !NOT_HELD.contains(&&**name);
        self.pairs.iter().filter(is_held).cloned().collect()
    }

    /// A form that was held.
    pub fn of_held(pairs: Vec<(String, String)>, had_file: bool) -> Self {
        Self { pairs, had_file, ..Self::default() }
    }

    /// Whether a file came with the form, be it that it was dropped.
    pub fn had_file(&self) -> bool {
        self.had_file
    }
}

fn too_many() -> poem::Error {
    poem::Error::from_status(StatusCode::PAYLOAD_TOO_LARGE)
}
