//! MQTT 5: its handshake, publishes, subscriptions and ends, put into the words of `exchange.rs` and `admission.rs`.
//!
//! CONNACK says what is really supported: Maximum QoS 1 (QoS 2 is closed with 0x9B), no topic aliases, no shared
//! subscriptions, sessions that end with their connection. Next: `v3.rs`, its twin.

use std::num::NonZeroU16;
use std::rc::Rc;

use ntex::util::ByteString;
use ntex_mqtt::v5::codec::{
    Connect, ConnectAckReason, Disconnect, DisconnectReasonCode, Encoded, Packet, PublishAckReason,
    PublishProperties, RetainHandling, SubscribeAckReason, UnsubscribeAckReason,
};
use ntex_mqtt::v5::{
    Handshake, HandshakeAck, ProtocolMessage, ProtocolMessageAck, Publish, PublishAck, Session,
};
use ntex_mqtt::{Control, ProtocolError, QoS, Reason};

use crate::admission::{TurnedAway, admit, peer_address};
use crate::arrivals::Arrivals;
use crate::conn::{Conn, Newcomer, Seat};
use crate::core::Core;
use crate::door::{ConnectAttempt, Refusal, Rejection};
use crate::exchange::{self, Denied, Fault};
use crate::filter::{TopicName, judge_topic};
use crate::link::Link;
use crate::message::Message;
use crate::outbox;
use crate::tree::Options;

/// A fault always ends the connection; it is never said in a PUBACK.
impl TryFrom<Fault> for PublishAck {
    type Error = Fault;

    fn try_from(fault: Fault) -> Result<PublishAck, Fault> {
        Err(fault)
    }
}

/// Answers a CONNECT.
pub(crate) async fn handshake(core: Rc<Core>, handshake: Handshake) -> Result<HandshakeAck<Seat>, Fault> {
    let packet = handshake.packet();
    if packet.auth_method.is_some() {
        return Ok(handshake.failed(ConnectAckReason::BadAuthenticationMethod));
    }
    let will = match will(packet) {
        Ok(will) => will,
        Err(reason) => return Ok(handshake.failed(reason)),
    };
    let (given_id, assigned_id) = match packet.client_id.as_str() {
        "" => {
            let made = format!("auto-{}", core.fresh_id());
            (made.clone(), Some(ByteString::from(made)))
        }
        given => (given.to_owned(), None),
    };
    let (asked_keep_alive, wants_session) = (packet.keep_alive, packet.session_expiry_interval_secs > 0);
    let io = handshake.io().get_ref();
    let attempt = ConnectAttempt {
        client_id: given_id.clone(),
        username: packet.username.as_ref().map(ToString::to_string),
        password: packet.password.as_ref().map(|password| bytes::Bytes::copy_from_slice(password)),
        address: peer_address(&io),
    };
    let newcomer = Newcomer {
        client_id: given_id,
        address: attempt.address,
        will,
        arrivals: io.query::<Arrivals>().as_ref().cloned().unwrap_or_default(),
    };
    let login = match admit(&core, attempt).await {
        Ok(login) => login,
        Err(turned_away) => return Ok(handshake.failed(reason_code(turned_away))),
    };
    let conn = Rc::new(Conn::new(core.fresh_id(), newcomer, login, Link::v5(io, handshake.sink())));
    let settings = core.settings.clone();
    // Made first: whatever becomes of this handshake, its place is given back.
    let seat = Seat { core, conn };
    seat.core.enter(seat.conn.clone()).await;

    let ceiling = settings.keep_alive_ceiling_s.max(1);
    let keep_alive = if asked_keep_alive == 0 { ceiling } else { asked_keep_alive.min(ceiling) };
    let ack = handshake
        .ack(seat)
        .max_send(Some(settings.outbound_in_flight))
        .keep_alive(keep_alive.saturating_add(keep_alive / 2).max(1));
    Ok(ack.with(|packet| {
        packet.session_present = false;
        packet.session_expiry_interval_secs = wants_session.then_some(0);
        packet.receive_max = NonZeroU16::new(settings.in_flight).unwrap_or(NonZeroU16::MIN);
        packet.max_qos = QoS::AtLeastOnce;
        packet.max_packet_size = Some(settings.max_packet_bytes);
        packet.assigned_client_id = assigned_id;
        packet.topic_alias_max = 0;
        packet.retain_available = true;
        packet.wildcard_subscription_available = true;
        packet.subscription_identifiers_available = true;
        packet.shared_subscription_available = false;
        packet.server_keepalive_sec = (keep_alive != asked_keep_alive).then_some(keep_alive);
    }))
}

fn will(packet: &Connect) -> Result<Option<Message>, ConnectAckReason> {
    let Some(will) = &packet.last_will else { return Ok(None) };
    if judge_topic(&will.topic) != TopicName::Valid {
        return Err(ConnectAckReason::TopicNameInvalid);
    }
    if will.qos == QoS::ExactlyOnce {
        return Err(ConnectAckReason::QosNotSupported);
    }
    let properties = PublishProperties {
        correlation_data: will.correlation_data.clone(),
        message_expiry_interval: will.message_expiry_interval,
        content_type: will.content_type.clone(),
        user_properties: will.user_properties.clone(),
        is_utf8_payload: will.is_utf8_payload.unwrap_or(false),
        response_topic: will.response_topic.clone(),
        ..PublishProperties::default()
    };
    Ok(Some(exchange::message(&will.topic, &will.message, will.qos, will.retain, properties)))
}

