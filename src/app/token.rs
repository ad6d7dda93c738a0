//! Access tokens: JWTs signed with HS256 that name a session.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::hs256;
use crate::domain::{
    error::{Error, Result},
    id::Id,
    session::Claims,
};

/// What tells an access token from others signed with the same secret.
const ACCESS: &str = "access";

#[derive(Debug, Serialize, Deserialize)]
struct Body<'a> {
    sub: &'a str,
    sid: &'a str,
    typ: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Debug, Deserialize)]
struct OwnedBody {
    sub: String,
    sid: String,
    typ: String,
    exp: i64,
}

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
        // The library reads the machine's clock; ours is compared below.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            header: Header::new(Algorithm::HS256),
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// A token for a session.
    pub fn sign(&self, claims: Claims, now: Timestamp, life: SignedDuration) -> Result<String> {
        let (sub, sid) = (claims.account.to_string(), claims.session.to_string());
        let iat = now.as_second();
        let body = Body { sub: &sub, sid: &sid, typ: ACCESS, iat, exp: iat + life.as_secs() };
        encode(&self.header, &body, &self.signing).map_err(Error::internal)
    }

    /// What a token says, if it is ours and has not expired.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let refused = || Error::unauthenticated("Invalid or expired token");
        let body = decode::<OwnedBody>(token, &self.verifying, &self.validation)
            .map_err(|error| refused().caused_by(error))?
            .claims;
        if body.typ != ACCESS || body.exp <= now.as_second() {
            return Err(refused());
        }
        Ok(Claims { account: Id::parse(&body.sub), session: Id::parse(&body.sid) })
    }
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
    fn a_token_is_good_until_the_second_it_expires() {
        let (tokens, claims) = (Tokens::new(SECRET), claims());
        let token = tokens.sign(claims, at(0), SignedDuration::from_secs(60)).unwrap();
        assert_eq!(tokens.verify(&token, at(59)).unwrap(), claims);
        assert!(tokens.verify(&token, at(60)).is_err());
    }

    #[test]
    fn another_secret_another_algorithm_or_a_changed_body_is_refused() {
        let tokens = Tokens::new(SECRET);
        let life = SignedDuration::from_secs(60);
        let token = tokens.sign(claims(), at(0), life).unwrap();
        assert!(Tokens::new(b"another secret").verify(&token, at(1)).is_err());

        let mut parts: Vec<&str> = token.split('.').collect();
        // {"alg":"none"}
        parts[0] = "eyJhbGciOiJub25lIn0";
        assert!(tokens.verify(&parts.join("."), at(1)).is_err());
        assert!(tokens.verify(&format!("{}.{}.", parts[0], parts[1]), at(1)).is_err());
        assert!(tokens.verify("", at(1)).is_err());
        assert!(tokens.verify("a.b.c", at(1)).is_err());
    }
}
