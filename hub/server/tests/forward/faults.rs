//! A server that answers as it is told: each fault is told, and after it everything has arrived once and in order.

use std::collections::HashSet;

use adapters_sdk::Clock;

use super::support::faulty::{Authority, Faulty, Reply};
use super::support::wait_for;
use super::{BOUND, HUB, folder, forward, line, push, settled};

fn target(id: &str, url: &str, more: &str) -> String {
    format!(
        "[[forward]]\nid = \"{id}\"\nkind = \"influxdb2\"\nurl = \"{url}\"\norg = \"o\"\nbucket = \"b\"\n\
         token = \"a-secret-token\"\n{more}\n"
    )
}

/// The values of a point's lines, in the order of their arrival, each moment once.
fn values(server: &Faulty, point: &str) -> Vec<(i64, String)> {
    let mut found: Vec<(i64, String)> = Vec::new();
    for line in news(server) {
        if !line.contains(&format!(",point={point},")) || line.starts_with("alarm,") {
            continue;
        }
        let at = line.rsplit(' ').next().unwrap().parse().unwrap();
        let value = line.split("value=").nth(1).unwrap().split(',').next().unwrap().to_owned();
        match found.iter_mut().find(|(known, _)| *known == at) {
            Some(known) => known.1 = value,
            None => found.push((at, value)),
        }
    }
    found
}

/// The lines of readings and alarms that were taken, without what the hub says of itself and of what there is.
fn news(server: &Faulty) -> Vec<String> {
    let mut lines = server.taken();
    lines.retain(|line| !(line.contains(",site=_hub,") || line.starts_with("about_")));
    lines
}

/// How many of them; one that was sent again is still one.
fn distinct(server: &Faulty) -> usize {
    news(server).into_iter().collect::<HashSet<_>>().len()
}

#[test]
fn whatever_a_server_answers_everything_arrives_after_it() {
    let server = Faulty::start();
    let folder = folder(&target("province", &server.url(), ""));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 1_000_000;
    let answers = [
        (
            Reply::Status(401, "", "{\"message\":\"unauthorized access\"}"),
            "the token is not accepted: unauthorized access",
        ),
        (Reply::Status(404, "", "{\"message\":\"bucket \\\"b\\\" not found\"}"), "bucket \"b\" not found"),
        (Reply::Status(429, "Retry-After: 1\r\n", ""), "answered 429, too much at once"),
        (Reply::Status(429, "", ""), "answered 429, too much at once"),
        (Reply::Status(500, "", "{\"message\":\"no space left on device\"}"), "no space left on device"),
        (Reply::Status(503, "Retry-After: 1\r\n", ""), "answered 503"),
        (
            Reply::Status(
                503,
                "Date: Sat, 06 Nov 2094 08:49:37 GMT\r\nRetry-After: Sat, 06 Nov 2094 08:49:38 GMT\r\n",
                "",
            ),
            "answered 503",
        ),
        (
            Reply::Status(
                422,
                "Date: Sat, 06 Nov 2094 08:49:37 GMT\r\n",
                "{\"message\":\"partial write: points beyond retention policy dropped=1\"}",
            ),
            "they wait until the clocks agree",
        ),
        (
            Reply::Status(200, "", "<html>a portal</html>"),
            "answered 200, expected 204: <html>a portal</html>",
        ),
        (Reply::Status(302, "Location: /login\r\n", ""), "answered 302"),
        (Reply::Bytes("SSH-2.0-OpenSSH\r\n"), "is not reached"),
        (Reply::Bytes("HTTP/1.1 204 No"), "is not reached"),
        (Reply::Close, "is not reached"),
    ];
    for (n, (reply, told)) in (0_i64..).zip(answers) {
        server.always(Some(reply.clone()));
        push(&hub, &token, &line("water/edge/ph", n as f64, start + n));
        let failing = wait_for(&format!("{reply:?} to be told"), BOUND, || {
            forward(&hub, "province")["failing"].as_str().map(str::to_owned)
        });
        assert!(failing.contains(told), "{failing}");
        assert!(!failing.contains("a-secret-token"), "{failing}");
        let ready = hub.ready();
        let part = ready["others"].as_array().unwrap().iter().find(|part| part["name"] == "forward province");
        assert_eq!(ready["status"], "ready", "nothing is lost");
        assert!(part.is_some_and(|part| !part["detail"].as_str().unwrap().contains("a-secret-token")));
        server.always(None);
        settled(&hub, "province");
    }
    let expected: Vec<_> = (0..13_i64).map(|n| (start + n, n.to_string())).collect();
    assert_eq!(values(&server, "ph"), expected);
    assert!(
        server.requests().iter().all(|head| head.contains("Token a-secret-token") && head.contains("gzip"))
    );
    let metrics = hub.metrics();
    let errors = metrics
        .lines()
        .find_map(|line| line.strip_prefix("commune_forward_errors_total{target=\"province\"} "));
    assert!(errors.unwrap().parse::<u64>().unwrap() >= 13, "{metrics}");
    assert_eq!(forward(&hub, "province")["refused"], 0);
    assert!(metrics.contains("commune_forward_lag_seconds{target=\"province\"} 0\n"), "{metrics}");
    hub.stop();
}

