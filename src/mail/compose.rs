//! The mails the program writes.

use jiff::SignedDuration;

use crate::domain::{
    error::Result,
    mail::{Mail, MailKind},
};

/// The code that proves an e-mail address, and a link that does it with one click.
pub fn verification(
    to: &str,
    first_name: &str,
    code: &str,
    code_life: SignedDuration,
    link: Option<&str>,
) -> Result<Mail> {
    let minutes = code_life.as_mins();
    let link = link.unwrap_or_default();
    let text = format!("Hello {first_name},\n\n{code}\n\n{minutes} minutes\n\n{link}\n");
    Ok(mail(MailKind::Verification, to, "Verify your e-mail", text))
}

/// The code that sets another password.
pub fn password_reset(
    to: &str,
    first_name: &str,
    code: &str,
    life: SignedDuration,
) -> Result<Mail> {
    let minutes = life.as_mins();
    let text = format!("Hello {first_name},\n\n{code}\n\n{minutes} minutes\n");
    Ok(mail(MailKind::PasswordReset, to, "Reset your password", text))
}

fn mail(kind: MailKind, to: &str, subject: &str, text: String) -> Mail {
    Mail {
        kind,
        to: to.to_owned(),
        subject: subject.to_owned(),
        html: text.clone(),
        text,
        reply_to: None,
    }
}
