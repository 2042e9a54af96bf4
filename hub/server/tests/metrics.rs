//! `/metrics` of the hub's own binary, where the figures of the API and of the server come together, against the rules of
//! OpenMetrics. What the figures are is tested beside those who count.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use support::Folder;

#[test]
fn a_family_of_figures_is_told_once() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    let mut answer = ureq::get(format!("http://{}/metrics", hub.http)).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let (mut families, mut family, mut suffix) = (BTreeSet::new(), "", "");
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(families.insert(name), "{name} is told twice:\n{text}");
            (family, suffix) = (name, if kind == "counter" { "_total" } else { "" });
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(name.strip_prefix(family), Some(suffix), "{line} is not of {family}");
        }
    }
    assert!(families.contains("commune_points") && families.contains("commune_commits"), "{text}");
    // The temporary folder's disk tells its size on every system that the hub is built for.
    for name in ["free_bytes", "size_bytes", "nearly_full"] {
        assert!(families.contains(format!("commune_store_disk_{name}").as_str()), "{name}:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    hub.stop();
}
