//! What a faultless configuration becomes. Faults are told by the cases of `tests/cases`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use hub_model::{Counter, Point, Quantity};

use super::*;

fn write(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn load(files: &[(&str, &str)]) -> (Config, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in files {
        write(dir.path(), file, text);
    }
    let (config, problems) = Config::load(dir.path());
    (config.unwrap_or_else(|| panic!("{:#?}", error_lines(&problems))), dir)
}

fn point<'a>(config: &'a Config, id: &str) -> &'a Point {
    config.commune.points().find(|point| point.id.as_str() == id).unwrap_or_else(|| panic!("no {id}"))
}

const SMALLEST: (&str, &str) = ("hub.toml", "[commune]\nid = \"a\"\n");

#[test]
fn every_fault_of_the_cases_is_told_in_both_languages() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut told = 0;
    for case in fs::read_dir(cases).unwrap() {
        let (_, problems) = Config::load(&case.unwrap().path());
        for problem in [problems.errors(), problems.warnings()].concat() {
            assert_ne!(problem.message.vi, problem.message.en, "{problem}");
            told += 1;
        }
    }
    assert!(told > 100, "only {told} faults");
}

#[test]
fn what_is_not_said_has_its_default() {
    let (config, dir) = load(&[SMALLEST]);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert!(config.mqtt.is_none());
    assert_eq!(config.store.dir, dir.path().join("data"));
    assert_eq!(config.store.commit_window, Duration::from_millis(100));
    assert_eq!(config.store.keep_raw, Duration::from_secs(400 * 86_400));
    assert_eq!(config.store.keep_hourly, Duration::from_secs(10 * 365 * 86_400));
    assert_eq!(config.rules, RuleFiles::of(dir.path(), None));
    assert_eq!(config.commune.timezone, "Asia/Ho_Chi_Minh");
    assert_eq!(config.commune.languages, ["vi", "en"]);
    assert_eq!(config.commune.name.vi, "a");
}

#[test]
fn a_device_that_publishes_opens_the_mqtt_door() {
    let site = "id = \"s\"\nkind = \"other\"\n[[device]]\nid = \"d\"\nadapter = \"mqtt\"\n\
        login = { username = \"d\", password_file = \"secret\" }\nexpire_after = \"15m\"\n\
        [[device.point]]\nid = \"ph\"\nquantity = \"ph\"\n\
        [[device.point]]\nid = \"orp\"\nquantity = \"orp\"\nexpire_after = \"1h\"\n";
    let (config, _dir) = load(&[SMALLEST, ("sites/s.toml", site), ("secret", "mật khẩu\nnot this\n")]);
    let door = config.mqtt.clone().unwrap();
    assert_eq!((door.listen.to_string().as_str(), door.open), ("127.0.0.1:1883", false));
    let (device, password) = &config.mqtt_devices[0];
    assert_eq!((device.id.as_str(), password.as_str()), ("s/d", "mật khẩu"));
    assert_eq!(point(&config, "s/d/ph").checks.expire_after, Some(Duration::from_secs(900)));
    assert_eq!(point(&config, "s/d/orp").checks.expire_after, Some(Duration::from_secs(3600)));
    assert_eq!(config.commune.sites[0].devices[0].interval, None);
}

#[test]
fn a_device_takes_from_its_profile_what_it_does_not_say() {
    let profile = "id = \"m\"\nname = \"Đồng hồ\"\nadapter = \"modbus\"\npoll = \"10s\"\n\
        [[point]]\nid = \"flow\"\nquantity = \"flow\"\nunit = \"L/s\"\nregister = \"holding\"\naddress = 0\ntype = \"INT16\"\n\
        range = { min = 0 }\n";
    let site = "id = \"s\"\nkind = \"water_station\"\n\
        [[device]]\nid = \"a\"\nprofile = \"m\"\nendpoint = \"tcp://h:502\"\nunit_id = 1\n\
        [[device]]\nid = \"b\"\nprofile = \"m\"\nendpoint = \"tcp://h:502\"\nunit_id = 2\npoll = \"2s\"\n\
        [[device.point]]\nid = \"flow\"\nscale = 0.1\ndecimals = 3\n";
    let (config, _dir) = load(&[SMALLEST, ("profiles/m.toml", profile), ("sites/s.toml", site)]);
    let [a, b] = config.commune.sites[0].devices.as_slice() else { panic!("two devices") };
    assert_eq!((a.name.vi.as_str(), a.adapter.as_str()), ("Đồng hồ", "modbus"));
    assert_eq!((a.interval, b.interval), (Some(Duration::from_secs(10)), Some(Duration::from_secs(2))));
    let (flow_a, flow_b) = (point(&config, "s/a/flow"), point(&config, "s/b/flow"));
    assert_eq!((flow_a.scaling.apply(42.0), flow_b.scaling.apply(42.0)), (42.0, 4.2));
    assert_eq!((flow_a.decimals, flow_b.decimals), (1, 3));
    assert_eq!(flow_b.unit.code(), "L/s");
    assert_eq!(flow_b.checks.range.unwrap().min, Some(0.0));
    assert_eq!(flow_a.name, Quantity::parse("flow").unwrap().name());
    assert_eq!(flow_a.checks.expire_after, None);
    assert_eq!(Plan::build(config.modbus).unwrap().buses().len(), 1);
}

