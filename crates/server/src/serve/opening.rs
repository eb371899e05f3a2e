//! Opening: the data folder, its secrets and accounts, every space's journal and projections, and the listeners.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use journal::TopicKind;
use space::{Space, SpaceOptions};
use store::Accounts;
use tokio::net::TcpListener;

use crate::{
    config::{Config, Listen, ListenAddress, SpaceSettings},
    doorkeeper::Doorkeeper,
    http::TopicViews,
    identity::{self, AccountsWatch, Secrets, SecretsError, SignIn, Tokens},
    listen,
    sync::{Running, UpdateEncoder, fanout::Fanout, now_ms},
};

/// Everything behind the listeners.
pub struct Opened {
    /// The spaces by name.
    pub spaces: HashMap<Box<str>, Arc<Running>>,
    /// Who checks tokens.
    pub doorkeeper: Arc<Doorkeeper>,
    /// The calls of `/api/auth`.
    pub auth: Router,
    /// How topics are shown.
    pub views: TopicViews,
    /// The one-time secret with which the first admin is made, while there is none.
    pub setup: Option<String>,
}

/// Why a server does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal of a space.
    #[error("the journal of the space {space} cannot be opened: {error}")]
    Journal {
        /// Which space.
        space: String,
        /// Why.
        error: Box<store::OpenError>,
    },
    /// The projections of a space.
    #[error(
        "the views of the space {space} cannot be opened: {error}. They are derived: stop the server, delete {path}, start again"
    )]
    Views {
        /// Which space.
        space: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: Box<store::ViewsError>,
    },
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The accounts.
    #[error("the accounts cannot be opened: {0}")]
    Accounts(#[from] store::AccountsError),
    /// Passwords.
    #[error("passwords cannot be hashed: {0}")]
    Passwords(#[from] identity::PasswordError),
    /// The set-up link.
    #[error("the link for the first admin cannot be made: {0}")]
    SetUp(#[from] identity::SignInError),
    /// A thread.
    #[error("the system starts no more threads: {0}. Raise the limit of processes (ulimit -u)")]
    Threads(io::Error),
    /// A port.
    #[error("{address} cannot be listened on: {error}. {remedy}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why.
        error: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// No address at all.
    #[error(
        "no address to listen on could be had; stop what uses the ports 3000 and 3001, or choose others with --listen"
    )]
    NoAddress,
}

/// Opens the data folder: secrets, accounts, and every space.
pub fn open(config: &Config) -> Result<(Opened, AccountsWatch), StartError> {
    let secrets = Secrets::load_or_create(&config.data)?;
    let accounts = Accounts::open(&config.data)?;
    let watch = AccountsWatch::new(accounts.clone())?;
    let tokens = || Tokens::of(config, &secrets);
    let doorkeeper = Arc::new(Doorkeeper::new(tokens(), watch.revocations()));
    let doors = SignIn::new(config, accounts, watch.clone(), tokens())?;
    let shards = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // The journals' locks come first: a second server on this folder must not spend the first one's set-up link.
    let spaces = open_spaces(config, &secrets.cursor_key(), shards)?;
    let setup = doors.new_setup_secret(now_ms())?;
    let opened = Opened {
        spaces,
        doorkeeper,
        auth: identity::routes(Arc::new(doors)),
        views: topic_views(&config.spaces),
        setup,
    };
    Ok((opened, watch))
}

/// Opens the journal and the projections of every space and sets them to work.
fn open_spaces(
    config: &Config,
    keys: &journal::CursorKey,
    shards: usize,
) -> Result<HashMap<Box<str>, Arc<Running>>, StartError> {
    let open = |settings: &SpaceSettings| {
        let running = open_space(config, settings, keys, shards)?;
        Ok((settings.name.as_str().into(), running))
    };
    config.spaces.iter().map(open).collect()
}

