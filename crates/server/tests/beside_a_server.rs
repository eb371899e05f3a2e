//! Commands beside a running server: `doctor`, which also meets nobody and what is not Tidings, `revoke`, `verify`.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use server::doctor::limits::PUSH_TIME_GOOD;
use tempfile::TempDir;

fn tidings(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder).args(arguments).env_clear();
    command
}

/// A server at work in its own folder; it ends with this.
struct Server {
    folder: TempDir,
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = tidings(folder.path(), &["serve", "--dev", "--data", "d", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let says = "serves http://localhost:";
        let line = log.find(|line| line.as_ref().unwrap().contains(says)).unwrap().unwrap();
        let port = line.split_once(says).unwrap().1.trim().parse().unwrap();
        thread::spawn(move || log.for_each(drop));
        Self { folder, child, port }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn doctor(&self, arguments: &[&str]) -> Report {
        let url = self.url();
        Report::of(&tidings(self.folder.path(), &[&["doctor", url.as_str()], arguments].concat()).output().unwrap())
    }

    fn get(&self, path: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let host = format!("127.0.0.1:{}", self.port);
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until the server has noticed that everybody has gone.
    fn is_alone(&self) {
        let began = std::time::Instant::now();
        while !self.get("/api/health", "").contains("\"clients\":0,") {
            assert!(began.elapsed() < Duration::from_secs(20), "somebody stays");
        }
    }

    fn token(&self, role: &str) -> String {
        let arguments = ["token", "--data", "d", "--name", "Ann", "--role", role];
        String::from_utf8(tidings(self.folder.path(), &arguments).output().unwrap().stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

/// What the doctor said, line by line.
struct Report {
    code: Option<i32>,
    lines: Vec<String>,
}

impl Report {
    fn of(output: &Output) -> Self {
        let lines = std::str::from_utf8(&output.stdout).unwrap().lines().map(str::to_owned).collect();
        Self { code: output.status.code(), lines }
    }

    /// The one line with these words.
    fn line(&self, words: &str) -> &str {
        let found: Vec<_> = self.lines.iter().filter(|line| line.contains(words)).collect();
        assert_eq!(found.len(), 1, "{words}: {:#?}", self.lines);
        found[0]
    }

    /// On a busy machine it may come late, and that is said then and only then.
    fn says_that_a_push_came_back(&self) {
        let line = self.line("a push comes back after");
        let after = line.split_once("after ").and_then(|(_, rest)| rest.split_once(" ms"));
        let ms: f64 = after.unwrap_or_else(|| panic!("no time in {line}")).0.parse().unwrap();
        let is_good = Duration::from_secs_f64(ms / 1_000.0) <= PUSH_TIME_GOOD;
        assert!(line.starts_with(if is_good { "ok  " } else { "warning" }), "{line}");
    }

    fn says(&self, verdict: &str, words: &str) {
        assert!(self.line(words).starts_with(verdict), "{:#?}", self.lines);
    }
}

#[test]
fn a_healthy_server_gets_no_complaint_and_keeps_nothing() {
    let server = Server::start();
    // A second examination finds no trace of the first: no page, no id that is taken.
    for _ in 0..2 {
        server.is_alone();
        let report = server.doctor(&["--data", "d"]);
        for words in [
            "Tidings 0.1.0 is at",
            "a WebSocket opens",
            "long-polling works",
            "moves from polling to a WebSocket",
            "outdated protocol",
            "its own pages may call it",
            "arrives once",
            "id_taken",
            "while a client was away",
        ] {
            report.says("ok  ", words);
        }
        report.says_that_a_push_came_back();
        report.says("warning", "no page or app is connected");
        assert_eq!((report.code, report.lines.len()), (Some(0), 11), "{:#?}", report.lines);
    }
    let state = server.get("/api/sync/data", &server.token("admin"));
    let state: Value = serde_json::from_str(state.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(state, serde_json::json!({ "tidings/doctor": [] }));
}

#[test]
fn without_a_token_nothing_is_pushed_and_a_bad_one_is_named() {
    let server = Server::start();
    let without = server.doctor(&[]);
    without.says("warning", "nothing was pushed");
    assert_eq!(without.code, Some(0));
    let bad = server.doctor(&["--token", "forged"]);
    bad.says("PROBLEM", "the token is not let in");
    assert_eq!(bad.code, Some(1));
    let good = server.doctor(&["--token", &server.token("member")]);
    good.says_that_a_push_came_back();
    assert_eq!(good.code, Some(0));
}

#[test]
fn a_foreign_origin_an_old_client_and_an_open_page_are_noticed() {
    let server = Server::start();
    let old = server.get("/socket.io/?EIO=3&transport=polling", "");
    assert!(!old.starts_with("HTTP/1.1 200"), "{old}");
    let page = open_page(server.port);
    let report = server.doctor(&["--origin", "https://app.example.com"]);
    report.says("PROBLEM", "pages of https://app.example.com");
    report.says("PROBLEM", "outdated protocol");
    report.says("ok", "1 page or app is connected");
    assert_eq!(report.code, Some(1));
    drop(page);
    server.doctor(&["--origin", "http://localhost:5173"]).says("ok", "pages of http://localhost:5173 may call");
}

/// A page over polling that is in the default space.
fn open_page(port: u16) -> String {
    let ask = |method: &str, query: &str, body: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let head =
            format!("{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
        let length = body.len();
        write!(stream, "{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let open = ask("GET", "", "");
    let handshake: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    let sid = format!("&sid={}", handshake["sid"].as_str().unwrap());
    assert_eq!(ask("POST", &sid, "40"), "ok");
    assert!(ask("GET", &sid, "").starts_with("40"));
    sid
}

#[test]
fn nobody_there_is_answered_with_the_command_that_starts_one() {
    let folder = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let report = Report::of(&tidings(folder.path(), &["doctor", &url]).output().unwrap());
    report.says("PROBLEM", "there is no server at");
    assert!(report.lines[0].contains("tidings serve --dev"), "{:#?}", report.lines);
    assert_eq!((report.code, report.lines.len()), (Some(1), 1));
}

/// Answers every request with the same text, for as long as the test runs.
fn stranger(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn what_is_not_tidings_is_called_so() {
    let folder = TempDir::new().unwrap();
    let doctor = |answer| {
        let url = stranger(answer);
        Report::of(&tidings(folder.path(), &["doctor", &url]).output().unwrap())
    };
    let web = doctor("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    web.says("PROBLEM", "is not Tidings");
    assert_eq!((web.code, web.lines.len()), (Some(1), 1));
    let noise = doctor("220 smtp.example ESMTP\r\n");
    noise.says("PROBLEM", "something listens at");
    // A proxy that knows only one path: health is fine, and nothing else is.
    let health = doctor(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
         {\"status\":\"ok\", \"clients\":12345}",
    );
    health.says("PROBLEM", "no WebSocket opens");
    health.says("PROBLEM", "long-polling does not work");
    health.says("PROBLEM", "does not move from polling");
    health.says("ok", "12345 pages and apps");
    assert_eq!(health.code, Some(1));
}

#[test]
fn a_data_folder_that_is_not_there_is_not_made() {
    let folder = TempDir::new().unwrap();
    let output = tidings(folder.path(), &["doctor", "--data", "typo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join("typo").exists());
}

#[test]
fn https_is_refused_as_a_mistake_of_usage() {
    let folder = TempDir::new().unwrap();
    let output = tidings(folder.path(), &["doctor", "https://chat.example"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(std::str::from_utf8(&output.stderr).unwrap().contains("behind the proxy"));
}

#[test]
fn a_revocation_by_another_process_ends_an_open_stream() {
    let server = Server::start();
    let token = server.token("member");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let host = format!("127.0.0.1:{}", server.port);
    write!(stream, "GET /api/sync/stream HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert!(first.ends_with(b"200"), "{}", String::from_utf8_lossy(&first));
    let revoked = tidings(server.folder.path(), &["revoke", "--data", "d", "--name", "Ann"]).output().unwrap();
    assert!(revoked.status.success());
    // A second is promised, and a busy machine may take longer; comments, which would keep this alive, come every fifteen.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    assert!(server.get("/api/sync/data", &token).contains("token_revoked"));
    assert!(server.get("/api/sync/data", &server.token("member")).contains(" 200 OK"));
}

#[test]
fn verify_passes_beside_a_server_and_finds_a_flipped_bit() {
    let mut server = Server::start();
    server.doctor(&["--data", "d"]);
    let verify =
        |server: &Server| Report::of(&tidings(server.folder.path(), &["verify", "--data", "d"]).output().unwrap());
    let whole = verify(&server);
    whole.says("ok", "default: 6 entries in 1 segment");
    assert_eq!(whole.code, Some(0));
    // A server that ends by itself has moved everything into the segment.
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
    let journal = server.folder.path().join("d/spaces/default/journal");
    let flips = std::fs::read_dir(journal).unwrap().map(|file| flip(&file.unwrap().path(), b"tidings doctor was here"));
    let is_flipped = flips.fold(false, |any, this| any | this);
    assert!(is_flipped, "the text of a push stands in no file of the journal");
    let damaged = verify(&server);
    damaged.says("PROBLEM", "default: ");
    assert_eq!(damaged.code, Some(1));
}

/// Flips one bit of a text in a file; answers whether the text was there.
fn flip(file: &Path, text: &[u8]) -> bool {
    let mut bytes = std::fs::read(file).unwrap();
    let Some(at) = bytes.windows(text.len()).position(|window| window == text) else { return false };
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
    true
}
