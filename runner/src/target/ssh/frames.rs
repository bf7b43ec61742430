// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Frames from the board while the suite runs. Input pieces may end anywhere.

use super::script::BEGIN;

/// Maximum length of a frame's header.
const LINE: usize = 256;
/// Maximum output of a login shell before the first frame, in bytes.
const TALK: usize = 1 << 20;
/// Maximum length of a line of events; the longest event has some hundred kilobytes.
const LONGEST: usize = 1 << 22;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A part of the data, as it arrives.
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
    /// Bytes before the first frame.
    skipped: usize,
    /// Bytes of data that are still missing.
    due: usize,
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
                self.due -= there;
                return Ok((there > 0).then(|| Frame::Data(self.bytes.drain(..there).collect())));
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
                    Ok(size) => self.due = size,
                    Err(_) => return Err(line),
                },
                _ => return Err(line),
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, String> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else {
            let long = self.bytes.len().saturating_sub(LINE);
            if long > 0 && (self.begun || self.skipped + long > TALK) {
                return Err(String::from_utf8_lossy(&self.bytes).chars().take(LINE).collect());
            }
            // The end of a long line may still be the mark of the first frame.
            self.skipped += self.bytes.drain(..long).len();
            return Ok(None);
        };
        if !self.begun {
            self.skipped += end + 1;
            if self.skipped > TALK {
                return Err(String::from_utf8_lossy(&self.bytes).chars().take(LINE).collect());
            }
        }
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
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            // Cut a longer line, to limit memory.
            self.torn.extend(piece.iter().take(LONGEST.saturating_sub(self.torn.len())));
            if piece.ends_with(b"\n") {
                hand_on(String::from_utf8_lossy(&self.torn).trim_end_matches(['\n', '\r']));
                self.torn.clear();
            }
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
                match (all.last_mut(), frame) {
                    (Some(Frame::Data(known)), Frame::Data(more)) => known.extend(more),
                    (_, frame) => all.push(frame),
                }
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
    fn torn_data_counts_as_far_as_it_came() {
        assert_eq!(frames([b"reglist: begin\ndata 5\nab".to_vec()]), [Frame::Data(b"ab".to_vec())]);
    }

    #[test]
    fn a_board_that_never_ends_a_line_takes_no_memory() {
        let piece = vec![b'x'; 1 << 16];
        let push = |frames: &mut Frames| {
            frames.push(&piece);
            frames.next()
        };
        let mut frames = Frames::default();
        let refused = (0..64).any(|_| {
            let refused = push(&mut frames).is_err();
            assert!(refused || frames.bytes.len() <= LINE);
            refused
        });
        assert!(refused);
        // As one line of events.
        let mut frames = Frames::default();
        frames.push(format!("{BEGIN}\ndata 999999999\n").as_bytes());
        let mut lines = Lines::default();
        for _ in 0..128 {
            match push(&mut frames) {
                Ok(Some(Frame::Data(bytes))) => lines.take(&bytes, |line| panic!("a line: {line:.10}")),
                other => panic!("{other:?}"),
            }
            assert!(frames.bytes.is_empty() && lines.torn.len() <= LONGEST);
        }
        // As many short ones.
        let mut frames = Frames::default();
        frames.push("x\n".repeat(TALK).as_bytes());
        assert!(frames.next().is_err());
    }

    #[test]
    fn a_long_greeting_may_end_in_the_first_frame() {
        let greeting = "x".repeat(5000);
        assert_eq!(frames([greeting.into_bytes(), b"reglist: begin\nalive\n".to_vec()]), [Frame::Alive]);
    }

    #[test]
    fn something_else_is_told() {
        for line in ["data x", "data -1", "end", "end x", "what"] {
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
