//! HTTP/1.1 by hand over one kept connection: what is sent is exactly what the test says.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use bytes::{Buf as _, Bytes, BytesMut};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    host: Option<String>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            host: Some("localhost".to_owned()),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A push, as apps send it.
    pub(crate) fn push(body: &Value) -> Self {
        Self::new("POST", "/api/sync/push").json(body)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn host(mut self, host: Option<&str>) -> Self {
        self.host = host.map(str::to_owned);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if let Some(host) = &self.host {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), self.body.as_deref().unwrap_or_default()].concat()
    }
}

/// An answer, or its head while the body is still to be read.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("an answer is UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON, with {}: {}", self.status, self.text()))
    }

    /// For answers that may be refusals of the moment.
    pub(crate) fn json_or_null(&self) -> Value {
        if self.status == 200 { self.json() } else { Value::Null }
    }

    /// The refusal's status and code. Every refusal has the one shape, and a sentence.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let sentence = body["error"].as_str().unwrap_or_default();
        assert!(sentence.contains(' '), "a refusal says what to do in a sentence: {body}");
        let members = body.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(members, 2, "a refusal has error and code and nothing else: {body}");
        (self.status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn cursor(&self) -> String {
        self.header("tidings-cursor").expect("a state carries its cursor").to_owned()
    }
}

/// One connection.
pub(crate) struct Http {
    pub(crate) stream: TcpStream,
    pub(crate) unread: BytesMut,
}

impl Http {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: BytesMut::new() })
    }

    /// From one of this machine's addresses.
    pub(crate) async fn open_from(from: IpAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: BytesMut::new() })
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) -> io::Result<Answer> {
        self.write(&ask.bytes()).await?;
        self.answer().await
    }

    /// Asks for what the projections know, again if they take long to catch up on a busy machine: clients do so, too.
    pub(crate) async fn look_up(&mut self, ask: &Ask) -> io::Result<Answer> {
        loop {
            let answer = self.ask(ask).await?;
            if answer.status != 503 || !answer.text().contains("\"busy\"") {
                return Ok(answer);
            }
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next answer, body included. Answers of no content and of switching have none.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head().await?;
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            answer.body = self.exactly(length).await?.to_vec();
        } else if answer.header("transfer-encoding").is_some() {
            while let Some(chunk) = self.chunk().await? {
                answer.body.extend_from_slice(&chunk);
            }
        }
        Ok(answer)
    }

    pub(crate) async fn head(&mut self) -> io::Result<Answer> {
        let end = loop {
            match self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None => self.read().await?,
            }
        };
        let head = self.unread.split_to(end + 4);
        let head = std::str::from_utf8(&head).map_err(io::Error::other)?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("not an HTTP answer"))?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Answer { status, headers, body: Vec::new() })
    }

    /// The next chunk of a chunked body; none at its end.
    pub(crate) async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        let end = loop {
            match self.unread.windows(2).position(|window| window == b"\r\n") {
                Some(end) => break end,
                None => self.read().await?,
            }
        };
        let size = std::str::from_utf8(&self.unread[..end]).map_err(io::Error::other)?;
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        self.unread.advance(end + 2);
        let chunk = self.exactly(size).await?;
        self.exactly(2).await?;
        Ok((size > 0).then_some(chunk))
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Bytes> {
        while self.unread.len() < length {
            self.read().await?;
        }
        Ok(self.unread.split_to(length).freeze())
    }

    /// Reads more; an error at the end of the connection.
    pub(crate) async fn read(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.unread).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
