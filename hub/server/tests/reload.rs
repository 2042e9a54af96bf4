//! A changed configuration is taken up while the hub runs; what did not change goes on undisturbed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use rumqttc::{Client, Event, Incoming, MqttOptions, QoS};
use serde_json::{Value, json};
use support::peers::ModbusServer;
use support::{Folder, Hub, wait_for};

/// Longer than the two seconds that users are promised, for a machine that does much else.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(10);
const NEW_SITE: &str = r#"id = "new-waste"
kind = "waste_site"
name = "New"
[[device]]
id = "gas"
adapter = "mqtt"
login = { username = "new-gas", password = "new-gas-pilot" }
[[device.point]]
id = "ch4"
quantity = "ch4"
"#;

fn part(hub: &Hub, name: &str) -> Value {
    let health = hub.ready();
    let all = health["others"].as_array().unwrap().clone();
    all.into_iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("no {name}: {health}"))
}

/// How often a Modbus device was asked since its bus was started.
fn polls(hub: &Hub, device: &str) -> u64 {
    let metrics = hub.metrics();
    let line =
        metrics.lines().find(|line| line.starts_with("commune_modbus_polls_total") && line.contains(device));
    line.unwrap_or_else(|| panic!("no polls of {device}")).rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        as u64
}

fn publish(client: &Client, value: u32) {
    let payload = json!({"m": {"h2s": value}}).to_string();
    client.publish("commune/v1/dong-bai-waste/gas/telemetry", QoS::AtLeastOnce, false, payload).unwrap();
}

