//! The outbox.

use super::App;
use crate::domain::{
    error::Result,
    id::AccountId,
    mail::{Letter, Mail},
};

impl App {
    /// A letter to be written in the transaction of what causes it.
    pub(super) fn letter(&self, account: Option<AccountId>, mail: &Mail) -> Result<Option<Letter>> {
        let now = self.now();
        let mut nonce = [0; 24];
        self.random.fill(&mut nonce);
        let sealed = self.keys()?.seal("mail", nonce, mail.text.as_bytes())?;
        Ok(Some(Letter {
            id: self.new_id(),
            account,
            kind: mail.kind,
            to: mail.to.clone(),
            subject: mail.subject.clone(),
            sealed: Some(sealed),
            tries: 0,
            due_at: now,
            last_error: None,
            delivered_at: None,
            failed_at: None,
            created_at: now,
        }))
    }

    /// Tells the worker that there is something to deliver.
    pub(super) fn wake_mail(&self) {}
}
