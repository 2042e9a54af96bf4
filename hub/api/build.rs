//! Lists the dashboard's files for `src/dashboard.rs` to embed: as they were built, and compressed once for all requests.
//!
//! It never builds the dashboard itself, see `cargo xtask build`: without one the hub serves a plain notice in its place.

use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

const NOTICE: &str = "<!doctype html>
<html lang=\"vi\">
<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>commune-hub</title></head>
<body>
<p>Bảng theo dõi chưa được dựng vào chương trình này. Giao diện lập trình vẫn hoạt động ở <code>/api/v1</code>.</p>
<p lang=\"en\">The dashboard is not built into this program. The API works under <code>/api/v1</code>.</p>
</body>
</html>
";

/// Pictures are compressed already.
const PICTURES: [&str; 4] = [".png", ".jpg", ".ico", ".woff2"];

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/dist");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(&index, NOTICE)?;
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives OUT_DIR"))?;
    let mut list = String::from("&[");
    embed(&dist.canonicalize()?, "", Path::new(&out), &mut list)?;
    list.push(']');
    fs::write(Path::new(&out).join("dashboard.rs"), list)?;
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", dist.display())
}

/// Adds an entry to `list`, a Rust expression, for each file below `dist` whose name begins with `below`.
fn embed(dist: &Path, below: &str, out: &Path, list: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(dist.join(below))?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            embed(dist, &format!("{name}/"), out, list)?;
            continue;
        }
        let plain = fs::read(entry.path())?;
        let digest: String =
            Sha256::digest(&plain).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let packed = match pack(&name, &plain)? {
            Some(bytes) => {
                let path = out.join(format!("{digest}.gz"));
                fs::write(&path, bytes)?;
                format!("Some(include_bytes!({path:?}))")
            }
            None => "None".to_owned(),
        };
        let path = entry.path();
        *list += &format!(
            "File {{ name: {name:?}, digest: {digest:?}, plain: include_bytes!({path:?}), packed: {packed} }},"
        );
    }
    Ok(())
}

/// The file compressed, where that makes it smaller.
fn pack(name: &str, plain: &[u8]) -> io::Result<Option<Vec<u8>>> {
    if PICTURES.iter().any(|ending| name.ends_with(ending)) {
        return Ok(None);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    Ok(Some(encoder.finish()?).filter(|packed| packed.len() < plain.len()))
}
