//! Mail over SMTP, plain text beside HTML. The message's key is its Message-ID: a second try looks the same to the receiver.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use hub_model::{LocalText, local};

use super::{Outcome, said};
use crate::config::{Channel, Email, Encryption};
use crate::letter::{Addressee, Letter};
use crate::words;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

pub(super) async fn send(email: &Email, channel: &Channel, letter: &Letter, to: &Addressee) -> Outcome {
    let (message, transport) = match (message(email, letter, to), transport(email, channel)) {
        (Ok(message), Ok(transport)) => (message, transport),
        (Err(why), _) | (_, Err(why)) => return Outcome::Never(why),
    };
    match transport.send(message).await {
        Ok(answer) => Outcome::Delivered(answer.first_line().map(said).unwrap_or_default()),
        Err(error) => {
            let why = said(&in_one_line(&error));
            let told = match () {
                () if error.is_timeout() => local!("máy chủ thư không trả lời kịp ({why})", "{why}"),
                () if error.is_permanent() => local!("máy chủ thư từ chối ({why})", "{why}"),
                () if error.is_transient() => local!("máy chủ thư tạm thời chưa nhận ({why})", "{why}"),
                () if error.is_tls() => local!("không mã hóa được kết nối với máy chủ thư ({why})", "{why}"),
                () => local!("không gửi được thư ({why})", "{why}"),
            };
            // 5xx is for good, but for a login that somebody may mend.
            let is_login = error
                .status()
                .is_some_and(|code| matches!(code.to_string().as_str(), "530" | "534" | "535" | "538"));
            if error.is_permanent() && !is_login { Outcome::Never(told) } else { Outcome::later(told) }
        }
    }
}

fn message(email: &Email, letter: &Letter, to: &Addressee) -> Result<Message, LocalText> {
    let from: Mailbox = email
        .from
        .parse()
        .map_err(|_| local!("người gửi không phải địa chỉ thư", "the sender is no address"))?;
    let address = to
        .address
        .parse()
        .map_err(|_| local!("người nhận không phải địa chỉ thư", "the recipient is no address"))?;
    let name = Some(to.name.clone()).filter(|name| !name.is_empty());
    let domain = from.email.domain().to_owned();
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(words::html(letter, to));
    let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(words::plain(letter, to));
    let parts = MultiPart::alternative().singlepart(plain).singlepart(html);
    Message::builder()
        .from(from)
        .to(Mailbox::new(name, address))
        .subject(words::subject(letter, to))
        .message_id(Some(format!("<{}@{domain}>", letter.key)))
        .raw_header(auto_submitted())
        .multipart(parts)
        .map_err(|error| local!("không soạn được thư ({error})", "{error}"))
}

/// Nobody's holiday answer is wanted (RFC 3834).
fn auto_submitted() -> lettre::message::header::HeaderValue {
    use lettre::message::header::{HeaderName, HeaderValue};
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}

fn transport(email: &Email, channel: &Channel) -> Result<Transport, LocalText> {
    let unsafe_way = |error: lettre::transport::smtp::Error| {
        local!("không dùng được chứng chỉ hoặc mã hóa này ({error})", "{error}")
    };
    let mut parameters = TlsParameters::builder(email.host.clone());
    if let Some(pem) = &email.ca {
        let ca = Certificate::from_pem(pem).map_err(unsafe_way)?;
        parameters = parameters
            .certificate_store(lettre::transport::smtp::client::CertificateStore::None)
            .add_root_certificate(ca);
    }
    let tls = match email.encryption {
        Encryption::None => Tls::None,
        Encryption::StartTls => Tls::Required(parameters.build().map_err(unsafe_way)?),
        Encryption::Tls => Tls::Wrapper(parameters.build().map_err(unsafe_way)?),
    };
    let mut builder =
        Transport::builder_dangerous(&email.host).port(email.port).tls(tls).timeout(Some(channel.timeout));
    if let Some((user, password)) = &email.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
    }
    Ok(builder.build())
}

fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
