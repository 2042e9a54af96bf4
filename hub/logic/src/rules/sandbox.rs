//! The engine that rules run in, and its bounds.
//!
//! A script never blocks, never allocates without bound, never prints, imports or evaluates text, and reads nothing but the
//! `p` it is given. Packages are picked one by one because the engine's core package holds `sleep`. Read next:
//! [`super::watched`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FLOAT, FuncArgs, INT, Position, Scope};

use super::{watched, words};
use crate::Elapsed;
use hub_model::LocalText;

/// Operations after which a rule is stopped.
pub const MAX_OPERATIONS: u64 = 50_000;
/// Time after which a rule is stopped.
pub const MAX_RUN: Duration = Duration::from_millis(20);
/// The longest text a script may build, in bytes.
pub const MAX_STRING_BYTES: usize = 4 * 1024;
/// The longest array.
pub const MAX_ARRAY_ITEMS: usize = 512;
/// The largest map that is made or handed on; one that grows key by key is bounded by the operations.
pub const MAX_MAP_ITEMS: usize = 64;
/// Functions calling functions.
const MAX_CALL_LEVELS: usize = 16;
const MAX_EXPRESSION_DEPTH: usize = 64;
const MAX_VARIABLES: usize = 64;
const MAX_FUNCTIONS: usize = 64;
/// The stopwatch is read once in so many operations.
const OPERATIONS_PER_LOOK: u64 = 32;

/// Functions whose answer changes with time alone.
pub(super) const CLOCK_FUNCTIONS: [&str; 5] =
    ["local_hour", "local_minute", "local_weekday", "local_day", "local_month"];

/// What went wrong in a script, and in which line and column, from 1, where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) message: LocalText,
}

impl Trouble {
    /// At a place of the script.
    pub(super) fn at(place: Position, message: LocalText) -> Self {
        Self { line: place.line(), column: place.position(), message }
    }

    /// At a line, or about the whole file.
    pub(super) fn in_line(line: Option<usize>, message: LocalText) -> Self {
        Self { line, column: None, message }
    }
}

/// The engine with its bounds.
pub(crate) struct Sandbox {
    engine: Engine,
    frame: Arc<Frame>,
    elapsed: Option<Elapsed>,
}

/// What holds for one call of a script.
#[derive(Default)]
struct Frame {
    ends_at_us: AtomicU64,
    local_ms: AtomicI64,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let frame = Arc::new(Frame::default());
        let mut engine = Engine::new_raw();
        for package in [
            ArithmeticPackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicMathPackage::new().as_shared_module(),
            BasicStringPackage::new().as_shared_module(),
            MoreStringPackage::new().as_shared_module(),
            BasicIteratorPackage::new().as_shared_module(),
            BasicArrayPackage::new().as_shared_module(),
            BasicMapPackage::new().as_shared_module(),
        ] {
            engine.register_global_module(package);
        }
        engine
            .set_max_operations(MAX_OPERATIONS)
            .set_max_call_levels(MAX_CALL_LEVELS)
            .set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH)
            .set_max_string_size(MAX_STRING_BYTES)
            .set_max_array_size(MAX_ARRAY_ITEMS)
            .set_max_map_size(MAX_MAP_ITEMS)
            .set_max_variables(MAX_VARIABLES)
            .set_max_functions(MAX_FUNCTIONS)
            .set_max_modules(0)
            .set_strict_variables(true);
        for word in ["eval", "import", "export", "print", "debug"] {
            engine.disable_symbol(word);
        }
        watched::register(&mut engine);
        register_clock(&mut engine, &frame);
        register_absent(&mut engine);
        engine.register_fn("text", |value: FLOAT, decimals: INT| with_decimals(value, decimals));
        engine.register_fn("text", |value: INT, decimals: INT| with_decimals(value as FLOAT, decimals));
        engine.register_fn("text", |(): (), _decimals: INT| "–".to_owned());
        engine.register_fn("text_vi", |value: FLOAT, decimals: INT| with_comma(value, decimals));
        engine.register_fn("text_vi", |value: INT, decimals: INT| with_comma(value as FLOAT, decimals));
        engine.register_fn("text_vi", |(): (), _decimals: INT| "–".to_owned());
        Self { engine, frame, elapsed: None }
    }

    /// Bounds every later call by time, too.
    pub(crate) fn watch_time(&mut self, elapsed: Elapsed) {
        let (frame, stopwatch) = (Arc::clone(&self.frame), Arc::clone(&elapsed));
        self.engine.on_progress(move |operations| {
            let look = operations % OPERATIONS_PER_LOOK == 0;
            let late = look && micros(stopwatch()) > frame.ends_at_us.load(Ordering::Relaxed);
            late.then_some(Dynamic::UNIT)
        });
        self.elapsed = Some(elapsed);
    }

    pub(crate) fn compile(&self, text: &str) -> Result<AST, Trouble> {
        self.engine
            .compile(text)
            .map_err(|error| Trouble::at(error.position(), words::of_text(error.err_type())))
    }

    /// Calls a function of a script at a local time of day, given as milliseconds of a clock that shows it.
    pub(crate) fn call(
        &self,
        ast: &AST,
        function: &str,
        arguments: impl FuncArgs,
        local_ms: i64,
    ) -> Result<Dynamic, Trouble> {
        self.frame.local_ms.store(local_ms, Ordering::Relaxed);
        if let Some(elapsed) = &self.elapsed {
            self.frame.ends_at_us.store(micros(elapsed().saturating_add(MAX_RUN)), Ordering::Relaxed);
        }
        let options = CallFnOptions::new().eval_ast(false);
        self.engine
            .call_fn_with_options(options, &mut Scope::new(), ast, function, arguments)
            .map_err(trouble)
    }
}

