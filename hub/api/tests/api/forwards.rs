//! What is shown of the ways out to other engines.

use hub_api::auth::Role;
use hub_api::{Forward, Forwards, RefusedLine};
use hub_model::local;
use hub_store::StoreError;
use serde_json::json;

use crate::clients::Call;
use crate::world::{World, at};

/// One way out that has trouble.
pub struct OneForward;

impl Forwards for OneForward {
    fn all(&self) -> Vec<Forward> {
        vec![Forward {
            id: "province".to_owned(),
            kind: "influxdb2",
            url: "https://influx.example:8086".to_owned(),
            what: "raw",
            lag_s: 12.5,
            waiting_commits: 4,
            owed: 3,
            oldest: Some(at(-60_000)),
            lines: 1_000,
            bytes: 20_000,
            errors: 2,
            refused: 1,
            arrived_at: None,
            failing: Some(local!("trả lời 503", "answered 503")),
        }]
    }

    fn refused(&self, id: &str) -> Result<Vec<RefusedLine>, StoreError> {
        assert_eq!(id, "province");
        Ok(vec![RefusedLine { at: at(0), line: "ph value=1".to_owned(), why: "no".to_owned() }])
    }
}

#[tokio::test]
async fn ways_out_are_shown_with_what_holds_them_up() {
    let world = World::new();
    let shown = Call::get("/api/v1/forwards").by(Role::Viewer).send(&world).await.json();
    assert_eq!(shown[0]["id"], "province");
    assert_eq!((&shown[0]["lag_s"], &shown[0]["owed"]), (&json!(12.5), &json!(3)));
    assert_eq!(shown[0]["oldest_owed"], "2026-03-01T08:59:00+07:00");
    assert_eq!((&shown[0]["arrived_at"], &shown[0]["failing"]), (&json!(null), &json!("answered 503")));
    assert_eq!(shown[0]["failing_vi"], "trả lời 503");
}

#[tokio::test]
async fn refused_lines_are_for_integrators() {
    let world = World::new();
    let path = "/api/v1/forwards/province/refused";
    let lines = Call::get(path).by(Role::Integrator).send(&world).await.json();
    assert_eq!(lines, json!([{"at": "2026-03-01T09:00:00+07:00", "line": "ph value=1", "why": "no"}]));
    Call::get(path).by(Role::Officer).send(&world).await.assert_problem(403, &[]);
    let unknown = Call::get("/api/v1/forwards/provinc/refused").by(Role::Integrator).send(&world).await;
    unknown.assert_problem(404, &["no forward", "nearest", "province"]);
}
