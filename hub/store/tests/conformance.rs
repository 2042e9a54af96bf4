//! Both stores do what the one suite asks of a store.

use std::sync::Arc;

use hub_store::conformance::{self, Open};
use hub_store::{MemoryStore, Settings, Store};

#[test]
fn the_store_on_disk_conforms() {
    conformance::run(&|| -> Open {
        let place = Arc::new(tempfile::tempdir().unwrap());
        Box::new(move || {
            let settings = Settings {
                commit_window: std::time::Duration::from_millis(2),
                ..Settings::new(place.path())
            };
            Box::new(Store::open(settings).unwrap())
        })
    });
}

#[test]
fn the_twin_in_ram_conforms() {
    conformance::run(&|| -> Open {
        let mut store = MemoryStore::new();
        Box::new(move || {
            store = store.reopen();
            Box::new(store.clone())
        })
    });
}
