//! Sites' files through the API: what is shown, what is noted of a change, and what a refusal is told as.

use hub_api::auth::Role;
use hub_api::{
    ChangedBy, Pending, ProfilePoint, ProfileText, SiteChange, SiteFault, SiteFile, SiteFiles, SiteVersion,
};
use hub_model::{LocalText, SiteId};
use serde_json::{Value, json};

use crate::clients::Call;
use crate::world::{World, at};

/// One file at revision `r1`, with one version. A device called `faulty` is refused.
pub struct PretendedFiles;

impl SiteFiles for PretendedFiles {
    fn profiles(&self) -> Vec<ProfileText> {
        let point = ProfilePoint { id: "flow".into(), name: None, quantity: "flow".into(), unit: None };
        vec![ProfileText {
            id: "meter".to_owned(),
            name: LocalText::new("Đồng hồ", "Meter"),
            adapter: "modbus".to_owned(),
            version: "1".to_owned(),
            is_shipped: true,
            sources: vec![LocalText::new("tài liệu kỹ thuật", "data sheet")],
            unverified: vec![LocalText::new("thứ tự byte", "byte order")],
            points: vec![point],
            toml: "id = \"meter\"\n".to_owned(),
        }]
    }

    fn read(&self, _: &SiteId) -> Result<SiteFile, SiteFault> {
        Ok(SiteFile {
            file: "sites/a.toml".to_owned(),
            text: "id = \"a\"\n".to_owned(),
            revision: "r1".to_owned(),
            devices: vec![("plc".to_owned(), "[[device]]\n".to_owned())],
            versions: vec![version()],
        })
    }

    fn version(&self, _: &SiteId, id: u64) -> Result<(SiteVersion, String), SiteFault> {
        match id {
            1 => Ok((version(), "old".to_owned())),
            _ => Err(SiteFault::Missing(LocalText::new(
                format!("không có bản {id}"),
                format!("no version {id}"),
            ))),
        }
    }

    fn preview(&self, _: &SiteId, change: &SiteChange) -> Result<String, SiteFault> {
        match change {
            SiteChange::Put { device, .. } if device == "faulty" => {
                Err(SiteFault::Faulty(vec![LocalText::new(
                    "device, dòng 2: unit_id: có 0",
                    "device:2: unit_id: found 0",
                )]))
            }
            _ => Ok("new".to_owned()),
        }
    }

    fn change(
        &self,
        site: &SiteId,
        revision: &str,
        change: &SiteChange,
        by: &ChangedBy,
    ) -> Result<&'static str, SiteFault> {
        assert!(["integrator", "admin"].contains(&by.name.as_str()) && by.at == at(0));
        match revision {
            "r1" => self.preview(site, change).map(|_| match change {
                SiteChange::Put { .. } => "added",
                SiteChange::Remove { .. } => "removed",
                SiteChange::Restore { .. } => "restored",
            }),
            "disk" => Err(SiteFault::File(std::io::Error::other("/srv/hub/sites is read-only"))),
            _ => Err(SiteFault::Overtaken(Some("lan".to_owned()))),
        }
    }

    fn taken_up(&self) -> Pending<Option<LocalText>> {
        Box::pin(std::future::ready(None))
    }

    fn waits_for(&self) -> Option<LocalText> {
        None
    }
}

fn version() -> SiteVersion {
    SiteVersion {
        id: 1,
        what: "added".to_owned(),
        device: Some("plc".to_owned()),
        at: at(1),
        by: Some("lan".to_owned()),
        why: "thay".to_owned(),
    }
}

const FILE: &str = "/api/v1/sites/tam-hop-water/file";
const METER: &str = "/api/v1/sites/tam-hop-water/devices/meter";

fn save(revision: &str) -> Value {
    json!({"toml": "[[device]]\nid = \"meter\"\n", "revision": revision, "why": "mới lắp"})
}

