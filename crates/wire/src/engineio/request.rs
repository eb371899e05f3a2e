//! What an Engine.IO request says in its query, what a refusal answers, and the handshake that an accepted one gets.

use crate::limits::ENGINEIO_QUERY_BYTES_MAX;

use super::session::{Config, Transport};

/// The parameters of a request's query that the protocol knows. Others are left to the application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<'a> {
    /// `EIO`, the protocol's version.
    pub version: Option<&'a str>,
    /// `transport`.
    pub transport: Option<&'a str>,
    /// `sid`, present once a session was opened.
    pub sid: Option<&'a str>,
    /// `t`, by which most clients make each request's address unique.
    pub stamp: Option<&'a str>,
}

/// A request that is refused, with the code and text that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `transport` is missing or none of ours.
    #[error("Transport unknown")]
    UnknownTransport,
    /// `sid` names no open session.
    #[error("Session ID unknown")]
    UnknownSession,
    /// A session is opened by GET only.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// The request does not fit the session's state.
    #[error("Bad request")]
    BadRequest,
    /// The application refused.
    #[error("Forbidden")]
    Forbidden,
    /// `EIO` is missing or not 4.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
}

impl Refusal {
    /// The JSON that the reference server answers with.
    #[must_use]
    pub const fn body(self) -> &'static str {
        match self {
            Self::UnknownTransport => r#"{"code":0,"message":"Transport unknown"}"#,
            Self::UnknownSession => r#"{"code":1,"message":"Session ID unknown"}"#,
            Self::BadHandshakeMethod => r#"{"code":2,"message":"Bad handshake method"}"#,
            Self::BadRequest => r#"{"code":3,"message":"Bad request"}"#,
            Self::Forbidden => r#"{"code":4,"message":"Forbidden"}"#,
            Self::UnsupportedVersion => r#"{"code":5,"message":"Unsupported protocol version"}"#,
        }
    }
}

impl<'a> Query<'a> {
    /// Reads a raw query string. The first of equal names counts. Values stay as they were sent: those of the protocol
    /// need no percent-encoding, and an encoded one is simply unknown.
    ///
    /// # Errors
    /// [`Refusal::BadRequest`] if the query is longer than any client's.
    pub fn parse(query: &'a str) -> Result<Self, Refusal> {
        if query.len() > ENGINEIO_QUERY_BYTES_MAX {
            return Err(Refusal::BadRequest);
        }
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let slot = match name {
                "EIO" => &mut parsed.version,
                "transport" => &mut parsed.transport,
                "sid" => &mut parsed.sid,
                "t" => &mut parsed.stamp,
                _ => continue,
            };
            slot.get_or_insert(value);
        }
        Ok(parsed)
    }

    /// The transport asked for, once it and the version are known to be ours.
    ///
    /// # Errors
    /// [`Refusal::UnknownTransport`] or [`Refusal::UnsupportedVersion`].
    pub fn transport(&self) -> Result<Transport, Refusal> {
        let transport = match self.transport {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            _ => return Err(Refusal::UnknownTransport),
        };
        if self.version == Some("4") { Ok(transport) } else { Err(Refusal::UnsupportedVersion) }
    }
}

/// The `0` packet that opens a session. `sid` must need no escaping in JSON.
#[must_use]
pub fn open_packet(sid: &str, transport: Transport, config: &Config) -> String {
    let upgrades = match transport {
        Transport::Polling => r#"["websocket"]"#,
        Transport::WebSocket => "[]",
    };
    let (interval, timeout) = (config.ping_interval.as_millis(), config.ping_timeout.as_millis());
    let max_payload = config.max_payload_bytes;
    format!(
        r#"0{{"sid":"{sid}","upgrades":{upgrades},"pingInterval":{interval},"pingTimeout":{timeout},"maxPayload":{max_payload}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_gives_its_known_parameters() {
        let query = Query::parse("EIO=4&transport=polling&t=Pq1&sid=abc&sid=other&x&foo=bar").unwrap();
        let expected = Query { version: Some("4"), transport: Some("polling"), sid: Some("abc"), stamp: Some("Pq1") };
        assert_eq!(query, expected);
        assert_eq!(query.transport(), Ok(Transport::Polling));
    }

    #[test]
    fn transport_is_judged_before_version() {
        let transport = |query| Query::parse(query).unwrap().transport();
        assert_eq!(transport("EIO=3"), Err(Refusal::UnknownTransport));
        assert_eq!(transport("EIO=4&transport=abc"), Err(Refusal::UnknownTransport));
        assert_eq!(transport("EIO=3&transport=polling"), Err(Refusal::UnsupportedVersion));
        assert_eq!(transport("transport=websocket"), Err(Refusal::UnsupportedVersion));
        assert_eq!(transport(""), Err(Refusal::UnknownTransport));
    }

    #[test]
    fn an_endless_query_is_refused() {
        assert_eq!(Query::parse(&"x".repeat(ENGINEIO_QUERY_BYTES_MAX + 1)), Err(Refusal::BadRequest));
        assert!(Query::parse(&"x".repeat(ENGINEIO_QUERY_BYTES_MAX)).is_ok());
    }

    #[test]
    fn refusals_carry_their_own_text() {
        for refusal in [Refusal::UnknownTransport, Refusal::UnknownSession, Refusal::UnsupportedVersion] {
            assert!(refusal.body().contains(&refusal.to_string()), "{refusal}");
        }
    }
}
