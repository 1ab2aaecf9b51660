//! The form of an input: one byte that chooses the call, then what the service does to each request.
//!
//! Acts are parted by 0x1e; the last one is done again for ever. An act is a byte for the status, a
//! byte for its kind, and the rest: header lines and an empty line if the kind says so, and the
//! body. 0x1d and the byte behind it stand for the client's credential in one of its spellings, so
//! that no target has to guess it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use rolecall::fuzzing::Act;

use crate::SECRET;

const STATUSES: [u16; 32] = [
    200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500, 503, 502, 504, 408, 202, 206, 301, 302,
    303, 304, 307, 308, 402, 405, 410, 412, 413, 501, 505, 520, 299,
];

/// What a service does, one act for each request.
pub struct Script {
    acts: Vec<Act>,
    at: usize,
}

impl Script {
    /// Reads a script, and what chooses the call.
    pub fn read(input: &[u8]) -> (u8, Self) {
        let (call, rest) = input.split_first().unwrap_or((&0, &[]));
        let acts = rest.split(|byte| *byte == 0x1e).take(16).map(act).collect();
        (*call, Self { acts, at: 0 })
    }

    pub fn next(&mut self) -> Act {
        let act = self.acts[self.at.min(self.acts.len() - 1)].clone();
        self.at += 1;
        act
    }
}

/// The form of an act; the kind is one of those below.
pub fn written(status: u16, kind: u8, text: &str) -> Vec<u8> {
    let status = STATUSES.iter().position(|known| *known == status).expect("it is a known one");
    [&[status as u8, kind], text.as_bytes()].concat()
}

fn act(text: &[u8]) -> Act {
    let (&status, text) = text.split_first().unwrap_or((&0, &[]));
    let (&kind, text) = text.split_first().unwrap_or((&0, &[]));
    let status = STATUSES.get(usize::from(status)).copied();
    let status = status.unwrap_or_else(|| 100 + u16::from(kind) * 3);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).expect("it has three digits");
    let mut body = text;
    if kind & 4 != 0 {
        let end = text.windows(2).position(|two| two == b"\n\n");
        let (head, rest) = end.map_or((text, &[][..]), |end| (&text[..end], &text[end + 2..]));
        for line in head.split(|byte| *byte == b'\n').take(20) {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = parts.next().map(HeaderName::from_bytes);
            let value = parts.next().map(|value| HeaderValue::from_bytes(&spelled(value)));
            if let (Some(Ok(name)), Some(Ok(value))) = (name, value) {
                response.headers_mut().append(name, value);
            }
        }
        body = rest;
    }
    *response.body_mut() = spelled(body).into();
    match kind & 3 {
        0 => Act::Respond(response),
        1 => Act::Cut(response),
        2 => Act::NoResponse,
        _ => Act::NotSent,
    }
}

/// Replaces the marks of the credential.
fn spelled(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte != 0x1d {
            out.push(byte);
            continue;
        }
        let mut how = bytes.next().copied().unwrap_or_default();
        for character in SECRET.bytes() {
            spell(&mut out, character, how % 5);
            how = how.rotate_left(3).wrapping_mul(5).wrapping_add(character & 1);
        }
    }
    out
}

/// One character in the spelling of plain text, JSON or forms.
pub fn spell(out: &mut Vec<u8>, character: u8, how: u8) {
    match how {
        1 => out.extend(format!("\\u{character:04x}").bytes()),
        2 => out.extend(format!("\\u{character:04X}").bytes()),
        3 => out.extend(format!("%{character:02X}").bytes()),
        4 if matches!(character, b'"' | b'\\' | b'/') => out.extend([b'\\', character]),
        4 => out.extend(format!("%{character:02x}").bytes()),
        _ => out.push(character),
    }
}
