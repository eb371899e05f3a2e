//! Facts about the configuration as a whole: which layer wins, what is warned of, what is refused.

use std::fs;

use journal::{Rule, TopicKind, TopicName};
use tempfile::TempDir;

use super::*;

/// Loads with a `tidings.toml` of that text, or without one.
fn load(flags: &Flags, environment: &[(&str, &str)], file: Option<&str>) -> Result<Loaded, String> {
    let folder = TempDir::new().unwrap();
    if let Some(text) = file {
        fs::write(folder.path().join("tidings.toml"), text).unwrap();
    }
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let folder_text = format!("{}/", folder.path().display());
    let strip = |text: String| text.replace(&folder_text, "");
    let mut loaded = Config::load_from(flags, environment, folder.path()).map_err(|error| strip(error.to_string()))?;
    loaded.config.data = strip(loaded.config.data.display().to_string()).into();
    loaded.warnings = loaded.warnings.into_iter().map(strip).collect();
    Ok(loaded)
}

fn file(text: &str) -> Result<Loaded, String> {
    load(&serve(), &[], Some(text))
}

/// `tidings serve`, without a flag.
fn serve() -> Flags {
    Flags { serves: true, ..Flags::default() }
}

/// The sentence with which a file is refused.
fn refusal(text: &str) -> String {
    file(text).expect_err("the file is refused")
}

fn flags(data: Option<&str>, listen: &[&str], dev: bool) -> Flags {
    let listen = listen.iter().map(|text| (*text).to_owned()).collect();
    Flags { config: None, data: data.map(PathBuf::from), listen, dev, serves: true }
}

#[test]
fn nothing_said_means_the_defaults() {
    let Loaded { config, warnings } = load(&Flags::default(), &[("PATH", "/bin")], None).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(config.data, Path::new("tidings-data"));
    assert_eq!(config.listen, Listen::default());
    assert!(!config.dev && !config.guests_allowed && !config.registration_allowed);
    assert_eq!((config.limits.payload_bytes, config.shutdown), (1_000_000, Duration::from_secs(10)));
    assert_eq!(config.spaces, [SpaceSettings { name: "default".to_owned(), topics: Vec::new() }]);
}

#[test]
fn the_printed_default_file_says_what_holds_without_one() {
    let loaded = file(DEFAULT_FILE).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config, load(&Flags::default(), &[], None).unwrap().config);
}

#[test]
fn the_printed_default_file_names_every_setting() {
    let everything = DEFAULT_FILE.replace("#: ", "").replace('…', "9f86d081884c7d659a2feaa0c55ad015");
    assert_eq!(file(&everything).unwrap().warnings, Vec::<String>::new());
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("tidings.toml"), &everything).unwrap();
    let mut layers = Layers::new(BTreeMap::new(), BTreeMap::new(), None, folder.path()).unwrap();
    Config::read(&mut layers, &Flags::default(), &mut Vec::new()).unwrap();
    let root: toml::Table = everything.parse().unwrap();
    for key in layers.known() {
        let (table, name) = match key.split_once('.') {
            Some((table, name)) => (root[table].as_table().unwrap(), name),
            None => (&root, *key),
        };
        assert!(table.contains_key(name), "{key} is missing in default.toml");
    }
}

#[test]
fn flag_wins_over_variable_over_file_over_default() {
    let text = "data = 'file'\nlisten = ['localhost:4']\ndev = false\nshutdown_seconds = 4\n";
    let variables = [("TIDINGS_DATA", "variable"), ("TIDINGS_LISTEN", "localhost:3, [::1]:3"), ("TIDINGS_DEV", "yes")];
    let check = |flags: Flags, variables: &[(&str, &str)], text: Option<&str>, expected: (&str, &str, bool)| {
        let config = load(&flags, variables, text).unwrap().config;
        let listen: Vec<String> = config.listen.addresses.iter().map(ToString::to_string).collect();
        assert_eq!((config.data.to_str().unwrap(), listen.join(" ").as_str(), config.dev), expected);
    };
    let none = || flags(None, &[], false);
    let all = || flags(Some("flag"), &["localhost:2"], true);
    check(all(), &variables, Some(text), ("flag", "localhost:2", true));
    check(none(), &variables, Some(text), ("variable", "localhost:3 [::1]:3", true));
    check(none(), &[], Some(text), ("file", "localhost:4", false));
    check(none(), &[], None, ("tidings-data", "localhost:3000 localhost:3001", false));
    check(flags(None, &["localhost:2"], false), &[("TIDINGS_DATA", " ")], Some(text), ("file", "localhost:2", false));
}

#[test]
fn every_setting_has_a_variable() {
    let config = |variables: &[(&str, &str)]| load(&Flags::default(), variables, None).unwrap().config;
    assert_eq!(config(&[("TIDINGS_LIMITS_PAYLOAD_BYTES", "2_000_000")]).limits.payload_bytes, 2_000_000);
    assert_eq!(config(&[("TIDINGS_TOKENS_TTL", "2h")]).token_ttl, Duration::from_secs(7_200));
    assert!(config(&[("TIDINGS_GUESTS_ALLOWED", "true")]).guests_allowed);
    let secret = "9f86d081884c7d659a2feaa0c55ad015";
    assert_eq!(config(&[("TIDINGS_JWT_SECRET", secret)]).jwt_secret, Some(Secret::new(secret.to_owned())));
}