#[test]
fn a_connection_that_hangs_is_given_up_and_what_it_carried_sent_again() {
    let server = Faulty::start();
    server.answer([Reply::Hang]);
    let folder = folder(&target("province", &server.url(), ""));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 1_000;
    push(&hub, &token, &line("water/edge/ph", 7.0, start));
    settled(&hub, "province");
    assert_eq!(values(&server, "ph"), [(start, "7".to_owned())]);
    hub.stop();
}

#[test]
fn a_poisoned_line_stands_alone_and_the_rest_goes_on() {
    let server = Faulty::start();
    server.poison("value=13.13,");
    let folder = folder(&target("province", &server.url(), ""));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 5_000_000;
    let value = |n: i64| if n == 1_234 { 13.13 } else { n as f64 / 1_000.0 };
    let lines: String = (0..5_000).map(|n| line("water/edge/ph", value(n), start + n)).collect();
    push(&hub, &token, &lines);
    let shown = settled(&hub, "province");
    assert_eq!(shown["refused"], 1);
    let refused = hub.get("/forwards/province/refused");
    assert!(refused[0]["line"].as_str().unwrap().contains("value=13.13,"), "{refused}");
    assert_eq!(refused[0]["why"], "unable to parse: poison");
    assert_eq!(distinct(&server), 4_999);
    assert!(server.requests().len() < 100, "{}", server.requests().len());
    // Later ones go on.
    push(&hub, &token, &line("water/edge/ph", 8.0, start + 5_000));
    wait_for("a later line", BOUND, || (distinct(&server) == 5_000).then_some(()));
    hub.stop();
}

#[test]
fn what_is_too_large_for_a_server_goes_in_smaller_pieces() {
    let server = Faulty::start();
    server.most_lines(700);
    let folder = folder(&target("province", &server.url(), ""));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 5_000_000;
    let lines: String = (0..5_000).map(|n| line("water/edge/ph", n as f64 / 1_000.0, start + n)).collect();
    push(&hub, &token, &lines);
    assert_eq!(settled(&hub, "province")["refused"], 0);
    let expected: Vec<_> = (0..5_000).map(|n| (start + n, (n as f64 / 1_000.0).to_string())).collect();
    assert_eq!(values(&server, "ph"), expected);
    hub.stop();
}

#[test]
fn a_certificate_of_another_name_is_told_and_nothing_is_said_to_its_server() {
    let (server, authority) = (Faulty::start(), Authority::new("the province"));
    server.certify(&authority, "influx.example");
    let url = format!("https://{}", server.address);
    let folder = folder(&target("province", &url, "ca = \"province.pem\""));
    std::fs::write(folder.path().join("province.pem"), &authority.pem).unwrap();
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 1_000;
    push(&hub, &token, &line("water/edge/ph", 7.0, start));
    let failing = |why: &str| {
        wait_for(why, BOUND, || forward(&hub, "province")["failing"].as_str()?.contains(why).then_some(()));
        assert!(server.requests().is_empty(), "the token stays here");
    };
    failing("not valid for name");
    // Of the right name, but of an issuer that nobody here trusts.
    server.certify(&Authority::new("somebody else"), "127.0.0.1");
    failing("UnknownIssuer");
    server.certify(&authority, "127.0.0.1");
    settled(&hub, "province");
    assert_eq!(values(&server, "ph"), [(start, "7".to_owned())]);
    hub.stop();
}

