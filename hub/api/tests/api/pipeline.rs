//! A stand-in for the pipeline: keeps what the API hands on, carries out what people do with alarms, answers after the
//! commit. It judges nothing: what is good and what is an alarm is hub-logic's and tested there.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hub_api::{Committed, Live, Request, ServiceChange};
use hub_logic::{Action, Command, CommandError};
use hub_model::{Alarm, AlarmState, OutOfService, PointId, Reading, Sample, Timestamp, Transition, Why};
use hub_store::{Append, Batch, History, Latest, MemoryStore, StoredReading};
use tokio::sync::mpsc;

use crate::world::reading;

/// Carries out what the API asks for, and answers after the commit.
#[derive(Clone)]
pub struct Pipeline {
    pub store: MemoryStore,
    pub live: Live,
    pub now_ms: Arc<AtomicI64>,
}

impl Pipeline {
    pub async fn run(self, mut inbox: mpsc::Receiver<Request>, asked: Arc<AtomicI64>) {
        while let Some(request) = inbox.recv().await {
            asked.fetch_add(1, Ordering::SeqCst);
            match request {
                Request::Deliver { observations, committed } => {
                    let readings = observations.into_iter().map(|observation| {
                        let Sample::Value(value) = observation.sample else { panic!("the API sends values") };
                        news(Reading {
                            measured_at: observation.measured_at.unwrap(),
                            received_at: observation.received_at,
                            ..reading(observation.point.as_str(), 0, value)
                        })
                    });
                    self.commit(Batch { readings: readings.collect(), ..Batch::default() });
                    let _ = committed.send(());
                }
                Request::Service { change, by, reply } => {
                    let _ = reply.send(self.service(change, by));
                }
                Request::Command { command, reply } => {
                    let _ = reply.send(self.command(command));
                }
            }
        }
    }

    /// Takes out what is given, until somebody ends it.
    fn service(&self, change: ServiceChange, by: String) -> Result<(), CommandError> {
        let now = Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst));
        let one = match change {
            ServiceChange::Out { scope, until, reason } => {
                OutOfService { scope, since: now, until, by, reason, ended: None }
            }
            ServiceChange::In(scope) => {
                let known = self.store.out_of_service(false).unwrap().into_iter();
                let known =
                    known.into_iter().find(|one| one.scope == scope).ok_or(CommandError::InService)?;
                OutOfService { ended: Some((now, Some(by))), ..known }
            }
        };
        self.commit(Batch { out_of_service: vec![one], ..Batch::default() });
        Ok(())
    }

    fn command(&self, command: Command) -> Result<Alarm, CommandError> {
        let unknown = CommandError::UnknownAlarm { alarm: command.alarm };
        let (mut alarm, _) = self.store.alarm(command.alarm).unwrap().ok_or(unknown.clone())?;
        let from = alarm.state;
        let now = Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst));
        let latest = now.plus(hub_logic::MAX_SHELVING);
        let is_review = matches!(command.action, Action::ReviewText { .. });
        let comment = match command.action {
            _ if from == AlarmState::Normal => return Err(unknown),
            Action::Acknowledge { comment } if from == AlarmState::Unacknowledged => {
                alarm.state = AlarmState::Acknowledged;
                alarm.acknowledged_at = Some(now);
                alarm.acknowledged_by = Some(command.by.clone());
                comment
            }
            Action::Comment { text } | Action::ReviewText { text } if text.is_empty() => {
                return Err(CommandError::BadText { max_chars: 2000 });
            }
            Action::Comment { text } | Action::ReviewText { text } => Some(text),
            Action::Shelve { until, .. } if until <= now => return Err(CommandError::BadUntil { latest }),
            Action::Shelve { until, reason, .. } if from != AlarmState::Shelved => {
                alarm.beneath = Some(from);
                alarm.state = AlarmState::Shelved;
                alarm.shelved_until = Some(until);
                Some(reason)
            }
            Action::Unshelve if from == AlarmState::Shelved => {
                alarm.state = alarm.beneath.take().unwrap();
                alarm.shelved_until = None;
                None
            }
            _ => return Err(CommandError::NotInThatState { state: from }),
        };
        let step = Transition {
            alarm: alarm.id,
            at: now,
            from: Some(from),
            to: alarm.state,
            why: match from == alarm.state {
                _ if is_review => Why::TextReviewed,
                true => Why::Commented,
                false => Why::Acknowledged,
            },
            rule_version: alarm.rule_version.clone(),
            by: Some(command.by),
            remark: None,
            comment,
            value: None,
        };
        self.commit(Batch { alarms: vec![alarm.clone()], transitions: vec![step], ..Batch::default() });
        Ok(alarm)
    }

    /// Keeps a batch and tells the stream.
    pub fn commit(&self, batch: Batch) {
        let (live, alarms) = (self.live.clone(), batch.alarms.clone());
        let points: Vec<PointId> = batch.readings.iter().map(|stored| stored.reading.point.clone()).collect();
        let store = self.store.clone();
        let told = Box::new(move |seq| {
            let readings: Vec<Latest> =
                points.iter().map(|point| store.latest_of(point).unwrap().unwrap()).collect();
            live.publish(Committed { seq, readings, alarms });
        });
        self.store.append(batch, told).unwrap();
    }
}

/// A reading that becomes its point's latest.
pub fn news(reading: Reading) -> StoredReading {
    StoredReading { reading, latest: true }
}
