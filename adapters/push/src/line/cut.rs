//! Where lines end: at a line feed that stands in no text field. A quote that is never closed must not swallow the lines
//! behind it, nor make the search quadratic.

use super::{Line, LineError, MAX_TEXT_BYTES, scan};

/// Lines of several that turned out to be wrong in a body; from then on every line feed ends a line.
const MAX_WRONG_JOINS: usize = 16;

/// The lines of a body, each with its number from 1. Comments and empty lines are counted and left out.
pub struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    wrong_joins: usize,
}

/// A line as it stands in the body: its number, its bytes, and what it says.
pub type Numbered<'a> = (usize, &'a [u8], Result<Line<'a>, LineError>);

impl<'a> Lines<'a> {
    /// The lines of `body`.
    pub fn new(body: &'a [u8]) -> Self {
        Self { rest: body, number: 0, wrong_joins: 0 }
    }

    /// Takes the first `length` bytes and the line feed behind them.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (line, rest) = self.rest.split_at(length);
        self.rest = rest.get(1..).unwrap_or_default();
        self.number += 1 + line.iter().filter(|byte| **byte == b'\n').count();
        line
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Numbered<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let first = self.number + 1;
            let short = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
            let is_comment = self.rest[..short].trim_ascii_start().starts_with(b"#");
            let may_join = !is_comment && short < self.rest.len() && self.wrong_joins < MAX_WRONG_JOINS;
            let joined = may_join.then(|| end(self.rest, short)).filter(|end| *end > short);
            if let Some(read) = joined.map(|end| read(&self.rest[..end])) {
                if read.is_ok() {
                    return Some((first, self.take(joined.unwrap_or(short)), read));
                }
                // A quote that is not closed where it should be costs its own line, never the next one.
                self.wrong_joins += 1;
            }
            let line = self.take(short);
            if !is_comment && !line.trim_ascii().is_empty() {
                return Some((first, line, read(line)));
            }
        }
    }
}

fn read(line: &[u8]) -> Result<Line<'_>, LineError> {
    std::str::from_utf8(line).map_err(|_| LineError::InvalidUtf8).and_then(scan)
}

/// The end of the line that `rest` begins with, where its first line feed is at `short`: a later one where that stands in a
/// text. No text reaches further than the longest that is allowed.
fn end(rest: &[u8], short: usize) -> usize {
    if !rest[..short].contains(&b'"') {
        return short;
    }
    let limit = rest.len().min(short + MAX_TEXT_BYTES);
    let (mut at, mut in_fields, mut in_text, mut after_equals) = (0, false, false, false);
    while at < limit {
        match rest[at] {
            b'\\' => {
                (at, after_equals) = (at + 2, false);
                continue;
            }
            b'\n' if !in_text => return at,
            b'"' if in_text => in_text = false,
            b'"' if in_fields && after_equals => in_text = true,
            b' ' if !in_text => in_fields = true,
            _ => {}
        }
        after_equals = rest[at] == b'=';
        at += 1;
    }
    if in_text { short } else { limit }
}