#[test]
fn a_name_that_is_not_found_costs_nothing_once_it_is_put_right() {
    let server = Faulty::start();
    let wrong = folder(&target("province", "http://no-such-host.invalid:8086", ""));
    let token = wrong.token("integrator");
    let hub = wrong.run(&token);
    let start = Clock::system().now().as_millis() - 1_000_000;
    for n in 0..20 {
        push(&hub, &token, &line("water/edge/ph", n as f64, start + n));
    }
    wait_for("the name to be told", BOUND, || {
        forward(&hub, "province")["failing"].as_str()?.contains("no-such-host.invalid").then_some(())
    });
    let right = HUB.to_owned() + &target("province", &server.url(), "");
    std::fs::write(wrong.path().join("hub.toml"), right).unwrap();
    wait_for("everything to arrive", BOUND, || (distinct(&server) == 20).then_some(()));
    settled(&hub, "province");
    let expected: Vec<_> = (0..20).map(|n| (start + n, n.to_string())).collect();
    assert_eq!(values(&server, "ph"), expected);
    hub.stop();
}

#[test]
fn what_waits_too_long_leaves_the_log_though_nothing_ever_arrived() {
    let server = Faulty::start();
    server.always(Some(Reply::Status(503, "", "")));
    let folder = folder(&target("province", &server.url(), ""));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 100_000_000;
    let lines =
        |from: i64| (from..from + 2_000).map(|n| line("water/edge/ph", 7.0, start + n)).collect::<String>();
    for from in [0, 2_000, 4_000, 6_000] {
        push(&hub, &token, &lines(from));
    }
    let owed = wait_for("old news to be owed", BOUND, || {
        Some(forward(&hub, "province")).filter(|shown| shown["owed"].as_u64().unwrap() > 0)
    });
    // How long nothing has arrived is told on, by whoever looks and by the rule for it.
    let lag = |shown: &serde_json::Value| shown["lag_s"].as_f64().unwrap();
    let later = lag(&owed) + 3.0;
    wait_for("the lag to grow", BOUND, || (lag(&forward(&hub, "province")) > later).then_some(()));
    server.always(None);
    settled(&hub, "province");
    assert_eq!(distinct(&server), 8_000);
    hub.stop();
}

#[test]
fn each_target_has_its_own_place_filter_and_trouble() {
    let (all, some) = (Faulty::start(), Faulty::start());
    let targets = [
        target("all", &all.url(), ""),
        target("some", &some.url(), "sites = [\"north\"]\nquantities = [\"ph\"]"),
        target("nowhere", "http://127.0.0.1:1", ""),
        target("unknown", "http://no-such-host.invalid:8086", ""),
    ];
    let folder = folder(&targets.concat());
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let start = Clock::system().now().as_millis() - 1_000_000;
    for n in 0..20 {
        let lines = ["water/edge/ph", "north/edge/ph", "north/edge/level"]
            .map(|point| line(point, n as f64, start + n));
        push(&hub, &token, &lines.concat());
    }
    settled(&hub, "all");
    settled(&hub, "some");
    assert_eq!((distinct(&all), distinct(&some)), (60, 20));
    assert!(news(&some).iter().all(|line| line.starts_with("ph,") && line.contains(",site=north,")));
    for silent in ["nowhere", "unknown"] {
        let failing = wait_for("the trouble to be told", BOUND, || {
            forward(&hub, silent)["failing"].as_str().map(str::to_owned)
        });
        assert!(failing.contains("is not reached"), "{failing}");
    }
    hub.stop();
}

#[test]
fn means_are_sent_when_their_span_is_over_and_again_when_a_reading_was_late() {
    let server = Faulty::start();
    let folder = folder(&target("province", &server.url(), "what = \"1m\""));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let minute = Clock::system().now().as_millis() / 60_000 * 60_000 - 600_000;
    let lines: String = (0..6).map(|n| line("water/edge/level", n as f64, minute + n * 10_000)).collect();
    push(&hub, &token, &lines);
    let head = "level,commune=yen-lac,device=edge,mean=1m,point=level,site=water,unit=m ";
    let told = |figures: &str| {
        let line = format!("{head}{figures} {minute}");
        wait_for(&line, BOUND, || server.taken().contains(&line).then_some(()));
    };
    told("value=2.5,min=0,max=5,n=6i");
    push(&hub, &token, &line("water/edge/level", 9.5, minute + 55_000));
    told("value=3.5,min=0,max=9.5,n=7i");
    hub.stop();
}
