//! Foreign engines that tests and benches measure against, built once from their Go modules into a cache outside of the tree.
//!
//! A peer is keyed by its version, which `peers/<name>/go.mod` names: changing it there builds the new one beside the old.
//! None of them is part of the hub. Read next: `peers/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::process::{command, output, root, run, say};
use crate::setup;

/// An engine that can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// InfluxDB 2, without its web pages.
    Influxd,
    /// InfluxDB 1.8, from which readings are pulled.
    Influxd1,
    /// VictoriaMetrics, single node.
    VictoriaMetrics,
    /// Telegraf with the plugins that our tests and benches use.
    Telegraf,
    /// A reader of webhook messages with Alertmanager's own type.
    Alertmanager,
}

/// How one is built.
struct Recipe {
    name: &'static str,
    /// The Go module whose version is the peer's.
    module: &'static str,
    /// The package with its `main`.
    package: &'static str,
    tags: &'static str,
}

impl Peer {
    /// All of them: the tests need each.
    pub const ALL: [Self; 5] =
        [Self::Influxd, Self::Influxd1, Self::Telegraf, Self::Alertmanager, Self::VictoriaMetrics];

    fn recipe(self) -> Recipe {
        match self {
            Self::Influxd => Recipe {
                name: "influxd",
                module: "github.com/influxdata/influxdb/v2",
                package: "github.com/influxdata/influxdb/v2/cmd/influxd",
                tags: "sqlite_foreign_keys,sqlite_json",
            },
            Self::Influxd1 => Recipe {
                name: "influxd1",
                module: "github.com/influxdata/influxdb",
                package: "github.com/influxdata/influxdb/cmd/influxd",
                tags: "",
            },
            Self::VictoriaMetrics => Recipe {
                name: "victoria-metrics",
                module: "github.com/VictoriaMetrics/VictoriaMetrics",
                package: "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics",
                tags: "",
            },
            Self::Telegraf => Recipe {
                name: "telegraf",
                module: "github.com/influxdata/telegraf",
                package: "github.com/influxdata/telegraf/cmd/telegraf",
                tags: "custom,inputs.modbus,inputs.mqtt_consumer,outputs.influxdb_v2,outputs.discard,outputs.file,\
                       parsers.json_v2,parsers.influx,parsers.value,serializers.influx",
            },
            Self::Alertmanager => Recipe {
                name: "alertmanager",
                module: "github.com/prometheus/alertmanager",
                package: "commune/peers/alertmanager",
                tags: "",
            },
        }
    }

    /// The environment variable that tells a test or bench where this peer's binary is.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Influxd => "COMMUNE_PEER_INFLUXD",
            Self::Influxd1 => "COMMUNE_PEER_INFLUXD1",
            Self::VictoriaMetrics => "COMMUNE_PEER_VICTORIA_METRICS",
            Self::Telegraf => "COMMUNE_PEER_TELEGRAF",
            Self::Alertmanager => "COMMUNE_PEER_ALERTMANAGER",
        }
    }

    /// The peer's binary, built first where it is missing.
    pub fn binary(self) -> anyhow::Result<PathBuf> {
        let recipe = self.recipe();
        let folder = root().join("xtask/peers").join(recipe.name);
        let version = version(&fs::read_to_string(folder.join("go.mod"))?, recipe.module)?;
        let cached = cache()?.join(format!("{}-{version}", recipe.name));
        let binary = cached.join(recipe.name);
        if binary.is_file() {
            return Ok(binary);
        }
        setup::go(&folder, "foreign engines that tests and benches run are built with it, once")?;
        say(&format!("{} {version} is missing: building it once into {}", recipe.name, cached.display()))?;
        fs::create_dir_all(&cached)?;
        self.build(&recipe, &folder, &cached, &version)?;
        Ok(binary)
    }

    fn build(self, recipe: &Recipe, folder: &Path, cached: &Path, version: &str) -> anyhow::Result<()> {
        // Built under another name and renamed, so that a build that was broken off is never taken for a binary.
        let unfinished = cached.join(format!("{}.{}", recipe.name, std::process::id()));
        let mut build = command("go", &["build", "-mod=mod", "-tags", recipe.tags, "-ldflags"]);
        build.arg(format!("-s -w -X main.version={version}"));
        if self == Self::Influxd {
            let wrapper = cached.join("pkg-config");
            let package = "github.com/influxdata/pkg-config";
            run(command("go", &["build", "-mod=mod", "-o"]).arg(&wrapper).arg(package).current_dir(folder))?;
            // Its Flux library names an older Rust toolchain in a file of its own; ours builds it as well.
            build.env("PKG_CONFIG", wrapper).env("RUSTUP_TOOLCHAIN", toolchain()?);
        }
        run(build.arg("-o").arg(&unfinished).arg(recipe.package).current_dir(folder))?;
        fs::rename(&unfinished, cached.join(recipe.name))?;
        Ok(())
    }
}

/// The version at which `go_mod` requires `module`.
fn version(go_mod: &str, module: &str) -> anyhow::Result<String> {
    let required = |line: &str| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        (words.next() == Some(module)).then(|| words.next().map(str::to_owned)).flatten()
    };
    go_mod.lines().find_map(required).with_context(|| format!("go.mod does not require {module}"))
}

fn cache() -> anyhow::Result<PathBuf> {
    let of_user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let of_home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = of_user.or_else(of_home).context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(base.join("smart-commune-hub/peers"))
}

fn toolchain() -> anyhow::Result<String> {
    let active = output(&mut command("rustup", &["show", "active-toolchain"]))?;
    Ok(active.split_whitespace().next().unwrap_or("stable").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peers_version_stands_in_its_module() {
        for peer in Peer::ALL {
            let recipe = peer.recipe();
            let go_mod = root().join("xtask/peers").join(recipe.name).join("go.mod");
            let found = version(&fs::read_to_string(go_mod).unwrap(), recipe.module).unwrap();
            assert!(found.starts_with('v'), "{}: {found}", recipe.name);
        }
    }

    #[test]
    fn a_module_that_is_not_required_has_no_version() {
        assert!(version("module a\n\nrequire b v1.0.0\n", "c").is_err());
        assert_eq!(version("require (\n\tb v1.0.0 // indirect\n)\n", "b").unwrap(), "v1.0.0");
    }
}
