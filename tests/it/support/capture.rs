//! A mocked service that keeps the requests and responds from a list.

use std::sync::{Arc, Mutex, MutexGuard};

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) struct Capture {
    server: MockServer,
    script: Script,
}

#[derive(Clone, Default)]
struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// To come, the next one last.
    responses: Vec<ResponseTemplate>,
    /// Of every response.
    headers: Vec<(String, String)>,
    requests: Vec<String>,
}

impl Script {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }
}

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.lock();
        state.requests.push(written(request));
        let response = state.responses.pop().expect("a response is left");
        response.append_headers(
            state.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }
}

impl Capture {
    /// Responds with these in turn.
    pub(crate) async fn start<const N: usize>(responses: [(u16, &str); N]) -> Self {
        let script = Script::default();
        let responses = responses.iter().rev().map(|(status, body)| {
            ResponseTemplate::new(*status).set_body_raw(*body, "application/json")
        });
        script.lock().responses.extend(responses);
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(script.clone()).mount(&server).await;
        Self { server, script }
    }

    /// Adds these header lines to every response.
    #[allow(dead_code, reason = "only Twilio documents headers")]
    pub(crate) fn with_headers(self, lines: &str) -> Self {
        let lines = lines.lines().filter_map(|line| line.split_once(": "));
        let lines = lines.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.script.lock().headers.extend(lines);
        self
    }

    pub(crate) fn uri(&self) -> String {
        self.server.uri()
    }

    /// The requests in the form of the fixtures.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.lock().requests.clone()
    }
}

fn written(request: &Request) -> String {
    let url = &request.url;
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, _)| !["host", "user-agent"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("it is text")))
        .collect();
    headers.sort_by(|one, other| one.split(':').next().cmp(&other.split(':').next()));
    let body = String::from_utf8_lossy(&request.body);
    // A proxy is asked for the whole address; of any other, wiremock makes one at localhost.
    let origin = match url.host_str() {
        Some("localhost") | None => String::new(),
        Some(_) => url.origin().ascii_serialization(),
    };
    let (method, path, headers) = (&request.method, url.path(), headers.join("\n"));
    format!("{method} {origin}{path}{query} HTTP/1.1\n{headers}\n\n{body}\n")
}
