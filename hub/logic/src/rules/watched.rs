//! `p`, the point or device that a rule is asked about, as scripts see it.
//!
//! Gives values out and takes none in; whatever is not there is `()`. Fields and functions are described in
//! `scripts/README.md`. Read next: [`super::sandbox`].

use std::sync::Arc;
use std::time::Duration;

use hub_model::{Limit, LocalText, Timestamp};
use rhai::{Dynamic, Engine, EvalAltResult};

use crate::places::Target;
use crate::window::Aggregate;
use crate::world::World;

/// Names of the functions that look back over a span of time.
pub(super) const WINDOW_FUNCTIONS: [&str; 7] = ["mean", "min", "max", "rate", "delta", "count", "covered"];

/// `p`.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) world: Arc<World>,
    pub(crate) target: Target,
    pub(crate) now: Timestamp,
}

/// `p.limit`: all fields are `()` when no limit is bound.
#[derive(Clone)]
struct LimitView {
    min: Option<f64>,
    max: Option<f64>,
    clause: Option<String>,
}

type Asked<T> = Result<T, Box<EvalAltResult>>;

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Watched>("Watched").register_type_with_name::<LimitView>("Limit");
    engine
        .register_get("value", |p: &mut Watched| or_unit(p.value()))
        .register_get("quality", |p: &mut Watched| p.quality())
        .register_get("unit", |p: &mut Watched| p.unit())
        .register_get("age_s", |p: &mut Watched| or_unit(p.age_s()))
        .register_get("measured_at", |p: &mut Watched| or_unit(p.measured_at().map(Timestamp::as_millis)))
        .register_get("site", |p: &mut Watched| p.site())
        .register_get("device", |p: &mut Watched| p.device())
        .register_get("id", |p: &mut Watched| p.world.places.subject(p.target).as_str().to_owned())
        .register_get("name", |p: &mut Watched| p.name().vi.clone())
        .register_get("name_en", |p: &mut Watched| p.name().en.clone())
        .register_get("limit", |p: &mut Watched| LimitView::of(p.limit()));
    engine
        .register_get("min", |limit: &mut LimitView| or_unit(limit.min))
        .register_get("max", |limit: &mut LimitView| or_unit(limit.max))
        .register_get("clause", |limit: &mut LimitView| or_unit(limit.clause.clone()));
    engine
        .register_fn("mean", |p: &mut Watched, span: &str| p.figure(span, |all| Some(all.mean())))
        .register_fn("min", |p: &mut Watched, span: &str| p.figure(span, |all| Some(all.min)))
        .register_fn("max", |p: &mut Watched, span: &str| p.figure(span, |all| Some(all.max)))
        .register_fn("rate", |p: &mut Watched, span: &str| p.figure(span, |all| all.rate_per_hour()))
        .register_fn("delta", |p: &mut Watched, span: &str| p.figure(span, |all| all.delta()))
        .register_fn("count", |p: &mut Watched, span: &str| p.count(span))
        .register_fn("covered", |p: &mut Watched, span: &str| p.covered(span))
        .register_fn("sibling", |p: &mut Watched, name: &str| or_unit(p.sibling(name)));
}

impl Watched {
    fn value(&self) -> Option<f64> {
        let latest = self.world.latest(self.target).filter(|latest| latest.quality.is_judged())?;
        latest.value
    }

    fn quality(&self) -> &'static str {
        match self.target {
            Target::Point(_) => self.world.latest(self.target).map_or("missing", |l| l.quality.code()),
            Target::Device(_) if self.world.device_is_missing(self.target) == Some(false) => "good",
            Target::Device(_) => "missing",
        }
    }

    fn unit(&self) -> &'static str {
        match self.target {
            Target::Point(point) => self.world.places.point(point).unit.code(),
            Target::Device(_) => "",
        }
    }

    fn measured_at(&self) -> Option<Timestamp> {
        match self.target {
            Target::Point(_) => self.world.latest(self.target).map(|latest| latest.measured_at),
            Target::Device(_) => Some(self.world.device_heard_at(self.target)),
        }
    }

    fn age_s(&self) -> Option<i64> {
        let age = self.now.since(self.measured_at()?);
        i64::try_from(age.as_secs()).ok()
    }

    fn site(&self) -> String {
        self.world.places.site(self.target).id.to_string()
    }

    fn device(&self) -> String {
        self.world.places.device_id(self.target).to_string()
    }

    fn name(&self) -> &LocalText {
        match self.target {
            Target::Point(point) => &self.world.places.point(point).name,
            Target::Device(_) => &self.world.places.device(self.target).name,
        }
    }

    pub(crate) fn limit(&self) -> Option<&Limit> {
        match self.target {
            Target::Point(point) => self.world.places.point(point).limit_at(self.now),
            Target::Device(_) => None,
        }
    }

    fn sibling(&self, name: &str) -> Option<Self> {
        let point = self.world.places.sibling(self.target, name)?;
        Some(Self { target: Target::Point(point), ..self.clone() })
    }

    fn count(&self, span: &str) -> Asked<i64> {
        let count = self.over(span)?.map_or(0, |(all, _)| all.count);
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The share of the span that has passed since its first value, 0 to 1.
    fn covered(&self, span: &str) -> Asked<f64> {
        let covered = self
            .over(span)?
            .map_or(0.0, |(all, span)| self.now.since(all.first_at()).as_secs_f64() / span.as_secs_f64());
        Ok(covered.min(1.0))
    }

    fn figure(&self, span: &str, of: impl Fn(&Aggregate) -> Option<f64>) -> Asked<Dynamic> {
        Ok(or_unit(self.over(span)?.and_then(|(all, _)| of(&all))))
    }

    fn over(&self, span: &str) -> Asked<Option<(Aggregate, Duration)>> {
        let span = hub_model::duration::parse(span).map_err(|error| error.to_string())?;
        let Target::Point(point) = self.target else {
            return Err("a device has no values to look back on; take a point of it with sibling()".into());
        };
        match &self.world.memory(point).window {
            Some(window) if span <= window.span() && !span.is_zero() => {
                Ok(window.over(self.now, span).map(|all| (all, span)))
            }
            _ => {
                Err("no such window is kept: write span and sibling as text in the rule, at most \"24h\""
                    .into())
            }
        }
    }
}

impl LimitView {
    fn of(limit: Option<&Limit>) -> Self {
        Self {
            min: limit.and_then(|limit| limit.min),
            max: limit.and_then(|limit| limit.max),
            clause: limit.map(|limit| limit.clause.clone()),
        }
    }
}

fn or_unit<T: Into<Given>>(given: Option<T>) -> Dynamic {
    given.map_or(Dynamic::UNIT, |given| given.into().0)
}

/// What scripts take: one conversion for the few types that are given to them.
struct Given(Dynamic);

impl From<f64> for Given {
    fn from(number: f64) -> Self {
        Self(Dynamic::from_float(number))
    }
}

impl From<i64> for Given {
    fn from(number: i64) -> Self {
        Self(Dynamic::from_int(number))
    }
}

impl From<String> for Given {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Watched> for Given {
    fn from(watched: Watched) -> Self {
        Self(Dynamic::from(watched))
    }
}
