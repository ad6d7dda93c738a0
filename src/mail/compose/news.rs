//! Emails about actions of clients and visitors.

use super::{Brand, greeting, lines, mail};
use crate::{
    domain::{
        error::{Error, Result},
        mail::{Mail, MailKind},
        text::turns,
    },
    locale::t,
};

/// A message from the contact form; replies go to the visitor.
pub fn message_received(
    to: &str,
    first_name: &str,
    sender_name: &str,
    sender_email: &str,
    content: &str,
) -> Result<Mail> {
    let (greeting, content) = (&greeting(first_name), &lines(content));
    let sender_name = &sender_name.replace(turns, "");
    let parts = render!("mail/message_received.txt", "mail/message_received.html", {
        greeting: &'a str, sender_name: &'a str, sender_email: &'a str, content: &'a str,
    });
    let subject = t("mail-subject-message").with("name", sender_name).to_string();
    let mail = mail(MailKind::MessageReceived, to, &subject, &Brand::own(), parts)?;
    Ok(Mail { reply_to: Some(sender_email.to_owned()), ..mail })
}

/// News for an owner.
pub struct OwnerNews<'a> {
    pub kind: MailKind,
    pub to: &'a str,
    pub first_name: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    /// What is known besides; may be empty.
    pub detail: &'a str,
    /// The page about it, and the text of its button.
    pub link: &'a str,
    pub button: &'a str,
}

/// What others or the program did, for an owner.
pub fn owner_news(about: &OwnerNews) -> Result<Mail> {
    let &OwnerNews { to, link, button, .. } = about;
    let greeting = &greeting(about.first_name);
    let (text, detail) = (&about.text.replace(turns, ""), &about.detail.replace(turns, ""));
    let reason = &match about.kind {
        MailKind::Test => t("mail-test-reason"),
        _ => t("mail-owner-reason"),
    }
    .to_string();
    let parts = render!("mail/owner_news.txt", "mail/owner_news.html", {
        greeting: &'a str, text: &'a str, detail: &'a str, link: &'a str, reason: &'a str,
    }, { button: &'a str });
    mail(about.kind, to, about.subject, &Brand::own(), parts)
}

/// News for an owner whose address is not verified. The address may be someone else's, so the email
/// contains no text from the account or its visitors.
pub fn unproven_news(
    to: &str,
    first_name: &str,
    kind: MailKind,
    news: &str,
    link: &str,
) -> Result<Mail> {
    let greeting = &greeting(first_name);
    let parts = render!("mail/unproven_news.txt", "mail/unproven_news.html", {
        greeting: &'a str, news: &'a str, link: &'a str,
    });
    mail(kind, to, news.trim_end_matches('.'), &Brand::own(), parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_input_is_escaped_and_keeps_its_lines() {
        let content = "<script>alert(1)</script>\r\nsecond & last\u{1b}[2J";
        let mail =
            message_received("a@example.com", "Ada", "<b>Eve</b>", "eve@example.com", content)
                .unwrap();
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.html.contains("alert(1)"), "{}", mail.html);
        assert!(mail.html.contains(">second &#38; last[2J</div>"), "{}", mail.html);
        assert!(mail.text.contains("</script>\nsecond & last[2J"), "{}", mail.text);
        assert_eq!(mail.reply_to.as_deref(), Some("eve@example.com"));
        assert_eq!(mail.subject, "New message from <b>Eve</b>");
    }
}
