//! A service that keeps the requests and responds from a list.

use std::sync::{Arc, Mutex, MutexGuard};

use super::raw::{Raw, Reply};

pub(crate) struct Capture {
    raw: Raw,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// To come, the next one last.
    responses: Vec<(u16, String)>,
    /// Of every response.
    headers: Vec<(String, String)>,
    requests: Vec<String>,
}

impl State {
    fn respond(&mut self, request: &[u8]) -> Reply {
        self.requests.push(written(request));
        let (status, body) = self.responses.pop().expect("a response is left");
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<_> =
            [("content-type", "application/json")].into_iter().chain(own).collect();
        Reply::http(status, &headers, body.as_bytes())
    }
}

impl Capture {
    /// Responds with these in turn.
    pub(crate) async fn start<const N: usize>(responses: [(u16, &str); N]) -> Self {
        let responses = responses.map(|(status, body)| (status, body.to_owned()));
        let responses = responses.into_iter().rev().collect();
        let state = Arc::new(Mutex::new(State { responses, ..State::default() }));
        let responds = Arc::clone(&state);
        let respond = move |request: &[u8]| responds.lock().expect("no panic").respond(request);
        Self { raw: Raw::start(respond).await, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// Adds these header lines to every response.
    #[allow(dead_code, reason = "only Twilio documents headers")]
    pub(crate) fn with_headers(self, lines: &str) -> Self {
        let lines = lines.lines().filter_map(|line| line.split_once(": "));
        let lines = lines.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.state().headers.extend(lines);
        self
    }

    pub(crate) fn uri(&self) -> String {
        self.raw.origin()
    }

    /// The requests in the form of the fixtures.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }
}

/// Headers in the order of their names, without those that are not the crate's own.
fn written(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let (head, body) = text.split_once("\r\n\r\n").expect("it has a head");
    let (line, headers) = head.split_once("\r\n").expect("it has headers");
    let mut headers: Vec<_> = headers.lines().filter_map(|line| line.split_once(": ")).collect();
    headers.retain(|(name, _)| !["host", "user-agent"].contains(name));
    headers.sort_by_key(|(name, _)| *name);
    let headers: Vec<_> =
        headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{line}\n{}\n\n{body}\n", headers.join("\n"))
}
