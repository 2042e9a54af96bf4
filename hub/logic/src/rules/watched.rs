//! `p`, the point or device that a rule is asked about, as scripts see it.
//!
//! Gives values out and takes none in; whatever is not there is `()`. Fields and functions are described in
//! `scripts/README.md`. Read next: [`super::sandbox`].

use std::sync::Arc;
use std::time::Duration;

use hub_model::text::Told as _;
use hub_model::{Limit, LocalText, Parameter, Quantity, Timestamp, local, unit};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT, ImmutableString, Map};

use super::sandbox::MAX_ARRAY_ITEMS;
use super::settings::Settings;
use super::words;
use crate::places::Target;
use crate::window::{Aggregate, Window};
use crate::world::World;

/// Names of the functions that look back over a span of time.
pub(super) const WINDOW_FUNCTIONS: [&str; 11] = [
    "mean",
    "min",
    "max",
    "rate",
    "delta",
    "count",
    "rises",
    "falls",
    "covered",
    "percentile",
    "completeness",
];

/// `p`.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) world: Arc<World>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) target: Target,
    pub(crate) now: Timestamp,
}

/// `p.limit`: all fields are `()` when no limit is bound.
#[derive(Clone)]
struct LimitView {
    of: Watched,
    /// The averaging that was asked for by name, else that of [`Watched::limit`].
    over: Option<Duration>,
}

pub(super) type Asked<T> = Result<T, Box<EvalAltResult>>;

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Watched>("Watched").register_type_with_name::<LimitView>("Limit");
    engine
        .register_get("value", |p: &mut Watched| or_unit(p.value()))
        .register_get("quality", |p: &mut Watched| p.quality())
        .register_get("unit", |p: &mut Watched| p.unit())
        .register_get("unit_sign", |p: &mut Watched| unit::sign(p.unit()))
        .register_get("previous", |p: &mut Watched| or_unit(p.previous()))
        .register_get("age_s", |p: &mut Watched| or_unit(p.age_s()))
        .register_get("measured_at", |p: &mut Watched| or_unit(p.measured_at().map(Timestamp::as_millis)))
        .register_get("devices", |p: &mut Watched| p.devices(|_| true))
        .register_get("silent_devices", |p: &mut Watched| p.devices(|missing| missing == Some(true)))
        .register_get("site", |p: &mut Watched| p.site())
        .register_get("device", |p: &mut Watched| p.device())
        .register_get("id", |p: &mut Watched| p.world.places.subject(p.target).as_str().to_owned())
        .register_get("fault", |p: &mut Watched| or_unit(p.fault(|text| &text.vi)))
        .register_get("fault_en", |p: &mut Watched| or_unit(p.fault(|text| &text.en)))
        .register_get("alarm", |p: &mut Watched| p.alarm())
        .register_get("name", |p: &mut Watched| p.name().vi.clone())
        .register_get("name_en", |p: &mut Watched| p.name().en.clone())
        .register_get("limit", |p: &mut Watched| LimitView { of: p.clone(), over: None });
    engine
        .register_fn("limit", |p: &mut Watched, over: &str| p.limit_view(over))
        .register_fn("param", |p: &mut Watched, name: &str| p.param(name))
        .register_fn("points", |p: &mut Watched, quantity: &str| p.points(quantity))
        .register_fn("point", |p: &mut Watched, name: &str| or_unit(p.sibling(name)))
        .register_fn("percentile", |p: &mut Watched, share: FLOAT, span: &str| p.percentile(share, span))
        .register_fn("percentile", |p: &mut Watched, share: INT, span: &str| {
            p.percentile(share as FLOAT, span)
        })
        .register_fn("completeness", |p: &mut Watched, span: &str| p.completeness(span))
        .register_fn("series", |p: &mut Watched, width: &str| p.series(width, None))
        .register_fn("series", |p: &mut Watched, width: &str, count: INT| p.series(width, Some(count)));
    engine
        .register_get("min", |limit: &mut LimitView| or_unit(limit.limit().and_then(|limit| limit.min)))
        .register_get("max", |limit: &mut LimitView| or_unit(limit.limit().and_then(|limit| limit.max)))
        .register_get("clause", |limit: &mut LimitView| {
            or_unit(limit.limit().map(|limit| ImmutableString::from(&limit.clause)))
        });
    engine
        .register_fn("mean", |p: &mut Watched, span: &str| p.figure(span, |all| Some(all.mean())))
        .register_fn("min", |p: &mut Watched, span: &str| p.figure(span, |all| Some(all.min)))
        .register_fn("max", |p: &mut Watched, span: &str| p.figure(span, |all| Some(all.max)))
        .register_fn("rate", |p: &mut Watched, span: &str| p.figure(span, |all| all.rate_per_hour()))
        .register_fn("delta", |p: &mut Watched, span: &str| p.figure(span, |all| all.delta()))
        .register_fn("count", |p: &mut Watched, span: &str| p.count(span, |all| all.count))
        .register_fn("rises", |p: &mut Watched, span: &str| p.count(span, |all| all.rises))
        .register_fn("falls", |p: &mut Watched, span: &str| p.count(span, |all| all.falls))
        .register_fn("covered", |p: &mut Watched, span: &str| p.covered(span))
        .register_fn("sibling", |p: &mut Watched, name: &str| or_unit(p.sibling(name)));
}

