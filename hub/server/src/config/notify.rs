//! The section `[notify]`, which `adapters/notify` reads; here are only the files that its secrets stand in.

use adapters_notify::config::Known;
use adapters_notify::{Notify, SecretFiles};
use adapters_sdk::config::{Place, Problem, Problems, Table};
use hub_model::{LocalText, Site, SiteId, local};
use jiff::tz::TimeZone;

use super::files::{Files, about_file, unreadable};

/// Longest secret, in bytes.
const MAX_SECRET_BYTES: usize = 4_096;

pub(super) fn read(
    table: Option<Table>,
    files: &Files,
    sites: &[Site],
    (zone, has_broker): (&TimeZone, bool),
    problems: &mut Problems,
) -> Notify {
    let Some(table) = table else { return Notify::none(zone.clone()) };
    // Where a file of a site is faulty that site is missing here, and no route is to be blamed for it.
    let ids: Vec<SiteId> = sites.iter().map(|site| site.id.clone()).collect();
    let some_faulty = problems.errors().iter().any(|problem| problem.place.file.starts_with("sites/"));
    let known = Known { sites: (!some_faulty).then_some(&*ids), zone: zone.clone(), has_broker };
    adapters_notify::config::read(table, &known, files, problems)
}

impl SecretFiles for Files {
    fn first_line(&self, file: &str) -> Result<String, LocalText> {
        let text = SecretFiles::text(self, file)?;
        let line = text.lines().next().unwrap_or_default().trim();
        if line.is_empty() || line.len() > MAX_SECRET_BYTES {
            let bytes = line.len();
            return Err(local!(
                "có dòng đầu dài {bytes} byte, được phép: 1 đến {MAX_SECRET_BYTES}",
                "has a first line of {bytes} bytes, allowed: 1 to {MAX_SECRET_BYTES}"
            ));
        }
        Ok(line.to_owned())
    }

    fn text(&self, file: &str) -> Result<String, LocalText> {
        Files::text(self, file).map_err(|error| unreadable(&error))
    }

    fn warn_of_readers(&self, place: &Place, problems: &mut Problems) {
        let Some(mode) = self.open_mode(&place.file) else { return };
        let message = local!(
            "chứa bí mật mà người khác đọc được (quyền {mode:o}); hãy ghi bí mật vào tệp riêng, hoặc chạy chmod 600 cho tệp này",
            "holds secrets and others may read it (mode {mode:o}); give them by files, or run chmod 600 on it"
        );
        problems.warning(Problem { place: place.clone(), ..about_file("", message) });
    }
}
