//! Which hosts this server answers to. With `--dev` everybody on the machine is let in, so a page of the outside that
//! points its own name at this machine (DNS rebinding) must not get near: only loopback names are answered.

use axum::http::{HeaderMap, StatusCode, header, uri::Authority};

use super::Refused;

/// The rule of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Any host name: the proxy in front, or the network, decides who comes.
    Open,
    /// `localhost`, `127.0.0.1` and `[::1]`, on any port.
    Loopback,
}

impl Gate {
    /// Refuses a foreign host, on every path and transport.
    pub(super) fn check(self, headers: &HeaderMap) -> Result<(), Refused> {
        let error = "with --dev this server answers only to localhost, 127.0.0.1 and [::1]; start it without --dev to serve others";
        if self.admits(headers) { Ok(()) } else { Err(Refused::new(StatusCode::FORBIDDEN, "host_refused", error)) }
    }

    fn admits(self, headers: &HeaderMap) -> bool {
        match self {
            Self::Open => true,
            Self::Loopback => headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok())
                .and_then(|host| host.parse::<Authority>().ok())
                .is_some_and(|host| {
                    matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]") && !host.as_str().contains('@')
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass_the_gate_of_dev() {
        let check = |host: &str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(Gate::Loopback.admits(&headers), expected, "{host}");
            assert!(Gate::Open.admits(&headers));
        };
        for good in ["localhost", "localhost:3000", "127.0.0.1:1", "[::1]:3001", "[::1]"] {
            check(good, true);
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:3000",
            "user@localhost",
            "0.0.0.0:3000",
            "",
            "::1",
        ] {
            check(bad, false);
        }
        assert!(!Gate::Loopback.admits(&HeaderMap::new()));
    }
}
