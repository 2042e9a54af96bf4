//! The log of messages, the channels with their test, and the links in messages, with channels that are only pretended.

use hub_api::auth::Role;
use hub_api::{ChannelTested, Duty, LinkPermit, LinkRefused, NotTested, NoticeChannel, Notices, Pending};
use hub_model::{AlarmId, AlarmState, LocalText, Notice, NoticeKind, Priority, Recipient, SiteId, Timestamp};
use hub_store::{Batch, Message, MessageId, MessageState, OutboxChange};
use serde_json::{Value, json};

use crate::clients::Call;
use crate::world::{World, alarm, at};

/// A channel of mail that reaches Hoa, whose server is down when anybody else is tried. A link's text is the alarm's number, and
/// `.open` where it serves without a login, `.staff` where it was sent to the account of that name.
pub struct Announcers;

impl Notices for Announcers {
    fn channels(&self) -> Vec<NoticeChannel> {
        let people = vec![("hoa".to_owned(), "Nguyễn Thị Hoa".to_owned())];
        vec![NoticeChannel {
            id: "mail".to_owned(),
            kind: "email",
            has_recipients: true,
            addresses: 0,
            people,
        }]
    }

    fn duty(&self, _: Timestamp) -> Vec<Duty> {
        vec![Duty {
            rota: "truc".to_owned(), people: vec![("hoa".to_owned(), "Nguyễn Thị Hoa".to_owned())]
        }]
    }

    fn name_of(&self, recipient: &Recipient) -> String {
        match recipient {
            Recipient::Person(_) => "Nguyễn Thị Hoa".to_owned(),
            other => other.to_string(),
        }
    }

    fn test(&self, channel: &str, to: Option<&str>) -> Pending<Result<ChannelTested, NotTested>> {
        let tested = match (channel, to) {
            ("mail", Some("hoa")) => {
                Ok(ChannelTested { is_delivered: true, detail: LocalText::same("250 ok") })
            }
            ("mail", _) => Err(NotTested::Recipient(LocalText::new(
                "cần có: id của một người",
                "is needed: the id of a person",
            ))),
            _ => Err(NotTested::NoChannel),
        };
        Box::pin(std::future::ready(tested))
    }

    fn permit(&self, text: &str, _: Timestamp) -> Result<LinkPermit, LinkRefused> {
        if text == "old" {
            return Err(LinkRefused::Expired);
        }
        let (number, of) = text.split_once('.').unwrap_or((text, ""));
        Ok(LinkPermit {
            alarm: AlarmId(number.parse().map_err(|_| LinkRefused::Forged)?),
            name: "Nguyễn Thị Hoa".to_owned(),
            user: (!matches!(of, "" | "open")).then(|| of.to_owned()),
            without_login: of == "open",
        })
    }
}

fn message(id: u64, state: MessageState) -> Message {
    Message {
        id: MessageId(id),
        channel: "mail".to_owned(),
        recipient: Recipient::Person("hoa".to_owned()),
        is_test: false,
        made_at: at(1_000 * id as i64),
        state,
        tries: 2,
        next_try: at(60_000),
        finished_at: (state != MessageState::Pending).then(|| at(2_000 * id as i64)),
        detail: LocalText::new("hộp thư đầy", "554 full"),
        notices: 0,
    }
}

/// Alarm 1 was told of in a message that is given up, and a second message is pending.
fn told() -> World {
    let world = World::new();
    world.keep_alarm(alarm(1, "tam-hop-water/plc/turbidity", AlarmState::Unacknowledged));
    let notice = Notice {
        key: "1".to_owned(),
        alarm: AlarmId(1),
        kind: NoticeKind::Raised,
        at: at(1_000),
        priority: Priority::High,
        site: SiteId::parse("tam-hop-water").unwrap(),
        channel: "mail".to_owned(),
        recipient: Recipient::Person("hoa".to_owned()),
        due: at(0),
    };
    let outbox = vec![
        OutboxChange::Bundle { message: message(1, MessageState::Pending), due: at(5_000) },
        OutboxChange::Message(message(1, MessageState::Failed)),
        OutboxChange::Message(message(2, MessageState::Pending)),
    ];
    world.commit(Batch { notices: vec![notice], outbox, ..Batch::default() });
    world
}

