//! The configuration: one struct, read once at start from flags, environment, `tidings.toml` and defaults.
//!
//! Owns every rule about settings. Promises that what it returns is whole and consistent, that a wrong setting is an
//! error which names its place and the remedy, and that a name nobody knows becomes a warning. Called by the command
//! line; everybody else receives the finished [`Config`].

mod error;
mod layers;
mod limits;
mod listen;
mod origins;
mod secret;
mod setting;
mod span;
#[cfg(test)]
mod tests;
mod topics;
mod unknown;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use toml::Value;

pub use error::{ConfigError, Place};
pub use limits::{Heartbeat, Limits, PAYLOAD_BYTES_DEFAULT, PAYLOAD_BYTES_MAX};
pub use listen::{BadListenAddress, DEFAULT_ADDRESSES, Listen, ListenAddress};
pub(crate) use origins::is_scheme;
pub use origins::{BadOrigin, Origins};
pub use secret::{SECRET_BYTES_MIN, Secret, WeakSecret};
pub use span::{BadSpan, parse_span};
pub use topics::{DEFAULT_SPACE, SPACES_MAX, SpaceSettings, TopicSettings};

use layers::Layers;

/// A whole, commented `tidings.toml` that says what holds without one.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// Where data lies when nobody says otherwise, below the working directory.
const DEFAULT_DATA: &str = "tidings-data";

/// How long somebody stays signed in by default: long enough that people on a phone are not asked again and again.
const TOKEN_TTL_DEFAULT: Duration = Duration::from_secs(30 * 86_400);

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Open on this machine (`--dev`), or closed and for the world.
    pub dev: bool,
    /// Where to listen.
    pub listen: Listen,
    /// Foreign origins that are let in; none in `--dev`, where only pages of this machine are.
    pub allowed_origins: Origins,
    /// An existing app's secret, in place of our own.
    pub jwt_secret: Option<Secret>,
    /// How long a stopping server waits for what is under way.
    pub shutdown: Duration,
    /// How long a token of ours is valid.
    pub token_ttl: Duration,
    /// Whether anybody may come in with a name alone.
    pub guests_allowed: bool,
    /// Whether anybody may make an account.
    pub registration_allowed: bool,
    /// Movable bounds.
    pub limits: Limits,
    /// How dead connections are found.
    pub heartbeat: Heartbeat,
    /// The default space first, then the others by name.
    pub spaces: Vec<SpaceSettings>,
}

/// What the command line says; it wins over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--data DIR`.
    pub data: Option<PathBuf>,
    /// `--listen ADDR`, each of them.
    pub listen: Vec<String>,
    /// `--dev`.
    pub dev: bool,
    /// Whether the command is `serve`: then what would make a server unsafe is an error, else a warning at most.
    pub serves: bool,
}

/// A configuration, and what its author should know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Sentences for the log.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration of this process: its environment and its working directory.
    pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
        let environment = std::env::vars_os().map(|(name, value)| {
            // A variable that is no text cannot be one of our names; a value that is none is refused by its kind.
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        });
        Self::load_from(flags, environment.collect(), Path::new(""))
    }

    /// Reads a configuration from a given environment and folder.
    pub fn load_from(
        flags: &Flags,
        environment: BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Loaded, ConfigError> {
        let mut layers = Layers::new(flags.values(), environment, flags.config.as_deref(), folder)?;
        let mut warnings = Vec::new();
        let config = Self::read(&mut layers, flags, &mut warnings)?;
        warnings.extend(unknown::warnings(&layers));
        Ok(Loaded { config, warnings })
    }

    fn read(layers: &mut Layers, flags: &Flags, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let dev = layers.switch("dev", false)?;
        Ok(Self {
            data: read_data(layers, flags)?,
            listen: read_listen(layers, dev && flags.serves)?,
            allowed_origins: read_origins(layers, dev, warnings)?,
            jwt_secret: read_secret(layers, flags.serves && !dev, warnings)?,
            shutdown: Duration::from_secs(layers.number("shutdown_seconds", 10, 1..=60)?),
            token_ttl: layers.parsed("tokens.ttl", TOKEN_TTL_DEFAULT, parse_span)?,
            guests_allowed: layers.switch("guests.allowed", dev)?,
            registration_allowed: layers.switch("registration.allowed", dev)?,
            limits: Limits::read(layers, dev)?,
            heartbeat: Heartbeat::read(layers)?,
            spaces: topics::read_spaces(layers, dev, warnings)?,
            dev,
        })
    }
}

impl Flags {
    fn values(&self) -> BTreeMap<&'static str, Value> {
        let mut values = BTreeMap::new();
        if self.dev {
            values.insert("dev", Value::Boolean(true));
        }
        if !self.listen.is_empty() {
            values.insert("listen", Value::Array(self.listen.iter().cloned().map(Value::String).collect()));
        }
        values
    }
}

/// A path in the file is meant from where the file lies.
fn read_data(layers: &mut Layers, flags: &Flags) -> Result<PathBuf, ConfigError> {
    let found = layers.find::<String>("data")?;
    if let Some(data) = &flags.data {
        return Ok(data.clone());
    }
    Ok(match found {
        None => PathBuf::from(DEFAULT_DATA),
        Some(found) if found.value.is_empty() => return Err(found.place.error("name a folder.")),
        Some(found) => match found.place {
            Place::Key { file, .. } => file.parent().map_or_else(PathBuf::new, Path::to_owned).join(found.value),
            _ => PathBuf::from(found.value),
        },
    })
}

fn read_listen(layers: &mut Layers, loopback_only: bool) -> Result<Listen, ConfigError> {
    let Some(found) = layers.find::<Vec<String>>("listen")? else { return Ok(Listen::default()) };
    let mut addresses = Vec::new();
    for text in &found.value {
        let address =
            ListenAddress::parse(text).map_err(|problem| found.place.error(format_args!("\"{text}\": {problem}")))?;
        if loopback_only && !address.is_loopback() {
            return Err(found.place.error(format_args!(
                "{address} can be reached from other machines, and --dev lets everybody in. Listen on localhost, or leave --dev out."
            )));
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(found.place.error("name at least one address, such as localhost:3000."));
    }
    let is_default = addresses == Listen::default().addresses;
    Ok(Listen { addresses, is_default })
}

fn read_origins(layers: &mut Layers, dev: bool, warnings: &mut Vec<String>) -> Result<Origins, ConfigError> {
    let mut origins = Origins::default();
    let Some(found) = layers.find::<Vec<String>>("allowed_origins")? else { return Ok(origins) };
    for text in &found.value {
        origins.push(text).map_err(|problem| found.place.error(format_args!("\"{text}\": {problem}")))?;
    }
    if dev && !found.value.is_empty() {
        warnings
            .push(format!("{}: has no effect with --dev, which lets in the pages of this machine only.", found.place));
        return Ok(Origins::default());
    }
    Ok(origins)
}

fn read_secret(
    layers: &mut Layers,
    is_strict: bool,
    warnings: &mut Vec<String>,
) -> Result<Option<Secret>, ConfigError> {
    let Some(found) = layers.find::<String>("jwt_secret")? else { return Ok(None) };
    let secret = Secret::new(found.value);
    match secret.weakness() {
        Some(weakness) if is_strict || weakness == WeakSecret::Empty => return Err(found.place.error(weakness)),
        Some(weakness) => {
            warnings.push(format!("{}: `tidings serve` refuses this without --dev: {weakness}", found.place))
        }
        None => {}
    }
    Ok(Some(secret))
}