fn open_space(
    config: &Config,
    settings: &SpaceSettings,
    keys: &journal::CursorKey,
    shards: usize,
) -> Result<Arc<Running>, StartError> {
    let name = &settings.name;
    let folder = space_folder(&config.data, name);
    let mut identity = [0; 16];
    getrandom::fill(&mut identity).expect("the system gives random bytes");
    let segment_entries_max = config.limits.segment_entries;
    let options = store::JournalOptions { segment_entries_max, ..store::JournalOptions::new(identity) };
    let journal = store::Journal::open(&folder, options)
        .map_err(|error| StartError::Journal { space: name.clone(), error: Box::new(error) })?;
    let (views, start) = store::Views::open(&folder, &journal.reader()).map_err(|error| StartError::Views {
        space: name.clone(),
        path: folder.join("views.db"),
        error: Box::new(error),
    })?;
    let (head, at) = (journal.head().position, views.at().0);
    tracing::debug!(space = %name, %head, views = %at, ?start, "opened");
    if head.0 > at.0 + 100_000 {
        tracing::info!(space = %name, entries = head.0 - at.0, "building the views; pushes wait until they are done");
    }
    let options = SpaceOptions {
        rules: settings.rule_book(config.dev),
        keys: keys.clone(),
        encoder: Arc::new(UpdateEncoder::new(name)),
        data_bytes_max: config.limits.payload_bytes,
        bounds: space::Bounds::default(),
    };
    let space = Space::new(options, &journal, &views);
    let fanout = Fanout::start(shards, journal.head().position);
    Running::start(name, space, journal, views, fanout).map_err(StartError::Threads)
}

/// Where a space's files lie.
#[must_use]
pub fn space_folder(data: &Path, name: &str) -> PathBuf {
    data.join("spaces").join(name)
}

/// How the declared topics are shown.
fn topic_views(spaces: &[SpaceSettings]) -> TopicViews {
    let mut views = TopicViews::default();
    for space in spaces {
        for topic in &space.topics {
            let journal::Pattern::Exact(name) = &topic.declaration.pattern else { continue };
            if topic.newest_first {
                views.newest_first.push((space.name.as_str().into(), name.clone()));
            }
            if let Some(path) = &topic.path {
                views.paths.push(crate::http::TopicPath {
                    path: path.clone(),
                    space: space.name.as_str().into(),
                    topic: name.clone(),
                    kind: topic.declaration.kind.unwrap_or(TopicKind::List),
                });
            }
        }
    }
    views
}

/// Opens the listeners. With the default addresses one of the two ports is enough, and what is missing is warned of; a
/// chosen address must be had. A machine without IPv6 (or IPv4) serves the other.
pub fn bind(listen: &Listen) -> Result<Vec<TcpListener>, StartError> {
    let bound = Bound::of(listen)?;
    if bound.listeners.is_empty() {
        return Err(StartError::NoAddress);
    }
    bound.warnings().for_each(|warning| tracing::warn!("{warning}"));
    Ok(bound.listeners)
}

/// The listeners that could be had, and for which addresses.
#[derive(Default)]
struct Bound {
    listeners: Vec<TcpListener>,
    served: Vec<ListenAddress>,
    taken: Vec<ListenAddress>,
}

impl Bound {
    fn of(listen: &Listen) -> Result<Self, StartError> {
        let mut bound = Self::default();
        for address in &listen.addresses {
            match bind_address(address)? {
                // Half an address would send the browsers that try the other half to somebody else's server.
                Err((socket, error)) if !listen.is_default => return Err(refused(socket, error)),
                Err(_) => bound.taken.push(*address),
                Ok(mut listeners) => {
                    bound.listeners.append(&mut listeners);
                    bound.served.push(*address);
                }
            }
        }
        Ok(bound)
    }