#[test]
fn a_named_file_must_exist_and_paths_in_it_are_meant_from_its_folder() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.toml");
    let named = Flags { config: Some(path.clone()), ..Flags::default() };
    let load = || Config::load_from(&named, BTreeMap::new(), Path::new(""));
    assert!(load().unwrap_err().to_string().contains("--config"));
    fs::write(&path, "data = 'd'").unwrap();
    assert_eq!(load().unwrap().config.data, folder.path().join("d"));
    let environment = BTreeMap::from([("TIDINGS_CONFIG".to_owned(), path.display().to_string())]);
    let loaded = Config::load_from(&Flags::default(), environment, Path::new("")).unwrap();
    assert_eq!((loaded.config.data, loaded.warnings), (folder.path().join("d"), Vec::new()));
}

#[test]
fn unknown_names_are_warned_of_with_the_nearest_known_one() {
    let check = |text: &str, variables: &[(&str, &str)], name: &str, nearest: &str| {
        let warnings = load(&Flags::default(), variables, Some(text)).unwrap().warnings;
        let [warning] = warnings.as_slice() else { panic!("one warning, not {warnings:?}") };
        assert!(warning.contains(name) && warning.contains(nearest), "{warning}");
    };
    check("[limits]\npayload_byte = 1", &[], "`limits.payload_byte`", "`limits.payload_bytes`");
    check("payload_bytes = 1", &[], "`payload_bytes`", "`limits.payload_bytes`");
    check("[limit]\nfragments = 1", &[], "`limit`", "is `l");
    check("[topics.a]\nraed = 'public'", &[], "`topics.a.raed`", "`read`");
    check("[spaces.a]\ntopic = 'public'", &[], "`spaces.a.topic`", "`topics`");
    check("", &[("TIDINGS_LISTENS", "1")], "TIDINGS_LISTENS", "TIDINGS_LISTEN.");
    check("", &[("TIDINGS_PAYLOAD_BYTES", "1")], "TIDINGS_PAYLOAD_BYTES", "TIDINGS_LIMITS_PAYLOAD_BYTES.");
}

#[test]
fn an_error_names_file_key_and_remedy() {
    let check = |text: &str, parts: &[&str]| {
        let refusal = refusal(text);
        assert!(parts.iter().all(|part| refusal.contains(part)), "{refusal}");
    };
    check("data = ", &["tidings.toml, line 1", "tidings config default"]);
    check("\n\nlisten = [", &["tidings.toml, line 3"]);
    check("limits = 3", &["tidings.toml, key `limits`", "[limits]"]);
    check("[limits]\npayload_bytes = 'many'", &["tidings.toml, key `limits.payload_bytes`", "a whole number"]);
    check("[limits]\npayload_bytes = 50000001", &["50000001", "1000 to 50000000"]);
    check("[limits]\npayload_bytes = 999", &["999", "1000 to 50000000"]);
    check("[limits]\nfragments = 0", &["choose from 1 to 65536"]);
    check("[limits]\nfollowed_topics = -1", &["a whole number"]);
    check("[limits]\nsegment_entries = 99", &["99", "100 to 1000000"]);
    check("dev = 'maybe'", &["key `dev`", "true or false"]);
    check("listen = [3000]", &["key `listen`", "a list of texts"]);
    check("listen = []", &["key `listen`", "localhost:3000"]);
    check("listen = ['example.com:80']", &["key `listen`", "\"example.com:80\"", "0.0.0.0:3000"]);
    check("allowed_origins = ['*']", &["key `allowed_origins`", "in full"]);
    check("allowed_origins = ['https://a.example/x']", &["without a path"]);
    check("[tokens]\nttl = '24'", &["key `tokens.ttl`", "24h"]);
    check("topics = 1", &["key `topics`", "[topics.NAME]"]);
    check("data = ''", &["key `data`", "name a folder"]);
}

#[test]
fn errors_of_variables_and_flags_name_them() {
    let error = load(&Flags::default(), &[("TIDINGS_LIMITS_FRAGMENTS", "x")], None).unwrap_err();
    assert_eq!(error, "TIDINGS_LIMITS_FRAGMENTS: this takes a whole number.");
    let error = load(&flags(None, &["nowhere"], false), &[], None).unwrap_err();
    assert!(error.starts_with("--listen: \"nowhere\":"), "{error}");
}

#[test]
fn dev_opens_guests_registration_and_topics_but_only_on_this_machine() {
    let dev = load(&flags(None, &[], true), &[], None).unwrap().config;
    let closed = load(&Flags::default(), &[], None).unwrap().config;
    assert!(dev.guests_allowed && dev.registration_allowed);
    let topic = TopicName::new("t").unwrap();
    let create = |config: &Config| config.spaces[0].rule_book(config.dev).create(&topic);
    let read = |config: &Config| config.spaces[0].rule_book(config.dev).rules(&topic).read;
    assert_eq!((create(&dev), read(&dev)), (Rule::Member, Rule::Public));
    assert_eq!((create(&closed), read(&closed)), (Rule::Admin, Rule::Member));
    let error = load(&flags(None, &["0.0.0.0:3000"], true), &[], None).unwrap_err();
    assert!(error.contains("0.0.0.0:3000") && error.contains("--dev"), "{error}");
}

