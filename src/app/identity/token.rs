//! Tokens: JWTs signed with HS256 that name a session, or an email.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::{
    app::hs256,
    domain::{
        error::{Error, Result},
        id::Id,
        session::Claims,
        word::words,
    },
};

words! {
    /// The purpose of a token. It is valid for no other.
    TokenType {
        Access "access",
        Refresh "refresh",
        /// The link in an email; it names no session but has its own id.
        EmailLink "email_link",
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    sub: String,
    sid: String,
    typ: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Random bytes that distinguish two tokens issued in the same second.
pub type TokenId = [u8; 9];

/// Signs and verifies tokens.
pub struct Tokens {
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// `secret` is `JWT_SECRET`.
    pub fn new(secret: &[u8]) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // The library reads the system clock; ours is compared below.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            header: Header::new(Algorithm::HS256),
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// Returns a token for a session.
    pub fn sign(
        &self,
        typ: TokenType,
        claims: Claims,
        id: TokenId,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<String> {
        let body = Body {
            sub: claims.account.to_string(),
            sid: claims.session.to_string(),
            typ: typ.as_str().to_owned(),
            jti: URL_SAFE_NO_PAD.encode(id),
            iat: now.as_second(),
            exp: now.as_second() + life.as_secs(),
        };
        encode(&self.header, &body, &self.signing).map_err(Error::internal)
    }

    /// Returns the claims of a token if it is ours and has not expired.
    pub fn verify(&self, typ: TokenType, token: &str, now: Timestamp) -> Result<Claims> {
        match self.decode(typ, token)? {
            (claims, expires) if expires > now.as_second() => Ok(claims),
            _ => Err(refused()),
        }
    }

    /// Returns the claims of a token if it is ours, even if expired: enough to end its session.
    pub fn verify_of_any_age(&self, typ: TokenType, token: &str) -> Result<Claims> {
        self.decode(typ, token).map(|(claims, _)| claims)
    }

    fn decode(&self, typ: TokenType, token: &str) -> Result<(Claims, i64)> {
        if !token.split('.').next().is_some_and(is_plain) {
            return Err(refused());
        }
        let body = decode::<Body>(token, &self.verifying, &self.validation)
            .map_err(|error| refused().caused_by(error))?
            .claims;
        if body.typ != typ.as_str() {
            return Err(refused());
        }
        let claims = Claims { account: Id::parse(&body.sub), session: Id::parse(&body.sid) };
        Ok((claims, body.exp))
    }
}

/// The allowed content of a token's header: no key, and no `crit` that would have to be understood.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainHeader {
    alg: Algorithm,
    typ: Option<String>,
}

/// Returns whether a token's header contains only the fields of ours, in any order.
fn is_plain(header: &str) -> bool {
    let header = URL_SAFE_NO_PAD.decode(header).ok();
    header.and_then(|json| serde_json::from_slice(&json).ok()).is_some_and(
        |PlainHeader { alg, typ }| {
            alg == Algorithm::HS256 && typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
        },
    )
}

fn refused() -> Error {
    Error::unauthenticated("error-wrong-token")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn claims() -> Claims {
        let ids = crate::domain::id::IdSequence::default();
        Claims { account: ids.next(at(0), [1; 10]), session: ids.next(at(0), [2; 10]) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_token_is_valid_until_the_second_it_expires() {
        let (tokens, claims) = (Tokens::new(SECRET), claims());
        let token = tokens
            .sign(TokenType::Access, claims, [0; 9], at(0), SignedDuration::from_secs(60))
            .unwrap();
        assert_eq!(tokens.verify(TokenType::Access, &token, at(59)).unwrap(), claims);
        assert!(tokens.verify(TokenType::Access, &token, at(60)).is_err());
    }

    #[test]
    fn a_wrong_secret_or_algorithm_or_a_changed_body_is_refused() {
        let tokens = Tokens::new(SECRET);
        let life = SignedDuration::from_secs(60);
        let token = tokens.sign(TokenType::Access, claims(), [0; 9], at(0), life).unwrap();
        assert!(Tokens::new(b"another secret").verify(TokenType::Access, &token, at(1)).is_err());

        let mut parts: Vec<&str> = token.split('.').collect();
        // {"alg":"none"}
        parts[0] = "eyJhbGciOiJub25lIn0";
        let unsigned = format!("{}.{}.", parts[0], parts[1]);
        for forged in [&*parts.join("."), &unsigned, "", "a.b.c"] {
            assert!(tokens.verify(TokenType::Access, forged, at(1)).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_header_with_additional_fields_is_refused_even_if_signed() {
        let tokens = Tokens::new(SECRET);
        let body = URL_SAFE_NO_PAD.encode(
            serde_json::json!({
                "sub": claims().account.to_string(), "sid": claims().session.to_string(),
                "typ": "access", "jti": "", "iat": 1_800_000_000, "exp": 1_900_000_000,
            })
            .to_string(),
        );
        let is_taken = |header: &str| {
            let message = format!("{}.{body}", URL_SAFE_NO_PAD.encode(header));
            let tag = jsonwebtoken::crypto::sign(
                message.as_bytes(),
                &EncodingKey::from_secret(SECRET),
                Algorithm::HS256,
            );
            let token = format!("{message}.{}", tag.unwrap());
            tokens.verify(TokenType::Access, &token, at(1)).is_ok()
        };
        for header in [
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg": "HS256", "typ": "jwt"}"#,
            r#"{"alg":"HS256"}"#,
        ] {
            assert!(is_taken(header), "{header}");
        }
        for header in [
            r#"{"typ":"JWT","alg":"HS256","crit":["exp"]}"#,
            r#"{"typ":"JWT","alg":"HS256","crit":["x"],"x":1}"#,
            r#"{"typ":"JWT","alg":"HS256","b64":false}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"../../dev/null"}"#,
            r#"{"typ":"at+jwt","alg":"HS256"}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#,
        ] {
            assert!(!is_taken(header), "{header}");
        }
    }

    #[test]
    fn a_token_is_valid_only_for_its_own_purpose() {
        let (tokens, claims) = (Tokens::new(SECRET), claims());
        let types = [TokenType::Access, TokenType::Refresh, TokenType::EmailLink];
        for made in types {
            let token =
                tokens.sign(made, claims, [0; 9], at(0), SignedDuration::from_secs(60)).unwrap();
            for used in types {
                assert_eq!(tokens.verify(used, &token, at(1)).is_ok(), made == used);
                assert_eq!(tokens.verify_of_any_age(used, &token).is_ok(), made == used);
            }
        }
    }
}
