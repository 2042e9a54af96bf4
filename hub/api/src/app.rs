//! What the routes share: the hub's handles and the API's own bounds. Holds no data of the commune.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use hub_model::{LocalText, PointId, Timestamp, local};
use hub_store::{History, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::auth::{Tries, Verifier};
use crate::hub::{Hub, Request};
use crate::local::Zone;
use crate::nearest::nothing_has;
use crate::problem::Problem;
use crate::push::body::Room;
use crate::query::Params;

/// Questions to the history that run at once; more wait until the request's time is over.
const READS: usize = 8;
/// Parts of a question about several points that are answered side by side: as many as the store answers at once.
const SIDE_BY_SIDE: usize = 4;
/// CSV exports that run at once; the next one is answered 503.
const EXPORTS: usize = 4;
/// Back-tests that run at once; the next one is answered 503.
const BACKTESTS: usize = 1;
/// Runs of cases at once; the next one is answered 503.
const CASES: usize = 1;
/// Live streams that are open at once; the next one is answered 503.
const STREAMS: usize = 200;
/// How long to wait for a place in the pipeline's queue.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for a commit. It may still happen later: sending the same readings again does no harm.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// Most points in one question.
const MAX_POINTS: usize = 50;

/// The state of all routes.
pub(crate) struct App {
    pub hub: Hub,
    /// The OpenAPI document.
    pub document: String,
    pub zone: Zone,
    pub verifier: Verifier,
    pub tries: Tries,
    pub exports: Arc<Semaphore>,
    pub backtests: Arc<Semaphore>,
    pub cases: Arc<Semaphore>,
    pub push_room: Room,
    pub streams: Arc<Semaphore>,
    /// One probe at a time: it is somebody's device.
    pub probes: Semaphore,
    /// One test message at a time.
    pub channel_tests: Semaphore,
    reads: Arc<Semaphore>,
    /// Id and unit of each point.
    points: HashMap<String, (PointId, &'static str)>,
    /// Points of devices that push.
    pushed: HashSet<PointId>,
}

pub(crate) type SharedApp = Arc<App>;

impl App {
    pub(crate) fn new(hub: Hub, document: String) -> Self {
        let points =
            hub.commune.points().map(|p| (p.id.to_string(), (p.id.clone(), p.unit.code()))).collect();
        let devices = hub.commune.devices().filter(|device| device.adapter == "push");
        let pushed = devices.flat_map(|device| device.points.iter().map(|point| point.id.clone())).collect();
        Self {
            zone: Zone::named(&hub.commune.timezone),
            hub,
            document,
            verifier: Verifier::new(),
            tries: Tries::default(),
            push_room: Room::new(),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            backtests: Arc::new(Semaphore::new(BACKTESTS)),
            cases: Arc::new(Semaphore::new(CASES)),
            streams: Arc::new(Semaphore::new(STREAMS)),
            probes: Semaphore::new(1),
            channel_tests: Semaphore::new(1),
            reads: Arc::new(Semaphore::new(READS)),
            points,
            pushed,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.hub.now)()
    }

    /// Whether browsers reach the hub by https, so that the cookie may be kept to it.
    pub(crate) fn is_secure(&self) -> bool {
        self.hub.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Asks the history on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn History) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.reads.clone().acquire_owned().await.map_err(|_| Problem::internal())?;
        let history = self.hub.history.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let _permit: OwnedSemaphorePermit = permit;
            question(history.as_ref())
        });
        answer.await.map_err(|_| Problem::internal())?.map_err(|error| store_problem(&error))
    }

    /// Asks the history about `count` points, some of them at a time and these side by side, on threads that wait for such work. Gives
    /// the answers in order, each for a range of points.
    pub(crate) async fn read_side_by_side<T: Send + 'static>(
        &self,
        count: usize,
        question: impl Fn(&dyn History, Range<usize>) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Result<Vec<T>, Problem> {
        let question = Arc::new(question);
        let share = count.div_ceil(SIDE_BY_SIDE).max(1);
        let shares = (0..count).step_by(share).map(|first| {
            let (question, range) = (question.clone(), first..(first + share).min(count));
            self.read(move |history| Ok(question(history, range)))
        });
        try_join_all(shares).await?.into_iter().collect()
    }

    /// Sends a request to the pipeline and waits for its answer, which comes after the commit.
    pub(crate) async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Problem> {
        let busy = || {
            Problem::unavailable(local!(
                "Máy chủ hiện không nhận gì; chưa lưu gì.",
                "The hub takes nothing at the moment; nothing was kept."
            ))
        };
        // Waiting for the disk would keep the caller for as long as the disk is full, and the queue with it.
        if (self.hub.takes_nothing)() {
            return Err(busy());
        }
        let (reply, answer) = oneshot::channel();
        match self.hub.requests.send_timeout(request(reply), QUEUE_TIMEOUT).await {
            Ok(()) => {}
            Err(mpsc::error::SendTimeoutError::Timeout(_) | mpsc::error::SendTimeoutError::Closed(_)) => {
                return Err(busy());
            }
        }
        match tokio::time::timeout(COMMIT_TIMEOUT, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(busy()),
            Err(_) => Err(Problem::unavailable(local!(
                "Máy chủ chưa ghi kịp vào ổ đĩa; có thể lát nữa mới ghi xong.",
                "The hub could not commit in time; it may still do so later."
            ))),
        }
    }

    /// Id and unit of the configured point with this id.
    pub(crate) fn point(&self, id: &str) -> Option<&(PointId, &'static str)> {
        self.points.get(id)
    }

    /// Whether the point is one of a device that pushes.
    pub(crate) fn is_pushed(&self, point: &PointId) -> bool {
        self.pushed.contains(point)
    }

    /// The points that a question is about, each once, with their units.
    pub(crate) fn asked_points(&self, params: &Params) -> Result<Vec<(PointId, &'static str)>, Problem> {
        let mut points = Vec::new();
        for id in params.all("point") {
            let known = self.point(id).ok_or_else(|| Problem::not_found("point", self.no_point(id)))?;
            if !points.contains(known) {
                points.push(known.clone());
            }
        }
        if points.is_empty() || points.len() > MAX_POINTS {
            let count = points.len();
            let detail = local!(
                "có {count}, được phép: 1 đến {MAX_POINTS} điểm đo, viết là địa điểm/thiết bị/điểm đo",
                "found {count}, allowed: 1 to {MAX_POINTS} points as site/device/point"
            );
            return Err(Problem::invalid("point", detail));
        }
        Ok(points)
    }

    /// What to say of an id that no point has.
    pub(crate) fn no_point(&self, id: &str) -> LocalText {
        let ids = self.hub.commune.points().map(|point| point.id.as_str());
        nothing_has(&local!("điểm đo", "point"), id, ids)
    }

    /// The configured site with this id.
    pub(crate) fn site(&self, at: &str, id: &str) -> Result<&hub_model::Site, Problem> {
        self.hub.commune.site(id).ok_or_else(|| {
            let ids = self.hub.commune.sites.iter().map(|site| site.id.as_str());
            Problem::not_found(at, nothing_has(&local!("địa điểm", "site"), id, ids))
        })
    }
}

/// The problem that a store's error is for a client; its cause goes to the log.
pub(crate) fn store_problem(error: &StoreError) -> Problem {
    match error {
        StoreError::TooManyBuckets { max } => {
            let vi = format!("câu trả lời có hơn {max} khoảng; hãy chọn khoảng rộng hơn");
            Problem::invalid("buckets", LocalText { vi, en: error.to_string() })
        }
        StoreError::Width { .. } => {
            let vi = "mỗi khoảng phải dài ít nhất 1 ms".to_owned();
            Problem::invalid("buckets", LocalText { vi, en: error.to_string() })
        }
        StoreError::Elsewhere { why } => {
            let vi = format!("Hiện không đọc được số liệu lưu ở nơi khác ({why}).");
            Problem::unavailable(LocalText { vi, en: error.to_string() })
        }
        _ => {
            tracing::error!(%error, cause = ?std::error::Error::source(error), "the history could not be read");
            Problem::internal()
        }
    }
}

/// The address that stands for a client whose address is not known, as in tests without a socket.
pub(crate) const NO_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
