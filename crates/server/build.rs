//! Embeds what the binary serves besides the API: the page, `tidings.js`, and the stock Socket.IO client.
//!
//! All three are built by npm. Where they are missing (a build without Node), the server is complete all the same and its
//! `/` says how to build the page. Compressible files get a gzip twin here, so that serving costs no compression.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

/// Folders whose whole content is served, and single files, each with the path it is served under.
const FOLDERS: [(&str, &str); 1] = [("web/dist", "")];
const FILES: [(&str, &str); 5] = [
    ("client/dist/tidings.js", "tidings.js"),
    ("node_modules/socket.io-client/dist/socket.io.js", "socket.io/socket.io.js"),
    ("node_modules/socket.io-client/dist/socket.io.min.js", "socket.io/socket.io.min.js"),
    ("node_modules/socket.io-client/dist/socket.io.esm.min.js", "socket.io/socket.io.esm.min.js"),
    ("node_modules/socket.io-client/dist/socket.io.msgpack.min.js", "socket.io/socket.io.msgpack.min.js"),
];

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../..");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut assets = Vec::new();
    for (folder, served) in FOLDERS {
        println!("cargo::rerun-if-changed=../../{folder}");
        collect(&root.join(folder), served, &mut assets);
    }
    for (file, served) in FILES {
        println!("cargo::rerun-if-changed=../../{file}");
        if root.join(file).is_file() {
            assets.push((root.join(file), served.to_owned()));
        }
    }
    assets.sort_by(|one, other| one.1.cmp(&other.1));
    fs::write(out.join("assets.rs"), table(&assets, &out)).expect("the build folder is writable");
}

fn collect(folder: &Path, served: &str, into: &mut Vec<(PathBuf, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let served = if served.is_empty() { name } else { format!("{served}/{name}") };
        if entry.path().is_dir() {
            collect(&entry.path(), &served, into);
        } else {
            into.push((entry.path(), served));
        }
    }
}

/// The Rust source of the table: path, bytes, and the gzip twin where it is smaller.
fn table(assets: &[(PathBuf, String)], out: &Path) -> String {
    let mut rows = String::new();
    for (index, (file, served)) in assets.iter().enumerate() {
        let file = file.canonicalize().expect("the file was just listed");
        let bytes = fs::read(&file).expect("the file was just listed");
        let gzip = gzip(&bytes).filter(|gzip| gzip.len() * 10 < bytes.len() * 9);
        let twin = match gzip {
            Some(gzip) => {
                let path = out.join(format!("asset-{index}.gz"));
                fs::write(&path, gzip).expect("the build folder is writable");
                format!("Some(include_bytes!({path:?}))")
            }
            None => "None".to_owned(),
        };
        rows.push_str(&format!("    Asset {{ path: {served:?}, bytes: include_bytes!({file:?}), gzip: {twin} }},\n"));
    }
    format!(
        "/// Everything that was built when the binary was, in the order of the paths.\nstatic ASSETS: &[Asset] = &[\n{rows}];\n"
    )
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
