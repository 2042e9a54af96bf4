//! A program that is started for each message with JSON on its input: a siren, a modem. Off unless the configuration allows it.
//!
//! It gets no argument made of a message and no environment but PATH. Exit code 0 means that it was delivered.

use std::process::Stdio;

use hub_model::local;
use tokio::io::AsyncWriteExt;

use super::event::Event;
use super::{Outcome, said};
use crate::config::{Channel, Command};
use crate::letter::Letter;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) async fn send(command: &Command, channel: &Channel, letter: &Letter) -> Outcome {
    let Some((program, arguments)) = command.command.split_first() else {
        return Outcome::Never(local!("chưa ghi chương trình nào", "no program is named"));
    };
    let mut child = match tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Dropped when its time is over.
        .kill_on_drop(true)
        .spawn()
    {
        Ok(child) => child,
        Err(error) => {
            return Outcome::later(local!(
                "không chạy được chương trình ({error})",
                "the program cannot be started: {error}"
            ));
        }
    };
    let input = Event::of(letter).to_json();
    let run = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input may still do its work.
            let _ = stdin.write_all(&input).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(channel.timeout, run).await {
        Err(_) => Outcome::later(local!(
            "chương trình không xong kịp giờ và đã bị dừng",
            "the program did not end in time and was ended"
        )),
        Ok(Err(error)) => Outcome::later(local!(
            "chương trình bị đứt giữa chừng ({error})",
            "the program broke down: {error}"
        )),
        Ok(Ok(output)) if output.status.success() => Outcome::Delivered(String::new()),
        Ok(Ok(output)) => {
            let (status, said) = (output.status, said(&String::from_utf8_lossy(&output.stderr)));
            Outcome::later(local!("chương trình báo lỗi ({status}: {said})", "{status}: {said}"))
        }
    }
}
