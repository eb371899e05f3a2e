//! How Tidings is started for a run: closed, with topics that members may read and write, and no limit on their pushes.

use std::{fs, net::SocketAddrV4, path::Path, process::Command};

use anyhow::Context;

/// What the file says beyond the defaults. The limit on the pushes of one person is for people, not for a load that is one
/// person; everything else is as installed.
fn settings(address: SocketAddrV4) -> String {
    format!(
        "data = \"data\"\nlisten = [\"{address}\"]\n\n[limits]\npushes_per_second = 0\n\n\
         [topics.\"bench/*\"]\nkind = \"list\"\nread = \"member\"\nwrite = \"member\"\n"
    )
}

/// The command that serves from `folder`, and a token of a member.
pub(super) fn command(
    program: &Path,
    folder: &Path,
    address: SocketAddrV4,
) -> anyhow::Result<(Command, Option<String>)> {
    let file = folder.join("tidings.toml");
    fs::write(&file, settings(address))?;
    let output = Command::new(program)
        .args(["token", "--name", "bench", "--config"])
        .arg(&file)
        .output()
        .context("no token to be had")?;
    anyhow::ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
    let token = String::from_utf8(output.stdout)?.trim().to_owned();
    let mut command = Command::new(program);
    command.args(["serve", "--config"]).arg(&file);
    Ok((command, Some(token)))
}
