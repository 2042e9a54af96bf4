//! The hub's figures in the OpenMetrics text format, for `/metrics`.
//!
//! Counts and ages only: no value of a reading, no name of an account.

use std::fmt::Write as _;

/// Media type of the format.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A text of metrics that grows family by family.
#[derive(Debug, Default)]
pub struct MetricsText {
    text: String,
}

/// A sample's labels and its value.
pub type Sample<'a> = (&'a [(&'a str, &'a str)], f64);

impl MetricsText {
    /// A figure that goes up and down. `name` ends in its unit, such as `_seconds`.
    pub fn gauge(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        self.family(name, "gauge", "", help, samples);
    }

    /// A figure that only grows. `name` comes without `_total`, which is added.
    pub fn counter(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        self.family(name, "counter", "_total", help, samples);
    }

    fn family(&mut self, name: &str, kind: &str, suffix: &str, help: &str, samples: &[Sample<'_>]) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# TYPE {name} {kind}");
        let _ = writeln!(self.text, "# HELP {name} {}", escaped(help));
        for (labels, value) in samples {
            let _ = write!(self.text, "{name}{suffix}");
            for (index, (label, text)) in labels.iter().enumerate() {
                let _ =
                    write!(self.text, "{}{label}=\"{}\"", if index == 0 { '{' } else { ',' }, escaped(text));
            }
            let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
        }
    }

    /// The whole text with the line that ends it.
    pub fn finish(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_written_as_the_format_asks() {
        let mut metrics = MetricsText::default();
        metrics.counter("commune_readings", "Readings committed.", &[(&[], 12.0)]);
        metrics.gauge(
            "commune_points",
            "Points.",
            &[(&[("quality", "good")], 3.0), (&[("quality", "a\"b"), ("site", "x")], 0.5)],
        );
        let expected = "# TYPE commune_readings counter\n\
                        # HELP commune_readings Readings committed.\n\
                        commune_readings_total 12\n\
                        # TYPE commune_points gauge\n\
                        # HELP commune_points Points.\n\
                        commune_points{quality=\"good\"} 3\n\
                        commune_points{quality=\"a\\\"b\",site=\"x\"} 0.5\n\
                        # EOF\n";
        assert_eq!(metrics.finish(), expected);
    }
}