#[test]
fn a_set_of_the_configuration_replaces_one_that_comes_with_the_hub() {
    let own = "id = \"qcvn-01-1-2024\"\nregulation = \"Own\"\n\
        [[limit]]\nquantity = \"ph\"\nunit = \"[pH]\"\nmin = 6.5\nclause = \"1\"\nstatus = \"verified\"\n";
    let site = "id = \"s\"\nkind = \"water_station\"\nlimits = [\"qcvn-01-1-2024\"]\n\
        [[device]]\nid = \"lab\"\nadapter = \"push\"\n[[device.point]]\nid = \"ph\"\nquantity = \"ph\"\n\
        [[device.point]]\nid = \"clo\"\nquantity = \"free_chlorine\"\n";
    let (shipped, _dir) = load(&[SMALLEST, ("sites/s.toml", site)]);
    assert_eq!(point(&shipped, "s/lab/ph").limits[0].min, Some(6.0));
    assert_eq!(point(&shipped, "s/lab/clo").limits.len(), 1);
    let (replaced, _dir) = load(&[SMALLEST, ("sites/s.toml", site), ("limits/own.toml", own)]);
    assert_eq!(point(&replaced, "s/lab/ph").limits[0].min, Some(6.5));
    assert_eq!(point(&replaced, "s/lab/clo").limits, []);
}

#[test]
fn a_fault_of_a_site_does_not_lock_people_out() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "hub.toml", "[commune]\nid = 7\n[store]\ndir = \"kept\"\n");
    write(dir.path(), "sites/s.toml", "kind = 3\n");
    assert_eq!(Config::store_dir(dir.path()).unwrap(), dir.path().join("kept"));
    assert_eq!(Config::rules(dir.path()).unwrap(), RuleFiles::of(dir.path(), None));
    assert_eq!(Config::require(dir.path()).err().unwrap().lines.len(), 3);
    write(dir.path(), "hub.toml", "[store]\ndir = 7\n");
    let fault = Config::store_dir(dir.path()).unwrap_err().to_string();
    assert_eq!(fault, "hub.toml:2: store.dir: found 7, allowed: a text");
}

#[test]
fn a_device_that_publishes_says_how_often_and_a_cheap_point_that_it_is_for_reference() {
    let site = "id = \"s\"\nkind = \"other\"\n[[device]]\nid = \"d\"\nadapter = \"push\"\ninterval = \"10m\"\n\
        [[device.point]]\nid = \"pm2_5\"\nquantity = \"pm2_5\"\nreference = true\n\
        [[device.point]]\nid = \"pm10\"\nquantity = \"pm10\"\n";
    let (config, _dir) = load(&[SMALLEST, ("sites/s.toml", site)]);
    assert_eq!(config.commune.sites[0].devices[0].interval, Some(Duration::from_secs(600)));
    assert!(point(&config, "s/d/pm2_5").reference && !point(&config, "s/d/pm10").reference);
}

#[test]
fn a_counter_is_a_number_that_is_polled_and_not_calibrated() {
    let point = |id: &str, keys: &str| {
        format!(
            "[[device.point]]\nid = \"{id}\"\nquantity = \"volume\"\nregister = \"holding\"\naddress = 0\n{keys}\n"
        )
    };
    let device = |adapter: &str| format!("[[device]]\nid = \"{adapter}\"\nadapter = \"{adapter}\"\n");
    let meter = device("modbus") + "endpoint = \"tcp://h:502\"\nunit_id = 1\n";
    let site = "id = \"s\"\nkind = \"other\"\n".to_owned();
    let total = point("total", "type = \"UINT32\"\ncounter = \"wrap32\"");
    let fine = [site.as_str(), &meter, &total].concat();
    let (config, dir) = load(&[SMALLEST, ("sites/s.toml", &fine)]);
    assert_eq!(self::point(&config, "s/modbus/total").counter, Some(Counter::Wrap32));
    let calibrated =
        "type = \"UINT32\"\ncounter = \"reset\"\ncalibration = [{ from = 2026-01-01, gain = 2, by = \"a\" }]";
    let faulty = [
        site,
        meter,
        point("a", "type = \"UINT32\"\ncounter = \"wrap64\""),
        point("b", "type = \"BIT\"\nbit = 1\ncounter = \"reset\""),
        point("c", calibrated),
        device("push") + "[[device.point]]\nid = \"d\"\nquantity = \"volume\"\ncounter = \"reset\"\n",
    ];
    write(dir.path(), "sites/s.toml", &faulty.concat());
    let told: Vec<_> =
        Config::require(dir.path()).err().unwrap().lines.into_iter().map(|line| line.en).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    for (line, words) in
        told.iter().zip(["wrap16, wrap32, reset", "the type is BIT", "beside a counter", "counter"])
    {
        assert!(line.contains(words), "{line}");
    }
}
