//! What the build and the tests need from outside of the tree, installed once and with the reason said.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::process::{command, is_installed, output, root, run, say, target_dir};

/// Something that is needed, the Debian package that brings it, and why.
#[derive(Clone, Copy)]
struct Needed {
    /// A program on the path; or a module of Python, or a library.
    program: &'static str,
    package: &'static str,
    reason: &'static str,
}

const FOR_BUILD: [Needed; 3] = [
    Needed { program: "cc", package: "gcc", reason: "SQLite is compiled into the hub" },
    Needed { program: "node", package: "nodejs", reason: "the dashboard is built with it" },
    Needed { program: "npm", package: "npm", reason: "the dashboard's packages come through it" },
];

const FOR_TESTS: [Needed; 6] = [
    Needed { program: "chromium", package: "chromium", reason: "the dashboard is tested in a real browser" },
    Needed {
        program: "mosquitto_pub",
        package: "mosquitto-clients",
        reason: "a foreign MQTT client tests our broker",
    },
    Needed {
        program: "mosquitto",
        package: "mosquitto",
        reason: "a foreign MQTT broker tests the simulators",
    },
    Needed {
        program: "socat",
        package: "socat",
        reason: "its pseudo-terminals stand for serial lines in the Modbus tests",
    },
    Needed { program: "sqlite3", package: "sqlite3", reason: "SQLite's own tool checks our files" },
    Needed { program: "python3", package: "python3", reason: "foreign Modbus and MQTT peers run in it" },
];

/// Debian keeps this part of Python in a package of its own.
const PYTHON_VENV: Needed = Needed {
    program: "ensurepip",
    package: "python3-venv",
    reason: "the foreign peers stay out of the system's Python",
};

/// A library, which the foreign Modbus server in C is called from.
const LIBMODBUS: Needed = Needed {
    program: "libmodbus.so.5",
    package: "libmodbus5",
    reason: "a foreign Modbus server in C tests the adapter",
};

/// Tells whether the library is there.
const FIND_LIBMODBUS: &str =
    "import ctypes.util; print('found' if ctypes.util.find_library('modbus') else 'missing')";

/// Tells whether Python can make environments of its own.
const FIND_VENV: &str =
    "import importlib.util; print('found' if importlib.util.find_spec('ensurepip') else 'missing')";

/// The oldest Go, in its words, that builds the foreign engines, and the Debian package that brings one.
const GO: (u32, u32) = (1, 26);
const GO_PACKAGE: &str = "golang-go";

/// Makes sure that the build finds its programs.
pub fn for_build() -> anyhow::Result<()> {
    system_packages(&FOR_BUILD)?;
    node_packages()
}

/// Makes sure that the tests find theirs. Returns the Python that has the foreign peers.
pub fn for_tests() -> anyhow::Result<PathBuf> {
    for_build()?;
    system_packages(&FOR_TESTS)?;
    for (finds, needed) in [(FIND_VENV, PYTHON_VENV), (FIND_LIBMODBUS, LIBMODBUS)] {
        if !output(&mut command("python3", &["-c", finds]))?.contains("found") {
            install(&[needed])?;
        }
    }
    python_packages()
}

/// Makes sure that Go is there, new enough for the module in `folder`: Debian's where that will do.
pub fn go(folder: &Path, reason: &'static str) -> anyhow::Result<()> {
    // Asked in the module's folder: a Go that fetches the version which the module wants answers with that one.
    let version = || output(command("go", &["env", "GOVERSION"]).current_dir(folder)).ok();
    let found = if is_installed("go") { version() } else { None };
    if found.as_deref().and_then(go_version) >= Some(GO) {
        return Ok(());
    }
    let offered = debian_go()?;
    if offered.as_deref().and_then(go_version) >= Some(GO) {
        return install(&[Needed { program: "go", package: GO_PACKAGE, reason }]);
    }
    let tell =
        |version: Option<String>| version.map_or("none".to_owned(), |version| version.trim().to_owned());
    bail!(
        "Go {}.{} or later is needed ({reason}); on the path: {}; in Debian's package {GO_PACKAGE}: {}; \
         install it from https://go.dev/dl and put its bin folder on the path",
        GO.0,
        GO.1,
        tell(found),
        tell(offered)
    )
}

/// The version that Debian's package would bring, as `2:1.26~1`.
fn debian_go() -> anyhow::Result<Option<String>> {
    if !is_installed("apt-cache") {
        return Ok(None);
    }
    if is_root()? {
        run(&mut command("apt-get", &["update", "-qq"]))?;
    }
    let policy = output(&mut command("apt-cache", &["policy", GO_PACKAGE]))?;
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    Ok(candidate.map(str::to_owned))
}

/// Major and minor of `go1.26.3`, or of Debian's `2:1.26~1`.
fn go_version(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().split_once(':').map_or(text.trim(), |(_epoch, version)| version);
    let mut numbers = text.trim_start_matches("go").split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn is_root() -> anyhow::Result<bool> {
    Ok(is_installed("apt-get") && output(&mut command("id", &["-u"]))?.trim() == "0")
}

fn system_packages(needed: &[Needed]) -> anyhow::Result<()> {
    let missing: Vec<_> = needed.iter().copied().filter(|need| !is_installed(need.program)).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

fn install(missing: &[Needed]) -> anyhow::Result<()> {
    for need in missing {
        say(&format!(
            "{} is missing ({}): installing the package {}",
            need.program, need.reason, need.package
        ))?;
    }
    let packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    if !is_root()? {
        bail!("please install these packages first: {}", packages.join(" "));
    }
    run(&mut command("apt-get", &["update", "-qq"]))?;
    let mut install = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
    run(install.args(&packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Installs the dashboard's packages when the lock file has changed since the last time.
fn node_packages() -> anyhow::Result<()> {
    let folder = root().join("dashboards");
    let stamp = folder.join("node_modules/.installed-lock");
    let lock = folder.join("package-lock.json");
    if is_current(&stamp, &lock)? {
        return Ok(());
    }
    run(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    fs::copy(&lock, &stamp)?;
    Ok(())
}

fn python_packages() -> anyhow::Result<PathBuf> {
    let folder = target_dir().join("python");
    let python = folder.join("bin/python");
    let stamp = folder.join("installed-requirements");
    let requirements = root().join("xtask/requirements.txt");
    if is_current(&stamp, &requirements)? {
        return Ok(python);
    }
    run(command("python3", &["-m", "venv", "--clear"]).arg(&folder))?;
    run(command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(&requirements))?;
    fs::copy(&requirements, &stamp)?;
    Ok(python)
}

/// Whether `stamp` is a copy of what `source` says now.
fn is_current(stamp: &Path, source: &Path) -> anyhow::Result<bool> {
    let wanted = fs::read(source).with_context(|| format!("{}: cannot be read", source.display()))?;
    Ok(fs::read(stamp).is_ok_and(|installed| installed == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_are_read_as_go_and_debian_write_them() {
        assert_eq!(go_version("go1.26.8\n"), Some((1, 26)));
        assert_eq!(go_version("2:1.19~1"), Some((1, 19)));
        assert_eq!(go_version("1.27rc1"), Some((1, 27)));
        assert_eq!(go_version("(none)"), None);
        assert!(go_version("go1.9") < Some(GO), "by numbers, not by letters");
    }
}
