//! Browsers that have signed in to an account before. They hold a mark that only this program can
//! create, so that strangers' attempts do not count against them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;

use crate::{
    app::{App, asker::Asker, token::TokenType},
    domain::{
        error::{Error, Result},
        text,
    },
    store,
};

/// How long a browser stays known after signing in.
pub const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The context of mark hashes.
const MARK: &str = "known browser";
/// The length in bytes of a mark's unique part.
const NAME: usize = 16;
/// The length in bytes of a mark's expiry, in seconds.
const END: usize = 8;

impl App {
    /// Returns a mark for the browser that has just signed in with this email. It does not reveal
    /// the account.
    pub fn browser_mark(&self, email: &str) -> Result<String> {
        let end = (self.now() + KNOWN_FOR).as_second().to_be_bytes();
        let body = [&self.random_bytes::<NAME>()[..], &end].concat();
        let seal = self.keys()?.hash(MARK, &parts(&text::fold(email.trim()), &body));
        Ok(URL_SAFE_NO_PAD.encode([body.as_slice(), &seal].concat()))
    }

    /// Returns what identifies the calling browser among those known to the account with this
    /// email; None if it has neither a mark nor a token of the account.
    pub(in crate::app) async fn known_browser(&self, email: &str) -> Result<Option<Vec<u8>>> {
        let asker = Asker::current();
        if let Some(name) = self.name_in(&asker.marks, email)? {
            return Ok(Some(name));
        }
        let now = self.now();
        let claims = asker.token.and_then(|token| {
            let types = [TokenType::Access, TokenType::Refresh];
            types.into_iter().find_map(|typ| self.tokens.verify(typ, &token, now).ok())
        });
        let Some(claims) = claims else { return Ok(None) };
        let of = email.to_owned();
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &of)).await?;
        let is_own = found.is_some_and(|(account, _)| account.id == claims.account);
        Ok(is_own.then(|| claims.session.as_bytes().to_vec()))
    }

    /// Returns whether one of these marks belongs to the account with this email.
    pub fn is_known_by(&self, marks: &[String], email: &str) -> Result<bool> {
        Ok(self.name_in(marks, email)?.is_some())
    }

    /// Returns the browser's name in the first of these marks that belongs to the account with this
    /// email.
    fn name_in(&self, marks: &[String], email: &str) -> Result<Option<Vec<u8>>> {
        marks.iter().find_map(|mark| self.read_mark(mark, email).transpose()).transpose()
    }

    fn read_mark(&self, mark: &str, email: &str) -> Result<Option<Vec<u8>>> {
        let Ok(mark) = URL_SAFE_NO_PAD.decode(mark) else { return Ok(None) };
        let (Some((body, given)), keys) = (mark.split_at_checked(NAME + END), self.keys()?) else {
            return Ok(None);
        };
        let Some((name, end)) = body.split_at_checked(NAME) else { return Ok(None) };
        let end = i64::from_be_bytes(end.try_into().map_err(Error::internal)?);
        let is_ours = keys.matches(MARK, &parts(&text::fold(email.trim()), body), given);
        Ok((is_ours && end > self.now().as_second()).then(|| name.to_vec()))
    }
}

fn parts<'a>(email: &'a str, body: &'a [u8]) -> [&'a [u8]; 2] {
    [email.as_bytes(), body]
}
