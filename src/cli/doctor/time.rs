//! Checks the machine's clock against a time server (SNTP, RFC 4330), if one answers.

use std::{
    io,
    net::{ToSocketAddrs, UdpSocket},
    sync::mpsc,
    thread,
    time::Duration,
};

use jiff::tz::TimeZone;

use super::{super::now, Report};
use crate::domain::date::JsonTime;

const SERVER: (&str, u16) = ("pool.ntp.org", 123);
/// How long the time server and the DNS server may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Clock error in seconds from which it is reported. Two-factor codes are valid for 30.
const WRONG_FROM: i64 = 20;
/// Seconds from 1900, the NTP epoch, to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// Reports the time, and whether it is correct.
pub fn examine(report: &mut Report) {
    let now = now();
    let (text, year) = (JsonTime::of_instant(now).to_string(), now.to_zoned(TimeZone::UTC).year());
    if !(2025..2100).contains(&year) {
        return report.fail("clock", format!("{text} cannot be right"), ADVICE);
    }
    let Some(seconds) = patiently(|| seconds_ahead(SERVER)) else {
        return report
            .ok("clock", format!("{text}; not checked, because no time server responded"));
    };
    match wrong_by(seconds) {
        Some(wrong) => report.fail("clock", format!("{text} is {wrong}"), ADVICE),
        None => report.ok("clock", format!("{text}, confirmed by {}", SERVER.0)),
    }
}

const ADVICE: &str = "set the machine's clock, preferably with NTP: two-factor codes depend on it";

/// Describes the error of a clock that is this many seconds ahead; `None` if it is small.
fn wrong_by(seconds: i64) -> Option<String> {
    let side = if seconds > 0 { "ahead" } else { "behind" };
    match seconds.abs() {
        0..WRONG_FROM => None,
        apart @ 0..120 => Some(format!("{apart} seconds {side}")),
        apart => Some(format!("about {} minutes {side}", (apart + 30) / 60)),
    }
}

/// Returns the answer if it comes in time: a name lookup may take longer.
fn patiently<T: Send + 'static>(ask: impl FnOnce() -> io::Result<T> + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(ask()));
    told.recv_timeout(2 * PATIENCE).ok()?.ok()
}

/// Returns how many seconds this machine's clock is ahead of that server's.
fn seconds_ahead(server: impl ToSocketAddrs) -> io::Result<i64> {
    let unanswered = || io::Error::from(io::ErrorKind::AddrNotAvailable);
    let address = server.to_socket_addrs()?.next().ok_or_else(unanswered)?;
    let here = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(here)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut packet = [0; 48];
    // Version 4, client mode.
    packet[0] = 0x23;
    socket.send(&packet)?;
    let length = socket.recv(&mut packet)?;
    let answer = packet.get(..length).and_then(server_time);
    let time = answer.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(now().as_second() - time)
}

/// Reads the epoch second from a server's answer; `None` if the server does not know the time.
fn server_time(packet: &[u8]) -> Option<i64> {
    let is_set = packet.first()? >> 6 != 3 && *packet.get(1)? != 0;
    let seconds = u32::from_be_bytes(packet.get(40..44)?.try_into().ok()?);
    // The counter wraps in 2036.
    let era = if seconds < 1 << 31 { 1_i64 << 32 } else { 0 };
    (is_set && packet.len() == 48).then(|| i64::from(seconds) + era - NTP_TO_UNIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose clock is `behind` seconds behind.
    fn server(behind: i64) -> std::net::SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut packet = [0; 48];
            let (length, asker) = socket.recv_from(&mut packet).unwrap();
            assert_eq!((length, packet[0]), (48, 0x23));
            packet[..2].copy_from_slice(&[0x24, 2]);
            let seconds = (now().as_second() - behind + NTP_TO_UNIX) as u32;
            packet[40..44].copy_from_slice(&seconds.to_be_bytes());
            socket.send_to(&packet, asker).unwrap();
        });
        address
    }

    #[test]
    fn the_error_of_the_clock_is_measured() {
        for behind in [0, 300, -7200] {
            let found = seconds_ahead(server(behind)).unwrap();
            assert!((found - behind).abs() <= 1, "{behind}: {found}");
        }
        assert_eq!(wrong_by(2), None);
        assert_eq!(wrong_by(-45).as_deref(), Some("45 seconds behind"));
        assert_eq!(wrong_by(301).as_deref(), Some("about 5 minutes ahead"));
    }

    #[test]
    fn a_server_without_the_time_is_ignored() {
        let mut packet = [0; 48];
        packet[0] = 0xe4;
        packet[1] = 1;
        assert_eq!(server_time(&packet), None, "a server that is not set");
        packet[..2].copy_from_slice(&[0x24, 0]);
        assert_eq!(server_time(&packet), None, "one that refuses");
        packet[..2].copy_from_slice(&[0x24, 1]);
        // RFC 4330: a counter that has wrapped means 2036 or later.
        assert_eq!(server_time(&packet), Some(2_085_978_496));
        assert_eq!(server_time(&packet[..20]), None);
    }
}
