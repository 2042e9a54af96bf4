//! Commands that wait for a device's answer: which topic belongs to which question. Bounded; knows no clock and no socket.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub_model::DeviceId;
use tokio::sync::oneshot;

/// Commands that may wait for their answers at once. Further ones are refused.
const MAX_WAITING: usize = 64;

/// Who waits for what. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Answers(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<HashMap<String, oneshot::Sender<Vec<u8>>>>,
    last: AtomicU64,
}

/// A question that waits; dropping it gives its place back.
#[derive(Debug)]
pub struct Question {
    /// Its number, which the answer's topic ends with.
    pub number: u64,
    /// The topic on which the device is to answer.
    pub topic: String,
    answer: oneshot::Receiver<Vec<u8>>,
    answers: Answers,
}

/// The topic of commands for a device.
pub fn command_topic(device: &DeviceId) -> String {
    format!("commune/v1/{device}/command")
}

/// The filter of all answers of a device.
pub fn answer_filter(device: &DeviceId) -> String {
    format!("commune/v1/{device}/response/+")
}

impl Answers {
    /// Opens a question for `device`; `start` sets the numbers of this run apart from those of earlier ones. `None` when too
    /// many wait already.
    pub fn ask(&self, device: &DeviceId, start: u64) -> Option<Question> {
        let number = start.wrapping_add(self.0.last.fetch_add(1, Ordering::Relaxed));
        let topic = format!("commune/v1/{device}/response/{number}");
        let (sender, answer) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.len() >= MAX_WAITING {
            return None;
        }
        waiting.insert(topic.clone(), sender);
        drop(waiting);
        Some(Question { number, topic, answer, answers: self.clone() })
    }

    /// Whether `topic` is where devices answer. The payload goes to whoever waits for it; late ones find nobody.
    pub fn take(&self, topic: &str, payload: &[u8]) -> bool {
        let is_answer = is_answer(topic);
        if is_answer
            && let Some(sender) = self.lock().remove(topic)
            && sender.send(payload.to_vec()).is_err()
        {
            tracing::debug!(topic, "nobody waits for this answer any more");
        }
        is_answer
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Vec<u8>>>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question {
    /// The device's answer, as it comes.
    pub async fn answer(&mut self) -> Option<Vec<u8>> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.answers.lock().remove(&self.topic);
    }
}

fn is_answer(topic: &str) -> bool {
    let mut levels = topic.split('/');
    (levels.next(), levels.next()) == (Some("commune"), Some("v1"))
        && levels.nth(2) == Some("response")
        && levels.next().is_some()
        && levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_finds_who_asked_and_no_other() {
        let answers = Answers::default();
        let device = DeviceId::parse("a/b").unwrap();
        let (mut first, second) = (answers.ask(&device, 7).unwrap(), answers.ask(&device, 7).unwrap());
        assert_eq!((first.topic.as_str(), second.number), ("commune/v1/a/b/response/7", 8));
        assert!(answers.take(&first.topic, b"done"));
        assert_eq!(first.answer.try_recv().unwrap(), b"done");
        drop(second);
        assert!(answers.take("commune/v1/a/b/response/8", b"late"));
        assert!(answers.lock().is_empty());
        for other in [
            "commune/v1/a/b/telemetry",
            "commune/v1/a/b/response",
            "x/v1/a/b/response/1",
            "commune/v1/a/b/response/1/2",
        ] {
            assert!(!answers.take(other, b""), "{other}");
        }
    }

    #[test]
    fn questions_are_bounded() {
        let answers = Answers::default();
        let device = DeviceId::parse("a/b").unwrap();
        let open: Vec<_> = (0..MAX_WAITING).map(|_| answers.ask(&device, 0).unwrap()).collect();
        assert!(answers.ask(&device, 0).is_none());
        drop(open);
        assert!(answers.ask(&device, 0).is_some());
    }
}
