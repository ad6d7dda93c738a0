//! `/auth/me`: the signed-in user's account.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    envelope::{Answer, Reply},
    error::{ChangingSelf, Reading},
};
use crate::{
    app::{
        App,
        account::{find_account, update_account},
    },
    domain::{
        account::{Account, AccountChange, Role},
        id::AccountId,
        money::Currency,
    },
    http::{
        bearer::Bearer,
        body::Body,
        schema::{Instant, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A user.
    struct UserBody "User" of account: Account {
        id "id": Text<AccountId> = Text(account.id),
        email "email": String = account.email,
        first_name "firstName": String = account.first_name,
        last_name "lastName": String = account.last_name,
        /// The base currency of all totals.
        currency "currency": Text<Currency> = Text(account.currency),
        /// The timezone for months, days and "overdue".
        timezone "timezone": String = account.zone.name().to_owned(),
        avatar "avatar": Option<String> = account.avatar,
        created_at "createdAt": Instant = Instant(account.created_at),
        updated_at "updatedAt": Instant = Instant(account.updated_at),
        role "role": OneOf<Role> = OneOf(account.role),
        email_verified "emailVerified": bool = account.email_verified_at.is_some(),
    }
}

bodies! {
    /// A change of your account: any of the fields.
    UserChangeInput "UserChange" = AccountChange, example r#"{
        "currency": "NGN",
        "timezone": "Africa/Lagos"
    }"#;
}

/// The routes under `/auth`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Get the current user's profile
    ///
    /// The account that the bearer token belongs to, with its role and whether its address is
    /// verified.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn find(&self, bearer: Bearer) -> Answer<UserBody, Reading> {
        Ok(Reply::new(self.0.query(bearer.0, find_account).await?))
    }

    /// Update the current user's profile
    ///
    /// Accepts any of the fields. A new currency or timezone applies to all totals and due dates
    /// from then on; earlier payments keep the rate of their day.
    #[oai(path = "/me", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<UserChangeInput>,
        bearer: Bearer,
    ) -> Answer<UserBody, ChangingSelf> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let run = self.0.run(bearer.0, move |work| update_account(work, &change, None));
        Ok(Reply::new(run.await?))
    }
}
