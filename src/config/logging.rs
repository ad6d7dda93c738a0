//! What is logged, and how.

use clap::Args;

use super::WrongSetting;

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// What is logged: error, warn, info, debug, trace, or a filter such as info,poem=debug
    #[arg(long, env = "LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,

    /// How it is logged: text or json
    #[arg(long, env = "LOG_FORMAT", default_value = "text", value_name = "text|json")]
    pub log_format: String,
}

impl Logging {
    /// Whether lines are JSON.
    pub fn is_json(&self) -> Result<bool, WrongSetting> {
        match self.log_format.as_str() {
            "text" => Ok(false),
            "json" => Ok(true),
            other => Err(WrongSetting::new("LOG_FORMAT", other, "text or json")),
        }
    }

    /// The filter of what is logged.
    pub fn filter(&self) -> Result<tracing_subscriber::EnvFilter, WrongSetting> {
        let expected =
            "error, warn, info, debug, trace or off, or a filter such as info,poem=debug";
        tracing_subscriber::EnvFilter::try_new(&self.log)
            .map_err(|_| WrongSetting::new("LOG", &self.log, expected))
    }
}
