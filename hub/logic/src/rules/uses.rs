//! What a rule's text uses, found by walking through it once: which windows must be kept, what makes it be asked again.
//!
//! Reads texts only, never runs them. Read next: [`super::RuleSet`].

use std::collections::BTreeSet;
use std::time::Duration;

use rhai::{AST, ASTNode, Expr, FnCallExpr};

use super::look_back::series_span;
use super::sandbox::CLOCK_FUNCTIONS;
use super::sandbox::Trouble;
use super::watched::WINDOW_FUNCTIONS;
use crate::window::MAX_WINDOW;
use hub_model::text::Told as _;
use hub_model::{LocalText, local};

/// What a rule uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// The longest window asked for.
    pub(crate) window: Option<Duration>,
    /// Own parts of the ids of other points.
    pub(crate) siblings: BTreeSet<String>,
    /// Whether its answer changes with time alone: then it is asked every minute.
    pub(crate) time: bool,
    /// Whether it looks at the point's limit.
    pub(crate) limit: bool,
    /// Over which span the values of that limit are averaged, where the rule says so.
    pub(crate) limit_over: Option<Duration>,
    /// Whether it looks at the value before.
    pub(crate) previous: bool,
}

impl Uses {
    pub(crate) fn of(ast: &AST) -> Result<Self, Trouble> {
        let mut uses = Self::default();
        let mut trouble = None;
        ast.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Expr(expression)) = path.last()
                && let Err(found) = uses.note(expression)
            {
                trouble.get_or_insert(found);
            }
            trouble.is_none()
        });
        trouble.map_or(Ok(uses), Err)
    }

    fn note(&mut self, expression: &Expr) -> Result<(), Trouble> {
        match expression {
            Expr::Property(property, _) => match property.2.as_str() {
                "limit" => self.limit = true,
                "age_s" => self.time = true,
                "previous" => self.previous = true,
                _ => {}
            },
            Expr::FnCall(call, at) | Expr::MethodCall(call, at) => {
                self.note_call(call).map_err(|message| Trouble::at(*at, message))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn note_call(&mut self, call: &FnCallExpr) -> Result<(), LocalText> {
        let name = call.name.as_str();
        if CLOCK_FUNCTIONS.contains(&name) {
            self.time = true;
        } else if name == "limit" {
            let text = last_text(call).ok_or_else(|| {
                local!(
                    "limit() nhận khoảng lấy trung bình dạng văn bản, ví dụ limit(\"1h\")",
                    "limit() takes its averaging as text, such as limit(\"1h\")"
                )
            })?;
            self.limit_over = Some(hub_model::duration::parse(text).map_err(|error| error.told())?);
            self.limit = true;
        } else if name == "series" {
            self.time = true;
            self.note_series(call)?;
        } else if name == "point" {
            let point = last_text(call).ok_or_else(|| {
                local!("point() nhận thiết-bị/điểm-đo dạng văn bản", "point() takes device/point as text")
            })?;
            self.siblings.insert(point.to_owned());
        } else if name == "sibling" {
            let sibling = last_text(call).ok_or_else(|| {
                local!(
                    "sibling() nhận mã của điểm đo kia dạng văn bản, ví dụ sibling(\"ph\")",
                    "sibling() takes the other point's id as text, such as sibling(\"ph\")"
                )
            })?;
            self.siblings.insert(sibling.to_owned());
        } else if WINDOW_FUNCTIONS.contains(&name) {
            self.time = true;
            self.note_window(name, call)?;
        }
        Ok(())
    }

    fn note_series(&mut self, call: &FnCallExpr) -> Result<(), LocalText> {
        let wrong = || {
            local!(
                "series() nhận độ rộng dạng văn bản và số khoảng dạng số, ví dụ series(\"1h\", 6)",
                "series() takes its width as text and how many as a number, such as series(\"1h\", 6)"
            )
        };
        let mut width = None;
        let mut count = None;
        for argument in &call.args {
            match argument {
                Expr::StringConstant(text, _) => width = Some(text.as_str()),
                Expr::IntegerConstant(number, _) => count = Some(*number),
                _ => {}
            }
        }
        let width = hub_model::duration::parse(width.ok_or_else(wrong)?).map_err(|error| error.told())?;
        let span = series_span(width, count).ok_or_else(|| {
            local!(
                "series() nhìn lại tối đa \"24h\", chia tối đa 288 khoảng",
                "series() reaches back at most \"24h\", in at most 288 spans"
            )
        })?;
        self.window = self.window.max(Some(span));
        Ok(())
    }

    fn note_window(&mut self, name: &str, call: &FnCallExpr) -> Result<(), LocalText> {
        let Some(text) = last_text(call) else {
            // `min(a, b)` and `max(a, b)` of two numbers are no windows; whatever else is, fails when it runs.
            return match name {
                "min" | "max" => Ok(()),
                _ => Err(local!(
                    "{name}() nhận khoảng thời gian dạng văn bản, ví dụ {name}(\"1h\")",
                    "{name}() takes its span as text, such as {name}(\"1h\")"
                )),
            };
        };
        let span = hub_model::duration::parse(text).map_err(|error| error.told())?;
        if span.is_zero() || span > MAX_WINDOW {
            return Err(local!(
                "có khoảng nhìn lại \"{text}\", được phép: tối đa \"24h\"",
                "found a window of \"{text}\", allowed: up to \"24h\""
            ));
        }
        self.window = self.window.max(Some(span));
        Ok(())
    }
}

fn last_text(call: &FnCallExpr) -> Option<&str> {
    match call.args.last() {
        Some(Expr::StringConstant(text, _)) => Some(text.as_str()),
        _ => None,
    }
}
