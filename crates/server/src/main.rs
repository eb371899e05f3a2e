//! The `tidings` binary.
use std::process::ExitCode;
fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env().add_directive(tracing::Level::INFO.into()))
        .init();
    let a: Vec<String> = std::env::args().collect();
    let flags = server::config::Flags {
        config: None,
        data: Some(a[1].clone().into()),
        listen: a[2..].to_vec(),
        dev: true,
        ..Default::default()
    };
    let loaded = server::config::Config::load(&flags).expect("c");
    match server::serve::run(&loaded.config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("tidings: {e}");
            ExitCode::FAILURE
        }
    }
}
