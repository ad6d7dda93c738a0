//! Passwords that are tried first: those that leaked most often, and what anybody would guess. The
//! documents of the APIs say all that theirs ask of a password, so pages and commands refuse these,
//! and the APIs only where a setting says so.

use zxcvbn::{matching::patterns::MatchPattern, zxcvbn};

use crate::domain::{
    account::{Account, Password},
    error::{Error, Result},
    input::{Required, input},
    rule::Rule,
    text::{NewPassword, fold},
};

/// Longer ones are on no list, and take long to look at.
const LOOKED_AT: usize = 40;
/// Who guesses well needs more tries than this for a password that is taken.
const GUESSES: u64 = 10_000;
/// What the program and its parts are called.
const OURS: [&str; 4] = ["freelanceos", "freelancehub", "freelance", "freelancer"];

/// Whether a password stands in the list of 30,000 that leaked most often, in any case and with
/// the usual letters replaced, or would be found by ten thousand good guesses: `abcdefgh`,
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

/// Refuses a password that is tried first, or is what everybody knows of its owner: the e-mail
/// address, what stands before its `@`, or one of `names`.
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
    /// Another password of somebody who is signed in and knows the current one; see [`check_rule`]
    /// for what else is asked of it.
    #[derive(Debug, Clone)]
    pub new PasswordChange;

    current "currentPassword": Required<Password>,
    new "newPassword": Required<NewPassword>
        = "By the rule of the document that the account was made by.",
}

impl PasswordChange {
    /// Refuses a password that would be guessed, which no document asks for.
    pub fn guarded(self) -> Result<Self> {
        must_not_be_guessed("newPassword", &self.new, "", &[])?;
        Ok(self)
    }
}

/// Refuses a password that the API by which the account was made does not take.
///
/// # Errors
///
/// Invalid, at the field `newPassword`.
pub fn check_rule(account: &Account, new: &Password) -> Result<()> {
    account.made_by.check_password(new).map_err(|rule| Error::field("newPassword", rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_common() {
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
    fn what_the_documents_use_and_what_nobody_would_guess_is_not() {
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
    fn what_everybody_knows_of_its_owner_is_told() {
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