#[test]
fn foreign_origins_have_no_effect_in_dev_and_that_is_said() {
    let loaded = load(&flags(None, &[], true), &[], Some("allowed_origins = ['https://a.example']")).unwrap();
    assert_eq!(loaded.config.allowed_origins, Origins::default());
    assert!(loaded.warnings[0].contains("allowed_origins"), "{:?}", loaded.warnings);
}

#[test]
fn a_weak_secret_is_refused_when_closed_and_warned_of_in_dev() {
    for weak in ["short", "your-256-bit-secret-your-256-bit-secret"] {
        let text = format!("jwt_secret = '{weak}'");
        let error = refusal(&text);
        assert!(error.contains("jwt_secret") && error.contains("openssl rand"), "{error}");
        let warnings = load(&flags(None, &[], true), &[], Some(&text)).unwrap().warnings;
        assert!(warnings[0].contains("jwt_secret") && !warnings[0].contains(weak), "{warnings:?}");
    }
    let warnings = load(&Flags::default(), &[], Some("jwt_secret = 'short'")).unwrap().warnings;
    assert!(warnings[0].contains("jwt_secret"), "other commands than serve only warn: {warnings:?}");
    assert!(load(&flags(None, &[], true), &[], Some("jwt_secret = ''")).unwrap_err().contains("empty"));
}

#[test]
fn a_declared_topic_says_kind_rules_order_and_path() {
    let text = "[topics.siteContent]\nkind = 'document'\nread = 'public'\nwrite = 'admin'\npath = '/api/site-content'\n\
                [topics.\"room/*\"]\nwrite = 'author'\norder = 'newest'\n\
                [spaces.support.topics.chat]\nread = 'admin'\npath = '/api/site-content'";
    let config = file(text).unwrap().config;
    let [default, support] = config.spaces.as_slice() else { panic!("two spaces") };
    let book = default.rule_book(false);
    let (site, room) = (TopicName::new("siteContent").unwrap(), TopicName::new("room/1").unwrap());
    assert_eq!(book.kind(&site), Some(TopicKind::Document));
    assert_eq!(
        (book.rules(&site).read, book.rules(&site).write, book.rules(&site).clear),
        (Rule::Public, Rule::Admin, Rule::Admin)
    );
    assert_eq!((book.rules(&room).read, book.rules(&room).write), (Rule::Member, Rule::Author));
    assert!(default.topics.iter().any(|topic| topic.newest_first));
    assert!(default.topics.iter().any(|topic| topic.path.as_deref() == Some("/api/site-content")));
    assert_eq!(support.name, "support");
    assert_eq!(support.rule_book(false).rules(&TopicName::new("chat").unwrap()).read, Rule::Admin);
    assert_eq!(support.rule_book(false).rules(&site).read, Rule::Member);
}

#[test]
fn bad_declarations_are_refused() {
    let check = |text: &str, parts: &[&str]| {
        let refusal = refusal(text);
        assert!(parts.iter().all(|part| refusal.contains(part)), "{refusal}");
    };
    for reserved in ["push", "data", "changes", "stream", "'tidings/doctor'", "'tidings/*'"] {
        check(&format!("[topics.{reserved}]"), &["choose another one"]);
    }
    check("[topics.'a b']", &["key `topics.\"a b\"`", "A-Z"]);
    check("[topics]\na = 1", &["key `topics.a`", "[topics.a]"]);
    check("[topics.a]\nread = 'all'", &["key `topics.a.read`", "\"public\", \"member\", \"admin\", \"author\""]);
    check("[topics.a]\nkind = 1", &["key `topics.a.kind`", "\"list\", \"document\""]);
    check("[topics.a]\npath = '/x'", &["key `topics.a.path`", "below /api/"]);
    check("[topics.a]\npath = '/api/../x'", &["below /api/"]);
    check("[topics.a]\npath = '/api/x/'", &["below /api/"]);
    check("[topics.a]\npath = '/api/auth/login'", &["the server's own"]);
    check("[topics.a]\npath = '/api/health'", &["the server's own"]);
    check("[topics.'a*']\npath = '/api/a'", &["one topic"]);
    check("[topics.a]\npath = '/api/x'\n[topics.b]\npath = '/api/x'", &["key `topics.b.path`", "topic a"]);
    check("[spaces.default]", &["[topics.NAME]"]);
    check("[spaces.'a/b']", &["a space's name"]);
    check("[spaces.'..']", &["a space's name"]);
    check("[spaces.Team]\n[spaces.team]", &["only in case"]);
    let names = |count: usize| (0..count).map(|n| format!("[spaces.s{n}]\n")).collect::<String>();
    check(&names(65), &["65", "at most 64"]);
    assert_eq!(file(&names(64)).unwrap().config.spaces.len(), 65);
}
