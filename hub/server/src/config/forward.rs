//! `[[forward]]` and `[history]`: where readings are forwarded to, and where older ones come from. Reads the files that they name.
//!
//! A token never goes into a fault's text. Read next: `adapters_influxdb::config` for a target's own keys.

use std::net::IpAddr;

use adapters_influxdb::{Client, Target, Token, What, config};
use adapters_sdk::config::{At, Problem, Problems, Table, unusable};
use hub_model::text::Told as _;
use hub_model::{LocalText, local};

use super::files::{Files, about_file, unreadable};
use super::nearest::{id_twice, not_one_of};

/// Longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 4_096;

/// What both sections say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarding {
    /// Where readings are forwarded to.
    pub targets: Vec<Target>,
    /// Which of these older readings come from.
    pub remote: Option<String>,
}

/// A site that a target names, and where: whether it is there is known once all files are read.
pub(super) struct NamedSite {
    name: String,
    at: At,
}

impl NamedSite {
    /// Tells of a site that is not there; otherwise nothing would be forwarded and nobody would know.
    pub(super) fn check<'a>(self, known: impl Iterator<Item = &'a str> + Clone, problems: &mut Problems) {
        if known.clone().all(|id| id != self.name) {
            problems.error(self.at.fault(not_one_of(&self.name, known)));
        }
    }
}

/// Reads both sections. `None` when something is faulty.
pub(super) fn read(
    root: &mut Table,
    files: &Files,
    problems: &mut Problems,
) -> Option<(Forwarding, Vec<NamedSite>)> {
    let before = problems.errors().len();
    let (mut targets, mut sites): (Vec<Target>, _) = (Vec::new(), Vec::new());
    for table in root.tables("forward", problems) {
        let [twice, of_sites] = ["id", "sites"].map(|key| table.at(key));
        let Some(target) = target(table, files, problems) else { continue };
        if targets.iter().any(|other| other.id == target.id) {
            problems.error(twice.fault(id_twice(&target.id)));
        }
        let named =
            target.sites.iter().flatten().map(|name| NamedSite { name: name.clone(), at: of_sites.clone() });
        sites.extend(named);
        targets.push(target);
    }
    let all_read = problems.errors().len() == before;
    let remote = root.table("history", problems).and_then(|mut table| {
        let at = table.at("remote");
        let remote = table.needed_text("remote", problems);
        table.finish(problems);
        let remote = remote?;
        let message = match targets.iter().find(|target| target.id == remote) {
            Some(target) if target.what == What::Raw => return Some(remote),
            Some(_) => {
                local!(
                    "có \"{remote}\", nơi này chỉ giữ trị trung bình, được phép: nơi có what = \"raw\"",
                    "found \"{remote}\", which keeps means only, allowed: one with what = \"raw\""
                )
            }
            None if all_read => not_one_of(&remote, targets.iter().map(|target| &*target.id)),
            // It may be the faulty one.
            None => return None,
        };
        problems.error(at.fault(message));
        None
    });
    (problems.errors().len() == before).then_some((Forwarding { targets, remote }, sites))
}

fn target(mut table: Table, files: &Files, problems: &mut Problems) -> Option<Target> {
    let both = table.fault(
        "token_file",
        local!("ghi cùng với token, được phép: một trong hai", "is given beside token, allowed: one of them"),
    );
    let [token_at, ca_at, url_at] = ["token_file", "ca", "url"].map(|key| table.at(key));
    let token_place = table.place_of("token");
    let given = table.secret("token", problems);
    let named = table.text("token_file", problems);
    if given.is_some() {
        if named.is_some() {
            problems.error(both);
        }
        if let Some(mode) = files.open_mode(&token_place.file) {
            let message = local!(
                "chứa mã truy cập mà người khác đọc được (quyền {mode:o}); hãy dùng token_file, hoặc chạy chmod 600 cho tệp này",
                "holds a token and others may read it (mode {mode:o}); use token_file, or run chmod 600 on it"
            );
            problems.warning(Problem { place: token_place, ..about_file("", message) });
        }
    }
    let token = match (given, named) {
        (Some(token), _) => Some(token),
        (None, Some(file)) => match first_line(files, &file) {
            Ok(token) => Some(token),
            Err(why) => {
                problems.error(token_at.fault(unusable(&file, &why)));
                None
            }
        },
        (None, None) => None,
    };
    let ca = table.text("ca", problems).map(|file| (files.text(&file), file));
    let mut target = config::target(table, problems)?;
    target.token = token.map(Token);
    if target.token.is_some() && !is_private(&target.url) {
        problems.warning(url_at.fault(local!(
            "mã truy cập và mọi số đo đi qua mạng mà không mã hóa; hãy dùng https",
            "the token and all readings cross the network in the clear; use https"
        )));
    }
    if let Some((text, file)) = ca {
        let used = text.map_err(|error| unreadable(&error)).and_then(|pem| {
            target.ca = Some(pem.into_bytes());
            Client::new(&target).map(drop).map_err(|error| error.told())
        });
        if let Err(why) = used {
            problems.error(ca_at.fault(unusable(&file, &why)));
            return None;
        }
    }
    Some(target)
}

fn first_line(files: &Files, file: &str) -> Result<String, LocalText> {
    let text = files.text(file).map_err(|error| unreadable(&error))?;
    let line = text.lines().next().unwrap_or_default().trim();
    let fits = (1..=MAX_TOKEN_BYTES).contains(&line.len()) && line.bytes().all(|b| (0x21..0x7f).contains(&b));
    if fits {
        Ok(line.to_owned())
    } else {
        Err(local!(
            "không có mã truy cập ở dòng đầu, được phép: 1 đến {MAX_TOKEN_BYTES} chữ không dấu và ký hiệu",
            "has no token in its first line, allowed: 1 to {MAX_TOKEN_BYTES} letters and signs"
        ))
    }
}

/// Whether nobody on the way can read along: TLS, or this machine.
fn is_private(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return true };
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
