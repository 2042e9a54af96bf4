//! What hostile or broken rules do: they are refused or stopped with file and line, and the others run on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hub_logic::{Effect, Event, Logic, Recovered, RuleFault, RuleSet};

use crate::support::*;

fn with_active(body: &str) -> String {
    format!(
        "fn rule() {{ #{{ title: \"t\", priority: \"low\", watches: #{{ point: \"turbidity\" }} }} }}\n\nfn active(p) {{\n{body}\n}}"
    )
}

/// The fault that a body leads to, beside a rule that must still raise.
fn fault_of(body: &str) -> RuleFault {
    let good = with_active("p.value > 0");
    let mut hub = Hub::new(&[("bad.rhai", &with_active(body)), ("good.rhai", &good)]);
    let effects = hub.observe(raw(TURBIDITY, 1.0, 1));
    assert_eq!(path(&effects), ["none>unacknowledged"], "the good rule raises beside {body}");
    assert_eq!(hub.faults.len(), 1, "{body}: {:?}", hub.faults);
    hub.faults.remove(0)
}

fn refused(text: &str) -> RuleFault {
    let (rules, mut faults) = RuleSet::compile([("bad.rhai".to_owned(), text.to_owned())]);
    assert_eq!((rules.ids().count(), faults.len()), (0, 1), "{text}");
    faults.remove(0)
}

#[test]
fn scripts_that_run_too_long_or_grow_too_large_are_stopped() {
    for (body, said) in [
        ("loop { }", "50000 operations"),
        ("let x = true; while x { } true", "50000 operations"),
        ("let x = true; do { } while x; true", "50000 operations"),
        ("for i in 0..9000000000000000000 { continue; } true", "50000 operations"),
        ("let x = 0; while true { x += 1; } true", "50000 operations"),
        ("active(p)", "Stack overflow"),
        ("let s = \"xxxxxxxxxxxxxxxx\"; loop { s += s; }", "Length of string too large"),
        ("let a = []; a.pad(1000000, 0); true", "Size of array"),
        ("let a = []; a.pad(10000000, 0); true", "Size of array"),
        ("let a = [0]; loop { a += a; }", "Size of array"),
        ("let a = []; for i in 0..10000000 { a.push(i); } true", "Size of array"),
        ("let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1; }", "50000 operations"),
        ("let s = \"xxxxxxxxxxxxxxxx\"; loop { s = `${s}${s}`; }", "Length of string too large"),
        ("\"x\".pad(1000000, 'y'); true", "Length of string too large"),
    ] {
        let fault = fault_of(body);
        assert!(fault.message.en.contains(said), "{body}: {}", fault.message.en);
        // The line within the function, or that of the function where the engine knows no better.
        assert!(fault.file == "bad.rhai" && [3, 4].contains(&fault.line), "{body}: {fault}");
    }
}

#[test]
fn scripts_reach_nothing_but_what_they_are_given() {
    for body in
        ["sleep(10); true", "timestamp().elapsed > 0.0", "exit()", "open(\"/etc/passwd\")", "no_such(p)"]
    {
        let fault = fault_of(body);
        assert!(fault.message.en.contains("Function not found"), "{body}: {}", fault.message.en);
        assert_eq!(fault.line, 4, "{body}");
    }
    for body in ["eval(\"1\") == 1", "import \"x\" as x; true", "print(1); true"] {
        let fault = refused(&with_active(body));
        assert_eq!(fault.line, 4, "{body}: {fault}");
    }
}

#[test]
fn quantities_that_are_not_there_and_numbers_that_are_none_are_told_or_false() {
    assert!(fault_of("p.points(\"mood\").len() > 0").message.en.contains("no quantity \"mood\""));
    assert!(fault_of("p.param(\"least\") > 0").message.en.contains("no parameter \"least\""));
    // What is no number compares as no number does: nothing is raised, and nothing fails.
    for body in ["let nan = 0.0 / 0.0; p.value > nan || nan < 5.0", "(p.value - p.value) / 0.0 >= 1.0"] {
        let mut hub = Hub::new(&[("nan.rhai", &with_active(body))]);
        assert_eq!(path(&hub.observe(raw(TURBIDITY, 1.0, 1))), [""; 0], "{body}");
        assert_eq!(hub.faults, [], "{body}");
    }
    // A device's own NaN is no value: the rule is not asked.
    let mut hub = Hub::new(&[("any.rhai", &with_active("true"))]);
    assert_eq!(path(&hub.observe(raw(TURBIDITY, f64::NAN, 1))), [""; 0]);
}

