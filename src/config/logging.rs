//! What those are told who watch the server.

use clap::Args;

use super::WrongSetting;

/// What is logged, and how; where figures are served.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// What is logged: error, warn, info, debug, trace, or a filter such as info,poem=debug
    #[arg(long, env = "LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,

    /// How it is logged: text or json
    #[arg(long, env = "LOG_FORMAT", default_value = "text", value_name = "text|json")]
    pub log_format: String,

    /// Address of a listener of its own for /metrics and /healthz, host:port [default: none]
    #[arg(long, env = "METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<String>,
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

    /// Where figures are served, if anywhere.
    pub fn metrics_listen(&self) -> Result<Option<String>, WrongSetting> {
        let Some(address) = &self.metrics_listen else { return Ok(None) };
        match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Some(address.clone()))
            }
            _ => Err(WrongSetting::new("METRICS_LISTEN", address, "one host:port")),
        }
    }

    /// The filter of what is logged.
    pub fn filter(&self) -> Result<tracing_subscriber::EnvFilter, WrongSetting> {
        let expected =
            "error, warn, info, debug, trace or off, or a filter such as info,poem=debug";
        let wrong = || WrongSetting::new("LOG", &self.log, expected);
        // A word that is no level would be the name of a part, and silence all others.
        let is_level = |text: &str| text.parse::<tracing::level_filters::LevelFilter>().is_ok();
        if !self.log.split(',').all(|part| part.contains('=') || is_level(part.trim())) {
            return Err(wrong());
        }
        tracing_subscriber::EnvFilter::try_new(&self.log).map_err(|_| wrong())
    }
}
