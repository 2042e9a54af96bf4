//! What can go wrong before or while devices are simulated. Texts name file and line where there is one.

use std::io;
use std::path::{Path, PathBuf};

/// A simulation that cannot be started, or an order that cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file says something that is not allowed.
    #[error("{}:{line}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found and what is allowed.
        message: String,
    },
    /// A Modbus address cannot be listened on.
    #[error("{endpoint}: cannot listen on {address}")]
    Listen {
        /// The endpoint as configured.
        endpoint: String,
        /// The address tried.
        address: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The site's own broker cannot be run.
    #[error("the site's broker mosquitto cannot be run; it must be installed")]
    SiteBroker {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A folder for serial lines cannot be made.
    #[error("cannot make a folder for serial lines")]
    Folder {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A serial line cannot be made.
    #[error("{endpoint}: cannot make a line at {}", path.display())]
    Terminal {
        /// The endpoint as configured.
        endpoint: String,
        /// The device file tried.
        path: PathBuf,
        /// Why not: most often something else stands there.
        #[source]
        source: io::Error,
    },
    /// An address is beyond this machine.
    #[error("{endpoint}: {address} is not on this machine; simulated devices listen on loopback only")]
    NotLoopback {
        /// The endpoint as configured.
        endpoint: String,
        /// The address refused.
        address: String,
    },
    /// The control page's address is none of this machine.
    #[error(
        "[control] listen: found \"{found}\", allowed: an address of this machine such as 127.0.0.1:8090"
    )]
    Control {
        /// What was found.
        found: String,
    },
    /// The broker's address is none.
    #[error("broker: found \"{found}\", allowed: HOST:PORT")]
    Broker {
        /// What was found.
        found: String,
    },
    /// The commune's time zone is not known.
    #[error("time zone \"{timezone}\" is not known")]
    Timezone {
        /// What was found.
        timezone: String,
    },
    /// A fault concerns a device or point that is not simulated.
    #[error("\"{target}\" is no simulated device or point")]
    UnknownTarget {
        /// What was found.
        target: String,
    },
    /// A fault cannot happen to its target.
    #[error("\"{target}\": fault \"{kind}\" {reason}")]
    FaultDoesNotApply {
        /// The device or point.
        target: String,
        /// The kind of fault.
        kind: &'static str,
        /// Why it does not fit.
        reason: &'static str,
    },
}

impl SimError {
    /// A fault in `path` at byte `offset` of its `text`.
    pub(crate) fn at(path: &Path, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        Self::File { path: path.to_owned(), line, message: message.into() }
    }

    /// A fault that the TOML reader found.
    pub(crate) fn toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        Self::at(path, text, offset, error.message().trim().replace('\n', "; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toml_fault_names_file_and_line() {
        let text = "a = 1\nb = \"x\n";
        let fault = toml::from_str::<toml::Table>(text).unwrap_err();
        let told = SimError::toml(Path::new("f.toml"), text, &fault).to_string();
        assert!(told.starts_with("f.toml:2: "), "{told}");
    }
}
