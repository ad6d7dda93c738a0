//! Where a request comes from: its address and user agent.

use std::net::IpAddr;

use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderMap, Method, header},
};

use crate::domain::session::Device;

/// The client's address, determined once per request.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

/// Marks a HEAD request, which the routes handle as GET.
#[derive(Debug, Clone, Copy)]
pub struct HeadOnly;

/// The sender of a request, as far as known.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub address: Option<IpAddr>,
    pub device: Device,
    /// See [`is_robot`].
    pub is_robot: bool,
}

/// Substrings of the user agents of robots, in lower case: search engines, programs that preview or
/// check links, and monitors. Most others contain `bot` or the URL of a page about themselves.
const ROBOTS: [&str; 44] = [
    "barracuda",
    "bingpreview",
    "bot",
    "chrome-lighthouse",
    "cloudmark",
    "crawl",
    "embedly",
    "evc-batch",
    "externalagent",
    "externalfetcher",
    "externalhit",
    "facebookcatalog",
    "facebookplatform",
    "favicon",
    "feedfetcher",
    "flipboardproxy",
    "google-inspectiontool",
    "google-pagerenderer",
    "google-read-aloud",
    "google-safety",
    "google web preview",
    "googledocs",
    "googleimageproxy",
    "headlesschrome",
    "iframely",
    "imgproxy",
    "kakaotalk-scrap",
    "linkcheck",
    "mediapartners",
    "microsoft office",
    "mimecast",
    "ms-office",
    "msoffice",
    "phantomjs",
    "pingdom",
    "preview",
    "proofpoint",
    "safelinks",
    "scanner",
    "slurp",
    "spider",
    "validator",
    "vkshare",
    "whatsapp",
];

/// How browsers' user agents start.
const BROWSERS: [&str; 8] =
    ["Mozilla/", "Opera/", "Lynx/", "Links ", "ELinks/", "w3m/", "NetSurf/", "Dillo/"];

/// Returns whether a person views a page or file, as far as a request shows: a browser navigates to
/// it, and it is neither a robot nor a prefetch.
pub fn is_person(request: &Request) -> bool {
    let headers = request.headers();
    // Current browsers send the purpose of a request; older ones send nothing.
    let goes_there = match text(headers, "sec-fetch-mode") {
        "" => true,
        mode => mode == "navigate",
    };
    let agent = text(headers, "user-agent");
    goes_there && !is_robot(request) && BROWSERS.iter().any(|browser| agent.starts_with(browser))
}

/// Returns whether a request comes from a robot or is a prefetch.
pub fn is_robot(request: &Request) -> bool {
    let headers = request.headers();
    let is_get = *request.method() == Method::GET && request.data::<HeadOnly>().is_none();
    let is_ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| {
        let purpose = text(headers, name).to_ascii_lowercase();
        ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.contains(ahead))
    });
    let agent = text(headers, "user-agent").to_ascii_lowercase();
    // One phone maker has "bot" in its name.
    let agent = agent.replace("cubot", "");
    let is_known = ROBOTS.iter().any(|robot| agent.contains(robot))
        || agent.contains("+http")
        || (agent.contains("(compatible;") && !agent.contains("msie"));
    !is_get || is_ahead || is_known
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let user_agent = request.headers().get(header::USER_AGENT);
        Ok(Self {
            address: request.data::<Address>().map(|address| address.0),
            device: Device::new(user_agent.and_then(|value| value.to_str().ok())),
            is_robot: is_robot(request),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn asked(method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_person(&request.finish())
    }

    #[test]
    fn browser_navigations_are_visits() {
        for agent in [
            FIREFOX,
            "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/138.0 Mobile",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Safari",
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
            "Lynx/2.9.2 libwww-FM/2.14",
        ] {
            assert!(asked(Method::GET, &[("user-agent", agent)]), "{agent}");
        }
        let headers = [
            ("user-agent", FIREFOX),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(asked(Method::GET, &headers));
    }

    #[test]
    fn previews_prefetches_and_robots_are_not_visits() {
        for agent in [
            "",
            "curl/8.14.1",
            "WhatsApp/2.23.20.0 A",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Slack-ImgProxy (+https://api.slack.com/robots)",
            "TelegramBot (like TwitterBot)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) \
             Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com \
             GoogleImageProxy)",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SkypeUriPreview Preview/0.5",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
            "Mozilla/5.0 (compatible; Linespider/1.1)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/138.0 Safari/537.36",
            "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
        ] {
            assert!(!asked(Method::GET, &[("user-agent", agent)]), "{agent}");
        }
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-purpose", "preview"),
            ("x-moz", "prefetch"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-mode", "cors"),
        ] {
            assert!(!asked(Method::GET, &[("user-agent", FIREFOX), (name, value)]), "{name}");
        }
        assert!(!asked(Method::HEAD, &[("user-agent", FIREFOX)]));
    }
}
