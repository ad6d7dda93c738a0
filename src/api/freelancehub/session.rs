//! Refreshing, listing and ending sessions.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    account::DoneBody,
    error::{Ending, Failed, Reading, Refreshing, SigningOut},
};
use crate::{
    app::{
        App,
        session::{AccessLife, HUB_ACCESS_LIFE, list_sessions},
    },
    domain::{
        id::SessionId,
        session::{Logout, Refresh, Session},
    },
    http::{
        answer::Bare,
        bearer::Bearer,
        body::Body,
        schema::{Instant, Nullable, Text, bodies, schema},
    },
};

schema! {
    /// A new access token.
    struct AccessBody "Access" {
        access_token "accessToken": String,
        /// Its lifetime in seconds.
        expires_in "expiresIn": i64,
    }
}

schema! {
    /// A sign-in on one device.
    struct SessionBody "Session" of (session, own): (Session, SessionId) {
        id "id": Text<SessionId> = Text(session.id),
        /// The device, as it describes itself.
        user_agent "userAgent": Nullable<String> = Nullable(session.device.user_agent),
        /// Whether this request belongs to it.
        current "current": bool = session.id == own,
        created_at "createdAt": Instant = Instant(session.created_at),
        /// When it was last refreshed, or created.
        last_used_at "lastUsedAt": Instant = Instant(session.last_used_at),
        expires_at "expiresAt": Instant = Instant(session.expires_at),
    }
}

bodies! {
    /// The refresh token of a session.
    RefreshInput "Refresh" = Refresh, example r#"{
        "refreshToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..."
    }"#;

    /// The refresh token of the session to end, if available.
    LogoutInput "Logout" = Logout, example r#"{
        "refreshToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..."
    }"#;
}

/// The routes of sessions.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Get a new access token
    ///
    /// The refresh token stays valid until it expires or its session ends.
    #[oai(path = "/refresh", method = "post", operation_id = "refreshToken")]
    async fn refresh(
        &self,
        body: Body<RefreshInput>,
    ) -> Result<Bare<AccessBody>, Failed<Refreshing>> {
        let claims = self.0.refresh(body.read()?).await?;
        let access_token = self.0.access_token(claims, AccessLife::Hour)?;
        Ok(Bare::new(AccessBody { access_token, expires_in: HUB_ACCESS_LIFE.as_secs() }))
    }

    /// Sign out of this device: every token of the session stops working
    ///
    /// Optional: a `refreshToken`. One of another session is refused.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        body: Body<LogoutInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<SigningOut>> {
        let logout = self.0.admit(bearer.0, body.read()).await?;
        self.0.logout_with(bearer.0, logout.refresh_token).await?;
        Ok(Bare::new("Logged out successfully"))
    }

    /// Sign out of every device, including this one
    ///
    /// Every token of the account stops working at once.
    #[oai(path = "/logout-all", method = "post", operation_id = "logoutAll")]
    async fn logout_all(&self, bearer: Bearer) -> Result<Bare<DoneBody>, Failed<Reading>> {
        self.0.logout_all(bearer.0).await?;
        Ok(Bare::new("Logged out of all devices successfully"))
    }

    /// List the signed-in devices, newest first
    ///
    /// Each is an active session. `current` marks the one of this request.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list(&self, bearer: Bearer) -> Result<Bare<Vec<SessionBody>>, Failed<Reading>> {
        let sessions = self.0.query(bearer.0, list_sessions).await?;
        let body = |session| SessionBody::from((session, bearer.0.session));
        Ok(Bare::new(sessions.into_iter().map(body).collect::<Vec<_>>()))
    }

    /// Sign out of one device
    ///
    /// Its tokens stop working at once.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "revokeSession")]
    async fn revoke(
        &self,
        bearer: Bearer,
        id: Path<String>,
    ) -> Result<Bare<DoneBody>, Failed<Ending>> {
        self.0.revoke_session(bearer.0, SessionId::parse(&id)).await?;
        Ok(Bare::new("Session ended successfully"))
    }
}
