//! MQTT 3.1.1: its handshake, publishes, subscriptions and ends, put into the words of `exchange.rs` and `admission.rs`.
//!
//! QoS 2 from clients is taken exactly once within a connection (sessions are not kept beyond it); subscribers get at
//! most QoS 1. Next: `v5.rs`, its twin.

use std::rc::Rc;

use ntex::time::Seconds;
use ntex_mqtt::v3::codec::{ConnectAckReason, Encoded};
use ntex_mqtt::v3::{Handshake, HandshakeAck, ProtocolMessage, ProtocolMessageAck, Publish, Session};
use ntex_mqtt::{Control, QoS};

use crate::admission::{TurnedAway, admit, peer_address};
use crate::arrivals::Arrivals;
use crate::conn::{Conn, Newcomer, Seat};
use crate::core::Core;
use crate::door::{ConnectAttempt, Refusal};
use crate::exchange::{self, Fault};
use crate::filter::{TopicName, judge_topic};
use crate::link::Link;
use crate::outbox;

/// Answers a CONNECT.
pub(crate) async fn handshake(core: Rc<Core>, handshake: Handshake) -> Result<HandshakeAck<Seat>, Fault> {
    let packet = handshake.packet();
    let will = match &packet.last_will {
        Some(will) if judge_topic(&will.topic) == TopicName::Valid => {
            let message =
                exchange::message(&will.topic, &will.message, will.qos, will.retain, Default::default());
            Some(message)
        }
        Some(_) => return Err(Fault::ForbiddenTopic),
        None => None,
    };
    let keep_alive = packet.keep_alive;
    let client_id = match packet.client_id.as_str() {
        "" => format!("auto-{}", core.fresh_id()),
        given => given.to_owned(),
    };
    let io = handshake.io().get_ref();
    let attempt = ConnectAttempt {
        client_id: client_id.clone(),
        username: packet.username.as_ref().map(ToString::to_string),
        password: packet.password.as_ref().map(|password| bytes::Bytes::copy_from_slice(password)),
        address: peer_address(&io),
    };
    let newcomer = Newcomer {
        client_id,
        address: attempt.address,
        will,
        arrivals: io.query::<Arrivals>().as_ref().cloned().unwrap_or_default(),
    };
    let login = match admit(&core, attempt).await {
        Ok(login) => login,
        Err(turned_away) => return Ok(handshake.failed(return_code(turned_away))),
    };
    let conn = Rc::new(Conn::new(core.fresh_id(), newcomer, login, Link::v3(io, handshake.sink())));
    let max_send = core.settings.outbound_in_flight;
    // Made first: whatever becomes of this handshake, its place is given back.
    let seat = Seat { core, conn };
    seat.core.enter(seat.conn.clone()).await;
    let ack = handshake.ack(seat, false).max_send(Some(max_send));
    // Zero means that the client wants no keep-alive; the protocol crate would make it thirty seconds.
    Ok(if keep_alive == 0 { ack.idle_timeout(Seconds::ZERO) } else { ack })
}

fn return_code(turned_away: TurnedAway) -> ConnectAckReason {
    match turned_away {
        TurnedAway::Login(Refusal::BadCredentials) => ConnectAckReason::BadUserNameOrPassword,
        TurnedAway::Login(Refusal::NotAuthorized | Refusal::TooManyTries) => ConnectAckReason::NotAuthorized,
        TurnedAway::Busy => ConnectAckReason::ServiceUnavailable,
    }
}

/// Takes a publish; returning acknowledges it. This version cannot be told of a refusal, so that is acknowledged too.
pub(crate) async fn publish(session: Session<Seat>, publish: Publish) -> Result<(), Fault> {
    let payload = publish.read_all().await.map_err(|_| Fault::Unreadable)?;
    exchange::publish(&session, &payload, |payload| {
        let topic = publish.publish_topic();
        exchange::message(topic, payload, publish.qos(), publish.retain(), Default::default())
    })
    .await
    .map(|_refused| ())
}

/// Handles everything else that a client sends.
pub(crate) async fn protocol(
    session: Session<Seat>,
    message: ProtocolMessage,
) -> Result<ProtocolMessageAck, Fault> {
    let seat: &Seat = &session;
    match message {
        ProtocolMessage::Subscribe(mut subscribe) => {
            outbox::backlog_sent(&seat.conn).await;
            let mut granted = Vec::new();
            let mut any = false;
            for mut wanted in &mut subscribe {
                any = true;
                match exchange::subscribe(seat, wanted.topic(), exchange::options(wanted.qos(), None)) {
                    Ok(subscription) => {
                        wanted.confirm(subscription.options.qos);
                        granted.push(subscription);
                    }
                    Err(_) => wanted.fail(),
                }
            }
            if !any {
                return Err(Fault::NoFilter);
            }
            for subscription in granted {
                seat.core.send_retained(&seat.conn, &subscription.filter, subscription.options);
            }
            Ok(subscribe.ack())
        }
        ProtocolMessage::Unsubscribe(unsubscribe) => {
            if unsubscribe.iter().next().is_none() {
                return Err(Fault::NoFilter);
            }
            for filter in unsubscribe.iter() {
                seat.core.unsubscribe(&seat.conn, filter);
            }
            Ok(unsubscribe.ack())
        }
        other => Ok(other.ack()),
    }
}

/// Hears that the connection ends. MQTT 3.1.1 has no packet to say why.
pub(crate) async fn control(
    session: Session<Seat>,
    control: Control<Fault>,
) -> Result<Option<Encoded>, Fault> {
    if let Control::Stop(reason) = &control {
        exchange::ended(&session, reason);
    }
    Ok(None)
}

/// Highest quality of service taken from MQTT 3.1.1 clients.
pub(crate) const MAX_QOS: QoS = QoS::ExactlyOnce;
