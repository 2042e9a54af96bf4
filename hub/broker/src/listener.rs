//! Accepts sockets and gives each to the MQTT service, 3.1.1 or 5 as its first packet says.
//!
//! It wires ntex-mqtt together and decides nothing itself. Next: `guard.rs` and `gate.rs`, which stand around it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use ntex::io::{Io, IoConfig};
use ntex::rt::from_tcp_stream;
use ntex::service::cfg::SharedCfg;
use ntex::service::{fn_factory_with_config, fn_service};
use ntex::time::Seconds;
use ntex::{Pipeline, Service, ServiceFactory};
use ntex_mqtt::error::{DecodeError, HandshakeError, MqttError, ProtocolError};
use ntex_mqtt::{MqttServer, MqttServiceConfig, QoS};

use crate::core::Core;
use crate::door::{Refused, RefusedWhat};
use crate::exchange::Fault;
use crate::gate::Gates;
use crate::guard::Guard;
use crate::{v3, v5};

/// Sockets beyond `max_connections` that may be open at once, so that clients beyond it can be told that there is no room.
const SPARE_SOCKETS: usize = 64;

/// Pause after a failed accept: most often the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Seconds that a closing connection has to take what was written to it.
const CLOSE_S: u16 = 2;

/// Accepts until cancelled.
pub(crate) async fn accept(core: Rc<Core>, listener: tokio::net::TcpListener) {
    let config = config(&core);
    let service = match service(core.clone()).create(config.clone()).await {
        Ok(service) => Pipeline::new(service),
        Err(()) => {
            tracing::error!("the MQTT service could not be made; nobody can connect");
            return;
        }
    };
    let sockets = Rc::new(Cell::new(0usize));
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept an MQTT connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let refused = |what| core.refused(Refused { address, client_id: None, login: None, what });
        if sockets.get() >= core.settings.max_connections + SPARE_SOCKETS {
            refused(RefusedWhat::Connection);
            continue;
        }
        let io = match stream.into_std().and_then(|stream| from_tcp_stream(stream, config.clone())) {
            Ok(io) => io.add_filter(Guard::new(core.settings.max_packet_bytes)),
            Err(error) => {
                tracing::debug!(%error, %address, "an MQTT connection was gone before it was served");
                continue;
            }
        };
        sockets.set(sockets.get() + 1);
        let (core, service, sockets) = (core.clone(), service.clone(), Open(sockets.clone()));
        ntex::rt::spawn(async move {
            let _open = sockets;
            if let Err(error) = service.call(io).await {
                failed(&core, address, &error);
            }
        });
    }
}

/// One open socket; dropping it, even by a panic, frees its place.
struct Open(Rc<Cell<usize>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

fn failed(core: &Core, address: std::net::SocketAddr, error: &MqttError<Fault>) {
    let what = match error {
        MqttError::Handshake(HandshakeError::Disconnected(_) | HandshakeError::Timeout) => {
            tracing::debug!(%address, %error, "MQTT handshake not finished");
            return;
        }
        MqttError::Handshake(HandshakeError::Protocol(ProtocolError::Decode(
            DecodeError::MaxSizeExceeded { size, .. },
        ))) => RefusedWhat::TooLarge { bytes: *size },
        error => RefusedWhat::Malformed { detail: error.to_string() },
    };
    core.refused(Refused { address, client_id: None, login: None, what });
}

fn config(core: &Core) -> SharedCfg {
    let settings = &core.settings;
    let mqtt = MqttServiceConfig::new()
        .set_max_qos(v3::MAX_QOS)
        .set_max_size(settings.max_packet_bytes)
        .set_max_receive(settings.in_flight)
        .set_max_topic_alias(0)
        .set_max_send(settings.outbound_in_flight)
        .set_connect_timeout(Seconds(settings.connect_timeout_s))
        .protocol_version_timeout(Seconds(settings.connect_timeout_s))
        // What a client sent before it left is still taken.
        .set_handle_qos_after_disconnect(Some(QoS::ExactlyOnce));
    let io = IoConfig::new().set_disconnect_timeout(Seconds(CLOSE_S));
    SharedCfg::new("MQTT").add(io).add(mqtt).build()
}

fn service<F: ntex::io::Filter>(
    core: Rc<Core>,
) -> impl ServiceFactory<
    Io<F>,
    SharedCfg,
    Response = (),
    Error = MqttError<Fault>,
    InitError = (),
    Service = impl Service<Io<F>, Response = (), Error = MqttError<Fault>> + 'static,
> {
    use ntex_mqtt::{v3 as three, v5 as five};

    let for_v3 = core.clone();
    let server_v3 =
        three::MqttServer::new(async move |handshake| v3::handshake(for_v3.clone(), handshake).await)
            .replace_middlewares(Gates)
            .protocol(fn_factory_with_config(async |session: three::Session<crate::conn::Seat>| {
                Ok::<_, Fault>(fn_service(async move |message| v3::protocol(session.clone(), message).await))
            }))
            .control(fn_factory_with_config(async |session: three::Session<crate::conn::Seat>| {
                Ok::<_, Fault>(fn_service(async move |control| v3::control(session.clone(), control).await))
            }))
            .publish(fn_factory_with_config(async |session: three::Session<crate::conn::Seat>| {
                Ok::<_, Fault>(fn_service(async move |publish| v3::publish(session.clone(), publish).await))
            }));
    let server_v5 =
        five::MqttServer::new(async move |handshake| v5::handshake(core.clone(), handshake).await)
            .replace_middlewares(Gates)
            .protocol(fn_factory_with_config(async |session: five::Session<crate::conn::Seat>| {
                Ok::<_, Fault>(fn_service(async move |message| v5::protocol(session.clone(), message).await))
            }))
            .control(fn_factory_with_config(async |session: five::Session<crate::conn::Seat>| {
                Ok::<_, Fault>(fn_service(async move |control| v5::control(session.clone(), control).await))
            }))
            .publish(fn_factory_with_config(async |session: five::Session<crate::conn::Seat>| {
                Ok::<_, Fault>(fn_service(async move |publish| v5::publish(session.clone(), publish).await))
            }));
    MqttServer::new().v3(server_v3).v5(server_v5)
}
