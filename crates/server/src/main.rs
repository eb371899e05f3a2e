//! The `tidings` binary.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A push is allocated on a serving thread and freed on the writer's or the projector's, which the system's allocator pays for
/// with locks and long lists.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    server::cli::run()
}
