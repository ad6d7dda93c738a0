//! The emails that the program writes. Each has a text part and an HTML part that loads nothing.
//! The templates escape user input, and a subject is one line without secrets.

/// Fills the two templates of an email with the same fields; the last ones are only for HTML.
macro_rules! render {
    (
        $text:literal, $html:literal, { $($field:ident: $type:ty),* $(,)? }
        $(, { $($more:ident: $other:ty),* $(,)? })?
    ) => {{
        #[derive(askama::Template)]
        #[template(path = $text)]
        struct Text<'a> { $($field: $type,)* }
        #[derive(askama::Template)]
        #[template(path = $html)]
        struct Html<'a> { subject: &'a str, brand: &'a Brand, $($field: $type,)* $($($more: $other,)*)? }
        |subject: &str, brand: &Brand| -> Result<(String, String)> {
            let text = Text { $($field,)* };
            let html = Html { subject, brand, $($field,)* $($($more,)*)? };
            let text = askama::Template::render(&text).map_err(Error::internal)?;
            Ok((text, askama::Template::render(&html).map_err(Error::internal)?))
        }
    }};
}

mod account;
mod credit_note;
mod invoice;
mod news;
mod proposal;
mod receipt;

pub use self::{
    account::{LINK_LIFE, Verification, password_reset, security_notice, verification},
    credit_note::{CreditNoteMail, credit_note},
    invoice::{InvoiceMail, invoice, invoice_subject},
    news::{OwnerNews, message_received, owner_news, unproven_news},
    proposal::{
        DepositLink, ProposalCopy, ProposalOffer, proposal_answered, proposal_copy, proposal_offer,
    },
    receipt::{ReceiptMail, receipt, receipt_subject},
};

use jiff::SignedDuration;
use unicode_normalization::UnicodeNormalization;

use crate::{
    domain::{
        accent::Accent,
        error::Result,
        image::Image,
        invoice::Seller,
        mail::{Mail, MailKind},
        mail_settings::MailSettings,
        text::turns,
    },
    locale::t,
};

/// The fonts of every cell, since some email clients do not inherit them in tables.
const FONT: &str = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/// The maximum width and height of a logo.
const LOGO_SIDES: (u32, u32) = (160, 40);

/// The brand at the top of an email: name, logo or initial, and colour.
struct Brand {
    name: String,
    initial: String,
    /// The width and height of the logo.
    logo: Option<(u32, u32)>,
    accent: Accent,
}

impl Brand {
    fn new(name: &str, accent: Accent) -> Self {
        let first = name.chars().find(|c| c.is_alphanumeric());
        let initial = first.into_iter().flat_map(char::to_uppercase).collect();
        Self { name: name.to_owned(), initial, logo: None, accent }
    }

    /// The brand of a freelancer.
    fn of(seller: &Seller, logo: Option<&Image>) -> Self {
        let name = seller.party.heading().replace(turns, "");
        Self { logo: logo.map(fitted), ..Self::new(&name, seller.accent) }
    }

    /// The brand of this program.
    fn own() -> Self {
        Self::new("FreelanceOS", Accent::PINE)
    }
}

fn one_line(subject: &str) -> String {
    let subject = subject.replace(turns, "");
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn mail(
    kind: MailKind,
    to: &str,
    subject: &str,
    brand: &Brand,
    parts: impl FnOnce(&str, &Brand) -> Result<(String, String)>,
) -> Result<Mail> {
    let subject = one_line(subject);
    let (text, html) = parts(&subject, brand)?;
    let to = to.to_owned();
    let (from_name, reply_to, logo, attachment) = (None, None, None, None);
    Ok(Mail {
        kind,
        to,
        cc: Vec::new(),
        subject,
        text,
        html,
        from_name,
        reply_to,
        logo,
        attachment,
    })
}

/// Returns the size at which a logo fits its place; it is never enlarged.
fn fitted(logo: &Image) -> (u32, u32) {
    let ((most_wide, most_high), (width, height)) =
        (LOGO_SIDES, (logo.width.max(1), logo.height.max(1)));
    let (wide, high) = (width.min(most_wide), height.min(most_high));
    if wide * height <= high * width {
        (wide, (wide * height / width).max(1))
    } else {
        ((high * width / height).max(1), high)
    }
}

fn greeting(first_name: &str) -> String {
    match shown_name(first_name) {
        Some(name) => t("greeting").with("name", name),
        None => t("mail-greeting-nobody"),
    }
    .into()
}

/// Returns the name in the sender of an email to a client, unless it could be a link.
fn sender_name(own: &MailSettings, business: &str) -> Option<String> {
    shown_name(own.sender_name.as_deref().unwrap_or(business))
}

/// Returns what ends an email to a client; may be empty.
fn signature(own: &MailSettings) -> String {
    lines(own.signature.as_deref().unwrap_or_default())
}

/// A name, unless an email client might turn it into a link: someone who registers another person's
/// address must not send links there.
fn shown_name(name: &str) -> Option<String> {
    let name = name.trim().replace(turns, "");
    // Email clients turn names with dots of any script into links.
    let plain: String = name.nfkc().map(|c| if c == '\u{3002}' { '.' } else { c }).collect();
    let could_be_link = plain.contains(['/', ':', '@'])
        || plain.split('.').skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
    (!name.is_empty() && !could_be_link).then_some(name)
}

/// "10 minutes", "24 hours", "90 seconds".
fn life(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        _ if seconds % 3600 == 0 && seconds > 0 => (seconds / 3600, t("count-hours")),
        _ if seconds % 60 == 0 && seconds > 0 => (seconds / 60, t("count-minutes")),
        _ => (seconds, t("count-seconds")),
    };
    unit.count("count", count).into()
}

/// Free text with normalised line ends and without control characters.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !turns(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that both parts of an email contain these words.
    pub(super) fn assert_says(mail: &Mail, words: &[&str]) {
        for word in words {
            assert!(mail.text.contains(word), "{word}: {}", mail.text);
            assert!(mail.html.contains(word), "{word}: {}", mail.html);
        }
    }

    #[test]
    fn a_name_that_looks_like_a_link_is_left_out() {
        assert_eq!(greeting("කමල"), "Hello කමල,");
        assert_eq!(greeting("J. R."), "Hello J. R.,");
        for name in ["https://evil.example", "www.evil.example", "evil.example/x", "a@b", " "] {
            assert_eq!(greeting(name), "Hello,", "{name}");
        }
    }

    #[test]
    fn lifetimes_are_readable() {
        for (seconds, said) in
            [(600, "10 minutes"), (60, "1 minute"), (90, "90 seconds"), (86_400, "24 hours")]
        {
            assert_eq!(life(SignedDuration::from_secs(seconds)), said);
        }
    }
}
