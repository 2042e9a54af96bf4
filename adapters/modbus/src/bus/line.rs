//! Opens what an endpoint names: a TCP connection or a serial device. Sends and reads nothing itself.
//!
//! Read next: `bus/mod.rs`.

use std::io;
use std::time::Duration;

use hub_model::Reason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_serial::SerialPortBuilderExt;

use crate::endpoint::{Endpoint, Host};
use crate::failure::Failure;
use crate::serial::{Parity, SerialLine};

/// Something that bytes go out and come in through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens the endpoint within `patience`.
pub(super) async fn open(endpoint: &Endpoint, patience: Duration) -> Result<Box<dyn Stream>, Failure> {
    let unreachable = |cause, text| Failure::Unreachable { cause, text };
    match endpoint {
        Endpoint::Tcp(host) | Endpoint::RtuOverTcp(host) => match timeout(patience, connect(host)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(unreachable(Reason::Refused, error.to_string())),
            Err(_) => Err(unreachable(Reason::Timeout, format!("not made within {patience:?}"))),
        },
        // Opened without waiting for a carrier, so this does not block.
        Endpoint::Serial(line) => match open_serial(line) {
            Ok(stream) => Ok(stream),
            Err(error) => Err(unreachable(Reason::Refused, format!("{}: {error}", line.path))),
        },
    }
}

async fn connect(host: &Host) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host.name.as_str(), host.port)).await?;
    // Requests are small and each waits for its answer: holding them back would only cost time.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn open_serial(line: &SerialLine) -> tokio_serial::Result<Box<dyn Stream>> {
    let parity = match line.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop = if line.stop == 2 { tokio_serial::StopBits::Two } else { tokio_serial::StopBits::One };
    let data = if line.data == 7 { tokio_serial::DataBits::Seven } else { tokio_serial::DataBits::Eight };
    let port = tokio_serial::new(&line.path, line.baud).parity(parity).stop_bits(stop).data_bits(data);
    Ok(Box::new(port.open_native_async()?))
}