impl Watched {
    fn value(&self) -> Option<f64> {
        let latest = self.world.latest(self.target).filter(|latest| latest.quality.is_judged())?;
        latest.value
    }

    /// What is wrong with the rule that a point of the hub itself stands for.
    fn fault(&self, language: impl Fn(&LocalText) -> &String) -> Option<ImmutableString> {
        match self.target {
            Target::Point(point) => self.world.fault(point).map(|fault| language(fault).into()),
            _ => None,
        }
    }

    /// What the point calls its device's alarm: a map of `vi` and `en`.
    fn alarm(&self) -> Dynamic {
        let Target::Point(point) = self.target else { return Dynamic::UNIT };
        self.world.places.point(point).alarm.as_ref().map_or(Dynamic::UNIT, |named| {
            let texts = [("vi", &named.title.vi), ("en", &named.title.en)];
            texts.into_iter().map(|(language, text)| (language.into(), text.into())).collect::<Map>().into()
        })
    }

    fn previous(&self) -> Option<f64> {
        match self.target {
            Target::Point(point) => self.world.memory(point).previous(),
            _ => None,
        }
    }

    /// One of the rule's parameters, as the site wants it.
    fn param(&self, name: &str) -> Asked<Dynamic> {
        match self.settings.parameters.get(name) {
            Some(Parameter::Number(number)) => Ok(Dynamic::from_float(*number)),
            Some(Parameter::Text(text)) => Ok(text.into()),
            Some(Parameter::Flag(flag)) => Ok((*flag).into()),
            None => {
                let known: Vec<&str> = self.settings.parameters.keys().map(String::as_str).collect();
                let known = known.join(", ");
                Err(words::refusal(local!(
                    "không có tham số \"{name}\", được phép: {known}",
                    "no parameter \"{name}\", allowed: {known}"
                )))
            }
        }
    }

    /// The points of a quantity of all that is watched.
    fn points(&self, quantity: &str) -> Asked<Array> {
        let quantity = Quantity::parse(quantity).ok_or_else(|| {
            words::refusal(local!("không có đại lượng \"{quantity}\"", "no quantity \"{quantity}\""))
        })?;
        let all = self.world.places.points_of(self.target).iter().cloned().flatten();
        let wanted = all.filter(|point| self.world.places.point(*point).quantity == quantity);
        let as_p = |point| Dynamic::from(Self { target: Target::Point(point), ..self.clone() });
        Ok(wanted.take(MAX_ARRAY_ITEMS).map(as_p).collect())
    }

    fn limit_view(&self, over: &str) -> Asked<LimitView> {
        let span = hub_model::duration::parse(over).map_err(|error| words::refusal(error.told()))?;
        Ok(LimitView { of: self.clone(), over: Some(span) })
    }

    /// The limit on values averaged over a span, or on single ones.
    pub(crate) fn limit_over(&self, averaging: Option<Duration>) -> Option<&Limit> {
        match self.target {
            Target::Point(point) => self.world.places.point(point).limit_over(self.now, averaging),
            _ => None,
        }
    }

