//! Emails about signing in.

use jiff::SignedDuration;

use super::{Brand, greeting, life, mail, shown_name};
use crate::{
    domain::{
        account::SignInChange,
        error::{Error, Result},
        mail::{Mail, MailKind},
    },
    locale::t,
};

/// How long the link in a verification email is valid.
pub const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The content of an email that verifies an address.
pub struct Verification<'a> {
    pub to: &'a str,
    pub first_name: &'a str,
    /// The account's name.
    pub name: &'a str,
    /// The address of this server.
    pub server: &'a str,
    pub code: &'a str,
    pub code_life: SignedDuration,
    /// Verifies the address with one click.
    pub link: Option<&'a str>,
    /// Deletes the account, which is not in use yet.
    pub removal_link: Option<&'a str>,
}

/// The code that verifies an email address. The email names the account, so that nobody verifies
/// someone else's account by mistake.
pub fn verification(about: &Verification) -> Result<Mail> {
    let &Verification { to, first_name, code, server, link, removal_link, .. } = about;
    let (greeting, code_life, link_life) =
        (&greeting(first_name), &life(about.code_life), &life(LINK_LIFE));
    let account = match shown_name(about.name) {
        Some(name) => format!("{name} ({to})"),
        None => to.to_owned(),
    };
    let account = account.as_str();
    let parts = render!("mail/verification.txt", "mail/verification.html", {
        greeting: &'a str, account: &'a str, server: &'a str, code: &'a str, code_life: &'a str,
        link: Option<&'a str>, link_life: &'a str, removal_link: Option<&'a str>,
    });
    mail(MailKind::Verification, to, &t("verify-your-email").to_string(), &Brand::own(), parts)
}

/// The code for choosing a new password.
pub fn password_reset(
    to: &str,
    first_name: &str,
    code: &str,
    code_life: SignedDuration,
) -> Result<Mail> {
    let (greeting, code_life) = (&greeting(first_name), &life(code_life));
    let parts = render!("mail/password_reset.txt", "mail/password_reset.html", {
        greeting: &'a str, code: &'a str, code_life: &'a str,
    });
    mail(MailKind::PasswordReset, to, &t("reset-your-password").to_string(), &Brand::own(), parts)
}

/// A notice of a change to how an account signs in.
pub fn security_notice(to: &str, first_name: &str, change: SignInChange, at: &str) -> Result<Mail> {
    let subject = match change {
        SignInChange::Password => t("mail-security-password"),
        SignInChange::TwoFactorOn => t("mail-security-two-factor-on"),
        SignInChange::TwoFactorOff => t("mail-security-two-factor-off"),
        SignInChange::PasskeyAdded => t("mail-security-passkey-added"),
        SignInChange::PasskeyRemoved => t("mail-security-passkey-removed"),
        SignInChange::WrongFactor => t("mail-security-wrong-factor"),
    };
    let is_try = change == SignInChange::WrongFactor;
    let (greeting, change) = (&greeting(first_name), &subject.to_string());
    let parts = render!("mail/security_notice.txt", "mail/security_notice.html", {
        greeting: &'a str, change: &'a str, at: &'a str, is_try: bool,
    });
    mail(MailKind::SecurityNotice, to, change, &Brand::own(), parts)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::assert_says, *};

    fn verifies<'a>(link: Option<&'a str>, removal_link: Option<&'a str>) -> Verification<'a> {
        Verification {
            to: "a@example.com",
            first_name: "Ada",
            name: "Ada Obi",
            server: "https://office.example.com",
            code: "123456",
            code_life: SignedDuration::from_mins(10),
            link,
            removal_link,
        }
    }

    #[test]
    fn a_verification_email_has_code_and_link_and_their_lifetimes() {
        let link = "http://localhost:5000/verify?token=a.b&x=1";
        let mail = verification(&verifies(Some(link), None)).unwrap();
        assert_says(&mail, &["Hello Ada,", "123456", "10 minutes", "24 hours"]);
        assert!(mail.text.contains(link), "{}", mail.text);
        let escaped = link.replace('&', "&#38;");
        assert_eq!(mail.html.matches(&escaped).count(), 1, "{}", mail.html);
        assert!(mail.html.contains(">Verify email address</a>"));
        assert!(!mail.subject.contains("123456"));
        assert!(!format!("{mail:?}").contains("123456"), "{mail:?}");

        let mail = verification(&verifies(None, None)).unwrap();
        assert!(mail.text.contains("It expires in 10 minutes."), "{}", mail.text);
        assert!(!mail.html.contains("href") && !mail.text.contains("24 hours"));
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
    }

    #[test]
    fn a_verification_email_names_the_account_and_offers_to_delete_it() {
        let link = "https://office.example.com/not-me?token=a.b";
        let mail = verification(&verifies(None, Some(link))).unwrap();
        assert_says(&mail, &["Ada Obi (a@example.com)", "https://office.example.com", link]);
        let posing = Verification { name: "evil.example Obi", ..verifies(None, Some(link)) };
        let mail = verification(&posing).unwrap();
        assert!(!mail.text.contains("evil.example"), "{}", mail.text);
    }

    #[test]
    fn a_reset_email_has_the_code() {
        let life = SignedDuration::from_secs(300);
        let mail = password_reset("a@example.com", "Ada", "654321", life).unwrap();
        assert_says(&mail, &["654321", "5 minutes"]);
        assert!(!mail.subject.contains("654321"));
    }

    #[test]
    fn a_notice_says_what_changed_and_when_and_what_to_do() {
        let (change, at) = (SignInChange::Password, "18 Mar 2026, 13:05 (Africa/Lagos)");
        let mail = security_notice("a@example.com", "Ada", change, at).unwrap();
        assert_eq!(mail.subject, "Your password was changed");
        assert_says(&mail, &["Your password was changed on 18 Mar 2026, 13:05", "Forgot"]);
    }
}
