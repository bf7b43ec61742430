// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Frames from the board while the suite runs. Input pieces may end anywhere.

use super::script::BEGIN;

/// Maximum length of a frame's header.
const LINE: usize = 256;
/// Maximum size of a frame: an event has some hundred kilobytes at most.
const DATA: usize = 1 << 28;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Data(Vec<u8>),
    Alive,
    /// The suite has ended with this shell status.
    End(i32),
    /// The suite has ended without status.
    Gone,
}

#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    begun: bool,
    /// Bytes of data that are still missing.
    due: usize,
    data: Vec<u8>,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete frame. The error is a line that is none.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, String> {
        loop {
            if self.due > 0 {
                let there = self.due.min(self.bytes.len());
                self.data.extend(self.bytes.drain(..there));
                self.due -= there;
                if self.due > 0 {
                    return Ok(None);
                }
                return Ok(Some(Frame::Data(std::mem::take(&mut self.data))));
            }
            let Some(line) = self.line()? else { return Ok(None) };
            if !self.begun {
                // A login shell may have printed text without a line end.
                self.begun = line.ends_with(BEGIN);
                continue;
            }
            match line.split_once(' ') {
                None if line == "alive" => return Ok(Some(Frame::Alive)),
                None if line == "gone" => return Ok(Some(Frame::Gone)),
                Some(("end", status)) => {
                    return status.trim().parse().map(|status| Some(Frame::End(status))).map_err(|_| line);
                }
                Some(("data", size)) => match size.parse() {
                    Ok(size) if size <= DATA => self.due = size,
                    _ => return Err(line),
                },
                _ => return Err(line),
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, String> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else {
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(LINE).collect();
            return match self.begun && self.bytes.len() > LINE {
                true => Err(shown(&self.bytes)),
                false => Ok(None),
            };
        };
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }
}

/// Splits bytes into lines; keeps an incomplete line for the next call.
#[derive(Debug, Default)]
pub(super) struct Lines {
    torn: Vec<u8>,
}

impl Lines {
    /// Takes more bytes and passes on every complete line.
    pub(super) fn take(&mut self, bytes: &[u8], mut hand_on: impl FnMut(&str)) {
        self.torn.extend_from_slice(bytes);
        let Some(last) = self.torn.iter().rposition(|byte| *byte == b'\n') else { return };
        let rest = self.torn.split_off(last + 1);
        let whole = std::mem::replace(&mut self.torn, rest);
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            hand_on(String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']));
        }
    }

    /// Passes on the incomplete last line.
    pub(super) fn end(self, hand_on: impl FnOnce(&str)) {
        if !self.torn.is_empty() {
            hand_on(&String::from_utf8_lossy(&self.torn));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<Frame> {
        let mut frames = Frames::default();
        let mut all = Vec::new();
        for piece in pieces {
            frames.push(&piece);
            while let Some(frame) = frames.next().unwrap() {
                all.push(frame);
            }
        }
        all
    }

    #[test]
    fn frames_are_the_same_in_whatever_pieces_they_come() {
        let said = b"Welcome\n\x1b]0;board\x07reglist: begin\nalive\ndata 9\n{\"a\"\nend\nalive\ndata 2\n\n\nend 143\n";
        let whole = frames([said.to_vec()]);
        let data = |text: &str| Frame::Data(text.into());
        assert_eq!(whole, [Frame::Alive, data("{\"a\"\nend\n"), Frame::Alive, data("\n\n"), Frame::End(143)]);
        for size in 1..said.len() {
            assert_eq!(frames(said.chunks(size).map(<[u8]>::to_vec)), whole, "{size}");
        }
    }

    #[test]
    fn what_was_torn_off_is_no_frame() {
        assert_eq!(frames([b"reglist: begin\ndata 5\nab".to_vec()]), []);
    }

    #[test]
    fn something_else_is_told() {
        for line in ["data x", "data 99999999999", "end", "end x", "what"] {
            let mut frames = Frames::default();
            frames.push(format!("{BEGIN}\n{line}\n").as_bytes());
            assert_eq!(frames.next(), Err(line.to_owned()));
        }
        let mut frames = Frames::default();
        frames.push(format!("{BEGIN}\n{}", "x".repeat(LINE + 1)).as_bytes());
        assert!(frames.next().is_err());
    }

    #[test]
    fn a_torn_line_waits_for_its_rest() {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        for piece in ["a\nb", "c\r\n\nd", "e"] {
            lines.take(piece.as_bytes(), |line| all.push(line.to_owned()));
        }
        lines.end(|line| all.push(line.to_owned()));
        assert_eq!(all, ["a", "bc", "", "de"]);
    }
}
