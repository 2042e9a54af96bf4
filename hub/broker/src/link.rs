//! The two protocol versions behind one face: sending a publish, and closing with a reason.
//!
//! It never decides what is sent to whom. Next: `outbox.rs`, which waits for a link to be ready.

use ntex::io::IoRef;
use ntex::util::Bytes;
use ntex_mqtt::error::SendPacketError;
use ntex_mqtt::v5::codec::{Disconnect, DisconnectReasonCode, PublishProperties};
use ntex_mqtt::{QoS, v3, v5};

/// The sending half of a connection.
pub(crate) struct Link {
    /// The socket, for what the protocol's sink cannot tell.
    pub(crate) io: IoRef,
    sink: Sink,
}

enum Sink {
    V3(v3::MqttSink),
    V5(v5::MqttSink),
}

/// One publish, ready to be sent.
pub(crate) struct Parcel {
    pub(crate) topic: ntex::util::ByteString,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// Only MQTT 5 sends them.
    pub(crate) properties: PublishProperties,
}

impl Link {
    pub(crate) fn v3(io: IoRef, sink: v3::MqttSink) -> Link {
        // The acknowledgement itself needs no action: it frees a place among those in flight.
        sink.publish_ack_cb(|_, _| {});
        Link { io, sink: Sink::V3(sink) }
    }

    pub(crate) fn v5(io: IoRef, sink: v5::MqttSink) -> Link {
        sink.publish_ack_cb(|_, _| {});
        Link { io, sink: Sink::V5(sink) }
    }

    /// Whether a publish may be sent right now.
    pub(crate) fn is_ready(&self) -> bool {
        let ready = match &self.sink {
            Sink::V3(sink) => sink.is_ready(),
            Sink::V5(sink) => sink.is_ready(),
        };
        ready && !self.io.is_wr_backpressure()
    }

    /// Waits until there may be room; `false` when the connection is gone.
    pub(crate) async fn ready(&self) -> bool {
        match &self.sink {
            Sink::V3(sink) => sink.ready().await,
            Sink::V5(sink) => sink.ready().await,
        }
    }

    /// Whether the connection still stands.
    pub(crate) fn is_open(&self) -> bool {
        !self.io.is_closed()
    }

    /// Sends a publish. To be called only when [`Link::is_ready`].
    pub(crate) fn send(&self, parcel: Parcel) -> Result<(), SendPacketError> {
        let at_least_once = parcel.qos != QoS::AtMostOnce;
        match &self.sink {
            Sink::V3(sink) => {
                let mut publish = sink.publish(parcel.topic);
                if parcel.retain {
                    publish = publish.retain();
                }
                if at_least_once {
                    publish.send_at_least_once_no_block(parcel.payload)
                } else {
                    publish.send_at_most_once(parcel.payload)
                }
            }
            Sink::V5(sink) => {
                let mut publish = sink.publish(parcel.topic).retain(parcel.retain);
                publish.set_properties(|properties| *properties = parcel.properties);
                if at_least_once {
                    publish.send_at_least_once_no_block(parcel.payload)
                } else {
                    publish.send_at_most_once(parcel.payload)
                }
            }
        }
    }

    /// Whether properties are worth making.
    pub(crate) fn speaks_v5(&self) -> bool {
        matches!(self.sink, Sink::V5(_))
    }

    /// Closes after what is already written; MQTT 5 is told why.
    pub(crate) fn close(&self, reason: DisconnectReasonCode) {
        match &self.sink {
            Sink::V3(sink) => sink.close(),
            Sink::V5(sink) => sink.close_with_reason(Disconnect::new(reason)),
        }
    }
}