    /// A sentence for each address that somebody else has.
    fn warnings(&self) -> impl Iterator<Item = String> {
        let served: Vec<String> = self.served.iter().map(ToString::to_string).collect();
        self.taken.iter().map(move |taken| {
            format!(
                "another program listens on {taken}, and who goes there reaches that program; this server is at {} \
                 only. Stop the other one and start again, or choose addresses with --listen",
                served.join(" and ")
            )
        })
    }
}

/// Every socket of an address; or the one that somebody else has.
fn bind_address(address: &ListenAddress) -> Result<Result<Vec<TcpListener>, (SocketAddr, io::Error)>, StartError> {
    let mut listeners = Vec::new();
    let mut taken = None;
    for socket in address.sockets() {
        match listen::bind(socket) {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken = Some((socket, error)),
            Err(error) if is_absent_family(&error) && address.is_loopback() => {}
            Err(error) => return Err(refused(socket, error)),
        }
    }
    Ok(taken.map_or(Ok(listeners), Err))
}

fn is_absent_family(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(97)
}

fn refused(address: SocketAddr, error: io::Error) -> StartError {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => "Something listens there already: stop it, or choose another address with --listen",
        io::ErrorKind::PermissionDenied => "Ports below 1024 need rights; choose a higher one with --listen",
        io::ErrorKind::AddrNotAvailable => {
            "This machine has no such address; choose one of its own, or 0.0.0.0 for all"
        }
        _ => "Choose another address with --listen",
    };
    StartError::Listen { address, error, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two addresses of localhost: one whose port is taken for as long as the listener lives, and one that is free.
    fn taken_and_free() -> (std::net::TcpListener, Listen, u16) {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = taken.local_addr().unwrap().port();
        let address = |port| ListenAddress::parse(&format!("localhost:{port}")).unwrap();
        (taken, Listen { addresses: vec![address(port), address(free)], is_default: true }, free)
    }

    #[tokio::test]
    async fn of_the_default_addresses_one_is_enough() {
        let (_taken, listen, free) = taken_and_free();
        let listeners = bind(&listen).unwrap();
        assert!(!listeners.is_empty());
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap().port() == free));
    }

    #[tokio::test]
    async fn an_address_that_somebody_else_has_is_warned_of_in_words_that_say_where_this_server_is() {
        let (_taken, listen, free) = taken_and_free();
        let bound = Bound::of(&listen).unwrap();
        let [taken, served] = [0, 1].map(|index| listen.addresses[index]);
        assert_eq!((&bound.taken, &bound.served), (&vec![taken], &vec![served]));
        assert!(bound.warnings().all(|warning| warning.contains(&format!("is at localhost:{free} only"))));
        drop(bound);
        let free_only = Listen { addresses: vec![served], is_default: true };
        assert_eq!(Bound::of(&free_only).unwrap().warnings().count(), 0, "nothing is missing");
    }

    #[test]
    fn a_default_start_beside_somebody_on_port_3000_says_that_3001_is_served() {
        let [taken, served] = [0, 1].map(|index| Listen::default().addresses[index]);
        let bound = Bound { listeners: Vec::new(), served: vec![served], taken: vec![taken] };
        let warnings: Vec<String> = bound.warnings().collect();
        assert_eq!(
            warnings,
            ["another program listens on localhost:3000, and who goes there reaches that program; this server is at \
              localhost:3001 only. Stop the other one and start again, or choose addresses with --listen"]
        );
    }

    #[tokio::test]
    async fn a_chosen_address_must_be_had_and_the_error_says_what_to_do() {
        let (_taken, listen, _) = taken_and_free();
        let error = bind(&Listen { is_default: false, ..listen }).unwrap_err().to_string();
        assert!(error.contains("choose another address with --listen"), "{error}");
    }

    #[tokio::test]
    async fn without_any_default_address_the_server_says_so() {
        let (_taken, mut listen, _) = taken_and_free();
        listen.addresses.truncate(1);
        assert!(matches!(bind(&listen), Err(StartError::NoAddress)));
    }
}
