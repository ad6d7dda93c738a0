//! Accounts that are connected to the stand-ins of payment providers.

use freelanceos::domain::provider::ProviderKind;
use reqwest::RequestBuilder;
use serde_json::json;

use super::{TestApp, User, provider};

impl User<'_> {
    /// Connects a provider, and returns the path of its webhook.
    pub async fn connect(&self, kind: ProviderKind) -> String {
        let body = json!({"providers": {kind.as_str(): provider::keys(kind)}});
        let settings = self.put("/settings", body).await;
        let provider = &settings.data(200)["providers"][kind.as_str()];
        let url = provider["webhookUrl"].as_str().unwrap();
        url.strip_prefix(super::PUBLIC_URL).unwrap().to_owned()
    }
}

impl TestApp {
    /// Starts the request of a webhook about a payment.
    pub fn webhook(&self, hook: &str, kind: ProviderKind, reference: &str) -> RequestBuilder {
        let at = self.app.now().as_second();
        provider::webhook(&self.http, &format!("{}{hook}", self.base), kind, at, reference)
    }
}