fn with_comma(value: FLOAT, decimals: INT) -> String {
    hub_model::text::decimal_comma(&with_decimals(value, decimals))
}

fn register_clock(engine: &mut Engine, frame: &Arc<Frame>) {
    let for_hour = Arc::clone(frame);
    engine.register_fn("local_hour", move || -> INT {
        for_hour.local_ms.load(Ordering::Relaxed).div_euclid(3_600_000).rem_euclid(24)
    });
    let for_minute = Arc::clone(frame);
    engine.register_fn("local_minute", move || -> INT {
        for_minute.local_ms.load(Ordering::Relaxed).div_euclid(60_000).rem_euclid(60)
    });
    let for_day = Arc::clone(frame);
    engine.register_fn("local_day", move || -> INT {
        month_and_day(for_day.local_ms.load(Ordering::Relaxed)).1
    });
    let for_month = Arc::clone(frame);
    engine.register_fn("local_month", move || -> INT {
        month_and_day(for_month.local_ms.load(Ordering::Relaxed)).0
    });
    let for_weekday = Arc::clone(frame);
    engine.register_fn("local_weekday", move || -> INT {
        // 1970-01-01 was a Thursday, and Monday is 1.
        (for_weekday.local_ms.load(Ordering::Relaxed).div_euclid(86_400_000) + 3).rem_euclid(7) + 1
    });
}

/// Month and day of the Gregorian calendar, counted in years that begin in March so that the leap day comes last.
fn month_and_day(local_ms: i64) -> (INT, INT) {
    let days = local_ms.div_euclid(86_400_000) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (month, of_year - (153 * from_march + 2) / 5 + 1)
}

/// Reckoning with what is absent gives what is absent, and comparing with it is false: a rule need not ask first.
fn register_absent(engine: &mut Engine) {
    for operator in ["+", "-", "*", "/"] {
        engine
            .register_fn(operator, |(): (), _: FLOAT| ())
            .register_fn(operator, |_: FLOAT, (): ()| ())
            .register_fn(operator, |(): (), _: INT| ())
            .register_fn(operator, |_: INT, (): ()| ())
            .register_fn(operator, |(): (), (): ()| ());
    }
    for operator in ["<", "<=", ">", ">="] {
        engine.register_fn(operator, |(): (), (): ()| false);
    }
}

fn with_decimals(value: FLOAT, decimals: INT) -> String {
    format!("{value:.*}", decimals.clamp(0, 9) as usize)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::boxed_local, reason = "the engine gives its errors boxed, and so are those within")]
fn trouble(mut error: Box<EvalAltResult>) -> Trouble {
    let mut at = error.position();
    // The innermost call is where it happened.
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = *error {
        error = inner;
        at = if error.position().is_none() { at } else { error.position() };
    }
    error.clear_position();
    Trouble::at(at, words::of_run(*error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days_are_counted_right() {
        for (day, found) in
            [(0, (1, 1)), (58, (2, 28)), (59, (3, 1)), (11_016, (2, 29)), (20_514, (3, 2)), (-1, (12, 31))]
        {
            assert_eq!(month_and_day(day * 86_400_000 + 5), found, "day {day}");
        }
    }
}
