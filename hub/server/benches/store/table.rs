//! The table that a run ends with: each piece of work, its goal, our figure and the peers' beside it. Knows no engine.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Ours.
    Hub,
    /// VictoriaMetrics.
    Victoria,
    /// InfluxDB 2.
    Influx,
}

/// Figures by piece of work, in the order in which they came.
#[derive(Default)]
pub struct Table {
    lines: Vec<(String, &'static str, BTreeMap<Engine, String>)>,
}

impl Table {
    /// Notes a figure, and prints it at once: a run takes minutes.
    pub fn note(&mut self, work: &str, goal: &'static str, engine: Engine, figure: impl Display) {
        let figure = figure.to_string();
        write_line(&format!("{work} ({engine:?}): {figure}"));
        match self.lines.iter_mut().find(|(known, ..)| known == work) {
            Some((_, _, figures)) => drop(figures.insert(engine, figure)),
            None => self.lines.push((work.to_owned(), goal, BTreeMap::from([(engine, figure)]))),
        }
    }

    /// Prints all of it.
    pub fn print(&self) {
        let line = |work: &str, goal: &str, cells: [&str; 3]| {
            let [hub, victoria, influx] = cells;
            write_line(&format!("{work:<58} {goal:<22} {hub:>18} {victoria:>16} {influx:>14}"));
        };
        line("", "goal", ["hub", "VictoriaMetrics", "InfluxDB 2"]);
        for (work, goal, figures) in &self.lines {
            let cell = |engine| figures.get(&engine).map_or("-", String::as_str);
            line(work, goal, [Engine::Hub, Engine::Victoria, Engine::Influx].map(cell));
        }
    }
}

fn write_line(line: &str) {
    writeln!(std::io::stdout().lock(), "{line}").unwrap();
}
