//! The addresses that the server listens on.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// The default addresses. Two, because apps in the field expect either port.
pub const DEFAULT_ADDRESSES: [&str; 2] = ["localhost:3000", "localhost:3001"];

/// An address as the user writes it: `localhost`, which is IPv4 and IPv6, or an IP address, and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenAddress {
    ip: Option<IpAddr>,
    port: u16,
}

/// Text that is no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an address and a port, such as localhost:3000, 127.0.0.1:3000, [::1]:3000, or 0.0.0.0:3000 for every IPv4 \
     network of this machine."
)]
pub struct BadListenAddress;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The addresses, none of them twice.
    pub addresses: Vec<ListenAddress>,
    /// Whether these are the default ones: then the server starts when one of them can be had.
    pub is_default: bool,
}

impl ListenAddress {
    /// Reads an address. Port 0 lets the system choose.
    pub fn parse(text: &str) -> Result<Self, BadListenAddress> {
        let text = text.trim();
        if let Some(port) = text.strip_prefix("localhost:") {
            return Ok(Self { ip: None, port: parse_port(port)? });
        }
        let address: SocketAddr = text.parse().map_err(|_| BadListenAddress)?;
        Ok(Self { ip: Some(address.ip()), port: address.port() })
    }

    /// The sockets to open: two for `localhost`.
    #[must_use]
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let ips = self.ip.as_ref().map_or(loopback.as_slice(), std::slice::from_ref);
        ips.iter().map(|ip| SocketAddr::new(*ip, self.port)).collect()
    }

    /// Whether only this machine can reach it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.ip.is_none_or(|ip| ip.is_loopback())
    }
}

impl Default for Listen {
    fn default() -> Self {
        let addresses = DEFAULT_ADDRESSES.map(|text| ListenAddress::parse(text).expect("a test reads them"));
        Self { addresses: addresses.to_vec(), is_default: true }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            None => write!(f, "localhost:{}", self.port),
            Some(ip) => SocketAddr::new(ip, self.port).fmt(f),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, BadListenAddress> {
    // `parse` takes a plus sign too.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().map_err(|_| BadListenAddress) } else { Err(BadListenAddress) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_both_families_and_an_ip_is_itself() {
        let sockets = |text: &str| -> Vec<String> {
            ListenAddress::parse(text).unwrap().sockets().iter().map(ToString::to_string).collect()
        };
        assert_eq!(sockets("localhost:3000"), ["127.0.0.1:3000", "[::1]:3000"]);
        assert_eq!(sockets("0.0.0.0:80"), ["0.0.0.0:80"]);
        assert_eq!(sockets("[::1]:0"), ["[::1]:0"]);
    }

    #[test]
    fn only_loopback_addresses_are_loopback() {
        let check = |text, expected| assert_eq!(ListenAddress::parse(text).unwrap().is_loopback(), expected, "{text}");
        check("localhost:1", true);
        check("127.0.0.2:1", true);
        check("[::1]:1", true);
        check("0.0.0.0:1", false);
        check("[::]:1", false);
        check("192.168.0.2:1", false);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "3000", ":3000", "localhost", "localhost:", "localhost:+1", "localhost:65536", "host:1", "::1:3000"]
        {
            assert_eq!(ListenAddress::parse(bad), Err(BadListenAddress), "{bad}");
        }
    }

    #[test]
    fn an_address_prints_as_it_is_read() {
        for text in DEFAULT_ADDRESSES.into_iter().chain(["[::1]:7", "0.0.0.0:80"]) {
            assert_eq!(ListenAddress::parse(text).unwrap().to_string(), text);
        }
    }
}