fn reason_code(turned_away: TurnedAway) -> ConnectAckReason {
    match turned_away {
        TurnedAway::Login(Refusal::BadCredentials) => ConnectAckReason::BadUserNameOrPassword,
        TurnedAway::Login(Refusal::NotAuthorized) => ConnectAckReason::NotAuthorized,
        TurnedAway::Login(Refusal::TooManyTries) => ConnectAckReason::ConnectionRateExceeded,
        TurnedAway::Busy => ConnectAckReason::ServerBusy,
    }
}

/// Takes a publish; what it returns is the PUBACK.
pub(crate) async fn publish(session: Session<Seat>, publish: Publish) -> Result<PublishAck, Fault> {
    let payload = publish.read_all().await.map_err(|_| Fault::Unreadable)?;
    let refused = exchange::publish(&session, &payload, |payload| {
        let properties = publish.packet().properties.clone();
        exchange::message(publish.publish_topic(), payload, publish.qos(), publish.retain(), properties)
    })
    .await?;
    let reason = match refused {
        None => PublishAckReason::Success,
        Some(Rejection::NotAuthorized) => PublishAckReason::NotAuthorized,
        Some(Rejection::TopicInvalid) => PublishAckReason::TopicNameInvalid,
        Some(Rejection::PayloadInvalid) => PublishAckReason::PayloadFormatInvalid,
        Some(Rejection::QuotaExceeded) => PublishAckReason::QuotaExceeded,
        Some(Rejection::Other) => PublishAckReason::ImplementationSpecificError,
    };
    Ok(PublishAck::new(reason))
}

/// Handles everything else that a client sends.
pub(crate) async fn protocol(
    session: Session<Seat>,
    message: ProtocolMessage,
) -> Result<ProtocolMessageAck, Fault> {
    let seat: &Seat = &session;
    match message {
        ProtocolMessage::Auth(_) => {
            exchange::malformed(seat, "AUTH without an agreed method".to_owned());
            // Closed here, because the protocol crate would close before its DISCONNECT is written.
            seat.conn.link.close(DisconnectReasonCode::ProtocolError);
            Ok(message.disconnect_with(Disconnect::new(DisconnectReasonCode::ProtocolError)))
        }
        ProtocolMessage::Subscribe(mut subscribe) => {
            outbox::backlog_sent(&seat.conn).await;
            if subscribe.packet().topic_filters.is_empty() {
                return Err(Fault::NoFilter);
            }
            let identifier = subscribe.packet().id;
            let mut granted = Vec::new();
            for mut wanted in &mut subscribe {
                let asked = *wanted.options();
                let options = Options {
                    no_local: asked.no_local,
                    retain_as_published: asked.retain_as_published,
                    ..exchange::options(asked.qos, identifier)
                };
                match exchange::subscribe(seat, wanted.topic(), options) {
                    Ok(subscription) => {
                        wanted.confirm(options.qos);
                        granted.push((subscription, asked.retain_handling));
                    }
                    Err(denied) => wanted.fail(denial(denied)),
                }
            }
            for (subscription, handling) in granted {
                let wanted = match handling {
                    RetainHandling::AtSubscribe => true,
                    RetainHandling::AtSubscribeNew => subscription.is_new,
                    RetainHandling::NoAtSubscribe => false,
                };
                if wanted {
                    seat.core.send_retained(&seat.conn, &subscription.filter, subscription.options);
                }
            }
            Ok(subscribe.ack())
        }
        ProtocolMessage::Unsubscribe(mut unsubscribe) => {
            if unsubscribe.packet().topic_filters.is_empty() {
                return Err(Fault::NoFilter);
            }
            for mut item in &mut unsubscribe {
                if !seat.core.unsubscribe(&seat.conn, item.topic()) {
                    item.fail(UnsubscribeAckReason::NoSubscriptionExisted);
                }
            }
            Ok(unsubscribe.ack())
        }
        other => Ok(other.ack()),
    }
}

fn denial(denied: Denied) -> SubscribeAckReason {
    match denied {
        Denied::NotAuthorized => SubscribeAckReason::NotAuthorized,
        Denied::Invalid => SubscribeAckReason::TopicFilterInvalid,
        Denied::TooMany => SubscribeAckReason::QuotaExceeded,
        Denied::Shared => SubscribeAckReason::SharedSubscriptionNotSupported,
    }
}

/// Hears that the connection ends, and says why where the protocol crate would say it less exactly.
pub(crate) async fn control(
    session: Session<Seat>,
    control: Control<Fault>,
) -> Result<Option<Encoded>, Fault> {
    let Control::Stop(reason) = &control else { return Ok(None) };
    exchange::ended(&session, reason);
    let code = match reason {
        Reason::Error(error) => Some(match error.get_ref() {
            Fault::Unanswered => DisconnectReasonCode::UnspecifiedError,
            Fault::ForbiddenTopic => DisconnectReasonCode::TopicNameInvalid,
            Fault::NoFilter => DisconnectReasonCode::ProtocolError,
            Fault::Unreadable => DisconnectReasonCode::MalformedPacket,
        }),
        Reason::Protocol(error) => match error.get_ref() {
            ProtocolError::Decode(ntex_mqtt::error::DecodeError::MaxSizeExceeded { .. }) => None,
            ProtocolError::Decode(_) => Some(DisconnectReasonCode::MalformedPacket),
            // The crate tells a wildcard in a topic name apart from other violations only by the rule that it names.
            ProtocolError::ProtocolViolation(rule) if rule.message().starts_with("[MQTT-3.3.2-2]") => {
                Some(DisconnectReasonCode::TopicNameInvalid)
            }
            _ => None,
        },
        Reason::PeerGone(_) => None,
    };
    Ok(code.map(|code| Encoded::Packet(Packet::Disconnect(Disconnect::new(code)))))
}