    fn quality(&self) -> &'static str {
        match self.target {
            Target::Point(_) => self.world.latest(self.target).map_or("missing", |l| l.quality.code()),
            _ if self.world.all_is_missing(self.target) == Some(false) => "good",
            _ => "missing",
        }
    }

    fn unit(&self) -> &'static str {
        match self.target {
            Target::Point(point) => self.world.places.point(point).unit.code(),
            _ => "",
        }
    }

    fn measured_at(&self) -> Option<Timestamp> {
        match self.target {
            Target::Point(_) => self.world.latest(self.target).map(|latest| latest.measured_at),
            _ => Some(self.world.heard_at(self.target)),
        }
    }

    fn age_s(&self) -> Option<i64> {
        let age = self.now.since(self.measured_at()?);
        i64::try_from(age.as_secs()).ok()
    }

    fn site(&self) -> String {
        self.world.places.site(self.target).id.to_string()
    }

    /// How many of the devices that make up the target are so.
    fn devices(&self, wanted: impl Fn(Option<bool>) -> bool) -> i64 {
        let devices = self.world.places.devices_of(self.target);
        let count = devices.filter(|device| wanted(self.world.is_silent(*device))).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    fn device(&self) -> String {
        self.world.places.device_id(self.target).map_or_else(String::new, ToString::to_string)
    }

    /// What people call it: a line goes by the name of its site.
    fn name(&self) -> &LocalText {
        let places = &self.world.places;
        match self.target {
            Target::Point(point) => &places.point(point).name,
            _ => places
                .device(self.target)
                .map_or_else(|| &places.site(self.target).name, |device| &device.name),
        }
    }

    pub(crate) fn limit(&self) -> Option<&Limit> {
        match self.target {
            Target::Point(point) => self.world.places.point(point).limit_at(self.now),
            _ => None,
        }
    }

    fn sibling(&self, name: &str) -> Option<Self> {
        let point = self.world.places.sibling(self.target, name)?;
        Some(Self { target: Target::Point(point), ..self.clone() })
    }

    fn count(&self, span: &str, of: impl Fn(&Aggregate) -> u64) -> Asked<i64> {
        let count = self.over(span)?.map_or(0, |(all, _)| of(&all));
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

    pub(super) fn over(&self, span: &str) -> Asked<Option<(Aggregate, Duration)>> {
        let (window, span) = self.window(span)?;
        Ok(window.over(self.now, span).map(|all| (all, span)))
    }

    /// The window of the point, and a span that it reaches over.
    pub(super) fn window(&self, span: &str) -> Asked<(&Window, Duration)> {
        let span = hub_model::duration::parse(span).map_err(|error| words::refusal(error.told()))?;
        let Target::Point(point) = self.target else {
            return Err(words::refusal(local!(
                "thiết bị không có giá trị để nhìn lại; hãy lấy một điểm đo của nó bằng sibling()",
                "a device has no values to look back on; take a point of it with sibling()"
            )));
        };
        match &self.world.memory(point).window {
            Some(window) if span <= window.span() && !span.is_zero() => Ok((window, span)),
            _ => Err(words::refusal(local!(
                "không giữ khoảng nhìn lại này: viết khoảng và sibling dạng văn bản trong quy tắc, tối đa \"24h\"",
                "no such window is kept: write span and sibling as text in the rule, at most \"24h\""
            ))),
        }
    }
}

impl LimitView {
    fn limit(&self) -> Option<&Limit> {
        match self.over {
            Some(span) => self.of.limit_over(Some(span)),
            None => self.of.limit(),
        }
    }
}

pub(super) fn or_unit<T: Into<Given>>(given: Option<T>) -> Dynamic {
    given.map_or(Dynamic::UNIT, |given| given.into().0)
}

/// What scripts take: one conversion for the few types that are given to them.
pub(super) struct Given(Dynamic);

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

impl From<ImmutableString> for Given {
    fn from(text: ImmutableString) -> Self {
        Self(text.into())
    }
}

impl From<Watched> for Given {
    fn from(watched: Watched) -> Self {
        Self(Dynamic::from(watched))
    }
}
