//! Made-up tokens, ids, codes and sealed text: none must be accepted.

#![no_main]

use std::sync::LazyLock;

use freelanceos::{
    app::{
        secret::{Keys, SecretKey},
        token::{TokenType, Tokens},
    },
    domain::{
        code::{Otp, SecondCode},
        id::{AccountId, Id, InvoiceId},
        input::Scalar,
        two_factor::Seed,
    },
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static TOKENS: LazyLock<Tokens> =
    LazyLock::new(|| Tokens::new(b"a secret that nobody who makes up a token knows").unwrap());
static KEYS: LazyLock<Keys> = LazyLock::new(|| SecretKey::new([7; 32]).keys().unwrap());

fuzz_target!(|data: &[u8]| {
    assert!(KEYS.open("anything", data).is_err());
    assert!(!KEYS.matches("anything", &[data], data));
    let Ok(text) = std::str::from_utf8(data) else { return };
    for typ in [TokenType::Access, TokenType::Refresh, TokenType::EmailLink] {
        assert!(TOKENS.verify(typ, text, Timestamp::UNIX_EPOCH).is_err());
        assert!(TOKENS.verify_of_any_age(typ, text).is_err());
    }
    // An id formats back to the parsed text.
    let id = InvoiceId::parse(text);
    assert!(id == Id::NIL || id.to_string() == text, "{text}");
    let id = AccountId::parse(text);
    assert!(id == Id::NIL || id.to_string() == text, "{text}");
    let value = text.into();
    if let Ok(otp) = Otp::parse(&value) {
        assert_eq!(otp.as_str().len(), 6);
    }
    if let Ok(code) = SecondCode::parse(&value) {
        let _ = Seed::new([1; Seed::SIZE]).step_of(&code, Timestamp::UNIX_EPOCH);
    }
    let _ = SecretKey::from_hex(text);
});
