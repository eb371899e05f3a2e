//! The server that is examined, and single HTTP requests to it.

use std::{fmt, io};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response, StatusCode, Uri, body::Incoming, client::conn::http1, header, http::request::Builder};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

use super::limits::{ANSWER_BYTES_MAX, ANSWER_TIME_MAX};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
}

/// Text that is no address of a server that the doctor can reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// TLS is for whatever stands before the server.
    #[error("the doctor does not speak https; give it the address behind the proxy, such as http://localhost:3000")]
    Https,
    /// Not an address.
    #[error("this is no address of a server; write it like http://localhost:3000")]
    Shape,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Nobody listens, or nobody can be reached.
    NoConnection(io::Error),
    /// Nothing within the time.
    TooSlow,
    /// The connection broke, or carried something else than HTTP.
    Broken(String),
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: hyper::HeaderMap,
    pub(super) body: Bytes,
}

impl Endpoint {
    /// Reads an address, with `/api` at its end or without, as clients are given it.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = text.parse().map_err(|_| BadAddress::Shape)?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http"), Some(host)) if !host.is_empty() => {
                Ok(Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(80) })
            }
            (Some("https"), _) => Err(BadAddress::Https),
            _ => Err(BadAddress::Shape),
        }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(path).header(header::HOST, self.authority())
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.send(self.request("GET", path).body(Full::default())).await
    }

    /// Posts JSON with a token.
    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> Result<Answer, NoAnswer> {
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Full::from(body.to_string()))).await
    }

    /// Sends one request over a connection of its own, and reads the whole answer.
    pub(super) async fn send(&self, request: hyper::http::Result<Request<Full<Bytes>>>) -> Result<Answer, NoAnswer> {
        let exchange = async {
            let response = self.exchange(request).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(broken)?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        timeout(ANSWER_TIME_MAX, exchange).await.map_err(|_| NoAnswer::TooSlow)?
    }

    /// Sends one request, and reads the head of the answer.
    pub(super) async fn exchange(
        &self,
        request: hyper::http::Result<Request<Full<Bytes>>>,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let request = request.map_err(|error| broken(Box::new(error)))?;
        let stream = TcpStream::connect((self.bare_host(), self.port)).await.map_err(NoAnswer::NoConnection)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(Box::new(error)))?;
        // It ends when the answer was read or dropped, or when the upgraded connection is.
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.map_err(|error| broken(Box::new(error)))
    }

    /// As a browser shows it.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.authority())
    }

    fn authority(&self) -> String {
        if self.port == 80 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl Answer {
    /// The body as JSON, or null.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's text, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The status, with what the server said about it.
    pub(super) fn complaint(&self) -> String {
        match self.json()["error"].as_str() {
            Some(error) => format!("{}: {error}", self.status.as_u16()),
            None => self.status.to_string(),
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection(error) => error.fmt(f),
            Self::TooSlow => write!(f, "no answer within {} seconds", ANSWER_TIME_MAX.as_secs()),
            Self::Broken(error) => f.write_str(error),
        }
    }
}

fn broken(error: Box<dyn std::error::Error + Send + Sync>) -> NoAnswer {
    NoAnswer::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let check =
            |text: &str, expected: &str| assert_eq!(Endpoint::parse(text).unwrap().to_string(), expected, "{text}");
        check("http://localhost:3001", "http://localhost:3001");
        check("http://localhost:3001/api/", "http://localhost:3001");
        check("localhost:3000", "http://localhost:3000");
        check(" http://chat.example ", "http://chat.example");
        check("http://[::1]:3000", "http://[::1]:3000");
        assert_eq!(Endpoint::parse("https://chat.example"), Err(BadAddress::Https));
        for bad in ["", "http://", "ftp://a", "http://a b", "/api"] {
            assert_eq!(Endpoint::parse(bad), Err(BadAddress::Shape), "{bad}");
        }
    }
}
