//! Passwords that attackers try first: the most frequently leaked ones, and obvious guesses. The
//! API documents specify their password rules completely, so pages and commands always refuse these
//! passwords, and the APIs only if a setting says so.

use zxcvbn::{matching::patterns::MatchPattern, zxcvbn};

use crate::domain::{
    account::{Account, Password},
    error::{Error, Result},
    input::{Required, input},
    rule::Rule,
    text::{NewPassword, fold},
};

/// Longer passwords are on no list, and take long to check.
const LOOKED_AT: usize = 40;
/// A password must withstand this many good guesses.
const GUESSES: u64 = 10_000;
/// The names of the program and its parts.
const OURS: [&str; 4] = ["freelanceos", "freelancehub", "freelance", "freelancer"];

/// Whether a password is among the 30,000 most frequently leaked, in any case and with the usual
/// character replacements, or would be found by ten thousand good guesses: `abcdefgh`,
/// `aaaaaaaaaa`, the name of this program.
pub fn is_common(password: &str) -> bool {
    if password.chars().count() > LOOKED_AT {
        return false;
    }
    let estimate = zxcvbn(password, &OURS);
    let is_listed = matches!(
        estimate.sequence(),
        [only] if matches!(only.pattern, MatchPattern::Dictionary(_))
    );
    is_listed || estimate.guesses() < GUESSES
}

/// Refuses a password that attackers try first, or that is derived from known data of its owner:
/// the email address, the part before its `@`, or one of `names`.
pub fn must_not_be_guessed(
    field: &'static str,
    password: &Password,
    email: &str,
    names: &[&str],
) -> Result<()> {
    let password = password.normal();
    let folded = fold(&password);
    let (local, _) = email.split_once('@').unwrap_or((email, ""));
    let mut known = [email, local].into_iter().chain(names.iter().copied());
    if known.any(|word| fold(word.trim()) == folded) || is_common(&password) {
        return Err(Error::field(field, Rule::PasswordCommon));
    }
    Ok(())
}

input! {
    /// A new password from a signed-in user who knows the current one; see [`check_rule`] for
    /// further rules.
    #[derive(Debug, Clone)]
    pub new PasswordChange;

    current "currentPassword": Required<Password>,
    new "newPassword": Required<NewPassword>
        = "The rules are those of the API that created the account.",
}

impl PasswordChange {
    /// Refuses an easily guessed password. No API document requires this.
    pub fn guarded(self) -> Result<Self> {
        must_not_be_guessed("newPassword", &self.new, "", &[])?;
        Ok(self)
    }
}

/// Refuses a password that the API that created the account does not accept.
///
/// # Errors
///
/// Invalid, for the field `newPassword`.
pub fn check_rule(account: &Account, new: &Password) -> Result<()> {
    account.made_by.check_password(new).map_err(|rule| Error::field("newPassword", rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_are_recognised() {
        for password in [
            "password",
            "Password123",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "aaaaaaaaaaaa",
            "abcdefgh",
            "1q2w3e4r",
            "P4ssw0rd",
            "drowssap",
            "FreelanceOS",
            "freelancer",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn documented_examples_and_strong_passwords_are_not_common() {
        for password in [
            "SecurePass123",
            "SecurePass123!",
            "StrongPassword123!",
            "securepass1!",
            "correct horse battery",
            "නැගෙනහිර පළාත",
            "Qx7#pLm2",
            &"a".repeat(64),
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn passwords_from_the_owners_data_are_recognised() {
        let check = |password: &str| {
            let password = Password::new(password.to_owned());
            must_not_be_guessed("password", &password, "ada.byron@example.com", &["Ada Lovelace"])
        };
        for password in ["Ada.Byron@Example.com", "ada.byron", "ada lovelace"] {
            assert!(check(password).is_err(), "{password}");
        }
        assert!(check("ada.byron.1815").is_ok());
    }
}