#[test]
fn a_new_site_is_taken_up_and_devices_that_did_not_change_keep_their_connections() {
    let server = ModbusServer::start(
        0,
        &json!({"1": {"holding": {"0": [1, 2, 3, 4]}}, "2": {"holding": {"0": [1, 2]}}}),
    );
    let folder = Folder::pilot(&format!("127.0.0.1:{}", server.port));
    let hub = folder.run(&folder.token("viewer"));
    let mut options = MqttOptions::new("stays", hub.mqtt.ip().to_string(), hub.mqtt.port());
    options.set_credentials("dong-bai-gas", "gas-pilot-1");
    let (client, mut connection) = Client::new(options, 8);
    publish(&client, 1);
    wait_for_ack(&mut connection);
    wait_for("the first polls", TAKEN_UP_WITHIN, || (polls(&hub, "tam-hop-water/plc") >= 5).then_some(()));
    let before = polls(&hub, "tam-hop-water/plc");

    fs::write(folder.path().join("sites/new.toml"), NEW_SITE).unwrap();
    wait_for("the new site", TAKEN_UP_WITHIN, || (hub.try_get("/sites/new-waste").0 == 200).then_some(()));
    assert_eq!(part(&hub, "configuration")["state"], "ok");
    assert!(polls(&hub, "tam-hop-water/plc") >= before, "the bus was not started again");
    assert_eq!(hub.point("dong-bai-waste/gas/h2s")["latest"]["value"], 1.0, "what was known is still known");

    // The old connection goes on, and the new login is let in.
    publish(&client, 2);
    wait_for_ack(&mut connection);
    wait_for("the next value", TAKEN_UP_WITHIN, || {
        (hub.point("dong-bai-waste/gas/h2s")["latest"]["value"] == 2.0).then_some(())
    });
    let mut options = MqttOptions::new("new", hub.mqtt.ip().to_string(), hub.mqtt.port());
    options.set_credentials("new-gas", "new-gas-pilot");
    let (newcomer, mut second) = Client::new(options, 8);
    newcomer
        .publish("commune/v1/new-waste/gas/telemetry", QoS::AtLeastOnce, false, r#"{"m":{"ch4":7}}"#)
        .unwrap();
    wait_for_ack(&mut second);
    wait_for("the new point's value", TAKEN_UP_WITHIN, || {
        (hub.point("new-waste/gas/ch4")["latest"]["value"] == 7.0).then_some(())
    });
    drop((client, newcomer));
    hub.stop();
}

#[test]
fn a_changed_device_leaves_the_others_of_its_bus_alone() {
    let server = ModbusServer::start(
        0,
        &json!({"1": {"holding": {"0": [10, 20]}}, "2": {"holding": {"0": [30]}}, "3": {"holding": {"0": [40]}}}),
    );
    let device = |id: &str, unit: u8, address: u16| {
        format!(
            "[[device]]\nid = \"{id}\"\nadapter = \"modbus\"\nendpoint = \"tcp://127.0.0.1:{}\"\nunit_id = {unit}\npoll = \"100ms\"\n[[device.point]]\nid = \"level\"\nquantity = \"level\"\nregister = \"holding\"\naddress = {address}\ntype = \"UINT16\"\n",
            server.port
        )
    };
    let site = |devices: &[String]| format!("id = \"s\"\nkind = \"other\"\n{}", devices.concat());
    let hub_toml = "[commune]\nid = \"c\"\nname = \"C\"\ntimezone = \"Asia/Ho_Chi_Minh\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n[store]\ndir = \"data\"\n";
    let before = site(&[device("stays", 1, 0), device("changes", 1, 0), device("goes", 2, 0)]);
    let folder = Folder::with(&[("hub.toml", hub_toml), ("sites/s.toml", &before)]);
    let hub = folder.run(&folder.token("integrator"));
    let value = |point: &str, expected: f64| {
        wait_for(point, TAKEN_UP_WITHIN, || {
            let (status, found) = hub.try_get("/points?site=s&quantity=level");
            let found = found.as_array().filter(|_| status == 200)?;
            let one = found.iter().find(|one| one["id"] == format!("s/{point}/level"))?;
            (one["latest"]["value"] == json!(expected)).then_some(())
        });
    };
    value("stays", 10.0);
    value("changes", 10.0);
    value("goes", 30.0);
    wait_for("some polls", TAKEN_UP_WITHIN, || (polls(&hub, "s/stays") >= 20).then_some(()));
    let (stays, changes) = (polls(&hub, "s/stays"), polls(&hub, "s/changes"));

    let after = site(&[device("new", 3, 0), device("stays", 1, 0), device("changes", 1, 1)]);
    fs::write(folder.path().join("sites/s.toml"), after).unwrap();
    value("changes", 20.0);
    value("new", 40.0);
    assert!(polls(&hub, "s/stays") >= stays, "it was not begun anew");
    assert!(polls(&hub, "s/changes") < changes, "it was");
    let bus = hub.get("/buses")[0].clone();
    let ids: Vec<_> = bus["devices"].as_array().unwrap().iter().map(|device| device["id"].clone()).collect();
    assert_eq!(ids, ["s/new", "s/stays", "s/changes"]);
    assert_eq!(bus["devices"][1]["overruns"], 0, "{bus}");
    hub.stop();
}

/// Lets the client work until something was acknowledged; a broken connection fails the test.
fn wait_for_ack(connection: &mut rumqttc::Connection) {
    for event in connection.iter() {
        if matches!(event.unwrap(), Event::Incoming(Incoming::PubAck(_))) {
            return;
        }
    }
}

#[test]
fn a_faulty_file_is_refused_whole_and_said_so_until_it_is_mended() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    fs::write(folder.path().join("sites/new.toml"), NEW_SITE.replace("quantity", "quantiti")).unwrap();
    let told = wait_for("the fault", TAKEN_UP_WITHIN, || {
        let part = part(&hub, "configuration");
        (part["state"] == "degraded").then(|| part["detail"].as_str().unwrap().to_owned())
    });
    assert!(
        told.contains("sites/new.toml:") && told.contains("quantiti") && told.contains("quantity"),
        "{told}"
    );
    assert_eq!(hub.try_get("/sites/new-waste").0, 404, "the running configuration stays");
    assert_eq!(hub.try_get("/sites/dong-bai-waste").0, 200);

    fs::write(folder.path().join("sites/new.toml"), NEW_SITE).unwrap();
    wait_for("the mended file", TAKEN_UP_WITHIN, || (hub.try_get("/sites/new-waste").0 == 200).then_some(()));
    assert_eq!(part(&hub, "configuration")["state"], "ok");
    hub.stop();
}

#[test]
fn a_hangup_takes_it_up_at_once_and_what_needs_a_start_is_named() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    let hub_toml = folder.path().join("hub.toml");
    let text = fs::read_to_string(&hub_toml).unwrap();
    fs::write(&hub_toml, text.replace("20ms", "200ms")).unwrap();
    assert!(Command::new("kill").args(["-HUP", &hub.id().to_string()]).status().unwrap().success());
    wait_for("the notice", TAKEN_UP_WITHIN, || {
        let part = part(&hub, "configuration");
        part["detail"].as_str().is_some_and(|detail| detail.contains("[store]")).then_some(())
    });
    hub.stop();
}
