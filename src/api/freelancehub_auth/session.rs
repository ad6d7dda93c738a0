//! `refresh` and `logout`.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    account::MessageBody,
    error::{Failed, Refreshing, SigningOut},
};
use crate::{
    app::{App, session::AccessLife},
    domain::{error::Result, session::Refresh},
    http::{
        answer::Bare,
        bearer::LastBearer,
        body::Body,
        schema::{bodies, schema},
    },
};

schema! {
    /// A new access token, under both names that front ends use.
    struct AccessBody "AuthAccess" {
        access_token "accessToken": String,
        same_token "access_token": String,
    }
}

bodies! {
    /// The refresh token of a session.
    RefreshInput "AuthRefresh" = Refresh, example r#"{"refreshToken": "eyJhbGciOiJIUzI1NiJ9…"}"#;
}

/// The routes of a session.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Get a new access token
    ///
    /// The refresh token stays valid until it expires or its session ends.
    #[oai(path = "/refresh", method = "post", operation_id = "refreshAuthToken")]
    async fn refresh(
        &self,
        body: Body<RefreshInput>,
    ) -> Result<Bare<AccessBody>, Failed<Refreshing>> {
        let claims = self.0.refresh(body.read()?).await?;
        let access_token = self.0.access_token(claims, AccessLife::Configured)?;
        Ok(Bare::new(AccessBody { same_token: access_token.clone(), access_token }))
    }

    /// End the session of the bearer token, if there is one
    ///
    /// Its access and refresh tokens stop working at once, on every API. Without a token the
    /// response is the same.
    #[oai(path = "/logout", method = "post", operation_id = "logoutAuth")]
    async fn logout(&self, bearer: LastBearer) -> Result<Bare<MessageBody>, Failed<SigningOut>> {
        if let Some(claims) = bearer.0 {
            self.0.logout(claims).await?;
        }
        Ok(Bare::new("Logged out successfully"))
    }
}
