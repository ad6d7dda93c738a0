//! What a request is called, and where it comes from, by itself or by what a trusted proxy says.

use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
    sync::atomic::Ordering,
};

use poem::{Request, http::HeaderMap};

use super::edge::{Gate, REQUEST_ID};

impl Gate {
    /// The request id that a trusted proxy gave, where it is well-formed, else a new one.
    pub(super) fn request_id(&self, headers: &HeaderMap) -> String {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        match given {
            Some(id) if self.trust_proxy && is_request_id(id) => id.to_owned(),
            _ => {
                let number = self.requests.fetch_add(1, Ordering::Relaxed);
                let mut id = String::with_capacity(self.boot.len() + 12);
                // Writing to a string does not fail.
                let _ = write!(id, "{}-{number}", self.boot);
                id
            }
        }
    }

    /// The address that counts: the peer's, or what a trusted proxy says of its own peer.
    pub(super) fn address(&self, request: &Request) -> Option<IpAddr> {
        let forwarded = || {
            let value = request.headers().get_all("x-forwarded-for").iter().next_back()?;
            let address = value.to_str().ok()?.rsplit(',').next()?.trim();
            // Some proxies name the port too.
            let with_port = || Some(address.parse::<SocketAddr>().ok()?.ip());
            address.parse().ok().or_else(with_port)
        };
        let peer = || request.remote_addr().as_socket_addr().map(|address| address.ip());
        if self.trust_proxy { forwarded().or_else(peer) } else { peer() }
    }
}

fn is_request_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
}