async fn get(world: &World, path: &str) -> Value {
    let answer = Call::get(path).by(Role::Staff).send(world).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

async fn post(world: &World, role: Option<Role>, path: &str, body: Value) -> (u16, Value) {
    let call = Call::post(path, &body);
    let call = match role {
        Some(role) => call.by(role),
        None => call,
    };
    let answer = call.send(world).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn the_log_says_what_went_to_whom_and_why_it_did_not() {
    let world = told();
    let all = get(&world, "/api/v1/notices").await;
    assert_eq!(all[0]["id"], 2);
    assert_eq!(
        (&all[0]["state"], &all[0]["next_try"]),
        (&json!("pending"), &json!("2026-03-01T09:01:00+07:00"))
    );
    let failed = get(&world, "/api/v1/notices?state=failed&channel=mail&alarm=1").await;
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(failed[0]["recipient"], "Nguyễn Thị Hoa");
    assert_eq!(
        (&failed[0]["detail"], &failed[0]["notices"], &failed[0]["next_try"]),
        (&json!("554 full"), &json!(1), &Value::Null)
    );
    assert_eq!(failed[0]["detail_vi"], "hộp thư đầy");
    assert_eq!(
        (&failed[0]["alarms"][0]["id"], &failed[0]["alarms"][0]["kind"]),
        (&json!(1), &json!("raised"))
    );
    assert_eq!(get(&world, "/api/v1/notices?before=2&limit=1").await[0]["id"], 1);
    assert_eq!(get(&world, "/api/v1/notices?alarm=9").await, json!([]));
    let bad = Call::get("/api/v1/notices?state=lost").by(Role::Staff).send(&world).await;
    assert_eq!(bad.status, 400);
    assert!(bad.text.contains("pending, delivered, failed"), "{}", bad.text);
}

#[tokio::test]
async fn channels_say_how_they_fare_and_who_has_duty() {
    let world = told();
    let channels = get(&world, "/api/v1/notices/channels").await;
    assert_eq!(
        (&channels[0]["kind"], &channels[0]["pending"], &channels[0]["waiting"]),
        (&json!("email"), &json!(1), &json!(0))
    );
    assert_eq!(channels[0]["last"]["state"], "failed");
    let duty = get(&world, "/api/v1/notices/duty").await;
    assert_eq!(duty[0]["people"][0], json!({"id": "hoa", "name": "Nguyễn Thị Hoa"}));
}

#[tokio::test]
async fn a_test_is_answered_with_what_came_of_it_and_noted() {
    let world = World::new();
    let officer = Some(Role::Officer);
    let (status, tested) =
        post(&world, officer, "/api/v1/notices/channels/mail/test", json!({"to": "hoa"})).await;
    assert_eq!((status, &tested["delivered"]), (200, &json!(true)));
    assert_eq!(post(&world, officer, "/api/v1/notices/channels/mail/test", json!({})).await.0, 400);
    assert_eq!(post(&world, officer, "/api/v1/notices/channels/fax/test", json!({})).await.0, 404);
    assert_eq!(post(&world, Some(Role::Staff), "/api/v1/notices/channels/mail/test", json!({})).await.0, 403);
    let audit = Call::get("/api/v1/audit").by(Role::Officer).send(&world).await.json();
    assert_eq!((&audit[0]["action"], &audit[0]["object"]), (&json!("channel_tested"), &json!("mail")));
}

#[tokio::test]
async fn a_link_acknowledges_once_for_whom_it_was_sent_to() {
    let world = told();
    let session = "/api/v1/links/acknowledge/session";
    let link = |token: &str| json!({"token": token});
    // Looking changes nothing, and says whether a login is needed.
    let (status, looked) = post(&world, None, "/api/v1/links/look", link("1.staff")).await;
    assert_eq!(
        (status, &looked["needs_login"], &looked["state"]),
        (200, &json!(true), &json!("unacknowledged"))
    );
    // Without a login where one is needed, and by somebody else.
    assert_eq!(post(&world, None, "/api/v1/links/acknowledge", link("1.staff")).await.0, 401);
    let (status, problem) = post(&world, Some(Role::Officer), session, link("1.staff")).await;
    assert_eq!((status, &problem["type"]), (403, &json!("urn:commune-hub:problem:link-of-another")));
    assert_eq!(post(&world, Some(Role::Viewer), session, link("1")).await.0, 403);
    // By whom it was sent to; a second time it says that it is done, by whom and when.
    let (status, first) = post(&world, Some(Role::Staff), session, link("1.staff")).await;
    assert_eq!((status, &first["done"], &first["acknowledged_by"]), (200, &json!(true), &json!("staff")));
    let (status, second) = post(&world, Some(Role::Staff), session, link("1.staff")).await;
    assert_eq!((status, &second["done"], &second["acknowledged_by"]), (200, &json!(false), &json!("staff")));
    let (status, third) = post(&world, None, "/api/v1/links/acknowledge", link("1.open")).await;
    assert_eq!((status, &third["done"], &third["acknowledged_by"]), (200, &json!(false), &json!("staff")));
}

#[tokio::test]
async fn a_link_that_does_not_count_says_why() {
    let world = told();
    let look = |token: &'static str| post(&world, None, "/api/v1/links/look", json!({"token": token}));
    assert_eq!(look("forged").await.0, 400);
    assert_eq!(look("old").await.0, 410);
    assert_eq!(look("77").await.0, 410, "an alarm that is not kept");
    let (status, done) =
        post(&world, None, "/api/v1/links/acknowledge", json!({"token": "1.open", "comment": "đã biết"}))
            .await;
    assert_eq!(
        (status, &done["done"], &done["acknowledged_by"]),
        (200, &json!(true), &json!("Nguyễn Thị Hoa"))
    );
}
