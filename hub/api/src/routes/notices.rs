//! The log of what went to whom, the channels with a test, and who has duty. Sends nothing itself.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use hub_model::{AlarmId, LocalText, local};
use hub_store::{Message, MessageFilter, MessageId, MessageState, Outbox, StoreError};
use serde_json::json;

use crate::app::{App, SharedApp, store_problem};
use crate::auth::{Officer, Staff};
use crate::body::JsonBody;
use crate::notices::NotTested;
use crate::problem::Problem;
use crate::query::Params;
use crate::wire;

/// Messages in one answer when nothing else is asked for, and at most.
const MESSAGES: usize = 100;
const MAX_MESSAGES: usize = 500;
/// Alarms that are named of each message.
const NAMED: usize = 3;

impl App {
    /// Asks the outbox on a thread that may block.
    async fn outbox<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Outbox) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let outbox = self.hub.outbox.clone();
        let answer = tokio::task::spawn_blocking(move || question(outbox.as_ref())).await;
        answer.map_err(|_| Problem::internal())?.map_err(|error| store_problem(&error))
    }

    /// Messages as they are shown, with the alarms that they name.
    async fn shown(&self, messages: Vec<Message>) -> Result<Vec<wire::NoticeMessage>, Problem> {
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let notices = self
            .outbox(move |outbox| {
                let named =
                    |id: &MessageId| Ok(outbox.message(*id, NAMED)?.map_or_else(Vec::new, |(_, all)| all));
                ids.iter().map(named).collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        let wanted: Vec<AlarmId> = notices.iter().flatten().map(|notice| notice.alarm).collect();
        let alarms = self
            .read(move |history| {
                let mut known = HashMap::new();
                for id in wanted {
                    if !known.contains_key(&id)
                        && let Some((alarm, _)) = history.alarm(id)?
                    {
                        known.insert(id, alarm);
                    }
                }
                Ok(known)
            })
            .await?;
        let shown = messages.iter().zip(notices).map(|(message, notices)| {
            let named = notices.iter().filter_map(|notice| {
                let alarm = alarms.get(&notice.alarm)?;
                Some(wire::NoticeAlarm {
                    id: alarm.id.0,
                    kind: notice.kind.into(),
                    priority: alarm.priority.into(),
                    title: (&alarm.title).into(),
                    site: notice.site.to_string(),
                })
            });
            let recipient = self.hub.notices.name_of(&message.recipient);
            wire::NoticeMessage::of(message, recipient, named.collect(), &self.zone)
        });
        Ok(shown.collect())
    }
}

/// What went to whom and whether it was delivered, the newest first.
#[utoipa::path(
    get, path = "/notices", tag = "notices",
    params(
        ("state" = Option<String>, Query, description = "`pending`, `delivered` or `failed`."),
        ("channel" = Option<String>, Query, description = "Only on this channel."),
        ("alarm" = Option<u64>, Query, description = "Only what tells of this alarm."),
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch ms."),
        ("to" = Option<String>, Query, description = "RFC 3339 or epoch ms; not included."),
        ("before" = Option<u64>, Query, description = "Only what has a smaller number: the next page."),
        ("limit" = Option<u32>, Query, description = "1 to 500, else 100.", minimum = 1, maximum = 500),
    ),
    responses(
        (status = 200, body = Vec<wire::NoticeMessage>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_notices(
    State(app): State<SharedApp>,
    _: Staff,
    params: Params,
) -> Result<Json<Vec<wire::NoticeMessage>>, Problem> {
    let params = params.only(&["state", "channel", "alarm", "from", "to", "before", "limit"], &[])?;
    let words = MessageState::ALL.map(MessageState::code);
    let state = params.word("state", &words)?;
    let (from, to) = params.period()?;
    let bounded = |number: usize| (number as u64).min(i64::MAX.cast_unsigned());
    let filter = MessageFilter {
        state: MessageState::ALL.into_iter().find(|one| Some(one.code()) == state),
        channel: params.one("channel").map(str::to_owned),
        recipient: None,
        alarm: params.number("alarm", 0, usize::MAX)?.map(|id| AlarmId(bounded(id))),
        from,
        to,
        before: params.number("before", 0, usize::MAX)?.map(|id| MessageId(bounded(id))),
        limit: params.number("limit", 1, MAX_MESSAGES)?.unwrap_or(MESSAGES),
    };
    let messages = app.outbox(move |outbox| outbox.messages(&filter)).await?;
    app.shown(messages).await.map(Json)
}

/// The ways on which messages go out, and how each fares.
#[utoipa::path(
    get, path = "/notices/channels", tag = "notices",
    responses(
        (status = 200, body = Vec<wire::NoticeChannel>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_channels(
    State(app): State<SharedApp>,
    _: Staff,
    params: Params,
) -> Result<Json<Vec<wire::NoticeChannel>>, Problem> {
    params.only(&[], &[])?;
    let channels = app.hub.notices.channels();
    let ids: Vec<String> = channels.iter().map(|channel| channel.id.clone()).collect();
    let (queues, pending, last) = app
        .outbox(move |outbox| {
            let newest = |channel: &String| {
                let of = |state| MessageFilter {
                    state: Some(state),
                    channel: Some(channel.clone()),
                    limit: 1,
                    ..MessageFilter::default()
                };
                let mut over = outbox.messages(&of(MessageState::Delivered))?;
                over.extend(outbox.messages(&of(MessageState::Failed))?);
                Ok(over.into_iter().max_by_key(|message| message.finished_at))
            };
            let last = ids.iter().map(newest).collect::<Result<Vec<_>, StoreError>>()?;
            Ok((outbox.queues()?, outbox.pending()?, last))
        })
        .await?;
    let mut answer = Vec::new();
    for (channel, last) in channels.into_iter().zip(last) {
        let last = app.shown(last.into_iter().collect()).await?.pop();
        let waiting =
            queues.iter().filter(|queue| queue.channel == channel.id).map(|queue| queue.waiting).sum();
        answer.push(wire::NoticeChannel {
            waiting,
            pending: pending.iter().filter(|message| message.channel == channel.id).count() as u64,
            last,
            id: channel.id,
            kind: channel.kind.to_owned(),
            has_recipients: channel.has_recipients,
            addresses: channel.addresses,
            people: channel.people.into_iter().map(wire::NoticePerson::from).collect(),
        });
    }
    Ok(Json(answer))
}

/// Who has duty now.
#[utoipa::path(
    get, path = "/notices/duty", tag = "notices",
    responses(
        (status = 200, body = Vec<wire::Duty>),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_duty(
    State(app): State<SharedApp>,
    _: Staff,
    params: Params,
) -> Result<Json<Vec<wire::Duty>>, Problem> {
    params.only(&[], &[])?;
    Ok(Json(app.hub.notices.duty(app.now()).into_iter().map(wire::Duty::from).collect()))
}

/// Sends a test message and waits for what comes of it. One at a time: it may cost money, and somebody reads it.
#[utoipa::path(
    post, path = "/notices/channels/{id}/test", tag = "notices",
    params(("id" = String, Path, description = "The channel's id.")),
    request_body = wire::ChannelTestRequest,
    responses(
        (status = 200, body = wire::ChannelTest),
        (status = "default", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_channel_test(
    State(app): State<SharedApp>,
    Officer(caller): Officer,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<wire::ChannelTestRequest>,
) -> Result<Json<wire::ChannelTest>, Problem> {
    let Ok(_one) = app.channel_tests.try_acquire() else {
        return Err(Problem::unavailable(local!(
            "Đang thử một kênh khác; hãy thử lại khi kênh đó xong.",
            "Another channel is being tried; try again when it is done."
        )));
    };
    let tested = match app.hub.notices.test(&id, request.to.as_deref()).await {
        Ok(tested) => tested,
        Err(NotTested::NoChannel) => {
            return Err(Problem::not_found("id", local!("không có kênh \"{id}\"", "no channel \"{id}\"")));
        }
        Err(NotTested::Recipient(allowed)) => return Err(Problem::invalid("to", allowed)),
        Err(NotTested::Storage) => {
            return Err(Problem::unavailable(local!(
                "Máy chủ hiện không nhận gì; chưa gửi gì.",
                "The hub takes nothing at the moment; nothing was sent."
            )));
        }
    };
    let detail = json!({"to": request.to, "delivered": tested.is_delivered});
    app.note(&caller.name, "channel_tested", &id, detail).await;
    let LocalText { vi, en } = tested.detail;
    Ok(Json(wire::ChannelTest { delivered: tested.is_delivered, detail: en, detail_vi: vi }))
}
