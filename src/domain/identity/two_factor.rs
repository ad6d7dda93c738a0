//! The second factor: codes from an authenticator app (RFC 6238), and backup codes in case the app
//! is lost.

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Totp};

use crate::domain::{
    account::Password,
    code::SecondCode,
    input::{Required, input},
    redacted,
};

/// The issuer that authenticator apps show next to a code.
const ISSUER: &str = "FreelanceHub";
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// How many steps off a code is recognised, though not accepted: ten minutes.
const OTHER_STEPS: i64 = 20;
/// Codes up to this many steps off are valid too: clocks differ, and typing takes time.
const SKEW: u16 = 1;

/// The number of backup codes of an account.
pub const BACKUP_CODES: usize = 5;
/// The length of a backup code, which distinguishes it from an app's code.
pub const BACKUP_CODE_LENGTH: usize = 8;
const BACKUP_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The secret from which an authenticator app computes its codes. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; Seed::SIZE]);

impl Seed {
    pub const SIZE: usize = 20;

    pub fn new(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the time step of this code: that of `now` or one next to it.
    pub fn step_of(&self, code: &SecondCode, now: Timestamp) -> Option<i64> {
        let now = u64::try_from(now.as_second()).ok()?;
        let step = self.totp().check(code.as_str(), now)?;
        i64::try_from(step).ok()
    }

    /// Returns how many minutes fast the clock is that produced this code; negative if slow. `None`
    /// if the code matches no time nearby. The code is invalid anyway: this tells users which clock
    /// to set.
    pub fn minutes_ahead(&self, code: &SecondCode, now: Timestamp) -> Option<i64> {
        let steps = (2..=OTHER_STEPS).flat_map(|step| [step, -step]);
        steps.map(|step| step * STEP_SECONDS as i64).find_map(|seconds| {
            let then = now.checked_add(SignedDuration::from_secs(seconds)).ok()?;
            self.step_of(code, then)?;
            let minutes = (seconds.abs() + 59) / 60;
            Some(minutes * seconds.signum())
        })
    }

    /// Returns the secret in base32, for typing into an app that cannot scan.
    pub fn base32(&self) -> String {
        self.totp().secret().to_base32()
    }

    /// Returns the URI in the QR code for an authenticator app.
    pub fn uri(&self, email: &str) -> String {
        // RFC 3986 allows these characters anywhere.
        const RESERVED: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let email = utf8_percent_encode(email, RESERVED);
        let secret = self.base32();
        format!(
            "otpauth://totp/{ISSUER}:{email}?secret={secret}&issuer={ISSUER}\
             &algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    fn totp(&self) -> Totp {
        // `build` could only refuse values that cannot occur here.
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(SKEW)
            .with_secret(self.0)
            .build_noncompliant()
    }
}

/// A single-use code that replaces the app. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupCode(String);

impl BackupCode {
    /// Creates a code from random bytes. There are enough bytes that all codes are almost equally
    /// likely.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut rest = u128::from_be_bytes(bytes);
        let letters = (0..BACKUP_CODE_LENGTH).map(|_| {
            let letter = BACKUP_ALPHABET[(rest % 36) as usize];
            rest /= 36;
            char::from(letter)
        });
        Self(letters.collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

redacted!(Seed, BackupCode);

/// The details for setting up an authenticator app, shown to the owner once.
#[derive(Debug, Clone)]
pub struct Setup {
    pub seed: Seed,
    /// The account's name in the app's list.
    pub email: String,
    pub backup_codes: Vec<BackupCode>,
}

/// Whether an account requires a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub is_on: bool,
    pub backup_codes_left: i64,
}

input! {
    /// Confirms that the app is set up.
    #[derive(Debug, Clone)]
    pub new SetupProof;

    code "totpCode": Required<SecondCode>,
}

input! {
    /// Turns the second factor off.
    #[derive(Debug, Clone)]
    pub new Disabling;

    password "password": Required<Password>,
    code "totpCode": Required<SecondCode> = "A code of the authenticator app, or a backup code.",
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::input::Scalar;

    fn seed() -> Seed {
        Seed::new(*b"12345678901234567890")
    }

    fn step_of(code: &str, second: i64) -> Option<i64> {
        let code = SecondCode::parse(&json!(code)).unwrap();
        seed().step_of(&code, Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn codes_match_rfc_6238() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(code, second), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_is_accepted_one_step_before_and_after_its_own() {
        for second in [1_234_567_860, 1_234_567_890, 1_234_567_949] {
            assert_eq!(step_of("005924", second), Some(41_152_263), "{second}");
        }
        for second in [1_234_567_859, 1_234_567_950, -1] {
            assert_eq!(step_of("005924", second), None, "{second}");
        }
    }

    #[test]
    fn a_code_from_a_wrong_clock_shows_the_difference() {
        let ahead = |second: i64| {
            let code = SecondCode::parse(&json!("005924")).unwrap();
            seed().minutes_ahead(&code, Timestamp::from_second(second).unwrap())
        };
        // The code's own step begins at 1,234,567,890.
        for (now, minutes) in [
            (1_234_567_890 - 300, Some(5)),
            (1_234_567_890 + 300, Some(-5)),
            (1_234_567_890 - 60, Some(1)),
            (1_234_567_890 - 600, Some(10)),
            (1_234_567_890 - 3600, None),
            (1_234_567_890 + 3600, None),
        ] {
            assert_eq!(ahead(now), minutes, "{now}");
        }
    }

    #[test]
    fn a_code_has_six_digits_and_may_contain_spaces() {
        assert_eq!(step_of(" 005 924 ", 1_234_567_890), Some(41_152_263));
        for code in ["5924", "0059240", "00592a", "+05924", "٠٠٥٩٢٤"] {
            assert_eq!(step_of(code, 1_234_567_890), None, "{code}");
        }
    }

    #[test]
    fn the_uri_names_issuer_and_account() {
        assert_eq!(
            seed().uri("a+b&c=d@exämple.com"),
            "otpauth://totp/FreelanceHub:a%2Bb%26c%3Dd%40ex%C3%A4mple.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=FreelanceHub\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_backup_code_has_eight_characters_and_parses_as_typed() {
        for bytes in [[0; 16], [255; 16], *b"any sixteen byte"] {
            let code = BackupCode::from_random(bytes);
            assert_eq!(code.as_str().len(), BACKUP_CODE_LENGTH);
            let typed = format!(" {} ", code.as_str().to_uppercase());
            assert_eq!(SecondCode::parse(&json!(typed)).unwrap().as_str(), code.as_str());
        }
    }
}