#[test]
fn recursion_by_a_detour_is_stopped_too() {
    let text = with_active("a(p)") + "\nfn a(p) { b(p) }\nfn b(p) { a(p) }";
    let mut hub = Hub::new(&[("deep.rhai", &text)]);
    hub.observe(raw(TURBIDITY, 1.0, 1));
    assert!(hub.faults[0].message.en.contains("Stack overflow"), "{:?}", hub.faults);
}

#[test]
fn a_slow_script_is_stopped_by_the_stopwatch() {
    let looks = AtomicU64::new(0);
    let slow = Arc::new(move || Duration::from_millis(looks.fetch_add(1, Ordering::Relaxed)));
    let text = with_active("let x = 0; for i in 0..2000 { x += i; }\ntrue");
    let (rules, _) = RuleSet::compile([("slow.rhai".to_owned(), text)]);
    let mut logic = Logic::new(commune().into(), rules, Recovered::nothing(at(0)), host(slow));
    let effects = logic.step(at(1), Event::Observed(vec![raw(TURBIDITY, 1.0, 1)]));
    let [_, Effect::Fault(fault)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(fault.to_string(), "slow.rhai:3: stopped: it ran longer than 20 ms");
}

#[test]
fn answers_of_the_wrong_kind_are_faults() {
    assert!(fault_of("p.value").message.en.contains("must give true or false"));
    assert_eq!(fault_of("p.value").line, 3);
    assert!(fault_of("p.valeu > 1").message.en.contains("valeu"));
    assert!(fault_of("p.value = 3.0; true").message.en.contains("value"));
    assert!(fault_of("throw \"no\"").message.en.contains("no"));
    // Vietnamese readers get Vietnamese words.
    for (body, said) in [
        ("p.value", "active() phải trả về true hoặc false"),
        ("p.valeu > 1", "valeu"),
        ("nothing(1)", "không có hàm nothing"),
        ("p.param(\"least\") > 0", "không có tham số \"least\""),
        ("loop {}", "bị dừng: chạy quá"),
    ] {
        let told = fault_of(body).message.vi;
        assert!(told.contains(said), "{body}: {told}");
    }
    assert_eq!(refused(&with_active("lost > 1")).message.vi, "không có biến lost");
    assert!(refused("fn active(p) { true }").message.vi.contains("thiếu fn rule"));
}

#[test]
fn a_fault_is_told_once_shown_as_long_as_it_lasts_and_its_alarms_stay() {
    let text = with_active("if p.value > 10.0 { p.nothing } else { p.value > 5.0 }");
    let mut hub = Hub::new(&[("r.rhai", &text)]);
    hub.observe(raw(TURBIDITY, 6.0, 1));
    hub.observe(raw(TURBIDITY, 11.0, 2));
    hub.observe(raw(TURBIDITY, 12.0, 3));
    assert_eq!(hub.faults.len(), 1);
    assert_eq!(hub.logic.rules()[0].fault.as_ref(), hub.faults.first());
    assert_eq!(hub.logic.rules()[0].active, 1);
    hub.observe(raw(TURBIDITY, 7.0, 4));
    assert_eq!(hub.logic.rules()[0].fault, None);
}

#[test]
fn a_message_that_fails_does_not_keep_the_alarm_back() {
    let text = with_active("p.value > 5.0") + "\nfn message(p) { p.nothing }";
    let mut hub = Hub::new(&[("r.rhai", &text)]);
    hub.observe(raw(TURBIDITY, 6.0, 1));
    assert_eq!(hub.alarm().message.en, "t: 6.00 NTU");
    assert_eq!(hub.logic.rules()[0].fault.as_ref().map(|fault| fault.line), Some(6));
}

#[test]
fn a_faulty_file_is_refused_with_its_line() {
    let facts = |facts: &str| format!("fn active(p) {{ true }}\nfn rule() {{ #{{\n{facts}\n}} }}");
    let whole = "title: \"t\", priority: \"low\", watches: #{ site: \"a\" }";
    for (text, line, said) in [
        ("fn rule() {\n  #{\n".to_owned(), 3, "Expecting '}'"),
        ("fn active(p) { true }".to_owned(), 1, "fn rule with 0 parameters is missing"),
        ("fn rule() { #{} }\n\nfn active() { true }".to_owned(), 3, "fn active must have 1 parameters"),
        ("let x = 1;\nfn rule() { #{} }\nfn active(p) { true }".to_owned(), 1, "functions only"),
        ("fn rule() { 7 }\nfn active(p) { true }".to_owned(), 1, "must give a map"),
        (facts("title: 7, priority: \"low\""), 3, "title: found 7, allowed: { vi, en } or text"),
        (facts("title: #{ vi: \"x\" }, priority: \"low\""), 3, "title: found"),
        (facts("title: \"t\", priority: 1"), 3, "priority: found 1"),
        (
            facts("title: \"t\", priority: \"low\",\nwatches: \"ph\""),
            4,
            "watches: found \"ph\", allowed: a map",
        ),
        (facts(&format!("{whole},\non_delay: 5")), 4, "on_delay: found 5"),
        (facts(&format!("{whole},\nlatching: \"yes\"")), 4, "latching: found \"yes\", allowed: true, false"),
        (facts(&format!("{whole},\nremind_after: \"1s\"")), 4, "from \"1m\" to \"30d\""),
        (facts(&format!("{whole},\ntags: [\"two words\"]")), 4, "tags: found"),
        (facts(&format!("{whole},\nexplains: 3")), 4, "explains: found 3"),
        (facts(&format!("{whole},\nparameters: #{{ a: [1] }}")), 4, "parameters: found"),
        (
            facts(&format!("{whole},\nannounce: \"{{value}} and {{valeu}}\"")),
            4,
            "found {valeu}, allowed in braces: commune",
        ),
        ("fn rule() { loop {} }\nfn active(p) { true }".to_owned(), 1, "50000 operations"),
        (facts("title: \"t\",\npriority: \"urgent\""), 4, "found \"urgent\", allowed: low, medium, high"),
        (facts("priority: \"low\""), 2, "title: missing"),
        (facts(&format!("{whole},\non_dely: \"5m\"")), 4, "on_dely: unknown key, allowed: title"),
        (facts(&format!("{whole},\non_delay: \"5 min\"")), 4, "on_delay: found \"5 min\""),
        (facts(&format!("{whole},\non_missing: \"keep\"")), 4, "allowed: hold, clear, raise"),
        (facts("title: \"t\", priority: \"low\",\nwatches: #{ site_kind: \"pond\" }"), 4, "water_station"),
        (facts("title: \"t\", priority: \"low\",\nwatches: #{ quantity: [\"ph\", \"mood\"] }"), 4, "mood"),
        (facts("title: \"t\", priority: \"low\",\nwatches: #{}"), 4, "found nothing"),
        (
            facts("title: \"t\", priority: \"low\",\nwatches: #{ scope: \"device\", quantity: \"ph\" }"),
            4,
            "quantity: does not go",
        ),
        (with_active("p.mean(\"25h\") > 1"), 4, "up to \"24h\""),
        (with_active("let s = \"1h\"; p.mean(s) > 1"), 4, "takes its span as text"),
        (with_active("p.sibling(p.id) == ()"), 4, "takes the other point's id as text"),
        (with_active("undefined > 1"), 4, "undefined"),
    ] {
        let fault = refused(&text);
        assert!(fault.line == line && fault.message.en.contains(said), "{text}\n{fault}");
    }
}

#[test]
fn two_files_of_one_name_and_bad_names_are_refused() {
    let good = with_active("true");
    let files = ["a.rhai", "sub/a.rhai", "Ớt.rhai"].map(|name| (name.to_owned(), good.clone()));
    let (rules, faults) = RuleSet::compile(files);
    assert_eq!(rules.ids().map(|id| id.to_string()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(faults.iter().map(|fault| fault.file.as_str()).collect::<Vec<_>>(), ["sub/a.rhai", "Ớt.rhai"]);
}
