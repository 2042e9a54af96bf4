//! A province's hub on real engines: what fifty communes have forwarded there is seen, whether their hubs run here with simulated devices
//! or their lines are written as the adapter's README has them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use adapters_sdk::Clock;
use serde_json::{Value, json};

use super::support::engines::{BUCKET, Engine, Kind, ORG};
use super::support::{Folder, Hub, wait_for};
use super::{BOUND, HUB};

const COMMUNES: i64 = 50;
const MINUTE_MS: i64 = 60_000;

const ORGANISATIONS: &str = r#"
[[organisation]]
id = "vinh-phuc"
kind = "province"
name = { vi = "Tỉnh Vĩnh Phúc", en = "Vĩnh Phúc province" }
[[organisation]]
id = "phu-tho"
kind = "province"
name = { vi = "Tỉnh Phú Thọ", en = "Phú Thọ province" }
[[organisation]]
id = "xa-07"
kind = "commune"
name = { vi = "Xã Yên Lạc", en = "Yên Lạc commune" }
within = [{ id = "vinh-phuc", until = 2025-07-01 }, { id = "phu-tho", from = 2025-07-01 }]
[[organisation]]
id = "xa-moi"
kind = "commune"
within = [{ id = "phu-tho" }]
"#;

/// What fifty hubs write to VictoriaMetrics, by the tables of the adapter's README and not by its code: what there is, ten minutes of readings, and of
/// every tenth an alarm and a pH beyond its limit.
fn simulated(now: i64) -> (String, String) {
    let (mut lines, mut steps) = (String::new(), String::new());
    for n in 0..COMMUNES {
        let of = format!("commune=xa-{n:02}");
        let point = format!("{of},device=edge,point=ph,site=water");
        let _ = writeln!(
            lines,
            "about_site,{of},commune_en=Commune\\ {n},commune_vi=Xã\\ {n},kind=water_station,site=water,site_en=Station,site_vi=Trạm lat=21.3,lon=105.4,seen=1 {now}\n\
             about_point,{point},device_en=PLC,device_vi=PLC,point_en=pH,point_vi=pH,quantity=ph,unit=[pH] decimals=2,reference=0,interval=60 {now}\n\
             about_site,{of},commune_en=Commune\\ {n},commune_vi=Xã\\ {n},kind=hub,site=_hub,site_en=The\\ hub,site_vi=Máy\\ chủ seen=1 {now}\n\
             about_point,{of},device=rules,device_en=Rules,device_vi=Quy\\ tắc,point=ph-out-of-range,point_en=pH\\ out\\ of\\ range,point_vi=pH\\ ngoài\\ giới\\ hạn,quantity=state,site=_hub,unit=1 decimals=0,reference=0 {now}\n\
             about_limit,{point},clause=4,n=0,regulation=QCVN,set=qcvn,status=verified averaging=0,min=6,max=8.5 {now}"
        );
        let is_high = n % 10 == 0;
        for minute in 0..10 {
            let value = if is_high { 9.25 } else { 7.0 + minute as f64 / 10.0 };
            let at = now - minute * MINUTE_MS;
            let _ = writeln!(lines, "ph,{point},unit=[pH] value={value},quality=1i,reason=0i {at}");
        }
        if is_high {
            let tags =
                format!("alarm,{of},priority=high,rule=ph-out-of-range,site=water,subject=water/edge/ph");
            // An older alarm of the same rule is over.
            let (older, raised) = (now - 90 * MINUTE_MS, now - 5 * MINUTE_MS);
            let over = older + MINUTE_MS;
            let _ = writeln!(
                steps,
                "{tags} id=3i,code=3i,standing=0i,raised_ms={older}i,cleared_ms={over}i {over}000"
            );
            let _ = writeln!(
                steps,
                "{tags} id=4i,code=0i,standing=1i,raised_ms={raised}i,value=9.25 {raised}000"
            );
        }
    }
    (lines, steps)
}

/// The folder of a province's hub that reads from this engine.
pub fn province(engine: &Engine) -> Folder {
    let forward = engine.forward("province", &engine.url(""));
    let hub_toml = HUB.replace("[mqtt]\nlisten = \"127.0.0.1:0\"\n", "").replace("yen-lac", "tinh");
    let hub_toml = format!(
        "{hub_toml}{forward}[history]\nremote = \"province\"\n[hub]\nrole = \"province\"\norganisations = \"organisations.toml\"\n"
    );
    Folder::with(&[("hub.toml", &hub_toml), ("organisations.toml", ORGANISATIONS)])
}

