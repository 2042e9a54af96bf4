//! Makes sure that the folder to be embedded exists: without a built dashboard the hub serves a plain notice in its place.
//!
//! It never builds the dashboard itself. See `cargo xtask build`.

use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

const NOTICE: &str = "<!doctype html>
<html lang=\"vi\">
<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>commune-hub</title></head>
<body>
<p>Bảng điều khiển chưa được dựng vào chương trình này. Giao diện lập trình vẫn hoạt động ở <code>/api/v1</code>.</p>
<p lang=\"en\">The dashboard is not built into this program. The API works under <code>/api/v1</code>.</p>
</body>
</html>
";

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/dist");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(&index, NOTICE)?;
    }
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", dist.display())
}
