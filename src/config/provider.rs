//! The settings of payment providers.

use clap::Args;

use super::{WrongSetting, value::url};
use crate::provider::Urls;

/// The raw settings of payment providers.
#[derive(Debug, Clone, Args)]
pub struct ProviderSettings {
    /// Base URL of Paystack's API; set another one only for tests
    #[arg(long, env = "PAYSTACK_URL", value_name = "URL")]
    paystack_url: Option<String>,

    /// Base URL of Flutterwave's API; set another one only for tests
    #[arg(long, env = "FLUTTERWAVE_URL", value_name = "URL")]
    flutterwave_url: Option<String>,

    /// Base URL of Stripe's API; set another one only for tests
    #[arg(long, env = "STRIPE_URL", value_name = "URL")]
    stripe_url: Option<String>,
}

impl ProviderSettings {
    /// Returns where the providers are.
    pub fn urls(&self) -> Result<Urls, WrongSetting> {
        let usual = Urls::default();
        let given = |name, given: &Option<String>, usual| {
            given.as_deref().map_or(Ok(usual), |text| url(name, text))
        };
        Ok(Urls {
            paystack: given("PAYSTACK_URL", &self.paystack_url, usual.paystack)?,
            flutterwave: given("FLUTTERWAVE_URL", &self.flutterwave_url, usual.flutterwave)?,
            stripe: given("STRIPE_URL", &self.stripe_url, usual.stripe)?,
        })
    }
}