/// The province's sites, once there are so many.
fn sites(hub: &Hub, token: &str, count: i64) -> Value {
    wait_for("all communes' sites", BOUND, || {
        // With the communes that are found the API is another one, and connections to the one before end.
        let request = ureq::get(format!("http://{}/api/v1/sites", hub.http));
        let answer = request.header("Authorization", format!("Bearer {token}")).call();
        let sites: Value = answer.ok()?.body_mut().read_json().ok()?;
        (sites.as_array()?.len() == usize::try_from(count).ok()?).then_some(sites)
    })
}

#[test]
fn a_province_sees_fifty_communes_in_victoria_metrics() {
    let engine = Engine::start(Kind::Victoria);
    let now = Clock::system().now().as_millis();
    let (lines, steps) = simulated(now);
    for (precision, lines) in [("ms", lines), ("us", steps)] {
        let path = format!("/api/v2/write?org={ORG}&bucket={BUCKET}&precision={precision}");
        assert_eq!(engine.post(&path, lines.as_bytes()).0, 204);
    }
    engine.get("/internal/force_flush");
    let folder = province(&engine);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    assert_eq!(hub.get("/commune")["role"], "province");
    let sites = sites(&hub, &token, COMMUNES);
    assert_eq!(sites[7]["id"], "xa-07--water");
    assert_eq!(sites[7]["name"]["vi"], "Trạm – Xã 7");
    assert_eq!((&sites[10]["state"], &sites[7]["state"]), (&json!("alarm"), &json!("normal")));

    let all = hub.get("/communes");
    let communes = all["communes"].as_array().unwrap();
    assert_eq!(communes.len(), 51, "the one that was never heard of, too");
    let commune = |id: &str| communes.iter().find(|one| one["id"] == id).unwrap();
    let (high, named, silent) = (commune("xa-10"), commune("xa-07"), commune("xa-moi"));
    assert_eq!(
        (&high["limited"], &high["outside"], &high["open"], &high["worst"]),
        (&json!(1), &json!(1), &json!(1), &json!("high"))
    );
    assert_eq!((&named["name"]["vi"], &named["within"]), (&json!("Xã Yên Lạc"), &json!(["phu-tho"])));
    assert!((named["arrived"].as_f64().unwrap() - 10.0 / 1_440.0).abs() < 1e-9, "{named}");
    assert_eq!((&silent["heard_at"], &silent["arrived"]), (&Value::Null, &Value::Null));
    let before = hub.get("/communes?at=2025-06-30T12:00:00%2B07:00");
    let before =
        before["communes"].as_array().unwrap().iter().find(|one| one["id"] == "xa-07").unwrap().clone();
    assert_eq!(before["within"], json!(["vinh-phuc"]));

    what_is_seen_of_one(&hub, now);
    what_is_refused(&hub);
    hub.stop();
}

fn what_is_seen_of_one(hub: &Hub, now: i64) {
    let points = hub.get("/points?site=xa-07--water");
    assert_eq!((&points[0]["latest"]["value"], &points[0]["limit"]["max"]), (&json!(7.0), &json!(8.5)));
    let point = "xa-07--water/edge/ph";
    let period = format!("point={point}&from={}&to={}", now - 60 * MINUTE_MS, now + 1);
    let read = hub.get(&format!("/readings?{period}"));
    assert_eq!(read["v"], json!([7.9, 7.8, 7.7, 7.6, 7.5, 7.4, 7.3, 7.2, 7.1, 7.0]));
    let bucket = hub.get(&format!("/readings?{period}&buckets=1"));
    assert_eq!((&bucket["n"], &bucket["max"]), (&json!([10]), &json!([7.9])));
    let days = hub.get(&format!("/completeness?{period}"));
    let days = days[0]["days"].as_array().unwrap();
    assert_eq!(days.iter().map(|day| day["n"].as_u64().unwrap()).sum::<u64>(), 10, "{days:?}");
    let open = hub.get("/alarms");
    let open = open.as_array().unwrap();
    assert_eq!(open.len(), 5);
    let alarm = open.iter().find(|alarm| alarm["site"] == "xa-10--water").unwrap();
    assert_eq!(alarm["title"]["vi"], "pH ngoài giới hạn", "the engine keeps no words");
    assert_eq!((&alarm["cleared_at"], &alarm["value"]), (&Value::Null, &json!(9.25)));
    assert_eq!(hub.get("/alarms?state=all").as_array().unwrap().len(), 10, "those that are over, too");
    let detail = hub.get(&format!("/alarms/{}", alarm["id"]));
    assert_eq!(detail["history"].as_array().unwrap().len(), 1);
}

