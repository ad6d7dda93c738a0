//! Tokens: JWTs signed with HS256 that name a session, or an email.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::domain::{
    error::{Error, Result},
    id::Id,
    session::Claims,
    word::words,
};

/// The header of every token.
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

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
pub struct Tokens(Hmac<Sha256>);

impl Tokens {
    /// `secret` is `JWT_SECRET`.
    pub fn new(secret: &[u8]) -> Result<Self> {
        Hmac::new_from_slice(secret).map(Self).map_err(Error::internal)
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
        let body = serde_json::to_string(&body).map_err(Error::internal)?;
        Ok(self.signed(HEADER, &body))
    }

    fn signed(&self, header: &str, body: &str) -> String {
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let message = format!("{}.{}", encode(header.as_bytes()), encode(body.as_bytes()));
        let signature = encode(&self.over(&message).finalize().into_bytes());
        format!("{message}.{signature}")
    }

    fn over(&self, message: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
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
        let (message, signature) = token.rsplit_once('.').ok_or_else(refused)?;
        let (header, body) = message.split_once('.').ok_or_else(refused)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|e| refused().caused_by(e));
        // Compares in constant time.
        let check = self.over(message).verify_slice(&decode(signature)?);
        check.map_err(|error| refused().caused_by(error))?;
        let body: Body =
            serde_json::from_slice(&decode(body)?).map_err(|error| refused().caused_by(error))?;
        if !is_plain(&decode(header)?) || body.typ != typ.as_str() {
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
    alg: String,
    typ: Option<String>,
}

/// Returns whether a token's header contains only the fields of ours, in any order.
fn is_plain(header: &[u8]) -> bool {
    serde_json::from_slice(header).is_ok_and(|PlainHeader { alg, typ }| {
        alg == "HS256" && typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
    })
}

fn refused() -> Error {
    Error::unauthenticated("error-wrong-token")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn tokens() -> Tokens {
        Tokens::new(SECRET).unwrap()
    }

    fn claims() -> Claims {
        let ids = crate::domain::id::IdSequence::default();
        Claims { account: ids.next(at(0), [1; 10]), session: ids.next(at(0), [2; 10]) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_token_is_valid_until_the_second_it_expires() {
        let (tokens, claims) = (tokens(), claims());
        let token = tokens
            .sign(TokenType::Access, claims, [0; 9], at(0), SignedDuration::from_secs(60))
            .unwrap();
        assert_eq!(tokens.verify(TokenType::Access, &token, at(59)).unwrap(), claims);
        assert!(tokens.verify(TokenType::Access, &token, at(60)).is_err());
    }

    #[test]
    fn a_header_with_additional_fields_is_refused_even_if_signed() {
        let tokens = tokens();
        let body = serde_json::json!({
            "sub": claims().account.to_string(), "sid": claims().session.to_string(),
            "typ": "access", "jti": "", "iat": 1_800_000_000, "exp": 1_900_000_000,
        });
        let is_taken = |header: &str| {
            let token = tokens.signed(header, &body.to_string());
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
        let (tokens, claims) = (tokens(), claims());
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