#[tokio::test]
async fn profiles_and_a_sites_file_are_shown() {
    let world = World::new();
    let get = |path: &str| Call::get(path.to_owned()).by(Role::Integrator).send(&world);
    let profiles = get("/api/v1/profiles").await.json();
    assert_eq!(
        (&profiles[0]["shipped"], &profiles[0]["unverified"]),
        (&json!(true), &json!([{"vi": "thứ tự byte", "en": "byte order"}]))
    );
    assert!(profiles[0].get("toml").is_none(), "the list is short");
    let ph = get("/api/v1/quantities").await.json()[0].clone();
    assert_eq!((&ph["code"], &ph["unit"], &ph["decimals"]), (&json!("ph"), &json!("[pH]"), &json!(2)));
    let profile = get("/api/v1/profiles/meter").await.json();
    assert_eq!((&profile["toml"], &profile["points"][0]["name"]), (&json!("id = \"meter\"\n"), &Value::Null));
    get("/api/v1/profiles/metre").await.assert_problem(404, &["nearest: \\\"meter\\\""]);
    let file = get(FILE).await.json();
    assert_eq!((&file["revision"], &file["devices"][0]["id"]), (&json!("r1"), &json!("plc")));
    assert_eq!(file["versions"][0]["at"], "2026-03-01T09:00:00.001+07:00");
    assert_eq!(get(&format!("{FILE}/versions/1")).await.json()["text"], "old");
    get(&format!("{FILE}/versions/2")).await.assert_problem(404, &["no version 2"]);
    get("/api/v1/sites/nowhere/file").await.assert_problem(404, &["nowhere"]);
}

#[tokio::test]
async fn a_change_is_noted_and_a_refusal_says_why() {
    let world = World::new();
    let put = |path: &str, body: &Value| {
        let call = Call::new("PUT", path).header("content-type", "application/json").body(body.to_string());
        call.by(Role::Integrator).send(&world)
    };
    let checked = Call::post(format!("{METER}/check"), &json!({"toml": "[[device]]"})).by(Role::Integrator);
    assert_eq!(checked.send(&world).await.json(), json!({"text": "new"}));
    let saved = put(METER, &save("r1")).await.json();
    assert_eq!((&saved["in_force"], &saved["waits_for"]), (&json!(true), &Value::Null), "{saved}");
    put(METER, &save("r0")).await.assert_problem(409, &["lan has changed this file"]);
    let refused = put(METER, &save("disk")).await;
    assert!(!format!("{refused:?}").contains("/srv"), "the machine's folders are nobody's business");
    refused.assert_problem(503, &["log"]);
    put(&METER.replace("meter", "faulty"), &save("r1")).await.assert_problem(400, &["device:2: unit_id"]);
    put(&METER.replace("meter", "Meter"), &save("r1")).await.assert_problem(400, &["device"]);
    let large = json!({"toml": "#".repeat(70_000), "revision": "r1"});
    put(METER, &large).await.assert_problem(400, &["allowed: 65536"]);
    let delete =
        |query: &str| Call::new("DELETE", format!("{METER}{query}")).by(Role::Integrator).send(&world);
    assert_eq!(delete("?revision=r1").await.json()["in_force"], true);
    delete("").await.assert_problem(400, &["revision"]);
    let restore = json!({"version": 1, "revision": "r1"});
    let restored = Call::post(format!("{FILE}/restore"), &restore).by(Role::Integrator).send(&world).await;
    assert_eq!(restored.json()["in_force"], true);
    let deeds = Call::get("/api/v1/audit").by(Role::Officer).send(&world).await.json();
    let told = |index: usize| (deeds[index]["action"].clone(), deeds[index]["object"].clone());
    assert_eq!(told(2), (json!("device_added"), json!("tam-hop-water/meter")), "{deeds}");
    assert_eq!(told(1).0, "device_removed");
    assert_eq!(told(0), (json!("site_file_restored"), json!("tam-hop-water")));
}
