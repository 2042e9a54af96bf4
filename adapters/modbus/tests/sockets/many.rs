//! Several devices: on one bus, on several, and with a pipeline that is slow.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub_model::{Reason, Sample};
use tokio::time::Instant;

use crate::rig::{Rig, causes, count, device, holding, latest};
use crate::servers::{LibraryServer, Units, raw_server};

#[tokio::test]
async fn a_dead_unit_costs_its_neighbour_few_time_outs_and_comes_back() {
    let units = Arc::new(Mutex::new(Units::default()));
    units.lock().unwrap().holding = [((1, 0), 11), ((2, 0), 22), ((2, 50), 23)].into();
    units.lock().unwrap().silent = vec![2];
    let server = LibraryServer::start(0, &units).await;
    let live = device("live", server.port, 1, &[holding(0)]);
    let dead = device("dead", server.port, 2, &[holding(0), holding(50)]);
    let mut rig = Rig::start(vec![live, dead]);
    let start = Instant::now();

    rig.until_more("station/live/p0", 40).await;
    assert_eq!(causes(&rig.seen, "station/live/p0"), [], "the live one never falters");
    for point in ["station/dead/p0", "station/dead/p1"] {
        assert_eq!(causes(&rig.seen, point), [Reason::Timeout], "{point}");
    }
    // Twice at first, then after 3.75 s at the soonest, and ever more rarely.
    let asked = units.lock().unwrap().requests_to(2);
    let most = 2 + usize::try_from(start.elapsed().as_millis() / 3_750).unwrap();
    assert!(asked >= 2 && asked <= most, "asked {asked} times, at most {most} are due");
    assert_eq!(rig.running.health()[0].devices[1].timeouts, u64::try_from(asked).unwrap());
    assert_eq!(rig.running.health()[0].devices[1].silent, Some(Reason::Timeout));
    assert!(count(&rig.seen, "station/dead/p0") <= asked, "its silence is told when it is asked");

    units.lock().unwrap().silent.clear();
    rig.until_latest("station/dead/p0", Sample::Raw(22.0)).await;
    rig.until_more("station/dead/p1", 5).await;
    assert_eq!(latest(&rig.seen, "station/dead/p1"), Some(Sample::Raw(23.0)));
    assert_eq!(causes(&rig.seen, "station/live/p0"), []);
}

#[tokio::test]
async fn a_dead_bus_does_not_touch_another() {
    let units = Arc::new(Mutex::new(Units { holding: [((1, 0), 11)].into(), ..Units::default() }));
    let server = LibraryServer::start(0, &units).await;
    let black_hole = raw_server::<12>(|_, _| Vec::new()).await;
    let mut dead = device("dead", black_hole, 1, &[holding(0)]);
    dead.settings.timeout = Duration::from_secs(20);
    let live = device("live", server.port, 1, &[holding(0)]);
    let live_endpoint = live.settings.endpoint.clone();
    let mut rig = Rig::start(vec![dead, live]);
    rig.until_more("station/live/p0", 20).await;
    assert_eq!(causes(&rig.seen, "station/live/p0"), []);
    assert_eq!(count(&rig.seen, "station/dead/p0"), 0, "it is still in its first time-out");
    let live = rig.running.health().into_iter().find(|bus| bus.endpoint == live_endpoint).unwrap();
    assert_eq!(live.devices[0].timeouts, 0);
}

#[tokio::test]
async fn a_slow_pipeline_makes_the_bus_wait_and_count() {
    let units = Arc::new(Mutex::new(Units { holding: [((1, 0), 11)].into(), ..Units::default() }));
    let server = LibraryServer::start(0, &units).await;
    let mut rig = Rig::start_with_intake(vec![device("a", server.port, 1, &[holding(0)])], 1);
    // Nobody takes deliveries: one waits in the channel, one in the bus's hands, and no further request is made.
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let mut before = 0;
    for _ in 0..100 {
        ticks.tick().await;
        let asked = units.lock().unwrap().requests.len();
        if asked >= 2 && asked == before {
            break;
        }
        before = asked;
    }
    assert_eq!(units.lock().unwrap().requests.len(), 2);
    rig.until_more("station/a/p0", 5).await;
    assert!(rig.running.health()[0].devices[0].overruns >= 1);
    assert_eq!(causes(&rig.seen, "station/a/p0"), []);
}

#[tokio::test]
async fn the_pause_between_requests_is_kept_over_all_devices_of_a_bus() {
    let pause = Duration::from_millis(30);
    let units = Arc::new(Mutex::new(Units::default()));
    units.lock().unwrap().holding = [((1, 0), 1), ((1, 100), 2), ((2, 0), 3)].into();
    let server = LibraryServer::start(0, &units).await;
    let mut devices = vec![
        device("a", server.port, 1, &[holding(0), holding(100)]),
        device("b", server.port, 2, &[holding(0)]),
    ];
    devices.iter_mut().for_each(|device| device.settings.pause_between = pause);
    let mut rig = Rig::start(devices);
    rig.until_more("station/a/p1", 5).await;
    rig.until_more("station/b/p0", 1).await;
    let requests = &units.lock().unwrap().requests;
    for pair in requests.windows(2) {
        let between = pair[1].3 - pair[0].3;
        assert!(between >= pause, "{between:?}");
    }
}

#[tokio::test]
async fn buses_stop_when_they_are_told_to() {
    let black_hole = raw_server::<12>(|_, _| Vec::new()).await;
    let mut silent = device("silent", black_hole, 1, &[holding(0)]);
    silent.settings.timeout = Duration::from_secs(60);
    let mut rig = Rig::start(vec![silent, device("none", 9, 1, &[])]);
    rig.stop.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(10), rig.running.stopped()).await;
    stopped.expect("a stop does not wait for an answer").unwrap();
}