fn what_is_refused(hub: &Hub) {
    let reading = json!({"readings": [{"point": "xa-07--water/edge/ph", "t": 1, "v": 7.0}]});
    let (status, told) = hub.post("/readings", &reading);
    assert_eq!(status, 409);
    assert!(told["detail"].as_str().unwrap().contains("only looks"), "{told}");
    let alarm = hub.get("/alarms")[0]["id"].clone();
    let (status, told) = hub.post(&format!("/alarms/{alarm}/acknowledge"), &json!({}));
    assert_eq!(status, 409);
    assert!(told["detail"].as_str().unwrap().contains("its commune's"), "{told}");
}

/// The hubs of fifty communes; killed when dropped.
struct Communes(Child);

impl Communes {
    /// Runs them, and waits until all have started.
    fn start(province: &Folder, dir: &Folder) -> Self {
        let count = COMMUNES.to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
            .args(["demo", "--communes", &count, "--format", "json", "--province"])
            .arg(province.path())
            .arg("--dir")
            .arg(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(told["communes"].as_array().unwrap().len(), 50, "{told}");
        Self(child)
    }
}

impl Drop for Communes {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn fifty_hubs_reach_their_province_through_influxdb() {
    let engine = Engine::start(Kind::Influx);
    let (folder, dir) = (province(&engine), Folder::with(&[]));
    let communes = Communes::start(&folder, &dir);
    let count = |filter: &str| -> i64 {
        let script = format!(
            "from(bucket: \"{BUCKET}\") |> range(start: -1h) |> filter(fn: (r) => {filter}) |> group() |> count()"
        );
        engine.flux(&script).first().map_or(0, |row| row["_value"].parse().unwrap())
    };
    wait_for("what there is in all communes", BOUND, || {
        let seen = r#"r._measurement == "about_site" and r._field == "seen" and r.site == "nha-van-hoa""#;
        (count(seen) == COMMUNES).then_some(())
    });
    wait_for("the alarms of five of them", BOUND, || {
        let raised = r#"r._measurement == "alarm" and r._field == "code" and r.rule == "chlorine-low""#;
        (count(raised) >= COMMUNES / 10).then_some(())
    });
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let sites = sites(&hub, &token, COMMUNES * 2);
    assert_eq!(sites[1]["id"], "xa-00--tram-nuoc", "the hubs themselves are no sites of people");
    let all = hub.get("/communes");
    let heard = all["communes"].as_array().unwrap().iter().filter(|one| one["heard_at"].is_string());
    assert_eq!(heard.count(), 50, "{all}");
    let alarms = hub.get("/alarms");
    let its_rule = |alarm: &&Value| alarm["rule"] == "chlorine-low";
    let mut points: Vec<_> =
        alarms.as_array().unwrap().iter().filter(its_rule).map(|one| &one["point"]).collect();
    points.sort_by_key(|point| point.as_str());
    let expected =
        [0, 10, 20, 30, 40].map(|n| json!(format!("xa-{n:02}--tram-nuoc/tu-dieu-khien/free-chlorine")));
    assert_eq!(points, expected.iter().collect::<Vec<_>>());
    // What the province reads is what stands in the engine, to the last digit.
    let now = Clock::system().now().as_millis() - 10_000;
    let script = format!(
        "from(bucket: \"{BUCKET}\") |> range(start: -1h, stop: time(v: {now}000000))
         |> filter(fn: (r) => r._measurement == \"ph\" and r.commune == \"xa-33\" and r._field == \"value\")"
    );
    let engines: Vec<f64> = engine.flux(&script).iter().map(|row| row["_value"].parse().unwrap()).collect();
    let path =
        format!("/readings?point=xa-33--tram-nuoc/tu-dieu-khien/ph&from={}&to={now}", now - 60 * MINUTE_MS);
    assert!(!engines.is_empty());
    assert_eq!(hub.get(&path)["v"], json!(engines));
    hub.stop();
    drop(communes);
}
