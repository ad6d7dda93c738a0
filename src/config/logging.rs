//! The settings of logging and of the metrics listener.

use clap::Args;

use super::{
    WrongSetting,
    value::{address, is_first},
};

/// The raw settings of logging and metrics.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// Log level (error, warn, info, debug, trace) or a filter such as info,poem=debug
    #[arg(long, env = "LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,

    /// Log format: text or json
    #[arg(long, env = "LOG_FORMAT", default_value = "text", value_name = "text|json")]
    pub log_format: String,

    /// Separate address for /metrics and /healthz, host:port [default: none]
    #[arg(long, env = "METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<String>,
}

impl Logging {
    /// Returns whether log lines are JSON.
    pub fn is_json(&self) -> Result<bool, WrongSetting> {
        Ok(!is_first("LOG_FORMAT", &self.log_format, ["text", "json"])?)
    }

    /// Returns the address of the metrics listener, if any.
    pub fn metrics_listen(&self) -> Result<Option<String>, WrongSetting> {
        let given = self.metrics_listen.as_deref();
        given.map(|text| address("METRICS_LISTEN", text, "one host:port")).transpose()
    }

    /// Returns the log filter.
    pub fn filter(&self) -> Result<tracing_subscriber::EnvFilter, WrongSetting> {
        let expected =
            "error, warn, info, debug, trace or off, or a filter such as info,poem=debug";
        let wrong = || WrongSetting::new("LOG", &self.log, expected);
        // An unknown level would be read as a module name, and silence all other modules.
        let is_level = |text: &str| text.parse::<tracing::level_filters::LevelFilter>().is_ok();
        if !self.log.split(',').all(|part| part.contains('=') || is_level(part.trim())) {
            return Err(wrong());
        }
        tracing_subscriber::EnvFilter::try_new(&self.log).map_err(|_| wrong())
    }
}
