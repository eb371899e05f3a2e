//! A whole server in this process, on a port of its own and a folder of its own.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use server::{
    config::{Config, Flags},
    serve::{self, Server},
};
use tempfile::TempDir;

use super::{Answer, Ask, Http, SECRET, Socket, Stream, patient, token};

pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
    config: Config,
    server: Option<Server>,
    watching: Option<tokio::task::JoinHandle<()>>,
}

impl Site {
    /// `serve --dev` with this `tidings.toml`.
    pub(crate) async fn dev(toml: &str) -> Self {
        Self::start(toml, true)
    }

    /// `serve` with this `tidings.toml`.
    pub(crate) async fn closed(toml: &str) -> Self {
        Self::start(toml, false)
    }

    fn start(toml: &str, dev: bool) -> Self {
        let folder = TempDir::new().expect("a folder for a while");
        std::fs::write(folder.path().join("tidings.toml"), toml).expect("a writable folder");
        let flags = Flags { dev, serves: true, listen: vec!["127.0.0.1:0".to_owned()], ..Flags::default() };
        let environment = BTreeMap::from([("TIDINGS_JWT_SECRET".to_owned(), SECRET.to_owned())]);
        let loaded = Config::load_from(&flags, environment, folder.path()).expect("the test's configuration is right");
        assert_eq!(loaded.warnings, Vec::<String>::new(), "the test's configuration raises no eyebrow");
        let mut config = loaded.config;
        config.data = folder.path().join("data");
        let mut site = Self { folder, address: ([127, 0, 0, 1], 0).into(), config, server: None, watching: None };
        site.open();
        site
    }

    /// Starts on the same folder, on another port.
    pub(crate) fn open(&mut self) {
        let listeners = serve::bind(&self.config.listen).expect("a free port on loopback");
        let (opened, accounts) = serve::open(&self.config).expect("the folder opens");
        let server = Server::start(&self.config, opened, listeners);
        self.address = server.addresses()[0];
        self.server = Some(server);
        self.watching = Some(tokio::spawn(accounts.run()));
    }

    /// Ends the server in order.
    pub(crate) async fn stop(&mut self) {
        if let Some(watching) = self.watching.take() {
            watching.abort();
        }
        if let Some(server) = self.server.take() {
            patient(server.stop(Duration::from_secs(10))).await;
        }
    }

    /// Ends the server, lets `between` work on the folder, and starts it again.
    pub(crate) async fn restart(&mut self, between: impl FnOnce(&Self)) {
        self.stop().await;
        between(self);
        self.open();
        self.takes_pushes().await;
    }

    /// Waits until pushes are taken.
    pub(crate) async fn takes_pushes(&self) {
        patient(async {
            while self.get("/readyz").await.status != 200 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Appends to the journal of the space `default` while the server is stopped.
    pub(crate) fn append(&self, topic: &str, count: u64) {
        super::append::append(&self.space_folder("default"), topic, count);
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    pub(crate) fn space_folder(&self, space: &str) -> PathBuf {
        serve::space_folder(&self.config.data, space)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) async fn http(&self) -> Http {
        patient(Http::open(self.address)).await.expect("the server listens")
    }

    /// A request on a connection of its own.
    pub(crate) async fn ask(&self, ask: &Ask) -> Answer {
        let mut http = self.http().await;
        patient(http.ask(ask)).await.unwrap_or_else(|error| panic!("{ask:?} is answered: {error}"))
    }

    /// The head of an answer that may go on for ever.
    pub(crate) async fn ask_head(&self, ask: &Ask) -> Answer {
        let mut http = self.http().await;
        patient(http.write(&ask.bytes())).await.expect("the connection is open");
        patient(http.head()).await.unwrap_or_else(|error| panic!("{ask:?} is answered: {error}"))
    }

    /// What somebody without a token gets.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.look_up(&Ask::get(path)).await
    }

    /// What somebody with a token gets.
    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.look_up(&Ask::get(path).token(token)).await
    }

    async fn look_up(&self, ask: &Ask) -> Answer {
        let mut http = patient(Http::open(self.address)).await.expect("the server listens");
        patient(http.look_up(ask)).await.unwrap_or_else(|error| panic!("{ask:?} is answered: {error}"))
    }

    pub(crate) async fn push_as(&self, token: &str, body: &Value) -> Answer {
        self.ask(&Ask::push(body).token(token)).await
    }

    /// A push of the member ann that must be taken; its receipt.
    pub(crate) async fn pushed(&self, body: Value) -> Value {
        let answer = self.push_as(&token("ann", "member"), &body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        answer.json()
    }

    /// Adds an item as the member ann; its receipt.
    pub(crate) async fn added(&self, topic: &str, data: Value) -> Value {
        self.pushed(json!({ "type": topic, "action": "add", "data": data })).await
    }

    /// A socket in a space, after `connected`; the arguments of that.
    pub(crate) async fn socket_in(&self, space: &str, auth: Value) -> (Socket, Value) {
        let (socket, _, connected) =
            patient(Socket::enter(self.address, space, &auth)).await.expect("the server takes sockets");
        (socket, connected)
    }

    /// A socket in the space `default`.
    pub(crate) async fn socket(&self, auth: Value) -> Socket {
        self.socket_in("default", auth).await.0
    }

    /// An event stream.
    pub(crate) async fn stream(&self, ask: &Ask) -> Stream {
        patient(Stream::open(self.address, ask)).await.expect("the server listens").expect("the stream opens")
    }
}
